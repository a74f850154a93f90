// SPDX-License-Identifier: Apache-2.0
//! `holder verify`: orders and holders' data as they are, against what the ledger has of them.

use serde::Serialize;

use crate::batch::order::{BookReport, OrderBook, OrderFault};
use crate::cli::progress::Progress;
use crate::cli::{Context, session};
use crate::error::{Error, Exit};
use crate::msg;

/// `holder verify`.
#[derive(Debug, clap::Args)]
pub(super) struct Verify {
    /// One order only.
    #[arg(long, value_name = "ORDER")]
    order: Option<String>,
}

#[derive(Serialize)]
struct Found<'a> {
    check: &'a str,
    order: &'a str,
    row: Option<u32>,
    message: String,
}

#[derive(Serialize)]
struct Verified {
    good: bool,
    orders: u32,
    rows: u64,
    holders: u64,
    erased: u64,
    findings: usize,
}

pub(super) fn run(args: &Verify, context: &mut Context) -> Result<Exit, Error> {
    let site = session::open_site(context)?;
    let only = args.order.as_deref();
    {
        let ledger = site.ledger_read_only()?;
        if let Some(order) = only
            && ledger.order(order)?.is_none()
        {
            let order = order.to_owned();
            return Err(OrderFault::NoOrder { order }.into());
        }
    }
    let session = session::look(context, &site)?;
    let book = OrderBook::look(&site)?;
    let mut progress = Progress::for_output(&context.out);
    let report = book.verify(&session.store, &session.ledger, only, &mut progress)?;
    tell(&report, context)?;
    let good = report.findings.is_empty();
    Ok(if good { Exit::Done } else { Exit::Check })
}

fn tell(report: &BookReport, context: &mut Context) -> Result<(), Error> {
    let out = &mut context.out;
    let lang = out.lang();
    for finding in &report.findings {
        let message = finding.what.render(lang);
        let (check, order, row) = (finding.check, finding.order.as_str(), finding.row);
        let found = Found {
            check,
            order,
            row,
            message,
        };
        out.record("cardmint.holder-finding/1", &found)?;
        let said = match row {
            Some(row) => msg!("holder-finding-row", check = check, order = order, row = row),
            None => msg!("holder-finding", check = check, order = order),
        };
        out.say(&said.with_msg("what", finding.what.clone()))?;
    }
    let verified = Verified {
        good: report.findings.is_empty(),
        orders: report.orders,
        rows: report.rows,
        holders: report.holders,
        erased: report.erased,
        findings: report.findings.len(),
    };
    out.record("cardmint.holder-verification/1", &verified)?;
    let said = msg!(
        "holder-verified",
        orders = report.orders,
        rows = report.rows,
        holders = report.holders,
        erased = report.erased,
        findings = report.findings.len()
    );
    out.say(&said)
}
