// SPDX-License-Identifier: Apache-2.0
//! Keys fit the scheme, the level, the algorithm and the version.

use std::path::Path;

use super::course::keys_at;
use super::{Report, View};
use crate::ceremony::plan::key_name::PlannedKey;
use crate::ceremony::plan::step::{Do, Step};
use crate::i18n::Msg;
use crate::keys::scheme::{self, Scheme, UsageRule};
use crate::keys::{LevelName, Owner};
use crate::msg;

/// A scheme that the program comes with.
pub(in crate::ceremony::plan) fn shipped(name: &str) -> Option<Scheme> {
    let known = scheme::SHIPPED.iter().any(|(shipped, _)| *shipped == name);
    let find = || scheme::find(name, Path::new("")).ok();
    known.then(find).flatten()
}

/// The plan's scheme is known here, and has the plan's level.
pub(super) fn known(view: &View<'_>, report: &mut Report) {
    let Some(scheme) = &view.scheme else {
        if let Some(name) = &view.plan.scheme {
            report.warning("scheme", msg!("plan-check-scheme-unknown", scheme = name));
        }
        return;
    };
    let Some(level) = &view.plan.level else { return };
    match scheme.level(level) {
        Ok(found) if !found.leaf => {}
        _ => report.error(
            "level",
            msg!("plan-check-level-unknown", scheme = scheme.name(), level = level),
        ),
    }
}

/// Every key that a step or an expectation names can be, and is made where such keys are made.
pub(super) fn fits(view: &View<'_>, report: &mut Report) {
    let Some(scheme) = &view.scheme else { return };
    let level = view.site.map(|site| &site.owner.level).or(view.plan.level.as_ref());
    let check = Fit { scheme, level };
    for step in &view.plan.steps {
        let place = keys_at(step);
        let made = step.what.made();
        for key in made.iter().chain(step.what.used()) {
            if let Some(what) = check.name(key) {
                report.error(&place, what);
            } else if let Some(what) = check.step(step, key) {
                report.error(&place, what);
            }
        }
    }
    for expect in &view.plan.expected {
        for what in expect.keys.iter().filter_map(|key| check.name(key)) {
            report.error(&format!("{}.keys", expect.at), what);
        }
    }
}

struct Fit<'a> {
    scheme: &'a Scheme,
    level: Option<&'a LevelName>,
}

impl Fit<'_> {
    /// Usage, cipher and version belong together.
    fn name(&self, key: &PlannedKey) -> Option<Msg> {
        let Ok(rule) = self.scheme.usage(&key.usage) else {
            return Some(msg!("plan-check-usage", key = key, scheme = self.scheme.name()));
        };
        if !rule.algorithms.contains(&key.algorithm) {
            return Some(msg!("plan-check-algorithm", key = key, scheme = self.scheme.name()));
        }
        let ranges = self.scheme.algorithms();
        let own = ranges.iter().find(|a| a.name == key.algorithm)?.version;
        let begins = ranges
            .iter()
            .map(|a| a.version)
            .filter(|first| *first <= key.version)
            .max();
        if begins == Some(own) {
            return None;
        }
        Some(msg!(
            "plan-check-version",
            key = key,
            scheme = self.scheme.name(),
            first = own
        ))
    }

    /// Such keys are made, received or handed on at this level.
    fn step(&self, step: &Step, key: &PlannedKey) -> Option<Msg> {
        let rule = self.scheme.usage(&key.usage).ok()?;
        let level = self.level?;
        let wrong = |id: &'static str| {
            Some(Msg::new(id, Vec::new()).with([("key", key.to_string()), ("level", level.to_string())]))
        };
        match &step.what {
            Do::Generate(_) | Do::Factors(_) | Do::Rotate(_) if !own(rule, level) => wrong("plan-check-not-own"),
            Do::Components(_) | Do::Combine(_) | Do::ImportBlock(_) if !self.storable(rule, level) => {
                wrong("plan-check-not-storable")
            }
            Do::Receive(_) if !self.above(rule, level) => wrong("plan-check-not-received"),
            Do::Derive(work) if !self.leads_to(rule, level, &work.to) => wrong("plan-check-not-derived"),
            Do::ExportBundle(_) if rule.root.is_none() => wrong("plan-check-not-handed-on"),
            _ => None,
        }
    }

    fn place(&self, level: &LevelName) -> Option<usize> {
        self.scheme.levels().iter().position(|l| l.name == *level)
    }

    fn storable(&self, rule: &UsageRule, level: &LevelName) -> bool {
        rule.root
            .as_ref()
            .is_none_or(|root| self.place(root) <= self.place(level))
    }

    fn above(&self, rule: &UsageRule, level: &LevelName) -> bool {
        rule.root
            .as_ref()
            .is_some_and(|root| self.place(root) < self.place(level))
    }

    fn leads_to(&self, rule: &UsageRule, level: &LevelName, to: &Owner) -> bool {
        let stored = self.scheme.level(&to.level).is_ok_and(|l| !l.leaf);
        stored && rule.root.is_some() && self.storable(rule, level) && self.place(level) < self.place(&to.level)
    }
}

/// Made at this level, or by each centre for itself.
fn own(rule: &UsageRule, level: &LevelName) -> bool {
    rule.root.as_ref().is_none_or(|root| root == level)
}
