// SPDX-License-Identifier: Apache-2.0
//! A database of an earlier format becomes one of this: a verified copy first, then one commit. Entries and tree stay as they
//! are, byte for byte; triggers and projections are made anew.

use std::path::Path;

use rusqlite::{Connection, OpenFlags, TransactionBehavior};

use super::UpkeepFault;
use super::backup::{Copied, backup};
use crate::ledger::checkpoint::Checkpoint;
use crate::ledger::error::LedgerError;
use crate::ledger::hash::Hash;
use crate::ledger::log::{Ledger, believed};
use crate::ledger::projection;
use crate::ledger::rebuild::fill;
use crate::ledger::{merkle, store};
use crate::outside::Observer;

/// What a migration came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Migrated {
    /// The format before.
    pub from: i64,
    /// The format now.
    pub to: i64,
    /// The copy of what was there before.
    pub copy: Copied,
}

/// The trigger that version 2 has otherwise: it lets archived lines go.
const CHANGED: &str = "entries_no_update";

/// Migrates a ledger, after copying it as it is to a new file. Refuses one that does not verify, and one that is of this
/// format already. Broken off at any moment, the ledger is as it was or as it should be.
pub fn migrate(
    path: &Path,
    outside: Option<&Path>,
    to: &Path,
    observer: &mut dyn Observer,
) -> Result<Migrated, LedgerError> {
    let old = Ledger::open_read_only(path, outside)?;
    let doing = LedgerError::while_doing("migrating");
    let from = store::version(&old.db).map_err(&doing)?;
    if from >= store::FORMAT {
        return Err(UpkeepFault::NewFormat(path.to_owned()).into());
    }
    let copy = backup(&old, &newest(&old)?, to, observer)?;
    drop(old);
    let mut db = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE).map_err(&doing)?;
    store::prepare(&db, false)?;
    let tx = db
        .transaction_with_behavior(TransactionBehavior::Immediate)
        .map_err(&doing)?;
    let as_it_was = (store::version(&tx), store::schema_of(&tx), store::schema(from));
    if !matches!(as_it_was, (Ok(now), Ok(stored), Ok(known)) if now == from && stored == known) {
        return Err(LedgerError::OtherTables(path.to_owned()));
    }
    tx.execute_batch(&format!("DROP TRIGGER {CHANGED}")).map_err(&doing)?;
    store::make_tables_again(&tx, projection::tables())?;
    tx.execute_batch(&store::trigger(CHANGED).map_err(&doing)?)
        .map_err(&doing)?;
    fill(&tx, observer)?;
    tx.pragma_update(None, "user_version", store::FORMAT).map_err(&doing)?;
    let whole = matches!((store::schema_of(&tx), store::schema(store::FORMAT)), (Ok(made), Ok(known)) if made == known);
    if !whole || root(&tx, copy.size)? != copy.root {
        return Err(LedgerError::TreeDamaged);
    }
    tx.commit().map_err(doing)?;
    let to = store::FORMAT;
    Ok(Migrated { from, to, copy })
}

pub(super) fn newest(ledger: &Ledger) -> Result<Checkpoint, LedgerError> {
    let note = ledger.checkpoint_note()?;
    let note = note.ok_or(LedgerError::NotCovered { seq: 0, covered: 0 })?;
    believed(&note, &ledger.note_key()).map_err(|_| LedgerError::WrongLogKey)
}

fn root(db: &Connection, size: u64) -> Result<Hash, LedgerError> {
    merkle::root(size, &|level, index| store::node(db, level, index))
}
