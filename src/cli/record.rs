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

/// Appends acts one after the other by the same officers, who are asked once. That all of them may be signed by who is there
/// is found out before the first.
pub fn record_all(context: &mut Context, site: &Site, acts: Vec<Act>) -> Result<Vec<Entry>, Error> {
    let mut ledger = site.ledger()?;
    let needs: Vec<usize> = acts.iter().map(|act| ledger.needs(act)).collect::<Result<_, _>>()?;
    let names: Vec<&str> = acts.iter().map(Act::name).collect();
    let most = needs.iter().copied().max().unwrap_or(1);
    let officers = session::officers(context, site, &ledger, &names, most)?;
    for (act, needed) in acts.iter().zip(&needs) {
        let signing = signers_for(&officers, ledger.state(), act, *needed);
        let idle = officers.iter().find(|o| signing.iter().all(|s| s.name != o.name));
        if let Some(idle) = idle.filter(|_| signing.len() < *needed) {
            let (officer, act) = (idle.name.clone(), act.name().to_owned());
            return Err(LedgerError::WrongRole { officer, act }.into());
        }
    }
    let clock = context.clock;
    let mut entries = Vec::with_capacity(acts.len());
    for (act, needed) in acts.into_iter().zip(needs) {
        let people = signers_for(&officers, ledger.state(), &act, needed);
        entries.push(with_signers(&people, |signers| ledger.append(act, signers, &clock))?);
    }
    Ok(entries)
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
