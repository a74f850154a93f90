// SPDX-License-Identifier: Apache-2.0
//! Keys through the course of the plan: made once, used in the right state, not left without a copy.

use std::collections::BTreeSet;

use super::course::{Fault, keys_at, plain};
use super::{Report, View};
use crate::ceremony::plan::key_name::PlannedKey;
use crate::ceremony::plan::step::Do;
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

/// Keys for key blocks are entered once, and before they are used where the plan enters them.
pub(super) fn exchange_keys(view: &View<'_>, report: &mut Report) {
    let entered = |name: &str| {
        let mut steps = view.plan.steps.iter().enumerate();
        steps.find_map(|(at, step)| match &step.what {
            Do::ImportExchangeKey(work) if work.name == name => Some(at),
            _ => None,
        })
    };
    for (at, step) in view.plan.steps.iter().enumerate() {
        let (field, name) = match &step.what {
            Do::ImportExchangeKey(work) => ("name", &work.name),
            Do::ImportBlock(work) => ("under", &work.under),
            Do::ExportBlock(work) => ("under", &work.under),
            _ => continue,
        };
        let place = format!("{}.{field}", step.at);
        match entered(name) {
            Some(first) if field == "name" && first < at => {
                report.error(&place, msg!("plan-check-exchange-twice", name = name));
            }
            Some(first) if field == "under" && first > at => {
                report.error(&place, msg!("plan-check-exchange-later", name = name));
            }
            _ => {}
        }
    }
}
