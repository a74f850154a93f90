// SPDX-License-Identifier: Apache-2.0
//! Exchange keys 交换密钥: what two centres share so that keys can travel between them in key blocks (the standard's key
//! block protection key). They lie outside every scheme and do nothing but protect key blocks.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::check_value::CheckMethod;
use super::published;
use crate::crypto::cipher::xor_into;
use crate::crypto::random_key::{same_but_parity, weak_des_key};
use crate::crypto::{HexError, Kcv, SecretBytes, component, pack};
use crate::error::{Exit, Fault};
use crate::i18n::Msg;
use crate::msg;
use crate::outside::{NoRandom, Random};

/// Draws before a source counts as broken: a sound one never needs the second.
const DRAWS: usize = 8;

/// Cipher and length of an exchange key. The numbers are key bits, without parity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum ExchangeAlgorithm {
    /// Two-key 3DES, 16 bytes: version B.
    #[serde(rename = "3des-112")]
    Tdes112,
    /// Three-key 3DES, 24 bytes: version B.
    #[serde(rename = "3des-168")]
    Tdes168,
    /// AES, 16 bytes: version D.
    #[serde(rename = "aes-128")]
    Aes128,
    /// AES, 24 bytes: version D.
    #[serde(rename = "aes-192")]
    Aes192,
    /// AES, 32 bytes: version D.
    #[serde(rename = "aes-256")]
    Aes256,
}

impl ExchangeAlgorithm {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Tdes112, Self::Tdes168, Self::Aes128, Self::Aes192, Self::Aes256];

    /// As files, options and messages have it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Tdes112 => "3des-112",
            Self::Tdes168 => "3des-168",
            Self::Aes128 => "aes-128",
            Self::Aes192 => "aes-192",
            Self::Aes256 => "aes-256",
        }
    }

    /// Bytes of such a key.
    pub const fn bytes(self) -> usize {
        match self {
            Self::Tdes112 | Self::Aes128 => 16,
            Self::Tdes168 | Self::Aes192 => 24,
            Self::Aes256 => 32,
        }
    }

    /// Whether it is 3DES.
    pub const fn is_tdes(self) -> bool {
        matches!(self, Self::Tdes112 | Self::Tdes168)
    }

    /// Block length of the cipher in bytes.
    pub const fn block(self) -> usize {
        if self.is_tdes() { 8 } else { 16 }
    }
}

impl fmt::Display for ExchangeAlgorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// A name that is no cipher of an exchange key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnknownExchangeAlgorithm;

impl FromStr for ExchangeAlgorithm {
    type Err = UnknownExchangeAlgorithm;
    fn from_str(name: &str) -> Result<Self, UnknownExchangeAlgorithm> {
        let found = Self::ALL.into_iter().find(|algorithm| algorithm.as_str() == name);
        found.ok_or(UnknownExchangeAlgorithm)
    }
}

impl Fault for UnknownExchangeAlgorithm {
    fn msg(&self) -> Msg {
        msg!("block-unknown-exchange-algorithm")
    }
    fn exit(&self) -> Exit {
        Exit::Usage
    }
}
crate::display_as_english!(UnknownExchangeAlgorithm);

/// Why an exchange key protects less than its length says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Weakness {
    /// It stands in a standard, a manual or a sample program.
    Published(&'static str),
    /// Parts of a 3DES key are the same, so that it is a shorter one.
    EqualParts,
    /// A part is a weak or semi-weak key of DES.
    WeakDes,
}

/// An exchange key, or a component of one; wiped on drop, never printed.
pub struct ExchangeKey {
    algorithm: ExchangeAlgorithm,
    secret: SecretBytes,
}

impl ExchangeKey {
    /// From bytes that were kept sealed or received. The length must be the algorithm's.
    pub fn from_secret(algorithm: ExchangeAlgorithm, secret: SecretBytes) -> Result<Self, HexError> {
        let (expected, got) = (2 * algorithm.bytes(), 2 * secret.len());
        if expected == got {
            Ok(Self { algorithm, secret })
        } else {
            Err(HexError::Length { expected, got })
        }
    }

    /// From hexadecimal digits that a person typed; spaces between them are fine.
    pub fn from_hex(algorithm: ExchangeAlgorithm, text: &SecretBytes) -> Result<Self, HexError> {
        let secret = component::secret_from_hex(text, algorithm.bytes())?;
        Ok(Self { algorithm, secret })
    }

    /// A fresh one. Weak ones are drawn again; a source that goes on giving them is broken.
    pub fn generate(algorithm: ExchangeAlgorithm, random: &mut dyn Random) -> Result<Self, NoRandom> {
        for _ in 0..DRAWS {
            let secret = SecretBytes::try_init_with(algorithm.bytes(), |place| random.fill(place))?;
            let key = Self { algorithm, secret };
            if key.weakness().is_none() {
                return Ok(key);
            }
        }
        Err(NoRandom)
    }

    /// The key that components of the same kind make together (XOR); `None` without any, or with different ones.
    pub fn combine(components: &[Self]) -> Option<Self> {
        let algorithm = components.first()?.algorithm;
        if components.iter().any(|part| part.algorithm != algorithm) {
            return None;
        }
        let whole = SecretBytes::try_init_with(algorithm.bytes(), |place| {
            for part in components {
                xor_into(place, part.secret.expose());
            }
            Ok::<(), std::convert::Infallible>(())
        });
        whole.ok().map(|secret| Self { algorithm, secret })
    }

    /// Its cipher and length.
    pub fn algorithm(&self) -> ExchangeAlgorithm {
        self.algorithm
    }

    /// Its check value (ANSI X9.24-1-2017 Annex A): for 3DES three bytes of the encryption of a zero block, for AES five
    /// bytes of the CMAC over a zero block.
    pub fn kcv(&self) -> Kcv {
        let method = CheckMethod::for_exchange(self.algorithm);
        method.of_exchange(self)
    }

    /// Equality in constant time; keys of other kinds are never the same.
    pub fn same_as(&self, other: &Self) -> bool {
        self.algorithm == other.algorithm && pack::is_same(&self.secret, &other.secret)
    }

    /// Why it protects less than it seems to; `None` for a good one. DES parity bits do not count.
    pub fn weakness(&self) -> Option<Weakness> {
        let bytes = self.secret.expose();
        if let Some(name) = published::name_of(bytes) {
            return Some(Weakness::Published(name));
        }
        if !self.algorithm.is_tdes() {
            return None;
        }
        let parts: Vec<&[u8]> = bytes.chunks(8).collect();
        let twice = |(at, part): (usize, &&[u8])| parts[..at].iter().any(|before| same_but_parity(before, part));
        if parts.iter().enumerate().any(twice) {
            Some(Weakness::EqualParts)
        } else if parts.iter().any(|part| weak_des_key(part)) {
            Some(Weakness::WeakDes)
        } else {
            None
        }
    }

    /// A copy for keeping it sealed.
    pub fn to_secret(&self) -> SecretBytes {
        SecretBytes::new(self.secret.expose().to_vec())
    }

    /// The bytes. For `crypto/` alone.
    pub(in crate::crypto) fn expose(&self) -> &[u8] {
        self.secret.expose()
    }
}

impl fmt::Debug for ExchangeKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ExchangeKey({}, ..)", self.algorithm)
    }
}
