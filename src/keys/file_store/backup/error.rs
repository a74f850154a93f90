// SPDX-License-Identifier: Apache-2.0
//! What can go wrong with backups and the shares that open them.

use super::super::error::KeyFileError;
use crate::error::{Exit, Fault};
use crate::i18n::Msg;
use crate::msg;

/// Why a backup is not made or not opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BackupError {
    /// A threshold that the custodians cannot meet, or that one of them meets alone.
    Threshold {
        /// Shares needed.
        threshold: u8,
        /// Custodians.
        custodians: usize,
    },
    /// The same custodian twice.
    SameCustodian {
        /// Who.
        officer: String,
    },
    /// A share with a number that this backup does not have.
    NoSuchShare {
        /// Its number.
        index: u8,
    },
    /// Not the share that the custodian was given.
    WrongShare {
        /// Its number.
        index: u8,
        /// The custodian who was given the right one.
        officer: String,
    },
    /// A right share, entered by somebody else than its custodian.
    OthersShare {
        /// Its number.
        index: u8,
        /// Its custodian.
        officer: String,
        /// Who entered it.
        by: String,
    },
    /// The same share twice.
    SameShare {
        /// Its number.
        index: u8,
    },
    /// Fewer shares than the threshold.
    TooFew {
        /// Shares needed.
        needed: u8,
        /// Shares given.
        got: usize,
    },
    /// The file's fault.
    File(KeyFileError),
}

impl From<KeyFileError> for BackupError {
    fn from(e: KeyFileError) -> Self {
        Self::File(e)
    }
}

impl Fault for BackupError {
    fn msg(&self) -> Msg {
        match self {
            Self::Threshold { threshold, custodians } => {
                msg!("backup-threshold", threshold = threshold, custodians = custodians)
            }
            Self::SameCustodian { officer } => msg!("backup-same-custodian", officer = officer),
            Self::NoSuchShare { index } => msg!("backup-no-such-share", index = index),
            Self::WrongShare { index, officer } => msg!("backup-wrong-share", index = index, officer = officer),
            Self::OthersShare { index, officer, by } => {
                msg!("backup-others-share", index = index, officer = officer, by = by)
            }
            Self::SameShare { index } => msg!("backup-same-share", index = index),
            Self::TooFew { needed, got } => msg!("backup-too-few", needed = needed, got = got),
            Self::File(e) => e.msg(),
        }
    }

    fn exit(&self) -> Exit {
        match self {
            Self::Threshold { .. } | Self::SameCustodian { .. } => Exit::Usage,
            Self::File(e) => e.exit(),
            _ => Exit::Check,
        }
    }
}
crate::display_as_english!(BackupError);
