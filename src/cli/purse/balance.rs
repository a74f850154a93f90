// SPDX-License-Identifier: Apache-2.0
//! Balance and log of a card, without any key.

use serde::Serialize;

use super::Card;
use crate::batch::purse::{LogRecord, identify, log, template_of};
use crate::batch::yuan::Yuan;
use crate::card::CardSession;
use crate::card::commands::Purse;
use crate::card::purse;
use crate::cli::Context;
use crate::crypto::purse::Amount;
use crate::error::{Error, Exit};
use crate::keys::{Subject, scheme};
use crate::msg;
use crate::template::Product;

/// `cardmint purse balance …`.
#[derive(Debug, clap::Args)]
pub(super) struct Balance {
    #[command(flatten)]
    card: Card,
    /// Electronic purse or deposit.
    #[arg(long, value_name = "PURSE")]
    purse: Option<Which>,
    /// Show the log too.
    #[arg(long)]
    log: bool,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum Which {
    Ep,
    Ed,
}

#[derive(Serialize)]
struct Shown<'a> {
    number: &'a str,
    template: &'a str,
    purse: &'static str,
    balance: u32,
    yuan: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    log: Option<&'a [LogRecord]>,
}

pub(super) fn run(args: &Balance, context: &mut Context) -> Result<Exit, Error> {
    let mut transport = super::open(&args.card.reader)?;
    let named = args.card.template.as_deref();
    let template = template_of(transport.as_mut(), Product::UserCard, named, &[], None)?;
    let here = std::env::current_dir().unwrap_or_default();
    let scheme = scheme::find(template.schemes.first().map_or("", String::as_str), &here)?;
    let mut card = CardSession::new(transport.as_mut(), template.dialect);
    let on = identify(&mut card, &template, &scheme, &Subject::new())?;
    let which = match args.purse {
        None => on.slots.purse,
        Some(Which::Ep) => Purse::Electronic,
        Some(Which::Ed) => Purse::Deposit,
    };
    let balance = purse::balance(&mut card, which)?;
    let records = if args.log { Some(log(&mut card, &on)?) } else { None };
    let shown = Shown {
        number: &on.number,
        template: &template.name,
        purse: if which == Purse::Electronic { "ep" } else { "ed" },
        balance: balance.0,
        yuan: Yuan(balance).to_string(),
        log: records.as_deref(),
    };
    let out = &mut context.out;
    out.record("cardmint.purse-balance/1", &shown)?;
    out.say(&msg!("purse-balance", number = on.number, balance = Yuan(balance)))?;
    let Some(records) = &records else { return Ok(Exit::Done) };
    let row = |r: &LogRecord| {
        let amount = Yuan(Amount(r.amount)).to_string();
        vec![
            r.counter.to_string(),
            r.kind.clone(),
            amount,
            r.terminal.clone(),
            r.datetime.clone(),
        ]
    };
    let heading = [
        msg!("purse-column-counter"),
        msg!("purse-column-type"),
        msg!("purse-column-amount"),
        msg!("purse-column-terminal"),
        msg!("purse-column-datetime"),
    ];
    out.table(&heading, &records.iter().map(row).collect::<Vec<_>>())?;
    Ok(Exit::Done)
}
