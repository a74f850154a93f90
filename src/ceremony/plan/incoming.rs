// SPDX-License-Identifier: Apache-2.0
//! What lies in the files that a plan reads, as far as it can be known before the ceremony: their public parts.

use std::collections::BTreeSet;
use std::path::Path;

use super::bindings::Bindings;
use super::model::{Plan, Slot};
use super::site_facts::SiteFacts;
use super::step::Do;
use crate::error::Fault;
use crate::keys::{KeyId, Owner};
use crate::ledger::Ledger;
use crate::site::{BlockFile, Site, SiteCard, SiteError};

/// A file that is read, without its secrets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Incoming {
    /// A bundle for this site, signed by a sender that it trusts.
    Bundle {
        /// The keys in it.
        keys: BTreeSet<KeyId>,
    },
    /// Key blocks.
    Blocks {
        /// How many.
        count: usize,
    },
    /// The confirmed card of a centre in the same scheme and world.
    Card {
        /// Whose.
        owner: Owner,
    },
    /// A backup of this site that stands in its ledger.
    Backup {
        /// How many shares open it.
        threshold: u32,
        /// The officers who have them.
        custodians: BTreeSet<String>,
    },
}

impl SiteFacts {
    /// Looks into the files that the plan reads. Those that are not bound or not there are left to other checks.
    #[must_use]
    pub fn with_files(mut self, site: &Site, ledger: &Ledger, plan: &Plan, bindings: &Bindings) -> Self {
        let bound = |slot: &Slot| bindings.path(slot).filter(|path| path.is_file());
        self.incoming = plan
            .steps
            .iter()
            .filter_map(|step| {
                let slot = read_by(&step.what)?;
                let seen = look(&step.what, bound(slot)?, site, ledger).map_err(|e| e.msg());
                Some(((step.id.clone(), slot.clone()), seen))
            })
            .collect();
        self
    }
}

/// The slot that a step reads.
fn read_by(what: &Do) -> Option<&Slot> {
    match what {
        Do::Receive(work) => Some(&work.file),
        Do::ImportBlock(work) => Some(&work.file),
        Do::ExportBundle(work) => Some(&work.to),
        Do::Restore(work) => Some(&work.file),
        _ => None,
    }
}

fn look(what: &Do, path: &Path, site: &Site, ledger: &Ledger) -> Result<Incoming, SiteError> {
    match what {
        Do::Receive(_) => {
            let bundle = site.read_bundle(path)?;
            let keys = bundle.keys.into_iter().map(|entry| entry.key).collect();
            Ok(Incoming::Bundle { keys })
        }
        Do::ImportBlock(_) => Ok(Incoming::Blocks {
            count: BlockFile::read(path)?.blocks().len(),
        }),
        Do::Restore(_) => {
            let known = site.known_backup(ledger, path)?;
            let shares = known.body().shares.iter();
            Ok(Incoming::Backup {
                threshold: known.body().threshold,
                custodians: shares.map(|share| share.officer.to_string()).collect(),
            })
        }
        _ => {
            let card = SiteCard::read(path)?;
            site.same_world(&card.scheme, card.rehearsal)?;
            if site.trusted(&card.id, &card.signing)? != card {
                return Err(SiteError::NotTrusted { sender: card.id });
            }
            Ok(Incoming::Card { owner: card.owner })
        }
    }
}
