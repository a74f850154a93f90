// SPDX-License-Identifier: Apache-2.0
//! SHA-256 values of the ledger: leaves and nodes of the tree (RFC 6962 §2.1), digests of files and scripts.
//!
//! Written as 64 lower-case hex digits wherever a ledger entry holds one.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::field::FieldFault;
use crate::crypto::digest::{Digest, sha256};

/// A SHA-256 value.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Hash(pub [u8; 32]);

impl Hash {
    /// The digest of these bytes, taken together.
    pub fn of(parts: &[&[u8]]) -> Self {
        Self(sha256(parts))
    }

    /// The hash of a leaf: SHA-256(0x00 ‖ entry).
    pub fn leaf(entry: &[u8]) -> Self {
        Self::of(&[&[0], entry])
    }

    /// The hash of an inner node: SHA-256(0x01 ‖ left ‖ right).
    pub fn node(left: &Self, right: &Self) -> Self {
        Self::of(&[&[1], &left.0, &right.0])
    }

    /// The root of the empty tree: SHA-256 of nothing.
    pub fn empty() -> Self {
        Self::of(&[])
    }

    /// From a database column; `None` where it does not have 32 bytes.
    pub(super) fn from_slice(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }
}

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Hash({self})")
    }
}

impl FromStr for Hash {
    type Err = FieldFault;
    fn from_str(s: &str) -> Result<Self, FieldFault> {
        let mut bytes = [0; 32];
        let lower = s.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
        if !lower || hex::decode_to_slice(s, &mut bytes).is_err() {
            return Err(FieldFault::new("digest", s));
        }
        Ok(Self(bytes))
    }
}

impl TryFrom<String> for Hash {
    type Error = FieldFault;
    fn try_from(s: String) -> Result<Self, FieldFault> {
        s.parse()
    }
}

impl From<Hash> for String {
    fn from(hash: Hash) -> Self {
        hash.to_string()
    }
}

impl From<Digest> for Hash {
    fn from(digest: Digest) -> Self {
        Self(digest.0)
    }
}

impl From<[u8; 32]> for Hash {
    fn from(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }
}
