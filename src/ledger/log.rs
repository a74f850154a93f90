// SPDX-License-Identifier: Apache-2.0
//! The open ledger: founding, opening with its comparisons, appending, checkpoints.

use std::fmt;
use std::path::{Path, PathBuf};

use rusqlite::{Connection, TransactionBehavior};

use super::act::{Act, ClockRefused, Founding};
use super::checkpoint::Checkpoint;
use super::entry::{Entry, Signed, VERSION};
use super::error::LedgerError;
use super::field::{Moment, Signature, Text};
use super::hash::Hash;
use super::note::{self, NoteFault, NoteKey};
use super::rules::State;
use super::{cosigned, merkle, projection, store};
use crate::outside::Clock;

/// An officer who signs. The key stays outside: the ledger only gets to call it.
#[derive(Clone, Copy)]
pub struct Signer<'a> {
    /// The officer's enrolled name.
    pub officer: &'a str,
    /// Ed25519 over these bytes.
    pub sign: &'a dyn Fn(&[u8]) -> [u8; 64],
}

impl fmt::Debug for Signer<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Signer({})", self.officer)
    }
}

/// An open ledger.
#[derive(Debug)]
pub struct Ledger {
    pub(super) db: Connection,
    pub(super) copy: Option<PathBuf>,
    pub(super) state: State,
    pub(super) head: Head,
    found: Found,
    /// Archives whose files are read beside the database, by their first entries.
    pub(super) beside: Vec<u64>,
}

/// The checkpoints as opening found them: first the copy outside was read, then the ledger at one moment. Whoever appends
/// meanwhile, neither is ahead of the ledger.
#[derive(Debug, Default)]
struct Found {
    stored: Option<String>,
    outside: Option<std::io::Result<Vec<u8>>>,
}

/// Where the ledger ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Head {
    pub(super) size: u64,
    pub(super) leaf: Hash,
    pub(super) at: Moment,
}

impl Ledger {
    /// Makes the ledger of a new site: file, first entry signed by all of its officers, first checkpoint, and the
    /// checkpoint's copy outside. Refuses to overwrite either file.
    pub fn create(
        path: &Path,
        copy: Option<&Path>,
        founding: Founding,
        officers: &[Signer<'_>],
        log_key: &dyn Fn(&[u8]) -> [u8; 64],
        clock: &Clock,
    ) -> Result<Self, LedgerError> {
        let cosigned = copy.map(cosigned::cosigned_copy);
        if let Some(there) = copy.into_iter().chain(cosigned.as_deref()).find(|c| c.exists()) {
            return Err(LedgerError::AlreadyThere(there.to_owned()));
        }
        let at = Moment::new(clock.now().to_string())?;
        let Founding { site, init } = founding;
        let officer = Text::new(officers.first().ok_or(LedgerError::Unsigned)?.officer)?;
        let entry = Entry {
            v: VERSION,
            seq: 0,
            at: at.clone(),
            prev: Hash::default(),
            site,
            officer,
            act: Act::SiteInit(init),
            sigs: Vec::new(),
        };
        let entry = signed(entry, officers)?;
        // Everything is checked before there is a file.
        let state = State::found(&entry)?;
        let db = store::create(path)?;
        let leaf = Hash::leaf(&entry.line());
        let copy = copy.map(Path::to_owned);
        let mut ledger = Self {
            db,
            copy,
            state,
            head: Head { size: 1, leaf, at },
            found: Found::default(),
            beside: Vec::new(),
        };
        match ledger.begin(&entry).and_then(|()| ledger.checkpoint(log_key)) {
            Ok(_) => Ok(ledger),
            Err(e) => {
                // The file is new and ours; left behind, it would block the next attempt.
                drop(ledger);
                store::remove(path);
                Err(e)
            }
        }
    }

    fn begin(&mut self, entry: &Entry) -> Result<(), LedgerError> {
        let doing = LedgerError::while_doing("writing the first entry");
        let tx = self
            .db
            .transaction_with_behavior(TransactionBehavior::Immediate)
            .map_err(&doing)?;
        store_entry(&tx, entry, &self.state)?;
        tx.commit().map_err(doing)
    }

    /// Opens the ledger of a site, and compares its end with the newest checkpoint in it and with the copy outside. Takes
    /// the same time however long the ledger is; `verify` re-derives everything.
    pub fn open(path: &Path, copy: Option<&Path>) -> Result<Self, LedgerError> {
        let ledger = Self::open_file(path, copy, false)?;
        ledger.compare()?;
        Ok(ledger)
    }

    /// The same without any right to write.
    pub fn open_read_only(path: &Path, copy: Option<&Path>) -> Result<Self, LedgerError> {
        let ledger = Self::open_file(path, copy, true)?;
        ledger.compare()?;
        Ok(ledger)
    }

    pub(super) fn open_file(path: &Path, copy: Option<&Path>, read_only: bool) -> Result<Self, LedgerError> {
        let outside = copy.map(std::fs::read);
        Self::of(store::open(path, read_only)?, path, copy, outside)
    }

    fn of(
        db: Connection,
        path: &Path,
        copy: Option<&Path>,
        outside: Option<std::io::Result<Vec<u8>>>,
    ) -> Result<Self, LedgerError> {
        let doing = LedgerError::while_doing("reading the ledger");
        db.execute_batch("BEGIN").map_err(&doing)?;
        store::check_schema(&db, path)?;
        let state = load_state(&db)?;
        let head = load_head(&db)?;
        let stored = store::checkpoint(&db)?;
        db.execute_batch("COMMIT").map_err(doing)?;
        Ok(Self {
            beside: Vec::new(),
            db,
            copy: copy.map(Path::to_owned),
            state,
            head,
            found: Found { stored, outside },
        })
    }

    /// Opens a ledger whose checkpoint's copy was lost or damaged, so that it can be made anew: append a
    /// `checkpoint.renew` with size and root of the checkpoint that this returns, then call `checkpoint`. A copy that is
    /// whole, whether it agrees or says something else than the database, is never replaced.
    pub fn open_to_renew(path: &Path, copy: &Path) -> Result<(Self, Checkpoint), LedgerError> {
        let ledger = Self::open_file(path, Some(copy), false)?;
        let stored = ledger.compare_stored()?;
        let stored = stored.ok_or(LedgerError::NotCovered { seq: 0, covered: 0 })?;
        match ledger.compare() {
            Err(LedgerError::CopyMissing(_) | LedgerError::CopyDamaged(_)) => Ok((ledger, stored)),
            Err(other) => Err(other),
            Ok(()) => Err(LedgerError::CopyThere(copy.to_owned())),
        }
    }

    pub(super) fn compare_stored(&self) -> Result<Option<Checkpoint>, LedgerError> {
        let Some(note) = &self.found.stored else {
            return Ok(None);
        };
        let checkpoint = believed(note, &self.note_key()).map_err(|_| LedgerError::WrongLogKey)?;
        self.contains(&checkpoint)?;
        // The next checkpoint would wipe out what shows that somebody was at it; so with the copy outside.
        self.state.sm2_line(note)?;
        Ok(Some(checkpoint))
    }

    pub(super) fn compare(&self) -> Result<(), LedgerError> {
        let stored = self.compare_stored()?.map_or(0, |stored| stored.size);
        let Some(outside) = self.copy_outside()? else {
            return self.compare_cosigned();
        };
        self.contains(&outside)?;
        if stored < outside.size {
            // The database has each checkpoint before the copy has it.
            return Err(LedgerError::CheckpointBehind {
                has: stored,
                should: outside.size,
            });
        }
        self.compare_cosigned()
    }

    /// What the copy outside says, where one is kept.
    pub(super) fn copy_outside(&self) -> Result<Option<Checkpoint>, LedgerError> {
        let (Some(path), Some(outside)) = (&self.copy, &self.found.outside) else {
            return Ok(None);
        };
        let note = match outside {
            Ok(bytes) => std::str::from_utf8(bytes).map_err(|_| LedgerError::CopyDamaged(path.clone()))?,
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Err(LedgerError::CopyMissing(path.clone())),
            Err(e) => return Err(LedgerError::at(path)(std::io::Error::new(e.kind(), e.to_string()))),
        };
        let checkpoint = believed(note, &self.note_key()).map_err(|fault| match fault {
            NoteFault::OtherKey => LedgerError::Replaced(path.clone()),
            NoteFault::Form | NoteFault::Signature => LedgerError::CopyDamaged(path.clone()),
        })?;
        let sm2_line = self.state.sm2_line(note);
        sm2_line.map_err(|_| LedgerError::CopyDamaged(path.clone()))?;
        Ok(Some(checkpoint))
    }

    /// Whether the tree begins with the tree of this checkpoint.
    pub(super) fn contains(&self, checkpoint: &Checkpoint) -> Result<(), LedgerError> {
        if checkpoint.size > self.head.size {
            return Err(LedgerError::RolledBack {
                has: self.head.size,
                should: checkpoint.size,
            });
        }
        if self.root_at(checkpoint.size)? == checkpoint.root {
            Ok(())
        } else {
            Err(LedgerError::Forked { size: checkpoint.size })
        }
    }

    /// Appends one act, signed by these officers; the first is the acting one. Durable when this returns.
    pub fn append(&mut self, act: Act, signers: &[Signer<'_>], clock: &Clock) -> Result<Entry, LedgerError> {
        let mut entries = self.append_all(vec![act], signers, clock)?;
        entries.pop().ok_or(LedgerError::TreeDamaged)
    }

    /// Appends several acts in one commit: all of them or none.
    pub fn append_all(
        &mut self,
        acts: Vec<Act>,
        signers: &[Signer<'_>],
        clock: &Clock,
    ) -> Result<Vec<Entry>, LedgerError> {
        self.append_all_signed(acts.into_iter().map(|act| (act, signers)).collect(), clock)
    }

    /// Appends several acts in one commit, each signed by its own officers: all of them or none. What a ceremony did and
    /// its `ceremony.end` are only accepted so.
    pub fn append_all_signed(
        &mut self,
        acts: Vec<(Act, &[Signer<'_>])>,
        clock: &Clock,
    ) -> Result<Vec<Entry>, LedgerError> {
        self.append_then(acts, clock, &mut |_| Ok(()))
    }

    /// The same, with something that is done to the database in the same commit, after the entries are there.
    pub(super) fn append_then(
        &mut self,
        acts: Vec<(Act, &[Signer<'_>])>,
        clock: &Clock,
        then: &mut dyn FnMut(&Connection) -> Result<(), LedgerError>,
    ) -> Result<Vec<Entry>, LedgerError> {
        let doing = LedgerError::while_doing("appending");
        let Some((_, first)) = acts.first() else {
            return Ok(Vec::new());
        };
        let first = *first;
        let tx = self
            .db
            .transaction_with_behavior(TransactionBehavior::Immediate)
            .map_err(&doing)?;
        // Another process may have appended meanwhile.
        if store::size(&tx)? != self.head.size {
            self.state = load_state(&tx)?;
            self.head = load_head(&tx)?;
        }
        let (mut state, mut head) = (self.state.clone(), self.head.clone());
        let at = Moment::new(clock.now().to_string())?;
        if at < head.at {
            store::refuse_clock(&tx, at.as_str())?;
            tx.commit().map_err(&doing)?;
            return Err(LedgerError::ClockBackwards {
                now: at.to_string(),
                last: head.at.to_string(),
            });
        }
        let refused = match store::take_refused_clock(&tx)? {
            Some((earliest, attempts)) => {
                let earliest = Moment::new(earliest)?;
                Some((Act::ClockRefused(ClockRefused { earliest, attempts }), first))
            }
            None => None,
        };
        let mut entries = Vec::with_capacity(acts.len());
        for (mut act, signers) in refused.into_iter().chain(acts) {
            cosigned::prove(&mut act, head.size, &|level, index| store::node(&tx, level, index))?;
            let officer = Text::new(signers.first().ok_or(LedgerError::Unsigned)?.officer)?;
            let entry = Entry {
                v: VERSION,
                seq: head.size,
                at: at.clone(),
                prev: head.leaf,
                site: state.site.clone(),
                officer,
                act,
                sigs: Vec::new(),
            };
            let entry = signed(entry, signers)?;
            state.admit(&entry)?;
            let leaf = store_entry(&tx, &entry, &state)?;
            head = Head {
                size: head.size + 1,
                leaf,
                at: at.clone(),
            };
            entries.push(entry);
        }
        state.is_whole()?;
        then(&tx)?;
        tx.commit().map_err(doing)?;
        (self.state, self.head) = (state, head);
        Ok(entries)
    }

    /// How many entries there are.
    pub fn size(&self) -> u64 {
        self.head.size
    }

    /// Site, officers and policy as the entries have made them.
    pub fn state(&self) -> &State {
        &self.state
    }

    /// Whether this is the ledger of a rehearsal site.
    pub fn rehearsal(&self) -> bool {
        self.state.init.rehearsal
    }

    /// The root of the first `size` entries.
    pub fn root_at(&self, size: u64) -> Result<Hash, LedgerError> {
        merkle::root(size, &|level, index| store::node(&self.db, level, index))
    }

    /// The hashes that lead from an entry to the root of the first `size` entries, lowest first.
    pub fn prove(&self, seq: u64, size: u64) -> Result<Vec<Hash>, LedgerError> {
        if seq >= size || size > self.head.size {
            return Err(LedgerError::NoEntry(seq));
        }
        merkle::inclusion(seq, size, &|level, index| store::node(&self.db, level, index))
    }

    /// The hashes that show that the first `from` entries are the beginning of the first `to`.
    pub fn consistency(&self, from: u64, to: u64) -> Result<Vec<Hash>, LedgerError> {
        if from == 0 || from > to || to > self.head.size {
            return Err(LedgerError::NoEntry(to));
        }
        merkle::consistency(from, to, &|level, index| store::node(&self.db, level, index))
    }

    /// An entry.
    pub fn entry(&self, seq: u64) -> Result<Entry, LedgerError> {
        store::entry(&self.db, seq)
    }

    /// An entry's stored bytes.
    pub fn line(&self, seq: u64) -> Result<Vec<u8>, LedgerError> {
        store::line(&self.db, seq)
    }
}

/// What a note says, where it is by this key and of this log.
pub(super) fn believed(note: &str, key: &NoteKey) -> Result<Checkpoint, NoteFault> {
    let checkpoint = Checkpoint::parse(note::open(note, key)?).ok_or(NoteFault::Form)?;
    if checkpoint.origin == key.name {
        Ok(checkpoint)
    } else {
        Err(NoteFault::OtherKey)
    }
}

fn signed(mut entry: Entry, signers: &[Signer<'_>]) -> Result<Entry, LedgerError> {
    let bytes = entry.signed_bytes();
    for signer in signers {
        let officer = Text::new(signer.officer)?;
        entry.sigs.push(Signed {
            officer,
            sig: Signature((signer.sign)(&bytes)),
        });
    }
    Ok(entry)
}

/// Stores an entry with its nodes and what it changes in the tables; returns its leaf hash.
pub(super) fn store_entry(db: &Connection, entry: &Entry, state: &State) -> Result<Hash, LedgerError> {
    let line = entry.line();
    let leaf = Hash::leaf(&line);
    store::put_line(db, entry.seq, &line)?;
    store::put_nodes(
        db,
        &merkle::grow(entry.seq, leaf, &|level, index| store::node(db, level, index))?,
    )?;
    projection::apply(db, entry, Some(state))?;
    Ok(leaf)
}

/// Officers, policy and the open ceremony by the entries that made them.
pub(super) fn load_state(db: &Connection) -> Result<State, LedgerError> {
    let mut state = State::found(&store::entry(db, 0)?)?;
    let doing = LedgerError::while_doing("reading officers and policy");
    let mut find = db
        .prepare_cached(
            "SELECT seq FROM entries WHERE act IN ('officer.enrol', 'officer.revoke', 'policy.change', 'ceremony.begin',
             'ceremony.end', 'log.key') ORDER BY seq",
        )
        .map_err(&doing)?;
    let found: Result<Vec<i64>, _> = find.query_map([], |row| row.get(0)).and_then(Iterator::collect);
    for seq in found.map_err(doing)? {
        state.admit(&store::entry(db, seq.cast_unsigned())?)?;
    }
    Ok(state)
}

/// The last entry, which must be the last leaf.
pub(super) fn load_head(db: &Connection) -> Result<Head, LedgerError> {
    let size = store::size(db)?;
    let last = size.checked_sub(1).ok_or(LedgerError::NoEntry(0))?;
    let entry = store::entry(db, last)?;
    let leaf = Hash::leaf(&entry.line());
    if store::node(db, 0, last)? == leaf {
        Ok(Head {
            size,
            leaf,
            at: entry.at,
        })
    } else {
        Err(LedgerError::Damaged { seq: last })
    }
}

#[cfg(test)]
mod tests;
