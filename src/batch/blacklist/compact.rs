// SPDX-License-Identifier: Apache-2.0
//! The compact list for terminals (docs/formats/blacklist.md §3): a header, a table of sections, sorted records of one
//! length in each section, found by halving. Reading never trusts a length, and takes one form only: what it accepts, writing
//! gives again byte by byte.

use super::fault::BlacklistError;
use super::numbers::{Group, NumberSet, kind_byte};
use crate::crypto::Digest;
use crate::ledger::CardKind;
use crate::ledger::act::ListForm;

const MAGIC: &[u8; 4] = b"CMBL";
const VERSION: u8 = 1;
/// Bytes before the table of sections.
const HEADER: usize = 56;
/// Bytes of a section in the table.
const ENTRY: usize = 16;
/// Characters of the longest number.
const LONGEST: u8 = 24;

/// What a section's numbers are for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Op {
    /// On the list; in a delta: to be put on it.
    On,
    /// In a delta: to be taken off.
    Off,
}

/// What a list says of a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// It is on it.
    Listed,
    /// It is taken off (deltas only).
    TakenOff,
    /// Nothing.
    NotNamed,
}

/// A compact list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CompactList {
    /// Whole or changes.
    pub form: ListForm,
    /// Its sequence number.
    pub sequence: u32,
    /// The list that a delta is put upon.
    pub base: Option<u32>,
    /// The day by which expired numbers were left out, yyyymmdd.
    pub date: String,
    /// SHA-256 of the table and records of the full list, for a delta of the one that it leads to.
    pub result: Digest,
    /// Numbers on the list, or to be put on it.
    pub on: NumberSet,
    /// Numbers to be taken off.
    pub off: NumberSet,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Section {
    op: Op,
    kind: u8,
    length: u8,
    /// 0: two decimal digits a byte; 1: one character a byte.
    coding: u8,
    /// 0: single numbers; 1: first and last.
    shape: u8,
}

impl Section {
    fn number_bytes(self) -> usize {
        let length = usize::from(self.length);
        if self.coding == 0 { length.div_ceil(2) } else { length }
    }

    fn record_bytes(self) -> usize {
        self.number_bytes() * (1 + usize::from(self.shape))
    }
}

fn packed(number: u128, length: u8) -> Vec<u8> {
    let bytes = usize::from(length).div_ceil(2);
    let digits = format!("{number:0width$}", width = bytes * 2);
    let two = |pair: &[u8]| (pair[0] - b'0') << 4 | (pair[1] - b'0');
    digits.as_bytes().chunks(2).map(two).collect()
}

fn unpacked(bytes: &[u8], length: u8) -> Option<u128> {
    let text = hex::encode(bytes);
    let spare = text.len().checked_sub(usize::from(length))?;
    let good = text.bytes().all(|b| b.is_ascii_digit()) && text.bytes().take(spare).all(|b| b == b'0');
    text.parse().ok().filter(|_| good)
}

/// The sections of a set, in their order, with their records.
fn sections(op: Op, set: &NumberSet) -> Vec<(Section, Vec<u8>)> {
    let mut out = Vec::new();
    for (&(kind, length), spans) in &set.decimal {
        for shape in [0, 1] {
            let section = Section {
                op,
                kind,
                length,
                coding: 0,
                shape,
            };
            let mut records = Vec::new();
            for (from, to) in spans.iter().filter(|(from, to)| (from != to) == (shape == 1)) {
                records.extend(packed(*from, length));
                if shape == 1 {
                    records.extend(packed(*to, length));
                }
            }
            out.push((section, records));
        }
    }
    for (&(kind, length), texts) in &set.text {
        let section = Section {
            op,
            kind,
            length,
            coding: 1,
            shape: 0,
        };
        out.push((section, texts.iter().flat_map(|t| t.bytes()).collect()));
    }
    out.retain(|(_, records)| !records.is_empty());
    out.sort_by_key(|(section, _)| *section);
    out
}

/// Table and records.
fn body(on: &NumberSet, off: &NumberSet) -> (u16, Vec<u8>) {
    let mut all = sections(Op::On, on);
    all.extend(sections(Op::Off, off));
    let mut table = Vec::new();
    let mut records = Vec::new();
    let first = HEADER + all.len() * ENTRY;
    for (section, of) in &all {
        let count = of.len() / section.record_bytes();
        table.extend([
            u8::from(section.op == Op::Off),
            section.kind,
            section.length,
            section.coding,
            section.shape,
            0,
            0,
            0,
        ]);
        table.extend((count as u32).to_be_bytes());
        table.extend(((first + records.len()) as u32).to_be_bytes());
        records.extend_from_slice(of);
    }
    table.extend(records);
    (all.len() as u16, table)
}

/// The digest of a full list's table and records.
pub(super) fn result_of(set: &NumberSet) -> Digest {
    Digest::of(&[&body(set, &NumberSet::default()).1])
}

impl CompactList {
    /// The file.
    pub fn to_bytes(&self) -> Vec<u8> {
        let (count, body) = body(&self.on, &self.off);
        let mut file = Vec::with_capacity(HEADER + body.len());
        file.extend(MAGIC);
        file.push(VERSION);
        file.push(u8::from(self.form == ListForm::Delta));
        file.extend(count.to_be_bytes());
        file.extend(self.sequence.to_be_bytes());
        file.extend(self.base.unwrap_or(0).to_be_bytes());
        file.extend(packed(self.date.parse().unwrap_or(0), 8));
        file.extend(((HEADER + body.len()) as u32).to_be_bytes());
        file.extend(self.result.0);
        file.extend(body);
        file
    }

    /// Reads a file.
    pub fn parse(file: &[u8]) -> Result<Self, BlacklistError> {
        let form = |what| BlacklistError::Form { what };
        let (head, _) = file.split_at_checked(HEADER).ok_or(form("length"))?;
        if &head[..4] != MAGIC {
            return Err(form("magic"));
        }
        if head[4] != VERSION {
            return Err(form("version"));
        }
        let four = |at: usize| u32::from_be_bytes([head[at], head[at + 1], head[at + 2], head[at + 3]]);
        if four(20) as usize != file.len() {
            return Err(form("length"));
        }
        let base = Some(four(12)).filter(|base| *base > 0);
        let list = match (head[5], base) {
            (0, None) => ListForm::Full,
            (1, Some(_)) => ListForm::Delta,
            _ => return Err(form("section")),
        };
        let date = unpacked(&head[16..20], 8).ok_or(form("section"))?;
        let count = usize::from(u16::from_be_bytes([head[6], head[7]]));
        let mut result = [0; 32];
        result.copy_from_slice(&head[24..HEADER]);
        let mut read = Self {
            form: list,
            sequence: four(8),
            base,
            date: format!("{date:08}"),
            result: Digest(result),
            on: NumberSet::default(),
            off: NumberSet::default(),
        };
        for n in 0..count {
            read.section(file, HEADER + n * ENTRY)?;
        }
        // One form only: spans apart from each other, and what was read is written alike.
        if read.on.is_apart() && read.off.is_apart() && read.to_bytes() == file {
            Ok(read)
        } else {
            Err(form("order"))
        }
    }

    fn section(&mut self, file: &[u8], at: usize) -> Result<(), BlacklistError> {
        let form = |what| BlacklistError::Form { what };
        let entry = file.get(at..at + ENTRY).ok_or(form("length"))?;
        let &[op, kind, length, coding, shape, _, _, _, c0, c1, c2, c3, o0, o1, o2, o3] = entry else {
            return Err(form("section"));
        };
        let op = match (op, self.form) {
            (0, _) => Op::On,
            (1, ListForm::Delta) => Op::Off,
            _ => return Err(form("section")),
        };
        let known = kind <= 1 && coding <= 1 && shape <= 1 - coding && (1..=LONGEST).contains(&length);
        if !known {
            return Err(form("section"));
        }
        let section = Section {
            op,
            kind,
            length,
            coding,
            shape,
        };
        let (count, offset) = (
            u32::from_be_bytes([c0, c1, c2, c3]),
            u32::from_be_bytes([o0, o1, o2, o3]),
        );
        let size = (count as usize)
            .checked_mul(section.record_bytes())
            .ok_or(form("length"))?;
        let end = (offset as usize).checked_add(size).ok_or(form("length"))?;
        let records = file.get(offset as usize..end).ok_or(form("length"))?;
        let set = if op == Op::On { &mut self.on } else { &mut self.off };
        for record in records.chunks(section.record_bytes()) {
            put(set, section, record).ok_or(form("record"))?;
        }
        let group: Group = (kind, length);
        if let Some(spans) = set.decimal.get_mut(&group) {
            spans.sort_unstable();
        }
        Ok(())
    }

    /// What the list says of a number.
    pub fn says(&self, kind: CardKind, number: &str) -> Answer {
        if self.on.contains(kind, number) {
            Answer::Listed
        } else if self.off.contains(kind, number) {
            Answer::TakenOff
        } else {
            Answer::NotNamed
        }
    }

    /// The full list that comes out of a delta upon its base.
    pub fn upon(&self, base: &Self) -> Result<Self, BlacklistError> {
        let wanted = self.base.unwrap_or(0);
        if base.form != ListForm::Full || base.sequence != wanted {
            return Err(BlacklistError::OtherBase {
                base: wanted,
                found: base.sequence,
            });
        }
        let on = base.on.without(&self.off).with(&self.on);
        if result_of(&on) != self.result {
            let sequence = self.sequence;
            return Err(BlacklistError::OtherResult { sequence });
        }
        Ok(Self {
            form: ListForm::Full,
            base: None,
            off: NumberSet::default(),
            on,
            ..self.clone()
        })
    }
}

/// Puts a record into a set; `None` where it is no number, or first and last are in the wrong order.
fn put(set: &mut NumberSet, section: Section, record: &[u8]) -> Option<()> {
    let group = (section.kind, section.length);
    if section.coding == 1 {
        let text = std::str::from_utf8(record).ok()?;
        let plain = text.bytes().all(|b| b.is_ascii_digit() || b.is_ascii_uppercase());
        let letters = text.bytes().any(|b| b.is_ascii_uppercase());
        return (plain && letters && set.text.entry(group).or_default().insert(text.to_owned())).then_some(());
    }
    let (from, to) = record.split_at(section.number_bytes());
    let from = unpacked(from, section.length)?;
    let to = if to.is_empty() {
        from
    } else {
        unpacked(to, section.length).filter(|to| *to > from)?
    };
    set.decimal.entry(group).or_default().push((from, to));
    Some(())
}

/// Whether a number stands in a file, looked up in its bytes as a terminal does: by halving, in each section that can have
/// it. The file has been parsed before.
pub fn look_up(file: &[u8], kind: CardKind, number: &str) -> Option<Op> {
    let count = usize::from(u16::from_be_bytes([*file.get(6)?, *file.get(7)?]));
    let decimal = number.bytes().all(|b| b.is_ascii_digit());
    let wanted = if decimal {
        packed(number.parse().ok()?, number.len() as u8)
    } else {
        number.as_bytes().to_vec()
    };
    (0..count).find_map(|n| {
        let entry = file.get(HEADER + n * ENTRY..HEADER + (n + 1) * ENTRY)?;
        let same = entry[1] == kind_byte(kind) && usize::from(entry[2]) == number.len();
        if !same || (entry[3] == 0) != decimal {
            return None;
        }
        let at = |i: usize| u32::from_be_bytes([entry[i], entry[i + 1], entry[i + 2], entry[i + 3]]) as usize;
        let bytes = wanted.len() * (1 + usize::from(entry[4]));
        let records = file.get(at(12)..at(12) + at(8) * bytes)?;
        let (mut low, mut high) = (0, at(8));
        while low < high {
            let middle = low.midpoint(high);
            if records[middle * bytes..][..wanted.len()] <= *wanted {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        let record = &records[low.checked_sub(1)? * bytes..][..bytes];
        (record[bytes - wanted.len()..] >= *wanted).then_some(if entry[0] == 0 { Op::On } else { Op::Off })
    })
}
