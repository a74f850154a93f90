// SPDX-License-Identifier: Apache-2.0
//! `cardmint ledger`: verify, export, look up and prove what the ledger says.
//!
//! Every verb opens read-only, except `rebuild`, `checkpoint --sign` and `--renew`, and the entry that records an export.

mod ceremony;
mod export;
mod place;
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
    Log(show::Log),
    /// Shows one entry.
    Show(show::Show),
    /// Prints the newest checkpoint.
    Checkpoint(show::Checkpoint),
    /// Writes the evidence of one entry.
    Prove(show::Prove),
    /// Makes the tables again from the entries.
    Rebuild,
}

/// Which entries.
#[derive(Debug, clap::Args)]
struct Range {
    /// From this entry.
    #[arg(long, value_name = "SEQ", default_value_t = 0)]
    from: u64,
    /// Up to this entry.
    #[arg(long, value_name = "SEQ")]
    to: Option<u64>,
    /// Not before this time.
    #[arg(long, value_name = "TIME")]
    since: Option<String>,
    /// Before this time.
    #[arg(long, value_name = "TIME")]
    until: Option<String>,
    /// Of this act.
    #[arg(long, value_name = "ACT")]
    act: Option<String>,
    /// Of this card.
    #[arg(long, value_name = "NUMBER")]
    number: Option<String>,
    /// Signed by this officer.
    #[arg(long, value_name = "NAME")]
    by: Option<String>,
}

impl Range {
    fn filter(&self) -> crate::ledger::Filter {
        crate::ledger::Filter {
            from: self.from,
            to: self.to.map(|last| last.saturating_add(1)),
            since: self.since.clone(),
            until: self.until.clone(),
            act: self.act.clone(),
            number: self.number.clone(),
            officer: self.by.clone(),
        }
    }
}

/// Runs it.
pub fn run(args: &Args, context: &mut Context) -> Result<Exit, Error> {
    match &args.verb {
        Verb::Verify(verb) => verify::verify(verb, &args.place, context),
        Verb::Export(verb) => export::export(verb, &args.place, context),
        Verb::Log(verb) => show::log(verb, &args.place, context),
        Verb::Show(verb) => show::show(verb, &args.place, context),
        Verb::Checkpoint(verb) => show::checkpoint(verb, &args.place, context),
        Verb::Prove(verb) => show::prove(verb, &args.place, context),
        Verb::Rebuild => verify::rebuild(&args.place, context),
    }
}
