// SPDX-License-Identifier: Apache-2.0
//! Bodies of entries about the log's own keys.

use serde::{Deserialize, Serialize};

use super::super::field::{Sm2Key, Text};

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
