// SPDX-License-Identifier: Apache-2.0
//! Sets of card numbers as sorted spans that neither touch nor overlap. Decimal numbers of one length are one row of
//! numbers; a number with letters stands alone.

use std::collections::{BTreeMap, BTreeSet};

use crate::ledger::CardKind;
use crate::ledger::centre::BlacklistRow;

/// Numbers that sort together: kind of card and length.
pub(super) type Group = (u8, u8);

/// First and last.
pub(super) type Span = (u128, u128);

/// A set of numbers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NumberSet {
    /// Decimal numbers.
    pub(super) decimal: BTreeMap<Group, Vec<Span>>,
    /// Numbers with letters.
    pub(super) text: BTreeMap<Group, BTreeSet<String>>,
}

/// The byte of a kind of card in compact lists.
pub(super) fn kind_byte(kind: CardKind) -> u8 {
    match kind {
        CardKind::User => 0,
        CardKind::Psam => 1,
    }
}

fn decimal(number: &str) -> Option<u128> {
    number
        .parse()
        .ok()
        .filter(|_| number.bytes().all(|b| b.is_ascii_digit()))
}

impl NumberSet {
    /// What these rows cover.
    pub fn of(rows: &[&BlacklistRow]) -> Self {
        let mut set = Self::default();
        for row in rows {
            let kind = u8::from(row.kind == CardKind::Psam.as_str());
            let group = (kind, row.from.len() as u8);
            match (decimal(&row.from), decimal(&row.to)) {
                (Some(from), Some(to)) => set.decimal.entry(group).or_default().push((from, to)),
                _ => {
                    set.text.entry(group).or_default().insert(row.from.clone());
                }
            }
        }
        set.decimal
            .values_mut()
            .for_each(|spans| *spans = joined(std::mem::take(spans)));
        set
    }

    /// Whether a number is in it.
    pub fn contains(&self, kind: CardKind, number: &str) -> bool {
        let group = (kind_byte(kind), number.len() as u8);
        match decimal(number) {
            Some(n) => self.decimal.get(&group).is_some_and(|spans| {
                let after = spans.partition_point(|(from, _)| *from <= n);
                after > 0 && n <= spans[after - 1].1
            }),
            None => self.text.get(&group).is_some_and(|texts| texts.contains(number)),
        }
    }

    /// How many numbers.
    pub fn count(&self) -> u128 {
        let decimal = self.decimal.values().flatten().map(|(from, to)| to - from + 1);
        decimal.sum::<u128>() + self.text.values().map(|t| t.len() as u128).sum::<u128>()
    }

    /// What is in this set and not in the other.
    #[must_use]
    pub fn without(&self, other: &Self) -> Self {
        let mut rest = Self::default();
        for (group, spans) in &self.decimal {
            let taken = other.decimal.get(group).map_or(&[][..], Vec::as_slice);
            rest.put(*group, difference(spans, taken));
        }
        for (group, texts) in &self.text {
            let taken = other.text.get(group);
            let left: BTreeSet<String> = texts
                .iter()
                .filter(|t| taken.is_none_or(|taken| !taken.contains(*t)))
                .cloned()
                .collect();
            if !left.is_empty() {
                rest.text.insert(*group, left);
            }
        }
        rest
    }

    /// What is in one of them.
    #[must_use]
    pub fn with(&self, other: &Self) -> Self {
        let mut all = self.clone();
        for (group, spans) in &other.decimal {
            let before = all.decimal.remove(group).unwrap_or_default();
            all.put(*group, joined([&before[..], spans].concat()));
        }
        for (group, texts) in &other.text {
            all.text.entry(*group).or_default().extend(texts.iter().cloned());
        }
        all
    }

    /// Whether its spans are sorted and neither touch nor overlap.
    pub(super) fn is_apart(&self) -> bool {
        self.decimal.values().all(|spans| joined(spans.clone()) == *spans)
    }

    fn put(&mut self, group: Group, spans: Vec<Span>) {
        if !spans.is_empty() {
            self.decimal.insert(group, spans);
        }
    }
}

/// Sorted, and joined where they touch or overlap.
pub(super) fn joined(mut spans: Vec<Span>) -> Vec<Span> {
    spans.sort_unstable();
    let mut out: Vec<Span> = Vec::with_capacity(spans.len());
    for (from, to) in spans {
        match out.last_mut() {
            Some(last) if from <= last.1.saturating_add(1) => last.1 = last.1.max(to),
            _ => out.push((from, to)),
        }
    }
    out
}

/// What is left of sorted, disjoint spans.
fn difference(spans: &[Span], taken: &[Span]) -> Vec<Span> {
    let mut out = Vec::new();
    let mut first = 0;
    for &(from, to) in spans {
        let mut start = from;
        let mut whole = true;
        while first < taken.len() && taken[first].1 < from {
            first += 1;
        }
        for &(a, b) in taken[first..].iter().take_while(|(a, _)| *a <= to) {
            if a > start {
                out.push((start, a - 1));
            }
            if b >= to {
                whole = false;
                break;
            }
            start = start.max(b + 1);
        }
        if whole {
            out.push((start, to));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_joined_and_taken_apart() {
        assert_eq!(
            joined(vec![(5, 9), (1, 2), (3, 3), (8, 12), (20, 20)]),
            [(1, 3), (5, 12), (20, 20)]
        );
        let spans = [(1, 10), (20, 30), (40, 40)];
        assert_eq!(
            difference(&spans, &[(3, 4), (8, 22), (40, 50)]),
            [(1, 2), (5, 7), (23, 30)]
        );
        assert_eq!(difference(&spans, &[]), spans);
        assert_eq!(difference(&spans, &[(0, 100)]), []);
        assert_eq!(difference(&[(u128::MAX, u128::MAX)], &[(0, u128::MAX)]), []);
    }

    #[test]
    fn a_set_is_what_counting_says() {
        let mut seed = [0; 8];
        crate::outside::Random::fill(&mut crate::outside::SystemRandom, &mut seed).unwrap();
        let mut state = u64::from_le_bytes(seed) | 1;
        let seed = state;
        let mut random = |below: u64| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            u128::from(state % below)
        };
        for _ in 0..300 {
            let mut draw = || {
                let count = random(8);
                let span = |_| {
                    let from = random(60);
                    (from, from + random(9))
                };
                joined((0..count).map(span).collect())
            };
            let (a, b) = (draw(), draw());
            let has = |spans: &[Span], n: u128| spans.iter().any(|(from, to)| (*from..=*to).contains(&n));
            let (less, both) = (difference(&a, &b), joined([&a[..], &b].concat()));
            for n in 0..80 {
                assert_eq!(has(&less, n), has(&a, n) && !has(&b, n), "seed {seed}: {a:?} {b:?} {n}");
                assert_eq!(has(&both, n), has(&a, n) || has(&b, n), "seed {seed}: {a:?} {b:?} {n}");
            }
            assert_eq!(joined(less.clone()), less);
        }
    }
}
