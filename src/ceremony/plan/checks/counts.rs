// SPDX-License-Identifier: Apache-2.0
//! How many people, components, factors and shares.

use super::{Report, View};
use crate::ceremony::plan::step::Do;
use crate::ceremony::plan::work::FactorMethod;
use crate::msg;

/// Most shares of one secret: a room holds no more custodians.
const MOST_SHARES: usize = 16;

/// A key has 2 to 4 components.
pub(super) fn components(view: &View<'_>, report: &mut Report) {
    for step in &view.plan.steps {
        let count = match &step.what {
            Do::Components(work) => work.custodians.len(),
            Do::ImportExchangeKey(work) => work.custodians.len(),
            Do::ExportForms(work) => work.custodians.len(),
            _ => continue,
        };
        if !(2..=4).contains(&count) {
            let place = format!("{}.custodians", step.at);
            report.error(&place, msg!("plan-check-components", count = count));
        }
    }
}

/// 2 to 8 leaders bring factors; by XOR they make a single key.
pub(super) fn factors(view: &View<'_>, report: &mut Report) {
    for step in &view.plan.steps {
        let Do::Factors(work) = &step.what else { continue };
        let count = work.leaders.len();
        if !(2..=8).contains(&count) {
            let place = format!("{}.leaders", step.at);
            report.error(&place, msg!("plan-check-factors", count = count));
        }
        if work.method == FactorMethod::Xor && work.keys.len() != 1 {
            let place = format!("{}.method", step.at);
            report.error(&place, msg!("plan-check-factors-xor", count = work.keys.len()));
        }
    }
}

/// A threshold of two or more that can be met; a share to spare where shares are made.
pub(super) fn quorum(view: &View<'_>, report: &mut Report) {
    for step in &view.plan.steps {
        let (field, needed, have, made) = match &step.what {
            Do::Split(work) => ("threshold", work.threshold, work.custodians.len(), true),
            Do::Backup(work) => ("threshold", work.threshold, work.custodians.len(), true),
            Do::Combine(work) => ("threshold", work.threshold, work.custodians.len(), false),
            Do::Restore(work) => ("threshold", work.threshold, work.custodians.len(), false),
            Do::Reshare(work) => ("quorum", work.quorum, work.holders.len(), true),
            _ => continue,
        };
        check(&step.at, field, needed, have, made, report);
        if let Do::Restore(work) = &step.what {
            check(&step.at, "quorum", work.quorum, work.holders.len(), true, report);
        }
    }
}

fn check(at: &str, field: &str, needed: u8, have: usize, made: bool, report: &mut Report) {
    let place = format!("{at}.{field}");
    let number = usize::from(needed);
    if needed < 2 || number > have || have > MOST_SHARES {
        report.error(
            &place,
            msg!("plan-check-quorum", needed = needed, have = have, most = MOST_SHARES),
        );
    } else if made && number == have {
        report.warning(&place, msg!("plan-check-no-spare", needed = needed));
    }
}
