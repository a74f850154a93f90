// SPDX-License-Identifier: Apache-2.0
//! Takes the lines of a ledger one after the other, from the database or from an exported file, and re-derives everything
//! that follows from them: canonical form, order, time, chain, signatures, approvals, life cycles, tree, projections.
//! Memory does not grow with the ledger: the tables are made again in a temporary database.

use std::collections::BTreeMap;

use rusqlite::Connection;

use super::act::{Act, CheckpointCosign, LedgerLoss};
use super::checkpoint::{Checkpoint, origin};
use super::entry::{Entry, NoEntry};
use super::error::LedgerError;
use super::examine::{Examined, Officers};
use super::field::Moment;
use super::finding::{Cosigned, Report};
use super::hash::Hash;
use super::note::NoteKey;
use super::rules::{State, Tried};
use super::{merkle, projection, store};
use crate::msg;

/// A verification under way.
pub(super) struct Replay {
    pub(super) report: Report,
    /// The tables, made again.
    pub(super) tables: Connection,
    pub(super) state: Option<State>,
    prev: Hash,
    last_at: Option<Moment>,
    next: u64,
    /// The newest complete subtree of each level.
    peaks: BTreeMap<u8, Hash>,
    /// Roots that were asked for, by size.
    roots: BTreeMap<u64, Option<Hash>>,
    /// The last entry that declares a loss, and what it says.
    pub(super) loss: Option<(u64, LedgerLoss)>,
}

impl Replay {
    /// `sizes`: the tree sizes whose roots will be asked for.
    pub(super) fn new(sizes: &[u64]) -> Result<Self, LedgerError> {
        let doing = LedgerError::while_doing("making the tables again");
        let tables = Connection::open("").map_err(&doing)?;
        store::plan_once(&tables).map_err(&doing)?;
        let make = format!(
            "PRAGMA foreign_keys = OFF; PRAGMA journal_mode = MEMORY; PRAGMA synchronous = OFF; {} BEGIN;",
            store::PROJECTION
        );
        tables.execute_batch(&make).map_err(doing)?;
        let roots = sizes
            .iter()
            .map(|size| (*size, (*size == 0).then(Hash::empty)))
            .collect();
        let (report, peaks) = (Report::default(), BTreeMap::new());
        Ok(Self {
            report,
            tables,
            state: None,
            prev: Hash::default(),
            last_at: None,
            next: 0,
            peaks,
            roots,
            loss: None,
        })
    }

    /// Takes the next line; `seq` is where it was stored. Returns the tree nodes that it completes.
    pub(super) fn take(&mut self, seq: u64, line: &Examined) -> Vec<(u8, u64, Hash)> {
        if seq != self.next {
            self.report.add(
                "LEDGER-SEQ",
                Some(seq),
                msg!("ledger-finding-gap", expected = self.next, found = seq),
            );
        }
        match &line.entry {
            Ok(entry) => self.check(seq, entry, &line.tried),
            Err(NoEntry::NotCanonical) => {
                self.report.add(
                    "LEDGER-ENTRY-CANONICAL",
                    Some(seq),
                    msg!("ledger-finding-not-canonical", seq = seq),
                );
            }
            Err(NoEntry::UnknownAct(act)) => {
                self.report.add(
                    "LEDGER-ENTRY-ACT",
                    Some(seq),
                    msg!("ledger-finding-act", seq = seq, act = act),
                );
            }
            Err(NoEntry::Form(what)) => {
                let what = msg!("ledger-finding-form", seq = seq, what = what);
                self.report.add("LEDGER-ENTRY-CANONICAL", Some(seq), what);
            }
        }
        self.prev = line.leaf;
        self.next = seq.saturating_add(1);
        self.grow(line.leaf)
    }

    /// Goes over an entry whose line is not there, by its leaf. From there on the tables cannot be made again.
    pub(super) fn pass_over(&mut self, seq: u64, leaf: Hash) -> Vec<(u8, u64, Hash)> {
        self.prev = leaf;
        self.next = seq.saturating_add(1);
        self.report.unread += 1;
        self.grow(leaf)
    }

    /// Lets those who try signatures ahead know the officers so far.
    pub(super) fn teach(&self, officers: &Officers) {
        if let Some(state) = &self.state {
            officers.learn(state);
        }
    }

    /// The tree counts the lines that were read, whatever they say of themselves.
    fn grow(&mut self, leaf: Hash) -> Vec<(u8, u64, Hash)> {
        let peaks = &self.peaks;
        let look = |level: u8, _| peaks.get(&level).copied().ok_or(());
        let complete = merkle::grow(self.report.entries, leaf, &look).unwrap_or_default();
        for (level, _, hash) in &complete {
            self.peaks.insert(*level, *hash);
        }
        self.report.entries += 1;
        let size = self.report.entries;
        if self.roots.contains_key(&size) {
            let root = self.root();
            self.roots.insert(size, Some(root));
        }
        complete
    }

    fn check(&mut self, seq: u64, entry: &Entry, tried: &Tried) {
        let report = &mut self.report;
        if entry.seq != seq {
            report.add(
                "LEDGER-SEQ",
                Some(seq),
                msg!("ledger-finding-seq", seq = seq, found = entry.seq),
            );
        }
        if entry.prev != self.prev {
            report.add("LEDGER-CHAIN", Some(seq), msg!("ledger-finding-chain", seq = seq));
        }
        if let Some(last) = self.last_at.as_ref().filter(|last| entry.at < **last) {
            report.add(
                "LEDGER-TIME",
                Some(seq),
                msg!("ledger-finding-time", seq = seq, at = entry.at, last = last),
            );
        }
        if let Some(state) = &self.state
            && state.site != entry.site
        {
            report.add(
                "LEDGER-SITE",
                Some(seq),
                msg!("ledger-finding-site", seq = seq, site = entry.site),
            );
        }
        self.last_at = Some(entry.at.clone());
        match &entry.act {
            Act::CheckpointCosign(body) => self.check_cosigned(seq, body),
            Act::LedgerLoss(body) => self.loss = Some((seq, body.clone())),
            _ => {}
        }
        self.admit(seq, entry, tried);
    }

    /// What was cosigned must be the beginning of the entries before this one. Its signatures are the state's to check.
    fn check_cosigned(&mut self, seq: u64, body: &CheckpointCosign) {
        let right = self
            .state
            .as_ref()
            .is_some_and(|state| body.check_signatures(state).is_ok());
        match body.check_path(self.report.entries, self.root()) {
            Ok(()) if right => self.report.cosigned_by(Cosigned {
                witness: body.cosign_key(),
                size: body.size,
                time: body.time,
            }),
            Ok(()) => {}
            Err(fault) => self.report.fault(Some(seq), &fault.into()),
        }
    }

    fn admit(&mut self, seq: u64, entry: &Entry, tried: &Tried) {
        let admitted = match &mut self.state {
            Some(state) => state.admit_tried(entry, tried),
            None if seq == 0 || matches!(entry.act, Act::SiteInit(_)) => {
                State::found_tried(entry, tried).map(|state| {
                    self.report.site = state.site.to_string();
                    self.report.rehearsal = state.init.rehearsal;
                    self.report.log_key = NoteKey {
                        name: origin(&state.site),
                        key: state.init.log_key,
                    }
                    .to_string();
                    self.state = Some(state);
                })
            }
            // Said once, at the first entry: without it no signature can be checked.
            None => return,
        };
        match admitted {
            Ok(()) => self.report.signatures += entry.sigs.len() as u64,
            Err(fault) => self.report.fault(Some(seq), &fault),
        }
        // Cards of which nothing was read would seem unknown.
        if self.report.unread > 0 {
            return;
        }
        if let Err(fault) = projection::apply(&self.tables, entry, self.state.as_ref())
            && !self
                .report
                .findings
                .last()
                .is_some_and(|f| f.seq == Some(seq) && f.what == crate::error::Fault::msg(&fault))
        {
            self.report.fault(Some(seq), &fault);
        }
    }

    /// The root over what was read so far.
    pub(super) fn root(&self) -> Hash {
        let look = |level: u8, _| self.peaks.get(&level).copied().ok_or(());
        merkle::root(self.report.entries, &look).unwrap_or_default()
    }

    /// Whether the tree begins with the tree of a checkpoint whose size was announced.
    pub(super) fn contains(&self, checkpoint: &Checkpoint) -> Result<(), LedgerError> {
        let (has, should) = (self.report.entries, checkpoint.size);
        match self.roots.get(&should).copied().flatten() {
            Some(root) if root == checkpoint.root => Ok(()),
            Some(_) => Err(LedgerError::Forked { size: should }),
            None => Err(LedgerError::RolledBack { has, should }),
        }
    }
}
