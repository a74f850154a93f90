// SPDX-License-Identifier: Apache-2.0
//! Fresh keys, and keys that must never be used: published test values, transport defaults, weak DES keys.
//!
//! DES parity bits do not count in any comparison here: a key with parity set is the same DES key.

use super::{Algorithm, KeyMaterial};
use crate::outside::{NoRandom, Random};

/// Draws before a source counts as broken: a sound one never needs the second.
const DRAWS: usize = 8;

/// A fresh key. Weak keys, equal halves and known values are drawn again; a source that goes on giving them is broken.
pub fn generate(alg: Algorithm, random: &mut dyn Random) -> Result<KeyMaterial, NoRandom> {
    for _ in 0..DRAWS {
        let key = KeyMaterial::try_init_with(|place| random.fill(place))?;
        let weak = alg == Algorithm::Tdes && weak_des_half(&key);
        if !weak && !equal_halves(&key) && known_test_key(&key).is_none() {
            return Ok(key);
        }
    }
    Err(NoRandom)
}

/// Whether the two halves are the same DES key, so that 3DES would be no more than DES.
pub fn equal_halves(key: &KeyMaterial) -> bool {
    let (left, right) = key.expose().split_at(8);
    same_but_parity(left, right)
}

/// Whether a half is one of the four weak or twelve semi-weak keys of DES (NIST SP 800-67 3.3.2).
pub fn weak_des_half(key: &KeyMaterial) -> bool {
    key.expose().chunks(8).any(weak_des_key)
}

/// Whether 8 bytes are a weak or semi-weak key of DES.
pub(in crate::crypto) fn weak_des_key(bytes: &[u8]) -> bool {
    WEAK.iter().any(|weak| same_but_parity(bytes, &weak.to_be_bytes()))
}

/// The name of a key that is published or that blanks come with; such a key protects nothing.
pub fn known_test_key(key: &KeyMaterial) -> Option<&'static str> {
    known_bytes(key.expose())
}

/// [`known_test_key`] for keys of any length; the listed ones have 16 bytes, patterns are found in all.
pub(in crate::crypto) fn known_bytes(bytes: &[u8]) -> Option<&'static str> {
    let listed = KNOWN.iter().find(|(known, _)| same_but_parity(bytes, &known[..]));
    listed.map(|(_, name)| *name).or_else(|| pattern(bytes))
}

/// Keys that manuals and sample programs make by repeating one, two or four bytes.
fn pattern(bytes: &[u8]) -> Option<&'static str> {
    let repeats = |n: usize| bytes.chunks(n).all(|chunk| same_but_parity(chunk, &bytes[..n]));
    match () {
        () if repeats(1) => Some("one byte repeated"),
        () if repeats(2) => Some("two bytes repeated"),
        () if repeats(4) => Some("four bytes repeated"),
        () => None,
    }
}

/// Equality but for DES parity bits, without a way out early.
pub(in crate::crypto) fn same_but_parity(a: &[u8], b: &[u8]) -> bool {
    a.len() == b.len() && a.iter().zip(b).fold(0, |differ, (x, y)| differ | ((x ^ y) & 0xFE)) == 0
}

const WEAK: [u64; 16] = [
    0x0101_0101_0101_0101,
    0xFEFE_FEFE_FEFE_FEFE,
    0xE0E0_E0E0_F1F1_F1F1,
    0x1F1F_1F1F_0E0E_0E0E,
    0x011F_011F_010E_010E,
    0x1F01_1F01_0E01_0E01,
    0x01E0_01E0_01F1_01F1,
    0xE001_E001_F101_F101,
    0x01FE_01FE_01FE_01FE,
    0xFE01_FE01_FE01_FE01,
    0x1FE0_1FE0_0EF1_0EF1,
    0xE01F_E01F_F10E_F10E,
    0x1FFE_1FFE_0EFE_0EFE,
    0xFE1F_FE1F_FE0E_FE0E,
    0xE0FE_E0FE_F1FE_F1FE,
    0xFEE0_FEE0_FEF1_FEF1,
];

const fn of(value: u128) -> [u8; 16] {
    value.to_be_bytes()
}

const KNOWN: [(&[u8; 16], &str); 17] = [
    (&[0xFF; 16], "all FF, the transport key of blank cards"),
    (&[0; 16], "all zero"),
    (
        &of(0x4041_4243_4445_4647_4849_4A4B_4C4D_4E4F),
        "GlobalPlatform test key 404142..4F",
    ),
    (&of(0x0011_2233_4455_6677_8899_AABB_CCDD_EEFF), "00112233..EEFF"),
    (&of(0xFFEE_DDCC_BBAA_9988_7766_5544_3322_1100), "FFEEDDCC..1100"),
    (&of(0x1122_3344_5566_7788_99AA_BBCC_DDEE_FF00), "11223344..FF00"),
    (&of(0x1122_3344_5566_7788_9900_AABB_CCDD_EEFF), "11223344..9900AABB..FF"),
    (
        &of(0x1122_3344_5566_7788_8877_6655_4433_2211),
        "11223344556677888877665544332211",
    ),
    (&of(0x1122_3344_5566_7788_1122_3344_5566_7788), "1122334455667788 twice"),
    (
        &of(0x0123_4567_89AB_CDEF_FEDC_BA98_7654_3210),
        "0123456789ABCDEFFEDCBA9876543210, SM4 and ISO 9797 example",
    ),
    (&of(0x0123_4567_89AB_CDEF_0123_4567_89AB_CDEF), "0123456789ABCDEF twice"),
    (&of(0x0001_0203_0405_0607_0809_0A0B_0C0D_0E0F), "000102..0F"),
    (&of(0x0102_0304_0506_0708_090A_0B0C_0D0E_0F10), "010203..10"),
    (&of(0x0102_0304_0506_0708_0102_0304_0506_0708), "0102030405060708 twice"),
    (
        &of(0x3F3F_3F3F_3F3F_3F3F_1122_3344_5566_7788),
        "load key of a published FMCOS example",
    ),
    (
        &of(0x39FF_39FF_39FF_39FF_39FF_39FF_3902_3902),
        "control key of the FMCOS manual",
    ),
    (b"WATCHDATATimeCOS", "Watchdata transport key"),
];

#[cfg(test)]
mod tests {
    use super::*;

    struct Constant(u8);
    impl Random for Constant {
        fn fill(&mut self, place: &mut [u8]) -> Result<(), NoRandom> {
            place.fill(self.0);
            Ok(())
        }
    }

    /// Gives bad keys first, then one good one.
    struct Then(Vec<[u8; 16]>);
    impl Random for Then {
        fn fill(&mut self, place: &mut [u8]) -> Result<(), NoRandom> {
            place.copy_from_slice(&self.0.pop().ok_or(NoRandom)?);
            Ok(())
        }
    }

    fn key(bytes: [u8; 16]) -> KeyMaterial {
        KeyMaterial::init_with(|place| *place = bytes)
    }

    #[test]
    fn a_source_that_gives_one_byte_over_and_over_gives_no_key() {
        assert!(generate(Algorithm::Tdes, &mut Constant(0x77)).is_err());
        assert!(generate(Algorithm::Sm4, &mut Constant(0)).is_err());
    }

    #[test]
    fn bad_draws_are_thrown_away() {
        let good = *b"qT7#kd0!zLp5@x2^";
        let mut source = Then(vec![
            good,
            *b"WATCHDATATimeCOS",
            *b"samehalfsamehalf",
            of(0x4041_4243_4445_4647_4849_4A4B_4C4D_4E4F),
        ]);
        assert!(generate(Algorithm::Tdes, &mut source).unwrap().same_as(&key(good)));
        // A weak left half disqualifies a DES key, not an SM4 key.
        let weak = of(0x1F1F_1F1F_0E0E_0E0E_1B2D_3A4C_5F60_7182);
        assert!(
            generate(Algorithm::Tdes, &mut Then(vec![good, weak]))
                .unwrap()
                .same_as(&key(good))
        );
        assert!(
            generate(Algorithm::Sm4, &mut Then(vec![good, weak]))
                .unwrap()
                .same_as(&key(weak))
        );
    }

    #[test]
    fn known_keys_are_known_whatever_their_parity() {
        let adjusted = of(0x4040_4343_4545_4646_4949_4A4A_4C4C_4F4F);
        assert!(known_test_key(&key(adjusted)).unwrap().contains("GlobalPlatform"));
        assert!(known_test_key(&key(*b"WATCHDATATimeCOS")).is_some());
        assert_eq!(known_test_key(&key([0x36; 16])), Some("one byte repeated"));
        assert_eq!(
            known_test_key(&key(of(0x3F01_3F01_3F01_3F01_3F01_3F01_3F01_3F01))),
            Some("two bytes repeated")
        );
        assert_eq!(known_test_key(&key(*b"qT7#kd0!zLp5@x2^")), None);
        assert!(equal_halves(&key(of(0x1012_1416_181A_1C1E_1113_1517_191B_1D1F))));
    }
}
