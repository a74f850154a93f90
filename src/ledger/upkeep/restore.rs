// SPDX-License-Identifier: Apache-2.0
//! A copy takes the place of a database that is gone. Entries that the copy does not have, and somebody else still has as an
//! export, are appended as they are: every signature, the chain and the rules hold for them as they did the first time.

use std::fs;
use std::io::BufRead;
use std::path::Path;

use rusqlite::TransactionBehavior;

use super::UpkeepFault;
use super::backup::{copy, give_name, part_of, remove};
use crate::ledger::entry::Entry;
use crate::ledger::error::LedgerError;
use crate::ledger::hash::Hash;
use crate::ledger::lines::of_file;
use crate::ledger::log::{Head, Ledger, store_entry};
use crate::ledger::store;
use crate::ledger::verify::{Against, verify};
use crate::outside::Observer;

/// What a restoration came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Restored {
    /// Entries in the copy.
    pub copied: u64,
    /// Entries that were appended from an export.
    pub appended: u64,
    /// How many entries there were by the checkpoint outside, where these are fewer.
    pub missing: Option<u64>,
}

/// Puts a copy of a ledger where no ledger is, and appends what an export has beyond it. The copy is verified whole before; a
/// copy of another ledger, or of another history than the checkpoint outside has, is refused. One that is only behind gets its
/// place: it opens when the loss is declared.
pub fn restore(
    from: &Path,
    lines: Option<&mut dyn BufRead>,
    to: &Path,
    outside: &Path,
    observer: &mut dyn Observer,
) -> Result<Restored, LedgerError> {
    for end in ["", "-wal", "-shm", "-journal"] {
        let mut name = to.as_os_str().to_owned();
        name.push(end);
        if Path::new(&name).exists() {
            return Err(UpkeepFault::There(name.into()).into());
        }
    }
    let report = verify(from, &Against::default(), observer)?;
    if let Some(finding) = report.first_bad() {
        let (path, what) = (from.to_owned(), finding.what.clone());
        return Err(UpkeepFault::NotRestorable { path, what }.into());
    }
    let part = part_of(to);
    remove(&part).map_err(LedgerError::at(&part))?;
    let done = copy(&store::open(from, true)?, &part, observer)
        .and_then(|()| complete(&part, lines, outside))
        .and_then(|restored| give_name(&part, to).map_err(LedgerError::at(to)).map(|()| restored));
    if done.is_err() {
        // What cannot be removed is removed by the next attempt.
        store::remove(&part);
    }
    done
}

fn complete(part: &Path, lines: Option<&mut dyn BufRead>, outside: &Path) -> Result<Restored, LedgerError> {
    let mut ledger = Ledger::open_file(part, Some(outside), false)?;
    let copied = ledger.size();
    if let Some(lines) = lines {
        ledger.append_lines(lines)?;
    }
    let missing = match ledger.compare() {
        Ok(()) | Err(LedgerError::CopyMissing(_) | LedgerError::CopyDamaged(_)) => None,
        Err(LedgerError::RolledBack { should, .. }) => Some(should),
        Err(LedgerError::CheckpointBehind { should, .. }) => {
            // The export reaches beyond the copy's own checkpoint, and the one outside covers it.
            let note = fs::read_to_string(outside).map_err(LedgerError::at(outside))?;
            store::put_checkpoint(&ledger.db, should, &note)?;
            None
        }
        Err(other) => return Err(other),
    };
    let appended = ledger.size() - copied;
    // One file again, so that it can be renamed.
    ledger.settle()?;
    Ok(Restored {
        copied,
        appended,
        missing,
    })
}

impl Ledger {
    /// Appends the lines of an export that this ledger does not have, as they are, in one commit. The others must be the lines
    /// that it has.
    fn append_lines(&mut self, lines: &mut dyn BufRead) -> Result<(), LedgerError> {
        let doing = LedgerError::while_doing("appending");
        let tx = self
            .db
            .transaction_with_behavior(TransactionBehavior::Immediate)
            .map_err(&doing)?;
        let (mut state, mut head) = (self.state.clone(), self.head.clone());
        for line in of_file(lines) {
            let not_next = || LedgerError::from(UpkeepFault::NotNext { seq: head.size });
            let whole = &line?.bytes?;
            let entry = Entry::parse(whole).map_err(|_| not_next())?;
            if entry.seq < head.size {
                if store::node(&tx, 0, entry.seq)? != Hash::leaf(whole) {
                    return Err(LedgerError::Forked { size: entry.seq + 1 });
                }
                continue;
            }
            if entry.seq != head.size || entry.prev != head.leaf || entry.at < head.at || entry.site != state.site {
                return Err(not_next());
            }
            state.admit(&entry)?;
            let leaf = store_entry(&tx, &entry, &state)?;
            head = Head {
                size: head.size + 1,
                leaf,
                at: entry.at,
            };
        }
        state.is_whole()?;
        tx.commit().map_err(doing)?;
        (self.state, self.head) = (state, head);
        Ok(())
    }

    /// Ends the use of the file, so that everything is in it and nothing beside it.
    fn settle(self) -> Result<(), LedgerError> {
        let doing = LedgerError::while_doing("closing the database");
        self.db
            .query_row("PRAGMA journal_mode = DELETE", [], |_| Ok(()))
            .map_err(&doing)?;
        self.db.close().map_err(|(_, e)| doing(e))
    }
}
