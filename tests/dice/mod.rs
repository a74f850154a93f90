// SPDX-License-Identifier: Apache-2.0
//! Dice for random tests: seeded from the system, or by `CARDMINT_SEED`; the seed is printed.
#![allow(dead_code, unreachable_pub, clippy::print_stdout)] // each test program uses its part, and says its seed

use cardmint::outside::{Random as _, SystemRandom};

/// xorshift64.
pub struct Dice(u64);

impl Dice {
    pub fn new() -> Self {
        let mut bytes = [0; 8];
        SystemRandom
            .fill(&mut bytes)
            .unwrap_or_else(|_| panic!("no random source"));
        let given = std::env::var("CARDMINT_SEED").ok().and_then(|seed| seed.parse().ok());
        Self::seeded(given.unwrap_or(u64::from_le_bytes(bytes)))
    }

    pub fn seeded(seed: u64) -> Self {
        println!("seed: CARDMINT_SEED={}", seed | 1);
        Self(seed | 1)
    }

    /// From 0 to below `n`.
    pub fn below(&mut self, n: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % n
    }

    /// True so many times in a hundred.
    pub fn percent(&mut self, n: u64) -> bool {
        self.below(100) < n
    }
}
