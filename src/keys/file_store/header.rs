// SPDX-License-Identifier: Apache-2.0
//! The public part of a key store file. All of it is associated data of the sealed body, so that no field can be changed
//! without the body refusing to open.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::super::exchange::ExchangeRecord;
use super::super::id::KeyRecord;
use super::super::internal::InternalRecord;
use super::contents::Inventory;
use super::envelope::{Head, base64_text};
use crate::crypto::Digest;
use crate::crypto::seal::NONCE;
use crate::crypto::sign::PublicKey;
use crate::crypto::sm2::Sm2PublicKey;

/// First word of the file.
pub(super) const KIND: &str = "cardmint-key-store";

/// What made a generation of the store: the ledger's entry for it is looked for after a crash.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mark {
    /// The ledger's size before it.
    pub after: u64,
    /// The act's name (`key.generate`).
    pub act: String,
    /// What it is about (a key's name, an officer's name).
    pub about: String,
}

/// An officer's share of the data key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Holder {
    /// The officer.
    pub officer: String,
    /// The officer's X25519 public key.
    pub exchange: PublicKey,
    /// Number of the share, from 1.
    pub index: u8,
    /// The share, sealed to that key.
    #[serde(with = "base64_text")]
    pub share: Vec<u8>,
}

/// The header.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Header {
    /// The site's id.
    pub site: String,
    /// Whether the site is a rehearsal, for good.
    pub rehearsal: bool,
    /// Digest of the scheme that says what its keys may do.
    pub scheme: Digest,
    /// Counts the changes, from 1.
    pub generation: u64,
    /// What made this generation.
    pub mark: Mark,
    /// How many shares open it.
    pub quorum: u8,
    /// The officers' shares.
    pub holders: Vec<Holder>,
    /// The site's signing key.
    pub signing: PublicKey,
    /// The site's exchange key: what other centres seal keys to.
    pub exchange: PublicKey,
    /// The public facts of all keys, in the order of their names.
    pub keys: Vec<KeyRecord>,
    /// The names of the initial PINs.
    pub pins: BTreeSet<String>,
    /// The public facts of the exchange keys, in the order of their names. Since format 2.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub exchange_keys: Vec<ExchangeRecord>,
    /// The public facts of the internal secrets, in the order of their uses. Since format 2.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub internal: Vec<InternalRecord>,
    /// The site's SM2 signing key: the second line of checkpoints. Since format 3.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signing_sm2: Option<Sm2PublicKey>,
    /// Nonce of the body.
    #[serde(with = "base64_text")]
    pub nonce: [u8; NONCE],
}

impl Header {
    /// What the body holds.
    pub(super) fn inventory(&self) -> Inventory<'_> {
        Inventory {
            keys: &self.keys,
            pins: &self.pins,
            exchange_keys: &self.exchange_keys,
            internal: &self.internal,
            signing_sm2: self.signing_sm2,
        }
    }
}

impl Head for Header {
    const NEWEST: u32 = 3;

    /// Format 1 knows neither exchange keys nor internal secrets nor limits of travel; format 2 has no SM2 key.
    fn version(&self) -> u32 {
        let limited = self.keys.iter().any(|k| !k.exportability.is_unlimited());
        if self.signing_sm2.is_some() {
            3
        } else if limited || !self.exchange_keys.is_empty() || !self.internal.is_empty() {
            2
        } else {
            1
        }
    }
}
