// SPDX-License-Identifier: Apache-2.0
//! The transcript's steps against the plan's: each there, in order, of its kind, in time, by the people who were to do it.

use std::collections::{BTreeMap, BTreeSet};

use super::{Told, Verdict};
use crate::ceremony::plan::{Do, PersonId, Plan, Step};
use crate::ledger::act::{Act, CeremonyEnd, CeremonyResult, StepDone};
use crate::ledger::{Entry, Text};
use crate::msg;

/// Those who signed are those of the plan, in their roles.
pub(super) fn participants(plan: &Plan, told: &Told<'_>, verdict: &mut Verdict) {
    let planned = plan.participants.iter().map(|p| (p.id.as_str(), p.role));
    let came = told.began.participants.iter().map(|p| (p.id.as_str(), p.role));
    if !planned.eq(came) {
        verdict.add(
            "CEREMONY-VERIFY-PARTICIPANTS",
            None,
            msg!("ceremony-verify-participants"),
        );
    }
}

/// Step by step.
pub(super) fn check(plan: &Plan, told: &Told<'_>, end: &CeremonyEnd, verdict: &mut Verdict) {
    let (planned, done) = (plan.steps.len(), end.steps.len());
    let complete = end.result == CeremonyResult::Completed;
    if done > planned || complete && done != planned {
        let what = msg!("ceremony-verify-step-count", planned = planned, done = done);
        verdict.add("CEREMONY-VERIFY-STEPS", None, what);
    }
    let mut before = told.begin.at.clone();
    let mut newcomers = Newcomers::new();
    for (at, (step, done)) in plan.steps.iter().zip(&end.steps).enumerate() {
        let id = done.id.as_str();
        if done.id.as_str() != step.id.as_str() || done.kind.as_str() != step.what.kind() {
            let what = msg!(
                "ceremony-verify-step",
                planned = step.id,
                kind = step.what.kind(),
                done = done.kind
            );
            verdict.add("CEREMONY-VERIFY-STEPS", Some(id), what);
            continue;
        }
        let until = told.end.map_or(&done.ended, |(entry, _)| &entry.at);
        if done.began < before || done.ended < done.began || done.ended > *until {
            verdict.add("CEREMONY-VERIFY-TIME", Some(id), msg!("ceremony-verify-time"));
        }
        before = done.ended.clone();
        let failed = !complete && at + 1 == end.steps.len();
        if let (Do::Enrol(work), Some(name)) = (&step.what, entered(done, told, complete)) {
            newcomers.insert(&work.officer, name);
        }
        if !failed {
            people(step, done, (told, &newcomers), verdict);
        }
    }
}

/// Who the newcomers of the plan turned out to be.
type Newcomers<'a> = BTreeMap<&'a PersonId, Text>;

/// The one at the keyboard who was no participant; of a completed ceremony the ledger has entered the same officer.
fn entered(done: &StepDone, told: &Told<'_>, complete: bool) -> Option<Text> {
    let participates = |officer: &Text| told.began.participants.iter().any(|p| p.officer == *officer);
    let name = done.by.iter().find(|officer| !participates(officer))?;
    let recorded = |entry: &&Entry| matches!(&entry.act, Act::OfficerEnrol(body) if body.name == *name);
    (!complete || told.acts.iter().any(recorded)).then(|| name.clone())
}

/// The officers behind names of the plan.
fn officers(ids: &[PersonId], told: &Told<'_>, newcomers: &Newcomers<'_>) -> Vec<Text> {
    let officer = |id: &PersonId| {
        let participants = &told.began.participants;
        let found = participants.iter().find(|p| p.id.as_str() == id.as_str());
        found.map(|p| &p.officer).or_else(|| newcomers.get(id)).cloned()
    };
    ids.iter().filter_map(officer).collect()
}

fn people(step: &Step, done: &StepDone, (told, newcomers): (&Told<'_>, &Newcomers<'_>), verdict: &mut Verdict) {
    let mut wrong = |what| verdict.add("CEREMONY-VERIFY-PEOPLE", Some(done.id.as_str()), what);
    let custodians = officers(step.what.custodians(), told, newcomers);
    let answer = officers(&step.by, told, newcomers);
    let confirm = officers(step.what.confirm(), told, newcomers);
    let entered = match &step.what {
        Do::Enrol(work) => newcomers.get(&work.officer),
        _ => None,
    };
    let known: BTreeSet<&Text> = custodians
        .iter()
        .chain(&answer)
        .chain(&confirm)
        .chain(entered)
        .collect();
    let seen = done.by.iter().chain(&done.confirmed);
    for other in seen.filter(|officer| !known.contains(officer)) {
        wrong(msg!("ceremony-verify-stranger", officer = other));
    }
    for absent in answer.iter().filter(|officer| !done.by.contains(officer)) {
        wrong(msg!("ceremony-verify-absent", officer = absent));
    }
    // Two different people confirm the check value of what was put together, and what cannot be undone.
    let confirming = match &step.what {
        Do::Check(_) => &answer,
        what if what.irreversible() => &answer,
        _ => &confirm,
    };
    for silent in confirming.iter().filter(|officer| !done.confirmed.contains(officer)) {
        wrong(msg!("ceremony-verify-unconfirmed", officer = silent));
    }
    let brought: Vec<&Text> = match &step.what {
        Do::Components(_) | Do::ImportExchangeKey(_) | Do::ExportForms(_) => {
            done.components.iter().map(|c| &c.officer).collect()
        }
        // Of a single leader's factor nothing is told; that they came is.
        Do::Factors(_) => done.by.iter().filter(|officer| custodians.contains(officer)).collect(),
        Do::Split(_) | Do::Combine(_) | Do::Backup(_) | Do::Restore(_) => {
            done.shares.iter().map(|s| &s.officer).collect()
        }
        _ => return,
    };
    if !brought.iter().copied().eq(&custodians) {
        wrong(msg!("ceremony-verify-custodians"));
    }
    let indexes: BTreeSet<u32> = done.shares.iter().map(|share| share.index).collect();
    if indexes.len() != done.shares.len() || indexes.contains(&0) {
        wrong(msg!("ceremony-verify-share-numbers"));
    }
}
