// SPDX-License-Identifier: Apache-2.0
//! `batch list` and `status`.

use serde::Serialize;

use crate::cli::{Context, session};
use crate::error::{Error, Exit};
use crate::i18n::word;
use crate::ledger::centre::{BatchRow, BatchTally, CentreFault};
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

pub(super) fn say_status(batch: &BatchRow, tally: BatchTally, context: &mut Context) -> Result<(), Error> {
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
