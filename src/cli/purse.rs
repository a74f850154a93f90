// SPDX-License-Identifier: Apache-2.0
//! `cardmint purse`: balance and log, loads by the site, purchases with a PSAM on a second reader.
//!
//! A purchase is what a terminal does, and a terminal is no site: without `--officer` it runs without ledger and says so.
//! Times are Beijing time, as on the receipts.

mod balance;
mod load;
mod purchase;

use super::{Context, readers};
use crate::batch::purse::Settled;
use crate::batch::yuan::Yuan;
use crate::crypto::purse::{Amount, DateTime};
use crate::error::{Error, Exit};
use crate::ledger::act::{PurseEnding, PurseIntent};
use crate::msg;
use crate::transport::CardTransport;
use crate::transport::reader_spec::ReaderSpec;

/// `cardmint purse …`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// What to do.
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, clap::Subcommand)]
enum Verb {
    /// Shows balance and log.
    Balance(balance::Balance),
    /// Loads.
    Load(load::LoadArgs),
    /// Pays.
    Purchase(purchase::PurchaseArgs),
}

/// The card.
#[derive(Debug, clap::Args)]
struct Card {
    /// The reader.
    #[arg(long, value_name = "READER")]
    reader: String,
    /// The template.
    #[arg(long, value_name = "TEMPLATE")]
    template: Option<String>,
}

/// Runs it.
pub fn run(args: &Args, context: &mut Context) -> Result<Exit, Error> {
    match &args.verb {
        Verb::Balance(args) => balance::run(args, context),
        Verb::Load(args) => load::run(args, context),
        Verb::Purchase(args) => purchase::run(args, context),
    }
}

pub(in crate::cli) use load::site_terminal;

fn open(reader: &str) -> Result<Box<dyn CardTransport>, Error> {
    Ok(readers::open(&reader.parse::<ReaderSpec>()?)?)
}

/// Now, in Beijing time.
pub(in crate::cli) fn now(context: &Context) -> Result<DateTime, Error> {
    let beijing = jiff::tz::Offset::constant(8);
    Ok(DateTime::from_civil(beijing.to_datetime(context.clock.now()))?)
}

/// Tells how a torn transaction was settled.
pub(in crate::cli) fn tell_settled(settled: &Settled, entry: u64, context: &mut Context) -> Result<(), Error> {
    let (intent, word): (&PurseIntent, &str) = match settled {
        Settled::Done { intent } => (intent, "done"),
        Settled::Closed { intent, result } => match result {
            PurseEnding::NotDone => (intent, "not-done"),
            PurseEnding::DoneUnproved => (intent, "done-unproved"),
            PurseEnding::Unknown => (intent, "unknown"),
        },
    };
    let (number, amount) = (&intent.number, Yuan(Amount(intent.amount)));
    let said = match word {
        "done" => msg!("purse-settled-done", number = number, amount = amount, entry = entry),
        "not-done" => msg!(
            "purse-settled-not-done",
            number = number,
            amount = amount,
            entry = entry
        ),
        "done-unproved" => msg!(
            "purse-settled-done-unproved",
            number = number,
            amount = amount,
            entry = entry
        ),
        _ => msg!("purse-settled-unknown", number = number, amount = amount, entry = entry),
    };
    let record = serde_json::json!({"number": number, "amount": intent.amount, "type": intent.kind, "intent": entry,
        "result": word});
    context.out.record("cardmint.purse-settled/1", &record)?;
    context.out.say(&said)
}
