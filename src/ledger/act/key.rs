// SPDX-License-Identifier: Apache-2.0
//! Bodies of entries about keys and PINs.

use serde::{Deserialize, Serialize};

use super::super::field::{ShortHex, Text, Word};
use super::super::hash::Hash;

/// States of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum KeyState {
    /// Not yet in use.
    PreActive,
    /// In use.
    Active,
    /// For old cards only.
    Retired,
    /// No longer there.
    Destroyed,
    /// Known to somebody who should not know it.
    Compromised,
}

impl KeyState {
    /// As it stands in entries.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::PreActive => "pre-active",
            Self::Active => "active",
            Self::Retired => "retired",
            Self::Destroyed => "destroyed",
            Self::Compromised => "compromised",
        }
    }
}

/// Body of the acts that bring a key into the site.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyArrived {
    /// The key's id in the site, unique for good.
    pub key: Text,
    /// What it is for, in the scheme's word.
    pub usage: Text,
    /// Whose key it is: level and code.
    pub owner: Text,
    /// Its version.
    pub version: u32,
    /// `3des` or `sm4`.
    pub alg: Text,
    /// Its check value.
    pub kcv: ShortHex,
    /// The state that it starts in.
    pub state: KeyState,
    /// Where it came from, for `key.receive`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Text>,
    /// The id of the key it was derived from, for `key.derive`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<Text>,
    /// The factors it was derived with, highest level first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub factors: Vec<ShortHex>,
    /// The check values of the components or factors that it was made of, in their order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub components: Vec<ShortHex>,
    /// How it was made of them, where not by XOR: `digest` of leaders' factors, `shares`, `key-block`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub method: Option<Word>,
    /// The digest of the file or block that it came in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub package: Option<Hash>,
    /// The ceremony that did it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ceremony: Option<u64>,
}

/// Body of `key.export`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyExport {
    /// The key's id.
    pub key: Text,
    /// The check value of what was exported (of the child, where factors are given).
    pub kcv: ShortHex,
    /// To whom.
    pub to: Text,
    /// In which form: sealed package, key block, mother card, component forms.
    pub form: Text,
    /// The factors that it was derived with on the way out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub factors: Vec<ShortHex>,
    /// The digest of the file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub package: Option<Hash>,
    /// The ceremony that did it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ceremony: Option<u64>,
}

/// Body of `key.retire`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyRetire {
    /// The key's id.
    pub key: Text,
    /// Its check value.
    pub kcv: ShortHex,
    /// The state from here on.
    pub state: KeyState,
    /// Why.
    pub reason: Text,
    /// The ceremony that did it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ceremony: Option<u64>,
}

/// Body of `pin.set`. The PIN itself has no place in a ledger.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PinSet {
    /// The initial PIN's name.
    pub name: Text,
    /// The ceremony that did it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ceremony: Option<u64>,
}
