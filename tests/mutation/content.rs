// SPDX-License-Identifier: Apache-2.0
//! What a database says, read with nothing but SQL: the second opinion on a copy that the verifier calls good.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use rusqlite::types::{Value, ValueRef};
use rusqlite::{Connection, OpenFlags, Row};

/// Everything that a file says, in an order that does not depend on where it lies in the file.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Content {
    /// The lines as a walk through the table finds them.
    walked: BTreeMap<i64, Value>,
    /// The lines as they are found by their numbers.
    found: BTreeMap<i64, Value>,
    nodes: BTreeMap<(i64, i64), Value>,
    checkpoint: Vec<Vec<Value>>,
    rest: BTreeSet<String>,
    /// Something could not be read.
    pub broken: bool,
}

impl Content {
    pub fn read(path: &Path) -> Self {
        let mut all = Self::default();
        if all.take(path).is_err() {
            all.broken = true;
        }
        all
    }

    /// Whether the lines are these and everything could be read.
    pub fn of(&self, lines: &[Vec<u8>]) -> bool {
        let same = |(seq, line): (usize, &Vec<u8>)| {
            let text = Value::Text(String::from_utf8_lossy(line).into_owned());
            self.walked.get(&(seq as i64)) == Some(&text)
        };
        !self.broken && self.walked.len() == lines.len() && lines.iter().enumerate().all(same)
    }

    /// Whether it says the same as the undamaged one; of its checkpoint's note this decides `right`.
    pub fn agrees(&self, whole: &Self, right: impl Fn(&str) -> bool) -> bool {
        let noted = |rows: &[Vec<Value>]| match rows {
            [row] => match row.as_slice() {
                [one, size, Value::Text(note)] => Some((one.clone(), size.clone(), note.clone())),
                _ => None,
            },
            _ => None,
        };
        let same_note = match (noted(&self.checkpoint), noted(&whole.checkpoint)) {
            (Some((one, size, note)), Some((its_one, its_size, _))) => {
                one == its_one && size == its_size && right(&note)
            }
            _ => self.checkpoint == whole.checkpoint,
        };
        let alike = Self {
            checkpoint: whole.checkpoint.clone(),
            ..self.clone()
        };
        same_note && alike == *whole
    }

    fn take(&mut self, path: &Path) -> rusqlite::Result<()> {
        let db = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
        for pragma in ["user_version", "application_id"] {
            let value: i64 = db.query_row(&format!("PRAGMA {pragma}"), [], |row| row.get(0))?;
            self.rest.insert(format!("{pragma} {value}"));
        }
        self.part(|all| {
            let mut walk = db.prepare("SELECT seq, line FROM entries NOT INDEXED")?;
            let mut rows = walk.query([])?;
            while let Some(row) = rows.next()? {
                all.walked.insert(row.get(0)?, cell(row, 1)?);
            }
            Ok(())
        });
        self.part(|all| {
            let mut walk = db.prepare("SELECT level, idx, hash FROM nodes")?;
            let mut rows = walk.query([])?;
            while let Some(row) = rows.next()? {
                all.nodes.insert((row.get(0)?, row.get(1)?), cell(row, 2)?);
            }
            Ok(())
        });
        let last = self.walked.keys().last().copied().unwrap_or(0).clamp(0, 500);
        for seq in 0..=last {
            self.part(|all| {
                let line = db.query_row("SELECT line FROM entries WHERE seq = ?1", [seq], |row| cell(row, 0));
                match line {
                    Ok(line) => drop(all.found.insert(seq, line)),
                    Err(rusqlite::Error::QueryReturnedNoRows) => {}
                    Err(e) => return Err(e),
                }
                Ok(())
            });
        }
        let mut names = Vec::new();
        let sql = "SELECT type, name, tbl_name, sql FROM sqlite_schema";
        let mut tables = db.prepare(sql)?;
        let mut rows = tables.query([])?;
        while let Some(row) = rows.next()? {
            let cells = [cell(row, 0)?, cell(row, 1)?, cell(row, 2)?, cell(row, 3)?];
            if let [Value::Text(kind), Value::Text(name), ..] = &cells
                && kind == "table"
                && !["entries", "nodes"].contains(&name.as_str())
            {
                names.push(name.clone());
            }
            self.rest.insert(format!("{cells:?}"));
        }
        for name in names.iter().filter(|name| !name.starts_with("sqlite_stat")) {
            self.part(|all| all.table(&db, name));
        }
        Ok(())
    }

    fn part(&mut self, take: impl FnOnce(&mut Self) -> rusqlite::Result<()>) {
        if take(self).is_err() {
            self.broken = true;
        }
    }

    fn table(&mut self, db: &Connection, name: &str) -> rusqlite::Result<()> {
        let mut walk = db.prepare(&format!("SELECT * FROM \"{name}\""))?;
        let columns = walk.column_count();
        let mut rows = walk.query([])?;
        while let Some(row) = rows.next()? {
            let cells = (0..columns).map(|i| cell(row, i)).collect::<Result<Vec<_>, _>>()?;
            if name == "checkpoint" {
                self.checkpoint.push(cells);
                continue;
            }
            if !self.rest.insert(format!("{name} {cells:?}")) {
                self.rest.insert(format!("{name} {cells:?} twice"));
            }
        }
        Ok(())
    }

    /// The entries at which a verifier may find the first difference to the undamaged ledger, by either way of reading. What
    /// is missing at the end is not an entry's fault.
    pub fn first_differences(&self, whole: &Self) -> BTreeSet<Option<u64>> {
        let size = whole.walked.len() as i64;
        let lines = |mine: &BTreeMap<i64, Value>| {
            let ends = mine.range(..size).next_back().map_or(0, |(seq, _)| seq + 1);
            let changed = (0..ends).find(|seq| mine.get(seq) != whole.walked.get(seq));
            let more = mine.keys().find(|seq| !(0..size).contains(*seq)).map(|_| ends);
            let completed = |(level, index): &(i64, i64)| ((index + 1) << level) - 1;
            let nodes = whole.nodes.iter().filter(|(at, hash)| self.nodes.get(at) != Some(hash));
            let node = nodes.map(|(at, _)| completed(at)).min().filter(|seq| *seq < ends);
            [changed, more, node].into_iter().flatten().min().map(|seq| seq as u64)
        };
        BTreeSet::from([lines(&self.walked), lines(&self.found)])
    }
}

/// A cell as it is, also where a text is not UTF-8.
fn cell(row: &Row<'_>, at: usize) -> rusqlite::Result<Value> {
    Ok(match row.get_ref(at)? {
        ValueRef::Text(text) => match std::str::from_utf8(text) {
            Ok(text) => Value::Text(text.to_owned()),
            Err(_) => Value::Blob(text.to_vec()),
        },
        ValueRef::Null => Value::Null,
        ValueRef::Integer(n) => Value::Integer(n),
        ValueRef::Real(x) => Value::Real(x),
        ValueRef::Blob(bytes) => Value::Blob(bytes.to_vec()),
    })
}

/// The lines of a whole database.
pub fn lines(path: &Path) -> Vec<Vec<u8>> {
    let db = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
    let mut walk = db.prepare("SELECT line FROM entries ORDER BY seq").unwrap();
    let line = |row: &Row<'_>| row.get::<_, String>(0);
    walk.query_map([], line)
        .unwrap()
        .map(|line| line.unwrap().into_bytes())
        .collect()
}
