// SPDX-License-Identifier: Apache-2.0
//! A new card takes an old one's place: replacement 补卡 of a lost card, exchange 换卡 of a damaged one. The ledger links the
//! two and owes the new card the balance; `transfer` loads it through the ordinary purse load, once, now or at any later
//! visit of the new card.

use super::card::{DeskCard, issued};
use super::fault::DeskError;
use super::payout::{append, in_state, in_use, may_act};
use crate::batch::purse::{self, LoadOrder, Settled, load_for};
use crate::batch::recording::at_station;
use crate::card::CardSession;
use crate::card::load::Loaded;
use crate::crypto::SecretBytes;
use crate::crypto::purse::{Amount, DateTime, Terminal};
use crate::ledger::act::{Act, BalanceSource, CardReplace, PurseDesk};
use crate::ledger::centre::CentreFault;
use crate::ledger::{CardKind, LedgerError, Number, Text};
use crate::site::Session;

/// One card in another one's place.
#[derive(Debug, Clone)]
pub struct Succession {
    /// The old card.
    pub old: String,
    /// The new card.
    pub new: String,
    /// Whether the old one is lost; else it is exchanged.
    pub lost: bool,
    /// Where the balance is from.
    pub source: BalanceSource,
    /// The balance in fen.
    pub balance: Option<u32>,
    /// Why.
    pub reason: Option<Text>,
}

impl Succession {
    fn act_name(&self) -> &'static str {
        if self.lost { "card.replace" } else { "card.exchange" }
    }

    fn by_hand(&self) -> bool {
        self.source == BalanceSource::Clearing
    }

    /// Whether the ledger will take it: asked before the old chip is touched.
    pub fn check(&self, session: &Session) -> Result<(), DeskError> {
        may_act(session, self.act_name(), &self.old, self.by_hand())?;
        issued(session, &self.old)?;
        issued(session, &self.new)?;
        let wanted = if self.lost { "lost" } else { "in-use" };
        in_state(&session.ledger, &self.old, wanted)?;
        in_use(&session.ledger, &self.new)?;
        let life = session.ledger.life(CardKind::User, &self.new)?;
        if self.old == self.new || life.is_some_and(|life| life.replaces.is_some()) {
            let number = self.new.clone();
            return Err(LedgerError::from(CentreFault::NoSuccessor { number }).into());
        }
        Ok(())
    }

    /// Records it. From here on the new card is owed the balance.
    pub fn record(&self, session: &mut Session) -> Result<u64, DeskError> {
        self.check(session)?;
        let body = CardReplace {
            kind: CardKind::User,
            number: Number::new(self.old.clone())?,
            new: Number::new(self.new.clone())?,
            source: self.source,
            balance: self.balance,
            reason: self.reason.clone(),
        };
        let act = if self.lost {
            Act::CardReplace(body)
        } else {
            Act::CardExchange(body)
        };
        append(session, act, self.by_hand())
    }
}

/// What a transfer needs from outside.
pub struct TransferOrder<'a> {
    /// The issuing place's terminal number.
    pub terminal: Terminal,
    /// The moment.
    pub at: DateTime,
    /// The PIN of the new card.
    pub pin: Option<&'a SecretBytes>,
}

/// What a card is owed, in fen.
pub fn owed(session: &Session, number: &str) -> Result<Option<u32>, DeskError> {
    let life = session.ledger.life(CardKind::User, number)?;
    Ok(life.and_then(|life| life.owed))
}

/// Loads what the card on the reader is owed. A load that was torn is settled first; `None` where nothing is owed then.
pub fn transfer(
    session: &mut Session,
    on: &DeskCard<'_>,
    order: &TransferOrder<'_>,
    card: &mut CardSession<'_>,
    told: &mut dyn FnMut(Settled),
) -> Result<Option<(Loaded, u64)>, DeskError> {
    let held = on.purse()?;
    on.application(card)?;
    if let Some(settled) = purse::settle(session, &held, order.pin, card)? {
        told(settled);
    }
    let Some(fen) = owed(session, &on.number)? else {
        return Ok(None);
    };
    on.application(card)?;
    let load = LoadOrder {
        amount: Amount(fen),
        terminal: order.terminal,
        at: order.at,
        pin: order.pin,
    };
    let desk = Some(PurseDesk::Transfer);
    Ok(Some(at_station(session, |station| {
        load_for(station, &held, &load, desk, card)
    })?))
}
