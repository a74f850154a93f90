// SPDX-License-Identifier: Apache-2.0
//! Key diversification 密钥分散: from a master key and an 8-byte factor X to the child key.
//!
//! 3DES: `E(K, X) ‖ E(K, ¬X)` (JR/T 0025.2-2010 B.2). SM4: `E(K, X ‖ ¬X)`, one block (JR/T 0025.17-2013 8.1.4). Several
//! levels: once per level, highest authority first. On the wire to a PSAM the factors stand the other way round, the card's
//! first; turning them round is the business of whoever writes the command. Parity bits are never set.

use super::cipher::Schedule;
use super::hexadecimal::hex_text;
use super::{Algorithm, KeyMaterial};

/// A diversification factor 分散因子: 8 bytes, no secret.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Factor(pub [u8; 8]);
hex_text!(Factor, 8);

/// A master key made ready for many children: the key schedule is computed once.
pub struct Diversifier {
    alg: Algorithm,
    schedule: Schedule,
}

impl Diversifier {
    /// Makes a master key ready.
    pub fn new(alg: Algorithm, master: &KeyMaterial) -> Self {
        let schedule = Schedule::new(alg, master.expose());
        Self { alg, schedule }
    }

    /// The child key for a factor.
    pub fn child(&self, factor: &Factor) -> KeyMaterial {
        KeyMaterial::init_with(|place| self.child_into(*factor, place))
    }

    fn child_into(&self, factor: Factor, place: &mut [u8; 16]) {
        for (at, byte) in factor.0.iter().enumerate() {
            place[at] = *byte;
            place[at + 8] = !*byte;
        }
        // Two blocks of 3DES or one of SM4: the same bytes go in.
        self.schedule.encrypt(place);
    }
}

impl std::fmt::Debug for Diversifier {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Diversifier({}, ..)", self.alg)
    }
}

/// One level down.
pub fn diversify(alg: Algorithm, master: &KeyMaterial, factor: &Factor) -> KeyMaterial {
    Diversifier::new(alg, master).child(factor)
}

/// Several levels down, the highest authority's factor first. No factor at all gives the master key itself again.
pub fn diversify_path(alg: Algorithm, master: &KeyMaterial, factors: &[Factor]) -> KeyMaterial {
    let top = KeyMaterial::init_with(|place| place.copy_from_slice(master.expose()));
    factors.iter().fold(top, |key, factor| diversify(alg, &key, factor))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_of_the_levels_matters() {
        let master = KeyMaterial::init_with(|k| k.fill(0x42));
        let (city, card): (Factor, Factor) = ("4420FF0000000000".parse().unwrap(), "4420000012345678".parse().unwrap());
        for alg in [Algorithm::Tdes, Algorithm::Sm4] {
            let down = diversify_path(alg, &master, &[city, card]);
            let turned = diversify_path(alg, &master, &[card, city]);
            assert!(!down.same_as(&turned));
            assert!(down.same_as(&diversify(alg, &diversify(alg, &master, &city), &card)));
            assert!(diversify_path(alg, &master, &[]).same_as(&master));
        }
    }

    #[test]
    fn a_factor_is_eight_bytes_of_text() {
        assert_eq!(
            "4420ff0000000000".parse::<Factor>().unwrap().to_string(),
            "4420FF0000000000"
        );
        assert!("4420FF00000000".parse::<Factor>().is_err());
    }
}
