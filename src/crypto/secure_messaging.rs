// SPDX-License-Identifier: Apache-2.0
//! Secure messaging 安全报文 (JR/T 0025.1-2010 8.3, JR/T 0025.2-2010 5.5.9, JR/T 0025.17-2013 8.1): MAC over a command, and
//! encryption of its data. The card's key is used directly, without a session key.
//!
//! The MAC input is `CLA INS P1 P2 Lc ‖ data` as it is sent: CLA with its 4, Lc with the MAC's four bytes, the data as
//! ciphertext where they are encrypted; Le is left out. The initial value is the challenge, filled up with 00.

use super::cipher::{ecb_decrypt, ecb_encrypt};
use super::mac::{leftmost4, retail_mac, sm4_mac};
use super::padding::pad80_if_needed;
use super::{Algorithm, KeyMaterial, SecretBytes};
use crate::error::{Exit, Fault};
use crate::i18n::Msg;
use crate::msg;
use zeroize::Zeroizing;

/// The card's answer to GET CHALLENGE: 4 or 8 bytes, good for the very next command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Challenge {
    /// What the standard has.
    Four([u8; 4]),
    /// What FMCOS accepts too.
    Eight([u8; 8]),
}

/// Data that secure messaging cannot carry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SecureMessagingError {
    /// A challenge is 4 or 8 bytes.
    ChallengeLength {
        /// Bytes that came.
        got: usize,
    },
    /// LD counts at most 255 bytes.
    TooLong {
        /// Bytes that were to be encrypted.
        got: usize,
    },
    /// Deciphered data do not begin with a length that fits.
    NoLength,
}

impl Challenge {
    /// Initial value of DES MACs; also the block that 3DES external authentication encrypts.
    pub fn iv8(&self) -> [u8; 8] {
        match self {
            Self::Four([a, b, c, d]) => [*a, *b, *c, *d, 0, 0, 0, 0],
            Self::Eight(all) => *all,
        }
    }

    /// Initial value of SM4 MACs; also the block that SM4 external authentication encrypts.
    pub fn iv16(&self) -> [u8; 16] {
        let mut iv = [0; 16];
        iv[..8].copy_from_slice(&self.iv8());
        iv
    }
}

impl From<[u8; 4]> for Challenge {
    fn from(bytes: [u8; 4]) -> Self {
        Self::Four(bytes)
    }
}

impl From<[u8; 8]> for Challenge {
    fn from(bytes: [u8; 8]) -> Self {
        Self::Eight(bytes)
    }
}

impl TryFrom<&[u8]> for Challenge {
    type Error = SecureMessagingError;
    fn try_from(bytes: &[u8]) -> Result<Self, SecureMessagingError> {
        let wrong = |_| SecureMessagingError::ChallengeLength { got: bytes.len() };
        match bytes.len() {
            4 => bytes.try_into().map(Self::Four).map_err(wrong),
            _ => bytes.try_into().map(Self::Eight).map_err(wrong),
        }
    }
}

/// The MAC that goes with a command, or that the card sends with its answer (then over the answer's data alone). Retail
/// MAC for 3DES, which is the plain DES MAC for an 8-byte key `K‖K`.
pub fn mac4(alg: Algorithm, key: &KeyMaterial, challenge: &Challenge, mac_input: &[u8]) -> [u8; 4] {
    match alg {
        Algorithm::Tdes => leftmost4(&retail_mac(key.expose(), &challenge.iv8(), mac_input)),
        Algorithm::Sm4 => leftmost4(&sm4_mac(key.expose(), &challenge.iv16(), mac_input)),
    }
}

/// `E(LD ‖ data)`: LD is the length of the data, padded with `80 00…` only if the blocks are not full, ECB. For data that
/// are no secret; keys and PINs go through `key_record` and `pin`.
pub fn encrypt_ld(alg: Algorithm, key: &KeyMaterial, data: &[u8]) -> Result<Vec<u8>, SecureMessagingError> {
    encrypt_ld_parts(alg, key, &[data])
}

/// [`encrypt_ld`] of a secret.
pub fn encrypt_secret(
    alg: Algorithm,
    key: &KeyMaterial,
    secret: &SecretBytes,
) -> Result<Vec<u8>, SecureMessagingError> {
    encrypt_ld_parts(alg, key, &[secret.expose()])
}

/// [`encrypt_ld`] over parts; the plain block is wiped.
pub(crate) fn encrypt_ld_parts(
    alg: Algorithm,
    key: &KeyMaterial,
    parts: &[&[u8]],
) -> Result<Vec<u8>, SecureMessagingError> {
    let got = parts.iter().map(|p| p.len()).sum();
    let ld = u8::try_from(got).map_err(|_| SecureMessagingError::TooLong { got })?;
    // Enough room from the start, so that growing leaves no copy behind.
    let mut block = Zeroizing::new(Vec::with_capacity(got + 1 + alg.block()));
    block.push(ld);
    for part in parts {
        block.extend_from_slice(part);
    }
    let padded = Zeroizing::new(pad80_if_needed(&block, alg.block()));
    Ok(ecb_encrypt(alg, key.expose(), &padded))
}

/// Length of `E(LD ‖ data)` for data of this length.
pub const fn encrypted_length(alg: Algorithm, data: usize) -> usize {
    (data + 1).next_multiple_of(alg.block())
}

/// The data of `E(LD ‖ data)`. What stands behind them is not looked at: cards pad differently.
pub fn decrypt_ld(alg: Algorithm, key: &KeyMaterial, cipher: &[u8]) -> Result<Vec<u8>, SecureMessagingError> {
    if !cipher.len().is_multiple_of(alg.block()) {
        return Err(SecureMessagingError::NoLength);
    }
    let plain = Zeroizing::new(ecb_decrypt(alg, key.expose(), cipher));
    let (ld, rest) = plain.split_first().ok_or(SecureMessagingError::NoLength)?;
    let data = rest.get(..usize::from(*ld)).ok_or(SecureMessagingError::NoLength)?;
    Ok(data.to_vec())
}

impl Fault for SecureMessagingError {
    fn msg(&self) -> Msg {
        match self {
            Self::ChallengeLength { got } => msg!("crypto-challenge-length", got = got),
            Self::TooLong { got } => msg!("crypto-data-too-long", got = got),
            Self::NoLength => msg!("crypto-data-no-length"),
        }
    }
    fn exit(&self) -> Exit {
        match self {
            Self::TooLong { .. } => Exit::Usage,
            Self::ChallengeLength { .. } | Self::NoLength => Exit::Device,
        }
    }
}
crate::display_as_english!(SecureMessagingError);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decryption_gives_the_data_back_for_every_length() {
        let key = KeyMaterial::init_with(|k| k.copy_from_slice(b"sixteen byte key"));
        for alg in [Algorithm::Tdes, Algorithm::Sm4] {
            for len in 0..=255u8 {
                let data = vec![len; len.into()];
                let cipher = encrypt_ld(alg, &key, &data).unwrap();
                assert_eq!(cipher.len(), encrypted_length(alg, data.len()));
                assert_eq!(decrypt_ld(alg, &key, &cipher).unwrap(), data);
            }
            let long = encrypt_ld(alg, &key, &[0; 256]);
            assert_eq!(long, Err(SecureMessagingError::TooLong { got: 256 }));
            assert_eq!(decrypt_ld(alg, &key, &[]), Err(SecureMessagingError::NoLength));
            assert_eq!(decrypt_ld(alg, &key, &[0; 7]), Err(SecureMessagingError::NoLength));
        }
    }

    #[test]
    fn challenges_have_four_or_eight_bytes() {
        let four = Challenge::try_from(&[1, 2, 3, 4][..]).unwrap();
        assert_eq!(four.iv8(), [1, 2, 3, 4, 0, 0, 0, 0]);
        assert_eq!(four.iv16()[4..], [0; 12]);
        assert_eq!(Challenge::try_from(&[7; 8][..]).unwrap().iv8(), [7; 8]);
        for got in [0, 3, 5, 7, 9] {
            let refused = Challenge::try_from(&vec![0; got][..]);
            assert_eq!(refused, Err(SecureMessagingError::ChallengeLength { got }));
        }
    }
}
