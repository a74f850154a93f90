// SPDX-License-Identifier: Apache-2.0
//! What can go wrong with the files of a key store and of officers.

use super::super::exchange::StoredName;
use super::super::id::{ExchangeName, KeyId, KeyState};
use super::super::store::StoreError;
use crate::crypto::HexError;
use crate::crypto::key_block::{Exportability, KeyBlockError};
use crate::error::{Exit, Fault};
use crate::i18n::Msg;
use crate::msg;
use crate::outside::NoRandom;

/// Why a key file is not opened, or a change not made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeyFileError {
    /// The folder of a file that was to be written is not there.
    NoFolder {
        /// The file.
        path: String,
    },
    /// There is no such file.
    Missing {
        /// The file.
        path: String,
    },
    /// There already is one.
    Exists {
        /// The file.
        path: String,
    },
    /// The system refused.
    Io {
        /// The file.
        path: String,
        /// What the system says.
        what: String,
    },
    /// Others than the owner may read or write it.
    Mode {
        /// The file.
        path: String,
        /// Its permissions, octal.
        mode: String,
    },
    /// Its bytes are not what was written.
    Damaged {
        /// The file.
        path: String,
        /// Which part shows it.
        place: &'static str,
    },
    /// Another version of the format.
    Format {
        /// The file.
        path: String,
        /// The version.
        found: u32,
    },
    /// The passphrase does not open an undamaged file.
    WrongPassphrase {
        /// Whose.
        officer: String,
    },
    /// A passphrase that can be guessed.
    ShortPassphrase {
        /// The least number of characters.
        least: usize,
    },
    /// The costs in the file are below what this program accepts: somebody weakened it.
    WeakCosts {
        /// The file.
        path: String,
    },
    /// The scheme is not the one that the store was made with.
    OtherScheme {
        /// Its name.
        scheme: String,
    },
    /// Not enough officers.
    Quorum {
        /// How many are needed.
        needed: u8,
        /// How many came.
        have: usize,
    },
    /// A quorum that the officers cannot form.
    BadQuorum {
        /// The quorum.
        quorum: u8,
        /// The officers who hold shares.
        holders: usize,
    },
    /// The same officer twice.
    SameOfficer {
        /// Who.
        officer: String,
    },
    /// An officer without a share of this store.
    NoShare {
        /// Who.
        officer: String,
    },
    /// An officer's share does not open with the officer's key.
    BrokenShare {
        /// Who.
        officer: String,
    },
    /// Another process is changing the store.
    Busy {
        /// The store.
        path: String,
    },
    /// The store was changed by another process since it was opened.
    Stale {
        /// The store.
        path: String,
    },
    /// A key of that name is there already.
    KeyExists {
        /// Its name.
        key: Box<KeyId>,
    },
    /// An exchange key of that name is there already.
    ExchangeKeyExists {
        /// The name.
        name: ExchangeName,
    },
    /// The key is known to everybody.
    TestKey {
        /// Which published or pattern key it is.
        name: &'static str,
    },
    /// A key with equal halves or a weak DES key.
    WeakKey {
        /// Its name in the store.
        key: Box<StoredName>,
    },
    /// No way from one state to the other.
    StateChange {
        /// The key.
        key: Box<StoredName>,
        /// Its state.
        from: KeyState,
        /// The state asked for.
        to: KeyState,
    },
    /// A key of a usage, level or cipher that may not be stored or sent.
    NotStorable {
        /// Its name.
        key: Box<KeyId>,
    },
    /// A key that is to be destroyed would stay, because another one has the same value.
    SameValue {
        /// The key.
        key: Box<StoredName>,
        /// The other one.
        other: Box<StoredName>,
    },
    /// The proof that a key is destroyed failed.
    StillThere {
        /// The key.
        key: Box<StoredName>,
    },
    /// There is no exchange key of that name.
    NoExchangeKey {
        /// The name.
        name: ExchangeName,
    },
    /// An exchange key may not work in its state.
    ExchangeState {
        /// The name.
        name: ExchangeName,
        /// Its state.
        state: KeyState,
    },
    /// A key that may not travel in the form asked for.
    NotExportable {
        /// The key.
        key: Box<KeyId>,
        /// How far it may travel.
        exportability: Exportability,
    },
    /// A backup of another site or of another scheme.
    OtherSite {
        /// The site.
        site: String,
    },
    /// A key or PIN is to come back that the backup does not have.
    NotInBackup,
    /// A key block's fault.
    Block(KeyBlockError),
    /// What was sealed for this site does not open with its exchange key.
    NotForUs,
    /// Not 32 hexadecimal digits.
    Hex(HexError),
    /// What the store itself says.
    Store(StoreError),
    /// The random source failed.
    Random,
}

impl KeyFileError {
    /// There is no such file.
    pub fn missing(path: &std::path::Path) -> Self {
        Self::Missing {
            path: path.display().to_string(),
        }
    }
}

impl From<NoRandom> for KeyFileError {
    fn from(_: NoRandom) -> Self {
        Self::Random
    }
}

impl From<KeyBlockError> for KeyFileError {
    fn from(e: KeyBlockError) -> Self {
        Self::Block(e)
    }
}

impl From<StoreError> for KeyFileError {
    fn from(e: StoreError) -> Self {
        Self::Store(e)
    }
}

impl Fault for KeyFileError {
    fn msg(&self) -> Msg {
        match self {
            Self::NoFolder { path } => msg!("key-file-no-folder", path = path),
            Self::Missing { path } => msg!("key-file-missing", path = path),
            Self::Exists { path } => msg!("key-file-exists", path = path),
            Self::Io { path, what } => msg!("key-file-io", path = path, what = what),
            Self::Mode { path, mode } => msg!("key-file-mode", path = path, mode = mode),
            Self::Damaged { path, place } => {
                msg!("key-file-damaged", path = path).with_word("place", "key-file-place", place)
            }
            Self::Format { path, found } => msg!("key-file-format", path = path, found = found),
            Self::WrongPassphrase { officer } => msg!("key-file-wrong-passphrase", officer = officer),
            Self::ShortPassphrase { least } => msg!("key-file-short-passphrase", least = least),
            Self::WeakCosts { path } => msg!("key-file-weak-costs", path = path),
            Self::OtherScheme { scheme } => msg!("key-file-other-scheme", scheme = scheme),
            Self::Quorum { needed, have } => msg!("key-file-quorum", needed = needed, have = have),
            Self::BadQuorum { quorum, holders } => msg!("key-file-bad-quorum", quorum = quorum, holders = holders),
            Self::SameOfficer { officer } => msg!("key-file-same-officer", officer = officer),
            Self::NoShare { officer } => msg!("key-file-no-share", officer = officer),
            Self::BrokenShare { officer } => msg!("key-file-broken-share", officer = officer),
            Self::Busy { path } => msg!("key-file-busy", path = path),
            Self::Stale { path } => msg!("key-file-stale", path = path),
            Self::KeyExists { key } => msg!("key-file-key-exists", key = key),
            Self::TestKey { name } => msg!("key-file-test-key").with_word("name", "test-key", name),
            Self::WeakKey { key } => msg!("key-file-weak-key", key = key),
            Self::StateChange { key, from, to } => msg!("key-file-state-change", key = key)
                .with_word("from", "key-state", from)
                .with_word("to", "key-state", to),
            Self::NotStorable { key } => msg!("key-file-not-storable", key = key),
            Self::SameValue { key, other } => msg!("key-file-same-value", key = key, other = other),
            Self::StillThere { key } => msg!("key-file-still-there", key = key),
            Self::ExchangeKeyExists { name } => msg!("key-file-exchange-key-exists", name = name),
            Self::NoExchangeKey { name } => msg!("key-file-no-exchange-key", name = name),
            Self::ExchangeState { name, state } => {
                msg!("key-file-exchange-state", name = name).with_word("state", "key-state", state)
            }
            Self::NotExportable { key, exportability } => {
                msg!("key-file-not-exportable", key = key).with_word("exportability", "exportability", exportability)
            }
            Self::OtherSite { site } => msg!("key-file-other-site", site = site),
            Self::NotInBackup => msg!("key-file-not-in-backup"),
            Self::Block(e) => e.msg(),
            Self::NotForUs => msg!("key-file-not-for-us"),
            Self::Hex(e) => e.msg(),
            Self::Store(e) => e.msg(),
            Self::Random => msg!("key-file-random"),
        }
    }

    fn exit(&self) -> Exit {
        match self {
            Self::Damaged { .. }
            | Self::WrongPassphrase { .. }
            | Self::WeakCosts { .. }
            | Self::BrokenShare { .. }
            | Self::OtherScheme { .. }
            | Self::TestKey { .. }
            | Self::WeakKey { .. }
            | Self::SameValue { .. }
            | Self::StillThere { .. }
            | Self::OtherSite { .. }
            | Self::NotInBackup
            | Self::NotForUs => Exit::Check,
            Self::Io { .. } | Self::Random => Exit::Device,
            Self::Store(e) => e.exit(),
            Self::Block(e) => e.exit(),
            _ => Exit::Usage,
        }
    }
}
crate::display_as_english!(KeyFileError);
