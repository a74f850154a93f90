// SPDX-License-Identifier: Apache-2.0
//! Blanks: what came and went in the period, and the equation at its end, by lot and by type.

use std::collections::BTreeMap;

use super::Page;
use crate::cli::ledger::report::table::{Table, signed};
use crate::html::escape;
use crate::ledger::report::Places;

/// Opening, received, issued, scrapped, returned, closing.
fn movement(opening: &Places, closing: &Places) -> [i64; 6] {
    let moved = closing.since(opening);
    [
        opening.on_hand(),
        moved.received,
        moved.issued,
        moved.scrapped,
        moved.returned,
        closing.on_hand(),
    ]
}

fn equation(at: &Places) -> [i64; 7] {
    [
        at.received,
        at.in_stock,
        at.handed_out,
        at.in_process,
        at.issued,
        at.scrapped,
        at.returned,
    ]
}

fn check(page: &Page<'_>, good: bool) -> String {
    if good {
        page.text("balanced")
    } else {
        format!("<span class=\"alarm\">{}</span>", page.text("unbalanced"))
    }
}

/// A lot, or all lots of a type together.
struct Line {
    name: String,
    blank: String,
    opening: Places,
    closing: Places,
    good: bool,
}

/// The lots, each type's sum behind its own where there are several.
fn lines(page: &Page<'_>) -> Vec<Line> {
    let mut types: BTreeMap<&str, Vec<Line>> = BTreeMap::new();
    for lot in &page.report.stock {
        types.entry(lot.blank.as_str()).or_default().push(Line {
            name: format!("{} · {}", escape(&lot.lot), escape(&lot.supplier)),
            blank: escape(&lot.blank),
            opening: lot.opening,
            closing: lot.closing,
            good: lot.balanced,
        });
    }
    let mut all = Vec::new();
    for (blank, lots) in types {
        // A type of one lot is its own sum.
        let sum = (lots.len() > 1).then(|| sum_of(page, &escape(blank), &lots));
        all.extend(lots);
        all.extend(sum);
    }
    all
}

fn sum_of(page: &Page<'_>, blank: &str, lines: &[Line]) -> Line {
    let add = |pick: fn(&Line) -> Places| lines.iter().fold(Places::default(), |sum, line| sum.and(&pick(line)));
    Line {
        name: format!("<strong>{}</strong>", page.text("total")),
        blank: format!("<strong>{blank}</strong>"),
        opening: add(|line| line.opening),
        closing: add(|line| line.closing),
        good: lines.iter().all(|line| line.good),
    }
}

fn cells(line: &Line, numbers: &[i64], checked: String) -> Vec<String> {
    let names = [line.name.clone(), line.blank.clone()];
    let numbers = numbers.iter().map(|number| signed(*number));
    names.into_iter().chain(numbers).chain([checked]).collect()
}

pub(in crate::cli::ledger::report) fn stock(page: &Page<'_>) -> String {
    let lines = lines(page);
    let lots: Vec<Line> = page
        .report
        .stock
        .iter()
        .map(|lot| Line {
            name: String::new(),
            blank: String::new(),
            opening: lot.opening,
            closing: lot.closing,
            good: lot.balanced,
        })
        .collect();
    let total = Line {
        name: page.text("total"),
        blank: String::new(),
        ..sum_of(page, "", &lots)
    };
    let moved = |line: &Line| {
        let [opening, received, issued, scrapped, returned, closing] = movement(&line.opening, &line.closing);
        let good = opening + received - issued - scrapped - returned == closing && line.good;
        cells(
            line,
            &[opening, received, issued, scrapped, returned, closing],
            check(page, good),
        )
    };
    let at_end = |line: &Line| cells(line, &equation(&line.closing), check(page, line.good));
    let movements = Table::new(
        "lots",
        &[
            "lot",
            "blank",
            "opening:n",
            "received:n",
            "made:n",
            "scrapped:n",
            "returned:n",
            "closing:n",
            "check:k",
        ],
    );
    let equations = Table::new(
        "equation",
        &[
            "lot",
            "blank",
            "ever:n",
            "in-stock:n",
            "handed-out:n",
            "in-process:n",
            "made:n",
            "scrapped:n",
            "returned:n",
            "check:k",
        ],
    );
    let movements = movements.rows(lines.iter().map(moved)).total(moved(&total));
    let equations = equations.rows(lines.iter().map(at_end)).total(at_end(&total));
    movements.shown(page) + &equations.shown(page)
}
