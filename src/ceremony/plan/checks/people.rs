// SPDX-License-Identifier: Apache-2.0
//! Who takes part, in which role, and that nobody acts alone.

use std::collections::BTreeSet;

use super::{Report, View};
use crate::ceremony::plan::model::{PersonId, Plan};
use crate::ceremony::plan::step::{Do, Step};
use crate::ledger::policy::Role;
use crate::msg;

/// Shortest and longest confirmation words, in characters.
const WORDS: std::ops::RangeInclusive<usize> = 8..=60;

/// The people at the keyboard of a step, with the field that names them.
fn present(step: &Step) -> Vec<(&'static str, &PersonId)> {
    let custodians = if matches!(step.what, Do::Factors(_)) {
        "leaders"
    } else {
        "custodians"
    };
    let by = step.by.iter().map(|id| ("by", id));
    let typing = step.what.custodians().iter().map(|id| (custodians, id));
    let confirm = step.what.confirm().iter().map(|id| ("confirm", id));
    by.chain(typing).chain(confirm).collect()
}

/// The people whom a step is about, who need not be there.
fn about(step: &Step) -> Vec<(&'static str, &PersonId)> {
    match &step.what {
        Do::Enrol(enrol) => vec![("officer", &enrol.officer)],
        Do::Revoke(revoke) => vec![("officer", &revoke.officer)],
        Do::Reshare(reshare) => reshare.holders.iter().map(|id| ("holders", id)).collect(),
        Do::Restore(restore) => restore.holders.iter().map(|id| ("holders", id)).collect(),
        _ => Vec::new(),
    }
}

/// Names are unique.
pub(super) fn names(view: &View<'_>, report: &mut Report) {
    let plan = view.plan;
    let participants = plan.participants.iter().map(|p| (&p.at, p.id.as_str()));
    let officers = plan.officers.iter().map(|o| (&o.at, o.id.as_str()));
    unique(participants.chain(officers), report);
    unique(plan.steps.iter().map(|s| (&s.at, s.id.as_str())), report);
}

fn unique<'a>(names: impl Iterator<Item = (&'a String, &'a str)>, report: &mut Report) {
    let mut seen = BTreeSet::new();
    for (at, name) in names {
        if !seen.insert(name) {
            report.error(&format!("{at}.id"), msg!("plan-check-name-twice", name = name));
        }
    }
}

/// At least two, a key officer among them, and none who has nothing to do.
pub(super) fn participants(view: &View<'_>, report: &mut Report) {
    let plan = view.plan;
    if plan.participants.len() < 2 {
        report.error("participant", msg!("plan-check-two-participants"));
    }
    if !plan.participants.iter().any(|p| p.role == Role::KeyOfficer) {
        report.error("participant", msg!("plan-check-no-key-officer"));
    }
    if plan.steps.is_empty() {
        report.error("step", msg!("plan-check-no-step"));
    }
    let busy: BTreeSet<&PersonId> = plan
        .steps
        .iter()
        .flat_map(|step| present(step).into_iter().chain(about(step)))
        .map(|(_, id)| id)
        .collect();
    let idle = |role| !matches!(role, Role::Witness | Role::Auditor);
    for someone in plan.participants.iter().filter(|p| idle(p.role)) {
        if !busy.contains(&someone.id) {
            report.error(&someone.at, msg!("plan-check-idle", id = someone.id));
        }
    }
    for officer in plan.officers.iter().filter(|o| !busy.contains(&o.id)) {
        report.error(&officer.at, msg!("plan-check-idle", id = officer.id));
    }
}

/// Everybody whom a step names is in the plan; only participants and newcomers act.
pub(super) fn known(view: &View<'_>, report: &mut Report) {
    let plan = view.plan;
    let mut newcomers = BTreeSet::new();
    for step in &plan.steps {
        for (field, id) in present(step) {
            let place = format!("{}.{field}", step.at);
            if plan.participant(id).is_some() || newcomers.contains(id) {
                continue;
            }
            if plan.people().any(|known| known == id) {
                report.error(&place, msg!("plan-check-not-present", id = id));
            } else {
                report.error(&place, msg!("plan-check-unknown-person", id = id));
            }
        }
        for (field, id) in about(step) {
            if !plan.people().any(|known| known == id) {
                let place = format!("{}.{field}", step.at);
                report.error(&place, msg!("plan-check-unknown-person", id = id));
            }
        }
        if let Do::Enrol(enrol) = &step.what {
            newcomers.insert(&enrol.officer);
        }
    }
}

/// Two different people do every step, a key officer among them.
pub(super) fn two_people(view: &View<'_>, report: &mut Report) {
    for step in &view.plan.steps {
        let different: BTreeSet<&PersonId> = present(step).into_iter().map(|(_, id)| id).collect();
        let place = format!("{}.by", step.at);
        let twice = step.by.iter().collect::<BTreeSet<_>>().len() < step.by.len();
        let alone = different.len() < 2 || (step.what.custodians().is_empty() && step.by.len() < 2);
        if alone || twice {
            report.error(&place, msg!("plan-check-alone", step = step.id));
        }
        let approving = step.by.iter().chain(step.what.confirm());
        let officer = |id: &PersonId| role_of(view.plan, id) == Some(Role::KeyOfficer);
        if !approving.into_iter().any(officer) {
            report.error(&place, msg!("plan-check-step-without-officer", step = step.id));
        }
    }
}

/// The role of a participant; of a newcomer, custodian if that is one of the roles.
fn role_of(plan: &Plan, id: &PersonId) -> Option<Role> {
    let newcomer = || {
        plan.steps.iter().find_map(|step| match &step.what {
            Do::Enrol(enrol) if enrol.officer == *id => {
                let custodian = enrol.roles.iter().find(|role| **role == Role::Custodian);
                custodian.or(enrol.roles.first()).copied()
            }
            _ => None,
        })
    };
    plan.participant(id).map(|p| p.role).or_else(newcomer)
}

/// Custodians type secrets and nobody else does; they approve nothing. A witness or auditor looks and confirms.
pub(super) fn roles(view: &View<'_>, report: &mut Report) {
    for step in &view.plan.steps {
        for (field, id) in present(step) {
            let Some(role) = role_of(view.plan, id) else { continue };
            let fits = match (field, role) {
                ("custodians" | "leaders", role) => role == Role::Custodian,
                ("confirm", role) => role != Role::Custodian,
                (_, Role::KeyOfficer) => true,
                (_, Role::Witness | Role::Auditor) => matches!(step.what, Do::Check(_)),
                _ => false,
            };
            if !fits {
                let what = msg!("plan-check-role", id = id, field = field).with_word("role", "role", role.as_str());
                report.error(&format!("{}.{field}", step.at), what);
            }
        }
    }
}

/// The custodians of a step are different people.
pub(super) fn custodians_differ(view: &View<'_>, report: &mut Report) {
    for step in &view.plan.steps {
        let custodians = step.what.custodians();
        for (at, id) in custodians.iter().enumerate() {
            if custodians[..at].contains(id) {
                let field = if matches!(step.what, Do::Factors(_)) {
                    "leaders"
                } else {
                    "custodians"
                };
                let place = format!("{}.{field}[{at}]", step.at);
                report.error(&place, msg!("plan-check-custodian-twice", id = id));
            }
        }
    }
}

/// Whoever confirms a check value has typed no part of the key, and two do it.
pub(super) fn confirm(view: &View<'_>, report: &mut Report) {
    for step in &view.plan.steps {
        let confirm = step.what.confirm();
        if confirm.is_empty() {
            continue;
        }
        let place = format!("{}.confirm", step.at);
        if confirm.iter().collect::<BTreeSet<_>>().len() < 2 {
            report.error(&place, msg!("plan-check-confirm-two", step = step.id));
        }
        for id in confirm.iter().filter(|id| step.what.custodians().contains(id)) {
            report.error(&place, msg!("plan-check-confirms-own", id = id));
        }
    }
}

/// Newcomers and those who leave take no part; nobody is entered or leaves twice, or acts after leaving.
pub(super) fn officers(view: &View<'_>, report: &mut Report) {
    let plan = view.plan;
    let (mut entered, mut gone) = (BTreeSet::new(), BTreeSet::new());
    for step in &plan.steps {
        for (field, id) in about(step) {
            let place = format!("{}.{field}", step.at);
            let moves = matches!(step.what, Do::Enrol(_) | Do::Revoke(_));
            if moves && plan.participant(id).is_some() {
                report.error(&place, msg!("plan-check-officer-present", id = id));
            }
            if gone.contains(id) {
                report.error(&place, msg!("plan-check-officer-gone", id = id));
            }
        }
        for (field, id) in present(step) {
            if gone.contains(id) {
                report.error(
                    &format!("{}.{field}", step.at),
                    msg!("plan-check-officer-gone", id = id),
                );
            }
        }
        let place = format!("{}.officer", step.at);
        match &step.what {
            Do::Enrol(enrol) if !entered.insert(&enrol.officer) => {
                report.error(&place, msg!("plan-check-officer-twice", id = enrol.officer));
            }
            Do::Revoke(revoke) => {
                gone.insert(&revoke.officer);
            }
            _ => {}
        }
    }
}

/// What cannot be undone is confirmed by words that nobody types by chance, on any keyboard.
pub(super) fn words(view: &View<'_>, report: &mut Report) {
    for step in &view.plan.steps {
        match &step.words {
            None if step.what.irreversible() => {
                report.error(&step.at, msg!("plan-check-no-words", step = step.id));
            }
            Some(words) if !good_words(words) => {
                let (least, most) = (WORDS.start(), WORDS.end());
                let what = msg!("plan-check-words", least = least, most = most);
                report.error(&format!("{}.words", step.at), what);
            }
            _ => {}
        }
    }
}

fn good_words(words: &str) -> bool {
    let typeable = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == ' ' || c == '-';
    let single = words.split(' ').all(|word| !word.is_empty());
    WORDS.contains(&words.len()) && words.chars().all(typeable) && single && words.contains(' ')
}
