// SPDX-License-Identifier: Apache-2.0
//! Looking at orders without a key and without changing anything: what stands in the book apart from holders' data.

use std::collections::BTreeMap;

use rusqlite::{OptionalExtension, params};
use serde::Serialize;

use super::line;
use super::{OrderBook, OrderFault};
use crate::site::Site;

/// Whether the book has a holder's data for a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum HolderState {
    /// The order brought nobody's data for this row.
    None,
    /// They are here, sealed.
    Here,
    /// They were erased.
    Erased,
}

impl HolderState {
    /// The word of the catalogue.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Here => "here",
            Self::Erased => "erased",
        }
    }
}

/// A row without what is personal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OrderLine {
    /// Its place in the order, from 1.
    pub row: u32,
    /// The card's number as the ledger has it.
    pub number: String,
    /// Its terminal's number.
    pub terminal: Option<String>,
    /// Initial balance in fen.
    pub load: u32,
    /// The order's fields that are not personal.
    pub fields: BTreeMap<String, String>,
    /// What is there of its holder.
    pub holder: HolderState,
}

impl OrderBook {
    /// Opens the book for looking only: nothing is settled, nothing can be changed.
    pub fn look(site: &Site) -> Result<Self, OrderFault> {
        let path = Self::place(site);
        if !path.is_file() {
            let path = path.display().to_string();
            return Err(OrderFault::NoBook { path });
        }
        Self::connect_to_look(path, site)
    }

    /// The first row behind `after` (0: the first of all) without what is personal. Rows are proven together, by
    /// [`Self::check_order`].
    pub fn next_line(&self, id: &str, after: u32) -> Result<Option<OrderLine>, OrderFault> {
        let sql = "SELECT rows.row, line, holders.row IS NOT NULL FROM rows LEFT JOIN holders USING (order_id, row)
                   WHERE order_id = ?1 AND rows.row > ?2 ORDER BY rows.row LIMIT 1";
        let mut find = self.db.prepare_cached(sql)?;
        let read = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get::<_, String>(1)?, row.get(2)?));
        let Some((row, text, here)) = find.query_row(params![id, after], read).optional()? else {
            return Ok(None);
        };
        let line = line::read(id, row, &text)?;
        let holder = match (line.holder, here) {
            (None, _) => HolderState::None,
            (Some(_), true) => HolderState::Here,
            (Some(_), false) => HolderState::Erased,
        };
        Ok(Some(OrderLine {
            row,
            number: line.number,
            terminal: line.terminal,
            load: line.load.unwrap_or(0),
            fields: line.fields,
            holder,
        }))
    }
}
