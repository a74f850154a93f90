// SPDX-License-Identifier: Apache-2.0
//! Proof that a key is destroyed: the generation as it stands in its file is opened, and the key is not in it.
//!
//! Four things are looked at: the public record says destroyed, the contents have no key of that name, the key's bytes
//! stand nowhere in them, and the data key of the generation before opens nothing of the new one. What no program can show
//! is that nobody copied the old file; it opens with the old shares, which is why those are worth destroying too.

use super::super::id::{KeyId, KeyState};
use super::contents::Contents;
use super::envelope::Envelope;
use super::error::KeyFileError;
use super::header::{Header, KIND};
use super::pending::Pending;
use super::{FileKeyStore, envelope};
use crate::crypto::pack::{contains, copy_of_key};
use crate::crypto::seal::{self, SealKey};
use crate::crypto::{Kcv, KeyMaterial};
use crate::outside::Random;

/// What was shown of a destroyed key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Destroyed {
    /// The key.
    pub key: KeyId,
    /// The check value that it had.
    pub kcv: Kcv,
    /// The generation of the store that does not have it any more.
    pub generation: u64,
}

/// Keys that a pending generation has lost, kept until it is proven that they are gone, and the data key from before.
pub(super) struct Gone {
    before: SealKey,
    keys: Vec<(KeyId, KeyMaterial)>,
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
    pub(super) fn note(&mut self, store: &FileKeyStore, key: &KeyId) -> Option<()> {
        let copy = copy_of_key(store.contents.keys.get(key)?);
        self.keys.push((key.clone(), copy));
        Some(())
    }

    /// It was not destroyed after all.
    pub(super) fn forget_last(&mut self) {
        self.keys.pop();
    }

    /// Whether a generation's file, opened with its data key, has none of the keys, and does not open as before.
    pub(super) fn prove(&self, file: &Envelope<Header>, data_key: &SealKey) -> Result<(), KeyFileError> {
        if self.keys.is_empty() {
            return Ok(());
        }
        let still = |key: &KeyId| KeyFileError::StillThere {
            key: Box::new(key.clone()),
        };
        let opened = |key| seal::open(key, &file.header.nonce, &file.aad, &file.body);
        if let Some((first, _)) = self.keys.first()
            && opened(&self.before).is_ok()
        {
            return Err(still(first));
        }
        for (id, key) in &self.keys {
            let plain = opened(data_key).map_err(|_| still(id))?;
            let contents = Contents::unpack(&plain, &file.header).map_err(|_| still(id))?;
            if let Some((other, _)) = contents.keys.iter().find(|(_, other)| other.same_as(key)) {
                return Err(KeyFileError::SameValue {
                    key: Box::new(id.clone()),
                    other: Box::new(other.clone()),
                });
            }
            let record = file.header.keys.iter().find(|k| k.id == *id);
            let marked = record.is_some_and(|k| k.state == KeyState::Destroyed);
            if !marked || contents.keys.contains_key(id) || contains(&plain, key) {
                return Err(still(id));
            }
        }
        Ok(())
    }
}

impl std::fmt::Debug for Gone {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.keys.iter().map(|(id, _)| id)).finish()
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
        let facts = |id: &KeyId| {
            let record = header.keys.iter().find(|k| k.id == *id);
            record.map(|record| Destroyed {
                key: id.clone(),
                kcv: record.kcv,
                generation: header.generation,
            })
        };
        Ok(gone.keys.iter().filter_map(|(id, _)| facts(id)).collect())
    }
}
