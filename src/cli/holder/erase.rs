// SPDX-License-Identifier: Apache-2.0
//! `holder erase`: the entry first, then the data: their key is destroyed with them, and the ledger still verifies.

use crate::batch::order::{OrderBook, ledger_number};
use crate::cli::{Context, record, session};
use crate::error::{Error, Exit};
use crate::ledger::CardKind;
use crate::ledger::act::{Act, HoldersErase};
use crate::msg;

/// `holder erase`.
#[derive(Debug, clap::Args)]
pub(super) struct Erase {
    /// The card's number.
    #[arg(value_name = "NUMBER", required_unless_present = "order")]
    number: Option<String>,
    /// The whole order instead of one card.
    #[arg(long, value_name = "ORDER", conflicts_with = "number")]
    order: Option<String>,
    /// Why.
    #[arg(long, value_name = "TEXT")]
    reason: String,
}

pub(super) fn run(args: &Erase, context: &mut Context) -> Result<Exit, Error> {
    let site = session::open_site(context)?;
    let (order, number) = {
        let book = OrderBook::look(&site)?;
        match (&args.order, &args.number) {
            (None, Some(number)) => {
                let place = book.holder_of(CardKind::User, &ledger_number(number))?;
                (place.order, Some(place.number))
            }
            (order, _) => (book.order(order.as_deref().unwrap_or_default())?.order, None),
        }
    };
    let act = Act::HoldersErase(HoldersErase {
        order: record::text(&order)?,
        number: number.as_deref().map(record::number).transpose()?,
        reason: record::text(&args.reason)?,
    });
    let entry = record::record(context, &site, act)?;
    // The ledger decides; opening the book carries it out.
    OrderBook::open(&site, &site.ledger_read_only()?)?;
    record::tell(context, &entry)?;
    context.out.say(&match number {
        Some(number) => msg!("holder-erased", number = number, order = order),
        None => msg!("holder-erased-all", order = order),
    })?;
    Ok(Exit::Done)
}
