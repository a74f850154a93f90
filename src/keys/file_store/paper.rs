// SPDX-License-Identifier: Apache-2.0
//! Keys that leave on paper: as components, of which all are needed, or as shares, of which some are. Only an active key
//! leaves so, never a card's own, and none whose record limits how far it may travel.

use super::super::id::{KeyId, KeyPath};
use super::FileKeyStore;
use super::error::KeyFileError;
use super::operations::Purpose;
use crate::crypto::component::last_component;
use crate::crypto::key_block::Exportability;
use crate::crypto::pack::joined;
use crate::crypto::shamir::{self, ShamirError, Share};
use crate::crypto::{KeyMaterial, SecretBytes};
use crate::outside::Random;

impl FileKeyStore {
    /// A key as `count` components of 16 bytes, which added (XOR) give it back.
    pub fn components(&self, id: &KeyId, count: u8, random: &mut dyn Random) -> Result<Vec<SecretBytes>, KeyFileError> {
        let key = self.for_paper(id)?;
        let mut parts = Vec::new();
        for _ in 1..count {
            parts.push(KeyMaterial::try_init_with(|place| random.fill(place))?);
        }
        parts.push(last_component(&key, &parts));
        Ok(parts.iter().map(|part| joined(&[], part)).collect())
    }

    /// A key as `count` shares, of which `threshold` give it back.
    pub fn shares(
        &self,
        id: &KeyId,
        threshold: u8,
        count: u8,
        random: &mut dyn Random,
    ) -> Result<Vec<Share>, KeyFileError> {
        let key = self.for_paper(id)?;
        shamir::split(&key, threshold, count, random).map_err(|e| match e {
            ShamirError::Random(_) => KeyFileError::Random,
            _ => KeyFileError::BadQuorum {
                quorum: threshold,
                holders: count.into(),
            },
        })
    }

    fn for_paper(&self, id: &KeyId) -> Result<KeyMaterial, KeyFileError> {
        let path = KeyPath {
            key: id.clone(),
            factors: Vec::new(),
        };
        self.check_export(&path, Exportability::Sensitive)?;
        Ok(self.derived(&path, Purpose::Write)?)
    }
}
