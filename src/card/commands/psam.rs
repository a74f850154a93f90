// SPDX-License-Identifier: Apache-2.0
//! Commands of a PSAM (PBOC PSAM specification; the same codes in city and transport PSAMs). Factors go lowest level first.

use crate::iso7816::{Command, Le};

/// What `80 FA` does with the data, in its P1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CipherMode {
    /// Encipher, last part.
    Encipher,
    /// MAC with start value 0, last part.
    Mac,
    /// MAC in one go; the first eight data bytes are the start value.
    MacWithStart,
}

impl CipherMode {
    /// P1.
    pub const fn byte(self) -> u8 {
        match self {
            Self::Encipher => 0x00,
            Self::Mac => 0x01,
            Self::MacWithStart => 0x05,
        }
    }
}

/// Usage byte of a PSAM key: levels of diversification in the top three bits, type below.
pub const fn usage_byte(levels: u8, kind: u8) -> u8 {
    levels << 5 | kind & 0x1F
}

/// INIT_SAM_FOR_PURCHASE `80 70`: answers terminal counter 4 ‖ MAC1 4. The terminal number comes from EF 0016.
pub fn init_purchase(
    random: [u8; 4],
    card_counter: u16,
    amount: u32,
    transaction_type: u8,
    datetime: [u8; 7],
    key: (u8, u8),
    factors: &[[u8; 8]],
) -> Command {
    let mut data = random.to_vec();
    data.extend(card_counter.to_be_bytes());
    data.extend(amount.to_be_bytes());
    data.push(transaction_type);
    data.extend(datetime);
    data.extend([key.0, key.1]);
    data.extend(factors.iter().flatten());
    Command::new(0x80, 0x70, 0x00, 0x00)
        .with_data(data)
        .with_le(Le::exactly(8))
}

/// CREDIT_SAM_FOR_PURCHASE `80 72`: the PSAM checks the card's MAC2.
pub fn credit_purchase(mac2: [u8; 4]) -> Command {
    Command::new(0x80, 0x72, 0x00, 0x00).with_data(mac2)
}

/// DELIVERY KEY `80 1A`: derives the working key of a card for the next CIPHER DATA.
pub fn delivery_key(usage: u8, id: u8, factors: &[[u8; 8]]) -> Command {
    Command::new(0x80, 0x1A, usage, id).with_data(factors.concat())
}

/// CIPHER DATA `80 FA`. The caller pads: data are whole blocks.
pub fn cipher_data(mode: CipherMode, data: &[u8]) -> Command {
    Command::new(0x80, 0xFA, mode.byte(), 0x00)
        .with_data(data)
        .with_le(Le::ALL)
}

/// `80 CA`: the PSAM judges the nine-byte security code of a city card.
pub fn check_security_code(code: &[u8; 9]) -> Command {
    Command::new(0x80, 0xCA, 0x00, 0x00).with_data(*code)
}

/// Header of WRITE KEY with a wrapped record: `84 D4 00 00 1C`.
pub const fn write_key_header() -> [u8; 5] {
    [0x84, 0xD4, 0x00, 0x00, 0x1C]
}

/// The record before the key: usage, version (or identifier), algorithm.
pub const fn record_prefix(usage: u8, version: u8, algorithm: u8) -> [u8; 3] {
    [usage, version, algorithm]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats() {
        assert_eq!(
            [usage_byte(1, 2), usage_byte(2, 2), usage_byte(2, 5)],
            [0x22, 0x42, 0x45]
        );
        let (city, card) = ([0x31, 0, 0xFF, 0, 0, 0, 0, 0], [0x31, 0, 0, 0, 0x20, 0x91, 0x50, 0x87]);
        let command = init_purchase([1; 4], 2, 100, 6, [0x20; 7], (1, 0), &[card, city]);
        assert_eq!(command.data().len(), 0x24);
        assert_eq!(command.data()[20..28], card);
        assert_eq!(
            delivery_key(0x45, 1, &[card, city]).to_bytes()[..5],
            [0x80, 0x1A, 0x45, 0x01, 0x10]
        );
        assert_eq!(
            cipher_data(CipherMode::MacWithStart, &[0; 16]).to_bytes()[..5],
            [0x80, 0xFA, 0x05, 0x00, 0x10]
        );
        assert_eq!(
            credit_purchase([1, 2, 3, 4]).to_bytes(),
            [0x80, 0x72, 0, 0, 4, 1, 2, 3, 4]
        );
        assert_eq!(check_security_code(&[0; 9]).to_bytes()[..5], [0x80, 0xCA, 0, 0, 9]);
        assert_eq!(record_prefix(0x22, 1, 0), [0x22, 1, 0]);
        assert_eq!(
            cipher_data(CipherMode::Mac, &[0; 8]).p1 + CipherMode::Encipher.byte(),
            1
        );
    }
}
