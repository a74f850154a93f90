// SPDX-License-Identifier: Apache-2.0
//! A load by the site that holds the load key.

use serde::Serialize;

use super::Card;
use crate::batch::order::OrderBook;
use crate::batch::purse::{LoadOrder, identify, load, settle, template_of};
use crate::batch::yuan::Yuan;
use crate::card::CardSession;
use crate::cli::{Context, session};
use crate::crypto::SecretBytes;
use crate::crypto::pin::code_pin;
use crate::crypto::purse::Terminal;
use crate::error::{Error, Exit};
use crate::keys::KeyStore;
use crate::keys::file_store::card_pin_name;
use crate::ledger::CardKind;
use crate::msg;
use crate::site::{Session, Site};
use crate::template::{OWN_PIN, Product, Template};

/// `cardmint purse load …`.
#[derive(Debug, clap::Args)]
pub(super) struct LoadArgs {
    #[command(flatten)]
    card: Card,
    /// The amount in yuan.
    #[arg(long, value_name = "YUAN")]
    amount: Yuan,
    /// Terminal number of this place.
    #[arg(long, value_name = "HEX")]
    terminal: Option<String>,
    /// Ask for the holder's PIN.
    #[arg(long)]
    ask_pin: bool,
}

#[derive(Serialize)]
struct Loaded<'a> {
    number: &'a str,
    amount: u32,
    balance: u32,
    counter: u16,
    terminal: String,
    datetime: String,
    tac: String,
    entry: u64,
}

/// The acts that a load may record.
const ACTS: &[&str] = &["purse.intent", "purse.load", "purse.closed", "purse.purchase"];

pub(super) fn run(args: &LoadArgs, context: &mut Context) -> Result<Exit, Error> {
    if args.amount.0.0 == 0 {
        return Err(Error::new(msg!("purse-amount-zero"), Exit::Usage));
    }
    let site = session::open_site(context)?;
    site.check_reader(&args.card.reader)?;
    let terminal = site_terminal(args.terminal.as_deref(), &site)?;
    let mut open = session::unlock(context, &site, ACTS)?;
    let at = super::now(context)?;
    let mut transport = super::open(&args.card.reader)?;
    let schemes = [site.scheme().name().to_owned()];
    let named = args.card.template.as_deref();
    let template = template_of(
        transport.as_mut(),
        Product::UserCard,
        named,
        &schemes,
        Some(&open.ledger),
    )?;
    let mut card = CardSession::new(transport.as_mut(), template.dialect);
    let own = site.scheme().subject_of(site.owner())?;
    let on = identify(&mut card, &template, site.scheme(), &own)?;
    let pin = pin(args.ask_pin, &template, &on.number, &open, context)?;
    let intent = open.ledger.open_purse_intent(&on.number)?.map_or(0, |(seq, _)| seq);
    if let Some(settled) = settle(&mut open, &on, pin.as_ref(), &mut card)? {
        super::tell_settled(&settled, intent, context)?;
    }
    let order = LoadOrder {
        amount: args.amount.0,
        terminal,
        at,
        pin: pin.as_ref(),
    };
    let (loaded, entry) = load(&mut open, &on, &order, &mut card)?;
    let t = &loaded.transaction;
    let shown = Loaded {
        number: &on.number,
        amount: t.amount.0,
        balance: loaded.balance.0,
        counter: t.counter,
        terminal: t.terminal.to_string(),
        datetime: t.at.to_string(),
        tac: hex::encode_upper(loaded.tac),
        entry,
    };
    context.out.record("cardmint.purse-load/1", &shown)?;
    let said = msg!(
        "purse-loaded",
        amount = args.amount,
        number = on.number,
        balance = Yuan(loaded.balance),
        counter = t.counter,
        tac = shown.tac,
        entry = entry
    );
    context.out.say(&said)?;
    Ok(Exit::Done)
}

/// The terminal number that was given, or the site's code and zeros behind it.
pub(in crate::cli) fn site_terminal(given: Option<&str>, site: &Site) -> Result<Terminal, Error> {
    let text = match given {
        Some(text) => text.to_owned(),
        None => format!("{:0<12}", site.owner().code.chars().take(8).collect::<String>()),
    };
    text.parse()
        .map_err(|_| Error::new(msg!("purse-terminal", text = text), Exit::Usage))
}

/// Whether a card has a PIN of its own, by its order; a card of no batch has none. `None` where nobody here knows it.
fn own_pin(policy: &str, number: &str, open: &Session) -> Result<Option<bool>, Error> {
    if OrderBook::place(&open.site).is_file() {
        let book = OrderBook::look(&open.site)?;
        if let Some((order, row)) = book.place_of(CardKind::User, number)? {
            let line = book.next_line(&order, row.saturating_sub(1))?;
            return Ok(line.map(|line| line.fields.get(policy).is_some_and(|code| code == OWN_PIN)));
        }
    }
    let row = open.ledger.card(CardKind::User, number)?;
    Ok(row.filter(|row| row.batch.is_none()).map(|_| false))
}

/// The PIN that the card wants, where the template has one.
fn pin(
    ask: bool,
    template: &Template,
    number: &str,
    open: &Session,
    context: &mut Context,
) -> Result<Option<SecretBytes>, Error> {
    // A card with a PIN of its own, or one of which nobody here knows: a wrong PIN would cost it a try.
    let own = match &template.pin_policy {
        Some(policy) => own_pin(policy, number, open)?,
        None => Some(false),
    };
    if own == Some(true) && !ask {
        return Ok(Some(open.store.pin(&card_pin_name(number))?));
    }
    if ask || own.is_none() {
        let typed = context.prompt.secret(&msg!("purse-ask-pin", number = number))?;
        return Ok(Some(code_pin(&typed)?));
    }
    let initial = template.directories().find_map(|d| d.pin.as_ref());
    Ok(initial.map(|pin| open.store.pin(&pin.initial)).transpose()?)
}
