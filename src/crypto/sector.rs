// SPDX-License-Identifier: Apache-2.0
//! Sector keys of M1 cards: the six leftmost bytes of a 3DES block under the chip's key; and the trailers that they stand in.
//! One of several formulas in use (docs/templates.md); the block is the template's.

use super::cipher::ecb_encrypt;
use super::{Algorithm, KeyMaterial, SecretBytes};

/// Bytes of a sector key.
pub const SECTOR_KEY: usize = 6;

/// The sector key that a block leads to, or, without a block, the first six bytes of the key itself (the maker's key).
pub fn sector_key(key: &KeyMaterial, block: Option<&[u8; 8]>) -> SecretBytes {
    let mut bytes = match block {
        Some(block) => ecb_encrypt(Algorithm::Tdes, key.expose(), block),
        None => key.expose()[..8].to_vec(),
    };
    // The rest of the block is overwritten before it is let go.
    bytes[SECTOR_KEY..].fill(0);
    bytes.truncate(SECTOR_KEY);
    SecretBytes::new(bytes)
}

/// Key A, access bits, key B: the last block of a sector.
pub fn sector_trailer(a: &SecretBytes, access: [u8; 4], b: &SecretBytes) -> SecretBytes {
    let mut bytes = Vec::with_capacity(16);
    bytes.extend_from_slice(a.expose());
    bytes.extend_from_slice(&access);
    bytes.extend_from_slice(b.expose());
    SecretBytes::new(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn six_bytes_of_a_block_or_of_the_key() {
        // 3DES of 1122334455667788 under this key: the left half of a published diversification.
        let bytes = hex::decode("00112233445566778899AABBCCDDEEFF").unwrap();
        let key = KeyMaterial::init_with(|k| k.copy_from_slice(&bytes));
        let a = sector_key(&key, Some(&[0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88]));
        assert_eq!(hex::encode_upper(a.expose()), "496BD7A35136");
        let b = sector_key(&key, None);
        assert_eq!(hex::encode_upper(b.expose()), "001122334455");
        let trailer = sector_trailer(&a, [0x08, 0x77, 0x8F, 0x69], &b);
        assert_eq!(hex::encode_upper(trailer.expose()), "496BD7A3513608778F69001122334455");
    }
}
