// SPDX-License-Identifier: Apache-2.0
//! Bodies of entries about the ledger itself.

use serde::{Deserialize, Serialize};

use super::super::field::{Moment, Number, Text, Word};
use super::super::hash::Hash;

/// Body of `ledger.export`. What the file was narrowed to stands beside the range of `seq`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LedgerExport {
    /// `jsonl`, `csv`, `parquet`, `bundle`, `report`.
    pub format: Text,
    /// What its rows are: `cards`; absent: entries.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content: Option<Word>,
    /// The first `seq` in the file's range.
    pub from: u64,
    /// One more than the last `seq` in the file's range.
    pub to: u64,
    /// Not before this moment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<Moment>,
    /// Before this moment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Moment>,
    /// Of this act, or of the acts whose names begin so (`card.`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub act: Option<Text>,
    /// Of this card.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<Number>,
    /// Of this batch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub batch: Option<Text>,
    /// Signed by this officer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<Text>,
    /// Whether holders' data are in the file.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub holders: bool,
    /// Why, where holders' data are in the file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Text>,
    /// How many rows the file holds.
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

/// Body of `ledger.backup`: a copy of the database was made and verified.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LedgerBackup {
    /// The digest of the file.
    pub digest: Hash,
    /// The file's length in bytes.
    pub bytes: u64,
    /// How many entries are in it.
    pub size: u64,
    /// The root of their tree.
    pub root: Hash,
}

/// Body of `ledger.loss`: entries were lost for good, and the ledger goes on from what is left. Where they came after is this
/// entry's own place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LedgerLoss {
    /// Why.
    pub reason: Text,
    /// How many entries there were by the checkpoint outside; none where that was lost too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size: Option<u64>,
    /// Their root.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub root: Option<Hash>,
}

/// Body of `ledger.archive`: the lines of a period are in a file, which was verified after it was written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LedgerArchive {
    /// The first `seq` in the file.
    pub from: u64,
    /// One more than the last.
    pub to: u64,
    /// The file's name.
    pub file: Text,
    /// The digest of the file.
    pub digest: Hash,
}
