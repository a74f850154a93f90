// SPDX-License-Identifier: Apache-2.0
//! `cardmint key`: the keys of a site. Nothing here ever shows a key; what is shown is its name, its state and its check
//! value.

mod arrive;
mod block;
mod exchange;
mod show;
mod travel;

pub(in crate::cli) use show::fields;

use std::path::PathBuf;

use super::Context;
use crate::crypto::key_block::Exportability;
use crate::crypto::{Algorithm, Kcv};
use crate::error::{Error, Exit};
use crate::keys::{ExchangeName, KeyId, KeyState, LevelName, Owner, StoredName, Usage};

/// `cardmint key …`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// What to do.
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, clap::Subcommand)]
enum Verb {
    /// Draws new keys at random.
    Generate(Generate),
    /// Puts a key together from components.
    Import(Import),
    /// Lists the keys.
    List,
    /// Shows one key.
    Show {
        /// The key.
        #[arg(value_name = "KEY")]
        key: StoredName,
    },
    /// Shows the check values on the way down.
    Derive(Derive),
    /// Changes a key's state.
    State {
        /// The key.
        #[arg(value_name = "KEY")]
        key: StoredName,
        /// The state.
        #[arg(value_name = "STATE")]
        state: KeyState,
        /// Why.
        #[arg(long, value_name = "TEXT")]
        reason: String,
    },
    /// Enters an initial PIN.
    SetPin {
        /// Its name.
        #[arg(value_name = "NAME")]
        name: String,
    },
    /// Seals keys for another centre.
    Export(Export),
    /// Takes keys of another centre over.
    Receive(Receive),
    /// Exchange keys for key blocks.
    ExchangeKey(exchange::Args),
}

/// `cardmint key receive …`.
#[derive(Debug, clap::Args)]
struct Receive {
    /// The bundle, or the key blocks.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// The exchange key of the key blocks.
    #[arg(long, value_name = "NAME")]
    under: Option<ExchangeName>,
    /// The keys in key blocks of another program, in the order of the lines; repeatable.
    #[arg(long, value_name = "KEY", requires = "under")]
    key: Vec<KeyId>,
}

/// `cardmint key generate …`.
#[derive(Debug, clap::Args)]
struct Generate {
    /// What the keys are for.
    #[arg(value_name = "USAGE", required_unless_present = "all", conflicts_with = "all")]
    usage: Vec<Usage>,
    /// Every usage that is rooted at this site's level.
    #[arg(long)]
    all: bool,
    #[command(flatten)]
    which: Which,
}

/// Version and cipher.
#[derive(Debug, Clone, clap::Args)]
struct Which {
    /// The version.
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u8).range(1..))]
    version: Option<u8>,
    /// The cipher.
    #[arg(long, value_name = "ALGORITHM")]
    algorithm: Option<Algorithm>,
}

/// `cardmint key import …`.
#[derive(Debug, clap::Args)]
struct Import {
    /// What the key is for.
    #[arg(value_name = "USAGE")]
    usage: Usage,
    /// How many components.
    #[arg(long, value_name = "NUMBER", default_value_t = 2, value_parser = clap::value_parser!(u8).range(1..=4))]
    components: u8,
    #[command(flatten)]
    which: Which,
    /// The key's check value, where it is known.
    #[arg(long, value_name = "HEX")]
    kcv: Option<Kcv>,
    /// A component's check value, in the order of the components; repeatable.
    #[arg(long, value_name = "HEX")]
    component_kcv: Vec<Kcv>,
}

/// `cardmint key derive …`.
#[derive(Debug, clap::Args)]
struct Derive {
    /// The key to start from.
    #[arg(value_name = "KEY")]
    key: KeyId,
    /// The level to go down to.
    #[arg(long, value_name = "LEVEL", default_value = "card")]
    to: LevelName,
    /// The card's application serial number.
    #[arg(long, value_name = "HEX")]
    serial: Option<String>,
    /// A field that a factor needs: NAME=HEX; repeatable.
    #[arg(long, value_name = "NAME=HEX")]
    field: Vec<String>,
}

/// `cardmint key export …`.
#[derive(Debug, clap::Args)]
struct Export {
    /// The usages.
    #[arg(value_name = "USAGE", required = true)]
    usage: Vec<Usage>,
    /// The receiver's card.
    #[arg(
        long,
        value_name = "FILE",
        required_unless_present = "block",
        conflicts_with = "block"
    )]
    to: Option<PathBuf>,
    /// The receiver's code, to be compared with the card.
    #[arg(long, value_name = "CODE", requires = "to")]
    code: Option<String>,
    /// The file.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// The fingerprint that the other side read out.
    #[arg(long, value_name = "HEX", requires = "to")]
    fingerprint: Option<String>,
    /// As key blocks under an exchange key.
    #[arg(long, requires = "under")]
    block: bool,
    /// The exchange key.
    #[arg(long, value_name = "NAME", requires = "block")]
    under: Option<ExchangeName>,
    /// The centre below that the keys are derived to.
    #[arg(long, value_name = "OWNER", requires = "block")]
    owner: Option<Owner>,
    /// How far the receiver may send the keys on.
    #[arg(long, value_name = "WORD", requires = "block")]
    exportable: Option<Exportability>,
    /// A field that a factor needs: NAME=HEX; repeatable.
    #[arg(long, value_name = "NAME=HEX")]
    field: Vec<String>,
    #[command(flatten)]
    which: Which,
}

/// Runs it.
pub fn run(args: &Args, context: &mut Context) -> Result<Exit, Error> {
    match &args.verb {
        Verb::Generate(args) => arrive::generate(args, context),
        Verb::Import(args) => arrive::import(args, context),
        Verb::List => show::list(context),
        Verb::Show { key } => show::show(key, context),
        Verb::Derive(args) => show::derive(args, context),
        Verb::State { key, state, reason } => arrive::state(key, *state, reason, context),
        Verb::SetPin { name } => arrive::set_pin(name, context),
        Verb::Export(args) => travel::export(args, context),
        Verb::Receive(args) => travel::receive(args, context),
        Verb::ExchangeKey(args) => exchange::run(args, context),
    }
}
