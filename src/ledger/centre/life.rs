// SPDX-License-Identifier: Apache-2.0
//! Issued cards in their holders' hands: lost and found, replaced and exchanged, given back, cancelled; and what is written
//! to their chips, which is announced before and confirmed afterwards, one thing at a time.

use rusqlite::{Connection, params};
use serde::Serialize;

use super::{CentreFault, Done, attempt, day, one, run};
use crate::ledger::act::{
    BalanceSource, CardChange, CardDone, CardExtend, CardKind, CardReplace, CardReturn, DeskEnding, PurseDesk,
    PurseEnding, PurseIntent,
};
use crate::ledger::error::LedgerError;
use crate::ledger::projection::{issued, whole};

/// An issued card to which something happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LifeRow {
    /// `in-use`, `lost`, `replaced`, `exchanged`, `returned`, `cancelled`.
    pub state: String,
    /// Its last day, where it was moved.
    pub until: Option<String>,
    /// Whether its application is blocked.
    pub blocked: bool,
    /// The card that it stands for.
    pub replaces: Option<String>,
    /// The card that stands for it.
    pub replaced_by: Option<String>,
    /// Fen of the card that it stands for, which are not on it yet.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owed: Option<u32>,
    /// Fen that the customer desk took off it: the whole purse.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub emptied: Option<u32>,
    /// The entry that changed it last.
    pub changed: u64,
}

/// What happened to a card; `None`: nothing yet.
pub(super) fn row(db: &Connection, kind: CardKind, number: &str) -> Result<Option<LifeRow>, LedgerError> {
    let sql = "SELECT state, until, blocked, replaces, replaced_by, changed, owed, emptied FROM life
               WHERE kind = ?1 AND number = ?2";
    one(db, sql, params![kind.as_str(), number], |row| {
        Ok(LifeRow {
            state: row.get(0)?,
            until: row.get(1)?,
            blocked: row.get(2)?,
            replaces: row.get(3)?,
            replaced_by: row.get(4)?,
            changed: row.get::<_, i64>(5)?.cast_unsigned(),
            owed: row.get(6)?,
            emptied: row.get(7)?,
        })
    })
}

/// The card is issued and in one of these states.
fn in_state(db: &Connection, kind: CardKind, number: &str, states: &[&str]) -> Result<Option<LifeRow>, LedgerError> {
    issued(db, kind, number)?;
    let row = row(db, kind, number)?;
    let state = row.as_ref().map_or("in-use", |row| row.state.as_str());
    if states.contains(&state) {
        return Ok(row);
    }
    let (number, state) = (number.to_owned(), state.to_owned());
    Err(CentreFault::Life { number, state }.into())
}

/// A purse transaction begins: a card that something ended, or that is lost, takes part in none.
pub(super) fn may_trade(db: &Connection, number: &str) -> Done {
    match row(db, CardKind::User, number)? {
        Some(row) if row.state != "in-use" => {
            let (number, state) = (number.to_owned(), row.state);
            Err(CentreFault::Life { number, state }.into())
        }
        Some(row) if row.emptied.is_some() => {
            let number = number.to_owned();
            Err(CentreFault::Money { number }.into())
        }
        _ => Ok(()),
    }
}

/// A purse transaction is announced. One of the customer desk moves what the ledger says: the balance that a new card is
/// owed, once; or all that is on a card, after which nothing moves there any more.
pub(super) fn trade(db: &Connection, body: &PurseIntent, seq: u64) -> Done {
    let number = body.number.as_str();
    may_trade(db, number)?;
    let Some(desk) = body.desk else { return Ok(()) };
    let (loads, pays) = (["01", "02"], ["05", "06"]);
    let right = match desk {
        PurseDesk::Transfer => {
            let owed = row(db, CardKind::User, number)?.and_then(|row| row.owed);
            owed == Some(body.amount) && loads.contains(&body.kind.as_str())
        }
        PurseDesk::Emptying => {
            issued(db, CardKind::User, number)?;
            body.amount == body.balance && pays.contains(&body.kind.as_str())
        }
    };
    if !right {
        let number = number.to_owned();
        return Err(CentreFault::Money { number }.into());
    }
    let what = match desk {
        PurseDesk::Transfer => "transfer",
        PurseDesk::Emptying => "emptying",
    };
    let sql = "INSERT INTO desk_purses (intent, what, amount) VALUES (?1, ?2, ?3)";
    run(db, sql, params![whole(seq), what, body.amount]).map(drop)
}

/// An announced transaction has ended. Money of which nobody knows whether it moved counts as moved onto a new card, so that
/// it is not loaded twice, and as not taken off an old one, which still shows what is on it.
pub(super) fn traded(db: &Connection, number: &str, intent: u64, closed: Option<PurseEnding>) -> Done {
    let sql = "DELETE FROM desk_purses WHERE intent = ?1 RETURNING what, amount";
    let desk: Option<(String, u32)> = one(db, sql, params![whole(intent)], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let Some((what, amount)) = desk else { return Ok(()) };
    let moved = match closed {
        None | Some(PurseEnding::DoneUnproved) => true,
        Some(PurseEnding::Unknown) => what == "transfer",
        Some(PurseEnding::NotDone) => false,
    };
    if !moved {
        return Ok(());
    }
    let before = row(db, CardKind::User, number)?;
    let (state, changed) = before.map_or(("in-use".to_owned(), intent), |row| (row.state, row.changed));
    set(db, CardKind::User, number, &state, changed)?;
    let sql = if what == "transfer" {
        "UPDATE life SET owed = NULL WHERE kind = 'user' AND number = ?1 AND ?2 >= 0"
    } else {
        "UPDATE life SET emptied = ?2 WHERE kind = 'user' AND number = ?1"
    };
    run(db, sql, params![number, amount]).map(drop)
}

/// Makes sure that the card has a row, and sets its state.
fn set(db: &Connection, kind: CardKind, number: &str, state: &str, seq: u64) -> Done {
    let sql = "INSERT INTO life (kind, number, state, blocked, changed) VALUES (?1, ?2, ?3, 0, ?4)
               ON CONFLICT (kind, number) DO UPDATE SET state = excluded.state, changed = excluded.changed";
    run(db, sql, params![kind.as_str(), number, state, whole(seq)]).map(drop)
}

pub(super) fn change(db: &Connection, body: &CardChange, seq: u64, from: &[&str], to: &str) -> Done {
    let number = body.number.as_str();
    in_state(db, body.kind, number, from)?;
    set(db, body.kind, number, to, seq)
}

pub(super) fn give_back(db: &Connection, body: &CardReturn, seq: u64) -> Done {
    let number = body.number.as_str();
    let row = in_state(db, body.kind, number, &["in-use"])?;
    as_emptied(row.as_ref(), number, Some(body.balance))?;
    set(db, body.kind, number, "returned", seq)
}

/// A new card takes an old one's place.
pub(super) fn succeed(db: &Connection, body: &CardReplace, seq: u64, from: &str, to: &str) -> Done {
    let (old, new) = (body.number.as_str(), body.new.as_str());
    if (body.source == BalanceSource::None) != body.balance.is_none() {
        return Err(CentreFault::Balance { number: old.to_owned() }.into());
    }
    let before = in_state(db, body.kind, old, &[from])?;
    as_emptied(before.as_ref(), old, body.balance)?;
    let successor = in_state(db, body.kind, new, &["in-use"])?;
    if old == new || successor.is_some_and(|row| row.replaces.is_some()) {
        return Err(CentreFault::NoSuccessor { number: new.to_owned() }.into());
    }
    set(db, body.kind, old, to, seq)?;
    set(db, body.kind, new, "in-use", seq)?;
    let sql = "UPDATE life SET replaced_by = ?3 WHERE kind = ?1 AND number = ?2";
    run(db, sql, params![body.kind.as_str(), old, new])?;
    let sql = "UPDATE life SET replaces = ?3, owed = ?4 WHERE kind = ?1 AND number = ?2";
    let owed = body.balance.filter(|fen| *fen > 0);
    run(db, sql, params![body.kind.as_str(), new, old, owed]).map(drop)
}

/// What is paid out, or goes over, of a card that was emptied at the desk is what was taken off it.
fn as_emptied(row: Option<&LifeRow>, number: &str, balance: Option<u32>) -> Done {
    match row.and_then(|row| row.emptied) {
        Some(emptied) if balance != Some(emptied) => {
            let number = number.to_owned();
            Err(CentreFault::Money { number }.into())
        }
        _ => Ok(()),
    }
}

/// The chip is about to be written; one thing at a time.
fn announce(db: &Connection, kind: CardKind, number: &str, act: &str, until: Option<&str>, seq: u64) -> Done {
    in_state(db, kind, number, &["in-use"])?;
    let sql = "INSERT INTO desk_acts (kind, number, intent, act, until) VALUES (?1, ?2, ?3, ?4, ?5)";
    let row = params![kind.as_str(), number, whole(seq), act, until];
    let number = number.to_owned();
    Ok(attempt(db, sql, row)?
        .map(drop)
        .ok_or(CentreFault::DeskOpen { number })?)
}

pub(super) fn begin(db: &Connection, body: &CardChange, act: &str, seq: u64) -> Done {
    announce(db, body.kind, body.number.as_str(), act, None, seq)
}

pub(super) fn extend(db: &Connection, body: &CardExtend, seq: u64) -> Done {
    let (number, until) = (body.number.as_str(), body.until.as_str());
    day(until)?;
    let before = row(db, body.kind, number)?.and_then(|row| row.until);
    if before.is_some_and(|before| until < before.as_str()) {
        return Err(CentreFault::Day { day: until.to_owned() }.into());
    }
    announce(db, body.kind, number, "card.extend", Some(until), seq)
}

pub(super) fn done(db: &Connection, body: &CardDone, seq: u64) -> Done {
    let (kind, number) = (body.kind, body.number.as_str());
    let sql = "DELETE FROM desk_acts WHERE kind = ?1 AND number = ?2 AND intent = ?3 RETURNING act, until";
    let key = params![kind.as_str(), number, whole(body.intent)];
    let open: Option<(String, Option<String>)> = one(db, sql, key, |row| Ok((row.get(0)?, row.get(1)?)))?;
    let Some((act, until)) = open else {
        let (number, intent) = (number.to_owned(), body.intent);
        return Err(CentreFault::NoDeskAct { number, intent }.into());
    };
    if body.result != DeskEnding::Done {
        return Ok(());
    }
    let state = row(db, kind, number)?.map_or_else(|| "in-use".to_owned(), |row| row.state);
    set(db, kind, number, &state, seq)?;
    let sql = match act.as_str() {
        "card.extend" => "UPDATE life SET until = ?3 WHERE kind = ?1 AND number = ?2",
        "card.block" => "UPDATE life SET blocked = 1 WHERE kind = ?1 AND number = ?2 AND ?3 IS NULL",
        "card.unblock" => "UPDATE life SET blocked = 0 WHERE kind = ?1 AND number = ?2 AND ?3 IS NULL",
        _ => return Ok(()),
    };
    run(db, sql, params![kind.as_str(), number, until]).map(drop)
}
