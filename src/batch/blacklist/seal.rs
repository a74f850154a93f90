// SPDX-License-Identifier: Apache-2.0
//! The note that goes with a list: which list it is and the SHA-256 of its three files, signed with the site's log key as a
//! signed note (c2sp.org/signed-note). The key is the one that signs the ledger's checkpoints, so who can check those can
//! check this; a note of a list is never a checkpoint, since its first line is no log's name.

use std::fmt::Write as _;

use super::edition::Edition;
use super::fault::BlacklistError;
use super::sheet::{csv, json_lines};
use crate::crypto::Digest;
use crate::ledger::note::{self, NoteKey};
use crate::site::Session;

const FIRST: &str = "cardmint-blacklist-v1";

/// A list as files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sealed {
    /// Ending and bytes of each file, the note last.
    pub files: Vec<(&'static str, Vec<u8>)>,
}

/// What a note says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    /// The site's id.
    pub site: String,
    /// Sequence number.
    pub sequence: u32,
    /// `full` or `delta`.
    pub form: String,
    /// The base; 0 for a full list.
    pub base: u32,
    /// Day of expiry.
    pub date: String,
    /// Lines.
    pub count: u32,
    /// Ending and digest of each file.
    pub files: Vec<(&'static str, String)>,
}

/// The files of a list.
pub fn seal(session: &Session, edition: &Edition) -> Sealed {
    let plan = &edition.plan;
    let mut files = vec![
        ("bin", edition.compact.clone()),
        ("csv", csv(&edition.lines).into_bytes()),
        ("jsonl", json_lines(plan, &edition.lines).into_bytes()),
    ];
    let mut text = format!(
        "{FIRST}\nsite {}\nsequence {}\nform {}\nbase {}\ndate {}\ncount {}\n",
        plan.site,
        plan.sequence,
        plan.form_name(),
        plan.base.unwrap_or(0),
        plan.date,
        edition.lines.len()
    );
    for (ending, bytes) in &files {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{ending} {}", hex::encode(Digest::of(&[bytes]).0));
    }
    let signer = session.store.site_signer();
    let note = note::sign(&text, &session.ledger.note_key(), &|bytes| signer.sign(bytes));
    files.push(("note", note.into_bytes()));
    Sealed { files }
}

/// Believes a note that the key has signed, and gives what it says.
pub fn open(note: &str, key: &NoteKey) -> Result<Said, BlacklistError> {
    let text = note::open(note, key).map_err(|_| BlacklistError::Signature)?;
    read(text).ok_or(BlacklistError::Note)
}

fn read(text: &str) -> Option<Said> {
    let mut lines = text.lines();
    if lines.next()? != FIRST {
        return None;
    }
    let mut field = |name: &str| -> Option<String> {
        let (found, value) = lines.next()?.split_once(' ')?;
        (found == name).then(|| value.to_owned())
    };
    let said = Said {
        site: field("site")?,
        sequence: field("sequence")?.parse().ok()?,
        form: field("form")?,
        base: field("base")?.parse().ok()?,
        date: field("date")?,
        count: field("count")?.parse().ok()?,
        files: vec![
            ("bin", field("bin")?),
            ("csv", field("csv")?),
            ("jsonl", field("jsonl")?),
        ],
    };
    lines.next().is_none().then_some(said)
}

impl Said {
    /// Whether a file is the one that the note names.
    pub fn covers(&self, ending: &str, bytes: &[u8]) -> Result<(), BlacklistError> {
        let named = self.files.iter().find(|(name, _)| *name == ending);
        let (file, digest) = named.ok_or(BlacklistError::Note)?;
        if *digest == hex::encode(Digest::of(&[bytes]).0) {
            Ok(())
        } else {
            Err(BlacklistError::OtherFile { file })
        }
    }
}
