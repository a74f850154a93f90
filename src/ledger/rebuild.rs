// SPDX-License-Identifier: Apache-2.0
//! The tables that follow from the entries, made again: in one commit or not at all. The entries are not touched.

use std::path::{Path, PathBuf};

use rusqlite::{Connection, TransactionBehavior};

use super::error::LedgerError;
use super::examine::{self, Examined};
use super::projection::{apply, tables};
use super::rules::State;
use super::verify::{STRIDE, all_cores};
use super::{lines, store, upkeep};
use crate::msg;
use crate::outside::Observer;

/// Makes the tables again from the entries, in one commit, also where an earlier version of the program made them. The
/// entries themselves are not touched. Memory does not grow with the ledger.
pub fn rebuild(path: &Path, observer: &mut dyn Observer) -> Result<u64, LedgerError> {
    rebuild_with(path, &[], observer)
}

/// The same with the archives of old periods, all of which it takes.
pub fn rebuild_with(path: &Path, archives: &[PathBuf], observer: &mut dyn Observer) -> Result<u64, LedgerError> {
    let mut db = store::open(path, false)?;
    let doing = LedgerError::while_doing("making the tables again");
    let tx = db
        .transaction_with_behavior(TransactionBehavior::Immediate)
        .map_err(&doing)?;
    // Before the table of archives is made again like the others.
    if let Some(row) = upkeep::recorded(&tx, upkeep::mount(&tx, archives)?).0.first() {
        return Err(row.holds(row.from));
    }
    store::make_tables_again(&tx, tables())?;
    let size = fill(&tx, observer)?;
    tx.commit().map_err(doing)?;
    Ok(size)
}

/// Fills empty tables from the entries, in a transaction of the caller. Returns how many entries there are.
pub(super) fn fill(db: &Connection, observer: &mut dyn Observer) -> Result<u64, LedgerError> {
    let size = store::size(db)?;
    let mut state = None;
    observer.begin(&msg!("ledger-rebuilding"), size);
    examine::in_order(
        all_cores(),
        lines::of_database(db, 0..size),
        &mut |officers, (seq, line)| {
            officers.learn(admit(db, &mut state, seq, &line?)?);
            if seq.is_multiple_of(STRIDE) {
                observer.advance(seq);
            }
            Ok(())
        },
    )?;
    observer.end();
    state.ok_or(LedgerError::NoEntry(0))?;
    Ok(size)
}

fn admit<'a>(
    db: &Connection,
    state: &'a mut Option<State>,
    seq: u64,
    line: &Examined,
) -> Result<&'a State, LedgerError> {
    let damaged = LedgerError::Damaged { seq };
    let entry = line
        .entry
        .as_ref()
        .ok()
        .filter(|entry| entry.seq == seq)
        .ok_or(damaged)?;
    if let Some(state) = &mut *state {
        state.admit_tried(entry, &line.tried)?;
    } else {
        *state = Some(State::found_tried(entry, &line.tried)?);
    }
    apply(db, entry, state.as_ref())?;
    state.as_ref().ok_or(LedgerError::NotFirst)
}
