// SPDX-License-Identifier: Apache-2.0
//! Officers and paths that a plan is bound to.

use std::collections::BTreeMap;
use std::path::Path;

use super::{Report, View};
use crate::ceremony::plan::model::SlotUse;
use crate::msg;

/// Everybody and every slot is bound, and nothing else is.
pub(super) fn all(view: &View<'_>, report: &mut Report) {
    let (plan, Some(bindings)) = (view.plan, view.bindings) else {
        return;
    };
    let places = plan.participants.iter().map(|p| (&p.id, &p.at));
    for (id, at) in places.chain(plan.officers.iter().map(|o| (&o.id, &o.at))) {
        if bindings.officer(id).is_none() {
            report.error(at, msg!("plan-check-unbound-person", id = id));
        }
    }
    let mut slots = BTreeMap::new();
    for (step, slot, _) in plan.slots() {
        slots.entry(slot).or_insert(&step.at);
    }
    for (slot, at) in &slots {
        if bindings.path(slot).is_none() {
            report.error(at, msg!("plan-check-unbound-slot", slot = slot));
        }
    }
    for id in bindings
        .people
        .keys()
        .filter(|id| !plan.people().any(|known| known == *id))
    {
        report.error("", msg!("plan-check-bound-nothing", name = id));
    }
    for slot in bindings.files.keys().filter(|slot| !slots.contains_key(slot)) {
        report.error("", msg!("plan-check-bound-nothing", name = slot));
    }
}

/// Two people of the plan are two officers; two slots are two paths.
pub(super) fn different(view: &View<'_>, report: &mut Report) {
    let Some(bindings) = view.bindings else { return };
    let mut officers = BTreeMap::new();
    for id in view.plan.people() {
        let Some(officer) = bindings.officer(id) else { continue };
        if let Some(other) = officers.insert(officer, id).filter(|other| *other != id) {
            let what = msg!("plan-check-same-officer", first = other, second = id, officer = officer);
            report.error("", what);
        }
    }
    let mut paths = BTreeMap::new();
    for (_, slot, _) in view.plan.slots() {
        let Some(path) = bindings.path(slot) else { continue };
        if let Some(other) = paths.insert(path, slot).filter(|other| *other != slot) {
            let path = path.display();
            report.error(
                "",
                msg!("plan-check-same-path", first = other, second = slot, path = path),
            );
        }
    }
}

/// What is read is there, what is written is not, there are folders for both, and nothing secret comes into the site's own
/// folder, which is shared and backed up.
pub(super) fn files(view: &View<'_>, report: &mut Report) {
    let Some(bindings) = view.bindings else { return };
    for (step, slot, how) in view.plan.slots() {
        let Some(path) = bindings.path(slot) else { continue };
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        let shown = path.display();
        let what = match how {
            SlotUse::Read => match std::fs::File::open(path).and_then(|file| file.metadata()) {
                Ok(facts) if facts.is_file() => continue,
                Ok(_) => msg!("plan-check-no-file", slot = slot, path = shown),
                Err(e) => msg!("plan-check-unreadable", slot = slot, path = shown, what = e),
            },
            SlotUse::Write if path.exists() => msg!("plan-check-file-there", slot = slot, path = shown),
            SlotUse::Write if folder.is_some_and(|folder| !folder.is_dir()) => {
                msg!("plan-check-no-folder", slot = slot, path = shown)
            }
            SlotUse::Pages if !path.is_dir() => msg!("plan-check-no-folder", slot = slot, path = shown),
            SlotUse::Pages if view.site.is_some_and(|site| lies_in(path, &site.folder)) => {
                msg!("plan-check-pages-in-site", slot = slot, path = shown)
            }
            _ => continue,
        };
        report.error(&step.at, what);
    }
}

/// Whether a folder is another one or lies in it, whatever the ways to them.
fn lies_in(path: &Path, folder: &Path) -> bool {
    match (path.canonicalize(), folder.canonicalize()) {
        (Ok(path), Ok(folder)) => path.starts_with(folder),
        _ => false,
    }
}
