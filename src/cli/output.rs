// SPDX-License-Identifier: Apache-2.0
//! Where results go. Text for people in their language, or JSON Lines for programs: one object a line with a `schema` of
//! the form `cardmint.NAME/VERSION`. Results go to standard output, everything else to standard error.

use std::io::{self, IsTerminal, Write};

use serde::Serialize;
use unicode_width::UnicodeWidthStr;

use crate::error::{Error, Exit};
use crate::i18n::{Lang, Msg, visible};
use crate::msg;

/// The two streams and how to write to them.
pub struct Output {
    out: Box<dyn Write>,
    err: Box<dyn Write>,
    json: bool,
    lang: Lang,
    /// Whether people look at the error stream, so that a progress bar makes sense.
    pub watched: bool,
}

#[derive(Serialize)]
struct Line<'a, T> {
    schema: &'a str,
    #[serde(flatten)]
    value: &'a T,
}

#[derive(Serialize)]
struct ErrorLine<'a> {
    id: &'a str,
    message: String,
    hint: Option<String>,
    exit: u8,
}

impl Output {
    /// Standard output and standard error.
    pub fn standard(json: bool, lang: Lang) -> Self {
        let watched = io::stderr().is_terminal();
        Self {
            out: Box::new(io::BufWriter::new(io::stdout())),
            err: Box::new(io::stderr()),
            json,
            lang,
            watched,
        }
    }

    /// Other streams, for tests and for commands that run others.
    pub fn to(out: Box<dyn Write>, err: Box<dyn Write>, json: bool, lang: Lang) -> Self {
        Self {
            out,
            err,
            json,
            lang,
            watched: false,
        }
    }

    /// Whether JSON was asked for.
    pub fn is_json(&self) -> bool {
        self.json
    }

    /// The language of texts.
    pub fn lang(&self) -> Lang {
        self.lang
    }

    /// A message as a result line; nothing with `--json`.
    pub fn say(&mut self, msg: &Msg) -> Result<(), Error> {
        if self.json {
            Ok(())
        } else {
            self.line(&msg.render(self.lang))
        }
    }

    /// A line of text that is no sentence (hex, a digest); nothing with `--json`.
    pub fn text(&mut self, line: &str) -> Result<(), Error> {
        if self.json { Ok(()) } else { self.line(&visible(line)) }
    }

    /// One JSON object; nothing without `--json`. The schema is `cardmint.NAME/VERSION`.
    pub fn record<T: Serialize>(&mut self, schema: &str, value: &T) -> Result<(), Error> {
        if !self.json {
            return Ok(());
        }
        let line = serde_json::to_string(&Line { schema, value }).map_err(|e| written(&io::Error::other(e)))?;
        self.line(&line)
    }

    /// A table with a heading, columns as wide as they need (Chinese counts two cells); nothing with `--json`.
    pub fn table(&mut self, heading: &[Msg], rows: &[Vec<String>]) -> Result<(), Error> {
        if self.json {
            return Ok(());
        }
        let mut table = self.long_table(heading, usize::MAX);
        table.waiting.extend_from_slice(rows);
        table.end(self)
    }

    /// A table of any length: the first `measured` rows decide how wide its columns are, the others follow as they come.
    pub fn long_table(&self, heading: &[Msg], measured: usize) -> LongTable {
        LongTable {
            waiting: vec![heading.iter().map(|m| m.render(self.lang)).collect()],
            measured,
            widths: Vec::new(),
        }
    }

    /// Bytes as they are (an exported file to standard output).
    pub fn raw(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.out.write_all(bytes).map_err(|e| written(&e))
    }

    /// A notice to people on the error stream; an event object with `--json`.
    pub fn notice(&mut self, msg: &Msg) {
        let text = msg.render(self.lang);
        // Nothing can be done about a closed error stream.
        let _ = if self.json {
            let event = serde_json::json!({"schema": "cardmint.notice/1", "id": msg.id(), "message": text});
            writeln!(self.err, "{event}")
        } else {
            writeln!(self.err, "{text}")
        };
    }

    /// Makes what was written visible now.
    pub fn flush(&mut self) -> Result<(), Error> {
        self.out.flush().map_err(|e| written(&e))
    }

    /// Reports how a command ended, and gives the exit code.
    pub fn finish(&mut self, ended: Result<Exit, Error>) -> Exit {
        let flushed = self.flush();
        match ended.and_then(|exit| flushed.map(|()| exit)) {
            Ok(exit) => exit,
            Err(e) if e.msg().id() == "cli-pipe-closed" => Exit::Done,
            Err(e) => {
                self.report(&e);
                e.exit_code()
            }
        }
    }

    /// Shows an error with its hint on the error stream.
    pub fn report(&mut self, error: &Error) {
        let message = error.msg().render(self.lang);
        let hint = error.hint(self.lang);
        let _ = if self.json {
            let value = ErrorLine {
                id: error.msg().id(),
                message,
                hint,
                exit: error.exit_code() as u8,
            };
            let line = Line {
                schema: "cardmint.error/1",
                value: &value,
            };
            serde_json::to_writer(&mut self.err, &line)
                .map_err(io::Error::other)
                .and_then(|()| writeln!(self.err))
        } else {
            let label = msg!("cli-error-label").render(self.lang);
            writeln!(self.err, "{label}{message}")
                .and_then(|()| hint.map_or(Ok(()), |hint| writeln!(self.err, "  → {hint}")))
        };
    }

    fn line(&mut self, text: &str) -> Result<(), Error> {
        writeln!(self.out, "{text}").map_err(|e| written(&e))
    }
}

/// A table whose rows come one by one. With `--json` it says nothing.
#[derive(Debug)]
pub struct LongTable {
    /// The heading and the first rows, until the widths are known.
    waiting: Vec<Vec<String>>,
    measured: usize,
    widths: Vec<usize>,
}

impl LongTable {
    /// The next row.
    pub fn row(&mut self, out: &mut Output, row: Vec<String>) -> Result<(), Error> {
        if !self.widths.is_empty() {
            return out.text(&aligned(&row, &self.widths));
        }
        self.waiting.push(row);
        if self.waiting.len() > self.measured {
            self.end(out)?;
        }
        Ok(())
    }

    /// Writes what waits.
    pub fn end(&mut self, out: &mut Output) -> Result<(), Error> {
        if self.widths.is_empty() {
            self.widths = widths(&self.waiting);
        }
        for row in std::mem::take(&mut self.waiting) {
            out.text(&aligned(&row, &self.widths))?;
        }
        Ok(())
    }
}

/// How wide the columns of these rows are; the first row is the heading and has them all.
fn widths(rows: &[Vec<String>]) -> Vec<usize> {
    let columns = rows.first().map_or(0, Vec::len);
    let width = |column: usize| rows.iter().filter_map(|r| r.get(column)).map(|c| c.width()).max();
    (0..columns).map(|column| width(column).unwrap_or(0)).collect()
}

fn aligned(row: &[String], widths: &[usize]) -> String {
    let mut line = String::new();
    for (cell, width) in row.iter().zip(widths) {
        line.push_str(cell);
        line.push_str(&" ".repeat(width - cell.width().min(*width) + 2));
    }
    line.truncate(line.trim_end().len());
    line
}

fn written(e: &io::Error) -> Error {
    if e.kind() == io::ErrorKind::BrokenPipe {
        Error::new(msg!("cli-pipe-closed"), Exit::Done)
    } else {
        Error::new(msg!("cli-output-failed", what = e), Exit::Device)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::{Arc, Mutex};

    #[derive(Clone, Default)]
    struct Shared(Arc<Mutex<Vec<u8>>>);
    impl Write for Shared {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn chinese_columns_line_up() {
        let seen = Shared::default();
        let mut out = Output::to(Box::new(seen.clone()), Box::new(io::sink()), false, Lang::Zh);
        let heading = [msg!("x-not-there"), msg!("x")];
        out.table(
            &heading,
            &[vec!["消费密钥".into(), "a".into()], vec!["ab".into(), "b".into()]],
        )
        .unwrap();
        let text = String::from_utf8(seen.0.lock().unwrap().clone()).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(
            lines[1].trim_end_matches('a').width(),
            lines[2].trim_end_matches('b').width()
        );
    }
}
