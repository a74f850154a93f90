// SPDX-License-Identifier: Apache-2.0
//! Questions to the tables: one card, the cards, keys, the newest entry of an act.

use rusqlite::{OptionalExtension, Row, params};
use serde::Serialize;

use super::act::{Act, CardKind, PurseIntent};
use super::entry::Entry;
use super::error::LedgerError;
use super::log::Ledger;
use super::projection::is_rotation;
use super::rules::TWO;

/// A card as the entries have it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CardRow {
    /// `user` or `psam`.
    pub kind: String,
    /// Its number.
    pub number: String,
    /// The chip that it is on.
    pub chip: Option<String>,
    /// A PSAM's terminal number.
    pub terminal: Option<String>,
    /// The template.
    pub template: String,
    /// The digest of the script of its last intent.
    pub script: String,
    /// The batch.
    pub batch: Option<String>,
    /// `in-doubt`, `issued`, `failed-blank`, `failed-partial`, `void`.
    pub status: String,
    /// The last intent's entry.
    pub intent: u64,
    /// The entry that says how it ended.
    pub outcome: Option<u64>,
    /// The entry that gave the number up.
    pub voided: Option<u64>,
}

/// A key as the entries have it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct KeyRow {
    /// Its id.
    pub key: String,
    /// What for.
    pub usage: String,
    /// Whose.
    pub owner: String,
    /// Version.
    pub version: u32,
    /// `3des` or `sm4`.
    pub alg: String,
    /// Its check value.
    pub kcv: String,
    /// Its state.
    pub state: String,
    /// `generated`, `components`, `derived`, `received`.
    pub origin: String,
    /// The entry that brought it.
    pub arrived: u64,
    /// The entry that changed it last.
    pub changed: u64,
    /// The entry that began the ceremony that brought it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ceremony: Option<u64>,
}

/// A ceremony as the entries have it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CeremonyRow {
    /// The entry that began it.
    pub begun: u64,
    /// The digest of its plan.
    pub plan: String,
    /// What the plan calls itself.
    pub title: String,
    /// Its nonce.
    pub nonce: String,
    /// `open`, `completed`, `abandoned`, or `resumed` by another one.
    pub status: String,
    /// The entry that ended it, or the beginning that took its place.
    pub ended: Option<u64>,
}

/// A sealed copy of the key store as the entries have it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BackupRow {
    /// The digest of the file.
    pub digest: String,
    /// The store's generation in it.
    pub generation: u64,
    /// How many shares open it.
    pub threshold: u32,
    /// How many keys are in it.
    pub keys: u32,
    /// The entry that records it.
    pub made: u64,
    /// The entry of the last restoration from it.
    pub restored: Option<u64>,
}

pub(super) const CARD: &str =
    "SELECT kind, number, chip, terminal, template, script, batch, status, intent, outcome, voided FROM cards";

impl Ledger {
    /// A card by its number.
    pub fn card(&self, kind: CardKind, number: &str) -> Result<Option<CardRow>, LedgerError> {
        let sql = format!("{CARD} WHERE kind = ?1 AND number = ?2");
        self.one(&sql, params![kind.as_str(), number], card_row)
    }

    /// The card that is on a chip now: issued, in doubt or written in part.
    pub fn card_on_chip(&self, chip: &str) -> Result<Option<CardRow>, LedgerError> {
        let sql = format!("{CARD} WHERE chip = ?1 AND status IN ('in-doubt', 'issued', 'failed-partial')");
        self.one(&sql, params![chip], card_row)
    }

    /// The cards in one status, by number; all where it is `None`.
    pub fn cards(&self, status: Option<&str>) -> Result<Vec<CardRow>, LedgerError> {
        let sql = format!("{CARD} WHERE ?1 IS NULL OR status = ?1 ORDER BY kind, number");
        self.many(&sql, params![status], card_row)
    }

    /// The entry of a card's purse transaction that has begun and of which no end is recorded.
    pub fn open_purse_intent(&self, number: &str) -> Result<Option<(u64, PurseIntent)>, LedgerError> {
        let sql = "SELECT intent FROM purse_intents WHERE number = ?1";
        let Some(at) = self.one(sql, params![number], |row| seq(row, "intent"))? else {
            return Ok(None);
        };
        let line = self.line(at)?;
        match Entry::parse(&line).map(|entry| entry.act) {
            Ok(Act::PurseIntent(intent)) => Ok(Some((at, intent))),
            _ => Err(LedgerError::Damaged { seq: at }),
        }
    }

    /// A key by its id.
    pub fn key(&self, key: &str) -> Result<Option<KeyRow>, LedgerError> {
        self.one("SELECT * FROM keys WHERE key = ?1", params![key], key_row)
    }

    /// All keys.
    pub fn keys(&self) -> Result<Vec<KeyRow>, LedgerError> {
        self.many("SELECT * FROM keys ORDER BY key", params![], key_row)
    }

    /// How many officers sign an act here and now, a new officer not counted.
    pub fn needs(&self, act: &Act) -> Result<usize, LedgerError> {
        let needs = self.state().needs(act);
        match act {
            Act::KeyGenerate(key) | Act::KeyImport(key) | Act::KeyDerive(key) | Act::KeyReceive(key)
                if !self.rehearsal() && is_rotation(&self.db, key)? =>
            {
                Ok(needs.max(TWO))
            }
            _ => Ok(needs),
        }
    }

    /// All ceremonies, in the order in which they began.
    pub fn ceremonies(&self) -> Result<Vec<CeremonyRow>, LedgerError> {
        self.many("SELECT * FROM ceremonies ORDER BY begun", params![], ceremony_row)
    }

    /// The sealed copies of the key store that were made, in their order.
    pub fn backups(&self) -> Result<Vec<BackupRow>, LedgerError> {
        self.many("SELECT * FROM backups ORDER BY made", params![], backup_row)
    }

    /// Whether a template's digest was approved.
    pub fn template_approved(&self, template: &str, digest: &super::Hash) -> Result<bool, LedgerError> {
        let sql = "SELECT 1 FROM templates WHERE digest = ?1 AND template = ?2";
        let found = self.one(sql, params![digest.to_string(), template], |_| Ok(()))?;
        Ok(found.is_some())
    }

    /// The newest entry of one of these acts that is wanted. Looks at no others, however long the ledger is.
    pub fn latest(&self, acts: &[&str], wanted: &dyn Fn(&Entry) -> bool) -> Result<Option<Entry>, LedgerError> {
        let doing = LedgerError::while_doing("reading the entries");
        let mut newest: Option<Entry> = None;
        for act in acts {
            let mut find = self
                .db
                .prepare_cached("SELECT seq FROM entries WHERE act = ?1 ORDER BY seq DESC")
                .map_err(&doing)?;
            let mut rows = find.query([act]).map_err(&doing)?;
            while let Some(row) = rows.next().map_err(&doing)? {
                let seq = row.get::<_, i64>(0).map_err(&doing)?.cast_unsigned();
                if newest.as_ref().is_some_and(|entry| entry.seq > seq) {
                    break;
                }
                let entry = self.entry(seq)?;
                if wanted(&entry) {
                    newest = Some(entry);
                    break;
                }
            }
        }
        Ok(newest)
    }

    fn one<T>(
        &self,
        sql: &str,
        key: &[&dyn rusqlite::ToSql],
        read: impl Fn(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Option<T>, LedgerError> {
        let doing = LedgerError::while_doing("asking the tables");
        let mut find = self.db.prepare_cached(sql).map_err(&doing)?;
        find.query_row(key, read).optional().map_err(doing)
    }

    fn many<T>(
        &self,
        sql: &str,
        key: &[&dyn rusqlite::ToSql],
        read: impl Fn(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Vec<T>, LedgerError> {
        let doing = LedgerError::while_doing("asking the tables");
        let mut find = self.db.prepare_cached(sql).map_err(&doing)?;
        find.query_map(key, read).and_then(Iterator::collect).map_err(doing)
    }
}

fn seq(row: &Row<'_>, column: &str) -> rusqlite::Result<u64> {
    row.get::<_, i64>(column).map(i64::cast_unsigned)
}

fn seq_or_none(row: &Row<'_>, column: &str) -> rusqlite::Result<Option<u64>> {
    Ok(row.get::<_, Option<i64>>(column)?.map(i64::cast_unsigned))
}

pub(super) fn card_row(row: &Row<'_>) -> rusqlite::Result<CardRow> {
    Ok(CardRow {
        kind: row.get("kind")?,
        number: row.get("number")?,
        chip: row.get("chip")?,
        terminal: row.get("terminal")?,
        template: row.get("template")?,
        script: row.get("script")?,
        batch: row.get("batch")?,
        status: row.get("status")?,
        intent: seq(row, "intent")?,
        outcome: seq_or_none(row, "outcome")?,
        voided: seq_or_none(row, "voided")?,
    })
}

fn key_row(row: &Row<'_>) -> rusqlite::Result<KeyRow> {
    Ok(KeyRow {
        key: row.get("key")?,
        usage: row.get("usage")?,
        owner: row.get("owner")?,
        version: row.get("version")?,
        alg: row.get("alg")?,
        kcv: row.get("kcv")?,
        state: row.get("state")?,
        origin: row.get("origin")?,
        arrived: seq(row, "arrived")?,
        changed: seq(row, "changed")?,
        ceremony: seq_or_none(row, "ceremony")?,
    })
}

fn ceremony_row(row: &Row<'_>) -> rusqlite::Result<CeremonyRow> {
    Ok(CeremonyRow {
        begun: seq(row, "begun")?,
        plan: row.get("plan")?,
        title: row.get("title")?,
        nonce: row.get("nonce")?,
        status: row.get("status")?,
        ended: seq_or_none(row, "ended")?,
    })
}

fn backup_row(row: &Row<'_>) -> rusqlite::Result<BackupRow> {
    Ok(BackupRow {
        digest: row.get("digest")?,
        generation: seq(row, "generation")?,
        threshold: row.get("threshold")?,
        keys: row.get("keys")?,
        made: seq(row, "made")?,
        restored: seq_or_none(row, "restored")?,
    })
}
