// SPDX-License-Identifier: Apache-2.0
//! Bodies of entries about the key store as a whole: who opens it, its sealed copies, its return from one of them.

use serde::{Deserialize, Serialize};

use super::super::field::Text;
use super::super::hash::Hash;
use super::ceremony::ShareSeen;

/// An officer who has a share of the key store.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Holder {
    /// Who.
    pub officer: Text,
    /// Which share, from 1.
    pub index: u32,
}

/// Body of `store.reshare`: the store has a fresh data key, shared anew.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StoreReshare {
    /// How many holders open it from here on.
    pub quorum: u32,
    /// All of them.
    pub holders: Vec<Holder>,
    /// The ceremony that did it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ceremony: Option<u64>,
}

/// Body of `store.backup`: the whole contents were sealed into a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StoreBackup {
    /// The digest of the file.
    pub digest: Hash,
    /// The store's generation that is in it.
    pub generation: u64,
    /// How many shares open it.
    pub threshold: u32,
    /// The shares as they were handed out.
    pub shares: Vec<ShareSeen>,
    /// How many keys are in it.
    pub keys: u32,
    /// The ceremony that did it.
    pub ceremony: u64,
}

/// Body of `store.restore`: the store was made again from such a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StoreRestore {
    /// The digest of the file.
    pub digest: Hash,
    /// The generation that was in it.
    pub generation: u64,
    /// The shares that opened it.
    pub shares: Vec<ShareSeen>,
    /// How many keys came back.
    pub keys: u32,
    /// How many holders open the store from here on.
    pub quorum: u32,
    /// All of them.
    pub holders: Vec<Holder>,
    /// The ceremony that did it.
    pub ceremony: u64,
}
