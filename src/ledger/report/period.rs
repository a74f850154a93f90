// SPDX-License-Identifier: Apache-2.0
//! A period of whole days in Beijing time, which all of China keeps the whole year. Entries are in UTC.

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::Offset;
use jiff::{Timestamp, ToSpan};
use serde::{Serialize, Serializer};

use crate::ledger::error::LedgerError;
use crate::ledger::field::Moment;
use crate::ledger::filter::Filter;

/// Days from the first to the last, both included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Period {
    /// The first day.
    #[serde(serialize_with = "as_text")]
    pub from: Date,
    /// The last day.
    #[serde(serialize_with = "as_text")]
    pub to: Date,
}

#[allow(clippy::trivially_copy_pass_by_ref)] // serde asks for a reference
fn as_text<S: Serializer>(date: &Date, to: S) -> Result<S::Ok, S::Error> {
    to.collect_str(date)
}

/// Beijing time.
fn beijing() -> Offset {
    Offset::constant(8)
}

/// The time of day where the site is.
pub fn local(at: &Moment) -> Option<DateTime> {
    at.as_str()
        .parse::<Timestamp>()
        .ok()
        .map(|at| beijing().to_datetime(at))
}

/// The moment as a clock on the site's wall shows it.
pub fn local_of(at: Timestamp) -> DateTime {
    beijing().to_datetime(at)
}

fn midnight(date: Date) -> Timestamp {
    let day = date.to_datetime(Time::midnight());
    beijing().to_timestamp(day).unwrap_or(Timestamp::MAX)
}

impl Period {
    /// `None` where the last day is before the first, or beyond the years 2000 to 2199.
    pub fn new(from: Date, to: Date) -> Option<Self> {
        let known = |date: Date| (2000..2200).contains(&date.year());
        (from <= to && known(from) && known(to)).then_some(Self { from, to })
    }

    /// The first moment.
    pub fn since(&self) -> Timestamp {
        midnight(self.from)
    }

    /// The first moment that is not of the period any more.
    pub fn until(&self) -> Timestamp {
        self.to.checked_add(1.day()).map_or(Timestamp::MAX, midnight)
    }

    /// The entries of these days.
    pub fn filter(&self) -> Result<Filter, LedgerError> {
        let moment = |at: Timestamp| Moment::new(at.to_string());
        Ok(Filter {
            since: Some(moment(self.since())?),
            until: Some(moment(self.until())?),
            ..Filter::default()
        })
    }

    /// How many days.
    pub fn days(&self) -> u32 {
        let between = self.since().duration_until(self.until()).as_hours() / 24;
        u32::try_from(between).unwrap_or(u32::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn date(text: &str) -> Date {
        text.parse().unwrap()
    }

    #[test]
    fn a_day_begins_at_four_in_the_afternoon_utc() {
        let period = Period::new(date("2026-11-01"), date("2026-11-30")).unwrap();
        assert_eq!(period.since().to_string(), "2026-10-31T16:00:00Z");
        assert_eq!(period.until().to_string(), "2026-11-30T16:00:00Z");
        assert_eq!(period.days(), 30);
        let at = |text: &str| local(&Moment::new(text).unwrap()).unwrap();
        assert_eq!(at("2026-11-30T15:59:59Z").date(), date("2026-11-30"));
        assert_eq!(at("2026-11-30T16:00:00Z").date(), date("2026-12-01"));
        assert_eq!(at("2028-02-28T16:00:00Z").date(), date("2028-02-29"));
    }

    #[test]
    fn a_period_has_a_day_at_least() {
        assert!(Period::new(date("2026-11-02"), date("2026-11-01")).is_none());
        assert!(Period::new(date("1999-12-31"), date("2026-11-01")).is_none());
        let one = Period::new(date("2026-11-01"), date("2026-11-01")).unwrap();
        assert_eq!(one.days(), 1);
    }
}
