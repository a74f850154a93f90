// SPDX-License-Identifier: Apache-2.0
//! Session keys of purse transactions (JR/T 0025.2-2010 5.5; grey lock: JR/T 0025.9-2010).
//!
//! 3DES: one block under the card's key, 8 bytes, then used as a single DES key. SM4 purses are no standard of the banks;
//! what vendors do is a named variant that a scheme chooses. The 8-byte seeds come from `purse`.

use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq;
use zeroize::{Zeroize, ZeroizeOnDrop};

use super::cipher::{Schedule, des_encrypt_block};
use super::mac::{des_mac, leftmost4, sm4_mac};
use super::{Algorithm, KeyMaterial, SecretBytes};
use crate::error::{Exit, Fault};
use crate::i18n::Msg;
use crate::msg;

/// How an SM4 session key comes from the 8-byte seed. 3DES has only one way and ignores this.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum SessionVariant {
    /// `SM4(K, seed ‖ ¬seed)`, all 16 bytes: the ETC family of vendors.
    #[default]
    SeedAndInverse,
}

/// A session key: 8 bytes (3DES) or 16 (SM4). Wiped on drop, never printed.
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct SessionKey {
    #[zeroize(skip)]
    alg: Algorithm,
    // For 3DES the first eight bytes.
    bytes: Box<[u8; 16]>,
}

/// Something that session keys of this algorithm do not have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SessionError {
    /// The grey lock is defined for 3DES purses only.
    NoGreyLock,
}

/// The session key of a transaction. The seed is 8 bytes: `purse` has it for each transaction.
pub fn session_key(alg: Algorithm, variant: SessionVariant, key: &KeyMaterial, seed: &[u8; 8]) -> SessionKey {
    let mut bytes = Box::new([0; 16]);
    bytes[..8].copy_from_slice(seed);
    match (alg, variant) {
        (Algorithm::Tdes, _) => {}
        (Algorithm::Sm4, SessionVariant::SeedAndInverse) => {
            for (at, byte) in seed.iter().enumerate() {
                bytes[8 + at] = !byte;
            }
        }
    }
    Schedule::new(alg, key.expose()).encrypt(&mut bytes[..alg.block()]);
    SessionKey { alg, bytes }
}

impl SessionKey {
    /// A session key that a SAM has computed: 8 bytes for 3DES, 16 for SM4.
    pub fn from_module(alg: Algorithm, given: &SecretBytes) -> Option<Self> {
        let given = given.expose();
        if given.len() != alg.block() {
            return None;
        }
        let mut bytes = Box::new([0; 16]);
        bytes[..given.len()].copy_from_slice(given);
        Some(Self { alg, bytes })
    }

    /// What a SAM enciphers under the card's key to get the session key of that seed.
    pub fn question(alg: Algorithm, variant: SessionVariant, seed: &[u8; 8]) -> Vec<u8> {
        let mut block = seed.to_vec();
        match (alg, variant) {
            (Algorithm::Tdes, _) => {}
            (Algorithm::Sm4, SessionVariant::SeedAndInverse) => block.extend(seed.iter().map(|byte| !byte)),
        }
        block
    }

    /// Transaction MAC: initial value 0, `80 00…` always, leftmost four bytes.
    pub fn mac(&self, data: &[u8]) -> [u8; 4] {
        match self.alg {
            Algorithm::Tdes => {
                let mut key = self.des();
                let mac = leftmost4(&des_mac(&key, &[0; 8], data));
                key.zeroize();
                mac
            }
            Algorithm::Sm4 => leftmost4(&sm4_mac(&self.bytes, &[0; 16], data)),
        }
    }

    /// The second session key of a grey lock: `DES(this key, terminal random ‖ 80 00 00 00)`.
    pub fn grey_lock(&self, terminal_random: [u8; 4]) -> Result<Self, SessionError> {
        if self.alg != Algorithm::Tdes {
            return Err(SessionError::NoGreyLock);
        }
        let mut block = [0, 0, 0, 0, 0x80, 0, 0, 0];
        block[..4].copy_from_slice(&terminal_random);
        let mut key = self.des();
        des_encrypt_block(&key, &mut block);
        key.zeroize();
        let mut bytes = Box::new([0; 16]);
        bytes[..8].copy_from_slice(&block);
        block.zeroize();
        Ok(Self { alg: self.alg, bytes })
    }

    /// Equality with known bytes, in constant time: for known-answer tests and for comparing with a device.
    pub fn same_as(&self, bytes: &SecretBytes) -> bool {
        self.expose().ct_eq(bytes.expose()).into()
    }

    /// The bytes, 8 or 16. For `crypto/` alone.
    pub(crate) fn expose(&self) -> &[u8] {
        match self.alg {
            Algorithm::Tdes => &self.bytes[..8],
            Algorithm::Sm4 => &self.bytes[..],
        }
    }

    fn des(&self) -> [u8; 8] {
        let mut key = [0; 8];
        key.copy_from_slice(&self.bytes[..8]);
        key
    }
}

impl std::fmt::Debug for SessionKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SessionKey(..)")
    }
}

impl Fault for SessionError {
    fn msg(&self) -> Msg {
        msg!("crypto-no-grey-lock")
    }
    fn exit(&self) -> Exit {
        Exit::Usage
    }
}
crate::display_as_english!(SessionError);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_follow_the_algorithm_and_nothing_is_shown() {
        let key = KeyMaterial::init_with(|k| k.fill(0xAB));
        for (alg, len) in [(Algorithm::Tdes, 8), (Algorithm::Sm4, 16)] {
            let session = session_key(alg, SessionVariant::default(), &key, &[7; 8]);
            assert_eq!(session.expose().len(), len);
            assert_eq!(format!("{session:?}"), "SessionKey(..)");
            assert_eq!(session.grey_lock([1; 4]).is_ok(), alg == Algorithm::Tdes);
        }
    }

    #[test]
    fn a_modules_session_key_is_the_stores() {
        let key = KeyMaterial::init_with(|k| k.copy_from_slice(b"0123456789abcdef"));
        let seed = [0xA1, 0xB2, 0xC3, 0xD4, 0x00, 0x07, 0x80, 0x00];
        for alg in [Algorithm::Tdes, Algorithm::Sm4] {
            let own = session_key(alg, SessionVariant::default(), &key, &seed);
            let mut block = SessionKey::question(alg, SessionVariant::default(), &seed);
            assert_eq!(block.len(), alg.block());
            Schedule::new(alg, key.expose()).encrypt(&mut block);
            let given = SessionKey::from_module(alg, &SecretBytes::new(block)).unwrap();
            assert_eq!(given.mac(b"the same"), own.mac(b"the same"));
            assert!(SessionKey::from_module(alg, &SecretBytes::new(vec![0; alg.block() - 1])).is_none());
        }
    }

    #[test]
    fn variants_have_the_names_that_schemes_use() {
        let name = serde_json::to_string(&SessionVariant::SeedAndInverse).unwrap();
        assert_eq!(name, "\"seed-and-inverse\"");
    }
}
