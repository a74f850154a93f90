// SPDX-License-Identifier: Apache-2.0
//! The purse of an issued card: load with the site's keys, purchase with a PSAM; each with its entries in the ledger.
//!
//! The intent is durable before the command that moves money. If the card vanishes at that command, the intent stays open,
//! and the next command on this card settles it first: the card's own proof of the transaction tells, and its TAC shows
//! that it is the one intended.

use super::contents::{self, enter};
use super::fault::BatchError;
use super::slots::{self, PurseSlots};
use super::tac::{TacFacts, TacVerifier};
use crate::card::load::{self, Load, Loaded};
use crate::card::purchase::{self, Paid, Purchase};
use crate::card::{CardSession, TransactionError, purse as commands};
use crate::crypto::SecretBytes;
use crate::crypto::purse::{Amount, DateTime, Terminal, TxnType};
use crate::error::Fault;
use crate::keys::CardKey;
use crate::keys::KeyStore;
use crate::keys::scheme::{Scheme, Subject};
use crate::ledger::act::{Act, PurseClosed, PurseEnding, PurseIntent, PurseTransaction};
use crate::ledger::{Number, ShortHex, Text};
use crate::perso::SiteFacts;
use crate::site::Session;
use crate::template::Template;

/// A card of a template on the reader, its purse application selected.
pub struct PurseCard<'t> {
    /// The template.
    pub template: &'t Template,
    /// Where its keys stand.
    pub slots: PurseSlots<'t>,
    /// Its number.
    pub number: String,
    /// What its keys are derived for.
    pub subject: Subject,
}

/// Finds out which card lies there and selects its purse application.
pub fn identify<'t>(
    card: &mut CardSession<'_>,
    template: &'t Template,
    facts: &SiteFacts,
) -> Result<PurseCard<'t>, BatchError> {
    let slots = slots::purse(template)?;
    let number = contents::number_of(card, template)?.ok_or(BatchError::NoNumber)?;
    let subject = slots::subject(template, facts, &number)?;
    enter(card, template, slots.directory)?;
    Ok(PurseCard {
        template,
        slots,
        number,
        subject,
    })
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

/// Loads, with intent and outcome in the ledger.
pub fn load(
    session: &mut Session,
    on: &PurseCard<'_>,
    order: &LoadOrder<'_>,
    card: &mut CardSession<'_>,
) -> Result<Loaded, BatchError> {
    let key = |slot| -> Result<CardKey, BatchError> {
        slots::key_of(session.site.scheme(), &session.store.keys(), slot, &on.subject)
    };
    let (load_key, tac_key) = (key(on.slots.load)?, key(on.slots.tac)?);
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
    let ready = load::prepare(card, &session.store, &wanted)?;
    let t = &ready.transaction;
    let intent = PurseIntent {
        number: Number::new(on.number.clone())?,
        terminal: Number::new(t.terminal.to_string())?,
        kind: ShortHex::new(t.kind.to_string())?,
        amount: t.amount.0,
        balance: t.balance.0,
        counter: t.counter.into(),
        terminal_counter: None,
        datetime: Number::new(t.at.to_string())?,
    };
    let seq = session.append(Act::PurseIntent(intent.clone()))?.seq;
    let loaded = match load::credit(card, &session.store, &tac_key, &ready) {
        Ok(loaded) => loaded,
        Err(e) => return Err(not_proved(session, &intent, seq, e)),
    };
    record(
        session,
        Act::PurseLoad(transaction(&intent, seq, loaded.balance, loaded.tac)?),
    )?;
    Ok(loaded)
}

/// Pays with a PSAM in another reader, with intent and outcome in the ledger.
pub fn pay(
    session: &mut Session,
    on: &PurseCard<'_>,
    with: &Sam,
    (amount, at): (Amount, DateTime),
    (card, sam): (&mut CardSession<'_>, &mut CardSession<'_>),
) -> Result<Paid, BatchError> {
    let wanted = Purchase {
        purse: on.slots.purse,
        index: on.slots.purchase.place.id(),
        amount,
        terminal: with.terminal,
        at,
        version: Some(with.version),
        factors: with.factors.clone(),
        security_code: on.template.options.security_code_in_mac1,
    };
    let ready = purchase::prepare(card, sam, &wanted)?;
    let t = &ready.transaction;
    let intent = PurseIntent {
        number: Number::new(on.number.clone())?,
        terminal: Number::new(t.terminal.to_string())?,
        kind: ShortHex::new(t.kind.to_string())?,
        amount: t.amount.0,
        balance: ready.before.0,
        counter: t.counter.into(),
        terminal_counter: Some(t.terminal_counter),
        datetime: Number::new(t.at.to_string())?,
    };
    let seq = session.append(Act::PurseIntent(intent.clone()))?.seq;
    let paid = match purchase::debit(card, sam, &ready) {
        Ok(paid) => paid,
        Err(e) => return Err(not_proved(session, &intent, seq, e)),
    };
    record(
        session,
        Act::PursePurchase(transaction(&intent, seq, paid.balance, paid.tac)?),
    )?;
    Ok(paid)
}

/// How an open intent of a card ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Settled {
    /// It happened: the card's proof has the right TAC.
    Done,
    /// It did not happen, or cannot be shown.
    Closed(PurseEnding),
}

/// Settles a transaction of this card that was torn, if there is one.
pub fn settle(
    session: &mut Session,
    on: &PurseCard<'_>,
    facts: &SiteFacts,
    card: &mut CardSession<'_>,
) -> Result<Option<Settled>, BatchError> {
    let Some((seq, intent)) = session.ledger.open_purse_intent(&on.number)? else {
        return Ok(None);
    };
    let before = Amount(intent.balance);
    let amount = Amount(intent.amount);
    let kind = TxnType(u8::from_str_radix(intent.kind.as_str(), 16).unwrap_or(0));
    let loads = matches!(kind, TxnType::LOAD_ED | TxnType::LOAD_EP);
    let after = if loads {
        before.plus(amount)?
    } else {
        before.minus(amount)?
    };
    let counter = intent.counter as u16;
    let known = TacFacts {
        kind,
        amount,
        terminal: intent
            .terminal
            .as_str()
            .parse()
            .map_err(crate::crypto::purse::PurseError::DateTimeText)?,
        at: intent.datetime.as_str().parse()?,
        terminal_counter: intent.terminal_counter,
        load: loads.then_some((after, counter)),
    };
    for counter in [counter, counter.wrapping_add(1)] {
        let Some((_, tac)) = commands::transaction_proof(card, kind, counter)? else {
            continue;
        };
        let verifier = TacVerifier::new(session, on.template, facts.clone());
        if verifier.is_right(&on.number, Subject::new(), &known, tac)? {
            let entry = transaction(&intent, seq, after, tac)?;
            record(
                session,
                if loads {
                    Act::PurseLoad(entry)
                } else {
                    Act::PursePurchase(entry)
                },
            )?;
            return Ok(Some(Settled::Done));
        }
    }
    let now = commands::balance(card, on.slots.purse)?;
    let result = match now {
        now if now == before => PurseEnding::NotDone,
        now if now == after => PurseEnding::DoneUnproved,
        _ => PurseEnding::Unknown,
    };
    let reason = format!("balance {} fen", now.0);
    close(session, &intent, seq, result, &reason, None)?;
    Ok(Some(Settled::Closed(result)))
}

/// Records how a transaction ended that is not proved; one whose card vanished stays open.
fn not_proved(session: &mut Session, intent: &PurseIntent, seq: u64, e: TransactionError) -> BatchError {
    let result = match &e {
        TransactionError::Torn { .. } => return e.into(),
        TransactionError::Card(inner) if inner.is_lost() => return e.into(),
        TransactionError::Mac2Refused(_) | TransactionError::Tac => PurseEnding::DoneUnproved,
        _ => PurseEnding::NotDone,
    };
    let sw = match &e {
        TransactionError::Card(c) | TransactionError::Mac1Refused(c) | TransactionError::Mac2Refused(c) => c.status(),
        _ => None,
    };
    match close(session, intent, seq, result, e.msg().id(), sw) {
        Ok(()) => e.into(),
        Err(of_ledger) => of_ledger,
    }
}

fn close(
    session: &mut Session,
    intent: &PurseIntent,
    seq: u64,
    result: PurseEnding,
    reason: &str,
    sw: Option<crate::iso7816::StatusWord>,
) -> Result<(), BatchError> {
    let closed = PurseClosed {
        number: intent.number.clone(),
        intent: seq,
        result,
        reason: Some(Text::new(reason)?),
        status_word: sw.map(|sw| ShortHex::new(sw.to_string())).transpose()?,
    };
    record(session, Act::PurseClosed(closed))
}

fn record(session: &mut Session, act: Act) -> Result<(), BatchError> {
    session.append(act)?;
    session.checkpoint()?;
    Ok(())
}

fn transaction(intent: &PurseIntent, seq: u64, balance: Amount, tac: [u8; 4]) -> Result<PurseTransaction, BatchError> {
    Ok(PurseTransaction {
        number: intent.number.clone(),
        terminal: intent.terminal.clone(),
        kind: intent.kind.clone(),
        amount: intent.amount,
        balance: Some(balance.0),
        counter: intent.counter,
        terminal_counter: intent.terminal_counter,
        datetime: intent.datetime.clone(),
        tac: ShortHex::new(hex::encode_upper(tac))?,
        intent: Some(seq),
    })
}

/// A PSAM on a reader, its purchase application selected.
pub struct Sam {
    /// Its terminal number.
    pub terminal: Terminal,
    /// The card's factors that its key needs, lowest level first.
    pub factors: Vec<[u8; 8]>,
    /// Version of its purchase key.
    pub version: u8,
}

/// Reads the terminal number of a PSAM, checks that its key can serve this card, and selects its application.
///
/// A PSAM that holds one city's key serves cards of that city alone. Terminal numbers begin as card numbers do, with the
/// city's code, so this shows before the card is asked for anything.
pub fn prepare_psam(
    sam: &mut CardSession<'_>,
    template: &Template,
    on: &PurseCard<'_>,
    scheme: &Scheme,
) -> Result<Sam, BatchError> {
    let slot = slots::psam(template, on.slots.purchase.name.algorithm)?;
    let read = contents::read(sam, template)?;
    let named = template.terminal.as_ref().and_then(|field| {
        read.fields
            .iter()
            .find(|v| v.order.as_deref() == Some(field.as_str()))
            .map(|v| v.hex.clone())
    });
    let missing = || BatchError::NotInTemplate {
        template: template.name.clone(),
        what: "terminal number",
    };
    let terminal: Terminal = named.and_then(|t| t.parse().ok()).ok_or_else(missing)?;
    let usage = scheme.usage(&slot.key.name.usage)?;
    let level = slot.key.level.as_ref().ok_or_else(missing)?;
    let leaf = usage.leaf.as_ref().ok_or_else(missing)?;
    if usage.root.as_ref() != Some(level) && !same_start(template, on, &terminal.to_string()) {
        return Err(BatchError::OtherCity {
            terminal: terminal.to_string(),
            number: on.number.clone(),
        });
    }
    let mut factors: Vec<[u8; 8]> = scheme.factors(level, leaf, &on.subject)?.iter().map(|f| f.0).collect();
    factors.reverse();
    enter(sam, template, slot.directory)?;
    Ok(Sam {
        terminal,
        factors,
        version: slot.version,
    })
}

/// Whether terminal number and card number begin alike, as far as both templates let them begin with the same code.
fn same_start(psam: &Template, on: &PurseCard<'_>, terminal: &str) -> bool {
    let start = |t: &Template, field: &str| t.order_field(field).and_then(|f| f.starts_with.clone());
    let of_card = start(on.template, &on.template.number);
    let of_psam = psam.terminal.as_ref().and_then(|field| start(psam, field));
    match (of_card, of_psam) {
        (Some(a), Some(b)) if a == b => {
            let digits = on.subject.get(&a).map_or(4, |code| code.len() * 2);
            terminal.get(..digits) == on.number.get(..digits)
        }
        _ => true,
    }
}
