// SPDX-License-Identifier: Apache-2.0
//! Money that leaves a card at the desk: the card is given back 退卡, or exchanged 换卡.
//!
//! With a PSAM the purse is emptied by a purchase of the whole balance, announced as `emptying`; from then on the ledger
//! knows the amount, and nothing else can be paid out. Without a PSAM the money stays on the chip. In both cases the
//! application is blocked, so that no terminal takes the card any more. Only then is the card given back or exchanged in the
//! ledger: a crash before leaves a card in use that is unblocked and read again, or whose amount the ledger knows.

use super::card::{DeskCard, issued};
use super::carry_out::{Change, carry_out};
use super::chip::Application;
use super::fault::DeskError;
use super::settle::{Settled, settle};
use crate::batch::purse::{self, PayOrder, PurseCard, Went, pay_for, prepare_psam};
use crate::batch::slots;
use crate::card::{CardSession, TransactionError, purse as chip_purse};
use crate::crypto::purse::DateTime;
use crate::ledger::act::{Act, CardReturn, PurseDesk};
use crate::ledger::{CardKind, Ledger, LedgerError, Number, Role, Text};
use crate::site::Session;
use crate::template::Template;

/// A PSAM on a second reader, and its template.
pub struct Psam<'a, 't> {
    /// The conversation with it.
    pub card: &'a mut CardSession<'t>,
    /// What describes it.
    pub template: &'a Template,
}

/// Reads the balance of a card in use, takes it off where there is a PSAM, and blocks the application. Gives the balance in
/// fen. What an earlier visit left open is settled first.
pub fn take_off(
    session: &mut Session,
    on: &DeskCard<'_>,
    psam: Option<Psam<'_, '_>>,
    at: DateTime,
    card: &mut CardSession<'_>,
    told: &mut dyn FnMut(Settled),
) -> Result<u32, DeskError> {
    in_use(&session.ledger, &on.number)?;
    if let Some(settled) = settle(session, on, None, card)? {
        told(settled);
    }
    let balance = match emptied(&session.ledger, &on.number)? {
        Some(balance) => balance,
        None => read_and_empty(session, on, psam, at, card)?,
    };
    if on.application(card)? == Application::Open {
        carry_out(session, on, Change::Block, None, card)?;
    }
    Ok(balance)
}

fn read_and_empty(
    session: &mut Session,
    on: &DeskCard<'_>,
    psam: Option<Psam<'_, '_>>,
    at: DateTime,
    card: &mut CardSession<'_>,
) -> Result<u32, DeskError> {
    if on.application(card)? == Application::Blocked {
        carry_out(session, on, Change::Unblock, None, card)?;
    }
    let held = on.purse()?;
    on.application(card)?;
    // A transaction that was torn: an emptying among them, whose amount is no longer on the card.
    purse::settle(session, &held, None, card)?;
    if let Some(balance) = emptied(&session.ledger, &on.number)? {
        return Ok(balance);
    }
    on.application(card)?;
    let balance = chip_purse::balance(card, held.slots.purse)?;
    if let (Some(psam), true) = (psam, balance.0 > 0) {
        let with = prepare_psam(psam.card, psam.template, &held, session.site.scheme())?;
        let order = PayOrder { amount: balance, at };
        let desk = Some(PurseDesk::Emptying);
        if let Went::Torn(torn) = pay_for(Some(session), &held, &with, order, desk, (card, psam.card))? {
            let counter = torn.counter();
            return Err(TransactionError::Torn { counter }.into());
        }
    }
    Ok(balance.0)
}

fn emptied(ledger: &Ledger, number: &str) -> Result<Option<u32>, DeskError> {
    let life = ledger.life(CardKind::User, number)?;
    Ok(life.and_then(|life| life.emptied))
}

/// The card is issued, and nothing has ended it.
pub(super) fn in_use(ledger: &Ledger, number: &str) -> Result<(), DeskError> {
    in_state(ledger, number, "in-use")
}

pub(super) fn in_state(ledger: &Ledger, number: &str, wanted: &str) -> Result<(), DeskError> {
    let life = ledger.life(CardKind::User, number)?;
    let state = life.map_or_else(|| "in-use".to_owned(), |life| life.state);
    if state == wanted {
        return Ok(());
    }
    let number = number.to_owned();
    Err(LedgerError::from(crate::ledger::centre::CentreFault::Life { number, state }).into())
}

impl<'t> DeskCard<'t> {
    /// Its purse.
    pub(super) fn purse(&self) -> Result<PurseCard<'t>, DeskError> {
        Ok(PurseCard {
            template: self.template,
            slots: slots::purse(self.template)?,
            number: self.number.clone(),
            subject: self.subject.clone(),
        })
    }
}

/// Whether one of the officers here may act in an act, and whether a supervisor is among them where the amount is not read
/// from a chip: asked before a chip is touched.
pub fn may_act(session: &Session, act: &str, number: &str, by_hand: bool) -> Result<(), DeskError> {
    let state = session.ledger.state();
    let rule = state.policy.rule(act);
    let has = |officer: &str, roles: &[Role]| {
        let known = Text::new(officer).ok().and_then(|name| state.officers.get(&name));
        roles.is_empty() || known.is_some_and(|o| o.roles.iter().any(|role| roles.contains(role)))
    };
    let names: Vec<&str> = session.officers().collect();
    if !names.iter().any(|name| has(name, &rule.roles)) {
        let officer = names.first().copied().unwrap_or_default().to_owned();
        let act = act.to_owned();
        return Err(LedgerError::WrongRole { officer, act }.into());
    }
    let second = names.iter().skip(1).any(|name| has(name, &[Role::Supervisor]));
    if by_hand && !second {
        let number = number.to_owned();
        return Err(DeskError::SupervisorNeeded { number });
    }
    Ok(())
}

/// Appends an act; by all officers here, where an amount was entered by hand.
pub(super) fn append(session: &mut Session, act: Act, by_hand: bool) -> Result<u64, DeskError> {
    let entry = if by_hand {
        session.append_by_all(act)?
    } else {
        session.append(act)?
    };
    session.checkpoint()?;
    Ok(entry.seq)
}

/// What is paid out for a card that its holder gives back.
#[derive(Debug, Clone, Default)]
pub struct Payout {
    /// The balance in fen.
    pub balance: u32,
    /// The deposit in fen.
    pub deposit: Option<u32>,
    /// The balance was not read from the chip.
    pub by_hand: bool,
    /// Why.
    pub reason: Option<Text>,
}

/// The card is given back in the ledger; its chip was seen to before (`take_off`), or cannot be read.
pub fn give_back(session: &mut Session, number: &str, payout: Payout) -> Result<u64, DeskError> {
    issued(session, number)?;
    may_act(session, "card.return", number, payout.by_hand)?;
    let act = Act::CardReturn(CardReturn {
        kind: CardKind::User,
        number: Number::new(number)?,
        balance: payout.balance,
        deposit: payout.deposit,
        reason: payout.reason,
    });
    append(session, act, payout.by_hand)
}
