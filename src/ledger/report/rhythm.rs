// SPDX-License-Identifier: Apache-2.0
//! When the site worked: at night, not at all for long, and with a clock that ran backwards.

use std::collections::BTreeMap;

use jiff::civil::{Date, DateTime};
use jiff::{Timestamp, ToSpan};

use super::anomaly::{Anomalies, NAMED, Rule, Thresholds};
use super::period::{Period, local_of};
use super::seen::Seen;
use crate::ledger::act::Act;
use crate::msg;

/// What one officer did in one night.
#[derive(Debug)]
struct Night {
    count: u64,
    began: DateTime,
    ended: DateTime,
    entries: Vec<u64>,
}

/// The times of the entries so far.
#[derive(Debug)]
pub(super) struct Rhythm {
    thresholds: Thresholds,
    /// By the day on which the night begins, and by officer.
    nights: BTreeMap<(Date, String), Night>,
    /// The last entry of the period, or its beginning.
    last: (Timestamp, Option<u64>),
}

impl Rhythm {
    pub(super) fn new(thresholds: Thresholds, period: Period) -> Self {
        Self {
            thresholds,
            nights: BTreeMap::new(),
            last: (period.since(), None),
        }
    }

    pub(super) fn take(&mut self, seen: &Seen, found: &mut Anomalies) {
        if !seen.inside {
            return;
        }
        let Ok(at) = seen.at.as_str().parse::<Timestamp>() else {
            return;
        };
        // A ledger that begins within the period was not silent before.
        if seen.seq > 0 {
            self.silence(at, Some(seen.seq), found);
        }
        self.last = (at, Some(seen.seq));
        if let Act::ClockRefused(body) = &seen.act {
            let what = msg!(
                "report-found-clock",
                attempts = body.attempts,
                earliest = shown(body.earliest.as_str().parse().ok())
            );
            found.add(Rule::Clock, what, u64::from(body.attempts), &[seen.seq]);
            return;
        }
        let hour = u8::try_from(seen.local.hour()).unwrap_or_default();
        if self.thresholds.is_night(hour) {
            self.at_night(hour, seen);
        }
    }

    fn at_night(&mut self, hour: u8, seen: &Seen) {
        let before_midnight =
            self.thresholds.night_from <= self.thresholds.night_to || hour >= self.thresholds.night_from;
        let day = seen.day();
        let evening = if before_midnight {
            day
        } else {
            day.checked_sub(1.day()).unwrap_or(day)
        };
        let night = self
            .nights
            .entry((evening, seen.officer().to_owned()))
            .or_insert_with(|| Night {
                count: 0,
                began: seen.local,
                ended: seen.local,
                entries: Vec::new(),
            });
        night.count += 1;
        night.ended = seen.local;
        if night.entries.len() < NAMED {
            night.entries.push(seen.seq);
        }
    }

    fn silence(&self, until: Timestamp, next: Option<u64>, found: &mut Anomalies) {
        let (since, before) = self.last;
        let hours = since.duration_until(until).as_hours();
        if hours < i64::from(self.thresholds.silence_hours.max(1)) {
            return;
        }
        let what = msg!(
            "report-found-silence",
            hours = hours,
            since = shown(Some(since)),
            until = shown(Some(until))
        );
        let entries: Vec<u64> = before.into_iter().chain(next).collect();
        found.add(Rule::Silence, what, u64::try_from(hours).unwrap_or_default(), &entries);
    }

    /// `end`: the end of the period, or now where that is earlier. A period without any entry is silent as a whole.
    pub(super) fn told(self, end: Timestamp, found: &mut Anomalies) {
        self.silence(end, None, found);
        for ((evening, officer), night) in &self.nights {
            let what = msg!(
                "report-found-night",
                evening = evening,
                officer = officer,
                count = night.count,
                began = clock(night.began),
                ended = clock(night.ended)
            );
            found.add(Rule::Night, what, night.count, &night.entries);
        }
    }
}

/// A moment where the site is, to the minute.
fn shown(at: Option<Timestamp>) -> String {
    let at = at.map(local_of);
    at.map(|at| format!("{} {}", at.date(), clock(at))).unwrap_or_default()
}

fn clock(at: DateTime) -> String {
    format!("{:02}:{:02}", at.hour(), at.minute())
}
