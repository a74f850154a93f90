// SPDX-License-Identifier: Apache-2.0
//! Bodies of entries about the log's own keys and about its witnesses.

use serde::{Deserialize, Serialize};

use super::super::field::{Signature, Sm2Key, Text, VerifyKey};
use super::super::hash::Hash;

/// Body of `log.key`: checkpoints have an SM2 line by this key from here on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LogKey {
    /// The key.
    pub sm2: Sm2Key,
    /// Why it was drawn anew.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Text>,
}

/// Body of `checkpoint.cosign`: a witness has cosigned a checkpoint of this log. Everything that the cosigned note had but
/// its origin, which is the site's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CheckpointCosign {
    /// The name of the witness's key.
    pub witness: Text,
    /// The witness's key.
    pub key: VerifyKey,
    /// The checkpoint's size.
    pub size: u64,
    /// Its root.
    pub root: Hash,
    /// The log's own signature under it.
    pub log_sig: Signature,
    /// When the witness signed, in seconds since 1970.
    pub time: u64,
    /// The witness's signature.
    pub sig: Signature,
    /// The consistency proof (RFC 6962 §2.1.2) from that checkpoint to the entries before this one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub path: Vec<Hash>,
}
