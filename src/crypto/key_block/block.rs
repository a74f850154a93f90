// SPDX-License-Identifier: Apache-2.0
//! A whole key block: read, opened and made. The clear payload is `bits (2) ‖ key ‖ padding`; the padding is random and
//! hides how long a 3DES key is: it fills up to the longest (ANSI X9.143-2021 clause 5).

use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use super::attributes::KeyAttributes;
use super::binding::Derived;
use super::check_value::CheckValue;
use super::codes::{AlgorithmCode, KeyVersion, VersionId};
use super::error::{Field, KeyBlockError};
use super::exchange_key::ExchangeKey;
use super::header::{Header, LONGEST, Reader, is_capital_hex};
use super::optional::OptionalBlock;
use crate::crypto::{Algorithm, KeyMaterial, SecretBytes, pack};
use crate::outside::Random;

/// Bytes of the longest 3DES key, up to which shorter ones are padded.
const LONGEST_TDES: usize = 24;
/// Bytes of the length before the key.
const LENGTH: usize = 2;

/// A key block that was read and not opened: its header is what it claims.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyBlock {
    header: Header,
    /// The header as it stands, which is what the MAC covers.
    bound: String,
    payload: Vec<u8>,
    mac: Vec<u8>,
}

/// Whether a text is meant to be a key block of whatever version.
pub fn looks_like_key_block(text: &str) -> bool {
    let head = text.as_bytes();
    head.len() >= 5 && head[0].is_ascii_alphanumeric() && head[1..5].iter().all(u8::is_ascii_digit)
}

impl KeyBlock {
    /// Reads one; nothing may stand before or behind it.
    pub fn parse(text: &str) -> Result<Self, KeyBlockError> {
        let mut reader = Reader::new(text)?;
        let header = Header::read(&mut reader)?;
        let (at, rest) = (reader.position(), reader.rest());
        let block = header.version.block();
        let ciphertext = rest.len().checked_sub(2 * block);
        let ciphertext = ciphertext.filter(|digits| *digits > 0 && digits.is_multiple_of(2 * block));
        let digits = ciphertext.ok_or(KeyBlockError::Cut {
            position: at,
            field: Field::Payload,
        })?;
        let (payload, mac) = rest.split_at(digits);
        Ok(Self {
            bound: text[..at - 1].to_owned(),
            payload: hexadecimal(payload, at, Field::Payload)?,
            mac: hexadecimal(mac, at + digits, Field::Mac)?,
            header,
        })
    }

    /// What it claims of the key. Proven only by opening it.
    pub fn header(&self) -> &Header {
        &self.header
    }
}

fn hexadecimal(text: &str, at: usize, field: Field) -> Result<Vec<u8>, KeyBlockError> {
    if let Some(wrong) = text.bytes().position(|b| !is_capital_hex(b)) {
        let position = at + wrong;
        return Err(KeyBlockError::Character { position, field });
    }
    hex::decode(text).map_err(|_| KeyBlockError::Cut { position: at, field })
}

impl ExchangeKey {
    /// Opens a block, whatever it holds: the bytes of the wrapped key. The MAC is compared in constant time, and before
    /// that nothing that was deciphered is looked at.
    pub fn open(&self, block: &KeyBlock) -> Result<SecretBytes, KeyBlockError> {
        let (header, algorithm) = (&block.header, self.algorithm());
        if header.version != VersionId::for_exchange(algorithm) {
            let version = header.version;
            return Err(KeyBlockError::OtherKind { version, algorithm });
        }
        // Not yet authentic; it only tells which of several exchange keys to look for.
        for named in &header.blocks {
            if let OptionalBlock::ExchangeCheck(named) = named {
                let (expected, got) = (named.value, named.got_from_exchange(self));
                if !got.agrees_with(&expected) {
                    return Err(KeyBlockError::OtherExchangeKey { expected, got });
                }
            }
        }
        let derived = Derived::of(self);
        let mut payload = Zeroizing::new(block.payload.clone());
        derived.decrypt(&block.mac, &mut payload);
        let mac = derived.mac(block.bound.as_bytes(), &payload);
        if !bool::from(mac.as_slice().ct_eq(&block.mac)) {
            return Err(KeyBlockError::Mac);
        }
        let (length, behind) = payload.split_at(LENGTH);
        let bits = usize::from(u16::from_be_bytes([length[0], length[1]]));
        let key = behind
            .get(..bits / 8)
            .filter(|key| bits.is_multiple_of(8) && !key.is_empty());
        let key = key.ok_or(KeyBlockError::KeyLength { bits })?;
        Ok(SecretBytes::new(key.to_vec()))
    }

    /// Opens a block with a key of the card systems: two-key 3DES, or SM4 by the profile.
    pub fn unwrap(&self, block: &KeyBlock) -> Result<(Algorithm, KeyMaterial), KeyBlockError> {
        let algorithm = self.check_header(&block.header)?;
        let opened = self.open(block)?;
        let bits = opened.len() * 8;
        let key = pack::key_from(&opened).map_err(|_| KeyBlockError::KeyLength { bits })?;
        for named in &block.header.blocks {
            if let OptionalBlock::KeyCheck(named) = named {
                let (expected, got) = (named.value, named.got_from_wrapped(algorithm, &key));
                if got != expected {
                    return Err(KeyBlockError::KeyCheck { expected, got });
                }
            }
        }
        Ok((algorithm, key))
    }

    fn check_header(&self, header: &Header) -> Result<Algorithm, KeyBlockError> {
        let private = header.blocks.contains(&OptionalBlock::Profile);
        let algorithm = match header.algorithm {
            AlgorithmCode::Tdes => Algorithm::Tdes,
            AlgorithmCode::Sm4 if private => Algorithm::Sm4,
            AlgorithmCode::Sm4 => return Err(KeyBlockError::Profile { code: '4' }),
            AlgorithmCode::Other(code) if code.is_ascii_digit() => return Err(KeyBlockError::Profile { code }),
            AlgorithmCode::Other(code) => return Err(KeyBlockError::Algorithm { code }),
        };
        if matches!(header.key_version, KeyVersion::Component(_)) {
            return Err(KeyBlockError::Component);
        }
        self.check_strength(algorithm).map(|()| algorithm)
    }

    /// An exchange key is not weaker than what it protects: SM4 asks for AES.
    fn check_strength(&self, key: Algorithm) -> Result<(), KeyBlockError> {
        let exchange = self.algorithm();
        match key {
            Algorithm::Sm4 if exchange.is_tdes() => Err(KeyBlockError::Strength { key, exchange }),
            _ => Ok(()),
        }
    }

    /// Makes a block with a key of the card systems. Its check value and this exchange key's stand in it.
    pub fn wrap(
        &self,
        attributes: &KeyAttributes,
        algorithm: Algorithm,
        key: &KeyMaterial,
        random: &mut dyn Random,
    ) -> Result<String, KeyBlockError> {
        self.check_strength(algorithm)?;
        let mut blocks = vec![
            OptionalBlock::KeyCheck(CheckValue::of_wrapped(algorithm, key)),
            OptionalBlock::ExchangeCheck(CheckValue::of_exchange(self)),
        ];
        blocks.extend(attributes.label.clone().map(OptionalBlock::Label));
        blocks.extend(attributes.time.clone().map(OptionalBlock::Time));
        if algorithm == Algorithm::Sm4 {
            blocks.push(OptionalBlock::Profile);
        }
        let header = Header {
            version: VersionId::for_exchange(self.algorithm()),
            usage: attributes.usage,
            algorithm: match algorithm {
                Algorithm::Tdes => AlgorithmCode::Tdes,
                Algorithm::Sm4 => AlgorithmCode::Sm4,
            },
            mode: attributes.mode,
            key_version: attributes.key_version,
            exportability: attributes.exportability,
            blocks,
        };
        let room = match algorithm {
            Algorithm::Tdes => LONGEST_TDES,
            Algorithm::Sm4 => KeyMaterial::LEN,
        };
        self.seal(&header, &pack::secret_of(key), room, random)
    }

    /// Makes a block under any header. The key is padded as if it had `room` bytes, and then to whole cipher blocks.
    pub fn seal(
        &self,
        header: &Header,
        key: &SecretBytes,
        room: usize,
        random: &mut dyn Random,
    ) -> Result<String, KeyBlockError> {
        let (algorithm, block) = (self.algorithm(), self.algorithm().block());
        if header.version != VersionId::for_exchange(algorithm) {
            let version = header.version;
            return Err(KeyBlockError::OtherKind { version, algorithm });
        }
        if key.is_empty() || key.len() > LONGEST {
            return Err(KeyBlockError::TooLong);
        }
        let bits = u16::try_from(key.len() * 8).map_err(|_| KeyBlockError::TooLong)?;
        let whole = (LENGTH + key.len().max(room)).next_multiple_of(block);
        let mut payload = Zeroizing::new(vec![0; whole]);
        let (length, behind) = payload.split_at_mut(LENGTH);
        let (place, padding) = behind.split_at_mut(key.len());
        length.copy_from_slice(&bits.to_be_bytes());
        place.copy_from_slice(key.expose());
        random.fill(padding)?;
        let mut text = header.text(2 * (whole + block))?;
        let derived = Derived::of(self);
        let mac = derived.mac(text.as_bytes(), &payload);
        derived.encrypt(&mac, &mut payload);
        text.push_str(&hex::encode_upper(&*payload));
        text.push_str(&hex::encode_upper(&*mac));
        Ok(text)
    }
}

#[cfg(test)]
impl KeyBlock {
    /// Puts another clear payload under a right MAC.
    pub(super) fn forge(&mut self, key: &ExchangeKey, mut payload: Vec<u8>) {
        let derived = Derived::of(key);
        self.mac = derived.mac(self.bound.as_bytes(), &payload).to_vec();
        derived.encrypt(&self.mac, &mut payload);
        self.payload = payload;
    }
}
