// SPDX-License-Identifier: Apache-2.0
//! What can go wrong with backups, losses and archives.

use std::path::PathBuf;

use crate::error::{Exit, Fault};
use crate::i18n::Msg;
use crate::{display_as_english, msg};

/// A fault of upkeep.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UpkeepFault {
    /// A file that is there already.
    There(PathBuf),
    /// A copy that is not what was copied.
    BadCopy {
        /// Where.
        path: PathBuf,
        /// The first thing that is wrong.
        what: Msg,
    },
    /// A file that cannot take a ledger's place.
    NotRestorable {
        /// Which.
        path: PathBuf,
        /// The first thing that is wrong.
        what: Msg,
    },
    /// An entry whose line is in an archive that was not given.
    Archived {
        /// Which entry.
        seq: u64,
        /// The file's name when it was made.
        file: String,
        /// The file's digest.
        digest: String,
    },
    /// A file that is no recorded archive of this ledger, or no longer what it was.
    NotAnArchive(PathBuf),
    /// An archive that was named and is not there.
    ArchiveMissing(PathBuf),
    /// A database of an earlier format, which is read and not written.
    OldFormat(PathBuf),
    /// A database that needs no migration.
    NewFormat(PathBuf),
    /// A line that is not the next entry of the ledger.
    NotNext {
        /// The entry that should come.
        seq: u64,
    },
    /// A number that a declared loss has closed.
    Closed {
        /// The number.
        number: String,
        /// The entry that declares the loss.
        loss: u64,
    },
    /// A policy file that cannot be read.
    PolicyFile {
        /// Where.
        line: usize,
        /// What is wrong there.
        what: String,
    },
    /// A rule of an act that there is not.
    PolicyAct(String),
    /// A rule of too few or too many officers.
    PolicyOfficers {
        /// Of this act.
        act: String,
        /// How many.
        officers: u8,
    },
    /// A policy under which nobody could do this any more.
    LocksOut(String),
    /// A loss where nothing is missing.
    NothingLost,
    /// An archive's period that does not follow the one before.
    Period {
        /// First entry.
        from: u64,
        /// One more than the last.
        to: u64,
    },
    /// The file is recorded as an archive already.
    FileTaken {
        /// Its digest.
        digest: String,
    },
}

display_as_english!(UpkeepFault);

impl Fault for UpkeepFault {
    fn msg(&self) -> Msg {
        match self {
            Self::There(path) => msg!("upkeep-there", path = path.display()),
            Self::BadCopy { path, what } => {
                msg!("upkeep-bad-copy", path = path.display()).with_msg("what", what.clone())
            }
            Self::NotRestorable { path, what } => {
                msg!("upkeep-not-restorable", path = path.display()).with_msg("what", what.clone())
            }
            Self::Archived { seq, file, digest } => msg!("upkeep-archived", seq = seq, file = file, digest = digest),
            Self::NotAnArchive(path) => msg!("upkeep-not-an-archive", path = path.display()),
            Self::ArchiveMissing(path) => msg!("upkeep-archive-missing", path = path.display()),
            Self::OldFormat(path) => msg!("upkeep-old-format", path = path.display()),
            Self::NewFormat(path) => msg!("upkeep-new-format", path = path.display()),
            Self::NotNext { seq } => msg!("upkeep-not-next", seq = seq),
            Self::Closed { number, loss } => msg!("upkeep-closed", number = number, loss = loss),
            Self::PolicyFile { line, what } => msg!("upkeep-policy-file", line = line, what = what),
            Self::PolicyAct(act) => msg!("upkeep-policy-act", act = act),
            Self::PolicyOfficers { act, officers } => {
                msg!("upkeep-policy-officers", officers = officers).with_word("act", "act", act)
            }
            Self::LocksOut(act) => msg!("upkeep-locks-out").with_word("act", "act", act),
            Self::NothingLost => msg!("upkeep-nothing-lost"),
            Self::Period { from, to } => msg!("upkeep-period", from = from, to = to),
            Self::FileTaken { digest } => msg!("upkeep-file-taken", digest = digest),
        }
    }

    fn exit(&self) -> Exit {
        match self {
            Self::NotAnArchive(_) | Self::BadCopy { .. } | Self::NotRestorable { .. } | Self::NotNext { .. } => {
                Exit::Check
            }
            _ => Exit::Usage,
        }
    }
}
