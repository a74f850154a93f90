// SPDX-License-Identifier: Apache-2.0
//! `order list` and `order show`: what the ledger and the book have of orders, without anything personal. The site stays
//! locked and nothing is changed.

use serde::Serialize;

use crate::batch::order::{OrderBook, OrderFault, OrderLine};
use crate::batch::yuan::Yuan;
use crate::cli::{Context, session};
use crate::crypto::purse::Amount;
use crate::error::{Error, Exit};
use crate::i18n::{Msg, word};
use crate::ledger::act::RangeKind;
use crate::ledger::centre::{OrderRow, SpanRow};
use crate::ledger::{CardKind, Ledger, LedgerError};
use crate::msg;

/// `order show`.
#[derive(Debug, clap::Args)]
pub(super) struct Show {
    /// The order.
    #[arg(value_name = "ORDER")]
    order: String,
    /// Every row, too.
    #[arg(long)]
    rows: bool,
}

#[derive(Serialize)]
struct Shown<'a> {
    #[serde(flatten)]
    order: &'a OrderRow,
    batches: Vec<String>,
    spans: Vec<SpanRow>,
}

#[derive(Serialize)]
struct ShownRow<'a> {
    order: &'a str,
    #[serde(flatten)]
    line: &'a OrderLine,
    status: Option<String>,
}

/// The numbers that an order has, of its cards and of its terminals.
pub(super) fn spans(order: &str, ledger: &Ledger) -> Result<Vec<SpanRow>, LedgerError> {
    let mut all = Vec::new();
    for kind in [RangeKind::User, RangeKind::Psam, RangeKind::Terminal] {
        all.extend(ledger.spans(order, kind)?);
    }
    Ok(all)
}

/// `cardmint.order/1`.
pub(super) fn record(row: &OrderRow, ledger: &Ledger, context: &mut Context) -> Result<(), Error> {
    let shown = Shown {
        order: row,
        batches: batches(row, ledger)?,
        spans: spans(&row.order, ledger)?,
    };
    context.out.record("cardmint.order/1", &shown)
}

fn batches(row: &OrderRow, ledger: &Ledger) -> Result<Vec<String>, LedgerError> {
    let all = ledger.batches()?.into_iter();
    Ok(all.filter(|b| b.order == row.order).map(|b| b.batch).collect())
}

/// `order list`.
pub(super) fn list(context: &mut Context) -> Result<Exit, Error> {
    let site = session::open_site(context)?;
    let ledger = site.ledger_read_only()?;
    let lang = context.out.lang();
    let mut rows = Vec::new();
    for order in &ledger.orders()? {
        record(order, &ledger, context)?;
        let state = if order.withdrawn.is_some() { "withdrawn" } else { "here" };
        rows.push(vec![
            order.order.clone(),
            word("range-kind", &order.kind, lang),
            order.template.clone(),
            order.rows.to_string(),
            batches(order, &ledger)?.join(" "),
            word("order-state", state, lang),
            order.imported.to_string(),
        ]);
    }
    if rows.is_empty() {
        context.out.say(&msg!("order-none"))?;
        return Ok(Exit::Done);
    }
    let heading = [
        msg!("order-col-name"),
        msg!("order-col-kind"),
        msg!("order-col-template"),
        msg!("order-col-rows"),
        msg!("order-col-batches"),
        msg!("order-col-state"),
        msg!("order-col-entry"),
    ];
    context.out.table(&heading, &rows)?;
    Ok(Exit::Done)
}

/// `order show`. Its rows are compared with what the ledger has.
pub(super) fn show(args: &Show, context: &mut Context) -> Result<Exit, Error> {
    let site = session::open_site(context)?;
    let ledger = site.ledger_read_only()?;
    let name = &args.order;
    let unknown = || OrderFault::NoOrder { order: name.clone() };
    let row = ledger.order(name)?.ok_or_else(unknown)?;
    record(&row, &ledger, context)?;
    for line in described(&row, &ledger)? {
        context.out.say(&line)?;
    }
    if row.withdrawn.is_some() {
        return Ok(Exit::Done);
    }
    let book = OrderBook::look(&site)?;
    book.check_order(&ledger, name)?;
    if args.rows {
        let mut behind = 0;
        while let Some(line) = book.next_line(name, behind)? {
            behind = line.row;
            show_row(&row, &line, &ledger, context)?;
        }
    }
    Ok(Exit::Done)
}

fn described(row: &OrderRow, ledger: &Ledger) -> Result<Vec<Msg>, Error> {
    let mut lines = vec![
        msg!(
            "order-shown",
            order = row.order,
            rows = row.rows,
            template = row.template,
            entry = row.imported
        ),
        msg!("order-shown-digest", digest = row.digest),
    ];
    for span in spans(&row.order, ledger)? {
        let (from, to) = (span.from, span.to);
        lines.push(match span.range {
            Some(range) => msg!("order-shown-range", from = from, to = to, range = range),
            None => msg!("order-shown-span", from = from, to = to),
        });
    }
    if row.holders.is_some() {
        lines.push(msg!("order-shown-holders"));
    }
    if let Some(entry) = row.withdrawn {
        lines.push(msg!("order-shown-withdrawn", entry = entry));
    }
    for batch in batches(row, ledger)? {
        lines.push(msg!("order-shown-batch", batch = batch));
    }
    Ok(lines)
}

fn show_row(order: &OrderRow, line: &OrderLine, ledger: &Ledger, context: &mut Context) -> Result<(), Error> {
    let kind = if order.kind == CardKind::User.as_str() {
        CardKind::User
    } else {
        CardKind::Psam
    };
    let status = ledger.card(kind, &line.number)?.map(|card| card.status);
    let out = &mut context.out;
    let lang = out.lang();
    let shown = ShownRow {
        order: &order.order,
        line,
        status: status.clone(),
    };
    out.record("cardmint.order-row/1", &shown)?;
    let mut words = vec![line.row.to_string(), line.number.clone()];
    words.extend(line.terminal.clone());
    if line.load > 0 {
        words.push(Yuan(Amount(line.load)).to_string());
    }
    let plain = line.fields.iter().filter(|(_, value)| !value.is_empty());
    words.extend(plain.map(|(name, value)| format!("{name}={value}")));
    words.push(word("holder-state", line.holder.as_str(), lang));
    words.extend(status.map(|status| word("card-status", &status, lang)));
    out.text(&words.join("  "))
}
