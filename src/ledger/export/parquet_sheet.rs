// SPDX-License-Identifier: Apache-2.0
//! Apache Parquet (format version 2, PLAIN and dictionary pages, Snappy): typed columns, written in groups of rows, so that
//! memory holds one group and the footer.

use std::io::Write;
use std::sync::Arc;

use jiff::Timestamp;
use parquet::basic::Compression;
use parquet::data_type::{BoolType, ByteArray, ByteArrayType, Int64Type};
use parquet::errors::ParquetError;
use parquet::file::metadata::KeyValue;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::{SerializedColumnWriter, SerializedFileWriter};
use parquet::schema::parser::parse_message_type;

use super::sheet::{Cell, Column, Kind, Sheet};
use super::unwritten;
use crate::ledger::error::LedgerError;

/// Rows of a group.
const GROUP: usize = 8192;

/// The values of a column in one group. Absent ones are none of them, and stand as 0 in the levels.
struct Values {
    kind: Kind,
    always: bool,
    levels: Vec<i16>,
    numbers: Vec<i64>,
    texts: Vec<ByteArray>,
    flags: Vec<bool>,
}

impl Values {
    fn of(column: &Column) -> Self {
        Self {
            kind: column.kind,
            always: column.always,
            levels: Vec::new(),
            numbers: Vec::new(),
            texts: Vec::new(),
            flags: Vec::new(),
        }
    }

    fn add(&mut self, cell: Cell) -> Result<(), LedgerError> {
        let there = cell != Cell::Empty;
        match (self.kind, cell) {
            (Kind::Text, Cell::Text(text)) => self.texts.push(ByteArray::from(text.into_bytes())),
            (Kind::Whole, Cell::Whole(number)) => self.numbers.push(number),
            (Kind::Time, Cell::Time(at)) => {
                let at: Timestamp = at.as_str().parse().map_err(|_| mixed())?;
                self.numbers.push(at.as_millisecond());
            }
            (Kind::Flag, Cell::Flag(yes)) => self.flags.push(yes),
            (_, Cell::Empty) if !self.always => {}
            _ => return Err(mixed()),
        }
        self.levels.push(i16::from(there));
        Ok(())
    }

    fn write(&mut self, column: &mut SerializedColumnWriter<'_>) -> Result<(), ParquetError> {
        let levels = (!self.always).then_some(self.levels.as_slice());
        match self.kind {
            Kind::Text => column.typed::<ByteArrayType>().write_batch(&self.texts, levels, None)?,
            Kind::Whole | Kind::Time => column.typed::<Int64Type>().write_batch(&self.numbers, levels, None)?,
            Kind::Flag => column.typed::<BoolType>().write_batch(&self.flags, levels, None)?,
        };
        self.levels.clear();
        self.numbers.clear();
        self.texts.clear();
        self.flags.clear();
        Ok(())
    }
}

/// A Parquet file.
pub struct ParquetSheet<'a> {
    to: &'a mut dyn Write,
    /// Writes into memory, which is emptied after each group.
    file: SerializedFileWriter<Vec<u8>>,
    columns: Vec<Values>,
    rows: usize,
}

impl<'a> ParquetSheet<'a> {
    /// Begins a file of these columns. `facts` stand in its footer.
    pub fn begin(columns: &[Column], facts: &[(&str, String)], to: &'a mut dyn Write) -> Result<Self, LedgerError> {
        let fields: Vec<String> = columns.iter().map(field).collect();
        let schema = format!("message ledger {{ {} }}", fields.join(" "));
        let schema = parse_message_type(&schema).map_err(|e| failed(&e))?;
        let facts = facts
            .iter()
            .map(|(key, value)| KeyValue::new(format!("cardmint.{key}"), value.clone()));
        let properties = WriterProperties::builder()
            .set_created_by(concat!("cardmint version ", env!("CARGO_PKG_VERSION")).to_owned())
            .set_compression(Compression::SNAPPY)
            .set_key_value_metadata(Some(facts.collect()))
            .build();
        let file = SerializedFileWriter::new(Vec::new(), Arc::new(schema), Arc::new(properties));
        Ok(Self {
            to,
            file: file.map_err(|e| failed(&e))?,
            columns: columns.iter().map(Values::of).collect(),
            rows: 0,
        })
    }

    fn group(&mut self) -> Result<(), LedgerError> {
        self.rows = 0;
        let mut group = self.file.next_row_group().map_err(|e| failed(&e))?;
        for values in &mut self.columns {
            let mut column = group.next_column().map_err(|e| failed(&e))?.ok_or_else(mixed)?;
            values
                .write(&mut column)
                .and_then(|()| column.close())
                .map_err(|e| failed(&e))?;
        }
        group.close().map_err(|e| failed(&e))?;
        self.file.flush().map_err(|e| unwritten(&e))?;
        let bytes = std::mem::take(self.file.inner_mut());
        self.to.write_all(&bytes).map_err(|e| unwritten(&e))
    }
}

impl Sheet for ParquetSheet<'_> {
    fn row(&mut self, cells: Vec<Cell>) -> Result<(), LedgerError> {
        if cells.len() != self.columns.len() {
            return Err(mixed());
        }
        for (values, cell) in self.columns.iter_mut().zip(cells) {
            values.add(cell)?;
        }
        self.rows += 1;
        if self.rows == GROUP { self.group() } else { Ok(()) }
    }

    fn finish(mut self: Box<Self>) -> Result<(), LedgerError> {
        if self.rows > 0 {
            self.group()?;
        }
        let rest = self.file.into_inner().map_err(|e| failed(&e))?;
        self.to.write_all(&rest).map_err(|e| unwritten(&e))
    }
}

/// A column as a Parquet schema has it.
fn field(column: &Column) -> String {
    let need = if column.always { "REQUIRED" } else { "OPTIONAL" };
    let name = column.name;
    match column.kind {
        Kind::Text => format!("{need} BYTE_ARRAY {name} (STRING);"),
        Kind::Whole => format!("{need} INT64 {name};"),
        Kind::Time => format!("{need} INT64 {name} (TIMESTAMP(MILLIS,true));"),
        Kind::Flag => format!("{need} BOOLEAN {name};"),
    }
}

fn failed(e: &ParquetError) -> LedgerError {
    LedgerError::Unwritten {
        closed: false,
        what: e.to_string(),
    }
}

/// Cells that are not those of the columns: a mistake of this program.
fn mixed() -> LedgerError {
    LedgerError::Unwritten {
        closed: false,
        what: "cells do not fit their columns".to_owned(),
    }
}
