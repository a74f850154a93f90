// SPDX-License-Identifier: Apache-2.0
//! Backups: everything that a store holds, sealed under a key of its own (docs/formats/backup.md).
//!
//! The key of a backup is drawn for it, split t of n among custodians (Shamir, never 1), and then forgotten. The digest of
//! each share stands in the file, so that a wrong share is told from a right one singly, before any are put together. The
//! file alone, or fewer shares than the threshold, say nothing of what is in it but names, check values and states.

mod error;
mod restore;

pub use error::BackupError;
pub use restore::{OpenBackup, Restore};

use std::collections::BTreeSet;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::super::exchange::ExchangeRecord;
use super::super::id::{KeyRecord, KeyState};
use super::super::internal::InternalRecord;
use super::contents::{Contents, Inventory};
use super::envelope::{self, Head, base64_text};
use super::error::KeyFileError;
use super::{FileKeyStore, durable};
use crate::crypto::Digest;
use crate::crypto::pack::is_same;
use crate::crypto::seal::{self, NONCE, SealKey};
use crate::crypto::shamir::{self, Share};
use crate::crypto::sign::PublicKey;
use crate::crypto::sm2::Sm2PublicKey;
use crate::outside::Random;

/// First word of the file.
const KIND: &str = "cardmint-backup";

/// A share of a backup's key: public facts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BackupShare {
    /// The custodian.
    pub officer: String,
    /// Its number, from 1.
    pub index: u8,
    /// What tells it from a wrong one.
    pub digest: Digest,
}

/// An officer who opened the store when it was backed up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BackupHolder {
    /// The officer.
    pub officer: String,
    /// The officer's X25519 public key.
    pub exchange: PublicKey,
}

/// The public part of a backup; all of it is associated data of the sealed body.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BackupHeader {
    /// The site's id.
    pub site: String,
    /// Whether the site is a rehearsal.
    pub rehearsal: bool,
    /// Digest of the scheme that says what its keys may do.
    pub scheme: Digest,
    /// The store's generation that is in it.
    pub generation: u64,
    /// When it was made, RFC 3339 in UTC.
    pub made: String,
    /// How many shares open it.
    pub threshold: u8,
    /// The shares.
    pub shares: Vec<BackupShare>,
    /// How many officers opened the store.
    pub quorum: u8,
    /// Those officers.
    pub holders: Vec<BackupHolder>,
    /// The site's signing key.
    pub signing: PublicKey,
    /// The site's exchange key.
    pub exchange: PublicKey,
    /// The public facts of all keys, in the order of their names.
    pub keys: Vec<KeyRecord>,
    /// The names of the initial PINs.
    pub pins: BTreeSet<String>,
    /// The public facts of the exchange keys, in the order of their names.
    pub exchange_keys: Vec<ExchangeRecord>,
    /// The public facts of the internal secrets, in the order of their uses.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub internal: Vec<InternalRecord>,
    /// The site's SM2 signing key. Since format 2.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signing_sm2: Option<Sm2PublicKey>,
    /// Nonce of the body.
    #[serde(with = "base64_text")]
    pub nonce: [u8; NONCE],
}

impl Head for BackupHeader {
    const NEWEST: u32 = 2;

    /// Format 1 has no SM2 key.
    fn version(&self) -> u32 {
        1 + u32::from(self.signing_sm2.is_some())
    }
}

impl BackupHeader {
    fn inventory(&self) -> Inventory<'_> {
        Inventory {
            keys: &self.keys,
            pins: &self.pins,
            exchange_keys: &self.exchange_keys,
            internal: &self.internal,
            signing_sm2: self.signing_sm2,
        }
    }

    /// How many keys are in it with their values.
    pub fn key_count(&self) -> usize {
        let keys = self.keys.iter().map(|k| k.state);
        let states = keys.chain(self.exchange_keys.iter().map(|k| k.state));
        states.filter(|state| *state != KeyState::Destroyed).count()
    }
}

/// A backup, sealed.
#[derive(Debug, Clone)]
pub struct Backup {
    header: BackupHeader,
    text: String,
    aad: Vec<u8>,
    body: Vec<u8>,
}

impl FileKeyStore {
    /// Seals everything that the store holds under a fresh key, and splits that among the custodians: the shares are in
    /// their order. Before this returns, the backup was opened with its first and with its last shares.
    pub fn back_up(
        &self,
        threshold: u8,
        custodians: &[String],
        made: &str,
        random: &mut dyn Random,
    ) -> Result<(Backup, Vec<Share>), BackupError> {
        let count = check_custodians(threshold, custodians)?;
        let key = SealKey::generate(random).map_err(KeyFileError::from)?;
        let impossible = BackupError::Threshold {
            threshold,
            custodians: custodians.len(),
        };
        let shares = shamir::split(&key, threshold, count, random).map_err(|e| match e {
            shamir::ShamirError::Random(none) => KeyFileError::from(none).into(),
            _ => impossible,
        })?;
        let header = self.backup_header(threshold, custodians, made, &shares, random)?;
        let head = envelope::head(KIND, &header);
        let plain = self.contents.pack().map_err(|_| self.unpacked())?;
        let body = seal::seal(&key, &header.nonce, head.as_bytes(), &plain);
        let text = envelope::text(&head, &body);
        let backup = Backup::parse(self.place.file(), text.as_bytes())?;
        let needed = usize::from(threshold);
        for chosen in [&shares[..needed], &shares[shares.len() - needed..]] {
            let opened = backup.open(chosen)?.into_contents().pack();
            if !opened.is_ok_and(|opened| is_same(&opened, &plain)) {
                return Err(self.unpacked().into());
            }
        }
        Ok((backup, shares))
    }

    fn backup_header(
        &self,
        threshold: u8,
        custodians: &[String],
        made: &str,
        shares: &[Share],
        random: &mut dyn Random,
    ) -> Result<BackupHeader, KeyFileError> {
        let now = &self.header;
        let share = |(officer, share): (&String, &Share)| BackupShare {
            officer: officer.clone(),
            index: share.index(),
            digest: share.digest(),
        };
        let holder = |h: &super::Holder| BackupHolder {
            officer: h.officer.clone(),
            exchange: h.exchange,
        };
        Ok(BackupHeader {
            site: now.site.clone(),
            rehearsal: now.rehearsal,
            scheme: now.scheme,
            generation: now.generation,
            made: made.to_owned(),
            threshold,
            shares: custodians.iter().zip(shares).map(share).collect(),
            quorum: now.quorum,
            holders: now.holders.iter().map(holder).collect(),
            signing: now.signing,
            exchange: now.exchange,
            keys: now.keys.clone(),
            pins: now.pins.clone(),
            exchange_keys: now.exchange_keys.clone(),
            internal: now.internal.clone(),
            signing_sm2: now.signing_sm2,
            nonce: seal::fresh_nonce(random)?,
        })
    }

    fn unpacked(&self) -> KeyFileError {
        KeyFileError::Damaged {
            path: self.place.file().display().to_string(),
            place: "contents",
        }
    }
}

/// Different custodians, and a threshold that they can meet and none of them alone.
fn check_custodians(threshold: u8, custodians: &[String]) -> Result<u8, BackupError> {
    for (at, officer) in custodians.iter().enumerate() {
        if custodians[..at].contains(officer) {
            let officer = officer.clone();
            return Err(BackupError::SameCustodian { officer });
        }
    }
    let count = u8::try_from(custodians.len()).ok();
    count
        .filter(|count| (2..=*count).contains(&threshold))
        .ok_or(BackupError::Threshold {
            threshold,
            custodians: custodians.len(),
        })
}

impl Backup {
    /// Reads the file. Its form and digest are checked; only opening it proves it.
    pub fn read(path: &Path) -> Result<Self, BackupError> {
        Self::parse(path, &durable::read_private(path)?)
    }

    /// Reads its bytes; `path` is the name in errors.
    pub fn parse(path: &Path, bytes: &[u8]) -> Result<Self, BackupError> {
        let file: envelope::Envelope<BackupHeader> = envelope::parse(KIND, path, bytes)?;
        let damaged = || KeyFileError::Damaged {
            path: path.display().to_string(),
            place: "header",
        };
        Ok(Self {
            header: file.header,
            text: String::from_utf8(bytes.to_vec()).map_err(|_| damaged())?,
            aad: file.aad,
            body: file.body,
        })
    }

    /// The public part.
    pub fn header(&self) -> &BackupHeader {
        &self.header
    }

    /// The file's text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// SHA-256 of the file.
    pub fn digest(&self) -> Digest {
        Digest::of(&[self.text.as_bytes()])
    }

    /// Whose share this is. A wrong one is named with its number and the custodian who has the right one.
    pub fn whose(&self, share: &Share) -> Result<&BackupShare, BackupError> {
        let index = share.index();
        let found = self.header.shares.iter().find(|s| s.index == index);
        let known = found.ok_or(BackupError::NoSuchShare { index })?;
        if known.digest == share.digest() && share.threshold() == self.header.threshold {
            Ok(known)
        } else {
            let officer = known.officer.clone();
            Err(BackupError::WrongShare { index, officer })
        }
    }

    /// [`Self::whose`], and that it is this custodian's own.
    pub fn check_share(&self, share: &Share, by: &str) -> Result<&BackupShare, BackupError> {
        let known = self.whose(share)?;
        if known.officer == by {
            Ok(known)
        } else {
            Err(BackupError::OthersShare {
                index: known.index,
                officer: known.officer.clone(),
                by: by.to_owned(),
            })
        }
    }

    /// Opens it. Every share is looked at singly first.
    pub fn open(&self, shares: &[Share]) -> Result<OpenBackup, BackupError> {
        for (at, share) in shares.iter().enumerate() {
            self.whose(share)?;
            if shares[..at].iter().any(|other| other.index() == share.index()) {
                return Err(BackupError::SameShare { index: share.index() });
            }
        }
        let (needed, got) = (self.header.threshold, shares.len());
        if got < needed.into() {
            return Err(BackupError::TooFew { needed, got });
        }
        let damaged = |place| KeyFileError::Damaged {
            path: KIND.into(),
            place,
        };
        let key = shamir::combine_seal_key(shares).map_err(|_| damaged("body"))?;
        let plain = seal::open(&key, &self.header.nonce, &self.aad, &self.body).map_err(|_| damaged("body"))?;
        let contents = Contents::unpack(&plain, &self.header.inventory()).map_err(|_| damaged("contents"))?;
        OpenBackup::new(self.header.clone(), contents).ok_or_else(|| damaged("contents").into())
    }
}
