// SPDX-License-Identifier: Apache-2.0
//! `ledger report`: the numbers of a period as a page for the file, or as JSON. The database is read only, but for the
//! entry that records the report, as every export is recorded.

mod chart;
mod page;
mod sections;
mod table;

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use jiff::civil::Date;
use serde::Serialize;

use self::page::{Page, program};
use super::Place;
use super::export::unwritten;
use super::leaving::{Leaving, check_free};
use crate::cli::Context;
use crate::cli::progress::Progress;
use crate::error::{Error, Exit};
use crate::i18n::Lang;
use crate::ledger::export::Rows;
use crate::ledger::report::{Ask, LedgerReport, Period, Thresholds};
use crate::ledger::{Against, Exported, Hash, Report as Verification, verify_with};
use crate::msg;
use crate::outside::Clock;

/// `ledger report`.
#[derive(Debug, clap::Args)]
pub(super) struct Report {
    /// The first day.
    #[arg(long, value_name = "DATE")]
    from: String,
    /// The last day.
    #[arg(long, value_name = "DATE")]
    to: String,
    /// Write to this new file.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Leave out the verification.
    #[arg(long)]
    no_verify: bool,
    /// The hours of the night.
    #[arg(long, value_name = "HOUR-HOUR", default_value = "22-6")]
    night: String,
    /// Failures in a row.
    #[arg(long, value_name = "COUNT", default_value_t = Thresholds::default().failures)]
    failures: u32,
    /// Scrap, times the average.
    #[arg(long, value_name = "TIMES", default_value_t = Thresholds::default().scrap_times)]
    scrap: u32,
    /// Hours without an entry.
    #[arg(long, value_name = "HOURS", default_value_t = Thresholds::default().silence_hours)]
    silence: u32,
    /// Entries without a checkpoint.
    #[arg(long, value_name = "ENTRIES", default_value_t = Thresholds::default().lag)]
    lag: u64,
    /// Seconds to an approval.
    #[arg(long, value_name = "SECONDS", default_value_t = Thresholds::default().quick_seconds)]
    quick: u32,
}

impl Report {
    fn period(&self) -> Result<Period, Error> {
        let days = self.from.parse::<Date>().ok().zip(self.to.parse::<Date>().ok());
        // The parser takes other forms of ISO 8601, too; one is enough.
        let days = days.filter(|(from, to)| from.to_string() == self.from && to.to_string() == self.to);
        days.and_then(|(from, to)| Period::new(from, to))
            .ok_or_else(|| Error::new(msg!("report-period-wrong", from = self.from, to = self.to), Exit::Usage))
    }

    fn thresholds(&self) -> Result<Thresholds, Error> {
        let hours = self
            .night
            .split_once('-')
            .and_then(|(from, to)| Some((from.parse().ok()?, to.parse().ok()?)))
            .filter(|(from, to): &(u8, u8)| *from < 24 && *to < 24 && from != to);
        let (night_from, night_to) =
            hours.ok_or_else(|| Error::new(msg!("report-night-wrong", given = self.night), Exit::Usage))?;
        Ok(Thresholds {
            night_from,
            night_to,
            failures: self.failures,
            scrap_times: self.scrap,
            silence_hours: self.silence,
            lag: self.lag,
            quick_seconds: self.quick,
        })
    }
}

pub(super) fn report(args: &Report, place: &Place, context: &mut Context) -> Result<Exit, Error> {
    let ask = Ask {
        period: args.period()?,
        thresholds: args.thresholds()?,
        now: context.clock.now(),
    };
    if args.out.is_none() && place.file.is_none() && !context.out.is_json() {
        return Err(Error::new(msg!("ledger-export-out"), Exit::Usage));
    }
    // Whoever signs for the page is asked before the work begins.
    let mut leaving = match &args.out {
        Some(path) => {
            check_free(path)?;
            Some(Leaving::open(place, false, &["ledger.export"], context)?)
        }
        None => None,
    };
    let mut progress = Progress::for_output(&context.out);
    let verification = if args.no_verify {
        None
    } else {
        let (file, copy) = place.files(context)?;
        let against = Against { copy, key: None };
        Some(verify_with(&file, &place.archive, &against, &mut progress)?)
    };
    let ledger = place.open(context)?;
    let numbers = ledger.report(&ask, &mut progress)?;
    let made_by = recorders(place, context);
    let page = Page {
        report: &numbers,
        ledger: &ledger,
        lang: context.out.lang(),
        made_at: ask.now,
        made_by: &made_by,
        verification: verification.as_ref(),
        named: RefCell::new(BTreeSet::new()),
    };
    let html = page.html();
    drop(ledger);
    let exported = exported(&html, &numbers);
    let (done, recorded) = match (&mut leaving, &args.out) {
        (Some(leaving), Some(path)) => {
            let (done, recorded) = leave(leaving, path, (&html, &ask.period), exported, context.clock)?;
            (Some(done), recorded)
        }
        _ if context.out.is_json() => (None, None),
        _ => {
            context.out.raw(html.as_bytes())?;
            (Some(exported), None)
        }
    };
    tell(
        args,
        &ask,
        &numbers,
        verification.as_ref(),
        done.as_ref(),
        recorded,
        context,
    )?;
    let good = verification.is_none_or(|found| found.good());
    Ok(if good { Exit::Done } else { Exit::Check })
}

/// The officers who record the report. A database from elsewhere records nothing.
fn recorders(place: &Place, context: &Context) -> Vec<String> {
    if place.file.is_some() {
        return Vec::new();
    }
    context.global.officer.clone()
}

/// What the page covers, and its digest.
fn exported(html: &str, numbers: &LedgerReport) -> Exported {
    let (from, to) = (numbers.span.from, numbers.span.to);
    Exported {
        entries: to - from,
        from,
        to,
        digest: Hash::of(&[html.as_bytes()]),
    }
}

/// Writes the page, which the ledger has before it has its name. The entry says which days were asked for.
fn leave(
    leaving: &mut Leaving,
    path: &Path,
    (html, period): (&str, &Period),
    exported: Exported,
    clock: Clock,
) -> Result<(Exported, Option<u64>), Error> {
    leaving.leave_as(
        path,
        clock,
        |_, to| {
            to.write_all(html.as_bytes()).map_err(|e| unwritten(path, &e))?;
            Ok(exported)
        },
        |done| Ok(done.act("report", Rows::Entries, &period.filter()?, None)?),
    )
}

#[derive(Serialize)]
struct Record<'a> {
    file: Option<&'a Path>,
    digest: Option<String>,
    recorded: Option<u64>,
    made_at: String,
    made_by: Vec<String>,
    program: String,
    verification: Option<Verified>,
    thresholds: Thresholds,
    #[serde(flatten)]
    numbers: &'a LedgerReport,
    anomalies: Vec<AnomalyRecord>,
}

#[derive(Serialize)]
struct Verified {
    good: bool,
    entries: u64,
    signatures: u64,
    covered: u64,
    copy_agrees: Option<bool>,
    findings: u64,
    first_bad: Option<u64>,
}

#[derive(Serialize)]
struct AnomalyRecord {
    rule: &'static str,
    message: String,
    count: u64,
    entries: Vec<u64>,
}

fn anomalies(numbers: &LedgerReport, lang: Lang) -> Vec<AnomalyRecord> {
    let record = |anomaly: &crate::ledger::report::Anomaly| AnomalyRecord {
        rule: anomaly.rule.id(),
        message: anomaly.what.render(lang),
        count: anomaly.count,
        entries: anomaly.entries.clone(),
    };
    numbers.anomalies.iter().map(record).collect()
}

fn tell(
    args: &Report,
    ask: &Ask,
    numbers: &LedgerReport,
    verification: Option<&Verification>,
    done: Option<&Exported>,
    recorded: Option<u64>,
    context: &mut Context,
) -> Result<(), Error> {
    let verified = |found: &Verification| Verified {
        good: found.good(),
        entries: found.entries,
        signatures: found.signatures,
        covered: found.covered,
        copy_agrees: found.copy_agrees,
        findings: found.count,
        first_bad: found.first_bad().and_then(|finding| finding.seq),
    };
    let record = Record {
        file: args.out.as_deref(),
        digest: done.map(|done| done.digest.to_string()),
        recorded,
        made_at: ask.now.to_string(),
        made_by: context.global.officer.clone(),
        program: program(),
        verification: verification.map(verified),
        thresholds: ask.thresholds,
        numbers,
        anomalies: anomalies(numbers, context.out.lang()),
    };
    context.out.record("cardmint.ledger-report/1", &record)?;
    let Some(done) = done else { return Ok(()) };
    let (from, to, digest) = (ask.period.from, ask.period.to, done.digest);
    match &args.out {
        Some(path) => context.out.say(&msg!(
            "report-written",
            from = from,
            to = to,
            path = path.display(),
            digest = digest
        ))?,
        None => context
            .out
            .notice(&msg!("report-written-out", from = from, to = to, digest = digest)),
    }
    context.out.notice(&match recorded {
        Some(seq) => msg!("ledger-export-recorded", seq = seq),
        None => msg!("ledger-export-unrecorded"),
    });
    Ok(())
}
