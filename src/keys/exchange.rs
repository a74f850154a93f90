// SPDX-License-Identifier: Apache-2.0
//! The public facts about exchange keys 交换密钥, under which key blocks travel between two centres. They belong to no scheme
//! and no hierarchy, and make no card's key.
//!
//! In the ledger such a key is called `exchange/NAME`, which no key of a scheme can be called.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::id::{ExchangeName, KeyId, KeyNameError, KeyState, Origin};
use crate::crypto::Kcv;
use crate::crypto::key_block::ExchangeAlgorithm;

/// The usage that the ledger has for them.
pub const EXCHANGE_USAGE: &str = "exchange";

/// Everything public about a stored exchange key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExchangeRecord {
    /// What the two centres call it.
    pub name: ExchangeName,
    /// Cipher and length.
    pub algorithm: ExchangeAlgorithm,
    /// Its check value: three bytes for 3DES, five of a CMAC for AES.
    pub kcv: Kcv,
    /// Its state.
    pub state: KeyState,
    /// Where it came from.
    pub origin: Origin,
    /// When it came into the store, RFC 3339 in UTC.
    pub since: String,
}

/// A secret of the store that has a life: a key of the scheme, or an exchange key.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum StoredName {
    /// A key of the scheme.
    Key(KeyId),
    /// An exchange key.
    Exchange(ExchangeName),
}

impl fmt::Display for StoredName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Key(id) => id.fmt(f),
            Self::Exchange(name) => write!(f, "{EXCHANGE_USAGE}/{name}"),
        }
    }
}

impl From<KeyId> for StoredName {
    fn from(id: KeyId) -> Self {
        Self::Key(id)
    }
}

impl From<ExchangeName> for StoredName {
    fn from(name: ExchangeName) -> Self {
        Self::Exchange(name)
    }
}

impl FromStr for StoredName {
    type Err = KeyNameError;
    fn from_str(s: &str) -> Result<Self, Self::Err> {
        match s.strip_prefix(EXCHANGE_USAGE).and_then(|rest| rest.strip_prefix('/')) {
            Some(name) => name.parse().map(Self::Exchange),
            None => s.parse().map(Self::Key),
        }
    }
}
