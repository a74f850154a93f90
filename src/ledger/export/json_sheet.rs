// SPDX-License-Identifier: Apache-2.0
//! Rows as JSON Lines: an object each, with the columns' names; what a row lacks is left out.

use std::io::Write;

use serde_json::{Map, Value};

use super::sheet::{Cell, Column, Sheet};
use super::unwritten;
use crate::ledger::entry::canonical;
use crate::ledger::error::LedgerError;

/// A JSON Lines file.
pub struct JsonSheet<'a> {
    to: &'a mut dyn Write,
    schema: &'static str,
    columns: &'a [Column],
}

impl<'a> JsonSheet<'a> {
    /// Begins a file of these columns; each line says its schema.
    pub fn begin(schema: &'static str, columns: &'a [Column], to: &'a mut dyn Write) -> Self {
        Self { to, schema, columns }
    }
}

impl Sheet for JsonSheet<'_> {
    fn row(&mut self, cells: Vec<Cell>) -> Result<(), LedgerError> {
        let mut fields = Map::new();
        fields.insert("schema".to_owned(), self.schema.into());
        for (column, cell) in self.columns.iter().zip(cells) {
            let value: Value = match cell {
                Cell::Empty => continue,
                Cell::Text(text) => text.into(),
                Cell::Whole(number) => number.into(),
                Cell::Time(at) => at.to_string().into(),
                Cell::Flag(yes) => yes.into(),
            };
            fields.insert(column.name.to_owned(), value);
        }
        let mut line = canonical(&Value::Object(fields));
        line.push(b'\n');
        self.to.write_all(&line).map_err(|e| unwritten(&e))
    }

    fn finish(self: Box<Self>) -> Result<(), LedgerError> {
        Ok(())
    }
}
