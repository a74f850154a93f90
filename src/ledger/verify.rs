// SPDX-License-Identifier: Apache-2.0
//! Verification of a whole ledger, from the database or from an exported file. It names what is wrong and goes on.

use std::fs;
use std::io::BufRead;
use std::path::{Path, PathBuf};

use rusqlite::Connection;
use rusqlite::types::Value;

use super::centre;
use super::checkpoint::{Checkpoint, origin};
use super::error::LedgerError;
use super::finding::Report;
use super::hash::Hash;
use super::log::believed;
use super::note::{NoteFault, NoteKey};
use super::projection::{tables, whole};
use super::replay::Replay;
use super::rules::State;
use super::store;
use crate::error::Fault;
use crate::i18n::Msg;
use crate::msg;
use crate::outside::Observer;

/// How often the observer hears of progress.
const STRIDE: u64 = 1024;

/// The longest line that an entry can have; a longer one is not read whole.
const LONGEST_LINE: u64 = 1 << 20;

/// What to verify against, apart from the ledger itself.
#[derive(Debug, Clone, Default)]
pub struct Against {
    /// The checkpoint kept outside.
    pub copy: Option<PathBuf>,
    /// The log's public key as the verifier knows it from elsewhere.
    pub key: Option<NoteKey>,
}

/// Verifies a ledger's database: entries, tree, signatures, approvals, life cycles, tables, checkpoint, copy outside.
pub fn verify(path: &Path, against: &Against, observer: &mut dyn Observer) -> Result<Report, LedgerError> {
    let db = store::open(path, true)?;
    let doing = LedgerError::while_doing("reading the ledger");
    // One moment of the ledger, whoever appends meanwhile.
    db.execute_batch("BEGIN").map_err(&doing)?;
    let stored = store::checkpoint(&db);
    let copy = against.copy.as_deref().map(|path| (path, fs::read_to_string(path)));
    let notes = [
        stored.as_ref().ok().and_then(Option::as_deref),
        copy.as_ref().and_then(|(_, c)| c.as_deref().ok()),
    ];
    let sizes: Vec<u64> = notes.iter().flatten().filter_map(|note| size_of(note)).collect();
    let mut replay = Replay::new(&sizes)?;
    check_database(&db, &mut replay.report);
    read_all(&db, &mut replay, observer);
    compare_tables(&db, &mut replay);
    check_stock(&db, &mut replay.report);
    match stored {
        Ok(Some(note)) => check_note(&mut replay, "LEDGER-CHECKPOINT", None, &note),
        Ok(None) => replay
            .report
            .add("LEDGER-CHECKPOINT", None, msg!("ledger-finding-no-checkpoint")),
        Err(fault) => replay.report.fault(None, &fault),
    }
    if let Some((path, read)) = copy {
        let before = replay.report.count;
        match read {
            Ok(note) => check_note(&mut replay, "LEDGER-OUTSIDE-COPY", Some(path), &note),
            Err(e) => {
                let missing = e.kind() == std::io::ErrorKind::NotFound;
                let path = path.to_owned();
                let fault = if missing {
                    LedgerError::CopyMissing(path)
                } else {
                    LedgerError::CopyDamaged(path)
                };
                replay.report.add("LEDGER-OUTSIDE-COPY", None, fault.msg());
            }
        }
        replay.report.copy_agrees = Some(replay.report.count == before);
    }
    Ok(finish(replay, against))
}

/// Verifies an exported file of all entries (JSON Lines), with the checkpoint where there is one.
pub fn verify_lines(
    lines: &mut dyn BufRead,
    note: Option<&str>,
    against: &Against,
    observer: &mut dyn Observer,
) -> Result<Report, LedgerError> {
    let sizes: Vec<u64> = note.and_then(size_of).into_iter().collect();
    let mut replay = Replay::new(&sizes)?;
    observer.begin(&msg!("ledger-verifying"), 0);
    let mut line = Vec::new();
    loop {
        line.clear();
        let read = std::io::Read::take(&mut *lines, LONGEST_LINE).read_until(b'\n', &mut line);
        let failed = |e: std::io::Error| LedgerError::Database {
            doing: "reading the file",
            what: e.to_string(),
        };
        if read.map_err(failed)? == 0 {
            break;
        }
        // Each line ends in a line feed, the last one too: a file that was cut within a line does not pass.
        let seq = replay.report.entries;
        match line.strip_suffix(b"\n") {
            Some(whole) => replay.feed(seq, whole),
            None => replay.feed(seq, &[line.as_slice(), b"\n"].concat()),
        };
        if seq.is_multiple_of(STRIDE) {
            observer.advance(seq);
        }
    }
    observer.end();
    if let Some(note) = note {
        check_note(&mut replay, "LEDGER-CHECKPOINT", None, note);
    }
    Ok(finish(replay, against))
}

fn finish(mut replay: Replay, against: &Against) -> Report {
    check_stock(&replay.tables, &mut replay.report);
    replay.report.root = replay.root();
    if let Some(Err(fault)) = replay.state.as_ref().map(State::is_whole) {
        let last = replay.report.entries.checked_sub(1);
        replay.report.fault(last, &fault);
    }
    if replay.report.entries == 0 {
        replay.report.add("LEDGER-SEQ", None, msg!("ledger-finding-empty"));
    }
    if let Some(key) = &against.key
        && replay.report.log_key != key.to_string()
    {
        replay.report.add(
            "LEDGER-LOG-KEY",
            None,
            msg!("ledger-finding-log-key", found = replay.report.log_key),
        );
    }
    replay.report
}

/// The blanks of each lot once more, from several sides.
fn check_stock(tables: &Connection, report: &mut Report) {
    match centre::stock_faults(tables) {
        Ok(faults) => {
            for (lot, what) in faults {
                let what = msg!("ledger-finding-stock", lot = lot).with_word("what", "stock-column", &what);
                report.add("LEDGER-STOCK", None, what);
            }
        }
        Err(fault) => report.fault(None, &fault),
    }
}

/// The size that a note claims, believed or not.
fn size_of(note: &str) -> Option<u64> {
    let text = note.split_inclusive('\n').take(3).collect::<String>();
    Checkpoint::parse(&text).map(|checkpoint| checkpoint.size)
}

fn read_all(db: &Connection, replay: &mut Replay, observer: &mut dyn Observer) {
    let size = match store::size(db) {
        Ok(size) => size,
        Err(fault) => return replay.report.fault(None, &fault),
    };
    observer.begin(&msg!("ledger-verifying"), size);
    let mut nodes = 0;
    for seq in 0..size {
        match store::line(db, seq) {
            Ok(line) => {
                for (level, index, hash) in replay.feed(seq, &line) {
                    nodes += 1;
                    check_node(db, &mut replay.report, (level, index, hash), seq);
                }
            }
            Err(fault) => replay.report.fault(Some(seq), &fault),
        }
        if seq.is_multiple_of(STRIDE) {
            observer.advance(seq);
        }
    }
    observer.end();
    let stored = db.query_row("SELECT count(*) FROM nodes", [], |row| row.get::<_, i64>(0));
    if stored.is_ok_and(|stored| stored != nodes) {
        replay
            .report
            .add("LEDGER-TREE", None, msg!("ledger-finding-nodes", expected = nodes));
    }
}

fn check_node(db: &Connection, report: &mut Report, node: (u8, u64, Hash), seq: u64) {
    let (level, index, hash) = node;
    if store::node(db, level, index) != Ok(hash) {
        report.add(
            "LEDGER-TREE",
            Some(seq),
            msg!("ledger-finding-node", seq = seq, level = level, index = index),
        );
    }
}

/// SQLite's own view of the file, and that tables and triggers are those of the format.
fn check_database(db: &Connection, report: &mut Report) {
    let texts = |db: &Connection, sql: &str| -> rusqlite::Result<Vec<String>> {
        db.prepare(sql)?.query_map([], |row| row.get::<_, String>(0))?.collect()
    };
    match texts(db, "PRAGMA integrity_check(20)") {
        Ok(lines) => {
            for line in lines.iter().filter(|line| *line != "ok") {
                report.add("LEDGER-DATABASE", None, msg!("ledger-finding-database", what = line));
            }
        }
        Err(e) => report.add("LEDGER-DATABASE", None, msg!("ledger-finding-database", what = e)),
    }
    if !matches!((store::schema_of(db), store::schema()), (Ok(found), Ok(expected)) if found == expected) {
        report.add("LEDGER-SCHEMA", None, msg!("ledger-finding-schema"));
    }
}

/// Row by row, each table as it is stored and as the entries make it.
fn compare_tables(db: &Connection, replay: &mut Replay) {
    for table in tables() {
        match first_difference(db, &replay.tables, table) {
            Ok(None) => {}
            Ok(Some(row)) => {
                let what = msg!("ledger-finding-projection", table = table, row = row);
                replay.report.add("LEDGER-PROJECTION", None, what);
            }
            Err(e) => replay
                .report
                .add("LEDGER-DATABASE", None, msg!("ledger-finding-database", what = e)),
        }
    }
}

fn first_difference(stored: &Connection, made: &Connection, table: &str) -> rusqlite::Result<Option<String>> {
    let columns = stored.prepare(&format!("SELECT * FROM {table}"))?.column_count();
    let order = if columns > 2 { "1, 2, 3" } else { "1, 2" };
    let sql = format!("SELECT * FROM {table} ORDER BY {order}");
    let (mut left, mut right) = (stored.prepare(&sql)?, made.prepare(&sql)?);
    let (mut left, mut right) = (left.query([])?, right.query([])?);
    loop {
        let row = |row: Option<&rusqlite::Row<'_>>| -> rusqlite::Result<Option<Vec<Value>>> {
            row.map(|row| (0..columns).map(|i| row.get(i)).collect()).transpose()
        };
        let (a, b) = (row(left.next()?)?, row(right.next()?)?);
        if a != b {
            let shown = a
                .as_ref()
                .or(b.as_ref())
                .map(|cells| cells.iter().take(2).map(cell).collect::<Vec<_>>());
            return Ok(Some(shown.unwrap_or_default().join(" ")));
        }
        if a.is_none() {
            return Ok(None);
        }
    }
}

fn cell(value: &Value) -> String {
    match value {
        Value::Text(text) => text.chars().take(60).collect(),
        Value::Integer(number) => number.to_string(),
        _ => String::new(),
    }
}

fn check_note(replay: &mut Replay, check: &'static str, path: Option<&Path>, note: &str) {
    let Some(state) = &replay.state else { return };
    let key = NoteKey {
        name: origin(&state.site),
        key: state.init.log_key,
    };
    let wrong: Option<Msg> = match believed(note, &key) {
        Ok(checkpoint) => match replay.contains(&checkpoint) {
            Ok(()) => {
                replay.report.covered = replay.report.covered.max(checkpoint.size);
                None
            }
            Err(fault) => Some(fault.msg()),
        },
        Err(fault) => Some(match (path, fault) {
            (Some(path), NoteFault::OtherKey) => LedgerError::Replaced(path.to_owned()).msg(),
            (Some(path), _) => LedgerError::CopyDamaged(path.to_owned()).msg(),
            (None, _) => LedgerError::WrongLogKey.msg(),
        }),
    };
    if let Some(what) = wrong {
        replay.report.add(check, None, what);
    }
}

/// Makes the tables again from the entries, in one commit, also where an earlier version of the program made them. The
/// entries themselves are not touched.
pub fn rebuild(path: &Path, observer: &mut dyn Observer) -> Result<u64, LedgerError> {
    let mut db = store::open(path, false)?;
    let doing = LedgerError::while_doing("making the tables again");
    let tx = db
        .transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)
        .map_err(&doing)?;
    store::make_tables_again(&tx, tables())?;
    let size = store::size(&tx)?;
    let mut state = State::found(&store::entry(&tx, 0)?)?;
    observer.begin(&msg!("ledger-rebuilding"), size);
    for seq in 0..size {
        let entry = store::entry(&tx, seq)?;
        if seq > 0 {
            state.admit(&entry)?;
        }
        super::projection::apply(&tx, &entry, Some(&state))?;
        if seq.is_multiple_of(STRIDE) {
            observer.advance(seq);
        }
    }
    observer.end();
    debug_assert!(whole(size) >= 0);
    tx.commit().map_err(doing)?;
    Ok(size)
}
