// SPDX-License-Identifier: Apache-2.0
//! Why attempts failed and what was made scrap for, counted by the words of the entries. So many different reasons are kept;
//! a text that is different each time cannot fill the memory.

use std::collections::BTreeMap;

use super::numbers::Reason;

/// Different reasons that are told apart.
const KEPT: usize = 500;

/// What, status word and reason.
type Words = (&'static str, String, String);

#[derive(Debug)]
struct Counted {
    count: u64,
    first: u64,
    last: u64,
}

/// Reasons so far.
#[derive(Debug, Default)]
pub(super) struct Reasons {
    counts: BTreeMap<Words, Counted>,
    others: u64,
}

impl Reasons {
    pub(super) fn add(&mut self, what: &'static str, status_word: &str, reason: &str, count: u64, seq: u64) {
        let words = (what, status_word.to_owned(), reason.to_owned());
        if let Some(known) = self.counts.get_mut(&words) {
            known.count += count;
            known.last = seq;
        } else if self.counts.len() < KEPT {
            let (first, last) = (seq, seq);
            self.counts.insert(words, Counted { count, first, last });
        } else {
            self.others += count;
        }
    }

    /// The commonest first, and how many are beyond those that are told apart.
    pub(super) fn told(self) -> (Vec<Reason>, u64) {
        let row = |((what, status_word, reason), counted): (Words, Counted)| Reason {
            what: what.to_owned(),
            status_word,
            reason,
            count: counted.count,
            first: counted.first,
            last: counted.last,
        };
        let mut rows: Vec<Reason> = self.counts.into_iter().map(row).collect();
        rows.sort_by_key(|row| std::cmp::Reverse(row.count));
        (rows, self.others)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endless_reasons_take_bounded_room() {
        let mut reasons = Reasons::default();
        for seq in 0..2000 {
            reasons.add("in-doubt", "", &format!("reason {}", seq / 2), 1, seq);
        }
        reasons.add("in-doubt", "", "reason 7", 5, 2000);
        let (rows, others) = reasons.told();
        assert_eq!((rows.len(), others), (KEPT, 1000));
        assert_eq!(
            (rows[0].reason.as_str(), rows[0].count, rows[0].last),
            ("reason 7", 7, 2000)
        );
    }
}
