// SPDX-License-Identifier: Apache-2.0
//! Why a key block is not read, not opened or not made. Faults of form say the position, counted in characters from 1, and
//! the field; what the ciphertext holds is never told.

use super::codes::VersionId;
use super::exchange_key::ExchangeAlgorithm;
use crate::crypto::{Algorithm, Kcv};
use crate::error::{Exit, Fault};
use crate::i18n::Msg;
use crate::msg;
use crate::outside::NoRandom;

/// A field of a key block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Field {
    /// Key block version id.
    Version,
    /// Key block length.
    Length,
    /// Key usage.
    Usage,
    /// Algorithm.
    Algorithm,
    /// Mode of use.
    Mode,
    /// Key version number.
    KeyVersion,
    /// Exportability.
    Exportability,
    /// Number of optional blocks.
    BlockCount,
    /// Key context and the reserved place behind it.
    Reserved,
    /// Id of an optional block.
    BlockId,
    /// Length of an optional block.
    BlockLength,
    /// Data of an optional block.
    BlockData,
    /// The encrypted key.
    Payload,
    /// The MAC.
    Mac,
}

impl Field {
    /// As messages have it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Version => "version",
            Self::Length => "length",
            Self::Usage => "usage",
            Self::Algorithm => "algorithm",
            Self::Mode => "mode",
            Self::KeyVersion => "key-version",
            Self::Exportability => "exportability",
            Self::BlockCount => "block-count",
            Self::Reserved => "reserved",
            Self::BlockId => "block-id",
            Self::BlockLength => "block-length",
            Self::BlockData => "block-data",
            Self::Payload => "payload",
            Self::Mac => "mac",
        }
    }
}

/// What is wrong with a key block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeyBlockError {
    /// A character that no key block has, or that this field cannot have.
    Character {
        /// Which.
        position: usize,
        /// Where.
        field: Field,
    },
    /// The text ends within a field.
    Cut {
        /// Where the field begins.
        position: usize,
        /// Which field.
        field: Field,
    },
    /// A field with a value that it cannot have.
    Value {
        /// Where the field begins.
        position: usize,
        /// Which field.
        field: Field,
        /// What stands there; at most four characters of the header.
        found: String,
    },
    /// A version that is not read.
    Version {
        /// Its letter.
        found: char,
    },
    /// The length field and the text differ.
    Length {
        /// What the field says.
        says: usize,
        /// Characters there are.
        got: usize,
    },
    /// An optional block stands twice.
    Twice {
        /// Where the second one begins.
        position: usize,
        /// Its id.
        id: String,
    },
    /// The optional blocks do not fill whole cipher blocks, or the padding block is not the last.
    Padding {
        /// Where they end.
        position: usize,
    },
    /// More than a key block can hold.
    TooLong,
    /// The exchange key is of another kind than the version asks for.
    OtherKind {
        /// The block's version.
        version: VersionId,
        /// The exchange key's kind.
        algorithm: ExchangeAlgorithm,
    },
    /// The block names another exchange key by its check value.
    OtherExchangeKey {
        /// What the block names.
        expected: Kcv,
        /// What the exchange key has.
        got: Kcv,
    },
    /// The MAC is wrong: another exchange key, or something was changed.
    Mac,
    /// The wrapped key has a length that it cannot have.
    KeyLength {
        /// In bits.
        bits: usize,
    },
    /// The block holds a component, not a key.
    Component,
    /// The algorithm is none of the card systems'.
    Algorithm {
        /// Its code.
        code: char,
    },
    /// A code reserved for private use, without the block that names whose.
    Profile {
        /// The code.
        code: char,
    },
    /// The exchange key is weaker than the key that it would protect.
    Strength {
        /// The key's cipher.
        key: Algorithm,
        /// The exchange key's kind.
        exchange: ExchangeAlgorithm,
    },
    /// The check value of the wrapped key is another one.
    KeyCheck {
        /// What the block says.
        expected: Kcv,
        /// What the key has.
        got: Kcv,
    },
    /// A label with other than printable ASCII characters, or too long.
    Label,
    /// No random source.
    Random,
}

impl From<NoRandom> for KeyBlockError {
    fn from(_: NoRandom) -> Self {
        Self::Random
    }
}

impl Fault for KeyBlockError {
    fn msg(&self) -> Msg {
        match self {
            Self::Character { position, field } => {
                msg!("block-character", position = position).with_word("field", "block-field", field.as_str())
            }
            Self::Cut { position, field } => {
                msg!("block-cut", position = position).with_word("field", "block-field", field.as_str())
            }
            Self::Value { position, field, found } => msg!("block-value", position = position, found = found)
                .with_word("field", "block-field", field.as_str())
                .with_word("wanted", "block-wanted", field.as_str()),
            Self::Version { found } => msg!("block-version", found = found),
            Self::Length { says, got } => msg!("block-length", says = says, got = got),
            Self::Twice { position, id } => msg!("block-twice", position = position, id = id),
            Self::Padding { position } => msg!("block-padding", position = position),
            Self::TooLong => msg!("block-too-long"),
            Self::OtherKind { version, algorithm } => {
                msg!("block-other-kind", version = version.letter(), algorithm = algorithm)
            }
            Self::OtherExchangeKey { expected, got } => {
                msg!("block-other-exchange-key", expected = expected, got = got)
            }
            Self::Mac => msg!("block-mac"),
            Self::KeyLength { bits } => msg!("block-key-length", bits = bits),
            Self::Component => msg!("block-component"),
            Self::Algorithm { code } => msg!("block-algorithm", code = code),
            Self::Profile { code } => msg!("block-profile", code = code),
            Self::Strength { key, exchange } => msg!("block-strength", key = key, exchange = exchange),
            Self::KeyCheck { expected, got } => msg!("block-key-check", expected = expected, got = got),
            Self::Label => msg!("block-label"),
            Self::Random => NoRandom.msg(),
        }
    }

    fn exit(&self) -> Exit {
        match self {
            Self::Mac | Self::OtherExchangeKey { .. } | Self::KeyCheck { .. } => Exit::Check,
            Self::Random => Exit::Device,
            _ => Exit::Usage,
        }
    }
}
crate::display_as_english!(KeyBlockError);
