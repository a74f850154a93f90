// SPDX-License-Identifier: Apache-2.0
//! `cardmint card` and, with the verbs of issuing, `cardmint psam`: issuing one card from one order, taking up a torn one,
//! giving a number up, reading and verifying what is on a card. `cardmint card` alone has the verbs of the customer desk.

mod at_desk;
mod history;
mod job;
mod life;
mod look;
mod make;
mod money;
mod transfer;

use std::path::PathBuf;

use super::Context;
use super::order::OrderArgs;
use crate::error::{Error, Exit};
use crate::template::Product;

/// `cardmint card …`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// What to do.
    #[command(subcommand)]
    verb: CardVerb,
}

/// What can be done with a user card.
#[derive(Debug, clap::Subcommand)]
enum CardVerb {
    #[command(flatten)]
    Make(Verb),
    #[command(flatten)]
    Life(life::Verb),
    #[command(flatten)]
    AtDesk(at_desk::Verb),
    #[command(flatten)]
    Money(money::Verb),
    /// Everything about a card.
    History(history::Of),
}

/// What can be done with a card.
#[derive(Debug, clap::Subcommand)]
pub enum Verb {
    /// Issues one card.
    Issue(Make),
    /// Takes up a card that was torn away.
    Resume(Make),
    /// Gives a number up for good.
    Void {
        /// The number.
        #[arg(value_name = "NUMBER")]
        number: String,
        /// Why.
        #[arg(long, value_name = "TEXT")]
        reason: String,
    },
    /// Shows what stands on a card.
    Read(On),
    /// Checks a card against template and ledger.
    Verify(Make),
    /// What the ledger says of a card.
    Status {
        /// The number.
        #[arg(value_name = "NUMBER", required_unless_present = "reader", conflicts_with = "reader")]
        number: Option<String>,
        /// The reader with the card.
        #[arg(long, value_name = "READER")]
        reader: Option<String>,
    },
}

/// A card on a reader, and the template that describes it.
#[derive(Debug, clap::Args)]
pub struct On {
    /// The reader.
    #[arg(long, value_name = "READER")]
    reader: String,
    /// The template; where the ledger knows the card, its own.
    #[arg(long, value_name = "TEMPLATE")]
    template: Option<String>,
    /// Where the conversation is written to.
    #[arg(long, value_name = "FILE")]
    trace: Option<PathBuf>,
}

/// A card on a reader, the template, and the order.
#[derive(Debug, clap::Args)]
pub struct Make {
    #[command(flatten)]
    on: On,
    /// The lot that the blank is from.
    #[arg(long, value_name = "LOT")]
    lot: Option<String>,
    #[command(flatten)]
    order: OrderArgs,
}

/// Runs `cardmint card`.
pub fn run(args: &Args, context: &mut Context) -> Result<Exit, Error> {
    match &args.verb {
        CardVerb::Make(verb) => run_verb(verb, Product::UserCard, context),
        CardVerb::Life(verb) => life::run(verb, context),
        CardVerb::AtDesk(verb) => at_desk::run(verb, context),
        CardVerb::Money(verb) => money::run(verb, context),
        CardVerb::History(of) => history::run(of, context),
    }
}

/// Runs a verb for a product.
pub fn run_verb(verb: &Verb, product: Product, context: &mut Context) -> Result<Exit, Error> {
    match verb {
        Verb::Issue(make) => make::issue(make, product, context),
        Verb::Resume(make) => make::resume(make, product, context),
        Verb::Void { number, reason } => make::void(number, reason, product, context),
        Verb::Read(on) => look::read(on, product, context),
        Verb::Verify(make) => look::verify(make, product, context),
        Verb::Status { number, reader } => look::status(number.as_deref(), reader.as_deref(), product, context),
    }
}
