// SPDX-License-Identifier: Apache-2.0
//! The transcript against the ledger that it was taken from: the ledger verifies as a whole, has every line of the
//! transcript at its place, and none of the ceremony that the transcript leaves out.

use std::collections::{BTreeMap, BTreeSet};
use std::io::BufRead;
use std::path::Path;

use super::Verdict;
use super::keys::brings;
use crate::ceremony::transcript::Transcript;
use crate::ledger::act::Act;
use crate::ledger::{Against, Entry, Filter, Ledger, LedgerError, verify as verify_database, verify_lines};
use crate::msg;
use crate::outside::Observer;

/// Where the ledger is.
#[derive(Debug, Clone, Copy)]
pub enum Source<'a> {
    /// A file of all entries, JSON Lines.
    Export(&'a Path),
    /// The database, and the checkpoint kept outside.
    Database(&'a Path, Option<&'a Path>),
}

/// Adds what the ledger says to a verdict.
pub fn compare(
    transcript: &Transcript,
    source: Source<'_>,
    verdict: &mut Verdict,
    observer: &mut dyn Observer,
) -> Result<(), LedgerError> {
    let mut look = Look {
        wanted: wanted(transcript),
        begin: verdict.begin,
        extra: Vec::new(),
        ended: verdict.end.as_ref().map(|(seq, _)| *seq),
        keys: BTreeMap::new(),
        pins: BTreeSet::new(),
    };
    let report = match source {
        Source::Export(path) => {
            let open = || {
                std::fs::File::open(path)
                    .map(std::io::BufReader::new)
                    .map_err(|e| unread(path, &e))
            };
            for line in open()?.split(b'\n') {
                look.line(&line.map_err(|e| unread(path, &e))?);
            }
            verify_lines(&mut open()?, None, &Against::default(), observer)?
        }
        Source::Database(path, copy) => {
            let ledger = Ledger::open_read_only(path, copy)?;
            ledger.each_line(&Filter::default(), &mut |entry, line| {
                look.entry(entry, line);
                Ok(())
            })?;
            let against = Against {
                copy: copy.map(Path::to_owned),
                key: None,
            };
            verify_database(path, &against, observer)?
        }
    };
    for finding in &report.findings {
        let what = msg!("ceremony-verify-ledger", check = finding.check).with_msg("what", finding.what.clone());
        verdict.add("CEREMONY-VERIFY-LEDGER", None, what);
    }
    for seq in look.wanted.keys() {
        verdict.add(
            "CEREMONY-VERIFY-LEDGER",
            None,
            msg!("ceremony-verify-not-in-ledger", seq = seq),
        );
    }
    for seq in look.extra {
        verdict.add(
            "CEREMONY-VERIFY-LEDGER",
            None,
            msg!("ceremony-verify-left-out", seq = seq),
        );
    }
    older_keys(&look.keys, verdict);
    let unchecked = std::mem::take(&mut verdict.unchecked);
    for expected in unchecked {
        let there = match expected.state {
            Some(state) => look.keys.get(&expected.name).is_some_and(|(_, found)| *found == state),
            None => look.pins.contains(&expected.name),
        };
        if !there {
            verdict.add(
                "CEREMONY-VERIFY-EXPECT",
                None,
                msg!("ceremony-verify-not-there", what = expected),
            );
        }
    }
    verdict.with_ledger = true;
    Ok(())
}

/// The check values that steps tell of older keys are those of the ledger.
fn older_keys(keys: &BTreeMap<String, (String, &'static str)>, verdict: &mut Verdict) {
    for (step, seen) in std::mem::take(&mut verdict.older) {
        let known = keys
            .get(seen.key.as_str())
            .map(|(kcv, _)| kcv.as_str())
            .unwrap_or_default();
        if known != seen.kcv.as_str() {
            let what = msg!("ceremony-verify-kcv", key = seen.key, entry = known, step = seen.kcv);
            verdict.add("CEREMONY-VERIFY-KEYS", Some(&step), what);
        }
    }
}

fn wanted(transcript: &Transcript) -> BTreeMap<u64, Vec<u8>> {
    let lines = transcript.entries().into_iter().zip(&transcript.lines);
    lines.map(|(entry, line)| (entry.seq, line.clone())).collect()
}

/// What is looked for while the ledger goes by.
struct Look {
    wanted: BTreeMap<u64, Vec<u8>>,
    begin: u64,
    ended: Option<u64>,
    /// Entries about the ceremony, or about who could sign it, that the transcript does not have.
    extra: Vec<u64>,
    /// Check values and states of all keys at the ceremony's end.
    keys: BTreeMap<String, (String, &'static str)>,
    /// The PINs that were set until then.
    pins: BTreeSet<String>,
}

impl Look {
    fn line(&mut self, line: &[u8]) {
        if let Ok(entry) = Entry::parse(line) {
            self.entry(&entry, line);
        }
    }

    /// The keys and PINs as they were when the ceremony ended.
    fn follow(&mut self, act: &Act) {
        if let Some(body) = brings(act) {
            self.keys
                .insert(body.key.to_string(), (body.kcv.to_string(), body.state.as_str()));
        }
        match act {
            Act::KeyRetire(body) => {
                self.keys
                    .insert(body.key.to_string(), (body.kcv.to_string(), body.state.as_str()));
            }
            Act::PinSet(body) => {
                self.pins.insert(body.name.to_string());
            }
            _ => {}
        }
    }

    fn entry(&mut self, entry: &Entry, line: &[u8]) {
        if self.ended.is_none_or(|end| entry.seq <= end) {
            self.follow(&entry.act);
        }
        let told = self.wanted.get(&entry.seq).is_some_and(|wanted| wanted == line);
        if told {
            self.wanted.remove(&entry.seq);
            return;
        }
        let before = self.ended.is_none_or(|end| entry.seq <= end);
        let of_it = entry.act.ceremony() == Some(self.begin);
        if of_it || before && Transcript::concerns(&entry.act) {
            self.extra.push(entry.seq);
        }
    }
}

fn unread(path: &Path, e: &std::io::Error) -> LedgerError {
    LedgerError::File {
        path: path.to_owned(),
        what: e.to_string(),
    }
}
