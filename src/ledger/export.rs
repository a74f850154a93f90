// SPDX-License-Identifier: Apache-2.0
//! Entries and cards as files: JSON Lines of entries, which are the stored bytes themselves and so the evidence; and tables
//! (CSV, Parquet, JSON Lines) of entries or of cards, which are for reading. `docs/formats/export.md` has every column.
//!
//! A file is written in one pass, row by row, from one state of the database.

mod cards;
mod json_sheet;
mod parquet_sheet;
mod sheet;
mod spreadsheet;

pub use cards::{CARD_COLUMNS, HOLDER_COLUMNS, HolderCells, HolderOf};
pub use json_sheet::JsonSheet;
pub use parquet_sheet::ParquetSheet;
pub use sheet::{Cell, Column, Kind, Sheet};
pub use spreadsheet::{CsvForm, CsvSheet, Encoding};

use std::io::{self, Write};

use sha2::{Digest as _, Sha256};

use super::act::{Act, LedgerExport};
use super::entry::{Entry, canonical};
use super::error::LedgerError;
use super::field::{Number, Text, Word};
use super::filter::{Count, Filter};
use super::hash::Hash;
use super::log::Ledger;
use super::store;

/// What was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Exported {
    /// How many rows: entries, or cards.
    pub entries: u64,
    /// The first `seq` of the range.
    pub from: u64,
    /// One more than the last `seq` of the range.
    pub to: u64,
    /// The digest of the file.
    pub digest: Hash,
}

/// What the rows of a table are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Rows {
    /// Entries.
    #[default]
    Entries,
    /// Cards.
    Cards,
}

impl Rows {
    /// The columns of a table of them.
    pub fn columns(self, with_holders: bool) -> Vec<Column> {
        match self {
            Self::Entries => ENTRY_COLUMNS.to_vec(),
            Self::Cards if with_holders => [CARD_COLUMNS, HOLDER_COLUMNS].concat(),
            Self::Cards => CARD_COLUMNS.to_vec(),
        }
    }
}

impl Exported {
    /// The act that records it.
    pub fn act(&self, format: &str, rows: Rows, filter: &Filter, reason: Option<&Text>) -> Result<Act, LedgerError> {
        Ok(Act::LedgerExport(self.body(format, rows, filter, reason)?))
    }

    /// The act's body, with all that it was narrowed to. `reason`: why holders' data are in the file.
    pub fn body(
        &self,
        format: &str,
        rows: Rows,
        filter: &Filter,
        reason: Option<&Text>,
    ) -> Result<LedgerExport, LedgerError> {
        let text = |given: &Option<String>| given.as_deref().map(Text::new).transpose();
        let content = match rows {
            Rows::Entries => None,
            Rows::Cards => Some(Word::new("cards")?),
        };
        Ok(LedgerExport {
            format: Text::new(format)?,
            content,
            from: self.from,
            to: self.to,
            since: filter.since.clone(),
            until: filter.until.clone(),
            act: text(&filter.act)?,
            number: filter.number.as_deref().map(Number::new).transpose()?,
            batch: text(&filter.batch)?,
            by: text(&filter.officer)?,
            holders: reason.is_some(),
            reason: reason.cloned(),
            entries: self.entries,
            digest: self.digest,
        })
    }
}

/// The columns of a table of entries.
pub const ENTRY_COLUMNS: &[Column] = &[
    Column::always("seq", Kind::Whole),
    Column::always("at", Kind::Time),
    Column::always("site", Kind::Text),
    Column::always("rehearsal", Kind::Flag),
    Column::always("act", Kind::Text),
    Column::always("officer", Kind::Text),
    Column::maybe("approvers", Kind::Text),
    Column::maybe("number", Kind::Text),
    Column::maybe("chip", Kind::Text),
    Column::maybe("terminal", Kind::Text),
    Column::maybe("batch", Kind::Text),
    Column::maybe("result", Kind::Text),
    Column::maybe("amount", Kind::Whole),
    Column::maybe("key", Kind::Text),
    Column::maybe("kcv", Kind::Text),
    Column::maybe("reason", Kind::Text),
    Column::always("body", Kind::Text),
    Column::always("leaf", Kind::Text),
];

/// Counts the digest of what goes through.
pub struct Digesting<'a> {
    to: &'a mut dyn Write,
    sha: Sha256,
}

impl<'a> Digesting<'a> {
    /// Of what goes there.
    pub fn new(to: &'a mut dyn Write) -> Self {
        Self { to, sha: Sha256::new() }
    }

    /// Ends it: the digest of all that was written.
    pub fn digest(mut self) -> io::Result<Hash> {
        self.flush()?;
        Ok(Hash(self.sha.finalize().into()))
    }
}

impl Write for Digesting<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.to.write(bytes)?;
        self.sha.update(&bytes[..written]);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.to.flush()
    }
}

impl Ledger {
    /// Writes the entries that pass the filter as JSON Lines.
    pub fn export_jsonl(&self, filter: &Filter, to: &mut dyn Write) -> Result<Exported, LedgerError> {
        let (from, to_seq) = self.range_of(filter)?;
        let mut out = Digesting::new(to);
        let mut entries = 0;
        self.each_stored(filter, Count::All, &mut |_, line| {
            entries += 1;
            out.write_all(line)
                .and_then(|()| out.write_all(b"\n"))
                .map_err(|e| unwritten(&e))
        })?;
        Ok(Exported {
            entries,
            from,
            to: to_seq,
            digest: out.digest().map_err(|e| unwritten(&e))?,
        })
    }

    /// Writes the entries that pass the filter as CSV, with these headings for [`ENTRY_COLUMNS`], and with a byte order mark
    /// for office programs where asked.
    pub fn export_csv(
        &self,
        filter: &Filter,
        headings: &[String],
        bom: bool,
        to: &mut dyn Write,
    ) -> Result<Exported, LedgerError> {
        let form = CsvForm {
            headings: headings.to_vec(),
            bom,
            ..CsvForm::default()
        };
        self.export_table(Rows::Entries, filter, None, to, |out| {
            Ok(Box::new(CsvSheet::begin(form, out)?))
        })
    }

    /// Writes a row for each entry or card that passes the filter. `begin` makes the file around the rows; `holder` gives the
    /// holders of cards, where they were asked for.
    pub fn export_table<'a>(
        &self,
        rows: Rows,
        filter: &Filter,
        holder: Option<HolderOf<'_>>,
        to: &'a mut dyn Write,
        begin: impl for<'b> FnOnce(&'b mut Digesting<'a>) -> Result<Box<dyn Sheet + 'b>, LedgerError>,
    ) -> Result<Exported, LedgerError> {
        // One state of the database from the first row to the last.
        let snapshot = self
            .db
            .unchecked_transaction()
            .map_err(LedgerError::while_doing("reading the entries"))?;
        let mut out = Digesting::new(to);
        let mut sheet = begin(&mut out)?;
        let ((from, to), entries) = match rows {
            Rows::Entries => (self.range_of(filter)?, self.each_row(filter, sheet.as_mut())?),
            Rows::Cards => {
                filter.check_for_cards()?;
                let range = self.range_within(filter, store::size(&snapshot)?)?;
                (range, self.each_card(filter, range, holder, sheet.as_mut())?)
            }
        };
        sheet.finish()?;
        Ok(Exported {
            entries,
            from,
            to,
            digest: out.digest().map_err(|e| unwritten(&e))?,
        })
    }

    fn each_row(&self, filter: &Filter, sheet: &mut dyn Sheet) -> Result<u64, LedgerError> {
        let mut entries = 0;
        self.each_line(filter, &mut |entry, line| {
            entries += 1;
            sheet.row(row(entry, line, self.rehearsal()))
        })?;
        Ok(entries)
    }
}

fn row(entry: &Entry, line: &[u8], rehearsal: bool) -> Vec<Cell> {
    let act = serde_json::to_value(&entry.act).unwrap_or_default();
    let body = &act["body"];
    let text = |name: &str| Cell::text(body[name].as_str());
    let approvers: Vec<&str> = entry.sigs.iter().skip(1).map(|s| s.officer.as_str()).collect();
    vec![
        Cell::whole(Some(entry.seq)),
        Cell::Time(entry.at.clone()),
        Cell::Text(entry.site.to_string()),
        Cell::Flag(rehearsal),
        Cell::Text(entry.act.name().to_owned()),
        Cell::Text(entry.officer.to_string()),
        Cell::text((!approvers.is_empty()).then(|| approvers.join(" "))),
        text("number"),
        text("chip"),
        text("terminal"),
        text("batch"),
        text("result"),
        Cell::whole(body["amount"].as_u64()),
        text("key"),
        text("kcv"),
        text("reason"),
        Cell::Text(String::from_utf8_lossy(&canonical(body)).into_owned()),
        Cell::Text(Hash::leaf(line).to_string()),
    ]
}

pub(super) fn unwritten(e: &io::Error) -> LedgerError {
    LedgerError::Unwritten {
        closed: e.kind() == io::ErrorKind::BrokenPipe,
        what: e.to_string(),
    }
}
