// SPDX-License-Identifier: Apache-2.0
//! `order check`: every bad row of a file with line, column and reason. The site stays locked and nothing is changed.

use serde::Serialize;

use super::FileArgs;
use crate::batch::order::{Finding, Known, OrderFault, OrderFile, Row, Scan, Summary};
use crate::batch::{self, kind_of};
use crate::cli::clock::beijing;
use crate::cli::{Context, session};
use crate::error::{Error, Exit};
use crate::ledger::{Ledger, LedgerError};
use crate::msg;
use crate::site::Site;
use crate::template::{Arrival, Numbers, Product, Template};

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
    numbers: Numbers,
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
            numbers: match args.range {
                Some(_) => Numbers::FromRange,
                None => Numbers::Given,
            },
            arrival: Arrival { past: args.past },
            now: beijing(context.clock.now()),
        })
    }

    /// Reads the file; every finding is shown as it comes.
    pub(super) fn scan<E: From<OrderFault> + From<Error>>(
        &self,
        site: &Site,
        ledger: &Ledger,
        context: &mut Context,
        each: &mut dyn FnMut(Row) -> Result<(), E>,
    ) -> Result<Summary, E> {
        let facts = batch::facts(site).map_err(Error::from)?;
        let product = self.template.product;
        let scan = Scan {
            template: &self.template,
            site: &|name| facts.value(name),
            now: &self.now,
            told: &self.told,
            numbers: self.numbers,
            arrival: self.arrival,
            taken: &|terminal, number| taken(ledger, product, terminal, number),
        };
        let mut failed = None;
        let (out, random) = (&mut context.out, context.random.as_mut());
        let mut sink = |finding| {
            if failed.is_none() {
                failed = show(out, &finding).err();
            }
        };
        let summary = scan.run(&self.file, random, &mut sink, each)?;
        match failed {
            Some(e) => Err(e.into()),
            None => Ok(summary),
        }
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
            let (findings, rows) = (summary.findings, summary.bad);
            return Err(OrderFault::Bad { findings, rows }.into());
        }
        out.say(&msg!(
            "order-good",
            rows = summary.rows,
            encoding = checked.encoding,
            digest = checked.digest
        ))
    }
}

fn taken(ledger: &Ledger, product: Product, terminal: bool, number: &str) -> Result<Option<Known>, LedgerError> {
    if terminal {
        return Ok(None);
    }
    let row = ledger.card(kind_of(product), number)?;
    Ok(row.map(|row| Known::Card { status: row.status }))
}

fn show(out: &mut crate::cli::output::Output, finding: &Finding) -> Result<(), Error> {
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
    let summary = terms.scan::<Error>(&site, &ledger, context, &mut |_| Ok(()))?;
    terms.conclude(summary, context)?;
    Ok(Exit::Done)
}
