// SPDX-License-Identifier: Apache-2.0
//! The list at the end of a plan says everything that the steps make, and nothing else.

use std::collections::BTreeSet;

use super::course::plain;
use super::{Report, View};
use crate::ceremony::plan::step::Do;
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
    let exchange_keys: Vec<&String> = plan.expected.iter().flat_map(|e| &e.exchange_keys).collect();
    let pins: Vec<&String> = plan.expected.iter().flat_map(|e| &e.pins).collect();
    for step in &plan.steps {
        let (name, listed) = match &step.what {
            Do::ImportExchangeKey(work) => (&work.name, &exchange_keys),
            Do::Pin(work) => (&work.name, &pins),
            _ => continue,
        };
        if !listed.contains(&name) {
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
        let made = |wanted: fn(&Do) -> Option<&String>, name: &String| {
            let mut steps = view.plan.steps.iter();
            view.course.restored || steps.any(|step| wanted(&step.what) == Some(name))
        };
        for name in expect.exchange_keys.iter().filter(|name| !made(exchange_key, name)) {
            let place = format!("{}.exchange-keys", expect.at);
            report.error(&place, msg!("plan-check-not-reached", name = name));
        }
        for name in expect.pins.iter().filter(|name| !made(pin, name)) {
            report.error(
                &format!("{}.pins", expect.at),
                msg!("plan-check-not-reached", name = name),
            );
        }
    }
}

fn exchange_key(what: &Do) -> Option<&String> {
    match what {
        Do::ImportExchangeKey(work) => Some(&work.name),
        Do::ImportBlock(work) => Some(&work.under),
        Do::ExportBlock(work) => Some(&work.under),
        _ => None,
    }
}

fn pin(what: &Do) -> Option<&String> {
    match what {
        Do::Pin(work) => Some(&work.name),
        _ => None,
    }
}
