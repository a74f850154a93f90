// SPDX-License-Identifier: Apache-2.0
//! Periods as people write them, as moments in UTC: a year, a month, a day, a minute or a second. What says no zone is
//! Beijing time, which all of China keeps; a day begins there at 16:00 UTC of the day before.

use jiff::civil::{Date, DateTime};
use jiff::tz::Offset;
use jiff::{Span, Timestamp};

use super::error::LedgerError;
use super::field::Moment;
use super::filter::FilterFault;

/// Hours of Beijing time before UTC.
const BEIJING: i8 = 8;

/// A stretch of time: from its first moment to the first moment after it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Period {
    /// The first moment.
    pub begin: Moment,
    /// The first moment after it.
    pub end: Moment,
}

impl Period {
    /// Reads `2026`, `2026-11`, `2026-11-21`, `2026-11-21T09:26`, `2026-11-21T09:26:34`, the last two also with a space
    /// between and with `Z` or an offset such as `+08:00` behind.
    pub fn parse(text: &str) -> Result<Self, LedgerError> {
        Self::read(text).ok_or_else(|| FilterFault::Time(text.chars().take(40).collect()).into())
    }

    /// Where a period begins that people write with its beginning.
    pub fn since(text: &str) -> Result<Moment, LedgerError> {
        Ok(Self::parse(text)?.begin)
    }

    /// Where a period ends that people write with its end: a year, month or day is inside it, a time of the clock is the
    /// first moment after it.
    pub fn until(text: &str) -> Result<Moment, LedgerError> {
        let period = Self::parse(text)?;
        Ok(if text.contains(':') { period.begin } else { period.end })
    }

    fn read(text: &str) -> Option<Self> {
        let text = text.trim();
        if !text.is_ascii() {
            return None;
        }
        let (date, time) = match text.split_once(['T', 't', ' ']) {
            Some((date, time)) => (date, Some(time)),
            None => (text, None),
        };
        let (begin, end, offset) = match time {
            None => {
                let (begin, end) = days(date)?;
                (begin, end, Offset::constant(BEIJING))
            }
            Some(time) => {
                let (time, offset) = zoned(time)?;
                let (begin, length) = clock(day(date)?, time)?;
                (begin, begin.checked_add(length).ok()?, offset)
            }
        };
        Some(Self {
            begin: moment(begin, offset)?,
            end: moment(end, offset)?,
        })
    }
}

/// A number of just so many digits.
fn digits(text: &str, len: usize) -> Option<i16> {
    let good = text.len() == len && text.bytes().all(|b| b.is_ascii_digit());
    good.then(|| text.parse().ok()).flatten()
}

fn small(text: &str) -> Option<i8> {
    digits(text, 2).and_then(|n| i8::try_from(n).ok())
}

/// A year, month or day, and what comes after it.
fn days(text: &str) -> Option<(DateTime, DateTime)> {
    let parts: Vec<&str> = text.split('-').collect();
    let (first, length) = match parts[..] {
        [year] => (Date::new(digits(year, 4)?, 1, 1).ok()?, Span::new().years(1)),
        [year, month] => (
            Date::new(digits(year, 4)?, small(month)?, 1).ok()?,
            Span::new().months(1),
        ),
        [_, _, _] => (day(text)?, Span::new().days(1)),
        _ => return None,
    };
    let midnight = |date: Date| date.at(0, 0, 0, 0);
    Some((midnight(first), midnight(first.checked_add(length).ok()?)))
}

fn day(text: &str) -> Option<Date> {
    let parts: Vec<&str> = text.split('-').collect();
    let [year, month, day] = parts[..] else { return None };
    Date::new(digits(year, 4)?, small(month)?, small(day)?).ok()
}

/// Minute or second of a day, and how long that is.
fn clock(date: Date, text: &str) -> Option<(DateTime, Span)> {
    let parts: Vec<&str> = text.split(':').collect();
    let (hour, minute, second, length) = match parts[..] {
        [hour, minute] => (small(hour)?, small(minute)?, 0, Span::new().minutes(1)),
        [hour, minute, second] => (small(hour)?, small(minute)?, small(second)?, Span::new().seconds(1)),
        _ => return None,
    };
    let begin = DateTime::new(date.year(), date.month(), date.day(), hour, minute, second, 0).ok()?;
    Some((begin, length))
}

/// The time without its zone, and the zone.
fn zoned(text: &str) -> Option<(&str, Offset)> {
    if let Some(time) = text.strip_suffix(['Z', 'z']) {
        return Some((time, Offset::UTC));
    }
    let Some(at) = text.find(['+', '-']) else {
        return Some((text, Offset::constant(BEIJING)));
    };
    let (time, zone) = text.split_at(at);
    let (hours, minutes) = zone.get(1..)?.split_once(':')?;
    let seconds = i32::from(small(hours)?) * 3600 + i32::from(small(minutes)?) * 60;
    let seconds = if zone.starts_with('-') { -seconds } else { seconds };
    Some((time, Offset::from_seconds(seconds).ok()?))
}

fn moment(at: DateTime, offset: Offset) -> Option<Moment> {
    let at: Timestamp = offset.to_timestamp(at).ok()?;
    Moment::new(at.to_string()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn is(text: &str, begin: &str, end: &str) {
        let period = Period::parse(text).unwrap();
        assert_eq!((period.begin.as_str(), period.end.as_str()), (begin, end), "{text}");
    }

    #[test]
    fn days_are_beijing_days() {
        is("2026-11-21", "2026-11-20T16:00:00Z", "2026-11-21T16:00:00Z");
        is("2026-11", "2026-10-31T16:00:00Z", "2026-11-30T16:00:00Z");
        is("2026", "2025-12-31T16:00:00Z", "2026-12-31T16:00:00Z");
        is("2028-02", "2028-01-31T16:00:00Z", "2028-02-29T16:00:00Z");
    }

    #[test]
    fn times_say_their_zone_or_are_beijing_time() {
        is("2026-11-21T09:26", "2026-11-21T01:26:00Z", "2026-11-21T01:27:00Z");
        is("2026-11-21 09:26:34", "2026-11-21T01:26:34Z", "2026-11-21T01:26:35Z");
        is("2026-11-21T01:26:34Z", "2026-11-21T01:26:34Z", "2026-11-21T01:26:35Z");
        is(
            "2026-11-21T01:26:34-01:30",
            "2026-11-21T02:56:34Z",
            "2026-11-21T02:56:35Z",
        );
        is("2026-12-31T23:59", "2026-12-31T15:59:00Z", "2026-12-31T16:00:00Z");
    }

    #[test]
    fn a_day_is_inside_and_a_time_is_the_end() {
        let until = |text| Period::until(text).unwrap().to_string();
        assert_eq!(until("2026-11-21"), "2026-11-21T16:00:00Z");
        assert_eq!(until("2026-11"), "2026-11-30T16:00:00Z");
        assert_eq!(until("2026-11-21T09:26"), "2026-11-21T01:26:00Z");
        assert_eq!(until("2026-11-21T01:26:34Z"), "2026-11-21T01:26:34Z");
        assert_eq!(Period::since("2026-11").unwrap().as_str(), "2026-10-31T16:00:00Z");
    }

    #[test]
    fn what_is_no_time_is_refused() {
        for wrong in [
            "",
            "yesterday",
            "26-11-21",
            "2026-13",
            "2026-02-29",
            "2026-11-31",
            "2026-1-1",
            "20261121",
            "2026-11-21T",
            "2026-11-21T25:00",
            "2026-11-21T09",
            "2026-11-21T09:26:34.5Z",
            "2026-11-21T09:26+8",
            "2026-11-21T09:26 +08:00",
            "2026-11-21Z",
            "２０２６",
            "2026-11-21T-1:00",
            "0000-00-00",
            "9999-12-31T23:59:59Zx",
        ] {
            assert!(Period::parse(wrong).is_err(), "{wrong:?}");
        }
    }
}
