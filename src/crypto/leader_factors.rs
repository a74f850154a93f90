// SPDX-License-Identifier: Apache-2.0
//! Leaders' factors 密钥因子: secrets that several leaders choose and that together make a whole tree of keys. Whoever has all
//! of them again, in their order, has the tree again; docs/formats/ceremony.md has the rule byte by byte.
//!
//! A factor is chosen by a person and holds less than it seems to. So the factors go through Argon2id (RFC 9106), nothing
//! about a single factor is ever published, and too short or too plain ones are refused.

use hkdf::Hkdf;
use sha2::Sha256;

use super::component::{combine_components, from_hex};
use super::pack::{is_same, pack};
use super::random_key::{equal_halves, known_test_key, weak_des_half};
use super::seal::{KdfParams, SealKey, passphrase_key};
use super::{Algorithm, HexError, KeyMaterial, SecretBytes};
use crate::error::{Exit, Fault};
use crate::i18n::Msg;
use crate::msg;

/// Fewest characters of a factor.
pub const SHORTEST: usize = 16;
/// Most characters of a factor.
pub const LONGEST: usize = 64;
/// Fewest different characters of a factor.
const DIFFERENT: usize = 6;
/// Fixed for good: other costs would make other keys of the same factors.
const COSTS: KdfParams = KdfParams {
    memory_kib: 64 * 1024,
    passes: 3,
    lanes: 4,
};
/// What separates this use of HKDF from any other.
const KEY_INFO: &[u8] = b"cardmint leaders' key v1\n";

/// Why factors make no key. A position counts the characters as they were typed, from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FactorError {
    /// Too few or too many characters.
    Length {
        /// Characters that were typed, without spaces.
        got: usize,
    },
    /// A character that not every keyboard has.
    Character {
        /// Where.
        position: usize,
    },
    /// Too few different characters.
    Plain,
    /// Two factors are the same; numbers from 1.
    Same {
        /// The first of them.
        first: usize,
        /// The other.
        second: usize,
    },
    /// No key in hexadecimal.
    Hex(HexError),
    /// A published value.
    Known {
        /// Its name.
        name: &'static str,
    },
    /// The derivation did not work: no memory.
    Derivation,
}

/// A factor as a leader typed it, in the form that is counted: without spaces, small letters as capital ones.
pub fn typed(text: &SecretBytes) -> Result<SecretBytes, FactorError> {
    let mut factor = Vec::with_capacity(text.len());
    for (at, character) in text.expose().iter().enumerate() {
        match character {
            b' ' => {}
            b'!'..=b'~' => factor.push(character.to_ascii_uppercase()),
            _ => {
                drop(SecretBytes::new(factor));
                return Err(FactorError::Character { position: at + 1 });
            }
        }
    }
    let factor = SecretBytes::new(factor);
    let bytes = factor.expose();
    if !(SHORTEST..=LONGEST).contains(&bytes.len()) {
        return Err(FactorError::Length { got: bytes.len() });
    }
    let first = |at: &usize| !bytes[..*at].contains(&bytes[*at]);
    if (0..bytes.len()).filter(first).count() < DIFFERENT {
        return Err(FactorError::Plain);
    }
    Ok(factor)
}

/// What all keys of a tree follow from: 32 bytes, wiped, never printed.
#[derive(Debug)]
pub struct FactorTree(SealKey);

impl FactorTree {
    /// From all factors in their order, each as [`typed`] gives it. Takes as long as Argon2id does.
    pub fn grow(factors: &[SecretBytes], salt: &[u8; 16]) -> Result<Self, FactorError> {
        different(factors)?;
        let parts: Vec<_> = factors.iter().map(|f| f as &dyn super::seal::Secret).collect();
        let whole = pack(&parts).map_err(|_| FactorError::Derivation)?;
        let seed = passphrase_key(&whole, salt, COSTS).map_err(|_| FactorError::Derivation)?;
        Ok(Self(seed))
    }

    /// The key of that name. A weak one is passed over: the next value of the counter gives another.
    pub fn key(&self, name: &str, alg: Algorithm) -> Result<KeyMaterial, FactorError> {
        for counter in 0..=u8::MAX {
            let key = self.candidate(name, counter)?;
            if !weak(alg, &key) {
                return Ok(key);
            }
        }
        Err(FactorError::Derivation)
    }

    fn candidate(&self, name: &str, counter: u8) -> Result<KeyMaterial, FactorError> {
        KeyMaterial::try_init_with(|place| {
            Hkdf::<Sha256>::new(None, self.0.expose())
                .expand_multi_info(&[KEY_INFO, name.as_bytes(), b"\n", &[counter]], place)
                .map_err(|_| FactorError::Derivation)
        })
    }
}

/// The one key that the factors are by XOR, each 32 hexadecimal digits. `strict` refuses published values among them.
pub fn xor(factors: &[SecretBytes], strict: bool) -> Result<KeyMaterial, FactorError> {
    let parts: Vec<KeyMaterial> = factors
        .iter()
        .map(|factor| from_hex(factor).map_err(FactorError::Hex))
        .collect::<Result<_, _>>()?;
    for (at, part) in parts.iter().enumerate() {
        if let Some(before) = parts[..at].iter().position(|other| other.same_as(part)) {
            return Err(FactorError::Same {
                first: before + 1,
                second: at + 1,
            });
        }
        if let Some(name) = known_test_key(part).filter(|_| strict) {
            return Err(FactorError::Known { name });
        }
    }
    Ok(combine_components(&parts))
}

fn weak(alg: Algorithm, key: &KeyMaterial) -> bool {
    let weak_des = alg == Algorithm::Tdes && weak_des_half(key);
    weak_des || equal_halves(key) || known_test_key(key).is_some()
}

fn different(factors: &[SecretBytes]) -> Result<(), FactorError> {
    for (at, factor) in factors.iter().enumerate() {
        if let Some(before) = factors[..at].iter().position(|other| is_same(other, factor)) {
            return Err(FactorError::Same {
                first: before + 1,
                second: at + 1,
            });
        }
    }
    Ok(())
}

impl Fault for FactorError {
    fn msg(&self) -> Msg {
        match self {
            Self::Length { got } => msg!("crypto-factor-length", least = SHORTEST, most = LONGEST, got = got),
            Self::Character { position } => msg!("crypto-factor-character", position = position),
            Self::Plain => msg!("crypto-factor-plain", least = DIFFERENT),
            Self::Same { first, second } => msg!("crypto-factor-same", first = first, second = second),
            Self::Hex(e) => e.msg(),
            Self::Known { name } => msg!("crypto-factor-known", name = name),
            Self::Derivation => msg!("crypto-factor-derivation"),
        }
    }
    fn exit(&self) -> Exit {
        match self {
            Self::Derivation => Exit::Device,
            _ => Exit::Usage,
        }
    }
}
crate::display_as_english!(FactorError);

#[cfg(test)]
mod tests {
    use super::*;

    fn secret(text: &str) -> SecretBytes {
        SecretBytes::new(text.as_bytes().to_vec())
    }

    fn tree(seed: u8) -> FactorTree {
        FactorTree(
            SealKey::try_init_with(|place| {
                place.fill(seed);
                Ok::<_, ()>(())
            })
            .unwrap(),
        )
    }

    #[test]
    fn spaces_and_small_letters_do_not_count() {
        let factor = typed(&secret(" ab3f 91c0 77DE 5a02 ")).unwrap();
        assert_eq!(factor.expose(), b"AB3F91C077DE5A02");
        assert_eq!(
            typed(&secret("Great-Wall_of.1421")).unwrap().expose(),
            b"GREAT-WALL_OF.1421"
        );
    }

    #[test]
    fn poor_factors_are_refused() {
        let fails = |text: &str| typed(&secret(text)).unwrap_err();
        assert_eq!(fails("1234 5678 9012 345"), FactorError::Length { got: 15 });
        assert_eq!(fails(&"abcdefgh".repeat(9)), FactorError::Length { got: 72 });
        assert_eq!(fails("1122 3344 5511 2233 4455"), FactorError::Plain);
        assert_eq!(fails("12345678\t90123456"), FactorError::Character { position: 9 });
        assert_eq!(fails("长城长城长城长城"), FactorError::Character { position: 1 });
    }

    #[test]
    fn names_and_counters_make_other_keys() {
        let key = |name: &str, counter| tree(1).candidate(name, counter).unwrap();
        let first = key("load.v1.3des@issuer", 0);
        assert!(first.same_as(&key("load.v1.3des@issuer", 0)));
        assert!(!first.same_as(&key("load.v1.3des@issuer", 1)));
        assert!(!first.same_as(&key("load.v1.sm4@issuer", 0)));
        assert!(!first.same_as(&tree(2).candidate("load.v1.3des@issuer", 0).unwrap()));
        assert!(first.same_as(&tree(1).key("load.v1.3des@issuer", Algorithm::Tdes).unwrap()));
    }

    #[test]
    fn what_counts_as_weak() {
        let key = |bytes: u128| KeyMaterial::init_with(|place| *place = bytes.to_be_bytes());
        let half = key(0x1F1F_1F1F_0E0E_0E0E_1B2D_3A4C_5F60_7182);
        assert!(weak(Algorithm::Tdes, &half) && !weak(Algorithm::Sm4, &half));
        let equal = key(0x1B2D_3A4C_5F60_7182_1B2D_3A4C_5F60_7182);
        assert!(weak(Algorithm::Tdes, &equal) && weak(Algorithm::Sm4, &equal));
        assert!(weak(Algorithm::Sm4, &key(0x4041_4243_4445_4647_4849_4A4B_4C4D_4E4F)));
    }

    #[test]
    fn the_sum_of_factors_needs_different_ones() {
        let (a, b) = ("1B2D3A4C5F6071820011223344556677", "00FF00FF00FF00FF00FF00FF00FF00FF");
        let sum = xor(&[secret(a), secret(b)], false).unwrap();
        assert_eq!(hex::encode_upper(sum.expose()), "1BD23AB35F9F717D00EE22CC44AA6688");
        let same = xor(&[secret(a), secret(b), secret(a)], false).unwrap_err();
        assert_eq!(same, FactorError::Same { first: 1, second: 3 });
        assert!(matches!(
            xor(&[secret(a), secret(b)], true),
            Err(FactorError::Known { .. })
        ));
        let short = xor(&[secret("00")], false).unwrap_err();
        assert!(matches!(
            short,
            FactorError::Hex(HexError::Length { expected: 32, got: 2 })
        ));
    }
}
