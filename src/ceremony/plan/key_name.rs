// SPDX-License-Identifier: Apache-2.0
//! A key as a plan names it: `load.v1.3des`, the owner being the site that runs the plan; or with an owner below the site,
//! `purchase.v1.sm4@city:3100`.

use std::fmt;
use std::str::FromStr;

use crate::crypto::Algorithm;
use crate::keys::{KeyId, Owner, Usage};

/// Usage, version and algorithm, and the owner where that is not the site itself.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PlannedKey {
    /// What it is for.
    pub usage: Usage,
    /// Version, from 1.
    pub version: u8,
    /// Cipher.
    pub algorithm: Algorithm,
    /// Whose it is; `None`: the site's.
    pub owner: Option<Owner>,
}

/// A text that names no key of a plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NoPlannedKey;

impl PlannedKey {
    /// Its name at a site.
    pub fn at(&self, site: &Owner) -> KeyId {
        KeyId {
            usage: self.usage.clone(),
            version: self.version,
            algorithm: self.algorithm,
            owner: self.owner.clone().unwrap_or_else(|| site.clone()),
        }
    }

    /// The same key in another version.
    #[must_use]
    pub fn in_version(&self, version: u8) -> Self {
        Self {
            version,
            ..self.clone()
        }
    }

    /// The same key of another owner.
    #[must_use]
    pub fn of(&self, owner: &Owner) -> Self {
        Self {
            owner: Some(owner.clone()),
            ..self.clone()
        }
    }
}

impl fmt::Display for PlannedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.v{}.{}", self.usage, self.version, self.algorithm)?;
        self.owner.iter().try_for_each(|owner| write!(f, "@{owner}"))
    }
}

impl FromStr for PlannedKey {
    type Err = NoPlannedKey;
    fn from_str(text: &str) -> Result<Self, NoPlannedKey> {
        // The owner of a name without one is a placeholder that is taken off again.
        let full = if text.contains('@') {
            text.to_owned()
        } else {
            format!("{text}@site")
        };
        let id: KeyId = full.parse().map_err(|_| NoPlannedKey)?;
        Ok(Self {
            usage: id.usage,
            version: id.version,
            algorithm: id.algorithm,
            owner: text.contains('@').then_some(id.owner),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_read_back_and_find_their_owner() {
        for name in ["load.v1.3des", "purchase.v65.sm4@city:3100"] {
            assert_eq!(name.parse::<PlannedKey>().unwrap().to_string(), name);
        }
        let site: Owner = "city:3100".parse().unwrap();
        let load: PlannedKey = "load.v1.3des".parse().unwrap();
        assert_eq!(load.at(&site).to_string(), "load.v1.3des@city:3100");
        assert_eq!(load.in_version(2).to_string(), "load.v2.3des");
        let other: PlannedKey = "load.v1.3des@city:2000".parse().unwrap();
        assert_eq!(other.at(&site).to_string(), "load.v1.3des@city:2000");
        for text in [
            "",
            "load",
            "load.v0.3des",
            "load.v1.des",
            "load.v1.3des@",
            "load.v1.3des.x",
        ] {
            assert!(text.parse::<PlannedKey>().is_err(), "{text}");
        }
    }
}
