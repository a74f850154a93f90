// SPDX-License-Identifier: Apache-2.0
//! The public facts about keys: names, owners, versions, states. No secret is in here, so all of it may be shown, logged
//! and signed.
//!
//! A key's name is written `purchase.v1.3des@ministry` or `load.v1.sm4@city:3100`: usage, version, algorithm, owner.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use thiserror::Error;

use crate::crypto::key_block::Exportability;
use crate::crypto::{Algorithm, Factor, Kcv};

/// Why a text names no key.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{0:?} is no key name; a key name looks like purchase.v1.3des@city:3100")]
pub struct KeyNameError(pub String);

macro_rules! word {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// The word itself.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = KeyNameError;
            /// Lower-case letters, digits and dashes, at most 32.
            fn from_str(s: &str) -> Result<Self, Self::Err> {
                let good = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
                if (1..=32).contains(&s.len()) && s.bytes().all(good) { Ok(Self(s.to_owned())) } else { Err(KeyNameError(s.to_owned())) }
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
                String::deserialize(d)?.parse().map_err(serde::de::Error::custom)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

word!(
    /// What a key is for: `purchase`, `load`, `tac`, `card-control` … The list is the scheme's, not the program's.
    Usage
);
word!(
    /// A level of the hierarchy: `ministry`, `province`, `city`, `issuer`, `card` … The list is the scheme's.
    LevelName
);
word!(
    /// What two centres call an exchange key: `ministry-city-2026`.
    ExchangeName
);

/// Whose key it is: a level, and below the top its code (`city:3100`).
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Owner {
    /// The level.
    pub level: LevelName,
    /// The code within the level (hex digits); empty at the top.
    pub code: String,
}

impl fmt::Display for Owner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.code.is_empty() {
            write!(f, "{}", self.level)
        } else {
            write!(f, "{}:{}", self.level, self.code)
        }
    }
}

impl FromStr for Owner {
    type Err = KeyNameError;
    fn from_str(s: &str) -> Result<Self, Self::Err> {
        let (level, code) = s.split_once(':').unwrap_or((s, ""));
        let code_good = code.len() <= 20 && code.bytes().all(|b| b.is_ascii_digit() || (b'A'..=b'F').contains(&b));
        if !code_good || (s.contains(':') && code.is_empty()) {
            return Err(KeyNameError(s.to_owned()));
        }
        Ok(Self {
            level: level.parse().map_err(|_| KeyNameError(s.to_owned()))?,
            code: code.to_owned(),
        })
    }
}

/// A key's name. Two keys never share one within a store.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct KeyId {
    /// What it is for.
    pub usage: Usage,
    /// Version, 1 to 255; cards and PSAMs carry it in one byte.
    pub version: u8,
    /// Its cipher.
    pub algorithm: Algorithm,
    /// Whose it is.
    pub owner: Owner,
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.v{}.{}@{}", self.usage, self.version, self.algorithm, self.owner)
    }
}

impl FromStr for KeyId {
    type Err = KeyNameError;
    fn from_str(s: &str) -> Result<Self, Self::Err> {
        let parse = || {
            let (name, owner) = s.split_once('@')?;
            let mut parts = name.split('.');
            let (usage, version, algorithm) = (parts.next()?, parts.next()?.strip_prefix('v')?, parts.next()?);
            let version = version.parse().ok().filter(|v| *v > 0)?;
            if parts.next().is_some() {
                return None;
            }
            let (usage, owner) = (usage.parse().ok()?, owner.parse().ok()?);
            Some(Self {
                usage,
                version,
                algorithm: algorithm.parse().ok()?,
                owner,
            })
        };
        parse().ok_or_else(|| KeyNameError(s.to_owned()))
    }
}

macro_rules! as_text {
    ($($name:ident),*) => { $(
        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
                s.collect_str(self)
            }
        }
        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
                String::deserialize(d)?.parse().map_err(serde::de::Error::custom)
            }
        }
    )* };
}
as_text!(Owner, KeyId);

/// The life of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum KeyState {
    /// Made, not yet allowed to work.
    PreActive,
    /// In use.
    Active,
    /// Still verifies and unloads what it once served; writes no new card.
    Retired,
    /// Its value is gone; the facts stay.
    Destroyed,
    /// Known or feared to be known; does nothing any more.
    Compromised,
}

impl KeyState {
    /// All of them, in the order of a life.
    pub const ALL: [Self; 5] = [
        Self::PreActive,
        Self::Active,
        Self::Retired,
        Self::Destroyed,
        Self::Compromised,
    ];

    /// As files and messages have it.
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

impl fmt::Display for KeyState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// What is no state of a key.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{0:?} is no state of a key: pre-active, active, retired, destroyed, compromised")]
pub struct KeyStateError(pub String);

impl FromStr for KeyState {
    type Err = KeyStateError;
    fn from_str(s: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|state| state.as_str() == s)
            .ok_or_else(|| KeyStateError(s.to_owned()))
    }
}

/// Where a key came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Origin {
    /// Made here from the random source.
    Generated,
    /// Combined here from components.
    Components,
    /// Came from another site.
    Imported,
    /// Diversified here from a key of the level above.
    Derived,
}

/// Everything public about a stored key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyRecord {
    /// Its name.
    pub id: KeyId,
    /// Its check value, at the site's length.
    pub kcv: Kcv,
    /// Its state.
    pub state: KeyState,
    /// Where it came from.
    pub origin: Origin,
    /// When it came into the store, RFC 3339 in UTC.
    pub since: String,
    /// How far it may travel on; left out where nothing limits it.
    #[serde(
        default = "Exportability::unlimited",
        skip_serializing_if = "Exportability::is_unlimited"
    )]
    pub exportability: Exportability,
}

/// A key that need not be stored: a stored key and the factors that lead down from it, highest authority first.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyPath {
    /// The stored key.
    pub key: KeyId,
    /// The way down; empty for the stored key itself.
    pub factors: Vec<Factor>,
}

impl fmt::Display for KeyPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.key)?;
        self.factors.iter().try_for_each(|factor| write!(f, "/{factor}"))
    }
}

/// A key as one card or PSAM holds it for its own use: the only kind that may authenticate, compute MACs or wrap.
///
/// A key above the card level answers nothing but its check value and its own wrapped transport into a PSAM; otherwise an
/// encryption under it would give away a child key. `Scheme::card_key` makes these.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
#[serde(transparent)]
pub struct CardKey(KeyPath);

impl CardKey {
    /// For the scheme, which knows that the path ends at the card level (or that the usage is never diversified).
    #[allow(dead_code)] // used by the scheme
    pub(in crate::keys) fn new(path: KeyPath) -> Self {
        Self(path)
    }

    /// The path.
    pub fn path(&self) -> &KeyPath {
        &self.0
    }
}

impl fmt::Display for CardKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_read_back() {
        for name in [
            "purchase.v1.3des@ministry",
            "load.v12.sm4@city:3100",
            "app-control.v255.3des@issuer:01990000FFFFFFFF",
        ] {
            assert_eq!(name.parse::<KeyId>().unwrap().to_string(), name);
        }
    }

    #[test]
    fn other_texts_are_no_names() {
        for name in [
            "",
            "purchase",
            "purchase.v0.3des@x",
            "purchase.v256.3des@x",
            "a.v1.des@x",
            "a.v1.3des@",
            "a.v1.3des@x:",
            "a.v1.3des.z@x",
            "A.v1.3des@x",
            "a.v1.3des@x:3g",
        ] {
            assert!(name.parse::<KeyId>().is_err(), "{name}");
        }
    }
}
