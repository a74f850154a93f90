// SPDX-License-Identifier: Apache-2.0
//! `order check`: every bad row of a file with line, column and reason. The site stays locked and nothing is changed.

use serde::Serialize;

use super::FileArgs;
use crate::batch::order::{Finding, Known, OrderFault, OrderFile, RangeNumbers, Scan, Summary};
use crate::batch::{self, kind_of};
use crate::cli::clock::beijing;
use crate::cli::output::Output;
use crate::cli::{Context, range, session};
use crate::crypto::seal::fresh_nonce;
use crate::error::{Error, Exit};
use crate::ledger::act::RangeKind;
use crate::ledger::{CardKind, Ledger, LedgerError};
use crate::msg;
use crate::site::Site;
use crate::template::{Arrival, Template};

#[derive(Serialize)]
struct Found<'a> {
    line: u64,
    row: Option<u32>,
    column: Option<&'a str>,
    field: Option<&'a str>,
    id: &'a str,
    message: String,
}

#[derive(Serialize)]
struct Checked<'a> {
    template: &'a str,
    encoding: &'a str,
    digest: String,
    good: bool,
    rows: u32,
    bad: u32,
    blank: u32,
    findings: u64,
}

/// What a file is checked against, and as what it is read.
pub(super) struct Terms {
    pub(super) template: Template,
    pub(super) file: OrderFile,
    told: Vec<(String, String)>,
    range: Option<String>,
    terminals: Option<String>,
    arrival: Arrival,
    now: String,
}

impl Terms {
    /// Everything that can be known before a row is read.
    pub(super) fn of(args: &FileArgs, context: &Context) -> Result<Self, Error> {
        let told = args.told()?;
        let encoding = args.encoding()?;
        let template = crate::cli::template::sound(&args.template)?;
        Ok(Self {
            template,
            file: OrderFile::open(&args.file, encoding)?,
            told,
            range: args.range.clone(),
            terminals: args.terminals.clone(),
            arrival: Arrival { past: args.past },
            now: beijing(context.clock.now()),
        })
    }

    /// Lays down how the file is read, and reads it by `read`.
    pub(super) fn with_scan<T>(
        &self,
        site: &Site,
        ledger: &Ledger,
        read: impl FnOnce(&Scan<'_>) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let facts = batch::facts(site)?;
        let kind = kind_of(self.template.product);
        let range_of = |name: &Option<String>, kind: RangeKind| {
            let named = name.as_deref();
            named
                .map(|name| RangeNumbers::of(ledger, name, kind, &self.template.name))
                .transpose()
        };
        let numbers = range_of(&self.range, kind.into())?;
        let terminals = range_of(&self.terminals, RangeKind::Terminal)?;
        read(&Scan {
            template: &self.template,
            site: &|name| facts.value(name),
            now: &self.now,
            told: &self.told,
            numbers: numbers.as_ref(),
            terminals: terminals.as_ref(),
            arrival: self.arrival,
            taken: &|terminal, number| taken(ledger, kind, terminal, number),
        })
    }

    /// Reads the whole file and keeps nothing; every finding is shown as it comes.
    pub(super) fn check(&self, site: &Site, ledger: &Ledger, context: &mut Context) -> Result<Summary, Error> {
        let salt = fresh_nonce(context.random.as_mut())?;
        let out = &mut context.out;
        self.with_scan(site, ledger, |scan| {
            watched(out, |sink| {
                Ok(scan.run::<OrderFault>(&self.file, &salt, sink, &mut |_| Ok(()))?)
            })
        })
    }

    /// Says which ranges will run low once the file is taken in.
    fn say_low(&self, ledger: &Ledger, rows: u32, context: &mut Context) -> Result<(), Error> {
        for name in [&self.range, &self.terminals].into_iter().flatten() {
            let ranges: Vec<_> = ledger.range(name)?.into_iter().collect();
            range::say_low(context, &ranges, rows.into());
        }
        Ok(())
    }

    /// The last word on a file, and an error where it is bad.
    pub(super) fn conclude(&self, summary: Summary, context: &mut Context) -> Result<(), Error> {
        let checked = Checked {
            template: &self.template.name,
            encoding: self.file.encoding().as_str(),
            digest: self.file.digest().to_string(),
            good: summary.findings == 0,
            rows: summary.rows,
            bad: summary.bad,
            blank: summary.blank,
            findings: summary.findings,
        };
        let out = &mut context.out;
        out.record("cardmint.order-check/1", &checked)?;
        if summary.blank > 0 {
            out.say(&msg!("order-blank-rows", count = summary.blank))?;
        }
        if summary.findings > 0 {
            return Err(summary.bad_file().into());
        }
        out.say(&msg!(
            "order-good",
            rows = summary.rows,
            encoding = checked.encoding,
            digest = checked.digest
        ))
    }
}

/// Where a number is used already, a card's or a terminal's.
fn taken(ledger: &Ledger, kind: CardKind, terminal: bool, number: &str) -> Result<Option<Known>, LedgerError> {
    let (numbers, card) = if terminal {
        (RangeKind::Terminal, ledger.card_of_terminal(number)?)
    } else {
        (kind.into(), ledger.card(kind, number)?)
    };
    if let Some(card) = card {
        return Ok(Some(Known::Card { status: card.status }));
    }
    let order = ledger.order_of_number(numbers, number)?;
    Ok(order.map(|order| Known::Order { order }))
}

/// Shows every finding as it comes. An output that fails is said at the end.
pub(super) fn watched<T>(
    out: &mut Output,
    read: impl FnOnce(&mut dyn FnMut(Finding)) -> Result<T, Error>,
) -> Result<T, Error> {
    let mut failed = None;
    let done = read(&mut |finding| {
        if failed.is_none() {
            failed = show(out, &finding).err();
        }
    });
    failed.map_or(done, Err)
}

fn show(out: &mut Output, finding: &Finding) -> Result<(), Error> {
    let line = finding.line;
    let text = match (&finding.column, line) {
        (Some(column), _) => msg!("order-finding", line = line, column = column),
        (None, 0) => msg!("order-finding-file"),
        (None, _) => msg!("order-finding-row", line = line),
    };
    let found = Found {
        line,
        row: finding.row,
        column: finding.column.as_deref(),
        field: finding.field.as_deref(),
        id: finding.what.id(),
        message: finding.what.render(out.lang()),
    };
    out.record("cardmint.order-finding/1", &found)?;
    out.say(&text.with_msg("what", finding.what.clone()))
}

/// `order check`.
pub(super) fn run(args: &FileArgs, context: &mut Context) -> Result<Exit, Error> {
    let terms = Terms::of(args, context)?;
    let site = session::open_site(context)?;
    let ledger = site.ledger_read_only()?;
    let summary = terms.check(&site, &ledger, context)?;
    terms.conclude(summary, context)?;
    terms.say_low(&ledger, summary.rows, context)?;
    Ok(Exit::Done)
}
