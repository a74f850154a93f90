// SPDX-License-Identifier: Apache-2.0
//! Evidence that leaves the site. Of one entry, in the form c2sp.org/tlog-proof: index, inclusion proof and checkpoint in one
//! text file, which public transparency-log tools read; the entry itself stands in the `extra` line, in base64. Of many
//! entries or all, as a bundle of their lines, one proof for them together, and the checkpoint (docs/formats/evidence.md).

mod card;
mod check;
mod context;
mod fill;
mod header;
pub(in crate::ledger) mod read;
mod selection;
mod story;
mod tree;
mod write;

pub use check::{Opened, UNSHOWN, Verdict, verify_bundle};
pub use header::{Extent, FIRST_LINE, Header, is_about};
pub use story::{KeyAbove, KeyOnCard, Story};
pub use write::Bundled;

use std::fmt::Write as _;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::entry::Entry;
use super::error::LedgerError;
use super::hash::Hash;
use super::log::{Ledger, believed};
use super::merkle;
use super::note::NoteKey;

const HEADER: &str = "c2sp.org/tlog-proof@v1";

impl Ledger {
    /// The evidence file of an entry under the newest checkpoint.
    pub fn evidence(&self, seq: u64) -> Result<String, LedgerError> {
        let note = self
            .checkpoint_note()?
            .ok_or(LedgerError::NotCovered { seq, covered: 0 })?;
        let checkpoint = believed(&note, &self.note_key()).map_err(|_| LedgerError::WrongLogKey)?;
        if seq >= self.size() {
            return Err(LedgerError::NoEntry(seq));
        }
        if seq >= checkpoint.size {
            return Err(LedgerError::NotCovered {
                seq,
                covered: checkpoint.size,
            });
        }
        let mut file = format!("{HEADER}\nextra {}\nindex {seq}\n", STANDARD.encode(self.line(seq)?));
        for hash in self.prove(seq, checkpoint.size)? {
            // Writing to a string cannot fail.
            let _ = writeln!(file, "{}", STANDARD.encode(hash.0));
        }
        Ok(file + "\n" + &note)
    }
}

/// Checks an evidence file against the log's key alone, and gives the entry. `None`: it proves nothing.
pub fn check(file: &str, key: &NoteKey) -> Option<Entry> {
    let (proof, note) = file.split_once("\n\n")?;
    let mut lines = proof.lines();
    if lines.next()? != HEADER {
        return None;
    }
    let line = STANDARD.decode(lines.next()?.strip_prefix("extra ")?).ok()?;
    let index = lines.next()?.strip_prefix("index ")?;
    let seq: u64 = index.parse().ok()?;
    let path: Option<Vec<Hash>> = lines
        .map(|l| STANDARD.decode(l).ok().and_then(|b| Hash::from_slice(&b)))
        .collect();
    let checkpoint = believed(note, key).ok()?;
    // One form: no sign, no zeros before it.
    let entry = Entry::parse(&line)
        .ok()
        .filter(|entry| entry.seq == seq && index == seq.to_string())?;
    let holds = merkle::check_inclusion(seq, checkpoint.size, Hash::leaf(&line), &path?, checkpoint.root);
    holds.then_some(entry)
}
