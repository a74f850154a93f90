// SPDX-License-Identifier: Apache-2.0
//! CSV (RFC 4180) that spreadsheets open without harm: no cell is a formula, not even where a program takes another separator
//! for the cells or trims what stands before it; on request with a byte order mark, in GB18030, with times in Beijing time, and
//! with long digits kept as text.

use std::io::Write;

use jiff::Timestamp;
use jiff::tz::Offset;

use super::sheet::{Cell, Sheet};
use super::unwritten;
use crate::ledger::error::LedgerError;
use crate::ledger::field::Moment;

/// How characters become bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Encoding {
    /// UTF-8.
    #[default]
    Utf8,
    /// GB18030, which has every character of Unicode.
    Gb18030,
}

/// How a CSV file is written.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CsvForm {
    /// A heading for each column.
    pub headings: Vec<String>,
    /// Whether it begins with a byte order mark; for UTF-8 only.
    pub bom: bool,
    /// How characters become bytes.
    pub encoding: Encoding,
    /// Whether times are Beijing time, `2026-11-21 09:26:34`; else UTC as in the ledger.
    pub beijing: bool,
    /// Whether text that a spreadsheet would read as a number (and round, or take zeros from) has a tab behind it.
    pub digits_as_text: bool,
}

/// A CSV file.
pub struct CsvSheet<'a> {
    csv: csv::Writer<&'a mut dyn Write>,
    form: CsvForm,
}

impl<'a> CsvSheet<'a> {
    /// Begins a file with its headings.
    pub fn begin(form: CsvForm, to: &'a mut dyn Write) -> Result<Self, LedgerError> {
        if form.bom && form.encoding == Encoding::Utf8 {
            to.write_all("\u{feff}".as_bytes()).map_err(|e| unwritten(&e))?;
        }
        let csv = csv::WriterBuilder::new()
            .terminator(csv::Terminator::CRLF)
            .from_writer(to);
        let mut sheet = Self { csv, form };
        let headings: Vec<String> = sheet.form.headings.iter().map(|h| safe(h)).collect();
        sheet.record(&headings)?;
        Ok(sheet)
    }

    fn record(&mut self, cells: &[String]) -> Result<(), LedgerError> {
        // The bytes of GB18030's characters are none that CSV means something by.
        let bytes = |cell: &String| match self.form.encoding {
            Encoding::Utf8 => cell.as_bytes().to_vec(),
            Encoding::Gb18030 => encoding_rs::GB18030.encode(cell).0.into_owned(),
        };
        let record: Vec<Vec<u8>> = cells.iter().map(bytes).collect();
        self.csv.write_record(record).map_err(failed)
    }

    fn shown(&self, cell: &Cell) -> String {
        match cell {
            Cell::Empty => String::new(),
            Cell::Text(text) if self.form.digits_as_text && is_number(text) => format!("{text}\t"),
            Cell::Text(text) => safe(text),
            Cell::Whole(number) => number.to_string(),
            Cell::Time(at) if self.form.beijing => beijing(at),
            Cell::Time(at) => at.to_string(),
            Cell::Flag(yes) => yes.to_string(),
        }
    }
}

impl Sheet for CsvSheet<'_> {
    fn row(&mut self, cells: Vec<Cell>) -> Result<(), LedgerError> {
        let cells: Vec<String> = cells.iter().map(|cell| self.shown(cell)).collect();
        self.record(&cells)
    }

    fn finish(mut self: Box<Self>) -> Result<(), LedgerError> {
        self.csv.flush().map_err(|e| unwritten(&e))
    }
}

fn failed(e: csv::Error) -> LedgerError {
    let text = e.to_string();
    match e.into_kind() {
        csv::ErrorKind::Io(e) => unwritten(&e),
        _ => LedgerError::Unwritten {
            closed: false,
            what: text,
        },
    }
}

/// As spreadsheets read a time.
fn beijing(at: &Moment) -> String {
    match at.as_str().parse::<Timestamp>() {
        Ok(at) => Offset::constant(8).to_datetime(at).to_string().replace('T', " "),
        Err(_) => at.to_string(),
    }
}

/// What some program or other begins a formula with, in the forms that a keyboard for Chinese makes of it, too.
const FORMULA: [char; 13] = ['=', '+', '-', '@', '＝', '＋', '－', '＠', '﹦', '﹢', '﹣', '﹫', '−'];

/// Whether it begins a formula. Programs trim what cannot be seen.
fn is_formula(text: &str) -> bool {
    let unseen = |c: char| {
        c.is_whitespace()
            || c.is_control()
            || matches!(c, '\u{ad}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
    };
    text.trim_start_matches(unseen).starts_with(FORMULA)
}

/// Whether a spreadsheet would read a number (`00003100`, `1234E5`) and show another text.
fn is_number(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_digit()) && text.parse::<f64>().is_ok()
}

/// A cell that a spreadsheet would take for a formula gets an apostrophe before it; so does what follows a separator that is
/// not the file's own, where a program set to another one would begin a cell.
fn safe(cell: &str) -> String {
    let mut text = String::with_capacity(cell.len() + 1);
    if is_formula(cell) || cell.starts_with(['\t', '\r', '\n']) {
        text.push('\'');
    }
    let mut rest = cell;
    while let Some(at) = rest.find([';', '\t', '|', '\r', '\n', '；']) {
        let behind = rest[at..].chars().next().map_or(rest.len(), |c| at + c.len_utf8());
        text.push_str(&rest[..behind]);
        rest = &rest[behind..];
        if is_formula(rest) {
            text.push('\'');
        }
    }
    text.push_str(rest);
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_cell_is_a_formula() {
        for evil in [
            "=1+1",
            "+1",
            "-1",
            "@SUM(A1)",
            "\t=1",
            "\r=1",
            "\n=1",
            "\tx",
            "\rx",
            "＝1",
            "＋1",
            "－1",
            "＠1",
            "﹦1",
            " =1",
            "   +1",
            "\u{3000}=1",
            "\u{a0}=1",
            "\u{feff}=1",
            "\u{200b}=1",
            "\u{202e}=1",
            "\u{0}=1",
            "=cmd|'/C calc'!A0",
            "@SUM(1+1)*cmd|' /C calc'!A0",
            "=DDE(\"cmd\";\"/C calc\";\"x\")",
            "-2+3+cmd|'/C calc'!A0",
            "=HYPERLINK(\"http://x\")",
            "−1",
        ] {
            assert!(safe(evil).starts_with('\''), "{evil:?}");
            let apart = safe(&format!("a;{evil}"));
            assert!(
                apart.starts_with("a;'") || !is_formula(evil),
                "{evil:?} in a cell of another separator"
            );
        }
        assert_eq!(safe("a; =1;b|+2"), "a;' =1;b|'+2");
        assert!(
            is_number("00003100")
                && is_number("1234E5")
                && !is_number("+1")
                && !is_number("2677F4")
                && !is_number("inf")
        );
        for good in [
            "00003100",
            "张三",
            "load/1 998877; purchase/1 112233",
            "a-b",
            "2026-11-18T11:06:48Z",
            "",
            "{\"a\":\"=1\"}",
            "'",
            "a;b",
        ] {
            assert_eq!(safe(good), good);
        }
    }

    fn written(form: CsvForm, cells: Vec<Cell>) -> Vec<u8> {
        let mut out = Vec::new();
        let mut sheet = Box::new(CsvSheet::begin(form, &mut out).unwrap());
        sheet.row(cells).unwrap();
        sheet.finish().unwrap();
        out
    }

    fn form() -> CsvForm {
        CsvForm {
            headings: vec!["卡号".into(), "time".into()],
            ..CsvForm::default()
        }
    }

    #[test]
    fn forms_are_what_they_say() {
        let cells = vec![
            Cell::Text("3100000000000011".into()),
            Cell::Time(Moment::new("2026-12-31T16:00:01Z").unwrap()),
        ];
        let plain = String::from_utf8(written(form(), cells.clone())).unwrap();
        assert_eq!(plain, "卡号,time\r\n3100000000000011,2026-12-31T16:00:01Z\r\n");
        let office = CsvForm {
            bom: true,
            beijing: true,
            digits_as_text: true,
            ..form()
        };
        let office = String::from_utf8(written(office, cells)).unwrap();
        assert_eq!(
            office,
            "\u{feff}卡号,time\r\n3100000000000011\t,2027-01-01 00:00:01\r\n"
        );
    }

    #[test]
    fn gb18030_is_read_back_with_every_separator_in_the_text() {
        let form = CsvForm {
            encoding: Encoding::Gb18030,
            bom: true,
            ..form()
        };
        // Characters whose bytes in GB18030 hold those of ASCII, and one of four bytes.
        let text = "\"丂\",亊\r\n𠮷镕";
        let bytes = written(form, vec![Cell::Text(text.into()), Cell::Flag(true)]);
        let (back, _, wrong) = encoding_rs::GB18030.decode(&bytes);
        assert!(!wrong && !back.starts_with('\u{feff}'));
        let mut reader = csv::Reader::from_reader(back.as_bytes());
        let row = reader.records().next().unwrap().unwrap();
        assert_eq!((&row[0], &row[1]), (text, "true"));
    }
}
