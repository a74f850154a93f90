// SPDX-License-Identifier: Apache-2.0
//! The initial load of a card that was just issued: its first balance, with the PIN that it was issued with. Money moves once:
//! a load that was begun before is settled first, and one of which nobody can say whether it happened is not repeated.

use super::fault::BatchError;
use super::purse::{LoadOrder, Settled, identify, load_at, settle_at};
use super::recording::Station;
use crate::card::CardSession;
use crate::crypto::purse::{Amount, DateTime, Terminal};
use crate::keys::scheme::Subject;
use crate::ledger::act::PurseEnding;
use crate::perso::script::{PersoScript, Step};
use crate::template::Template;

/// How much, under which terminal number, when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FirstLoad {
    /// The amount.
    pub amount: Amount,
    /// The issuing place's terminal number.
    pub terminal: Terminal,
    /// The moment.
    pub at: DateTime,
}

/// Loads a card that was issued by this script. `own` are the site's fields of the subject. Gives the entry of the load;
/// `None` where the card shows that it was loaded before.
pub fn first_load(
    station: &mut Station<'_>,
    template: &Template,
    own: &Subject,
    script: &PersoScript,
    first: FirstLoad,
    card: &mut CardSession<'_>,
) -> Result<Option<u64>, BatchError> {
    card.reset()?;
    let on = identify(card, template, station.scheme, own)?;
    let pin = initial_pin(script).map(|name| station.keys.pin(name)).transpose()?;
    match settle_at(station, &on, pin.as_ref(), card)? {
        None => {}
        Some(Settled::Done { .. }) => return Ok(None),
        Some(Settled::Closed {
            result: PurseEnding::NotDone,
            ..
        }) => card.reset()?,
        Some(Settled::Closed { .. }) => return Err(BatchError::LoadUnproved { number: on.number }),
    }
    let on = identify(card, template, station.scheme, own)?;
    let order = LoadOrder {
        amount: first.amount,
        terminal: first.terminal,
        at: first.at,
        pin: pin.as_ref(),
    };
    load_at(station, &on, &order, card).map(|(_, entry)| Some(entry))
}

/// The name of the PIN that a script gives a card.
fn initial_pin(script: &PersoScript) -> Option<&str> {
    script.steps.iter().find_map(|step| match step {
        Step::WritePin { pin, .. } | Step::VerifyPin { pin, .. } => Some(pin.as_str()),
        _ => None,
    })
}
