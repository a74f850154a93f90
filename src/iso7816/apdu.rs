// SPDX-License-Identifier: Apache-2.0
//! Command APDUs, short form only (ISO/IEC 7816-4 §5.1): no card of these systems takes extended lengths.

use thiserror::Error;

/// The expected length of the answer: 1 to 256 bytes, 256 sent as 00 ("all there is").
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Le(u8);

impl Le {
    /// Everything the card has, up to 256 bytes (00 on the wire).
    pub const ALL: Self = Self(0);

    /// Exactly `n` bytes, 1 to 255; 0 means all, as on the wire.
    pub const fn exactly(n: u8) -> Self {
        Self(n)
    }

    /// The wire byte.
    pub const fn byte(self) -> u8 {
        self.0
    }

    /// How many bytes the card may send at most.
    pub const fn limit(self) -> usize {
        if self.0 == 0 { 256 } else { self.0 as usize }
    }
}

/// A command APDU: header, up to 255 data bytes, optional expected length.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Command {
    /// Class byte; low nibble 4 marks secure messaging in these systems.
    pub cla: u8,
    /// Instruction byte.
    pub ins: u8,
    /// First parameter.
    pub p1: u8,
    /// Second parameter.
    pub p2: u8,
    data: Vec<u8>,
    le: Option<Le>,
}

/// Why bytes are not a command APDU of the short form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum ApduError {
    /// Fewer than the four header bytes.
    #[error("a command needs at least 4 bytes, got {0}")]
    TooShort(usize),
    /// Lc does not fit what follows.
    #[error("Lc says {lc} data bytes, {found} follow")]
    Length {
        /// The announced length.
        lc: usize,
        /// The bytes behind Lc.
        found: usize,
    },
    /// More than 255 data bytes.
    #[error("{0} data bytes do not fit a short command (at most 255)")]
    TooLong(usize),
}

impl Command {
    /// Case 1: neither data nor answer.
    pub const fn new(cla: u8, ins: u8, p1: u8, p2: u8) -> Self {
        Self {
            cla,
            ins,
            p1,
            p2,
            data: Vec::new(),
            le: None,
        }
    }

    /// Adds command data (case 3 or 4).
    ///
    /// # Panics
    /// With more than 255 bytes: callers build from fixed layouts; bytes from outside go through [`Self::parse`] or
    /// [`Self::try_with_data`].
    #[must_use]
    pub fn with_data(self, data: impl Into<Vec<u8>>) -> Self {
        self.try_with_data(data)
            .expect("at most 255 data bytes by construction")
    }

    /// Adds command data whose length is not known to fit.
    pub fn try_with_data(mut self, data: impl Into<Vec<u8>>) -> Result<Self, ApduError> {
        let data = data.into();
        if data.len() > 255 {
            return Err(ApduError::TooLong(data.len()));
        }
        self.data = data;
        Ok(self)
    }

    /// Adds an expected length (case 2 or 4).
    #[must_use]
    pub const fn with_le(mut self, le: Le) -> Self {
        self.le = Some(le);
        self
    }

    /// The command data.
    pub fn data(&self) -> &[u8] {
        &self.data
    }

    /// The expected length, if one is sent.
    pub const fn le(&self) -> Option<Le> {
        self.le
    }

    /// CLA INS P1 P2.
    pub const fn header(&self) -> [u8; 4] {
        [self.cla, self.ins, self.p1, self.p2]
    }

    /// The wire bytes. Case 1 is sent as four bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = self.header().to_vec();
        if !self.data.is_empty() {
            out.push(self.data.len() as u8);
            out.extend_from_slice(&self.data);
        }
        if let Some(le) = self.le {
            out.push(le.byte());
        }
        out
    }

    /// Reads wire bytes. A fifth byte alone is Le (case 2).
    pub fn parse(bytes: &[u8]) -> Result<Self, ApduError> {
        let [cla, ins, p1, p2, rest @ ..] = bytes else {
            return Err(ApduError::TooShort(bytes.len()));
        };
        let head = Self::new(*cla, *ins, *p1, *p2);
        match rest {
            [] => Ok(head),
            [le] => Ok(head.with_le(Le(*le))),
            [lc, tail @ ..] => {
                let lc = usize::from(*lc);
                match tail.len().checked_sub(lc) {
                    Some(0) if lc > 0 => head.try_with_data(tail),
                    Some(1) if lc > 0 => Ok(head.try_with_data(&tail[..lc])?.with_le(Le(tail[lc]))),
                    _ => Err(ApduError::Length { lc, found: tail.len() }),
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_four_cases_read_back() {
        for wire in [
            "800E0000",
            "0084000004",
            "00A40000023F00",
            "805C00020400",
            "805000020B000000001066666666666610",
        ] {
            let bytes = hex::decode(wire).unwrap();
            match Command::parse(&bytes) {
                Ok(c) => assert_eq!(c.to_bytes(), bytes, "{wire}"),
                Err(e) => assert_eq!((wire, e), ("805C00020400", ApduError::Length { lc: 4, found: 1 })),
            }
        }
    }

    #[test]
    fn a_false_length_is_refused() {
        assert_eq!(
            Command::parse(&[0, 0xA4, 0, 0, 2, 0x3F]),
            Err(ApduError::Length { lc: 2, found: 1 })
        );
        assert_eq!(Command::parse(&[0, 0xA4]), Err(ApduError::TooShort(2)));
        assert_eq!(
            Command::new(0, 0, 0, 0).try_with_data(vec![0; 256]),
            Err(ApduError::TooLong(256))
        );
    }
}
