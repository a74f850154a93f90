// SPDX-License-Identifier: Apache-2.0
//! Key check values: the leftmost bytes of the encryption of a zero block.
//!
//! No standard of the card systems fixes how one is computed; this is the practice of GlobalPlatform and of banking, three
//! bytes long unless a site says otherwise (3 to 8).

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::cipher::Schedule;
use super::{Algorithm, HexError, KeyMaterial, hexadecimal};
use crate::error::{Exit, Fault};
use crate::i18n::Msg;
use crate::msg;

/// How many bytes a check value has: 3 to 8, by default 3.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "u8", into = "u8")]
pub struct KcvLength(u8);

impl KcvLength {
    /// The length in bytes.
    pub fn bytes(self) -> usize {
        self.0.into()
    }
}

impl Default for KcvLength {
    fn default() -> Self {
        Self(3)
    }
}

impl TryFrom<u8> for KcvLength {
    type Error = KcvError;
    fn try_from(bytes: u8) -> Result<Self, KcvError> {
        match bytes {
            3..=8 => Ok(Self(bytes)),
            _ => Err(KcvError::Length { bytes: bytes.into() }),
        }
    }
}

impl From<KcvLength> for u8 {
    fn from(length: KcvLength) -> Self {
        length.0
    }
}

/// A key check value of 3 to 8 bytes. No secret: it is shown, logged and compared freely.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Kcv {
    // Bytes behind the length are zero, so that the derived comparisons hold.
    bytes: [u8; 8],
    length: u8,
}

/// A check value that cannot be one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KcvError {
    /// Shorter than 3 or longer than 8 bytes.
    Length {
        /// The number of bytes that was given.
        bytes: usize,
    },
    /// No hexadecimal text.
    Hex(HexError),
}

impl Kcv {
    /// The bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes[..self.length.into()]
    }

    /// Whether two check values of the same key can be these, where the other centre uses another length: the shorter one
    /// begins the longer one. At least 3 bytes are compared.
    pub fn agrees_with(&self, other: &Self) -> bool {
        let (a, b) = (self.as_bytes(), other.as_bytes());
        let shared = a.len().min(b.len());
        a[..shared] == b[..shared]
    }

    /// From 3 to 8 bytes.
    pub(in crate::crypto) fn from_bytes(bytes: &[u8]) -> Result<Self, KcvError> {
        let length = u8::try_from(bytes.len()).unwrap_or(u8::MAX);
        KcvLength::try_from(length).map_err(|_| KcvError::Length { bytes: bytes.len() })?;
        let mut place = [0; 8];
        place[..bytes.len()].copy_from_slice(bytes);
        Ok(Self { bytes: place, length })
    }
}

/// The check value of a key.
pub fn kcv(alg: Algorithm, key: &KeyMaterial, length: KcvLength) -> Kcv {
    raw_kcv(alg, key.expose(), length)
}

/// [`kcv`] over plain bytes.
pub(crate) fn raw_kcv(alg: Algorithm, key: &[u8; 16], length: KcvLength) -> Kcv {
    let mut block = [0; 16];
    Schedule::new(alg, key).encrypt(&mut block[..alg.block()]);
    let mut bytes = [0; 8];
    bytes[..length.bytes()].copy_from_slice(&block[..length.bytes()]);
    Kcv {
        bytes,
        length: length.0,
    }
}

impl fmt::Display for Kcv {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&hex::encode_upper(self.as_bytes()))
    }
}

impl fmt::Debug for Kcv {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Kcv({self})")
    }
}

impl FromStr for Kcv {
    type Err = KcvError;
    fn from_str(text: &str) -> Result<Self, KcvError> {
        let mut place = [0; 8];
        let bytes = text.len() / 2;
        if !(6..=16).contains(&text.len()) {
            return Err(KcvError::Length { bytes });
        }
        hexadecimal::decode_into(text, &mut place[..bytes]).map_err(KcvError::Hex)?;
        Self::from_bytes(&place[..bytes])
    }
}

impl Serialize for Kcv {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Kcv {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(from)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

impl Fault for KcvError {
    fn msg(&self) -> Msg {
        match self {
            Self::Length { bytes } => msg!("crypto-kcv-length", got = bytes),
            Self::Hex(e) => e.msg(),
        }
    }
    fn exit(&self) -> Exit {
        Exit::Usage
    }
}
crate::display_as_english!(KcvError);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_form_reads_back_and_is_checked() {
        for text in ["8BAF47", "8BAF4711", "0123456789ABCDEF"] {
            let value: Kcv = text.parse().unwrap();
            assert_eq!(value.to_string(), text);
            let json = serde_json::to_string(&value).unwrap();
            assert_eq!(serde_json::from_str::<Kcv>(&json).unwrap(), value);
        }
        assert_eq!("8baf47".parse::<Kcv>(), "8BAF47".parse());
        assert_eq!("8BAF".parse::<Kcv>(), Err(KcvError::Length { bytes: 2 }));
        assert_eq!("0123456789ABCDEF01".parse::<Kcv>(), Err(KcvError::Length { bytes: 9 }));
        assert_eq!(
            "8BAF4X".parse::<Kcv>(),
            Err(KcvError::Hex(HexError::Digit { position: 6 }))
        );
        assert!("8BAF471".parse::<Kcv>().is_err());
    }

    #[test]
    fn lengths_outside_3_to_8_do_not_exist() {
        assert!(KcvLength::try_from(2).is_err() && KcvLength::try_from(9).is_err());
        assert_eq!(KcvLength::default().bytes(), 3);
    }

    #[test]
    fn different_lengths_of_one_key_agree() {
        let key = KeyMaterial::init_with(|k| k.fill(0x40));
        let of = |len| kcv(Algorithm::Tdes, &key, KcvLength::try_from(len).unwrap());
        assert!(of(3).agrees_with(&of(8)) && of(8).agrees_with(&of(4)));
        assert_ne!(of(3), of(4));
        let other: Kcv = "000000".parse().unwrap();
        assert!(!other.agrees_with(&of(3)));
    }
}
