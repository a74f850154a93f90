// SPDX-License-Identifier: Apache-2.0
//! Secrets that a site uses inside its own walls: no card has them, no ceremony passes them on, no scheme knows them. They are
//! drawn at random when they are first needed, and stand in the key store beside the keys.
//!
//! Drawing one anew destroys the one before: everything that was sealed under it and not sealed again is gone for good, in
//! every copy. That is how personal data are erased from backups too.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::id::KeyNameError;
use crate::crypto::Kcv;

/// What a secret is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum InternalUse {
    /// Holders' data are sealed under it.
    Holders,
    /// The PINs that are drawn for single cards come from it. Drawn once: an issued card's first PIN must come out again.
    Pins,
}

impl InternalUse {
    /// As it stands in files and entries.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Holders => "holders",
            Self::Pins => "pins",
        }
    }
}

impl fmt::Display for InternalUse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for InternalUse {
    type Err = KeyNameError;
    fn from_str(s: &str) -> Result<Self, Self::Err> {
        let all = [Self::Holders, Self::Pins];
        let found = all.into_iter().find(|u| u.as_str() == s);
        found.ok_or_else(|| KeyNameError(s.to_owned()))
    }
}

/// Everything public about such a secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InternalRecord {
    /// What it is for; there is one of each.
    #[serde(rename = "use")]
    pub purpose: InternalUse,
    /// How often it was drawn, from 1.
    pub version: u32,
    /// Its check value, three bytes.
    pub kcv: Kcv,
    /// When it was drawn, RFC 3339 in UTC.
    pub since: String,
}
