// SPDX-License-Identifier: Apache-2.0
//! The answer to reset, kept as bytes, with the few facts that issuing needs from it.

use std::fmt;

/// An answer to reset (or what a contactless reader builds from the ATS).
#[derive(Clone, PartialEq, Eq)]
pub struct Atr(Vec<u8>);

impl Atr {
    /// Takes the bytes as the reader gives them; they are shown and recorded, not trusted.
    pub fn new(bytes: &[u8]) -> Self {
        Self(bytes.to_vec())
    }

    /// The bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The historical bytes (ISO/IEC 7816-3 §8.2): what the card maker says about the chip. Empty when the ATR is malformed.
    pub fn historical(&self) -> &[u8] {
        let Some(&t0) = self.0.get(1) else { return &[] };
        let (mut at, mut y) = (2usize, t0 >> 4);
        loop {
            at += (y & 0x07).count_ones() as usize;
            if y & 0x08 == 0 {
                break;
            }
            let Some(&td) = self.0.get(at) else { return &[] };
            y = td >> 4;
            at += 1;
        }
        self.0.get(at..at + usize::from(t0 & 0x0F)).unwrap_or(&[])
    }
}

impl fmt::Display for Atr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode_upper(&self.0))
    }
}

impl fmt::Debug for Atr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn historical_bytes_of_known_psams() {
        let psam = Atr::new(&hex::decode("3B69000050534D5F4D4330536B").unwrap());
        assert_eq!(psam.historical(), b"PSM_MC0Sk");
        assert_eq!(Atr::new(&hex::decode("3B80800101").unwrap()).historical(), b"");
        assert_eq!(Atr::new(&[0x3B]).historical(), b"");
        assert_eq!(Atr::new(&[0x3B, 0xFF, 0x11]).historical(), b"");
    }
}
