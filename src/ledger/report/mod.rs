// SPDX-License-Identifier: Apache-2.0
//! The numbers of a period, for auditors: one pass over the entries from the first to the last of the period. What the
//! tables say is not asked (but for the intent of an issued card that is given up), so that the numbers follow from the
//! evidence, and so that they are those of the period's end and not of today.
//!
//! Memory holds what is open (cards not issued yet, blanks being written), one row for each template, day, batch, operator,
//! reader, lot, key and officer, and a thousand rows of each list; it does not grow with the entries.

mod anomaly;
mod batches;
mod cards;
mod desk;
mod gaps;
mod keys;
mod numbers;
mod outgoing;
mod people;
mod period;
mod places;
mod reasons;
mod rhythm;
mod runs;
mod seen;
mod stock;

pub use anomaly::{Anomaly, Rule, RuleApplied, Thresholds};
pub use numbers::{
    BatchRow, Blacklist, Cards, Ceremony, Change, Closed, Cosigned, Doubtful, Export, HolderAccess, Key, LedgerReport,
    LifeAct, List, Listed, Money, OfficerAtEnd, Reason, Row, Site, SpanOfEntries, Tally, Transactions, Whole,
};
pub use period::{Period, local, local_of};
pub use places::{Lot, Places};

use jiff::Timestamp;
use serde::Serialize;

use self::anomaly::Anomalies;
use self::seen::Seen;
use super::act::Act;
use super::checkpoint::Checkpoint;
use super::error::LedgerError;
use super::filter::{Count, Filter};
use super::log::Ledger;
use super::store;
use crate::msg;
use crate::outside::Observer;

/// How often the observer hears of progress.
const STRIDE: u64 = 4096;

/// What to report about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ask {
    /// The days.
    pub period: Period,
    /// Where the rules draw their lines.
    pub thresholds: Thresholds,
    /// Now: nobody is silent in days that are still to come.
    pub now: Timestamp,
}

/// Everything that one pass adds up.
struct Books {
    cards: cards::Book,
    stock: stock::Lots,
    desk: desk::Desk,
    keys: keys::Keys,
    people: people::People,
    batches: batches::Batches,
    outgoing: outgoing::Outgoing,
    numbers: gaps::Numbers,
    rhythm: rhythm::Rhythm,
    found: Anomalies,
    unreadable: Listed<u64>,
    archived: Listed<u64>,
}

impl Books {
    fn new(ask: &Ask) -> Self {
        Self {
            cards: cards::Book::new(&ask.thresholds),
            stock: stock::Lots::default(),
            desk: desk::Desk::default(),
            keys: keys::Keys::default(),
            people: people::People::default(),
            batches: batches::Batches::new(ask.thresholds.quick_seconds),
            outgoing: outgoing::Outgoing::default(),
            numbers: gaps::Numbers::default(),
            rhythm: rhythm::Rhythm::new(ask.thresholds, ask.period),
            found: Anomalies::default(),
            unreadable: Listed::default(),
            archived: Listed::default(),
        }
    }

    fn take(&mut self, seen: &Seen, ledger: &Ledger) -> Result<(), LedgerError> {
        let found = &mut self.found;
        self.cards.take(seen, ledger)?;
        self.stock.take(seen, found);
        self.desk.take(seen);
        self.keys.take(seen);
        self.people.take(seen);
        self.batches.take(seen, found);
        self.outgoing.take(seen);
        self.numbers.take(seen);
        self.rhythm.take(seen, found);
        Ok(())
    }
}

impl Ledger {
    /// The numbers of a period. Reads every entry up to its end once; changes nothing.
    pub fn report(&self, ask: &Ask, observer: &mut dyn Observer) -> Result<LedgerReport, LedgerError> {
        let (from, to) = self.range_of(&ask.period.filter()?)?;
        let mut books = Books::new(ask);
        observer.begin(&msg!("report-reading"), to);
        let filter = Filter {
            to: Some(to),
            ..Filter::default()
        };
        let read = self.each_stored(&filter, Count::All, &mut |seq, line| {
            if seq == from {
                books.stock.open();
            }
            if seq.is_multiple_of(STRIDE) {
                observer.advance(seq);
            }
            let Some(seen) = Seen::read(seq, line, seq >= from) else {
                let missing = if seen::is_archived(line) {
                    &mut books.archived
                } else {
                    &mut books.unreadable
                };
                missing.push(seq);
                return Ok(());
            };
            books.take(&seen, self)
        });
        observer.end();
        read?;
        if from == to {
            books.stock.open();
        }
        self.told(ask, books, (from, to))
    }

    fn told(&self, ask: &Ask, books: Books, (from, to): (u64, u64)) -> Result<LedgerReport, LedgerError> {
        let Books {
            cards,
            stock,
            desk,
            keys,
            people,
            batches,
            outgoing,
            numbers,
            rhythm,
            mut found,
            unreadable,
            archived,
        } = books;
        let ledger = self.whole()?;
        numbers.tell(from, &mut found);
        rhythm.told(ask.period.until().min(ask.now), &mut found);
        let (mut cards, tallies) = cards.told(&mut found);
        cards.batches = batches.told(tallies, &mut found);
        let (life, money) = desk.told(&mut found);
        let (keys, ceremonies) = keys.told();
        let (officers, changes) = people.told();
        let (exports, holders, blacklist) = outgoing.told();
        tell_checkpoint(&ledger, to, &ask.thresholds, &mut found);
        tell_renewed(&changes, &mut found);
        if archived.count > 0 {
            let what = msg!("report-found-archived", count = archived.count);
            found.add(Rule::Unreadable, what, archived.count, &archived.rows);
        }
        let count = unreadable.count;
        if count > 0 {
            let what = msg!("report-found-unreadable", count = count);
            found.add(Rule::Unreadable, what, count, &unreadable.rows);
        }
        let (rules, anomalies) = found.told(&ask.thresholds);
        Ok(LedgerReport {
            site: self.site_told(),
            period: ask.period,
            span: SpanOfEntries {
                from,
                to,
                unreadable: count,
                archived: archived.count,
            },
            ledger,
            cards,
            stock: stock.told(),
            life,
            money,
            keys,
            ceremonies,
            officers,
            changes,
            exports,
            holders,
            blacklist,
            rules,
            anomalies,
        })
    }

    fn site_told(&self) -> Site {
        let init = &self.state().init;
        let (level, code) = (init.level.as_str(), init.code.as_str());
        let owner = if code == "-" {
            level.to_owned()
        } else {
            format!("{level}:{code}")
        };
        Site {
            id: self.state().site.to_string(),
            name: init.name.to_string(),
            owner,
            scheme: init.scheme.to_string(),
            rehearsal: init.rehearsal,
            log_key: self.note_key().to_string(),
        }
    }

    fn newest_cosignature(&self) -> Result<Option<Cosigned>, LedgerError> {
        let newest = self.latest(&["checkpoint.cosign"], &|_| true)?;
        Ok(newest.and_then(|entry| match entry.act {
            Act::CheckpointCosign(body) => Some(Cosigned {
                seq: entry.seq,
                witness: body.witness.to_string(),
                size: body.size,
            }),
            _ => None,
        }))
    }

    fn whole(&self) -> Result<Whole, LedgerError> {
        let size = self.size();
        let note = self.checkpoint_note()?;
        let checkpoint = note.as_deref().and_then(|note| {
            let (text, _) = note.split_once("\n\n")?;
            Checkpoint::parse(&format!("{text}\n"))
        });
        let signers = note.iter().flat_map(|note| note.lines()).filter_map(|line| {
            let (name, _) = line.strip_prefix("— ")?.split_once(' ')?;
            Some(name.to_owned())
        });
        let mut signers: Vec<String> = signers.collect();
        signers.dedup();
        let last = size
            .checked_sub(1)
            .map(|last| store::entry(&self.db, last))
            .transpose()?;
        Ok(Whole {
            size,
            root: self.root_at(size)?.to_string(),
            last_at: last.map(|entry| entry.at.to_string()),
            checkpoint: checkpoint.as_ref().map(|checkpoint| checkpoint.size),
            checkpoint_root: checkpoint.as_ref().map(|checkpoint| checkpoint.root.to_string()),
            checkpoint_signers: signers,
            cosigned: self.newest_cosignature()?,
        })
    }
}

/// What the checkpoint does not cover, and what no witness has cosigned.
fn tell_checkpoint(ledger: &Whole, to: u64, thresholds: &Thresholds, found: &mut Anomalies) {
    let covered = ledger.checkpoint.unwrap_or_default();
    let behind = to.saturating_sub(covered);
    if behind > thresholds.lag || ledger.checkpoint.is_none() {
        let what = msg!("report-found-checkpoint", behind = behind, covered = covered);
        found.add(Rule::Checkpoint, what, behind, &[covered]);
    }
    let cosigned = ledger.cosigned.as_ref().map_or(0, |one| one.size);
    let behind = to.saturating_sub(cosigned);
    if behind > thresholds.lag || ledger.cosigned.is_none() {
        let what = msg!("report-found-cosign", behind = behind, cosigned = cosigned);
        let entries: Vec<u64> = ledger.cosigned.iter().map(|one| one.seq).collect();
        found.add(Rule::Cosign, what, behind, &entries);
    }
}

fn tell_renewed(changes: &Listed<Change>, found: &mut Anomalies) {
    for change in changes.rows.iter().filter(|change| change.act == "checkpoint.renew") {
        let what = msg!("report-found-renewed", reason = change.subject);
        found.add(Rule::Checkpoint, what, 1, &[change.seq]);
    }
    for change in changes.rows.iter().filter(|change| change.act == "ledger.loss") {
        let what = msg!("report-found-loss", reason = change.subject);
        found.add(Rule::Checkpoint, what, 1, &[change.seq]);
    }
}

/// A value of a fixed set as it stands in entries.
fn word(value: &impl Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(word)) => word,
        _ => String::new(),
    }
}
