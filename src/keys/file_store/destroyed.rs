// SPDX-License-Identifier: Apache-2.0
//! Proof that a key is destroyed: the generation as it stands in its file is opened, and the key is not in it.
//!
//! Four things are looked at: the public record says destroyed, the contents have no key of that name, the key's bytes
//! stand nowhere in them, and the data key of the generation before opens nothing of the new one. What no program can show
//! is that nobody copied the old file; it opens with the old shares, which is why those are worth destroying too.

use super::super::exchange::StoredName;
use super::super::id::KeyState;
use super::contents::Contents;
use super::envelope::Envelope;
use super::error::KeyFileError;
use super::header::{Header, KIND};
use super::pending::Pending;
use super::{FileKeyStore, envelope};
use crate::crypto::Kcv;
use crate::crypto::pack::{contains, copy_of_key, same_secret};
use crate::crypto::seal::{self, SealKey, Secret};
use crate::outside::Random;

/// What was shown of a destroyed key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Destroyed {
    /// The key.
    pub key: StoredName,
    /// The check value that it had.
    pub kcv: Kcv,
    /// The generation of the store that does not have it any more.
    pub generation: u64,
}

/// Keys that a pending generation has lost, kept until it is proven that they are gone, and the data key from before.
pub(super) struct Gone {
    before: SealKey,
    keys: Vec<(StoredName, Box<dyn Secret>)>,
}

impl Gone {
    /// Nothing is gone yet.
    pub(super) fn none(before: SealKey) -> Self {
        Self {
            before,
            keys: Vec::new(),
        }
    }

    /// A key that is about to be destroyed.
    pub(super) fn note(&mut self, store: &FileKeyStore, name: StoredName) -> Option<()> {
        let copy: Box<dyn Secret> = match &name {
            StoredName::Key(id) => Box::new(copy_of_key(store.contents.keys.get(id)?)),
            StoredName::Exchange(name) => Box::new(store.contents.exchange_keys.get(name)?.to_secret()),
        };
        self.keys.push((name, copy));
        Some(())
    }

    /// It was not destroyed after all.
    pub(super) fn forget_last(&mut self) {
        self.keys.pop();
    }

    /// Whether a generation's file, opened with its data key, has none of the keys, and does not open as before.
    pub(super) fn prove(&self, file: &Envelope<Header>, data_key: &SealKey) -> Result<(), KeyFileError> {
        let opened = |key| seal::open(key, &file.header.nonce, &file.aad, &file.body);
        for (name, key) in &self.keys {
            let still = || KeyFileError::StillThere {
                key: Box::new(name.clone()),
            };
            let plain = opened(data_key).map_err(|_| still())?;
            let contents = Contents::unpack(&plain, &file.header.inventory()).map_err(|_| still())?;
            if let Some(other) = contents.having(key.as_ref()) {
                return Err(KeyFileError::SameValue {
                    key: Box::new(name.clone()),
                    other: Box::new(other),
                });
            }
            let marked = state_in(&file.header, name) == Some(KeyState::Destroyed);
            if !marked || contains(&plain, key.as_ref()) || opened(&self.before).is_ok() {
                return Err(still());
            }
        }
        Ok(())
    }
}

fn state_in(header: &Header, name: &StoredName) -> Option<KeyState> {
    match name {
        StoredName::Key(id) => header.keys.iter().find(|k| k.id == *id).map(|k| k.state),
        StoredName::Exchange(name) => {
            let found = header.exchange_keys.iter().find(|k| k.name == *name);
            found.map(|k| k.state)
        }
    }
}

impl Contents {
    /// Which key has this value.
    fn having(&self, value: &dyn Secret) -> Option<StoredName> {
        let keys = self.keys.iter().find(|(_, key)| same_secret(*key, value));
        let exchange = self.exchange_keys.iter().find(|(_, key)| same_secret(*key, value));
        let key = keys.map(|(id, _)| id.clone().into());
        key.or_else(|| exchange.map(|(name, _)| name.clone().into()))
    }
}

impl std::fmt::Debug for Gone {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.keys.iter().map(|(name, _)| name)).finish()
    }
}

impl Pending {
    /// Proves that the keys destroyed in this generation are gone from it: it is sealed as its file will be, and opened
    /// again. Staging it does the same once more with the file on the disk.
    pub fn prove_destroyed(&self, random: &mut dyn Random) -> Result<Vec<Destroyed>, KeyFileError> {
        let (store, gone) = (self.store(), self.gone());
        let mut header = store.header.clone();
        header.nonce = seal::fresh_nonce(random)?;
        let text = store.sealed(&header)?;
        let file = envelope::parse(KIND, store.place.file(), text.as_bytes())?;
        gone.prove(&file, &store.data_key)?;
        let kcv = |name: &StoredName| match name {
            StoredName::Key(id) => header.keys.iter().find(|k| k.id == *id).map(|k| k.kcv),
            StoredName::Exchange(name) => store.exchange_record(name).ok().map(|k| k.kcv),
        };
        let facts = |name: &StoredName| {
            Some(Destroyed {
                key: name.clone(),
                kcv: kcv(name)?,
                generation: header.generation,
            })
        };
        Ok(gone.keys.iter().filter_map(|(name, _)| facts(name)).collect())
    }
}
