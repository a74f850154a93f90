// SPDX-License-Identifier: Apache-2.0
//! The secret part of a store while it is open, and its sealed form.
//!
//! The body is a pack (`crypto::pack`) of: the site's signing seed, its exchange secret, the keys in the order of the
//! header's records without those that are destroyed, the PINs in the order of their names, the exchange keys in the order of
//! theirs without those that are destroyed, the internal secrets in the order of their uses, the site's SM2 number
//! where it has one.

use std::collections::{BTreeMap, BTreeSet};

use super::super::exchange::ExchangeRecord;
use super::super::id::{ExchangeName, KeyId, KeyRecord, KeyState};
use super::super::internal::{InternalRecord, InternalUse};
use crate::crypto::key_block::ExchangeKey;
use crate::crypto::pack::{self, NotPacked, pack, unpack};
use crate::crypto::seal::{BoxKey, SealKey, Secret};
use crate::crypto::sign::SigningKey;
use crate::crypto::sm2::{Sm2PublicKey, Sm2SigningKey};
use crate::crypto::{KeyMaterial, SecretBytes};

/// The public names of what a pack of contents holds, in its order.
pub(super) struct Inventory<'a> {
    pub(super) keys: &'a [KeyRecord],
    pub(super) pins: &'a BTreeSet<String>,
    pub(super) exchange_keys: &'a [ExchangeRecord],
    pub(super) internal: &'a [InternalRecord],
    pub(super) signing_sm2: Option<Sm2PublicKey>,
}

/// Open secrets; wiped on drop.
pub(super) struct Contents {
    pub(super) signing: SigningKey,
    pub(super) exchange: BoxKey,
    pub(super) keys: BTreeMap<KeyId, KeyMaterial>,
    pub(super) pins: BTreeMap<String, SecretBytes>,
    pub(super) exchange_keys: BTreeMap<ExchangeName, ExchangeKey>,
    pub(super) internal: BTreeMap<InternalUse, SealKey>,
    pub(super) signing_sm2: Option<Sm2SigningKey>,
}

impl Contents {
    /// Everything as one secret.
    pub(super) fn pack(&self) -> Result<SecretBytes, NotPacked> {
        let (seed, secret) = (self.signing.to_seed(), self.exchange.to_secret());
        let mut parts: Vec<&dyn Secret> = vec![&seed, &secret];
        parts.extend(self.keys.values().map(|k| k as &dyn Secret));
        parts.extend(self.pins.values().map(|p| p as &dyn Secret));
        parts.extend(self.exchange_keys.values().map(|k| k as &dyn Secret));
        parts.extend(self.internal.values().map(|k| k as &dyn Secret));
        let number = self.signing_sm2.as_ref().map(Sm2SigningKey::to_scalar);
        parts.extend(number.as_ref().map(|n| n as &dyn Secret));
        pack(&parts)
    }

    /// With nothing but the site's own keys.
    pub(super) fn of(signing: SigningKey, exchange: BoxKey) -> Self {
        Self {
            signing,
            exchange,
            keys: BTreeMap::new(),
            pins: BTreeMap::new(),
            exchange_keys: BTreeMap::new(),
            internal: BTreeMap::new(),
            signing_sm2: None,
        }
    }

    /// From one secret, with the names of what is in it.
    pub(super) fn unpack(plain: &SecretBytes, names: &Inventory<'_>) -> Result<Self, NotPacked> {
        let parts = unpack(plain)?;
        let [seed, secret, rest @ ..] = &parts[..] else {
            return Err(NotPacked);
        };
        let ids = names.keys.iter().filter(|k| k.state != KeyState::Destroyed);
        let ids: Vec<&KeyId> = ids.map(|k| &k.id).collect();
        let exchange = names.exchange_keys.iter().filter(|k| k.state != KeyState::Destroyed);
        let exchange: Vec<&ExchangeRecord> = exchange.collect();
        let own = usize::from(names.signing_sm2.is_some());
        if rest.len() != ids.len() + names.pins.len() + exchange.len() + names.internal.len() + own {
            return Err(NotPacked);
        }
        let (keys, rest) = rest.split_at(ids.len());
        let (pins, rest) = rest.split_at(names.pins.len());
        let (exchange_keys, rest) = rest.split_at(exchange.len());
        let (internal, number) = rest.split_at(names.internal.len());
        let inner = |(record, part): (&InternalRecord, &SecretBytes)| {
            Ok((record.purpose, SealKey::from_secret(part).map_err(|_| NotPacked)?))
        };
        let key = |(name, part): (&KeyId, &SecretBytes)| Ok((name.clone(), pack::key_from(part)?));
        Ok(Self {
            signing: SigningKey::from_seed(seed).map_err(|_| NotPacked)?,
            exchange: BoxKey::from_secret(secret).map_err(|_| NotPacked)?,
            keys: ids.into_iter().zip(keys).map(key).collect::<Result<_, NotPacked>>()?,
            pins: names.pins.iter().cloned().zip(pins.iter().map(pack::copy_of)).collect(),
            exchange_keys: exchange
                .into_iter()
                .zip(exchange_keys)
                .map(|(record, part)| {
                    let key = ExchangeKey::from_secret(record.algorithm, pack::copy_of(part));
                    Ok((record.name.clone(), key.map_err(|_| NotPacked)?))
                })
                .collect::<Result<_, NotPacked>>()?,
            internal: names
                .internal
                .iter()
                .zip(internal)
                .map(inner)
                .collect::<Result<_, NotPacked>>()?,
            signing_sm2: sm2_key(number.first(), names.signing_sm2)?,
        })
    }
}

/// The SM2 key of a number, which must be the one that the header says.
fn sm2_key(number: Option<&SecretBytes>, public: Option<Sm2PublicKey>) -> Result<Option<Sm2SigningKey>, NotPacked> {
    let Some(number) = number else { return Ok(None) };
    let key = Sm2SigningKey::from_scalar(pack::copy_of(number)).map_err(|_| NotPacked)?;
    if Some(key.public()) == public {
        Ok(Some(key))
    } else {
        Err(NotPacked)
    }
}
