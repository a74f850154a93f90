// SPDX-License-Identifier: Apache-2.0
//! Losses and archives. After entries were lost nobody knows which numbers they gave out: every number that no card bears
//! yet is closed, and so is one that would go on another chip. What is written comes from ranges reserved since.

use rusqlite::{Connection, params};

use super::{Done, card, doing, insert, run, whole};
use crate::ledger::act::{CardKind, Intent, LedgerArchive, LedgerLoss};
use crate::ledger::centre;
use crate::ledger::error::LedgerError;
use crate::ledger::field::Number;
use crate::ledger::upkeep::UpkeepFault;

pub(super) fn lose(db: &Connection, body: &LedgerLoss, seq: u64) -> Done {
    let sql = "INSERT INTO losses (seq, size, root) VALUES (?1, ?2, ?3)";
    let row = params![whole(seq), body.size.map(whole), body.root.map(|root| root.to_string())];
    run(db, sql, row).map(drop)
}

/// A period begins where the one before ended, and ends before the entry that records it.
pub(super) fn archive(db: &Connection, body: &LedgerArchive, seq: u64) -> Done {
    let begins: i64 = db
        .query_row("SELECT coalesce(max(stop), 0) FROM archives", [], |row| row.get(0))
        .map_err(doing("the archives"))?;
    if whole(body.from) != begins || body.to <= body.from || body.to > seq {
        let (from, to) = (body.from, body.to);
        return Err(UpkeepFault::Period { from, to }.into());
    }
    let sql = "INSERT INTO archives (start, stop, file, digest, made) VALUES (?1, ?2, ?3, ?4, ?5)";
    let digest = body.digest.to_string();
    let row = params![whole(body.from), whole(body.to), body.file.as_str(), digest, whole(seq)];
    insert(db, sql, row)?.map_err(|_| UpkeepFault::FileTaken { digest }.into())
}

/// The entry of the last declared loss.
pub(in crate::ledger) fn last_loss(db: &Connection) -> Result<Option<u64>, LedgerError> {
    let mut find = db
        .prepare_cached("SELECT max(seq) FROM losses")
        .map_err(doing("the losses"))?;
    let last: Option<i64> = find.query_row([], |row| row.get(0)).map_err(doing("the losses"))?;
    Ok(last.map(i64::cast_unsigned))
}

/// Whether a loss has closed the number or the terminal number of an intent.
pub(super) fn check_open(db: &Connection, kind: CardKind, body: &Intent) -> Done {
    let Some(loss) = last_loss(db)? else { return Ok(()) };
    // The chip in hand is the one that bears the number: nothing is given out anew.
    if body.resumes.is_some() && body.chip.is_some() && !is_blank(db, kind, body.number.as_str())? {
        return Ok(());
    }
    check_number(db, kind.as_str(), &body.number, loss)?;
    match &body.terminal {
        Some(terminal) => check_number(db, "terminal", terminal, loss),
        None => Ok(()),
    }
}

fn is_blank(db: &Connection, kind: CardKind, number: &str) -> Result<bool, LedgerError> {
    match card(db, kind, number) {
        Ok((status, ..)) => Ok(status == "failed-blank"),
        Err(LedgerError::NoCard(_)) => Ok(false),
        Err(fault) => Err(fault),
    }
}

fn check_number(db: &Connection, kind: &str, number: &Number, loss: u64) -> Done {
    if centre::reserved_since(db, kind, number.as_str(), loss)? {
        return Ok(());
    }
    let number = number.to_string();
    Err(UpkeepFault::Closed { number, loss }.into())
}
