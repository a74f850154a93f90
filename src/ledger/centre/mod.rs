// SPDX-License-Identifier: Apache-2.0
//! The card centre's part of the ledger: numbers and orders, batches and their approval, blanks lot by lot, cards in their
//! holders' hands, the blacklist. The rules stand here once, for appending, rebuilding and verifying.
//!
//! What always holds: no number is in two orders; a card of an order is written only in a running batch of that order, which
//! somebody approved who neither laid it down nor runs it; received = in stock + handed out + in process + issued + scrapped
//! + returned for every lot (a constraint of the table); a lost card has one successor.

mod batch;
mod blacklist;
mod fault;
mod holders;
mod life;
mod number;
mod order_query;
mod query;
mod stock;

pub use fault::CentreFault;
pub use life::LifeRow;
pub(super) use number::reserved_since;
pub use order_query::{OrderRow, SecretRow, SpanRow};
pub use query::{BatchRow, BatchTally, BlacklistRow, HoldingRow, ListRow, LotRow, RangeUse};

use rusqlite::{Connection, OptionalExtension, Row, ToSql};

use super::act::{Act, CardKind, Intent};
use super::entry::Entry;
use super::error::LedgerError;
use super::policy::{Policy, Role};

/// The tables of this part.
pub(super) const TABLES: &[&str] = &[
    "ranges",
    "spans",
    "orders",
    "secrets",
    "erasures",
    "batches",
    "batch_keys",
    "batch_officers",
    "lots",
    "holdings",
    "serials",
    "blanks",
    "batch_lots",
    "life",
    "desk_acts",
    "desk_purses",
    "blacklist",
    "lists",
    "list_confirmations",
];

type Done = Result<(), LedgerError>;

/// Whether this part has anything to say to an act.
pub(super) fn concerns(act: &Act) -> bool {
    let name = act.name();
    let nouns = [
        "range.",
        "order.",
        "secret.",
        "holder.",
        "holders.",
        "batch.",
        "stock.",
        "card.",
        "psam.",
        "pin.",
        "blacklist.",
        "purse.",
    ];
    nouns.iter().any(|noun| name.starts_with(noun)) && name != "pin.set"
}

/// Applies an entry that stands in the other tables already.
pub(super) fn apply(db: &Connection, entry: &Entry, policy: Option<&Policy>) -> Done {
    let seq = entry.seq;
    match &entry.act {
        Act::RangeReserve(body) => number::reserve(db, body, seq),
        Act::OrderImport(body) => number::import(db, body, seq),
        Act::OrderWithdraw(body) => number::withdraw(db, body, seq),
        Act::SecretDraw(body) => holders::draw(db, body, seq),
        Act::HolderShow(body) => holders::show(db, body),
        Act::HoldersErase(body) => holders::erase(db, body, seq),
        Act::BatchNew(body) => batch::lay_down(db, body, entry),
        Act::BatchApprove(body) => batch::approve(db, body, entry),
        Act::BatchRun(body) => batch::run(db, body, entry),
        Act::BatchPause(body) => batch::go(db, body.batch.as_str(), "running", "paused"),
        Act::BatchResume(body) => batch::go(db, body.batch.as_str(), "paused", "running"),
        Act::BatchExport(body) => batch::find(db, body.batch.as_str()).map(drop),
        Act::BatchClose(body) => batch::close(db, body, seq),
        Act::StockReceive(body) => stock::receive(db, body),
        Act::StockHandOut(body) => stock::hand_out(db, body),
        Act::StockTakeBack(body) => stock::take_back(db, body),
        Act::StockReturn(body) => stock::give_back(db, body),
        Act::StockScrap(body) => stock::scrap(db, body),
        Act::StockCount(body) => stock::count(db, body),
        Act::CardIntent(body) => intend(db, entry, CardKind::User, body, policy),
        Act::PsamIntent(body) => intend(db, entry, CardKind::Psam, body, policy),
        Act::CardOutcome(body) => stock::concluded(db, entry, CardKind::User, body),
        Act::PsamOutcome(body) => stock::concluded(db, entry, CardKind::Psam, body),
        Act::CardVoid(body) => stock::voided(db, body),
        Act::PurseIntent(body) => life::trade(db, body, seq),
        Act::PurseLoad(body) | Act::PursePurchase(body) => match body.intent {
            Some(intent) => life::traded(db, body.number.as_str(), intent, None),
            None => life::may_trade(db, body.number.as_str()),
        },
        Act::PurseClosed(body) => life::traded(db, body.number.as_str(), body.intent, Some(body.result)),
        Act::CardLost(body) => life::change(db, body, seq, &["in-use"], "lost"),
        Act::CardFound(body) => life::change(db, body, seq, &["lost"], "in-use"),
        Act::CardCancel(body) => life::change(db, body, seq, &["in-use", "lost"], "cancelled"),
        Act::CardReplace(body) => life::succeed(db, body, seq, "lost", "replaced"),
        Act::CardExchange(body) => life::succeed(db, body, seq, "in-use", "exchanged"),
        Act::CardReturn(body) => life::give_back(db, body, seq),
        Act::CardExtend(body) => life::extend(db, body, seq),
        Act::CardBlock(body) | Act::CardUnblock(body) | Act::PinUnblock(body) | Act::PinReload(body) => {
            life::begin(db, body, entry.act.name(), seq)
        }
        Act::CardDone(body) => life::done(db, body, seq),
        Act::BlacklistAdd(body) => blacklist::add(db, body, seq),
        Act::BlacklistRemove(body) => blacklist::remove(db, body, seq),
        Act::BlacklistPublish(body) => blacklist::publish(db, body, seq),
        Act::BlacklistConfirm(body) => blacklist::confirm(db, body, seq),
        _ => Ok(()),
    }
}

fn intend(db: &Connection, entry: &Entry, kind: CardKind, body: &Intent, policy: Option<&Policy>) -> Done {
    batch::check_intent(db, entry, kind, body, policy)?;
    stock::begun(db, entry, kind, body, policy)
}

/// What does not add up in the tables of a ledger: a lot, and what is wrong with it.
pub(super) fn stock_faults(db: &Connection) -> Result<Vec<(String, String)>, LedgerError> {
    stock::faults(db)
}

/// Who may do what in a card centre, where a site says nothing else. That a batch is approved by somebody else than who laid
/// it down and who runs it is no matter of the policy: it always holds.
pub(super) fn default_rules(policy: Policy) -> Policy {
    use Role::{Auditor, KeyOfficer, Operator, Supervisor};
    let desk = [Operator, Supervisor];
    let one = |policy: Policy, acts: &[&str], roles: &[Role]| {
        acts.iter().fold(policy, |policy, act| policy.with(act, 1, roles))
    };
    let by_operators = [
        "order.import",
        "batch.new",
        "batch.run",
        "batch.pause",
        "batch.resume",
        "batch.export",
        "stock.count",
        "card.lost",
        "card.found",
        "card.exchange",
        "card.extend",
        "card.return",
        "card.cancel",
        "card.block",
        "card.unblock",
        "card.done",
        "pin.unblock",
        "pin.reload",
        "blacklist.add",
        "blacklist.confirm",
    ];
    let by_supervisors = [
        "range.reserve",
        "order.withdraw",
        "batch.approve",
        "stock.receive",
        "stock.hand-out",
        "stock.take-back",
        "blacklist.remove",
        "blacklist.publish",
    ];
    let policy = one(policy, &by_operators, &desk);
    let policy = one(policy, &by_supervisors, &[Supervisor]);
    // Auditors look too: their looking is recorded as everybody's.
    let policy = one(policy, &["holder.show"], &[Supervisor, Auditor]);
    let policy = one(policy, &["secret.draw"], &[Operator, Supervisor, KeyOfficer]);
    let by_two = [
        "holders.erase",
        "batch.close",
        "stock.scrap",
        "stock.return",
        "card.replace",
    ];
    by_two.iter().fold(policy, |policy, act| {
        policy.with_approvers(act, 2, &desk, &[Supervisor])
    })
}

/// A number with its length in front, so that texts sort as numbers do.
fn place(number: &str) -> String {
    format!("{:02} {number}", number.len())
}

/// The number in a place.
fn number_in(place: &str) -> &str {
    place.get(3..).unwrap_or_default()
}

/// First and last as places, and how many numbers there are. Numbers that are not decimal stand alone.
fn span(from: &str, to: &str) -> Result<(String, String, u64), LedgerError> {
    let decimal = |s: &str| s.parse::<u128>().ok().filter(|_| s.bytes().all(|b| b.is_ascii_digit()));
    let size = match (decimal(from), decimal(to)) {
        _ if from == to => Some(1),
        (Some(a), Some(b)) if from.len() == to.len() && a <= b => {
            u64::try_from(b - a).ok().and_then(|n| n.checked_add(1))
        }
        _ => None,
    };
    let size = size.ok_or_else(|| CentreFault::NotASpan {
        from: from.to_owned(),
        to: to.to_owned(),
    })?;
    Ok((place(from), place(to), size))
}

/// A day of the calendar, yyyymmdd.
fn day(text: &str) -> Done {
    let good = text.len() == 8 && text.bytes().all(|b| b.is_ascii_digit()) && text.as_bytes()[0] != b'0';
    if good && jiff::civil::Date::strptime("%Y%m%d", text).is_ok() {
        Ok(())
    } else {
        Err(CentreFault::Day { day: text.to_owned() }.into())
    }
}

fn run(db: &Connection, sql: &str, row: &[&dyn ToSql]) -> Result<usize, LedgerError> {
    db.prepare_cached(sql).and_then(|mut s| s.execute(row)).map_err(doing)
}

/// Writes a row; `None` where a constraint refuses it.
fn attempt(db: &Connection, sql: &str, row: &[&dyn ToSql]) -> Result<Option<usize>, LedgerError> {
    match db.prepare_cached(sql).and_then(|mut s| s.execute(row)) {
        Ok(count) => Ok(Some(count)),
        Err(e) if e.sqlite_error_code() == Some(rusqlite::ErrorCode::ConstraintViolation) => Ok(None),
        Err(e) => Err(doing(e)),
    }
}

fn one<T>(
    db: &Connection,
    sql: &str,
    key: &[&dyn ToSql],
    read: impl Fn(&Row<'_>) -> rusqlite::Result<T>,
) -> Result<Option<T>, LedgerError> {
    let mut find = db.prepare_cached(sql).map_err(doing)?;
    find.query_row(key, read).optional().map_err(doing)
}

fn many<T>(
    db: &Connection,
    sql: &str,
    key: &[&dyn ToSql],
    read: impl Fn(&Row<'_>) -> rusqlite::Result<T>,
) -> Result<Vec<T>, LedgerError> {
    let mut find = db.prepare_cached(sql).map_err(doing)?;
    find.query_map(key, read).and_then(Iterator::collect).map_err(doing)
}

fn doing(e: rusqlite::Error) -> LedgerError {
    LedgerError::while_doing("the tables of the card centre")(e)
}

fn unknown(what: &'static str, name: &str) -> LedgerError {
    let name = name.to_owned();
    CentreFault::Unknown { what, name }.into()
}

fn taken(what: &'static str, name: &str) -> LedgerError {
    let name = name.to_owned();
    CentreFault::NameTaken { what, name }.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_count_their_numbers() {
        let size = |from, to| span(from, to).map(|(_, _, n)| n).ok();
        assert_eq!(size("0007", "0010"), Some(4));
        assert_eq!(size("31A0", "31A0"), Some(1));
        assert_eq!(size("999999999999999999999998", "999999999999999999999999"), Some(2));
        for (from, to) in [("2", "1"), ("9", "10"), ("31A0", "31A1"), ("+1", "+2")] {
            assert_eq!(size(from, to), None, "{from} {to}");
        }
    }

    #[test]
    fn days_are_days_of_the_calendar() {
        assert!(day("20280229").is_ok());
        for odd in ["20270229", "2028-2-9", "00010101", "202802291", "20281301"] {
            assert!(day(odd).is_err(), "{odd}");
        }
    }
}
