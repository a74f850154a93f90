// SPDX-License-Identifier: Apache-2.0
//! Block ciphers over plain bytes: DES, two-key 3DES `E(KL) D(KR) E(KL)` (JR/T 0025.1-2010 8.4.1) and SM4 (GB/T 32907-2016),
//! one block or ECB.
//!
//! Data must be whole blocks. A part of a block is a mistake of the caller, never of the data (paddings come first), so
//! these functions stop the program on it. Key schedules are wiped as they go out of scope. DES parity bits are ignored
//! and never adjusted.

use cipher::{Array, Block, BlockCipherDecrypt, BlockCipherEncrypt, BlockSizeUser, KeyInit};
use des::{Des, TdesEde2};
use sm4::Sm4;

use super::Algorithm;

/// A key made ready for use. Reuse it where several blocks go under one key.
pub(crate) enum Schedule {
    Tdes(TdesEde2),
    Sm4(Sm4),
}

impl Schedule {
    pub(crate) fn new(alg: Algorithm, key: &[u8; 16]) -> Self {
        match alg {
            Algorithm::Tdes => Self::Tdes(TdesEde2::new(key.into())),
            Algorithm::Sm4 => Self::Sm4(Sm4::new(key.into())),
        }
    }

    /// ECB in place.
    pub(crate) fn encrypt(&self, data: &mut [u8]) {
        match self {
            Self::Tdes(cipher) => encrypt_all(cipher, data),
            Self::Sm4(cipher) => encrypt_all(cipher, data),
        }
    }

    /// ECB in place.
    pub(crate) fn decrypt(&self, data: &mut [u8]) {
        match self {
            Self::Tdes(cipher) => decrypt_all(cipher, data),
            Self::Sm4(cipher) => decrypt_all(cipher, data),
        }
    }
}

/// Encrypts one block in place: 8 bytes for 3DES, 16 for SM4.
pub fn encrypt_block(alg: Algorithm, key: &[u8; 16], block: &mut [u8]) {
    assert_eq!(block.len(), alg.block(), "one block of {alg}");
    Schedule::new(alg, key).encrypt(block);
}

/// Decrypts one block in place: 8 bytes for 3DES, 16 for SM4.
pub fn decrypt_block(alg: Algorithm, key: &[u8; 16], block: &mut [u8]) {
    assert_eq!(block.len(), alg.block(), "one block of {alg}");
    Schedule::new(alg, key).decrypt(block);
}

/// ECB encryption of whole blocks.
pub fn ecb_encrypt(alg: Algorithm, key: &[u8; 16], data: &[u8]) -> Vec<u8> {
    let mut out = data.to_vec();
    Schedule::new(alg, key).encrypt(&mut out);
    out
}

/// ECB decryption of whole blocks.
pub fn ecb_decrypt(alg: Algorithm, key: &[u8; 16], data: &[u8]) -> Vec<u8> {
    let mut out = data.to_vec();
    Schedule::new(alg, key).decrypt(&mut out);
    out
}

/// CBC encryption of whole blocks; the initial value is one block.
pub fn cbc_encrypt(alg: Algorithm, key: &[u8; 16], iv: &[u8], data: &[u8]) -> Vec<u8> {
    let mut out = data.to_vec();
    let (schedule, size) = (Schedule::new(alg, key), alg.block());
    assert_eq!(iv.len(), size, "initial value of {alg}");
    let mut before = [0; 16];
    before[..size].copy_from_slice(iv);
    assert_eq!(out.len() % size, 0, "whole blocks");
    for block in out.chunks_exact_mut(size) {
        xor_into(block, &before[..size]);
        schedule.encrypt(block);
        before[..size].copy_from_slice(block);
    }
    out
}

/// Single DES, one block in place.
pub fn des_encrypt_block(key: &[u8; 8], block: &mut [u8; 8]) {
    Des::new(key.into()).encrypt_block(block.into());
}

/// Single DES, one block in place.
pub fn des_decrypt_block(key: &[u8; 8], block: &mut [u8; 8]) {
    Des::new(key.into()).decrypt_block(block.into());
}

/// Adds (XOR) `other` to `place`; both have the same length.
pub(crate) fn xor_into(place: &mut [u8], other: &[u8]) {
    debug_assert_eq!(place.len(), other.len());
    for (byte, with) in place.iter_mut().zip(other) {
        *byte ^= with;
    }
}

fn encrypt_all<C: BlockCipherEncrypt>(cipher: &C, data: &mut [u8]) {
    cipher.encrypt_blocks(whole_blocks::<C>(data));
}

fn decrypt_all<C: BlockCipherDecrypt>(cipher: &C, data: &mut [u8]) {
    cipher.decrypt_blocks(whole_blocks::<C>(data));
}

fn whole_blocks<C: BlockSizeUser>(data: &mut [u8]) -> &mut [Block<C>] {
    let (blocks, rest) = Array::slice_as_chunks_mut(data);
    assert!(rest.is_empty(), "whole blocks");
    blocks
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: [u8; 16] = [0, 17, 34, 51, 68, 85, 102, 119, 136, 153, 170, 187, 204, 221, 238, 255];

    #[test]
    fn decryption_undoes_encryption() {
        for alg in [Algorithm::Tdes, Algorithm::Sm4] {
            let data: Vec<u8> = (0..64).collect();
            let there = ecb_encrypt(alg, &KEY, &data);
            assert_ne!(there, data);
            assert_eq!(ecb_decrypt(alg, &KEY, &there), data);
        }
    }

    #[test]
    fn a_doubled_des_key_is_des() {
        let key = *b"8bytekey";
        let doubled: [u8; 16] = *b"8bytekey8bytekey";
        let (mut single, mut triple) = (*b"A block.", *b"A block.");
        des_encrypt_block(&key, &mut single);
        encrypt_block(Algorithm::Tdes, &doubled, &mut triple);
        assert_eq!(single, triple);
        des_decrypt_block(&key, &mut single);
        assert_eq!(&single, b"A block.");
    }

    #[test]
    #[should_panic(expected = "whole blocks")]
    fn part_of_a_block_is_refused() {
        ecb_encrypt(Algorithm::Sm4, &KEY, &[0; 24]);
    }
}
