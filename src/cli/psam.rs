// SPDX-License-Identifier: Apache-2.0
//! `cardmint psam`: PSAMs, with the verbs of `cardmint card`.

use super::{Context, card};
use crate::error::{Error, Exit};
use crate::template::Product;

/// `cardmint psam …`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// What to do.
    #[command(subcommand)]
    verb: card::Verb,
}

/// Runs it.
pub fn run(args: &Args, context: &mut Context) -> Result<Exit, Error> {
    card::run_verb(&args.verb, Product::Psam, context)
}
