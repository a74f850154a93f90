// SPDX-License-Identifier: Apache-2.0
//! Keys through the course of the plan: made once, used in the right state, not left without a copy.

use std::collections::{BTreeMap, BTreeSet};

use super::course::{Fault, keys_at, plain};
use super::{Report, View};
use crate::ceremony::plan::key_name::PlannedKey;
use crate::ceremony::plan::step::Do;
use crate::crypto::Algorithm;
use crate::crypto::key_block::ExchangeAlgorithm;
use crate::keys::ExchangeName;
use crate::msg;

/// No key is made twice, named twice in one step, or used before it is made.
pub(super) fn once(view: &View<'_>, report: &mut Report) {
    for (place, key, fault) in &view.course.faults {
        match fault {
            Fault::Twice => report.error(place, msg!("plan-check-made-twice", key = key)),
            Fault::AfterUse => report.error(place, msg!("plan-check-made-after-use", key = key)),
            Fault::Repeated => report.error(place, msg!("plan-check-key-repeated", key = key)),
            _ => {}
        }
    }
}

/// Each step finds its keys in a state in which the key store does what it asks.
pub(super) fn states(view: &View<'_>, report: &mut Report) {
    for (place, key, fault) in &view.course.faults {
        match fault {
            Fault::State(state) => {
                let what = msg!("plan-check-key-state", key = key).with_word("state", "key-state", state);
                report.error(place, what);
            }
            Fault::InUse => report.warning(place, msg!("plan-check-destroys-active", key = key)),
            _ => {}
        }
    }
}

/// Keys from the random source exist nowhere else: a backup, shares or an export follow.
pub(super) fn copies(view: &View<'_>, report: &mut Report) {
    let mut single: Vec<(String, PlannedKey)> = Vec::new();
    for step in &view.plan.steps {
        match &step.what {
            Do::Generate(_) | Do::Rotate(_) => {
                let made = step.what.made();
                single.extend(made.iter().map(|key| (keys_at(step), plain(key, view.site))));
            }
            Do::Backup(_) => single.clear(),
            Do::Split(_) | Do::ExportForms(_) | Do::ExportBlock(_) => {
                let copied: BTreeSet<_> = step.what.used().iter().map(|key| plain(key, view.site)).collect();
                single.retain(|(_, key)| !copied.contains(key));
            }
            _ => {}
        }
    }
    let mut told = BTreeSet::new();
    for (place, key) in single {
        if told.insert(place.clone()) {
            report.warning(&place, msg!("plan-check-no-copy", key = key));
        }
    }
}

/// Keys for key blocks are entered once, before they are used, and are strong enough for what they carry.
pub(super) fn exchange_keys(view: &View<'_>, report: &mut Report) {
    let mut entered: BTreeMap<&ExchangeName, ExchangeAlgorithm> = BTreeMap::new();
    let later: BTreeSet<&ExchangeName> = view.plan.steps.iter().filter_map(|step| enters(&step.what)).collect();
    for step in &view.plan.steps {
        if let Do::ImportExchangeKey(work) = &step.what {
            if entered.insert(&work.name, work.algorithm).is_some() {
                let place = format!("{}.name", step.at);
                report.error(&place, msg!("plan-check-exchange-twice", name = work.name));
            }
            continue;
        }
        let Some((under, keys)) = carried(&step.what) else {
            continue;
        };
        let at_site = view
            .site
            .and_then(|site| site.exchange_keys.get(under))
            .map(|facts| facts.algorithm);
        let algorithm = entered.get(under).copied().or(at_site);
        if algorithm.is_none() && later.contains(under) {
            let place = format!("{}.under", step.at);
            report.error(&place, msg!("plan-check-exchange-later", name = under));
        }
        if algorithm.is_some_and(ExchangeAlgorithm::is_tdes) {
            for key in keys.iter().filter(|key| key.algorithm == Algorithm::Sm4) {
                report.error(
                    &keys_at(step),
                    msg!("plan-check-exchange-weaker", key = key, name = under),
                );
            }
        }
    }
}

fn enters(what: &Do) -> Option<&ExchangeName> {
    match what {
        Do::ImportExchangeKey(work) => Some(&work.name),
        _ => None,
    }
}

/// The exchange key of a step with key blocks, and the keys in the blocks.
pub(super) fn carried(what: &Do) -> Option<(&ExchangeName, &[PlannedKey])> {
    match what {
        Do::ImportBlock(work) => Some((&work.under, &work.keys)),
        Do::ExportBlock(work) => Some((&work.under, &work.keys)),
        _ => None,
    }
}
