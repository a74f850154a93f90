// SPDX-License-Identifier: Apache-2.0
//! Numbers used, as intervals, and the gaps between them. Numbers of equal length and kind that follow one another are one
//! interval, so that a million cards of a range take as much memory as one.

use std::collections::BTreeMap;

use super::anomaly::{Anomalies, HOLE, Rule};
use super::seen::Seen;
use crate::ledger::act::{Act, Intent, OrderImport, RangeKind, Span};
use crate::ledger::field::Number;
use crate::msg;

/// More intervals than this of one kind are no sequence, and nobody looks for gaps in them.
const SCATTERED: usize = 100_000;

/// Length and value of a number.
type Place = (usize, u128);

#[derive(Debug, Clone, Copy)]
struct Interval {
    last: u128,
    /// The entry that used its first number.
    seq: u64,
}

#[derive(Debug, Default)]
struct Used {
    intervals: BTreeMap<Place, Interval>,
    scattered: bool,
}

/// A range that was reserved.
#[derive(Debug)]
struct Reserved {
    name: String,
    kind: RangeKind,
    first: Place,
    last: u128,
}

/// All numbers so far.
#[derive(Debug, Default)]
pub(super) struct Numbers {
    used: BTreeMap<RangeKind, Used>,
    ranges: Vec<Reserved>,
    /// The spans of orders, until they are withdrawn.
    orders: BTreeMap<String, Vec<(RangeKind, Place, u128)>>,
}

fn place(number: &Number) -> Option<Place> {
    let text = number.as_str();
    text.bytes()
        .all(|b| b.is_ascii_digit())
        .then(|| text.parse().ok())
        .flatten()
        .map(|value| (text.len(), value))
}

impl Used {
    fn add(&mut self, (length, first): Place, last: u128, seq: u64) {
        if self.scattered {
            return;
        }
        let mut new = Interval { last, seq };
        let mut start = first;
        // What begins before and touches it.
        if let Some((at, before)) = self.intervals.range(..=(length, first)).next_back()
            && at.0 == length
            && before.last.saturating_add(1) >= first
        {
            start = at.1;
            new = Interval {
                last: before.last.max(last),
                seq: before.seq,
            };
        }
        // What begins within it or right behind it.
        let behind = (length, new.last.saturating_add(1));
        let touched: Vec<(Place, Interval)> = self
            .intervals
            .range((length, start)..=behind)
            .map(|(at, interval)| (*at, *interval))
            .collect();
        for (at, interval) in touched {
            self.intervals.remove(&at);
            new.last = new.last.max(interval.last);
        }
        self.intervals.insert((length, start), new);
        if self.intervals.len() > SCATTERED {
            self.scattered = true;
            self.intervals.clear();
        }
    }

    fn remove(&mut self, (length, first): Place, last: u128) {
        let Some((at, whole)) = self
            .intervals
            .range(..=(length, first))
            .next_back()
            .map(|(at, whole)| (*at, *whole))
        else {
            return;
        };
        if at.0 != length || whole.last < last {
            return;
        }
        self.intervals.remove(&at);
        if at.1 < first {
            let last = first - 1;
            self.intervals.insert(at, Interval { last, ..whole });
        }
        if whole.last > last {
            self.intervals.insert((length, last + 1), whole);
        }
    }
}

impl Numbers {
    pub(super) fn take(&mut self, seen: &Seen) {
        match &seen.act {
            Act::RangeReserve(body) => {
                if let (Some(first), Some((_, last))) = (place(&body.from), place(&body.to)) {
                    let (name, kind) = (body.range.to_string(), body.kind);
                    self.ranges.push(Reserved {
                        name,
                        kind,
                        first,
                        last,
                    });
                }
            }
            Act::OrderImport(body) => self.import(body, seen.seq),
            Act::OrderWithdraw(body) => {
                for (kind, first, last) in self.orders.remove(body.order.as_str()).unwrap_or_default() {
                    self.used.entry(kind).or_default().remove(first, last);
                }
            }
            Act::CardIntent(body) => self.intend(RangeKind::User, body, seen.seq),
            Act::PsamIntent(body) => self.intend(RangeKind::Psam, body, seen.seq),
            _ => {}
        }
    }

    fn import(&mut self, body: &OrderImport, seq: u64) {
        let of = |kind: RangeKind, spans: &[Span]| -> Vec<(RangeKind, Place, u128)> {
            let span = |span: &Span| Some((kind, place(&span.from)?, place(&span.to)?.1));
            spans.iter().filter_map(span).collect()
        };
        let mut spans = of(body.kind.into(), &body.numbers);
        spans.extend(of(RangeKind::Terminal, &body.terminals));
        for (kind, first, last) in &spans {
            self.used.entry(*kind).or_default().add(*first, *last, seq);
        }
        self.orders.insert(body.order.to_string(), spans);
    }

    fn intend(&mut self, kind: RangeKind, body: &Intent, seq: u64) {
        if body.resumes.is_some() {
            return;
        }
        let terminal = body.terminal.iter().map(|number| (RangeKind::Terminal, number));
        for (kind, number) in terminal.chain([(kind, &body.number)]) {
            if let Some(at) = place(number) {
                self.used.entry(kind).or_default().add(at, at.1, seq);
            }
        }
    }

    /// The gaps that entries from `from` on have left behind them.
    pub(super) fn tell(&self, from: u64, found: &mut Anomalies) {
        for (kind, used) in &self.used {
            if used.scattered {
                let what = msg!("report-found-scattered").with_word("kind", "range-kind", kind.as_str());
                found.add(Rule::Gap, what, SCATTERED as u64, &[]);
            }
            let mut before: Option<(Place, u128)> = None;
            for (at, interval) in &used.intervals {
                if interval.seq >= from {
                    self.tell_gap(*kind, before, *at, interval.seq, found);
                }
                before = Some((*at, interval.last));
            }
        }
    }

    fn tell_gap(&self, kind: RangeKind, before: Option<(Place, u128)>, at: Place, seq: u64, found: &mut Anomalies) {
        let (length, start) = at;
        let before = before.filter(|((other, _), _)| *other == length).map(|(_, last)| last);
        let holds = |range: &&Reserved, value: u128| {
            range.kind == kind && range.first.0 == length && (range.first.1..=range.last).contains(&value)
        };
        let range = self.ranges.iter().find(|range| holds(range, start));
        let behind = before.map_or(0, |last| last.saturating_add(1));
        let first = match (range, before) {
            (Some(range), _) => behind.max(range.first.1),
            (None, Some(last)) if !self.ranges.iter().any(|range| holds(&range, last)) => behind,
            (None, _) => return,
        };
        let count = start.saturating_sub(first);
        if count == 0 || range.is_none() && count > HOLE {
            return;
        }
        let text = |value: u128| format!("{value:0length$}");
        let (from, to) = (text(first), text(start - 1));
        let range = range.map_or("–", |range| range.name.as_str());
        let what = msg!("report-found-gap", from = from, to = to, count = count, range = range).with_word(
            "kind",
            "range-kind",
            kind.as_str(),
        );
        found.add(Rule::Gap, what, u64::try_from(count).unwrap_or(u64::MAX), &[seq]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(used: &Used) -> Vec<(u128, u128, u64)> {
        let row = |(at, i): (&Place, &Interval)| (at.1, i.last, i.seq);
        used.intervals.iter().map(row).collect()
    }

    #[test]
    fn intervals_join_and_come_apart() {
        let mut used = Used::default();
        used.add((4, 10), 19, 1);
        used.add((4, 30), 39, 2);
        used.add((5, 20), 29, 3);
        assert_eq!(shown(&used), [(10, 19, 1), (30, 39, 2), (20, 29, 3)]);
        used.add((4, 20), 20, 4);
        used.add((4, 28), 29, 5);
        assert_eq!(shown(&used), [(10, 20, 1), (28, 39, 5), (20, 29, 3)]);
        used.add((4, 5), 50, 6);
        assert_eq!(shown(&used), [(5, 50, 6), (20, 29, 3)]);
        used.remove((4, 10), 12);
        assert_eq!(shown(&used), [(5, 9, 6), (13, 50, 6), (20, 29, 3)]);
        used.remove((4, 40), 60);
        assert_eq!(shown(&used).len(), 3, "what is not whole in one interval stays");
    }

    #[test]
    fn random_intervals_agree_with_a_set() {
        let seed: u64 = 0x5EED_1234;
        let mut state = seed;
        let mut next = |below: u64| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) % below
        };
        let mut used = Used::default();
        let mut set = std::collections::BTreeSet::new();
        for seq in 0..2000 {
            let first = u128::from(next(400));
            let last = first + u128::from(next(6));
            if next(3) > 0 {
                used.add((4, first), last, seq);
                set.extend(first..=last);
            } else if (first..=last).all(|n| set.contains(&n)) {
                used.remove((4, first), last);
                set.retain(|n| !(first..=last).contains(n));
            }
            let ours: Vec<u128> = used.intervals.iter().flat_map(|(at, i)| at.1..=i.last).collect();
            assert!(ours.iter().eq(set.iter()), "seed {seed:x} step {seq}");
        }
    }
}
