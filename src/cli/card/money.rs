// SPDX-License-Identifier: Apache-2.0
//! Cards that take each other's place, and money between them: `card replace` 补卡, `card exchange` 换卡, `card return` 退卡,
//! and `card transfer`, which loads what a new card is owed.

use serde::Serialize;

use super::at_desk::{AtDesk, Desk, tell_settled};
use super::transfer::{LoadArgs, transferred};
use super::{job, life};
use crate::batch::desk::{DeskCard, Payout, Psam, Succession, give_back, identify, may_act, owed, take_off};
use crate::batch::order::ledger_number;
use crate::batch::purse::template_of;
use crate::batch::yuan::Yuan;
use crate::card::CardSession;
use crate::cli::purse::now;
use crate::cli::{Context, record, session};
use crate::crypto::purse::Amount;
use crate::error::{Error, Exit};
use crate::ledger::Number;
use crate::ledger::act::BalanceSource;
use crate::msg;
use crate::site::{Blacklisting, Session, Site};
use crate::template::{Product, Template};
use crate::transport::CardTransport;

/// Cards and money.
#[derive(Debug, clap::Subcommand)]
pub(super) enum Verb {
    /// A new card for a lost one.
    Replace {
        /// The lost card.
        #[arg(value_name = "NUMBER")]
        number: String,
        #[command(flatten)]
        new: Successor,
        #[command(flatten)]
        amount: Amounts,
        /// Why.
        #[arg(long, value_name = "TEXT")]
        reason: Option<String>,
    },
    /// A new card for a damaged one.
    Exchange {
        /// The old card's number.
        #[arg(value_name = "NUMBER", required_unless_present = "reader")]
        number: Option<String>,
        #[command(flatten)]
        old: Old,
        #[command(flatten)]
        new: Successor,
        #[command(flatten)]
        amount: Amounts,
        /// Why.
        #[arg(long, value_name = "TEXT")]
        reason: Option<String>,
    },
    /// Takes a card back and pays its balance out.
    Return {
        /// The card's number.
        #[arg(value_name = "NUMBER", required_unless_present = "reader")]
        number: Option<String>,
        #[command(flatten)]
        old: Old,
        /// The clearing centre's balance, where the chip cannot be read.
        #[arg(long, value_name = "YUAN", conflicts_with = "reader")]
        clearing: Option<Yuan>,
        /// The deposit that is paid out with it.
        #[arg(long, value_name = "YUAN")]
        deposit: Option<Yuan>,
        /// Why.
        #[arg(long, value_name = "TEXT")]
        reason: Option<String>,
    },
    /// Loads what a new card is owed.
    Transfer {
        #[command(flatten)]
        at: AtDesk,
        #[command(flatten)]
        load: LoadArgs,
    },
}

/// The old card on a reader.
#[derive(Debug, clap::Args)]
pub(super) struct Old {
    /// The reader with the old card.
    #[arg(long, value_name = "READER")]
    reader: Option<String>,
    /// The template of the old card.
    #[arg(long, value_name = "TEMPLATE", requires = "reader")]
    template: Option<String>,
    /// A PSAM on a second reader, which takes the balance off.
    #[arg(long, value_name = "READER", requires = "reader")]
    psam: Option<String>,
}

/// The new card.
#[derive(Debug, clap::Args)]
pub(super) struct Successor {
    /// The new card's number.
    #[arg(long, value_name = "NUMBER")]
    new: String,
    /// The reader with the new card: the balance is loaded at once.
    #[arg(long, value_name = "READER")]
    new_reader: Option<String>,
    #[command(flatten)]
    load: LoadArgs,
}

/// A balance that is not read from a chip.
#[derive(Debug, clap::Args)]
#[group(id = "amounts", multiple = false)]
pub(super) struct Amounts {
    /// The clearing centre's balance.
    #[arg(long, value_name = "YUAN")]
    clearing: Option<Yuan>,
    /// Nothing goes over.
    #[arg(long)]
    no_balance: bool,
}

#[derive(Serialize)]
struct Shown<'a> {
    number: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    new: Option<&'a str>,
    act: &'static str,
    source: BalanceSource,
    balance: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    deposit: Option<u32>,
    entry: u64,
}

/// The acts that reading and blocking a chip may record.
const ON_CHIP: &[&str] = &[
    "card.block",
    "card.unblock",
    "card.done",
    "purse.intent",
    "purse.purchase",
    "purse.closed",
];
/// The acts of a transfer.
const TRANSFER: &[&str] = &["purse.intent", "purse.load", "purse.closed"];

pub(super) fn run(verb: &Verb, context: &mut Context) -> Result<Exit, Error> {
    let site = session::open_site(context)?;
    match verb {
        Verb::Replace {
            number,
            new,
            amount,
            reason,
        } => {
            let (source, balance) = amount.by_hand()?;
            let succession = Succession {
                old: ledger_number(number),
                new: ledger_number(&new.new),
                lost: true,
                source,
                balance,
                reason: record::text_if(reason.as_deref())?,
            };
            let mut session = unlock(&site, "card.replace", new.new_reader.is_some(), context)?;
            succeed(&succession, new, &mut session, context)
        }
        Verb::Exchange {
            number,
            old,
            new,
            amount,
            reason,
        } => exchange(number.as_deref(), old, new, amount, reason.as_deref(), &site, context),
        Verb::Return {
            number,
            old,
            clearing,
            deposit,
            reason,
        } => {
            let payout = Payout {
                balance: clearing.map_or(0, |yuan| yuan.0.0),
                deposit: deposit.map(|yuan| yuan.0.0),
                by_hand: old.reader.is_none(),
                reason: record::text_if(reason.as_deref())?,
            };
            returned(number.as_deref(), old, clearing.is_some(), payout, &site, context)
        }
        Verb::Transfer { at, load } => {
            let mut desk = Desk::open(at, &site, TRANSFER, context)?;
            transferred(
                &mut desk.session,
                (desk.transport.as_mut(), &desk.template),
                desk.said.as_deref(),
                load,
                context,
            )
        }
    }
}

impl Amounts {
    fn by_hand(&self) -> Result<(BalanceSource, Option<u32>), Error> {
        match &self.clearing {
            Some(yuan) => Ok((BalanceSource::Clearing, Some(yuan.0.0))),
            None if self.no_balance => Ok((BalanceSource::None, None)),
            None => Err(Error::new(msg!("desk-which-balance"), Exit::Usage)),
        }
    }
}

fn unlock(site: &Site, act: &'static str, loads: bool, context: &mut Context) -> Result<Session, Error> {
    let more: &[&str] = if loads { TRANSFER } else { &[] };
    session::unlock(context, site, &[&[act], more].concat())
}

/// Records a succession, and loads the new card where it lies on a reader.
fn succeed(
    succession: &Succession,
    new: &Successor,
    session: &mut Session,
    context: &mut Context,
) -> Result<Exit, Error> {
    if let Some(reader) = &new.new_reader {
        session.site.check_reader(reader)?;
    }
    succession.check(session)?;
    if !succession.lost && session.site.config().blacklist_on.contains(&Blacklisting::Exchange) {
        blacklisted(session, &succession.old, "card.exchange")?;
    }
    let entry = succession.record(session)?;
    let shown = Shown {
        number: &succession.old,
        new: Some(&succession.new),
        act: if succession.lost {
            "card.replace"
        } else {
            "card.exchange"
        },
        source: succession.source,
        balance: succession.balance,
        deposit: None,
        entry,
    };
    context.out.record("cardmint.card-succeeded/1", &shown)?;
    let said = msg!(
        "desk-succeeded",
        number = shown.number,
        new = succession.new,
        balance = Yuan(Amount(succession.balance.unwrap_or(0))),
        entry = entry
    );
    context.out.say(&said.with_word("act", "act", shown.act))?;
    match &new.new_reader {
        Some(reader) if owed(session, &succession.new)?.is_some() => {
            let mut transport = job::open_reader(reader)?;
            let template = template_on(transport.as_mut(), None, session)?;
            let said = Some(succession.new.as_str());
            transferred(session, (transport.as_mut(), &template), said, &new.load, context)
        }
        _ => Ok(Exit::Done),
    }
}

fn template_on(transport: &mut dyn CardTransport, named: Option<&str>, session: &Session) -> Result<Template, Error> {
    let known = job::row_on(transport, &session.ledger)?.map(|row| row.template);
    let named = named.map(str::to_owned).or(known);
    let schemes = [session.site.scheme().name().to_owned()];
    Ok(template_of(
        transport,
        Product::UserCard,
        named.as_deref(),
        &schemes,
        Some(&session.ledger),
    )?)
}

fn blacklisted(session: &mut Session, number: &str, why: &str) -> Result<(), Error> {
    let number = Number::new(number).map_err(crate::ledger::LedgerError::from)?;
    if let Some(act) = life::listing(&session.ledger, &number, why, None)? {
        session.append(act)?;
    }
    Ok(())
}

fn exchange(
    number: Option<&str>,
    old: &Old,
    new: &Successor,
    amount: &Amounts,
    reason: Option<&str>,
    site: &Site,
    context: &mut Context,
) -> Result<Exit, Error> {
    let mut succession = Succession {
        old: number.map(ledger_number).unwrap_or_default(),
        new: ledger_number(&new.new),
        lost: false,
        source: BalanceSource::Chip,
        balance: None,
        reason: record::text_if(reason)?,
    };
    let Some(reader) = &old.reader else {
        (succession.source, succession.balance) = amount.by_hand()?;
        let mut session = unlock(site, "card.exchange", new.new_reader.is_some(), context)?;
        return succeed(&succession, new, &mut session, context);
    };
    if amount.clearing.is_some() || amount.no_balance {
        return Err(Error::new(msg!("desk-which-balance"), Exit::Usage));
    }
    let mut desk = open_old(reader, number, old, site, "card.exchange", context)?;
    let at = now(context)?;
    let mut psam = open_psam(old, &desk, site)?;
    let mut card = CardSession::new(desk.transport.as_mut(), desk.template.dialect);
    let on = identify(&desk.session, &desk.template, desk.said.as_deref(), &mut card)?;
    succession.old.clone_from(&on.number);
    succession.check(&desk.session)?;
    let balance = emptied(&mut desk.session, &on, &mut psam, at, &mut card, context)?;
    succession.balance = Some(balance);
    succeed(&succession, new, &mut desk.session, context)
}

/// Opens the reader with a card that is to be emptied.
fn open_old(
    reader: &str,
    number: Option<&str>,
    old: &Old,
    site: &Site,
    act: &'static str,
    context: &mut Context,
) -> Result<Desk, Error> {
    let at = AtDesk {
        reader: reader.to_owned(),
        template: old.template.clone(),
        number: number.map(str::to_owned),
    };
    let acts = [&[act], ON_CHIP, TRANSFER].concat();
    Desk::open(&at, site, &acts, context)
}

type OpenPsam = (Box<dyn CardTransport>, Template);

fn open_psam(old: &Old, desk: &Desk, site: &Site) -> Result<Option<OpenPsam>, Error> {
    let Some(reader) = &old.psam else { return Ok(None) };
    site.check_reader(reader)?;
    let mut transport = job::open_reader(reader)?;
    let schemes = &desk.template.schemes;
    let template = template_of(
        transport.as_mut(),
        Product::Psam,
        None,
        schemes,
        Some(&desk.session.ledger),
    )?;
    Ok(Some((transport, template)))
}

/// Takes the balance off the chip, as far as that goes here.
fn emptied(
    session: &mut Session,
    on: &DeskCard<'_>,
    psam: &mut Option<OpenPsam>,
    at: crate::crypto::purse::DateTime,
    card: &mut CardSession<'_>,
    context: &mut Context,
) -> Result<u32, Error> {
    let mut settled = Vec::new();
    let mut told = |s| settled.push(s);
    let balance = match psam {
        None => take_off(session, on, None, at, card, &mut told),
        Some((transport, template)) => {
            let mut sam = CardSession::new(transport.as_mut(), template.dialect);
            let psam = Psam {
                card: &mut sam,
                template,
            };
            take_off(session, on, Some(psam), at, card, &mut told)
        }
    };
    for settled in &settled {
        tell_settled(settled, context)?;
    }
    Ok(balance?)
}

fn returned(
    number: Option<&str>,
    old: &Old,
    clearing: bool,
    mut payout: Payout,
    site: &Site,
    context: &mut Context,
) -> Result<Exit, Error> {
    let Some(reader) = &old.reader else {
        if !clearing {
            return Err(Error::new(msg!("desk-which-balance"), Exit::Usage));
        }
        let mut session = unlock(site, "card.return", false, context)?;
        let number = number.map(ledger_number).unwrap_or_default();
        return pay_out(&number, payout, BalanceSource::Clearing, &mut session, context);
    };
    let mut desk = open_old(reader, number, old, site, "card.return", context)?;
    let at = now(context)?;
    let mut psam = open_psam(old, &desk, site)?;
    let mut card = CardSession::new(desk.transport.as_mut(), desk.template.dialect);
    let on = identify(&desk.session, &desk.template, desk.said.as_deref(), &mut card)?;
    may_act(&desk.session, "card.return", &on.number, false)?;
    payout.balance = emptied(&mut desk.session, &on, &mut psam, at, &mut card, context)?;
    let number = on.number.clone();
    pay_out(&number, payout, BalanceSource::Chip, &mut desk.session, context)
}

fn pay_out(
    number: &str,
    payout: Payout,
    source: BalanceSource,
    session: &mut Session,
    context: &mut Context,
) -> Result<Exit, Error> {
    may_act(session, "card.return", number, payout.by_hand)?;
    if session.site.config().blacklist_on.contains(&Blacklisting::Return) {
        blacklisted(session, number, "card.return")?;
    }
    let (balance, deposit) = (payout.balance, payout.deposit);
    let entry = give_back(session, number, payout)?;
    let shown = Shown {
        number,
        new: None,
        act: "card.return",
        source,
        balance: Some(balance),
        deposit,
        entry,
    };
    context.out.record("cardmint.card-returned/1", &shown)?;
    let said = msg!(
        "desk-returned",
        number = number,
        balance = Yuan(Amount(balance)),
        deposit = Yuan(Amount(deposit.unwrap_or(0))),
        entry = entry
    );
    context.out.say(&said)?;
    Ok(Exit::Done)
}
