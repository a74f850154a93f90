// SPDX-License-Identifier: Apache-2.0
//! Which entries: by place, time, act, card, batch and officer, one condition or all together.
//!
//! The database decides every condition, so that whatever passes goes out as the stored bytes and memory does not grow with
//! the ledger. Times never run backwards (a ledger in which they do is named by `verify`), so a period is found as a range
//! of `seq`, however long the ledger is.

use rusqlite::types::Value;
use rusqlite::{ToSql, params, params_from_iter};

use super::act;
use super::entry::{Entry, canonical};
use super::error::LedgerError;
use super::field::{Moment, Text};
use super::log::Ledger;
use super::projection::whole;
use crate::error::{Exit, Fault};
use crate::i18n::Msg;
use crate::{display_as_english, msg};

/// Which entries.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// First `seq`.
    pub from: u64,
    /// One more than the last `seq`; `None`: to the end.
    pub to: Option<u64>,
    /// Not before this moment.
    pub since: Option<Moment>,
    /// Before this moment.
    pub until: Option<Moment>,
    /// The act, or its beginning up to a dot (`card`, `card.`).
    pub act: Option<String>,
    /// The card's number; also entries that make it another card's successor.
    pub number: Option<String>,
    /// Everything of this batch: what names it, how its cards ended, and that their numbers were given up.
    pub batch: Option<String>,
    /// The acting or approving officer.
    pub officer: Option<String>,
}

/// How many of the entries that pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Count {
    /// All.
    #[default]
    All,
    /// The first ones.
    First(u64),
    /// The last ones, in their order all the same.
    Last(u64),
}

/// A filter that asks for nothing that can be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FilterFault {
    /// What stands for a time is none.
    Time(String),
    /// The period ends before it begins.
    Period {
        /// Where it begins.
        since: String,
        /// Where it ends.
        until: String,
    },
    /// The range of `seq` ends before it begins.
    Range {
        /// First.
        from: u64,
        /// Last.
        last: u64,
    },
    /// No act has this name, and no act's name begins so.
    Act(String),
    /// A batch that no entry names.
    Batch(String),
    /// A table of cards is of no single act.
    ActOfCards(String),
    /// Nobody of that name was ever an officer of the site.
    Officer(String),
}

display_as_english!(FilterFault);

impl Fault for FilterFault {
    fn msg(&self) -> Msg {
        match self {
            Self::Time(text) => msg!("ledger-filter-time", text = text),
            Self::Period { since, until } => msg!("ledger-filter-period", since = since, until = until),
            Self::Range { from, last } => msg!("ledger-filter-range", from = from, last = last),
            Self::Act(act) => msg!("ledger-filter-act", act = act, nouns = act::nouns().join(", ")),
            Self::ActOfCards(act) => msg!("ledger-filter-cards", act = act),
            Self::Batch(batch) => msg!("ledger-filter-batch", batch = batch),
            Self::Officer(name) => msg!("ledger-filter-officer", name = name),
        }
    }

    fn exit(&self) -> Exit {
        Exit::Usage
    }
}

/// Gets a `seq` and the stored bytes.
pub(super) type EachStored<'a> = &'a mut dyn FnMut(u64, &[u8]) -> Result<(), LedgerError>;

/// Gets an entry and its stored bytes.
pub type Each<'a> = &'a mut dyn FnMut(&Entry, &[u8]) -> Result<(), LedgerError>;

/// Conditions of SQL over `entries AS e` with their values.
struct Conditions {
    sql: String,
    values: Vec<Value>,
}

impl Conditions {
    /// `?` in the condition stands for the value, as often as it is there.
    fn and(&mut self, condition: &str, value: impl Into<Value>) {
        self.values.push(value.into());
        let place = format!("?{}", self.values.len());
        self.sql.push_str(" AND ");
        self.sql.push_str(&condition.replace('?', &place));
    }
}

/// Either card of an exchange or replacement.
const OF_CARD: &str =
    "(e.number = ? OR e.act IN ('card.replace', 'card.exchange') AND json_extract(e.line, '$.body.new') = ?)";

/// What names the batch; the outcome of an intent that names it; a number given up whose last intent named it.
const OF_BATCH: &str = "(json_extract(e.line, '$.body.batch') = ?
    OR e.act IN ('card.outcome', 'psam.outcome') AND ? = (
        SELECT json_extract(i.line, '$.body.batch') FROM entries AS i WHERE i.seq = json_extract(e.line, '$.body.intent'))
    OR e.act = 'card.void' AND ? = (
        SELECT json_extract(i.line, '$.body.batch') FROM entries AS i
        WHERE i.number = e.number AND i.seq < e.seq
        AND i.act = iif(json_extract(e.line, '$.body.kind') = 'psam', 'psam.intent', 'card.intent')
        ORDER BY i.seq DESC LIMIT 1))";

/// How an officer's signature begins in an entry's line. Inside a string its quotation marks would be escaped.
pub(super) fn signed_by(officer: &str) -> String {
    let name = canonical(&serde_json::Value::String(officer.to_owned()));
    format!("{{\"officer\":{},\"sig\":\"", String::from_utf8_lossy(&name))
}

impl Filter {
    /// Whether a range of `seq` is all that it asks for.
    pub fn is_range(&self) -> bool {
        let Self {
            from: _,
            to: _,
            since,
            until,
            act,
            number,
            batch,
            officer,
        } = self;
        since.is_none() && until.is_none() && act.is_none() && number.is_none() && batch.is_none() && officer.is_none()
    }

    /// A card has entries of several acts, so a table of cards cannot be narrowed to one.
    pub fn check_for_cards(&self) -> Result<(), LedgerError> {
        match &self.act {
            Some(act) => Err(FilterFault::ActOfCards(act.clone()).into()),
            None => Ok(()),
        }
    }

    fn conditions(&self, range: (u64, u64)) -> Conditions {
        let mut all = Conditions {
            sql: "e.seq >= ?1 AND e.seq < ?2".to_owned(),
            values: vec![whole(range.0).into(), whole(range.1).into()],
        };
        if let Some(act) = &self.act {
            match act::family(act) {
                // Without the index: sorting what it finds by seq would hold it all in memory.
                Some(noun) => {
                    all.and("substr(e.act, 1, length(?)) = ?", format!("{noun}."));
                }
                None => all.and("e.act = ?", act.clone()),
            }
        }
        if let Some(number) = &self.number {
            all.and(OF_CARD, number.clone());
        }
        if let Some(batch) = &self.batch {
            all.and(OF_BATCH, batch.clone());
        }
        if let Some(officer) = &self.officer {
            all.and("instr(e.line, ?) > 0", signed_by(officer));
        }
        all
    }
}

impl Ledger {
    /// Whether a filter asks for something that can be: acts that there are, a batch and an officer that the ledger knows.
    pub fn check_filter(&self, filter: &Filter) -> Result<(), LedgerError> {
        if let (Some(since), Some(until)) = (&filter.since, &filter.until)
            && since >= until
        {
            let (since, until) = (since.to_string(), until.to_string());
            return Err(FilterFault::Period { since, until }.into());
        }
        if let Some(to) = filter.to.filter(|to| *to <= filter.from) {
            let (from, last) = (filter.from, to.saturating_sub(1));
            return Err(FilterFault::Range { from, last }.into());
        }
        if let Some(act) = &filter.act
            && !act::NAMES.contains(&act.as_str())
            && act::family(act).is_none()
        {
            return Err(FilterFault::Act(act.chars().take(40).collect()).into());
        }
        if let Some(batch) = &filter.batch
            && !self.names_batch(batch)?
        {
            return Err(FilterFault::Batch(batch.chars().take(120).collect()).into());
        }
        if let Some(officer) = &filter.officer
            && !Text::new(officer.as_str()).is_ok_and(|name| self.state().officers.contains_key(&name))
        {
            return Err(FilterFault::Officer(officer.chars().take(120).collect()).into());
        }
        Ok(())
    }

    /// Whether there is such a batch, or a card was written under that remark before there were batches.
    fn names_batch(&self, batch: &str) -> Result<bool, LedgerError> {
        let sql = "SELECT EXISTS (SELECT 1 FROM batches WHERE batch = ?1)
                   OR EXISTS (SELECT 1 FROM cards WHERE batch = ?1)";
        self.db
            .query_row(sql, [batch], |row| row.get(0))
            .map_err(LedgerError::while_doing("asking the tables"))
    }

    /// The range of `seq` that a filter leaves, its period included: first, and one more than the last. Entries that come
    /// later are not in it.
    pub fn range_of(&self, filter: &Filter) -> Result<(u64, u64), LedgerError> {
        self.range_within(filter, self.size())
    }

    /// The same among the first `size` entries.
    pub(super) fn range_within(&self, filter: &Filter, size: u64) -> Result<(u64, u64), LedgerError> {
        let mut from = filter.from;
        let mut to = filter.to.unwrap_or(size).min(size);
        if let Some(since) = &filter.since {
            from = from.max(self.first_at(since, size)?);
        }
        if let Some(until) = &filter.until {
            to = to.min(self.first_at(until, size)?);
        }
        // A batch has no entry before the one that laid it down.
        if let Some(batch) = &filter.batch
            && let Some(found) = self.batch(batch)?
        {
            from = from.max(found.made);
        }
        Ok((from.min(to), to))
    }

    /// The first entry that is not before a moment; `size` where there is none.
    fn first_at(&self, moment: &Moment, size: u64) -> Result<u64, LedgerError> {
        let doing = LedgerError::while_doing("looking for a time");
        let mut at = self
            .db
            .prepare_cached("SELECT at FROM entries WHERE seq = ?1")
            .map_err(&doing)?;
        let (mut low, mut high) = (0, size);
        while low < high {
            let middle = low + (high - low) / 2;
            let found: String = at.query_row(params![whole(middle)], |row| row.get(0)).map_err(&doing)?;
            if found.as_str() < moment.as_str() {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        Ok(low)
    }

    /// Hands the entries that pass the filter to `each`, with their stored lines, in order, one at a time.
    pub fn each_line(&self, filter: &Filter, each: Each<'_>) -> Result<(), LedgerError> {
        self.each_counted(filter, Count::All, each)
    }

    /// The same with so many of them.
    pub fn each_counted(&self, filter: &Filter, count: Count, each: Each<'_>) -> Result<(), LedgerError> {
        self.each_stored(filter, count, &mut |seq, line| {
            let entry = Entry::parse(line).map_err(|_| LedgerError::Damaged { seq })?;
            each(&entry, line)
        })
    }

    /// The stored lines, without looking into them.
    pub(super) fn each_stored(&self, filter: &Filter, count: Count, each: EachStored<'_>) -> Result<(), LedgerError> {
        let doing = LedgerError::while_doing("reading the entries");
        let range = self.range_of(filter)?;
        self.check_there(range, filter)?;
        let mut all = filter.conditions(range);
        let (order, limit) = match count {
            Count::All => ("", None),
            Count::First(n) => ("", Some(n)),
            Count::Last(n) => (" DESC", Some(n)),
        };
        let mut sql = format!(
            "SELECT seq, line FROM entries AS e WHERE {} ORDER BY e.seq{order}",
            all.sql
        );
        if let Some(limit) = limit {
            all.values.push(whole(limit).into());
            sql = format!("SELECT * FROM ({sql} LIMIT ?{}) ORDER BY seq", all.values.len());
        }
        let mut find = self.db.prepare_cached(&sql).map_err(&doing)?;
        let values = all.values.iter().map(|value| value as &dyn ToSql);
        let mut rows = find.query(params_from_iter(values)).map_err(&doing)?;
        while let Some(row) = rows.next().map_err(&doing)? {
            let seq = row.get::<_, i64>(0).map_err(&doing)?.cast_unsigned();
            let line = row.get_ref(1).and_then(|l| Ok(l.as_bytes()?)).map_err(&doing)?;
            each(seq, line)?;
        }
        Ok(())
    }
}
