// SPDX-License-Identifier: Apache-2.0
//! An entry as the report reads it: typed, but without its signatures' bytes and without making its canonical form again,
//! which is for `verify` to judge. So a million entries are read in seconds.

use jiff::civil::{Date, DateTime};
use serde::Deserialize;

use super::period::local;
use crate::ledger::act::Act;
use crate::ledger::field::{Moment, Text};

/// An entry on its way through the report.
#[derive(Debug)]
pub(super) struct Seen {
    pub(super) seq: u64,
    pub(super) at: Moment,
    /// The moment where the site is.
    pub(super) local: DateTime,
    /// Who signed, the acting officer first.
    pub(super) officers: Vec<Text>,
    pub(super) act: Act,
    /// Whether it is of the period; else it comes before.
    pub(super) inside: bool,
}

#[derive(Deserialize)]
struct Frame {
    at: Moment,
    sigs: Vec<Signer>,
}

#[derive(Deserialize)]
struct Signer {
    officer: Text,
}

/// What a line leaves behind that went into an archive: act, time and number.
pub(super) fn is_archived(line: &[u8]) -> bool {
    let stub: Result<serde_json::Map<String, serde_json::Value>, _> = serde_json::from_slice(line);
    let known = |name: &String| ["act", "at", "body"].contains(&name.as_str());
    stub.is_ok_and(|stub| stub.contains_key("act") && stub.keys().all(known))
}

impl Seen {
    /// Reads a stored line; `None` where it is no entry.
    pub(super) fn read(seq: u64, line: &[u8], inside: bool) -> Option<Self> {
        let frame: Frame = serde_json::from_slice(line).ok()?;
        // `act` stands before `body` in the canonical form, so this reads the body into its type at once.
        let act: Act = serde_json::from_slice(line).ok()?;
        let local = local(&frame.at)?;
        let officers: Vec<Text> = frame.sigs.into_iter().map(|sig| sig.officer).collect();
        (!officers.is_empty()).then_some(Self {
            seq,
            at: frame.at,
            local,
            officers,
            act,
            inside,
        })
    }

    /// The acting officer.
    pub(super) fn officer(&self) -> &str {
        self.officers.first().map(Text::as_str).unwrap_or_default()
    }

    pub(super) fn day(&self) -> Date {
        self.local.date()
    }

    pub(super) fn names(&self) -> Vec<String> {
        self.officers.iter().map(ToString::to_string).collect()
    }
}
