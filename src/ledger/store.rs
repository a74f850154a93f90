// SPDX-License-Identifier: Apache-2.0
//! The database file: made once by `create`, opened without CREATE ever after; WAL, synchronous=FULL, foreign keys on.

use std::fs::{self, OpenOptions};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags, OptionalExtension, params};

use super::entry::Entry;
use super::error::LedgerError;
use super::hash::Hash;
use super::projection::whole;
use super::upkeep::{UpkeepFault, archive_of, is_remainder, medium};

/// `application_id` of the file: "CMLG".
pub(super) const APPLICATION: i64 = 0x434D_4C47;

/// `user_version` of the files that are written.
pub(super) const FORMAT: i64 = 2;

/// The oldest one that is read.
pub(super) const OLDEST: i64 = 1;

/// The whole of a database of the first version.
pub(super) const VERSION_1: &str = include_str!("upkeep/version1.sql");

/// The tables of the evidence.
pub(super) const SCHEMA: &str = include_str!("schema.sql");

/// The tables that can be made again.
pub(super) const PROJECTION: &str = concat!(include_str!("projection.sql"), include_str!("centre/tables.sql"));

/// Makes a new file with empty tables, readable by its owner alone. Nothing is overwritten.
pub(super) fn create(path: &Path) -> Result<Connection, LedgerError> {
    let made = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
    made.map_err(|e| match e.kind() {
        std::io::ErrorKind::AlreadyExists => LedgerError::AlreadyThere(path.to_owned()),
        _ => LedgerError::at(path)(e),
    })?;
    let failed = LedgerError::while_doing("making the tables");
    let prepared = connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE).and_then(|db| {
        db.execute_batch(&format!("BEGIN; {SCHEMA} {PROJECTION} COMMIT;"))
            .map_err(failed)?;
        Ok(db)
    });
    if prepared.is_err() {
        remove(path);
    }
    prepared
}

/// Removes a file that was just made and came to nothing, with what belongs to it.
pub(super) fn remove(path: &Path) {
    for end in ["", "-wal", "-shm"] {
        let mut name = path.as_os_str().to_owned();
        name.push(end);
        // What cannot be removed stays, and the next attempt names it.
        let _ = fs::remove_file(name);
    }
}

/// Opens an existing ledger.
pub(super) fn open(path: &Path, read_only: bool) -> Result<Connection, LedgerError> {
    if !path.is_file() {
        return Err(LedgerError::NotThere(path.to_owned()));
    }
    let db = if read_only {
        medium::open(path)?
    } else {
        Connection::open_with_flags(
            path,
            OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX,
        )
        .map_err(|_| LedgerError::NotALedger(path.to_owned()))?
    };
    match (number(&db, "application_id"), version(&db)) {
        (Ok(APPLICATION), Ok(FORMAT)) => {}
        (Ok(APPLICATION), Ok(OLDEST..FORMAT)) if read_only => {}
        (Ok(APPLICATION), Ok(OLDEST..FORMAT)) => return Err(UpkeepFault::OldFormat(path.to_owned()).into()),
        (Ok(APPLICATION), Ok(other)) => return Err(LedgerError::Version(other)),
        _ => return Err(LedgerError::NotALedger(path.to_owned())),
    }
    prepare(&db, read_only)?;
    Ok(db)
}

fn number(db: &Connection, pragma: &str) -> rusqlite::Result<i64> {
    db.query_row(&format!("PRAGMA {pragma}"), [], |row| row.get(0))
}

/// The format that a file is in.
pub(super) fn version(db: &Connection) -> rusqlite::Result<i64> {
    number(db, "user_version")
}

fn connect(path: &Path, access: OpenFlags) -> Result<Connection, LedgerError> {
    let db = Connection::open_with_flags(path, access | OpenFlags::SQLITE_OPEN_NO_MUTEX)
        .map_err(LedgerError::while_doing("opening the file"))?;
    prepare(&db, false)?;
    Ok(db)
}

pub(super) fn prepare(db: &Connection, read_only: bool) -> Result<(), LedgerError> {
    let set = || {
        db.busy_timeout(Duration::from_secs(20))?;
        db.pragma_update(None, "trusted_schema", false)?;
        db.pragma_update(None, "foreign_keys", true)?;
        if !read_only {
            db.query_row("PRAGMA journal_mode = WAL", [], |_| Ok(()))?;
            db.pragma_update(None, "synchronous", "FULL")?;
        }
        plan_once(db)
    };
    set().map_err(LedgerError::while_doing("setting the database up"))
}

/// Statements are planned once and kept; values that are bound to them do not make SQLite plan them anew.
pub(super) fn plan_once(db: &Connection) -> rusqlite::Result<()> {
    db.set_prepared_statement_cache_capacity(128);
    db.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true).map(drop)
}

/// Tables, indexes and triggers of a file, in one order. What ANALYZE makes is no part of the format; but only just that,
/// since whoever writes to the schema by hand can give a trigger such a name too.
pub(super) fn schema_of(db: &Connection) -> rusqlite::Result<Vec<String>> {
    // Text that was made a blob reads the same here; only what it is kept as tells.
    let sql = "SELECT type || ' ' || name || ' ' || tbl_name || ' ' || coalesce(sql, '')
                   || iif(typeof(type) || typeof(name) || typeof(tbl_name) || typeof(sql)
                          IN ('texttexttexttext', 'texttexttextnull'), '', ' (not text)') FROM sqlite_schema
               WHERE coalesce(sql, '') NOT IN ('CREATE TABLE sqlite_stat1(tbl,idx,stat)',
                   'CREATE TABLE sqlite_stat4(tbl,idx,neq,nlt,ndlt,sample)') ORDER BY type, name";
    db.prepare(sql)?.query_map([], |row| row.get(0))?.collect()
}

/// The same as a file of this format has it.
pub(super) fn schema(format: i64) -> rusqlite::Result<Vec<String>> {
    let fresh = Connection::open_in_memory()?;
    if format == OLDEST {
        fresh.execute_batch(VERSION_1)?;
    } else {
        fresh.execute_batch(&format!("{SCHEMA} {PROJECTION}"))?;
    }
    schema_of(&fresh)
}

/// The text of a trigger as this format has it.
pub(super) fn trigger(name: &str) -> rusqlite::Result<String> {
    let fresh = Connection::open_in_memory()?;
    fresh.execute_batch(&format!("{SCHEMA} {PROJECTION}"))?;
    let sql = "SELECT sql FROM sqlite_schema WHERE type = 'trigger' AND name = ?1";
    fresh.query_row(sql, [name], |row| row.get(0))
}

/// Whether files of this format have a table.
pub(super) fn had_table(format: i64, table: &str) -> bool {
    format != OLDEST || VERSION_1.contains(&format!("CREATE TABLE {table} ("))
}

/// A file has all of that, or an earlier version of the program made its tables; and no triggers or views more, which could
/// make an append do something else.
pub(super) fn check_schema(db: &Connection, path: &Path) -> Result<(), LedgerError> {
    let doing = LedgerError::while_doing("reading the tables");
    let format = version(db).map_err(&doing)?;
    let (stored, expected) = (schema_of(db).map_err(&doing)?, schema(format).map_err(&doing)?);
    let works = |one: &&String| one.starts_with("trigger ") || one.starts_with("view ");
    if expected.iter().any(|one| !stored.contains(one)) {
        Err(LedgerError::OtherTables(path.to_owned()))
    } else if stored.iter().filter(works).any(|one| !expected.contains(one)) {
        Err(LedgerError::ForeignTrigger(path.to_owned()))
    } else {
        Ok(())
    }
}

/// Empty tables in place of those that there are, in a transaction of the caller.
pub(super) fn make_tables_again<'a>(
    db: &Connection,
    tables: impl Iterator<Item = &'a &'a str>,
) -> Result<(), LedgerError> {
    let doing = LedgerError::while_doing("making the tables again");
    // Tables refer to one another; what counts is how they stand in the end.
    db.execute_batch("PRAGMA defer_foreign_keys = ON").map_err(&doing)?;
    for table in tables {
        db.execute_batch(&format!("DROP TABLE IF EXISTS {table}"))
            .map_err(&doing)?;
    }
    db.execute_batch(PROJECTION).map_err(doing)
}

/// How many entries there are.
pub(super) fn size(db: &Connection) -> Result<u64, LedgerError> {
    let doing = LedgerError::while_doing("counting the entries");
    let mut last = db
        .prepare_cached("SELECT coalesce(max(seq) + 1, 0) FROM entries")
        .map_err(&doing)?;
    last.query_row([], |row| row.get::<_, i64>(0))
        .map(i64::cast_unsigned)
        .map_err(doing)
}

/// A stored line, byte for byte.
pub(super) fn line(db: &Connection, seq: u64) -> Result<Vec<u8>, LedgerError> {
    let doing = LedgerError::while_doing("reading an entry");
    let mut find = db
        .prepare_cached("SELECT line FROM entries WHERE seq = ?1")
        .map_err(&doing)?;
    let found = find
        .query_row([whole(seq)], |row| Ok(row.get_ref(0)?.as_bytes()?.to_vec()))
        .optional()
        .map_err(doing)?;
    let line = found.ok_or(LedgerError::NoEntry(seq))?;
    match is_remainder(&line).then(|| archive_of(db, seq)).transpose()?.flatten() {
        Some(archive) => Err(archive.holds(seq)),
        None => Ok(line),
    }
}

/// A stored entry.
pub(super) fn entry(db: &Connection, seq: u64) -> Result<Entry, LedgerError> {
    let found = Entry::parse(&line(db, seq)?).map_err(|_| LedgerError::Damaged { seq })?;
    if found.seq == seq {
        Ok(found)
    } else {
        Err(LedgerError::Damaged { seq })
    }
}

/// A node of the tree.
pub(super) fn node(db: &Connection, level: u8, index: u64) -> Result<Hash, LedgerError> {
    let doing = LedgerError::while_doing("reading the tree");
    let mut find = db
        .prepare_cached("SELECT hash FROM nodes WHERE level = ?1 AND idx = ?2")
        .map_err(&doing)?;
    let found = find
        .query_row(params![level, whole(index)], |row| {
            Ok(row.get_ref(0)?.as_bytes().ok().and_then(Hash::from_slice))
        })
        .optional()
        .map_err(doing)?;
    found.flatten().ok_or(LedgerError::TreeDamaged)
}

/// Stores an entry's line.
pub(super) fn put_line(db: &Connection, seq: u64, line: &[u8]) -> Result<(), LedgerError> {
    let text = std::str::from_utf8(line).map_err(|_| LedgerError::Damaged { seq })?;
    db.prepare_cached("INSERT INTO entries (seq, line) VALUES (?1, ?2)")
        .and_then(|mut put| put.execute(params![whole(seq), text]))
        .map(drop)
        .map_err(LedgerError::while_doing("storing an entry"))
}

/// Stores nodes of the tree.
pub(super) fn put_nodes(db: &Connection, nodes: &[(u8, u64, Hash)]) -> Result<(), LedgerError> {
    let doing = LedgerError::while_doing("storing the tree");
    let mut put = db
        .prepare_cached("INSERT INTO nodes (level, idx, hash) VALUES (?1, ?2, ?3)")
        .map_err(&doing)?;
    for (level, index, hash) in nodes {
        put.execute(params![level, whole(*index), hash.0]).map_err(&doing)?;
    }
    Ok(())
}

/// The newest checkpoint's note, where there is one. The size beside it, which a trigger watches, is the note's.
pub(super) fn checkpoint(db: &Connection) -> Result<Option<String>, LedgerError> {
    let sql = "SELECT note, size FROM checkpoint WHERE one = 0";
    let stored = db
        .query_row(sql, [], |row| Ok((row.get::<_, String>(0)?, row.get::<_, i64>(1)?)))
        .optional()
        .map_err(LedgerError::while_doing("reading the checkpoint"))?;
    match stored {
        // A note that cannot be read is for whoever checks its signature.
        Some((note, size)) if said_size(&note).is_none_or(|said| whole(said) == size) => Ok(Some(note)),
        Some(_) => Err(LedgerError::CheckpointAltered),
        None => Ok(None),
    }
}

/// The size in the second line of a checkpoint.
fn said_size(note: &str) -> Option<u64> {
    note.lines().nth(1)?.parse().ok()
}

/// Stores the newest checkpoint.
pub(super) fn put_checkpoint(db: &Connection, size: u64, note: &str) -> Result<(), LedgerError> {
    let sql = "INSERT INTO checkpoint (one, size, note) VALUES (0, ?1, ?2)
               ON CONFLICT (one) DO UPDATE SET size = excluded.size, note = excluded.note";
    let stored = db.execute(sql, params![whole(size), note]);
    stored
        .map(drop)
        .map_err(LedgerError::while_doing("storing the checkpoint"))
}

/// Counts a refused attempt.
pub(super) fn refuse_clock(db: &Connection, now: &str) -> Result<(), LedgerError> {
    let sql = "INSERT INTO refused_clock (one, earliest, attempts) VALUES (0, ?1, 1)
               ON CONFLICT (one) DO UPDATE SET earliest = min(earliest, excluded.earliest), attempts = attempts + 1";
    db.execute(sql, [now])
        .map(drop)
        .map_err(LedgerError::while_doing("recording the refused clock"))
}

/// The refused attempts that no entry records yet; taking them clears the table.
pub(super) fn take_refused_clock(db: &Connection) -> Result<Option<(String, u32)>, LedgerError> {
    db.query_row("DELETE FROM refused_clock RETURNING earliest, attempts", [], |row| {
        Ok((row.get(0)?, row.get(1)?))
    })
    .optional()
    .map_err(LedgerError::while_doing("reading the refused clock"))
}
