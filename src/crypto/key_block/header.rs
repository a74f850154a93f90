// SPDX-License-Identifier: Apache-2.0
//! The header of a key block (ANSI X9.143-2021 6.2, table 1): 16 characters and the optional blocks.
//!
//! ```text
//!  1      version id            10-11  key version number
//!  2-5    length, decimal       12     exportability
//!  6-7    key usage             13-14  number of optional blocks, decimal
//!  8      algorithm             15     key context: 0 none, 2 key exchange
//!  9      mode of use           16     0
//! ```

use super::codes::{AlgorithmCode, Exportability, KeyVersion, ModeOfUse, UsageCode, VersionId};
use super::error::{Field, KeyBlockError};
use super::optional::{self, OptionalBlock};

/// The longest key block: four decimal digits hold its length.
pub(super) const LONGEST: usize = 9999;
/// Characters before the optional blocks.
const FIXED: usize = 16;

/// A header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    /// How the block is protected.
    pub version: VersionId,
    /// What the key is for.
    pub usage: UsageCode,
    /// What it computes with.
    pub algorithm: AlgorithmCode,
    /// What may be done with it.
    pub mode: ModeOfUse,
    /// Its version.
    pub key_version: KeyVersion,
    /// How far it may travel on.
    pub exportability: Exportability,
    /// The optional blocks, without the padding.
    pub blocks: Vec<OptionalBlock>,
}

impl Header {
    /// As it stands before a payload and MAC of so many characters.
    pub(super) fn text(&self, behind: usize) -> Result<String, KeyBlockError> {
        let (blocks, count) = optional::write(&self.blocks, self.version.block())?;
        let length = FIXED + blocks.len() + behind;
        if length > LONGEST || count > 99 {
            return Err(KeyBlockError::TooLong);
        }
        Ok(format!(
            "{}{length:04}{}{}{}{}{}{count:02}00{blocks}",
            self.version.letter(),
            self.usage,
            self.algorithm.letter(),
            self.mode.letter(),
            self.key_version,
            self.exportability.letter(),
        ))
    }

    /// Reads the header at the beginning of a whole block; the reader stands behind it.
    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Self, KeyBlockError> {
        let version = match reader.alphanumeric::<1>(Field::Version)?[0] {
            b'B' => VersionId::B,
            b'D' => VersionId::D,
            other => return Err(KeyBlockError::Version { found: other.into() }),
        };
        let says = reader.decimal(4, Field::Length)?;
        let got = reader.text.len();
        if says != got {
            return Err(KeyBlockError::Length { says, got });
        }
        let at = reader.position();
        let usage = reader.alphanumeric::<2>(Field::Usage)?;
        if usage.iter().any(u8::is_ascii_lowercase) {
            return Err(reader.value(at, Field::Usage, 2));
        }
        let algorithm = AlgorithmCode::from_letter(reader.capital(Field::Algorithm)?);
        let mode = ModeOfUse::from_letter(reader.capital(Field::Mode)?);
        let key_version = KeyVersion::from_letters(reader.alphanumeric(Field::KeyVersion)?);
        let at = reader.position();
        let letter = reader.capital(Field::Exportability)?;
        let exportability = Exportability::ALL.into_iter().find(|e| e.letter() == letter);
        let exportability = exportability.ok_or_else(|| reader.value(at, Field::Exportability, 1))?;
        let count = reader.decimal(2, Field::BlockCount)?;
        let at = reader.position();
        if !matches!(reader.take(2, Field::Reserved)?, "00" | "20") {
            return Err(reader.value(at, Field::Reserved, 2));
        }
        let blocks = optional::read(reader, count, version.block())?;
        Ok(Self {
            version,
            usage: UsageCode(usage),
            algorithm,
            mode,
            key_version,
            exportability,
            blocks,
        })
    }

    /// The label.
    pub fn label(&self) -> Option<&str> {
        self.blocks.iter().find_map(|block| match block {
            OptionalBlock::Label(text) => Some(text.as_str()),
            _ => None,
        })
    }
}

/// Reads a text of printable ASCII from left to right; knows the position.
pub(super) struct Reader<'a> {
    pub(super) text: &'a str,
    at: usize,
}

impl<'a> Reader<'a> {
    /// A text whose characters are all printable ASCII.
    pub(super) fn new(text: &'a str) -> Result<Self, KeyBlockError> {
        match text.chars().position(|c| !(' '..='~').contains(&c)) {
            None => Ok(Self { text, at: 0 }),
            Some(before) => Err(KeyBlockError::Character {
                position: before + 1,
                field: if before < FIXED {
                    Field::Version
                } else {
                    Field::BlockData
                },
            }),
        }
    }

    /// Where the next field begins, from 1.
    pub(super) fn position(&self) -> usize {
        self.at + 1
    }

    /// What is not read yet.
    pub(super) fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    /// The next characters.
    pub(super) fn take(&mut self, characters: usize, field: Field) -> Result<&'a str, KeyBlockError> {
        let position = self.position();
        let end = self.at.checked_add(characters).filter(|end| *end <= self.text.len());
        let end = end.ok_or(KeyBlockError::Cut { position, field })?;
        let taken = &self.text[self.at..end];
        self.at = end;
        Ok(taken)
    }

    /// That a field at a position has an impossible value.
    pub(super) fn value(&self, position: usize, field: Field, characters: usize) -> KeyBlockError {
        let from = position - 1;
        let found = self.text.get(from..(from + characters).min(self.text.len()));
        KeyBlockError::Value {
            position,
            field,
            found: found.unwrap_or_default().to_owned(),
        }
    }

    fn number(
        &mut self,
        digits: usize,
        radix: u32,
        is_digit: fn(u8) -> bool,
        field: Field,
    ) -> Result<usize, KeyBlockError> {
        let begin = self.position();
        let text = self.take(digits, field)?;
        if let Some(wrong) = text.bytes().position(|b| !is_digit(b)) {
            let position = begin + wrong;
            return Err(KeyBlockError::Character { position, field });
        }
        usize::from_str_radix(text, radix).map_err(|_| self.value(begin, field, 4))
    }

    /// A number in decimal digits.
    pub(super) fn decimal(&mut self, digits: usize, field: Field) -> Result<usize, KeyBlockError> {
        self.number(digits, 10, |b| b.is_ascii_digit(), field)
    }

    /// A number in capital hexadecimal digits.
    pub(super) fn hexadecimal(&mut self, digits: usize, field: Field) -> Result<usize, KeyBlockError> {
        self.number(digits, 16, is_capital_hex, field)
    }

    /// Letters and digits.
    pub(super) fn alphanumeric<const N: usize>(&mut self, field: Field) -> Result<[u8; N], KeyBlockError> {
        let begin = self.position();
        let taken = self.take(N, field)?.as_bytes();
        if let Some(wrong) = taken.iter().position(|b| !b.is_ascii_alphanumeric()) {
            let position = begin + wrong;
            return Err(KeyBlockError::Character { position, field });
        }
        let mut place = [0; N];
        place.copy_from_slice(taken);
        Ok(place)
    }

    /// One capital letter or digit.
    fn capital(&mut self, field: Field) -> Result<char, KeyBlockError> {
        let position = self.position();
        let [letter] = self.alphanumeric(field)?;
        if letter.is_ascii_lowercase() {
            return Err(KeyBlockError::Character { position, field });
        }
        Ok(letter.into())
    }
}

/// Digits of payload, MAC and lengths: a text has one reading.
pub(super) fn is_capital_hex(byte: u8) -> bool {
    matches!(byte, b'0'..=b'9' | b'A'..=b'F')
}
