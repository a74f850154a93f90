// SPDX-License-Identifier: Apache-2.0
//! Cards and PSAMs: by type, day, batch, operator, reader; why attempts failed and what was made scrap for.

use jiff::ToSpan;
use jiff::civil::{Date, Weekday};

use super::{Page, named, officers};
use crate::cli::ledger::report::table::{Table, grouped, percent};
use crate::html::escape;
use crate::ledger::report::{Reason, Row, Tally};

/// Columns of every table of attempts, behind the one that names them.
const TALLY: usize = 8;

macro_rules! tally_columns {
    ($($name:literal),+) => {
        &[$($name,)+ "begun:n", "issued:n", "failed-blank:n", "failed-partial:n", "in-doubt:n", "no-outcome:n", "void:n", "rate:n"]
    };
}

fn tally(tally: &Tally) -> [String; TALLY] {
    let counts = [
        tally.begun,
        tally.issued,
        tally.failed_blank,
        tally.failed_partial,
        tally.in_doubt,
        tally.no_outcome,
        tally.void,
    ];
    let mut cells: [String; TALLY] = std::array::from_fn(|at| counts.get(at).copied().map(grouped).unwrap_or_default());
    cells[TALLY - 1] = percent(tally.issued, tally.ended());
    cells
}

fn row(name: String, numbers: &Tally) -> Vec<String> {
    std::iter::once(name).chain(tally(numbers)).collect()
}

/// How the days of a long period are put together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Grain {
    Day,
    Week,
    Month,
}

impl Grain {
    pub(super) fn of(days: u32) -> Self {
        match days {
            0..=45 => Self::Day,
            46..=210 => Self::Week,
            _ => Self::Month,
        }
    }

    /// The first day of the part that a day lies in.
    fn first(self, day: Date) -> Date {
        match self {
            Self::Day => day,
            Self::Week => {
                let since = day.weekday().since(Weekday::Monday);
                day.checked_sub(i32::from(since).days()).unwrap_or(day)
            }
            Self::Month => day.first_of_month(),
        }
    }

    /// What stands for the part: a day in full, or a month.
    pub(super) fn name(self, first: Date) -> String {
        match self {
            Self::Month => format!("{:04}-{:02}", first.year(), first.month()),
            _ => first.to_string(),
        }
    }

    /// The parts of a period with what was done in each, those without anything, too.
    pub(super) fn parts(self, page: &Page<'_>) -> Vec<(Date, Tally)> {
        let period = &page.report.period;
        let mut parts: Vec<(Date, Tally)> = Vec::new();
        let mut day = period.from;
        while day <= period.to {
            let first = self.first(day);
            if parts.last().is_none_or(|(last, _)| *last != first) {
                parts.push((first, Tally::default()));
            }
            let Ok(next) = day.tomorrow() else { break };
            day = next;
        }
        for row in &page.report.cards.days {
            let Some(first) = row.name.parse().ok().map(|day: Date| self.first(day)) else {
                continue;
            };
            if let Ok(at) = parts.binary_search_by_key(&first, |(first, _)| *first) {
                add(&mut parts[at].1, &row.tally);
            }
        }
        parts
    }
}

fn add(sum: &mut Tally, more: &Tally) {
    sum.begun += more.begun;
    sum.issued += more.issued;
    sum.failed_blank += more.failed_blank;
    sum.failed_partial += more.failed_partial;
    sum.in_doubt += more.in_doubt;
    sum.no_outcome += more.no_outcome;
    sum.void += more.void;
}

pub(in crate::cli::ledger::report) fn cards(page: &Page<'_>) -> String {
    let parts = [
        format!("<p class=\"note\">{}</p>", page.text("note-counting")),
        templates(page),
        days(page),
        batches(page),
        plain(
            page,
            "operators",
            tally_columns!("operator"),
            &page.report.cards.operators,
        ),
        plain(page, "readers", tally_columns!("reader"), &page.report.cards.readers),
        reasons(page, "failures", &page.report.cards.failures),
        reasons(page, "scrap", &page.report.cards.scrap),
        other_reasons(page),
        doubtful(page),
    ];
    parts.join("\n")
}

fn total(page: &Page<'_>, before: usize) -> Vec<String> {
    let mut cells = vec![page.text("total")];
    cells.resize(before, String::new());
    cells.extend(tally(&page.report.cards.total));
    cells
}

fn templates(page: &Page<'_>) -> String {
    let rows = page.report.cards.templates.iter().map(|of| {
        let kind = page.word("report-kind", of.kind.unwrap_or_default());
        let mut cells = vec![kind];
        cells.extend(row(named(page, &of.name), &of.tally));
        cells
    });
    Table::new("templates", tally_columns!("kind:k", "template"))
        .rows(rows)
        .total(total(page, 2))
        .shown(page)
}

fn days(page: &Page<'_>) -> String {
    let grain = Grain::of(page.report.period.days());
    let parts = grain.parts(page);
    let rows = parts.iter().filter(|(_, tally)| *tally != Tally::default());
    let rows = rows.map(|(first, tally)| row(grain.name(*first), tally));
    let table = match grain {
        Grain::Day => Table::new("days", tally_columns!("day:k")),
        Grain::Week => Table::new("weeks", tally_columns!("week:k")),
        Grain::Month => Table::new("months", tally_columns!("month:k")),
    };
    table.rows(rows).total(total(page, 1)).shown(page)
}

fn plain(page: &Page<'_>, name: &'static str, columns: &'static [&'static str], of: &[Row]) -> String {
    let rows = of.iter().map(|of| row(named(page, &of.name), &of.tally));
    Table::new(name, columns).rows(rows).total(total(page, 1)).shown(page)
}

fn batches(page: &Page<'_>) -> String {
    let rows = page.report.cards.batches.iter().map(|batch| {
        let tally = &batch.tally;
        let name = match (batch.made, batch.batch.is_empty()) {
            (_, true) => page.text("outside-batches"),
            (Some(made), _) => format!("{} ({})", escape(&batch.batch), page.entry(made)),
            (None, _) => escape(&batch.batch),
        };
        let known = batch.made.is_some();
        vec![
            name,
            escape(&batch.template),
            if known { grouped(batch.rows) } else { String::new() },
            page.word("batch-state", &batch.state),
            escape(&batch.laid_down),
            escape(&batch.approved),
            grouped(tally.issued),
            grouped(tally.failed()),
            grouped(tally.void),
        ]
    });
    let all = &page.report.cards.total;
    let mut total = vec![page.text("total")];
    total.resize(6, String::new());
    total.extend([all.issued, all.failed(), all.void].map(grouped));
    let columns = &[
        "batch",
        "template",
        "rows:n",
        "state:k",
        "laid-down",
        "approved",
        "issued:n",
        "failed:n",
        "void:n",
    ];
    Table::new("batches", columns).rows(rows).total(total).shown(page)
}

fn reasons(page: &Page<'_>, name: &'static str, of: &[Reason]) -> String {
    let rows = of.iter().map(|reason| {
        let entries = if reason.first == reason.last {
            page.entry(reason.first)
        } else {
            format!("{} … {}", page.entry(reason.first), page.entry(reason.last))
        };
        vec![
            page.word("report-what", &reason.what),
            escape(&reason.status_word),
            named(page, &reason.reason),
            grouped(reason.count),
            entries,
        ]
    });
    Table::new(name, &["what:k", "status-word:k", "reason", "count:n", "entries:k"])
        .rows(rows)
        .shown(page)
}

fn other_reasons(page: &Page<'_>) -> String {
    match page.report.cards.other_reasons {
        0 => String::new(),
        more => format!(
            "<p class=\"note\">{}: {}</p>",
            page.text("other-reasons"),
            grouped(more)
        ),
    }
}

fn doubtful(page: &Page<'_>) -> String {
    let cards = &page.report.cards.doubtful;
    let rows = cards.rows.iter().map(|card| {
        vec![
            page.word("report-kind", card.kind),
            escape(&card.number),
            page.word("report-what", card.status),
            officers(std::slice::from_ref(&card.batch)),
            page.entry(card.intent),
        ]
    });
    let more = cards.count.saturating_sub(cards.rows.len() as u64);
    let table = Table::new("doubtful", &["kind:k", "number:k", "status:k", "batch", "entry:n"]);
    table.rows(rows).shown(page) + &page.more(more)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weeks_begin_on_monday_and_months_on_the_first() {
        let day: Date = "2026-11-22".parse().unwrap();
        assert_eq!(Grain::Week.first(day).to_string(), "2026-11-16");
        assert_eq!(Grain::Week.first(Grain::Week.first(day)).to_string(), "2026-11-16");
        assert_eq!(Grain::Month.name(Grain::Month.first(day)), "2026-11");
        assert_eq!(Grain::Day.name(Grain::Day.first(day)), "2026-11-22");
        assert_eq!([31, 90, 365].map(Grain::of), [Grain::Day, Grain::Week, Grain::Month]);
    }
}
