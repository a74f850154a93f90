// SPDX-License-Identifier: Apache-2.0
//! Key shares 密钥份额: any t of n give the secret back, fewer say nothing (Shamir 1979), byte by byte over GF(2^8) with the
//! polynomial x^8+x^4+x^3+x+1 (11B), share i being the value at x = i.
//!
//! Field arithmetic has no tables and no branches on secrets. A share carries its threshold, so that too few are noticed;
//! its [`Share::digest`] may be published and tells a right share from a wrong one singly.

use std::fmt;

use zeroize::{Zeroize, Zeroizing};

use super::digest::Digest;
use super::seal::Secret;
use super::{SecretBytes, seal};
use crate::error::{Exit, Fault};
use crate::i18n::Msg;
use crate::msg;
use crate::outside::{NoRandom, Random};

/// One share of a secret.
pub struct Share {
    index: u8,
    threshold: u8,
    bytes: SecretBytes,
}

/// Why shares cannot be made or put together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ShamirError {
    /// Thresholds are 2 up to the number of shares, which is at most 255; the secret has at least one byte.
    Threshold {
        /// Shares needed.
        threshold: u8,
        /// Shares made.
        shares: u8,
    },
    /// No random source.
    Random(NoRandom),
    /// Fewer than the threshold.
    TooFew {
        /// Shares needed.
        needed: u8,
        /// Shares given.
        got: usize,
    },
    /// The same share twice, or one with number 0.
    Index {
        /// Its number.
        index: u8,
    },
    /// Shares of different secrets: lengths or thresholds differ.
    Mixed,
}

impl Share {
    /// From its stored parts.
    pub fn from_parts(index: u8, threshold: u8, bytes: SecretBytes) -> Result<Self, ShamirError> {
        if index == 0 {
            return Err(ShamirError::Index { index });
        }
        if threshold < 2 {
            return Err(ShamirError::Threshold {
                threshold,
                shares: index,
            });
        }
        Ok(Self {
            index,
            threshold,
            bytes,
        })
    }

    /// Its number, from 1.
    pub fn index(&self) -> u8 {
        self.index
    }

    /// How many are needed.
    pub fn threshold(&self) -> u8 {
        self.threshold
    }

    /// The secret part, to be sealed or printed for its custodian.
    pub fn secret(&self) -> &SecretBytes {
        &self.bytes
    }

    /// A digest that may be published: shares are as unpredictable as the secret, provided it has 16 bytes or more.
    pub fn digest(&self) -> Digest {
        Digest::of(&[b"cardmint share v1", &[self.index, self.threshold], self.bytes.expose()])
    }
}

impl fmt::Debug for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Share({} of at least {}, ..)", self.index, self.threshold)
    }
}

/// Splits a secret into `shares` shares of which `threshold` give it back.
pub fn split(
    secret: &impl Secret,
    threshold: u8,
    shares: u8,
    random: &mut dyn Random,
) -> Result<Vec<Share>, ShamirError> {
    let secret = secret.bytes();
    if threshold < 2 || threshold > shares || secret.is_empty() {
        return Err(ShamirError::Threshold { threshold, shares });
    }
    // One polynomial per byte; coefficients of the same power lie together.
    let mut higher = Zeroizing::new(vec![0; secret.len() * usize::from(threshold - 1)]);
    random.fill(&mut higher).map_err(ShamirError::Random)?;
    let share = |index| {
        let mut value = vec![0; secret.len()];
        let powers = higher.chunks(secret.len()).rev().chain(std::iter::once(secret));
        for coefficients in powers {
            for (place, coefficient) in value.iter_mut().zip(coefficients) {
                *place = multiply(*place, index) ^ coefficient;
            }
        }
        Share {
            index,
            threshold,
            bytes: SecretBytes::new(value),
        }
    };
    Ok((1..=shares).map(share).collect())
}

/// Puts shares together. More than the threshold is fine. Wrong shares give a wrong secret: compare digests first.
pub fn combine(shares: &[Share]) -> Result<SecretBytes, ShamirError> {
    let first = shares.first().ok_or(ShamirError::TooFew { needed: 2, got: 0 })?;
    for (at, share) in shares.iter().enumerate() {
        if share.threshold != first.threshold || share.bytes.len() != first.bytes.len() {
            return Err(ShamirError::Mixed);
        }
        if share.index == 0 || shares[..at].iter().any(|other| other.index == share.index) {
            return Err(ShamirError::Index { index: share.index });
        }
    }
    if shares.len() < first.threshold.into() {
        return Err(ShamirError::TooFew {
            needed: first.threshold,
            got: shares.len(),
        });
    }
    let mut secret = vec![0; first.bytes.len()];
    for share in shares {
        let mut weight = weight_at_zero(share.index, shares);
        for (place, byte) in secret.iter_mut().zip(share.bytes.expose()) {
            *place ^= multiply(*byte, weight);
        }
        weight.zeroize();
    }
    Ok(SecretBytes::new(secret))
}

/// [`combine`] for a split [`seal::SealKey`].
pub fn combine_seal_key(shares: &[Share]) -> Result<seal::SealKey, ShamirError> {
    seal::SealKey::from_secret(&combine(shares)?).map_err(|_| ShamirError::Mixed)
}

/// Lagrange weight of a share at x = 0: the product of x_j / (x_j - x_i) over the others.
fn weight_at_zero(index: u8, shares: &[Share]) -> u8 {
    let others = shares.iter().map(|s| s.index).filter(|other| *other != index);
    others.fold(1, |weight, other| {
        multiply(weight, multiply(other, inverse(other ^ index)))
    })
}

/// Multiplication in the field, the same steps for all values.
fn multiply(mut a: u8, mut b: u8) -> u8 {
    let mut product = 0;
    for _ in 0..8 {
        product ^= a & (b & 1).wrapping_neg();
        a = (a << 1) ^ (0x1B & (a >> 7).wrapping_neg());
        b >>= 1;
    }
    product
}

/// a^254, which is 1/a (0 for 0).
fn inverse(a: u8) -> u8 {
    let mut power = a;
    let mut result = 1;
    for _ in 0..7 {
        power = multiply(power, power);
        result = multiply(result, power);
    }
    result
}

impl Fault for ShamirError {
    fn msg(&self) -> Msg {
        match self {
            Self::Threshold { threshold, shares } => {
                msg!("crypto-shares-threshold", threshold = threshold, shares = shares)
            }
            Self::Random(_) => msg!("crypto-no-random"),
            Self::TooFew { needed, got } => msg!("crypto-shares-too-few", needed = needed, got = got),
            Self::Index { index } => msg!("crypto-shares-index", index = index),
            Self::Mixed => msg!("crypto-shares-mixed"),
        }
    }
    fn exit(&self) -> Exit {
        match self {
            Self::Threshold { .. } => Exit::Usage,
            Self::Random(_) => Exit::Device,
            Self::TooFew { .. } | Self::Index { .. } | Self::Mixed => Exit::Check,
        }
    }
}
crate::display_as_english!(ShamirError);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outside::SystemRandom;

    #[test]
    fn the_field_is_that_of_aes() {
        // FIPS 197 4.2
        assert_eq!(multiply(0x57, 0x83), 0xC1);
        assert_eq!(multiply(0x57, 0x13), 0xFE);
        for a in 1..=255 {
            assert_eq!(multiply(a, inverse(a)), 1);
        }
    }

    #[test]
    fn any_threshold_of_the_shares_is_enough() {
        let secret = SecretBytes::new((0..32).collect());
        let shares = split(&secret, 3, 5, &mut SystemRandom).unwrap();
        let pick = |chosen: &[usize]| -> Vec<Share> {
            let copy = |s: &Share| Share::from_parts(s.index, 3, SecretBytes::new(s.bytes.expose().to_vec())).unwrap();
            chosen.iter().map(|i| copy(&shares[*i])).collect()
        };
        for a in 0..5 {
            for b in 0..5 {
                for c in 0..5 {
                    if a != b && b != c && a != c {
                        assert_eq!(combine(&pick(&[a, b, c])).unwrap().expose(), secret.expose());
                    }
                }
            }
        }
        assert_eq!(combine(&pick(&[0, 1, 2, 3, 4])).unwrap().expose(), secret.expose());
        assert_eq!(
            combine(&pick(&[0, 4])).unwrap_err(),
            ShamirError::TooFew { needed: 3, got: 2 }
        );
        assert_eq!(combine(&pick(&[0, 4, 0])).unwrap_err(), ShamirError::Index { index: 1 });
        assert_eq!(combine(&[]).unwrap_err(), ShamirError::TooFew { needed: 2, got: 0 });
        let digests: std::collections::BTreeSet<_> = shares.iter().map(Share::digest).collect();
        assert_eq!(digests.len(), 5);
    }

    #[test]
    fn a_fixed_split_is_the_polynomial() {
        // f(x) = 2A + 35x over the field: f(1) = 1F, f(2) = 2A ^ 6A = 40, f(3) = 2A ^ 5F = 75.
        struct Fixed;
        impl Random for Fixed {
            fn fill(&mut self, place: &mut [u8]) -> Result<(), NoRandom> {
                place.fill(0x35);
                Ok(())
            }
        }
        let shares = split(&SecretBytes::new(vec![0x2A]), 2, 3, &mut Fixed).unwrap();
        let values: Vec<u8> = shares.iter().map(|s| s.bytes.expose()[0]).collect();
        assert_eq!(values, [0x1F, 0x40, 0x75]);
    }

    #[test]
    fn impossible_splits_are_refused() {
        let secret = SecretBytes::new(vec![1; 16]);
        for (threshold, shares) in [(0, 3), (1, 3), (4, 3)] {
            assert!(split(&secret, threshold, shares, &mut SystemRandom).is_err());
        }
        assert!(split(&SecretBytes::new(vec![]), 2, 3, &mut SystemRandom).is_err());
        assert_eq!(split(&secret, 2, 255, &mut SystemRandom).unwrap().len(), 255);
    }
}
