// SPDX-License-Identifier: Apache-2.0
//! `ledger verify` and `ledger rebuild`.

use std::fs::{self, File};
use std::io::BufReader;
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::witness::cosign_key;
use super::{Place, evidence};
use crate::cli::Context;
use crate::cli::output::Output;
use crate::cli::progress::Progress;
use crate::error::{Error, Exit};
use crate::ledger::finding::Cosigned;
use crate::ledger::note::NoteKey;
use crate::ledger::note_sm2::Sm2NoteKey;
use crate::ledger::{Against, Finding, LedgerError, Report, rebuild_with as rebuild_tables, verify_lines, verify_with};
use crate::msg;

/// `ledger verify`.
#[derive(Debug, clap::Args)]
pub(super) struct Verify {
    /// The log's public key, known from elsewhere.
    #[arg(long, value_name = "NAME+ID+KEY")]
    key: Option<String>,
    /// The log's SM2 public key, known from elsewhere.
    #[arg(long, value_name = "NAME+ID+KEY")]
    sm2_key: Option<String>,
    /// A witness who must have cosigned.
    #[arg(long, value_name = "NAME+ID+KEY")]
    witness: Option<String>,
    /// How many entries at least.
    #[arg(long, value_name = "SIZE", requires = "witness", default_value_t = 1)]
    cosigned_size: u64,
    /// Verify an exported file instead of a database.
    #[arg(long, value_name = "FILE", conflicts_with = "file")]
    export: Option<PathBuf>,
    /// The checkpoint of the exported file.
    #[arg(long, value_name = "FILE", requires = "export")]
    checkpoint: Option<PathBuf>,
    /// Verify an evidence file alone: a bundle, or one entry's.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["export", "file"], requires = "key")]
    evidence: Option<PathBuf>,
    /// Verify a consistency proof alone.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["export", "file", "evidence"], requires_all = ["key", "old"])]
    consistency: Option<PathBuf>,
    /// The older checkpoint of the consistency proof.
    #[arg(long, value_name = "FILE", requires = "consistency")]
    old: Option<PathBuf>,
}

#[derive(Serialize)]
struct FindingRecord<'a> {
    check: &'a str,
    seq: Option<u64>,
    message: String,
}

#[derive(Serialize)]
struct CosignedRecord {
    witness: String,
    size: u64,
    time: u64,
    behind: u64,
}

#[derive(Serialize)]
struct ReportRecord<'a> {
    good: bool,
    site: &'a str,
    rehearsal: bool,
    log_key: &'a str,
    entries: u64,
    signatures: u64,
    root: String,
    covered: u64,
    sm2_covered: u64,
    sm2_key: Option<String>,
    cosigned: Vec<CosignedRecord>,
    copy_agrees: Option<bool>,
    findings: u64,
    first_bad: Option<u64>,
    /// Entries whose lines are in archives that were not given.
    unread: u64,
    unread_archives: &'a [String],
}

pub(super) fn verify(args: &Verify, place: &Place, context: &mut Context) -> Result<Exit, Error> {
    let key = args
        .key
        .as_deref()
        .map(str::parse::<NoteKey>)
        .transpose()
        .map_err(LedgerError::from)?;
    let sm2_key = args
        .sm2_key
        .as_deref()
        .map(str::parse::<Sm2NoteKey>)
        .transpose()
        .map_err(LedgerError::from)?;
    let witness = args.witness.as_deref().map(cosign_key).transpose()?;
    if let (Some(path), Some(key)) = (&args.evidence, &key) {
        return evidence::verify(path, key, context);
    }
    if let (Some(path), Some(old), Some(key)) = (&args.consistency, &args.old, &key) {
        return evidence::verify_consistency(path, old, key, context);
    }
    let mut progress = Progress::for_output(&context.out);
    let mut report = if let Some(path) = &args.export {
        let file = File::open(path).map_err(|e| unread(path, &e))?;
        let read = |path: &PathBuf| fs::read(path).map_err(|e| unread(path, &e));
        let note = args.checkpoint.as_ref().map(read).transpose()?;
        let note = note.map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
        let against = Against { copy: None, key };
        verify_lines(&mut BufReader::new(file), note.as_deref(), &against, &mut progress)
            .map_err(|e| in_file(path, e))?
    } else {
        let (file, copy) = place.files(context)?;
        verify_with(&file, &place.archive, &Against { copy, key }, &mut progress)?
    };
    if let Some(key) = &sm2_key {
        report.demand_sm2(key);
    }
    if let Some(key) = &witness {
        report.demand_witness(key, args.cosigned_size);
    }
    tell(&report, context)?;
    if args.export.is_some() && args.key.is_none() && report.good() {
        context.out.say(&msg!("ledger-report-key-unknown"))?;
    }
    Ok(match (report.count, report.unread) {
        (0, 0) => Exit::Done,
        // Nothing is wrong, but not everything was looked at.
        (0, _) => Exit::SomeFailed,
        _ => Exit::Check,
    })
}

/// Where a file cannot be read, it is no database that refused.
fn in_file(path: &Path, fault: LedgerError) -> LedgerError {
    match fault {
        LedgerError::Database {
            doing: "reading the file",
            what,
        } => LedgerError::File {
            path: path.to_owned(),
            what,
        },
        other => other,
    }
}

/// Each finding, on a line of its own.
pub(super) fn tell_findings(report: &Report, out: &mut Output) -> Result<(), Error> {
    let lang = out.lang();
    for finding in &report.findings {
        let Finding { check, seq, what } = finding;
        let message = what.render(lang);
        match seq {
            Some(seq) if !what.id().starts_with("ledger-finding-") => {
                out.say(&msg!("ledger-finding-at", check = check, seq = seq, what = message))?;
            }
            _ => out.text(&format!("{check}  {message}"))?,
        }
        out.record(
            "cardmint.ledger-finding/1",
            &FindingRecord {
                check,
                seq: *seq,
                message,
            },
        )?;
    }
    Ok(())
}

pub(super) fn tell(report: &Report, context: &mut Context) -> Result<(), Error> {
    let out = &mut context.out;
    tell_findings(report, out)?;
    let record = ReportRecord {
        good: report.good(),
        site: &report.site,
        rehearsal: report.rehearsal,
        log_key: &report.log_key,
        entries: report.entries,
        signatures: report.signatures,
        root: report.root.to_string(),
        covered: report.covered,
        sm2_covered: report.sm2_covered,
        sm2_key: report.sm2_key.as_ref().map(ToString::to_string),
        cosigned: report.cosigned.iter().map(|c| cosigned(c, report.entries)).collect(),
        copy_agrees: report.copy_agrees,
        findings: report.count,
        first_bad: report.first_bad().and_then(|f| f.seq),
        unread: report.unread,
        unread_archives: &report.unread_files,
    };
    out.record("cardmint.ledger-verification/1", &record)?;
    out.say(&msg!("ledger-report-site", site = report.site, key = report.log_key))?;
    if report.rehearsal {
        out.say(&msg!("ledger-report-rehearsal"))?;
    }
    let (entries, signatures, root) = (report.entries, report.signatures, report.root);
    out.say(&msg!(
        "ledger-report-read",
        entries = entries,
        signatures = signatures,
        root = root
    ))?;
    match report.copy_agrees {
        None if report.notes.is_empty() && report.count == 0 => out.say(&msg!("ledger-report-no-checkpoint"))?,
        Some(true) => out.say(&msg!("ledger-report-covered-twice", covered = report.covered))?,
        _ => out.say(&msg!("ledger-report-covered", covered = report.covered))?,
    }
    if let Some(key) = &report.sm2_key {
        out.say(&msg!("ledger-report-sm2", covered = report.sm2_covered, key = key))?;
    }
    for by in &report.cosigned {
        let behind = report.entries.saturating_sub(by.size);
        let (key, size, time) = (&by.witness, by.size, moment(by.time));
        let said = msg!(
            "ledger-report-cosigned",
            key = key,
            size = size,
            time = time,
            behind = behind
        );
        out.say(&said)?;
    }
    tell_verdict(report, out)
}

/// Good, or how many findings and where the first one is.
pub(super) fn tell_verdict(report: &Report, out: &mut Output) -> Result<(), Error> {
    match report.first_bad() {
        None if report.unread > 0 => {
            let (unread, files) = (report.unread, report.unread_files.join(", "));
            out.say(&msg!("upkeep-report-incomplete", unread = unread, files = files))
        }
        None => out.say(&msg!("ledger-report-good")),
        Some(Finding { seq: Some(seq), .. }) => {
            out.say(&msg!("ledger-report-bad-entry", count = report.count, seq = seq))
        }
        Some(_) => out.say(&msg!("ledger-report-bad", count = report.count)),
    }
}

fn cosigned(by: &Cosigned, entries: u64) -> CosignedRecord {
    CosignedRecord {
        witness: by.witness.to_string(),
        size: by.size,
        time: by.time,
        behind: entries.saturating_sub(by.size),
    }
}

/// A witness's time for people.
pub(super) fn moment(time: u64) -> String {
    let at = i64::try_from(time)
        .ok()
        .and_then(|s| jiff::Timestamp::from_second(s).ok());
    at.map_or_else(|| time.to_string(), |at| at.to_string())
}

pub(super) fn rebuild(place: &Place, context: &mut Context) -> Result<Exit, Error> {
    let mut progress = Progress::for_output(&context.out);
    let entries = rebuild_tables(&place.files(context)?.0, &place.archive, &mut progress)?;
    context
        .out
        .record("cardmint.ledger-rebuild/1", &serde_json::json!({"entries": entries}))?;
    context.out.say(&msg!("ledger-rebuilt", entries = entries))?;
    Ok(Exit::Done)
}

pub(super) fn unread(path: &Path, e: &std::io::Error) -> Error {
    Error::from(LedgerError::File {
        path: path.to_owned(),
        what: e.to_string(),
    })
}
