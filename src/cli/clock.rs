// SPDX-License-Identifier: Apache-2.0
//! The moment as cards carry it: Beijing time, which all of China keeps, as yyyymmddhhmmss.

use jiff::Timestamp;
use jiff::tz::Offset;

/// A moment in Beijing time.
pub fn beijing(at: Timestamp) -> String {
    let there = Offset::constant(8).to_datetime(at);
    let (d, t) = (there.date(), there.time());
    format!(
        "{:04}{:02}{:02}{:02}{:02}{:02}",
        d.year(),
        d.month(),
        d.day(),
        t.hour(),
        t.minute(),
        t.second()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn beijing_is_eight_hours_ahead() {
        assert_eq!(beijing("2026-12-31T16:00:01Z".parse().unwrap()), "20270101000001");
    }
}
