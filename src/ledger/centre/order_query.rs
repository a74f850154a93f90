// SPDX-License-Identifier: Apache-2.0
//! Questions about orders: what they are, which numbers they use, whose data are erased; and about the secrets inside the site.

use rusqlite::{Row, params};
use serde::Serialize;

use super::{holders, many, number, number_in, one};
use crate::ledger::act::RangeKind;
use crate::ledger::error::LedgerError;
use crate::ledger::log::Ledger;
use crate::ledger::projection::whole;
use crate::ledger::query::{CARD, CardRow, card_row};

/// Numbers that an order has used up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SpanRow {
    /// First number.
    pub from: String,
    /// Last number.
    pub to: String,
    /// The range that they are from.
    pub range: Option<String>,
}

/// An order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OrderRow {
    /// Its name.
    pub order: String,
    /// `user` or `psam`.
    pub kind: String,
    /// The template.
    pub template: String,
    /// The digest of its file.
    pub template_digest: String,
    /// How many cards.
    pub rows: u32,
    /// Whether it brings terminal numbers.
    pub terminals: bool,
    /// The digest of its rows.
    pub digest: String,
    /// The commitment to the holders' data.
    pub holders: Option<String>,
    /// The entry.
    pub imported: u64,
    /// The entry that gave it up.
    pub withdrawn: Option<u64>,
}

/// A secret inside the site.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SecretRow {
    /// `holders`, `pins`.
    pub secret: String,
    /// How often it was drawn.
    pub version: u32,
    /// Its check value.
    pub kcv: String,
    /// The entry that drew it last.
    pub drawn: u64,
}

impl Ledger {
    /// An order by its name.
    pub fn order(&self, name: &str) -> Result<Option<OrderRow>, LedgerError> {
        one(
            &self.db,
            &format!("{ORDER} WHERE order_id = ?1"),
            params![name],
            order_row,
        )
    }

    /// All orders, in the order in which they came.
    pub fn orders(&self) -> Result<Vec<OrderRow>, LedgerError> {
        many(&self.db, &format!("{ORDER} ORDER BY imported"), params![], order_row)
    }

    /// The secrets inside the site.
    pub fn secrets(&self) -> Result<Vec<SecretRow>, LedgerError> {
        let sql = "SELECT secret, version, kcv, drawn FROM secrets ORDER BY secret";
        many(&self.db, sql, params![], |row| {
            Ok(SecretRow {
                secret: row.get(0)?,
                version: row.get(1)?,
                kcv: row.get(2)?,
                drawn: row.get::<_, i64>(3)?.cast_unsigned(),
            })
        })
    }

    /// Whether a holder's data are erased, alone or with all of the order.
    pub fn erased(&self, order: &str, number: &str) -> Result<bool, LedgerError> {
        holders::erased(&self.db, order, number)
    }

    /// Erasures from an entry on: order, and number unless it is all of the order.
    pub fn erasures(&self, since: u64) -> Result<Vec<(String, Option<String>)>, LedgerError> {
        let sql = "SELECT order_id, nullif(number, '') FROM erasures WHERE erased >= ?1 ORDER BY erased";
        many(&self.db, sql, params![whole(since)], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })
    }

    /// The card that gives its terminal this number.
    pub fn card_of_terminal(&self, terminal: &str) -> Result<Option<CardRow>, LedgerError> {
        one(
            &self.db,
            &format!("{CARD} WHERE terminal = ?1"),
            params![terminal],
            card_row,
        )
    }

    /// The numbers of an order, of its cards or of its terminals.
    pub fn spans(&self, order: &str, kind: RangeKind) -> Result<Vec<SpanRow>, LedgerError> {
        let sql = "SELECT start, stop, range FROM spans WHERE order_id = ?1 AND kind = ?2 ORDER BY start";
        many(&self.db, sql, params![order, kind.as_str()], |row| {
            Ok(SpanRow {
                from: number_in(&row.get::<_, String>(0)?).to_owned(),
                to: number_in(&row.get::<_, String>(1)?).to_owned(),
                range: row.get(2)?,
            })
        })
    }

    /// The order that has used a number up.
    pub fn order_of_number(&self, kind: RangeKind, number: &str) -> Result<Option<String>, LedgerError> {
        number::order_of(&self.db, kind, number)
    }
}

const ORDER: &str = "SELECT order_id, kind, template, template_digest, rows, terminals, digest, holders, imported, withdrawn FROM orders";

fn order_row(row: &Row<'_>) -> rusqlite::Result<OrderRow> {
    Ok(OrderRow {
        order: row.get(0)?,
        kind: row.get(1)?,
        template: row.get(2)?,
        template_digest: row.get(3)?,
        rows: row.get(4)?,
        terminals: row.get(5)?,
        digest: row.get(6)?,
        holders: row.get(7)?,
        imported: row.get::<_, i64>(8)?.cast_unsigned(),
        withdrawn: row.get::<_, Option<i64>>(9)?.map(i64::cast_unsigned),
    })
}
