// SPDX-License-Identifier: Apache-2.0
//! File slots: each for one purpose.

use std::collections::BTreeMap;

use super::{Report, View};
use crate::ceremony::plan::model::SlotUse;
use crate::msg;

/// A file is read or written, not both: what is written lies in its place only when the ceremony has ended. Nothing is
/// written twice. A folder of pages is no file.
pub(super) fn slots(view: &View<'_>, report: &mut Report) {
    let mut seen = BTreeMap::new();
    for (step, slot, how) in view.plan.slots() {
        let before = seen.insert(slot, how);
        let clash = match (before, how) {
            (None, _) | (Some(SlotUse::Read), SlotUse::Read) | (Some(SlotUse::Pages), SlotUse::Pages) => continue,
            (Some(SlotUse::Write), SlotUse::Write) => msg!("plan-check-slot-written-twice", slot = slot),
            _ => msg!("plan-check-slot-two-uses", slot = slot),
        };
        report.error(&step.at, clash);
    }
}
