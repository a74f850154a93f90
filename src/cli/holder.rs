// SPDX-License-Identifier: Apache-2.0
//! `cardmint holder`: data of cards' holders. Who looks is recorded before anything is opened; what is erased is gone.

mod erase;
mod show;
mod verify;

use super::{Context, session};
use crate::batch::order::OrderBook;
use crate::error::{Error, Exit};
use crate::msg;

/// `cardmint holder …`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// What to do.
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, clap::Subcommand)]
enum Verb {
    /// Shows whose card it is; an entry of the ledger says so first.
    Show(show::Show),
    /// Erases one holder's data, or those of an order.
    Erase(erase::Erase),
    /// Checks orders and holders' data against the ledger.
    Verify(verify::Verify),
    /// Draws the secret anew under which holders' data are sealed.
    RenewSecret {
        /// Why.
        #[arg(long, value_name = "TEXT")]
        reason: String,
    },
}

/// Runs it.
pub fn run(args: &Args, context: &mut Context) -> Result<Exit, Error> {
    match &args.verb {
        Verb::Show(show) => show::run(show, context),
        Verb::Erase(erase) => erase::run(erase, context),
        Verb::Verify(verify) => verify::run(verify, context),
        Verb::RenewSecret { reason } => renew(reason, context),
    }
}

#[derive(serde::Serialize)]
struct Renewed {
    entry: u64,
}

fn renew(reason: &str, context: &mut Context) -> Result<Exit, Error> {
    let site = session::open_site(context)?;
    let reason = super::record::text(reason)?;
    let mut session = session::unlock(context, &site, &["secret.draw"])?;
    let mut book = OrderBook::open(&site, &session.ledger)?;
    let entry = book.draw_anew(&mut session, &reason, context.random.as_mut(), &mut |_| {})?;
    context.out.record("cardmint.holder-secret/1", &Renewed { entry })?;
    context.out.say(&msg!("holder-renewed", entry = entry))?;
    Ok(Exit::Done)
}
