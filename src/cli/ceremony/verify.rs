// SPDX-License-Identifier: Apache-2.0
//! `ceremony verify`: a transcript judged offline, with public data only.

use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::ceremony::plan;
use crate::ceremony::transcript::{Transcript, TranscriptError, page};
use crate::ceremony::verify::{Source, Verdict, compare, verify as judge};
use crate::cli::progress::Progress;
use crate::cli::{Context, session};
use crate::error::{Error, Exit};
use crate::keys::file_store::replace;
use crate::msg;

/// `cardmint ceremony verify …`.
#[derive(Debug, clap::Args)]
pub(super) struct Verify {
    /// The transcript.
    #[arg(value_name = "TRANSCRIPT")]
    transcript: PathBuf,
    /// The plan, as it was reviewed.
    #[arg(long, value_name = "FILE")]
    plan: Option<PathBuf>,
    /// An export of the whole ledger.
    #[arg(long, value_name = "FILE")]
    ledger: Option<PathBuf>,
    /// Write it as a page to be printed.
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
}

#[derive(Serialize)]
struct FindingRecord<'a> {
    check: &'a str,
    step: Option<&'a str>,
    message: String,
}

#[derive(Serialize)]
struct PersonRecord<'a> {
    id: &'a str,
    officer: &'a str,
    role: &'a str,
}

#[derive(Serialize)]
struct VerdictRecord<'a> {
    good: bool,
    site: &'a str,
    rehearsal: bool,
    title: &'a str,
    plan: &'a str,
    nonce: &'a str,
    begin: u64,
    end: Option<u64>,
    at: Option<String>,
    result: Option<&'static str>,
    participants: Vec<PersonRecord<'a>>,
    steps: usize,
    incidents: usize,
    signatures: usize,
    unchecked: Vec<String>,
    with_ledger: bool,
    findings: usize,
}

pub(super) fn verify(args: &Verify, context: &mut Context) -> Result<Exit, Error> {
    let transcript = Transcript::read(&args.transcript)?;
    let plan = args.plan.as_deref().map(read).transpose()?;
    let mut verdict = judge(&transcript, plan.as_deref());
    let mut progress = Progress::for_output(&context.out);
    if let Some(path) = &args.ledger {
        compare(&transcript, Source::Export(path), &mut verdict, &mut progress)?;
    } else if context.global.site.is_some() {
        let site = session::open_site(context)?;
        let (path, copy) = (site.ledger_path(), site.checkpoint_copy());
        let source = Source::Database(&path, Some(&copy));
        compare(&transcript, source, &mut verdict, &mut progress)?;
    }
    tell(&transcript, &verdict, context)?;
    if let Some(path) = &args.html {
        replace(path, page(&transcript, &verdict).as_bytes(), 0o644)?;
        context.out.say(&msg!("ceremony-page-written", path = path.display()))?;
    }
    Ok(if verdict.good() { Exit::Done } else { Exit::Check })
}

fn read(path: &Path) -> Result<Vec<u8>, Error> {
    let unread = |e: std::io::Error| TranscriptError::Read {
        path: path.display().to_string(),
        what: e.to_string(),
    };
    Ok(std::fs::read(path).map_err(unread)?)
}

fn tell(transcript: &Transcript, verdict: &Verdict, context: &mut Context) -> Result<(), Error> {
    let out = &mut context.out;
    let lang = out.lang();
    for finding in &verdict.findings {
        let message = finding.what.render(lang);
        let step = finding.step.as_deref();
        let place = step.map(|step| format!("{step}: ")).unwrap_or_default();
        out.text(&format!("{}  {place}{message}", finding.check))?;
        let check = finding.check;
        out.record("cardmint.ceremony-finding/1", &FindingRecord { check, step, message })?;
    }
    let record = VerdictRecord {
        good: verdict.good(),
        site: &verdict.site,
        rehearsal: verdict.rehearsal,
        title: &verdict.title,
        plan: &verdict.plan,
        nonce: &verdict.nonce,
        begin: verdict.begin,
        end: verdict.end.as_ref().map(|(seq, _)| *seq),
        at: verdict.end.as_ref().map(|(_, at)| at.to_string()),
        result: verdict.result.map(crate::ledger::act::CeremonyResult::as_str),
        participants: verdict
            .people
            .iter()
            .map(|p| PersonRecord {
                id: &p.id,
                officer: &p.officer,
                role: p.role.as_str(),
            })
            .collect(),
        steps: verdict.steps,
        incidents: verdict.incidents,
        signatures: verdict.signatures,
        unchecked: verdict.unchecked.iter().map(ToString::to_string).collect(),
        with_ledger: verdict.with_ledger,
        findings: verdict.findings.len(),
    };
    out.record("cardmint.ceremony-verification/1", &record)?;
    for_people(transcript, verdict, context)
}

/// The same for people.
fn for_people(transcript: &Transcript, verdict: &Verdict, context: &mut Context) -> Result<(), Error> {
    let out = &mut context.out;
    // The ledger has the English title alone.
    let plan = plan::read(&transcript.plan, "plan").ok();
    let title = plan.map_or_else(
        || verdict.title.clone(),
        |plan| plan.title.in_language(out.lang()).to_owned(),
    );
    if verdict.rehearsal {
        out.say(&msg!("ceremony-verdict-rehearsal"))?;
    }
    out.say(&msg!(
        "ceremony-verdict-title",
        title = title,
        site = verdict.site,
        begin = verdict.begin
    ))?;
    out.say(&msg!("ceremony-digest", digest = verdict.plan))?;
    for person in &verdict.people {
        let msg = msg!("ceremony-participant", id = person.id, officer = person.officer);
        out.say(&msg.with_word("role", "role", person.role.as_str()))?;
    }
    match (&verdict.result, &verdict.end) {
        (Some(result), Some((end, at))) => {
            let msg = msg!(
                "ceremony-verdict-ended",
                end = end,
                at = at,
                steps = verdict.steps,
                incidents = verdict.incidents
            );
            out.say(&msg.with_word("result", "ceremony-result", result.as_str()))?;
        }
        _ => out.say(&msg!("ceremony-verdict-open"))?,
    }
    out.say(&msg!("ceremony-verdict-signatures", signatures = verdict.signatures))?;
    if !verdict.unchecked.is_empty() {
        let keys: Vec<String> = verdict.unchecked.iter().map(ToString::to_string).collect();
        out.say(&msg!("ceremony-verdict-unchecked", keys = keys.join(", ")))?;
    }
    if !verdict.with_ledger {
        out.say(&msg!("ceremony-verdict-no-ledger"))?;
    }
    match verdict.findings.len() {
        0 => out.say(&msg!("ceremony-verdict-good")),
        count => out.say(&msg!("ceremony-verdict-bad", count = count)),
    }
}
