// SPDX-License-Identifier: Apache-2.0
//! Why an order is not taken in, or not found again.

use std::path::Path;

use crate::error::{Exit, Fault};
use crate::i18n::Msg;
use crate::ledger::LedgerError;
use crate::msg;
use crate::template::{CsvFault, EncodingFault};

/// Why an order is not taken in, or not found again.
#[derive(Debug)]
pub enum OrderFault {
    /// The file cannot be read.
    Read {
        /// The file.
        path: String,
        /// What the system says.
        what: String,
    },
    /// The file is another one than a moment before.
    Changed {
        /// The file.
        path: String,
    },
    /// Nobody knows its coding.
    Encoding(EncodingFault),
    /// It cannot be read to its end.
    Csv(CsvFault),
    /// Rows, headings or the file as a whole are bad; each was named.
    Bad {
        /// How many things were found.
        findings: u64,
        /// In how many rows.
        rows: u32,
    },
    /// The ledger refused.
    Ledger(LedgerError),
    /// The database that finds repetitions, in the system's folder for temporary files.
    Repeats {
        /// What the database says.
        what: String,
    },
}

impl OrderFault {
    pub(super) fn read(path: &Path, e: &std::io::Error) -> Self {
        Self::Read {
            path: path.display().to_string(),
            what: e.to_string(),
        }
    }
}

impl From<EncodingFault> for OrderFault {
    fn from(e: EncodingFault) -> Self {
        Self::Encoding(e)
    }
}

impl From<LedgerError> for OrderFault {
    fn from(e: LedgerError) -> Self {
        Self::Ledger(e)
    }
}

impl Fault for OrderFault {
    fn msg(&self) -> Msg {
        match self {
            Self::Read { path, what } => msg!("template-order-read", path = path, what = what),
            Self::Changed { path } => msg!("order-changed", path = path),
            Self::Encoding(e) => e.msg(),
            Self::Csv(e) => e.msg(),
            Self::Bad { findings, rows } => msg!("order-bad", findings = findings, rows = rows),
            Self::Ledger(e) => e.msg(),
            Self::Repeats { what } => msg!("order-repeats", what = what),
        }
    }

    fn exit(&self) -> Exit {
        match self {
            Self::Ledger(e) => e.exit(),
            Self::Repeats { .. } => Exit::Device,
            _ => Exit::Usage,
        }
    }
}

crate::display_as_english!(OrderFault);
