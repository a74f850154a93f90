// SPDX-License-Identifier: Apache-2.0
//! The checkpoint on paper: 21 groups that a person can type back, for a binder that nobody can write into from afar
//! (docs/formats/paper.md). They hold size, tag of the log and root.
//!
//! What always holds: a paper is compared with the entries themselves, read once from the first to the last that it covers,
//! and with nothing that the database says about them. What it refuses: to mend a group, and to call a ledger good that
//! lacks one entry of the paper's. A signature would be too long to type: the paper is as good as the place where it is kept.

use std::collections::BTreeMap;

use super::act::Act;
use super::checkpoint::Checkpoint;
use super::error::LedgerError;
use super::hash::Hash;
use super::log::Ledger;
use super::{lines, merkle, store, upkeep};
use crate::crypto::written::{WrittenError, read_public, write_public};
use crate::msg;
use crate::outside::Observer;

/// Bytes in writing: 6 of size, 2 of tag, 32 of root.
const LEN: usize = 40;
/// Groups on a paper: two bytes each, and the check of all.
pub const GROUPS: usize = LEN / 2 + 1;
/// Progress is told every so many entries.
const STRIDE: u64 = 4096;

/// What stands on a paper.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Paper {
    /// The first two bytes of SHA-256 over the log's origin.
    pub tag: [u8; 2],
    /// How many entries.
    pub size: u64,
    /// The root of their tree.
    pub root: Hash,
}

/// What the ledger is beside a paper.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It begins with the paper's entries.
    Good {
        /// Entries since.
        since: u64,
        /// Lines that are in archives which were not given; their leaves are those of the stored tree.
        unread: u64,
    },
    /// The paper is of another ledger.
    Other,
    /// It has fewer entries than the paper: it was taken back or cut.
    RolledBack {
        /// How many there are.
        has: u64,
    },
    /// It has other entries than the paper: history was rewritten.
    Rewritten,
    /// The paper's last entries were lost, as two officers have declared.
    DeclaredLost {
        /// The entry that declares it.
        loss: u64,
    },
}

impl Paper {
    /// Of a checkpoint.
    pub fn of(checkpoint: &Checkpoint) -> Self {
        Self {
            tag: tag(&checkpoint.origin),
            size: checkpoint.size,
            root: checkpoint.root,
        }
    }

    /// The groups, with a blank between them.
    pub fn groups(&self) -> String {
        let size = self.size.to_be_bytes();
        write_public(&[&size[2..], &self.tag, &self.root.0].concat())
    }

    /// Reads what was typed from a paper, rows behind each other or below each other; an error names the wrong groups.
    pub fn read(typed: &str) -> Result<Self, WrittenError> {
        let bytes: [u8; LEN] = read_public(&typed.replace(['\r', '\n'], " "))?;
        let (size, rest) = bytes.split_at(6);
        let (tag, root) = rest.split_at(2);
        let size = size.iter().fold(0, |sum, byte| sum << 8 | u64::from(*byte));
        Ok(Self {
            tag: [tag[0], tag[1]],
            size,
            root: Hash::from_slice(root).unwrap_or_default(),
        })
    }
}

fn tag(origin: &str) -> [u8; 2] {
    let Hash([a, b, ..]) = Hash::of(&[origin.as_bytes()]);
    [a, b]
}

impl Ledger {
    /// Whether the ledger begins with what a paper says. Reads every line that the paper covers.
    pub fn compare_paper(&self, paper: &Paper, observer: &mut dyn Observer) -> Result<Verdict, LedgerError> {
        if paper.tag != tag(&self.note_key().name) {
            return Ok(Verdict::Other);
        }
        let has = self.size();
        if paper.size > has {
            return Ok(self.declared(paper)?.unwrap_or(Verdict::RolledBack { has }));
        }
        match self.root_of_lines(paper.size, observer)? {
            Some((root, unread)) if root == paper.root && paper.size > 0 => Ok(Verdict::Good {
                since: has - paper.size,
                unread,
            }),
            _ => Ok(self.declared(paper)?.unwrap_or(Verdict::Rewritten)),
        }
    }

    /// The entry, if there is one, that declares that entries of the paper's are lost: it stands where the paper has another
    /// one, and names as many lost entries as the paper has, or more.
    fn declared(&self, paper: &Paper) -> Result<Option<Verdict>, LedgerError> {
        let (size, root) = (paper.size, paper.root);
        let loss = self.latest(&["ledger.loss"], &|entry| match &entry.act {
            Act::LedgerLoss(loss) if loss.size == Some(size) => entry.seq < size && loss.root == Some(root),
            Act::LedgerLoss(loss) => entry.seq < size && loss.size.is_none_or(|lost| size < lost),
            _ => false,
        })?;
        Ok(loss.map(|entry| Verdict::DeclaredLost { loss: entry.seq }))
    }

    /// The root of the first `size` lines as they are stored, and how many were taken by their leaves because an archive
    /// holds them; none where a line is missing.
    fn root_of_lines(&self, size: u64, observer: &mut dyn Observer) -> Result<Option<(Hash, u64)>, LedgerError> {
        let mut archives = upkeep::archives(&self.db)?;
        archives.retain(|row| !self.beside.contains(&row.from));
        // The newest complete subtree of each level.
        let mut peaks: BTreeMap<u8, Hash> = BTreeMap::new();
        let mut unread = 0;
        observer.begin(&msg!("paper-comparing"), size);
        for next in lines::of_database(&self.db, 0..size) {
            let line = upkeep::as_archived(next, &archives)?;
            let leaf = match line.bytes {
                Ok(bytes) => Hash::leaf(&bytes),
                Err(LedgerError::Upkeep(upkeep::UpkeepFault::Archived { .. })) => {
                    unread += 1;
                    store::node(&self.db, 0, line.seq)?
                }
                Err(LedgerError::NoEntry(_)) => return Ok(None),
                Err(other) => return Err(other),
            };
            let complete = merkle::grow(line.seq, leaf, &|level, _| known(&peaks, level))?;
            peaks.extend(complete.into_iter().map(|(level, _, hash)| (level, hash)));
            if line.seq.is_multiple_of(STRIDE) {
                observer.advance(line.seq);
            }
        }
        observer.end();
        let root = merkle::root(size, &|level, _| known(&peaks, level))?;
        Ok(Some((root, unread)))
    }
}

fn known(peaks: &BTreeMap<u8, Hash>, level: u8) -> Result<Hash, LedgerError> {
    peaks.get(&level).copied().ok_or(LedgerError::TreeDamaged)
}
