// SPDX-License-Identifier: Apache-2.0
//! Store and ledger must tell the same: about site and keys, and about the last change. The ledger decides what has
//! happened; a store that lags behind it was restored from an older copy and is not worked with.

use super::{Site, SiteError, holds_share};
use crate::keys::{FileKeyStore, KeyStore, Mark};
use crate::ledger::act::Act;
use crate::ledger::query::Filter;
use crate::ledger::{Entry, Ledger, LedgerError};

/// What an act that changes the store is about.
pub(super) fn about(act: &Act) -> String {
    match act {
        Act::KeyGenerate(k) | Act::KeyImport(k) | Act::KeyDerive(k) | Act::KeyReceive(k) => k.key.to_string(),
        Act::KeyRetire(k) => format!("{} {}", k.key, k.state.as_str()),
        Act::OfficerEnrol(o) => o.name.to_string(),
        Act::OfficerRevoke(o) => o.name.to_string(),
        Act::PinSet(p) => p.name.to_string(),
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
const CHANGING: [&str; 8] = [
    "key.generate",
    "key.import",
    "key.derive",
    "key.receive",
    "key.retire",
    "officer.enrol",
    "officer.revoke",
    "pin.set",
];

/// Whether the store is what the newest entry that changed it made. A restored older store would open for an officer who
/// was revoked since, or have an older PIN, without any key telling.
fn is_newest(ledger: &Ledger, store: &FileKeyStore) -> Result<bool, LedgerError> {
    let officers = &ledger.state().officers;
    let changes = |entry: &Entry| match &entry.act {
        Act::OfficerEnrol(officer) => holds_share(&officer.roles),
        Act::OfficerRevoke(body) => officers.get(&body.name).is_some_and(|o| holds_share(&o.roles)),
        _ => true,
    };
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
    if !is_newest(ledger, store)? {
        return Err(disagrees("generation".into()));
    }
    let rows = ledger.keys()?;
    let (stored, mut seen) = (store.keys(), 0);
    for row in &rows {
        let key = stored.iter().find(|k| k.id.to_string() == row.key);
        let same = key.is_some_and(|k| k.kcv.to_string() == row.kcv && k.state.as_str() == row.state);
        if !same {
            return Err(disagrees(row.key.clone()));
        }
        seen += 1;
    }
    let extra = stored
        .iter()
        .find(|k| rows.iter().all(|row| row.key != k.id.to_string()));
    match extra {
        Some(key) if stored.len() > seen => Err(disagrees(key.id.to_string())),
        _ => Ok(()),
    }
}
