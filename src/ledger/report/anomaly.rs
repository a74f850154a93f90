// SPDX-License-Identifier: Apache-2.0
//! Anomalies: what an auditor should look at. Each is found by a rule with an id and a threshold that stands in the report;
//! none of them says that somebody did wrong.

use serde::Serialize;

use crate::i18n::Msg;

/// How many anomalies of one rule are kept with their texts; the rest is counted.
const KEPT: usize = 100;

/// How many entries an anomaly names.
pub(super) const NAMED: usize = 8;

/// Where the rules draw their lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Thresholds {
    /// The hour at which the night begins.
    pub night_from: u8,
    /// The hour at which it ends.
    pub night_to: u8,
    /// So many failures in a row.
    pub failures: u32,
    /// Scrap so many times the period's average.
    pub scrap_times: u32,
    /// Nothing recorded for so many hours.
    pub silence_hours: u32,
    /// So many entries of the period without a checkpoint.
    pub lag: u64,
    /// An approval within so many seconds.
    pub quick_seconds: u32,
}

impl Default for Thresholds {
    fn default() -> Self {
        Self {
            night_from: 22,
            night_to: 6,
            failures: 5,
            scrap_times: 2,
            silence_hours: 96,
            lag: 1000,
            quick_seconds: 60,
        }
    }
}

impl Thresholds {
    /// Whether an hour of the day is night.
    pub fn is_night(&self, hour: u8) -> bool {
        let (from, to) = (self.night_from, self.night_to);
        if from <= to {
            (from..to).contains(&hour)
        } else {
            hour >= from || hour < to
        }
    }
}

/// Fewer cards than this, or less scrap than that, have no rate.
pub(super) const RATE_CARDS: u64 = 20;
pub(super) const RATE_SCRAP: u64 = 3;

/// A hole outside ranges is one up to this size.
pub(super) const HOLE: u128 = 100;

/// A rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rule {
    /// Numbers were skipped.
    Gap,
    /// A batch was closed with rows never begun.
    Left,
    /// Work at night.
    Night,
    /// Failures in a row on one reader.
    FailuresReader,
    /// Failures in a row by one operator.
    FailuresOperator,
    /// More scrap than usual.
    Scrap,
    /// The clock ran backwards and was refused.
    Clock,
    /// Nothing recorded for long.
    Silence,
    /// Cards in doubt at the end.
    Doubt,
    /// Writing to cards in use, or moving money, that has no end.
    Unfinished,
    /// Who took an order in approved its batch.
    OrderApprover,
    /// Two officers approve each other's batches.
    Mutual,
    /// A batch was approved at once.
    QuickApproval,
    /// The checkpoint lags behind, is missing, or was made anew.
    Checkpoint,
    /// No witness has cosigned what the period added.
    Cosign,
    /// Blanks counted are not those of the ledger.
    Count,
    /// Scripts with raw commands.
    Raw,
    /// Entries that do not read.
    Unreadable,
}

impl Rule {
    /// All, in the order of the report.
    pub const ALL: [Self; 18] = [
        Self::Gap,
        Self::Left,
        Self::Night,
        Self::FailuresReader,
        Self::FailuresOperator,
        Self::Scrap,
        Self::Clock,
        Self::Silence,
        Self::Doubt,
        Self::Unfinished,
        Self::OrderApprover,
        Self::Mutual,
        Self::QuickApproval,
        Self::Checkpoint,
        Self::Cosign,
        Self::Count,
        Self::Raw,
        Self::Unreadable,
    ];

    /// The id, by which `docs/formats/report.md` describes it.
    pub fn id(self) -> &'static str {
        match self {
            Self::Gap => "REPORT-GAP",
            Self::Left => "REPORT-LEFT",
            Self::Night => "REPORT-NIGHT",
            Self::FailuresReader => "REPORT-FAILURES-READER",
            Self::FailuresOperator => "REPORT-FAILURES-OPERATOR",
            Self::Scrap => "REPORT-SCRAP",
            Self::Clock => "REPORT-CLOCK",
            Self::Silence => "REPORT-SILENCE",
            Self::Doubt => "REPORT-DOUBT",
            Self::Unfinished => "REPORT-UNFINISHED",
            Self::OrderApprover => "REPORT-ORDER-APPROVER",
            Self::Mutual => "REPORT-MUTUAL",
            Self::QuickApproval => "REPORT-QUICK-APPROVAL",
            Self::Checkpoint => "REPORT-CHECKPOINT",
            Self::Cosign => "REPORT-COSIGN",
            Self::Count => "REPORT-COUNT",
            Self::Raw => "REPORT-RAW",
            Self::Unreadable => "REPORT-UNREADABLE",
        }
    }

    /// The threshold in one number or pair, as it stands behind the rule.
    fn threshold(self, t: &Thresholds) -> Option<String> {
        Some(match self {
            Self::Night => format!("{:02}–{:02}", t.night_from, t.night_to),
            Self::FailuresReader | Self::FailuresOperator => t.failures.to_string(),
            Self::Scrap => t.scrap_times.to_string(),
            Self::Silence => t.silence_hours.to_string(),
            Self::QuickApproval => t.quick_seconds.to_string(),
            Self::Checkpoint | Self::Cosign => t.lag.to_string(),
            Self::Gap => HOLE.to_string(),
            _ => return None,
        })
    }
}

/// A rule and how often it found something.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RuleApplied {
    /// Its id.
    pub rule: &'static str,
    /// Its threshold, where it has one.
    pub threshold: Option<String>,
    /// Anomalies found.
    pub found: u64,
}

/// An anomaly.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Anomaly {
    /// The rule that found it.
    pub rule: Rule,
    /// What it is.
    pub what: Msg,
    /// How many entries, cards or numbers it is about.
    pub count: u64,
    /// Entries to look at: the first ones.
    pub entries: Vec<u64>,
}

/// What the rules have found so far.
#[derive(Debug, Default)]
pub(super) struct Anomalies {
    found: Vec<Anomaly>,
    counts: [u64; Rule::ALL.len()],
}

impl Anomalies {
    pub(super) fn add(&mut self, rule: Rule, what: Msg, count: u64, entries: &[u64]) {
        let at = rule as usize;
        self.counts[at] += 1;
        if self.counts[at] <= KEPT as u64 {
            let entries = entries.iter().copied().take(NAMED).collect();
            self.found.push(Anomaly {
                rule,
                what,
                count,
                entries,
            });
        }
    }

    /// All rules with their thresholds, and what they found in the order of rules.
    pub(super) fn told(mut self, thresholds: &Thresholds) -> (Vec<RuleApplied>, Vec<Anomaly>) {
        let applied = Rule::ALL.iter().zip(self.counts).map(|(rule, found)| RuleApplied {
            rule: rule.id(),
            threshold: rule.threshold(thresholds),
            found,
        });
        let applied = applied.collect();
        self.found.sort_by_key(|anomaly| anomaly.rule);
        (applied, self.found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::msg;

    #[test]
    fn the_night_goes_over_midnight_or_not() {
        let late = Thresholds::default();
        assert!(late.is_night(22) && late.is_night(0) && late.is_night(5) && !late.is_night(6) && !late.is_night(21));
        let early = Thresholds {
            night_from: 0,
            night_to: 5,
            ..late
        };
        assert!(early.is_night(0) && early.is_night(4) && !early.is_night(5) && !early.is_night(23));
    }

    #[test]
    fn rules_stand_where_they_are_counted() {
        for (at, rule) in Rule::ALL.into_iter().enumerate() {
            assert_eq!(rule as usize, at);
        }
        let mut found = Anomalies::default();
        for seq in 0..150 {
            found.add(Rule::Clock, msg!("x"), 1, &[seq]);
        }
        found.add(Rule::Gap, msg!("x"), 1, &[1]);
        let (rules, kept) = found.told(&Thresholds::default());
        assert_eq!((rules[6].found, rules[0].found, kept.len()), (150, 1, 101));
        assert_eq!(kept[0].rule, Rule::Gap);
    }
}
