// SPDX-License-Identifier: Apache-2.0
//! Issuing, resuming, giving up.

use std::fs::OpenOptions;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use super::{Make, job};
use crate::batch::{self, BatchError, Issued, Job};
use crate::card::CardSession;
use crate::card::trace::Trace;
use crate::cli::clock::beijing;
use crate::cli::progress::Progress;
use crate::cli::{Context, session};
use crate::crypto::purse::DateTime;
use crate::error::{Error, Exit};
use crate::keys::InternalUse;
use crate::keys::file_store::card_pin_name;
use crate::ledger::act::{Act, CardVoid};
use crate::ledger::{CardKind, LedgerError, Number, Text};
use crate::msg;
use crate::outside::Observer;
use crate::perso::Surroundings;
use crate::perso::script::PersoScript;
use crate::site::Session;
use crate::template::Product;

type Run = fn(&mut Session, &Job<'_>, &mut CardSession<'_>, Surroundings<'_>) -> Result<Issued, BatchError>;

/// `card issue`.
pub(super) fn issue(make: &Make, product: Product, context: &mut Context) -> Result<Exit, Error> {
    written(make, product, context, batch::issue)
}

/// `card resume`.
pub(super) fn resume(make: &Make, product: Product, context: &mut Context) -> Result<Exit, Error> {
    written(make, product, context, batch::resume)
}

fn written(make: &Make, product: Product, context: &mut Context, run: Run) -> Result<Exit, Error> {
    // The words are checked before anybody types a passphrase, the reader before the key store opens.
    let mut raw = make.order.raw()?;
    let site = session::open_site(context)?;
    site.check_reader(&make.on.reader)?;
    let mut reader = job::open_reader(&make.on.reader)?;
    let template = {
        let ledger = site.ledger()?;
        let template = job::template(make.on.template.as_deref(), product, reader.as_ref(), Some(&ledger))?;
        if !raw.contains_key(&template.number)
            && let Some(row) = job::row_on(reader.as_ref(), &ledger)?
        {
            raw.insert(template.number.clone(), row.number);
        }
        if let Some(m1) = template.m1.as_ref().filter(|m1| !raw.contains_key(&m1.uid)) {
            let uid = CardSession::new(reader.as_mut(), template.dialect).chip_serial()?;
            raw.extend(uid.map(|uid| (m1.uid.clone(), uid)));
        }
        template
    };
    let acts = if product.is_sam() {
        ["psam.intent", "psam.outcome"]
    } else {
        ["card.intent", "card.outcome"]
    };
    let mut session = session::unlock_by(context, &site, &acts, template.officers.into())?;
    let now = context.clock.now();
    let script = job::script(&template, &raw, &session, now)?;
    if script.pins().any(|pin| pin == card_pin_name(&script.number)) {
        session.need_secret(InternalUse::Pins, context.random.as_mut())?;
    }
    let mut trace = make.on.trace.as_deref().map(open_trace).transpose()?;
    let mut progress = Progress::for_output(&context.out);
    let at: DateTime = beijing(now).parse()?;
    let around = Surroundings {
        random: context.random.as_mut(),
        at,
        observer: &mut progress,
    };
    let job = Job {
        template: &template,
        script: &script,
        batch: None,
        lot: lot(make, &script, &session)?,
    };
    let ran = {
        let mut card = CardSession::new(reader.as_mut(), template.dialect).traced(trace.as_mut());
        run(&mut session, &job, &mut card, around)
    };
    progress.end();
    if let Some(Err(e)) = trace.map(Trace::finish) {
        context.out.notice(&msg!("card-trace-failed", what = e));
    }
    report(&ran?, context)
}

/// The lot that was named, else the one of the blank that the number was begun on.
fn lot(make: &Make, script: &PersoScript, session: &Session) -> Result<Option<Text>, Error> {
    let begun_on = || {
        session
            .ledger
            .lot_of_card(batch::kind_of(script.product), &script.number)
    };
    let lot = match &make.lot {
        Some(lot) => Some(lot.clone()),
        None => begun_on()?,
    };
    Ok(lot.map(Text::new).transpose().map_err(LedgerError::from)?)
}

/// A trace goes into a new file that only its owner reads.
pub(super) fn open_trace(path: &Path) -> Result<Trace, Error> {
    let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
    let file = file.map_err(|e| Error::new(msg!("card-trace-file", file = path.display(), what = e), Exit::Usage))?;
    Ok(Trace::new(Box::new(file)))
}

fn report(issued: &Issued, context: &mut Context) -> Result<Exit, Error> {
    let out = &mut context.out;
    out.record("cardmint.issued/1", issued)?;
    let chip = issued.chip.as_deref().unwrap_or("–");
    let proofs = issued.done.proofs.len();
    let (number, answered) = (&issued.number, issued.done.answered);
    if issued.resumed {
        out.say(&msg!(
            "card-resumed",
            number = number,
            chip = chip,
            commands = answered,
            proofs = proofs
        ))?;
    } else {
        out.say(&msg!(
            "card-issued",
            number = number,
            chip = chip,
            commands = answered,
            proofs = proofs
        ))?;
    }
    for proof in &issued.done.proofs {
        if let Some(trace) = &proof.trace {
            let said = msg!("card-proof-trace", what = proof.what).with_word("trace", "proof-trace", *trace);
            out.say(&said)?;
        }
    }
    out.say(&msg!(
        "card-recorded",
        intent = issued.intent,
        outcome = issued.outcome,
        script = issued.script
    ))?;
    Ok(Exit::Done)
}

/// `card void`.
pub(super) fn void(number: &str, reason: &str, product: Product, context: &mut Context) -> Result<Exit, Error> {
    let site = session::open_site(context)?;
    let mut session = session::unlock(context, &site, &["card.void"])?;
    let kind: CardKind = batch::kind_of(product);
    let number = crate::batch::order::ledger_number(number);
    if session.ledger.card(kind, &number)?.is_none() {
        return Err(BatchError::NoCard { number }.into());
    }
    let body = CardVoid {
        kind,
        number: Number::new(number.clone()).map_err(LedgerError::from)?,
        reason: Text::new(reason).map_err(LedgerError::from)?,
    };
    let entry = session.append(Act::CardVoid(body))?;
    session.checkpoint()?;
    let out = &mut context.out;
    let value = serde_json::json!({"number": number, "entry": entry.seq});
    out.record("cardmint.void/1", &value)?;
    out.say(&msg!("card-voided", number = number, entry = entry.seq))?;
    Ok(Exit::Done)
}
