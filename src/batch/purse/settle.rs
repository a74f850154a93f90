// SPDX-License-Identifier: Apache-2.0
//! Settling an intent whose end is not known: the card was torn away, or the program was killed.
//!
//! The card's own proof of the transaction (GET TRANSACTION PROOF) tells first: its TAC, verified, shows that it is the one
//! intended. Without a proof the card's counter tells: a counter that has not moved is a transaction that did not happen.
//! If it has moved on and the proof is gone, the log may still have the record; else nobody can say.

use super::super::fault::BatchError;
use super::super::recording::{Station, at_station};
use super::{PurseCard, entries, key, log};
use crate::card::{CardError, CardSession, purse};
use crate::crypto::SecretBytes;
use crate::crypto::purse::{Amount, DateTime, Terminal, TxnType};
use crate::crypto::purse_transaction::{LoadTransaction, PurchaseTransaction};
use crate::ledger::LedgerError;
use crate::ledger::act::{Act, PurseEnding, PurseIntent};
use crate::site::Session;

/// How an open intent of a card ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Settled {
    /// It happened: the card's proof has the right TAC.
    Done {
        /// What was intended.
        intent: PurseIntent,
    },
    /// It did not happen, or cannot be proved.
    Closed {
        /// What was intended.
        intent: PurseIntent,
        /// How it ended.
        result: PurseEnding,
    },
}

/// Settles a transaction of this card that was torn, if there is one. The counter of loads is only to be had with the
/// holder's PIN.
pub fn settle(
    session: &mut Session,
    on: &PurseCard<'_>,
    pin: Option<&SecretBytes>,
    card: &mut CardSession<'_>,
) -> Result<Option<Settled>, BatchError> {
    at_station(session, |station| settle_at(station, on, pin, card))
}

/// The same with a ledger that may be far.
pub fn settle_at(
    station: &mut Station<'_>,
    on: &PurseCard<'_>,
    pin: Option<&SecretBytes>,
    card: &mut CardSession<'_>,
) -> Result<Option<Settled>, BatchError> {
    let Some((seq, intent)) = station.record.open_purse_intent(&on.number)? else {
        return Ok(None);
    };
    let meant = Meant::read(&intent).ok_or(LedgerError::Damaged { seq })?;
    if let Some(tac) = meant.proved(station, on, card)? {
        let entry = entries::transaction(&intent, seq, meant.after, tac)?;
        let act = if meant.loads {
            Act::PurseLoad(entry)
        } else {
            Act::PursePurchase(entry)
        };
        entries::outcome(station.record, act)?;
        return Ok(Some(Settled::Done { intent }));
    }
    let Some(counter) = meant.counter_now(on, pin, card)? else {
        return Err(LedgerError::PurseOpen(on.number.clone()).into());
    };
    let logged = log(card, on)?.iter().any(|record| {
        (record.kind.as_str(), record.amount) == (intent.kind.as_str(), intent.amount)
            && record.terminal == intent.terminal.as_str()
            && record.datetime == intent.datetime.as_str()
    });
    let result = match (counter == meant.counter, logged) {
        (true, _) => PurseEnding::NotDone,
        (false, true) => PurseEnding::DoneUnproved,
        (false, false) => PurseEnding::Unknown,
    };
    let reason = format!(
        "card's counter {counter}, log {}",
        if logged { "has it" } else { "does not have it" }
    );
    entries::close(station.record, &intent, seq, result, &reason, None)?;
    Ok(Some(Settled::Closed { intent, result }))
}

/// An intent as the card counts.
struct Meant {
    kind: TxnType,
    loads: bool,
    amount: Amount,
    before: Amount,
    after: Amount,
    counter: u16,
    terminal: Terminal,
    terminal_counter: u32,
    at: DateTime,
}

impl Meant {
    fn read(intent: &PurseIntent) -> Option<Self> {
        let kind = TxnType(u8::from_str_radix(intent.kind.as_str(), 16).ok()?);
        let loads = matches!(kind, TxnType::LOAD_ED | TxnType::LOAD_EP);
        let (before, amount) = (Amount(intent.balance), Amount(intent.amount));
        let after = if loads {
            before.plus(amount)
        } else {
            before.minus(amount)
        };
        Some(Self {
            kind,
            loads,
            amount,
            before,
            after: after.ok()?,
            counter: u16::try_from(intent.counter).ok()?,
            terminal: intent.terminal.as_str().parse().ok()?,
            terminal_counter: intent.terminal_counter.unwrap_or(0),
            at: intent.datetime.as_str().parse().ok()?,
        })
    }

    /// What the TAC is computed over.
    fn tac_data(&self) -> Result<Vec<u8>, BatchError> {
        let random = [0; 4];
        if self.loads {
            let load = LoadTransaction {
                kind: self.kind,
                balance: self.before,
                amount: self.amount,
                terminal: self.terminal,
                random,
                counter: self.counter,
                at: self.at,
            };
            return Ok(load.tac_data()?.to_vec());
        }
        let purchase = PurchaseTransaction {
            kind: self.kind,
            amount: self.amount,
            terminal: self.terminal,
            terminal_counter: self.terminal_counter,
            random,
            counter: self.counter,
            at: self.at,
            security_code: None,
        };
        Ok(purchase.tac_data().to_vec())
    }

    /// The TAC of the card's proof, if it is the intended transaction's. Cards differ in which counter they want.
    fn proved(
        &self,
        station: &Station<'_>,
        on: &PurseCard<'_>,
        card: &mut CardSession<'_>,
    ) -> Result<Option<[u8; 4]>, BatchError> {
        let right = station.keys.tac(&key(station, on, on.slots.tac)?, &self.tac_data()?)?;
        for counter in [self.counter, self.counter.wrapping_add(1)] {
            if let Some((_, tac)) = purse::transaction_proof(card, self.kind, counter)?
                && tac == right
            {
                return Ok(Some(tac));
            }
        }
        Ok(None)
    }

    /// The card's counter of this kind of transaction now. Opens a transaction that nobody carries on.
    fn counter_now(
        &self,
        on: &PurseCard<'_>,
        pin: Option<&SecretBytes>,
        card: &mut CardSession<'_>,
    ) -> Result<Option<u16>, BatchError> {
        let which = on.slots.purse;
        let asked = if self.loads {
            if let Some((slot, pin)) = on.slots.directory.pin.as_ref().map(|p| p.id).zip(pin) {
                purse::verify_pin(card, slot, pin)?;
            }
            let index = on.slots.load.place.id();
            purse::initialize_for_load(card, which, index, self.amount, self.terminal).map(|init| init.counter)
        } else {
            let index = on.slots.purchase.place.id();
            purse::initialize_for_purchase(card, which, index, Amount(0), self.terminal).map(|init| init.counter)
        };
        match asked {
            Ok(counter) => Ok(Some(counter)),
            Err(CardError::Refused { .. }) => Ok(None),
            Err(e) => Err(e.into()),
        }
    }
}
