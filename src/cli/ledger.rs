// SPDX-License-Identifier: Apache-2.0
//! `cardmint ledger`: verify, export, look up and prove what the ledger says.
//!
//! Every verb opens read-only, except `rebuild`, `checkpoint --sign` and `--renew`, and the entry that records an export.

mod ceremony;
mod export;
mod log;
mod place;
mod range;
mod show;
mod verify;

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
}

#[derive(Debug, clap::Subcommand)]
enum Verb {
    /// Re-derives everything.
    Verify(verify::Verify),
    /// Writes entries to a file.
    Export(export::Export),
    /// Lists entries.
    Log(log::Log),
    /// Shows one entry.
    Show(show::Show),
    /// Prints the newest checkpoint.
    Checkpoint(show::Checkpoint),
    /// Writes the evidence of one entry.
    Prove(show::Prove),
    /// Makes the tables again from the entries.
    Rebuild,
}

/// Runs it.
pub fn run(args: &Args, context: &mut Context) -> Result<Exit, Error> {
    match &args.verb {
        Verb::Verify(verb) => verify::verify(verb, &args.place, context),
        Verb::Export(verb) => export::export(verb, &args.place, context),
        Verb::Log(verb) => log::log(verb, &args.place, context),
        Verb::Show(verb) => show::show(verb, &args.place, context),
        Verb::Checkpoint(verb) => show::checkpoint(verb, &args.place, context),
        Verb::Prove(verb) => show::prove(verb, &args.place, context),
        Verb::Rebuild => verify::rebuild(&args.place, context),
    }
}
