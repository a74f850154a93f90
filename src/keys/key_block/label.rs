// SPDX-License-Identifier: Apache-2.0
//! The label of our key blocks: `cardmint 1 production mohurd purchase.v1.3des@city:3100`: the program, the edition of the
//! label, the site's nature, the scheme, the key. Words with single blanks between them, since other programs use the
//! punctuation marks for their own fields.

use std::fmt;

use crate::keys::id::KeyId;

const PROGRAM: &str = "cardmint";
const EDITION: &str = "1";
const REHEARSAL: &str = "rehearsal";
const PRODUCTION: &str = "production";

/// What a label says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BlockLabel {
    /// Whether the key is of a rehearsal.
    pub rehearsal: bool,
    /// The scheme's name.
    pub scheme: String,
    /// The key, as its receiver has it.
    pub key: KeyId,
}

impl BlockLabel {
    /// Reads a label; `None` for everything that this program did not write. What begins with its name and goes on
    /// differently is an edition that it does not know, and none of its own either.
    pub fn parse(text: &str) -> Option<Self> {
        let words: Vec<&str> = text.split(' ').collect();
        let [PROGRAM, EDITION, nature, scheme, key] = words[..] else {
            return None;
        };
        let label = Self {
            rehearsal: match nature {
                REHEARSAL => true,
                PRODUCTION => false,
                _ => return None,
            },
            scheme: scheme.to_owned(),
            key: key.parse().ok()?,
        };
        (label.to_string() == text && !scheme.is_empty()).then_some(label)
    }

    /// Whether a label claims to be this program's, in whatever edition.
    pub fn claims(text: &str) -> bool {
        text.split(' ').next() == Some(PROGRAM)
    }
}

impl fmt::Display for BlockLabel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let nature = if self.rehearsal { REHEARSAL } else { PRODUCTION };
        write!(f, "{PROGRAM} {EDITION} {nature} {} {}", self.scheme, self.key)
    }
}
