// SPDX-License-Identifier: Apache-2.0
//! Status words: two bytes at the end of every answer. What one means may differ by card OS, so a dialect can put its own
//! reading before the general one (`i18n` ids `sw-XXXX`).

use std::fmt;

/// SW1 SW2.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct StatusWord(pub u16);

impl StatusWord {
    /// Done.
    pub const OK: Self = Self(0x9000);

    /// From the two bytes as they arrive.
    pub const fn from_bytes(sw1: u8, sw2: u8) -> Self {
        Self(u16::from_be_bytes([sw1, sw2]))
    }

    /// SW1.
    pub const fn sw1(self) -> u8 {
        (self.0 >> 8) as u8
    }

    /// SW2.
    pub const fn sw2(self) -> u8 {
        self.0 as u8
    }

    /// The bytes in wire order.
    pub const fn to_bytes(self) -> [u8; 2] {
        self.0.to_be_bytes()
    }

    /// Whether the command was carried out.
    pub const fn is_ok(self) -> bool {
        self.0 == Self::OK.0
    }

    /// 61xx: how many bytes wait for GET RESPONSE (0 means 256).
    pub const fn waiting(self) -> Option<u8> {
        if self.sw1() == 0x61 { Some(self.sw2()) } else { None }
    }

    /// 6Cxx: the Le to send instead.
    pub const fn right_le(self) -> Option<u8> {
        if self.sw1() == 0x6C { Some(self.sw2()) } else { None }
    }

    /// 63Cx: tries left after a wrong PIN or cryptogram.
    pub const fn retries_left(self) -> Option<u8> {
        if self.0 & 0xFFF0 == 0x63C0 {
            Some((self.0 & 0x0F) as u8)
        } else {
            None
        }
    }
}

impl fmt::Display for StatusWord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04X}", self.0)
    }
}

impl fmt::Debug for StatusWord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SW {:04X}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn meanings() {
        assert_eq!(StatusWord(0x63C2).retries_left(), Some(2));
        assert_eq!(StatusWord(0x6300).retries_left(), None);
        assert_eq!(StatusWord(0x6110).waiting(), Some(0x10));
        assert_eq!(StatusWord(0x6C1E).right_le(), Some(0x1E));
        assert!(StatusWord::from_bytes(0x90, 0x00).is_ok());
        assert_eq!(
            format!("{} {:?}", StatusWord(0x6A82), StatusWord(0x6A82)),
            "6A82 SW 6A82"
        );
    }
}
