// SPDX-License-Identifier: Apache-2.0
//! The bodies of entries about the contents of the key store, from its public facts.

use super::SiteError;
use crate::crypto::Kcv;
use crate::keys::exchange::EXCHANGE_USAGE;
use crate::keys::{ExchangeRecord, Header, KeyRecord, KeyState, Owner, StoredName};
use crate::ledger::act::{self, Act, Holder, KeyArrived, KeyRetire, StoreReshare};
use crate::ledger::{ShortHex, Text};

/// The body of the entries that bring a key into a site.
pub fn key_arrived(record: &KeyRecord) -> Result<KeyArrived, SiteError> {
    let id = &record.id;
    Ok(KeyArrived {
        key: Text::new(id.to_string())?,
        usage: Text::new(id.usage.as_str())?,
        owner: Text::new(id.owner.to_string())?,
        version: id.version.into(),
        alg: Text::new(id.algorithm.to_string())?,
        kcv: ShortHex::new(record.kcv.to_string())?,
        state: ledger_state(record.state),
        from: None,
        parent: None,
        factors: Vec::new(),
        components: Vec::new(),
        method: None,
        package: None,
        ceremony: None,
    })
}

/// A key's state as entries have it.
fn ledger_state(state: KeyState) -> act::KeyState {
    match state {
        KeyState::PreActive => act::KeyState::PreActive,
        KeyState::Active => act::KeyState::Active,
        KeyState::Retired => act::KeyState::Retired,
        KeyState::Destroyed => act::KeyState::Destroyed,
        KeyState::Compromised => act::KeyState::Compromised,
    }
}

/// The same for an exchange key of the site of that owner.
pub fn exchange_key_arrived(record: &ExchangeRecord, owner: &Owner) -> Result<KeyArrived, SiteError> {
    let name = StoredName::from(record.name.clone());
    Ok(KeyArrived {
        key: Text::new(name.to_string())?,
        usage: Text::new(EXCHANGE_USAGE)?,
        owner: Text::new(owner.to_string())?,
        version: 1,
        alg: Text::new(record.algorithm.to_string())?,
        kcv: ShortHex::new(record.kcv.to_string())?,
        state: ledger_state(record.state),
        from: None,
        parent: None,
        factors: Vec::new(),
        components: Vec::new(),
        method: None,
        package: None,
        ceremony: None,
    })
}

/// The act that goes with another state of a key.
pub fn key_retired(name: &StoredName, kcv: Kcv, state: KeyState, reason: &str) -> Result<Act, SiteError> {
    Ok(Act::KeyRetire(KeyRetire {
        key: Text::new(name.to_string())?,
        kcv: ShortHex::new(kcv.to_string())?,
        state: ledger_state(state),
        reason: Text::new(reason)?,
        ceremony: None,
    }))
}

/// The act that goes with another split of the store, as its header has it.
pub fn store_reshared(header: &Header) -> Result<Act, SiteError> {
    Ok(Act::StoreReshare(StoreReshare {
        quorum: header.quorum.into(),
        holders: holders(header)?,
        ceremony: None,
    }))
}

/// Who opens a store, as entries have it.
pub(super) fn holders(header: &Header) -> Result<Vec<Holder>, SiteError> {
    let holder = |h: &crate::keys::Holder| {
        Ok(Holder {
            officer: Text::new(h.officer.as_str())?,
            index: h.index.into(),
        })
    };
    header.holders.iter().map(holder).collect()
}
