// SPDX-License-Identifier: Apache-2.0
//! `cardmint demo`: the main job from end to end in a fresh rehearsal, told command by command.
//!
//! Every step is an ordinary command, shown as one would type it and run by the same code, so that it can be repeated by
//! hand afterwards. Passphrases are drawn at random and lie in files of the demo's folder; the sites are rehearsal sites
//! for good.

mod script;
mod stage;

use std::path::PathBuf;

use super::Context;
use crate::error::{Error, Exit};

/// `cardmint demo …`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The folder that the demo makes; it must not exist.
    #[arg(long, value_name = "FOLDER", default_value = "cardmint-demo")]
    dir: PathBuf,
    /// How many user cards.
    #[arg(long, value_name = "NUMBER", default_value_t = 5, value_parser = clap::value_parser!(u8).range(1..=99))]
    cards: u8,
    /// Blank cards in PC/SC readers instead of simulated ones.
    #[arg(long)]
    pcsc: bool,
    /// With --pcsc: a reader for user cards; repeatable, then the cards are issued round about.
    #[arg(long, value_name = "READER", requires = "pcsc")]
    reader: Vec<String>,
    /// With --pcsc: the reader for the PSAM.
    #[arg(long, value_name = "READER", requires = "pcsc")]
    psam_reader: Option<String>,
}

/// Runs it.
pub fn run(args: &Args, context: &mut Context) -> Result<Exit, Error> {
    script::play(args, context)
}
