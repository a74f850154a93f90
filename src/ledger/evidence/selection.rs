// SPDX-License-Identifier: Apache-2.0
//! Which entries go into a bundle: ranges of `seq`, ascending, apart from each other. A million entries in a row are one
//! range; memory grows with the gaps only.

use std::ops::Range;

/// Entries by `seq`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Selection(Vec<Range<u64>>);

impl Selection {
    /// The first `size` entries.
    pub(super) fn all(size: u64) -> Self {
        Self(std::iter::once(0..size).filter(|r| !r.is_empty()).collect())
    }

    /// Adds an entry. In ascending order this costs nothing.
    pub(super) fn add(&mut self, seq: u64) {
        let at = self.0.partition_point(|range| range.end < seq);
        match self.0.get_mut(at) {
            Some(range) if range.contains(&seq) => {}
            Some(range) if range.end == seq => {
                range.end += 1;
                self.join(at);
            }
            Some(range) if range.start == seq + 1 => range.start = seq,
            _ => self.0.insert(at, seq..seq + 1),
        }
    }

    /// Makes one range of two that touch.
    fn join(&mut self, at: usize) {
        if let [left, right, ..] = &mut self.0[at..]
            && left.end == right.start
        {
            left.end = right.end;
            self.0.remove(at + 1);
        }
    }

    /// Without those from `size` on.
    #[must_use]
    pub(super) fn below(mut self, size: u64) -> Self {
        self.0.iter_mut().for_each(|range| range.end = range.end.min(size));
        self.0.retain(|range| !range.is_empty());
        self
    }

    /// How many.
    pub(super) fn count(&self) -> u64 {
        self.0.iter().map(|range| range.end - range.start).sum()
    }

    /// The largest.
    pub(super) fn last(&self) -> Option<u64> {
        self.0.last().map(|range| range.end - 1)
    }

    /// The ranges.
    pub(super) fn ranges(&self) -> &[Range<u64>] {
        &self.0
    }

    /// Whether it has one of these.
    pub(super) fn touches(&self, part: &Range<u64>) -> bool {
        self.first_after(part.start).is_some_and(|range| range.start < part.end)
    }

    /// Whether it has all of these.
    pub(super) fn covers(&self, part: &Range<u64>) -> bool {
        self.first_after(part.start)
            .is_some_and(|range| range.start <= part.start && part.end <= range.end)
    }

    /// The first range that ends after a place.
    fn first_after(&self, start: u64) -> Option<&Range<u64>> {
        self.0.get(self.0.partition_point(|range| range.end <= start))
    }
}

impl FromIterator<u64> for Selection {
    fn from_iter<I: IntoIterator<Item = u64>>(seqs: I) -> Self {
        let mut selection = Self::default();
        seqs.into_iter().for_each(|seq| selection.add(seq));
        selection
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    proptest! {
        #[test]
        fn it_is_the_set_of_what_was_added(seqs in prop::collection::vec(0_u64..60, 0..60), a in 0_u64..60, b in 0_u64..60) {
            let set: BTreeSet<u64> = seqs.iter().copied().collect();
            let selection: Selection = seqs.into_iter().collect();
            let listed: Vec<u64> = selection.ranges().iter().flat_map(Clone::clone).collect();
            prop_assert_eq!(&listed, &set.iter().copied().collect::<Vec<_>>());
            let apart = selection.ranges().windows(2).all(|pair| pair[0].end < pair[1].start);
            prop_assert!(apart);
            prop_assert_eq!(selection.count(), set.len() as u64);
            prop_assert_eq!(selection.last(), set.last().copied());
            let part = a.min(b)..a.max(b) + 1;
            prop_assert_eq!(selection.touches(&part), part.clone().any(|seq| set.contains(&seq)));
            prop_assert_eq!(selection.covers(&part), part.clone().all(|seq| set.contains(&seq)));
            let below: Vec<u64> = selection.below(a).ranges().iter().flat_map(Clone::clone).collect();
            prop_assert_eq!(below, set.range(..a).copied().collect::<Vec<_>>());
        }
    }
}
