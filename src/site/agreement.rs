// SPDX-License-Identifier: Apache-2.0
//! Store and ledger must tell the same: about site and keys, and about the last change. The ledger decides what has
//! happened; a store that lags behind it was restored from an older copy and is not worked with.

use std::collections::{BTreeMap, BTreeSet};

use super::entries::holders;
use super::{Site, SiteError, holds_share};
use crate::crypto::Kcv;
use crate::keys::{FileKeyStore, Header, KeyState, Mark, StoredName};
use crate::ledger::act::{Act, CeremonyResult};
use crate::ledger::rules::Enrolled;
use crate::ledger::{Entry, Filter, Ledger, LedgerError, Text};

/// What an act that changes the store is about.
pub(super) fn about(act: &Act) -> String {
    match act {
        Act::KeyGenerate(k) | Act::KeyImport(k) | Act::KeyDerive(k) | Act::KeyReceive(k) => k.key.to_string(),
        Act::KeyRetire(k) => format!("{} {}", k.key, k.state.as_str()),
        Act::OfficerEnrol(o) => o.name.to_string(),
        Act::OfficerRevoke(o) => o.name.to_string(),
        Act::PinSet(p) => p.name.to_string(),
        Act::LogKey(body) => body.sm2.to_string(),
        Act::SecretDraw(s) => format!("{} {}", s.secret, s.version),
        // Nobody may take an abandoned ceremony for the completed one that was staged.
        Act::CeremonyEnd(end) if end.result == CeremonyResult::Completed => end.nonce.to_string(),
        Act::CeremonyEnd(end) => format!("{} {}", end.nonce, end.result.as_str()),
        other => other.name().to_owned(),
    }
}

/// Whether the ledger has the entry that a staged change waits for.
pub(super) fn recorded(ledger: &Ledger, mark: &Mark) -> Result<bool, LedgerError> {
    let filter = Filter {
        from: mark.after,
        act: Some(mark.act.clone()),
        ..Filter::default()
    };
    let mut found = false;
    ledger.each_line(&filter, &mut |entry, _| {
        found |= about(&entry.act) == mark.about;
        Ok(())
    })?;
    Ok(found)
}

/// The acts that may go with a change of the store.
const CHANGING: [&str; 12] = [
    "ceremony.end",
    "key.generate",
    "key.import",
    "key.derive",
    "key.receive",
    "key.retire",
    "log.key",
    "officer.enrol",
    "officer.revoke",
    "pin.set",
    "secret.draw",
    "store.reshare",
];

/// Whether an entry made a new generation of the store. What a ceremony did became so by its end, which always makes one.
fn changes_store(entry: &Entry, officers: &BTreeMap<Text, Enrolled>) -> bool {
    if entry.act.ceremony().is_some() {
        return false;
    }
    match &entry.act {
        Act::OfficerEnrol(officer) => holds_share(&officer.roles),
        Act::OfficerRevoke(body) => officers.get(&body.name).is_some_and(|o| holds_share(&o.roles)),
        Act::CeremonyEnd(end) => end.result == CeremonyResult::Completed,
        _ => true,
    }
}

/// Whether the store is what the newest entry that changed it made. A restored older store would open for an officer who
/// was revoked since, or have an older PIN, without any key telling.
fn is_newest(ledger: &Ledger, store: &FileKeyStore) -> Result<bool, LedgerError> {
    let officers = &ledger.state().officers;
    let changes = |entry: &Entry| changes_store(entry, officers);
    let mark = &store.header().mark;
    let Some(newest) = ledger.latest(&CHANGING, &changes)? else {
        return Ok(mark.act == "site.init");
    };
    if newest.act.name() != mark.act || about(&newest.act) != mark.about {
        return Ok(false);
    }
    // The same PIN may be set twice: only one change can have come since the store counted the entries.
    let before = ledger.latest(&CHANGING, &|entry| entry.seq < newest.seq && changes(entry))?;
    Ok(newest.seq >= mark.after && before.is_none_or(|entry| entry.seq < mark.after))
}

/// Store and ledger must tell the same about site, keys and the last change.
pub(super) fn compare(site: &Site, ledger: &Ledger, store: &FileKeyStore) -> Result<(), SiteError> {
    let header = store.header();
    let disagrees = |about: String| SiteError::StoreDisagrees { about };
    if header.site != site.config().id {
        return Err(disagrees("id".into()));
    }
    if header.rehearsal != site.config().rehearsal {
        return Err(disagrees("rehearsal".into()));
    }
    if header.signing.0 != ledger.state().init.log_key.0 {
        return Err(disagrees("signing".into()));
    }
    let sm2 = header.signing_sm2.map(|key| key.0);
    if sm2.is_some_and(|sm2| ledger.state().log_sm2.iter().all(|key| key.0 != sm2)) {
        return Err(disagrees("signing_sm2".into()));
    }
    if !is_newest(ledger, store)? {
        return Err(disagrees("generation".into()));
    }
    Known::in_ledger(ledger)?.same_as(store)
}

/// Whether the next generation of a store and the acts that are to go with it tell the same, before either is durable:
/// about keys and officers, and about who opens the store, if that is to be otherwise than `now`.
pub(super) fn will_agree(ledger: &Ledger, now: &Header, next: &FileKeyStore, acts: &[&Act]) -> Result<(), SiteError> {
    let mut known = Known::in_ledger(ledger)?;
    let mut told = None;
    for act in acts {
        known.take_over(act);
        told = match act {
            Act::StoreReshare(body) => Some((body.quorum, body.holders.clone())),
            Act::StoreRestore(body) => Some((body.quorum, body.holders.clone())),
            _ => told,
        };
    }
    known.same_as(next)?;
    let shared = |header: &Header| Ok::<_, SiteError>((header.quorum.into(), holders(header)?));
    let expected = told.map_or_else(|| shared(now), Ok)?;
    if shared(next.header())? == expected {
        Ok(())
    } else {
        Err(SiteError::StoreDisagrees {
            about: "holders".into(),
        })
    }
}

/// What the ledger knows about the contents of the store.
struct Known {
    /// Check value and state by the key's name.
    keys: BTreeMap<String, (String, String)>,
    /// The officers who are not revoked.
    officers: BTreeSet<String>,
    /// Version and check value of the internal secrets.
    secrets: BTreeMap<String, (u32, String)>,
}

impl Known {
    fn in_ledger(ledger: &Ledger) -> Result<Self, LedgerError> {
        let rows = ledger.keys()?.into_iter();
        let officers = ledger.state().officers.iter().filter(|(_, o)| !o.revoked);
        Ok(Self {
            keys: rows.map(|row| (row.key, (row.kcv, row.state))).collect(),
            officers: officers.map(|(name, _)| name.to_string()).collect(),
            secrets: ledger
                .secrets()?
                .into_iter()
                .map(|s| (s.secret, (s.version, s.kcv)))
                .collect(),
        })
    }

    fn take_over(&mut self, act: &Act) {
        match act {
            Act::KeyGenerate(k) | Act::KeyImport(k) | Act::KeyDerive(k) | Act::KeyReceive(k) => {
                let facts = (k.kcv.to_string(), k.state.as_str().to_owned());
                self.keys.insert(k.key.to_string(), facts);
            }
            Act::KeyRetire(k) => {
                if let Some((_, state)) = self.keys.get_mut(k.key.as_str()) {
                    k.state.as_str().clone_into(state);
                }
            }
            Act::OfficerEnrol(officer) => drop(self.officers.insert(officer.name.to_string())),
            Act::OfficerRevoke(body) => drop(self.officers.remove(body.name.as_str())),
            Act::SecretDraw(body) => {
                let facts = (body.version, body.kcv.to_string());
                self.secrets.insert(body.secret.to_string(), facts);
            }
            _ => {}
        }
    }

    /// The same keys with the same check values and states; and nobody but the site's officers opens the store.
    fn same_as(&self, store: &FileKeyStore) -> Result<(), SiteError> {
        let disagrees = |about: &str| Err(SiteError::StoreDisagrees { about: about.into() });
        let keys = store
            .header()
            .keys
            .iter()
            .map(|k| (k.id.clone().into(), k.kcv, k.state));
        let exchange = store.exchange_keys().iter();
        let exchange = exchange.map(|k| (StoredName::from(k.name.clone()), k.kcv, k.state));
        let facts =
            |(name, kcv, state): (StoredName, Kcv, KeyState)| (name.to_string(), (kcv.to_string(), state.to_string()));
        let stored: BTreeMap<_, _> = keys.chain(exchange).map(facts).collect();
        let missing = self.keys.iter().find(|(name, facts)| stored.get(*name) != Some(*facts));
        let extra = stored.iter().find(|(name, _)| !self.keys.contains_key(*name));
        if let Some((name, _)) = missing.or(extra) {
            return disagrees(name);
        }
        // One that is not there was lost with an older store, and is drawn anew when it is needed.
        for record in store.internal() {
            let facts = (record.version, record.kcv.to_string());
            if self.secrets.get(record.purpose.as_str()) != Some(&facts) {
                return disagrees(record.purpose.as_str());
            }
        }
        let stranger = store
            .header()
            .holders
            .iter()
            .find(|h| !self.officers.contains(&h.officer));
        stranger.map_or(Ok(()), |holder| disagrees(&holder.officer))
    }
}
