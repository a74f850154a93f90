// SPDX-License-Identifier: Apache-2.0
//! Keys and PINs as a template places them: name without owner, place on the card, how each is proved.

use std::fmt;

use crate::card::commands::KeyRecordHeader;
use crate::crypto::Algorithm;
use crate::iso7816::FileId;
use crate::keys::{LevelName, Usage};

/// Usage, version and algorithm: a key's name without its owner, which the site and the scheme add.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct KeyName {
    /// What it is for.
    pub usage: Usage,
    /// Version in the key store.
    pub version: u8,
    /// Cipher.
    pub algorithm: Algorithm,
}

impl fmt::Display for KeyName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.v{}.{}", self.usage, self.version, self.algorithm)
    }
}

/// A key file.
#[derive(Debug, Clone, Copy)]
pub struct KeyFile {
    /// File identifier, 0000 by custom.
    pub fid: FileId,
    /// Bytes: value + 8 for each key.
    pub size: u16,
    /// Access for adding keys.
    pub add: u8,
}

/// Where and how a key stands on the card.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyPlace {
    /// Record with access bytes (FMCOS).
    Record {
        /// The five bytes before the value.
        header: KeyRecordHeader,
        /// Identifier.
        id: u8,
    },
    /// Key of a PSAM application.
    Psam {
        /// Levels and type.
        usage: u8,
        /// Version, or identifier.
        version: u8,
        /// Algorithm byte.
        algorithm: u8,
    },
    /// Preset slot.
    Preset {
        /// Type code.
        kind: u8,
        /// Index.
        id: u8,
        /// Version byte.
        version: u8,
        /// Algorithm byte.
        algorithm: u8,
        /// Try counter.
        counter: u8,
        /// Follow-up state.
        state: u8,
    },
}

impl KeyPlace {
    /// Type byte; PSAM keys have none.
    pub const fn kind(&self) -> Option<u8> {
        match self {
            Self::Record { header, .. } => Some(header.kind),
            Self::Preset { kind, .. } => Some(*kind),
            Self::Psam { .. } => None,
        }
    }

    /// Whether it protects writes to files that name line protection key `id`: type 36, or a PSAM's maintenance key.
    pub const fn protects_lines(&self, id: u8) -> bool {
        match self {
            Self::Psam { usage, .. } => *usage == 0x01 && id == 0,
            Self::Record { header, id: own } => header.kind == 0x36 && *own == id,
            Self::Preset { kind, id: own, .. } => *kind == 0x36 && *own == id,
        }
    }

    /// P2 of EXTERNAL AUTHENTICATE with it.
    pub const fn authentication_id(&self) -> u8 {
        match self {
            Self::Psam { usage, .. } if *usage % 0x20 == 0 => 0,
            other => other.id(),
        }
    }

    /// Identifier, or version of a PSAM key.
    pub const fn id(&self) -> u8 {
        match self {
            Self::Record { id, .. } | Self::Preset { id, .. } => *id,
            Self::Psam { version, .. } => *version,
        }
    }
}

impl fmt::Display for KeyPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Psam { usage, version, .. } => write!(f, "{usage:02X}/{version:02X}"),
            other => write!(f, "{:02X}/{:02X}", other.kind().unwrap_or(0), other.id()),
        }
    }
}

/// A key on the card.
#[derive(Debug, Clone)]
pub struct KeySlot {
    /// Place.
    pub place: KeyPlace,
    /// Which key it is.
    pub name: KeyName,
    /// A level above the card whose key a PSAM holds; None: the key of this card.
    pub level: Option<LevelName>,
    /// How it is proved.
    pub proof: ProofChoice,
    /// Left as the maker made it, and why.
    pub not_used: Option<String>,
    /// Path in the file.
    pub at: String,
}

impl KeySlot {
    /// Whether it is written.
    pub fn written(&self) -> bool {
        self.not_used.is_none()
    }

    /// Whether it is its directory's control key.
    pub fn is_control(&self) -> bool {
        match self.place {
            KeyPlace::Psam { usage, .. } => usage % 0x20 == 0,
            place => place.kind() == Some(0x39) && place.id() == 0,
        }
    }
}

/// How a key is proved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ProofChoice {
    /// EXTERNAL AUTHENTICATE.
    ExternalAuthentication,
    /// INTERNAL AUTHENTICATE.
    InternalAuthentication,
    /// Protected write of what is there.
    ProtectedWrite,
    /// MAC1 of INITIALIZE FOR LOAD.
    LoadMac1,
    /// MAC1 of INITIALIZE FOR UNLOAD.
    UnloadMac1,
    /// MAC1 of INITIALIZE FOR UPDATE.
    OverdraftMac1,
    /// Purchase of 0; leaves a trace.
    ZeroPurchase,
    /// By the purchase that proves the purchase key (TAC key).
    WithPurchase,
    /// PIN UNBLOCK with the same PIN.
    PinUnblock,
    /// RELOAD PIN with the same PIN.
    PinReload,
    /// MAC1 by the PSAM for an invented card; leaves a trace.
    PsamPurchase,
    /// Delivery and cipher command of the PSAM.
    PsamCipher,
    /// MAC1 and MAC2 of a load by the load SAM for an invented card.
    IsamLoad,
    /// TAC of a load by the load SAM for an invented card.
    IsamTac,
    /// Authentication after the control key's change, at the very end.
    AfterChange,
    /// Not provable, and why.
    None(String),
}

/// Holder's PIN.
#[derive(Debug, Clone)]
pub struct Pin {
    /// Identifier.
    pub id: u8,
    /// Name of the initial PIN in the key store.
    pub initial: String,
    /// On the card already; not written.
    pub preset: bool,
    /// Use access.
    pub use_access: u8,
    /// Follow-up state.
    pub follow_up: u8,
    /// Try counter.
    pub counter: u8,
    /// Path in the file.
    pub at: String,
}
