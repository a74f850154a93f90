// SPDX-License-Identifier: Apache-2.0
//! `cardmint doctor`: named checks of the computer and the site, each with what to do. A check is a function that returns its
//! [`Finding`]s and changes nothing that lasts.

mod computer;
mod health;
mod process;
mod readers;
mod site;

use serde::Serialize;

use super::Context;
use crate::error::{Error, Exit};
use crate::i18n::Msg;
use crate::msg;

/// `cardmint doctor`.
#[derive(Debug, clap::Args)]
pub struct Args {}

/// How a check came out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// As it should be.
    Ok,
    /// Work is possible; something is weaker than it should be.
    Warn,
    /// Do not work like this.
    Fail,
}

/// What one check found. The hint, what to do, stands in the catalogue beside the message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The check's name, as in docs/doctor.md: `CORE-DUMPS`, `SITE-FOLDER-MODE`.
    pub check: &'static str,
    /// How it came out.
    pub verdict: Verdict,
    /// What was found.
    pub msg: Msg,
}

impl Finding {
    /// As it should be.
    pub fn ok(check: &'static str, msg: Msg) -> Self {
        Self::new(check, Verdict::Ok, msg)
    }

    /// Weaker than it should be.
    pub fn warn(check: &'static str, msg: Msg) -> Self {
        Self::new(check, Verdict::Warn, msg)
    }

    /// Not fit to work with.
    pub fn fail(check: &'static str, msg: Msg) -> Self {
        Self::new(check, Verdict::Fail, msg)
    }

    fn new(check: &'static str, verdict: Verdict, msg: Msg) -> Self {
        Self { check, verdict, msg }
    }
}

#[derive(Serialize)]
struct FindingRecord<'a> {
    check: &'static str,
    verdict: Verdict,
    id: &'a str,
    message: String,
    hint: Option<String>,
}

/// Runs all checks. Ends with 3 if one failed.
pub fn run(_args: &Args, context: &mut Context) -> Result<Exit, Error> {
    let mut findings = readers::checks();
    findings.extend(process::checks());
    findings.extend(computer::checks(context));
    findings.extend(site::checks(context));
    for finding in &findings {
        show(context, finding)?;
    }
    let worst = findings.iter().map(|f| f.verdict).max().unwrap_or(Verdict::Ok);
    let (summary, exit) = match worst {
        Verdict::Ok => (msg!("doctor-all-well"), Exit::Done),
        Verdict::Warn => (msg!("doctor-warnings"), Exit::Done),
        Verdict::Fail => (msg!("doctor-failures"), Exit::Check),
    };
    context.out.say(&summary)?;
    Ok(exit)
}

fn show(context: &mut Context, finding: &Finding) -> Result<(), Error> {
    let out = &mut context.out;
    let lang = out.lang();
    let message = finding.msg.render(lang);
    let hint = (finding.verdict != Verdict::Ok)
        .then(|| finding.msg.hint(lang))
        .flatten();
    let label = match finding.verdict {
        Verdict::Ok => msg!("doctor-label-ok"),
        Verdict::Warn => msg!("doctor-label-warn"),
        Verdict::Fail => msg!("doctor-label-fail"),
    };
    out.text(&format!("{}  {:<18} {message}", label.render(lang), finding.check))?;
    if let Some(hint) = &hint {
        out.text(&format!("      → {hint}"))?;
    }
    let record = FindingRecord {
        check: finding.check,
        verdict: finding.verdict,
        id: finding.msg.id(),
        message,
        hint,
    };
    out.record("cardmint.finding/1", &record)
}
