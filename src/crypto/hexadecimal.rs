// SPDX-License-Identifier: Apache-2.0
//! Hexadecimal text of a known length. Errors give places and lengths, never what was typed: it may have been a key.

use crate::error::{Exit, Fault};
use crate::i18n::Msg;
use crate::msg;

/// Why a text is not the hexadecimal form of what was expected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HexError {
    /// Another number of digits than the value has.
    Length {
        /// Digits that the value has.
        expected: usize,
        /// Digits that were given.
        got: usize,
    },
    /// A character that is no hexadecimal digit; counted from 1.
    Digit {
        /// Which character of the text.
        position: usize,
    },
}

impl Fault for HexError {
    fn msg(&self) -> Msg {
        match self {
            Self::Length { expected, got } => msg!("crypto-hex-length", expected = expected, got = got),
            Self::Digit { position } => msg!("crypto-hex-digit", position = position),
        }
    }
    fn exit(&self) -> Exit {
        Exit::Usage
    }
}
crate::display_as_english!(HexError);

/// Reads exactly `place.len()` bytes; both cases are accepted, nothing may stand between the digits.
pub fn decode_into(text: &str, place: &mut [u8]) -> Result<(), HexError> {
    let digits = text.as_bytes();
    if let Some(at) = digits.iter().position(|d| !d.is_ascii_hexdigit()) {
        let position = text.char_indices().take_while(|(i, _)| *i < at).count() + 1;
        return Err(HexError::Digit { position });
    }
    let (expected, got) = (place.len() * 2, digits.len());
    hex::decode_to_slice(digits, place).map_err(|_| HexError::Length { expected, got })
}

/// Reads a value of `N` bytes.
pub fn decode<const N: usize>(text: &str) -> Result<[u8; N], HexError> {
    let mut value = [0; N];
    decode_into(text, &mut value).map(|()| value)
}

/// Gives a type around bytes its hexadecimal text form (upper case): `Display`, `FromStr` and serde as a string.
macro_rules! hex_text {
    ($type:ty, $len:literal) => {
        impl std::fmt::Display for $type {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(&hex::encode_upper(self.0))
            }
        }
        impl std::fmt::Debug for $type {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write!(f, "{}({self})", stringify!($type))
            }
        }
        impl std::str::FromStr for $type {
            type Err = $crate::crypto::hexadecimal::HexError;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                $crate::crypto::hexadecimal::decode::<$len>(text).map(Self)
            }
        }
        impl serde::Serialize for $type {
            fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                to.collect_str(self)
            }
        }
        impl<'de> serde::Deserialize<'de> for $type {
            fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<'de, str>::deserialize(from)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}
pub(crate) use hex_text;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_name_the_place_and_never_the_content() {
        assert_eq!(decode::<2>("0aB1"), Ok([0x0A, 0xB1]));
        assert_eq!(decode::<2>("0aB"), Err(HexError::Length { expected: 4, got: 3 }));
        assert_eq!(decode::<2>(""), Err(HexError::Length { expected: 4, got: 0 }));
        assert_eq!(decode::<2>("0aX1"), Err(HexError::Digit { position: 3 }));
        assert_eq!(decode::<2>("密a密1"), Err(HexError::Digit { position: 1 }));
        assert_eq!(decode::<2>("0密"), Err(HexError::Digit { position: 2 }));
        let shown = decode::<2>("0aX1").unwrap_err().to_string();
        assert!(shown.contains('3') && !shown.contains("0aX1"), "{shown}");
    }
}
