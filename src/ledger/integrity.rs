// SPDX-License-Identifier: Apache-2.0
//! What the database file says of itself: SQLite's own check of its pages and indexes, tables and triggers as the format
//! has them, and the stored tables row by row beside those that the entries make.

use std::path::Path;

use rusqlite::types::Value;
use rusqlite::{Connection, Row};

use super::error::LedgerError;
use super::finding::Report;
use super::projection::tables;
use super::store;
use crate::msg;

/// SQLite's own view of the file, and that tables and triggers are those of the format.
pub(super) fn check_database(db: &Connection) -> Report {
    let mut report = Report::default();
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
    let expected = store::version(db).and_then(store::schema);
    if !matches!((store::schema_of(db), expected), (Ok(found), Ok(expected)) if found == expected) {
        report.add("LEDGER-SCHEMA", None, msg!("ledger-finding-schema"));
    }
    report
}

/// A second connection that sees the same moment of the ledger as `db`, which has begun to read. None where there is no
/// such connection to be had, because the file does not allow it or others append all the time.
pub(super) fn beside(db: &Connection, path: &Path) -> Option<Connection> {
    let second = store::open(path, true).ok()?;
    second.execute_batch("BEGIN").ok()?;
    let seen = |db: &Connection| -> Result<_, LedgerError> { Ok((store::size(db)?, store::checkpoint(db)?)) };
    // Ledgers only grow: with as many entries and the same checkpoint, it is the same moment.
    (seen(&second).ok()? == seen(db).ok()?).then_some(second)
}

/// Row by row, each table as it is stored and as the entries make it.
pub(super) fn compare_tables(stored: &Connection, made: &Connection, report: &mut Report) {
    let format = store::version(stored).unwrap_or(store::FORMAT);
    for table in tables().filter(|table| store::had_table(format, table)) {
        match first_difference(stored, made, table) {
            Ok(None) => {}
            Ok(Some(row)) => {
                let what = msg!("ledger-finding-projection", table = table, row = row);
                report.add("LEDGER-PROJECTION", None, what);
            }
            Err(e) => report.add("LEDGER-DATABASE", None, msg!("ledger-finding-database", what = e)),
        }
    }
}

fn first_difference(stored: &Connection, made: &Connection, table: &str) -> rusqlite::Result<Option<String>> {
    let columns = stored.prepare(&format!("SELECT * FROM {table}"))?.column_count();
    let sql = in_order(table, columns);
    let (mut left, mut right) = (stored.prepare(&sql)?, made.prepare(&sql)?);
    let (mut left, mut right) = (left.query([])?, right.query([])?);
    loop {
        let (a, b) = (left.next()?, right.next()?);
        let (a, b) = match (a, b) {
            (None, None) => return Ok(None),
            (Some(a), Some(b)) if same(a, b, columns)? => continue,
            (a, b) => (cells(a, columns)?, cells(b, columns)?),
        };
        if a != b {
            let shown = a.or(b).unwrap_or_default();
            return Ok(Some(shown.iter().take(2).map(cell).collect::<Vec<_>>().join(" ")));
        }
    }
}

/// A table's rows in the order of its key, so that nothing has to be sorted.
fn in_order(table: &str, columns: usize) -> String {
    let order = if columns > 2 { "1, 2, 3" } else { "1, 2" };
    format!("SELECT * FROM {table} ORDER BY {order}")
}

fn same(a: &Row<'_>, b: &Row<'_>, columns: usize) -> rusqlite::Result<bool> {
    for i in 0..columns {
        if a.get_ref(i)? != b.get_ref(i)? {
            return Ok(false);
        }
    }
    Ok(true)
}

fn cells(row: Option<&Row<'_>>, columns: usize) -> rusqlite::Result<Option<Vec<Value>>> {
    row.map(|row| (0..columns).map(|i| row.get(i)).collect()).transpose()
}

fn cell(value: &Value) -> String {
    match value {
        Value::Text(text) => text.chars().take(60).collect(),
        Value::Integer(number) => number.to_string(),
        _ => String::new(),
    }
}
