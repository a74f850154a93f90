// SPDX-License-Identifier: Apache-2.0
//! What the steps do to keys, one after the other: which exist, in which state, and what cannot be. Several checks read it.
//!
//! Without a site, a key that a step uses and no step before has made is taken to be there.

use std::collections::BTreeMap;

use crate::ceremony::plan::key_name::PlannedKey;
use crate::ceremony::plan::model::Plan;
use crate::ceremony::plan::site_facts::SiteFacts;
use crate::ceremony::plan::step::{Do, Step};
use crate::keys::KeyState;

/// What cannot be, or should be known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    /// Two steps make it.
    Twice,
    /// A step before the one that makes it has used it.
    AfterUse,
    /// One step names it twice.
    Repeated,
    /// It may not be used so in this state.
    State(KeyState),
    /// It is destroyed while it is active.
    InUse,
    /// The site has a key of that name, or had one.
    Taken,
    /// The site has no such key.
    Missing,
}

/// A key at the end of the plan.
#[derive(Debug, Clone, Default)]
pub(super) struct End {
    /// Its state, where it is known.
    pub(super) state: Option<KeyState>,
    /// The step that made it or changed its state last.
    pub(super) changed: Option<String>,
    made: bool,
}

/// The whole course.
#[derive(Debug, Default)]
pub(super) struct Course {
    /// Place in the file, key, fault.
    pub(super) faults: Vec<(String, PlannedKey, Fault)>,
    /// Every key that a step names.
    pub(super) ends: BTreeMap<PlannedKey, End>,
    /// Whether a step restores keys that the file does not name.
    pub(super) restored: bool,
}

/// The place of a step's keys in the file.
pub(super) fn keys_at(step: &Step) -> String {
    let field = match step.what {
        Do::Components(_) | Do::ExportForms(_) | Do::Split(_) | Do::Combine(_) => "key",
        _ => "keys",
    };
    format!("{}.{field}", step.at)
}

/// A key's name in one form: the site's own keys without an owner.
pub(super) fn plain(key: &PlannedKey, site: Option<&SiteFacts>) -> PlannedKey {
    let own = site.is_some_and(|site| key.owner.as_ref() == Some(&site.owner));
    let owner = if own { None } else { key.owner.clone() };
    PlannedKey { owner, ..key.clone() }
}

impl Course {
    pub(super) fn of(plan: &Plan, site: Option<&SiteFacts>) -> Self {
        let mut course = Self::default();
        for step in &plan.steps {
            course.repeated(step);
            course.restored |= matches!(step.what, Do::Restore(_));
            for key in step.what.used() {
                course.use_key(step, &plain(key, site), site);
            }
            for key in step.what.made() {
                course.make_key(step, plain(&key, site), site);
            }
        }
        course
    }

    fn fault(&mut self, step: &Step, key: &PlannedKey, fault: Fault) {
        self.faults.push((keys_at(step), key.clone(), fault));
    }

    fn repeated(&mut self, step: &Step) {
        let used = step.what.used();
        for (at, key) in used.iter().enumerate() {
            if used[..at].contains(key) {
                self.fault(step, key, Fault::Repeated);
            }
        }
    }

    fn use_key(&mut self, step: &Step, key: &PlannedKey, site: Option<&SiteFacts>) {
        if !self.ends.contains_key(key) {
            let at_site = site.map(|site| site.keys.get(&key.at(&site.owner)).copied());
            if at_site == Some(None) && !self.restored {
                self.fault(step, key, Fault::Missing);
            }
            let end = End {
                state: at_site.flatten().filter(|_| !self.restored),
                ..End::default()
            };
            self.ends.insert(key.clone(), end);
        }
        let state = self.ends.get(key).and_then(|end| end.state);
        if let Some(state) = state.filter(|state| !may(&step.what, *state)) {
            self.fault(step, key, Fault::State(state));
        }
        if state == Some(KeyState::Active) && matches!(step.what, Do::Destroy(_)) {
            self.fault(step, key, Fault::InUse);
        }
        let next = match &step.what {
            Do::State(change) => change.state,
            Do::Destroy(_) => KeyState::Destroyed,
            Do::Rotate(rotate) if rotate.retire => KeyState::Retired,
            _ => return,
        };
        let end = self.ends.entry(key.clone()).or_default();
        end.state = Some(next);
        end.changed = Some(step.at.clone());
    }

    fn make_key(&mut self, step: &Step, key: PlannedKey, site: Option<&SiteFacts>) {
        let at_site = site.is_some_and(|site| site.keys.contains_key(&key.at(&site.owner)));
        match self.ends.get(&key) {
            Some(end) if end.made => self.fault(step, &key, Fault::Twice),
            Some(_) if !at_site => self.fault(step, &key, Fault::AfterUse),
            _ if at_site => self.fault(step, &key, Fault::Taken),
            _ => {}
        }
        let end = End {
            state: Some(step.what.start()),
            changed: Some(step.at.clone()),
            made: true,
        };
        self.ends.insert(key, end);
    }
}

/// Whether the key store does this with a key in that state.
fn may(what: &Do, state: KeyState) -> bool {
    use KeyState::{Active, Compromised, Destroyed, PreActive, Retired};
    match what {
        Do::Derive(_) | Do::ExportBundle(_) | Do::ExportBlock(_) | Do::ExportForms(_) => state == Active,
        Do::Split(_) | Do::Check(_) => matches!(state, Active | PreActive | Retired),
        Do::Rotate(rotate) if rotate.retire => state == Active,
        Do::State(change) => match change.state {
            Active => state == PreActive,
            Retired => state == Active,
            _ => matches!(state, PreActive | Active | Retired),
        },
        Do::Destroy(_) => state != Destroyed,
        Do::Rotate(_) => matches!(state, Active | Retired | Compromised),
        _ => true,
    }
}
