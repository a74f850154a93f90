// SPDX-License-Identifier: Apache-2.0
//! What the template says about keys against what the schemes say. Schemes that do not come with the program are checked
//! when a site uses the template.

use std::path::Path;

use super::Report;
use crate::keys::LevelName;
use crate::keys::scheme::{self, Scheme};
use crate::msg;
use crate::template::key::{KeyPlace, KeySlot};
use crate::template::model::Template;

fn shipped(template: &Template) -> impl Iterator<Item = Scheme> {
    let names = template
        .schemes
        .iter()
        .filter(|n| scheme::SHIPPED.iter().any(|(name, _)| name == n));
    names.filter_map(|name| scheme::find(name, Path::new(".")).ok()?.with_levels(&[]).ok())
}

/// Every usage, cipher and level exists in every scheme that the template is for.
pub(super) fn usages(template: &Template, report: &mut Report) {
    if template.schemes.is_empty() {
        report.error("schemes", msg!("check-no-scheme"));
    }
    for scheme in shipped(template) {
        let transport = (&template.transport.name, None, "transport");
        let slots = template.directories().flat_map(|d| &d.keys);
        let sectors = template
            .m1
            .iter()
            .flat_map(|m1| [(&m1.key_a, None, "m1.key-a"), (&m1.key_b, None, "m1.key-b")]);
        let all = slots
            .map(|k| (&k.name, k.level.as_ref(), k.at.as_str()))
            .chain([transport])
            .chain(sectors);
        for (name, level, at) in all {
            let known = scheme
                .usage(&name.usage)
                .is_ok_and(|u| u.algorithms.contains(&name.algorithm));
            if !known {
                report.error(at, msg!("check-usage", key = name, scheme = scheme.name()));
            }
            if level.is_some_and(|l| scheme.level(l).is_err()) {
                report.error(at, msg!("check-level", key = name, scheme = scheme.name()));
            }
        }
    }
}

/// The usage byte of a PSAM key counts the levels from the key down to the card, and a purchase key has at least one.
pub(super) fn psam_levels(template: &Template, report: &mut Report) {
    for slot in template.directories().flat_map(|d| &d.keys) {
        let KeyPlace::Psam { usage, .. } = slot.place else {
            continue;
        };
        let levels = usage >> 5;
        if usage & 0x1F == 0x02 && levels == 0 {
            report.error(&slot.at, msg!("check-psam-purchase"));
        }
        for scheme in shipped(template) {
            let expected = distance(&scheme, slot);
            if expected.is_some_and(|n| n != usize::from(levels)) {
                let expected = expected.unwrap_or(0);
                let byte = format!("{usage:02X}");
                report.error(
                    &slot.at,
                    msg!("check-psam-levels", usage = byte, levels = levels, expected = expected),
                );
            }
        }
    }
}

/// Levels from the stored key down to the card; 0 for a key of the PSAM itself.
fn distance(scheme: &Scheme, slot: &KeySlot) -> Option<usize> {
    let Some(level) = &slot.level else { return Some(0) };
    let leaf = scheme.usage(&slot.name.usage).ok()?.leaf.clone()?;
    let between = |name: &LevelName| scheme.levels().iter().position(|l| l.name == *name);
    let (start, end) = (between(level)?, between(&leaf)?);
    let way = scheme.levels().get(start + 1..=end)?;
    Some(way.iter().filter(|l| !l.leaf || l.name == leaf).count())
}
