// SPDX-License-Identifier: Apache-2.0
//! `batch run --dry-run`: everything that a run checks before it touches a card, for every row; and nothing else. The ledger is
//! opened for reading only, readers are looked for and not connected to.

use serde::Serialize;

use super::run::RunArgs;
use super::{approve, order, show};
use crate::batch;
use crate::batch::run::{BookRows, OrderRows};
use crate::cli::progress::Progress;
use crate::cli::{Context, session};
use crate::error::{Error, Exit};
use crate::keys::{FileKeyStore, KeyStore};
use crate::ledger::Ledger;
use crate::ledger::centre::{BatchRow, BatchTally};
use crate::msg;
use crate::outside::Observer;
use crate::perso::plan;
use crate::site::Site;
use crate::transport::pcsc;
use crate::transport::reader_spec::ReaderSpec;
use crate::transport::readers::resolve;

#[derive(Serialize)]
struct DryRun {
    batch: String,
    state: String,
    digest: String,
    #[serde(flatten)]
    tally: BatchTally,
    /// Cards that a run would begin.
    to_make: u32,
    /// Rows whose data were erased.
    withdrawn: u32,
    /// Steps of one card.
    steps: usize,
    /// Readers that are not there.
    readers_missing: Vec<String>,
    /// Blanks of the named lot in the hands of the officers who were named.
    blanks: Option<u32>,
}

pub(super) fn dry_run(args: &RunArgs, site: &Site, context: &mut Context) -> Result<Exit, Error> {
    let open = session::look(context, site)?;
    let batch = show::find(&open.ledger, &args.batch)?;
    let laid = approve::prepare((&open.site, &open.ledger, &open.store), &batch.order, &args.made, true)?;
    laid.check(&batch, &open.ledger)?;
    let mut progress = Progress::for_output(&context.out);
    let planned = plan_all(&open.site, &open.ledger, &open.store, &batch, &laid, &mut progress);
    progress.end();
    let (to_make, withdrawn) = planned?;
    let officers: Vec<String> = open.officers().map(str::to_owned).collect();
    let held = |lot: &String| -> Result<u32, Error> {
        let holdings = open.ledger.holdings()?;
        let ours = holdings
            .iter()
            .filter(|h| h.lot == *lot && officers.contains(&h.officer));
        Ok(ours.map(|h| h.count).sum())
    };
    let script = &laid.script;
    let shown = DryRun {
        tally: open.ledger.batch_tally(&batch.batch)?,
        to_make,
        withdrawn,
        steps: script.steps.len() + script.readback.len() + script.proofs.len() + script.finish.len(),
        readers_missing: missing(&args.readers)?,
        blanks: args.lot.as_ref().map(held).transpose()?,
        batch: batch.batch,
        state: batch.state,
        digest: batch.digest,
    };
    say(&shown, context)
}

/// Plans every row that would be begun; how many, and how many rows have no data any more.
fn plan_all(
    site: &Site,
    ledger: &Ledger,
    store: &FileKeyStore,
    batch: &BatchRow,
    laid: &approve::Prepared,
    progress: &mut Progress,
) -> Result<(u32, u32), Error> {
    let facts = batch::facts(site)?;
    let stored = store.keys();
    let mut rows = BookRows::new(order::book(site, ledger, true)?, store, &batch.order, laid.kind);
    progress.begin(&msg!("batch-planning", batch = batch.batch), batch.rows.into());
    let (mut at, mut to_make, mut withdrawn) = (0, 0, 0);
    while let Some(row) = rows.next_row(at)? {
        at = row.row;
        progress.advance(at.into());
        let Some(order) = row.order else {
            withdrawn += 1;
            continue;
        };
        let free = ledger
            .card(laid.kind, &row.number)?
            .is_none_or(|card| card.status == "failed-blank");
        if free {
            let order = order.for_chip(&laid.template, Some(approve::ANY_CHIP));
            plan(&laid.template, &order, site.scheme(), &stored, &facts).map_err(batch::BatchError::from)?;
            to_make += 1;
        }
    }
    Ok((to_make, withdrawn))
}

/// The readers that are not there.
fn missing(readers: &[String]) -> Result<Vec<String>, Error> {
    let mut lacking = Vec::new();
    let mut seen: Option<Vec<String>> = None;
    for reader in readers {
        let there = match reader.parse::<ReaderSpec>()? {
            ReaderSpec::Sim(path) => path.is_dir() || path.with_extension("card.json").is_file(),
            ReaderSpec::Pcsc(name) => {
                if seen.is_none() {
                    seen = Some(pcsc::list()?.into_iter().map(|status| status.name).collect());
                }
                let names = seen.iter().flatten().map(String::as_str);
                resolve(&name, names.collect::<Vec<_>>().into_iter()).is_ok()
            }
        };
        if !there {
            lacking.push(reader.clone());
        }
    }
    Ok(lacking)
}

fn say(shown: &DryRun, context: &mut Context) -> Result<Exit, Error> {
    let out = &mut context.out;
    out.record("cardmint.batch-dry-run/1", shown)?;
    let said = msg!(
        "batch-dry-run",
        batch = shown.batch,
        to_make = shown.to_make,
        steps = shown.steps,
        doubtful = shown.tally.doubtful
    );
    out.say(&said.with_word("state", "batch-state", &shown.state))?;
    for reader in &shown.readers_missing {
        out.say(&msg!("batch-dry-run-reader", reader = reader))?;
    }
    if let Some(blanks) = shown.blanks {
        out.say(&msg!("batch-dry-run-blanks", blanks = blanks))?;
    }
    out.say(&msg!("batch-digest", digest = shown.digest))?;
    let short = shown.blanks.is_some_and(|blanks| blanks < shown.to_make);
    let ready = matches!(shown.state.as_str(), "approved" | "running");
    if ready && !short && shown.readers_missing.is_empty() {
        Ok(Exit::Done)
    } else {
        Err(Error::new(
            msg!("batch-dry-run-not-ready", batch = shown.batch),
            Exit::Check,
        ))
    }
}
