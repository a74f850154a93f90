// SPDX-License-Identifier: Apache-2.0
//! Batches: laid down by one officer, approved by another one, run by anybody but the approver, closed when nothing is in
//! doubt. What was approved is a digest, and an intent that names a batch does nothing else than that.

use rusqlite::{Connection, params};

use super::{CentreFault, Done, attempt, many, number, one, run as write, taken, unknown};
use crate::ledger::act::{BatchApprove, BatchClose, BatchLot, BatchNew, BatchRun, CardKind, Intent, RangeKind};
use crate::ledger::entry::Entry;
use crate::ledger::error::LedgerError;
use crate::ledger::field::Text;
use crate::ledger::policy::Policy;
use crate::ledger::projection::{check_batch_key, whole};

/// What a batch is.
pub(super) struct Batch {
    pub(super) order: String,
    pub(super) template: String,
    pub(super) template_digest: String,
    pub(super) rows: u32,
    pub(super) digest: String,
    pub(super) state: String,
}

/// What became of a batch's cards.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Tally {
    pub(super) issued: u32,
    pub(super) failed: u32,
    pub(super) void: u32,
    pub(super) doubtful: u32,
}

pub(super) fn find(db: &Connection, name: &str) -> Result<Batch, LedgerError> {
    known(db, name)?.ok_or_else(|| unknown("batch", name))
}

fn known(db: &Connection, name: &str) -> Result<Option<Batch>, LedgerError> {
    let sql = "SELECT order_id, template, template_digest, rows, digest, state FROM batches WHERE batch = ?1";
    let read = |row: &rusqlite::Row<'_>| {
        Ok(Batch {
            order: row.get(0)?,
            template: row.get(1)?,
            template_digest: row.get(2)?,
            rows: row.get(3)?,
            digest: row.get(4)?,
            state: row.get(5)?,
        })
    };
    one(db, sql, params![name], read)
}

pub(super) fn lay_down(db: &Connection, body: &BatchNew, entry: &Entry) -> Done {
    let name = body.batch.as_str();
    if known(db, name)?.is_some() {
        return Err(taken("batch", name));
    }
    let order = number::order(db, body.order.as_str())?;
    if order.digest != body.order_digest.to_string() || order.rows != body.rows {
        return Err(differs(name, "order"));
    }
    if order.template != body.template.as_str() || order.template_digest != body.template_digest.to_string() {
        return Err(differs(name, "template"));
    }
    if !body.keys.windows(2).all(|pair| pair[0].key < pair[1].key) {
        return Err(differs(name, "key"));
    }
    if body.own_digest() != body.digest {
        return Err(CentreFault::BatchDigest { batch: name.to_owned() }.into());
    }
    let sql = "INSERT INTO batches (batch, order_id, template, template_digest, rows, digest, state, made)
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, 'new', ?7)";
    let row = params![
        name,
        body.order.as_str(),
        body.template.as_str(),
        body.template_digest.to_string(),
        body.rows,
        body.digest.to_string(),
        whole(entry.seq),
    ];
    let order = body.order.to_string();
    attempt(db, sql, row)?.ok_or(CentreFault::OrderBusy { order })?;
    for used in &body.keys {
        check_batch_key(db, used)?;
        let sql = "INSERT INTO batch_keys (batch, key, kcv) VALUES (?1, ?2, ?3)";
        write(db, sql, params![name, used.key.as_str(), used.kcv.as_str()])?;
    }
    record(db, name, "new", entry)
}

/// Keeps who signed in which part.
fn record(db: &Connection, batch: &str, part: &str, entry: &Entry) -> Done {
    for signed in &entry.sigs {
        let sql = "INSERT OR IGNORE INTO batch_officers (batch, part, officer) VALUES (?1, ?2, ?3)";
        write(db, sql, params![batch, part, signed.officer.as_str()])?;
    }
    Ok(())
}

/// Nobody who signs this entry has signed the batch in that part.
fn apart_from(db: &Connection, batch: &str, part: &str, entry: &Entry) -> Done {
    for signed in &entry.sigs {
        let sql = "SELECT 1 FROM batch_officers WHERE batch = ?1 AND part = ?2 AND officer = ?3";
        if one(db, sql, params![batch, part, signed.officer.as_str()], |_| Ok(()))?.is_some() {
            let (batch, officer) = (batch.to_owned(), signed.officer.to_string());
            return Err(CentreFault::SameOfficer { batch, officer }.into());
        }
    }
    Ok(())
}

pub(super) fn approve(db: &Connection, body: &BatchApprove, entry: &Entry) -> Done {
    let name = body.batch.as_str();
    let batch = find(db, name)?;
    same_digest(name, &batch, &body.digest.to_string())?;
    in_state(name, &batch, &["new"])?;
    apart_from(db, name, "new", entry)?;
    record(db, name, "approve", entry)?;
    let sql = "UPDATE batches SET state = 'approved', approved = ?2 WHERE batch = ?1";
    write(db, sql, params![name, whole(entry.seq)]).map(drop)
}

pub(super) fn run(db: &Connection, body: &BatchRun, entry: &Entry) -> Done {
    let name = body.batch.as_str();
    let batch = find(db, name)?;
    same_digest(name, &batch, &body.digest.to_string())?;
    in_state(name, &batch, &["approved", "running"])?;
    apart_from(db, name, "approve", entry)?;
    record(db, name, "run", entry)?;
    set_state(db, name, "running")
}

/// From one state into another.
pub(super) fn go(db: &Connection, name: &str, from: &str, to: &str) -> Done {
    in_state(name, &find(db, name)?, &[from])?;
    set_state(db, name, to)
}

fn set_state(db: &Connection, name: &str, state: &str) -> Done {
    write(
        db,
        "UPDATE batches SET state = ?2 WHERE batch = ?1",
        params![name, state],
    )
    .map(drop)
}

fn in_state(name: &str, batch: &Batch, states: &[&str]) -> Done {
    if states.contains(&batch.state.as_str()) {
        return Ok(());
    }
    let (batch, state) = (name.to_owned(), batch.state.clone());
    Err(CentreFault::BatchState { batch, state }.into())
}

fn same_digest(name: &str, batch: &Batch, digest: &str) -> Done {
    if batch.digest == digest {
        Ok(())
    } else {
        Err(CentreFault::BatchDigest { batch: name.to_owned() }.into())
    }
}

fn differs(batch: &str, what: &'static str) -> LedgerError {
    let batch = batch.to_owned();
    CentreFault::BatchDiffers { batch, what }.into()
}

/// A card of an order is written only in a running batch of that order, and only as it was approved.
pub(super) fn check_intent(
    db: &Connection,
    entry: &Entry,
    kind: CardKind,
    body: &Intent,
    policy: Option<&Policy>,
) -> Done {
    let number = body.number.as_str();
    let by_number = number::order_of(db, kind.into(), number)?;
    let by_terminal = match &body.terminal {
        Some(terminal) => number::order_of(db, RangeKind::Terminal, terminal.as_str())?,
        None => None,
    };
    let named = body.batch.as_ref().map(Text::as_str);
    let batch = match named {
        Some(name) => known(db, name)?.map(|batch| (name, batch)),
        None => None,
    };
    let Some((name, batch)) = batch else {
        return match by_number.or(by_terminal) {
            Some(order) => Err(CentreFault::NumberOfOrder {
                number: number.to_owned(),
                order,
            }
            .into()),
            None if policy.is_some_and(|policy| policy.approved_batches) => Err(CentreFault::BatchNeeded {
                number: number.to_owned(),
            }
            .into()),
            None => Ok(()),
        };
    };
    in_state(name, &batch, &["running"])?;
    apart_from(db, name, "approve", entry)?;
    let terminals = number::order(db, &batch.order)?.terminals;
    if by_number.as_deref() != Some(&batch.order) || terminals && by_terminal.as_deref() != Some(&batch.order) {
        let (batch, number) = (name.to_owned(), number.to_owned());
        return Err(CentreFault::NotInBatch { batch, number }.into());
    }
    if batch.template != body.template.as_str() || batch.template_digest != body.template_digest.to_string() {
        return Err(differs(name, "template"));
    }
    for used in &body.keys {
        let sql = "SELECT 1 FROM batch_keys WHERE batch = ?1 AND key = ?2";
        if one(db, sql, params![name, used.key.as_str()], |_| Ok(()))?.is_none() {
            return Err(differs(name, "key"));
        }
    }
    Ok(())
}

/// How many of a batch's cards are in which state.
pub(super) fn tally(db: &Connection, batch: &str) -> Result<Tally, LedgerError> {
    let sql = "SELECT status, count(*) FROM cards WHERE batch = ?1 GROUP BY status";
    let counts = many(db, sql, params![batch], |row| {
        Ok((row.get::<_, String>(0)?, row.get::<_, u32>(1)?))
    })?;
    let mut tally = Tally::default();
    for (status, count) in counts {
        match status.as_str() {
            "issued" => tally.issued += count,
            "failed-blank" => tally.failed += count,
            "void" => tally.void += count,
            _ => tally.doubtful += count,
        }
    }
    Ok(tally)
}

/// How many rows of a batch's order no batch has begun.
pub(super) fn left(db: &Connection, batch: &Batch) -> Result<u32, LedgerError> {
    let sql = "SELECT count(*) FROM cards WHERE batch IN (SELECT batch FROM batches WHERE order_id = ?1)";
    let begun: u32 = one(db, sql, params![batch.order], |row| row.get(0))?.unwrap_or_default();
    Ok(batch.rows.saturating_sub(begun))
}

/// The blanks that went into a batch.
pub(super) fn lots(db: &Connection, batch: &str) -> Result<Vec<BatchLot>, LedgerError> {
    let sql = "SELECT lot, drawn, issued, scrapped FROM batch_lots WHERE batch = ?1 AND drawn > 0 ORDER BY lot";
    let rows = many(db, sql, params![batch], |row| {
        Ok((row.get::<_, String>(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
    })?;
    let lot = |(lot, drawn, issued, scrapped)| {
        let lot = Text::new(String::as_str(&lot))?;
        Ok(BatchLot {
            lot,
            drawn,
            issued,
            scrapped,
        })
    };
    rows.into_iter().map(lot).collect()
}

pub(super) fn close(db: &Connection, body: &BatchClose, seq: u64) -> Done {
    let name = body.batch.as_str();
    let batch = find(db, name)?;
    in_state(name, &batch, &["new", "approved", "running", "paused"])?;
    let tally = tally(db, name)?;
    if tally.doubtful > 0 {
        let (batch, count) = (name.to_owned(), u64::from(tally.doubtful));
        return Err(CentreFault::BatchUnfinished { batch, count }.into());
    }
    let left = left(db, &batch)?;
    let account = [
        ("issued", body.issued, tally.issued),
        ("failed", body.failed, tally.failed),
        ("void", body.void, tally.void),
        ("left", body.left, left),
    ];
    let lots = lots(db, name)?;
    let balanced = lots.iter().all(|lot| lot.drawn == lot.issued + lot.scrapped);
    let wrong = account
        .iter()
        .find(|(_, given, ledger)| given != ledger)
        .map(|(what, ..)| *what);
    if let Some(what) = wrong.or((lots != body.lots || !balanced).then_some("lots")) {
        let batch = name.to_owned();
        return Err(CentreFault::BatchAccount { batch, what }.into());
    }
    let sql = "UPDATE batches SET state = 'closed', closed = ?2 WHERE batch = ?1";
    write(db, sql, params![name, whole(seq)]).map(drop)
}
