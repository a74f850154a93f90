// SPDX-License-Identifier: Apache-2.0
//! `batch report`: what became of a batch, who did it, with which keys and blanks; all its cards as CSV.

use std::io::Write;

use serde::Serialize;

use super::show::{find, say_status};
use crate::cli::{Context, session};
use crate::error::{Error, Exit};
use crate::i18n::word;
use crate::ledger::act::{BatchKey, BatchLot};
use crate::ledger::centre::{BatchRow, BatchTally};
use crate::ledger::query::CardRow;
use crate::ledger::{Ledger, LedgerError};
use crate::msg;

/// Every status of a card, those first that somebody has to look after.
const STATUSES: [&str; 5] = ["in-doubt", "failed-partial", "failed-blank", "void", "issued"];

#[derive(Serialize)]
pub(super) struct Report {
    #[serde(flatten)]
    batch: BatchRow,
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

impl Report {
    /// The cards of its order.
    pub(super) fn rows(&self) -> u32 {
        self.batch.rows
    }
}

/// The report of a batch as the ledger is now.
pub(super) fn of(ledger: &Ledger, name: &str) -> Result<Report, Error> {
    let batch = find(ledger, name)?;
    Ok(Report {
        tally: ledger.batch_tally(name)?,
        laid_down_by: ledger.batch_officers(name, "new")?,
        approved_by: ledger.batch_officers(name, "approve")?,
        run_by: ledger.batch_officers(name, "run")?,
        keys: ledger.batch_keys(name)?,
        lots: ledger.batch_lots(name)?,
        cards: cards(ledger, name, &STATUSES[..4])?,
        batch,
    })
}

/// The cards in these statuses, in the order of the statuses and then of their numbers.
pub(super) fn cards(ledger: &Ledger, batch: &str, statuses: &[&str]) -> Result<Vec<CardRow>, LedgerError> {
    let mut cards = Vec::new();
    for status in statuses {
        cards.extend(ledger.batch_cards(batch, status)?);
    }
    Ok(cards)
}

/// All cards by number, as CSV under fixed English headings.
pub(super) fn cards_csv(ledger: &Ledger, batch: &str, out: &mut dyn Write) -> Result<u32, Error> {
    let mut cards = cards(ledger, batch, &STATUSES)?;
    cards.sort_by(|a, b| a.number.cmp(&b.number));
    let mut csv = csv_writer(out);
    csv.write_record(["number", "chip", "terminal", "status", "intent", "outcome", "voided"])
        .map_err(unwritten)?;
    for card in &cards {
        let entry = |seq: Option<u64>| seq.map(|seq| seq.to_string()).unwrap_or_default();
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        let row = [
            card.number.clone(),
            text(&card.chip),
            text(&card.terminal),
            card.status.clone(),
            card.intent.to_string(),
            entry(card.outcome),
            entry(card.voided),
        ];
        csv.write_record(&row).map_err(unwritten)?;
    }
    csv.flush().map_err(unwritten)?;
    Ok(u32::try_from(cards.len()).unwrap_or(u32::MAX))
}

pub(super) fn csv_writer<W: Write>(out: W) -> csv::Writer<W> {
    csv::WriterBuilder::new()
        .terminator(csv::Terminator::CRLF)
        .from_writer(out)
}

pub(super) fn unwritten(what: impl std::fmt::Display) -> Error {
    Error::new(msg!("cli-output-failed", what = what), Exit::Device)
}

pub(super) fn report(name: &str, csv: bool, context: &mut Context) -> Result<Exit, Error> {
    let site = session::open_site(context)?;
    let ledger = site.ledger_read_only()?;
    if csv {
        find(&ledger, name)?;
        let mut bytes = Vec::new();
        cards_csv(&ledger, name, &mut bytes)?;
        context.out.raw(&bytes)?;
        return Ok(Exit::Done);
    }
    let report = of(&ledger, name)?;
    context.out.record("cardmint.batch-report/1", &report)?;
    say_status(&report.batch, report.tally, context)?;
    say_report(&report, context)?;
    Ok(Exit::Done)
}

fn say_report(report: &Report, context: &mut Context) -> Result<(), Error> {
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
