// SPDX-License-Identifier: Apache-2.0
//! `ledger report`: the numbers of a period as a page for the file, or as JSON. The database is read only, but for the
//! entry that records the report, as every export is recorded.

mod chart;
mod page;
mod sections;
mod table;

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use jiff::civil::Date;
use serde::Serialize;

use self::page::{Page, program};
use super::Place;
use super::export::{not_made, record, unwritten};
use crate::cli::Context;
use crate::cli::progress::Progress;
use crate::error::{Error, Exit};
use crate::i18n::Lang;
use crate::ledger::report::{Ask, LedgerReport, Period, Thresholds};
use crate::ledger::{Against, Exported, Hash, Report as Verification};
use crate::msg;

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
    let mut progress = Progress::for_output(&context.out);
    let verification = if args.no_verify {
        None
    } else {
        let (file, copy) = place.files(context)?;
        let against = Against { copy, key: None };
        Some(crate::ledger::verify(&file, &against, &mut progress)?)
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
    let done = write(args, &html, &numbers, context)?;
    let recorded = match &done {
        Some(done) => record("report", done, place, context)?,
        None => None,
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

/// Writes the page to its file or to standard output. With `--json` and without a file there is no page.
fn write(args: &Report, html: &str, numbers: &LedgerReport, context: &mut Context) -> Result<Option<Exported>, Error> {
    match &args.out {
        Some(path) => write_file(path, html.as_bytes())?,
        None if context.out.is_json() => return Ok(None),
        None => context.out.raw(html.as_bytes())?,
    }
    let (from, to) = (numbers.span.from, numbers.span.to);
    Ok(Some(Exported {
        entries: to - from,
        from,
        to,
        digest: Hash::of(&[html.as_bytes()]),
    }))
}

fn write_file(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
    let mut file = file.map_err(|e| not_made(path, &e))?;
    let written = file.write_all(bytes).and_then(|()| file.sync_all());
    written.map_err(|e| unwritten(path, &e))
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
