// SPDX-License-Identifier: Apache-2.0
//! Failures one after the other, by reader or by operator.

use std::collections::HashMap;

use super::anomaly::NAMED;

/// Runs that are kept; an auditor who has seen so many has seen enough.
const KEPT: usize = 1000;

/// Failures without a success between them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Run {
    pub(super) name: String,
    pub(super) count: u64,
    /// The first entries.
    pub(super) entries: Vec<u64>,
}

/// Runs so far.
#[derive(Debug)]
pub(super) struct Runs {
    least: u64,
    open: HashMap<String, Run>,
    found: Vec<Run>,
}

impl Runs {
    pub(super) fn new(least: u32) -> Self {
        Self {
            least: u64::from(least.max(1)),
            open: HashMap::new(),
            found: Vec::new(),
        }
    }

    /// An attempt ended.
    pub(super) fn ended(&mut self, name: &str, failed: bool, seq: u64) {
        if !failed {
            let run = self.open.remove(name);
            self.keep(run);
            return;
        }
        let run = self.open.entry(name.to_owned()).or_insert_with(|| Run {
            name: name.to_owned(),
            ..Run::default()
        });
        run.count += 1;
        if run.entries.len() < NAMED {
            run.entries.push(seq);
        }
    }

    fn keep(&mut self, run: Option<Run>) {
        let long = run.filter(|run| run.count >= self.least && self.found.len() < KEPT);
        self.found.extend(long);
    }

    /// The long runs, in the order of their first entries.
    pub(super) fn told(&mut self) -> Vec<Run> {
        let open: Vec<Run> = self.open.drain().map(|(_, run)| run).collect();
        for run in open {
            self.keep(Some(run));
        }
        let mut found = std::mem::take(&mut self.found);
        found.sort_by(|a, b| a.entries.cmp(&b.entries));
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_success_ends_a_run() {
        let mut runs = Runs::new(3);
        for (seq, failed) in [true, true, false, true, true, true, false, true]
            .into_iter()
            .enumerate()
        {
            runs.ended("a", failed, seq as u64);
            runs.ended("b", true, 100 + seq as u64);
        }
        let told: Vec<_> = runs
            .told()
            .into_iter()
            .map(|run| (run.name, run.count, run.entries[0]))
            .collect();
        assert_eq!(told, [("a".to_owned(), 3, 3), ("b".to_owned(), 8, 100)]);
    }
}
