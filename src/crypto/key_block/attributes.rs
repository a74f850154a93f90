// SPDX-License-Identifier: Apache-2.0
//! What a sender says of a key that it wraps; the rest of the header follows from key and exchange key.

use super::codes::{Exportability, KeyVersion, ModeOfUse, UsageCode};

/// What the header says of the key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyAttributes {
    /// What it is for.
    pub usage: UsageCode,
    /// What may be done with it.
    pub mode: ModeOfUse,
    /// Its version.
    pub key_version: KeyVersion,
    /// How far it may travel on.
    pub exportability: Exportability,
    /// What the sender calls it: printable ASCII, at most 251 characters.
    pub label: Option<String>,
    /// When the block is made, `YYYYMMDDhhmmssZ`.
    pub time: Option<String>,
}
