// SPDX-License-Identifier: Apache-2.0
//! Cards and PSAMs: attempts and how they ended, by template, day, batch, operator and reader. An outcome counts on its own
//! day and for the officer who recorded it, and under the template, batch and reader of its intent.
//!
//! Memory holds the numbers that are not issued yet, and one row for each template, day, batch, operator and reader.

use std::collections::{BTreeMap, HashMap};

use jiff::civil::Date;

use super::anomaly::{Anomalies, RATE_CARDS, RATE_SCRAP, Rule, Thresholds};
use super::numbers::{Cards, Doubtful, Row, Tally};
use super::reasons::Reasons;
use super::runs::Runs;
use super::seen::Seen;
use crate::ledger::act::{Act, CardKind, CardVoid, Ending, Intent, Outcome};
use crate::ledger::error::LedgerError;
use crate::ledger::field::{ShortHex, Text};
use crate::ledger::log::Ledger;
use crate::msg;

/// How far a number is that is not issued.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Status {
    /// The intent has no outcome yet.
    Open,
    Blank,
    Partial,
    Doubt,
}

/// A number's last intent.
#[derive(Debug, Clone)]
struct Begun {
    seq: u64,
    template: String,
    batch: String,
    reader: String,
    officer: String,
    /// The day, if it is of the period.
    day: Option<Date>,
    status: Status,
}

/// Where an attempt counts.
#[derive(Debug, Default)]
struct Tallies {
    total: Tally,
    templates: BTreeMap<(CardKind, String), Tally>,
    days: BTreeMap<Date, Tally>,
    batches: BTreeMap<String, Tally>,
    operators: BTreeMap<String, Tally>,
    readers: BTreeMap<String, Tally>,
}

/// Numbers given up, where they count: the first entries of each.
type Voids = BTreeMap<(&'static str, String), Vec<u64>>;

/// Cards and PSAMs so far.
#[derive(Debug)]
pub(super) struct Book {
    tallies: Tallies,
    /// Numbers that are not issued and not given up.
    open: HashMap<(CardKind, String), Begun>,
    failures: Reasons,
    scrap: Reasons,
    voids: Voids,
    by_reader: Runs,
    by_operator: Runs,
    /// Intents with raw commands, by template: how many, and the first of them.
    raw: BTreeMap<String, (u64, u64)>,
    scrap_times: u32,
}

impl Tallies {
    fn count(&mut self, kind: CardKind, of: &Begun, officer: &str, day: Date, add: impl Fn(&mut Tally)) {
        add(&mut self.total);
        add(self.templates.entry((kind, of.template.clone())).or_default());
        add(self.days.entry(day).or_default());
        for (rows, name) in [
            (&mut self.batches, of.batch.as_str()),
            (&mut self.operators, officer),
            (&mut self.readers, of.reader.as_str()),
        ] {
            if !rows.contains_key(name) {
                rows.insert(name.to_owned(), Tally::default());
            }
            if let Some(tally) = rows.get_mut(name) {
                add(tally);
            }
        }
    }
}

impl Book {
    pub(super) fn new(thresholds: &Thresholds) -> Self {
        let failures = thresholds.failures;
        Self {
            tallies: Tallies::default(),
            open: HashMap::new(),
            failures: Reasons::default(),
            scrap: Reasons::default(),
            voids: Voids::new(),
            by_reader: Runs::new(failures),
            by_operator: Runs::new(failures),
            raw: BTreeMap::new(),
            scrap_times: thresholds.scrap_times,
        }
    }

    pub(super) fn take(&mut self, seen: &Seen, ledger: &Ledger) -> Result<(), LedgerError> {
        match &seen.act {
            Act::CardIntent(body) => self.begin(CardKind::User, body, seen),
            Act::PsamIntent(body) => self.begin(CardKind::Psam, body, seen),
            Act::CardOutcome(body) => self.conclude(CardKind::User, body, seen),
            Act::PsamOutcome(body) => self.conclude(CardKind::Psam, body, seen),
            Act::CardVoid(body) => self.void(body, seen, ledger)?,
            Act::StockScrap(body) if seen.inside => {
                let reason = body.reason.as_str();
                self.scrap
                    .add("stock.scrap", "", reason, u64::from(body.count), seen.seq);
            }
            _ => {}
        }
        Ok(())
    }

    fn begin(&mut self, kind: CardKind, body: &Intent, seen: &Seen) {
        let begun = Begun {
            seq: seen.seq,
            day: seen.inside.then(|| seen.day()),
            status: Status::Open,
            ..of(body, seen.officer())
        };
        if let Some(day) = begun.day {
            self.tallies
                .count(kind, &begun, seen.officer(), day, |tally| tally.begun += 1);
            if body.raw {
                self.raw.entry(begun.template.clone()).or_insert((0, seen.seq)).0 += 1;
            }
        }
        if let Some(before) = self.open.insert((kind, body.number.to_string()), begun) {
            self.without_outcome(kind, &before);
        }
    }

    fn without_outcome(&mut self, kind: CardKind, begun: &Begun) {
        if let (Some(day), Status::Open) = (begun.day, begun.status) {
            let officer = begun.officer.as_str();
            self.tallies
                .count(kind, begun, officer, day, |tally| tally.no_outcome += 1);
        }
    }

    fn conclude(&mut self, kind: CardKind, body: &Outcome, seen: &Seen) {
        let number = (kind, body.number.to_string());
        let Some(mut begun) = self.open.remove(&number) else {
            return;
        };
        begun.status = match body.result {
            Ending::Issued => Status::Open,
            Ending::FailedBlank => Status::Blank,
            Ending::FailedPartial => Status::Partial,
            Ending::InDoubt => Status::Doubt,
        };
        if seen.inside {
            self.count_outcome(kind, &begun, body, seen);
        }
        if body.result != Ending::Issued {
            self.open.insert(number, begun);
        }
    }

    fn count_outcome(&mut self, kind: CardKind, begun: &Begun, body: &Outcome, seen: &Seen) {
        let officer = seen.officer();
        self.tallies.count(kind, begun, officer, seen.day(), |tally| {
            *match body.result {
                Ending::Issued => &mut tally.issued,
                Ending::FailedBlank => &mut tally.failed_blank,
                Ending::FailedPartial => &mut tally.failed_partial,
                Ending::InDoubt => &mut tally.in_doubt,
            } += 1;
        });
        let failed = body.result != Ending::Issued;
        self.by_reader.ended(&begun.reader, failed, seen.seq);
        self.by_operator.ended(officer, failed, seen.seq);
        if failed {
            let what = match body.result {
                Ending::FailedBlank => "failed-blank",
                Ending::FailedPartial => "failed-partial",
                _ => "in-doubt",
            };
            let word = body.status_word.as_ref().map(ShortHex::as_str).unwrap_or_default();
            let reason = body.reason.as_ref().map(Text::as_str).unwrap_or_default();
            self.failures.add(what, word, reason, 1, seen.seq);
        }
    }

    fn void(&mut self, body: &CardVoid, seen: &Seen, ledger: &Ledger) -> Result<(), LedgerError> {
        let number = (body.kind, body.number.to_string());
        let begun = self.open.remove(&number);
        if !seen.inside {
            return Ok(());
        }
        let begun = match begun {
            Some(begun) => begun,
            None => issued(body, ledger)?,
        };
        self.without_outcome(body.kind, &begun);
        let officer = begun.officer.as_str();
        self.tallies
            .count(body.kind, &begun, officer, seen.day(), |tally| tally.void += 1);
        self.scrap.add("card.void", "", body.reason.as_str(), 1, seen.seq);
        for (what, name) in [
            ("batch", begun.batch),
            ("reader", begun.reader),
            ("operator", begun.officer),
            ("day", seen.day().to_string()),
        ] {
            let entries = self.voids.entry((what, name)).or_default();
            if entries.len() < super::anomaly::NAMED {
                entries.push(seen.seq);
            }
        }
        Ok(())
    }

    /// The numbers, and the anomalies in them. Batches come back by name, for whoever knows more about them.
    pub(super) fn told(mut self, found: &mut Anomalies) -> (Cards, BTreeMap<String, Tally>) {
        let left: Vec<_> = self.open.drain().collect();
        for ((kind, _), begun) in &left {
            self.without_outcome(*kind, begun);
        }
        let mut cards = Cards::default();
        tell_doubtful(left, &mut cards, found);
        self.tell_runs(found);
        self.tell_scrap(found);
        let Tallies {
            total,
            templates,
            days,
            batches,
            operators,
            readers,
        } = self.tallies;
        cards.total = total;
        cards.templates = templates
            .into_iter()
            .map(|((kind, name), tally)| Row {
                kind: Some(kind.as_str()),
                name,
                tally,
            })
            .collect();
        cards.days = rows(days.into_iter().map(|(day, tally)| (day.to_string(), tally)));
        cards.operators = rows(operators);
        cards.readers = rows(readers);
        let (failures, more) = self.failures.told();
        let (scrap, other) = self.scrap.told();
        (cards.failures, cards.scrap, cards.other_reasons) = (failures, scrap, more + other);
        (cards, batches)
    }

    fn tell_runs(&mut self, found: &mut Anomalies) {
        for run in self.by_reader.told() {
            let what = msg!("report-found-failures-reader", reader = run.name, count = run.count);
            found.add(Rule::FailuresReader, what, run.count, &run.entries);
        }
        for run in self.by_operator.told() {
            let what = msg!("report-found-failures-operator", officer = run.name, count = run.count);
            found.add(Rule::FailuresOperator, what, run.count, &run.entries);
        }
        for (template, (count, first)) in &self.raw {
            let what = msg!("report-found-raw", template = template, count = count);
            found.add(Rule::Raw, what, *count, &[*first]);
        }
    }

    fn tell_scrap(&self, found: &mut Anomalies) {
        let all = &self.tallies;
        for ((what, name), entries) in &self.voids {
            let tally = match *what {
                "batch" => all.batches.get(name),
                "reader" => all.readers.get(name),
                "operator" => all.operators.get(name),
                _ => name.parse().ok().and_then(|day| all.days.get::<Date>(&day)),
            };
            let Some(tally) = tally else { continue };
            if !self.is_unusual(tally) {
                continue;
            }
            let average = percent(&all.total);
            let shown = if name.is_empty() { "–" } else { name };
            let said = msg!(
                "report-found-scrap",
                name = shown,
                void = tally.void,
                of = made(tally),
                rate = percent(tally),
                average = average
            );
            found.add(
                Rule::Scrap,
                said.with_word("what", "report-dimension", what),
                tally.void,
                entries,
            );
        }
    }

    fn is_unusual(&self, tally: &Tally) -> bool {
        let total = &self.tallies.total;
        let times = u64::from(self.scrap_times);
        made(tally) >= RATE_CARDS
            && tally.void >= RATE_SCRAP
            && tally.void * made(total) > times * total.void * made(tally)
    }
}

/// Issued cards and numbers given up: what scrap is a part of.
fn made(tally: &Tally) -> u64 {
    tally.issued + tally.void
}

fn percent(tally: &Tally) -> String {
    let of = made(tally);
    let tenths = (tally.void * 1000 + of / 2).checked_div(of).unwrap_or_default();
    format!("{}.{}", tenths / 10, tenths % 10)
}

fn rows(tallies: impl IntoIterator<Item = (String, Tally)>) -> Vec<Row> {
    let row = |(name, tally)| Row {
        name,
        kind: None,
        tally,
    };
    tallies.into_iter().map(row).collect()
}

fn of(body: &Intent, officer: &str) -> Begun {
    Begun {
        seq: 0,
        template: body.template.to_string(),
        batch: body.batch.as_ref().map(ToString::to_string).unwrap_or_default(),
        reader: body.reader.to_string(),
        officer: officer.to_owned(),
        day: None,
        status: Status::Blank,
    }
}

/// An issued card that is given up later: its last intent is in the tables.
fn issued(body: &CardVoid, ledger: &Ledger) -> Result<Begun, LedgerError> {
    let none = Begun {
        seq: 0,
        template: String::new(),
        batch: String::new(),
        reader: String::new(),
        officer: String::new(),
        day: None,
        status: Status::Blank,
    };
    let Some(row) = ledger.card(body.kind, body.number.as_str())? else {
        return Ok(none);
    };
    let entry = ledger.entry(row.intent)?;
    Ok(match &entry.act {
        Act::CardIntent(intent) | Act::PsamIntent(intent) => of(intent, entry.officer.as_str()),
        _ => none,
    })
}

fn tell_doubtful(left: Vec<((CardKind, String), Begun)>, cards: &mut Cards, found: &mut Anomalies) {
    let mut doubtful: Vec<Doubtful> = left
        .into_iter()
        .filter_map(|((kind, number), begun)| {
            let status = match begun.status {
                Status::Open | Status::Doubt => "in-doubt",
                Status::Partial => "failed-partial",
                Status::Blank => return None,
            };
            Some(Doubtful {
                kind: kind.as_str(),
                number,
                status,
                batch: begun.batch,
                intent: begun.seq,
            })
        })
        .collect();
    doubtful.sort_by_key(|card| card.intent);
    if let Some(first) = doubtful.first() {
        let count = doubtful.len() as u64;
        let entries: Vec<u64> = doubtful.iter().map(|card| card.intent).collect();
        let what = msg!("report-found-doubt", count = count, number = first.number);
        found.add(Rule::Doubt, what, count, &entries);
    }
    for card in doubtful {
        cards.doubtful.push(card);
    }
}
