// SPDX-License-Identifier: Apache-2.0
//! Entries as files: JSON Lines, which are the stored bytes themselves and so the evidence; and CSV for spreadsheets, in
//! which no cell can be taken for a formula.

use std::io::{self, Write};

use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::act::{Act, LedgerExport};
use super::entry::{Entry, canonical};
use super::error::LedgerError;
use super::field::Text;
use super::filter::{Count, Filter};
use super::hash::Hash;
use super::log::Ledger;

/// What was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Exported {
    /// How many entries.
    pub entries: u64,
    /// The first `seq` of the range.
    pub from: u64,
    /// One more than the last `seq` of the range.
    pub to: u64,
    /// The digest of the file.
    pub digest: Hash,
}

impl Exported {
    /// The act that records it.
    pub fn act(&self, format: &str) -> Result<Act, LedgerError> {
        let Self {
            entries,
            from,
            to,
            digest,
        } = *self;
        Ok(Act::LedgerExport(LedgerExport {
            format: Text::new(format)?,
            content: None,
            from,
            to,
            since: None,
            until: None,
            act: None,
            number: None,
            batch: None,
            by: None,
            holders: false,
            reason: None,
            entries,
            digest,
        }))
    }
}

/// The columns of a CSV export; the headings of people stand in the catalogue as `ledger-column-NAME`.
pub const COLUMNS: &[&str] = &[
    "seq",
    "at",
    "site",
    "rehearsal",
    "act",
    "officer",
    "approvers",
    "number",
    "chip",
    "terminal",
    "result",
    "amount",
    "key",
    "kcv",
    "body",
    "leaf",
];

/// Counts the digest of what goes through.
pub(super) struct Digesting<'a> {
    to: &'a mut dyn Write,
    sha: Sha256,
}

impl<'a> Digesting<'a> {
    pub(super) fn new(to: &'a mut dyn Write) -> Self {
        Self { to, sha: Sha256::new() }
    }

    /// Ends it: the digest of all that was written.
    pub(super) fn digest(mut self) -> io::Result<Hash> {
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
        let mut out = Digesting { to, sha: Sha256::new() };
        let mut entries = 0;
        self.each_stored(filter, Count::All, &mut |_, line| {
            entries += 1;
            out.write_all(line)
                .and_then(|()| out.write_all(b"\n"))
                .map_err(|e| unwritten(&e))
        })?;
        self.exported(filter, entries, out)
    }

    /// Writes the entries that pass the filter as CSV (RFC 4180, UTF-8), with these headings for [`COLUMNS`], and with a
    /// byte order mark for office programs where asked.
    pub fn export_csv(
        &self,
        filter: &Filter,
        headings: &[String],
        bom: bool,
        to: &mut dyn Write,
    ) -> Result<Exported, LedgerError> {
        let mut out = Digesting { to, sha: Sha256::new() };
        if bom {
            out.write_all("\u{feff}".as_bytes()).map_err(|e| unwritten(&e))?;
        }
        let mut entries = 0;
        let mut csv = csv::WriterBuilder::new()
            .terminator(csv::Terminator::CRLF)
            .from_writer(&mut out);
        csv.write_record(headings)
            .map_err(|e| unwritten(&io::Error::other(e)))?;
        self.each_line(filter, &mut |entry, line| {
            entries += 1;
            csv.write_record(row(entry, line, self.rehearsal()).iter().map(|cell| safe(cell)))
                .map_err(|e| unwritten(&io::Error::other(e)))
        })?;
        csv.flush().map_err(|e| unwritten(&e))?;
        drop(csv);
        self.exported(filter, entries, out)
    }

    fn exported(&self, filter: &Filter, entries: u64, mut out: Digesting<'_>) -> Result<Exported, LedgerError> {
        out.flush().map_err(|e| unwritten(&e))?;
        let to = filter.to.unwrap_or(self.size()).min(self.size());
        Ok(Exported {
            entries,
            from: filter.from.min(to),
            to,
            digest: Hash(out.sha.finalize().into()),
        })
    }
}

fn row(entry: &Entry, line: &[u8], rehearsal: bool) -> Vec<String> {
    let act = serde_json::to_value(&entry.act).unwrap_or_default();
    let body = &act["body"];
    let field = |name: &str| match &body[name] {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        _ => String::new(),
    };
    let approvers: Vec<&str> = entry.sigs.iter().skip(1).map(|s| s.officer.as_str()).collect();
    vec![
        entry.seq.to_string(),
        entry.at.to_string(),
        entry.site.to_string(),
        rehearsal.to_string(),
        entry.act.name().to_owned(),
        entry.officer.to_string(),
        approvers.join(" "),
        field("number"),
        field("chip"),
        field("terminal"),
        field("result"),
        field("amount"),
        field("key"),
        field("kcv"),
        String::from_utf8_lossy(&canonical(body)).into_owned(),
        Hash::leaf(line).to_string(),
    ]
}

/// A cell that a spreadsheet would take for a formula gets an apostrophe before it.
fn safe(cell: &str) -> String {
    let formula = cell.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠']);
    if formula { format!("'{cell}") } else { cell.to_owned() }
}

pub(super) fn unwritten(e: &io::Error) -> LedgerError {
    LedgerError::Unwritten {
        closed: e.kind() == io::ErrorKind::BrokenPipe,
        what: e.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_cell_is_a_formula() {
        for evil in ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "＝1"] {
            assert!(safe(evil).starts_with('\''), "{evil:?}");
        }
        assert_eq!(safe("00003100"), "00003100");
    }
}
