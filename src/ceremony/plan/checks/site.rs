// SPDX-License-Identifier: Apache-2.0
//! A plan against the site that is to run it, by public facts alone.

use std::collections::BTreeSet;

use super::course::{Fault, keys_at};
use super::keys::carried;
use super::{Report, View};
use crate::ceremony::plan::bindings::Bindings;
use crate::ceremony::plan::model::PersonId;
use crate::ceremony::plan::site_facts::{OfficerFacts, SiteFacts};
use crate::ceremony::plan::step::Do;
use crate::crypto::key_block::Exportability;
use crate::keys::KeyState;
use crate::ledger::policy::Role;
use crate::msg;
use crate::site::{check_name, holds_share};

/// The plan is for this scheme and this level.
pub(super) fn fits(view: &View<'_>, report: &mut Report) {
    let Some(site) = view.site else { return };
    let (plan, scheme) = (view.plan, site.scheme.name());
    if let Some(other) = plan.scheme.as_ref().filter(|name| *name != scheme) {
        report.error("scheme", msg!("plan-check-other-scheme", plan = other, site = scheme));
    }
    let level = &site.owner.level;
    if let Some(other) = plan.level.as_ref().filter(|name| *name != level) {
        report.error("level", msg!("plan-check-other-level", plan = other, site = level));
    }
}

/// Officers are enrolled in the roles that they have in the plan; newcomers are not there yet.
pub(super) fn officers(view: &View<'_>, report: &mut Report) {
    let (Some(site), Some(bindings)) = (view.site, view.bindings) else {
        return;
    };
    for participant in &view.plan.participants {
        let Some(officer) = bindings.officer(&participant.id) else {
            continue;
        };
        match valid(site, officer) {
            None => report.error(
                &participant.at,
                msg!("plan-check-not-enrolled", id = participant.id, officer = officer),
            ),
            Some(facts) if !facts.roles.contains(&participant.role) => {
                let what = msg!("plan-check-not-in-role", id = participant.id, officer = officer);
                report.error(
                    &participant.at,
                    what.with_word("role", "role", participant.role.as_str()),
                );
            }
            Some(_) => {}
        }
    }
    let newcomers: BTreeSet<&PersonId> = view.plan.newcomers().collect();
    for other in &view.plan.officers {
        let Some(officer) = bindings.officer(&other.id) else {
            continue;
        };
        let newcomer = newcomers.contains(&other.id);
        if newcomer && check_name(officer).is_err() {
            report.error(
                &other.at,
                msg!("plan-check-newcomer-name", id = other.id, officer = officer),
            );
        } else if newcomer && site.officers.contains_key(officer) {
            report.error(
                &other.at,
                msg!("plan-check-newcomer-there", id = other.id, officer = officer),
            );
        } else if !newcomer && valid(site, officer).is_none() {
            report.error(
                &other.at,
                msg!("plan-check-not-enrolled", id = other.id, officer = officer),
            );
        }
    }
}

fn valid<'a>(site: &'a SiteFacts, officer: &str) -> Option<&'a OfficerFacts> {
    site.officers.get(officer).filter(|facts| !facts.revoked)
}

/// Enough participants hold shares of the key store to open it. A restored store is opened by its backup's shares.
pub(super) fn quorum(view: &View<'_>, report: &mut Report) {
    let Some(site) = view.site else { return };
    if view
        .plan
        .steps
        .first()
        .is_some_and(|step| matches!(step.what, Do::Restore(_)))
    {
        return;
    }
    let Some(store) = &site.store else {
        return report.error("", msg!("plan-check-no-store"));
    };
    let Some(bindings) = view.bindings else { return };
    let participants = view.plan.participants.iter().filter_map(|p| bindings.officer(&p.id));
    let present: BTreeSet<&str> = participants
        .filter(|officer| store.holders.contains(*officer))
        .collect();
    if present.len() < usize::from(store.quorum) {
        let what = msg!("plan-check-store-closed", needed = store.quorum, have = present.len());
        report.error("participant", what);
    }
}

/// After the ceremony the store is held by enough officers, all of them valid, and none who has left.
pub(super) fn store(view: &View<'_>, report: &mut Report) {
    let (Some(site), Some(bindings)) = (view.site, view.bindings) else {
        return;
    };
    let (mut quorum, mut holders, mut gone) = (0, BTreeSet::new(), Vec::new());
    if let Some(store) = &site.store {
        quorum = store.quorum;
        holders.extend(store.holders.iter().map(String::as_str));
    }
    for step in &view.plan.steps {
        let (number, people) = match &step.what {
            Do::Reshare(work) => (work.quorum, &work.holders),
            Do::Restore(work) => (work.quorum, &work.holders),
            Do::Revoke(work) => {
                gone.extend(bindings.officer(&work.officer).map(|officer| (step, officer)));
                continue;
            }
            _ => continue,
        };
        quorum = number;
        holders = people.iter().filter_map(|id| bindings.officer(id)).collect();
        for id in people {
            if let Some(what) = unfit(view, site, bindings, id) {
                report.error(&format!("{}.holders", step.at), what);
            }
        }
    }
    for (step, officer) in &gone {
        if holders.remove(officer) {
            report.error(&step.at, msg!("plan-check-leaves-with-share", officer = officer));
        }
    }
    if holders.len() < usize::from(quorum) {
        report.error(
            "",
            msg!("plan-check-nobody-opens", needed = quorum, have = holders.len()),
        );
    }
}

/// A holder who is an officer already and has no role that holds a share.
fn unfit(view: &View<'_>, site: &SiteFacts, bindings: &Bindings, id: &PersonId) -> Option<crate::i18n::Msg> {
    if view.plan.newcomers().any(|newcomer| newcomer == id) {
        return None;
    }
    let officer = bindings.officer(id)?;
    let roles: &[Role] = valid(site, officer).map_or(&[], |facts| &facts.roles);
    (!holds_share(roles)).then(|| msg!("plan-check-holder-role", id = id))
}

/// The names of new keys are free, and the keys that are used are there.
pub(super) fn keys(view: &View<'_>, report: &mut Report) {
    for (place, key, fault) in &view.course.faults {
        match fault {
            Fault::Taken => report.error(place, msg!("plan-check-key-taken", key = key)),
            Fault::Missing => report.error(place, msg!("plan-check-key-missing", key = key)),
            _ => {}
        }
    }
}

/// A new version is higher than all versions that the site has of the key.
pub(super) fn versions(view: &View<'_>, report: &mut Report) {
    let Some(site) = view.site else { return };
    for step in &view.plan.steps {
        for key in step.what.made() {
            let id = key.at(&site.owner);
            let same = |other: &&crate::keys::KeyId| {
                other.usage == id.usage && other.algorithm == id.algorithm && other.owner == id.owner
            };
            let newest = site.keys.keys().filter(same).map(|other| other.version).max();
            let Some(newest) = newest.filter(|newest| *newest > id.version) else {
                continue;
            };
            let what = msg!("plan-check-older-version", key = key, newest = newest);
            match step.what {
                Do::Rotate(_) => report.error(&keys_at(step), what),
                _ => report.warning(&keys_at(step), what),
            }
        }
    }
}

/// Keys for key blocks that are used are there and in use, and those that are entered are not.
pub(super) fn exchange_keys(view: &View<'_>, report: &mut Report) {
    let Some(site) = view.site else { return };
    let mut own = BTreeSet::new();
    for step in &view.plan.steps {
        if let Do::ImportExchangeKey(work) = &step.what {
            own.insert(&work.name);
            if site.exchange_keys.contains_key(&work.name) {
                let place = format!("{}.name", step.at);
                report.error(&place, msg!("plan-check-exchange-taken", name = work.name));
            }
        }
        let Some((under, _)) = carried(&step.what).filter(|(under, _)| !own.contains(under)) else {
            continue;
        };
        let place = format!("{}.under", step.at);
        match site.exchange_keys.get(under).map(|facts| facts.state) {
            None if !view.course.restored => {
                report.error(&place, msg!("plan-check-exchange-missing", name = under));
            }
            None | Some(KeyState::Active) => {}
            Some(KeyState::Retired) if matches!(step.what, Do::ImportBlock(_)) => {}
            Some(state) => {
                let what = msg!("plan-check-exchange-state", name = under).with_word("state", "key-state", &state);
                report.error(&place, what);
            }
        }
    }
}

/// A key that came with a limit travels no further than that.
pub(super) fn travel(view: &View<'_>, report: &mut Report) {
    let Some(site) = view.site else { return };
    for step in &view.plan.steps {
        let allowed: fn(Exportability) -> bool = match &step.what {
            Do::ExportBlock(_) => |limit| limit != Exportability::No,
            Do::ExportForms(_) => |limit| limit == Exportability::Sensitive,
            _ => continue,
        };
        for key in step.what.used() {
            let limit = site.limits.get(&key.at(&site.owner)).copied();
            if limit.is_some_and(|limit| !allowed(limit)) {
                report.error(&keys_at(step), msg!("plan-check-travel", key = key));
            }
        }
    }
}
