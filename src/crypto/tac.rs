// SPDX-License-Identifier: Apache-2.0
//! Transaction authorisation cryptogram TAC (JR/T 0025.2-2010 5.5): what the clearing centre checks.

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::mac::{des_mac, leftmost4, sm4_mac};
use super::{Algorithm, KeyMaterial};

/// How an SM4 TAC uses its key. 3DES has only one way (single DES under left half XOR right half) and ignores this.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum TacVariant {
    /// All 16 bytes are the MAC key; the halves are not added up: the ETC family of vendors.
    #[default]
    WholeKey,
}

/// The four bytes of a TAC over the transaction's data (`purse` puts them together).
pub fn tac(alg: Algorithm, variant: TacVariant, key: &KeyMaterial, data: &[u8]) -> [u8; 4] {
    match (alg, variant) {
        (Algorithm::Tdes, _) => leftmost4(&des_mac(&halves_xored(key), &[0; 8], data)),
        (Algorithm::Sm4, TacVariant::WholeKey) => leftmost4(&sm4_mac(key.expose(), &[0; 16], data)),
    }
}

/// Left half XOR right half: the DES key of TACs and of RELOAD PIN. Both halves of a single-length key are the same, and
/// such a key gives zero here: it cannot serve for these two purposes.
pub(crate) fn halves_xored(key: &KeyMaterial) -> Zeroizing<[u8; 8]> {
    let mut xored = Zeroizing::new([0; 8]);
    let (left, right) = key.expose().split_at(8);
    for (place, (l, r)) in xored.iter_mut().zip(left.iter().zip(right)) {
        *place = l ^ r;
    }
    xored
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_are_added_for_3des_and_not_for_sm4() {
        let key = KeyMaterial::init_with(|k| k[..8].fill(0x11));
        let turned = KeyMaterial::init_with(|k| k[8..].fill(0x11));
        let of = |alg, key| tac(alg, TacVariant::default(), key, b"data");
        assert_eq!(of(Algorithm::Tdes, &key), of(Algorithm::Tdes, &turned));
        assert_ne!(of(Algorithm::Sm4, &key), of(Algorithm::Sm4, &turned));
    }
}
