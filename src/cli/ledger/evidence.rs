// SPDX-License-Identifier: Apache-2.0
//! `ledger verify --evidence` and `--consistency`: files that left a site, checked with the log's public key alone.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read as _};
use std::path::Path;

use serde::Serialize;

use super::story;
use super::verify::{tell as tell_whole, tell_findings, tell_verdict, unread};
use crate::cli::Context;
use crate::cli::progress::Progress;
use crate::error::{Error, Exit};
use crate::i18n::word;
use crate::ledger::evidence::{self, Extent, FIRST_LINE, Header, UNSHOWN, Verdict, verify_bundle};
use crate::ledger::note::NoteKey;
use crate::ledger::{Report, consistency};
use crate::msg;

#[derive(Serialize)]
struct PartRecord<'a> {
    good: bool,
    about: Option<&'a str>,
    site: &'a str,
    rehearsal: bool,
    log_key: &'a str,
    tree: Option<u64>,
    entries: u64,
    hashes: Option<u64>,
    signatures: u64,
    chained: u64,
    covered: u64,
    findings: u64,
    first_bad: Option<u64>,
    unshown: &'a [&'static str],
}

/// A bundle by its first line; else one entry's file.
pub(super) fn verify(path: &Path, key: &NoteKey, context: &mut Context) -> Result<Exit, Error> {
    let mut first = Vec::new();
    let file = File::open(path).map_err(|e| unread(path, &e))?;
    let read = file.take(FIRST_LINE.len() as u64).read_to_end(&mut first);
    read.map_err(|e| unread(path, &e))?;
    if first == FIRST_LINE.as_bytes() {
        return verify_file(path, key, context);
    }
    verify_entry(path, key, context)
}

fn verify_entry(path: &Path, key: &NoteKey, context: &mut Context) -> Result<Exit, Error> {
    let file = fs::read(path).map_err(|e| unread(path, &e))?;
    let Some(entry) = evidence::check(&String::from_utf8_lossy(&file), key) else {
        let msg = msg!("ledger-evidence-bad", path = path.display(), key = key.name);
        return Err(Error::new(msg, Exit::Check));
    };
    context.out.record("cardmint.ledger-entry/1", &entry)?;
    context
        .out
        .say(&msg!("ledger-evidence-good", seq = entry.seq, key = key.name))?;
    context.out.text(&String::from_utf8_lossy(&entry.line()))?;
    Ok(Exit::Done)
}

fn verify_file(path: &Path, key: &NoteKey, context: &mut Context) -> Result<Exit, Error> {
    let mut progress = Progress::for_output(&context.out);
    let mut open = || File::open(path).map(|file| Box::new(BufReader::new(file)) as Box<dyn BufRead>);
    let verdict = verify_bundle(&mut open, key, &mut progress)?;
    match &verdict.header {
        Some(header) if header.extent == Extent::Whole => tell_whole(&verdict.report, context)?,
        header => tell_part(&verdict, header.as_ref(), context)?,
    }
    let good = verdict.report.good();
    Ok(if good { Exit::Done } else { Exit::Check })
}

fn tell_part(verdict: &Verdict, header: Option<&Header>, context: &mut Context) -> Result<(), Error> {
    let Verdict { report, chained, .. } = verdict;
    let out = &mut context.out;
    tell_findings(report, out)?;
    let record = PartRecord {
        good: report.good(),
        about: header.and_then(|header| header.about.as_deref()),
        site: &report.site,
        rehearsal: report.rehearsal,
        log_key: &report.log_key,
        tree: header.map(|header| header.tree),
        entries: report.entries,
        hashes: header.map(|header| header.hashes),
        signatures: report.signatures,
        chained: *chained,
        covered: report.covered,
        findings: report.count,
        first_bad: report.first_bad().and_then(|finding| finding.seq),
        unshown: &UNSHOWN,
    };
    out.record("cardmint.ledger-part/1", &record)?;
    if let Some(header) = header {
        let about = header.about.as_deref().unwrap_or_default();
        out.say(&msg!(
            "evidence-part",
            about = about,
            entries = header.entries,
            tree = header.tree
        ))?;
        tell_site(report, context)?;
    }
    let out = &mut context.out;
    // A story is told only of what was found right.
    if !report.good() {
        return tell_verdict(report, out);
    }
    if let Some(told) = &verdict.story {
        story::tell(told, out)?;
    }
    let (entries, signatures) = (report.entries, report.signatures);
    out.say(&msg!(
        "evidence-part-good",
        entries = entries,
        signatures = signatures,
        covered = report.covered
    ))?;
    let lang = out.lang();
    for what in UNSHOWN {
        out.say(&msg!("evidence-part-unshown", what = word("part-unshown", what, lang)))?;
    }
    Ok(())
}

fn tell_site(report: &Report, context: &mut Context) -> Result<(), Error> {
    let out = &mut context.out;
    if !report.site.is_empty() {
        out.say(&msg!("ledger-report-site", site = report.site, key = report.log_key))?;
    }
    if report.rehearsal {
        out.say(&msg!("ledger-report-rehearsal"))?;
    }
    Ok(())
}

pub(super) fn verify_consistency(path: &Path, old: &Path, key: &NoteKey, context: &mut Context) -> Result<Exit, Error> {
    let read = |path: &Path| {
        let bytes = fs::read(path).map_err(|e| unread(path, &e))?;
        Ok::<_, Error>(String::from_utf8_lossy(&bytes).into_owned())
    };
    let (old, new) = consistency::check(&read(path)?, &read(old)?, key)?;
    let record = serde_json::json!({
        "good": true, "key": key.to_string(), "old": old.size, "old_root": old.root, "new": new.size, "new_root": new.root,
    });
    context.out.record("cardmint.ledger-consistency/1", &record)?;
    let said = msg!("consistency-good", old = old.size, new = new.size, key = key.name);
    context.out.say(&said)?;
    Ok(Exit::Done)
}
