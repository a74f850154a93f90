// SPDX-License-Identifier: Apache-2.0
//! `holder show`: whose card it is. The entry that says who looked, and why, is durable before anything is opened.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::batch::order::{OrderBook, ledger_number};
use crate::cli::{Context, record, session};
use crate::error::{Error, Exit};
use crate::ledger::CardKind;
use crate::msg;

/// `holder show`.
#[derive(Debug, clap::Args)]
pub(super) struct Show {
    /// The card's number.
    #[arg(value_name = "NUMBER")]
    number: String,
    /// Why.
    #[arg(long, value_name = "TEXT")]
    reason: String,
}

#[derive(Serialize)]
struct Shown<'a> {
    order: &'a str,
    row: u32,
    number: &'a str,
    fields: &'a BTreeMap<String, String>,
}

pub(super) fn run(args: &Show, context: &mut Context) -> Result<Exit, Error> {
    let site = session::open_site(context)?;
    let reason = record::text(&args.reason)?;
    let number = ledger_number(&args.number);
    // A number that nobody knows costs nobody a passphrase.
    OrderBook::look(&site)?.holder_of(CardKind::User, &number)?;
    let mut session = session::unlock(context, &site, &["holder.show"])?;
    let book = OrderBook::open(&site, &session.ledger)?;
    let place = book.holder_of(CardKind::User, &number)?;
    let holder = book.show_holder(&mut session, place, &reason)?;
    let (fields, place) = (holder.fields()?, &holder.place);
    let shown = Shown {
        order: &place.order,
        row: place.row,
        number: &place.number,
        fields: &fields,
    };
    let out = &mut context.out;
    out.record("cardmint.holder/1", &shown)?;
    out.say(&msg!(
        "holder-shown",
        number = place.number,
        order = place.order,
        row = place.row
    ))?;
    for (name, value) in &fields {
        out.say(&msg!("holder-field", name = name, value = value))?;
    }
    Ok(Exit::Done)
}
