// SPDX-License-Identifier: Apache-2.0
//! Reads an evidence bundle from front to back: head, entries' lines one at a time, hashes one at a time, checkpoint.
//! Nothing is kept; a line that does not end, or a part that is longer or shorter than the head says, is a fault of form.

use std::io::{BufRead, Read as _};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::header::Header;
use crate::ledger::error::LedgerError;
use crate::ledger::hash::Hash;

/// The longest line that an entry can have.
const LONGEST_LINE: u64 = 1 << 20;

/// The largest checkpoint note.
const LARGEST_NOTE: u64 = 1 << 17;

/// The head has six lines at most.
const HEAD_LINES: usize = 6;

/// What is wrong with the form; the number of the line in the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::ledger) enum NoBundle {
    /// The head is not as it must be.
    Head,
    /// The file ends, or a part ends, before what the head promises.
    Short { line: u64 },
    /// A part is longer than the head says.
    Long { line: u64 },
    /// A hash is not 32 bytes in base64.
    Hash { line: u64 },
    /// The file could not be read.
    Unread(LedgerError),
}

/// A bundle that is being read.
pub(in crate::ledger) struct Reader<'a> {
    from: &'a mut dyn BufRead,
    pub(super) header: Header,
    line: u64,
    entries: u64,
    hashes: u64,
    /// Bytes read so far.
    pub(super) bytes: u64,
    buffer: Vec<u8>,
}

impl<'a> Reader<'a> {
    /// Reads the head.
    pub(in crate::ledger) fn open(from: &'a mut dyn BufRead) -> Result<Self, NoBundle> {
        let header = Header {
            extent: super::Extent::Part,
            about: None,
            tree: 0,
            entries: 0,
            hashes: 0,
        };
        let mut reader = Self {
            from,
            header,
            line: 0,
            entries: 0,
            hashes: 0,
            bytes: 0,
            buffer: Vec::new(),
        };
        let mut lines = Vec::new();
        loop {
            let line = reader.next_line(NoBundle::Head)?;
            if line.is_empty() {
                break;
            }
            lines.push(String::from_utf8(line.to_vec()).map_err(|_| NoBundle::Head)?);
            if lines.len() > HEAD_LINES {
                return Err(NoBundle::Head);
            }
        }
        let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
        reader.header = Header::parse(&lines).ok_or(NoBundle::Head)?;
        Ok(reader)
    }

    /// The next line without its line feed.
    fn next_line(&mut self, short: NoBundle) -> Result<&[u8], NoBundle> {
        self.buffer.clear();
        self.line += 1;
        let read = (&mut *self.from).take(LONGEST_LINE).read_until(b'\n', &mut self.buffer);
        self.bytes += read.map_err(|e| unread(&e))? as u64;
        self.buffer.strip_suffix(b"\n").ok_or(short)
    }

    /// The next entry's line; `None` after the last one.
    pub(in crate::ledger) fn next_entry(&mut self) -> Result<Option<&[u8]>, NoBundle> {
        let at = self.line + 1;
        if self.entries == self.header.entries {
            return self.gap().map(|()| None);
        }
        self.entries += 1;
        match self.next_line(NoBundle::Short { line: at })? {
            b"" => Err(NoBundle::Short { line: at }),
            line => Ok(Some(line)),
        }
    }

    /// The next hash; `None` after the last one.
    pub(super) fn next_hash(&mut self) -> Result<Option<Hash>, NoBundle> {
        let at = self.line + 1;
        if self.hashes == self.header.hashes {
            return Ok(None);
        }
        self.hashes += 1;
        let line = match self.next_line(NoBundle::Short { line: at })? {
            b"" => return Err(NoBundle::Short { line: at }),
            line => line,
        };
        let hash = STANDARD.decode(line).ok().and_then(|bytes| Hash::from_slice(&bytes));
        hash.map(Some).ok_or(NoBundle::Hash { line: at })
    }

    /// The checkpoint's note, which ends the file. All hashes have been read.
    pub(super) fn note(&mut self) -> Result<String, NoBundle> {
        self.gap()?;
        let mut note = Vec::new();
        let read = (&mut *self.from).take(LARGEST_NOTE).read_to_end(&mut note);
        read.map_err(|e| unread(&e))?;
        if note.is_empty() {
            return Err(NoBundle::Short { line: self.line + 1 });
        }
        Ok(String::from_utf8_lossy(&note).into_owned())
    }

    /// The empty line after a part.
    fn gap(&mut self) -> Result<(), NoBundle> {
        let at = self.line + 1;
        match self.next_line(NoBundle::Short { line: at })? {
            b"" => Ok(()),
            _ => Err(NoBundle::Long { line: at }),
        }
    }
}

fn unread(e: &std::io::Error) -> NoBundle {
    NoBundle::Unread(LedgerError::Database {
        doing: "reading the file",
        what: e.to_string(),
    })
}
