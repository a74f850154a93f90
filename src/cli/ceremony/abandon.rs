// SPDX-License-Identifier: Apache-2.0
//! `ceremony abandon`: two officers close a ceremony that was broken off. Nothing of it exists; this says so for good.

use serde_json::json;

use crate::ceremony::run::{CeremonyError, abandon as close};
use crate::cli::{Context, session};
use crate::error::{Error, Exit};
use crate::msg;

/// How many sign it.
const TWO: usize = 2;

pub(super) fn abandon(reason: &str, context: &mut Context) -> Result<Exit, Error> {
    let site = session::open_site(context)?;
    let mut ledger = site.ledger()?;
    let begin = ledger.state().ceremony().map(|open| open.begin);
    let begin = begin.ok_or(CeremonyError::NoneOpen)?;
    let keys = session::officers(context, &site, &ledger, &["ceremony.end"], TWO)?;
    let entry = close(&mut ledger, &keys, reason, &context.clock)?;
    let out = &mut context.out;
    out.record(
        "cardmint.ceremony-abandoned/1",
        &json!({"begin": begin, "entry": entry.seq, "reason": reason}),
    )?;
    out.say(&msg!("ceremony-closed", begin = begin, entry = entry.seq))?;
    Ok(Exit::Done)
}
