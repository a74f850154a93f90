// SPDX-License-Identifier: Apache-2.0
//! The key derivation binding method (ANSI X9.143-2021 clause 7): two keys from the exchange key by CMAC (SP 800-38B) in
//! counter mode, CBC under the one, CMAC under the other. The MAC is the initial value of the encryption.

use aes::{Aes128, Aes192, Aes256};
use cipher::{Array, Block, BlockCipherDecrypt, BlockCipherEncrypt, KeyInit};
use cmac::Mac;
use cmac::block_api::CmacCipher;
use des::{TdesEde2, TdesEde3};
use sm4::Sm4;
use zeroize::{Zeroize, Zeroizing};

use super::exchange_key::{ExchangeAlgorithm, ExchangeKey};
use crate::crypto::cipher::xor_into;
use crate::crypto::{Algorithm, KeyMaterial};

/// Runs an expression with the cipher of an exchange key. The key has the algorithm's length, by type or by derivation.
macro_rules! with_cipher {
    ($algorithm:expr, $key:expr, $cipher:ident => $run:expr) => {
        match $algorithm {
            ExchangeAlgorithm::Tdes112 => with_cipher!(@ TdesEde2, $key, $cipher => $run),
            ExchangeAlgorithm::Tdes168 => with_cipher!(@ TdesEde3, $key, $cipher => $run),
            ExchangeAlgorithm::Aes128 => with_cipher!(@ Aes128, $key, $cipher => $run),
            ExchangeAlgorithm::Aes192 => with_cipher!(@ Aes192, $key, $cipher => $run),
            ExchangeAlgorithm::Aes256 => with_cipher!(@ Aes256, $key, $cipher => $run),
        }
    };
    (@ $type:ty, $key:expr, $cipher:ident => $run:expr) => {{
        let $cipher = scheduled::<$type>($key);
        $run
    }};
}
/// The two keys of one exchange key.
pub(super) struct Derived {
    algorithm: ExchangeAlgorithm,
    encryption: Zeroizing<Vec<u8>>,
    authentication: Zeroizing<Vec<u8>>,
}

/// Key usage indicators of the derivation input.
const ENCRYPTION: u16 = 0x0000;
const AUTHENTICATION: u16 = 0x0001;

impl Derived {
    pub(super) fn of(key: &ExchangeKey) -> Self {
        let algorithm = key.algorithm();
        Self {
            algorithm,
            encryption: derive(algorithm, key.expose(), ENCRYPTION),
            authentication: derive(algorithm, key.expose(), AUTHENTICATION),
        }
    }

    /// The MAC over header and clear payload: one block.
    pub(super) fn mac(&self, header: &[u8], payload: &[u8]) -> Zeroizing<Vec<u8>> {
        cmac(self.algorithm, &self.authentication, &[header, payload])
    }

    /// CBC in place.
    pub(super) fn encrypt(&self, mac: &[u8], payload: &mut [u8]) {
        with_cipher!(self.algorithm, &self.encryption, cipher => cbc_encrypt(&cipher, mac, payload));
    }

    /// CBC in place.
    pub(super) fn decrypt(&self, mac: &[u8], payload: &mut [u8]) {
        with_cipher!(self.algorithm, &self.encryption, cipher => cbc_decrypt(&cipher, mac, payload));
    }
}

fn scheduled<C: KeyInit>(key: &[u8]) -> C {
    C::new_from_slice(key).unwrap_or_else(|_| unreachable!("an exchange key has its algorithm's length"))
}

/// `counter ‖ usage ‖ 00 ‖ algorithm ‖ bits`, one CMAC per block of the derived key.
fn derive(algorithm: ExchangeAlgorithm, key: &[u8], usage: u16) -> Zeroizing<Vec<u8>> {
    let indicator: u16 = match algorithm {
        ExchangeAlgorithm::Tdes112 => 0,
        ExchangeAlgorithm::Tdes168 => 1,
        ExchangeAlgorithm::Aes128 => 2,
        ExchangeAlgorithm::Aes192 => 3,
        ExchangeAlgorithm::Aes256 => 4,
    };
    let bits = (algorithm.bytes() * 8) as u16;
    let mut derived = Zeroizing::new(Vec::with_capacity(algorithm.bytes() + algorithm.block()));
    for counter in 1..=algorithm.bytes().div_ceil(algorithm.block()) {
        let (usage, indicator, bits) = (usage.to_be_bytes(), indicator.to_be_bytes(), bits.to_be_bytes());
        let input: [&[u8]; 5] = [&[counter as u8], &usage, &[0], &indicator, &bits];
        derived.extend_from_slice(&cmac(algorithm, key, &input));
    }
    derived.truncate(algorithm.bytes());
    derived
}

/// CMAC over parts one behind the other: one block.
pub(super) fn cmac(algorithm: ExchangeAlgorithm, key: &[u8], parts: &[&[u8]]) -> Zeroizing<Vec<u8>> {
    with_cipher!(algorithm, key, cipher => cmac_with(cipher, parts))
}

/// CMAC under a wrapped key, for check values.
pub(super) fn cmac_of_wrapped(algorithm: Algorithm, key: &KeyMaterial, data: &[u8]) -> Vec<u8> {
    let mac = match algorithm {
        Algorithm::Tdes => cmac_with(scheduled::<TdesEde2>(key.expose()), &[data]),
        Algorithm::Sm4 => cmac_with(scheduled::<Sm4>(key.expose()), &[data]),
    };
    mac.to_vec()
}

/// ECB of whole blocks.
pub(super) fn encrypted(algorithm: ExchangeAlgorithm, key: &[u8], data: &[u8]) -> Vec<u8> {
    let mut out = data.to_vec();
    with_cipher!(algorithm, key, cipher => encrypt_blocks(&cipher, &mut out));
    out
}

fn cmac_with<C: CmacCipher>(cipher: C, parts: &[&[u8]]) -> Zeroizing<Vec<u8>> {
    let mut mac = <cmac::Cmac<C> as cipher::common::InnerInit>::inner_init(cipher);
    for part in parts {
        mac.update(part);
    }
    // It may be a part of a derived key: no copy of it stays behind.
    let mut block = mac.finalize().into_bytes();
    let whole = Zeroizing::new(block.to_vec());
    block.as_mut_slice().zeroize();
    whole
}

fn encrypt_blocks<C: BlockCipherEncrypt>(cipher: &C, data: &mut [u8]) {
    for block in blocks::<C>(data) {
        cipher.encrypt_block(block);
    }
}

fn cbc_encrypt<C: BlockCipherEncrypt>(cipher: &C, iv: &[u8], data: &mut [u8]) {
    let mut before = iv.to_vec();
    for block in blocks::<C>(data) {
        xor_into(block, &before);
        cipher.encrypt_block(block);
        before.copy_from_slice(block);
    }
}

fn cbc_decrypt<C: BlockCipherDecrypt>(cipher: &C, iv: &[u8], data: &mut [u8]) {
    let mut before = iv.to_vec();
    for block in blocks::<C>(data) {
        let next = block.to_vec();
        cipher.decrypt_block(block);
        xor_into(block, &before);
        before = next;
    }
}

/// Whole blocks; a part of one is a mistake of the caller, who has looked at the length.
fn blocks<C: cipher::BlockSizeUser>(data: &mut [u8]) -> &mut [Block<C>] {
    let (blocks, rest) = Array::slice_as_chunks_mut(data);
    assert!(rest.is_empty(), "whole blocks");
    blocks
}
