// SPDX-License-Identifier: Apache-2.0
//! Order files as comma-separated values (RFC 4180), read row by row with bounded memory however large or broken the file is.
//!
//! Stricter than spreadsheets: quotes stand around a whole cell or nowhere, no cell holds a line break, a control character
//! or a byte order mark, and bytes outside the file's coding are named where they stand. A row with such cells is given out with
//! its faults, and reading goes on; only a quote that is never closed ends it, because nobody can know where the next row begins.

use std::io::Read;

use super::encoding::{TextEncoding, TextStream};
use crate::error::{Exit, Fault};
use crate::i18n::Msg;
use crate::msg;

/// Bytes (of UTF-8) of the longest cell.
pub const LONGEST_CELL: usize = 4096;
/// The most columns of a file.
pub const MOST_COLUMNS: usize = 256;

/// What is wrong with one cell, whatever it should mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CellFault {
    /// A quote inside a cell that does not begin with one.
    StrayQuote,
    /// Text behind the closing quote.
    BehindQuote,
    /// A line break inside quotes.
    LineBreak,
    /// A carriage return without line feed.
    CarriageReturn,
    /// A control character; NUL is one.
    Control {
        /// Its code.
        code: u32,
    },
    /// A byte order mark that is not at the very beginning: files put one behind the other.
    ByteOrderMark,
    /// Bytes that are not of the file's coding.
    Undecodable,
    /// Longer than [`LONGEST_CELL`].
    TooLong,
}

impl CellFault {
    /// The fault in words.
    pub fn msg(self) -> Msg {
        match self {
            Self::StrayQuote => msg!("cell-stray-quote"),
            Self::BehindQuote => msg!("cell-behind-quote"),
            Self::LineBreak => msg!("cell-line-break"),
            Self::CarriageReturn => msg!("cell-carriage-return"),
            Self::Control { code } => msg!("cell-control", code = format!("{code:04X}")),
            Self::ByteOrderMark => msg!("cell-byte-order-mark"),
            Self::Undecodable => msg!("cell-undecodable"),
            Self::TooLong => msg!("cell-too-long", most = LONGEST_CELL),
        }
    }
}

/// Why nothing more can be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CsvFault {
    /// A quote that is not closed before the end of the file or of the longest cell.
    Unclosed {
        /// The line that it stands on.
        line: u64,
    },
    /// The file cannot be read.
    Read {
        /// What the system says.
        what: String,
    },
}

impl Fault for CsvFault {
    fn msg(&self) -> Msg {
        match self {
            Self::Unclosed { line } => msg!("order-unclosed", line = line, most = LONGEST_CELL),
            Self::Read { what } => msg!("order-read", what = what),
        }
    }

    fn exit(&self) -> Exit {
        Exit::Usage
    }
}

crate::display_as_english!(CsvFault);

/// A row; used again for the next one.
#[derive(Debug, Clone, Default)]
pub struct CsvRow {
    line: u64,
    text: String,
    ends: Vec<usize>,
    faults: Vec<(usize, CellFault)>,
    cells: usize,
}

impl CsvRow {
    /// The line, from 1, that it begins on.
    pub fn line(&self) -> u64 {
        self.line
    }

    /// How many cells it has, also beyond [`MOST_COLUMNS`], which are not kept.
    pub fn width(&self) -> usize {
        self.cells
    }

    /// Whether nothing stands in any cell.
    pub fn is_blank(&self) -> bool {
        self.text.trim().is_empty() && self.faults.is_empty()
    }

    /// A cell without blanks around it.
    pub fn cell(&self, place: usize) -> Option<&str> {
        let end = *self.ends.get(place)?;
        let start = place.checked_sub(1).map_or(0, |before| self.ends[before]);
        self.text.get(start..end).map(str::trim)
    }

    /// All cells.
    pub fn cells(&self) -> impl Iterator<Item = &str> {
        (0..self.ends.len()).filter_map(|place| self.cell(place))
    }

    /// What is wrong with cells, by place.
    pub fn faults(&self) -> &[(usize, CellFault)] {
        &self.faults
    }

    fn clear(&mut self, line: u64) {
        self.line = line;
        self.text.clear();
        self.ends.clear();
        self.faults.clear();
        self.cells = 0;
    }

    /// Each fault once a cell.
    fn fault(&mut self, fault: CellFault) {
        if !self.faults.contains(&(self.cells, fault)) && self.cells < MOST_COLUMNS {
            self.faults.push((self.cells, fault));
        }
    }

    fn begun(&self) -> usize {
        self.text.len() - self.ends.last().copied().unwrap_or(0)
    }

    /// Adds to the cell; false where it is too long.
    fn push(&mut self, text: &str) -> bool {
        if self.cells >= MOST_COLUMNS {
            return true;
        }
        let fits = self.begun() + text.len() <= LONGEST_CELL;
        if fits {
            self.text.push_str(text);
        }
        fits
    }

    fn end_cell(&mut self) {
        if self.cells < MOST_COLUMNS {
            let cell = &self.text[self.ends.last().copied().unwrap_or(0)..];
            let odd = cell.chars().filter_map(|c| match c {
                '\u{FEFF}' => Some(CellFault::ByteOrderMark),
                '\u{FFFD}' => Some(CellFault::Undecodable),
                // Line breaks have a fault of their own; a tab around a number is a blank.
                '\n' | '\r' | '\t' => None,
                c if c.is_control() => Some(CellFault::Control { code: c.into() }),
                _ => None,
            });
            let odd: Vec<CellFault> = odd.take(8).collect();
            for fault in odd {
                self.fault(fault);
            }
            self.ends.push(self.text.len());
        }
        self.cells += 1;
    }
}

/// Where the reader is within a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum At {
    /// At the beginning of a cell.
    Start,
    /// In a cell without quotes, or behind its closing quote.
    Plain,
    /// Inside quotes.
    Quoted,
    /// Behind a quote inside quotes.
    Closing,
}

/// Reads rows.
pub struct CsvReader<R> {
    stream: TextStream<R>,
    /// Decoded text, and how much of it is behind us.
    piece: String,
    behind: usize,
    /// The line that the next character stands on.
    line: u64,
    /// The line of the quote that was opened last.
    opened: u64,
    /// Whether the very first character is still to come.
    first: bool,
}

impl<R: Read> CsvReader<R> {
    /// A reader of bytes in that coding.
    pub fn new(source: R, encoding: TextEncoding) -> Self {
        Self {
            stream: TextStream::new(source, encoding),
            piece: String::new(),
            behind: 0,
            line: 1,
            opened: 1,
            first: true,
        }
    }

    /// The next row that is no empty line; false at the end of the file.
    pub fn read(&mut self, row: &mut CsvRow) -> Result<bool, CsvFault> {
        while self.row(row)? {
            if row.cells > 1 || !row.text.is_empty() || !row.faults.is_empty() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The next row, an empty line too.
    fn row(&mut self, row: &mut CsvRow) -> Result<bool, CsvFault> {
        row.clear(self.line);
        let mut at = At::Start;
        loop {
            if !self.fill()? {
                return self.end(row, at);
            }
            let run = self.run(at);
            at = if run > 0 {
                self.text(row, at, run)?
            } else {
                match self.sign(row, at)? {
                    Some(next) => next,
                    None => return Ok(true),
                }
            };
        }
    }

    /// The file ends here.
    fn end(&self, row: &mut CsvRow, at: At) -> Result<bool, CsvFault> {
        match at {
            At::Quoted => Err(CsvFault::Unclosed { line: self.opened }),
            At::Start if row.cells == 0 => Ok(false),
            _ => {
                row.end_cell();
                Ok(true)
            }
        }
    }

    /// Whether there is a next character; fetches it.
    fn fill(&mut self) -> Result<bool, CsvFault> {
        while self.behind == self.piece.len() {
            self.behind = 0;
            let more = self.stream.next(&mut self.piece);
            let more = more.map_err(|e| CsvFault::Read { what: e.to_string() })?;
            if !more {
                return Ok(false);
            }
            if std::mem::take(&mut self.first) && self.piece.starts_with('\u{FEFF}') {
                self.behind = '\u{FEFF}'.len_utf8();
            }
        }
        Ok(true)
    }

    /// How many bytes of ordinary text come next.
    fn run(&self, at: At) -> usize {
        let rest = &self.piece.as_bytes()[self.behind..];
        let sign = |b: &u8| matches!(b, b'"' | b'\n' | b'\r') || (*b == b',' && at != At::Quoted);
        rest.iter().position(sign).unwrap_or(rest.len())
    }

    /// Takes ordinary text into the cell.
    fn text(&mut self, row: &mut CsvRow, at: At, run: usize) -> Result<At, CsvFault> {
        let text = &self.piece[self.behind..self.behind + run];
        let fits = row.push(text);
        self.behind += run;
        match at {
            At::Quoted if !fits => return Err(CsvFault::Unclosed { line: self.opened }),
            At::Quoted => return Ok(At::Quoted),
            At::Closing => row.fault(CellFault::BehindQuote),
            At::Start | At::Plain => {}
        }
        if !fits {
            row.fault(CellFault::TooLong);
        }
        Ok(At::Plain)
    }

    /// Takes a sign: quote, comma, line break. `None` at the end of the row.
    fn sign(&mut self, row: &mut CsvRow, at: At) -> Result<Option<At>, CsvFault> {
        let sign = self.take();
        match (at, sign) {
            (At::Quoted, b'"') => return Ok(Some(At::Closing)),
            (At::Quoted, _) => {
                row.fault(CellFault::LineBreak);
                let fits = row.push(" ");
                return if fits {
                    Ok(Some(at))
                } else {
                    Err(CsvFault::Unclosed { line: self.opened })
                };
            }
            (_, b',') => {
                row.end_cell();
                return Ok(Some(At::Start));
            }
            (_, b'\n') => {
                row.end_cell();
                return Ok(None);
            }
            (_, b'\r') => {
                if self.fill()? && self.piece.as_bytes()[self.behind] == b'\n' {
                    self.take();
                    row.end_cell();
                    return Ok(None);
                }
                row.fault(CellFault::CarriageReturn);
                return Ok(Some(At::Plain));
            }
            (At::Start, _) => self.opened = self.line,
            (At::Closing, _) => {
                row.push("\"");
            }
            (At::Plain, _) => {
                row.fault(CellFault::StrayQuote);
                return Ok(Some(At::Plain));
            }
        }
        Ok(Some(At::Quoted))
    }

    /// The next sign.
    fn take(&mut self) -> u8 {
        let sign = self.piece.as_bytes()[self.behind];
        self.behind += 1;
        self.line += u64::from(sign == b'\n');
        sign
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    type Rows = Vec<(u64, Vec<String>, Vec<(usize, CellFault)>)>;

    fn rows(bytes: &[u8], encoding: TextEncoding) -> (Rows, Option<CsvFault>) {
        let mut reader = CsvReader::new(bytes, encoding);
        let (mut row, mut rows) = (CsvRow::default(), Rows::new());
        loop {
            match reader.read(&mut row) {
                Ok(true) => {
                    let cells = row.cells().map(str::to_owned).collect();
                    rows.push((row.line(), cells, row.faults().to_vec()));
                }
                Ok(false) => return (rows, None),
                Err(fault) => return (rows, Some(fault)),
            }
        }
    }

    fn utf8(text: &str) -> (Rows, Option<CsvFault>) {
        rows(text.as_bytes(), TextEncoding::Utf8)
    }

    fn cells(text: &str) -> Vec<Vec<String>> {
        let (rows, fault) = utf8(text);
        assert!(
            fault.is_none() && rows.iter().all(|r| r.2.is_empty()),
            "{rows:?} {fault:?}"
        );
        rows.into_iter().map(|r| r.1).collect()
    }

    #[test]
    fn plain_files() {
        let expected = vec![vec!["a", "b"], vec!["1", "张三"]];
        for text in [
            "a,b\n1,张三\n",
            "a,b\r\n1,张三",
            "\u{FEFF}a,b\n\n1,张三\r\n\r\n",
            "\"a\",\"b\"\n 1 ,\"张三\"\n",
        ] {
            assert_eq!(cells(text), expected, "{text:?}");
        }
        assert_eq!(cells("\"a,\"\"b\"\"\",\"\",\n"), vec![vec!["a,\"b\"", "", ""]]);
        assert_eq!(cells(""), Vec::<Vec<String>>::new());
        assert_eq!(cells("\u{FEFF}"), Vec::<Vec<String>>::new());
        let gb = encoding_rs::GB18030.encode("a,b\n1,张三\n").0.into_owned();
        assert_eq!(rows(&gb, TextEncoding::Gb18030).0[1].1, expected[1]);
    }

    #[test]
    fn lines_are_counted_as_an_editor_counts_them() {
        let lines: Vec<u64> = utf8("a\n\n\"x\ny\"\r\nb\n").0.iter().map(|r| r.0).collect();
        assert_eq!(lines, [1, 3, 5]);
    }

    #[test]
    fn faulty_cells_are_named_and_reading_goes_on() {
        let fault = |text: &str| {
            let (rows, stopped) = utf8(&format!("a,b\n1,{text}\n2,3\n"));
            assert_eq!((rows.len(), stopped), (3, None), "{text:?}");
            assert_eq!(rows[2].1, ["2", "3"], "{text:?}");
            rows[1].2.clone()
        };
        assert_eq!(fault("x\"y\""), [(1, CellFault::StrayQuote)]);
        assert_eq!(fault("\"x\"y"), [(1, CellFault::BehindQuote)]);
        assert_eq!(fault("\"x\" "), [(1, CellFault::BehindQuote)]);
        assert_eq!(fault("\"x\ny\""), [(1, CellFault::LineBreak)]);
        assert_eq!(fault("x\ry"), [(1, CellFault::CarriageReturn)]);
        assert_eq!(fault("x\0y"), [(1, CellFault::Control { code: 0 })]);
        assert_eq!(fault("\u{FEFF}x"), [(1, CellFault::ByteOrderMark)]);
        assert_eq!(fault(&"x".repeat(LONGEST_CELL + 1)), [(1, CellFault::TooLong)]);
        assert_eq!(fault(&"x".repeat(LONGEST_CELL)), []);
        let (rows, _) = rows(b"a\n\xB0\n1\n", TextEncoding::Utf8);
        assert_eq!(rows[1].2, [(0, CellFault::Undecodable)]);
    }

    #[test]
    fn a_quote_that_is_never_closed_ends_the_reading() {
        let (seen, stopped) = utf8("a,b\n1,2\n3,\"4\n5,6\n");
        assert_eq!((seen.len(), stopped), (2, Some(CsvFault::Unclosed { line: 3 })));
        let long = format!("a\n\"{}", "x\n".repeat(LONGEST_CELL));
        assert_eq!(utf8(&long).1, Some(CsvFault::Unclosed { line: 2 }));
    }

    #[test]
    fn many_columns_are_counted_and_not_kept() {
        let text = ",".repeat(1_000_000);
        let mut reader = CsvReader::new(text.as_bytes(), TextEncoding::Utf8);
        let mut row = CsvRow::default();
        assert!(reader.read(&mut row).unwrap());
        assert_eq!((row.width(), row.cells().count()), (1_000_001, MOST_COLUMNS));
    }

    proptest! {
        /// What the csv crate writes is read back to the same cells, with cells' outer blanks off.
        #[test]
        fn written_files_come_back(table in prop::collection::vec(prop::collection::vec("[ a-z,\"张0-9]{0,8}", 3), 1..8)) {
            let mut writer = csv::WriterBuilder::new().quote_style(csv::QuoteStyle::Always).from_writer(Vec::new());
            for row in &table {
                writer.write_record(row).unwrap();
            }
            let bytes = writer.into_inner().unwrap();
            let (read, stopped) = rows(&bytes, TextEncoding::Utf8);
            prop_assert_eq!(stopped, None);
            let expected: Vec<Vec<String>> =
                table.iter().map(|row| row.iter().map(|cell| cell.trim().to_owned()).collect()).collect();
            prop_assert_eq!(read.into_iter().map(|r| r.1).collect::<Vec<_>>(), expected);
        }

        /// Any bytes at all: no panic, and memory stays within the limits.
        #[test]
        fn no_bytes_panic(bytes in prop::collection::vec(prop_oneof![any::<u8>(), Just(b'"'), Just(b','), Just(b'\n'), Just(b'\r')], 0..600)) {
            for encoding in [TextEncoding::Utf8, TextEncoding::Gb18030] {
                let (seen, _) = rows(&bytes, encoding);
                for (line, cells, faults) in seen {
                    prop_assert!(line >= 1 && cells.len() <= MOST_COLUMNS);
                    prop_assert!(cells.iter().all(|c| c.len() <= LONGEST_CELL));
                    prop_assert!(faults.iter().all(|(place, _)| *place < MOST_COLUMNS));
                }
            }
        }
    }
}
