// SPDX-License-Identifier: Apache-2.0
//! Plain SQLite with the same lines: one table with one column, opened as the ledger is; no hashes, signatures or rules.

use std::io::Write;
use std::path::Path;

use rusqlite::{Connection, params};

pub(crate) fn open(path: &Path) -> Connection {
    let db = Connection::open(path).unwrap();
    db.query_row("PRAGMA journal_mode = WAL", [], |_| Ok(())).unwrap();
    db.execute_batch(
        "PRAGMA synchronous = FULL; CREATE TABLE entries (seq INTEGER PRIMARY KEY, line TEXT NOT NULL) STRICT",
    )
    .unwrap();
    db
}

/// Inserts lines in one commit.
pub(crate) fn insert<'a>(db: &mut Connection, lines: impl IntoIterator<Item = &'a str>) {
    let tx = db.transaction().unwrap();
    for line in lines {
        tx.prepare_cached("INSERT INTO entries (line) VALUES (?1)")
            .unwrap()
            .execute(params![line])
            .unwrap();
    }
    tx.commit().unwrap();
}

/// Writes all lines one after the other.
pub(crate) fn copy(db: &Connection, to: &mut dyn Write) {
    let mut find = db.prepare("SELECT line FROM entries ORDER BY seq").unwrap();
    let mut rows = find.query([]).unwrap();
    while let Some(row) = rows.next().unwrap() {
        to.write_all(row.get_ref(0).unwrap().as_bytes().unwrap()).unwrap();
        to.write_all(b"\n").unwrap();
    }
    to.flush().unwrap();
}

/// Looks one line up.
pub(crate) fn look_up(db: &Connection, seq: u64) -> String {
    let mut find = db.prepare_cached("SELECT line FROM entries WHERE seq = ?1").unwrap();
    find.query_row([seq.cast_signed()], |row| row.get::<_, String>(0))
        .unwrap()
}
