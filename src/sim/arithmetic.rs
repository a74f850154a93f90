// SPDX-License-Identifier: Apache-2.0
//! What the chip computes: cryptograms, MACs, session keys and diversification, composed here from block ciphers, MACs and
//! padding alone. Nothing is shared with the host's composition, so that a mistake there cannot cancel itself out.
//! Sources: JR/T 0025.1-2010 §8, JR/T 0025.2-2010 §5.5 and annex B; SM4 by JR/T 0025.17-2013 and ETC practice.

use zeroize::Zeroizing;

use crate::crypto::algorithm::Algorithm;
use crate::crypto::{cipher, mac, padding};

/// A key as the chip's cipher unit takes it. An 8-byte key stands doubled, which is the same cipher.
#[derive(Clone)]
pub(super) struct CardKey {
    pub(super) algorithm: Algorithm,
    value: Zeroizing<[u8; 16]>,
    short: bool,
}

/// A session key of a purse transaction.
#[derive(Clone)]
pub(super) enum SessionKey {
    Des(Zeroizing<[u8; 8]>),
    Sm4(Zeroizing<[u8; 16]>),
    /// A key with algorithm byte 03: its MACs are zero (seen on a real card).
    Dead,
}

impl CardKey {
    /// From 8 or 16 bytes.
    pub(super) fn new(algorithm: Algorithm, value: &[u8]) -> Self {
        let mut full = Zeroizing::new([0u8; 16]);
        for (place, byte) in full.iter_mut().zip(value.iter().cycle()) {
            *place = *byte;
        }
        Self {
            algorithm,
            value: full,
            short: value.len() == 8,
        }
    }

    /// Bytes of a cipher block.
    pub(super) fn block(&self) -> usize {
        self.algorithm.block()
    }

    pub(super) fn encrypt(&self, data: &[u8]) -> Vec<u8> {
        cipher::ecb_encrypt(self.algorithm, &self.value, data)
    }

    pub(super) fn decrypt(&self, data: &[u8]) -> Vec<u8> {
        cipher::ecb_decrypt(self.algorithm, &self.value, data)
    }

    /// The command and answer MAC: start value the challenge, zeroes behind it.
    pub(super) fn mac4(&self, challenge: &[u8; 8], data: &[u8]) -> [u8; 4] {
        match self.algorithm {
            Algorithm::Tdes => left4(&mac::retail_mac(&self.value, challenge, data)),
            Algorithm::Sm4 => {
                let mut iv = [0; 16];
                iv[..8].copy_from_slice(challenge);
                left4(&mac::sm4_mac(&self.value, &iv, data))
            }
        }
    }

    /// LD ‖ data, filled up with 80 00… only where blocks are not full, enciphered.
    pub(super) fn seal(&self, data: &[u8]) -> Vec<u8> {
        let mut plain = vec![data.len() as u8];
        plain.extend_from_slice(data);
        self.encrypt(&padding::pad80_if_needed(&plain, self.block()))
    }

    /// Opens what [`Self::seal`] makes; whatever follows the announced length is ignored.
    pub(super) fn open(&self, sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        if sealed.is_empty() || !sealed.len().is_multiple_of(self.block()) {
            return None;
        }
        let plain = Zeroizing::new(self.decrypt(sealed));
        let length = usize::from(plain[0]);
        plain.get(1..=length).map(|d| Zeroizing::new(d.to_vec()))
    }

    /// What an external authentication must present for a challenge. SM4: the halves of the block XORed (ETC).
    pub(super) fn cryptogram(&self, challenge: &[u8; 8]) -> [u8; 8] {
        let mut wide = challenge.to_vec();
        wide.resize(self.block(), 0);
        let block = self.encrypt(&wide);
        let mut out = [0; 8];
        for half in block.chunks(8) {
            out.iter_mut().zip(half).for_each(|(o, b)| *o ^= b);
        }
        out
    }

    /// The session key of a purse transaction from its 8-byte seed.
    pub(super) fn session(&self, seed: &[u8; 8]) -> SessionKey {
        match self.algorithm {
            Algorithm::Tdes => {
                let mut key = Zeroizing::new([0; 8]);
                key.copy_from_slice(&self.encrypt(seed));
                SessionKey::Des(key)
            }
            Algorithm::Sm4 => {
                let mut key = Zeroizing::new([0; 16]);
                key.copy_from_slice(&self.encrypt(&with_complement(seed)));
                SessionKey::Sm4(key)
            }
        }
    }

    /// A MAC under the XOR of the key's halves with zero start value (TAC, RELOAD PIN); SM4: under the whole key.
    pub(super) fn folded_mac(&self, data: &[u8]) -> [u8; 4] {
        match self.algorithm {
            Algorithm::Tdes => left4(&mac::des_mac(&self.folded(), &[0; 8], data)),
            Algorithm::Sm4 => left4(&mac::sm4_mac(&self.value, &[0; 16], data)),
        }
    }

    /// Left half XOR right half; an 8-byte key is used as it is.
    fn folded(&self) -> Zeroizing<[u8; 8]> {
        let mut out = Zeroizing::new([0; 8]);
        for (i, place) in out.iter_mut().enumerate() {
            *place = if self.short {
                self.value[i]
            } else {
                self.value[i] ^ self.value[i + 8]
            };
        }
        out
    }

    /// The key with both halves replaced by their XOR: how a PSAM uses a TAC or PIN reload key. SM4 keys stay.
    pub(super) fn to_folded(&self) -> Self {
        match self.algorithm {
            Algorithm::Tdes => Self::new(Algorithm::Tdes, self.folded().as_slice()),
            Algorithm::Sm4 => self.clone(),
        }
    }

    /// The key one level down.
    pub(super) fn child(&self, factor: &[u8; 8]) -> Self {
        Self::new(self.algorithm, &Zeroizing::new(self.encrypt(&with_complement(factor))))
    }

    /// One step of a CBC-MAC chain without padding and without the final step, over whole blocks.
    pub(super) fn chain(&self, iv: &[u8], data: &[u8]) -> Vec<u8> {
        let mut value = iv.to_vec();
        for block in data.chunks(self.block()) {
            value.iter_mut().zip(block).for_each(|(v, b)| *v ^= b);
            value = match self.algorithm {
                Algorithm::Tdes => {
                    let left = CardKey::new(Algorithm::Tdes, &self.value[..8]);
                    left.encrypt(&value)
                }
                Algorithm::Sm4 => self.encrypt(&value),
            };
        }
        value
    }

    /// The final step of a retail MAC: decipher with the right half, encipher with the left.
    pub(super) fn finish_chain(&self, value: &[u8]) -> [u8; 4] {
        match self.algorithm {
            Algorithm::Tdes => {
                let right = CardKey::new(Algorithm::Tdes, &self.value[8..]);
                let left = CardKey::new(Algorithm::Tdes, &self.value[..8]);
                left4(&left.encrypt(&right.decrypt(value)))
            }
            Algorithm::Sm4 => left4(value),
        }
    }

    /// Three check bytes: the encryption of a zero block, shown instead of the key.
    pub(super) fn check_value(&self) -> [u8; 3] {
        let block = self.encrypt(&vec![0; self.block()]);
        [block[0], block[1], block[2]]
    }
}

impl SessionKey {
    /// Transaction MAC: zero start value, leftmost four bytes.
    pub(super) fn mac(&self, data: &[u8]) -> [u8; 4] {
        match self {
            Self::Des(key) => left4(&mac::des_mac(key, &[0; 8], data)),
            Self::Sm4(key) => left4(&mac::sm4_mac(key, &[0; 16], data)),
            Self::Dead => [0; 4],
        }
    }
}

fn with_complement(half: &[u8; 8]) -> [u8; 16] {
    let mut out = [0; 16];
    out[..8].copy_from_slice(half);
    out[8..].iter_mut().zip(half).for_each(|(o, b)| *o = !b);
    out
}

fn left4(bytes: &[u8]) -> [u8; 4] {
    [bytes[0], bytes[1], bytes[2], bytes[3]]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hex(text: &str) -> Vec<u8> {
        hex::decode(text).unwrap()
    }

    #[test]
    fn sm4_purchase_by_etc_practice() {
        // Worked values computed from published ETC terminal code: session key SM4(K, seed ‖ ¬seed), TAC without folding.
        let purchase = CardKey::new(Algorithm::Sm4, &hex("8E7B506994DA6C6D6845BD9F9C78CCA0"));
        let session = purchase.session(&[0xA1, 0xB2, 0xC3, 0xD4, 0x00, 0x07, 0x01, 0x23]);
        let head = hex("000000C806442000000001");
        let moment = hex("20240115093012");
        assert_eq!(session.mac(&[&head[..], &moment].concat()), [0x54, 0xA2, 0xF7, 0x29]);
        assert_eq!(session.mac(&head[..4]), [0x53, 0x1C, 0x60, 0xFC]);
        let tac = CardKey::new(Algorithm::Sm4, &hex("A79F7B5E8B5EF212A3E5ED38E51C0D97"));
        let data = [&head[..], &[0, 0, 0x01, 0x23], &moment].concat();
        assert_eq!(tac.folded_mac(&data), [0xF4, 0xEC, 0xDA, 0x09]);
    }

    #[test]
    fn chained_blocks_give_the_retail_mac() {
        let key = CardKey::new(Algorithm::Tdes, &hex("499E917AD1C73939C78DAE1DE549F78D"));
        let padded = hex("04D6950008DEADBEEF80000000000000");
        let value = key.chain(&hex("1122334400000000"), &padded[..8]);
        let mac = key.finish_chain(&key.chain(&value, &padded[8..]));
        assert_eq!(mac, [0x14, 0x65, 0x56, 0x5B]);
        assert_eq!(mac, key.mac4(&[0x11, 0x22, 0x33, 0x44, 0, 0, 0, 0], &padded[..9]));
    }

    #[test]
    fn sealed_data_has_no_extra_block() {
        // FMCOS 2.0 manual, enciphered UPDATE BINARY of seven bytes: one block.
        let key = CardKey::new(Algorithm::Tdes, &[0x44; 8]);
        let sealed = key.seal(&[1, 2, 3, 4, 5, 6, 7]);
        assert_eq!(hex::encode_upper(&sealed), "19479307DF791D7F");
        assert_eq!(*key.open(&sealed).unwrap(), [1, 2, 3, 4, 5, 6, 7]);
        assert!(key.open(&sealed[..7]).is_none());
        assert!(
            key.open(&key.encrypt(&[0xFF; 8])).is_none(),
            "announced length beyond the block"
        );
    }

    #[test]
    fn children_are_derived_as_published() {
        let master = CardKey::new(Algorithm::Tdes, &hex("00112233445566778899AABBCCDDEEFF"));
        let child = master.child(&[0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88]);
        assert_eq!(*child.value, hex("496BD7A3513644533100B54E71196528")[..]);
    }
}
