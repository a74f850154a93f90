// SPDX-License-Identifier: Apache-2.0
//! Backups of a site's key store, and the way back. The ledger knows every backup by the digest of its file, and decides what
//! of it comes back: with the states that the keys have by now, without what was destroyed, and not silently without what
//! came in since.

mod error;
mod restoration;

pub use error::RestoreError;
pub use restoration::Restoration;

use std::path::Path;

use super::{Site, SiteError};
use crate::crypto::shamir::Share;
use crate::keys::FileKeyStore;
use crate::keys::file_store::{Backup, BackupError};
use crate::ledger::act::{Act, ShareSeen, StoreBackup};
use crate::ledger::{Entry, Hash, Ledger, LedgerError, Text};
use crate::outside::{Clock, Random};

/// A backup that was just made.
#[derive(Debug)]
pub struct NewBackup {
    /// It, sealed.
    pub backup: Backup,
    /// The shares, in the order of the custodians.
    pub shares: Vec<Share>,
    /// What the ledger is to record; its ceremony is not set yet.
    pub body: StoreBackup,
}

/// A backup that the ledger knows.
#[derive(Debug)]
pub struct KnownBackup {
    backup: Backup,
    body: StoreBackup,
    entry: u64,
}

impl Site {
    /// Backs an open store up, as it is at this moment: what a ceremony adds afterwards is not in it. Nothing is written.
    pub fn back_up(
        &self,
        store: &FileKeyStore,
        threshold: u8,
        custodians: &[String],
        random: &mut dyn Random,
        clock: &Clock,
    ) -> Result<NewBackup, SiteError> {
        let made = clock.now().to_string();
        let (backup, shares) = store
            .back_up(threshold, custodians, &made, random)
            .map_err(RestoreError::from)?;
        let seen = custodians
            .iter()
            .zip(&shares)
            .map(|(officer, share)| seen(officer, share));
        let body = StoreBackup {
            digest: Hash(backup.digest().0),
            generation: backup.header().generation,
            threshold: threshold.into(),
            shares: seen.collect::<Result<_, _>>()?,
            keys: u32::try_from(backup.header().key_count()).unwrap_or(u32::MAX),
            ceremony: 0,
        };
        Ok(NewBackup { backup, shares, body })
    }

    /// Reads a backup of this site and finds it in the ledger.
    pub fn known_backup(&self, ledger: &Ledger, path: &Path) -> Result<KnownBackup, SiteError> {
        let backup = Backup::read(path).map_err(RestoreError::from)?;
        let (header, config) = (backup.header(), self.config());
        let differ = |field, file: String, site: String| Err(SiteError::NotForThisSite { field, file, site });
        if header.site != config.id {
            return differ("id", header.site.clone(), config.id.clone());
        }
        if header.rehearsal != config.rehearsal {
            return differ("rehearsal", header.rehearsal.to_string(), config.rehearsal.to_string());
        }
        if header.scheme != self.scheme().digest() {
            return differ("scheme", header.scheme.to_string(), self.scheme().digest().to_string());
        }
        if header.signing.0 != ledger.state().init.log_key.0 {
            let key = ledger.state().init.log_key.to_string();
            return differ("signing", header.signing.to_string(), key);
        }
        let digest = Hash(backup.digest().0);
        match backup_where(ledger, &|body| body.digest == digest)? {
            Some((entry, body)) => Ok(KnownBackup { backup, body, entry }),
            None => Err(RestoreError::Unknown {
                path: path.display().to_string(),
            }
            .into()),
        }
    }
}

/// The newest backup in the ledger that is wanted, with its entry.
fn backup_where(
    ledger: &Ledger,
    wanted: &dyn Fn(&StoreBackup) -> bool,
) -> Result<Option<(u64, StoreBackup)>, LedgerError> {
    let is_wanted = |entry: &Entry| matches!(&entry.act, Act::StoreBackup(body) if wanted(body));
    let found = ledger.latest(&["store.backup"], &is_wanted)?;
    Ok(found.and_then(|entry| match entry.act {
        Act::StoreBackup(body) => Some((entry.seq, body)),
        _ => None,
    }))
}

/// A share as the ledger has it.
fn seen(officer: &str, share: &Share) -> Result<ShareSeen, SiteError> {
    Ok(ShareSeen {
        officer: Text::new(officer)?,
        index: share.index().into(),
        digest: Hash(share.digest().0),
    })
}

impl KnownBackup {
    /// The file.
    pub fn backup(&self) -> &Backup {
        &self.backup
    }

    /// What the ledger has of it.
    pub fn body(&self) -> &StoreBackup {
        &self.body
    }

    /// The entry that has it.
    pub fn entry(&self) -> u64 {
        self.entry
    }

    /// Looks at one share singly, as it is entered by an officer: a wrong one is named with its custodian, one of another
    /// backup with that backup.
    pub fn check_share(&self, ledger: &Ledger, share: &Share, by: &str) -> Result<ShareSeen, SiteError> {
        match self.backup.check_share(share, by) {
            Ok(known) => seen(&known.officer, share),
            Err(wrong @ (BackupError::WrongShare { .. } | BackupError::NoSuchShare { .. })) => {
                let digest = Hash(share.digest().0);
                let other = |body: &StoreBackup| body.shares.iter().any(|s| s.digest == digest);
                let Some((entry, body)) = backup_where(ledger, &other)? else {
                    return Err(RestoreError::from(wrong).into());
                };
                let of = body.shares.iter().find(|s| s.digest == digest);
                Err(RestoreError::OtherBackup {
                    index: share.index().into(),
                    officer: of.map(|s| s.officer.to_string()).unwrap_or_default(),
                    entry,
                }
                .into())
            }
            Err(other) => Err(RestoreError::from(other).into()),
        }
    }

    /// Opens it with enough shares, and compares it with the ledger key by key.
    pub fn open(self, ledger: &Ledger, shares: &[Share]) -> Result<Restoration, SiteError> {
        let used = shares.iter().map(|share| {
            let known = self.backup.whose(share).map_err(RestoreError::from)?;
            seen(&known.officer, share)
        });
        let used = used.collect::<Result<Vec<_>, SiteError>>()?;
        let opened = self.backup.open(shares).map_err(RestoreError::from)?;
        Restoration::compare(opened, &self.body, self.entry, used, ledger)
    }
}
