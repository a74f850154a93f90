// SPDX-License-Identifier: Apache-2.0
//! The two block ciphers of the card systems. A key belongs to one of them for good; nothing here guesses it from a length.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::error::{Exit, Fault};
use crate::i18n::Msg;
use crate::msg;

/// A block cipher with 16-byte keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Algorithm {
    /// Two-key triple DES in EDE order (JR/T 0025.1-2010 8.4.1). A single-length DES key K is `K‖K` here.
    #[serde(rename = "3des")]
    Tdes,
    /// SM4 (GB/T 32907-2016).
    #[serde(rename = "sm4")]
    Sm4,
}

impl Algorithm {
    /// Block length in bytes: 8 or 16.
    pub const fn block(self) -> usize {
        match self {
            Self::Tdes => 8,
            Self::Sm4 => 16,
        }
    }
}

impl fmt::Display for Algorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Tdes => "3des",
            Self::Sm4 => "sm4",
        })
    }
}

/// A name that is neither `3des` nor `sm4`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnknownAlgorithm;

impl FromStr for Algorithm {
    type Err = UnknownAlgorithm;
    fn from_str(name: &str) -> Result<Self, UnknownAlgorithm> {
        match name {
            "3des" => Ok(Self::Tdes),
            "sm4" => Ok(Self::Sm4),
            _ => Err(UnknownAlgorithm),
        }
    }
}

impl Fault for UnknownAlgorithm {
    fn msg(&self) -> Msg {
        msg!("crypto-unknown-algorithm")
    }
    fn exit(&self) -> Exit {
        Exit::Usage
    }
}
crate::display_as_english!(UnknownAlgorithm);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_read_back() {
        for alg in [Algorithm::Tdes, Algorithm::Sm4] {
            assert_eq!(alg.to_string().parse(), Ok(alg));
            assert_eq!(serde_json::to_string(&alg).unwrap(), format!("\"{alg}\""));
        }
        assert_eq!("3DES".parse::<Algorithm>(), Err(UnknownAlgorithm));
    }
}
