// SPDX-License-Identifier: Apache-2.0
//! What a site is, as far as a plan can be checked against it: public facts alone, from a locked site.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::keys::scheme::Scheme;
use crate::keys::{KeyId, KeyState, Owner};
use crate::ledger::Ledger;
use crate::ledger::policy::Role;
use crate::ledger::query::KeyRow;
use crate::site::{Site, SiteError};

/// The usage under which the ledger has keys for key blocks.
const EXCHANGE: &str = "exchange";

/// An officer, as the ledger has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OfficerFacts {
    /// What for.
    pub roles: Vec<Role>,
    /// No longer valid.
    pub revoked: bool,
}

/// Who opens the key store.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct StoreFacts {
    /// How many are needed.
    pub quorum: u8,
    /// Who holds a share.
    pub holders: BTreeSet<String>,
}

/// A site's public facts.
#[derive(Debug, Clone)]
pub struct SiteFacts {
    /// Its scheme, with the levels that it has switched on.
    pub scheme: Arc<Scheme>,
    /// Its level and code.
    pub owner: Owner,
    /// Whether it is a rehearsal.
    pub rehearsal: bool,
    /// Its officers by name.
    pub officers: BTreeMap<String, OfficerFacts>,
    /// Its key store; `None` where the file is lost.
    pub store: Option<StoreFacts>,
    /// Its keys.
    pub keys: BTreeMap<KeyId, KeyState>,
    /// Its keys for key blocks.
    pub exchange_keys: BTreeSet<String>,
}

impl SiteFacts {
    /// Of a site and its ledger.
    pub fn of(site: &Site, ledger: &Ledger) -> Result<Self, SiteError> {
        let enrolled = ledger.state().officers.iter().map(|(name, officer)| {
            let facts = OfficerFacts {
                roles: officer.roles.clone(),
                revoked: officer.revoked,
            };
            (name.to_string(), facts)
        });
        let place = site.store_place();
        let header = place.file().exists().then(|| place.header()).transpose()?;
        let holders = |header: &crate::keys::file_store::Header| StoreFacts {
            quorum: header.quorum,
            holders: header.holders.iter().map(|h| h.officer.clone()).collect(),
        };
        let rows = ledger.keys()?;
        let key = |row: &KeyRow| Some((row.key.parse().ok()?, row.state.parse().ok()?));
        let exchange = rows.iter().filter(|row| row.usage == EXCHANGE);
        Ok(Self {
            scheme: site.scheme().clone(),
            owner: site.owner().clone(),
            rehearsal: site.rehearsal(),
            officers: enrolled.collect(),
            store: header.as_ref().map(holders),
            keys: rows.iter().filter_map(key).collect(),
            exchange_keys: exchange.map(|row| row.key.clone()).collect(),
        })
    }
}
