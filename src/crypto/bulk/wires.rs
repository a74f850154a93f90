// SPDX-License-Identifier: Apache-2.0
//! Bits of many 8-byte blocks side by side: wire `b` holds bit `b` of every lane's block, as FIPS 46-3 counts bits (its bit
//! 1, the most significant, is wire 0). A lane is one card or one transaction.

use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

/// Words of a wire. By measurement: with 8, the loops over a wire are worth vectorising and all wires of a DES (block, halves,
/// key: 12 KiB) stay in the first-level cache.
pub(super) const WORDS: usize = 8;

/// Blocks worked on at once.
pub(super) const LANES: usize = 64 * WORDS;

/// One bit of every lane.
pub(super) type Wire = [u64; WORDS];

/// One 8-byte block, or one DES key with its parity bits, of every lane. Wiped on drop.
#[derive(Zeroize, ZeroizeOnDrop)]
pub(super) struct Wires(pub(super) Box<[Wire; 64]>);

impl Wires {
    /// All zero.
    pub(super) fn zero() -> Self {
        Self(Box::new([[0; WORDS]; 64]))
    }

    /// The same block in every lane.
    pub(super) fn fill(&mut self, block: [u8; 8]) {
        let block = u64::from_be_bytes(block);
        for (bit, wire) in self.0.iter_mut().enumerate() {
            wire.fill(0u64.wrapping_sub(block >> (63 - bit) & 1));
        }
    }

    /// XORs one block into each lane; `block` is asked for every lane in turn, bytes in big-endian order.
    pub(super) fn add(&mut self, mut block: impl FnMut(usize) -> u64) {
        for word in 0..WORDS {
            let mut square: [u64; 64] = std::array::from_fn(|row| block(word * 64 + row));
            transpose(&mut square);
            for (wire, bits) in self.0.iter_mut().zip(square) {
                wire[word] ^= bits;
            }
        }
    }

    /// Hands each lane's block out, bytes in big-endian order.
    pub(super) fn each(&self, mut take: impl FnMut(usize, u64)) {
        let mut square = Zeroizing::new([0; 64]);
        for word in 0..WORDS {
            for (row, wire) in square.iter_mut().zip(self.0.iter()) {
                *row = wire[word];
            }
            transpose(&mut square);
            for (row, block) in square.iter().enumerate() {
                take(word * 64 + row, *block);
            }
        }
    }

    /// Takes over another's lanes.
    pub(super) fn copy_from(&mut self, other: &Self) {
        self.0.copy_from_slice(other.0.as_slice());
    }

    /// Inverts every bit.
    pub(super) fn invert(&mut self) {
        for wire in self.0.iter_mut() {
            *wire = wire.map(|bits| !bits);
        }
    }

    /// XORs another's lanes in.
    pub(super) fn add_wires(&mut self, other: &Self) {
        for (wire, with) in self.0.iter_mut().zip(other.0.iter()) {
            for (bits, with) in wire.iter_mut().zip(with) {
                *bits ^= with;
            }
        }
    }
}

/// Mirrors a square of bits, the most significant bit of the first word in its corner: blocks become wires, and the other
/// way round. Squares of half the size change places, then the squares within them (H. S. Warren, Hacker's Delight, 7-3).
fn transpose(square: &mut [u64; 64]) {
    let mut size = 32;
    let mut mask = 0xFFFF_FFFF_u64;
    while size != 0 {
        for low in (0..64).filter(|row| row & size == 0) {
            let high = low + size;
            let swap = (square[low] ^ square[high] >> size) & mask;
            square[low] ^= swap;
            square[high] ^= swap << size;
        }
        size /= 2;
        mask ^= mask << size;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_square_is_mirrored() {
        let mut square: [u64; 64] = std::array::from_fn(|row| (row as u64 + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15));
        let before = square;
        transpose(&mut square);
        for (row, bits) in square.iter().enumerate() {
            for (column, other) in before.iter().enumerate() {
                assert_eq!(bits >> (63 - column) & 1, other >> (63 - row) & 1);
            }
        }
    }

    #[test]
    fn lanes_come_out_as_they_went_in() {
        let block = |lane: usize| (lane as u64 + 7).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        let mut wires = Wires::zero();
        wires.fill([0x80, 0, 0, 0, 0, 0, 0, 1]);
        assert!(
            wires.0[0] == [!0; WORDS] && wires.0[63] == [!0; WORDS] && wires.0[1..63].iter().all(|w| *w == [0; WORDS])
        );
        wires.add(block);
        wires.each(|lane, out| assert_eq!(out, block(lane) ^ 0x8000_0000_0000_0001));
    }
}
