// SPDX-License-Identifier: Apache-2.0
//! What can go wrong when a site's key store comes back out of a backup.

use crate::error::{Exit, Fault};
use crate::i18n::Msg;
use crate::keys::file_store::BackupError;
use crate::msg;

/// Why a backup does not become the site's store again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RestoreError {
    /// The ledger has no entry of this backup: it is another site's, or of a ceremony that never happened.
    Unknown {
        /// The file.
        path: String,
    },
    /// A share of another backup of this site.
    OtherBackup {
        /// Its number.
        index: u32,
        /// The custodian who was given it.
        officer: String,
        /// The entry of that backup.
        entry: u64,
    },
    /// Ledger and backup have different keys of one name.
    Differs {
        /// The key.
        key: String,
        /// The check value in the ledger.
        ledger: String,
        /// The check value in the backup.
        backup: String,
    },
    /// The backup has a key that the ledger does not know: the ledger is older than the backup.
    Newer {
        /// The key.
        key: String,
    },
    /// The ledger has keys that the backup does not have, and nobody has given them up.
    Missing {
        /// Their names.
        keys: Vec<String>,
    },
    /// The store is not lost.
    StoreThere {
        /// Its file.
        path: String,
    },
    /// The backup's own fault, or a share's.
    Backup(BackupError),
}

impl From<BackupError> for RestoreError {
    fn from(e: BackupError) -> Self {
        Self::Backup(e)
    }
}

impl Fault for RestoreError {
    fn msg(&self) -> Msg {
        match self {
            Self::Unknown { path } => msg!("restore-unknown", path = path),
            Self::OtherBackup { index, officer, entry } => {
                msg!("restore-other-backup", index = index, officer = officer, entry = entry)
            }
            Self::Differs { key, ledger, backup } => {
                msg!("restore-differs", key = key, ledger = ledger, backup = backup)
            }
            Self::Newer { key } => msg!("restore-newer", key = key),
            Self::Missing { keys } => msg!("restore-missing", count = keys.len(), keys = keys.join(", ")),
            Self::StoreThere { path } => msg!("restore-store-there", path = path),
            Self::Backup(e) => e.msg(),
        }
    }

    fn exit(&self) -> Exit {
        match self {
            Self::Missing { .. } | Self::StoreThere { .. } => Exit::Usage,
            Self::Backup(e) => e.exit(),
            _ => Exit::Check,
        }
    }
}
crate::display_as_english!(RestoreError);
