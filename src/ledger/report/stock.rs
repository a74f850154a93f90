// SPDX-License-Identifier: Apache-2.0
//! Blanks at both ends of the period, lot by lot. The movements are those of `docs/formats/ledger-centre.md` §3, taken from
//! the entries alone; the tables are not asked.

use std::collections::{BTreeMap, HashMap};

use super::anomaly::{Anomalies, Rule};
use super::places::{Lot, Places};
use super::seen::Seen;
use crate::ledger::act::{Act, CardKind, Ending, Intent, Outcome, StockCount, StockReceive};
use crate::msg;

#[derive(Debug, Default)]
struct State {
    blank: String,
    supplier: String,
    opening: Places,
    now: Places,
}

/// The lots so far.
#[derive(Debug, Default)]
pub(super) struct Lots {
    lots: BTreeMap<String, State>,
    /// The lot of each blank that is being written.
    under: HashMap<(CardKind, String), String>,
}

impl Lots {
    /// The period begins here.
    pub(super) fn open(&mut self) {
        for lot in self.lots.values_mut() {
            lot.opening = lot.now;
        }
    }

    pub(super) fn take(&mut self, seen: &Seen, found: &mut Anomalies) {
        match &seen.act {
            Act::StockReceive(body) => self.receive(body),
            Act::StockHandOut(body) => self.shift(body.lot.as_str(), body.count, |p, n| {
                p.in_stock -= n;
                p.handed_out += n;
            }),
            Act::StockTakeBack(body) => self.shift(body.lot.as_str(), body.count, |p, n| {
                p.handed_out -= n;
                p.in_stock += n;
            }),
            Act::StockReturn(body) => self.shift(body.lot.as_str(), body.count, |p, n| {
                p.in_stock -= n;
                p.returned += n;
            }),
            Act::StockScrap(body) => {
                let in_hands = body.from.is_some();
                self.shift(body.lot.as_str(), body.count, |p, n| {
                    *(if in_hands { &mut p.handed_out } else { &mut p.in_stock }) -= n;
                    p.scrapped += n;
                });
            }
            Act::StockCount(body) if seen.inside => counted(body, seen.seq, found),
            Act::CardIntent(body) => self.begin(CardKind::User, body),
            Act::PsamIntent(body) => self.begin(CardKind::Psam, body),
            Act::CardOutcome(body) => self.conclude(CardKind::User, body),
            Act::PsamOutcome(body) => self.conclude(CardKind::Psam, body),
            Act::CardVoid(body) => self.leave(body.kind, body.number.as_str(), |p| p.scrapped += 1),
            _ => {}
        }
    }

    fn receive(&mut self, body: &StockReceive) {
        let lot = self.lots.entry(body.lot.to_string()).or_default();
        lot.blank = body.blank.to_string();
        lot.supplier = body.supplier.to_string();
        lot.now.received += i64::from(body.count);
        lot.now.in_stock += i64::from(body.count);
    }

    fn shift(&mut self, lot: &str, count: u32, change: impl Fn(&mut Places, i64)) {
        if !self.lots.contains_key(lot) {
            self.lots.insert(lot.to_owned(), State::default());
        }
        if let Some(lot) = self.lots.get_mut(lot) {
            change(&mut lot.now, i64::from(count));
        }
    }

    fn begin(&mut self, kind: CardKind, body: &Intent) {
        let Some(lot) = &body.lot else { return };
        let number = (kind, body.number.to_string());
        if self.under.contains_key(&number) {
            return;
        }
        self.shift(lot.as_str(), 1, |p, n| {
            p.handed_out -= n;
            p.in_process += n;
        });
        self.under.insert(number, lot.to_string());
    }

    fn conclude(&mut self, kind: CardKind, body: &Outcome) {
        match body.result {
            Ending::Issued => self.leave(kind, body.number.as_str(), |p| p.issued += 1),
            Ending::FailedBlank => self.leave(kind, body.number.as_str(), |p| p.handed_out += 1),
            Ending::FailedPartial | Ending::InDoubt => {}
        }
    }

    fn leave(&mut self, kind: CardKind, number: &str, arrive: impl Fn(&mut Places)) {
        let Some(lot) = self.under.remove(&(kind, number.to_owned())) else {
            return;
        };
        self.shift(&lot, 1, |p, n| {
            p.in_process -= n;
            arrive(p);
        });
    }

    /// Lots that were there in the period, by name.
    pub(super) fn told(self) -> Vec<Lot> {
        let lots = self.lots.into_iter().map(|(lot, state)| Lot {
            lot,
            blank: state.blank,
            supplier: state.supplier,
            opening: state.opening,
            closing: state.now,
            balanced: state.opening.balanced() && state.now.balanced(),
        });
        lots.collect()
    }
}

fn counted(body: &StockCount, seq: u64, found: &mut Anomalies) {
    if body.expected == body.counted {
        return;
    }
    let missing = u64::from(body.expected.abs_diff(body.counted));
    let what = msg!(
        "report-found-count",
        lot = body.lot,
        expected = body.expected,
        counted = body.counted
    );
    found.add(Rule::Count, what, missing, &[seq]);
}
