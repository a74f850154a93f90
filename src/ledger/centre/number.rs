// SPDX-License-Identifier: Apache-2.0
//! Numbers: ranges that are set aside and spans that orders use up. Apart by constraint: two ranges never overlap, two
//! spans never do, and a span never holds a number that a card bears.

use rusqlite::{Connection, params};

use super::{CentreFault, Done, attempt, number_in, one, place, run, span, taken, unknown};
use crate::ledger::act::{OrderImport, OrderWithdraw, RangeKind, RangeReserve, Span};
use crate::ledger::error::LedgerError;
use crate::ledger::projection::{last_loss, whole};
use crate::ledger::upkeep::UpkeepFault;

/// The largest span that begins at or before a place.
const SPAN_AT: &str =
    "SELECT start, stop, order_id FROM spans WHERE kind = ?1 AND start <= ?2 ORDER BY start DESC LIMIT 1";

/// What an order is.
pub(super) struct Order {
    pub(super) kind: RangeKind,
    pub(super) holders: bool,
    pub(super) template: String,
    pub(super) template_digest: String,
    pub(super) rows: u32,
    pub(super) terminals: bool,
    pub(super) digest: String,
}

pub(super) fn reserve(db: &Connection, body: &RangeReserve, seq: u64) -> Done {
    let (from, to) = (body.from.as_str(), body.to.as_str());
    let (start, stop, _) = span(from, to)?;
    let name = body.range.as_str();
    let known = "SELECT 1 FROM ranges WHERE range = ?1";
    if one(db, known, params![name], |_| Ok(()))?.is_some() {
        return Err(taken("range", name));
    }
    let sql = "INSERT INTO ranges (range, kind, template, start, stop, purpose, reserved) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
    let template = body.template.as_ref().map(crate::ledger::Text::as_str);
    let row = params![
        name,
        body.kind.as_str(),
        template,
        start,
        stop,
        body.purpose.as_str(),
        whole(seq)
    ];
    attempt(db, sql, row)?.map(drop).ok_or_else(|| numbers_taken(from, to))
}

pub(super) fn import(db: &Connection, body: &OrderImport, seq: u64) -> Done {
    let name = body.order.as_str();
    let sql =
        "INSERT INTO orders (order_id, kind, template, template_digest, rows, terminals, digest, holders, imported)
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)";
    let row = params![
        name,
        body.kind.as_str(),
        body.template.as_str(),
        body.template_digest.to_string(),
        body.rows,
        !body.terminals.is_empty(),
        body.digest.to_string(),
        body.holders.as_ref().map(ToString::to_string),
        whole(seq),
    ];
    attempt(db, sql, row)?.ok_or_else(|| taken("order", name))?;
    use_up(db, body, body.kind.into(), &body.numbers)?;
    if body.terminals.is_empty() {
        return Ok(());
    }
    use_up(db, body, RangeKind::Terminal, &body.terminals)
}

/// Gives an order up: its numbers are free again, unless a batch was ever made of it.
pub(super) fn withdraw(db: &Connection, body: &OrderWithdraw, seq: u64) -> Done {
    let name = body.order.as_str();
    order(db, name)?;
    let batch = "SELECT batch FROM batches WHERE order_id = ?1 LIMIT 1";
    if one(db, batch, params![name], |_| Ok(()))?.is_some() {
        let order = name.to_owned();
        return Err(CentreFault::OrderBusy { order }.into());
    }
    let sql = "UPDATE orders SET withdrawn = ?2 WHERE order_id = ?1";
    run(db, sql, params![name, whole(seq)])?;
    run(db, "DELETE FROM spans WHERE order_id = ?1", params![name]).map(drop)
}

/// Takes the numbers of an order, as many as it has rows.
fn use_up(db: &Connection, body: &OrderImport, kind: RangeKind, spans: &[Span]) -> Done {
    let mut numbers: u64 = 0;
    for part in spans {
        let (from, to) = (part.from.as_str(), part.to.as_str());
        let (start, stop, size) = span(from, to)?;
        numbers = numbers.saturating_add(size);
        check_range(db, body, kind, part, (&start, &stop))?;
        if let Some(loss) = last_loss(db)?
            && !reserved_since(db, kind.as_str(), from, loss)?
        {
            let number = from.to_owned();
            return Err(UpkeepFault::Closed { number, loss }.into());
        }
        if borne(db, kind, from, to)? {
            return Err(numbers_taken(from, to));
        }
        let sql = "INSERT INTO spans (kind, start, stop, order_id, range) VALUES (?1, ?2, ?3, ?4, ?5)";
        let range = part.range.as_ref().map(crate::ledger::Text::as_str);
        let row = params![kind.as_str(), start, stop, body.order.as_str(), range];
        attempt(db, sql, row)?.ok_or_else(|| numbers_taken(from, to))?;
    }
    if numbers == u64::from(body.rows) && body.rows > 0 {
        return Ok(());
    }
    let (order, rows) = (body.order.to_string(), u64::from(body.rows));
    Err(CentreFault::RowCount { order, rows, numbers }.into())
}

/// A span lies in the range that it names, and names the one that it touches.
fn check_range(db: &Connection, body: &OrderImport, kind: RangeKind, part: &Span, places: (&str, &str)) -> Done {
    let touched =
        "SELECT range, start, stop, template FROM ranges WHERE kind = ?1 AND start <= ?2 ORDER BY start DESC LIMIT 1";
    let read = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?));
    let found: Option<(String, String, String, Option<String>)> =
        one(db, touched, params![kind.as_str(), places.1], read)?;
    let found = found.filter(|(_, _, stop, _)| stop.as_str() >= places.0);
    let (from, to) = (part.from.to_string(), part.to.to_string());
    match (&part.range, found) {
        (None, None) => Ok(()),
        (Some(named), Some((range, start, stop, template)))
            if named.as_str() == range
                && start.as_str() <= places.0
                && stop.as_str() >= places.1
                && template.as_deref().is_none_or(|only| only == body.template.as_str()) =>
        {
            Ok(())
        }
        (Some(named), found) => {
            let known = "SELECT 1 FROM ranges WHERE range = ?1";
            if found.is_none() && one(db, known, params![named.as_str()], |_| Ok(()))?.is_none() {
                return Err(unknown("range", named.as_str()));
            }
            let range = named.to_string();
            Err(CentreFault::OutsideRange { range, from, to }.into())
        }
        (None, Some((range, ..))) => Err(CentreFault::OutsideRange { range, from, to }.into()),
    }
}

/// Whether a number lies in a range that was reserved after this entry.
pub(in crate::ledger) fn reserved_since(
    db: &Connection,
    kind: &str,
    number: &str,
    after: u64,
) -> Result<bool, LedgerError> {
    let sql =
        "SELECT stop >= ?2 AND reserved > ?3 FROM ranges WHERE kind = ?1 AND start <= ?2 ORDER BY start DESC LIMIT 1";
    let found: Option<bool> = one(db, sql, params![kind, place(number), whole(after)], |row| row.get(0))?;
    Ok(found.unwrap_or_default())
}

/// Whether a card bears one of these numbers.
fn borne(db: &Connection, kind: RangeKind, from: &str, to: &str) -> Result<bool, LedgerError> {
    let sql = match kind {
        RangeKind::Terminal => {
            "SELECT 1 FROM cards WHERE ?1 = 'terminal' AND terminal BETWEEN ?2 AND ?3 AND length(terminal) = length(?2) LIMIT 1"
        }
        _ => "SELECT 1 FROM cards WHERE kind = ?1 AND number BETWEEN ?2 AND ?3 AND length(number) = length(?2) LIMIT 1",
    };
    Ok(one(db, sql, params![kind.as_str(), from, to], |_| Ok(()))?.is_some())
}

/// The order that has used a number up.
pub(super) fn order_of(db: &Connection, kind: RangeKind, number: &str) -> Result<Option<String>, LedgerError> {
    let at = place(number);
    let read = |row: &rusqlite::Row<'_>| Ok((row.get::<_, String>(1)?, row.get::<_, String>(2)?));
    let found = one(db, SPAN_AT, params![kind.as_str(), at], read)?;
    Ok(found.filter(|(stop, _)| *stop >= at).map(|(_, order)| order))
}

/// An order by its name.
pub(super) fn order(db: &Connection, name: &str) -> Result<Order, LedgerError> {
    let sql = "SELECT template, template_digest, rows, terminals, digest, kind, holders FROM orders
               WHERE order_id = ?1 AND withdrawn IS NULL";
    let read = |row: &rusqlite::Row<'_>| {
        Ok(Order {
            template: row.get(0)?,
            template_digest: row.get(1)?,
            rows: row.get(2)?,
            terminals: row.get(3)?,
            digest: row.get(4)?,
            kind: match row.get::<_, String>(5)?.as_str() {
                "psam" => RangeKind::Psam,
                _ => RangeKind::User,
            },
            holders: row.get::<_, Option<String>>(6)?.is_some(),
        })
    };
    one(db, sql, params![name], read)?.ok_or_else(|| unknown("order", name))
}

/// The last number of a range that is used, by an order or by a card.
pub(super) fn last_used(
    db: &Connection,
    range: &str,
    kind: &str,
    from: &str,
    to: &str,
) -> Result<Option<String>, LedgerError> {
    let sql = "SELECT max(stop) FROM spans WHERE kind = ?1 AND range = ?2 AND start BETWEEN ?3 AND ?4";
    let by_orders: Option<String> =
        one(db, sql, params![kind, range, place(from), place(to)], |row| row.get(0))?.flatten();
    let sql = match kind {
        "terminal" => {
            "SELECT max(terminal) FROM cards WHERE ?1 = 'terminal' AND terminal BETWEEN ?2 AND ?3 AND length(terminal) = length(?2)"
        }
        _ => {
            "SELECT max(number) FROM cards WHERE kind = ?1 AND number BETWEEN ?2 AND ?3 AND length(number) = length(?2)"
        }
    };
    let by_cards: Option<String> = one(db, sql, params![kind, from, to], |row| row.get(0))?.flatten();
    let by_orders = by_orders.map(|stop| number_in(&stop).to_owned());
    Ok(by_orders.max(by_cards))
}

fn numbers_taken(from: &str, to: &str) -> LedgerError {
    let (from, to) = (from.to_owned(), to.to_owned());
    CentreFault::NumbersTaken { from, to }.into()
}
