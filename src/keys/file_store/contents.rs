// SPDX-License-Identifier: Apache-2.0
//! The secret part of a store while it is open, and its sealed form.
//!
//! The body is a pack (`crypto::pack`) of: the site's signing seed, its exchange secret, the keys in the order of the
//! header's records without those that are destroyed, the PINs in the order of their names, the exchange keys in the order of
//! theirs without those that are destroyed.

use std::collections::BTreeMap;

use super::super::exchange::ExchangeRecord;
use super::super::id::{ExchangeName, KeyId, KeyState};
use super::header::Header;
use crate::crypto::key_block::ExchangeKey;
use crate::crypto::pack::{self, NotPacked, pack, unpack};
use crate::crypto::seal::{BoxKey, Secret};
use crate::crypto::sign::SigningKey;
use crate::crypto::{KeyMaterial, SecretBytes};

/// Open secrets; wiped on drop.
pub(super) struct Contents {
    pub(super) signing: SigningKey,
    pub(super) exchange: BoxKey,
    pub(super) keys: BTreeMap<KeyId, KeyMaterial>,
    pub(super) pins: BTreeMap<String, SecretBytes>,
    pub(super) exchange_keys: BTreeMap<ExchangeName, ExchangeKey>,
}

impl Contents {
    /// Everything as one secret.
    pub(super) fn pack(&self) -> Result<SecretBytes, NotPacked> {
        let (seed, secret) = (self.signing.to_seed(), self.exchange.to_secret());
        let mut parts: Vec<&dyn Secret> = vec![&seed, &secret];
        parts.extend(self.keys.values().map(|k| k as &dyn Secret));
        parts.extend(self.pins.values().map(|p| p as &dyn Secret));
        parts.extend(self.exchange_keys.values().map(|k| k as &dyn Secret));
        pack(&parts)
    }

    /// From one secret, with the names in the header.
    pub(super) fn unpack(plain: &SecretBytes, header: &Header) -> Result<Self, NotPacked> {
        let parts = unpack(plain)?;
        let [seed, secret, rest @ ..] = &parts[..] else {
            return Err(NotPacked);
        };
        let names: Vec<&KeyId> = header
            .keys
            .iter()
            .filter(|k| k.state != KeyState::Destroyed)
            .map(|k| &k.id)
            .collect();
        let exchange = header.exchange_keys.iter().filter(|k| k.state != KeyState::Destroyed);
        let exchange: Vec<&ExchangeRecord> = exchange.collect();
        if rest.len() != names.len() + header.pins.len() + exchange.len() {
            return Err(NotPacked);
        }
        let (keys, rest) = rest.split_at(names.len());
        let (pins, exchange_keys) = rest.split_at(header.pins.len());
        let key = |(name, part): (&KeyId, &SecretBytes)| Ok((name.clone(), pack::key_from(part)?));
        Ok(Self {
            signing: SigningKey::from_seed(seed).map_err(|_| NotPacked)?,
            exchange: BoxKey::from_secret(secret).map_err(|_| NotPacked)?,
            keys: names.into_iter().zip(keys).map(key).collect::<Result<_, NotPacked>>()?,
            pins: header
                .pins
                .iter()
                .cloned()
                .zip(pins.iter().map(pack::copy_of))
                .collect(),
            exchange_keys: exchange
                .into_iter()
                .zip(exchange_keys)
                .map(|(record, part)| {
                    let key = ExchangeKey::from_secret(record.algorithm, pack::copy_of(part));
                    Ok((record.name.clone(), key.map_err(|_| NotPacked)?))
                })
                .collect::<Result<_, NotPacked>>()?,
        })
    }
}
