// SPDX-License-Identifier: Apache-2.0
//! Bytes as the card file writes them: upper-case hex. Key values have a type of their own that is never printed and is
//! wiped on drop; in the card file they stand in clear, because that file is the chip.

use std::fmt;
use std::ops::{Deref, DerefMut};

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use zeroize::Zeroize;

/// Bytes, written as hex.
#[derive(Clone, PartialEq, Eq, Default)]
pub(super) struct HexBytes(pub(super) Vec<u8>);

impl Deref for HexBytes {
    type Target = Vec<u8>;
    fn deref(&self) -> &Vec<u8> {
        &self.0
    }
}

impl DerefMut for HexBytes {
    fn deref_mut(&mut self) -> &mut Vec<u8> {
        &mut self.0
    }
}

impl fmt::Debug for HexBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode_upper(&self.0))
    }
}

impl Serialize for HexBytes {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(&hex::encode_upper(&self.0))
    }
}

impl<'de> Deserialize<'de> for HexBytes {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let text = String::deserialize(d)?;
        hex::decode(&text).map(Self).map_err(serde::de::Error::custom)
    }
}

/// The value of a key or PIN inside the chip.
#[derive(Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct KeyBytes(HexBytes);

impl KeyBytes {
    /// Takes the value over.
    pub(super) fn new(value: &[u8]) -> Self {
        Self(HexBytes(value.to_vec()))
    }
}

impl Deref for KeyBytes {
    type Target = [u8];
    fn deref(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for KeyBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyBytes({} bytes)", self.0.len())
    }
}

impl Drop for KeyBytes {
    fn drop(&mut self) {
        self.0.0.zeroize();
    }
}

/// A 16-bit value as four hex digits (file identifiers, status words).
pub(super) mod hex16 {
    use serde::{Deserialize, Deserializer, Serializer};

    #[allow(clippy::trivially_copy_pass_by_ref)] // serde's signature
    pub(in crate::sim) fn serialize<S: Serializer>(value: &u16, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(&format!("{value:04X}"))
    }

    pub(in crate::sim) fn deserialize<'de, D: Deserializer<'de>>(d: D) -> Result<u16, D::Error> {
        let text = String::deserialize(d)?;
        u16::from_str_radix(&text, 16).map_err(serde::de::Error::custom)
    }
}

/// An 8-bit value as two hex digits (access bytes, key types).
pub(super) mod hex8 {
    use serde::{Deserialize, Deserializer, Serializer};

    #[allow(clippy::trivially_copy_pass_by_ref)] // serde's signature
    pub(in crate::sim) fn serialize<S: Serializer>(value: &u8, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(&format!("{value:02X}"))
    }

    pub(in crate::sim) fn deserialize<'de, D: Deserializer<'de>>(d: D) -> Result<u8, D::Error> {
        let text = String::deserialize(d)?;
        u8::from_str_radix(&text, 16).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn key_values_are_not_printed() {
        let shown = format!("{:?}", KeyBytes::new(&[0xAB; 16])).to_lowercase();
        assert!(!shown.contains("ab") && shown.contains("16 bytes"), "{shown}");
    }
}
