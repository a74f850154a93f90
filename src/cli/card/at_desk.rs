// SPDX-License-Identifier: Apache-2.0
//! What the customer desk writes to a user card on its reader: last day 延期, application blocked and unblocked, PIN unblocked
//! and loaded anew. What an earlier visit left open is settled first, and said.

use clap::ValueEnum;

use super::job;
use crate::batch::desk::{Change, DeskCard, DeskError, Settled, identify, visit};
use crate::batch::order::ledger_number;
use crate::batch::purse::template_of;
use crate::card::CardSession;
use crate::cli::clock::beijing;
use crate::cli::{Context, record, session};
use crate::crypto::SecretBytes;
use crate::crypto::pin::code_pin;
use crate::error::{Error, Exit};
use crate::keys::KeyStore;
use crate::keys::file_store::card_pin_name;
use crate::ledger::act::DeskEnding;
use crate::ledger::{CardKind, Ledger};
use crate::msg;
use crate::site::{Session, Site};
use crate::template::{Product, Template};
use crate::transport::CardTransport;

/// What can be done with a card at the desk.
#[derive(Debug, clap::Subcommand)]
pub(super) enum Verb {
    /// Gives the card a later last day.
    Extend {
        #[command(flatten)]
        at: AtDesk,
        /// The new last day.
        #[arg(long, value_name = "YYYYMMDD")]
        until: String,
    },
    /// Blocks the purse application.
    Block {
        #[command(flatten)]
        at: AtDesk,
        /// Why.
        #[arg(long, value_name = "TEXT")]
        reason: Option<String>,
    },
    /// Unblocks the purse application.
    Unblock {
        #[command(flatten)]
        at: AtDesk,
        /// Why.
        #[arg(long, value_name = "TEXT")]
        reason: Option<String>,
    },
    /// Gives a PIN its tries back.
    PinUnblock(OfPin),
    /// Sets a new PIN.
    PinReload(OfPin),
}

/// A card on the desk's reader.
#[derive(Debug, clap::Args)]
pub(super) struct AtDesk {
    /// The reader.
    #[arg(long, value_name = "READER")]
    pub(super) reader: String,
    /// The template; else the ledger's for this card.
    #[arg(long, value_name = "TEMPLATE")]
    pub(super) template: Option<String>,
    /// The card's number.
    #[arg(long, value_name = "NUMBER")]
    pub(super) number: Option<String>,
}

/// A PIN of a card.
#[derive(Debug, clap::Args)]
pub(super) struct OfPin {
    #[command(flatten)]
    at: AtDesk,
    /// Which PIN.
    #[arg(long, value_enum, default_value = "ask")]
    pin: WhichPin,
    /// Why.
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
}

/// Where a PIN comes from.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(super) enum WhichPin {
    /// The holder types it.
    Ask,
    /// The one that cards of the template get.
    Initial,
    /// The card's own, as in its letter.
    Letter,
}

/// A card on a reader and everything to work on it with.
pub(super) struct Desk {
    pub(super) session: Session,
    pub(super) transport: Box<dyn CardTransport>,
    pub(super) template: Template,
    pub(super) said: Option<String>,
}

impl Desk {
    /// Opens reader, site and key store for acts.
    pub(super) fn open(at: &AtDesk, site: &Site, acts: &[&str], context: &mut Context) -> Result<Self, Error> {
        site.check_reader(&at.reader)?;
        let mut transport = job::open_reader(&at.reader)?;
        let said = at.number.as_deref().map(ledger_number);
        let template = template(at, said.as_deref(), transport.as_mut(), site)?;
        let session = session::unlock(context, site, acts)?;
        Ok(Self {
            session,
            transport,
            template,
            said,
        })
    }
}

/// The template named; else the ledger's for the chip or the number; else the first one that finds a number on the card.
fn template(
    at: &AtDesk,
    said: Option<&str>,
    transport: &mut dyn CardTransport,
    site: &Site,
) -> Result<Template, Error> {
    let ledger: Ledger = site.ledger_read_only()?;
    let known = match said {
        Some(number) => ledger.card(CardKind::User, number)?,
        None => job::row_on(transport, &ledger)?,
    };
    let named = at.template.clone().or(known.map(|row| row.template));
    let schemes = [site.scheme().name().to_owned()];
    let found = template_of(transport, Product::UserCard, named.as_deref(), &schemes, Some(&ledger))?;
    if found.product == Product::UserCard {
        return Ok(found);
    }
    Err(Error::new(
        msg!("card-other-product", template = found.name),
        Exit::Usage,
    ))
}

pub(super) fn run(verb: &Verb, context: &mut Context) -> Result<Exit, Error> {
    match verb {
        Verb::Extend { at, until } => {
            day(until, context)?;
            change(at, "card.extend", None, |_, _, _| Ok(None), Some(until), context)
        }
        Verb::Block { at, reason } => change(at, "card.block", reason.as_deref(), |_, _, _| Ok(None), None, context),
        Verb::Unblock { at, reason } => {
            change(at, "card.unblock", reason.as_deref(), |_, _, _| Ok(None), None, context)
        }
        Verb::PinUnblock(of) => {
            let pin = |session: &Session, on: &DeskCard<'_>, context: &mut Context| {
                pin(of.pin, false, session, on, context).map(Some)
            };
            change(&of.at, "pin.unblock", of.reason.as_deref(), pin, None, context)
        }
        Verb::PinReload(of) => {
            let pin = |session: &Session, on: &DeskCard<'_>, context: &mut Context| {
                pin(of.pin, true, session, on, context).map(Some)
            };
            change(&of.at, "pin.reload", of.reason.as_deref(), pin, None, context)
        }
    }
}

/// A day that is none, or has passed, is refused before anybody types a passphrase.
fn day(until: &str, context: &Context) -> Result<(), Error> {
    let whole = until.len() == 8 && until.bytes().all(|b| b.is_ascii_digit());
    let today = &beijing(context.clock.now())[..8];
    if whole && until >= today && jiff::civil::Date::strptime("%Y%m%d", until).is_ok() {
        return Ok(());
    }
    Err(DeskError::Day { day: until.to_owned() }.into())
}

fn change(
    at: &AtDesk,
    act: &'static str,
    reason: Option<&str>,
    ask: impl Fn(&Session, &DeskCard<'_>, &mut Context) -> Result<Option<SecretBytes>, Error>,
    until: Option<&str>,
    context: &mut Context,
) -> Result<Exit, Error> {
    let reason = record::text_if(reason)?;
    let site = session::open_site(context)?;
    let mut desk = Desk::open(at, &site, &[act, "card.done"], context)?;
    let mut card = CardSession::new(desk.transport.as_mut(), desk.template.dialect);
    let on = identify(&desk.session, &desk.template, desk.said.as_deref(), &mut card)?;
    let pin = ask(&desk.session, &on, context)?;
    let wanted = match (act, until, &pin) {
        ("card.extend", Some(until), _) => Change::Extend(until),
        ("pin.unblock", _, Some(pin)) => Change::PinUnblock(pin),
        ("pin.reload", _, Some(pin)) => Change::PinReload(pin),
        ("card.unblock", ..) => Change::Unblock,
        _ => Change::Block,
    };
    let mut settled = None;
    let ended = visit(&mut desk.session, &on, wanted, reason, &mut card, &mut |s| {
        settled = Some(s);
    });
    if let Some(settled) = settled {
        tell_settled(&settled, context)?;
    }
    if let Some((intent, _)) = desk.session.ledger.open_desk_act(CardKind::User, &on.number)? {
        context
            .out
            .notice(&msg!("desk-open", number = on.number, entry = intent));
    }
    let carried = ended?;
    context.out.record("cardmint.desk-done/1", &carried)?;
    let said = msg!("desk-done", number = carried.number, entry = carried.done).with_word("act", "act", act);
    context.out.say(&said)?;
    Ok(Exit::Done)
}

/// Says how an act was settled that an earlier visit left open.
pub(super) fn tell_settled(settled: &Settled, context: &mut Context) -> Result<(), Error> {
    context.out.record("cardmint.desk-settled/1", settled)?;
    let result = match settled.result {
        DeskEnding::Done => "done",
        DeskEnding::NotDone => "not-done",
        DeskEnding::Unknown => "unknown",
    };
    let said = msg!("desk-settled", number = settled.number, entry = settled.intent)
        .with_word("act", "act", &settled.act)
        .with_word("result", "desk-result", result);
    context.out.say(&said)
}

/// The PIN, coded as the card stores it. A new one is typed twice.
fn pin(
    which: WhichPin,
    new: bool,
    session: &Session,
    on: &DeskCard<'_>,
    context: &mut Context,
) -> Result<SecretBytes, Error> {
    let name = match which {
        WhichPin::Initial => on.directory.pin.as_ref().map(|pin| pin.initial.clone()),
        WhichPin::Letter => Some(card_pin_name(&on.number)),
        WhichPin::Ask => None,
    };
    if let Some(name) = name {
        return Ok(session.store.pin(&name)?);
    }
    let question = if new { "desk-ask-new-pin" } else { "desk-ask-pin" };
    let question = crate::i18n::Msg::known(question).unwrap_or_else(|| msg!("desk-ask-pin"));
    let typed = context.prompt.secret(&question)?;
    if new && !crate::crypto::pack::is_same(&typed, &context.prompt.secret(&msg!("desk-ask-pin-again"))?) {
        return Err(Error::new(msg!("desk-pins-differ"), Exit::Usage));
    }
    Ok(code_pin(&typed)?)
}
