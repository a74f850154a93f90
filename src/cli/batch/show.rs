// SPDX-License-Identifier: Apache-2.0
//! `batch list`, `status` and `report`.

use serde::Serialize;

use crate::cli::{Context, session};
use crate::error::{Error, Exit};
use crate::i18n::word;
use crate::ledger::act::{BatchKey, BatchLot};
use crate::ledger::centre::{BatchRow, BatchTally, CentreFault};
use crate::ledger::query::CardRow;
use crate::ledger::{Ledger, LedgerError};
use crate::msg;

/// A batch that the ledger has.
pub(super) fn find(ledger: &Ledger, name: &str) -> Result<BatchRow, Error> {
    let unknown = || {
        LedgerError::from(CentreFault::Unknown {
            what: "batch",
            name: name.to_owned(),
        })
    };
    Ok(ledger.batch(name)?.ok_or_else(unknown)?)
}

#[derive(Serialize)]
struct Shown<'a> {
    #[serde(flatten)]
    batch: &'a BatchRow,
    #[serde(flatten)]
    tally: BatchTally,
}

pub(super) fn list(context: &mut Context) -> Result<Exit, Error> {
    let site = session::open_site(context)?;
    let ledger = site.ledger_read_only()?;
    let lang = context.out.lang();
    let mut rows = Vec::new();
    for batch in ledger.batches()? {
        let tally = ledger.batch_tally(&batch.batch)?;
        context
            .out
            .record("cardmint.batch/1", &Shown { batch: &batch, tally })?;
        let state = word("batch-state", &batch.state, lang);
        let numbers = [batch.rows, tally.issued, tally.doubtful, tally.void, tally.left];
        let texts = [batch.batch, batch.order, batch.template, state];
        rows.push(
            texts
                .into_iter()
                .chain(numbers.iter().map(ToString::to_string))
                .collect(),
        );
    }
    if rows.is_empty() {
        context.out.say(&msg!("batch-none"))?;
        return Ok(Exit::Done);
    }
    let heading = [
        msg!("batch-col-batch"),
        msg!("batch-col-order"),
        msg!("batch-col-template"),
        msg!("batch-col-state"),
        msg!("batch-col-rows"),
        msg!("batch-col-issued"),
        msg!("batch-col-doubtful"),
        msg!("batch-col-void"),
        msg!("batch-col-left"),
    ];
    context.out.table(&heading, &rows)?;
    Ok(Exit::Done)
}

pub(super) fn status(name: &str, context: &mut Context) -> Result<Exit, Error> {
    let site = session::open_site(context)?;
    let ledger = site.ledger_read_only()?;
    let batch = find(&ledger, name)?;
    let tally = ledger.batch_tally(name)?;
    context
        .out
        .record("cardmint.batch/1", &Shown { batch: &batch, tally })?;
    say_status(&batch, tally, context)?;
    Ok(Exit::Done)
}

fn say_status(batch: &BatchRow, tally: BatchTally, context: &mut Context) -> Result<(), Error> {
    let said = msg!(
        "batch-status",
        batch = batch.batch,
        order = batch.order,
        template = batch.template,
        rows = batch.rows
    );
    context.out.say(&said.with_word("state", "batch-state", &batch.state))?;
    context.out.say(&msg!(
        "batch-tally",
        issued = tally.issued,
        failed = tally.failed,
        doubtful = tally.doubtful,
        void = tally.void,
        left = tally.left
    ))?;
    context.out.say(&msg!("batch-digest", digest = batch.digest))
}

#[derive(Serialize)]
struct Report<'a> {
    #[serde(flatten)]
    batch: &'a BatchRow,
    #[serde(flatten)]
    tally: BatchTally,
    laid_down_by: Vec<String>,
    approved_by: Vec<String>,
    run_by: Vec<String>,
    keys: Vec<BatchKey>,
    lots: Vec<BatchLot>,
    /// Cards that somebody has to look after, and numbers given up.
    cards: Vec<CardRow>,
}

pub(super) fn report(name: &str, context: &mut Context) -> Result<Exit, Error> {
    let site = session::open_site(context)?;
    let ledger = site.ledger_read_only()?;
    let batch = find(&ledger, name)?;
    let tally = ledger.batch_tally(name)?;
    let mut cards = Vec::new();
    for status in ["in-doubt", "failed-partial", "failed-blank", "void"] {
        cards.extend(ledger.batch_cards(name, status)?);
    }
    let report = Report {
        batch: &batch,
        tally,
        laid_down_by: ledger.batch_officers(name, "new")?,
        approved_by: ledger.batch_officers(name, "approve")?,
        run_by: ledger.batch_officers(name, "run")?,
        keys: ledger.batch_keys(name)?,
        lots: ledger.batch_lots(name)?,
        cards,
    };
    context.out.record("cardmint.batch-report/1", &report)?;
    say_status(&batch, tally, context)?;
    say_report(&report, context)?;
    Ok(Exit::Done)
}

fn say_report(report: &Report<'_>, context: &mut Context) -> Result<(), Error> {
    let names = |names: &[String]| {
        if names.is_empty() {
            "–".to_owned()
        } else {
            names.join(", ")
        }
    };
    context.out.say(&msg!(
        "batch-officers",
        made = names(&report.laid_down_by),
        approved = names(&report.approved_by),
        run = names(&report.run_by)
    ))?;
    for key in &report.keys {
        context.out.say(&msg!("batch-key", key = key.key, kcv = key.kcv))?;
    }
    for lot in &report.lots {
        context.out.say(&msg!(
            "batch-lot",
            lot = lot.lot,
            drawn = lot.drawn,
            issued = lot.issued,
            scrapped = lot.scrapped
        ))?;
    }
    let lang = context.out.lang();
    let row = |card: &CardRow| {
        vec![
            card.number.clone(),
            card.chip.clone().unwrap_or_else(|| "–".to_owned()),
            word("card-status", &card.status, lang),
        ]
    };
    let rows: Vec<Vec<String>> = report.cards.iter().map(row).collect();
    if !rows.is_empty() {
        let heading = [
            msg!("batch-col-number"),
            msg!("batch-col-chip"),
            msg!("batch-col-state"),
        ];
        context.out.table(&heading, &rows)?;
    }
    Ok(())
}
