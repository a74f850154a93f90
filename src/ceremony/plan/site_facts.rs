// SPDX-License-Identifier: Apache-2.0
//! What a site is, as far as a plan can be checked against it: public facts alone, from a locked site.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;

use super::incoming::Incoming;
use super::model::{Slot, StepId};
use crate::crypto::key_block::{ExchangeAlgorithm, Exportability};
use crate::i18n::Msg;
use crate::keys::scheme::Scheme;
use crate::keys::{ExchangeName, ExchangeRecord, KeyId, KeyState, Owner};
use crate::ledger::Ledger;
use crate::ledger::policy::Role;
use crate::ledger::query::KeyRow;
use crate::site::{Site, SiteError};

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

/// A key for key blocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ExchangeFacts {
    /// Its cipher.
    pub algorithm: ExchangeAlgorithm,
    /// Its state.
    pub state: KeyState,
}

/// A site's public facts.
#[derive(Debug, Clone)]
pub struct SiteFacts {
    /// Its folder, where nothing lies that its officers do not share.
    pub folder: PathBuf,
    /// Its scheme, with the levels that it has switched on.
    pub scheme: Arc<Scheme>,
    /// Its level and code.
    pub owner: Owner,
    /// Its officers by name.
    pub officers: BTreeMap<String, OfficerFacts>,
    /// Its key store; `None` where the file is lost.
    pub store: Option<StoreFacts>,
    /// Its keys.
    pub keys: BTreeMap<KeyId, KeyState>,
    /// Keys that came with a limit of travel.
    pub limits: BTreeMap<KeyId, Exportability>,
    /// Its keys for key blocks.
    pub exchange_keys: BTreeMap<ExchangeName, ExchangeFacts>,
    /// The files that the plan reads, where they were looked into.
    pub incoming: BTreeMap<(StepId, Slot), Result<Incoming, Msg>>,
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
        // The store may be lost; the ledger knows what it held.
        let rows = ledger.keys()?;
        let key = |row: &KeyRow| Some((row.key.parse().ok()?, row.state.parse().ok()?));
        let records = header.iter().flat_map(|h| &h.keys);
        let limited = records.filter(|key| !key.exportability.is_unlimited());
        let exchange = header.iter().flat_map(|h| &h.exchange_keys);
        let facts = |key: &ExchangeRecord| ExchangeFacts {
            algorithm: key.algorithm,
            state: key.state,
        };
        Ok(Self {
            folder: site.folder().to_owned(),
            scheme: site.scheme().clone(),
            owner: site.owner().clone(),
            officers: enrolled.collect(),
            store: header.as_ref().map(holders),
            keys: rows.iter().filter_map(key).collect(),
            limits: limited.map(|key| (key.id.clone(), key.exportability)).collect(),
            exchange_keys: exchange.map(|key| (key.name.clone(), facts(key))).collect(),
            incoming: BTreeMap::new(),
        })
    }
}
