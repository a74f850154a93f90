// SPDX-License-Identifier: Apache-2.0
//! `cardmint batch`: an order's cards on many readers: laid down, approved by another officer, run, closed and accounted for.

mod account;
mod approve;
mod ask;
mod dry;
mod events;
mod export;
mod feeder;
mod letters;
mod order;
mod progress;
mod report;
mod run;
mod show;

use super::Context;
use crate::error::{Error, Exit};

/// `cardmint batch …`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// What to do.
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, clap::Subcommand)]
enum Verb {
    /// Lays a batch down.
    New {
        /// Its name.
        #[arg(value_name = "BATCH")]
        batch: String,
        /// The order that it carries out.
        #[arg(long, value_name = "ORDER")]
        order: String,
        #[command(flatten)]
        made: approve::Made,
    },
    /// Approves a batch.
    Approve {
        /// The batch.
        #[arg(value_name = "BATCH")]
        batch: String,
        /// What is approved, as somebody else has read it.
        #[arg(long, value_name = "DIGEST")]
        digest: Option<String>,
        #[command(flatten)]
        made: approve::Made,
    },
    /// Makes the cards.
    Run(Box<run::RunArgs>),
    /// Lists the batches.
    List,
    /// Shows how far a batch is.
    Status {
        /// The batch.
        #[arg(value_name = "BATCH")]
        batch: String,
    },
    /// No card is begun until the batch is resumed.
    Pause {
        /// The batch.
        #[arg(value_name = "BATCH")]
        batch: String,
        /// Why.
        #[arg(long, value_name = "TEXT")]
        reason: Option<String>,
    },
    /// A paused batch goes on.
    Resume {
        /// The batch.
        #[arg(value_name = "BATCH")]
        batch: String,
        /// Why.
        #[arg(long, value_name = "TEXT")]
        reason: Option<String>,
    },
    /// Closes a batch with its account.
    Close {
        /// The batch.
        #[arg(value_name = "BATCH")]
        batch: String,
    },
    /// Shows what became of a batch, card by card where something is left to do.
    Report {
        /// The batch.
        #[arg(value_name = "BATCH")]
        batch: String,
        /// Every card as CSV.
        #[arg(long)]
        csv: bool,
    },
    /// Writes a file that leaves the site, and records it.
    Export(export::ExportArgs),
    /// Opens sealed PIN letters for the printer.
    Letters(letters::LettersArgs),
}

/// Runs it.
pub fn run(args: &Args, context: &mut Context) -> Result<Exit, Error> {
    match &args.verb {
        Verb::New { batch, order, made } => approve::new(batch, order, made, context),
        Verb::Approve { batch, digest, made } => approve::approve(batch, digest.as_deref(), made, context),
        Verb::Run(args) => run::run(args, context),
        Verb::List => show::list(context),
        Verb::Status { batch } => show::status(batch, context),
        Verb::Pause { batch, reason } => account::pause(batch, reason.as_deref(), context),
        Verb::Resume { batch, reason } => account::resume(batch, reason.as_deref(), context),
        Verb::Close { batch } => account::close(batch, context),
        Verb::Report { batch, csv } => report::report(batch, *csv, context),
        Verb::Export(args) => export::run(args, context),
        Verb::Letters(args) => letters::run(args, context),
    }
}
