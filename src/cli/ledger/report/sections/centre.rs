// SPDX-License-Identifier: Apache-2.0
//! Cards in use, money, what left the site, and the blacklist.

use super::{Page, at, digest, named, officers};
use crate::cli::ledger::report::table::{Table, grouped, yuan};
use crate::html::escape;
use crate::ledger::report::LifeAct;

pub(in crate::cli::ledger::report) fn life(page: &Page<'_>) -> String {
    let row = |act: &LifeAct| {
        let written = act.done + act.not_done + act.unknown > 0;
        let of = |count: u64| if written { grouped(count) } else { "–".to_owned() };
        vec![
            page.word("act", &act.act),
            page.word("report-kind", act.kind),
            grouped(act.count),
            of(act.done),
            of(act.not_done),
            of(act.unknown),
        ]
    };
    let columns = &["act:k", "kind:k", "count:n", "done:n", "not-done:n", "unknown:n"];
    let rows = page.report.life.iter().map(row);
    Table::new("life", columns).rows(rows).shown(page)
}

pub(in crate::cli::ledger::report) fn money(page: &Page<'_>) -> String {
    let money = &page.report.money;
    let transactions = money.transactions.iter().map(|of| {
        vec![
            page.word("act", of.act),
            page.word("report-type", &of.kind),
            grouped(of.count),
            yuan(of.amount),
        ]
    });
    let closed = money.closed.iter().map(|of| {
        let result = page.word("report-closed", &of.result);
        vec![result, grouped(of.count), yuan(of.amount)]
    });
    let desk = [
        ("pay-returns", money.returns, None),
        ("pay-balance", money.returns, Some(money.returned_balance)),
        ("pay-deposit", money.returns, Some(money.returned_deposit)),
        ("pay-successions", money.successions, None),
        ("pay-carried", money.successions, Some(money.carried_over)),
    ];
    let desk = desk.into_iter().filter(|(_, count, _)| *count > 0);
    let desk = desk.map(|(name, count, amount)| {
        let amount = amount.map_or_else(|| "–".to_owned(), yuan);
        vec![page.text(name), grouped(count), amount]
    });
    let transactions = Table::new("transactions", &["act:k", "type", "count:n", "amount:n"]).rows(transactions);
    let closed = Table::new("closed", &["result", "count:n", "amount:n"]).rows(closed);
    let desk = Table::new("payouts", &["what", "cards:n", "amount:n"]).rows(desk);
    transactions.shown(page) + &closed.shown(page) + &desk.shown(page)
}

pub(in crate::cli::ledger::report) fn outgoing(page: &Page<'_>) -> String {
    let (exports, holders) = (&page.report.exports, &page.report.holders);
    let files = exports.rows.iter().map(|file| {
        vec![
            page.entry(file.seq),
            at(&file.at),
            page.word("act", file.act),
            escape(&file.what),
            grouped(file.rows),
            digest(&file.digest),
            officers(&file.officers),
        ]
    });
    let looks = holders.rows.iter().map(|look| {
        let subject = if look.number.is_empty() {
            escape(&look.order)
        } else {
            format!("{} · {}", escape(&look.order), escape(&look.number))
        };
        vec![
            page.entry(look.seq),
            at(&look.at),
            page.word("act", look.act),
            subject,
            escape(&look.reason),
            officers(&look.officers),
        ]
    });
    let columns = &["entry:n", "at:k", "act:k", "subject", "rows:n", "digest:k", "officers"];
    let files = Table::new("exports", columns).rows(files);
    let looks = Table::new(
        "holders",
        &["entry:n", "at:k", "act:k", "subject", "reason", "officers"],
    )
    .rows(looks);
    let beyond = |count: u64, shown: usize| page.more(count.saturating_sub(shown as u64));
    [
        files.shown(page),
        beyond(exports.count, exports.rows.len()),
        looks.shown(page),
        beyond(holders.count, holders.rows.len()),
    ]
    .concat()
}

pub(in crate::cli::ledger::report) fn blacklist(page: &Page<'_>) -> String {
    let list = &page.report.blacklist;
    let facts = [
        ("list-added", list.added),
        ("list-added-numbers", list.added_numbers),
        ("list-removed", list.removed),
        ("list-standing", list.standing),
    ];
    let mut rows: Vec<String> = facts
        .iter()
        .map(|(name, count)| format!("<tr><th>{}</th><td>{}</td></tr>", page.text(name), grouped(*count)))
        .collect();
    if !list.reasons.is_empty() {
        let reasons = list.reasons.iter().take(50);
        let reasons = reasons.map(|(reason, count)| format!("{}: {}", named(page, reason), grouped(*count)));
        let reasons: Vec<String> = reasons.collect();
        rows.push(format!(
            "<tr><th>{}</th><td>{}</td></tr>",
            page.text("list-reasons"),
            reasons.join("<br>")
        ));
    }
    let lists = list.lists.rows.iter().map(|list| {
        vec![
            page.entry(list.seq),
            at(&list.at),
            grouped(list.sequence),
            page.word("report-form", &list.form),
            grouped(list.count),
            officers(&list.confirmed),
        ]
    });
    let columns = &["entry:n", "at:k", "sequence:n", "form:k", "rows:n", "confirmed"];
    let lists = Table::new("lists", columns).rows(lists);
    let facts = rows.join("");
    format!("<table class=\"facts blacklist\">{facts}</table>{}", lists.shown(page))
}
