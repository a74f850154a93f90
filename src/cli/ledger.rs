// SPDX-License-Identifier: Apache-2.0
//! `cardmint ledger`: verify, export, look up and prove what the ledger says.
//!
//! Every verb opens read-only, except `rebuild`, `log-key`, `witness take`, `checkpoint --sign` and `--renew`, the entries that record an export or a
//! backup, and `restore` and `declare-loss`.

mod backup;
mod ceremony;
mod evidence;
mod export;
mod holders;
mod leaving;
mod log;
mod log_key;
mod paper;
mod place;
mod prove;
mod range;
mod report;
mod show;
mod story;
mod verify;
mod witness;

use std::path::PathBuf;

use super::Context;
use crate::error::{Error, Exit};

/// `cardmint ledger …`.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    place: Place,
    #[command(subcommand)]
    verb: Verb,
}

/// Which ledger.
#[derive(Debug, clap::Args)]
struct Place {
    /// The database.
    #[arg(long, global = true, value_name = "FILE")]
    file: Option<PathBuf>,
    /// The checkpoint kept outside the database.
    #[arg(long, global = true, value_name = "FILE")]
    copy: Option<PathBuf>,
    /// An archive of an old period, to be read too.
    #[arg(long, global = true, value_name = "FILE")]
    archive: Vec<PathBuf>,
}

#[derive(Debug, clap::Subcommand)]
enum Verb {
    /// Re-derives everything.
    Verify(verify::Verify),
    /// Writes entries to a file.
    Export(export::Export),
    /// Writes the report of a period.
    Report(report::Report),
    /// Lists entries.
    Log(log::Log),
    /// Shows one entry.
    Show(show::Show),
    /// Prints the newest checkpoint.
    Checkpoint(show::Checkpoint),
    /// Writes evidence of an entry, a card, or of consistency.
    Prove(prove::Prove),
    /// Draws the log's SM2 key.
    LogKey(log_key::LogKey),
    /// Prints the checkpoint for a binder.
    Paper(paper::Paper),
    /// Has checkpoints cosigned.
    Witness(witness::Witness),
    /// Makes the tables again from the entries.
    Rebuild,
    /// Copies the database.
    Backup(backup::Backup),
    /// Moves the lines of an old period into a file.
    Archive(backup::Archive),
    /// Puts a copy in the place of a lost database.
    Restore(backup::Restore),
    /// Goes on after entries were lost.
    DeclareLoss(backup::DeclareLoss),
    /// Brings an earlier format up to date.
    Migrate(backup::Migrate),
}

/// Runs it.
pub fn run(args: &Args, context: &mut Context) -> Result<Exit, Error> {
    match &args.verb {
        Verb::Verify(verb) => verify::verify(verb, &args.place, context),
        Verb::Export(verb) => export::export(verb, &args.place, context),
        Verb::Report(verb) => report::report(verb, &args.place, context),
        Verb::Log(verb) => log::log(verb, &args.place, context),
        Verb::Show(verb) => show::show(verb, &args.place, context),
        Verb::Checkpoint(verb) => show::checkpoint(verb, &args.place, context),
        Verb::Prove(verb) => prove::prove(verb, &args.place, context),
        Verb::LogKey(verb) => log_key::log_key(verb, context),
        Verb::Paper(verb) => paper::paper(verb, &args.place, context),
        Verb::Witness(verb) => witness::witness(verb, &args.place, context),
        Verb::Rebuild => verify::rebuild(&args.place, context),
        Verb::Backup(verb) => backup::backup(verb, context),
        Verb::Archive(verb) => backup::archive(verb, context),
        Verb::Restore(verb) => backup::restore(verb, context),
        Verb::DeclareLoss(verb) => backup::declare_loss(verb, context),
        Verb::Migrate(verb) => backup::migrate(verb, &args.place, context),
    }
}
