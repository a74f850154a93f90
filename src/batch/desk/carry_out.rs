// SPDX-License-Identifier: Apache-2.0
//! One act on a chip from beginning to end: look, announce, write, look again, record. What cannot be done is found out
//! before the ledger says that it begins.

use serde::Serialize;

use super::card::DeskCard;
use super::chip::{self, Application, DeskKey, PinAnswer};
use super::fault::DeskError;
use crate::batch::BatchError;
use crate::card::CardSession;
use crate::crypto::{Challenge, SecretBytes};
use crate::error::Fault;
use crate::keys::{CardKey, KeyStore};
use crate::ledger::act::{Act, CardChange, CardDone, CardExtend, DeskEnding};
use crate::ledger::{CardKind, Number, ShortHex, Text};
use crate::site::Session;

/// What is to be changed on the chip.
#[derive(Debug, Clone, Copy)]
pub enum Change<'a> {
    /// A later last day, yyyymmdd.
    Extend(&'a str),
    /// The purse application stops working.
    Block,
    /// It works again.
    Unblock,
    /// The tries of the PIN are given back; the PIN is the one in use.
    PinUnblock(&'a SecretBytes),
    /// A new PIN.
    PinReload(&'a SecretBytes),
}

/// An act that the chip shows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Carried {
    /// The card.
    pub number: String,
    /// The act.
    pub act: &'static str,
    /// The entry that announced it.
    pub intent: u64,
    /// The entry that ended it.
    pub done: u64,
}

impl Change<'_> {
    /// The act's name in the ledger.
    pub fn act(&self) -> &'static str {
        match self {
            Self::Extend(_) => "card.extend",
            Self::Block => "card.block",
            Self::Unblock => "card.unblock",
            Self::PinUnblock(_) => "pin.unblock",
            Self::PinReload(_) => "pin.reload",
        }
    }

    pub(super) fn until(&self) -> Option<&str> {
        match self {
            Self::Extend(until) => Some(until),
            _ => None,
        }
    }

    fn body(&self, number: &str, reason: Option<Text>) -> Result<Act, DeskError> {
        let (kind, number) = (CardKind::User, Number::new(number)?);
        if let Self::Extend(until) = self {
            let until = Number::new(*until)?;
            return Ok(Act::CardExtend(CardExtend { kind, number, until }));
        }
        let change = CardChange { kind, number, reason };
        Ok(match self {
            Self::Block => Act::CardBlock(change),
            Self::Unblock => Act::CardUnblock(change),
            Self::PinUnblock(_) => Act::PinUnblock(change),
            _ => Act::PinReload(change),
        })
    }
}

/// Carries a change out. What an earlier visit left open is settled before (`settle`), or the ledger refuses.
pub fn carry_out(
    session: &mut Session,
    on: &DeskCard<'_>,
    change: Change<'_>,
    reason: Option<Text>,
    card: &mut CardSession<'_>,
) -> Result<Carried, DeskError> {
    check(session, on, change, card)?;
    let intent = session.append(change.body(&on.number, reason)?)?.seq;
    let refused = match write(session, on, change, card) {
        Ok(()) => None,
        Err(e) if e.is_lost() => return Err(e),
        Err(e) => Some(e),
    };
    let shown = match (&refused, change) {
        // A PIN that the card refused to set is not tried: that would cost the holder a try.
        (Some(_), Change::PinUnblock(_) | Change::PinReload(_)) => Shown::No,
        // A card that failed at the very write (6581) may have done it all the same: what it shows counts.
        _ => shows(on, change, card)?,
    };
    if shown == Shown::No {
        let (number, act) = (on.number.clone(), change.act());
        let e = refused.unwrap_or(DeskError::NotShown { number, act });
        end(session, &on.number, intent, DeskEnding::NotDone, Some(&e))?;
        return Err(e);
    }
    let done = end(session, &on.number, intent, DeskEnding::Done, None)?;
    if shown == Shown::OtherPin {
        let number = on.number.clone();
        return Err(DeskError::PinNotTaken { number });
    }
    Ok(Carried {
        number: on.number.clone(),
        act: change.act(),
        intent,
        done,
    })
}

/// What can be told before anything is recorded: whether the card is in a state for it, whether the keys may work.
fn check(
    session: &Session,
    on: &DeskCard<'_>,
    change: Change<'_>,
    card: &mut CardSession<'_>,
) -> Result<(), DeskError> {
    let number = || on.number.clone();
    let already = || DeskError::Already {
        number: number(),
        act: change.act(),
    };
    for key in keys(session, on, change)? {
        // A key that may not work any more says so here; the value is thrown away.
        session.store.mac(&key, &Challenge::Four([0; 4]), &[0; 8])?;
    }
    match (on.application(card)?, change) {
        (Application::Blocked, Change::Block) | (Application::Open, Change::Unblock) => return Err(already()),
        (Application::Blocked, Change::Unblock) | (Application::Open, _) => {}
        (Application::Blocked, _) => return Err(DeskError::Blocked { number: number() }),
    }
    let Change::Extend(until) = change else {
        return pin_slot(on, change).map(drop);
    };
    let mut all_there = true;
    for place in chip::day_places(on.template)? {
        let day = place.read(on.template, card)?;
        if let Some(day) = day.as_ref().filter(|day| day.as_str() > until) {
            let (day, until) = (day.clone(), until.to_owned());
            return Err(DeskError::Earlier {
                number: number(),
                day,
                until,
            });
        }
        all_there &= day.as_deref() == Some(until);
    }
    if all_there { Err(already()) } else { Ok(()) }
}

/// The keys that a change needs.
fn keys(session: &Session, on: &DeskCard<'_>, change: Change<'_>) -> Result<Vec<CardKey>, DeskError> {
    let purpose = match change {
        Change::Extend(_) => {
            let places = chip::day_places(on.template)?;
            let needed = places.iter().filter(|place| place.file.header.mac);
            return needed.map(|place| line_key(session, on, place)).collect();
        }
        Change::Block => DeskKey::Block,
        Change::Unblock => DeskKey::Unblock,
        Change::PinUnblock(_) => DeskKey::PinUnblock,
        Change::PinReload(_) => DeskKey::PinReload,
    };
    let slot = chip::slot(on.template, on.directory, purpose)?;
    Ok(vec![on.key(session, slot)?])
}

/// The key that protects the file where a last day stands.
pub(super) fn line_key(session: &Session, on: &DeskCard<'_>, place: &chip::DayPlace<'_>) -> Result<CardKey, DeskError> {
    let slot = place.directory.line_key(place.file.mac_key);
    let slot = slot.ok_or_else(|| chip::missing(on.template, "line protection key"))?;
    on.key(session, slot)
}

/// The identifier of the PIN, for changes of it.
fn pin_slot(on: &DeskCard<'_>, change: Change<'_>) -> Result<u8, DeskError> {
    match change {
        Change::PinUnblock(_) | Change::PinReload(_) => match &on.directory.pin {
            Some(pin) => Ok(pin.id),
            None => Err(chip::missing(on.template, "PIN").into()),
        },
        _ => Ok(0),
    }
}

fn write(
    session: &Session,
    on: &DeskCard<'_>,
    change: Change<'_>,
    card: &mut CardSession<'_>,
) -> Result<(), DeskError> {
    if let Change::Extend(until) = change {
        return chip::day_places(on.template)?
            .iter()
            .try_for_each(|place| write_day(session, on, place, until, card));
    }
    let key = keys(session, on, change)?;
    let key = key.first().ok_or_else(|| chip::missing(on.template, "key"))?;
    let with: (&dyn KeyStore, &CardKey) = (&session.store, key);
    on.application(card)?;
    let slot = pin_slot(on, change)?;
    match change {
        Change::Block => chip::block(with, card),
        Change::Unblock => chip::unblock(with, card),
        Change::PinUnblock(pin) => {
            let parameters = [slot, on.template.options.pin_unblock_p2];
            chip::unblock_pin(parameters, with, pin, card)
        }
        Change::PinReload(pin) => chip::reload_pin(slot, with, pin, card),
        Change::Extend(_) => Ok(()),
    }
}

/// Writes the last day in one place, if it does not stand there.
pub(super) fn write_day(
    session: &Session,
    on: &DeskCard<'_>,
    place: &chip::DayPlace<'_>,
    until: &str,
    card: &mut CardSession<'_>,
) -> Result<(), DeskError> {
    if place.read(on.template, card)?.as_deref() == Some(until) {
        return Ok(());
    }
    let key = line_key(session, on, place)?;
    place.write(on.template, (&session.store, &key), until, card)
}

/// What the chip shows of a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shown {
    Yes,
    No,
    /// The PIN has tries again, and is another one.
    OtherPin,
}

impl Shown {
    fn of(yes: bool) -> Self {
        if yes { Self::Yes } else { Self::No }
    }
}

/// Asks the chip whether a change stands.
pub(super) fn shows(on: &DeskCard<'_>, change: Change<'_>, card: &mut CardSession<'_>) -> Result<Shown, DeskError> {
    match change {
        Change::Extend(until) => {
            for place in chip::day_places(on.template)? {
                if place.read(on.template, card)?.as_deref() != Some(until) {
                    return Ok(Shown::No);
                }
            }
            // The file that was written still names this card.
            Ok(Shown::of(on.is_named(card)?))
        }
        Change::Block => Ok(Shown::of(on.application(card)? == Application::Blocked)),
        Change::Unblock => Ok(Shown::of(
            on.application(card)? == Application::Open && on.is_named(card)?,
        )),
        Change::PinUnblock(pin) | Change::PinReload(pin) => {
            let slot = pin_slot(on, change)?;
            on.application(card)?;
            let answer = chip::present_pin(slot, pin, card)?;
            Ok(match (answer, change) {
                (PinAnswer::Taken, _) => Shown::Yes,
                (PinAnswer::Wrong, Change::PinUnblock(_)) => Shown::OtherPin,
                _ => Shown::No,
            })
        }
    }
}

/// Records how an act ended, and signs the tree.
pub(super) fn end(
    session: &mut Session,
    number: &str,
    intent: u64,
    result: DeskEnding,
    why: Option<&DeskError>,
) -> Result<u64, DeskError> {
    let status = match why {
        Some(DeskError::Batch(e)) => match &**e {
            BatchError::Card(e) => e.status(),
            _ => None,
        },
        _ => None,
    };
    let done = CardDone {
        kind: CardKind::User,
        number: Number::new(number)?,
        intent,
        result,
        reason: why.map(|e| Text::new(e.msg().id())).transpose()?,
        status_word: status.map(|sw| ShortHex::new(sw.to_string())).transpose()?,
    };
    let entry = session.append(Act::CardDone(done))?.seq;
    session.checkpoint()?;
    Ok(entry)
}
