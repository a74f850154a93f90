// SPDX-License-Identifier: Apache-2.0
//! The part of a session that appends. A batch over many readers has one of these, in a thread of its own; everybody else
//! keeps the key store.

use super::log_key::sign_tree;
use super::session::signers_for;
use super::{Session, Site, SiteError, with_signers};
use crate::keys::{FileKeyStore, OfficerKeys};
use crate::ledger::act::Act;
use crate::ledger::checkpoint::Checkpoint;
use crate::ledger::{Entry, Ledger};
use crate::outside::Clock;

/// Ledger and officers of a session, apart from its key store.
#[derive(Debug)]
pub struct LedgerWriter<'a> {
    /// The ledger.
    pub ledger: &'a mut Ledger,
    officers: &'a [OfficerKeys],
    store: &'a FileKeyStore,
    clock: Clock,
}

impl Session {
    /// The session in its parts.
    pub fn parts(&mut self) -> (&Site, &FileKeyStore, LedgerWriter<'_>) {
        let writer = LedgerWriter {
            ledger: &mut self.ledger,
            officers: &self.officers,
            store: &self.store,
            clock: self.clock,
        };
        (&self.site, &self.store, writer)
    }
}

impl LedgerWriter<'_> {
    /// The officers' names, the acting one first.
    pub fn officers(&self) -> impl Iterator<Item = &str> {
        self.officers.iter().map(|o| o.name.as_str())
    }

    /// The officer who acts in an act.
    pub fn acting(&self, act: &Act) -> Option<&str> {
        let people = signers_for(self.officers, self.ledger.state(), act, 1);
        people.first().map(|o| o.name.as_str())
    }

    /// Appends an act, signed by as many of the officers as its rule asks for.
    pub fn append(&mut self, act: Act) -> Result<Entry, SiteError> {
        let needed = self.ledger.needs(&act)?;
        let people = signers_for(self.officers, self.ledger.state(), &act, needed);
        let (ledger, clock) = (&mut *self.ledger, &self.clock);
        Ok(with_signers(&people, |signers| ledger.append(act, signers, clock))?)
    }

    /// The same, signed by so many different officers at least; refused where fewer came.
    pub fn append_by(&mut self, act: Act, officers: usize) -> Result<Entry, SiteError> {
        let needed = self.ledger.needs(&act)?.max(officers);
        let people = signers_for(self.officers, self.ledger.state(), &act, needed);
        if people.len() < officers {
            return Err(SiteError::Officers {
                act: act.name().to_owned(),
                needed: officers,
                have: people.len(),
            });
        }
        let (ledger, clock) = (&mut *self.ledger, &self.clock);
        Ok(with_signers(&people, |signers| ledger.append(act, signers, clock))?)
    }

    /// Signs the tree as it is now, and replaces the copy outside.
    pub fn checkpoint(&mut self) -> Result<Checkpoint, SiteError> {
        Ok(sign_tree(self.ledger, self.store)?)
    }
}
