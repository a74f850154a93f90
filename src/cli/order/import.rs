// SPDX-License-Identifier: Apache-2.0
//! `order import`: the file is checked whole while the site is still locked; then it is read once more and taken in, by an
//! entry of the ledger, whole or not at all.

use super::FileArgs;
use super::check::{Terms, watched};
use crate::batch::order::{OrderBook, OrderFacts, OrderFault};
use crate::cli::{Context, range, session};
use crate::error::{Error, Exit};
use crate::keys::InternalUse;
use crate::ledger::Ledger;
use crate::msg;
use crate::site::{Session, Site};

/// `order import`.
#[derive(Debug, clap::Args)]
pub(super) struct Import {
    #[command(flatten)]
    file: FileArgs,
    /// The order's name.
    #[arg(long, value_name = "ORDER")]
    name: String,
}

pub(super) fn run(import: &Import, context: &mut Context) -> Result<Exit, Error> {
    let terms = Terms::of(&import.file, context)?;
    let site = session::open_site(context)?;
    let checked = {
        let ledger = site.ledger_read_only()?;
        free_name(&site, &ledger, &import.name)?;
        terms.check(&site, &ledger, context)?
    };
    let own_pins = checked.own_pins;
    terms.conclude(checked, context)?;
    let mut session = session::unlock(context, &site, &["order.import"])?;
    session.need_secret(InternalUse::Holders, context.random.as_mut())?;
    if own_pins {
        session.need_secret(InternalUse::Pins, context.random.as_mut())?;
    }
    let facts = take_in(&terms, &import.name, &mut session, context)?;
    tell(&facts, &session.ledger, context)?;
    say_low(&facts, &session.ledger, context)?;
    Ok(Exit::Done)
}

/// A name that is used already is said before anybody types a passphrase.
fn free_name(site: &Site, ledger: &Ledger, name: &str) -> Result<(), Error> {
    if ledger.order(name)?.is_some() {
        let order = name.to_owned();
        return Err(OrderFault::NameTaken { order }.into());
    }
    // A ledger with orders and no book: better said now, too.
    if ledger.orders()?.is_empty() || OrderBook::place(site).is_file() {
        return Ok(());
    }
    let path = OrderBook::place(site).display().to_string();
    Err(OrderFault::NoBook { path }.into())
}

fn take_in(terms: &Terms, name: &str, session: &mut Session, context: &mut Context) -> Result<OrderFacts, Error> {
    let mut book = OrderBook::open_or_make(&session.site, &session.ledger)?;
    let (out, random) = (&mut context.out, context.random.as_mut());
    let (summary, coming) = terms.with_scan(&session.site, &session.ledger, |scan| {
        let keep = (&session.store, &session.ledger);
        watched(out, |sink| {
            Ok(book.take_in(name, scan, &terms.file, keep, random, sink)?)
        })
    })?;
    match coming {
        Some(coming) => Ok(book.record(coming, session, &mut |_| {})?),
        // What was good a moment ago: another process took a number.
        None => Err(summary.bad_file().into()),
    }
}

fn tell(facts: &OrderFacts, ledger: &Ledger, context: &mut Context) -> Result<(), Error> {
    let name = &facts.order;
    let unknown = || OrderFault::NoOrder { order: name.clone() };
    let row = ledger.order(name)?.ok_or_else(unknown)?;
    super::show::record(&row, ledger, context)?;
    let (rows, entry) = (row.rows, row.imported);
    let said = msg!(
        "order-imported",
        order = name,
        rows = rows,
        entry = entry,
        digest = row.digest
    );
    context.out.say(&said)
}

/// Says which of the ranges that the order took numbers from run low.
fn say_low(facts: &OrderFacts, ledger: &Ledger, context: &mut Context) -> Result<(), Error> {
    let touched = super::show::spans(&facts.order, ledger)?;
    let used = |name: &String| touched.iter().any(|span| span.range.as_ref() == Some(name));
    let ranges: Vec<_> = ledger.ranges()?.into_iter().filter(|r| used(&r.range)).collect();
    range::say_low(context, &ranges, 0);
    Ok(())
}
