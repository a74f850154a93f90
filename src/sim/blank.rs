// SPDX-License-Identifier: Apache-2.0
//! Cards as they come from the maker, and the answer to reset.
//!
//! ATR rule: historical bytes are three chip bytes (FMCOS 20 90 00 as in its ATS; PSAM 50 53 4D; metro card 4A 43 31) and the
//! 8-byte chip number. Without T=0 it is what PC/SC builds for a contactless card: `3B 8B 80 01`, historical bytes, check
//! byte. With T=0: `3B 6B 00 00` and the historical bytes.

use crate::iso7816::Atr;

use super::files::{Directory, MF_NAME, Memory};
use super::hex_bytes::{HexBytes, KeyBytes};
use super::keys::{KeyFile, KeyRecord};
use super::options::{Chip, SimOptions};

/// Every sold blank opens with this (8 × FF and 16 × FF are the same DES key).
pub(super) const TRANSPORT_KEY: [u8; 16] = [0xFF; 16];

/// A blank: MF with a key file and the transport key, or nothing at all.
pub(super) fn memory(chip: Chip, serial: [u8; 8], options: &SimOptions, factory: bool) -> Memory {
    let mf = (!factory).then(|| {
        let access = if options.blank_needs_authentication { 0xFA } else { 0xF0 };
        let mut mf = Directory::new(0x3F00, MF_NAME, 0xFFFF, access, access, 0x01);
        mf.key_file = Some(KeyFile {
            fid: 0x0000,
            size: 0x0050,
            short_id: 0x01,
            add_access: access,
            keys: vec![transport_key(options.blank_key_id)],
        });
        mf
    });
    debug_assert!(
        !matches!(chip, Chip::Metro | Chip::M1),
        "made by the maker in another way"
    );
    Memory {
        serial: HexBytes(serial.to_vec()),
        dead: false,
        finished: false,
        security_code: None,
        mf,
        blocks: Vec::new(),
    }
}

/// The control key of a blank: use F0, change FA, follow-up AA, three tries.
pub(super) fn transport_key(id: u8) -> KeyRecord {
    KeyRecord {
        kind: 0x39,
        id,
        use_access: 0xF0,
        change_access: 0xFA,
        follow_up: 0xAA,
        counter: Some(0x33),
        version: 0,
        algorithm: 0,
        value: KeyBytes::new(&TRANSPORT_KEY),
    }
}

/// The answer to reset.
pub(super) fn atr(chip: Chip, serial: &[u8], t0: bool) -> Atr {
    let maker = match chip {
        Chip::M1 => return super::m1::atr(),
        Chip::Fmcos => [0x20, 0x90, 0x00],
        Chip::Psam => *b"PSM",
        Chip::Metro => *b"JC1",
    };
    let head: [u8; 4] = if t0 {
        [0x3B, 0x6B, 0x00, 0x00]
    } else {
        [0x3B, 0x8B, 0x80, 0x01]
    };
    let mut bytes = head.to_vec();
    bytes.extend_from_slice(&maker);
    bytes.extend_from_slice(serial);
    if !t0 {
        let check = bytes[1..].iter().fold(0, |sum, byte| sum ^ byte);
        bytes.push(check);
    }
    Atr::new(&bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_chip_number_stands_in_the_atr() {
        let serial = [0, 0, 0, 0, 0x66, 0x79, 0x9D, 0x24];
        let contactless = atr(Chip::Fmcos, &serial, false);
        assert_eq!(contactless.to_string(), "3B8B80012090000000000066799D241C");
        assert_eq!(&contactless.historical()[3..], serial);
        let contact = atr(Chip::Psam, &serial, true);
        assert_eq!(contact.to_string(), "3B6B000050534D0000000066799D24");
        assert_eq!(&contact.historical()[3..], serial);
    }
}
