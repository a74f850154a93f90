// SPDX-License-Identifier: Apache-2.0
//! From the command line to a script: which template, which order, which moment.

use jiff::Timestamp;

use crate::batch;
use crate::card::chip;
use crate::cli::clock::beijing;
use crate::cli::readers;
use crate::error::{Error, Exit};
use crate::keys::KeyStore;
use crate::ledger::Ledger;
use crate::ledger::act::Act;
use crate::ledger::query::CardRow;
use crate::msg;
use crate::perso::plan;
use crate::perso::script::PersoScript;
use crate::site::Session;
use crate::template::{Order, OrderKind, Product, RawOrder, Template};
use crate::transport::CardTransport;
use crate::transport::reader_spec::ReaderSpec;

/// How far before its intent an order may have been planned: unlocking and the first look at the card lie between.
const PLANNED_BEFORE: u16 = 900;

/// Opens the card on a reader.
pub(super) fn open_reader(name: &str) -> Result<Box<dyn CardTransport>, Error> {
    let spec: ReaderSpec = name.parse()?;
    Ok(readers::open(&spec)?)
}

/// The template named, else that of the card on the reader as the ledger has it.
pub(super) fn template(
    named: Option<&str>,
    product: Product,
    card: &dyn CardTransport,
    ledger: Option<&Ledger>,
) -> Result<Template, Error> {
    let known = match (named, ledger) {
        (None, Some(ledger)) => row_on(card, ledger)?.map(|row| row.template),
        _ => None,
    };
    let name = named.map(str::to_owned).or(known);
    let name = name.ok_or_else(|| Error::new(msg!("card-name-template"), Exit::Usage))?;
    let template = crate::cli::template::sound(&name)?;
    if template.product.is_sam() == product.is_sam() {
        return Ok(template);
    }
    Err(Error::new(
        msg!("card-other-product", template = template.name),
        Exit::Usage,
    ))
}

/// The ledger's row of the chip on a reader.
pub(super) fn row_on(card: &dyn CardTransport, ledger: &Ledger) -> Result<Option<CardRow>, Error> {
    // A storage card's number takes a command; it is asked when its template is known.
    match chip::serial(card.atr()) {
        Some(chip) => Ok(ledger.card_on_chip(&chip)?),
        None => Ok(None),
    }
}

/// The script of an order that is planned now. If the ledger has an unfinished card of this number, the script of that
/// run: defaults such as today's date are those of its own moment.
pub(super) fn script(
    template: &Template,
    raw: &RawOrder,
    session: &Session,
    now: Timestamp,
) -> Result<PersoScript, Error> {
    let fresh = planned(template, raw, session, now)?;
    let row = session.ledger.card(batch::kind_of(fresh.product), &fresh.number)?;
    let Some(row) = row.filter(|row| row.outcome.is_none() || row.status != "issued") else {
        return Ok(fresh);
    };
    let begun = begun(&session.ledger, &row)?;
    // Where no field takes the time of day, only the date counts, and two moments cover midnight.
    let timed = template.order.iter().any(|field| field.kind == OrderKind::DateTime);
    let step = if timed { 1 } else { usize::from(PLANNED_BEFORE) };
    for earlier in (0..=PLANNED_BEFORE).step_by(step) {
        let then = Timestamp::from_second(begun.as_second() - i64::from(earlier)).unwrap_or(begun);
        let script = planned(template, raw, session, then)?;
        if script.digest_hex() == row.script {
            return Ok(script);
        }
    }
    Ok(fresh)
}

/// When the first intent of a card was recorded.
fn begun(ledger: &Ledger, row: &CardRow) -> Result<Timestamp, Error> {
    let mut entry = ledger.entry(row.intent)?;
    while let Act::CardIntent(intent) | Act::PsamIntent(intent) = &entry.act
        && let Some(earlier) = intent.resumes
    {
        entry = ledger.entry(earlier)?;
    }
    Ok(entry.at.as_str().parse().unwrap_or_default())
}

/// The order, checked.
pub(super) fn order(template: &Template, raw: &RawOrder, session: &Session, at: Timestamp) -> Result<Order, Error> {
    let facts = batch::facts(&session.site)?;
    Ok(Order::check(template, raw, &beijing(at), &|name| facts.value(name))?)
}

fn planned(template: &Template, raw: &RawOrder, session: &Session, at: Timestamp) -> Result<PersoScript, Error> {
    let facts = batch::facts(&session.site)?;
    let order = order(template, raw, session, at)?;
    Ok(plan(
        template,
        &order,
        session.site.scheme(),
        &session.store.keys(),
        &facts,
    )?)
}
