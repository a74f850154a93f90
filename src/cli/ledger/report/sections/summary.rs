// SPDX-License-Identifier: Apache-2.0
//! The first page: the numbers that one asks for first, and three charts.

use super::Page;
use super::cards::Grain;
use crate::cli::ledger::report::chart::{Bar, columns, rows};
use crate::cli::ledger::report::table::{grouped, percent, signed, yuan};
use crate::ledger::report::Places;
use crate::msg;

/// Bars of a chart that lie; the tables have all.
const LYING: usize = 12;

pub(in crate::cli::ledger::report) fn summary(page: &Page<'_>) -> String {
    [figures(page), issued(page), types(page), readers(page)].concat()
}

fn figures(page: &Page<'_>) -> String {
    let report = page.report;
    let total = &report.cards.total;
    let lots = report.stock.iter();
    let (opening, closing) = lots.fold((Places::default(), Places::default()), |(o, c), lot| {
        (o.and(&lot.opening), c.and(&lot.closing))
    });
    let paid = |act: &str| {
        let of = report.money.transactions.iter().filter(|of| of.act == act);
        yuan(of.map(|of| of.amount).sum())
    };
    let found: u64 = report.rules.iter().map(|rule| rule.found).sum();
    let left = [
        ("sum-issued", grouped(total.issued)),
        ("sum-begun", grouped(total.begun)),
        ("sum-failed", grouped(total.failed())),
        ("sum-void", grouped(total.void)),
        ("sum-doubtful", grouped(report.cards.doubtful.count)),
        (
            "sum-anomalies",
            format!("<a href=\"#anomalies\">{}</a>", grouped(found)),
        ),
    ];
    let right = [
        ("sum-on-hand", signed(closing.on_hand())),
        ("sum-scrapped", signed(closing.since(&opening).scrapped)),
        ("sum-loads", paid("purse.load")),
        ("sum-purchases", paid("purse.purchase")),
        (
            "sum-life",
            grouped(report.life.iter().map(|act| act.count).sum::<u64>()),
        ),
        (
            "sum-incidents",
            grouped(report.ceremonies.iter().map(|one| one.incidents).sum::<u64>()),
        ),
    ];
    let table = |rows: [(&str, String); 6]| {
        let rows =
            rows.map(|(name, value)| format!("<tr><td>{}</td><td class=\"n\">{value}</td></tr>", page.text(name)));
        format!("<table class=\"figures\">{}</table>", rows.join(""))
    };
    format!("<div class=\"key-figures\">{}{}</div>", table(left), table(right))
}

fn figure(caption: &str, chart: &str) -> String {
    format!("<figure><figcaption>{caption}</figcaption>{chart}</figure>")
}

fn issued(page: &Page<'_>) -> String {
    let grain = Grain::of(page.report.period.days());
    let parts = grain.parts(page);
    let bars: Vec<Bar> = parts
        .iter()
        .map(|(first, tally)| Bar {
            label: match grain {
                Grain::Day => first.day().to_string(),
                Grain::Week => format!("{}-{}", first.month(), first.day()),
                Grain::Month => grain.name(*first),
            },
            value: tally.issued,
            more: tally.failed(),
            said: match tally.issued + tally.failed() {
                0 => String::new(),
                _ => grouped(tally.issued),
            },
        })
        .collect();
    let grain = match grain {
        Grain::Day => "t-days",
        Grain::Week => "t-weeks",
        Grain::Month => "t-months",
    };
    let title = page.text("chart-issued");
    let caption = format!("{title} – {}: {}", page.text(grain), page.text("chart-issued-failed"));
    figure(&caption, &columns(&title, &bars))
}

fn types(page: &Page<'_>) -> String {
    let mut of: Vec<_> = page.report.cards.templates.iter().collect();
    of.sort_by_key(|row| std::cmp::Reverse(row.tally.issued));
    let bars = of.into_iter().take(LYING).map(|row| Bar {
        label: row.name.clone(),
        value: row.tally.issued,
        more: 0,
        said: grouped(row.tally.issued),
    });
    chart(page, "chart-types", &bars.collect::<Vec<_>>(), false)
}

fn readers(page: &Page<'_>) -> String {
    let mut of: Vec<_> = page.report.cards.readers.iter().collect();
    of.sort_by_key(|row| std::cmp::Reverse(row.tally.failed()));
    let bars = of.into_iter().take(LYING).map(|row| {
        let (failed, ended) = (row.tally.failed(), row.tally.ended());
        let rate = percent(failed, ended);
        let said = msg!(
            "report-chart-of",
            failed = grouped(failed),
            ended = grouped(ended),
            rate = rate.trim_end_matches('%')
        );
        Bar {
            label: row.name.clone(),
            value: failed,
            more: 0,
            said: said.render(page.lang),
        }
    });
    chart(page, "chart-readers", &bars.collect::<Vec<_>>(), true)
}

fn chart(page: &Page<'_>, name: &str, bars: &[Bar], hatched: bool) -> String {
    if bars.is_empty() {
        return String::new();
    }
    let title = page.text(name);
    figure(&title, &rows(&title, bars, hatched))
}
