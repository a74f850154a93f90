// SPDX-License-Identifier: Apache-2.0
//! The key store's operations over the open file: the key is derived, used and wiped within the call.
//!
//! States: an active key does everything; a retired one still serves the cards that it made (authenticates, verifies,
//! computes MACs) but is written to no new card; a key in another state only shows its check value, and a destroyed or
//! compromised one does nothing.

use super::super::id::{CardKey, KeyId, KeyPath, KeyRecord, KeyState};
use super::super::scheme::Subject;
use super::super::store::{KeyStore, SectorKey, StoreError, WriteKeyFrame};
use super::FileKeyStore;
use crate::crypto::auth::{external_authentication, internal_encrypt};
use crate::crypto::bulk::{self, TacJob};
use crate::crypto::key_record::{wrap_record, wrap_secret, wrapped_length};
use crate::crypto::pack::joined;
use crate::crypto::pin::reload_pin_data;
use crate::crypto::sector::{sector_key, sector_trailer};
use crate::crypto::secure_messaging::{encrypt_secret, mac4};
use crate::crypto::{
    Algorithm, Challenge, Factor, Kcv, KcvLength, KeyMaterial, SecretBytes, diversify_path, kcv, session_key, tac,
};

/// What the key is to be used for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    /// Its check value.
    Check,
    /// Serving a card that has it.
    Serve,
    /// Being written to a card, or sent to another centre.
    Write,
}

impl FileKeyStore {
    /// The stored key, if it may serve this purpose.
    pub(super) fn stored(&self, id: &KeyId, purpose: Purpose) -> Result<&KeyMaterial, StoreError> {
        let no_key = || StoreError::NoKey {
            key: Box::new(id.clone()),
        };
        let record = self.header.keys.iter().find(|k| k.id == *id).ok_or_else(no_key)?;
        let allowed = match record.state {
            KeyState::Active => true,
            KeyState::Retired => purpose != Purpose::Write,
            KeyState::PreActive => purpose == Purpose::Check,
            KeyState::Destroyed | KeyState::Compromised => false,
        };
        if !allowed {
            return Err(StoreError::State {
                key: Box::new(id.clone()),
                state: record.state,
            });
        }
        self.contents.keys.get(id).ok_or_else(no_key)
    }

    pub(super) fn derived(&self, path: &KeyPath, purpose: Purpose) -> Result<KeyMaterial, StoreError> {
        Ok(diversify_path(
            path.key.algorithm,
            self.stored(&path.key, purpose)?,
            &path.factors,
        ))
    }

    fn serving(&self, key: &CardKey) -> Result<(Algorithm, KeyMaterial), StoreError> {
        self.derived(key.path(), Purpose::Serve)
            .map(|k| (key.path().key.algorithm, k))
    }

    /// The subject that a key's owner is by itself.
    pub(super) fn subject(&self, id: &KeyId) -> Subject {
        self.scheme.subject_of(&id.owner).unwrap_or_default()
    }

    /// Whether one factor more leads to the card level.
    fn is_above_cards(&self, path: &KeyPath) -> Result<(), StoreError> {
        let mut below = path.clone();
        below.factors.push(Factor([0; 8]));
        match self.scheme.level_of(&below) {
            Ok(Some(level)) if level.leaf => Ok(()),
            _ => Err(not_allowed(&path.key, "compute TACs of another level than the cards'")),
        }
    }

    /// Sector keys leave the store in clear, as the chip wants them: never a part of a key that serves anything else.
    fn sector_key_for(&self, key: &SectorKey, purpose: Purpose) -> Result<SecretBytes, StoreError> {
        let id = &key.key.path().key;
        let fits = match &key.block {
            Some(_) => self
                .scheme
                .usage(&id.usage)
                .is_ok_and(|rule| self.scheme.leads_to_chips(rule)),
            None => self.is_transport(id),
        };
        if !fits || id.algorithm != Algorithm::Tdes {
            return Err(not_allowed(id, "open a sector"));
        }
        Ok(sector_key(&self.derived(key.key.path(), purpose)?, key.block.as_ref()))
    }

    /// Whether a usage is the transport key of blanks: never diversified, the same in every card of the maker.
    fn is_transport(&self, id: &KeyId) -> bool {
        self.scheme.usage(&id.usage).is_ok_and(|rule| rule.leaf.is_none())
    }
}

fn not_allowed(id: &KeyId, operation: &'static str) -> StoreError {
    StoreError::NotAllowed {
        key: Box::new(id.clone()),
        operation,
    }
}

impl KeyStore for FileKeyStore {
    fn keys(&self) -> Vec<KeyRecord> {
        self.header.keys.clone()
    }

    fn kcv(&self, key: &KeyPath, length: KcvLength) -> Result<Kcv, StoreError> {
        Ok(kcv(key.key.algorithm, &self.derived(key, Purpose::Check)?, length))
    }

    fn authenticate(&self, key: &CardKey, challenge: &Challenge) -> Result<Vec<u8>, StoreError> {
        let (alg, key) = self.serving(key)?;
        Ok(external_authentication(alg, &key, challenge).to_vec())
    }

    fn encrypt(&self, key: &CardKey, data: &[u8]) -> Result<Vec<u8>, StoreError> {
        let (alg, material) = self.serving(key)?;
        if !data.len().is_multiple_of(alg.block()) {
            return Err(not_allowed(&key.path().key, "encrypt a part of a block"));
        }
        Ok(internal_encrypt(alg, &material, data))
    }

    fn mac(&self, key: &CardKey, challenge: &Challenge, input: &[u8]) -> Result<[u8; 4], StoreError> {
        let (alg, key) = self.serving(key)?;
        Ok(mac4(alg, &key, challenge, input))
    }

    fn encipher(&self, key: &CardKey, data: &SecretBytes) -> Result<Vec<u8>, StoreError> {
        let (alg, material) = self.serving(key)?;
        encrypt_secret(alg, &material, data).map_err(|_| not_allowed(&key.path().key, "encipher more than 255 bytes"))
    }

    fn wrap_key(
        &self,
        control: &CardKey,
        challenge: &Challenge,
        frame: WriteKeyFrame<'_>,
        target: &KeyPath,
    ) -> Result<Vec<u8>, StoreError> {
        let level = self
            .scheme
            .level_of(target)
            .map_err(|_| not_allowed(&target.key, "write a key of no level"))?;
        if let Some(level) = level
            && !level.leaf
            && self.is_transport(&control.path().key)
        {
            return Err(StoreError::TransportProtects {
                key: Box::new(target.key.clone()),
                level: level.name.clone(),
            });
        }
        let (alg, control_key) = self.serving(control)?;
        let target_key = self.derived(target, Purpose::Write)?;
        wrap_record(
            alg,
            &control_key,
            challenge,
            frame.header,
            frame.prefix,
            &target_key,
            &[],
        )
        .map_err(|_| not_allowed(&target.key, "wrap a record of more than 255 bytes"))
    }

    fn wrap_pin(
        &self,
        control: &CardKey,
        challenge: &Challenge,
        frame: WriteKeyFrame<'_>,
        pin: &str,
    ) -> Result<Vec<u8>, StoreError> {
        let pin = self.pin_called(pin)?;
        let (alg, key) = self.serving(control)?;
        // Lc is part of the MAC, and only here the length of the PIN is known: a PIN of 2 bytes takes a block less.
        let mut header = frame.header;
        header[4] = wrapped_length(alg, frame.prefix.len() + pin.len()) as u8;
        wrap_secret(alg, &key, challenge, header, frame.prefix, &pin)
            .map_err(|_| not_allowed(&control.path().key, "wrap a record of more than 255 bytes"))
    }

    fn transaction_macs(&self, key: &CardKey, seed: &[u8; 8], inputs: &[&[u8]]) -> Result<Vec<[u8; 4]>, StoreError> {
        let (alg, key) = self.serving(key)?;
        let session = session_key(alg, self.scheme.variants().sm4_session, &key, seed);
        Ok(inputs.iter().map(|input| session.mac(input)).collect())
    }

    fn tac(&self, key: &CardKey, data: &[u8]) -> Result<[u8; 4], StoreError> {
        let (alg, key) = self.serving(key)?;
        Ok(tac(alg, self.scheme.variants().sm4_tac, &key, data))
    }

    fn sector_key(&self, key: &SectorKey) -> Result<SecretBytes, StoreError> {
        self.sector_key_for(key, Purpose::Serve)
    }

    fn sector_trailer(&self, a: &SectorKey, access: [u8; 4], b: &SectorKey) -> Result<SecretBytes, StoreError> {
        let (a, b) = (
            self.sector_key_for(a, Purpose::Write)?,
            self.sector_key_for(b, Purpose::Write)?,
        );
        Ok(sector_trailer(&a, access, &b))
    }

    fn tacs(&self, key: &KeyPath, jobs: &[TacJob<'_>]) -> Result<Vec<[u8; 4]>, StoreError> {
        self.is_above_cards(key)?;
        let root = self.stored(&key.key, Purpose::Serve)?;
        let variant = self.scheme.variants().sm4_tac;
        Ok(bulk::tacs(key.key.algorithm, variant, root, &key.factors, jobs))
    }

    fn reload_pin(&self, key: &CardKey, pin: &str) -> Result<SecretBytes, StoreError> {
        self.reload_typed_pin(key, &self.pin_called(pin)?)
    }

    fn reload_typed_pin(&self, key: &CardKey, pin: &SecretBytes) -> Result<SecretBytes, StoreError> {
        if key.path().key.algorithm != Algorithm::Tdes {
            return Err(not_allowed(
                &key.path().key,
                "RELOAD PIN under another cipher than 3DES",
            ));
        }
        let (_, key) = self.serving(key)?;
        Ok(reload_pin_data(&key, pin))
    }

    fn encipher_pin(&self, key: &CardKey, pin: &str) -> Result<Vec<u8>, StoreError> {
        self.encipher(key, &self.pin_called(pin)?)
    }

    fn transport_record(&self, key: &CardKey, prefix: &[u8]) -> Result<SecretBytes, StoreError> {
        let id = &key.path().key;
        if !self.is_transport(id) {
            return Err(not_allowed(id, "leave in clear"));
        }
        Ok(joined(prefix, self.stored(id, Purpose::Write)?))
    }

    fn pin(&self, name: &str) -> Result<SecretBytes, StoreError> {
        self.pin_called(name)
    }
}
