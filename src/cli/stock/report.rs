// SPDX-License-Identifier: Apache-2.0
//! `stock report`: each lot's columns, and what is in whose hands.

use crate::cli::Context;
use crate::error::{Error, Exit};
use crate::ledger::LedgerError;
use crate::ledger::centre::{CentreFault, LotRow};
use crate::msg;
use crate::site::Site;

pub(super) fn report(site: &Site, only: Option<&str>, context: &mut Context) -> Result<Exit, Error> {
    let ledger = site.ledger_read_only()?;
    let wanted = |lot: &str| only.is_none_or(|only| only == lot);
    let lots: Vec<LotRow> = ledger.lots()?.into_iter().filter(|row| wanted(&row.lot)).collect();
    if let (Some(name), true) = (only, lots.is_empty()) {
        let name = name.to_owned();
        return Err(LedgerError::from(CentreFault::Unknown { what: "lot", name }).into());
    }
    let out = &mut context.out;
    if lots.is_empty() {
        out.say(&msg!("stock-none"))?;
        return Ok(Exit::Done);
    }
    for row in &lots {
        out.record("cardmint.stock-lot/1", row)?;
    }
    let rows: Vec<Vec<String>> = lots.iter().map(cells).collect();
    out.table(&heading(), &rows)?;
    let holdings: Vec<_> = ledger.holdings()?.into_iter().filter(|h| wanted(&h.lot)).collect();
    for held in &holdings {
        out.record("cardmint.stock-holding/1", held)?;
    }
    let rows: Vec<Vec<String>> = holdings
        .iter()
        .map(|h| vec![h.lot.clone(), h.officer.clone(), h.count.to_string()])
        .collect();
    if !rows.is_empty() {
        out.text("")?;
        let heading = [
            msg!("stock-col-lot"),
            msg!("stock-col-officer"),
            msg!("stock-col-handed-out"),
        ];
        out.table(&heading, &rows)?;
    }
    Ok(Exit::Done)
}

fn heading() -> [crate::i18n::Msg; 10] {
    [
        msg!("stock-col-lot"),
        msg!("stock-col-type"),
        msg!("stock-col-supplier"),
        msg!("stock-col-received"),
        msg!("stock-col-in-stock"),
        msg!("stock-col-handed-out"),
        msg!("stock-col-in-process"),
        msg!("stock-col-issued"),
        msg!("stock-col-scrapped"),
        msg!("stock-col-returned"),
    ]
}

fn cells(row: &LotRow) -> Vec<String> {
    let numbers = [
        row.received,
        row.in_stock,
        row.handed_out,
        row.in_process,
        row.issued,
        row.scrapped,
        row.returned,
    ];
    let texts = [row.lot.clone(), row.blank.clone(), row.supplier.clone()];
    texts
        .into_iter()
        .chain(numbers.iter().map(ToString::to_string))
        .collect()
}
