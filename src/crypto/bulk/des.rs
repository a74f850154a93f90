// SPDX-License-Identifier: Apache-2.0
//! DES and two-key 3DES of many lanes at once (FIPS 46-3), each lane under a key of its own. Permutations are a choice of
//! wires, and so is the key schedule; only the S-boxes cost anything.
//!
//! No table is looked up at a place that depends on a secret, so the time is the same for all data.

use zeroize::{Zeroize, ZeroizeOnDrop};

use super::sboxes::{s1, s2, s3, s4, s5, s6, s7, s8};
use super::wires::{WORDS, Wire, Wires};

/// Two DES keys of every lane: two-key 3DES.
pub(super) struct KeyPair {
    /// K1, which enciphers.
    pub(super) left: Wires,
    /// K2, which deciphers.
    pub(super) right: Wires,
}

/// Whether the round keys come first to last or last to first.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Direction {
    Encipher,
    Decipher,
}

impl KeyPair {
    /// The same key in every lane.
    pub(super) fn same(key: &[u8; 16]) -> Self {
        let (mut left, mut right) = (Wires::zero(), Wires::zero());
        let half = |from: usize| std::array::from_fn(|at| key[from + at]);
        left.fill(half(0));
        right.fill(half(8));
        Self { left, right }
    }
}

/// Works on one block of every lane in place. Holds the halves in between; wiped on drop.
#[derive(Zeroize, ZeroizeOnDrop)]
pub(super) struct Des {
    left: Box<[Wire; 32]>,
    right: Box<[Wire; 32]>,
}

impl Des {
    pub(super) fn new() -> Self {
        let half = || Box::new([[0; WORDS]; 32]);
        Self {
            left: half(),
            right: half(),
        }
    }

    /// Single DES.
    pub(super) fn encipher(&mut self, key: &Wires, block: &mut Wires) {
        self.initial(block);
        self.sixteen_rounds(key, Direction::Encipher);
        self.last(block);
    }

    /// E(K1) D(K2) E(K1). The permutations between the three cancel out.
    pub(super) fn encipher_triple(&mut self, key: &KeyPair, block: &mut Wires) {
        self.initial(block);
        self.sixteen_rounds(&key.left, Direction::Encipher);
        self.sixteen_rounds(&key.right, Direction::Decipher);
        self.sixteen_rounds(&key.left, Direction::Encipher);
        self.last(block);
    }

    fn initial(&mut self, block: &Wires) {
        for (to, from) in self.left.iter_mut().chain(self.right.iter_mut()).zip(INITIAL) {
            *to = block.0[from as usize];
        }
    }

    fn last(&mut self, block: &mut Wires) {
        for (from, to) in self.left.iter().chain(self.right.iter()).zip(INITIAL) {
            block.0[to as usize] = *from;
        }
    }

    fn sixteen_rounds(&mut self, key: &Wires, direction: Direction) {
        for step in 0..16 {
            let round = match direction {
                Direction::Encipher => step,
                Direction::Decipher => 15 - step,
            };
            self.round(&key.0, &ROUND_KEYS[round]);
            std::mem::swap(&mut self.left, &mut self.right);
        }
        // The halves do not change places after the last round.
        std::mem::swap(&mut self.left, &mut self.right);
    }

    fn round(&mut self, key: &[Wire; 64], chosen: &[u8; 48]) {
        let (left, right) = (&mut self.left, &self.right);
        through::<0>(left, right, key, chosen, s1);
        through::<1>(left, right, key, chosen, s2);
        through::<2>(left, right, key, chosen, s3);
        through::<3>(left, right, key, chosen, s4);
        through::<4>(left, right, key, chosen, s5);
        through::<5>(left, right, key, chosen, s6);
        through::<6>(left, right, key, chosen, s7);
        through::<7>(left, right, key, chosen, s8);
    }
}

/// One S-box of one round: expansion, key, substitution, permutation, and XOR into the left half. The whole box stands in one
/// loop over the words of a wire, so that the compiler makes vectors of it; one copy of each box in the program.
#[inline(never)]
fn through<const BOX: usize>(
    left: &mut [Wire; 32],
    right: &[Wire; 32],
    key: &[Wire; 64],
    chosen: &[u8; 48],
    sbox: impl Fn([u64; 6]) -> [u64; 4],
) {
    let data: [&Wire; 6] = std::array::from_fn(|bit| &right[(4 * BOX + 31 + bit) % 32]);
    let key: [&Wire; 6] = std::array::from_fn(|bit| &key[chosen[6 * BOX + bit] as usize]);
    let mut out = [[0; WORDS]; 4];
    let [out0, out1, out2, out3] = &mut out;
    for word in 0..WORDS {
        let bits = sbox([
            data[0][word] ^ key[0][word],
            data[1][word] ^ key[1][word],
            data[2][word] ^ key[2][word],
            data[3][word] ^ key[3][word],
            data[4][word] ^ key[4][word],
            data[5][word] ^ key[5][word],
        ]);
        (out0[word], out1[word], out2[word], out3[word]) = (bits[0], bits[1], bits[2], bits[3]);
    }
    for (bit, wire) in out.iter().enumerate() {
        let place = &mut left[PERMUTED[4 * BOX + bit] as usize];
        for word in 0..WORDS {
            place[word] ^= wire[word];
        }
    }
}

/// Initial permutation IP, counted from 0: where each wire of the halves comes from, left half first. The final permutation
/// is its inverse.
const INITIAL: [u8; 64] = {
    let first = [57, 59, 61, 63, 56, 58, 60, 62];
    let mut table = [0; 64];
    let mut at = 0;
    while at < 64 {
        table[at] = first[at / 8] - 8 * (at % 8) as u8;
        at += 1;
    }
    table
};

/// Permutation P, turned round and counted from 0: where each output bit of the S-boxes goes.
const PERMUTED: [u8; 32] = {
    const P: [usize; 32] = [
        16, 7, 20, 21, 29, 12, 28, 17, 1, 15, 23, 26, 5, 18, 31, 10, 2, 8, 24, 14, 32, 27, 3, 9, 19, 13, 30, 6, 22, 11,
        4, 25,
    ];
    let mut table = [0; 32];
    let mut to = 0;
    while to < 32 {
        table[P[to] - 1] = to as u8;
        to += 1;
    }
    table
};

/// The key schedule: which wire of the key each of the 48 bits of each round key is, counted from 0.
const ROUND_KEYS: [[u8; 48]; 16] = {
    const PC1: [u8; 56] = [
        57, 49, 41, 33, 25, 17, 9, 1, 58, 50, 42, 34, 26, 18, 10, 2, 59, 51, 43, 35, 27, 19, 11, 3, 60, 52, 44,
        36, // C
        63, 55, 47, 39, 31, 23, 15, 7, 62, 54, 46, 38, 30, 22, 14, 6, 61, 53, 45, 37, 29, 21, 13, 5, 28, 20, 12,
        4, // D
    ];
    const PC2: [usize; 48] = [
        14, 17, 11, 24, 1, 5, 3, 28, 15, 6, 21, 10, 23, 19, 12, 4, 26, 8, 16, 7, 27, 20, 13, 2, // from C
        41, 52, 31, 37, 47, 55, 30, 40, 51, 45, 33, 48, 44, 49, 39, 56, 34, 53, 46, 42, 50, 36, 29, 32, // from D
    ];
    /// Places that C and D have been turned by in each round.
    const TURNED: [usize; 16] = [1, 2, 4, 6, 8, 10, 12, 14, 15, 17, 19, 21, 23, 25, 27, 28];
    let mut table = [[0; 48]; 16];
    let mut round = 0;
    while round < 16 {
        let mut bit = 0;
        while bit < 48 {
            let (half, place) = ((PC2[bit] - 1) / 28 * 28, (PC2[bit] - 1) % 28);
            table[round][bit] = PC1[half + (place + TURNED[round]) % 28] - 1;
            bit += 1;
        }
        round += 1;
    }
    table
};

#[cfg(test)]
mod tests {
    use super::super::wires::LANES;
    use super::*;
    use crate::crypto::Algorithm;
    use crate::crypto::cipher::{des_encrypt_block, encrypt_block};

    fn mixed(n: usize) -> u64 {
        (n as u64 + 1)
            .wrapping_mul(0x9E37_79B9_7F4A_7C15)
            .rotate_left(29)
            .wrapping_mul(0xBF58_476D_1CE4_E5B9)
    }

    #[test]
    fn every_lane_has_its_own_key_and_block() {
        let (mut left, mut right, mut block) = (Wires::zero(), Wires::zero(), Wires::zero());
        left.add(mixed);
        right.add(|lane| mixed(lane + LANES));
        block.add(|lane| mixed(lane + 2 * LANES));
        let mut single = Wires::zero();
        single.copy_from(&block);
        let mut des = Des::new();
        des.encipher(&left, &mut single);
        des.encipher_triple(&KeyPair { left, right }, &mut block);
        let keys = |lane: usize| [mixed(lane).to_be_bytes(), mixed(lane + LANES).to_be_bytes()];
        single.each(|lane, out| {
            let mut expected = mixed(lane + 2 * LANES).to_be_bytes();
            des_encrypt_block(&keys(lane)[0], &mut expected);
            assert_eq!(out.to_be_bytes(), expected, "DES, lane {lane}");
        });
        block.each(|lane, out| {
            let mut expected = mixed(lane + 2 * LANES).to_be_bytes();
            let key = keys(lane).concat().try_into().unwrap();
            encrypt_block(Algorithm::Tdes, &key, &mut expected);
            assert_eq!(out.to_be_bytes(), expected, "3DES, lane {lane}");
        });
    }

    /// FIPS 46-3's worked example as textbooks print it (J. O. Grabbe, "The DES Algorithm Illustrated").
    #[test]
    fn the_textbook_example() {
        let (mut key, mut block) = (Wires::zero(), Wires::zero());
        key.fill([0x13, 0x34, 0x57, 0x79, 0x9B, 0xBC, 0xDF, 0xF1]);
        block.fill([0x01, 0x23, 0x45, 0x67, 0x89, 0xAB, 0xCD, 0xEF]);
        Des::new().encipher(&key, &mut block);
        block.each(|_, out| assert_eq!(out, 0x85E8_1354_0F0A_B405));
    }
}
