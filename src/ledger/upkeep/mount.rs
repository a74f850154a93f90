// SPDX-License-Identifier: Apache-2.0
//! Archived lines back beside the database, for whoever reads: a temporary table takes the place of `entries` for this
//! connection alone. A file counts only if its digest stands in a recorded `ledger.archive` and each of its lines is the leaf of
//! the tree at its place.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, BufReader};
use std::path::{Path, PathBuf};

use rusqlite::{Connection, OptionalExtension, params};
use serde::{Deserialize, Serialize};

use super::UpkeepFault;
use super::archive::MAY_LEAVE;
use super::backup::digest_of;
use crate::ledger::act::Act;
use crate::ledger::entry::Entry;
use crate::ledger::error::LedgerError;
use crate::ledger::evidence::read::Reader;
use crate::ledger::hash::Hash;
use crate::ledger::lines::Next;
use crate::ledger::projection::whole;
use crate::ledger::store;

/// A recorded archive.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ArchiveRow {
    /// The first entry in it.
    pub from: u64,
    /// One more than the last.
    pub to: u64,
    /// The file's name when it was made.
    pub file: String,
    /// Its digest.
    pub digest: String,
    /// The entry that records it.
    pub made: u64,
}

impl ArchiveRow {
    /// That an entry is in this file, and the file was not given.
    pub(in crate::ledger) fn holds(&self, seq: u64) -> LedgerError {
        let (file, digest) = (self.file.clone(), self.digest.clone());
        UpkeepFault::Archived { seq, file, digest }.into()
    }
}

/// How the lines of archives and those of the database are one.
const VIEW: &str = "
    CREATE TEMP TABLE unarchived (
        seq    INTEGER PRIMARY KEY,
        line   TEXT NOT NULL,
        at     TEXT GENERATED ALWAYS AS (json_extract(line, '$.at')) VIRTUAL,
        act    TEXT GENERATED ALWAYS AS (json_extract(line, '$.act')) VIRTUAL,
        number TEXT GENERATED ALWAYS AS (json_extract(line, '$.body.number')) VIRTUAL
    );
    CREATE TEMP VIEW entries AS
        SELECT seq, line, at, act, number FROM temp.unarchived
        UNION ALL
        SELECT seq, line, at, act, number FROM main.entries WHERE seq NOT IN (SELECT seq FROM temp.unarchived);";

/// The recorded archives, in their order. Earlier formats have none.
pub(in crate::ledger) fn archives(db: &Connection) -> Result<Vec<ArchiveRow>, LedgerError> {
    let doing = LedgerError::while_doing("reading the archives");
    let format = store::version(db).map_err(&doing)?;
    if !store::had_table(format, "archives") {
        return Ok(Vec::new());
    }
    let mut find = db
        .prepare_cached("SELECT start, stop, file, digest, made FROM main.archives ORDER BY start")
        .map_err(&doing)?;
    let rows = find.query_map([], |row| {
        Ok(ArchiveRow {
            from: row.get::<_, i64>(0)?.cast_unsigned(),
            to: row.get::<_, i64>(1)?.cast_unsigned(),
            file: row.get(2)?,
            digest: row.get(3)?,
            made: row.get::<_, i64>(4)?.cast_unsigned(),
        })
    });
    rows.and_then(Iterator::collect).map_err(doing)
}

/// Whether a stored line is what is left of one that went into an archive, in its one form. Every entry ends in its version;
/// an entry that was altered there is not what an archive leaves.
pub(in crate::ledger) fn is_remainder(line: &[u8]) -> bool {
    let number = |body: RemainderBody<'_>| format!(",\"body\":{{\"number\":\"{}\"}}", body.number);
    let form = |left: Remainder<'_>| {
        let body = left.body.map(number).unwrap_or_default();
        format!("{{\"act\":\"{}\",\"at\":\"{}\"{body}}}", left.act, left.at)
    };
    !line.ends_with(b",\"v\":1}") && serde_json::from_slice(line).is_ok_and(|left| form(left).as_bytes() == line)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Remainder<'a> {
    act: &'a str,
    at: &'a str,
    #[serde(borrow)]
    body: Option<RemainderBody<'a>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RemainderBody<'a> {
    number: &'a str,
}

/// Whether a remainder is one of an act whose lines may leave.
fn may_leave(remainder: &[u8]) -> bool {
    #[derive(serde::Deserialize)]
    struct Left<'a> {
        act: &'a str,
    }
    serde_json::from_slice::<Left<'_>>(remainder).is_ok_and(|left| MAY_LEAVE.contains(&format!("'{}'", left.act)))
}

/// The archive that holds an entry.
pub(in crate::ledger) fn archive_of(db: &Connection, seq: u64) -> Result<Option<ArchiveRow>, LedgerError> {
    Ok(archives(db)?.into_iter().find(|row| (row.from..row.to).contains(&seq)))
}

/// Those of the archives in the table that an entry records just so, and those that none does. Only the first are a reason why
/// lines are missing: the table can be written to by whoever can write to the file, an entry needs its signatures.
pub(in crate::ledger) fn recorded(db: &Connection, rows: Vec<ArchiveRow>) -> (Vec<ArchiveRow>, Vec<ArchiveRow>) {
    rows.into_iter().partition(|row| {
        let entry = store::entry(db, row.made).map(|entry| entry.act);
        matches!(entry, Ok(Act::LedgerArchive(body)) if row.from < row.to && row.to <= row.made
            && (body.from, body.to, body.file.as_str(), body.digest.to_string())
                == (row.from, row.to, &row.file, row.digest.clone()))
    })
}

/// A stored line as it is, or that an archive holds it which is not there. Of an act that no archive takes the line is there.
pub(in crate::ledger) fn as_archived(next: Next, unread: &[ArchiveRow]) -> Next {
    let mut line = next?;
    if line
        .bytes
        .as_ref()
        .is_ok_and(|bytes| is_remainder(bytes) && may_leave(bytes))
        && let Some(row) = unread.iter().find(|row| (row.from..row.to).contains(&line.seq))
    {
        line.bytes = Err(row.holds(line.seq));
    }
    Ok(line)
}

/// Reads these files beside the database. Returns the recorded archives that are not among them.
pub(in crate::ledger) fn mount(db: &Connection, files: &[PathBuf]) -> Result<Vec<ArchiveRow>, LedgerError> {
    let mut rows = archives(db)?;
    if files.is_empty() {
        return Ok(rows);
    }
    db.execute_batch(VIEW)
        .map_err(LedgerError::while_doing("reading the archives"))?;
    let mut taken = BTreeSet::new();
    for path in files {
        let (digest, _) = digest_of(path).map_err(|e| match e.kind() {
            io::ErrorKind::NotFound => UpkeepFault::ArchiveMissing(path.clone()).into(),
            _ => LedgerError::at(path)(e),
        })?;
        let digest = digest.to_string();
        // Two copies of one archive are one.
        if !taken.insert(digest.clone()) {
            continue;
        }
        let at = rows.iter().position(|row| row.digest == digest);
        let row = at.map(|at| rows.remove(at));
        take(db, path, &row.ok_or_else(|| UpkeepFault::NotAnArchive(path.clone()))?)?;
    }
    Ok(rows)
}

fn take(db: &Connection, path: &Path, row: &ArchiveRow) -> Result<(), LedgerError> {
    let doing = LedgerError::while_doing("reading the archives");
    let damaged = || LedgerError::from(UpkeepFault::NotAnArchive(path.to_owned()));
    let mut put = db
        .prepare_cached("INSERT INTO temp.unarchived (seq, line) VALUES (?1, ?2)")
        .map_err(&doing)?;
    let mut next = row.from;
    each_entry(path, &mut |seq, line| {
        // The others are there so that the file can be verified by itself.
        if !(row.from..row.to).contains(&seq) {
            return Ok(());
        }
        if seq != next || store::node(db, 0, seq)? != Hash::leaf(line) {
            return Err(damaged());
        }
        next += 1;
        let text = std::str::from_utf8(line).map_err(|_| damaged())?;
        put.execute(params![whole(seq), text]).map(drop).map_err(&doing)
    })?;
    if next == row.to { Ok(()) } else { Err(damaged()) }
}

/// Gets an entry's place and line.
type Each<'a> = &'a mut dyn FnMut(u64, &[u8]) -> Result<(), LedgerError>;

/// The entries' lines of an evidence file, with their places.
pub(super) fn each_entry(path: &Path, each: Each<'_>) -> Result<(), LedgerError> {
    let damaged = || LedgerError::from(UpkeepFault::NotAnArchive(path.to_owned()));
    let mut file = BufReader::new(File::open(path).map_err(LedgerError::at(path))?);
    let mut reader = Reader::open(&mut file).map_err(|_| damaged())?;
    while let Some(line) = reader.next_entry().map_err(|_| damaged())? {
        let entry = Entry::parse(line).map_err(|_| damaged())?;
        each(entry.seq, line)?;
    }
    Ok(())
}

/// The first stored entry that is neither what an archive holds nor what is left of that.
pub(in crate::ledger) fn first_contrary(db: &Connection) -> Result<Option<u64>, LedgerError> {
    let sql = format!(
        "SELECT e.seq FROM main.entries AS e JOIN temp.unarchived AS old ON old.seq = e.seq
         WHERE e.line <> old.line AND e.line <> {} ORDER BY e.seq LIMIT 1",
        remainder("old")
    );
    let found: Option<i64> = db
        .query_row(&sql, [], |row| row.get(0))
        .optional()
        .map_err(LedgerError::while_doing("comparing the archives"))?;
    Ok(found.map(i64::cast_unsigned))
}

/// What is left of a line, as `schema.sql` has it too.
pub(super) fn remainder(entry: &str) -> String {
    format!(
        "CASE WHEN {entry}.number IS NULL THEN json_object('act', {entry}.act, 'at', {entry}.at)
         ELSE json_object('act', {entry}.act, 'at', {entry}.at, 'body', json_object('number', {entry}.number)) END"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_is_never_taken_for_a_remainder() {
        assert!(is_remainder(
            br#"{"act":"card.intent","at":"2026-11-18T11:06:48Z","body":{"number":"1001"}}"#
        ));
        assert!(is_remainder(br#"{"act":"clock.refused","at":"2026-11-18T11:06:48Z"}"#));
        assert!(!is_remainder(
            br#"{"act":"card.intent","at":"x","body":{},"site":"s","v":1}"#
        ));
        assert!(!is_remainder(b"damaged"));
    }

    #[test]
    fn an_altered_entry_is_not_taken_for_a_remainder() {
        for altered in [
            r#"{"act":"card.intent","at":"2026-11-18T11:06:48Z","body":{"number":"1001"},"site":"s","v":2}"#,
            r#"{"act":"card.intent","at":"2026-11-18T11:06:48Z","body":{"number":"1001","reader":"sim"}}"#,
            r#"{"act":"card.intent","at":"2026-11-18T11:06:48Z","body":null}"#,
            r#"{"act":"card.intent","at":"2026-11-18T11:06:48Z","body":{"number":"1001"}} "#,
            r#"{"act":"card.intent","act":"card.void","at":"2026-11-18T11:06:48Z"}"#,
            r#"{"act":"\u0063ard.intent","at":"2026-11-18T11:06:48Z"}"#,
            r#"{"act":"card.intent"}"#,
        ] {
            assert!(!is_remainder(altered.as_bytes()), "{altered}");
        }
    }
}
