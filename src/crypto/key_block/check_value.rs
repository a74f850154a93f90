// SPDX-License-Identifier: Apache-2.0
//! Check values in key blocks: of the wrapped key (KC) and of the exchange key (KP), each with the method that made it
//! (ANSI X9.143-2021 6.3.6.7; ANSI X9.24-1-2017 Annex A). Written as two digits for the method and the value.

use std::fmt;
use std::str::FromStr;

use super::binding;
use super::exchange_key::{ExchangeAlgorithm, ExchangeKey};
use crate::crypto::{Algorithm, Kcv, KeyMaterial};

/// How a check value is computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CheckMethod {
    /// `00`: the leftmost bytes of the encryption of a zero block. Usual for 3DES; three bytes.
    ZeroBlock,
    /// `01`: the leftmost bytes of the CMAC over a zero block. Usual for AES; five bytes.
    Cmac,
}

/// A check value with its method.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CheckValue {
    /// How it is computed.
    pub method: CheckMethod,
    /// The value.
    pub value: Kcv,
}

impl CheckMethod {
    /// The method that the standard lays down for exchange keys of this kind.
    pub fn for_exchange(algorithm: ExchangeAlgorithm) -> Self {
        if algorithm.is_tdes() {
            Self::ZeroBlock
        } else {
            Self::Cmac
        }
    }

    /// Bytes of a value, by the standard.
    pub const fn bytes(self) -> usize {
        match self {
            Self::ZeroBlock => 3,
            Self::Cmac => 5,
        }
    }

    fn code(self) -> &'static str {
        match self {
            Self::ZeroBlock => "00",
            Self::Cmac => "01",
        }
    }

    /// The value of an exchange key.
    pub(super) fn of_exchange(self, key: &ExchangeKey) -> Kcv {
        let zero = vec![0; key.algorithm().block()];
        let block = match self {
            Self::ZeroBlock => binding::encrypted(key.algorithm(), key.expose(), &zero),
            Self::Cmac => binding::cmac(key.algorithm(), key.expose(), &[&zero]).to_vec(),
        };
        self.cut(&block)
    }

    /// The value of a wrapped key, at the standard's length.
    pub(super) fn of_wrapped(self, algorithm: Algorithm, key: &KeyMaterial) -> Kcv {
        self.cut(&self.whole(algorithm, key))
    }

    fn whole(self, algorithm: Algorithm, key: &KeyMaterial) -> Vec<u8> {
        let mut block = vec![0; algorithm.block()];
        match self {
            Self::ZeroBlock => crate::crypto::cipher::encrypt_block(algorithm, key.expose(), &mut block),
            Self::Cmac => block = binding::cmac_of_wrapped(algorithm, key, &block),
        }
        block
    }

    fn cut(self, block: &[u8]) -> Kcv {
        Kcv::from_bytes(&block[..self.bytes()]).unwrap_or_else(|_| unreachable!("3 and 5 bytes are check values"))
    }
}

impl CheckValue {
    /// Of an exchange key, by the standard's method.
    pub fn of_exchange(key: &ExchangeKey) -> Self {
        let method = CheckMethod::for_exchange(key.algorithm());
        let value = method.of_exchange(key);
        Self { method, value }
    }

    /// Of a wrapped key: three bytes of the encrypted zero block, as the card systems have it.
    pub fn of_wrapped(algorithm: Algorithm, key: &KeyMaterial) -> Self {
        let method = CheckMethod::ZeroBlock;
        let value = method.of_wrapped(algorithm, key);
        Self { method, value }
    }

    /// What this method gives for an exchange key; compare with [`Kcv::agrees_with`].
    pub(super) fn got_from_exchange(&self, key: &ExchangeKey) -> Kcv {
        self.method.of_exchange(key)
    }

    /// What this method gives for a wrapped key, as long as the block's value.
    pub(super) fn got_from_wrapped(&self, algorithm: Algorithm, key: &KeyMaterial) -> Kcv {
        let whole = self.method.whole(algorithm, key);
        let bytes = self.value.as_bytes().len().min(whole.len());
        Kcv::from_bytes(&whole[..bytes]).unwrap_or(self.method.cut(&whole))
    }
}

impl fmt::Display for CheckValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.method.code(), self.value)
    }
}

impl FromStr for CheckValue {
    type Err = ();
    /// Two digits, then 3 to 5 bytes in capitals.
    fn from_str(text: &str) -> Result<Self, ()> {
        let (code, value) = text.split_at_checked(2).ok_or(())?;
        let method = [CheckMethod::ZeroBlock, CheckMethod::Cmac]
            .into_iter()
            .find(|method| method.code() == code)
            .ok_or(())?;
        let value: Kcv = value.parse().map_err(|_| ())?;
        let read = Self { method, value };
        let fits = value.as_bytes().len() <= CheckMethod::Cmac.bytes() && read.to_string() == text;
        fits.then_some(read).ok_or(())
    }
}
