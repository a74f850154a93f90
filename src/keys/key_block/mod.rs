// SPDX-License-Identifier: Apache-2.0
//! What the header of a key block says of a key of a scheme, both ways (docs/formats/key-block.md).
//!
//! The standard's usages are coarser than a scheme's: several of ours share one code. So the key's full name travels in the
//! label block, under the MAC, with the scheme and the site's nature; code, algorithm and version must fit it. A block
//! without our label says nothing about which key it is: then the officers name it, and what the header says must fit.

mod label;
mod usage_code;

pub use label::BlockLabel;
pub use usage_code::{UsageRow, row};

use super::id::KeyId;
use crate::crypto::Algorithm;
use crate::crypto::key_block::{AlgorithmCode, Exportability, Header, KeyAttributes, KeyVersion, ModeOfUse, UsageCode};
use crate::error::{Exit, Fault};
use crate::i18n::Msg;
use crate::msg;

/// Why a header does not fit the key that it is to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HeaderMismatch {
    /// The usage code is another one.
    Usage {
        /// The key.
        key: Box<KeyId>,
        /// The codes that fit.
        expected: String,
        /// The code in the header.
        found: UsageCode,
    },
    /// The mode of use is another one.
    Mode {
        /// The key.
        key: Box<KeyId>,
        /// The modes that fit.
        expected: String,
        /// The mode in the header.
        found: ModeOfUse,
    },
    /// The algorithm is another one.
    Algorithm {
        /// The key.
        key: Box<KeyId>,
        /// The code in the header.
        found: AlgorithmCode,
    },
    /// The version is another one.
    Version {
        /// The key.
        key: Box<KeyId>,
        /// The version in the header.
        found: KeyVersion,
    },
}

/// What the header says of a key: its attributes when it is wrapped.
pub fn attributes(label: &BlockLabel, exportability: Exportability, time: String) -> KeyAttributes {
    let row = usage_code::row(&label.key.usage);
    KeyAttributes {
        usage: UsageCode::of(row.code),
        mode: row.mode,
        key_version: KeyVersion::Number(label.key.version),
        exportability,
        label: Some(label.to_string()),
        time: Some(time),
    }
}

/// Whether a header can be this key's. Ours are held to exactly what we write; another sender's (`foreign`) may lack the
/// version, say `N` for the mode, and use the codes that the table has for others' derivation keys.
pub fn check_header(header: &Header, key: &KeyId, foreign: bool) -> Result<(), HeaderMismatch> {
    let row = usage_code::row(&key.usage);
    let named = || Box::new(key.clone());
    let codes = if foreign { row.accepted() } else { vec![row.code] };
    if !codes.iter().any(|code| UsageCode::of(*code) == header.usage) {
        let expected: Vec<String> = codes.iter().map(|code| UsageCode::of(*code).to_string()).collect();
        return Err(HeaderMismatch::Usage {
            key: named(),
            expected: expected.join(", "),
            found: header.usage,
        });
    }
    let modes = if foreign {
        vec![row.mode, ModeOfUse::Any]
    } else {
        vec![row.mode]
    };
    if !modes.contains(&header.mode) {
        let expected: Vec<String> = modes.iter().map(|mode| mode.letter().to_string()).collect();
        return Err(HeaderMismatch::Mode {
            key: named(),
            expected: expected.join(", "),
            found: header.mode,
        });
    }
    let algorithm = match key.algorithm {
        Algorithm::Tdes => AlgorithmCode::Tdes,
        Algorithm::Sm4 => AlgorithmCode::Sm4,
    };
    if header.algorithm != algorithm {
        let found = header.algorithm;
        return Err(HeaderMismatch::Algorithm { key: named(), found });
    }
    match header.key_version {
        KeyVersion::Number(number) if number == key.version => Ok(()),
        KeyVersion::None if foreign => Ok(()),
        found => Err(HeaderMismatch::Version { key: named(), found }),
    }
}

impl Fault for HeaderMismatch {
    fn msg(&self) -> Msg {
        match self {
            Self::Usage { key, expected, found } => {
                msg!("block-key-usage", key = key, expected = expected, found = found)
            }
            Self::Mode { key, expected, found } => {
                msg!("block-key-mode", key = key, expected = expected, found = found.letter())
            }
            Self::Algorithm { key, found } => msg!("block-key-algorithm", key = key, found = found.letter()),
            Self::Version { key, found } => msg!("block-key-version", key = key, found = found),
        }
    }
    fn exit(&self) -> Exit {
        Exit::Check
    }
}
crate::display_as_english!(HeaderMismatch);

#[cfg(test)]
mod tests;
