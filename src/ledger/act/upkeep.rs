// SPDX-License-Identifier: Apache-2.0
//! Bodies of entries about the ledger itself.

use serde::{Deserialize, Serialize};

use super::super::field::{Moment, Text};
use super::super::hash::Hash;

/// Body of `ledger.export`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LedgerExport {
    /// `jsonl` or `csv`.
    pub format: Text,
    /// The first `seq` in the file's range.
    pub from: u64,
    /// One more than the last `seq` in the file's range.
    pub to: u64,
    /// How many entries the file holds.
    pub entries: u64,
    /// The digest of the file.
    pub digest: Hash,
}

/// Body of `clock.refused`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClockRefused {
    /// The earliest of the times that the clock showed.
    pub earliest: Moment,
    /// How many attempts were refused.
    pub attempts: u32,
}

/// Body of `checkpoint.renew`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CheckpointRenew {
    /// Why.
    pub reason: Text,
    /// The size of the last checkpoint in the database.
    pub size: u64,
    /// The root at that size.
    pub root: Hash,
}
