// SPDX-License-Identifier: Apache-2.0
//! Why a transaction is no transaction: which field, and what is wrong with it.

use super::super::yuan::YuanFault;
use crate::error::{Exit, Fault};
use crate::i18n::Msg;
use crate::keys::StoreError;
use crate::keys::scheme::SchemeError;
use crate::msg;

/// What is wrong with a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LineFault {
    /// A field that the transaction's kind needs is not there.
    Missing {
        /// The field.
        field: String,
    },
    /// A field that no transaction has.
    Unknown {
        /// The field.
        field: String,
    },
    /// Two fields that say the same thing.
    Both {
        /// One.
        one: &'static str,
        /// The other.
        other: &'static str,
    },
    /// A value that cannot be.
    Value {
        /// The field.
        field: String,
        /// The value's beginning.
        text: String,
    },
    /// An amount that is none.
    Amount(YuanFault),
    /// A type that has no TAC or whose TAC is not computed here.
    Type {
        /// The type byte.
        kind: String,
    },
    /// The balance after a load is less than the amount.
    Balance,
    /// Not a JSON object of texts and numbers.
    Json,
    /// Not UTF-8, or another number of columns than the heading.
    Csv,
    /// Longer than a transaction can be.
    TooLong,
    /// The TAC key of this scheme is not diversified.
    Undiversified,
    /// The scheme does not lead to a key.
    Scheme(SchemeError),
    /// The key store.
    Store(StoreError),
}

impl From<SchemeError> for LineFault {
    fn from(e: SchemeError) -> Self {
        match e {
            SchemeError::SubjectField { field } => Self::Missing { field },
            other => Self::Scheme(other),
        }
    }
}

impl Fault for LineFault {
    fn msg(&self) -> Msg {
        match self {
            Self::Missing { field } => msg!("tac-missing", field = field),
            Self::Unknown { field } => msg!("tac-unknown", field = field),
            Self::Both { one, other } => msg!("tac-both", one = one, other = other),
            Self::Value { field, text } => msg!("tac-value", field = field, text = text),
            Self::Amount(e) => e.msg(),
            Self::Type { kind } => msg!("tac-type", kind = kind),
            Self::Balance => msg!("tac-balance"),
            Self::Json => msg!("tac-json"),
            Self::Csv => msg!("tac-csv"),
            Self::TooLong => msg!("tac-too-long"),
            Self::Undiversified => msg!("tac-undiversified"),
            Self::Scheme(e) => e.msg(),
            Self::Store(e) => e.msg(),
        }
    }

    fn exit(&self) -> Exit {
        match self {
            Self::Scheme(e) => e.exit(),
            Self::Store(e) => e.exit(),
            _ => Exit::Usage,
        }
    }
}
crate::display_as_english!(LineFault);
