// SPDX-License-Identifier: Apache-2.0
//! Bodies of entries about holders' data, which are kept outside the ledger: who looked at them, that they are gone, and the
//! secrets that keep them closed.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::super::field::{Number, ShortHex, Text};

/// Which secret inside the site.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SecretUse {
    /// Holders' data are sealed under it.
    Holders,
    /// Cards' own PINs come from it.
    Pins,
}

impl SecretUse {
    /// As it stands in entries.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Holders => "holders",
            Self::Pins => "pins",
        }
    }
}

impl fmt::Display for SecretUse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Body of `secret.draw`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SecretDraw {
    /// Which one.
    pub secret: SecretUse,
    /// How often it was drawn, this time too; what was drawn before is gone.
    pub version: u32,
    /// Its check value.
    pub kcv: ShortHex,
    /// Why it was drawn anew.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Text>,
}

/// Body of `holder.show`. Durable before anybody sees the data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HolderShow {
    /// The order.
    pub order: Text,
    /// The card.
    pub number: Number,
    /// Why.
    pub reason: Text,
}

/// Body of `holders.erase`. The data are destroyed after it; it may be appended once for each card.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HoldersErase {
    /// The order.
    pub order: Text,
    /// The card whose holder's data are erased; absent: those of the whole order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<Number>,
    /// Why.
    pub reason: Text,
}
