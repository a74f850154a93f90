// SPDX-License-Identifier: Apache-2.0
//! The codes of a key block's header (ANSI X9.143-2021 6.3, tables 2 to 6). Codes that this program gives no meaning to are
//! read as they are: whoever uses the key decides whether they fit.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::exchange_key::ExchangeAlgorithm;
use crate::error::{Exit, Fault};
use crate::i18n::Msg;
use crate::msg;

/// How the block is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VersionId {
    /// Derived keys of 3DES.
    B,
    /// Derived keys of AES.
    D,
}

impl VersionId {
    /// The version for exchange keys of this kind.
    pub const fn for_exchange(algorithm: ExchangeAlgorithm) -> Self {
        if algorithm.is_tdes() { Self::B } else { Self::D }
    }

    /// The letter at the beginning.
    pub const fn letter(self) -> char {
        match self {
            Self::B => 'B',
            Self::D => 'D',
        }
    }

    /// Block length of the cipher in bytes, which is also the MAC's.
    pub const fn block(self) -> usize {
        match self {
            Self::B => 8,
            Self::D => 16,
        }
    }
}

/// Two characters: what the key is for (`P0`, `E0`, `K1` …).
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct UsageCode(pub(super) [u8; 2]);

impl UsageCode {
    /// From a code that stands in the source.
    pub const fn of(code: [u8; 2]) -> Self {
        Self(code)
    }
}

impl fmt::Display for UsageCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{}", char::from(*byte)))
    }
}

impl fmt::Debug for UsageCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "UsageCode({self})")
    }
}

/// What the key computes with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AlgorithmCode {
    /// `T`: 3DES.
    Tdes,
    /// `4`: SM4, in the profile of docs/formats/key-block.md; only with the block that names the profile.
    Sm4,
    /// Any other.
    Other(char),
}

impl AlgorithmCode {
    /// The character.
    pub const fn letter(self) -> char {
        match self {
            Self::Tdes => 'T',
            Self::Sm4 => '4',
            Self::Other(letter) => letter,
        }
    }

    pub(super) fn from_letter(letter: char) -> Self {
        match letter {
            'T' => Self::Tdes,
            '4' => Self::Sm4,
            other => Self::Other(other),
        }
    }
}

/// What may be done with the key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ModeOfUse {
    /// `X`: keys are derived from it.
    Derive,
    /// `B`: it encrypts and decrypts, wraps and unwraps.
    Both,
    /// `N`: what its usage says and no more.
    Any,
    /// Any other.
    Other(char),
}

impl ModeOfUse {
    /// The character.
    pub const fn letter(self) -> char {
        match self {
            Self::Derive => 'X',
            Self::Both => 'B',
            Self::Any => 'N',
            Self::Other(letter) => letter,
        }
    }

    pub(super) fn from_letter(letter: char) -> Self {
        match letter {
            'X' => Self::Derive,
            'B' => Self::Both,
            'N' => Self::Any,
            other => Self::Other(other),
        }
    }
}

/// The key's version, two characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyVersion {
    /// `00`: none.
    None,
    /// 1 to 255, as two hexadecimal digits.
    Number(u8),
    /// `c` and a character: the block holds a component, not a key.
    Component(char),
    /// Any other.
    Other([char; 2]),
}

impl KeyVersion {
    pub(super) fn from_letters(letters: [u8; 2]) -> Self {
        let chars = letters.map(char::from);
        let text: String = chars.iter().collect();
        match u8::from_str_radix(&text, 16) {
            _ if chars[0] == 'c' => Self::Component(chars[1]),
            Ok(0) => Self::None,
            Ok(number) if !text.bytes().any(|b| b.is_ascii_lowercase()) => Self::Number(number),
            _ => Self::Other(chars),
        }
    }
}

impl fmt::Display for KeyVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => f.write_str("00"),
            Self::Number(number) => write!(f, "{number:02X}"),
            Self::Component(number) => write!(f, "c{number}"),
            Self::Other([first, second]) => write!(f, "{first}{second}"),
        }
    }
}

/// How far a key may travel on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Exportability {
    /// `N`: not again. Keys that are derived from it may.
    No,
    /// `E`: in key blocks under a trusted exchange key, and in no other form.
    Trusted,
    /// `S`: in every form that this program knows.
    Sensitive,
}

impl Exportability {
    /// All of them, the narrowest first.
    pub const ALL: [Self; 3] = [Self::No, Self::Trusted, Self::Sensitive];

    /// As files, options and messages have it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::No => "no",
            Self::Trusted => "trusted",
            Self::Sensitive => "sensitive",
        }
    }

    /// The character.
    pub const fn letter(self) -> char {
        match self {
            Self::No => 'N',
            Self::Trusted => 'E',
            Self::Sensitive => 'S',
        }
    }

    /// What a record of a key leaves out: nothing limits a key that was made here, or that came before there were limits.
    pub const fn unlimited() -> Self {
        Self::Sensitive
    }

    /// Whether it is [`Self::unlimited`].
    #[allow(clippy::trivially_copy_pass_by_ref)] // serde asks for this form
    pub fn is_unlimited(&self) -> bool {
        *self == Self::unlimited()
    }
}

impl fmt::Display for Exportability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// A word that is no exportability.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnknownExportability;

impl FromStr for Exportability {
    type Err = UnknownExportability;
    fn from_str(word: &str) -> Result<Self, UnknownExportability> {
        let found = Self::ALL.into_iter().find(|known| known.as_str() == word);
        found.ok_or(UnknownExportability)
    }
}

impl Fault for UnknownExportability {
    fn msg(&self) -> Msg {
        msg!("block-unknown-exportability")
    }
    fn exit(&self) -> Exit {
        Exit::Usage
    }
}
crate::display_as_english!(UnknownExportability);
