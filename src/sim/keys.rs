// SPDX-License-Identifier: Apache-2.0
//! Keys inside the chip: records with their access bytes, try counters and algorithm, and the key file that holds them
//! (FMCOS 2.0 manuals, "WRITE KEY"). A counter's high nibble is the number of tries, its low nibble what is left.

use serde::{Deserialize, Serialize};

use super::arithmetic::CardKey;
use super::hex_bytes::{KeyBytes, hex8, hex16};
use super::options::Chip;
use crate::crypto::algorithm::Algorithm;

/// What a key is for; each chip has its own type codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    Control,
    Line,
    PinUnblock,
    PinReload,
    Pin,
    Tac,
    Overdraft,
    Unload,
    Purchase,
    Load,
    Block,
    Unblock,
}

impl Role {
    /// The key type byte of a chip.
    pub(super) fn code(self, chip: Chip) -> u8 {
        match (chip, self) {
            (Chip::M1, _) => 0x00,
            (_, Self::Control) => 0x39,
            (_, Self::Line) | (Chip::Fmcos | Chip::Psam, Self::Block | Self::Unblock) => 0x36,
            (_, Self::Pin) => 0x3A,
            (Chip::Metro, Self::PinUnblock) => 0x04,
            (Chip::Metro, Self::PinReload) => 0x05,
            (Chip::Metro, Self::Purchase) => 0x06,
            (Chip::Metro, Self::Load) => 0x07,
            (Chip::Metro, Self::Tac) => 0x08,
            (Chip::Metro, Self::Unload) => 0x09,
            (Chip::Metro, Self::Overdraft) => 0x0A,
            (Chip::Metro, Self::Block) => 0x33,
            (_, Self::PinUnblock) => 0x37,
            (_, Self::PinReload) => 0x38,
            (Chip::Metro, Self::Unblock) | (_, Self::Tac) => 0x34,
            (_, Self::Overdraft) => 0x3C,
            (_, Self::Unload) => 0x3D,
            (_, Self::Purchase) => 0x3E,
            (_, Self::Load) => 0x3F,
        }
    }
}

/// The algorithm byte of an SM4 key, an extension for dual products (versions 41 and up by custom).
pub(super) const ALGORITHM_SM4: u8 = 0x04;

/// One key or PIN.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct KeyRecord {
    /// Type with its protection bits (F9), or the usage byte of a PSAM key.
    #[serde(with = "hex8")]
    pub(super) kind: u8,
    #[serde(with = "hex8")]
    pub(super) id: u8,
    #[serde(with = "hex8")]
    pub(super) use_access: u8,
    #[serde(with = "hex8")]
    pub(super) change_access: u8,
    /// The state that a successful authentication sets (low nibble).
    #[serde(with = "hex8")]
    pub(super) follow_up: u8,
    /// Tries: high nibble allowed in a row, low nibble left. None: unlimited.
    pub(super) counter: Option<u8>,
    #[serde(with = "hex8")]
    pub(super) version: u8,
    #[serde(with = "hex8")]
    pub(super) algorithm: u8,
    pub(super) value: KeyBytes,
}

impl KeyRecord {
    /// Whether the record may only be replaced by a wrapped one.
    pub(super) fn wrapped_only(&self) -> bool {
        self.kind & 0xC0 == 0xC0
    }

    pub(super) fn locked(&self) -> bool {
        self.counter.is_some_and(|c| c & 0x0F == 0)
    }

    /// Takes one try; what is left.
    pub(super) fn spend(&mut self) -> u8 {
        let Some(counter) = &mut self.counter else { return 15 };
        if *counter & 0x0F > 0 {
            *counter -= 1;
        }
        *counter & 0x0F
    }

    /// Gives back all tries.
    pub(super) fn restore(&mut self) {
        if let Some(counter) = &mut self.counter {
            *counter = (*counter & 0xF0) | (*counter >> 4);
        }
    }

    /// The key ready to compute with; `fallback` is the algorithm where the record has no algorithm byte.
    pub(super) fn ready(&self, fallback: Option<Algorithm>) -> CardKey {
        let by_byte = if self.algorithm == ALGORITHM_SM4 && self.value.len() == 16 {
            Algorithm::Sm4
        } else {
            Algorithm::Tdes
        };
        CardKey::new(fallback.unwrap_or(by_byte), &self.value)
    }

    /// Bytes in the key file.
    pub(super) fn space(&self) -> u32 {
        self.value.len() as u32 + 8
    }
}

/// The key file of a directory.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct KeyFile {
    #[serde(with = "hex16")]
    pub(super) fid: u16,
    pub(super) size: u16,
    #[serde(with = "hex8")]
    pub(super) short_id: u8,
    #[serde(with = "hex8")]
    pub(super) add_access: u8,
    pub(super) keys: Vec<KeyRecord>,
}

impl KeyFile {
    pub(super) fn used(&self) -> u32 {
        self.keys.iter().map(KeyRecord::space).sum()
    }
}

/// The type of a key record without its protection bits; metro codes have none.
pub(super) fn plain_kind(chip: Chip, kind: u8) -> u8 {
    if chip == Chip::Metro { kind } else { kind & 0x3F }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tries_go_down_and_come_back() {
        let mut key = KeyRecord {
            kind: 0xF9,
            id: 0,
            use_access: 0xF0,
            change_access: 0xFA,
            follow_up: 0xAA,
            counter: Some(0x32),
            version: 0,
            algorithm: 0,
            value: KeyBytes::new(&[0xFF; 16]),
        };
        assert_eq!((key.spend(), key.locked()), (1, false));
        assert_eq!((key.spend(), key.locked()), (0, true));
        assert_eq!(key.spend(), 0);
        key.restore();
        assert_eq!((key.counter, key.wrapped_only(), key.space()), (Some(0x33), true, 24));
    }
}
