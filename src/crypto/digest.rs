// SPDX-License-Identifier: Apache-2.0
//! SHA-256 digests (FIPS 180-4): of scripts, plans, ledger entries.

use sha2::{Digest as _, Sha256};

use super::hexadecimal::hex_text;

/// A SHA-256 digest.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest(pub [u8; 32]);
hex_text!(Digest, 32);

impl Digest {
    /// Of parts one behind the other. The borders between the parts are not part of the digest: give lengths where they
    /// could be moved.
    pub fn of(parts: &[&[u8]]) -> Self {
        Self(sha256(parts))
    }
}

/// SHA-256 over parts one behind the other.
pub fn sha256(parts: &[&[u8]]) -> [u8; 32] {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(part);
    }
    // In its place: taken by value, what it hashed last would stay behind on the stack.
    let mut digest = [0; 32];
    hash.finalize_into_reset((&mut digest).into());
    digest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_published_example_of_fips_180() {
        let abc = "BA7816BF8F01CFEA414140DE5DAE2223B00361A396177A9CB410FF61F20015AD";
        assert_eq!(Digest::of(&[b"a", b"bc"]).to_string(), abc);
        assert_eq!(abc.parse::<Digest>().unwrap(), Digest::of(&[b"abc"]));
    }
}
