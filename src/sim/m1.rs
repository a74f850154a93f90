// SPDX-License-Identifier: Apache-2.0
//! An M1 chip (MIFARE Classic 1K) on a reader that speaks the storage-card commands of PC/SC part 3: sixteen sectors of four
//! blocks, two keys and access bits in each sector's last block. Written from the chip's data sheet alone.
//!
//! A failed authentication ends what an earlier one opened. Access bits that do not agree with their inverses lock the sector
//! for good. Key B that can be read opens nothing. Block 0 is the maker's and is never written.

use subtle::ConstantTimeEq;

use super::card::SimCard;
use super::files::Memory;
use super::hex_bytes::{HexBytes, KeyBytes};
use super::sw::{self, Answer, Handled};
use crate::iso7816::{Atr, Command};

/// Blocks of a 1K chip.
const BLOCKS: usize = 64;
/// Keys that the reader keeps.
const PLACES: usize = 8;
/// Key A, access bits and key B of a new chip.
const FRESH: [u8; 16] = [
    0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x07, 0x80, 0x69, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF,
];

/// What the reader keeps while the card lies on it.
#[derive(Default)]
pub(super) struct Field {
    keys: [Option<[u8; 6]>; PLACES],
    /// The sector that is open, and whether by key B.
    open: Option<(usize, bool)>,
}

impl std::fmt::Debug for Field {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Field(..)")
    }
}

/// A new chip.
pub(super) fn memory(serial: [u8; 8]) -> Memory {
    Memory {
        serial: HexBytes(serial.to_vec()),
        dead: false,
        finished: false,
        security_code: None,
        mf: None,
        blocks: fresh(serial),
    }
}

/// The blocks of a new chip.
fn fresh(serial: [u8; 8]) -> Vec<KeyBytes> {
    let uid = &serial[4..];
    let check = uid.iter().fold(0, |sum, byte| sum ^ byte);
    let mut first = uid.to_vec();
    first.extend_from_slice(&[check, 0x08, 0x04, 0x00, 0x62, 0x63, 0x64, 0x65, 0x66, 0x67, 0x68, 0x69]);
    let mut blocks = vec![KeyBytes::new(&[0; 16]); BLOCKS];
    blocks[0] = KeyBytes::new(&first);
    for trailer in blocks.iter_mut().skip(3).step_by(4) {
        *trailer = KeyBytes::new(&FRESH);
    }
    blocks
}

/// What a reader answers for such a chip: PC/SC part 3, storage card, standard 03, card name 00 01.
pub(super) fn atr() -> Atr {
    let mut bytes = vec![
        0x3B, 0x8F, 0x80, 0x01, 0x80, 0x4F, 0x0C, 0xA0, 0x00, 0x00, 0x03, 0x06, 0x03, 0x00, 0x01,
    ];
    bytes.extend_from_slice(&[0; 4]);
    let check = bytes[1..].iter().fold(0, |sum, byte| sum ^ byte);
    bytes.push(check);
    Atr::new(&bytes)
}

/// The three bits of a block (0 to 3) of a sector; none where the trailer contradicts itself.
fn bits(trailer: &[u8], block: usize) -> Option<u8> {
    let nibbles = [
        trailer[6] & 15,
        trailer[6] >> 4,
        trailer[7] & 15,
        trailer[7] >> 4,
        trailer[8] & 15,
        trailer[8] >> 4,
    ];
    let [not_c1, not_c2, not_c3, c1, c2, c3] = nibbles;
    if [c1 ^ not_c1, c2 ^ not_c2, c3 ^ not_c3] != [15; 3] {
        return None;
    }
    let of = |nibble: u8| nibble >> block & 1;
    Some(of(c1) << 2 | of(c2) << 1 | of(c3))
}

/// Key B can be read under these bits of the trailer.
const fn shows_b(trailer_bits: u8) -> bool {
    matches!(trailer_bits, 0b000..=0b010)
}

impl SimCard {
    pub(super) fn dispatch_m1(&mut self, command: &Command) -> Handled {
        if command.cla != 0xFF {
            return Err(sw::CLASS);
        }
        match command.ins {
            0xCA if command.header()[2..] == [0, 0] => Ok(Answer::from(self.memory.serial[4..].to_vec())),
            0x82 => self.reader_takes_key(command),
            0x86 => match command.data() {
                [0x01, 0x00, block, kind, place] => self.authenticate_sector(*block, *kind, *place),
                _ => Err(sw::LENGTH),
            },
            0x88 => match command.data() {
                [kind, place] => self.authenticate_sector(command.p2, *kind, *place),
                _ => Err(sw::LENGTH),
            },
            0xB0 => self.read_block(command.p2.into()),
            0xD6 => self.write_block(command.p2.into(), command.data()),
            _ => Err(sw::INSTRUCTION),
        }
    }

    fn reader_takes_key(&mut self, command: &Command) -> Handled {
        let key: [u8; 6] = command.data().try_into().map_err(|_| sw::LENGTH)?;
        let place = self.now.field.keys.get_mut(usize::from(command.p2)).ok_or(sw::NO_KEY)?;
        *place = Some(key);
        sw::done()
    }

    fn authenticate_sector(&mut self, block: u8, kind: u8, place: u8) -> Handled {
        self.now.field.open = None;
        let sector = usize::from(block) / 4;
        let trailer = self.memory.blocks.get(sector * 4 + 3).ok_or(sw::NO_FILE)?;
        let key = self
            .now
            .field
            .keys
            .get(usize::from(place))
            .copied()
            .flatten()
            .ok_or(sw::NO_KEY)?;
        let own = match kind {
            0x60 => &trailer[..6],
            0x61 => &trailer[10..],
            _ => return Err(sw::PARAMETERS),
        };
        let right: bool = own.ct_eq(key.as_slice()).into();
        if !right {
            return Err(sw::CODE_WRONG);
        }
        self.now.field.open = Some((sector, kind == 0x61));
        sw::done()
    }

    /// The bits of a block of the open sector, those of its trailer, and whether key B is at work.
    fn opened(&self, block: usize) -> Result<(u8, u8, bool), crate::iso7816::StatusWord> {
        let (sector, with_b) = self
            .now
            .field
            .open
            .filter(|(sector, _)| *sector == block / 4)
            .ok_or(sw::ACCESS)?;
        let trailer = &self.memory.blocks[sector * 4 + 3];
        let own = bits(trailer, block % 4).ok_or(sw::ACCESS)?;
        let of_trailer = bits(trailer, 3).ok_or(sw::ACCESS)?;
        if with_b && shows_b(of_trailer) {
            return Err(sw::ACCESS);
        }
        Ok((own, of_trailer, with_b))
    }

    fn read_block(&mut self, block: usize) -> Handled {
        let (own, of_trailer, with_b) = self.opened(block)?;
        let mut bytes = self.memory.blocks[block].to_vec();
        if block % 4 == 3 {
            bytes[..6].fill(0);
            if with_b || !shows_b(of_trailer) {
                bytes[10..].fill(0);
            }
            return Ok(Answer::from(bytes));
        }
        match own {
            0b111 => Err(sw::ACCESS),
            0b011 | 0b101 if !with_b => Err(sw::ACCESS),
            _ => Ok(Answer::from(bytes)),
        }
    }

    fn write_block(&mut self, block: usize, data: &[u8]) -> Handled {
        let torn = std::mem::take(&mut self.torn_write);
        if data.len() != 16 {
            return Err(sw::LENGTH);
        }
        let (own, _, with_b) = self.opened(block)?;
        let mut bytes = self.memory.blocks[block].to_vec();
        if block == 0 {
            return Err(sw::ACCESS);
        }
        if block % 4 == 3 {
            // Keys and access bits apart: what may not be written stays.
            let keys = matches!((own, with_b), (0b000 | 0b001, false) | (0b100 | 0b011, true));
            let access = matches!((own, with_b), (0b001, false) | (0b011 | 0b101, true));
            if !keys && !access {
                return Err(sw::ACCESS);
            }
            if torn && !self.options.torn_trailer_garbles {
                return sw::done();
            }
            if keys {
                bytes[..6].copy_from_slice(&data[..6]);
                bytes[10..].copy_from_slice(&data[10..]);
            }
            if access {
                bytes[6..10].copy_from_slice(&data[6..10]);
            }
            if torn {
                bytes[6..9].fill(0);
            }
        } else {
            match own {
                0b000 => (),
                0b011 | 0b100 | 0b110 if with_b => (),
                _ => return Err(sw::ACCESS),
            }
            let until = if torn { 8 } else { 16 };
            bytes[..until].copy_from_slice(&data[..until]);
        }
        self.memory.blocks[block] = KeyBytes::new(&bytes);
        sw::done()
    }

    /// The sectors as they may be shown: data, access bits, and whether the keys are the maker's.
    pub(super) fn sector_views(&self) -> Vec<super::overview::SectorView> {
        let view = |(number, blocks): (usize, &[KeyBytes])| {
            let trailer = &blocks[3];
            super::overview::SectorView {
                number,
                blocks: blocks[..3].iter().map(|b| hex::encode_upper(&**b)).collect(),
                access: hex::encode_upper(&trailer[6..10]),
                transport: [trailer[..6] == FRESH[..6], trailer[10..] == FRESH[10..]],
            }
        };
        self.memory.blocks.chunks(4).enumerate().map(view).collect()
    }
}
