// SPDX-License-Identifier: Apache-2.0
//! Reading a card, checking it, and asking the ledger about it.

use serde::Serialize;

use super::{Make, On, job, make::open_trace};
use crate::batch::contents::{self, CardContents, Value};
use crate::batch::verify::{InLedger, Verified, order_on};
use crate::batch::{self, BatchError};
use crate::card::CardSession;
use crate::cli::clock::beijing;
use crate::cli::progress::Progress;
use crate::cli::{Context, session};
use crate::crypto::purse::DateTime;
use crate::error::{Error, Exit, Fault};
use crate::i18n::{Lang, Msg};
use crate::ledger::query::CardRow;
use crate::msg;
use crate::outside::Observer;
use crate::perso::Surroundings;
use crate::perso::verify::Verdict;
use crate::template::Product;

/// `card read`: needs neither site nor key.
pub(super) fn read(on: &On, product: Product, context: &mut Context) -> Result<Exit, Error> {
    let mut reader = job::open_reader(&on.reader)?;
    let site = session::open_site(context).ok();
    let ledger = site.and_then(|site| site.ledger_read_only().ok());
    let template = job::template(on.template.as_deref(), product, reader.as_ref(), ledger.as_ref())?;
    let atr = reader.atr().clone();
    let mut trace = on.trace.as_deref().map(open_trace).transpose()?;
    let serial;
    let found = {
        let mut card = CardSession::new(reader.as_mut(), template.dialect).traced(trace.as_mut());
        serial = card.chip_serial()?;
        contents::read(&mut card, &template)?
    };
    let shown = Shown {
        template: &template.name,
        chip: serial,
        atr: atr.to_string(),
        contents: &found,
    };
    let out = &mut context.out;
    out.record("cardmint.card/1", &shown)?;
    let chip = shown.chip.as_deref().unwrap_or("–");
    out.say(&msg!("card-chip", chip = chip, atr = shown.atr))?;
    show_contents(&found, context)?;
    Ok(Exit::Done)
}

#[derive(Serialize)]
struct Shown<'a> {
    template: &'a str,
    chip: Option<String>,
    atr: String,
    #[serde(flatten)]
    contents: &'a CardContents,
}

fn show_contents(found: &CardContents, context: &mut Context) -> Result<(), Error> {
    let lang = context.out.lang();
    let row = |value: &Value| {
        let place = if value.record == 0 {
            value.file.clone()
        } else {
            format!("{} #{}", value.file, value.record)
        };
        let title = if lang == Lang::Zh { &value.zh } else { &value.en };
        let text = value.text.clone().unwrap_or_else(|| value.hex.clone());
        vec![place, title.clone(), text, value.meaning.clone().unwrap_or_default()]
    };
    let rows: Vec<Vec<String>> = found.fields.iter().map(row).collect();
    let heading = [
        msg!("card-col-file"),
        msg!("card-col-field"),
        msg!("card-col-value"),
        msg!("card-col-meaning"),
    ];
    if !rows.is_empty() {
        context.out.table(&heading, &rows)?;
    }
    for (file, fen) in &found.balances {
        context.out.say(&msg!("card-balance", file = file, yuan = yuan(*fen)))?;
    }
    for (file, sw) in &found.closed {
        context.out.say(&msg!("card-closed", file = file, sw = sw))?;
    }
    Ok(())
}

fn yuan(fen: u32) -> String {
    format!("{}.{:02}", fen / 100, fen % 100)
}

/// `card verify`.
pub(super) fn verify(make: &Make, product: Product, context: &mut Context) -> Result<Exit, Error> {
    let given = make.order.raw()?;
    let site = session::open_site(context)?;
    site.check_reader(&make.on.reader)?;
    let mut reader = job::open_reader(&make.on.reader)?;
    let template = {
        let ledger = site.ledger()?;
        job::template(make.on.template.as_deref(), product, reader.as_ref(), Some(&ledger))?
    };
    let session = session::unlock(context, &site, &[])?;
    let mut trace = make.on.trace.as_deref().map(open_trace).transpose()?;
    let now = context.clock.now();
    let mut progress = Progress::for_output(&context.out);
    let verified = {
        let mut card = CardSession::new(reader.as_mut(), template.dialect).traced(trace.as_mut());
        let raw = order_on(&mut card, &template, given)?;
        let script = job::script(&template, &raw, &session, now)?;
        let at: DateTime = beijing(now).parse()?;
        let around = Surroundings {
            random: context.random.as_mut(),
            at,
            observer: &mut progress,
        };
        card.reset()?;
        batch::verify::verify(&session, &script, &mut card, around)
    };
    progress.end();
    report(&verified?, context)
}

#[derive(Serialize)]
struct CheckLine {
    what: String,
    good: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    left_out: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    fault: Option<String>,
}

fn report(verified: &Verified, context: &mut Context) -> Result<Exit, Error> {
    let lang = context.out.lang();
    let lines: Vec<CheckLine> = verified
        .checks
        .iter()
        .map(|check| {
            let (good, left_out, fault) = match &check.verdict {
                Verdict::Good => (true, None, None),
                Verdict::LeftOut(why) => (true, Some(*why), None),
                Verdict::Wrong(fault) => (false, None, Some(fault.msg().render(lang))),
            };
            CheckLine {
                what: check.what.clone(),
                good,
                left_out,
                fault,
            }
        })
        .collect();
    let wrong = lines.iter().filter(|line| !line.good).count();
    let left_out = lines.iter().filter(|line| line.left_out.is_some()).count();
    let good = wrong == 0 && verified.ledger == InLedger::Agrees;
    let value = serde_json::json!({
        "number": verified.number, "script": verified.script, "ledger": verified.ledger, "good": good, "checks": lines,
    });
    context.out.record("cardmint.card-verify/1", &value)?;
    for line in lines.iter().filter(|line| !line.good) {
        let fault = line.fault.clone().unwrap_or_default();
        context
            .out
            .say(&msg!("card-check-wrong", what = line.what, fault = fault))?;
    }
    context.out.say(&in_ledger(verified))?;
    let (number, checks) = (&verified.number, lines.len() - left_out);
    if good {
        context.out.say(&msg!(
            "card-verified",
            number = number,
            checks = checks,
            left_out = left_out
        ))?;
        Ok(Exit::Done)
    } else {
        Err(Error::new(
            msg!("card-not-verified", number = number, wrong = wrong, checks = checks),
            Exit::Check,
        ))
    }
}

fn in_ledger(verified: &Verified) -> Msg {
    let intent = verified.row.as_ref().map_or(0, |row| row.intent);
    match verified.ledger {
        InLedger::Agrees => msg!("card-ledger-agrees", entry = intent),
        InLedger::OtherScript => msg!("card-ledger-other-script", entry = intent),
        InLedger::OtherChip => msg!("card-ledger-other-chip", entry = intent),
        InLedger::NotIssued => msg!("card-ledger-not-issued", entry = intent),
        InLedger::Unknown => msg!("card-ledger-unknown"),
    }
}

/// `card status`.
pub(super) fn status(
    number: Option<&str>,
    reader: Option<&str>,
    product: Product,
    context: &mut Context,
) -> Result<Exit, Error> {
    let site = session::open_site(context)?;
    let ledger = site.ledger_read_only()?;
    let row = match (number, reader) {
        (Some(number), _) => ledger.card(batch::kind_of(product), &crate::batch::order::ledger_number(number))?,
        (None, Some(name)) => job::row_on(job::open_reader(name)?.as_ref(), &ledger)?,
        (None, None) => None,
    };
    let shown = number.or(reader).unwrap_or_default().to_owned();
    let row = row.ok_or(BatchError::NoCard { number: shown })?;
    context.out.record("cardmint.card-status/1", &row)?;
    show_row(&row, context)?;
    Ok(Exit::Done)
}

fn show_row(row: &CardRow, context: &mut Context) -> Result<(), Error> {
    let lang = context.out.lang();
    let id = format!("card-status-{}", row.status);
    let status = crate::i18n::lookup(&id, lang).unwrap_or(&row.status).to_owned();
    let chip = row.chip.as_deref().unwrap_or("–");
    context.out.say(&msg!(
        "card-status",
        number = row.number,
        status = status,
        chip = chip,
        template = row.template
    ))?;
    let ended = row
        .outcome
        .or(row.voided)
        .map_or_else(|| "–".to_owned(), |seq| seq.to_string());
    context
        .out
        .say(&msg!("card-status-entries", intent = row.intent, outcome = ended))
}
