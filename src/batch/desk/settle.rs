// SPDX-License-Identifier: Apache-2.0
//! Settling an act that was announced and of which no end is recorded: the card was torn away, or the program was killed.
//!
//! The chip tells: a blocked application shows itself, a last day is read. A last day of which only a part was written is
//! finished, since the ledger has the day that was meant; the act then has happened. Of a PIN a chip shows nothing by
//! itself: with the PIN that was meant it is tried, without it the end is `unknown`, and the act is repeated.

use serde::Serialize;

use super::card::DeskCard;
use super::carry_out::{Carried, Change, Shown, carry_out, end, shows, write_day};
use super::chip;
use super::fault::DeskError;
use crate::card::CardSession;
use crate::crypto::SecretBytes;
use crate::ledger::act::{Act, DeskEnding};
use crate::ledger::{CardKind, LedgerError, Text};
use crate::site::Session;

/// How an open act ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Settled {
    /// The card.
    pub number: String,
    /// The act.
    pub act: String,
    /// The last day that was meant, for `card.extend`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
    /// The entry that announced it.
    pub intent: u64,
    /// How it ended.
    pub result: DeskEnding,
    /// The entry that says so.
    pub done: u64,
}

/// One visit of a card: settles what is open, says so to `told`, and carries the change out, unless it was the open act and
/// has happened.
pub fn visit(
    session: &mut Session,
    on: &DeskCard<'_>,
    change: Change<'_>,
    reason: Option<Text>,
    card: &mut CardSession<'_>,
    told: &mut dyn FnMut(Settled),
) -> Result<Carried, DeskError> {
    let pin = match change {
        Change::PinUnblock(pin) | Change::PinReload(pin) => Some(pin),
        _ => None,
    };
    if let Some(settled) = settle(session, on, pin, card)? {
        let same = settled.act == change.act() && settled.until.as_deref() == change.until();
        let (intent, done, happened) = (settled.intent, settled.done, settled.result == DeskEnding::Done);
        told(settled);
        if same && happened {
            return Ok(Carried {
                number: on.number.clone(),
                act: change.act(),
                intent,
                done,
            });
        }
    }
    carry_out(session, on, change, reason, card)
}

/// Settles what is open for this card, if anything is. `pin` is the PIN that was meant, where it is known.
pub fn settle(
    session: &mut Session,
    on: &DeskCard<'_>,
    pin: Option<&SecretBytes>,
    card: &mut CardSession<'_>,
) -> Result<Option<Settled>, DeskError> {
    let Some((intent, act)) = session.ledger.open_desk_act(CardKind::User, &on.number)? else {
        return Ok(None);
    };
    let until = match session.ledger.entry(intent)?.act {
        Act::CardExtend(body) => Some(body.until.as_str().to_owned()),
        _ => None,
    };
    let shown = match (act.as_str(), until.as_deref(), pin) {
        ("card.extend", Some(until), _) => Some(day(session, on, until, card)?),
        ("card.block", ..) => Some(shows(on, Change::Block, card)?),
        ("card.unblock", ..) => Some(shows(on, Change::Unblock, card)?),
        ("pin.unblock", _, Some(pin)) => Some(shows(on, Change::PinUnblock(pin), card)?),
        ("pin.reload", _, Some(pin)) => Some(shows(on, Change::PinReload(pin), card)?),
        ("pin.unblock" | "pin.reload", _, None) => None,
        _ => return Err(LedgerError::Damaged { seq: intent }.into()),
    };
    let result = match shown {
        Some(Shown::Yes | Shown::OtherPin) => DeskEnding::Done,
        Some(Shown::No) => DeskEnding::NotDone,
        None => DeskEnding::Unknown,
    };
    let done = end(session, &on.number, intent, result, None)?;
    Ok(Some(Settled {
        number: on.number.clone(),
        act,
        until,
        intent,
        result,
        done,
    }))
}

/// A last day that stands nowhere yet, in whole files, was not begun. Anything else is written to its end.
fn day(session: &Session, on: &DeskCard<'_>, until: &str, card: &mut CardSession<'_>) -> Result<Shown, DeskError> {
    let places = chip::day_places(on.template)?;
    let mut begun = false;
    for place in &places {
        let day = place.read(on.template, card)?;
        begun |= day.is_none_or(|day| day == until);
    }
    if !begun {
        return Ok(Shown::No);
    }
    for place in &places {
        write_day(session, on, place, until, card)?;
    }
    shows(on, Change::Extend(until), card)
}
