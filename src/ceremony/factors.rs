// SPDX-License-Identifier: Apache-2.0
//! The leaders' factors of one site: the same factors in the same order make the same tree for the same scheme and owner,
//! and another one for any other. A rehearsal's keys are never those of production, even where a leader types the real
//! factor. The rule, byte by byte: docs/formats/ceremony.md.

use crate::crypto::digest::sha256;
use crate::crypto::leader_factors::{self, FactorTree};
use crate::crypto::{KeyMaterial, SecretBytes};
use crate::keys::KeyId;

pub use crate::crypto::leader_factors::FactorError;

/// Whose tree grows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ground {
    /// The scheme's name.
    pub scheme: String,
    /// The site's level and code.
    pub owner: String,
    /// Whether the site is a rehearsal.
    pub rehearsal: bool,
}

/// A leader's factor in the form that counts, or what is wrong with it: asked as soon as it was typed.
pub fn typed(text: &SecretBytes) -> Result<SecretBytes, FactorError> {
    leader_factors::typed(text)
}

/// The tree of all leaders' factors (method `digest`), each as [`typed`] gives it, in the order of the plan.
#[derive(Debug)]
pub struct Tree(FactorTree);

impl Tree {
    /// Takes a while: the factors go through Argon2id.
    pub fn grow(ground: &Ground, factors: &[SecretBytes]) -> Result<Self, FactorError> {
        FactorTree::grow(factors, &ground.salt()).map(Self)
    }

    /// A key of the tree.
    pub fn key(&self, id: &KeyId) -> Result<KeyMaterial, FactorError> {
        self.0.key(&id.to_string(), id.algorithm)
    }
}

/// The single key that the factors are by XOR (method `xor`), each typed as 32 hexadecimal digits.
pub fn xor(ground: &Ground, factors: &[SecretBytes]) -> Result<KeyMaterial, FactorError> {
    leader_factors::xor(factors, !ground.rehearsal)
}

impl Ground {
    fn salt(&self) -> [u8; 16] {
        let world = if self.rehearsal { "rehearsal" } else { "production" };
        let text = format!(
            "cardmint leaders' factors v1\n{world}\n{}\n{}\n",
            self.scheme, self.owner
        );
        let mut salt = [0; 16];
        salt.copy_from_slice(&sha256(&[text.as_bytes()])[..16]);
        salt
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::component::from_hex;

    /// Factors, whether it is a rehearsal, scheme, owner, the key's name, and the key.
    type Known = (
        &'static [&'static str],
        bool,
        &'static str,
        &'static str,
        &'static str,
        &'static str,
    );

    /// Computed by Python 3.11 with argon2-cffi 25.1.0, hashlib and hmac; the program stands in docs/formats/ceremony.md.
    #[rustfmt::skip]
    const KNOWN: &[Known] = &[
        (FOUR, true, "campus", "issuer", "purchase.v1.3des@issuer", "D657154CA7CBC2F09062E4CF92635290"),
        (FOUR, true, "campus", "issuer", "purchase.v1.sm4@issuer", "48376E64F419CC846C91FBFB98583F7D"),
        (FOUR, true, "campus", "issuer", "load.v2.sm4@issuer", "A9F86985C50A7AE59795CCF60ADEE6F8"),
        (FOUR, false, "campus", "issuer", "purchase.v1.3des@issuer", "D09EC799E2AF7CB570D438BA57FF499C"),
        (FOUR, false, "campus", "issuer", "load.v2.sm4@issuer", "BF4C1E94B04232C0EB98A8C2BF7BE1A8"),
        (TWO, true, "mohurd", "city:3100", "load.v1.3des@city:3100", "F3E0C9567F18C621C439CC6671076DC5"),
    ];
    const FOUR: &[&str] = &[
        "1973 0412 5566 8821",
        "ab3f 91c0 77de 5a02",
        "Great-Wall_of.1421",
        "0608 3311 9075 2648 1133",
    ];
    const TWO: &[&str] = &["1973 0412 5566 8821", "ab3f 91c0 77de 5a02"];

    fn secret(text: &str) -> SecretBytes {
        SecretBytes::new(text.as_bytes().to_vec())
    }

    fn grown(factors: &[&str], rehearsal: bool, scheme: &str, owner: &str) -> Tree {
        let ground = Ground {
            scheme: scheme.to_owned(),
            owner: owner.to_owned(),
            rehearsal,
        };
        let factors: Vec<_> = factors.iter().map(|f| typed(&secret(f)).unwrap()).collect();
        Tree::grow(&ground, &factors).unwrap()
    }

    #[test]
    fn keys_are_those_of_the_independent_program() {
        for (factors, rehearsal, scheme, owner, name, expected) in KNOWN {
            let key = grown(factors, *rehearsal, scheme, owner).key(&name.parse().unwrap());
            let expected = from_hex(&secret(expected)).unwrap();
            assert!(key.unwrap().same_as(&expected), "{name}, rehearsal {rehearsal}");
        }
    }

    #[test]
    fn order_and_owner_count() {
        let name: KeyId = "load.v1.3des@city:3100".parse().unwrap();
        let key = |factors: &[&str], owner| grown(factors, true, "mohurd", owner).key(&name).unwrap();
        let base = key(TWO, "city:3100");
        assert!(!base.same_as(&key(&[TWO[1], TWO[0]], "city:3100")));
        assert!(!base.same_as(&key(TWO, "city:2000")));
        assert!(!base.same_as(&key(&TWO[..1], "city:3100")));
    }

    #[test]
    fn two_leaders_do_not_bring_one_factor() {
        let ground = Ground {
            scheme: "campus".into(),
            owner: "issuer".into(),
            rehearsal: true,
        };
        let factor = || typed(&secret(TWO[0])).unwrap();
        let same = Tree::grow(&ground, &[factor(), factor()]).unwrap_err();
        assert_eq!(same, FactorError::Same { first: 1, second: 2 });
    }
}
