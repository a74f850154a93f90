// SPDX-License-Identifier: Apache-2.0
//! Keys with their check values and versions, ceremonies, officers, and changes of the rules.

use super::{Page, at, officers};
use crate::cli::ledger::report::table::{Table, grouped};
use crate::html::escape;
use crate::ledger::report::{Ceremony, Change, Key, OfficerAtEnd};

pub(in crate::cli::ledger::report) fn keys(page: &Page<'_>) -> String {
    let row = |key: &Key| {
        let changed = if key.changed == key.arrived {
            String::new()
        } else {
            page.entry(key.changed)
        };
        let state = page.word("key-state", &key.state);
        vec![
            format!("<code>{}</code>", escape(&key.key)),
            escape(&key.usage),
            escape(&key.owner),
            key.version.to_string(),
            escape(&key.alg),
            format!("<code>{}</code>", escape(&key.kcv)),
            if key.state == "active" {
                state
            } else {
                format!("<em>{state}</em>")
            },
            grouped(key.used),
            page.entry(key.arrived),
            changed,
        ]
    };
    let columns = &[
        "key",
        "usage",
        "owner",
        "version:n",
        "alg:k",
        "kcv:k",
        "state:k",
        "used:n",
        "arrived:n",
        "changed:n",
    ];
    let rows = page.report.keys.iter().map(row);
    Table::new("keys", columns).rows(rows).shown(page)
}

pub(in crate::cli::ledger::report) fn ceremonies(page: &Page<'_>) -> String {
    let row = |ceremony: &Ceremony| {
        let people = ceremony.participants.iter();
        let people: Vec<String> = people
            .map(|(officer, role)| format!("{} ({})", escape(officer), page.word("role", role)))
            .collect();
        let result = page.word("report-ceremony", &ceremony.result);
        let mut result = format!("<span class=\"k\">{result}</span>");
        if let Some(reason) = &ceremony.reason {
            result = format!("{result}: {}", escape(reason));
        }
        let ended = match (&ceremony.ended_at, ceremony.ended) {
            (Some(moment), Some(seq)) => format!("{} ({})", at(moment), page.entry(seq)),
            _ => String::new(),
        };
        vec![
            escape(&ceremony.title),
            format!("{} ({})", at(&ceremony.begun_at), page.entry(ceremony.begun)),
            ended,
            result,
            people.join(", "),
            grouped(ceremony.steps),
            grouped(ceremony.incidents),
        ]
    };
    let columns = &["title", "began", "ended", "result", "people", "steps:n", "incidents:n"];
    let rows = page.report.ceremonies.iter().map(row);
    Table::new("", columns).rows(rows).shown(page)
}

pub(in crate::cli::ledger::report) fn people(page: &Page<'_>) -> String {
    let officer = |officer: &OfficerAtEnd| {
        let roles: Vec<String> = officer.roles.iter().map(|role| page.word("role", role)).collect();
        vec![
            escape(&officer.name),
            roles.join(", "),
            page.entry(officer.enrolled),
            officer.revoked.map(|seq| page.entry(seq)).unwrap_or_default(),
            grouped(officer.acted),
            grouped(officer.approved),
        ]
    };
    let columns = &["officer", "roles", "enrolled:n", "revoked:n", "acted:n", "signed-too:n"];
    let all = page.report.officers.iter().map(officer);
    let all = Table::new("officers", columns).rows(all);
    let changes = &page.report.changes;
    let rows = changes.rows.iter().map(|change| self::change(page, change));
    let columns = &["entry:n", "at:k", "act:k", "subject", "officers"];
    let table = Table::new("changes", columns).rows(rows);
    let more = changes.count.saturating_sub(changes.rows.len() as u64);
    all.shown(page) + &table.shown(page) + &page.more(more)
}

fn change(page: &Page<'_>, change: &Change) -> Vec<String> {
    let settings = change.settings.iter().map(|(name, was, is)| {
        let was = if was.is_empty() {
            String::new()
        } else {
            format!("{} → ", escape(was))
        };
        format!("<code>{}</code>: {was}{}", escape(name), escape(is))
    });
    let subject = Some(escape(&change.subject)).filter(|subject| !subject.is_empty());
    let lines: Vec<String> = subject.into_iter().chain(settings).collect();
    vec![
        page.entry(change.seq),
        at(&change.at),
        page.word("act", change.act),
        lines.join("<br>"),
        officers(&change.officers),
    ]
}
