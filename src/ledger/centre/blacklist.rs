// SPDX-License-Identifier: Apache-2.0
//! The blacklist: what stands on it, and which lists went out under which sequence numbers.

use rusqlite::{Connection, params};

use super::{CentreFault, Done, attempt, day, one, run, span, unknown};
use crate::ledger::act::{BlacklistAdd, BlacklistConfirm, BlacklistPublish, BlacklistRemove, ListForm};
use crate::ledger::error::LedgerError;
use crate::ledger::field::Number;
use crate::ledger::projection::whole;

pub(super) fn add(db: &Connection, body: &BlacklistAdd, seq: u64) -> Done {
    let (from, to) = (body.from.as_str(), body.to.as_str());
    let (start, stop, _) = span(from, to)?;
    let until = body.until.as_ref().map(Number::as_str);
    until.map_or(Ok(()), day)?;
    let sql = "INSERT INTO blacklist (added, kind, start, stop, until, reason) VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
    let row = params![whole(seq), body.kind.as_str(), start, stop, until, body.reason.as_str()];
    let (from, to) = (from.to_owned(), to.to_owned());
    Ok(attempt(db, sql, row)?
        .map(drop)
        .ok_or(CentreFault::Listed { from, to })?)
}

pub(super) fn remove(db: &Connection, body: &BlacklistRemove, seq: u64) -> Done {
    let (from, to) = (body.from.as_str(), body.to.as_str());
    let (start, stop, _) = span(from, to)?;
    let sql = "UPDATE blacklist SET removed = ?4 WHERE kind = ?1 AND start = ?2 AND stop = ?3 AND removed IS NULL";
    if run(db, sql, params![body.kind.as_str(), start, stop, whole(seq)])? == 1 {
        return Ok(());
    }
    let (from, to) = (from.to_owned(), to.to_owned());
    Err(CentreFault::NotListed { from, to }.into())
}

/// The last list's sequence number; 0 where there is none.
pub(super) fn last(db: &Connection) -> Result<u32, LedgerError> {
    let last = one(db, "SELECT max(sequence) FROM lists", params![], |row| {
        row.get::<_, Option<u32>>(0)
    })?;
    Ok(last.flatten().unwrap_or(0))
}

pub(super) fn publish(db: &Connection, body: &BlacklistPublish, seq: u64) -> Done {
    day(body.date.as_str())?;
    let last = last(db)?;
    let (found, expected) = (body.sequence, last.saturating_add(1));
    if found != expected {
        return Err(CentreFault::Sequence { found, expected }.into());
    }
    match (body.form, body.base) {
        (ListForm::Full, None) => {}
        (ListForm::Delta, Some(base)) if (1..=last).contains(&base) => {}
        (_, base) => {
            let (found, expected) = (base.unwrap_or(0), last);
            return Err(CentreFault::Sequence { found, expected }.into());
        }
    }
    let form = match body.form {
        ListForm::Full => "full",
        ListForm::Delta => "delta",
    };
    let sql =
        "INSERT INTO lists (sequence, form, base, date, count, digest, published) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
    let digest = body.digest.to_string();
    let row = params![
        found,
        form,
        body.base,
        body.date.as_str(),
        body.count,
        digest,
        whole(seq)
    ];
    run(db, sql, row).map(drop)
}

pub(super) fn confirm(db: &Connection, body: &BlacklistConfirm, seq: u64) -> Done {
    let sql = "SELECT 1 FROM lists WHERE sequence = ?1";
    if one(db, sql, params![body.sequence], |_| Ok(()))?.is_none() {
        return Err(unknown("list", &body.sequence.to_string()));
    }
    let sql = "INSERT INTO list_confirmations (by_whom, sequence, confirmed) VALUES (?1, ?2, ?3)
               ON CONFLICT (by_whom) DO UPDATE SET sequence = excluded.sequence, confirmed = excluded.confirmed
               WHERE excluded.sequence >= sequence";
    run(db, sql, params![body.by.as_str(), body.sequence, whole(seq)]).map(drop)
}
