// SPDX-License-Identifier: Apache-2.0
//! Damage beside the entries: tables made of them, nodes of the tree, triggers and indexes, the checkpoint and its copy.

use std::fs;

use rusqlite::Connection;
use rusqlite::types::Value;

use super::attacker::{note_over, put_note, tamper};
use super::case::{Case, Draw, Expected, Files, First, Opening};
use super::notes::is_right;
use super::subject::Subject;

fn bad(checks: &'static [&'static str]) -> Expected {
    Expected::Bad(First::Nowhere, checks)
}

fn names(db: &Connection, sql: &str) -> Vec<String> {
    let mut find = db.prepare(sql).unwrap();
    find.query_map([], |row| row.get(0))
        .unwrap()
        .map(Result::unwrap)
        .collect()
}

type Row = Vec<Value>;

fn rows(db: &Connection, table: &str) -> (Vec<String>, Vec<Row>) {
    let mut find = db.prepare(&format!("SELECT * FROM {table}")).unwrap();
    let columns: Vec<String> = find.column_names().map(str::to_owned).collect();
    let cells = |row: &rusqlite::Row<'_>| (0..columns.len()).map(|i| row.get(i)).collect();
    let all = find.query_map([], cells).unwrap().map(Result::unwrap).collect();
    (columns, all)
}

fn other(value: &Value, draw: &mut Draw) -> Value {
    match value {
        Value::Null if draw.percent(50) => Value::Integer(3),
        Value::Null => Value::Text("x".to_owned()),
        Value::Integer(_) | Value::Text(_) if draw.percent(10) => Value::Null,
        Value::Integer(n) => Value::Integer(n + [1, -1, 7, 1 << 40][draw.below(4)]),
        Value::Text(text) => {
            let mut letters: Vec<char> = text.chars().collect();
            match letters.len() {
                0 => letters.push('x'),
                n => {
                    let at = draw.below(n);
                    letters[at] = if letters[at] == '7' { '8' } else { '7' };
                }
            }
            Value::Text(letters.into_iter().collect())
        }
        other => other.clone(),
    }
}

fn condition(columns: &[String]) -> String {
    let same = |(i, name): (usize, &String)| format!("{name} IS ?{}", i + 1);
    columns.iter().enumerate().map(same).collect::<Vec<_>>().join(" AND ")
}

/// A row of a table that follows from the entries is changed, taken out or added.
pub fn projection(files: &Files, s: &Subject, draw: &mut Draw) -> Case {
    let db = Connection::open(files.db()).unwrap();
    let all = names(
        &db,
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT IN ('entries', 'nodes', 'checkpoint', 'refused_clock')",
    );
    let table = draw.one(&all).clone();
    let (columns, stored) = rows(&db, &table);
    drop(db);
    if stored.is_empty() {
        return nodes(files, s, draw);
    }
    let mut row = draw.one(&stored).clone();
    let (how, at) = (draw.below(4), draw.below(columns.len()));
    let whole = condition(&columns);
    let before = row.clone();
    let params = |row: &Row| rusqlite::params_from_iter(row.clone());
    if how > 0 {
        row[at] = other(&row[at], draw);
    }
    let places: Vec<String> = (1..=columns.len()).map(|i| format!("?{i}")).collect();
    let done = tamper(&files.db(), |db| match how {
        0 => db
            .execute(&format!("DELETE FROM {table} WHERE {whole}"), params(&before))
            .map(drop),
        1 => db
            .execute(
                &format!("INSERT INTO {table} VALUES ({})", places.join(",")),
                params(&row),
            )
            .map(drop),
        _ => {
            let mut both = before.clone();
            both.push(row[at].clone());
            let set = format!("UPDATE {table} SET {} = ?{} WHERE {whole}", columns[at], both.len());
            db.execute(&set, params(&both)).map(drop)
        }
    });
    if done.is_err() || row == before && how > 0 {
        // A constraint that cannot be switched off.
        files.lay(s);
        return nodes(files, s, draw);
    }
    let what = format!("{how}: {table}.{} {:?}", columns[at], row[at]);
    Case::new("projection", what, bad(&["LEDGER-PROJECTION", "LEDGER-DATABASE"]))
}

/// A node of the tree is changed, taken out or added, or two change places.
pub fn nodes(files: &Files, _: &Subject, draw: &mut Draw) -> Case {
    let db = Connection::open(files.db()).unwrap();
    let mut find = db.prepare("SELECT level, idx, hash FROM nodes").unwrap();
    let cells = |row: &rusqlite::Row<'_>| Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?, row.get::<_, Vec<u8>>(2)?));
    let all: Vec<(i64, i64, Vec<u8>)> = find.query_map([], cells).unwrap().map(Result::unwrap).collect();
    drop(find);
    drop(db);
    let completed = |node: &(i64, i64, Vec<u8>)| (((node.1 + 1) << node.0) - 1) as u64;
    let (one, two) = (draw.one(&all).clone(), draw.one(&all).clone());
    let how = draw.below(4);
    let mut changed = one.2.clone();
    changed[draw.below(32)] ^= 1 << draw.below(8);
    let set = "UPDATE nodes SET hash = ?3 WHERE level = ?1 AND idx = ?2";
    tamper(&files.db(), |db| match how {
        0 => db
            .execute("DELETE FROM nodes WHERE level = ?1 AND idx = ?2", (one.0, one.1))
            .map(drop),
        1 => db
            .execute("INSERT INTO nodes VALUES (?1, ?2, ?3)", (9, 1000 + one.1, &one.2))
            .map(drop),
        2 if one.2 != two.2 => db
            .execute(set, (one.0, one.1, &two.2))
            .and_then(|_| db.execute(set, (two.0, two.1, &one.2)))
            .map(drop),
        _ => db.execute(set, (one.0, one.1, &changed)).map(drop),
    })
    .unwrap();
    let first = match how {
        1 => First::Nowhere,
        2 if one.2 != two.2 => First::At(completed(&one).min(completed(&two))),
        _ => First::At(completed(&one)),
    };
    let what = format!("{how}: {} {}", one.0, one.1);
    Case::new("nodes", what, Expected::Bad(first, &["LEDGER-TREE"]))
}

/// What holds the tables together is loosened, or something is put in.
pub fn schema(files: &Files, s: &Subject, draw: &mut Draw) -> Case {
    let db = Connection::open(files.db()).unwrap();
    let triggers = names(
        &db,
        "SELECT name FROM sqlite_schema WHERE type = 'trigger' ORDER BY name",
    );
    let indexes = names(
        &db,
        "SELECT name FROM sqlite_schema WHERE type = 'index' AND sql IS NOT NULL ORDER BY name",
    );
    let tables = names(&db, "SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name");
    let (trigger, index, table) = (draw.one(&triggers), draw.one(&indexes), draw.one(&tables));
    let lax = "PRAGMA writable_schema = ON; UPDATE sqlite_schema SET sql";
    let sql = match draw.below(13) {
        0 => format!("DROP TRIGGER {trigger}"),
        1 => format!("DROP INDEX {index}"),
        2 => format!("CREATE TRIGGER more AFTER INSERT ON entries BEGIN DELETE FROM {table}; END"),
        3 => format!("CREATE TABLE {table}_more (a)"),
        4 => format!("CREATE VIEW more AS SELECT * FROM {table}"),
        5 => "CREATE INDEX more ON entries (line)".to_owned(),
        6 => format!("ALTER TABLE {table} ADD COLUMN more TEXT"),
        7 => format!("{lax} = replace(sql, 'ABORT', 'IGNORE') WHERE name = '{trigger}'"),
        8 => format!("{lax} = replace(sql, 'NOT NULL', '') WHERE name = '{table}'"),
        9 => format!("{lax} = replace(sql, ' STRICT', '') WHERE name = '{table}'"),
        10 => format!("{lax} = replace(sql, 'BEGIN SELECT', 'BEGIN SELECT 1; SELECT') WHERE name = '{trigger}'"),
        11 => format!(
            "CREATE TEMP TABLE x (a); DROP TRIGGER {trigger}; CREATE TRIGGER {trigger} BEFORE INSERT ON entries BEGIN SELECT 1; END"
        ),
        _ => format!("DROP TABLE {table}"),
    };
    let before = names(&db, "SELECT coalesce(sql, '') || name FROM sqlite_schema ORDER BY 1");
    let done = db.execute_batch(&format!("PRAGMA foreign_keys = OFF; {sql}"));
    drop(db);
    let after = Connection::open(files.db()).unwrap();
    let after = after
        .prepare("SELECT coalesce(sql, '') || name FROM sqlite_schema ORDER BY 1")
        .and_then(|mut find| {
            find.query_map([], |row| row.get::<_, String>(0))?
                .collect::<Result<Vec<_>, _>>()
        });
    if done.is_err() || after.as_ref().is_ok_and(|after| *after == before) {
        files.lay(s);
        return nodes(files, s, draw);
    }
    Case::new("schema", sql.clone(), Expected::Bad(First::NotBefore(0), &[]))
}

/// Marks of the file that are not this format's.
pub fn marks(files: &Files, _: &Subject, draw: &mut Draw) -> Case {
    let pragma = *draw.one(&["user_version", "application_id"]);
    let value = draw.below(5);
    // 1 and 2 are versions: a file of the one has other tables, and one of the other is this.
    let value = if [1, 2].contains(&value) { 0x434D_4C46 } else { value };
    let sql = format!("PRAGMA {pragma} = {value}");
    Connection::open(files.db()).unwrap().execute_batch(&sql).unwrap();
    Case::new("marks", sql, bad(&[])).opening(Opening::Refused)
}

/// The checkpoint in the database is changed.
pub fn checkpoint(files: &Files, s: &Subject, draw: &mut Draw) -> Case {
    let size = s.lines.len();
    let site = s.values[0]["site"].as_str().unwrap().to_owned();
    let earlier = draw.one(&s.earlier);
    let mut text = s.note.clone().into_bytes();
    let at = draw.below(text.len());
    text[at] ^= 1 << draw.below(7);
    let flipped = String::from_utf8_lossy(&text).into_owned();
    let (how, note, column) = match draw.below(7) {
        0 => ("none", None, 0),
        1 => ("other key", Some(note_over(&s.lines, &site, 109)), size),
        2 => (
            "over fewer",
            Some(note_over(&s.lines[..earlier.size], &site, 109)),
            size,
        ),
        3 => (
            "size",
            Some(s.note.replacen(&format!("\n{size}\n"), &format!("\n{}\n", size - 1), 1)),
            size,
        ),
        4 => ("column", Some(s.note.clone()), size - 1 - draw.below(size - 1)),
        5 => ("bit", Some(flipped), size),
        _ => ("taken back", Some(earlier.note.clone()), earlier.size),
    };
    tamper(&files.db(), |db| match &note {
        Some(note) => put_note(db, column, note),
        None => db.execute("DELETE FROM checkpoint", []).map(drop),
    })
    .unwrap();
    let right = how == "bit" && note.as_ref().is_some_and(|note| is_right(note, &s.note));
    let expected = if right {
        Expected::Good
    } else {
        bad(&["LEDGER-CHECKPOINT"])
    };
    let case = Case::new("checkpoint", format!("{how} {at}"), expected);
    match note {
        Some(note) if !["column", "taken back"].contains(&how) => case.export(&s.lines, &note),
        _ => case,
    }
}

/// The copy outside is changed.
pub fn copy_outside(files: &Files, s: &Subject, draw: &mut Draw) -> Case {
    let site = s.values[0]["site"].as_str().unwrap().to_owned();
    let mut bytes = s.note.clone().into_bytes();
    let at = draw.below(bytes.len());
    let how = draw.below(6);
    match how {
        0 => {
            fs::remove_file(files.copy()).unwrap();
            return Case::new("copy-outside", "missing", bad(&["LEDGER-OUTSIDE-COPY"])).opening(Opening::Refused);
        }
        1 => bytes = note_over(&s.lines, &site, 109).into_bytes(),
        2 => bytes.truncate(at),
        3 => {
            let mut longer = s.lines.clone();
            longer.push(b"{}".to_vec());
            // The log's true key: the database has lost an entry.
            bytes = note_over(&longer, &site, super::subject::LOG).into_bytes();
        }
        4 => {
            let mut fork = s.lines.clone();
            fork[at % s.lines.len()] = b"{}".to_vec();
            bytes = note_over(&fork, &site, super::subject::LOG).into_bytes();
        }
        _ => bytes[at] ^= 1 << draw.below(8),
    }
    fs::write(files.copy(), &bytes).unwrap();
    // Where the SM2 line is not the log's any more, the rest of the note is as good as without it.
    let case = if std::str::from_utf8(&bytes).is_ok_and(|note| is_right(note, &s.note)) {
        Case::new("copy-outside", format!("{how} {at}"), Expected::Good).opening(Opening::Allowed)
    } else {
        Case::new("copy-outside", format!("{how} {at}"), bad(&["LEDGER-OUTSIDE-COPY"])).opening(Opening::Refused)
    };
    match String::from_utf8(bytes) {
        Ok(note) => case.export(&s.lines, &note),
        Err(_) => case,
    }
}

/// What changes the file and not what it says.
pub fn harmless(files: &Files, s: &Subject, draw: &mut Draw) -> Case {
    let how = draw.below(8);
    let sql = [
        "VACUUM",
        "REINDEX",
        "PRAGMA journal_mode = DELETE",
        "PRAGMA journal_mode = DELETE; PRAGMA page_size = 1024; VACUUM",
        "ANALYZE",
        "PRAGMA journal_mode = DELETE; PRAGMA page_size = 65536; VACUUM; PRAGMA journal_mode = WAL",
        "",
        "",
    ][how];
    match how {
        6 => fs::write(files.copy(), &draw.one(&s.earlier).note).unwrap(),
        7 => files.put(&s.torn.0, Some(&s.torn.1)),
        _ => Connection::open(files.db()).unwrap().execute_batch(sql).unwrap(),
    }
    Case::new("harmless", format!("{how} {sql}"), Expected::Good)
        .opening(Opening::Allowed)
        .export(&s.lines, &s.note)
}
