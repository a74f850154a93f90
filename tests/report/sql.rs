// SPDX-License-Identifier: Apache-2.0
//! The numbers of a period by SQL over entries and tables, written without a look at how the program adds them up.

use std::collections::BTreeMap;
use std::path::Path;

use rusqlite::{Connection, OpenFlags};

/// begun, issued, failed-blank, failed-partial, in-doubt, void.
pub type Counts = [i64; 6];

pub struct Sql {
    db: Connection,
    /// Days of Beijing time.
    from: &'static str,
    to: &'static str,
}

/// Attempts of the period with what they are about, how they ended, and when and by whom.
const ATTEMPTS: &str = "
WITH intents AS (
    SELECT seq, at, act, line ->> '$.body.number' number, line ->> '$.body.template' template,
           coalesce(line ->> '$.body.batch', '') batch, line ->> '$.body.reader' reader, line ->> '$.officer' officer
    FROM entries WHERE act IN ('card.intent', 'psam.intent')),
outcomes AS (
    SELECT o.at, i.act, i.template, i.batch, i.reader, o.line ->> '$.officer' officer, o.line ->> '$.body.result' what
    FROM entries o JOIN intents i ON i.seq = (o.line ->> '$.body.intent')
    WHERE o.act IN ('card.outcome', 'psam.outcome')),
voids AS (
    SELECT v.at, i.act, i.template, i.batch, i.reader, i.officer, 'void' what
    FROM entries v JOIN intents i ON i.number = (v.line ->> '$.body.number')
    WHERE v.act = 'card.void' AND i.act = (CASE v.line ->> '$.body.kind' WHEN 'user' THEN 'card.intent' ELSE 'psam.intent' END)
      AND i.seq = (SELECT max(seq) FROM intents j WHERE j.number = i.number AND j.act = i.act AND j.seq < v.seq)),
facts AS (
    SELECT at, act, template, batch, reader, officer, 'begun' what FROM intents
    UNION ALL SELECT * FROM outcomes UNION ALL SELECT * FROM voids)
";

impl Sql {
    pub fn open(path: &Path, from: &'static str, to: &'static str) -> Self {
        let db = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
        Self { db, from, to }
    }

    fn days(&self) -> String {
        format!("date(at, '+8 hours') BETWEEN '{}' AND '{}'", self.from, self.to)
    }

    /// Attempts by a column of the facts above, or an expression over them.
    pub fn by(&self, column: &str) -> BTreeMap<String, Counts> {
        let whats = ["begun", "issued", "failed-blank", "failed-partial", "in-doubt", "void"];
        let sums: Vec<String> = whats.iter().map(|what| format!("sum(what = '{what}')")).collect();
        let sql = format!(
            "{ATTEMPTS} SELECT {column}, {} FROM facts WHERE {} GROUP BY 1",
            sums.join(", "),
            self.days()
        );
        let mut find = self.db.prepare(&sql).unwrap();
        let rows = find.query_map([], |row| {
            let mut counts = [0; 6];
            for (at, count) in counts.iter_mut().enumerate() {
                *count = row.get(at + 1)?;
            }
            Ok((row.get(0)?, counts))
        });
        rows.unwrap().map(Result::unwrap).collect()
    }

    pub fn number(&self, sql: &str) -> i64 {
        let sql = sql.replace("$days", &self.days());
        self.db
            .query_row(&sql, [], |row| row.get::<_, Option<i64>>(0))
            .unwrap_or_else(|e| panic!("{e}: {sql}"))
            .unwrap_or(0)
    }

    pub fn rows(&self, sql: &str) -> Vec<Vec<String>> {
        let sql = sql.replace("$days", &self.days());
        let mut find = self.db.prepare(&sql).unwrap_or_else(|e| panic!("{e}: {sql}"));
        let columns = find.column_count();
        let rows = find.query_map([], |row| {
            let cell = |at| -> rusqlite::Result<String> {
                let value: rusqlite::types::Value = row.get(at)?;
                Ok(match value {
                    rusqlite::types::Value::Null => String::new(),
                    rusqlite::types::Value::Integer(n) => n.to_string(),
                    rusqlite::types::Value::Text(text) => text,
                    other => panic!("{other:?}"),
                })
            };
            (0..columns).map(cell).collect::<rusqlite::Result<Vec<_>>>()
        });
        rows.unwrap().map(Result::unwrap).collect()
    }
}
