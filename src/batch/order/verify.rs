// SPDX-License-Identifier: Apache-2.0
//! Checking the whole book against the ledger: every order is there with the rows that were recorded, every row was written by
//! this site, every holder's data agree with their commitment or are erased as the ledger says.

use rusqlite::params;

use super::book::{Stored, stored};
use super::{OrderBook, OrderFault};
use crate::error::Fault;
use crate::i18n::Msg;
use crate::keys::FileKeyStore;
use crate::ledger::Ledger;
use crate::msg;
use crate::outside::Observer;

/// Something that is not as the ledger has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BookFinding {
    /// The check's name.
    pub check: &'static str,
    /// The order.
    pub order: String,
    /// The row.
    pub row: Option<u32>,
    /// What was found.
    pub what: Msg,
}

/// What a check of the book came to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BookReport {
    /// Orders that were looked at.
    pub orders: u32,
    /// Rows.
    pub rows: u64,
    /// Holders whose data opened and agree with their commitment.
    pub holders: u64,
    /// Holders whose data are gone, as the ledger records.
    pub erased: u64,
    /// What is wrong.
    pub findings: Vec<BookFinding>,
}

/// All checks by name.
pub const BOOK_CHECKS: &[&str] = &[
    "HOLDER-ORDER",
    "HOLDER-DIGEST",
    "HOLDER-ROW",
    "HOLDER-DATA",
    "HOLDER-GONE",
    "HOLDER-LEFT",
];

impl BookReport {
    fn add(&mut self, check: &'static str, order: &str, row: Option<u32>, what: Msg) {
        self.findings.push(BookFinding {
            check,
            order: order.to_owned(),
            row,
            what,
        });
    }
}

impl OrderBook {
    /// Checks all orders, or one.
    pub fn verify(
        &self,
        store: &FileKeyStore,
        ledger: &Ledger,
        only: Option<&str>,
        observer: &mut dyn Observer,
    ) -> Result<BookReport, OrderFault> {
        let mut report = BookReport::default();
        let wanted = |id: &str| only.is_none_or(|only| only == id);
        let recorded = ledger.orders()?;
        let recorded: Vec<_> = recorded
            .into_iter()
            .filter(|row| row.withdrawn.is_none() && wanted(&row.order))
            .collect();
        let here = self.orders()?;
        let total = recorded.iter().map(|row| u64::from(row.rows)).sum();
        observer.begin(&msg!("holder-verifying"), total);
        for order in &recorded {
            if here.iter().any(|facts| facts.order == order.order) {
                self.verify_order(store, ledger, &order.order, &mut report, observer)?;
            } else {
                report.add("HOLDER-ORDER", &order.order, None, msg!("holder-order-missing"));
            }
        }
        for facts in here.iter().filter(|facts| wanted(&facts.order)) {
            if !recorded.iter().any(|row| row.order == facts.order) {
                report.add("HOLDER-ORDER", &facts.order, None, msg!("holder-order-unknown"));
            }
        }
        observer.end();
        Ok(report)
    }

    fn verify_order(
        &self,
        store: &FileKeyStore,
        ledger: &Ledger,
        id: &str,
        report: &mut BookReport,
        observer: &mut dyn Observer,
    ) -> Result<(), OrderFault> {
        report.orders += 1;
        match self.check_order(ledger, id) {
            Ok(()) => {}
            Err(fault @ (OrderFault::OtherDigest { .. } | OrderFault::Damaged { .. })) => {
                report.add("HOLDER-DIGEST", id, None, fault.msg());
            }
            Err(other) => return Err(other),
        }
        let mut behind = 0;
        while let Some(row) = self.stored_behind(id, behind)? {
            behind = row.row;
            report.rows += 1;
            if report.rows.is_multiple_of(1000) {
                observer.advance(report.rows);
            }
            self.verify_row(store, ledger, id, &row, report)?;
        }
        Ok(())
    }

    fn stored_behind(&self, id: &str, behind: u32) -> Result<Option<Stored>, OrderFault> {
        use rusqlite::OptionalExtension;
        let sql = "SELECT row, line, version, tag FROM rows WHERE order_id = ?1 AND row > ?2 ORDER BY row LIMIT 1";
        let mut find = self.db.prepare_cached(sql)?;
        Ok(find.query_row(params![id, behind], stored).optional()?)
    }

    fn verify_row(
        &self,
        store: &FileKeyStore,
        ledger: &Ledger,
        id: &str,
        row: &Stored,
        report: &mut BookReport,
    ) -> Result<(), OrderFault> {
        let place = Some(row.row);
        let line = match self.proven(store, id, row) {
            Ok(line) => line,
            Err(fault @ (OrderFault::Damaged { .. } | OrderFault::LostSecret { .. })) => {
                report.add("HOLDER-ROW", id, place, fault.msg());
                return Ok(());
            }
            Err(other) => return Err(other),
        };
        if line.holder.is_none() {
            return Ok(());
        }
        let erased = ledger.erased(id, &line.number)?;
        match self.person(store, id, &line) {
            Ok(_) if erased => report.add("HOLDER-LEFT", id, place, msg!("holder-left", number = line.number)),
            Ok(_) => report.holders += 1,
            Err(OrderFault::Erased { .. }) if erased => report.erased += 1,
            Err(fault @ OrderFault::Erased { .. }) => report.add("HOLDER-GONE", id, place, fault.msg()),
            Err(fault @ (OrderFault::Damaged { .. } | OrderFault::LostSecret { .. })) => {
                report.add("HOLDER-DATA", id, place, fault.msg());
            }
            Err(other) => return Err(other),
        }
        Ok(())
    }
}
