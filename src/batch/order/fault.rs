// SPDX-License-Identifier: Apache-2.0
//! Why an order is not taken in, or not found again.

use std::path::Path;

use crate::error::{Exit, Fault};
use crate::i18n::Msg;
use crate::keys::StoreError;
use crate::ledger::LedgerError;
use crate::msg;
use crate::site::SiteError;
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
    /// There is no such range.
    NoRange {
        /// The range.
        range: String,
    },
    /// A range of another kind, or for another template.
    OtherRange {
        /// The range.
        range: String,
        /// `user`, `psam`, `terminal`.
        kind: String,
        /// The template that it is for.
        template: Option<String>,
    },
    /// The ledger refused.
    Ledger(LedgerError),
    /// A database: the orders of the site, or the one that finds repetitions in a file.
    Database {
        /// What it says.
        what: String,
    },
    /// The site has no orders yet, or its file of them is missing.
    NoBook {
        /// The file.
        path: String,
    },
    /// The file is something else.
    NotABook {
        /// The file.
        path: String,
    },
    /// Another process takes orders in.
    Busy {
        /// The file.
        path: String,
    },
    /// An order of that name exists.
    NameTaken {
        /// The order.
        order: String,
    },
    /// There is no such order.
    NoOrder {
        /// The order.
        order: String,
    },
    /// There is no such row.
    NoRow {
        /// The order.
        order: String,
        /// The row.
        row: u32,
    },
    /// No order brought a card of that number.
    NoNumber {
        /// The number.
        number: String,
    },
    /// A row was changed outside this program.
    Damaged {
        /// The order.
        order: String,
        /// The row.
        row: u32,
    },
    /// The rows are not those that were recorded.
    OtherDigest {
        /// The order.
        order: String,
    },
    /// A card that the order brought nobody for.
    NoHolder {
        /// The order.
        order: String,
        /// The card's number.
        number: String,
    },
    /// The holder's data are gone.
    Erased {
        /// The order.
        order: String,
        /// The card's number.
        number: String,
    },
    /// Sealed under a secret that the key store does not have any more.
    LostSecret {
        /// The order.
        order: String,
        /// The secret's version.
        version: u32,
    },
    /// The key store has no such secret.
    Store(StoreError),
    /// The site refused.
    Site(SiteError),
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

impl From<rusqlite::Error> for OrderFault {
    fn from(e: rusqlite::Error) -> Self {
        Self::Database { what: e.to_string() }
    }
}

impl From<StoreError> for OrderFault {
    fn from(e: StoreError) -> Self {
        Self::Store(e)
    }
}

impl From<SiteError> for OrderFault {
    fn from(e: SiteError) -> Self {
        Self::Site(e)
    }
}

impl From<crate::ledger::field::FieldFault> for OrderFault {
    fn from(e: crate::ledger::field::FieldFault) -> Self {
        Self::Ledger(e.into())
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
            Self::NoRange { range } => msg!("order-no-range", range = range),
            Self::OtherRange { range, kind, template } => {
                let template = template.as_deref().unwrap_or("–");
                msg!("order-other-range", range = range, template = template).with_word(
                    "kind",
                    "order-range-kind",
                    kind,
                )
            }
            Self::Ledger(e) => e.msg(),
            Self::Database { what } => msg!("order-database", what = what),
            Self::NoBook { path } => msg!("order-no-book", path = path),
            Self::NotABook { path } => msg!("order-not-a-book", path = path),
            Self::Busy { path } => msg!("order-busy", path = path),
            Self::NameTaken { order } => msg!("order-name-taken", order = order),
            Self::NoOrder { order } => msg!("order-unknown", order = order),
            Self::NoRow { order, row } => msg!("order-no-row", order = order, row = row),
            Self::NoNumber { number } => msg!("order-no-number", number = number),
            Self::Damaged { order, row } => msg!("order-damaged", order = order, row = row),
            Self::OtherDigest { order } => msg!("order-other-digest", order = order),
            Self::NoHolder { order, number } => msg!("order-no-holder", order = order, number = number),
            Self::Erased { order, number } => msg!("order-erased", order = order, number = number),
            Self::LostSecret { order, version } => msg!("order-lost-secret", order = order, version = version),
            Self::Store(e) => e.msg(),
            Self::Site(e) => e.msg(),
        }
    }

    fn exit(&self) -> Exit {
        match self {
            Self::Ledger(e) => e.exit(),
            Self::Store(e) => e.exit(),
            Self::Site(e) => e.exit(),
            Self::Database { .. } | Self::NotABook { .. } => Exit::Device,
            Self::Damaged { .. } | Self::OtherDigest { .. } | Self::LostSecret { .. } => Exit::Check,
            _ => Exit::Usage,
        }
    }
}

crate::display_as_english!(OrderFault);
