// SPDX-License-Identifier: Apache-2.0
//! Holders' data as the ledger knows them: that there are some, who looked, which are erased. And the secrets inside the site
//! that keep them closed.

use rusqlite::{Connection, params};

use super::{CentreFault, Done, attempt, number, one, run};
use crate::ledger::act::{HolderShow, HoldersErase, RangeKind, SecretDraw};
use crate::ledger::error::LedgerError;
use crate::ledger::projection::whole;

/// Stands for all numbers of an order.
const ALL: &str = "";

/// A secret is drawn once after the other.
pub(super) fn draw(db: &Connection, body: &SecretDraw, seq: u64) -> Done {
    let sql = "INSERT INTO secrets (secret, version, kcv, drawn) VALUES (?1, ?2, ?3, ?4)
               ON CONFLICT (secret) DO UPDATE SET version = ?2, kcv = ?3, drawn = ?4 WHERE version + 1 = ?2";
    let row = params![body.secret.as_str(), body.version, body.kcv.as_str(), whole(seq)];
    let known = "SELECT version FROM secrets WHERE secret = ?1";
    let before: u32 = one(db, known, params![body.secret.as_str()], |row| row.get(0))?.unwrap_or(0);
    if before.checked_add(1) == Some(body.version) && run(db, sql, row)? == 1 {
        return Ok(());
    }
    let secret = body.secret.to_string();
    Err(CentreFault::SecretVersion { secret, before }.into())
}

/// There are data of this card's holder to look at.
pub(super) fn show(db: &Connection, body: &HolderShow) -> Done {
    has_data(db, body.order.as_str(), Some(body.number.as_str()))
}

/// They are gone from here on.
pub(super) fn erase(db: &Connection, body: &HoldersErase, seq: u64) -> Done {
    let (order, number) = (
        body.order.as_str(),
        body.number.as_ref().map(crate::ledger::Number::as_str),
    );
    has_data(db, order, number)?;
    let sql = "INSERT INTO erasures (order_id, number, erased) VALUES (?1, ?2, ?3)";
    let none = || no_data(order, number);
    attempt(db, sql, params![order, number.unwrap_or(ALL), whole(seq)])?
        .map(drop)
        .ok_or_else(none)
}

fn has_data(db: &Connection, order: &str, number: Option<&str>) -> Done {
    let found = number::order(db, order)?;
    let kind: RangeKind = found.kind;
    let of_order = match number {
        Some(number) => number::order_of(db, kind, number)?.as_deref() == Some(order),
        None => true,
    };
    if found.holders && of_order && !erased(db, order, number.unwrap_or(ALL))? {
        Ok(())
    } else {
        Err(no_data(order, number))
    }
}

/// Whether the data of a card's holder, or of all of the order, were erased.
pub(super) fn erased(db: &Connection, order: &str, number: &str) -> Result<bool, LedgerError> {
    let sql = "SELECT 1 FROM erasures WHERE order_id = ?1 AND number IN (?2, '') LIMIT 1";
    Ok(one(db, sql, params![order, number], |_| Ok(()))?.is_some())
}

fn no_data(order: &str, number: Option<&str>) -> LedgerError {
    let (order, number) = (order.to_owned(), number.unwrap_or("–").to_owned());
    CentreFault::NoHolder { order, number }.into()
}
