// SPDX-License-Identifier: Apache-2.0
//! The list at the end of a plan says everything that the steps make, and nothing else.

use std::collections::BTreeSet;

use super::course::plain;
use super::keys::carried;
use super::{Report, View};
use crate::ceremony::plan::step::Do;
use crate::keys::ExchangeName;
use crate::msg;

/// Every key, exchange key and PIN that a step makes or changes is expected.
pub(super) fn complete(view: &View<'_>, report: &mut Report) {
    let plan = view.plan;
    let expected: BTreeSet<_> = plan
        .expected
        .iter()
        .flat_map(|e| &e.keys)
        .map(|key| plain(key, view.site))
        .collect();
    for (key, end) in &view.course.ends {
        if let Some(step) = end.changed.as_ref().filter(|_| !expected.contains(key)) {
            report.error(step, msg!("plan-check-not-expected", name = key));
        }
    }
    let listed = |name: &str| {
        let mut exchange_keys = plan.expected.iter().flat_map(|e| &e.exchange_keys);
        exchange_keys.any(|other| other.as_str() == name)
    };
    let pin = |name: &String| plan.expected.iter().any(|e| e.pins.contains(name));
    for step in &plan.steps {
        let (name, found) = match &step.what {
            Do::ImportExchangeKey(work) => (work.name.as_str(), listed(work.name.as_str())),
            Do::Pin(work) => (work.name.as_str(), pin(&work.name)),
            _ => continue,
        };
        if !found {
            report.error(&step.at, msg!("plan-check-not-expected", name = name));
        }
    }
}

/// Every key that is expected is made or used, and ends in the expected state.
pub(super) fn reached(view: &View<'_>, report: &mut Report) {
    let mut seen = BTreeSet::new();
    for expect in &view.plan.expected {
        let place = format!("{}.keys", expect.at);
        for key in expect.keys.iter().map(|key| plain(key, view.site)) {
            if !seen.insert(key.clone()) {
                report.error(&place, msg!("plan-check-expected-twice", name = key));
            }
            match view.course.ends.get(&key) {
                None if view.course.restored => {}
                None => report.error(&place, msg!("plan-check-not-reached", name = key)),
                Some(end) => {
                    if let Some(state) = end.state.filter(|state| *state != expect.state) {
                        let what = msg!("plan-check-other-state", key = key);
                        let what = what.with_word("state", "key-state", &state);
                        report.error(&place, what.with_word("expected", "key-state", &expect.state));
                    }
                }
            }
        }
        let made =
            |named: &dyn Fn(&Do) -> bool| view.course.restored || view.plan.steps.iter().any(|step| named(&step.what));
        for name in &expect.exchange_keys {
            if !made(&|what| exchange_key(what) == Some(name)) {
                let place = format!("{}.exchange-keys", expect.at);
                report.error(&place, msg!("plan-check-not-reached", name = name));
            }
        }
        for name in &expect.pins {
            if !made(&|what| matches!(what, Do::Pin(work) if work.name == *name)) {
                report.error(
                    &format!("{}.pins", expect.at),
                    msg!("plan-check-not-reached", name = name),
                );
            }
        }
    }
}

fn exchange_key(what: &Do) -> Option<&ExchangeName> {
    match what {
        Do::ImportExchangeKey(work) => Some(&work.name),
        other => carried(other).map(|(under, _)| under),
    }
}
