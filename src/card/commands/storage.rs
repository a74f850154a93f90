// SPDX-License-Identifier: Apache-2.0
//! Storage cards (M1, MIFARE Classic) through a reader: the pseudo commands of PC/SC part 3 §3.2.2, which the reader turns into
//! the card's own; and the access bits of a sector's trailer (MF1S50 data sheet, memory access).

use crate::iso7816::{Command, Le};

/// Which of a sector's two keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize)]
pub enum KeySide {
    /// Key A.
    A,
    /// Key B.
    B,
}

/// GET DATA `FF CA 00 00`: the chip's number.
pub fn get_uid() -> Command {
    Command::new(0xFF, 0xCA, 0x00, 0x00).with_le(Le::ALL)
}

/// Header of LOAD KEYS `FF 82`: into a place of the reader's volatile memory. Six bytes follow.
pub const fn load_key_header(place: u8) -> [u8; 4] {
    [0xFF, 0x82, 0x00, place]
}

/// GENERAL AUTHENTICATE `FF 86`, version 01, for the sector of a block.
pub fn general_authenticate(block: u8, side: KeySide, place: u8) -> Command {
    let kind = match side {
        KeySide::A => 0x60,
        KeySide::B => 0x61,
    };
    Command::new(0xFF, 0x86, 0x00, 0x00).with_data([0x01, 0x00, block, kind, place])
}

/// READ BINARY `FF B0` of a block.
pub fn read_block(block: u8) -> Command {
    Command::new(0xFF, 0xB0, 0x00, block).with_le(Le::exactly(16))
}

/// UPDATE BINARY `FF D6` of a block.
pub fn update_block(block: u8, bytes: &[u8]) -> Command {
    Command::new(0xFF, 0xD6, 0x00, block).with_data(bytes)
}

/// The access bits of a new chip: key A reads and writes everything.
pub const TRANSPORT_ACCESS: AccessBits = AccessBits([0xFF, 0x07, 0x80, 0x69]);

/// Bytes 6 to 9 of a trailer: the access bits, twice, and a byte that is free for use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct AccessBits(pub [u8; 4]);

impl AccessBits {
    /// Whether the bits and their inverses agree. A chip locks a sector for good where they do not.
    pub const fn is_sound(self) -> bool {
        let [x, y, z, _] = self.0;
        x & 0x0F == !(y >> 4) & 0x0F && x >> 4 == !z & 0x0F && y & 0x0F == !(z >> 4) & 0x0F
    }

    /// C1 C2 C3 of a block of the sector, 0 to 3 (3 is the trailer), as a number of three bits.
    pub const fn condition(self, block: u8) -> u8 {
        let [_, y, z, _] = self.0;
        let (c1, c2, c3) = (y >> 4 >> block & 1, z >> block & 1, z >> 4 >> block & 1);
        c1 << 2 | c2 << 1 | c3
    }

    /// Whether a key reads a data block.
    pub const fn reads(self, block: u8, side: KeySide) -> bool {
        match self.condition(block) {
            0b011 | 0b101 => matches!(side, KeySide::B),
            condition => condition != 0b111,
        }
    }

    /// Whether a data block is of use to key B alone.
    pub const fn needs_key_b(self, block: u8) -> bool {
        matches!(self.condition(block), 0b011..=0b110)
    }

    /// Whether key B can be read. Such a key opens nothing.
    pub const fn shows_key_b(self) -> bool {
        matches!(self.condition(3), 0b000..=0b010)
    }

    /// The key that may write the keys anew, if any.
    pub const fn writes_keys(self) -> Option<KeySide> {
        match self.condition(3) {
            0b000 | 0b001 => Some(KeySide::A),
            0b100 | 0b011 => Some(KeySide::B),
            _ => None,
        }
    }

    /// The key that may write the access bits anew, if any.
    pub const fn writes_access(self) -> Option<KeySide> {
        match self.condition(3) {
            0b001 => Some(KeySide::A),
            0b011 | 0b101 => Some(KeySide::B),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn access_bits_of_real_cards() {
        let bits = |text: &str| AccessBits(hex::decode(text).unwrap().try_into().unwrap());
        let data = bits("08778F69");
        assert!(data.is_sound());
        assert_eq!([0, 1, 2, 3].map(|b| data.condition(b)), [6, 6, 6, 3]);
        assert!(data.reads(0, KeySide::A) && data.reads(0, KeySide::B) && data.needs_key_b(0));
        assert_eq!(
            (data.writes_keys(), data.writes_access()),
            (Some(KeySide::B), Some(KeySide::B))
        );
        assert!(!data.shows_key_b());
        let records = bits("7F078869");
        assert_eq!([0, 1, 2, 3].map(|b| records.condition(b)), [0, 0, 0, 3]);
        assert!(records.is_sound() && !records.needs_key_b(1));
        assert!(TRANSPORT_ACCESS.is_sound() && TRANSPORT_ACCESS.shows_key_b());
        assert_eq!(TRANSPORT_ACCESS.condition(3), 1);
        assert_eq!(TRANSPORT_ACCESS.writes_access(), Some(KeySide::A));
        for wrong in ["09778F69", "08768F69", "08779F69", "00000000", "FFFFFFFF"] {
            assert!(!bits(wrong).is_sound(), "{wrong}");
        }
    }

    #[test]
    fn commands_of_part_3() {
        assert_eq!(hex::encode_upper(get_uid().to_bytes()), "FFCA000000");
        assert_eq!(load_key_header(1), [0xFF, 0x82, 0x00, 0x01]);
        let authenticate = general_authenticate(7, KeySide::B, 1).to_bytes();
        assert_eq!(hex::encode_upper(authenticate), "FF860000050100076101");
        assert_eq!(hex::encode_upper(read_block(4).to_bytes()), "FFB0000410");
        assert_eq!(
            hex::encode_upper(update_block(4, &[0; 16]).to_bytes())[..10],
            *"FFD6000410"
        );
    }
}
