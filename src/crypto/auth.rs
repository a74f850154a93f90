// SPDX-License-Identifier: Apache-2.0
//! External and internal authentication (FMCOS 2.0 manual "EXTERNAL AUTHENTICATE", "INTERNAL AUTHENTICATE"; JR/T
//! 0025.1-2010): the host proves a key to the card, the card proves one to the host.

use super::cipher::{ecb_decrypt, ecb_encrypt, xor_into};
use super::mac::{leftmost4, retail_mac, sm4_mac};
use super::secure_messaging::Challenge;
use super::{Algorithm, KeyMaterial};

/// What EXTERNAL AUTHENTICATE sends. 3DES: the challenge, filled up with 00 to 8 bytes, encrypted. SM4 (form of the ETC
/// family): filled up with 00 to 16 bytes, encrypted, the two halves added (XOR).
pub fn external_authentication(alg: Algorithm, key: &KeyMaterial, challenge: &Challenge) -> [u8; 8] {
    let mut out = [0; 8];
    match alg {
        Algorithm::Tdes => out.copy_from_slice(&ecb_encrypt(alg, key.expose(), &challenge.iv8())),
        Algorithm::Sm4 => {
            let block = ecb_encrypt(alg, key.expose(), &challenge.iv16());
            out.copy_from_slice(&block[..8]);
            xor_into(&mut out, &block[8..]);
        }
    }
    out
}

/// What the card answers to INTERNAL AUTHENTICATE, P1 = 00: the data encrypted. Whole blocks.
pub fn internal_encrypt(alg: Algorithm, key: &KeyMaterial, data: &[u8]) -> Vec<u8> {
    ecb_encrypt(alg, key.expose(), data)
}

/// P1 = 01: the data decrypted. Whole blocks.
pub fn internal_decrypt(alg: Algorithm, key: &KeyMaterial, data: &[u8]) -> Vec<u8> {
    ecb_decrypt(alg, key.expose(), data)
}

/// P1 = 02: the MAC of the data, initial value 0, `80 00…` always.
pub fn internal_mac(alg: Algorithm, key: &KeyMaterial, data: &[u8]) -> [u8; 4] {
    match alg {
        Algorithm::Tdes => leftmost4(&retail_mac(key.expose(), &[0; 8], data)),
        Algorithm::Sm4 => leftmost4(&sm4_mac(key.expose(), &[0; 16], data)),
    }
}
