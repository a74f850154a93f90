// SPDX-License-Identifier: Apache-2.0
//! Where the lines of a ledger come from, one after the other and never all at once: its database, or an exported file.
//! Whoever takes the lines asks for the next one; other places that hold lines give the same kind of iterator.

use std::collections::VecDeque;
use std::io::{BufRead, Read};
use std::ops::Range;

use rusqlite::{Connection, params};

use super::error::LedgerError;
use super::projection::whole;
use super::store;

/// The longest line that an entry can have in a file; a longer one is not read whole.
const LONGEST_LINE: u64 = 1 << 20;

/// So many lines are asked of the database at once,
const RUN: u64 = 256;

/// unless they come to more bytes than this.
const RUN_BYTES: usize = 1 << 18;

/// A line where it stands.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Line {
    /// Its place.
    pub(super) seq: u64,
    /// Its bytes without the line feed, or why they cannot be read. The line after it may well be readable.
    pub(super) bytes: Result<Vec<u8>, LedgerError>,
}

/// What comes next: a line, or the reason why there is no going on.
pub(super) type Next = Result<Line, LedgerError>;

/// The entries of a database with these numbers.
pub(super) fn of_database(db: &Connection, places: Range<u64>) -> InDatabase<'_> {
    InDatabase {
        db,
        places,
        read: VecDeque::new(),
    }
}

/// The lines of a file of entries. Each line ends in a line feed, the last one too: of a file that was cut within a line,
/// the last line comes with a line feed in it and so cannot pass for an entry.
pub(super) fn of_file(file: &mut dyn BufRead) -> impl Iterator<Item = Next> {
    let mut seq = 0;
    std::iter::from_fn(move || {
        let mut bytes = Vec::new();
        match Read::take(&mut *file, LONGEST_LINE).read_until(b'\n', &mut bytes) {
            Ok(0) => return None,
            Ok(_) => {}
            Err(e) => {
                let (doing, what) = ("reading the file", e.to_string());
                return Some(Err(LedgerError::Database { doing, what }));
            }
        }
        if bytes.pop_if(|last| *last == b'\n').is_none() {
            bytes.push(b'\n');
        }
        let line = Line { seq, bytes: Ok(bytes) };
        seq += 1;
        Some(Ok(line))
    })
}

/// Reads runs of entries with one statement each. Where a run breaks off before its end, the next place is looked up
/// singly, so that every line that can be read is.
pub(super) struct InDatabase<'a> {
    db: &'a Connection,
    places: Range<u64>,
    read: VecDeque<Line>,
}

impl InDatabase<'_> {
    /// Reads on from the next place, as far as there is one line for each place.
    fn read_run(&mut self) -> rusqlite::Result<()> {
        let end = self.places.end.min(self.places.start.saturating_add(RUN));
        let sql = "SELECT seq, line FROM entries WHERE seq >= ?1 AND seq < ?2 ORDER BY seq";
        let mut find = self.db.prepare_cached(sql)?;
        let mut rows = find.query(params![whole(self.places.start), whole(end)])?;
        let mut bytes = 0;
        for seq in self.places.start..end {
            let Some(row) = rows.next()? else { break };
            if row.get::<_, i64>(0)? != whole(seq) || bytes > RUN_BYTES {
                break;
            }
            let line = row.get_ref(1)?.as_bytes()?.to_vec();
            bytes += line.len();
            self.read.push_back(Line { seq, bytes: Ok(line) });
        }
        Ok(())
    }
}

impl Iterator for InDatabase<'_> {
    type Item = Next;

    fn next(&mut self) -> Option<Next> {
        if self.read.is_empty() && !self.places.is_empty() {
            // What fails here is looked up once more by itself, and then it says so.
            let _ = self.read_run();
        }
        let seq = self.places.next()?;
        let looked_up = || Line {
            seq,
            bytes: store::line(self.db, seq),
        };
        Some(Ok(self.read.pop_front().unwrap_or_else(looked_up)))
    }
}
