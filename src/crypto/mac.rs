// SPDX-License-Identifier: Apache-2.0
//! Message authentication codes over plain bytes: CBC with single DES (ISO/IEC 9797-1 algorithm 1), the retail MAC (algorithm
//! 3), CBC with SM4 (JR/T 0025.17-2013 8.1.2).
//!
//! The plain names append `80 00…` themselves, always (padding method 2). The result is the whole last block; the card
//! systems use its leftmost four bytes ([`leftmost4`]). The `_unpadded` forms take whole blocks and are there for
//! published values that rest on other paddings.

use cipher::{BlockCipherDecrypt, BlockCipherEncrypt, KeyInit};
use des::Des;
use sm4::Sm4;

/// The four bytes that travel.
pub fn leftmost4(mac: &[u8]) -> [u8; 4] {
    [mac[0], mac[1], mac[2], mac[3]]
}

/// CBC-MAC with single DES: transaction MACs, TACs, RELOAD PIN, 8-byte keys.
pub fn des_mac(key: &[u8; 8], iv: &[u8; 8], data: &[u8]) -> [u8; 8] {
    let des = Des::new(key.into());
    des_chain(&des, *iv, data, true)
}

/// [`des_mac`] over whole blocks without padding.
pub fn des_mac_unpadded(key: &[u8; 8], iv: &[u8; 8], data: &[u8]) -> [u8; 8] {
    let des = Des::new(key.into());
    des_chain(&des, *iv, data, false)
}

/// Retail MAC: CBC with the left half of the key, then the last block decrypted with the right half and encrypted with
/// the left again. Secure messaging with 16-byte keys.
pub fn retail_mac(key: &[u8; 16], iv: &[u8; 8], data: &[u8]) -> [u8; 8] {
    retail(key, *iv, data, true)
}

/// [`retail_mac`] over whole blocks without padding.
pub fn retail_mac_unpadded(key: &[u8; 16], iv: &[u8; 8], data: &[u8]) -> [u8; 8] {
    retail(key, *iv, data, false)
}

/// CBC-MAC with SM4.
pub fn sm4_mac(key: &[u8; 16], iv: &[u8; 16], data: &[u8]) -> [u8; 16] {
    let sm4 = Sm4::new(key.into());
    chain(*iv, data, true, |block| sm4.encrypt_block(block.into()))
}

/// [`sm4_mac`] over whole blocks without padding.
pub fn sm4_mac_unpadded(key: &[u8; 16], iv: &[u8; 16], data: &[u8]) -> [u8; 16] {
    let sm4 = Sm4::new(key.into());
    chain(*iv, data, false, |block| sm4.encrypt_block(block.into()))
}

/// The two halves of a 16-byte key as DES schedules.
fn retail(key: &[u8; 16], iv: [u8; 8], data: &[u8], pad: bool) -> [u8; 8] {
    let (left, right) = key.split_at(8);
    // Both halves are eight bytes by the type of the key.
    let half = |bytes: &[u8]| Des::new_from_slice(bytes).unwrap_or_else(|_| unreachable!("half a key is 8 bytes"));
    let (left, right) = (half(left), half(right));
    let mut last = des_chain(&left, iv, data, pad);
    right.decrypt_block((&mut last).into());
    left.encrypt_block((&mut last).into());
    last
}

fn des_chain(des: &Des, iv: [u8; 8], data: &[u8], pad: bool) -> [u8; 8] {
    chain(iv, data, pad, |block| des.encrypt_block(block.into()))
}

/// The CBC chain; `pad` adds 80 00… even to full blocks.
fn chain<const N: usize>(iv: [u8; N], data: &[u8], pad: bool, encrypt: impl Fn(&mut [u8; N])) -> [u8; N] {
    let mut state = iv;
    let mut blocks = data.chunks_exact(N);
    for block in &mut blocks {
        state.iter_mut().zip(block).for_each(|(s, b)| *s ^= b);
        encrypt(&mut state);
    }
    let rest = blocks.remainder();
    if pad {
        state.iter_mut().zip(rest).for_each(|(s, b)| *s ^= b);
        state[rest.len()] ^= 0x80;
        encrypt(&mut state);
    } else {
        assert!(rest.is_empty(), "whole blocks");
    }
    state
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::padding::pad80;

    #[test]
    fn padding_inside_equals_padding_before() {
        let key = [0x5A; 16];
        for len in 0..40 {
            let data: Vec<u8> = (0..len).collect();
            let padded = pad80(&data, 8);
            assert_eq!(
                des_mac(&[3; 8], &[1; 8], &data),
                des_mac_unpadded(&[3; 8], &[1; 8], &padded)
            );
            assert_eq!(
                retail_mac(&key, &[1; 8], &data),
                retail_mac_unpadded(&key, &[1; 8], &padded)
            );
            let padded = pad80(&data, 16);
            assert_eq!(
                sm4_mac(&key, &[1; 16], &data),
                sm4_mac_unpadded(&key, &[1; 16], &padded)
            );
        }
    }

    #[test]
    fn a_doubled_key_makes_the_retail_mac_a_des_mac() {
        assert_eq!(
            retail_mac(b"8bytekey8bytekey", &[9; 8], b"data"),
            des_mac(b"8bytekey", &[9; 8], b"data")
        );
    }
}
