// SPDX-License-Identifier: Apache-2.0
//! The chip's random source: the system's, one that a seed fixes (tests, demonstrations), or prepared bytes in front of
//! either, to replay traces of real cards.

use std::collections::VecDeque;

use crate::crypto::algorithm::Algorithm;
use crate::crypto::cipher;
use crate::iso7816::StatusWord;
use crate::outside::{Random, SystemRandom};

use super::sw;

/// Where challenges come from.
#[derive(Debug, Default)]
pub(super) struct CardRandom {
    prepared: VecDeque<u8>,
    seeded: Option<Seeded>,
}

#[derive(Debug)]
struct Seeded {
    key: [u8; 16],
    blocks: u64,
}

impl CardRandom {
    /// From a seed: the same at every power-up.
    pub(super) fn new(seed: Option<u64>) -> Self {
        let seeded = seed.map(|seed| {
            let mut key = [0; 16];
            key[..8].copy_from_slice(&seed.to_be_bytes());
            Seeded { key, blocks: 0 }
        });
        Self {
            prepared: VecDeque::new(),
            seeded,
        }
    }

    /// Bytes to give out first.
    pub(super) fn prepare(&mut self, bytes: &[u8]) {
        self.prepared.extend(bytes);
    }

    pub(super) fn take<const N: usize>(&mut self) -> Result<[u8; N], StatusWord> {
        let mut out = [0; N];
        if self.prepared.len() >= N {
            out.iter_mut().zip(self.prepared.drain(..N)).for_each(|(o, b)| *o = b);
            return Ok(out);
        }
        match &mut self.seeded {
            Some(seeded) => seeded.fill(&mut out),
            None => SystemRandom.fill(&mut out).map_err(|_| sw::MEMORY)?,
        }
        Ok(out)
    }
}

impl Seeded {
    fn fill(&mut self, place: &mut [u8]) {
        for chunk in place.chunks_mut(16) {
            let mut block = [0; 16];
            block[8..].copy_from_slice(&self.blocks.to_be_bytes());
            self.blocks += 1;
            let block = cipher::ecb_encrypt(Algorithm::Sm4, &self.key, &block);
            chunk.copy_from_slice(&block[..chunk.len()]);
        }
    }
}

/// Eight bytes of a chip number for the `index`-th card of a seed: four zero bytes, then four that look random.
pub fn seeded_serial(seed: u64, index: u64) -> [u8; 8] {
    let mut source = CardRandom::new(Some(seed ^ index.rotate_left(32) ^ 0x5345_5249_414C));
    let mut serial = [0; 8];
    let low: [u8; 4] = source.take().unwrap_or_default();
    serial[4..].copy_from_slice(&low);
    serial
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prepared_bytes_come_first_and_a_seed_repeats() {
        let mut a = CardRandom::new(Some(7));
        let mut b = CardRandom::new(Some(7));
        b.prepare(&[1, 2, 3, 4]);
        assert_eq!(b.take::<4>().unwrap(), [1, 2, 3, 4]);
        assert_eq!(a.take::<8>().unwrap(), b.take::<8>().unwrap());
        assert_ne!(a.take::<8>().unwrap(), CardRandom::new(Some(8)).take::<8>().unwrap());
        assert_ne!(seeded_serial(1, 1), seeded_serial(1, 2));
    }
}
