// SPDX-License-Identifier: Apache-2.0
//! Making a store, splitting its data key among officers, and opening it with enough of them.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::DirBuilderExt;
use std::sync::Arc;

use super::super::scheme::Scheme;
use super::contents::Contents;
use super::error::KeyFileError;
use super::header::{Header, Holder, KIND, Mark};
use super::officer::OfficerKeys;
use super::{FileKeyStore, StorePlace, draft, durable, envelope};
use crate::crypto::SecretBytes;
use crate::crypto::seal::{self, BoxKey, SealKey};
use crate::crypto::shamir::{self, Share};
use crate::crypto::sign::{PublicKey, SigningKey};
use crate::outside::Random;

impl FileKeyStore {
    /// Makes a new store, generation 1, and leaves it open. `holders` are the officers' names and exchange keys.
    pub fn create(
        place: StorePlace,
        scheme: Arc<Scheme>,
        site: &str,
        rehearsal: bool,
        quorum: u8,
        holders: &[(String, PublicKey)],
        random: &mut dyn Random,
    ) -> Result<Self, KeyFileError> {
        let mut store = Self::new(place, scheme, site, rehearsal, quorum, holders, random)?;
        store.draw_signing_sm2(random)?;
        draft::replace(&store.place.file, store.sealed(&store.header)?.as_bytes(), 0o600)?;
        Ok(store)
    }

    /// The same without an SM2 key, as earlier versions made it.
    pub fn create_without_sm2(
        place: StorePlace,
        scheme: Arc<Scheme>,
        site: &str,
        rehearsal: bool,
        quorum: u8,
        holders: &[(String, PublicKey)],
        random: &mut dyn Random,
    ) -> Result<Self, KeyFileError> {
        let store = Self::new(place, scheme, site, rehearsal, quorum, holders, random)?;
        draft::replace(&store.place.file, store.sealed(&store.header)?.as_bytes(), 0o600)?;
        Ok(store)
    }

    fn new(
        place: StorePlace,
        scheme: Arc<Scheme>,
        site: &str,
        rehearsal: bool,
        quorum: u8,
        holders: &[(String, PublicKey)],
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
        let data_key = SealKey::generate(random)?;
        let header = Header {
            site: site.to_owned(),
            rehearsal,
            scheme: scheme.digest(),
            generation: 1,
            mark: Mark {
                after: 0,
                act: "site.init".into(),
                about: site.to_owned(),
            },
            quorum,
            holders: split(&data_key, site, quorum, holders, random)?,
            signing: signing.public(),
            exchange: PublicKey(exchange.public()),
            keys: Vec::new(),
            pins: BTreeSet::new(),
            exchange_keys: Vec::new(),
            internal: Vec::new(),
            signing_sm2: None,
            nonce: seal::fresh_nonce(random)?,
        };
        let contents = Contents::of(signing, exchange);
        Ok(Self {
            place,
            scheme,
            header,
            data_key,
            contents,
        })
    }

    /// Opens a store with the keys of enough officers.
    pub fn unlock(place: StorePlace, scheme: Arc<Scheme>, officers: &[&OfficerKeys]) -> Result<Self, KeyFileError> {
        let bytes = durable::read_private(&place.file)?;
        let file: envelope::Envelope<Header> = envelope::parse(KIND, &place.file, &bytes)?;
        let header = file.header;
        if header.scheme != scheme.digest() {
            return Err(KeyFileError::OtherScheme {
                scheme: scheme.name().to_owned(),
            });
        }
        let have = officers.len();
        if have < header.quorum.into() {
            return Err(KeyFileError::Quorum {
                needed: header.quorum,
                have,
            });
        }
        let data_key = joined(&header, officers)?;
        let damaged = |_| KeyFileError::Damaged {
            path: place.file.display().to_string(),
            place: "body",
        };
        let plain = seal::open(&data_key, &header.nonce, &file.aad, &file.body).map_err(damaged)?;
        let inside = |_| KeyFileError::Damaged {
            path: place.file.display().to_string(),
            place: "contents",
        };
        let contents = Contents::unpack(&plain, &header.inventory()).map_err(inside)?;
        Ok(Self {
            place,
            scheme,
            header,
            data_key,
            contents,
        })
    }

    /// Whether these officers open this generation: their shares of it give its data key.
    pub fn check_opens(&self, officers: &[&OfficerKeys]) -> Result<(), KeyFileError> {
        let key = joined(&self.header, officers)?;
        let probe = seal::seal(
            &self.data_key,
            &[0; seal::NONCE],
            b"probe",
            &SecretBytes::new(Vec::new()),
        );
        let opened = seal::open(&key, &[0; seal::NONCE], b"probe", &probe);
        opened.map(drop).map_err(|_| KeyFileError::BrokenShare {
            officer: officers.first().map(|o| o.name.clone()).unwrap_or_default(),
        })
    }

    /// The file's text for a header, with the current contents.
    pub(super) fn sealed(&self, header: &Header) -> Result<String, KeyFileError> {
        let head = envelope::head(KIND, header);
        let damaged = |_| KeyFileError::Damaged {
            path: self.place.file.display().to_string(),
            place: "contents",
        };
        let plain = self.contents.pack().map_err(damaged)?;
        let body = seal::seal(&self.data_key, &header.nonce, head.as_bytes(), &plain);
        Ok(envelope::text(&head, &body))
    }
}

/// Associated data of a share: it is good for one officer of one store and one quorum.
fn share_aad(site: &str, officer: &str, index: u8, quorum: u8) -> Vec<u8> {
    format!("cardmint share\n{site}\n{officer}\n{index} {quorum}").into_bytes()
}

/// Splits the data key and seals each share to its officer. With a quorum of one, each share is the key itself.
pub(super) fn split(
    data_key: &SealKey,
    site: &str,
    quorum: u8,
    holders: &[(String, PublicKey)],
    random: &mut dyn Random,
) -> Result<Vec<Holder>, KeyFileError> {
    let bad = KeyFileError::BadQuorum {
        quorum,
        holders: holders.len(),
    };
    let count = u8::try_from(holders.len()).map_err(|_| bad.clone())?;
    if quorum == 0 || quorum > count {
        return Err(bad);
    }
    let names: BTreeSet<&String> = holders.iter().map(|(name, _)| name).collect();
    if names.len() != holders.len() {
        let officer = holders.first().map(|(name, _)| name.clone()).unwrap_or_default();
        return Err(KeyFileError::SameOfficer { officer });
    }
    let shares = if quorum == 1 {
        None
    } else {
        Some(shamir::split(data_key, quorum, count, random).map_err(|_| bad)?)
    };
    let mut sealed = Vec::with_capacity(holders.len());
    for (place, (officer, exchange)) in holders.iter().enumerate() {
        let index = u8::try_from(place + 1).unwrap_or(u8::MAX);
        let aad = share_aad(site, officer, index, quorum);
        let boxed = match &shares {
            None => seal::seal_to(&exchange.0, random, &aad, data_key),
            Some(shares) => seal::seal_to(&exchange.0, random, &aad, shares[place].secret()),
        };
        let share = boxed.map_err(|_| KeyFileError::BrokenShare {
            officer: officer.clone(),
        })?;
        sealed.push(Holder {
            officer: officer.clone(),
            exchange: *exchange,
            index,
            share,
        });
    }
    Ok(sealed)
}

/// The data key from the officers' shares.
fn joined(header: &Header, officers: &[&OfficerKeys]) -> Result<SealKey, KeyFileError> {
    let mut shares = Vec::new();
    for (at, officer) in officers.iter().enumerate() {
        if officers[..at].iter().any(|earlier| earlier.name == officer.name) {
            return Err(KeyFileError::SameOfficer {
                officer: officer.name.clone(),
            });
        }
        let mut holders = header.holders.iter();
        let holder = holders.find(|h| h.officer == officer.name && h.exchange == officer.exchange_public());
        let holder = holder.ok_or_else(|| KeyFileError::NoShare {
            officer: officer.name.clone(),
        })?;
        let aad = share_aad(&header.site, &officer.name, holder.index, header.quorum);
        let broken = || KeyFileError::BrokenShare {
            officer: officer.name.clone(),
        };
        let share = seal::open_with(&officer.exchange, &aad, &holder.share).map_err(|_| broken())?;
        if header.quorum == 1 {
            return SealKey::from_secret(&share).map_err(|_| broken());
        }
        shares.push(Share::from_parts(holder.index, header.quorum, share).map_err(|_| broken())?);
    }
    let too_few = |_| KeyFileError::Quorum {
        needed: header.quorum,
        have: officers.len(),
    };
    shamir::combine_seal_key(&shares).map_err(too_few)
}
