// SPDX-License-Identifier: Apache-2.0
//! Issuing, with the ledger around it: the intent is durable before a card is written, the outcome after it was proved.
//! Also what a site does with issued cards: reading, verifying, loading, and purchases with their entries.

pub mod blacklist;
pub mod contents;
pub mod desk;
pub mod fault;
pub mod issue;
pub mod load;
pub mod order;
pub mod purse;
pub mod recording;
pub mod run;
pub mod slots;
pub mod tac;
pub mod verify;
pub mod yuan;

pub use fault::BatchError;
pub use issue::{Issued, Job, issue, issue_at, kind_of, resume};
pub use recording::{Recording, Station};

use crate::perso::SiteFacts;
use crate::site::Site;

/// What the plan needs to know of the site.
pub fn facts(site: &Site) -> Result<SiteFacts, BatchError> {
    Ok(SiteFacts {
        subject: site.scheme().subject_of(site.owner())?,
        values: std::collections::BTreeMap::new(),
        rehearsal: site.rehearsal(),
    })
}
