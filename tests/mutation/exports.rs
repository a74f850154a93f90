// SPDX-License-Identifier: Apache-2.0
//! Damage to an export and its checkpoint, as they lie with an outsider.

use super::case::{Case, Draw, Expected, Files, First};
use super::notes::is_right;
use super::subject::Subject;
use crate::ledger::story::joined;

/// An export is damaged; the database is not looked at.
pub fn export(_: &Files, s: &Subject, draw: &mut Draw) -> Case {
    let (mut file, mut note) = (joined(&s.lines), s.note.clone());
    let starts: Vec<usize> = s
        .lines
        .iter()
        .scan(0, |at, line| {
            let start = *at;
            *at += line.len() + 1;
            Some(start)
        })
        .collect();
    let line_of = |byte: usize| starts.iter().rposition(|start| *start <= byte).unwrap();
    let (a, b) = (draw.below(s.lines.len()), draw.below(s.lines.len()));
    let with = |edit: &dyn Fn(&mut Vec<Vec<u8>>)| {
        let mut lines = s.lines.clone();
        edit(&mut lines);
        joined(&lines)
    };
    let last = s.lines.len() - 1;
    let at = |seq: usize| First::At(seq as u64);
    let mut right = false;
    let (what, first) = match draw.below(10) {
        0 => {
            file = with(&|lines| drop(lines.remove(a)));
            (format!("line {a} gone"), if a == last { First::Nowhere } else { at(a) })
        }
        1 => {
            file = with(&|lines| lines.insert(b, s.lines[a].clone()));
            // A line behind itself is the same file.
            (format!("line {a} again before {b}"), at(if a == b { a + 1 } else { b }))
        }
        2 if a != b => {
            file = with(&|lines| lines.swap(a, b));
            (format!("lines {a} and {b} swapped"), at(a.min(b)))
        }
        3 => {
            let cut = draw.below(file.len());
            file.truncate(cut);
            let on_line = starts.contains(&cut);
            let left = line_of(cut);
            let first = if on_line { ended(s, left) } else { at(left) };
            (format!("cut to {cut}"), first)
        }
        4 => {
            let cut = draw.below(file.len());
            let byte = draw.below(256) as u8;
            // An empty line before a line feed comes after the line that this one ends.
            let first = at(line_of(cut) + usize::from(byte == b'\n' && file[cut] == b'\n'));
            file.insert(cut, byte);
            (format!("byte {byte} at {cut}"), first)
        }
        5 => {
            let cut = draw.below(file.len());
            file.remove(cut);
            (format!("byte {cut} gone"), at(line_of(cut)))
        }
        6 => {
            let cut = draw.below(note.len());
            let mut bytes = note.into_bytes();
            bytes[cut] ^= 1 << draw.below(7);
            note = String::from_utf8_lossy(&bytes).into_owned();
            right = is_right(&note, &s.note);
            (format!("note byte {cut}"), First::Nowhere)
        }
        7 => {
            note = draw.one(&s.earlier).note.replacen("\n\n", "\nmore\n\n", 1);
            ("note with a line more".to_owned(), First::Nowhere)
        }
        _ => {
            let (byte, bit) = (draw.below(file.len()), draw.below(8));
            file[byte] ^= 1 << bit;
            (format!("byte {byte} bit {bit}"), at(line_of(byte)))
        }
    };
    let expected = if right {
        Expected::Good
    } else {
        Expected::Bad(first, &[])
    };
    let mut case = Case::new("export", what, expected);
    case.export = Some((file, note));
    case
}

/// What a file of the first lines is by itself.
pub fn ended(s: &Subject, size: usize) -> First {
    match size.checked_sub(1) {
        Some(last) if s.values[last]["body"]["ceremony"].is_u64() && s.act(last) != "ceremony.end" => {
            First::At(last as u64)
        }
        _ => First::Nowhere,
    }
}
