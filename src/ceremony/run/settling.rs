// SPDX-License-Identifier: Apache-2.0
//! What is left to do after a ceremony that was completed and whose process then ended: files into their places, and the
//! transcript. Nobody signs anything anew; all of it is signed already.

use std::path::PathBuf;

use super::super::plan::Plan;
use super::CeremonyError;
use super::closing::settled;
use crate::keys::file_store::Settled;
use crate::ledger::act::{Act, CeremonyResult};
use crate::ledger::{Entry, Moment};
use crate::site::Site;

/// How things stand afterwards.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settlement {
    /// The entry that began the ceremony.
    pub begin: u64,
    /// The entry that ended it.
    pub end: u64,
    /// When.
    pub at: Moment,
    /// The files that were outstanding, and whether they are in their places now.
    pub files: Vec<(PathBuf, bool)>,
    /// The transcript.
    pub transcript: PathBuf,
}

/// Settles the newest completed ceremony of a plan. There must be one, and none of that plan may be open.
pub fn settle(site: &Site, plan: &Plan) -> Result<Settlement, CeremonyError> {
    let ledger = site.ledger()?;
    let digest = plan.digest();
    let of_plan = |entry: &Entry| {
        let Act::CeremonyEnd(end) = &entry.act else {
            return false;
        };
        end.plan == digest && end.result == CeremonyResult::Completed
    };
    let found = ledger.latest(&["ceremony.end"], &of_plan)?;
    let Some(Act::CeremonyEnd(body)) = found.map(|entry| entry.act) else {
        return Err(CeremonyError::NoneOpen);
    };
    let files = site.settle_files(&ledger)?;
    let files = files.into_iter().map(|(path, how)| (path, how != Settled::Missing));
    let files = files.collect();
    let (end, at, transcript) = settled(&ledger, plan.text(), body.begin, site)?;
    Ok(Settlement {
        begin: body.begin,
        end,
        at,
        files,
        transcript,
    })
}
