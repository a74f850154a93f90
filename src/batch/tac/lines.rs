// SPDX-License-Identifier: Apache-2.0
//! Transactions from a file: CSV with a heading, or JSON Lines. One line at a time is held, and of a line never more than
//! 64 KiB.

use std::io::{self, BufRead, Read};

use serde_json::Value;

use super::{Given, LineFault};

/// A line that is longer holds no transaction.
const LONGEST: usize = 64 << 10;

/// The form of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileFormat {
    /// Comma-separated values with a heading.
    Csv,
    /// One JSON object a line.
    Jsonl,
}

impl std::str::FromStr for FileFormat {
    type Err = LineFault;
    fn from_str(text: &str) -> Result<Self, LineFault> {
        match text {
            "csv" => Ok(Self::Csv),
            "jsonl" => Ok(Self::Jsonl),
            _ => Err(LineFault::Value {
                field: "format".to_owned(),
                text: text.chars().take(40).collect(),
            }),
        }
    }
}

/// The lines of a file, one by one.
pub struct Lines<R> {
    input: R,
    format: FileFormat,
    heading: Vec<String>,
    line: u64,
    buffer: Vec<u8>,
}

/// A line's number and what it says.
pub(super) type Numbered = (u64, Result<Given, LineFault>);

impl<R: BufRead> Lines<R> {
    /// Begins. Without a format the first character decides: `{` begins JSON Lines.
    pub fn new(mut input: R, format: Option<FileFormat>) -> io::Result<Self> {
        let start = input.fill_buf()?;
        let mark = start.strip_prefix(b"\xEF\xBB\xBF").map(|_| 3);
        input.consume(mark.unwrap_or(0));
        let first = input.fill_buf()?.iter().find(|b| !b.is_ascii_whitespace()).copied();
        let found = if first == Some(b'{') {
            FileFormat::Jsonl
        } else {
            FileFormat::Csv
        };
        let mut lines = Self {
            input,
            format: format.unwrap_or(found),
            heading: Vec::new(),
            line: 0,
            buffer: Vec::new(),
        };
        if lines.format == FileFormat::Csv && lines.read()? {
            lines.heading = lines.cells().unwrap_or_default();
        }
        Ok(lines)
    }

    /// The columns of a CSV file.
    pub fn heading(&self) -> &[String] {
        &self.heading
    }

    /// The next line that is not empty.
    pub fn next_line(&mut self) -> io::Result<Option<Numbered>> {
        while self.read()? {
            if self.buffer.iter().all(u8::is_ascii_whitespace) {
                continue;
            }
            let given = if self.buffer.len() > LONGEST {
                Err(LineFault::TooLong)
            } else {
                match self.format {
                    FileFormat::Csv => self.row(),
                    FileFormat::Jsonl => object(&self.buffer),
                }
            };
            return Ok(Some((self.line, given)));
        }
        Ok(None)
    }

    /// One line into the buffer; of a longer one, only that it is too long.
    fn read(&mut self) -> io::Result<bool> {
        self.buffer.clear();
        let most = LONGEST as u64 + 1;
        let read = self.input.by_ref().take(most).read_until(b'\n', &mut self.buffer)?;
        if read == 0 {
            return Ok(false);
        }
        self.line += 1;
        if self.buffer.len() > LONGEST && self.buffer.last() != Some(&b'\n') {
            self.skip()?;
        }
        Ok(true)
    }

    fn skip(&mut self) -> io::Result<()> {
        loop {
            let part = self.input.fill_buf()?;
            let (used, over) = match part.iter().position(|b| *b == b'\n') {
                Some(at) => (at + 1, true),
                None => (part.len(), part.is_empty()),
            };
            self.input.consume(used);
            if over {
                return Ok(());
            }
        }
    }

    fn row(&self) -> Result<Given, LineFault> {
        let cells = self.cells()?;
        if cells.len() != self.heading.len() {
            return Err(LineFault::Csv);
        }
        Ok(self.heading.iter().cloned().zip(cells).collect())
    }

    /// The cells of the line; no value of a transaction contains a line break.
    fn cells(&self) -> Result<Vec<String>, LineFault> {
        let mut reader = csv::ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .from_reader(self.buffer.as_slice());
        let mut record = csv::StringRecord::new();
        match reader.read_record(&mut record) {
            Ok(true) => Ok(record.iter().map(|cell| cell.trim().to_owned()).collect()),
            _ => Err(LineFault::Csv),
        }
    }
}

fn object(line: &[u8]) -> Result<Given, LineFault> {
    let object: serde_json::Map<String, Value> = serde_json::from_slice(line).map_err(|_| LineFault::Json)?;
    let texts = object.into_iter().filter(|(_, value)| !value.is_null());
    let text = |(name, value)| match value {
        Value::String(text) => Ok((name, text)),
        // A JSON number is its digits: an amount of 50.00 is never a float on the way.
        Value::Number(number) if number.is_u64() => Ok((name, number.to_string())),
        _ => Err(LineFault::Value {
            text: value.to_string().chars().take(40).collect(),
            field: name,
        }),
    };
    texts.map(text).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(text: &[u8]) -> Vec<Numbered> {
        let mut lines = Lines::new(text, None).unwrap();
        std::iter::from_fn(|| lines.next_line().unwrap()).collect()
    }

    #[test]
    fn lines_keep_their_numbers_whatever_stands_in_them() {
        let long = [b"\n".as_slice(), &vec![b'x'; LONGEST + 10], b"\n{\"tac\":\"00\"}"].concat();
        let text = [
            b"\xEF\xBB\xBF{\"number\":\"1\",\"counter\":7}\n\n{\"amount\":0.5}\nno json".as_slice(),
            &long,
        ]
        .concat();
        let found = all(&text);
        let at: Vec<u64> = found.iter().map(|f| f.0).collect();
        assert_eq!(at, [1, 3, 4, 5, 6]);
        let first = found[0].1.as_ref().unwrap();
        assert_eq!((first["number"].as_str(), first["counter"].as_str()), ("1", "7"));
        assert!(
            matches!(&found[1].1, Err(LineFault::Value { field, .. }) if field == "amount"),
            "a float is refused"
        );
        assert_eq!(found[2].1, Err(LineFault::Json));
        assert_eq!(found[3].1, Err(LineFault::TooLong));
        assert!(found[4].1.is_ok());
    }

    #[test]
    fn csv_has_a_heading_and_as_many_cells_in_every_row() {
        let found = all(b"number, tac\r\n1,\"2\"\r\n1\r\n1,2,3\r\n\xFF,2\r\n");
        assert_eq!(found[0].1.as_ref().unwrap()["tac"], "2");
        assert_eq!(found.iter().map(|f| f.0).collect::<Vec<_>>(), [2, 3, 4, 5]);
        assert!(found[1..].iter().all(|f| f.1 == Err(LineFault::Csv)));
        assert!(all(b"").is_empty());
    }
}
