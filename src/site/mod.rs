// SPDX-License-Identifier: Apache-2.0
//! A site 站点: one centre's folder with its settings, key store, ledger and officers (docs/formats/site.md).
//!
//! ```text
//! site.toml            settings; what matters in them also stands in the ledger's first entry
//! keys/store           key store
//! ledger.db            ledger
//! checkpoint.note      the last checkpoint, unless it is kept elsewhere
//! keys/files.next      files of a ceremony that are not in their places yet
//! officers/NAME.toml   an officer's public keys and roles
//! officers/NAME.key    the officer's private keys, under a passphrase
//! trusted/ID.json      cards of other centres whose fingerprints were confirmed
//! ```
//!
//! Whether a site is a rehearsal stands in site.toml, in the key store's header and in the ledger's first entry. All three
//! must agree, so nobody turns a rehearsal into a production site with an editor.

mod agreement;
mod backup;
mod bundle;
mod card;
mod conclude;
mod config;
mod entries;
mod error;
mod found;
mod key_block;
mod log_key;
mod officers;
mod publication;
mod secrets;
mod session;
mod writer;

pub use backup::{KnownBackup, NewBackup, Restoration, RestoreError};
pub use bundle::{ArrivedKey, BundleKey, KeyBundle, SealedBundle};
pub use card::SiteCard;
pub use conclude::SignedAct;
pub use config::{Blacklisting, SiteConfig};
pub use entries::{exchange_key_arrived, key_arrived, key_retired, store_reshared};
pub use error::SiteError;
pub use found::{NewOfficer, NewSite, found};
pub use key_block::{BlockFault, BlockFile, BlockOrder, MadeBlock, MadeBlocks};
pub use officers::{OfficerFile, check_name, holds_share, with_signers};
pub use secrets::Prepare;
pub use session::{Session, Step, signers_for};
pub use writer::LedgerWriter;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::keys::scheme::{self, Scheme};
use crate::keys::{LevelName, Owner, StorePlace};
use crate::ledger::Ledger;

/// A site whose settings are read and checked; locked.
#[derive(Debug, Clone)]
pub struct Site {
    folder: PathBuf,
    config: SiteConfig,
    scheme: Arc<Scheme>,
    owner: Owner,
}

impl Site {
    /// The site in a folder.
    pub fn open(folder: &Path) -> Result<Self, SiteError> {
        let config = SiteConfig::read(&folder.join("site.toml"))?;
        let scheme = scheme::find(&config.scheme, folder)?.with_levels(&config.levels)?;
        let owner = scheme.owner_with_code(&config.level, &config.code)?;
        Ok(Self {
            folder: folder.to_owned(),
            config,
            scheme: Arc::new(scheme),
            owner,
        })
    }

    /// The site that was named, or the one that `here` lies in.
    pub fn find(named: Option<&Path>, here: &Path) -> Result<Self, SiteError> {
        if let Some(folder) = named {
            return Self::open(folder);
        }
        let found = here.ancestors().find(|folder| folder.join("site.toml").is_file());
        Self::open(found.ok_or_else(|| SiteError::NoSite {
            here: here.display().to_string(),
        })?)
    }

    /// Its folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Its settings.
    pub fn config(&self) -> &SiteConfig {
        &self.config
    }

    /// Its scheme, with the levels that it has switched on.
    pub fn scheme(&self) -> &Arc<Scheme> {
        &self.scheme
    }

    /// Whose keys it makes: its level and code.
    pub fn owner(&self) -> &Owner {
        &self.owner
    }

    /// Its level.
    pub fn level(&self) -> &LevelName {
        &self.owner.level
    }

    /// The place of its key store.
    pub fn store_place(&self) -> StorePlace {
        StorePlace::in_site(&self.folder)
    }

    /// Its ledger's file.
    pub fn ledger_path(&self) -> PathBuf {
        self.folder.join("ledger.db")
    }

    /// Where the last checkpoint is kept apart from the ledger.
    pub fn checkpoint_copy(&self) -> PathBuf {
        self.folder.join(&self.config.checkpoint_copy)
    }

    /// Opens its ledger for appending, and checks that it is this site's.
    pub fn ledger(&self) -> Result<Ledger, SiteError> {
        let ledger = Ledger::open(&self.ledger_path(), Some(&self.checkpoint_copy()))?;
        self.agrees_with(&ledger).map(|()| ledger)
    }

    /// Opens its ledger for reading only.
    pub fn ledger_read_only(&self) -> Result<Ledger, SiteError> {
        let ledger = Ledger::open_read_only(&self.ledger_path(), Some(&self.checkpoint_copy()))?;
        self.agrees_with(&ledger).map(|()| ledger)
    }

    fn agrees_with(&self, ledger: &Ledger) -> Result<(), SiteError> {
        let (state, config) = (ledger.state(), &self.config);
        let pairs = [
            ("id", state.site.to_string(), config.id.clone()),
            ("name", state.init.name.to_string(), config.name.en.clone()),
            ("scheme", state.init.scheme.to_string(), self.scheme.name().to_owned()),
            ("level", state.init.level.to_string(), self.owner.level.to_string()),
            ("code", state.init.code.to_string(), found::code_text(&self.owner)),
            (
                "rehearsal",
                state.init.rehearsal.to_string(),
                config.rehearsal.to_string(),
            ),
        ];
        let kept = [
            (
                "kcv-length",
                state.init.kcv_length.map(|length| length.to_string()),
                config.kcv_length.bytes().to_string(),
            ),
            (
                "require-memory-lock",
                state.init.memory_lock.then(|| true.to_string()),
                config.require_memory_lock.to_string(),
            ),
            (
                "checkpoint-copy",
                state.init.copy_outside.then(|| "../…".to_owned()),
                if leads_out(&self.folder, &config.checkpoint_copy) {
                    "../…".to_owned()
                } else {
                    config.checkpoint_copy.display().to_string()
                },
            ),
        ];
        // What the first entry does not say may be as it likes: older ledgers do not say it.
        let kept = kept
            .into_iter()
            .filter_map(|(field, ledger, file)| Some((field, ledger?, file)));
        let differs = pairs.into_iter().chain(kept).find(|(_, ledger, file)| ledger != file);
        match differs {
            None => Ok(()),
            Some((field, ledger, file)) => Err(SiteError::Disagrees { field, ledger, file }),
        }
    }

    /// Whether the scheme, key store and ledger belong to a rehearsal.
    pub fn rehearsal(&self) -> bool {
        self.config.rehearsal
    }

    /// Simulated readers belong to rehearsals: a production site must never believe that a simulated card exists.
    pub fn check_reader(&self, reader: &str) -> Result<(), SiteError> {
        if reader.starts_with("sim:") && !self.config.rehearsal {
            return Err(SiteError::SimulatedReader {
                reader: reader.to_owned(),
            });
        }
        Ok(())
    }
}

/// Whether a path, taken from a folder, leads out of it. Links are not followed.
fn leads_out(folder: &Path, path: &Path) -> bool {
    if path.is_absolute() {
        std::path::absolute(folder).is_ok_and(|folder| !path.starts_with(folder))
    } else {
        path.starts_with("..")
    }
}

#[cfg(test)]
mod tests;
