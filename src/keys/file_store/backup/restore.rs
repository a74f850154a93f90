// SPDX-License-Identifier: Apache-2.0
//! An opened backup, and a store made of it. Which keys come back, and in which states, is decided outside: the ledger knows
//! what has happened since.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::DirBuilderExt;
use std::sync::Arc;

use super::super::contents::Contents;
use super::super::error::KeyFileError;
use super::super::header::{Header, Mark};
use super::super::{FileKeyStore, StorePlace, durable};
use super::BackupHeader;
use crate::crypto::internal::check_value;
use crate::crypto::seal::{self, BoxKey, SealKey};
use crate::crypto::sign::{PublicKey, SigningKey};
use crate::crypto::{KcvLength, kcv};
use crate::keys::exchange::ExchangeRecord;
use crate::keys::id::{KeyRecord, KeyState};
use crate::keys::internal::InternalUse;
use crate::keys::scheme::Scheme;
use crate::outside::Random;

/// What was in a backup; wiped on drop.
pub struct OpenBackup {
    header: BackupHeader,
    contents: Contents,
}

impl std::fmt::Debug for OpenBackup {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "OpenBackup({}, {} keys, ..)",
            self.header.site,
            self.header.keys.len()
        )
    }
}

/// What becomes a store again.
#[derive(Debug)]
pub struct Restore {
    /// Where the values come from.
    pub backup: OpenBackup,
    /// All keys that the store is to know. Those that are not destroyed must be in the backup.
    pub keys: Vec<KeyRecord>,
    /// The same for exchange keys.
    pub exchange_keys: Vec<ExchangeRecord>,
    /// The initial PINs that come back.
    pub pins: BTreeSet<String>,
    /// The internal secrets that come back.
    pub internal: BTreeSet<InternalUse>,
    /// How many officers are to open the store.
    pub quorum: u8,
    /// Those officers.
    pub holders: Vec<(String, PublicKey)>,
}

impl OpenBackup {
    /// Only where each key's value has the check value that the header says.
    pub(super) fn new(header: BackupHeader, contents: Contents) -> Option<Self> {
        let sound = |record: &KeyRecord| {
            let length = u8::try_from(record.kcv.as_bytes().len()).ok()?;
            let length = KcvLength::try_from(length).ok()?;
            let key = contents.keys.get(&record.id)?;
            (kcv(record.id.algorithm, key, length) == record.kcv).then_some(())
        };
        let keys = header.keys.iter().filter(|k| k.state != KeyState::Destroyed);
        let exchange = header.exchange_keys.iter().filter(|k| k.state != KeyState::Destroyed);
        let exchange_sound = |record: &ExchangeRecord| {
            let key = contents.exchange_keys.get(&record.name);
            key.is_some_and(|key| key.kcv() == record.kcv)
        };
        let own = contents.signing.public() == header.signing && contents.exchange.public() == header.exchange.0;
        let all = own && keys.map(sound).all(|found| found.is_some()) && exchange.into_iter().all(exchange_sound);
        let secrets = header.internal.iter().all(|record| {
            let key = contents.internal.get(&record.purpose);
            key.is_some_and(|key| check_value(key) == record.kcv)
        });
        (all && secrets).then_some(Self { header, contents })
    }

    /// The public part.
    pub fn header(&self) -> &BackupHeader {
        &self.header
    }

    pub(super) fn into_contents(self) -> Contents {
        self.contents
    }
}

impl FileKeyStore {
    /// A store in memory alone, in the place of one that is lost: it has nothing, opens nothing, and can only become a store
    /// again out of a backup.
    pub fn vacant(
        place: StorePlace,
        scheme: Arc<Scheme>,
        site: &str,
        rehearsal: bool,
        random: &mut dyn Random,
    ) -> Result<Self, KeyFileError> {
        if place.file.exists() {
            return Err(KeyFileError::Exists {
                path: place.file.display().to_string(),
            });
        }
        let folder = place.file.parent().unwrap_or(&place.file);
        let made = fs::DirBuilder::new().recursive(true).mode(0o700).create(folder);
        made.map_err(|e| durable::io(folder, &e))?;
        let (signing, exchange) = (SigningKey::generate(random)?, BoxKey::generate(random)?);
        let header = Header {
            site: site.to_owned(),
            rehearsal,
            scheme: scheme.digest(),
            generation: 0,
            mark: Mark {
                after: 0,
                act: "none".into(),
                about: site.to_owned(),
            },
            quorum: 0,
            holders: Vec::new(),
            signing: signing.public(),
            exchange: PublicKey(exchange.public()),
            keys: Vec::new(),
            pins: BTreeSet::new(),
            exchange_keys: Vec::new(),
            internal: Vec::new(),
            signing_sm2: None,
            nonce: seal::fresh_nonce(random)?,
        };
        Ok(Self {
            place,
            scheme,
            header,
            data_key: SealKey::generate(random)?,
            contents: Contents::of(signing, exchange),
        })
    }

    /// Whether there is no store yet.
    pub fn is_vacant(&self) -> bool {
        self.header.generation == 0
    }

    /// Puts what is in a backup in the place of everything that is here.
    pub(in super::super) fn restore(&mut self, restore: Restore, random: &mut dyn Random) -> Result<(), KeyFileError> {
        let Restore {
            backup: OpenBackup { header, mut contents },
            mut keys,
            mut exchange_keys,
            pins,
            internal,
            quorum,
            holders,
        } = restore;
        let own = (&self.header.site, self.header.rehearsal, self.header.scheme);
        if own != (&header.site, header.rehearsal, header.scheme) {
            return Err(KeyFileError::OtherSite { site: header.site });
        }
        keys.sort_by(|a, b| a.id.cmp(&b.id));
        exchange_keys.sort_by(|a, b| a.name.cmp(&b.name));
        let living = |state: KeyState| state != KeyState::Destroyed;
        contents
            .keys
            .retain(|id, _| keys.iter().any(|k| k.id == *id && living(k.state)));
        let lives = |name: &_| exchange_keys.iter().any(|k| k.name == *name && living(k.state));
        contents.exchange_keys.retain(|name, _| lives(name));
        contents.pins.retain(|name, _| pins.contains(name));
        let comes_back = |purpose: &InternalUse| internal.contains(purpose);
        contents.internal.retain(|purpose, _| comes_back(purpose));
        let internal = header.internal.into_iter().filter(|r| comes_back(&r.purpose)).collect();
        let counts = (
            keys.iter().filter(|k| living(k.state)).count(),
            exchange_keys.iter().filter(|k| living(k.state)).count(),
            pins.len(),
        );
        if counts != (contents.keys.len(), contents.exchange_keys.len(), contents.pins.len()) {
            return Err(KeyFileError::NotInBackup);
        }
        self.share_out(quorum, &holders, random)?;
        self.header.generation = self.header.generation.max(header.generation + 1);
        (self.header.signing, self.header.exchange) = (header.signing, header.exchange);
        (self.header.keys, self.header.exchange_keys, self.header.pins) = (keys, exchange_keys, pins);
        (self.header.internal, self.header.signing_sm2) = (internal, header.signing_sm2);
        self.contents = contents;
        Ok(())
    }
}
