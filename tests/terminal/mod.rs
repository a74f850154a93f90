// SPDX-License-Identifier: Apache-2.0
//! The terminal's arithmetic for tests of the simulated cards, on OpenSSL: what a card expects is computed by neither side of
//! this program.
#![allow(clippy::unwrap_used, unreachable_pub)] // a test stops at the first surprise

use openssl::symm::{Cipher, Crypter, Mode};

/// 3DES-ECB of whole blocks; an 8-byte key is single DES.
pub fn des3(key: &[u8], data: &[u8]) -> Vec<u8> {
    let left = &key[..8];
    let right = if key.len() == 8 { left } else { &key[8..] };
    let whole = [left, right, left].concat();
    let mut crypter = Crypter::new(Cipher::des_ede3(), Mode::Encrypt, &whole, None).unwrap();
    crypter.pad(false);
    let mut out = vec![0; data.len() + 8];
    let n = crypter.update(data, &mut out).unwrap();
    out.truncate(n);
    out
}

/// 80 00… to whole blocks, always.
pub fn pad(data: &[u8]) -> Vec<u8> {
    let mut out = data.to_vec();
    out.push(0x80);
    out.resize(out.len().next_multiple_of(8), 0);
    out
}

/// CBC with the left half, 3DES on the last block.
#[allow(dead_code)]
pub fn retail(key: &[u8], iv: [u8; 8], data: &[u8]) -> Vec<u8> {
    let padded = pad(data);
    let blocks = padded.len() / 8;
    let mut value = iv.to_vec();
    for (i, block) in padded.chunks(8).enumerate() {
        value.iter_mut().zip(block).for_each(|(v, b)| *v ^= b);
        value = des3(if i + 1 == blocks { key } else { &key[..8] }, &value);
    }
    value.truncate(4);
    value
}

/// CBC-MAC under an 8-byte key (the left half of a retail MAC), zero start value, leftmost four bytes.
#[allow(dead_code)]
pub fn des_mac(key: &[u8], data: &[u8]) -> Vec<u8> {
    retail(&key[..8], [0; 8], data)
}

/// The session key of a purse transaction.
#[allow(dead_code)]
pub fn session(key: &[u8], random: &[u8], counter: u16, tail: [u8; 2]) -> Vec<u8> {
    des3(key, &[random, &counter.to_be_bytes(), &tail].concat())
}

/// A TAC: MAC under the XOR of the key's halves.
#[allow(dead_code)]
pub fn tac(key: &[u8], data: &[u8]) -> Vec<u8> {
    let folded: Vec<u8> = key[..8].iter().zip(&key[8..]).map(|(a, b)| a ^ b).collect();
    des_mac(&folded, data)
}
