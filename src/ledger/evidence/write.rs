// SPDX-License-Identifier: Apache-2.0
//! Writes evidence bundles. Entries stream through: memory grows with the gaps between the entries, not with the entries.

use std::io::{self, Write};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::context::with_context;
use super::header::{Extent, Header};
use super::selection::Selection;
use super::tree;
use crate::ledger::checkpoint::Checkpoint;
use crate::ledger::error::LedgerError;
use crate::ledger::export::{Digesting, Exported, unwritten};
use crate::ledger::filter::{Count, Filter};
use crate::ledger::log::{Ledger, believed};
use crate::ledger::store;

/// What was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bundled {
    /// The bundle's head.
    pub header: Header,
    /// As other exports have it. `from` and `to` are the asked range as far as the checkpoint covers it.
    pub exported: Exported,
    /// Entries that were asked for and are newer than the checkpoint: they are not in the file.
    pub uncovered: u64,
    /// The bytes of hashes and checkpoint as they stand in the file.
    pub proof: u64,
}

/// The newest checkpoint with its note.
pub(super) struct Newest {
    pub(super) note: String,
    pub(super) checkpoint: Checkpoint,
}

impl Ledger {
    pub(super) fn newest(&self) -> Result<Newest, LedgerError> {
        let note = self
            .checkpoint_note()?
            .ok_or(LedgerError::NotCovered { seq: 0, covered: 0 })?;
        let checkpoint = believed(&note, &self.note_key()).map_err(|_| LedgerError::WrongLogKey)?;
        Ok(Newest { note, checkpoint })
    }

    /// Writes the entries that pass the filter as an evidence bundle: a whole one where the filter asks for everything,
    /// else a part with its context. Entries newer than the newest checkpoint are left out, and counted.
    pub fn export_bundle(&self, filter: &Filter, to: &mut dyn Write) -> Result<Bundled, LedgerError> {
        let newest = self.newest()?;
        let tree = newest.checkpoint.size;
        if *filter == Filter::default() {
            let uncovered = self.size().saturating_sub(tree);
            return self.write_bundle(&newest, &Selection::all(tree), (None, uncovered), to);
        }
        let mut asked = Selection::default();
        self.each_stored(filter, Count::All, &mut |seq, _| {
            asked.add(seq);
            Ok(())
        })?;
        let all = asked.count();
        let asked = asked.below(tree);
        let uncovered = all - asked.count();
        if asked.count() == 0 {
            return Err(LedgerError::NothingCovered { uncovered });
        }
        let part = with_context(self, asked, tree)?;
        let mut done = self.write_bundle(&newest, &part, (Some(&about(filter)), uncovered), to)?;
        done.exported.to = filter.to.unwrap_or(tree).min(tree);
        done.exported.from = filter.from.min(done.exported.to);
        Ok(done)
    }

    /// Writes just these entries. `about`: what a part is about, and how many entries it lacks.
    pub(super) fn write_bundle(
        &self,
        newest: &Newest,
        entries: &Selection,
        (about, uncovered): (Option<&str>, u64),
        to: &mut dyn Write,
    ) -> Result<Bundled, LedgerError> {
        let tree = newest.checkpoint.size;
        let mut hashes = 0;
        tree::missing::<LedgerError>(tree, entries, &mut |_, _| {
            hashes += 1;
            Ok(())
        })?;
        let header = Header {
            extent: if about.is_some() { Extent::Part } else { Extent::Whole },
            about: about.map(one_line),
            tree,
            entries: entries.count(),
            hashes,
        };
        let mut out = Digesting::new(to);
        let failed = |e: io::Error| unwritten(&e);
        writeln!(out, "{header}").map_err(failed)?;
        self.write_lines(entries, &mut out)?;
        writeln!(out).map_err(failed)?;
        let nodes = |level, index| store::node(&self.db, level, index);
        tree::missing(tree, entries, &mut |start, len| {
            let hash = tree::hash_of(start, len, &nodes)?;
            writeln!(out, "{}", STANDARD.encode(hash.0)).map_err(failed)
        })?;
        write!(out, "\n{}", newest.note).map_err(failed)?;
        let exported = Exported {
            entries: header.entries,
            from: 0,
            to: tree,
            digest: out.digest().map_err(failed)?,
        };
        // 44 characters and a line feed for each hash.
        let proof = hashes * 45 + newest.note.len() as u64;
        Ok(Bundled {
            header,
            exported,
            uncovered,
            proof,
        })
    }

    fn write_lines(&self, entries: &Selection, out: &mut dyn Write) -> Result<(), LedgerError> {
        for range in entries.ranges() {
            let filter = Filter {
                from: range.start,
                to: Some(range.end),
                ..Filter::default()
            };
            self.each_stored(&filter, Count::All, &mut |_, line| {
                out.write_all(line)
                    .and_then(|()| out.write_all(b"\n"))
                    .map_err(|e| unwritten(&e))
            })?;
        }
        Ok(())
    }
}

/// What was asked for, as people ask for it.
fn about(filter: &Filter) -> String {
    let last = filter.to.map(|to| to.saturating_sub(1).to_string());
    let asked = [
        ("from", (filter.from > 0).then(|| filter.from.to_string())),
        ("to", last),
        ("since", filter.since.as_ref().map(ToString::to_string)),
        ("until", filter.until.as_ref().map(ToString::to_string)),
        ("act", filter.act.clone()),
        ("number", filter.number.clone()),
        ("batch", filter.batch.clone()),
        ("by", filter.officer.clone()),
    ];
    let said = asked
        .into_iter()
        .filter_map(|(what, value)| Some(format!("{what} {}", value?)));
    said.collect::<Vec<_>>().join(" ")
}

/// What people ask for may have any characters; the line has none that would end it.
fn one_line(about: &str) -> String {
    let plain: String = about.chars().filter(|c| !c.is_control()).take(200).collect();
    let plain = plain.trim();
    if plain.is_empty() { "–" } else { plain }.to_owned()
}
