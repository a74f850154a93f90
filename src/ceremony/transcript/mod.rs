// SPDX-License-Identifier: Apache-2.0
//! The transcript of a ceremony as a file (docs/formats/transcript.md): the plan, and the ledger's own lines, as stored: the
//! first entry and all that changed officers and policy since (with the ceremonies in which that was done), so that every
//! signature can be checked; the entry that began the ceremony; and, where it has ended, what it did and its end.
//!
//! Nothing in it is new: all of it is signed already, and the file can be written again from the ledger at any time.

mod page;

pub use page::page;

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::error::{Exit, Fault};
use crate::i18n::Msg;
use crate::ledger::act::Act;
use crate::ledger::{Entry, Filter, Ledger, LedgerError};
use crate::msg;
use crate::site::{Site, SiteError};

/// First word of the file.
const FORMAT: &str = "cardmint-transcript/1";

/// A transcript.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transcript {
    /// The plan file's text.
    pub plan: String,
    /// The ledger's lines, in their order.
    pub lines: Vec<Vec<u8>>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Head {
    format: String,
    plan: String,
}

/// Why a file is no transcript.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TranscriptError {
    /// It cannot be read.
    Read {
        /// The file.
        path: String,
        /// What the system says.
        what: String,
    },
    /// It is not in the format.
    Form {
        /// The file.
        path: String,
        /// The line, from 1.
        line: usize,
    },
    /// Another version.
    Version {
        /// The file.
        path: String,
        /// What it says.
        found: String,
    },
}

/// The acts that change who may sign what. An officer may have come or gone in a ceremony, so these belong to them.
const STATE: [&str; 6] = [
    "site.init",
    "officer.enrol",
    "officer.revoke",
    "policy.change",
    "ceremony.begin",
    "ceremony.end",
];

impl Transcript {
    /// The transcript of the ceremony that this entry began.
    pub fn of(ledger: &Ledger, plan: &str, begin: u64) -> Result<Self, LedgerError> {
        let mut lines: Vec<Vec<u8>> = Vec::new();
        let filter = Filter::default();
        let mut ended = false;
        ledger.each_line(&filter, &mut |entry, line| {
            let of_it = entry.seq == begin || entry.act.ceremony() == Some(begin);
            let ends = matches!(&entry.act, Act::CeremonyEnd(end) if end.begin == begin);
            let state = !ended && Self::concerns(&entry.act);
            if of_it || ends || state {
                lines.push(line.to_vec());
            }
            ended |= ends;
            Ok(())
        })?;
        Ok(Self {
            plan: plan.to_owned(),
            lines,
        })
    }

    /// Whether a transcript has the entries of such an act, whichever ceremony they belong to.
    pub(super) fn concerns(act: &Act) -> bool {
        STATE.contains(&act.name())
    }

    /// The file's text: a line of JSON that names the format and holds the plan, then the lines of the ledger.
    pub fn text(&self) -> String {
        let head = Head {
            format: FORMAT.into(),
            plan: self.plan.clone(),
        };
        let mut text = serde_json::to_string(&head).unwrap_or_default();
        text.push('\n');
        for line in &self.lines {
            text.push_str(&String::from_utf8_lossy(line));
            text.push('\n');
        }
        text
    }

    /// Reads the text of such a file. What the lines say is another question: `verify` answers it.
    pub fn parse(path: &str, text: &str) -> Result<Self, TranscriptError> {
        let bad = |line| TranscriptError::Form {
            path: path.to_owned(),
            line,
        };
        let mut lines = text.split_inclusive('\n');
        let first = lines.next().ok_or_else(|| bad(1))?;
        let format = serde_json::from_str::<serde_json::Value>(first).map_err(|_| bad(1))?;
        let format = format["format"].as_str().ok_or_else(|| bad(1))?;
        if format != FORMAT {
            return Err(TranscriptError::Version {
                path: path.to_owned(),
                found: format.chars().take(40).collect(),
            });
        }
        let head: Head = serde_json::from_str(first).map_err(|_| bad(1))?;
        let mut read = Vec::new();
        for (at, line) in lines.enumerate() {
            let line = line.strip_suffix('\n').ok_or_else(|| bad(at + 2))?;
            Entry::parse(line.as_bytes()).map_err(|_| bad(at + 2))?;
            read.push(line.as_bytes().to_vec());
        }
        Ok(Self {
            plan: head.plan,
            lines: read,
        })
    }

    /// Reads a file.
    pub fn read(path: &std::path::Path) -> Result<Self, TranscriptError> {
        let shown = path.display().to_string();
        let text = std::fs::read_to_string(path).map_err(|e| TranscriptError::Read {
            path: shown.clone(),
            what: e.to_string(),
        })?;
        Self::parse(&shown, &text)
    }

    /// The entries; those that were parsed once parse again.
    pub fn entries(&self) -> Vec<Entry> {
        self.lines.iter().filter_map(|line| Entry::parse(line).ok()).collect()
    }

    /// The entry that began the ceremony: the last of its kind, since an earlier one may be resumed by it.
    pub fn begin(&self) -> Option<Entry> {
        let begins = |entry: &Entry| matches!(entry.act, Act::CeremonyBegin(_));
        self.entries().into_iter().rev().find(begins)
    }

    /// Writes it to its place in the site.
    pub fn publish(&self, site: &Site) -> Result<PathBuf, SiteError> {
        let folder = site.folder().join("ceremonies");
        std::fs::create_dir_all(&folder).map_err(|e| SiteError::Io {
            path: folder.display().to_string(),
            what: e.to_string(),
        })?;
        let path = folder.join(self.file_name());
        crate::keys::file_store::replace(&path, self.text().as_bytes(), 0o600)?;
        Ok(path)
    }

    /// `<entry>-<beginning of the nonce>.transcript`.
    fn file_name(&self) -> String {
        let Some(entry) = self.begin() else {
            return "unknown.transcript".into();
        };
        let nonce = match &entry.act {
            Act::CeremonyBegin(begin) => begin.nonce.as_str().chars().take(4).collect(),
            _ => String::new(),
        };
        format!("{}-{nonce}.transcript", entry.seq)
    }
}

impl Fault for TranscriptError {
    fn msg(&self) -> Msg {
        match self {
            Self::Read { path, what } => msg!("ceremony-transcript-read", path = path, what = what),
            Self::Form { path, line } => msg!("ceremony-transcript-form", path = path, line = line),
            Self::Version { path, found } => msg!("ceremony-transcript-version", path = path, found = found),
        }
    }
    fn exit(&self) -> Exit {
        Exit::Usage
    }
}
crate::display_as_english!(TranscriptError);
