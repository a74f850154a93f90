// SPDX-License-Identifier: Apache-2.0
//! Questions on the terminal. Hidden answers are read from the process's own terminal, so that they work with redirected
//! streams too; lines are read from standard input.

use std::fmt::Write as _;
use std::io::{self, IsTerminal, Write};

use super::entry::{Cell, Grouped, Plain};
use super::keyboard::{CTRL_C, Changed, own};
use crate::crypto::SecretBytes;
use crate::i18n::{Lang, Msg};
use crate::msg;
use crate::outside::{Groups, Prompt, PromptError};

/// Groups side by side, as on a printed form.
const PER_ROW: usize = 4;
/// Cursor to the corner, the screen wiped, what scrolled away wiped.
const CLEAR: &str = "\x1b[H\x1b[2J\x1b[3J";

pub(super) struct Terminal {
    lang: Lang,
    /// The terminal understands where to put the cursor.
    moves: bool,
}

impl Terminal {
    pub(super) fn new(lang: Lang) -> Self {
        let kind = std::env::var("TERM").unwrap_or_default();
        Self {
            lang,
            moves: !kind.is_empty() && kind != "dumb",
        }
    }

    fn ask(&self, question: &Msg) -> Result<Changed<std::fs::File>, PromptError> {
        let mut hidden = Changed::hidden().map_err(|_| PromptError::NoTerminal)?;
        hidden.show(&question.render(self.lang));
        Ok(hidden)
    }
}

impl Prompt for Terminal {
    fn secret(&mut self, question: &Msg) -> Result<SecretBytes, PromptError> {
        let mut hidden = self.ask(question)?;
        hidden.show(" ");
        hidden.answer(Plain::new(), |_, _| {})
    }

    fn grouped(&mut self, question: &Msg, groups: &Groups) -> Result<SecretBytes, PromptError> {
        let mut hidden = self.ask(question)?;
        let how = msg!(
            "cli-groups-how",
            count = groups.count,
            length = groups.length,
            characters = groups.count * groups.length
        );
        hidden.show(&format!("\n{}\n", how.render(self.lang)));
        let entry = Grouped::new(groups);
        if !self.moves {
            return hidden.answer(entry, |_, _| {});
        }
        let width = cell_width(groups.length);
        let per_row = (hidden.columns() / width).clamp(1, PER_ROW);
        let mut rows = 1;
        let mut draw = |hidden: &mut Changed<_>, entry: &Grouped| {
            let text = picture(&entry.cells(), groups, per_row);
            let up = if rows > 1 {
                format!("\x1b[{}A", rows - 1)
            } else {
                String::new()
            };
            rows = 1 + text.matches('\n').count();
            hidden.show(&format!("{up}\r\x1b[J{text}"));
        };
        draw(&mut hidden, &entry);
        hidden.answer(entry, draw)
    }

    fn line(&mut self, question: &Msg) -> Result<String, PromptError> {
        let stdin = io::stdin();
        if !stdin.is_terminal() {
            return Err(PromptError::NoTerminal);
        }
        let asked = Changed::for_lines(&stdin).map_err(|_| PromptError::NoTerminal)?;
        let mut err = io::stderr();
        let _ = write!(err, "{} ", question.render(self.lang)).and_then(|()| err.flush());
        let line = read_line(&asked);
        if line.is_err() {
            let _ = writeln!(err);
        }
        line
    }

    fn clear(&mut self) {
        if let (true, Ok(mut terminal)) = (self.moves, own()) {
            let _ = terminal.write_all(CLEAR.as_bytes());
        }
    }
}

/// Byte by byte, past any buffer: what was typed ahead stays for the next question.
fn read_line(asked: &Changed<&io::Stdin>) -> Result<String, PromptError> {
    let mut line = Vec::new();
    loop {
        asked.wait()?;
        let mut byte = [0];
        match rustix::io::read(asked.terminal, &mut byte) {
            Err(rustix::io::Errno::INTR) => {}
            Ok(1) if byte[0] == b'\n' => break,
            Ok(1) if byte[0] != CTRL_C => line.push(byte[0]),
            Ok(_) | Err(_) => {
                asked.forget();
                return Err(PromptError::Stopped);
            }
        }
    }
    Ok(String::from_utf8_lossy(&line).trim_end_matches('\r').to_owned())
}

/// A number, a blank, the marks, a sign, two blanks.
fn cell_width(length: usize) -> usize {
    length + 6
}

/// The groups as far as they were typed, and the next one: numbers and marks, and `!` at what cannot be right.
fn picture(cells: &[Cell], groups: &Groups, per_row: usize) -> String {
    let full = cells.last().is_none_or(|last| last.typed == groups.length);
    let next = (full && cells.len() < groups.count).then_some(Cell { typed: 0, wrong: false });
    let mut text = String::new();
    for (at, cell) in cells.iter().chain(&next).enumerate() {
        if at > 0 && at % per_row == 0 {
            text.push('\n');
        }
        let sign = if cell.wrong { "!" } else { "" };
        let cell = format!("{:>2} {}{sign}", at + 1, "*".repeat(cell.typed));
        let last = at + 1 == cells.len() + next.iter().len();
        let width = if last || (at + 1) % per_row == 0 {
            0
        } else {
            cell_width(groups.length)
        };
        // Nothing can go wrong in writing to a string.
        let _ = write!(text, "{cell:<width$}");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    const GROUPS: Groups = Groups {
        length: 6,
        count: 5,
        check: |_, _| true,
    };

    fn cells(typed: &[usize]) -> Vec<Cell> {
        typed
            .iter()
            .map(|typed| Cell {
                typed: *typed,
                wrong: *typed < 3,
            })
            .collect()
    }

    #[test]
    fn the_picture_shows_numbers_and_marks_only() {
        assert_eq!(picture(&[], &GROUPS, 4), " 1 ");
        assert_eq!(picture(&cells(&[6]), &GROUPS, 4), " 1 ******    2 ");
        assert_eq!(
            picture(&cells(&[6, 2, 4]), &GROUPS, 4),
            " 1 ******    2 **!       3 ****"
        );
        assert_eq!(
            picture(&cells(&[6, 6, 6, 6, 6]), &GROUPS, 2),
            " 1 ******    2 ******\n 3 ******    4 ******\n 5 ******"
        );
    }
}
