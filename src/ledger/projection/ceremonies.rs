// SPDX-License-Identifier: Apache-2.0
//! Ceremonies and backups as the entries add them up. Who must have signed is decided by `rules`; here a nonce is unique,
//! one ceremony is open, and a store comes back from a file that this ledger knows.

use rusqlite::{Connection, OptionalExtension, params};

use super::{Done, Taken, doing, insert, run, whole};
use crate::ledger::act::{CeremonyBegin, CeremonyEnd, StoreBackup, StoreRestore};
use crate::ledger::error::LedgerError;
use crate::ledger::rules::CeremonyFault;

pub(super) fn begin(db: &Connection, body: &CeremonyBegin, seq: u64) -> Done {
    if let Some(earlier) = body.resumes {
        close(db, earlier, "resumed", seq)?;
    }
    let sql = "INSERT INTO ceremonies (begun, plan, title, nonce, status) VALUES (?1, ?2, ?3, ?4, 'open')";
    let row = params![
        whole(seq),
        body.plan.to_string(),
        body.title.as_str(),
        body.nonce.as_str()
    ];
    match insert(db, sql, row)? {
        Ok(()) => Ok(()),
        Err(Taken::Nonce) => Err(CeremonyFault::NonceUsed(body.nonce.to_string()).into()),
        Err(_) => Err(CeremonyFault::Open(open(db)?.unwrap_or_default()).into()),
    }
}

pub(super) fn end(db: &Connection, body: &CeremonyEnd, seq: u64) -> Done {
    close(db, body.begin, body.result.as_str(), seq)
}

/// The ceremony that is open.
fn open(db: &Connection) -> Result<Option<u64>, LedgerError> {
    db.query_row("SELECT begun FROM ceremonies WHERE status = 'open'", [], |row| {
        row.get::<_, i64>(0).map(i64::cast_unsigned)
    })
    .optional()
    .map_err(doing("ceremonies"))
}

fn close(db: &Connection, begin: u64, status: &str, seq: u64) -> Done {
    let sql = "UPDATE ceremonies SET status = ?2, ended = ?3 WHERE begun = ?1 AND status = 'open'";
    if run(db, sql, params![whole(begin), status, whole(seq)])? == 1 {
        Ok(())
    } else {
        Err(CeremonyFault::NotOpen(begin).into())
    }
}

pub(super) fn backup(db: &Connection, body: &StoreBackup, seq: u64) -> Done {
    let sql = "INSERT INTO backups (digest, generation, threshold, keys, made) VALUES (?1, ?2, ?3, ?4, ?5)";
    let row = params![
        body.digest.to_string(),
        whole(body.generation),
        body.threshold,
        body.keys,
        whole(seq)
    ];
    insert(db, sql, row)?.map_err(|_| LedgerError::BackupTaken(body.digest.to_string()))
}

pub(super) fn restore(db: &Connection, body: &StoreRestore, seq: u64) -> Done {
    let sql = "UPDATE backups SET restored = ?3 WHERE digest = ?1 AND generation = ?2 AND threshold <= ?4";
    let shares = i64::try_from(body.shares.len()).unwrap_or(i64::MAX);
    let row = params![body.digest.to_string(), whole(body.generation), whole(seq), shares];
    if run(db, sql, row)? == 1 {
        Ok(())
    } else {
        Err(LedgerError::NoBackup(body.digest.to_string()))
    }
}
