// SPDX-License-Identifier: Apache-2.0
//! Clock, random source, terminal, HSM.

use std::io::IsTerminal;

use jiff::Timestamp;

use super::Finding;
use crate::cli::Context;
use crate::msg;

/// A clock outside these is wrong: before this program was written, or beyond a card's two-digit years.
const PLAUSIBLE: std::ops::Range<i16> = 2026..2080;

pub(super) fn checks(context: &mut Context) -> Vec<Finding> {
    vec![clock(context.clock.now()), random(context), terminal(), hsm()]
}

fn clock(now: Timestamp) -> Finding {
    let year = now.to_zoned(jiff::tz::TimeZone::UTC).year();
    if PLAUSIBLE.contains(&year) {
        Finding::ok("CLOCK", msg!("doctor-clock", now = now))
    } else {
        Finding::fail("CLOCK", msg!("doctor-clock-wrong", now = now))
    }
}

fn random(context: &mut Context) -> Finding {
    let (mut one, mut two) = ([0; 16], [0; 16]);
    let filled = context
        .random
        .fill(&mut one)
        .and_then(|()| context.random.fill(&mut two));
    match context.random.tested() {
        Some(bytes) if filled.is_ok() && one != two => Finding::ok("RANDOM", msg!("doctor-random", bytes = bytes)),
        _ => Finding::fail("RANDOM", msg!("doctor-random-broken")),
    }
}

fn terminal() -> Finding {
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"]
        .iter()
        .find_map(|name| std::env::var(name).ok().filter(|value| !value.is_empty()));
    let utf8 = locale.as_deref().is_some_and(is_utf8);
    let locale = locale.unwrap_or_else(|| "C".to_owned());
    if utf8 || !std::io::stdout().is_terminal() {
        Finding::ok("TERMINAL", msg!("doctor-terminal", locale = locale))
    } else {
        Finding::warn("TERMINAL", msg!("doctor-terminal-not-utf8", locale = locale))
    }
}

fn is_utf8(locale: &str) -> bool {
    let encoding = locale.rsplit('.').next().unwrap_or_default().to_ascii_lowercase();
    encoding == "utf-8" || encoding == "utf8"
}

fn hsm() -> Finding {
    Finding::ok("HSM", msg!("doctor-no-hsm"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::doctor::Verdict;

    #[test]
    fn an_implausible_clock_fails() {
        let at = |text: &str| clock(text.parse().unwrap()).verdict;
        assert_eq!(at("2026-11-21T00:00:00Z"), Verdict::Ok);
        assert_eq!(at("1970-01-01T00:00:00Z"), Verdict::Fail);
        assert_eq!(at("2094-01-01T00:00:00Z"), Verdict::Fail);
    }

    #[test]
    fn locales_with_and_without_utf8() {
        assert!(is_utf8("zh_CN.UTF-8") && is_utf8("C.utf8"));
        assert!(!is_utf8("zh_CN.GB18030") && !is_utf8("C"));
    }
}
