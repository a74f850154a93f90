// SPDX-License-Identifier: Apache-2.0
//! The next generation of a store. It is changed in memory as often as wanted; nothing is on the disk until it is staged
//! whole, and nothing is in force until it is committed. Dropped before that, it has never been.
//!
//! Whoever holds a pending generation holds the store's lock: no other process changes the store meanwhile.

use std::path::Path;

use super::super::id::KeyState;
use super::change::Change;
use super::contents::Contents;
use super::destroyed::Gone;
use super::error::KeyFileError;
use super::header::{Header, KIND, Mark};
use super::{FileKeyStore, StorePlace, durable, envelope};
use crate::crypto::pack::copy_of_seal_key;
use crate::crypto::seal;
use crate::outside::Random;

/// The next generation, in memory alone.
#[derive(Debug)]
#[must_use = "a pending generation is in force only after `stage` and `commit`"]
pub struct Pending {
    next: FileKeyStore,
    now: Option<Header>,
    gone: Gone,
    lock: durable::Lock,
}

/// A generation that is on the disk beside the store, proven to open, and not yet in force.
#[derive(Debug)]
#[must_use = "a staged generation is in force only after `commit`"]
pub struct Staged {
    next: FileKeyStore,
    lock: durable::Lock,
}

/// The store's lock, held for what belongs to a generation beside the store itself.
#[derive(Debug)]
#[must_use = "the lock is given back when this is dropped"]
pub struct Held(#[expect(dead_code, reason = "the open file is the lock")] durable::Lock);

impl StorePlace {
    /// Takes the store's lock: nobody changes the store until it is given back.
    pub fn hold(&self) -> Result<Held, KeyFileError> {
        durable::lock(&self.lock()).map(Held)
    }
}

impl FileKeyStore {
    /// Begins the next generation: takes the store's lock and duplicates everything in memory.
    pub fn begin(&self) -> Result<Pending, KeyFileError> {
        let lock = durable::lock(&self.place.lock())?;
        let now = (!self.is_vacant()).then(|| self.header.clone());
        in_force(&self.place, now.as_ref())?;
        let mut next = self.duplicate()?;
        next.header.generation += 1;
        let gone = Gone::none(copy_of_seal_key(&self.data_key));
        Ok(Pending { next, now, gone, lock })
    }

    /// After the ledger's entry: puts a staged generation in force.
    pub fn commit(&mut self, staged: Staged) -> Result<(), KeyFileError> {
        self.commit_locked(staged).map(drop)
    }

    /// The same; gives the lock on.
    pub fn commit_locked(&mut self, staged: Staged) -> Result<Held, KeyFileError> {
        durable::rename(&self.place.next(), &self.place.file)?;
        *self = staged.next;
        Ok(Held(staged.lock))
    }

    /// Forgets a staged generation, where the ledger refused the entry.
    pub fn abandon(&self, staged: Staged) -> Result<(), KeyFileError> {
        let forgotten = self.place.forget();
        drop(staged);
        forgotten
    }

    fn write_next(&self, gone: &Gone) -> Result<(), KeyFileError> {
        let path = self.place.next();
        durable::write_synced(&path, self.sealed(&self.header)?.as_bytes(), 0o600)?;
        self.prove(&path, gone)?;
        durable::sync_folder(path.parent().unwrap_or(&path))
    }

    /// Reads the file back from the disk and opens it.
    fn prove(&self, path: &Path, gone: &Gone) -> Result<(), KeyFileError> {
        let damaged = || KeyFileError::Damaged {
            path: path.display().to_string(),
            place: "read back",
        };
        let file: envelope::Envelope<Header> = envelope::parse(KIND, path, &durable::read_private(path)?)?;
        let plain = seal::open(&self.data_key, &file.header.nonce, &file.aad, &file.body).map_err(|_| damaged())?;
        Contents::unpack(&plain, &file.header.inventory()).map_err(|_| damaged())?;
        if file.header == self.header {
            gone.prove(&file, &self.data_key)
        } else {
            Err(damaged())
        }
    }

    fn duplicate(&self) -> Result<Self, KeyFileError> {
        let damaged = |_| KeyFileError::Damaged {
            path: self.place.file.display().to_string(),
            place: "contents",
        };
        let plain = self.contents.pack().map_err(damaged)?;
        Ok(Self {
            place: self.place.clone(),
            scheme: self.scheme.clone(),
            header: self.header.clone(),
            data_key: copy_of_seal_key(&self.data_key),
            contents: Contents::unpack(&plain, &self.header.inventory()).map_err(damaged)?,
        })
    }
}

impl Pending {
    /// The store as it will be, with everything that was applied so far.
    pub fn store(&self) -> &FileKeyStore {
        &self.next
    }

    /// Makes a change in memory: whole or, where it is refused, not at all.
    pub fn apply(&mut self, change: Change, random: &mut dyn Random) -> Result<(), KeyFileError> {
        let destroyed = match &change {
            Change::SetState {
                key,
                state: KeyState::Destroyed,
            } => Some(key.clone().into()),
            Change::SetExchangeState {
                name,
                state: KeyState::Destroyed,
            } => Some(name.clone().into()),
            _ => None,
        };
        let noted = destroyed.and_then(|name| self.gone.note(&self.next, name));
        let done = self.next.change(change, random);
        if done.is_err() && noted.is_some() {
            self.gone.forget_last();
        }
        done
    }

    pub(super) fn gone(&self) -> &Gone {
        &self.gone
    }

    /// Writes the generation beside the current one and proves that it opens. Nothing in force changes.
    pub fn stage(self, mark: Mark, random: &mut dyn Random) -> Result<Staged, KeyFileError> {
        let Self {
            mut next,
            now,
            gone,
            lock,
        } = self;
        in_force(&next.place, now.as_ref())?;
        if next.header.holders.is_empty() {
            return Err(KeyFileError::BadQuorum {
                quorum: next.header.quorum,
                holders: 0,
            });
        }
        next.header.mark = mark;
        next.header.nonce = seal::fresh_nonce(random)?;
        let staged = next.write_next(&gone);
        if staged.is_err() {
            // The first failure is what counts.
            let _ = next.place.forget();
        }
        staged.map(|()| Staged { next, lock })
    }
}

/// Whether the file in force is still the one that was begun from; `None`: there was none.
fn in_force(place: &StorePlace, begun_from: Option<&Header>) -> Result<(), KeyFileError> {
    let path = place.file.display().to_string();
    match begun_from {
        Some(header) if place.header()? != *header => Err(KeyFileError::Stale { path }),
        None if place.file.exists() => Err(KeyFileError::Exists { path }),
        _ => Ok(()),
    }
}
