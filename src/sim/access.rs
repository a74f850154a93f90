// SPDX-License-Identifier: Apache-2.0
//! Access bytes (FMCOS 2.0 user manual, "access rights"). XY with X = 0 tests the MF's state register: at least Y. X of 1 to
//! F tests the current directory's: from Y up to X. X below Y never holds.

use serde::{Deserialize, Serialize};

/// Which high nibble means the MF: the two published readings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AccessReading {
    /// 0 means the MF (user manual of 2007, confirmed by real cards).
    #[default]
    ZeroIsMf,
    /// F means the MF (general technical manual 1.1.3).
    FIsMf,
}

/// Whether `byte` is met with the MF's register at `mf` and the current directory's at `here` (both 0 to 15).
pub(super) fn allows(byte: u8, mf: u8, here: u8, reading: AccessReading) -> bool {
    let (x, y) = (byte >> 4, byte & 0x0F);
    match (reading, x) {
        (AccessReading::ZeroIsMf, 0) | (AccessReading::FIsMf, 0x0F) => mf >= y,
        _ => (y..=x).contains(&here),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_examples_of_the_manual() {
        let states = |byte| {
            (0..16)
                .filter(|s| allows(byte, 0, *s, AccessReading::ZeroIsMf))
                .collect::<Vec<u8>>()
        };
        assert_eq!(states(0xF0), (0..16).collect::<Vec<u8>>());
        assert_eq!(states(0xF1), (1..16).collect::<Vec<u8>>());
        assert_eq!(states(0xFA), (10..16).collect::<Vec<u8>>());
        assert_eq!(states(0x41), [1, 2, 3, 4]);
        assert_eq!(states(0x11), [1]);
        assert_eq!(states(0x53), [3, 4, 5]);
        assert_eq!(states(0xFF), [15]);
        assert!(states(0xEF).is_empty());
        for mf in 0..16 {
            assert_eq!(allows(0x05, mf, 0, AccessReading::ZeroIsMf), mf >= 5);
            assert!(allows(0x00, mf, 0, AccessReading::ZeroIsMf));
            assert_eq!(allows(0xF5, mf, 0, AccessReading::FIsMf), mf >= 5);
        }
        assert!(!allows(0x02, 15, 15, AccessReading::FIsMf), "0 below 2: never");
    }
}
