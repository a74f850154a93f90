// SPDX-License-Identifier: Apache-2.0
//! After the ceremony the key store can still be opened.

use std::collections::BTreeSet;

use super::{Report, View};
use crate::ceremony::plan::model::PersonId;
use crate::ceremony::plan::step::Do;
use crate::ledger::policy::Role;
use crate::msg;
use crate::site::holds_share;

/// Holders of the store's shares are different people, are officers by then and stay so, and may hold one.
pub(super) fn opens(view: &View<'_>, report: &mut Report) {
    let steps = &view.plan.steps;
    for (at, step) in steps.iter().enumerate() {
        let holders = match &step.what {
            Do::Reshare(work) => &work.holders,
            Do::Restore(work) => &work.holders,
            _ => continue,
        };
        let place = format!("{}.holders", step.at);
        let shared_anew = |later: &Do| matches!(later, Do::Reshare(_) | Do::Restore(_));
        let last = !steps[at + 1..].iter().any(|later| shared_anew(&later.what));
        let mut seen = BTreeSet::new();
        for id in holders {
            if !seen.insert(id) {
                report.error(&place, msg!("plan-check-holder-twice", id = id));
            }
            let later = || steps[at + 1..].iter().map(|step| &step.what);
            if last && later().any(|what| revokes(what, id)) {
                report.error(&place, msg!("plan-check-holder-leaves", id = id));
            }
            if later().any(|what| enrols(what, id).is_some()) {
                report.error(&place, msg!("plan-check-holder-not-yet", id = id));
            }
            if !may_hold(view, id) {
                report.error(&place, msg!("plan-check-holder-role", id = id));
            }
        }
    }
}

fn revokes(what: &Do, id: &PersonId) -> bool {
    matches!(what, Do::Revoke(work) if work.officer == *id)
}

fn enrols<'a>(what: &'a Do, id: &PersonId) -> Option<&'a [Role]> {
    match what {
        Do::Enrol(work) if work.officer == *id => Some(&work.roles),
        _ => None,
    }
}

/// By the role in the plan; an officer who takes no part is known to the site alone.
fn may_hold(view: &View<'_>, id: &PersonId) -> bool {
    if let Some(participant) = view.plan.participant(id) {
        return holds_share(&[participant.role]);
    }
    let entered = view.plan.steps.iter().find_map(|step| enrols(&step.what, id));
    entered.is_none_or(holds_share)
}
