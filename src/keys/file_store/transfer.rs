// SPDX-License-Identifier: Apache-2.0
//! Keys on their way from one centre to another, sealed to the receiver's exchange key.

use super::super::id::KeyPath;
use super::error::KeyFileError;
use super::operations::Purpose;
use super::{FileKeyStore, envelope};
use crate::crypto::key_block::Exportability;
use crate::crypto::pack::key_from;
use crate::crypto::seal;
use crate::crypto::sign::PublicKey;
use crate::crypto::{Kcv, KcvLength, KeyMaterial, kcv};
use crate::outside::Random;
use serde::{Deserialize, Serialize};

/// A key sealed to a centre's exchange key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SealedKey(#[serde(with = "envelope::base64_text")] Vec<u8>);

impl FileKeyStore {
    /// Seals a key of this store, or one derived from it, to another centre. `bound` is what it must not be moved away
    /// from. Only an active key is sent, and never a card's own.
    pub fn seal_for(
        &self,
        path: &KeyPath,
        receiver: &PublicKey,
        bound: &[u8],
        length: KcvLength,
        random: &mut dyn Random,
    ) -> Result<(SealedKey, Kcv), KeyFileError> {
        self.check_export(path, Exportability::Sensitive)?;
        let key = self.derived(path, Purpose::Write)?;
        let sealed = seal::seal_to(&receiver.0, random, bound, &key).map_err(|e| match e {
            seal::BoxError::Random(_) => KeyFileError::Random,
            seal::BoxError::Seal(_) => KeyFileError::NotForUs,
        })?;
        Ok((SealedKey(sealed), kcv(path.key.algorithm, &key, length)))
    }

    /// Opens a key that another centre sealed to this one.
    pub fn open_sealed(&self, sealed: &SealedKey, bound: &[u8]) -> Result<KeyMaterial, KeyFileError> {
        let plain = seal::open_with(&self.contents.exchange, bound, &sealed.0).map_err(|_| KeyFileError::NotForUs)?;
        key_from(&plain).map_err(|_| KeyFileError::NotForUs)
    }
}
