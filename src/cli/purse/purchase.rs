// SPDX-License-Identifier: Apache-2.0
//! A purchase between a card and a PSAM on two readers.

use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde::Serialize;

use super::Card;
use crate::batch::purse::{PayOrder, PurseCard, Recovered, Torn, Went};
use crate::batch::purse::{identify, pay, prepare_psam, recover, settle, template_of};
use crate::batch::yuan::Yuan;
use crate::card::purchase::Paid;
use crate::card::{CardSession, TransactionError};
use crate::cli::{Context, session};
use crate::error::{Error, Exit};
use crate::keys::scheme::Scheme;
use crate::keys::{Subject, scheme};
use crate::msg;
use crate::site::Session;
use crate::template::{Product, Template};
use crate::transport::CardTransport;

/// `cardmint purse purchase …`.
#[derive(Debug, clap::Args)]
pub(super) struct PurchaseArgs {
    #[command(flatten)]
    card: Card,
    /// The PSAM's reader.
    #[arg(long, value_name = "READER")]
    psam: String,
    /// The amount in yuan.
    #[arg(long, value_name = "YUAN")]
    amount: Yuan,
    /// The PSAM's template.
    #[arg(long, value_name = "TEMPLATE")]
    psam_template: Option<String>,
    /// File that gets the transaction as a line for `tac verify`.
    #[arg(long, value_name = "FILE")]
    record: Option<PathBuf>,
    /// Seconds to wait for a card that vanished at the debit.
    #[arg(long, value_name = "SECONDS", default_value_t = 20)]
    back: u64,
}

/// The acts that a purchase may record.
const ACTS: &[&str] = &["purse.intent", "purse.purchase", "purse.closed", "purse.load"];

/// How often a card that vanished is looked for.
const SLICE: Duration = Duration::from_millis(200);

pub(super) fn run(args: &PurchaseArgs, context: &mut Context) -> Result<Exit, Error> {
    if args.psam == args.card.reader {
        return Err(Error::new(msg!("purse-same-reader", reader = args.psam), Exit::Usage));
    }
    let mut open = opened(args, context)?;
    let mut transport = super::open(&args.card.reader)?;
    let mut psam = super::open(&args.psam)?;
    let schemes: Vec<String> = open.iter().map(|s| s.site.scheme().name().to_owned()).collect();
    let ledger = open.as_ref().map(|s| &s.ledger);
    let named = args.card.template.as_deref();
    let template = template_of(transport.as_mut(), Product::UserCard, named, &schemes, ledger)?;
    let of_psam = args.psam_template.as_deref();
    let psam_template = template_of(psam.as_mut(), Product::Psam, of_psam, &template.schemes, ledger)?;
    let (scheme, own) = scheme_for(open.as_ref(), &template)?;
    let mut sam = CardSession::new(psam.as_mut(), psam_template.dialect);
    let mut card = CardSession::new(transport.as_mut(), template.dialect);
    let on = identify(&mut card, &template, &scheme, &own)?;
    let with = prepare_psam(&mut sam, &psam_template, &on, &scheme)?;
    if let Some(open) = &mut open {
        let intent = open.ledger.open_purse_intent(&on.number)?.map_or(0, |(seq, _)| seq);
        if let Some(settled) = settle(open, &on, None, &mut card)? {
            super::tell_settled(&settled, intent, context)?;
        }
    }
    let order = PayOrder {
        amount: args.amount.0,
        at: super::now(context)?,
    };
    let went = pay(open.as_mut(), &on, &with, order, (&mut card, &mut sam))?;
    let (paid, entry) = match went {
        Went::Paid(paid, entry) => (paid, entry),
        Went::Torn(torn) => {
            // A real reader has to be let go before the card can be found on it again.
            drop(transport);
            let again = Again {
                args,
                on: &on,
                scheme: &scheme,
            };
            again.recover(&torn, open.as_mut(), &mut sam, context)?
        }
    };
    if let Some(file) = &args.record {
        hand_in(file, &on, &scheme, &paid)?;
    }
    tell(&on.number, &paid, entry, context)?;
    Ok(Exit::Done)
}

/// Adds the transaction to a file as a terminal would hand it in (docs/formats/tac-file.md).
fn hand_in(file: &Path, on: &PurseCard<'_>, scheme: &Scheme, paid: &Paid) -> Result<(), Error> {
    let t = &paid.transaction;
    let mut line = serde_json::json!({
        "number": on.number,
        "type": t.kind.to_string(),
        "amount_fen": t.amount.0,
        "terminal": t.terminal.to_string(),
        "terminal_counter": t.terminal_counter,
        "datetime": t.at.to_string(),
        "tac": hex::encode_upper(paid.tac),
    });
    // Whose card it is stands on the card: a ministry that gets lines of all its cities needs it.
    for code in scheme.levels().iter().filter_map(|level| level.code.as_ref()) {
        if let Ok(bytes) = on.subject.get(&code.field) {
            line[&code.field] = hex::encode_upper(bytes).into();
        }
    }
    let mut options = OpenOptions::new();
    let opened = options.append(true).create(true).mode(0o600).open(file);
    let written = opened.and_then(|mut to| writeln!(to, "{line}").and_then(|()| to.sync_all()));
    written.map_err(|e| Error::new(msg!("purse-record", file = file.display(), what = e), Exit::Device))
}

/// The site, if an officer acts.
fn opened(args: &PurchaseArgs, context: &mut Context) -> Result<Option<Session>, Error> {
    if context.global.officer.is_empty() {
        context.out.notice(&msg!("purse-no-ledger"));
        return Ok(None);
    }
    let site = session::open_site(context)?;
    site.check_reader(&args.card.reader)?;
    site.check_reader(&args.psam)?;
    Ok(Some(session::unlock(context, &site, ACTS)?))
}

/// The site's scheme and codes; without a site, the first scheme that the template fits.
fn scheme_for(open: Option<&Session>, template: &Template) -> Result<(Scheme, Subject), Error> {
    if let Some(session) = open {
        let scheme = session.site.scheme();
        return Ok(((**scheme).clone(), scheme.subject_of(session.site.owner())?));
    }
    let here = std::env::current_dir().unwrap_or_default();
    let scheme = scheme::find(template.schemes.first().map_or("", String::as_str), &here)?;
    Ok((scheme.with_levels(&[])?, Subject::new()))
}

/// The wait for a card that vanished at the debit.
struct Again<'a> {
    args: &'a PurchaseArgs,
    on: &'a PurseCard<'a>,
    scheme: &'a Scheme,
}

impl Again<'_> {
    fn recover(
        &self,
        torn: &Torn,
        session: Option<&mut Session>,
        sam: &mut CardSession<'_>,
        context: &mut Context,
    ) -> Result<(Paid, Option<u64>), Error> {
        let lost = || {
            Error::from(TransactionError::Torn {
                counter: torn.counter(),
            })
        };
        let mut transport = self.back(context).ok_or_else(lost)?;
        let mut card = CardSession::new(transport.as_mut(), self.on.template.dialect);
        let found = identify(&mut card, self.on.template, self.scheme, &self.on.subject)?;
        if found.number != self.on.number {
            let (found, number) = (&found.number, &self.on.number);
            return Err(Error::new(
                msg!("purse-other-card", found = found, number = number),
                Exit::Device,
            ));
        }
        match recover(session, self.on, torn, (&mut card, sam))? {
            Recovered::Paid(paid, entry) => Ok((paid, entry)),
            Recovered::NotPaid => Err(Error::new(msg!("purse-not-paid"), Exit::Device)),
        }
    }

    fn back(&self, context: &mut Context) -> Option<Box<dyn CardTransport>> {
        let (reader, seconds) = (&self.args.card.reader, self.args.back);
        if seconds > 0 {
            context
                .out
                .notice(&msg!("purse-torn", reader = reader, seconds = seconds));
        }
        let until = Instant::now() + Duration::from_secs(seconds);
        while Instant::now() < until {
            if let Ok(transport) = super::open(reader) {
                return Some(transport);
            }
            std::thread::sleep(SLICE);
        }
        None
    }
}

#[derive(Serialize)]
struct Shown<'a> {
    number: &'a str,
    #[serde(rename = "type")]
    kind: String,
    amount: u32,
    balance: u32,
    counter: u16,
    terminal: String,
    terminal_counter: u32,
    datetime: String,
    tac: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    entry: Option<u64>,
}

fn tell(number: &str, paid: &Paid, entry: Option<u64>, context: &mut Context) -> Result<(), Error> {
    let t = &paid.transaction;
    let shown = Shown {
        number,
        kind: t.kind.to_string(),
        amount: t.amount.0,
        balance: paid.balance.0,
        counter: t.counter,
        terminal: t.terminal.to_string(),
        terminal_counter: t.terminal_counter,
        datetime: t.at.to_string(),
        tac: hex::encode_upper(paid.tac),
        entry,
    };
    context.out.record("cardmint.purse-purchase/1", &shown)?;
    let said = msg!(
        "purse-paid",
        amount = Yuan(t.amount),
        number = number,
        balance = Yuan(paid.balance),
        terminal = shown.terminal,
        terminal_counter = t.terminal_counter,
        tac = shown.tac
    );
    context.out.say(&said)?;
    match entry {
        Some(entry) => context.out.say(&msg!("purse-entry", entry = entry)),
        None => Ok(()),
    }
}
