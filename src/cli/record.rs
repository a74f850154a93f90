// SPDX-License-Identifier: Apache-2.0
//! Acts that need officers and the ledger, and no key: one entry, signed by as many officers as its rule asks for.

use super::{Context, session};
use crate::error::Error;
use crate::ledger::act::Act;
use crate::ledger::{Entry, LedgerError, Number, Text};
use crate::msg;
use crate::site::{Site, signers_for, with_signers};

/// Appends an act, by the officers named on the command line whose roles allow it.
pub fn record(context: &mut Context, site: &Site, act: Act) -> Result<Entry, Error> {
    let mut ledger = site.ledger()?;
    let needed = ledger.needs(&act)?;
    let officers = session::officers(context, site, &ledger, &[act.name()], needed)?;
    let people = signers_for(&officers, ledger.state(), &act, needed);
    let clock = context.clock;
    Ok(with_signers(&people, |signers| ledger.append(act, signers, &clock))?)
}

/// Shows that an entry was made.
pub fn tell(context: &mut Context, entry: &Entry) -> Result<(), Error> {
    context.out.record("cardmint.entry/1", entry)?;
    let said = msg!("record-entry", seq = entry.seq).with_word("act", "act", entry.act.name());
    context.out.say(&said)
}

/// A field of text.
pub fn text(given: &str) -> Result<Text, Error> {
    Ok(Text::new(given).map_err(LedgerError::from)?)
}

/// A field of text that may be absent.
pub fn text_if(given: Option<&str>) -> Result<Option<Text>, Error> {
    given.map(text).transpose()
}

/// A number as the ledger has it.
pub fn number(given: &str) -> Result<Number, Error> {
    let as_recorded = crate::batch::order::ledger_number(given);
    Ok(Number::new(as_recorded).map_err(LedgerError::from)?)
}
