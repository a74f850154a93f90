// SPDX-License-Identifier: Apache-2.0
//! `order withdraw`: an order that no batch was made of is given up. Its numbers are free again, what came with it is destroyed.

use crate::batch::order::{OrderBook, OrderFault};
use crate::cli::{Context, record, session};
use crate::error::{Error, Exit};
use crate::ledger::act::{Act, OrderWithdraw};
use crate::msg;

/// `order withdraw`.
#[derive(Debug, clap::Args)]
pub(super) struct Withdraw {
    /// The order.
    #[arg(value_name = "ORDER")]
    order: String,
    /// Why.
    #[arg(long, value_name = "TEXT")]
    reason: String,
}

pub(super) fn run(args: &Withdraw, context: &mut Context) -> Result<Exit, Error> {
    let site = session::open_site(context)?;
    let order = args.order.clone();
    {
        let ledger = site.ledger_read_only()?;
        if ledger.order(&order)?.is_none_or(|row| row.withdrawn.is_some()) {
            return Err(OrderFault::NoOrder { order }.into());
        }
    }
    // Before the entry: without the book nothing could be destroyed.
    OrderBook::look(&site)?;
    let act = Act::OrderWithdraw(OrderWithdraw {
        order: record::text(&order)?,
        reason: record::text(&args.reason)?,
    });
    let entry = record::record(context, &site, act)?;
    // The ledger decides; opening the book carries it out.
    OrderBook::open(&site, &site.ledger_read_only()?)?;
    record::tell(context, &entry)?;
    context.out.say(&msg!("order-withdrawn", order = order))?;
    Ok(Exit::Done)
}
