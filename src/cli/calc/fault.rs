// SPDX-License-Identifier: Apache-2.0
//! What can be wrong with a line. The codes are part of the format; the messages are not.

use super::{lines::MAX_LINE, write_text};
use crate::i18n::{Lang, Msg};
use crate::msg;

/// A line that cannot be answered.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum CalcFault {
    BadJson {
        column: usize,
    },
    LineTooLong,
    UnknownOp,
    UnknownField {
        name: String,
    },
    DuplicateField {
        name: String,
    },
    MissingField {
        field: &'static str,
    },
    NotText {
        field: &'static str,
    },
    NotNumber {
        field: &'static str,
    },
    NotList {
        field: &'static str,
    },
    BadHex {
        field: &'static str,
        item: Option<usize>,
        position: usize,
    },
    OddHex {
        field: &'static str,
        item: Option<usize>,
    },
    WrongLength {
        field: &'static str,
        item: Option<usize>,
        expected: String,
        got: usize,
    },
    BadAlgorithm {
        known: &'static str,
    },
    BadKcvLength,
    BadDateTime,
    BalanceOverflow,
    RecordTooLong {
        got: usize,
    },
}

impl CalcFault {
    /// The stable code.
    pub(super) fn code(&self) -> &'static str {
        match self {
            Self::BadJson { .. } => "bad-json",
            Self::LineTooLong => "line-too-long",
            Self::UnknownOp => "unknown-op",
            Self::UnknownField { .. } => "unknown-field",
            Self::DuplicateField { .. } => "duplicate-field",
            Self::MissingField { .. } => "missing-field",
            Self::BadHex { .. } | Self::OddHex { .. } => "bad-hex",
            Self::WrongLength { .. } | Self::RecordTooLong { .. } => "wrong-length",
            Self::NotText { .. }
            | Self::NotNumber { .. }
            | Self::NotList { .. }
            | Self::BadAlgorithm { .. }
            | Self::BadKcvLength
            | Self::BadDateTime
            | Self::BalanceOverflow => "bad-value",
        }
    }

    fn msg(&self) -> Msg {
        match self {
            Self::BadJson { column } => msg!("calc-bad-json", column = column),
            Self::LineTooLong => msg!("calc-line-too-long", limit = MAX_LINE),
            Self::UnknownOp => msg!("calc-unknown-op"),
            Self::UnknownField { name } => msg!("calc-unknown-field", field = name),
            Self::DuplicateField { name } => msg!("calc-duplicate-field", field = name),
            Self::MissingField { field } => msg!("calc-missing-field", field = field),
            Self::NotText { field } => msg!("calc-not-text", field = field),
            Self::NotNumber { field } => msg!("calc-not-number", field = field),
            Self::NotList { field } => msg!("calc-not-list", field = field),
            Self::BadHex { field, item, position } => {
                msg!("calc-bad-hex", field = place(field, *item), position = position)
            }
            Self::OddHex { field, item } => msg!("calc-odd-hex", field = place(field, *item)),
            Self::WrongLength {
                field,
                item,
                expected,
                got,
            } => {
                msg!(
                    "calc-wrong-length",
                    field = place(field, *item),
                    expected = expected,
                    got = got
                )
            }
            Self::BadAlgorithm { known } => msg!("calc-bad-algorithm", known = known),
            Self::BadKcvLength => msg!("calc-bad-kcv-length"),
            Self::BadDateTime => msg!("calc-bad-datetime"),
            Self::BalanceOverflow => msg!("calc-balance-overflow"),
            Self::RecordTooLong { got } => msg!("calc-record-too-long", got = got),
        }
    }

    /// Writes `,"error":{…}`.
    pub(super) fn write(&self, lang: Lang, out: &mut Vec<u8>) {
        out.extend_from_slice(b",\"error\":{\"code\":\"");
        out.extend_from_slice(self.code().as_bytes());
        out.extend_from_slice(b"\",\"message\":");
        write_text(&self.msg().render(lang), out);
        out.push(b'}');
    }
}

/// `factors[1]` for an item of a list.
fn place(field: &str, item: Option<usize>) -> String {
    item.map_or_else(|| field.to_owned(), |at| format!("{field}[{at}]"))
}
