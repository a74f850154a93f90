// SPDX-License-Identifier: Apache-2.0
//! A list from the ledger's rows. On the list of an entry `p` and a day `d` stands what was put on before `p`, was not taken
//! off before `p`, and whose last day is not before `d`.

use super::compact::{CompactList, result_of};
use super::fault::BlacklistError;
use super::numbers::NumberSet;
use super::sheet::{self, Line};
use crate::crypto::Digest;
use crate::ledger::act::{Act, BlacklistPublish, ListForm};
use crate::ledger::centre::{BlacklistRow, ListRow};
use crate::ledger::{Hash, Ledger, Number};
use crate::site::Session;

/// Which list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// The site's id.
    pub site: String,
    /// Sequence number.
    pub sequence: u32,
    /// Whole or changes.
    pub form: ListForm,
    /// The list that a delta follows.
    pub base: Option<u32>,
    /// The day by which expired numbers are left out.
    pub date: String,
    /// Entries before this one count.
    pub before: u64,
}

/// A list, ready to go out.
#[derive(Debug, Clone)]
pub struct Edition {
    /// Which.
    pub plan: Plan,
    /// Its lines.
    pub lines: Vec<Line>,
    /// The compact file.
    pub compact: Vec<u8>,
    /// All numbers that are on the list now.
    pub numbers: NumberSet,
}

/// A list that has its entry.
#[derive(Debug, Clone)]
pub struct Publication {
    /// The list.
    pub edition: Edition,
    /// The entry.
    pub entry: u64,
}

impl Plan {
    /// `full` or `delta`.
    pub fn form_name(&self) -> &'static str {
        match self.form {
            ListForm::Full => "full",
            ListForm::Delta => "delta",
        }
    }
}

impl Edition {
    /// The digest that its entry has: of the compact file.
    pub fn digest(&self) -> Digest {
        Digest::of(&[&self.compact])
    }
}

fn list(ledger: &Ledger, sequence: u32) -> Result<ListRow, BlacklistError> {
    let found = ledger.lists()?.into_iter().find(|list| list.sequence == sequence);
    found.ok_or(BlacklistError::NoList { sequence })
}

/// The next list: a delta upon `base`, or a full one.
pub fn plan(ledger: &Ledger, base: Option<u32>, date: &str) -> Result<Plan, BlacklistError> {
    if let Some(base) = base {
        list(ledger, base)?;
    }
    Ok(Plan {
        site: ledger.state().site.to_string(),
        sequence: ledger.next_list()?,
        form: if base.is_some() {
            ListForm::Delta
        } else {
            ListForm::Full
        },
        base,
        date: date.to_owned(),
        before: ledger.size(),
    })
}

fn standing<'a>(rows: &'a [BlacklistRow], before: u64, date: &str) -> Vec<&'a BlacklistRow> {
    let stands = |row: &&BlacklistRow| {
        row.added < before
            && row.removed.is_none_or(|removed| removed >= before)
            && row.until.as_deref().is_none_or(|until| until >= date)
    };
    rows.iter().filter(stands).collect()
}

/// The list of a plan.
pub fn edition(ledger: &Ledger, plan: Plan) -> Result<Edition, BlacklistError> {
    let rows = ledger.blacklist_changes(0)?;
    let after = standing(&rows, plan.before, &plan.date);
    let before = match plan.base {
        Some(base) => {
            let base = list(ledger, base)?;
            standing(&rows, base.published, &base.date)
        }
        None => Vec::new(),
    };
    let (old, numbers) = (NumberSet::of(&before), NumberSet::of(&after));
    let compact = CompactList {
        form: plan.form,
        sequence: plan.sequence,
        base: plan.base,
        date: plan.date.clone(),
        result: result_of(&numbers),
        on: numbers.without(&old),
        off: old.without(&numbers),
    };
    Ok(Edition {
        lines: sheet::lines(&before, &after),
        compact: compact.to_bytes(),
        numbers,
        plan,
    })
}

/// Records a list. From here on its number is taken and its files may go out.
pub fn publish(session: &mut Session, base: Option<u32>, date: &str) -> Result<Publication, BlacklistError> {
    let edition = edition(&session.ledger, plan(&session.ledger, base, date)?)?;
    let plan = &edition.plan;
    let act = Act::BlacklistPublish(BlacklistPublish {
        sequence: plan.sequence,
        form: plan.form,
        base: plan.base,
        date: Number::new(plan.date.clone())?,
        count: edition.lines.len() as u32,
        digest: Hash(edition.digest().0),
    });
    let entry = session.append(act)?.seq;
    session.checkpoint()?;
    if entry != plan.before {
        let sequence = plan.sequence;
        return Err(BlacklistError::Overtaken { sequence });
    }
    Ok(Publication { edition, entry })
}

/// A list that went out, made again from the ledger.
pub fn published(ledger: &Ledger, sequence: u32) -> Result<Publication, BlacklistError> {
    let row = list(ledger, sequence)?;
    let form = if row.base.is_some() {
        ListForm::Delta
    } else {
        ListForm::Full
    };
    let plan = Plan {
        site: ledger.state().site.to_string(),
        sequence,
        form,
        base: row.base,
        date: row.date,
        before: row.published,
    };
    let edition = edition(ledger, plan)?;
    if Hash(edition.digest().0).to_string() != row.digest {
        return Err(BlacklistError::NotRepeatable { sequence });
    }
    let entry = row.published;
    Ok(Publication { edition, entry })
}
