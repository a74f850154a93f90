// SPDX-License-Identifier: Apache-2.0
//! A small runner for benchmarks that compare: two ways to do the same work, in turns in one run, and the ratio. Absolute
//! figures depend on the machine and on what else it does; ratios of the same run say more.
//!
//! `cargo bench` measures. Anything else (`cargo test --all-targets`) runs each piece of work a few times only, to see that it
//! works.

use std::io::Write;
use std::time::{Duration, Instant};

/// Rounds of each side; the middle one counts.
const ROUNDS: usize = 7;
/// How long a round lasts.
const ROUND: Duration = Duration::from_millis(250);

/// Prints a table, line by line as it is measured.
pub(crate) struct Table {
    measure: bool,
}

impl Table {
    /// Prints the heading. `theirs` is what this program is compared with.
    pub(crate) fn begin(title: &str, theirs: &str) -> Self {
        let measure = std::env::args().any(|a| a == "--bench");
        say(&format!("\n{title}\n"));
        say(&format!(
            "{:<52} {:>14} {:>14} {:>7}",
            "per second", "cardmint", theirs, "ratio"
        ));
        Self { measure }
    }

    /// Two ways of one piece of work. Both are called alternately; each call does one item.
    pub(crate) fn compare(&self, name: &str, mut ours: impl FnMut(), mut theirs: impl FnMut()) {
        let (mut our_rates, mut their_rates) = (Vec::new(), Vec::new());
        for _ in 0..if self.measure { ROUNDS } else { 1 } {
            our_rates.push(self.rate(&mut ours));
            their_rates.push(self.rate(&mut theirs));
        }
        let (ours, theirs) = (middle(our_rates), middle(their_rates));
        say(&format!(
            "{name:<52} {ours:>14.0} {theirs:>14.0} {:>7.2}",
            ours / theirs
        ));
    }

    /// Two whole runs, each of `items` items; for work that cannot be cut into calls. Fewer rounds.
    #[allow(dead_code, reason = "not every benchmark has such work")]
    pub(crate) fn compare_runs(&self, name: &str, items: usize, mut ours: impl FnMut(), mut theirs: impl FnMut()) {
        let (mut our_rates, mut their_rates) = (Vec::new(), Vec::new());
        let timed = |work: &mut dyn FnMut()| {
            let start = Instant::now();
            work();
            per_second(items, start.elapsed())
        };
        for _ in 0..if self.measure { 3 } else { 1 } {
            our_rates.push(timed(&mut ours));
            their_rates.push(timed(&mut theirs));
        }
        let (ours, theirs) = (middle(our_rates), middle(their_rates));
        say(&format!(
            "{name:<52} {ours:>14.0} {theirs:>14.0} {:>7.2}",
            ours / theirs
        ));
    }

    /// Whether this is a measurement.
    #[allow(dead_code, reason = "for benchmarks that prepare large inputs")]
    pub(crate) fn measures(&self) -> bool {
        self.measure
    }

    fn rate(&self, work: &mut impl FnMut()) -> f64 {
        let limit = if self.measure { ROUND } else { Duration::ZERO };
        let (start, mut items) = (Instant::now(), 0);
        loop {
            for _ in 0..64 {
                work();
            }
            items += 64;
            if start.elapsed() >= limit {
                return per_second(items, start.elapsed());
            }
        }
    }
}

pub(crate) fn per_second(items: usize, took: Duration) -> f64 {
    #[allow(clippy::cast_precision_loss, reason = "a rate for people")]
    let items = items as f64;
    items / took.as_secs_f64().max(1e-9)
}

pub(crate) fn middle(mut rates: Vec<f64>) -> f64 {
    rates.sort_by(f64::total_cmp);
    rates[rates.len() / 2]
}

pub(crate) fn say(line: &str) {
    // A closed pipe ends a benchmark early; nothing to do about it.
    let _ = writeln!(std::io::stdout(), "{line}");
}

/// A line of rates that were measured in another way.
#[allow(dead_code, reason = "not every benchmark has such work")]
pub(crate) fn line(name: &str, ours: f64, theirs: f64) {
    say(&format!(
        "{name:<52} {ours:>14.0} {theirs:>14.0} {:>7.2}",
        ours / theirs
    ));
}
