// SPDX-License-Identifier: Apache-2.0
//! Questions to the tables of the card centre.

use rusqlite::{Row, params};
use serde::Serialize;

use super::{LifeRow, batch, blacklist, life, many, number, number_in, one, span};
use crate::ledger::act::{BatchClose, BatchKey, BatchLot, CardKind};
use crate::ledger::error::LedgerError;
use crate::ledger::field::{ShortHex, Text};
use crate::ledger::log::Ledger;
use crate::ledger::projection::whole;
use crate::ledger::query::{CARD, CardRow, card_row};

/// A range and how far it is used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RangeUse {
    /// Its name.
    pub range: String,
    /// `user`, `psam`, `terminal`.
    pub kind: String,
    /// The template that it is for.
    pub template: Option<String>,
    /// First number.
    pub from: String,
    /// Last number.
    pub to: String,
    /// What for.
    pub purpose: String,
    /// The next number; `None` where it is used up.
    pub next: Option<String>,
    /// How many numbers are left from there on.
    pub left: u64,
    /// How many numbers it has.
    pub size: u64,
}

/// A batch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BatchRow {
    /// Its name.
    pub batch: String,
    /// Its order.
    pub order: String,
    /// The template.
    pub template: String,
    /// The digest of its file.
    pub template_digest: String,
    /// How many cards its order has.
    pub rows: u32,
    /// What is approved.
    pub digest: String,
    /// `new`, `approved`, `running`, `paused`, `closed`.
    pub state: String,
    /// The entry that laid it down.
    pub made: u64,
    /// The entry that approved it.
    pub approved: Option<u64>,
    /// The entry that closed it.
    pub closed: Option<u64>,
}

/// What became of a batch's cards.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct BatchTally {
    /// Issued.
    pub issued: u32,
    /// Failed, the blank blank again.
    pub failed: u32,
    /// Numbers given up.
    pub void: u32,
    /// In doubt, or written in part.
    pub doubtful: u32,
    /// Rows of the order that no batch has begun.
    pub left: u32,
}

/// A lot of blanks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LotRow {
    /// The lot.
    pub lot: String,
    /// What the blanks are.
    #[serde(rename = "type")]
    pub blank: String,
    /// Who delivered them.
    pub supplier: String,
    /// Whether they have serial numbers.
    pub serials: bool,
    /// Received.
    pub received: u32,
    /// In the store room.
    pub in_stock: u32,
    /// In officers' hands.
    pub handed_out: u32,
    /// Being written.
    pub in_process: u32,
    /// Cards now.
    pub issued: u32,
    /// Scrap.
    pub scrapped: u32,
    /// Back at the supplier's.
    pub returned: u32,
}

/// Blanks in an officer's hands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct HoldingRow {
    /// The lot.
    pub lot: String,
    /// Who.
    pub officer: String,
    /// How many.
    pub count: u32,
}

/// Numbers on the blacklist, now or before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BlacklistRow {
    /// `user` or `psam`.
    pub kind: String,
    /// First number.
    pub from: String,
    /// Last number.
    pub to: String,
    /// The last day in lists.
    pub until: Option<String>,
    /// Why.
    pub reason: String,
    /// The entry that put them on.
    pub added: u64,
    /// The entry that took them off.
    pub removed: Option<u64>,
}

/// A list that went out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ListRow {
    /// Its sequence number.
    pub sequence: u32,
    /// `full` or `delta`.
    pub form: String,
    /// The list that a delta follows.
    pub base: Option<u32>,
    /// The day by which expired numbers were left out.
    pub date: String,
    /// How many lines.
    pub count: u32,
    /// Its digest.
    pub digest: String,
    /// The entry.
    pub published: u64,
}

impl Ledger {
    /// All ranges with what is left of them.
    pub fn ranges(&self) -> Result<Vec<RangeUse>, LedgerError> {
        let sql = "SELECT range, kind, template, start, stop, purpose FROM ranges ORDER BY kind, start";
        let rows = many(&self.db, sql, params![], |row| {
            Ok(RangeUse {
                range: row.get(0)?,
                kind: row.get(1)?,
                template: row.get(2)?,
                from: number_in(&row.get::<_, String>(3)?).to_owned(),
                to: number_in(&row.get::<_, String>(4)?).to_owned(),
                purpose: row.get(5)?,
                next: None,
                left: 0,
                size: 0,
            })
        })?;
        rows.into_iter().map(|range| self.used(range)).collect()
    }

    /// A range by its name.
    pub fn range(&self, name: &str) -> Result<Option<RangeUse>, LedgerError> {
        Ok(self.ranges()?.into_iter().find(|range| range.range == name))
    }

    /// How far a range is used. Whoever takes the next number may find that another process was faster: the entry is
    /// refused then, and the next number is another one.
    fn used(&self, mut range: RangeUse) -> Result<RangeUse, LedgerError> {
        let (from, to) = (range.from.as_str(), range.to.as_str());
        let (_, _, size) = span(from, to)?;
        let used = number::last_used(&self.db, &range.range, &range.kind, from, to)?;
        let used = match used {
            Some(last) => span(from, &last)?.2,
            None => 0,
        };
        let next = from
            .parse::<u128>()
            .ok()
            .and_then(|first| first.checked_add(used.into()));
        range.next = next
            .filter(|_| used < size)
            .map(|next| format!("{next:0width$}", width = from.len()));
        (range.size, range.left) = (size, size.saturating_sub(used));
        Ok(range)
    }

    /// A batch by its name.
    pub fn batch(&self, name: &str) -> Result<Option<BatchRow>, LedgerError> {
        one(&self.db, &format!("{BATCH} WHERE batch = ?1"), params![name], batch_row)
    }

    /// All batches, in the order in which they were laid down.
    pub fn batches(&self) -> Result<Vec<BatchRow>, LedgerError> {
        many(&self.db, &format!("{BATCH} ORDER BY made"), params![], batch_row)
    }

    /// The keys of a batch.
    pub fn batch_keys(&self, batch: &str) -> Result<Vec<BatchKey>, LedgerError> {
        let sql = "SELECT key, kcv FROM batch_keys WHERE batch = ?1 ORDER BY key";
        let rows = many(&self.db, sql, params![batch], |row| {
            Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?))
        })?;
        let key = |(key, kcv): (String, String)| {
            Ok(BatchKey {
                key: Text::new(key)?,
                kcv: ShortHex::new(kcv)?,
            })
        };
        rows.into_iter().map(key).collect()
    }

    /// Who signed a batch in a part: `new`, `approve`, `run`.
    pub fn batch_officers(&self, batch: &str, part: &str) -> Result<Vec<String>, LedgerError> {
        let sql = "SELECT officer FROM batch_officers WHERE batch = ?1 AND part = ?2 ORDER BY officer";
        many(&self.db, sql, params![batch, part], |row| row.get(0))
    }

    /// What became of a batch's cards.
    pub fn batch_tally(&self, name: &str) -> Result<BatchTally, LedgerError> {
        let found = batch::find(&self.db, name)?;
        let batch::Tally {
            issued,
            failed,
            void,
            doubtful,
        } = batch::tally(&self.db, name)?;
        Ok(BatchTally {
            issued,
            failed,
            void,
            doubtful,
            left: batch::left(&self.db, &found)?,
        })
    }

    /// The blanks that went into a batch.
    pub fn batch_lots(&self, name: &str) -> Result<Vec<BatchLot>, LedgerError> {
        batch::lots(&self.db, name)
    }

    /// The account with which a batch can be closed now.
    pub fn batch_account(&self, name: &str) -> Result<BatchClose, LedgerError> {
        let tally = self.batch_tally(name)?;
        Ok(BatchClose {
            batch: Text::new(name)?,
            issued: tally.issued,
            failed: tally.failed,
            void: tally.void,
            left: tally.left,
            lots: self.batch_lots(name)?,
        })
    }

    /// A batch's cards in one status, by number.
    pub fn batch_cards(&self, batch: &str, status: &str) -> Result<Vec<CardRow>, LedgerError> {
        let sql = format!("{CARD} WHERE batch = ?1 AND status = ?2 ORDER BY kind, number");
        many(&self.db, &sql, params![batch, status], card_row)
    }

    /// All lots.
    pub fn lots(&self) -> Result<Vec<LotRow>, LedgerError> {
        many(&self.db, "SELECT * FROM lots ORDER BY lot", params![], lot_row)
    }

    /// A lot by its name.
    pub fn lot(&self, name: &str) -> Result<Option<LotRow>, LedgerError> {
        one(&self.db, "SELECT * FROM lots WHERE lot = ?1", params![name], lot_row)
    }

    /// Blanks in officers' hands.
    pub fn holdings(&self) -> Result<Vec<HoldingRow>, LedgerError> {
        let sql = "SELECT lot, officer, count FROM holdings WHERE count > 0 ORDER BY lot, officer";
        many(&self.db, sql, params![], |row| {
            Ok(HoldingRow {
                lot: row.get(0)?,
                officer: row.get(1)?,
                count: row.get(2)?,
            })
        })
    }

    /// The lot that a card's blank is from.
    pub fn lot_of_card(&self, kind: CardKind, number: &str) -> Result<Option<String>, LedgerError> {
        let sql = "SELECT lot FROM blanks WHERE kind = ?1 AND number = ?2";
        one(&self.db, sql, params![kind.as_str(), number], |row| row.get(0))
    }

    /// The lot and place of a blank with a serial number: `in-stock`, `handed-out` and so on.
    pub fn serial(&self, serial: &str) -> Result<Option<(String, String)>, LedgerError> {
        let sql = "SELECT lot, place FROM serials WHERE serial = ?1";
        one(&self.db, sql, params![serial], |row| Ok((row.get(0)?, row.get(1)?)))
    }

    /// Whether the initial load of an issued card is missing: none is recorded, or one has begun and not ended. One of which
    /// nobody knows whether it happened is not missing.
    pub fn awaits_load(&self, number: &str) -> Result<bool, LedgerError> {
        let sql = "SELECT 1 FROM entries WHERE number = ?1 AND (act = 'purse.load'
                   OR act = 'purse.closed' AND json_extract(line, '$.body.result') <> 'not-done') LIMIT 1";
        Ok(one(&self.db, sql, params![number], |_| Ok(()))?.is_none())
    }

    /// What happened to an issued card; `None`: nothing yet.
    pub fn life(&self, kind: CardKind, number: &str) -> Result<Option<LifeRow>, LedgerError> {
        life::row(&self.db, kind, number)
    }

    /// The entry and act of writing to an issued card that has begun and not ended.
    pub fn open_desk_act(&self, kind: CardKind, number: &str) -> Result<Option<(u64, String)>, LedgerError> {
        let sql = "SELECT intent, act FROM desk_acts WHERE kind = ?1 AND number = ?2";
        one(&self.db, sql, params![kind.as_str(), number], |row| {
            Ok((row.get::<_, i64>(0)?.cast_unsigned(), row.get(1)?))
        })
    }

    /// What stands on the blacklist now, by kind and number.
    pub fn blacklist(&self) -> Result<Vec<BlacklistRow>, LedgerError> {
        let sql = format!("{BLACKLIST} WHERE removed IS NULL ORDER BY kind, start, stop");
        many(&self.db, &sql, params![], blacklist_row)
    }

    /// What was put on or taken off the blacklist by entries from this one on, in their order.
    pub fn blacklist_changes(&self, since: u64) -> Result<Vec<BlacklistRow>, LedgerError> {
        let sql = format!("{BLACKLIST} WHERE added >= ?1 OR removed >= ?1 ORDER BY added");
        many(&self.db, &sql, params![whole(since)], blacklist_row)
    }

    /// The sequence number that the next list gets.
    pub fn next_list(&self) -> Result<u32, LedgerError> {
        Ok(blacklist::last(&self.db)?.saturating_add(1))
    }

    /// The lists that went out, oldest first.
    pub fn lists(&self) -> Result<Vec<ListRow>, LedgerError> {
        many(&self.db, "SELECT * FROM lists ORDER BY sequence", params![], |row| {
            Ok(ListRow {
                sequence: row.get("sequence")?,
                form: row.get("form")?,
                base: row.get("base")?,
                date: row.get("date")?,
                count: row.get("count")?,
                digest: row.get("digest")?,
                published: row.get::<_, i64>("published")?.cast_unsigned(),
            })
        })
    }

    /// Who has which list in use.
    pub fn list_confirmations(&self) -> Result<Vec<(String, u32)>, LedgerError> {
        let sql = "SELECT by_whom, sequence FROM list_confirmations ORDER BY by_whom";
        many(&self.db, sql, params![], |row| Ok((row.get(0)?, row.get(1)?)))
    }

    /// A number that changes whenever another process has written to the ledger.
    pub fn data_version(&self) -> Result<i64, LedgerError> {
        let version = one(&self.db, "PRAGMA data_version", params![], |row| row.get(0))?;
        Ok(version.unwrap_or_default())
    }
}

const BATCH: &str =
    "SELECT batch, order_id, template, template_digest, rows, digest, state, made, approved, closed FROM batches";
const BLACKLIST: &str = "SELECT kind, start, stop, until, reason, added, removed FROM blacklist";

fn batch_row(row: &Row<'_>) -> rusqlite::Result<BatchRow> {
    let entry = |at: usize| row.get::<_, Option<i64>>(at).map(|seq| seq.map(i64::cast_unsigned));
    Ok(BatchRow {
        batch: row.get(0)?,
        order: row.get(1)?,
        template: row.get(2)?,
        template_digest: row.get(3)?,
        rows: row.get(4)?,
        digest: row.get(5)?,
        state: row.get(6)?,
        made: entry(7)?.unwrap_or_default(),
        approved: entry(8)?,
        closed: entry(9)?,
    })
}

fn lot_row(row: &Row<'_>) -> rusqlite::Result<LotRow> {
    Ok(LotRow {
        lot: row.get("lot")?,
        blank: row.get("blank")?,
        supplier: row.get("supplier")?,
        serials: row.get("serials")?,
        received: row.get("received")?,
        in_stock: row.get("in_stock")?,
        handed_out: row.get("handed_out")?,
        in_process: row.get("in_process")?,
        issued: row.get("issued")?,
        scrapped: row.get("scrapped")?,
        returned: row.get("returned")?,
    })
}

fn blacklist_row(row: &Row<'_>) -> rusqlite::Result<BlacklistRow> {
    let entry = |at: usize| row.get::<_, Option<i64>>(at).map(|seq| seq.map(i64::cast_unsigned));
    Ok(BlacklistRow {
        kind: row.get(0)?,
        from: number_in(&row.get::<_, String>(1)?).to_owned(),
        to: number_in(&row.get::<_, String>(2)?).to_owned(),
        until: row.get(3)?,
        reason: row.get(4)?,
        added: entry(5)?.unwrap_or_default(),
        removed: entry(6)?,
    })
}
