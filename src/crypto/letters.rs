// SPDX-License-Identifier: Apache-2.0
//! Letters that tell holders their PINs (PIN mailers): rows of CSV that exist in memory which is wiped, and in a file sealed to
//! the one officer who prints them. What they say is never shown by `Debug` and never leaves this module but by `write`.

use std::fmt;
use std::io::{self, Write};

use zeroize::Zeroizing;

use super::SecretBytes;
use super::seal::{BoxError, BoxKey, SealError, open_with, seal_to};
use crate::outside::Random;

/// The first piece of memory; it doubles.
const PIECE: usize = 1 << 16;

/// Rows of CSV with a PIN in each.
pub struct Letters {
    text: Zeroizing<Vec<u8>>,
}

impl Letters {
    /// With headings.
    pub fn new<'a>(headings: impl Iterator<Item = &'a str>) -> Self {
        let text = Zeroizing::new(Vec::with_capacity(PIECE));
        let mut letters = Self { text };
        letters.cells(headings.map(str::as_bytes));
        letters
    }

    /// One more letter: what stands in it, and the PIN last.
    pub fn add<'a>(&mut self, fields: impl Iterator<Item = &'a str>, pin: &'a SecretBytes) {
        self.cells(fields.map(str::as_bytes).chain([pin.expose()]));
    }

    fn cells<'a>(&mut self, cells: impl Iterator<Item = &'a [u8]>) {
        for (at, cell) in cells.enumerate() {
            if at > 0 {
                self.put(b',');
            }
            self.put(b'"');
            for byte in cell {
                if *byte == b'"' {
                    self.put(b'"');
                }
                self.put(*byte);
            }
            self.put(b'"');
        }
        self.put(b'\r');
        self.put(b'\n');
    }

    /// Memory that has grown too small is wiped, which a vector that grows by itself does not do.
    fn put(&mut self, byte: u8) {
        if self.text.len() == self.text.capacity() {
            let mut larger = Zeroizing::new(Vec::with_capacity(self.text.capacity() * 2));
            larger.extend_from_slice(&self.text);
            self.text = larger;
        }
        self.text.push(byte);
    }

    /// Seals them: only the holder of the private key opens them. `place` says what they belong to.
    pub fn seal(mut self, public: &[u8; 32], random: &mut dyn Random, place: &[u8]) -> Result<Vec<u8>, BoxError> {
        let text = SecretBytes::new(std::mem::take(&mut *self.text));
        seal_to(public, random, place, &text)
    }

    /// Opens what was sealed.
    pub fn open(private: &BoxKey, place: &[u8], sealed: &[u8]) -> Result<Self, SealError> {
        let text = open_with(private, place, sealed)?;
        Ok(Self {
            text: Zeroizing::new(text.expose().to_vec()),
        })
    }

    /// Writes them in plain, for the printer.
    pub fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        out.write_all(&self.text)
    }
}

impl fmt::Debug for Letters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Letters(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outside::SystemRandom;

    #[test]
    fn letters_open_for_their_reader_at_their_place_only() {
        let (reader, other) = (
            BoxKey::generate(&mut SystemRandom).unwrap(),
            BoxKey::generate(&mut SystemRandom).unwrap(),
        );
        let mut letters = Letters::new(["number", "PIN"].into_iter());
        for n in 0..10_000 {
            let number = format!("{n}");
            letters.add([number.as_str()].into_iter(), &SecretBytes::new(b"12\"34".to_vec()));
        }
        assert_eq!(format!("{letters:?}"), "Letters(..)");
        let sealed = letters.seal(&reader.public(), &mut SystemRandom, b"place").unwrap();
        assert!(!sealed.windows(4).any(|w| w == b"12\"\""));
        assert_eq!(Letters::open(&other, b"place", &sealed).unwrap_err(), SealError::Broken);
        assert_eq!(
            Letters::open(&reader, b"other", &sealed).unwrap_err(),
            SealError::Broken
        );
        let mut plain = Vec::new();
        Letters::open(&reader, b"place", &sealed)
            .unwrap()
            .write(&mut plain)
            .unwrap();
        let text = String::from_utf8(plain).unwrap();
        assert!(
            text.starts_with("\"number\",\"PIN\"\r\n\"0\",\"12\"\"34\"\r\n"),
            "{}",
            &text[..40]
        );
        assert_eq!(text.lines().count(), 10_001);
    }
}
