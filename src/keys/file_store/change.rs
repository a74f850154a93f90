// SPDX-License-Identifier: Apache-2.0
//! Changes to a store: what they may be, and how an unfinished one is settled after a crash.

use std::fs;

use super::super::exchange::{ExchangeRecord, StoredName};
use super::super::id::{ExchangeName, KeyId, KeyPath, KeyRecord, KeyState};
use super::super::internal::InternalUse;
use super::super::scheme::Subject;
use super::super::store::StoreError;
use super::backup::Restore;
use super::error::KeyFileError;
use super::header::{Header, KIND, Mark};
use super::operations::Purpose;
use super::pending::Staged;
use super::{FileKeyStore, StorePlace, durable, envelope, unlock};
use crate::crypto::key_block::{ExchangeKey, Weakness};
use crate::crypto::random_key::{equal_halves, known_test_key, weak_des_half};
use crate::crypto::seal::SealKey;
use crate::crypto::sign::PublicKey;
use crate::crypto::sm2::Sm2SigningKey;
use crate::crypto::{Algorithm, KcvLength, KeyMaterial, SecretBytes, kcv};
use crate::outside::Random;

/// What is to be changed.
#[derive(Debug)]
pub enum Change {
    /// A new key; its record's check value is computed anew, at the length that it has.
    AddKey {
        /// Its public facts.
        record: KeyRecord,
        /// The key.
        key: KeyMaterial,
    },
    /// A key derived here for a centre below, which this site keeps; its check value is computed.
    AddDerived {
        /// The key that it is derived from.
        from: KeyId,
        /// Its public facts.
        record: KeyRecord,
        /// What the way down asks for beyond the two owners' codes.
        subject: Subject,
    },
    /// Another state of a key. A destroyed key's value is gone from the file, and the file has a fresh data key.
    SetState {
        /// The key.
        key: KeyId,
        /// The state.
        state: KeyState,
    },
    /// A new exchange key; its record's check value is computed.
    AddExchangeKey {
        /// Its public facts.
        record: ExchangeRecord,
        /// The key.
        key: ExchangeKey,
    },
    /// Another state of an exchange key, as [`Change::SetState`].
    SetExchangeState {
        /// The key.
        name: ExchangeName,
        /// The state.
        state: KeyState,
    },
    /// An initial PIN, coded as the card stores it.
    SetPin {
        /// Its name.
        name: String,
        /// The PIN.
        pin: SecretBytes,
    },
    /// Everything out of a backup, in the place of what is there.
    Restore(Box<Restore>),
    /// An internal secret, drawn for the first time or anew. The one before is gone, and the file has a fresh data key.
    DrawInternal {
        /// What it is for.
        purpose: InternalUse,
        /// How often it was drawn, this time too.
        version: u32,
        /// The moment, RFC 3339 in UTC.
        since: String,
    },
    /// The site's SM2 signing key, drawn for the first time or anew. The one before is gone.
    DrawSigningSm2,
    /// Another set of officers or another quorum, with a fresh data key.
    Reshare {
        /// How many are needed.
        quorum: u8,
        /// Names and exchange keys.
        holders: Vec<(String, PublicKey)>,
    },
}

impl FileKeyStore {
    /// First step: writes the next generation beside the current one and proves that it opens. Nothing in force changes.
    pub fn stage(&self, change: Change, mark: Mark, random: &mut dyn Random) -> Result<Staged, KeyFileError> {
        let mut pending = self.begin()?;
        pending.apply(change, random)?;
        pending.stage(mark, random)
    }

    /// Both steps, for stores without a ledger.
    pub fn apply(&mut self, change: Change, random: &mut dyn Random) -> Result<(), KeyFileError> {
        let mark = Mark {
            after: 0,
            act: "none".into(),
            about: "none".into(),
        };
        let staged = self.stage(change, mark, random)?;
        self.commit(staged)
    }

    /// Whether a key may enter this store under this name.
    pub fn check_key(&self, id: &KeyId, key: &KeyMaterial) -> Result<(), KeyFileError> {
        let not_storable = || KeyFileError::NotStorable {
            key: Box::new(id.clone()),
        };
        let rule = self.scheme.usage(&id.usage).map_err(|_| not_storable())?;
        let level = self.scheme.level(&id.owner.level).map_err(|_| not_storable())?;
        let above_root = |root| self.scheme.way(root, &id.owner.level).is_err();
        let owner = self.scheme.owner_with_code(&id.owner.level, &id.owner.code);
        let named = owner.is_ok_and(|owner| owner == id.owner) && rule.algorithms.contains(&id.algorithm);
        if level.leaf || !named || rule.root.as_ref().is_some_and(above_root) {
            return Err(not_storable());
        }
        if self.header.rehearsal {
            return Ok(());
        }
        if let Some(name) = known_test_key(key) {
            return Err(KeyFileError::TestKey { name });
        }
        let weak = equal_halves(key) || (id.algorithm == Algorithm::Tdes && weak_des_half(key));
        if weak {
            Err(KeyFileError::WeakKey {
                key: Box::new(id.clone().into()),
            })
        } else {
            Ok(())
        }
    }

    /// The way from a key of this store down to the key of another centre: the same usage, version and cipher, and a level
    /// that the scheme leads to, below this one and above the cards.
    pub fn way_down(&self, from: &KeyId, to: &KeyId, more: &Subject) -> Result<KeyPath, KeyFileError> {
        let not_storable = || KeyFileError::NotStorable {
            key: Box::new(to.clone()),
        };
        let same = (from.version, from.algorithm, &from.usage) == (to.version, to.algorithm, &to.usage);
        let rooted = self.scheme.usage(&to.usage).is_ok_and(|rule| rule.root.is_some());
        let subject = more.clone().and(self.subject(from)).and(self.subject(to));
        let factors = self.scheme.factors(&from.owner.level, &to.owner.level, &subject);
        match factors {
            Ok(factors) if same && rooted && !factors.is_empty() => Ok(KeyPath {
                key: from.clone(),
                factors,
            }),
            _ => Err(not_storable()),
        }
    }

    pub(super) fn change(&mut self, change: Change, random: &mut dyn Random) -> Result<(), KeyFileError> {
        match change {
            Change::AddKey { mut record, key } => {
                if self.header.keys.iter().any(|k| k.id == record.id) {
                    return Err(KeyFileError::KeyExists {
                        key: Box::new(record.id),
                    });
                }
                self.check_key(&record.id, &key)?;
                record.kcv = kcv(record.id.algorithm, &key, same_length(&record));
                self.contents.keys.insert(record.id.clone(), key);
                self.header.keys.push(record);
                self.header.keys.sort_by(|a, b| a.id.cmp(&b.id));
                Ok(())
            }
            Change::AddDerived { from, record, subject } => {
                let path = self.way_down(&from, &record.id, &subject)?;
                let key = self.derived(&path, Purpose::Write)?;
                self.change(Change::AddKey { record, key }, random)
            }
            Change::AddExchangeKey { record, key } => self.add_exchange_key(record, key),
            Change::SetState { key, state } => self.set_state(key.into(), state, random),
            Change::SetExchangeState { name, state } => self.set_state(name.into(), state, random),
            Change::SetPin { name, pin } => {
                self.header.pins.insert(name.clone());
                self.contents.pins.insert(name, pin);
                Ok(())
            }
            Change::Restore(restore) => self.restore(*restore, random),
            Change::DrawInternal {
                purpose,
                version,
                since,
            } => self.draw_internal(purpose, version, since, random),
            Change::DrawSigningSm2 => {
                if self.header.signing_sm2.is_some() {
                    self.share_out_anew(random)?;
                }
                self.draw_signing_sm2(random)
            }
            Change::Reshare { quorum, holders } => self.share_out(quorum, &holders, random),
        }
    }

    pub(super) fn draw_signing_sm2(&mut self, random: &mut dyn Random) -> Result<(), KeyFileError> {
        let key = Sm2SigningKey::generate(random)?;
        self.header.signing_sm2 = Some(key.public());
        self.contents.signing_sm2 = Some(key);
        Ok(())
    }

    /// A fresh data key, split among these officers.
    pub(super) fn share_out(
        &mut self,
        quorum: u8,
        holders: &[(String, PublicKey)],
        random: &mut dyn Random,
    ) -> Result<(), KeyFileError> {
        let data_key = SealKey::generate(random)?;
        self.header.holders = unlock::split(&data_key, &self.header.site, quorum, holders, random)?;
        (self.header.quorum, self.data_key) = (quorum, data_key);
        Ok(())
    }

    /// The same officers and quorum: what is left of the old file shall not open with what opens the new one, nor the other
    /// way round.
    pub(super) fn share_out_anew(&mut self, random: &mut dyn Random) -> Result<(), KeyFileError> {
        let each = self.header.holders.iter();
        let holders: Vec<_> = each.map(|h| (h.officer.clone(), h.exchange)).collect();
        self.share_out(self.header.quorum, &holders, random)
    }

    fn add_exchange_key(&mut self, mut record: ExchangeRecord, key: ExchangeKey) -> Result<(), KeyFileError> {
        if self.header.exchange_keys.iter().any(|k| k.name == record.name) {
            return Err(KeyFileError::ExchangeKeyExists { name: record.name });
        }
        match key.weakness().filter(|_| !self.header.rehearsal) {
            Some(Weakness::Published(name)) => return Err(KeyFileError::TestKey { name }),
            Some(Weakness::EqualParts | Weakness::WeakDes) => {
                let key = Box::new(record.name.into());
                return Err(KeyFileError::WeakKey { key });
            }
            None => {}
        }
        (record.kcv, record.algorithm) = (key.kcv(), key.algorithm());
        self.contents.exchange_keys.insert(record.name.clone(), key);
        self.header.exchange_keys.push(record);
        self.header.exchange_keys.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(())
    }

    fn set_state(&mut self, name: StoredName, to: KeyState, random: &mut dyn Random) -> Result<(), KeyFileError> {
        let from = self.state_of(&name)?;
        if !may_become(from, to) {
            let key = Box::new(name);
            return Err(KeyFileError::StateChange { key, from, to });
        }
        if to == KeyState::Destroyed {
            self.share_out_anew(random)?;
        }
        match &name {
            StoredName::Key(id) => {
                let records = self.header.keys.iter_mut().filter(|k| k.id == *id);
                records.for_each(|record| record.state = to);
                if to == KeyState::Destroyed {
                    self.contents.keys.remove(id);
                }
            }
            StoredName::Exchange(name) => {
                let records = self.header.exchange_keys.iter_mut().filter(|k| k.name == *name);
                records.for_each(|record| record.state = to);
                if to == KeyState::Destroyed {
                    self.contents.exchange_keys.remove(name);
                }
            }
        }
        Ok(())
    }

    fn state_of(&self, name: &StoredName) -> Result<KeyState, KeyFileError> {
        match name {
            StoredName::Key(id) => {
                let found = self.header.keys.iter().find(|k| k.id == *id);
                let no_key = || StoreError::NoKey {
                    key: Box::new(id.clone()),
                };
                Ok(found.ok_or_else(no_key)?.state)
            }
            StoredName::Exchange(name) => Ok(self.exchange_record(name)?.state),
        }
    }
}

/// The ways of a key's life: none leads back.
fn may_become(from: KeyState, to: KeyState) -> bool {
    use KeyState::{Active, Compromised, Destroyed, PreActive, Retired};
    match from {
        PreActive => matches!(to, Active | Destroyed | Compromised),
        Active => matches!(to, Retired | Destroyed | Compromised),
        Retired => matches!(to, Destroyed | Compromised),
        Compromised => matches!(to, Destroyed),
        Destroyed => false,
    }
}

/// The length that the record's check value has already.
fn same_length(record: &KeyRecord) -> KcvLength {
    let bytes = u8::try_from(record.kcv.as_bytes().len()).unwrap_or_default();
    KcvLength::try_from(bytes).unwrap_or_default()
}

impl StorePlace {
    /// After a crash: completes a staged change if the ledger has its entry (`in_ledger`), else forgets it. Gives whether
    /// there was one. A next generation that does not even read was never proven, so the ledger cannot have its entry.
    /// Where the file or the ledger cannot be asked, both generations stay as they are.
    pub fn recover<E: From<KeyFileError>>(&self, in_ledger: impl FnOnce(&Mark) -> Result<bool, E>) -> Result<bool, E> {
        let next = self.next();
        if !next.exists() {
            return Ok(false);
        }
        let _lock = durable::lock(&self.lock())?;
        let bytes = match durable::read_private(&next) {
            // Another process settled it while we waited.
            Err(KeyFileError::Missing { .. }) => return Ok(true),
            read => read?,
        };
        let recorded = match envelope::parse::<Header>(KIND, &next, &bytes) {
            Ok(file) => in_ledger(&file.header.mark)?,
            Err(_) => false,
        };
        if recorded {
            durable::rename(&next, &self.file)?;
        } else {
            self.forget()?;
        }
        Ok(true)
    }

    pub(super) fn forget(&self) -> Result<(), KeyFileError> {
        let next = self.next();
        match fs::remove_file(&next) {
            Err(e) if e.kind() != std::io::ErrorKind::NotFound => Err(durable::io(&next, &e)),
            _ => durable::sync_folder(next.parent().unwrap_or(&next)),
        }
    }
}
