// SPDX-License-Identifier: Apache-2.0
//! The files that a plan reads are what it takes them for.

use std::collections::BTreeSet;

use super::course::keys_at;
use super::{Report, View};
use crate::ceremony::plan::incoming::Incoming;
use crate::ceremony::plan::sentence::listed;
use crate::ceremony::plan::site_facts::SiteFacts;
use crate::ceremony::plan::step::{Do, Step};
use crate::i18n::Lang;
use crate::keys::{KeyId, LevelName};
use crate::msg;

/// A bundle holds exactly the keys of its step; there is a key block for each key; a site card is of a lower level; a backup is
/// opened by as many shares as the plan says, and by these custodians.
pub(super) fn files(view: &View<'_>, report: &mut Report) {
    let Some(site) = view.site else { return };
    for step in &view.plan.steps {
        let mine = site.incoming.iter().filter(|((id, _), _)| *id == step.id);
        for ((_, slot), seen) in mine {
            match seen {
                Err(why) => report.error(
                    &step.at,
                    msg!("plan-check-incoming", slot = slot).with_msg("reason", why.clone()),
                ),
                Ok(seen) => holds(view, site, step, seen, report),
            }
        }
    }
}

fn holds(view: &View<'_>, site: &SiteFacts, step: &Step, seen: &Incoming, report: &mut Report) {
    let place = keys_at(step);
    match (seen, &step.what) {
        (Incoming::Bundle { keys }, Do::Receive(work)) => {
            let planned: BTreeSet<KeyId> = work.keys.iter().map(|key| key.at(&site.owner)).collect();
            let other: Vec<&KeyId> = keys.symmetric_difference(&planned).collect();
            if !other.is_empty() {
                report.error(&place, msg!("plan-check-bundle-keys", keys = listed(other, Lang::En)));
            }
        }
        (Incoming::Blocks { count }, Do::ImportBlock(work)) if *count != work.keys.len() => {
            report.error(
                &place,
                msg!("plan-check-block-count", count = count, keys = work.keys.len()),
            );
        }
        (Incoming::Card { owner }, Do::ExportBundle(_)) => {
            let place_of = |level: &LevelName| site.scheme.levels().iter().position(|l| l.name == *level);
            if place_of(&owner.level) <= place_of(&site.owner.level) {
                report.error(&format!("{}.to", step.at), msg!("plan-check-card-level", owner = owner));
            }
        }
        (Incoming::Backup { threshold, custodians }, Do::Restore(work)) => {
            if *threshold != u32::from(work.threshold) {
                let what = msg!("plan-check-backup-threshold", plan = work.threshold, backup = threshold);
                report.error(&format!("{}.threshold", step.at), what);
            }
            let bound = |id| view.bindings.and_then(|bindings| bindings.officer(id));
            for officer in work.custodians.iter().filter_map(bound) {
                if !custodians.contains(officer) {
                    let place = format!("{}.custodians", step.at);
                    report.error(&place, msg!("plan-check-backup-custodian", officer = officer));
                }
            }
        }
        _ => {}
    }
}
