// SPDX-License-Identifier: Apache-2.0
//! What verification finds. Each check has an id, which stands in the report, in docs/formats/ledger.md and in the tests.

use super::cosign::CosignKey;
use super::error::LedgerError;
use super::hash::Hash;
use super::note_sm2::Sm2NoteKey;
use crate::error::Fault;
use crate::i18n::Msg;

/// How many findings are kept with their texts; the rest is counted.
const KEPT: usize = 1000;

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The check's id, `LEDGER-CHAIN`.
    pub check: &'static str,
    /// The entry, where it is one.
    pub seq: Option<u64>,
    /// What is wrong.
    pub what: Msg,
}

/// A right cosignature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cosigned {
    /// By whom.
    pub witness: CosignKey,
    /// Over how many entries.
    pub size: u64,
    /// When, in seconds since 1970.
    pub time: u64,
}

/// The result of a verification.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Report {
    /// The site.
    pub site: String,
    /// A rehearsal site.
    pub rehearsal: bool,
    /// The log's public key, `NAME+ID+BASE64`.
    pub log_key: String,
    /// Entries read.
    pub entries: u64,
    /// Right signatures counted.
    pub signatures: u64,
    /// The root of the tree over the entries as they are.
    pub root: Hash,
    /// Entries whose lines are in archives that were not given. Their place in the tree was checked, nothing else of them.
    pub unread: u64,
    /// The names of those archives.
    pub unread_files: Vec<String>,
    /// How many entries the newest checkpoint covers, where it is right.
    pub covered: u64,
    /// How many entries the newest checkpoint with a right SM2 line covers.
    pub sm2_covered: u64,
    /// The key of that line.
    pub sm2_key: Option<Sm2NoteKey>,
    /// All SM2 keys that the ledger names for its checkpoints.
    pub sm2_keys: Vec<Sm2NoteKey>,
    /// The notes that are right: the checkpoint's, those of the copies outside.
    pub notes: Vec<String>,
    /// The newest checkpoint that each witness cosigned.
    pub cosigned: Vec<Cosigned>,
    /// Whether a copy of the checkpoint kept outside was compared and agrees.
    pub copy_agrees: Option<bool>,
    /// What is wrong, in the order in which it was found.
    pub findings: Vec<Finding>,
    /// How many findings there are, those not kept included.
    pub count: u64,
}

impl Report {
    /// Nothing is wrong, and nothing was left unread.
    pub fn good(&self) -> bool {
        self.count == 0 && self.unread == 0
    }

    /// The finding at the earliest entry, or the first without an entry.
    pub fn first_bad(&self) -> Option<&Finding> {
        let entries = self.findings.iter().filter(|f| f.seq.is_some());
        entries.min_by_key(|f| f.seq).or_else(|| self.findings.first())
    }

    pub(super) fn add(&mut self, check: &'static str, seq: Option<u64>, what: Msg) {
        self.count += 1;
        if self.findings.len() < KEPT {
            self.findings.push(Finding { check, seq, what });
        }
    }

    /// Puts the findings of another report before those of this one.
    pub(super) fn begin_with(&mut self, first: Report) {
        let rest = std::mem::replace(&mut self.findings, first.findings);
        self.findings.extend(rest);
        self.findings.truncate(KEPT);
        self.count += first.count;
    }

    /// Of each witness the largest checkpoint counts.
    pub(super) fn cosigned_by(&mut self, new: Cosigned) {
        match self.cosigned.iter_mut().find(|c| c.witness == new.witness) {
            Some(old) if old.size > new.size => {}
            Some(old) => *old = new,
            None => self.cosigned.push(new),
        }
    }

    pub(super) fn fault(&mut self, seq: Option<u64>, fault: &LedgerError) {
        self.add(check_of(fault), seq, fault.msg());
    }
}

/// The check that a fault belongs to.
fn check_of(fault: &LedgerError) -> &'static str {
    match fault {
        LedgerError::Unsigned
        | LedgerError::UnknownOfficer(_)
        | LedgerError::RevokedOfficer(_)
        | LedgerError::WrongSignature(_)
        | LedgerError::NotActing(_) => "LEDGER-SIGNATURE",
        LedgerError::SignedTwice(_) | LedgerError::TooFewOfficers { .. } => "LEDGER-TWO-OFFICERS",
        LedgerError::WrongRole { .. } => "LEDGER-ROLE",
        LedgerError::NumberTaken { .. }
        | LedgerError::TerminalTaken(_)
        | LedgerError::ChipTaken(_)
        | LedgerError::KeyTaken(_)
        | LedgerError::BackupTaken(_)
        | LedgerError::OfficerTaken(_) => "LEDGER-NUMBER-TWICE",
        LedgerError::Ceremony(_) => "LEDGER-CEREMONY",
        LedgerError::Cosign(_) => "LEDGER-COSIGNATURE",
        LedgerError::Centre(fault) => fault.check(),
        LedgerError::Database { .. } => "LEDGER-DATABASE",
        LedgerError::TreeDamaged => "LEDGER-TREE",
        LedgerError::CheckpointAltered | LedgerError::CheckpointBehind { .. } => "LEDGER-CHECKPOINT",
        LedgerError::NoEntry(_) => "LEDGER-SEQ",
        _ => "LEDGER-LIFECYCLE",
    }
}
