// SPDX-License-Identifier: Apache-2.0
//! A list as lines: CSV and JSON Lines. A line is what one entry of the ledger put on the list; a number is on the list if
//! one of its lines covers it. Reasons stay in the ledger: they may be about people.

use std::collections::BTreeMap;

use serde::Serialize;

use super::edition::Plan;
use crate::ledger::centre::BlacklistRow;

/// One line of a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Line {
    /// `add` or `remove`; full lists add only.
    pub change: &'static str,
    /// `user` or `psam`.
    pub kind: String,
    /// First number.
    pub from: String,
    /// Last number.
    pub to: String,
    /// The last day in lists.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
}

/// A row's place among the lines.
type Place = (String, usize, String, String);

fn place(row: &BlacklistRow) -> Place {
    (row.kind.clone(), row.from.len(), row.from.clone(), row.to.clone())
}

/// The lines from one list to the next: all that is new or has another last day, all that is gone.
pub(super) fn lines(before: &[&BlacklistRow], after: &[&BlacklistRow]) -> Vec<Line> {
    let of = |rows: &[&BlacklistRow]| -> BTreeMap<Place, Option<String>> {
        rows.iter().map(|row| (place(row), row.until.clone())).collect()
    };
    let (old, new) = (of(before), of(after));
    let line = |change, (kind, _, from, to): &Place, until: Option<String>| Line {
        change,
        kind: kind.clone(),
        from: from.clone(),
        to: to.clone(),
        until,
    };
    let added = new.iter().filter(|(place, until)| old.get(*place) != Some(*until));
    let gone = old.keys().filter(|place| !new.contains_key(*place));
    added
        .map(|(place, until)| line("add", place, until.clone()))
        .chain(gone.map(|place| line("remove", place, None)))
        .collect()
}

/// The list as CSV: a heading, one line a row.
pub fn csv(lines: &[Line]) -> String {
    let mut out = "change,kind,from,to,until\n".to_owned();
    for line in lines {
        let until = line.until.as_deref().unwrap_or_default();
        let cells = [line.change, &line.kind, &line.from, &line.to, until];
        out.push_str(&cells.join(","));
        out.push('\n');
    }
    out
}

#[derive(Serialize)]
struct Heading<'a> {
    schema: &'static str,
    site: &'a str,
    sequence: u32,
    form: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    base: Option<u32>,
    date: &'a str,
    count: usize,
}

#[derive(Serialize)]
struct Tagged<'a> {
    schema: &'static str,
    #[serde(flatten)]
    line: &'a Line,
}

/// The list as JSON Lines: a heading object, one object a row.
pub fn json_lines(plan: &Plan, lines: &[Line]) -> String {
    let heading = Heading {
        schema: "cardmint.blacklist/1",
        site: &plan.site,
        sequence: plan.sequence,
        form: plan.form_name(),
        base: plan.base,
        date: &plan.date,
        count: lines.len(),
    };
    let mut out = serde_json::json!(heading).to_string();
    out.push('\n');
    for line in lines {
        let tagged = Tagged {
            schema: "cardmint.blacklist-line/1",
            line,
        };
        out.push_str(&serde_json::json!(tagged).to_string());
        out.push('\n');
    }
    out
}
