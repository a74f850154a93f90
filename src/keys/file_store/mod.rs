// SPDX-License-Identifier: Apache-2.0
//! The key store in an encrypted file (docs/formats/key-store.md).
//!
//! The body is sealed with XChaCha20-Poly1305 under a random data key; the header is its associated data. The data key is
//! split among the officers (Shamir, t of n), each share sealed to its officer's X25519 key; so t officers open it and
//! fewer learn nothing. Officers' own keys lie in files of their own, under their passphrases.
//!
//! A change is made in two steps, so that store and ledger never disagree. `stage` writes the next generation beside the
//! current one, proves that it opens, and leaves both; then the ledger's entry is written, which decides; then `commit`
//! renames the new generation over the old one. After a crash in between, `recover` asks the ledger whether the entry is
//! there, and completes or forgets the change.
//!
//! Clear keys exist in `KeyMaterial` only, while the store is open.

mod backup;
mod change;
mod contents;
mod destroyed;
mod draft;
mod draft_stream;
mod durable;
mod envelope;
mod error;
mod exchange;
mod header;
mod internal;
mod officer;
mod operations;
mod paper;
mod pending;
mod transfer;
mod unlock;
mod witness;

pub use backup::{Backup, BackupError, BackupHeader, BackupHolder, BackupShare, OpenBackup, Restore};
pub use change::Change;
pub use destroyed::Destroyed;
pub use draft::{Draft, DraftFile, Settled, forget_draft, has_draft, replace};
pub use draft_stream::DraftStream;
pub use durable::read_private;
pub use error::KeyFileError;
pub use header::{Header, Holder, Mark};
pub use internal::card_pin_name;
pub use officer::{OfficerKeys, SHORTEST_PASSPHRASE};
pub use pending::{Held, Pending, Staged};
pub use transfer::SealedKey;
pub use witness::{HeldFile, WitnessKey, hold_file};

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::scheme::Scheme;
use crate::crypto::seal::SealKey;
use crate::crypto::sign::{PublicKey, SigningKey};
use crate::crypto::sm2::Sm2SigningKey;
use contents::Contents;

/// Where a store lies, open or not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StorePlace {
    file: PathBuf,
}

impl StorePlace {
    /// The store of a site's folder.
    pub fn in_site(folder: &Path) -> Self {
        Self {
            file: folder.join("keys").join("store"),
        }
    }

    /// The store's file.
    pub fn file(&self) -> &Path {
        &self.file
    }

    /// The next generation, while a change is under way.
    pub fn next(&self) -> PathBuf {
        durable::beside(&self.file, "next")
    }

    fn lock(&self) -> PathBuf {
        durable::beside(&self.file, "lock")
    }

    /// The header of a locked store. Its form and digest are checked; only opening the store proves it.
    pub fn header(&self) -> Result<Header, KeyFileError> {
        let bytes = read_private(&self.file)?;
        envelope::parse(header::KIND, &self.file, &bytes).map(|file| file.header)
    }
}

/// An open key store in a file.
pub struct FileKeyStore {
    place: StorePlace,
    scheme: Arc<Scheme>,
    header: Header,
    data_key: SealKey,
    contents: Contents,
}

impl FileKeyStore {
    /// The public part.
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// Where it lies.
    pub fn place(&self) -> &StorePlace {
        &self.place
    }

    /// The scheme whose keys it holds.
    pub fn scheme(&self) -> &Scheme {
        &self.scheme
    }

    /// The site's signing key: checkpoints and bundles.
    pub fn site_signer(&self) -> &SigningKey {
        &self.contents.signing
    }

    /// The site's SM2 signing key, where it has one: the second line of checkpoints.
    pub fn sm2_signer(&self) -> Option<&Sm2SigningKey> {
        self.contents.signing_sm2.as_ref()
    }

    /// The site's exchange key, public half.
    pub fn exchange_public(&self) -> PublicKey {
        PublicKey(self.contents.exchange.public())
    }
}

impl fmt::Debug for FileKeyStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "FileKeyStore({}, {} keys, ..)",
            self.place.file.display(),
            self.header.keys.len()
        )
    }
}

#[cfg(test)]
mod tests;
