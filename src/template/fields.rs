// SPDX-License-Identifier: Apache-2.0
//! Codings of fields in card files. Text in, exactly `length` bytes out; decoding gives the text back.

use std::collections::BTreeMap;

use encoding_rs::GBK;

use super::order::{AmountFault, IdentityFault};
use crate::i18n::Msg;
use crate::msg;

/// How a field is coded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Encoding {
    /// Bytes, written in hex.
    Hex,
    /// Two decimal digits a byte, zeros in front.
    Bcd,
    /// Big-endian number.
    Uint,
    /// Little-endian number.
    UintLe,
    /// ASCII, filled up with `pad`.
    Ascii {
        /// Filling behind the text.
        pad: u8,
    },
    /// GBK, filled up with `pad`.
    Gbk {
        /// Filling behind the text.
        pad: u8,
    },
    /// yyyymmdd in BCD, 4 bytes.
    BcdDate,
    /// yyyymmddhhmmss in BCD, 7 bytes.
    BcdDateTime,
    /// A value block of an M1 card: the number three times, little-endian, the middle one inverted; the address four times.
    ValueBlock {
        /// The address, the block's own number by custom.
        address: u8,
    },
    /// A code in hex, of a list (code and what it means; an empty list takes every code).
    Enum(BTreeMap<String, String>),
}

/// Why a text does not fit a field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FieldProblem {
    /// Not hex digits, or not of that many bytes.
    Hex {
        /// Bytes wanted.
        bytes: usize,
    },
    /// Not decimal digits only.
    Digits,
    /// More than fits.
    TooLong {
        /// Bytes that fit.
        bytes: usize,
        /// Bytes that came.
        got: usize,
    },
    /// Exactly so many digits are wanted.
    DigitCount {
        /// Wanted.
        wanted: usize,
        /// Came.
        got: usize,
    },
    /// A character that the coding does not have.
    Character {
        /// It.
        character: char,
    },
    /// No day of the calendar in the form yyyymmdd.
    Date,
    /// No time in the form yyyymmddhhmmss.
    DateTime,
    /// Not one of the codes.
    Choice {
        /// The codes.
        codes: String,
    },
    /// More than the greatest value.
    TooBig {
        /// That value.
        max: u64,
    },
    /// Does not begin as the site demands.
    Start {
        /// What it must begin with.
        start: String,
    },
    /// Before another date.
    Before {
        /// The field with that date.
        field: String,
    },
    /// Before the day of issue.
    Past,
    /// A spreadsheet has rounded the number (`3.30102E+17`).
    Rounded,
    /// Begins like a formula of a spreadsheet.
    Formula,
    /// No amount of money.
    Amount(AmountFault),
    /// No number of that kind of document.
    Identity(IdentityFault),
    /// The card type sets this field to something else.
    Differs {
        /// The card type.
        card_type: String,
    },
    /// Named twice, under two of its names.
    Twice,
    /// Missing, and there is no default.
    Missing,
    /// The template has no such field.
    Unknown,
}

impl FieldProblem {
    /// The reason in words.
    pub fn msg(&self) -> Msg {
        match self {
            Self::Hex { bytes } => msg!("field-hex", bytes = bytes),
            Self::Digits => msg!("field-digits"),
            Self::TooLong { bytes, got } => msg!("field-too-long", bytes = bytes, got = got),
            Self::DigitCount { wanted, got } => msg!("field-digit-count", wanted = wanted, got = got),
            Self::Character { character } => msg!("field-character", character = character),
            Self::Date => msg!("field-date"),
            Self::DateTime => msg!("field-datetime"),
            Self::Choice { codes } => msg!("field-choice", codes = codes),
            Self::TooBig { max } => msg!("field-too-big", max = max),
            Self::Start { start } => msg!("field-start", start = start),
            Self::Before { field } => msg!("field-before", field = field),
            Self::Past => msg!("field-past"),
            Self::Rounded => msg!("field-rounded"),
            Self::Formula => msg!("field-formula"),
            Self::Amount(fault) => fault.msg(),
            Self::Identity(fault) => fault.msg(),
            Self::Differs { card_type } => msg!("field-differs", card_type = card_type),
            Self::Twice => msg!("field-twice"),
            Self::Missing => msg!("field-missing"),
            Self::Unknown => msg!("field-unknown"),
        }
    }
}

impl Encoding {
    /// The one length that this coding has, where there is only one.
    pub const fn fixed_length(&self) -> Option<usize> {
        match self {
            Self::BcdDate => Some(4),
            Self::BcdDateTime => Some(7),
            Self::ValueBlock { .. } => Some(16),
            _ => None,
        }
    }

    /// Exactly `length` bytes for a text.
    pub fn encode(&self, length: usize, text: &str) -> Result<Vec<u8>, FieldProblem> {
        match self {
            Self::Hex => bytes_of(text, length),
            Self::Enum(codes) => {
                let known = codes.is_empty() || codes.keys().any(|code| code.eq_ignore_ascii_case(text));
                if known {
                    bytes_of(text, length)
                } else {
                    Err(FieldProblem::Choice { codes: listed(codes) })
                }
            }
            Self::Bcd => bcd(text, length),
            Self::Uint => number(text, length).map(|n| n.to_be_bytes()[8 - length..].to_vec()),
            Self::UintLe => number(text, length).map(|n| n.to_le_bytes()[..length].to_vec()),
            Self::Ascii { pad } => match text.chars().find(|c| !(' '..='~').contains(c)) {
                Some(character) => Err(FieldProblem::Character { character }),
                None => filled(text.as_bytes().to_vec(), length, *pad),
            },
            Self::Gbk { pad } => filled(gbk(text)?, length, *pad),
            Self::ValueBlock { address } => value_block(text, *address),
            Self::BcdDate => date(text).and_then(|()| bcd(text, 4)),
            Self::BcdDateTime => datetime(text).and_then(|()| bcd(text, 7)),
        }
    }

    /// The text of bytes; None when they are not in this coding.
    pub fn decode(&self, bytes: &[u8]) -> Option<String> {
        let hex = hex::encode_upper(bytes);
        match self {
            Self::Hex | Self::Enum(_) => Some(hex),
            Self::Bcd | Self::BcdDate | Self::BcdDateTime => hex.bytes().all(|b| b.is_ascii_digit()).then_some(hex),
            Self::Uint => Some(bytes.iter().fold(0u64, |n, b| n << 8 | u64::from(*b)).to_string()),
            Self::UintLe => Some(bytes.iter().rev().fold(0u64, |n, b| n << 8 | u64::from(*b)).to_string()),
            Self::ValueBlock { .. } => value_of(bytes).map(|value| value.to_string()),
            Self::Ascii { pad } => {
                let text = unfilled(bytes, *pad);
                text.is_ascii().then(|| String::from_utf8_lossy(text).into_owned())
            }
            Self::Gbk { pad } => GBK
                .decode_without_bom_handling_and_without_replacement(unfilled(bytes, *pad))
                .map(std::borrow::Cow::into_owned),
        }
    }
}

/// GBK bytes of a text, refusing characters that GBK has not.
pub(super) fn gbk(text: &str) -> Result<Vec<u8>, FieldProblem> {
    for character in text.chars() {
        let mut buffer = [0; 4];
        let (_, _, unmappable) = GBK.encode(character.encode_utf8(&mut buffer));
        if unmappable || character.is_control() {
            return Err(FieldProblem::Character { character });
        }
    }
    Ok(GBK.encode(text).0.into_owned())
}

/// Whether a text is a day in the form yyyymmdd.
pub(super) fn date(text: &str) -> Result<(), FieldProblem> {
    let good = text.len() == 8 && text.bytes().all(|b| b.is_ascii_digit());
    let part = |range: std::ops::Range<usize>| text.get(range).and_then(|t| t.parse::<i16>().ok());
    let day = good.then(|| {
        let (y, m, d) = (part(0..4)?, part(4..6)?, part(6..8)?);
        jiff::civil::Date::new(y, i8::try_from(m).ok()?, i8::try_from(d).ok()?)
            .ok()
            .filter(|_| y > 0)
    });
    day.flatten().map(|_| ()).ok_or(FieldProblem::Date)
}

/// Whether a text is a moment in the form yyyymmddhhmmss.
pub(super) fn datetime(text: &str) -> Result<(), FieldProblem> {
    let day = text
        .get(..8)
        .filter(|_| text.len() == 14)
        .ok_or(FieldProblem::DateTime)?;
    date(day).map_err(|_| FieldProblem::DateTime)?;
    let two = |at: usize| {
        text.get(at..at + 2)
            .filter(|t| t.bytes().all(|b| b.is_ascii_digit()))
            .and_then(|t| t.parse::<u8>().ok())
    };
    match (two(8), two(10), two(12)) {
        (Some(0..=23), Some(0..=59), Some(0..=59)) => Ok(()),
        _ => Err(FieldProblem::DateTime),
    }
}

/// The codes of a choice for messages.
pub(super) fn listed(codes: &BTreeMap<String, String>) -> String {
    codes
        .iter()
        .map(|(code, what)| format!("{code} ({what})"))
        .collect::<Vec<_>>()
        .join(", ")
}

fn bytes_of(text: &str, length: usize) -> Result<Vec<u8>, FieldProblem> {
    let bytes = hex::decode(text).ok().filter(|b| b.len() == length);
    bytes.ok_or(FieldProblem::Hex { bytes: length })
}

fn bcd(text: &str, length: usize) -> Result<Vec<u8>, FieldProblem> {
    if text.is_empty() || !text.bytes().all(|b| b.is_ascii_digit()) {
        return Err(FieldProblem::Digits);
    }
    if text.len() > 2 * length {
        return Err(FieldProblem::TooLong {
            bytes: length,
            got: text.len().div_ceil(2),
        });
    }
    bytes_of(&format!("{text:0>width$}", width = 2 * length), length)
}

fn number(text: &str, length: usize) -> Result<u64, FieldProblem> {
    let max = u64::MAX >> (64 - 8 * length.clamp(1, 8));
    let value = text.parse::<u64>().map_err(|_| FieldProblem::Digits)?;
    if value > max {
        Err(FieldProblem::TooBig { max })
    } else {
        Ok(value)
    }
}

fn value_block(text: &str, address: u8) -> Result<Vec<u8>, FieldProblem> {
    let value: i32 = text.parse().map_err(|_| FieldProblem::Digits)?;
    let (plain, inverted) = (value.to_le_bytes(), (!value).to_le_bytes());
    let mut bytes = [plain, inverted, plain].concat();
    bytes.extend([address, !address, address, !address]);
    Ok(bytes)
}

/// The number of a value block whose redundancy is whole.
fn value_of(bytes: &[u8]) -> Option<i32> {
    let bytes: [u8; 16] = bytes.try_into().ok()?;
    let four = |at: usize| [bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]];
    let value = i32::from_le_bytes(four(0));
    let whole = i32::from_le_bytes(four(4)) == !value && four(8) == four(0);
    let [a, b, c, d] = four(12);
    (whole && a == c && b == !a && d == b).then_some(value)
}

fn filled(mut bytes: Vec<u8>, length: usize, pad: u8) -> Result<Vec<u8>, FieldProblem> {
    if bytes.len() > length {
        return Err(FieldProblem::TooLong {
            bytes: length,
            got: bytes.len(),
        });
    }
    bytes.resize(length, pad);
    Ok(bytes)
}

fn unfilled(bytes: &[u8], pad: u8) -> &[u8] {
    let end = bytes.iter().rposition(|b| *b != pad).map_or(0, |last| last + 1);
    &bytes[..end]
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn texts_become_the_bytes_of_real_cards() {
        let ok = |e: Encoding, n, t: &str| hex::encode_upper(e.encode(n, t).unwrap());
        assert_eq!(ok(Encoding::Bcd, 2, "3100"), "3100");
        assert_eq!(ok(Encoding::Bcd, 10, "3105170010170907984"), "03105170010170907984");
        assert_eq!(ok(Encoding::Uint, 2, "1000"), "03E8");
        assert_eq!(ok(Encoding::UintLe, 2, "1000"), "E803");
        assert_eq!(ok(Encoding::Gbk { pad: 0 }, 8, "建设部"), "BDA8C9E8B2BF0000");
        assert_eq!(ok(Encoding::Ascii { pad: 0x20 }, 4, "AB"), "41422020");
        assert_eq!(ok(Encoding::BcdDate, 4, "20151010"), "20151010");
        assert_eq!(ok(Encoding::BcdDateTime, 7, "20301001083015"), "20301001083015");
    }

    #[test]
    fn a_value_block_is_written_three_times() {
        let coding = Encoding::ValueBlock { address: 9 };
        let block = coding.encode(16, "1000").unwrap();
        assert_eq!(hex::encode_upper(&block), "E803000017FCFFFFE803000009F609F6");
        assert_eq!(coding.decode(&block), Some("1000".to_owned()));
        for at in 0..16 {
            let mut broken = block.clone();
            broken[at] ^= 0x10;
            assert_eq!(coding.decode(&broken), None, "byte {at}");
        }
        assert_eq!(
            hex::encode_upper(coding.encode(16, "0").unwrap()),
            "00000000FFFFFFFF0000000009F609F6"
        );
        assert_eq!(coding.encode(16, "2147483648"), Err(FieldProblem::Digits));
    }

    #[test]
    fn texts_that_do_not_fit() {
        let no = |e: Encoding, n, t: &str| e.encode(n, t).unwrap_err();
        assert_eq!(
            no(Encoding::Bcd, 2, "31005"),
            FieldProblem::TooLong { bytes: 2, got: 3 }
        );
        assert_eq!(no(Encoding::Bcd, 2, "31A0"), FieldProblem::Digits);
        assert_eq!(no(Encoding::Bcd, 2, ""), FieldProblem::Digits);
        assert_eq!(no(Encoding::Uint, 1, "256"), FieldProblem::TooBig { max: 255 });
        assert_eq!(
            no(Encoding::Gbk { pad: 0 }, 20, "😀"),
            FieldProblem::Character { character: '😀' }
        );
        assert_eq!(
            no(Encoding::Gbk { pad: 0 }, 4, "建设部"),
            FieldProblem::TooLong { bytes: 4, got: 6 }
        );
        assert_eq!(
            no(Encoding::Ascii { pad: 0 }, 4, "建"),
            FieldProblem::Character { character: '建' }
        );
        assert_eq!(no(Encoding::Hex, 2, "310"), FieldProblem::Hex { bytes: 2 });
        for text in ["20150229", "2015101", "00000000", "20151301", "2015-1-1"] {
            assert_eq!(no(Encoding::BcdDate, 4, text), FieldProblem::Date, "{text}");
        }
        assert_eq!(no(Encoding::BcdDateTime, 7, "20150101240000"), FieldProblem::DateTime);
        let codes = BTreeMap::from([("01".to_owned(), "adult".to_owned())]);
        assert!(matches!(
            no(Encoding::Enum(codes), 1, "02"),
            FieldProblem::Choice { .. }
        ));
    }

    proptest! {
        #[test]
        fn what_is_encoded_decodes_to_itself(
            digits in "[1-9][0-9]{0,11}", name in "[张王李赵建设部一卡通A-Za-z0-9]{0,6}", n in 0u32..=0x00FF_FFFF
        ) {
            let back = |e: Encoding, len: usize, t: &str| e.decode(&e.encode(len, t).unwrap()).unwrap();
            let decoded = back(Encoding::Bcd, 6, &digits);
            prop_assert_eq!(decoded.trim_start_matches('0'), digits.as_str());
            prop_assert_eq!(back(Encoding::Gbk { pad: 0 }, 20, &name), name);
            prop_assert_eq!(back(Encoding::Uint, 3, &n.to_string()), n.to_string());
            prop_assert_eq!(back(Encoding::UintLe, 3, &n.to_string()), n.to_string());
            prop_assert_eq!(back(Encoding::Hex, 3, &hex::encode_upper(&n.to_be_bytes()[1..])), hex::encode_upper(&n.to_be_bytes()[1..]));
        }

        #[test]
        fn no_text_panics(text in ".*", length in 1usize..=8) {
            for e in [Encoding::Hex, Encoding::Bcd, Encoding::Uint, Encoding::UintLe, Encoding::Gbk { pad: 0 }, Encoding::Ascii { pad: 0 }] {
                if let Ok(bytes) = e.encode(length, &text) {
                    prop_assert_eq!(bytes.len(), length);
                }
            }
            let _ = Encoding::BcdDate.encode(4, &text);
            let _ = Encoding::BcdDateTime.encode(7, &text);
        }
    }
}
