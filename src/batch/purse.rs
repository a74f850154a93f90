// SPDX-License-Identifier: Apache-2.0
//! The purse of an issued card: load with the site's keys, purchase with a PSAM; each with its entries in the ledger.
//!
//! The intent is durable before the command that moves money. If the card vanishes at that command, the intent stays open,
//! and the next command on this card settles it first (`settle`). A terminal that is no site pays without a ledger.

mod entries;
mod log;
mod sam;
mod settle;

pub use log::{LogRecord, log};
pub use sam::{Sam, prepare_psam};
pub use settle::{Settled, settle, settle_at};

use super::contents::{self, enter};
use super::fault::BatchError;
use super::recording::{Station, at_station};
use super::slots::{self, PurseSlots};
use crate::card::load::{self, Load, Loaded};
use crate::card::purchase::{self, Paid, Purchase, ReadyToPay};
use crate::card::{CardError, CardSession, TransactionError};
use crate::crypto::SecretBytes;
use crate::crypto::purse::{Amount, DateTime, Terminal};
use crate::keys::CardKey;
use crate::keys::scheme::{Scheme, Subject};
use crate::ledger::Ledger;
use crate::ledger::act::{Act, PurseDesk, PurseEnding, PurseIntent};
use crate::site::Session;
use crate::template::{KeySlot, Product, SHIPPED, Template};
use crate::transport::CardTransport;

/// A card of a template on the reader, its purse application selected.
pub struct PurseCard<'t> {
    /// The template.
    pub template: &'t Template,
    /// Where its keys stand.
    pub slots: PurseSlots<'t>,
    /// Its number.
    pub number: String,
    /// What its keys are derived for: its number and the codes of its owners, as they stand on it.
    pub subject: Subject,
}

/// The template of the card on a reader: the one that was named; else the one by which the ledger has the card; else the
/// first shipped one of these schemes (of all, where none is named) that finds a number on it.
pub fn template_of(
    transport: &mut dyn CardTransport,
    product: Product,
    named: Option<&str>,
    schemes: &[String],
    ledger: Option<&Ledger>,
) -> Result<Template, BatchError> {
    if let Some(name) = named {
        return Ok(crate::template::load(name)?);
    }
    let kind = super::kind_of(product);
    for (name, _) in SHIPPED {
        let template = crate::template::load(name)?;
        let fits = schemes.is_empty() || template.schemes.iter().any(|s| schemes.contains(s));
        if template.product != product || !fits {
            continue;
        }
        let mut card = CardSession::new(transport, template.dialect);
        let Some(number) = contents::number_of(&mut card, &template)? else {
            continue;
        };
        let recorded = ledger.map(|l| l.card(kind, &number)).transpose()?.flatten();
        return match recorded {
            Some(row) if row.template != template.name => Ok(crate::template::load(&row.template)?),
            _ => Ok(template),
        };
    }
    Err(BatchError::NoNumber)
}

/// Finds out which card lies there and selects its purse application. `site` are fields of the subject that a card does
/// not bear (a province).
pub fn identify<'t>(
    card: &mut CardSession<'_>,
    template: &'t Template,
    scheme: &Scheme,
    site: &Subject,
) -> Result<PurseCard<'t>, BatchError> {
    let slots = slots::purse(template)?;
    let number = contents::number_of(card, template)?.ok_or(BatchError::NoNumber)?;
    let mut subject = site.clone();
    for code in scheme.levels().iter().filter_map(|level| level.code.as_ref()) {
        if let Some(bytes) = contents::code_on_card(card, template, &code.field)? {
            subject = subject.with(&code.field, &bytes);
        }
    }
    for field in template.subject.keys() {
        subject.set_hex(field, &number)?;
    }
    enter(card, template, slots.directory)?;
    Ok(PurseCard {
        template,
        slots,
        number,
        subject,
    })
}

fn key(station: &Station<'_>, on: &PurseCard<'_>, slot: &KeySlot) -> Result<CardKey, BatchError> {
    slots::key_of(station.scheme, &station.keys.keys(), slot, &on.subject)
}

/// What a load needs from outside.
pub struct LoadOrder<'a> {
    /// The amount.
    pub amount: Amount,
    /// The issuing place's terminal number.
    pub terminal: Terminal,
    /// The moment.
    pub at: DateTime,
    /// The holder's PIN as the card stores it, where the card wants one.
    pub pin: Option<&'a SecretBytes>,
}

/// Loads, with intent and outcome in the ledger. Returns the entry of the outcome too.
pub fn load(
    session: &mut Session,
    on: &PurseCard<'_>,
    order: &LoadOrder<'_>,
    card: &mut CardSession<'_>,
) -> Result<(Loaded, u64), BatchError> {
    at_station(session, |station| load_at(station, on, order, card))
}

/// The same with a ledger that may be far.
pub fn load_at(
    station: &mut Station<'_>,
    on: &PurseCard<'_>,
    order: &LoadOrder<'_>,
    card: &mut CardSession<'_>,
) -> Result<(Loaded, u64), BatchError> {
    load_for(station, on, order, None, card)
}

/// The same for the customer desk.
pub(super) fn load_for(
    station: &mut Station<'_>,
    on: &PurseCard<'_>,
    order: &LoadOrder<'_>,
    desk: Option<PurseDesk>,
    card: &mut CardSession<'_>,
) -> Result<(Loaded, u64), BatchError> {
    let (load_key, tac_key) = (key(station, on, on.slots.load)?, key(station, on, on.slots.tac)?);
    let slot = on.slots.directory.pin.as_ref().map(|p| p.id);
    let wanted = Load {
        purse: on.slots.purse,
        index: on.slots.load.place.id(),
        key: &load_key,
        tac: &tac_key,
        amount: order.amount,
        terminal: order.terminal,
        at: order.at,
        pin: slot.zip(order.pin),
    };
    let ready = load::prepare(card, station.keys, &wanted)?;
    let intent = entries::of_load(&on.number, &ready.transaction, desk)?;
    let seq = station.record.append(Act::PurseIntent(intent.clone()))?;
    let loaded = match load::credit(card, station.keys, &tac_key, &ready) {
        Ok(loaded) => loaded,
        Err(e) => return Err(entries::not_proved(station.record, &intent, seq, e)),
    };
    let entry = entries::transaction(&intent, seq, loaded.balance, loaded.tac)?;
    let outcome = entries::outcome(station.record, Act::PurseLoad(entry))?;
    Ok((loaded, outcome))
}

/// What a purchase is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PayOrder {
    /// The amount.
    pub amount: Amount,
    /// The terminal's clock.
    pub at: DateTime,
}

/// How a purchase went.
pub enum Went {
    /// Paid; the ledger's entry, where there is a ledger.
    Paid(Paid, Option<u64>),
    /// The card vanished at the debit.
    Torn(Box<Torn>),
}

/// A purchase of which is not known whether the card paid.
pub struct Torn {
    ready: ReadyToPay,
    intent: Option<(u64, PurseIntent)>,
}

/// Pays with a PSAM in another reader; with intent and outcome in the ledger, where there is a session.
pub fn pay(
    session: Option<&mut Session>,
    on: &PurseCard<'_>,
    with: &Sam,
    order: PayOrder,
    cards: (&mut CardSession<'_>, &mut CardSession<'_>),
) -> Result<Went, BatchError> {
    pay_for(session, on, with, order, None, cards)
}

/// The same for the customer desk.
pub(super) fn pay_for(
    mut session: Option<&mut Session>,
    on: &PurseCard<'_>,
    with: &Sam,
    order: PayOrder,
    desk: Option<PurseDesk>,
    (card, sam): (&mut CardSession<'_>, &mut CardSession<'_>),
) -> Result<Went, BatchError> {
    let wanted = Purchase {
        purse: on.slots.purse,
        index: with.index.unwrap_or(on.slots.purchase.place.id()),
        amount: order.amount,
        terminal: with.terminal,
        at: order.at,
        version: None,
        factors: with.factors.clone(),
        security_code: on.template.options.security_code_in_mac1,
    };
    let ready = purchase::prepare(card, sam, &wanted).map_err(|e| psam_refused(e, with))?;
    let intent = match &mut session {
        Some(session) => {
            let intent = entries::of_purchase(&on.number, &ready, desk)?;
            Some((session.append(Act::PurseIntent(intent.clone()))?.seq, intent))
        }
        None => None,
    };
    match purchase::debit(card, sam, &ready) {
        Ok(paid) => {
            let seq = paid_in_ledger(session, intent.as_ref(), &paid)?;
            Ok(Went::Paid(paid, seq))
        }
        Err(TransactionError::Torn { .. }) => Ok(Went::Torn(Box::new(Torn { ready, intent }))),
        Err(e) => match (session, intent) {
            (Some(session), Some((seq, intent))) => Err(entries::not_proved(&mut session.parts().2, &intent, seq, e)),
            _ => Err(e.into()),
        },
    }
}

/// A PSAM that knows no such key, or not with so many factors, is another kind of PSAM than was assumed.
fn psam_refused(e: TransactionError, with: &Sam) -> BatchError {
    match e {
        TransactionError::Card(cause @ CardError::Refused { ins: 0x70, sw, .. })
            if matches!(sw.0, 0x6A80 | 0x6A88 | 0x9403) =>
        {
            BatchError::PsamRefused {
                terminal: with.terminal.to_string(),
                template: with.template.clone(),
                cause: Box::new(cause),
            }
        }
        e => e.into(),
    }
}

fn paid_in_ledger(
    session: Option<&mut Session>,
    intent: Option<&(u64, PurseIntent)>,
    paid: &Paid,
) -> Result<Option<u64>, BatchError> {
    match (session, intent) {
        (Some(session), Some((seq, intent))) => {
            let entry = entries::transaction(intent, *seq, paid.balance, paid.tac)?;
            entries::outcome(&mut session.parts().2, Act::PursePurchase(entry)).map(Some)
        }
        _ => Ok(None),
    }
}

/// What is known once the card of a torn purchase is back.
pub enum Recovered {
    /// It had paid.
    Paid(Paid, Option<u64>),
    /// It had not.
    NotPaid,
}

/// Asks the card that is back whether it paid, and lets the PSAM that still waits check its MAC2.
pub fn recover(
    session: Option<&mut Session>,
    on: &PurseCard<'_>,
    torn: &Torn,
    (card, sam): (&mut CardSession<'_>, &mut CardSession<'_>),
) -> Result<Recovered, BatchError> {
    if let Some(paid) = purchase::recover(card, sam, &torn.ready)? {
        let seq = paid_in_ledger(session, torn.intent.as_ref(), &paid)?;
        return Ok(Recovered::Paid(paid, seq));
    }
    let settled = session.map(|session| settle(session, on, None, card)).transpose()?;
    match settled.flatten() {
        None
        | Some(Settled::Closed {
            result: PurseEnding::NotDone,
            ..
        }) => Ok(Recovered::NotPaid),
        Some(_) => Err(TransactionError::Torn {
            counter: torn.counter(),
        }
        .into()),
    }
}

impl Torn {
    /// The card's counter before it.
    pub fn counter(&self) -> u16 {
        self.ready.transaction.counter
    }
}
