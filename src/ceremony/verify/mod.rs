// SPDX-License-Identifier: Apache-2.0
//! A ceremony judged afterwards, from its plan, its transcript and public keys alone, by anybody, on any computer. Everything
//! that deviates is a named finding; with the ledger at hand, or an export of it, the transcript is compared with it, too.
//!
//! The signatures, and who had to sign, are judged by the code that the ledger itself is verified with (`ledger::rules`).

mod finding;
mod keys;
mod steps;
mod whole_ledger;

pub use finding::{CHECKS, Finding, Verdict};
pub use whole_ledger::{Source, compare};

use super::plan::{self, Plan};
use super::transcript::Transcript;
use crate::error::Fault;
use crate::ledger::act::{Act, CeremonyBegin, CeremonyEnd, CeremonyResult};
use crate::ledger::rules::State;
use crate::ledger::{Entry, Hash, LedgerError};
use crate::msg;

/// The ceremony as the lines of a transcript have it.
struct Told<'a> {
    state: State,
    begin: &'a Entry,
    began: &'a CeremonyBegin,
    acts: Vec<&'a Entry>,
    end: Option<(&'a Entry, &'a CeremonyEnd)>,
}

/// Verifies a transcript; `plan` is the plan file's bytes as the verifier has them from elsewhere.
pub fn verify(transcript: &Transcript, plan: Option<&[u8]>) -> Verdict {
    let mut verdict = Verdict::default();
    let entries = transcript.entries();
    check_chain(transcript, &entries, &mut verdict);
    let Some(state) = replay(&entries, &mut verdict) else {
        return verdict;
    };
    let Some(told) = told(&entries, state, &mut verdict) else {
        return verdict;
    };
    verdict.tell(&told);
    check_plan_text(transcript, plan, &told, &mut verdict);
    match plan::read(&transcript.plan, "plan") {
        Ok(plan) => against_plan(&plan, &told, &mut verdict),
        Err(e) => verdict.add("CEREMONY-VERIFY-PLAN", None, e.msg()),
    }
    verdict
}

/// Neighbouring entries are chained; the ceremony's own entries are neighbours.
fn check_chain(transcript: &Transcript, entries: &[Entry], verdict: &mut Verdict) {
    for ((entry, next), line) in entries.iter().zip(entries.iter().skip(1)).zip(&transcript.lines) {
        let follows = next.seq == entry.seq + 1;
        if next.seq <= entry.seq || follows && next.prev != Hash::leaf(line) || next.at < entry.at {
            verdict.add(
                "CEREMONY-VERIFY-CHAIN",
                None,
                msg!("ceremony-verify-chain", seq = next.seq),
            );
        }
    }
}

/// Signatures and approvals, entry by entry. What is wrong with one is told, and the rest is looked at all the same.
fn replay(entries: &[Entry], verdict: &mut Verdict) -> Option<State> {
    let Some(first) = entries.first() else {
        verdict.add("CEREMONY-VERIFY-FORM", None, msg!("ceremony-verify-empty"));
        return None;
    };
    let mut state = match State::found(first) {
        Ok(state) if first.seq == 0 => state,
        Ok(_) | Err(LedgerError::NotFirst) => {
            verdict.add("CEREMONY-VERIFY-FORM", None, msg!("ceremony-verify-first"));
            return None;
        }
        Err(fault) => {
            verdict.add("CEREMONY-VERIFY-SIGNATURE", None, fault.msg());
            return None;
        }
    };
    verdict.signatures += first.sigs.len();
    for entry in &entries[1..] {
        if entry.site != first.site {
            verdict.add(
                "CEREMONY-VERIFY-FORM",
                None,
                msg!("ceremony-verify-other-site", seq = entry.seq),
            );
        }
        match state.admit(entry) {
            Ok(()) => verdict.signatures += entry.sigs.len(),
            Err(fault) => {
                let what = msg!("ceremony-verify-entry", seq = entry.seq).with_msg("what", fault.msg());
                verdict.add("CEREMONY-VERIFY-SIGNATURE", None, what);
            }
        }
    }
    if let Err(fault) = state.is_whole() {
        verdict.add("CEREMONY-VERIFY-RESULT", None, fault.msg());
    }
    Some(state)
}

fn told<'a>(entries: &'a [Entry], state: State, verdict: &mut Verdict) -> Option<Told<'a>> {
    let begins = entries.iter().rev().find_map(|entry| match &entry.act {
        Act::CeremonyBegin(body) => Some((entry, body)),
        _ => None,
    });
    let Some((begin, began)) = begins else {
        verdict.add("CEREMONY-VERIFY-FORM", None, msg!("ceremony-verify-no-begin"));
        return None;
    };
    let acts: Vec<&Entry> = entries.iter().filter(|e| e.act.ceremony() == Some(begin.seq)).collect();
    let end = entries.iter().find_map(|entry| match &entry.act {
        Act::CeremonyEnd(body) if body.begin == begin.seq => Some((entry, body)),
        _ => None,
    });
    let first = acts.first().copied().or(end.map(|(entry, _)| entry));
    if let (Some(first), Some((last, _))) = (first, end)
        && last.seq - first.seq != acts.len() as u64
    {
        verdict.add(
            "CEREMONY-VERIFY-CHAIN",
            None,
            msg!("ceremony-verify-chain", seq = last.seq),
        );
    }
    if end.is_none() {
        verdict.add(
            "CEREMONY-VERIFY-RESULT",
            None,
            msg!("ceremony-verify-open", seq = begin.seq),
        );
    }
    Some(Told {
        state,
        begin,
        began,
        acts,
        end,
    })
}

/// The plan in the file is the one that was signed, and the one that the verifier has.
fn check_plan_text(transcript: &Transcript, plan: Option<&[u8]>, told: &Told<'_>, verdict: &mut Verdict) {
    let digest = Hash::of(&[transcript.plan.as_bytes()]);
    let signed = told.began.plan;
    let ended = told.end.map_or(signed, |(_, end)| end.plan);
    if digest != signed || ended != signed {
        verdict.add(
            "CEREMONY-VERIFY-PLAN",
            None,
            msg!("ceremony-verify-plan", signed = signed, found = digest),
        );
    }
    if let Some(bytes) = plan.filter(|bytes| Hash::of(&[bytes]) != signed) {
        let found = Hash::of(&[bytes]);
        verdict.add(
            "CEREMONY-VERIFY-PLAN",
            None,
            msg!("ceremony-verify-plan", signed = signed, found = found),
        );
    }
}

fn against_plan(plan: &Plan, told: &Told<'_>, verdict: &mut Verdict) {
    steps::participants(plan, told, verdict);
    let Some((_, end)) = told.end else { return };
    steps::check(plan, told, end, verdict);
    match end.result {
        CeremonyResult::Completed => {
            keys::check(plan, told, end, verdict);
            keys::expectations(plan, told, verdict);
        }
        CeremonyResult::Abandoned if !told.acts.is_empty() => {
            verdict.add("CEREMONY-VERIFY-RESULT", None, msg!("ceremony-verify-acted"));
        }
        CeremonyResult::Abandoned => {}
    }
}
