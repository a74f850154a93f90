// SPDX-License-Identifier: Apache-2.0
//! An opened backup beside the ledger: what comes back, what has changed since, and what is missing.

use std::collections::{BTreeMap, BTreeSet};

use super::{RestoreError, SiteError};
use crate::crypto::Kcv;
use crate::crypto::key_block::Exportability;
use crate::crypto::sign::PublicKey;
use crate::keys::file_store::{BackupHeader, OpenBackup, Restore};
use crate::keys::{Change, ExchangeRecord, InternalRecord, InternalUse, KeyRecord, KeyState, Origin, StoredName};
use crate::ledger::act::{Act, Holder, ShareSeen, StoreBackup, StoreRestore};
use crate::ledger::query::KeyRow;
use crate::ledger::{Filter, Ledger, LedgerError, Text};
use crate::site::key_retired;

/// A key's facts, of either kind.
#[derive(Debug, Clone)]
enum Record {
    Key(KeyRecord),
    Exchange(ExchangeRecord),
}

/// An opened backup, compared with the ledger. Keys have the states that the ledger has for them.
#[derive(Debug)]
pub struct Restoration {
    opened: OpenBackup,
    body: StoreRestore,
    records: BTreeMap<StoredName, Record>,
    later: Vec<(StoredName, KeyState)>,
    missing: Vec<(StoredName, Kcv)>,
    pins: BTreeSet<String>,
    lost_pins: BTreeSet<String>,
    internal: BTreeSet<InternalUse>,
    lost_secrets: BTreeSet<String>,
}

impl Record {
    fn kcv(&self) -> Kcv {
        match self {
            Self::Key(record) => record.kcv,
            Self::Exchange(record) => record.kcv,
        }
    }

    fn state(&self) -> KeyState {
        match self {
            Self::Key(record) => record.state,
            Self::Exchange(record) => record.state,
        }
    }

    fn in_state(mut self, state: KeyState) -> Self {
        match &mut self {
            Self::Key(record) => record.state = state,
            Self::Exchange(record) => record.state = state,
        }
        self
    }

    /// A key of which the ledger alone is left: destroyed.
    fn destroyed(name: &StoredName, row: &KeyRow, since: String) -> Option<Self> {
        let (kcv, state) = (row.kcv.parse().ok()?, KeyState::Destroyed);
        let origin = match row.origin.as_str() {
            "generated" => Origin::Generated,
            "components" => Origin::Components,
            "derived" => Origin::Derived,
            _ => Origin::Imported,
        };
        Some(match name {
            StoredName::Key(id) => Self::Key(KeyRecord {
                id: id.clone(),
                kcv,
                state,
                origin,
                since,
                exportability: Exportability::unlimited(),
            }),
            StoredName::Exchange(name) => Self::Exchange(ExchangeRecord {
                name: name.clone(),
                algorithm: row.alg.parse().ok()?,
                kcv,
                state,
                origin,
                since,
            }),
        })
    }
}

fn records_of(header: &BackupHeader) -> BTreeMap<StoredName, Record> {
    let keys = header.keys.iter();
    let keys = keys.map(|k| (k.id.clone().into(), Record::Key(k.clone())));
    let exchange = header.exchange_keys.iter();
    let exchange = exchange.map(|k| (k.name.clone().into(), Record::Exchange(k.clone())));
    keys.chain(exchange).collect()
}

impl Restoration {
    pub(super) fn compare(
        opened: OpenBackup,
        backup: &StoreBackup,
        entry: u64,
        shares: Vec<ShareSeen>,
        ledger: &Ledger,
    ) -> Result<Self, SiteError> {
        let mut in_backup = records_of(opened.header());
        let mut restoration = Self {
            body: StoreRestore {
                digest: backup.digest,
                generation: backup.generation,
                shares,
                keys: 0,
                quorum: 0,
                holders: Vec::new(),
                ceremony: 0,
            },
            records: BTreeMap::new(),
            later: Vec::new(),
            missing: Vec::new(),
            lost_pins: pins_set_since(ledger, entry)?,
            pins: BTreeSet::new(),
            internal: BTreeSet::new(),
            lost_secrets: BTreeSet::new(),
            opened,
        };
        for row in ledger.keys()? {
            let unknown = || SiteError::StoreDisagrees { about: row.key.clone() };
            let name: StoredName = row.key.parse().map_err(|_| unknown())?;
            let now: KeyState = row.state.parse().map_err(|_| unknown())?;
            let since = ledger.entry(row.arrived)?.at.to_string();
            let gone = Record::destroyed(&name, &row, since).ok_or_else(unknown)?;
            let found = in_backup.remove(&name);
            if let Some(other) = found.as_ref().filter(|found| found.kcv() != gone.kcv()) {
                return Err(RestoreError::Differs {
                    key: row.key,
                    ledger: gone.kcv().to_string(),
                    backup: other.kcv().to_string(),
                }
                .into());
            }
            restoration.take(name, now, found, gone);
        }
        if let Some((name, _)) = in_backup.first_key_value() {
            return Err(RestoreError::Newer { key: name.to_string() }.into());
        }
        let pins = restoration.opened.header().pins.iter();
        let pins = pins.filter(|name| !restoration.lost_pins.contains(*name));
        restoration.pins = pins.cloned().collect();
        for secret in ledger.secrets()? {
            let same = |r: &&InternalRecord| {
                (r.purpose.as_str(), r.version, r.kcv.to_string())
                    == (&secret.secret, secret.version, secret.kcv.clone())
            };
            match restoration.opened.header().internal.iter().find(same) {
                Some(record) => drop(restoration.internal.insert(record.purpose)),
                None => drop(restoration.lost_secrets.insert(secret.secret)),
            }
        }
        Ok(restoration)
    }

    /// One key of the ledger, in its state of now, with what the backup has of it; `gone` stands for it where that is nothing.
    fn take(&mut self, name: StoredName, now: KeyState, found: Option<Record>, gone: Record) {
        let record = match found {
            Some(found) if found.state() == now => found,
            Some(found) if found.state() != KeyState::Destroyed => {
                self.later.push((name.clone(), now));
                found.in_state(now)
            }
            _ => {
                if now != KeyState::Destroyed {
                    self.missing.push((name.clone(), gone.kcv()));
                }
                gone
            }
        };
        self.records.insert(name, record);
    }

    /// The public part of the backup.
    pub fn backup(&self) -> &BackupHeader {
        self.opened.header()
    }

    /// The keys whose state has changed since the backup, with the one that they come back in.
    pub fn changed_since(&self) -> &[(StoredName, KeyState)] {
        &self.later
    }

    /// The keys that the ledger has and the backup has not: they came in since and are lost.
    pub fn missing(&self) -> impl Iterator<Item = &StoredName> {
        self.missing.iter().map(|(name, _)| name)
    }

    /// The initial PINs that were set since the backup: they do not come back and must be entered anew.
    pub fn lost_pins(&self) -> &BTreeSet<String> {
        &self.lost_pins
    }

    /// The secrets inside the site that were drawn since the backup: they do not come back, nor what was sealed under them.
    /// They are drawn anew when they are next needed.
    pub fn lost_secrets(&self) -> &BTreeSet<String> {
        &self.lost_secrets
    }

    /// The officers who opened the store when it was backed up and still are officers, with their exchange keys.
    pub fn former_holders(&self, ledger: &Ledger) -> Vec<(String, PublicKey)> {
        let officers = &ledger.state().officers;
        let still = |name: &str| {
            let name = Text::new(name).ok();
            name.and_then(|name| officers.get(&name)).is_some_and(|o| !o.revoked)
        };
        let holders = self.opened.header().holders.iter().filter(|h| still(&h.officer));
        holders.map(|h| (h.officer.clone(), h.exchange)).collect()
    }

    /// The change of the store and the acts that go with it. Keys that are missing become destroyed for the reason that is
    /// given; without one they are a reason to refuse.
    pub fn into_change(
        mut self,
        quorum: u8,
        holders: Vec<(String, PublicKey)>,
        give_up_missing: Option<&str>,
    ) -> Result<(Change, Vec<Act>), SiteError> {
        let mut acts = Vec::new();
        match give_up_missing {
            None if !self.missing.is_empty() => {
                let keys = self.missing().map(ToString::to_string).collect();
                return Err(RestoreError::Missing { keys }.into());
            }
            None => {}
            Some(reason) => {
                for (name, kcv) in &self.missing {
                    acts.push(key_retired(name, *kcv, KeyState::Destroyed, reason)?);
                }
            }
        }
        let (mut keys, mut exchange_keys) = (Vec::new(), Vec::new());
        for record in self.records.into_values() {
            if record.state() != KeyState::Destroyed {
                self.body.keys += 1;
            }
            match record {
                Record::Key(record) => keys.push(record),
                Record::Exchange(record) => exchange_keys.push(record),
            }
        }
        self.body.quorum = quorum.into();
        for (at, (officer, _)) in holders.iter().enumerate() {
            let index = u32::try_from(at + 1).unwrap_or(u32::MAX);
            let officer = Text::new(officer.as_str())?;
            self.body.holders.push(Holder { officer, index });
        }
        acts.insert(0, Act::StoreRestore(self.body));
        let restore = Restore {
            backup: self.opened,
            keys,
            exchange_keys,
            pins: self.pins,
            internal: self.internal,
            quorum,
            holders,
        };
        Ok((Change::Restore(Box::new(restore)), acts))
    }
}

/// The names of the PINs that were set behind an entry.
fn pins_set_since(ledger: &Ledger, entry: u64) -> Result<BTreeSet<String>, LedgerError> {
    let filter = Filter {
        from: entry,
        act: Some("pin.set".into()),
        ..Filter::default()
    };
    let mut names = BTreeSet::new();
    ledger.each_line(&filter, &mut |entry, _| {
        if let Act::PinSet(pin) = &entry.act {
            names.insert(pin.name.to_string());
        }
        Ok(())
    })?;
    Ok(names)
}
