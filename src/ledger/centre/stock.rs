// SPDX-License-Identifier: Apache-2.0
//! Blanks, lot by lot. Every act moves blanks from one column of a lot into another, so that received = in stock + handed out
//! + in process + issued + scrapped + returned holds after each; the table's constraint checks it once more.
//!
//! A card's intent takes a blank from what the acting officer was handed out; a card that ends blank gives it back to the
//! officer who acts then; a number given up on a written chip makes scrap.

use std::collections::BTreeMap;

use rusqlite::{Connection, params};

use super::{CentreFault, Done, many, one, run, unknown};
use crate::ledger::act::{
    CardKind, CardVoid, Ending, Intent, Outcome, StockCount, StockHandOut, StockReceive, StockReturn, StockScrap,
    StockTakeBack,
};
use crate::ledger::entry::Entry;
use crate::ledger::error::LedgerError;
use crate::ledger::field::{Number, Text};
use crate::ledger::policy::Policy;

/// Where blanks are.
#[derive(Clone, Copy)]
enum Place<'a> {
    Stock,
    Hands(&'a str),
    Process,
    Issued,
    Scrapped,
    Returned,
}

impl Place<'_> {
    fn column(self) -> &'static str {
        match self {
            Self::Stock => "in_stock",
            Self::Hands(_) => "handed_out",
            Self::Process => "in_process",
            Self::Issued => "issued",
            Self::Scrapped => "scrapped",
            Self::Returned => "returned",
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Stock => "in-stock",
            Self::Hands(_) => "handed-out",
            Self::Process => "in-process",
            Self::Issued => "issued",
            Self::Scrapped => "scrapped",
            Self::Returned => "returned",
        }
    }

    fn holder(&self) -> Option<&str> {
        match self {
            Self::Hands(officer) => Some(officer),
            _ => None,
        }
    }
}

/// Blanks that move together.
struct Blanks<'a> {
    lot: &'a str,
    count: u32,
    serials: &'a [Number],
}

pub(super) fn receive(db: &Connection, body: &StockReceive) -> Done {
    let lot = body.lot.as_str();
    let with = !body.serials.is_empty();
    if body.count == 0 || with && body.serials.len() as u64 != u64::from(body.count) {
        return Err(CentreFault::SerialCount { lot: lot.to_owned() }.into());
    }
    let sql = "INSERT INTO lots (lot, blank, supplier, serials, received, in_stock, handed_out, in_process, issued, scrapped, returned)
               VALUES (?1, ?2, ?3, ?4, ?5, ?5, 0, 0, 0, 0, 0)
               ON CONFLICT (lot) DO UPDATE SET received = received + ?5, in_stock = in_stock + ?5
               WHERE blank = excluded.blank AND supplier = excluded.supplier AND serials = excluded.serials";
    let row = params![lot, body.blank.as_str(), body.supplier.as_str(), with, body.count];
    if run(db, sql, row)? != 1 {
        return Err(CentreFault::OtherLot { lot: lot.to_owned() }.into());
    }
    for serial in &body.serials {
        let sql = "INSERT INTO serials (serial, lot, place, holder) VALUES (?1, ?2, 'in-stock', NULL)";
        super::attempt(db, sql, params![serial.as_str(), lot])?.ok_or_else(|| wrong_serial(lot, serial.as_str()))?;
    }
    Ok(())
}

pub(super) fn hand_out(db: &Connection, body: &StockHandOut) -> Done {
    let blanks = blanks(&body.lot, body.count, &body.serials);
    move_all(db, &blanks, Place::Stock, Place::Hands(body.to.as_str()))
}

pub(super) fn take_back(db: &Connection, body: &StockTakeBack) -> Done {
    let blanks = blanks(&body.lot, body.count, &body.serials);
    move_all(db, &blanks, Place::Hands(body.from.as_str()), Place::Stock)
}

pub(super) fn give_back(db: &Connection, body: &StockReturn) -> Done {
    let blanks = blanks(&body.lot, body.count, &body.serials);
    move_all(db, &blanks, Place::Stock, Place::Returned)
}

pub(super) fn scrap(db: &Connection, body: &StockScrap) -> Done {
    let blanks = blanks(&body.lot, body.count, &body.serials);
    let from = body
        .from
        .as_ref()
        .map_or(Place::Stock, |officer| Place::Hands(officer.as_str()));
    move_all(db, &blanks, from, Place::Scrapped)?;
    let Some(batch) = &body.batch else { return Ok(()) };
    super::batch::find(db, batch.as_str())?;
    let count = i64::from(body.count);
    tally(db, Some(batch.as_str()), body.lot.as_str(), (count, 0, count))
}

pub(super) fn count(db: &Connection, body: &StockCount) -> Done {
    let lot = body.lot.as_str();
    let sql = match &body.of {
        None => "SELECT in_stock FROM lots WHERE lot = ?1 AND ?2 IS NULL",
        Some(_) => {
            "SELECT coalesce((SELECT count FROM holdings WHERE lot = ?1 AND officer = ?2), 0) FROM lots WHERE lot = ?1"
        }
    };
    let key = params![lot, body.of.as_ref().map(Text::as_str)];
    let ledger: i64 = one(db, sql, key, |row| row.get(0))?.ok_or_else(|| unknown("lot", lot))?;
    if ledger == i64::from(body.expected) {
        return Ok(());
    }
    let (lot, ledger) = (lot.to_owned(), ledger.cast_unsigned());
    Err(CentreFault::Expected { lot, ledger }.into())
}

fn blanks<'a>(lot: &'a Text, count: u32, serials: &'a [Number]) -> Blanks<'a> {
    let lot = lot.as_str();
    Blanks { lot, count, serials }
}

fn move_all(db: &Connection, blanks: &Blanks<'_>, from: Place<'_>, to: Place<'_>) -> Done {
    let lot = blanks.lot;
    let sql = "SELECT serials FROM lots WHERE lot = ?1";
    let with: bool = one(db, sql, params![lot], |row| row.get(0))?.ok_or_else(|| unknown("lot", lot))?;
    let named = blanks.serials.len() as u64;
    if blanks.count == 0 || named != if with { u64::from(blanks.count) } else { 0 } {
        return Err(CentreFault::SerialCount { lot: lot.to_owned() }.into());
    }
    for serial in blanks.serials {
        move_serial(db, lot, serial.as_str(), from, to)?;
    }
    shift(db, lot, blanks.count, from, to)
}

/// One blank with a serial number, from where it must be.
fn move_serial(db: &Connection, lot: &str, serial: &str, from: Place<'_>, to: Place<'_>) -> Done {
    let sql =
        "UPDATE serials SET place = ?5, holder = ?6 WHERE serial = ?1 AND lot = ?2 AND place = ?3 AND holder IS ?4";
    let row = params![serial, lot, from.name(), from.holder(), to.name(), to.holder()];
    if run(db, sql, row)? == 1 {
        Ok(())
    } else {
        Err(wrong_serial(lot, serial))
    }
}

/// Moves so many from one column into another, and in or out of an officer's hands.
fn shift(db: &Connection, lot: &str, count: u32, from: Place<'_>, to: Place<'_>) -> Done {
    if let Some(officer) = from.holder() {
        let sql = "UPDATE holdings SET count = count - ?3 WHERE lot = ?1 AND officer = ?2 AND count >= ?3";
        if run(db, sql, params![lot, officer, count])? != 1 {
            let sql = "SELECT count FROM holdings WHERE lot = ?1 AND officer = ?2";
            let has: Option<i64> = one(db, sql, params![lot, officer], |row| row.get(0))?;
            return Err(too_few(lot, from, has.unwrap_or(0), count));
        }
    }
    let (out, into) = (from.column(), to.column());
    let sql = format!("UPDATE lots SET {out} = {out} - ?2, {into} = {into} + ?2 WHERE lot = ?1 AND {out} >= ?2");
    if run(db, &sql, params![lot, count])? != 1 {
        let sql = format!("SELECT {out} FROM lots WHERE lot = ?1");
        let has: i64 = one(db, &sql, params![lot], |row| row.get(0))?.ok_or_else(|| unknown("lot", lot))?;
        return Err(too_few(lot, from, has, count));
    }
    if let Some(officer) = to.holder() {
        let sql = "INSERT INTO holdings (lot, officer, count) VALUES (?1, ?2, ?3)
                   ON CONFLICT (lot, officer) DO UPDATE SET count = count + ?3";
        run(db, sql, params![lot, officer, count])?;
    }
    Ok(())
}

fn too_few(lot: &str, from: Place<'_>, has: i64, wants: u32) -> LedgerError {
    let (lot, place) = (lot.to_owned(), from.name());
    let (has, wants) = (has.cast_unsigned(), u64::from(wants));
    CentreFault::TooFew { lot, place, has, wants }.into()
}

fn wrong_serial(lot: &str, serial: &str) -> LedgerError {
    let (lot, serial) = (lot.to_owned(), serial.to_owned());
    CentreFault::Serial { lot, serial }.into()
}

/// What a batch has used of a lot: drawn, issued, scrapped.
fn tally(db: &Connection, batch: Option<&str>, lot: &str, (drawn, issued, scrapped): (i64, i64, i64)) -> Done {
    let Some(batch) = batch else { return Ok(()) };
    let sql = "INSERT OR IGNORE INTO batch_lots (batch, lot, drawn, issued, scrapped) VALUES (?1, ?2, 0, 0, 0)";
    run(db, sql, params![batch, lot])?;
    let sql = "UPDATE batch_lots SET drawn = drawn + ?3, issued = issued + ?4, scrapped = scrapped + ?5
               WHERE batch = ?1 AND lot = ?2";
    run(db, sql, params![batch, lot, drawn, issued, scrapped]).map(drop)
}

/// The blank under a number.
struct Under {
    lot: String,
    serial: Option<String>,
    batch: Option<String>,
}

/// The blank of a card that is being written.
fn in_process(db: &Connection, kind: CardKind, number: &str) -> Result<Option<Under>, LedgerError> {
    let sql = "SELECT lot, serial, batch FROM blanks WHERE kind = ?1 AND number = ?2 AND place = 'in-process'";
    one(db, sql, params![kind.as_str(), number], |row| {
        Ok(Under {
            lot: row.get(0)?,
            serial: row.get(1)?,
            batch: row.get(2)?,
        })
    })
}

/// A card is begun or taken up again.
pub(super) fn begun(db: &Connection, entry: &Entry, kind: CardKind, body: &Intent, policy: Option<&Policy>) -> Done {
    let number = body.number.as_str();
    let lot = body.lot.as_ref().map(Text::as_str);
    match (in_process(db, kind, number)?, lot) {
        (Some(under), Some(lot)) if under.lot == lot => Ok(()),
        (Some(_), _) => Err(CentreFault::BlankOfOtherLot {
            number: number.to_owned(),
        }
        .into()),
        (None, Some(lot)) => draw(db, entry, kind, body, lot),
        (None, None) if policy.is_some_and(|policy| policy.lots) => Err(CentreFault::LotNeeded {
            number: number.to_owned(),
        }
        .into()),
        (None, None) => Ok(()),
    }
}

fn draw(db: &Connection, entry: &Entry, kind: CardKind, body: &Intent, lot: &str) -> Done {
    let number = body.number.as_str();
    let from = Place::Hands(entry.officer.as_str());
    let sql = "SELECT serials FROM lots WHERE lot = ?1";
    let with: bool = one(db, sql, params![lot], |row| row.get(0))?.ok_or_else(|| unknown("lot", lot))?;
    let serial = body.chip.as_ref().map(Number::as_str).filter(|_| with);
    if with {
        move_serial(db, lot, serial.unwrap_or_default(), from, Place::Process)?;
    }
    shift(db, lot, 1, from, Place::Process)?;
    let named = body.batch.as_ref().map(Text::as_str);
    let sql = "SELECT batch FROM batches WHERE batch = ?1";
    let batch: Option<String> = one(db, sql, params![named], |row| row.get(0))?;
    let sql = "INSERT INTO blanks (kind, number, lot, serial, batch, place) VALUES (?1, ?2, ?3, ?4, ?5, 'in-process')";
    run(db, sql, params![kind.as_str(), number, lot, serial, batch])?;
    tally(db, batch.as_deref(), lot, (1, 0, 0))
}

/// A card ended.
pub(super) fn concluded(db: &Connection, entry: &Entry, kind: CardKind, body: &Outcome) -> Done {
    let number = body.number.as_str();
    let to = match body.result {
        Ending::Issued => Place::Issued,
        Ending::FailedBlank => Place::Hands(entry.officer.as_str()),
        Ending::FailedPartial | Ending::InDoubt => return Ok(()),
    };
    let Some(under) = in_process(db, kind, number)? else {
        return Ok(());
    };
    leave(db, kind, number, &under, to)?;
    let change = if matches!(to, Place::Issued) {
        (0, 1, 0)
    } else {
        (-1, 0, 0)
    };
    tally(db, under.batch.as_deref(), &under.lot, change)
}

/// A number was given up: what was written on its blank makes it scrap.
pub(super) fn voided(db: &Connection, body: &CardVoid) -> Done {
    let number = body.number.as_str();
    let Some(under) = in_process(db, body.kind, number)? else {
        return Ok(());
    };
    leave(db, body.kind, number, &under, Place::Scrapped)?;
    tally(db, under.batch.as_deref(), &under.lot, (0, 0, 1))
}

fn leave(db: &Connection, kind: CardKind, number: &str, under: &Under, to: Place<'_>) -> Done {
    if let Some(serial) = &under.serial {
        move_serial(db, &under.lot, serial, Place::Process, to)?;
    }
    shift(db, &under.lot, 1, Place::Process, to)?;
    let key = params![kind.as_str(), number, to.name()];
    if to.holder().is_some() {
        return run(
            db,
            "DELETE FROM blanks WHERE kind = ?1 AND number = ?2 AND ?3 <> ''",
            key,
        )
        .map(drop);
    }
    run(db, "UPDATE blanks SET place = ?3 WHERE kind = ?1 AND number = ?2", key).map(drop)
}

/// What does not add up: the lots' columns against each other, against what officers hold, against the cards on their blanks
/// and against the serial numbers. Goes through each table once, however many lots there are.
pub(super) fn faults(db: &Connection) -> Result<Vec<(String, String)>, LedgerError> {
    let (written, numbered) = (written(db)?, numbered(db)?);
    let sql = "SELECT lot, serials, received, in_stock, handed_out, in_process, issued, scrapped, returned,
                      (SELECT coalesce(sum(count), 0) FROM holdings h WHERE h.lot = lots.lot)
               FROM lots ORDER BY lot";
    let lots = many(db, sql, params![], |row| {
        let columns: [i64; 8] = [
            row.get(2)?,
            row.get(3)?,
            row.get(4)?,
            row.get(5)?,
            row.get(6)?,
            row.get(7)?,
            row.get(8)?,
            row.get(9)?,
        ];
        Ok((row.get::<_, String>(0)?, row.get::<_, bool>(1)?, columns))
    })?;
    let mut found: [Vec<String>; 5] = Default::default();
    for (lot, with_serials, columns) in lots {
        let [
            received,
            in_stock,
            handed_out,
            in_process,
            issued,
            scrapped,
            returned,
            held,
        ] = columns;
        let places = [in_stock, handed_out, in_process, issued, scrapped, returned];
        let (writing, done) = written.get(&lot).copied().unwrap_or_default();
        let by_number = numbered.get(&lot).copied().unwrap_or_default();
        let wrong = [
            i128::from(received) != places.map(i128::from).iter().sum(),
            handed_out != held,
            in_process != writing,
            issued != done,
            with_serials && columns[..7] != by_number,
        ];
        for (lots, _) in found.iter_mut().zip(wrong).filter(|(_, wrong)| *wrong) {
            lots.push(lot.clone());
        }
    }
    let checks = ["received", "handed out", "in process", "issued", "serial numbers"];
    let named = checks.into_iter().zip(found);
    Ok(named
        .flat_map(|(what, lots)| lots.into_iter().map(move |lot| (lot, what.to_owned())))
        .collect())
}

/// For each lot, how many of its blanks lie under cards that are being written, and how many under finished ones.
fn written(db: &Connection) -> Result<BTreeMap<String, (i64, i64)>, LedgerError> {
    let sql = "SELECT b.lot, b.place = 'in-process' AND c.status IN ('in-doubt', 'failed-partial'),
                      b.place = 'issued' AND c.outcome IS NOT NULL
               FROM blanks b CROSS JOIN cards c USING (kind, number)";
    let mut counts = BTreeMap::new();
    each(db, sql, &mut |row| {
        let (writing, done) = count_for(&mut counts, row.get_ref(0)?.as_str()?);
        *writing += row.get::<_, i64>(1)?;
        *done += row.get::<_, i64>(2)?;
        Ok(())
    })?;
    Ok(counts)
}

/// For each lot with serial numbers, how many there are, and how many at each place, in the order of the lots' columns.
fn numbered(db: &Connection) -> Result<BTreeMap<String, [i64; 7]>, LedgerError> {
    let mut counts = BTreeMap::new();
    each(db, "SELECT lot, place FROM serials", &mut |row| {
        let counts: &mut [i64; 7] = count_for(&mut counts, row.get_ref(0)?.as_str()?);
        counts[0] += 1;
        let places = ["in-stock", "handed-out", "in-process", "issued", "scrapped", "returned"];
        let place = row.get_ref(1)?.as_str()?;
        if let Some(at) = places.iter().position(|known| *known == place) {
            counts[at + 1] += 1;
        }
        Ok(())
    })?;
    Ok(counts)
}

fn count_for<'a, T: Default>(counts: &'a mut BTreeMap<String, T>, lot: &str) -> &'a mut T {
    counts.entry(lot.to_owned()).or_default()
}

/// Row by row, without keeping any.
fn each(
    db: &Connection,
    sql: &str,
    read: &mut dyn FnMut(&rusqlite::Row<'_>) -> rusqlite::Result<()>,
) -> Result<(), LedgerError> {
    let mut find = db.prepare(sql).map_err(super::doing)?;
    let mut rows = find.query([]).map_err(super::doing)?;
    while let Some(row) = rows.next().map_err(super::doing)? {
        read(row).map_err(super::doing)?;
    }
    Ok(())
}
