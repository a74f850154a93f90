// SPDX-License-Identifier: Apache-2.0
//! Whether the verifiers say of a damaged copy what must be said, and whether the ledger is opened and goes on where it must
//! not.

use std::panic::{AssertUnwindSafe, catch_unwind};

use cardmint::ledger::{Act, Against, Ledger, Report, verify_lines_on, verify_on};
use cardmint::outside::{Clock, Unobserved};

use super::case::{Case, Expected, Files, First, Opening};
use super::content::Content;
use super::notes::is_right;
use super::subject::{LOG, Subject, append, text};
use super::upkeep_story::sign;

/// Runs something that must not panic.
fn calm<T>(what: &str, run: impl FnOnce() -> T) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(run)).map_err(|panic| {
        let said = panic.downcast_ref::<String>().cloned();
        let said = said.or_else(|| panic.downcast_ref::<&str>().map(|s| (*s).to_owned()));
        format!("{what} panicked: {}", said.unwrap_or_default())
    })
}

/// What the verifier says of the database with the copy outside and the key that its owner knows; `None` where it refuses to
/// read it.
fn verified(files: &Files, s: &Subject, threads: usize) -> Result<Option<Report>, String> {
    let against = Against {
        copy: Some(files.copy()),
        key: Some(s.log.clone()),
    };
    calm("verify", || {
        verify_on(threads, &files.db(), &against, &mut Unobserved).ok()
    })
}

pub fn first_of(report: &Report) -> Option<u64> {
    report.findings.iter().filter_map(|finding| finding.seq).min()
}

/// What became of a copy that was judged rightly.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Said {
    /// The damage was found.
    Found,
    /// It is not read as a ledger at all.
    Refused,
    /// It does no harm, and is called good.
    Harmless,
}

impl Said {
    fn of(report: &Report) -> Self {
        if report.good() { Self::Harmless } else { Self::Found }
    }
}

/// Judges one copy; an error says what is wrong with the verifier.
pub fn judge(files: &Files, s: &Subject, case: &Case, thorough: bool) -> Result<Said, String> {
    if let (Some((file, _)), Some(wrong)) = (&case.export, &case.bundle) {
        let report = calm("verify_bundle", || super::bundles::verdict(s, file))??;
        let judged = bundle(&report, wrong);
        return judged
            .map(|()| Said::of(&report))
            .map_err(|what| shown(&what, Some(&report)));
    }
    let mut said = Said::Refused;
    if case.kind != "export" {
        let report = verified(files, s, 1 + usize::from(thorough))?;
        look(files, s, case, report.as_ref()).map_err(|what| shown(&what, report.as_ref()))?;
        opened(files, s, case, report.as_ref(), thorough)?;
        said = report.as_ref().map_or(Said::Refused, Said::of);
    }
    if let Some((file, note)) = &case.export {
        let report = exported(s, case, file, note)?;
        if case.kind == "export" {
            said = Said::of(&report);
        }
    }
    Ok(said)
}

/// The parts that are no good are named, and the first entry that is not.
fn bundle(report: &Report, wrong: &super::evidence::Wrong) -> Result<(), String> {
    if report.good() != wrong.is_good() {
        return Err(format!(
            "called {} instead of {wrong:?}",
            if report.good() { "good" } else { "bad" }
        ));
    }
    let (named, first) = (first_of(report), wrong.first());
    if named != first {
        return Err(format!("first bad entry {named:?} instead of {wrong:?}"));
    }
    let there = |checks: &&&[&str]| !report.findings.iter().any(|f| checks.contains(&f.check));
    match wrong.checks.iter().find(there) {
        Some(checks) => Err(format!("none of {checks:?} is named")),
        None => Ok(()),
    }
}

fn shown(what: &str, report: Option<&Report>) -> String {
    let findings = report.map(|report| {
        let one = |f: &cardmint::ledger::Finding| format!("{} {:?} {:?}", f.check, f.seq, f.what);
        report.findings.iter().take(6).map(one).collect::<Vec<_>>()
    });
    format!("{what}: {findings:#?}")
}

fn look(files: &Files, s: &Subject, case: &Case, report: Option<&Report>) -> Result<(), String> {
    match &case.expected {
        Expected::Good if report.is_some_and(Report::good) => Ok(()),
        Expected::Good => Err("an undamaged ledger is called bad".to_owned()),
        Expected::ByContent => by_content(files, s, report),
        Expected::Bad(first, checks) => {
            let Some(report) = report else { return Ok(()) };
            bad(report, first)?;
            let named = checks.is_empty() || report.findings.iter().any(|f| checks.contains(&f.check));
            if named {
                Ok(())
            } else {
                Err(format!("none of {checks:?} is named"))
            }
        }
    }
}

fn bad(report: &Report, first: &First) -> Result<(), String> {
    if report.good() {
        return Err("called good".to_owned());
    }
    let named = first_of(report);
    let right = match first {
        First::At(seq) => named == Some(*seq),
        First::Nowhere => named.is_none(),
        First::Within(from, to) => named.is_some_and(|seq| (*from..=*to).contains(&seq)),
        First::NotBefore(from) => named.is_none_or(|seq| seq >= *from),
    };
    if right {
        Ok(())
    } else {
        Err(format!("first bad entry {named:?} instead of {first:?}"))
    }
}

fn by_content(files: &Files, s: &Subject, report: Option<&Report>) -> Result<(), String> {
    let Some(report) = report else { return Ok(()) };
    let content = Content::read(&files.db());
    if report.good() {
        return if content.agrees(&s.content, |note| is_right(note, &s.note)) {
            Ok(())
        } else {
            Err("called good, and says something else".to_owned())
        };
    }
    let named = first_of(report);
    let first = content.first_differences(&s.content);
    let database = || report.findings.iter().filter(|f| f.check == "LEDGER-DATABASE");
    let disordered = || database().any(|f| format!("{:?}", f.what).contains("order"));
    if (content.broken || first.len() > 1) && database().count() > 0 || disordered() {
        // Which entries can still be read depends on how one reads: by a walk, by a part of one, one by one.
        return Ok(());
    }
    if first.contains(&named) {
        Ok(())
    } else {
        Err(format!("first bad entry {named:?} instead of {first:?}"))
    }
}

/// Opens the copy as every command does, and goes on with it if it lets itself be opened.
fn opened(files: &Files, s: &Subject, case: &Case, report: Option<&Report>, thorough: bool) -> Result<(), String> {
    if !thorough && case.opening == Opening::Any {
        return Ok(());
    }
    let files = files.duplicate(&files.folder.join("opened"));
    let ledger = calm("open", || Ledger::open(&files.db(), Some(&files.copy())))?;
    let Ok(mut ledger) = ledger else {
        return if case.opening == Opening::Allowed {
            Err("is not opened".to_owned())
        } else {
            Ok(())
        };
    };
    if case.opening == Opening::Refused {
        return Err(shown("is opened", report));
    }
    if !thorough {
        return Ok(());
    }
    calm("reading", || read(&ledger))?;
    let went_on = calm("append", || go_on(&mut ledger, s))?;
    drop(ledger);
    let after = verified(&files, s, 1)?;
    let good = |report: Option<&Report>| report.is_some_and(Report::good);
    match case.opening {
        Opening::Allowed if !went_on || !good(after.as_ref()) => Err(shown("does not go on", after.as_ref())),
        Opening::Any | Opening::Refused if !good(report) && good(after.as_ref()) => {
            Err("is good after another entry".to_owned())
        }
        _ => Ok(()),
    }
}

/// Everything that commands ask.
fn read(ledger: &Ledger) {
    let size = ledger.size();
    for seq in 0..size.min(200) {
        let _ = (ledger.entry(seq), ledger.line(seq), ledger.evidence(seq));
    }
    let _ = ledger.export_jsonl(&cardmint::ledger::Filter::default(), &mut std::io::sink());
    let _ = ledger.export_csv(&cardmint::ledger::Filter::default(), &[], false, &mut std::io::sink());
    let _ = (
        ledger.consistency(1, size),
        ledger.ceremonies(),
        ledger.backups(),
        ledger.batch_account("B"),
    );
    let _ = (
        ledger.card(cardmint::ledger::CardKind::User, "1001"),
        ledger.key("load/1"),
    );
}

/// One more entry and a checkpoint over all.
fn go_on(ledger: &mut Ledger, _: &Subject) -> bool {
    let act = Act::TemplateApprove(cardmint::ledger::act::TemplateApprove {
        template: text("after"),
        digest: cardmint::ledger::Hash::of(&[b"after"]),
    });
    let clock = Clock::Fixed("2031-01-01T00:00:00Z".parse().unwrap());
    let names = ["张三", "李四"].map(str::to_owned).to_vec();
    let appended = append(ledger, vec![(act, names)], 0, &clock).is_ok();
    sign(ledger, LOG).is_ok() && appended
}

/// The same damage as an export with the checkpoint that an outsider has.
pub fn exported(s: &Subject, case: &Case, file: &[u8], note: &str) -> Result<Report, String> {
    let against = Against {
        copy: None,
        key: Some(s.log.clone()),
    };
    let report = calm("verify_lines", || {
        verify_lines_on(1, &mut &file[..], Some(note), &against, &mut Unobserved)
    })?;
    let report = report.map_err(|e| format!("the export is not read: {e}"))?;
    let judged = match &case.expected {
        Expected::Good if report.good() => Ok(()),
        Expected::Good => Err("called bad".to_owned()),
        Expected::ByContent => Ok(()),
        Expected::Bad(first, _) => bad(&report, first),
    };
    judged.map_err(|what| shown(&format!("as an export: {what}"), Some(&report)))?;
    Ok(report)
}
