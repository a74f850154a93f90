// SPDX-License-Identifier: Apache-2.0
//! Verifies an evidence bundle with the log's public key and nothing else: no database, no site.
//!
//! A whole bundle is verified as an export is, with all rules. A part is verified as far as it goes: form of the entries,
//! inclusion of all of them, checkpoint, signatures and approvals by the officers and policies in it, ceremonies, time,
//! site, and the chain where neighbours are there. What it cannot show is listed in [`UNSHOWN`].

use std::io::{self, BufRead, Read as _};

use super::header::{Extent, Header};
use super::read::{NoBundle, Reader};
use super::story::{CHECK, Story, Teller};
use super::tree::Folded;
use crate::error::Fault as _;
use crate::i18n::Msg;
use crate::ledger::checkpoint::origin;
use crate::ledger::entry::{Entry, NoEntry};
use crate::ledger::error::LedgerError;
use crate::ledger::field::Moment;
use crate::ledger::finding::Report;
use crate::ledger::hash::Hash;
use crate::ledger::log::believed;
use crate::ledger::note::NoteKey;
use crate::ledger::rules::{CeremonyFault, State};
use crate::ledger::verify::{Against, verify_lines};
use crate::msg;
use crate::outside::Observer;

/// What no part can show, as words `part-unshown-…`: what was left out of it; rules that need all entries; that no entry
/// left out revoked an officer or changed the policy; what came later.
pub const UNSHOWN: [&str; 4] = ["left-out", "life-cycle", "officers", "later"];

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// The bundle's head, where it could be read.
    pub header: Option<Header>,
    /// What was found, as for an export.
    pub report: Report,
    /// How many entries of a part follow their neighbour.
    pub chained: u64,
    /// The story of the card that a part is about.
    pub story: Option<Story>,
}

/// Gives the file from its beginning.
pub type Opened<'a> = &'a mut dyn FnMut() -> io::Result<Box<dyn BufRead>>;

/// Verifies a bundle. What is wrong with it is a finding; only a file that cannot be read is an error.
pub fn verify_bundle(open: Opened<'_>, key: &NoteKey, observer: &mut dyn Observer) -> Result<Verdict, LedgerError> {
    let mut verdict = Verdict {
        header: None,
        report: Report::default(),
        chained: 0,
        story: None,
    };
    let mut file = open().map_err(|e| unread(&e))?;
    let read = match Reader::open(file.as_mut()) {
        Ok(reader) => {
            let header = verdict.header.insert(reader.header.clone());
            match header.extent {
                Extent::Whole => verify_whole(reader, open, key, observer, &mut verdict),
                Extent::Part => verify_part(reader, key, observer, &mut verdict),
            }
        }
        Err(fault) => Err(fault),
    };
    match read {
        Ok(()) => Ok(verdict),
        Err(NoBundle::Unread(fault)) => Err(fault),
        Err(fault) => {
            verdict.report.add("LEDGER-EVIDENCE-FORM", None, form(&fault));
            Ok(verdict)
        }
    }
}

fn verify_whole(
    mut reader: Reader<'_>,
    open: Opened<'_>,
    key: &NoteKey,
    observer: &mut dyn Observer,
    verdict: &mut Verdict,
) -> Result<(), NoBundle> {
    let (begin, tree) = (reader.bytes, reader.header.tree);
    // The gap after the last entry is one line feed.
    while reader.next_entry()?.is_some() {}
    let length = reader.bytes - begin - 1;
    let note = reader.note()?;
    let mut again = open().map_err(|e| NoBundle::Unread(unread(&e)))?;
    let head = io::copy(&mut again.by_ref().take(begin), &mut io::sink());
    head.map_err(|e| NoBundle::Unread(unread(&e)))?;
    let against = Against {
        copy: None,
        key: Some(key.clone()),
    };
    let checked = verify_lines(&mut again.take(length), Some(&note), &against, observer);
    verdict.report = checked.map_err(NoBundle::Unread)?;
    let covered = verdict.report.covered;
    if verdict.report.good() && covered != tree {
        let what = msg!("ledger-finding-evidence-size", covered = covered, tree = tree);
        verdict.report.add("LEDGER-CHECKPOINT", None, what);
    }
    Ok(())
}

fn verify_part(
    mut reader: Reader<'_>,
    key: &NoteKey,
    observer: &mut dyn Observer,
    verdict: &mut Verdict,
) -> Result<(), NoBundle> {
    let (tree, entries) = (reader.header.tree, reader.header.entries);
    observer.begin(&msg!("ledger-verifying"), entries);
    let mut part = Part {
        tree,
        report: &mut verdict.report,
        chained: &mut verdict.chained,
        state: None,
        last: None,
        last_at: None,
        folded: Some(Folded::default()),
        teller: Teller::of(reader.header.about.as_deref()),
    };
    while let Some(line) = reader.next_entry()? {
        part.take(line);
        if part.report.entries.is_multiple_of(1024) {
            observer.advance(part.report.entries);
        }
    }
    observer.end();
    let mut led = match part.folded.take() {
        Some(folded) => lead(&folded, &mut reader)?,
        None => Led::Unordered,
    };
    while reader.next_hash()?.is_some() {
        led = match led {
            Led::To(_) => Led::Nowhere,
            other => other,
        };
    }
    let note = reader.note()?;
    if let Some((story, faults)) = std::mem::take(&mut part.teller).tell() {
        for (seq, what) in faults {
            part.report.add(CHECK, Some(seq), what);
        }
        verdict.story = Some(story);
    }
    part.conclude(&led, &note, key);
    Ok(())
}

/// Where entries and hashes lead.
enum Led {
    /// To this root.
    To(Hash),
    /// There are too many hashes for these entries, or too few.
    Nowhere,
    /// The entries do not ascend: their proof was not looked into.
    Unordered,
}

fn lead(folded: &Folded, reader: &mut Reader<'_>) -> Result<Led, NoBundle> {
    let root = folded.root(reader.header.tree, &mut || match reader.next_hash() {
        Ok(Some(hash)) => Ok(hash),
        Ok(None) => Err(None),
        Err(fault) => Err(Some(fault)),
    });
    match root {
        Ok(root) => Ok(Led::To(root)),
        Err(None) => Ok(Led::Nowhere),
        Err(Some(fault)) => Err(fault),
    }
}

struct Part<'a> {
    tree: u64,
    report: &'a mut Report,
    chained: &'a mut u64,
    state: Option<State>,
    /// `seq` and leaf hash of the entry before.
    last: Option<(u64, Hash)>,
    last_at: Option<Moment>,
    /// `None` once the order is broken.
    folded: Option<Folded>,
    teller: Teller,
}

impl Part<'_> {
    fn take(&mut self, line: &[u8]) {
        let first = self.report.entries == 0;
        self.report.entries += 1;
        let parsed = Entry::parse(line);
        let seq = match &parsed {
            Ok(entry) => Some(entry.seq),
            // What an entry says of its place still helps to name it, and to find out whether it is in the tree.
            Err(_) => serde_json::from_slice(line)
                .ok()
                .and_then(|value: serde_json::Value| value["seq"].as_u64()),
        };
        let leaf = Hash::leaf(line);
        let in_order = seq.is_some_and(|seq| seq < self.tree && self.last.is_none_or(|(last, _)| last < seq));
        let before = self.last;
        match (seq, &mut self.folded) {
            (Some(seq), Some(folded)) if in_order => {
                folded.add(seq, leaf);
                self.last = Some((seq, leaf));
            }
            _ => self.folded = None,
        }
        match parsed {
            Ok(entry) => {
                if !in_order {
                    let last = before.map_or(0, |(last, _)| last);
                    let what = msg!(
                        "ledger-finding-evidence-order",
                        seq = entry.seq,
                        last = last,
                        tree = self.tree
                    );
                    self.report.add("LEDGER-EVIDENCE-ORDER", Some(entry.seq), what);
                }
                self.check(&entry, first, before);
                self.teller.hear(entry);
            }
            Err(fault) => self.no_entry(seq, fault),
        }
    }

    fn no_entry(&mut self, seq: Option<u64>, fault: NoEntry) {
        let at = seq.map_or_else(|| "?".to_owned(), |seq| seq.to_string());
        let (check, what) = match fault {
            NoEntry::UnknownAct(act) => ("LEDGER-ENTRY-ACT", msg!("ledger-finding-act", seq = at, act = act)),
            NoEntry::NotCanonical => ("LEDGER-ENTRY-CANONICAL", msg!("ledger-finding-not-canonical", seq = at)),
            NoEntry::Form(what) => (
                "LEDGER-ENTRY-CANONICAL",
                msg!("ledger-finding-form", seq = at, what = what),
            ),
        };
        self.report.add(check, seq, what);
    }

    fn check(&mut self, entry: &Entry, first: bool, before: Option<(u64, Hash)>) {
        let seq = entry.seq;
        if let Some((_, leaf)) = before.filter(|(last, _)| last + 1 == seq) {
            if entry.prev == leaf {
                *self.chained += 1;
            } else {
                let what = msg!("ledger-finding-chain", seq = seq);
                self.report.add("LEDGER-CHAIN", Some(seq), what);
            }
        }
        if let Some(last) = self.last_at.as_ref().filter(|last| entry.at < **last) {
            let what = msg!("ledger-finding-time", seq = seq, at = entry.at, last = last);
            self.report.add("LEDGER-TIME", Some(seq), what);
        }
        self.last_at = Some(entry.at.clone());
        if self.state.as_ref().is_some_and(|state| state.site != entry.site) {
            let what = msg!("ledger-finding-site", seq = seq, site = entry.site);
            self.report.add("LEDGER-SITE", Some(seq), what);
        }
        let admitted = match &mut self.state {
            Some(state) => state.admit(entry),
            None if first && seq == 0 => self.found(entry),
            None if first => {
                let what = msg!("ledger-finding-evidence-no-beginning", seq = seq);
                return self.report.add("LEDGER-EVIDENCE-CONTEXT", Some(seq), what);
            }
            // Said once: without the first entry no signature can be checked.
            None => return,
        };
        match admitted {
            Ok(()) => self.report.signatures += entry.sigs.len() as u64,
            Err(fault) => self.refuse(seq, &fault),
        }
    }

    fn found(&mut self, entry: &Entry) -> Result<(), LedgerError> {
        let state = State::found(entry)?;
        self.report.site = state.site.to_string();
        self.report.rehearsal = state.init.rehearsal;
        self.report.log_key = key_of(&state).to_string();
        self.state = Some(state);
        Ok(())
    }

    fn refuse(&mut self, seq: u64, fault: &LedgerError) {
        let missing = match fault {
            LedgerError::UnknownOfficer(name) => {
                msg!("ledger-finding-evidence-officer", seq = seq, name = name)
            }
            LedgerError::Ceremony(CeremonyFault::NotOpen(begin)) => {
                msg!("ledger-finding-evidence-ceremony", seq = seq, begin = begin)
            }
            other => return self.report.fault(Some(seq), other),
        };
        self.report.add("LEDGER-EVIDENCE-CONTEXT", Some(seq), missing);
    }

    /// Checkpoint and root, once all entries and hashes were read.
    fn conclude(self, led: &Led, note: &str, key: &NoteKey) {
        let (tree, report) = (self.tree, self.report);
        let signs = self.state.as_ref().map_or_else(|| key.clone(), key_of);
        if let Led::To(root) = led {
            report.root = *root;
        }
        match believed(note, &signs) {
            Ok(checkpoint) if checkpoint.size != tree => {
                let what = msg!("ledger-finding-evidence-size", covered = checkpoint.size, tree = tree);
                report.add("LEDGER-CHECKPOINT", None, what);
            }
            Ok(checkpoint) => {
                report.covered = checkpoint.size;
                let agrees = match led {
                    Led::To(root) => *root == checkpoint.root,
                    Led::Nowhere => false,
                    Led::Unordered => true,
                };
                if !agrees {
                    let what = msg!("ledger-finding-evidence-tree", tree = tree);
                    report.add("LEDGER-EVIDENCE-TREE", None, what);
                }
                match self.state.as_ref().map(|state| state.sm2_line(note)) {
                    Some(Ok(Some(by))) => {
                        (report.sm2_covered, report.sm2_key) = (checkpoint.size, Some(by));
                    }
                    Some(Err(fault)) => report.add("LEDGER-CHECKPOINT", None, fault.msg()),
                    _ => {}
                }
            }
            Err(fault) => report.add("LEDGER-CHECKPOINT", None, fault.finding()),
        }
        if self.state.is_some() && report.log_key != key.to_string() {
            let what = msg!("ledger-finding-log-key", found = report.log_key);
            report.add("LEDGER-LOG-KEY", None, what);
        }
    }
}

fn key_of(state: &State) -> NoteKey {
    NoteKey {
        name: origin(&state.site),
        key: state.init.log_key,
    }
}

fn form(fault: &NoBundle) -> Msg {
    match fault {
        NoBundle::Head => msg!("ledger-finding-evidence-head"),
        NoBundle::Short { line } => msg!("ledger-finding-evidence-short", line = line),
        NoBundle::Long { line } => msg!("ledger-finding-evidence-long", line = line),
        NoBundle::Hash { line } => msg!("ledger-finding-evidence-hash", line = line),
        NoBundle::Unread(fault) => fault.msg(),
    }
}

fn unread(e: &io::Error) -> LedgerError {
    LedgerError::Database {
        doing: "reading the file",
        what: e.to_string(),
    }
}
