// SPDX-License-Identifier: Apache-2.0
//! Health tests of a random source (NIST SP 800-90B 4.3 and 4.4): 1024 bytes at start-up, thrown away afterwards, and every
//! byte that is given out. They find a source that is stuck or badly out of balance, not one that is merely predictable.
//!
//! A source that fails once gives nothing any more. The tests expect 8 bits of entropy a byte and err on a sound source
//! once in 2^40 bytes (repetition count) and once in 2^40 windows (adaptive proportion).

use zeroize::Zeroize;

use crate::outside::{NoRandom, Random};

/// Bytes drawn and thrown away before the first is given out.
const START_UP: usize = 1024;
/// So many equal bytes in a row are a failure: 1 + 40/8 (4.4.1).
const REPETITIONS: u32 = 6;
/// Bytes in a window (4.4.2; the value for samples with more than two values).
const WINDOW: u32 = 512;
/// So many times the window's first byte in the window are a failure: 1 + the smallest k for which the binomial
/// distribution of 512 trials at 1/256 stays at k or below with probability 1 - 2^-40.
const PROPORTION: u32 = 19;

/// A source whose bytes are tested before anybody gets them.
#[derive(Debug)]
pub struct Tested<R> {
    source: R,
    state: State,
    tests: Tests,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    New,
    Sound,
    Broken,
}

impl<R: Random> Tested<R> {
    /// Tests begin with the first draw.
    pub fn new(source: R) -> Self {
        Self {
            source,
            state: State::New,
            tests: Tests::default(),
        }
    }

    fn draw(&mut self, place: &mut [u8]) -> Result<(), NoRandom> {
        self.source.fill(place)?;
        if place.iter().all(|byte| self.tests.passes(*byte)) {
            Ok(())
        } else {
            Err(NoRandom)
        }
    }

    fn start_up(&mut self) -> Result<(), NoRandom> {
        let mut thrown_away = [0; START_UP];
        let drawn = self.draw(&mut thrown_away);
        thrown_away.zeroize();
        drawn
    }
}

impl<R: Random> Random for Tested<R> {
    fn fill(&mut self, place: &mut [u8]) -> Result<(), NoRandom> {
        let drawn = match self.state {
            State::New => self.start_up().and_then(|()| self.draw(place)),
            State::Sound => self.draw(place),
            State::Broken => Err(NoRandom),
        };
        self.state = if drawn.is_ok() { State::Sound } else { State::Broken };
        if drawn.is_err() {
            place.zeroize();
        }
        drawn
    }

    fn tested(&self) -> Option<u64> {
        (self.state == State::Sound).then_some(self.tests.bytes)
    }
}

/// The two tests, over bytes as they come.
#[derive(Debug, Default)]
struct Tests {
    bytes: u64,
    last: u8,
    /// How many times `last` came in a row.
    run: u32,
    first: u8,
    /// Bytes of the window so far.
    seen: u32,
    /// How many of them are `first`.
    same: u32,
}

impl Tests {
    fn passes(&mut self, byte: u8) -> bool {
        self.bytes += 1;
        let (repeats, balanced) = (self.repetition_count(byte), self.adaptive_proportion(byte));
        repeats && balanced
    }

    fn repetition_count(&mut self, byte: u8) -> bool {
        self.run = if byte == self.last { self.run + 1 } else { 1 };
        self.last = byte;
        self.run < REPETITIONS
    }

    fn adaptive_proportion(&mut self, byte: u8) -> bool {
        if self.seen == 0 || self.seen == WINDOW {
            (self.first, self.seen, self.same) = (byte, 0, 0);
        }
        self.seen += 1;
        self.same += u32::from(byte == self.first);
        self.same < PROPORTION
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outside::SystemRandom;

    /// Gives prepared bytes, then counts up; can report an error of its own.
    struct Prepared {
        bytes: Vec<u8>,
        at: usize,
        fails_at: usize,
    }

    impl Random for Prepared {
        fn fill(&mut self, place: &mut [u8]) -> Result<(), NoRandom> {
            for byte in place {
                *byte = self.bytes.get(self.at).copied().unwrap_or(self.at as u8);
                self.at += 1;
            }
            if self.at > self.fails_at { Err(NoRandom) } else { Ok(()) }
        }
    }

    fn counting() -> Vec<u8> {
        (0..START_UP).map(|i| i as u8).collect()
    }

    fn after_start_up(bytes: &[u8]) -> Tested<Prepared> {
        Tested::new(Prepared {
            bytes: [&counting()[..], bytes].concat(),
            at: 0,
            fails_at: usize::MAX,
        })
    }

    #[test]
    fn the_system_s_source_passes_and_start_up_comes_first() {
        let mut random = Tested::new(SystemRandom);
        assert_eq!(random.tested(), None);
        let mut place = [0; 4096];
        random.fill(&mut place).unwrap();
        assert_eq!(random.tested(), Some(4096 + 1024));
        let mut prepared = after_start_up(&[7, 8]);
        let mut place = [0; 2];
        prepared.fill(&mut place).unwrap();
        assert_eq!(place, [7, 8]);
    }

    #[test]
    fn a_stuck_source_gives_nothing_for_ever() {
        for stuck in [0, 0xFF, 0x5A] {
            let mut random = Tested::new(Prepared {
                bytes: vec![stuck; 4096],
                at: 0,
                fails_at: usize::MAX,
            });
            let mut place = [1; 8];
            assert_eq!(random.fill(&mut place), Err(NoRandom));
            assert_eq!((place, random.tested()), ([0; 8], None));
        }
        // Five in a row may be; the sixth is a failure, over the border of two draws too.
        let mut random = after_start_up(&[9, 9, 9, 9, 9, 1, 9, 9, 9, 9, 9, 9]);
        let mut place = [0; 6];
        assert_eq!(random.fill(&mut place), Ok(()));
        assert_eq!(random.fill(&mut place), Err(NoRandom));
        assert_eq!(place, [0; 6]);
        assert_eq!(random.fill(&mut place[..1]), Err(NoRandom), "it stays broken");
    }

    #[test]
    fn a_source_out_of_balance_is_found() {
        // A window begins behind start-up: 1024 is twice 512.
        let sometimes = |times: usize| {
            let mut window: Vec<u8> = (0..512_usize).map(|i| (i % 250) as u8 + 5).collect();
            for i in 0..times {
                window[i * 20] = 1;
            }
            window
        };
        let mut place = [0; 512];
        assert_eq!(after_start_up(&sometimes(18)).fill(&mut place), Ok(()));
        assert_eq!(after_start_up(&sometimes(19)).fill(&mut place), Err(NoRandom));
    }

    #[test]
    fn errors_of_the_source_are_passed_on() {
        let mut random = Tested::new(Prepared {
            bytes: counting(),
            at: 0,
            fails_at: START_UP + 4,
        });
        let mut place = [0; 4];
        assert_eq!(random.fill(&mut place), Ok(()));
        assert_eq!(random.fill(&mut place), Err(NoRandom));
    }

    #[test]
    fn the_limits_are_those_of_the_standard() {
        // 4.4.1: C = 1 + ceil(40 / 8). 4.4.2: the critical value of the binomial distribution.
        assert_eq!(REPETITIONS, 1 + 40_u32.div_ceil(8));
        let p: f64 = 1.0 / 256.0;
        let mut probability = (1.0 - p).powi(512);
        let mut above: Vec<f64> = Vec::new();
        for k in 0..=512_u32 {
            above.push(probability);
            probability *= f64::from(512 - k) / f64::from(k + 1) * p / (1.0 - p);
        }
        let tail = |from: usize| above[from..].iter().rev().sum::<f64>();
        let critical = (0..512).find(|k| tail(k + 1) <= (-40.0_f64).exp2()).unwrap();
        assert_eq!(PROPORTION as usize, 1 + critical);
    }
}
