// SPDX-License-Identifier: Apache-2.0
//! What can go wrong with a site: its settings, its officers, and its parts not agreeing.

use super::backup::RestoreError;
use super::key_block::BlockFault;
use crate::error::{Exit, Fault};
use crate::i18n::Msg;
use crate::keys::{KeyFileError, LevelName, SchemeError, StoreError};
use crate::ledger::LedgerError;
use crate::ledger::field::FieldFault;
use crate::msg;
use crate::outside::NoRandom;

/// Why a site is not opened, or does not do what was asked.
#[derive(Debug)]
pub enum SiteError {
    /// No site here or there.
    NoSite {
        /// Where it was looked for.
        here: String,
    },
    /// A folder that has something in it already.
    NotEmpty {
        /// The folder.
        folder: String,
    },
    /// The system refused.
    Io {
        /// The file.
        path: String,
        /// What the system says.
        what: String,
    },
    /// A file that is not in its format.
    Syntax {
        /// The file.
        path: String,
        /// Line, from 1.
        line: usize,
        /// What the parser says.
        what: String,
    },
    /// Another version of a format.
    Format {
        /// The file.
        path: String,
        /// The version found.
        found: u32,
    },
    /// site.toml and the ledger's first entry differ.
    Disagrees {
        /// The field.
        field: &'static str,
        /// What the ledger has.
        ledger: String,
        /// What the file has.
        file: String,
    },
    /// Key store and ledger differ about a key, or the store belongs to another site.
    StoreDisagrees {
        /// What they differ about: a key's name, or a field of the header.
        about: String,
    },
    /// A name that no officer can have.
    OfficerName {
        /// The name.
        name: String,
    },
    /// A role that does not exist.
    Role {
        /// The word.
        word: String,
    },
    /// Not an officer of this site, or not any more.
    NotOfficer {
        /// The name.
        name: String,
    },
    /// The key file is not the one that was enrolled.
    OtherKey {
        /// The officer.
        name: String,
    },
    /// Fewer officers than the site needs.
    Officers {
        /// What they are needed for.
        act: String,
        /// How many are needed.
        needed: usize,
        /// How many came.
        have: usize,
    },
    /// A production site with one officer cannot have dual control.
    OneOfficer,
    /// A simulated reader in a production site.
    SimulatedReader {
        /// The reader.
        reader: String,
    },
    /// A file of another centre that cannot be read.
    BadFile {
        /// The file.
        path: String,
    },
    /// A bundle or card whose signature or fingerprint is wrong.
    Signature {
        /// The file.
        path: String,
    },
    /// The sender's card was not confirmed at this site.
    NotTrusted {
        /// The sender.
        sender: String,
    },
    /// The fingerprint typed is not the card's. The card's own is not told: whoever types it off the screen has asked nobody.
    Fingerprint,
    /// A file that was named is not there.
    Missing {
        /// The file.
        path: String,
    },
    /// A new site's checkpoint copy would replace a file.
    CopyThere {
        /// The file.
        path: String,
    },
    /// A folder that cannot become a site: `.`, `..` or `/`.
    FolderName {
        /// The folder.
        folder: String,
    },
    /// No centre works at the level of the cards.
    LeafLevel {
        /// The level.
        level: LevelName,
        /// The scheme.
        scheme: String,
    },
    /// What cannot be a centre's name.
    SiteName {
        /// The name.
        name: String,
    },
    /// After this revocation nobody could enrol officers any more.
    LastOfficers {
        /// Who was to be revoked.
        name: String,
    },
    /// A bundle for somebody else, of another scheme, or that crosses the line between rehearsal and production.
    NotForThisSite {
        /// The field that differs.
        field: &'static str,
        /// What the file has.
        file: String,
        /// What the site has.
        site: String,
    },
    /// A file of key blocks that is not taken or made.
    Block(BlockFault),
    /// The check value of a received or entered key is another one.
    Kcv {
        /// The key.
        key: String,
        /// What was announced.
        expected: String,
        /// What the key has.
        got: String,
    },
    /// A ceremony was to be concluded without its end.
    NoEnd,
    /// The log has an SM2 key already, and no reason for another was given.
    LogKeyThere,
    /// A ceremony has happened, and the key store's new generation is not in its place yet.
    Unfinished {
        /// What hinders it.
        why: KeyFileError,
    },
    /// A ceremony has happened, and a file of it is not in its place yet.
    Unpublished {
        /// The file.
        path: String,
        /// What hinders it.
        why: KeyFileError,
    },
    /// An officer whose exchange key nobody here can vouch for.
    NotInTheRoom {
        /// Who.
        name: String,
    },
    /// A backup's fault.
    Restore(RestoreError),
    /// A scheme's fault.
    Scheme(SchemeError),
    /// A key file's fault.
    Keys(KeyFileError),
    /// The store's fault.
    Store(StoreError),
    /// The ledger's fault.
    Ledger(LedgerError),
}

macro_rules! wraps {
    ($($from:ty => $variant:ident),*) => { $(
        impl From<$from> for SiteError {
            fn from(e: $from) -> Self {
                Self::$variant(e)
            }
        }
    )* };
}
wraps!(BlockFault => Block, RestoreError => Restore, SchemeError => Scheme);
wraps!(KeyFileError => Keys, StoreError => Store, LedgerError => Ledger);

impl From<NoRandom> for SiteError {
    fn from(e: NoRandom) -> Self {
        Self::Keys(e.into())
    }
}

impl From<FieldFault> for SiteError {
    fn from(e: FieldFault) -> Self {
        Self::Ledger(e.into())
    }
}

impl Fault for SiteError {
    fn msg(&self) -> Msg {
        match self {
            Self::NoSite { here } => msg!("site-none", here = here),
            Self::NotEmpty { folder } => msg!("site-not-empty", folder = folder),
            Self::Io { path, what } => msg!("site-io", path = path, what = what),
            Self::Syntax { path, line, what } => msg!("site-syntax", path = path, line = line, what = what),
            Self::Format { path, found } => msg!("site-format", path = path, found = found),
            Self::Disagrees { field, ledger, file } => msg!("site-disagrees")
                .with_word("field", "site-field", field)
                .with_word("ledger", "site-value", ledger)
                .with_word("file", "site-value", file),
            Self::StoreDisagrees { about } => msg!("site-store-disagrees").with_word("about", "site-field", about),
            Self::OfficerName { name } => msg!("site-officer-name", name = name),
            Self::Role { word } => msg!("site-role", word = word),
            Self::NotOfficer { name } => msg!("site-not-officer", name = name),
            Self::OtherKey { name } => msg!("site-other-key", name = name),
            Self::Officers { act, needed, have } => {
                msg!("site-officers", needed = needed, have = have).with_word("act", "act", act)
            }
            Self::OneOfficer => msg!("site-one-officer"),
            Self::SimulatedReader { reader } => msg!("site-simulated-reader", reader = reader),
            Self::BadFile { path } => msg!("site-bad-file", path = path),
            Self::Signature { path } => msg!("site-signature", path = path),
            Self::NotTrusted { sender } => msg!("site-not-trusted", sender = sender),
            Self::Fingerprint => msg!("site-fingerprint"),
            Self::Missing { path } => msg!("site-missing", path = path),
            Self::CopyThere { path } => msg!("site-copy-there", path = path),
            Self::FolderName { folder } => msg!("site-folder-name", folder = folder),
            Self::LeafLevel { level, scheme } => msg!("site-leaf-level", level = level, scheme = scheme),
            Self::SiteName { name } => msg!("site-name", name = name),
            Self::LastOfficers { name } => msg!("site-last-officers", name = name),
            Self::NotForThisSite { field, file, site } => msg!("site-not-for-this-site")
                .with_word("field", "site-field", field)
                .with_word("file", "site-value", file)
                .with_word("site", "site-value", site),
            Self::Kcv { key, expected, got } => msg!("site-kcv", key = key, expected = expected, got = got),
            Self::LogKeyThere => msg!("site-log-key-there"),
            Self::NoEnd => msg!("site-no-end"),
            Self::Unfinished { why } => msg!("site-unfinished", why = why),
            Self::Unpublished { path, why } => msg!("site-unpublished", path = path, why = why),
            Self::Block(e) => e.msg(),
            Self::NotInTheRoom { name } => msg!("site-not-in-the-room", name = name),
            Self::Restore(e) => e.msg(),
            Self::Scheme(e) => e.msg(),
            Self::Keys(e) => e.msg(),
            Self::Store(e) => e.msg(),
            Self::Ledger(e) => e.msg(),
        }
    }

    fn exit(&self) -> Exit {
        match self {
            Self::Disagrees { .. }
            | Self::StoreDisagrees { .. }
            | Self::OtherKey { .. }
            | Self::Signature { .. }
            | Self::Fingerprint
            | Self::NotTrusted { .. }
            | Self::NotForThisSite { .. }
            | Self::Kcv { .. } => Exit::Check,
            Self::Io { .. } | Self::Unfinished { .. } | Self::Unpublished { .. } => Exit::Device,
            Self::Block(e) => e.exit(),
            Self::Restore(e) => e.exit(),
            Self::Scheme(e) => e.exit(),
            Self::Keys(e) => e.exit(),
            Self::Store(e) => e.exit(),
            Self::Ledger(e) => e.exit(),
            _ => Exit::Usage,
        }
    }
}
crate::display_as_english!(SiteError);
