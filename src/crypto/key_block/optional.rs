// SPDX-License-Identifier: Apache-2.0
//! Optional blocks of a header (ANSI X9.143-2021 6.3.6): two characters of id, two hexadecimal digits of length over all of
//! it, data. A length of `00` is followed by the length of the length in bytes and the length itself; such blocks are read
//! and never written. The last one, `PB`, fills up to whole cipher blocks.

use std::fmt;

use super::check_value::CheckValue;
use super::error::{Field, KeyBlockError};
use super::header::Reader;

/// Id of an optional block.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct BlockId([u8; 2]);

impl fmt::Display for BlockId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{}", char::from(*byte)))
    }
}
impl fmt::Debug for BlockId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "BlockId({self})")
    }
}

const KEY_CHECK: BlockId = BlockId(*b"KC");
const EXCHANGE_CHECK: BlockId = BlockId(*b"KP");
const LABEL: BlockId = BlockId(*b"LB");
const TIME: BlockId = BlockId(*b"TS");
const PADDING: BlockId = BlockId(*b"PB");
/// Numeric ids are for private use; 86 is China's calling code.
const PROFILE: BlockId = BlockId(*b"86");
/// What the block of the profile says: whose codes these are, and which edition of them.
const PROFILE_NAME: &str = "CARDMINT01";

/// Characters of id and length.
const HEAD: usize = 4;
/// The longest data of a block that is written.
const LONGEST: usize = 0xFF - HEAD;

/// An optional block. `PB` is none: it says nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OptionalBlock {
    /// `KC`: check value of the wrapped key.
    KeyCheck(CheckValue),
    /// `KP`: check value of the exchange key.
    ExchangeCheck(CheckValue),
    /// `LB`: what the sender calls the key.
    Label(String),
    /// `TS`: when the block was made, in UTC; one of the forms of the standard.
    Time(String),
    /// `86` with this program's name and edition: the private codes are those of docs/formats/key-block.md.
    Profile,
    /// Any other; kept as it is.
    Other(BlockId, String),
}

impl OptionalBlock {
    /// Its id.
    pub fn id(&self) -> BlockId {
        match self {
            Self::KeyCheck(_) => KEY_CHECK,
            Self::ExchangeCheck(_) => EXCHANGE_CHECK,
            Self::Label(_) => LABEL,
            Self::Time(_) => TIME,
            Self::Profile => PROFILE,
            Self::Other(id, _) => *id,
        }
    }

    fn data(&self) -> String {
        match self {
            Self::KeyCheck(value) | Self::ExchangeCheck(value) => value.to_string(),
            Self::Label(text) | Self::Time(text) | Self::Other(_, text) => text.clone(),
            Self::Profile => PROFILE_NAME.into(),
        }
    }

    /// The meaning of a block; `None` where it has a form that its id does not allow.
    fn of(id: BlockId, data: &str) -> Option<Self> {
        match id {
            KEY_CHECK => data.parse().ok().map(Self::KeyCheck),
            EXCHANGE_CHECK => data.parse().ok().map(Self::ExchangeCheck),
            LABEL => Some(Self::Label(data.to_owned())),
            TIME => is_time(data).then(|| Self::Time(data.to_owned())),
            PROFILE if data == PROFILE_NAME => Some(Self::Profile),
            _ => Some(Self::Other(id, data.to_owned())),
        }
    }
}

/// Forms of a time: `9` is a digit. The last one is in the standard's example, without the letter that its text asks for.
const TIMES: [&str; 5] = [
    "99999999999999Z",
    "9999999999999999Z",
    "9999-99-99T99:99:99Z",
    "9999-99-99T99:99:99.99Z",
    "9999-99-99T99:99:99.99",
];

fn is_time(data: &str) -> bool {
    TIMES.iter().any(|form| {
        let fits = |(d, f): (u8, u8)| if f == b'9' { d.is_ascii_digit() } else { d == f };
        data.len() == form.len() && data.bytes().zip(form.bytes()).all(fits)
    })
}

/// The blocks one behind the other, with padding to whole cipher blocks where it is needed, and how many there are.
pub(super) fn write(blocks: &[OptionalBlock], cipher_block: usize) -> Result<(String, usize), KeyBlockError> {
    let (mut text, mut count) = (String::new(), blocks.len());
    for block in blocks {
        let data = block.data();
        if data.len() > LONGEST || !data.bytes().all(|b| (b' '..=b'~').contains(&b)) {
            return Err(KeyBlockError::Label);
        }
        push(&mut text, block.id(), &data);
    }
    if !text.len().is_multiple_of(cipher_block) {
        let zeroes = (text.len() + HEAD).next_multiple_of(cipher_block) - text.len() - HEAD;
        push(&mut text, PADDING, &"0".repeat(zeroes));
        count += 1;
    }
    Ok((text, count))
}

fn push(text: &mut String, id: BlockId, data: &str) {
    let head = format!("{id}{:02X}", HEAD + data.len());
    text.extend([head.as_str(), data]);
}

/// Reads as many blocks as the header says.
pub(super) fn read(
    reader: &mut Reader<'_>,
    count: usize,
    cipher_block: usize,
) -> Result<Vec<OptionalBlock>, KeyBlockError> {
    let begin = reader.position();
    let (mut blocks, mut seen) = (Vec::new(), Vec::new());
    for number in 1..=count {
        let position = reader.position();
        let (id, data) = read_one(reader)?;
        if seen.contains(&id) {
            let id = id.to_string();
            return Err(KeyBlockError::Twice { position, id });
        }
        seen.push(id);
        if id == PADDING {
            if number != count {
                return Err(KeyBlockError::Padding { position });
            }
            continue;
        }
        let at = reader.position() - data.len();
        blocks.push(OptionalBlock::of(id, data).ok_or_else(|| KeyBlockError::Value {
            position: at,
            field: Field::BlockData,
            found: id.to_string(),
        })?);
    }
    let position = reader.position();
    if (position - begin).is_multiple_of(cipher_block) {
        Ok(blocks)
    } else {
        Err(KeyBlockError::Padding { position })
    }
}

fn read_one<'a>(reader: &mut Reader<'a>) -> Result<(BlockId, &'a str), KeyBlockError> {
    let begin = reader.position();
    let id = BlockId(reader.alphanumeric::<2>(Field::BlockId)?);
    let at = reader.position();
    let mut length = reader.hexadecimal(2, Field::BlockLength)?;
    if length == 0 {
        let digits = 2 * reader.hexadecimal(2, Field::BlockLength)?;
        // Four digits hold more than the longest key block.
        if !(2..=4).contains(&digits) {
            return Err(reader.value(at, Field::BlockLength, 4));
        }
        length = reader.hexadecimal(digits, Field::BlockLength)?;
    }
    match length.checked_sub(reader.position() - begin) {
        Some(rest) => Ok((id, reader.take(rest, Field::BlockData)?)),
        None => Err(reader.value(at, Field::BlockLength, 2)),
    }
}
