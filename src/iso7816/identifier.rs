// SPDX-License-Identifier: Apache-2.0
//! File identifiers (two bytes), short identifiers (five bits), application names (5 to 16 bytes).

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

/// Why a text is no identifier.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum IdentifierError {
    /// Not four hex digits.
    #[error("a file identifier is 4 hex digits, not {0:?}")]
    FileId(String),
    /// Outside 01 to 1E.
    #[error("a short file identifier is 1 to 30 (01 to 1E), not {0}")]
    Sfi(u8),
    /// Not 5 to 16 bytes of hex.
    #[error("an application name is 5 to 16 bytes in hex, not {0:?}")]
    Aid(String),
}

/// A two-byte file identifier.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FileId(pub u16);

impl FileId {
    /// The master file.
    pub const MF: Self = Self(0x3F00);

    /// Wire order.
    pub const fn to_bytes(self) -> [u8; 2] {
        self.0.to_be_bytes()
    }
}

impl FromStr for FileId {
    type Err = IdentifierError;
    fn from_str(s: &str) -> Result<Self, Self::Err> {
        let value = (s.len() == 4).then(|| u16::from_str_radix(s, 16).ok()).flatten();
        value.map(Self).ok_or_else(|| IdentifierError::FileId(s.into()))
    }
}

impl fmt::Display for FileId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04X}", self.0)
    }
}

impl fmt::Debug for FileId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

/// A short file identifier, 1 to 30.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Sfi(u8);

impl Sfi {
    /// Checks the range.
    pub fn new(n: u8) -> Result<Self, IdentifierError> {
        if (1..=30).contains(&n) {
            Ok(Self(n))
        } else {
            Err(IdentifierError::Sfi(n))
        }
    }

    /// The five bits.
    pub const fn value(self) -> u8 {
        self.0
    }
}

/// An application name (AID), 5 to 16 bytes.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Aid(Vec<u8>);

impl Aid {
    /// Checks the length.
    pub fn new(bytes: &[u8]) -> Result<Self, IdentifierError> {
        if (5..=16).contains(&bytes.len()) {
            Ok(Self(bytes.to_vec()))
        } else {
            Err(IdentifierError::Aid(hex::encode_upper(bytes)))
        }
    }

    /// The bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl FromStr for Aid {
    type Err = IdentifierError;
    fn from_str(s: &str) -> Result<Self, Self::Err> {
        let bytes = hex::decode(s).map_err(|_| IdentifierError::Aid(s.into()))?;
        Self::new(&bytes).map_err(|_| IdentifierError::Aid(s.into()))
    }
}

impl fmt::Display for Aid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode_upper(&self.0))
    }
}

impl fmt::Debug for Aid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits() {
        assert_eq!("3F00".parse::<FileId>().unwrap(), FileId::MF);
        assert!("3F0".parse::<FileId>().is_err() && "+F00".len() == 4);
        assert!("A0000000".parse::<Aid>().is_err());
        assert_eq!(
            "a00000000386980701".parse::<Aid>().unwrap().to_string(),
            "A00000000386980701"
        );
        assert!(Sfi::new(0).is_err() && Sfi::new(31).is_err() && Sfi::new(30).is_ok());
    }
}
