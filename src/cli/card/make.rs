// SPDX-License-Identifier: Apache-2.0
//! Issuing, resuming, giving up.

use std::fs::OpenOptions;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use super::{Make, job};
use crate::batch::load::FirstLoad;
use crate::batch::yuan::Yuan;
use crate::batch::{self, BatchError, Issued, Job};
use crate::card::CardSession;
use crate::card::trace::Trace;
use crate::cli::clock::beijing;
use crate::cli::progress::Progress;
use crate::cli::purse::site_terminal;
use crate::cli::{Context, session};
use crate::crypto::purse::{Amount, DateTime};
use crate::error::{Error, Exit};
use crate::ledger::act::{Act, CardVoid};
use crate::ledger::{CardKind, LedgerError, Number, Text};
use crate::msg;
use crate::outside::Observer;
use crate::perso::Surroundings;
use crate::perso::script::PersoScript;
use crate::site::{Session, Site};
use crate::template::{Order, Product};

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
    let acts: &[&str] = match product.is_sam() {
        true => &["psam.intent", "psam.outcome"],
        false if template.load.is_some() => &["card.intent", "card.outcome", "purse.intent", "purse.load"],
        false => &["card.intent", "card.outcome"],
    };
    let mut session = session::unlock_by(context, &site, acts, template.officers.into())?;
    let now = context.clock.now();
    let script = job::script(&template, &raw, &session, now)?;
    let order = job::order(&template, &raw, &session, now)?;
    if template.gives_own_pin(&order) {
        return Err(Error::new(msg!("card-own-pin"), Exit::Usage));
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
        match run(&mut session, &job, &mut card, around) {
            Ok(issued) => Ok((
                issued,
                first_load(&mut session, &job, &order, (&site, at), &mut card).transpose(),
            )),
            Err(e) => Err(e),
        }
    };
    progress.end();
    if let Some(Err(e)) = trace.map(Trace::finish) {
        context.out.notice(&msg!("card-trace-failed", what = e));
    }
    let (issued, loaded) = ran?;
    report(&issued, context)?;
    match loaded {
        None => Ok(Exit::Done),
        Some(loaded) => report_load(&issued.number, &loaded?, context),
    }
}

/// The initial balance that the order asked for, loaded; `None` where it asked for none.
fn first_load(
    session: &mut Session,
    job: &Job<'_>,
    order: &Order,
    (site, at): (&Site, DateTime),
    card: &mut CardSession<'_>,
) -> Result<Option<FirstLoaded>, Error> {
    let amount = job.template.load.as_deref().and_then(|field| order.amount(field));
    let Some(amount) = amount.filter(|fen| *fen > 0).map(Amount) else {
        return Ok(None);
    };
    let first = FirstLoad {
        amount,
        terminal: site_terminal(None, site)?,
        at,
    };
    let own = site.scheme().subject_of(site.owner())?;
    let entry = batch::recording::at_station(session, |station| {
        batch::load::first_load(station, job.template, &own, job.script, first, card)
    })?;
    Ok(Some(FirstLoaded { amount, entry }))
}

/// What was loaded, and where it is recorded; without an entry where the card had it from before.
struct FirstLoaded {
    amount: Amount,
    entry: Option<u64>,
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

fn report(issued: &Issued, context: &mut Context) -> Result<(), Error> {
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
    ))
}

fn report_load(number: &str, loaded: &FirstLoaded, context: &mut Context) -> Result<Exit, Error> {
    let FirstLoaded { amount, entry } = loaded;
    let value = serde_json::json!({"number": number, "amount": amount.0, "entry": entry});
    context.out.record("cardmint.first-load/1", &value)?;
    let amount = Yuan(*amount);
    context.out.say(&match entry {
        Some(entry) => msg!("card-first-load", amount = amount, entry = entry),
        None => msg!("card-first-load-before", amount = amount),
    })?;
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
