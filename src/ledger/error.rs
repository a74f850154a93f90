// SPDX-License-Identifier: Apache-2.0
//! What can go wrong with a ledger. Every variant says what was being done, or to which number, officer or key.

use std::path::{Path, PathBuf};

use super::centre::CentreFault;
use super::cosigned::CosignFault;
use super::field::FieldFault;
use super::filter::FilterFault;
use super::rules::CeremonyFault;
use super::upkeep::UpkeepFault;
use crate::error::{Exit, Fault};
use crate::i18n::Msg;
use crate::{display_as_english, msg};

/// A fault of the ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LedgerError {
    /// There is no such file. Opening never makes one.
    NotThere(PathBuf),
    /// A new ledger would overwrite a file.
    AlreadyThere(PathBuf),
    /// The file is no ledger.
    NotALedger(PathBuf),
    /// The tables that the entries add up to are those of another version.
    OtherTables(PathBuf),
    /// The file has a trigger or view that no version of the program makes.
    ForeignTrigger(PathBuf),
    /// The file's format is of another version.
    Version(i64),
    /// The database refused.
    Database {
        /// What was being done.
        doing: &'static str,
        /// What it said.
        what: String,
    },
    /// A file could not be read or written.
    File {
        /// Which.
        path: PathBuf,
        /// What the system said.
        what: String,
    },
    /// A stored entry cannot be what was written.
    Damaged {
        /// Which.
        seq: u64,
    },
    /// The tree that is stored is not the tree of the entries.
    TreeDamaged,
    /// A value that a field cannot take.
    Field(FieldFault),
    /// The clock shows a time before the last entry's.
    ClockBackwards {
        /// The clock.
        now: String,
        /// The last entry.
        last: String,
    },
    /// Nobody signed.
    Unsigned,
    /// A signer is not enrolled.
    UnknownOfficer(String),
    /// A signer was revoked.
    RevokedOfficer(String),
    /// A signature is not by the officer's enrolled key.
    WrongSignature(String),
    /// The same officer signed twice.
    SignedTwice(String),
    /// The first signer is not the acting officer.
    NotActing(String),
    /// The act needs more officers.
    TooFewOfficers {
        /// The act.
        act: String,
        /// How many it needs.
        needs: usize,
        /// How many signed.
        has: usize,
    },
    /// The officer's roles do not allow the act.
    WrongRole {
        /// Who.
        officer: String,
        /// The act.
        act: String,
    },
    /// An officer's name or key is enrolled already (or was).
    OfficerTaken(String),
    /// A policy that no site can have.
    BadPolicy,
    /// `site.init` anywhere but first, or something else first.
    NotFirst,
    /// A key id that exists already.
    KeyTaken(String),
    /// A key id that does not exist.
    NoKey(String),
    /// A key's check value is another one in the ledger.
    KcvDiffers {
        /// The key.
        key: String,
        /// In the ledger.
        ledger: String,
        /// As offered.
        offered: String,
    },
    /// A key that is not active.
    KeyNotActive {
        /// The key.
        key: String,
        /// Its state.
        state: String,
    },
    /// The template's digest was never approved.
    TemplateNotApproved(String),
    /// The template is approved already.
    TemplateApproved(String),
    /// A number that was used already.
    NumberTaken {
        /// The number.
        number: String,
        /// What became of it.
        status: String,
        /// The entry of its last intent.
        seq: u64,
    },
    /// A terminal number that another PSAM has.
    TerminalTaken(String),
    /// A chip that carries another number.
    ChipTaken(String),
    /// An outcome without an open intent.
    NoIntent {
        /// The number.
        number: String,
        /// The intent that it names.
        intent: u64,
    },
    /// An intent that cannot be taken up again: there is none, a later one, or it was finished.
    NotResumable {
        /// The number.
        number: String,
        /// What became of it.
        status: String,
    },
    /// The number belongs to another chip.
    OtherChip(String),
    /// A card number that the ledger does not have.
    NoCard(String),
    /// A purse transaction of a card that is not issued.
    CardNotIssued {
        /// The number.
        number: String,
        /// What it is.
        status: String,
    },
    /// A purse transaction of this card is still open.
    PurseOpen(String),
    /// A transaction of this card, type and counter is on record.
    PurseTwice {
        /// The card's number.
        number: String,
        /// The card's transaction counter.
        counter: u32,
    },
    /// There is no such open intent of a purse transaction, or it intended another one.
    NoPurseIntent {
        /// The card's number.
        number: String,
        /// The intent's `seq`.
        intent: u64,
    },
    /// A checkpoint by another key than the ledger names.
    WrongLogKey,
    /// An SM2 key that is none, or that the log had before.
    BadLogKey(String),
    /// The SM2 line of a checkpoint is wrong.
    WrongSm2Line,
    /// The database is behind the checkpoint kept outside.
    RolledBack {
        /// Entries in the database.
        has: u64,
        /// Entries in the checkpoint.
        should: u64,
    },
    /// The checkpoint in the database is older than its copy outside.
    CheckpointBehind {
        /// Its size.
        has: u64,
        /// The copy's.
        should: u64,
    },
    /// What stands beside the checkpoint in the database is not what it says.
    CheckpointAltered,
    /// The database has another history than the checkpoint.
    Forked {
        /// The checkpoint's size.
        size: u64,
    },
    /// The checkpoint kept outside is of another ledger.
    Replaced(PathBuf),
    /// The checkpoint kept outside is not there.
    CopyMissing(PathBuf),
    /// The checkpoint kept outside is there and right; there is nothing to renew.
    CopyThere(PathBuf),
    /// The checkpoint kept outside cannot be read.
    CopyDamaged(PathBuf),
    /// A rule of ceremonies is broken.
    Ceremony(CeremonyFault),
    /// A key that was destroyed.
    KeyDestroyed(String),
    /// Shares that nobody can have handed out: the act.
    BadShares(&'static str),
    /// A backup that the ledger has already.
    BackupTaken(String),
    /// A backup that the ledger does not have, or fewer shares than it was made with.
    NoBackup(String),
    /// There is no such entry.
    NoEntry(u64),
    /// The entry is newer than the newest checkpoint.
    NotCovered {
        /// Which.
        seq: u64,
        /// How many entries the checkpoint covers.
        covered: u64,
    },
    /// What was asked for has no entry that the newest checkpoint covers.
    NothingCovered {
        /// How many entries would be in it but are newer.
        uncovered: u64,
    },
    /// An entry about a cosigned checkpoint that cannot be.
    Cosign(CosignFault),
    /// A rule of the card centre.
    Centre(CentreFault),
    /// A filter that asks for nothing that can be.
    Filter(FilterFault),
    /// Backups, losses and archives.
    Upkeep(UpkeepFault),
    /// An export could not be written.
    Unwritten {
        /// The reader of the output closed it.
        closed: bool,
        /// What the system said.
        what: String,
    },
}

display_as_english!(LedgerError);

impl LedgerError {
    /// For `map_err`: the database refused while doing this.
    pub(super) fn while_doing(doing: &'static str) -> impl Fn(rusqlite::Error) -> Self {
        move |e| Self::Database {
            doing,
            what: e.to_string(),
        }
    }

    /// For `map_err`: a file could not be read or written.
    pub(super) fn at(path: &Path) -> impl Fn(std::io::Error) -> Self + '_ {
        move |e| Self::File {
            path: path.to_owned(),
            what: e.to_string(),
        }
    }
}

impl From<CosignFault> for LedgerError {
    fn from(fault: CosignFault) -> Self {
        Self::Cosign(fault)
    }
}

impl From<CentreFault> for LedgerError {
    fn from(fault: CentreFault) -> Self {
        Self::Centre(fault)
    }
}

impl From<FilterFault> for LedgerError {
    fn from(fault: FilterFault) -> Self {
        Self::Filter(fault)
    }
}

impl From<UpkeepFault> for LedgerError {
    fn from(fault: UpkeepFault) -> Self {
        Self::Upkeep(fault)
    }
}

impl From<FieldFault> for LedgerError {
    fn from(fault: FieldFault) -> Self {
        Self::Field(fault)
    }
}

impl Fault for LedgerError {
    fn msg(&self) -> Msg {
        match self {
            Self::NotThere(path) => msg!("ledger-not-there", path = path.display()),
            Self::AlreadyThere(path) => msg!("ledger-already-there", path = path.display()),
            Self::NotALedger(path) => msg!("ledger-not-a-ledger", path = path.display()),
            Self::OtherTables(path) => msg!("ledger-other-tables", path = path.display()),
            Self::ForeignTrigger(path) => msg!("ledger-foreign-trigger", path = path.display()),
            Self::Version(found) => msg!("ledger-version", found = found),
            Self::Database { doing, what } => msg!("ledger-database", doing = doing, what = what),
            Self::File { path, what } => msg!("ledger-file", path = path.display(), what = what),
            Self::Damaged { seq } => msg!("ledger-damaged", seq = seq),
            Self::TreeDamaged => msg!("ledger-tree-damaged"),
            Self::Field(fault) => {
                msg!("ledger-field", found = fault.found).with_word("kind", "ledger-kind", fault.kind)
            }
            Self::ClockBackwards { now, last } => msg!("ledger-clock-backwards", now = now, last = last),
            Self::Unsigned => msg!("ledger-unsigned"),
            Self::UnknownOfficer(name) => msg!("ledger-unknown-officer", name = name),
            Self::RevokedOfficer(name) => msg!("ledger-revoked-officer", name = name),
            Self::WrongSignature(name) => msg!("ledger-wrong-signature", name = name),
            Self::SignedTwice(name) => msg!("ledger-signed-twice", name = name),
            Self::NotActing(name) => msg!("ledger-not-acting", name = name),
            Self::TooFewOfficers { act, needs, has } => {
                msg!("ledger-too-few-officers", needs = needs, has = has).with_word("act", "act", act)
            }
            Self::WrongRole { officer, act } => {
                msg!("ledger-wrong-role", officer = officer).with_word("act", "act", act)
            }
            Self::OfficerTaken(name) => msg!("ledger-officer-taken", name = name),
            Self::BadPolicy => msg!("ledger-bad-policy"),
            Self::NotFirst => msg!("ledger-not-first"),
            Self::KeyTaken(key) => msg!("ledger-key-taken", key = key),
            Self::NoKey(key) => msg!("ledger-no-key", key = key),
            Self::KcvDiffers { key, ledger, offered } => {
                msg!("ledger-kcv-differs", key = key, ledger = ledger, offered = offered)
            }
            Self::KeyNotActive { key, state } => {
                msg!("ledger-key-not-active", key = key).with_word("state", "key-state", state)
            }
            Self::TemplateNotApproved(name) => msg!("ledger-template-not-approved", name = name),
            Self::TemplateApproved(name) => msg!("ledger-template-approved", name = name),
            Self::NumberTaken { number, status, seq } => {
                msg!("ledger-number-taken", number = number, status = status, seq = seq)
            }
            Self::TerminalTaken(number) => msg!("ledger-terminal-taken", number = number),
            Self::ChipTaken(chip) => msg!("ledger-chip-taken", chip = chip),
            Self::NoIntent { number, intent } => msg!("ledger-no-intent", number = number, intent = intent),
            Self::NotResumable { number, status } => msg!("ledger-not-resumable", number = number, status = status),
            Self::OtherChip(number) => msg!("ledger-other-chip", number = number),
            Self::NoCard(number) => msg!("ledger-no-card", number = number),
            Self::CardNotIssued { number, status } => msg!("ledger-card-not-issued", number = number, status = status),
            Self::PurseOpen(number) => msg!("ledger-purse-open", number = number),
            Self::PurseTwice { number, counter } => {
                msg!("ledger-purse-twice", number = number, counter = counter)
            }
            Self::NoPurseIntent { number, intent } => {
                msg!("ledger-no-purse-intent", number = number, intent = intent)
            }
            Self::WrongLogKey => msg!("ledger-wrong-log-key"),
            Self::BadLogKey(key) => msg!("ledger-bad-log-key", key = key),
            Self::WrongSm2Line => msg!("ledger-wrong-sm2-line"),
            Self::RolledBack { has, should } => msg!("ledger-rolled-back", has = has, should = should),
            Self::CheckpointBehind { has, should } => msg!("ledger-checkpoint-behind", has = has, should = should),
            Self::CheckpointAltered => msg!("ledger-checkpoint-altered"),
            Self::Forked { size } => msg!("ledger-forked", size = size),
            Self::Replaced(path) => msg!("ledger-replaced", path = path.display()),
            Self::CopyMissing(path) => msg!("ledger-copy-missing", path = path.display()),
            Self::CopyThere(path) => msg!("ledger-copy-there", path = path.display()),
            Self::CopyDamaged(path) => msg!("ledger-copy-damaged", path = path.display()),
            Self::Ceremony(fault) => fault.msg(),
            Self::KeyDestroyed(key) => msg!("ledger-key-destroyed", key = key),
            Self::BadShares(act) => msg!("ledger-bad-shares").with_word("act", "act", act),
            Self::BackupTaken(digest) => msg!("ledger-backup-taken", digest = digest),
            Self::NoBackup(digest) => msg!("ledger-no-backup", digest = digest),
            Self::NoEntry(seq) => msg!("ledger-no-entry", seq = seq),
            Self::NotCovered { seq, covered } => msg!("ledger-not-covered", seq = seq, covered = covered),
            Self::NothingCovered { uncovered } => msg!("evidence-nothing-covered", uncovered = uncovered),
            Self::Cosign(fault) => fault.msg(),
            Self::Centre(fault) => fault.msg(),
            Self::Filter(fault) => fault.msg(),
            Self::Upkeep(fault) => fault.msg(),
            Self::Unwritten { closed: true, .. } => msg!("cli-pipe-closed"),
            Self::Unwritten { what, .. } => msg!("cli-output-failed", what = what),
        }
    }

    fn exit(&self) -> Exit {
        match self {
            Self::Cosign(fault) => fault.exit(),
            Self::Centre(fault) => fault.exit(),
            Self::Upkeep(fault) => fault.exit(),
            Self::Database { .. } | Self::File { .. } | Self::Unwritten { .. } => Exit::Device,
            Self::Damaged { .. }
            | Self::TreeDamaged
            | Self::NotALedger(_)
            | Self::ForeignTrigger(_)
            | Self::WrongSignature(_)
            | Self::KcvDiffers { .. }
            | Self::WrongLogKey
            | Self::WrongSm2Line
            | Self::RolledBack { .. }
            | Self::CheckpointBehind { .. }
            | Self::CheckpointAltered
            | Self::Forked { .. }
            | Self::Replaced(_)
            | Self::CopyMissing(_)
            | Self::CopyDamaged(_) => Exit::Check,
            _ => Exit::Usage,
        }
    }
}
