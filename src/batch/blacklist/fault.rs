// SPDX-License-Identifier: Apache-2.0
//! Why a list is not made, or not believed.

use crate::error::{Exit, Fault};
use crate::i18n::Msg;
use crate::ledger::LedgerError;
use crate::ledger::field::FieldFault;
use crate::msg;
use crate::site::SiteError;

/// A fault of a blacklist.
#[derive(Debug)]
pub enum BlacklistError {
    /// The ledger.
    Site(Box<SiteError>),
    /// No list of that number has gone out.
    NoList {
        /// The sequence number.
        sequence: u32,
    },
    /// What the ledger has makes another list than the one that its entry names.
    NotRepeatable {
        /// The sequence number.
        sequence: u32,
    },
    /// The ledger went on while the list was made: its entry stands, and no file goes out under its number.
    Overtaken {
        /// The sequence number.
        sequence: u32,
    },
    /// A file that is no compact list.
    Form {
        /// What is wrong, in a word: `magic`, `version`, `length`, `section`, `order`, `record`.
        what: &'static str,
    },
    /// A delta that is put upon another list than its base.
    OtherBase {
        /// The base that it needs.
        base: u32,
        /// The list that it was put upon.
        found: u32,
    },
    /// A delta upon its base does not give the list that it promises.
    OtherResult {
        /// Its sequence number.
        sequence: u32,
    },
    /// The note under a list is not signed by this site.
    Signature,
    /// The note is no note of a blacklist.
    Note,
    /// A file is not the one that the note names.
    OtherFile {
        /// Its ending: `bin`, `csv`, `jsonl`.
        file: &'static str,
    },
    /// A line of a file with confirmations.
    Confirmation {
        /// The line, from 1.
        line: usize,
    },
}

macro_rules! through_site {
    ($($from:ty),* $(,)?) => { $(
        impl From<$from> for BlacklistError {
            fn from(e: $from) -> Self {
                Self::Site(Box::new(e.into()))
            }
        }
    )* };
}
through_site!(SiteError, LedgerError);

impl From<FieldFault> for BlacklistError {
    fn from(e: FieldFault) -> Self {
        LedgerError::from(e).into()
    }
}

impl Fault for BlacklistError {
    fn msg(&self) -> Msg {
        match self {
            Self::Site(e) => e.msg(),
            Self::NoList { sequence } => msg!("blacklist-no-list", sequence = sequence),
            Self::NotRepeatable { sequence } => msg!("blacklist-not-repeatable", sequence = sequence),
            Self::Overtaken { sequence } => msg!("blacklist-overtaken", sequence = sequence),
            Self::Form { what } => msg!("blacklist-form").with_word("what", "blacklist-what", *what),
            Self::OtherBase { base, found } => msg!("blacklist-other-base", base = base, found = found),
            Self::OtherResult { sequence } => msg!("blacklist-other-result", sequence = sequence),
            Self::Signature => msg!("blacklist-signature"),
            Self::Note => msg!("blacklist-note"),
            Self::OtherFile { file } => msg!("blacklist-other-file", file = file),
            Self::Confirmation { line } => msg!("blacklist-confirmation", line = line),
        }
    }

    fn exit(&self) -> Exit {
        match self {
            Self::Site(e) => e.exit(),
            Self::NoList { .. } | Self::Confirmation { .. } | Self::Overtaken { .. } => Exit::Usage,
            _ => Exit::Check,
        }
    }
}

crate::display_as_english!(BlacklistError);
