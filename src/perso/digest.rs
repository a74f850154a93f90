// SPDX-License-Identifier: Apache-2.0
//! The digest of a script: SHA-256 over its canonical JSON (object members sorted by name, no white space, hex upper-case;
//! docs/formats/script.md). Who approves a script approves this digest, and the ledger records it.

use sha2::{Digest as _, Sha256};

use super::script::PersoScript;

impl PersoScript {
    /// Canonical JSON.
    ///
    /// # Panics
    /// Never: a script has only texts, numbers and lists.
    pub fn canonical_json(&self) -> String {
        // serde_json's map sorts its members.
        let value = serde_json::to_value(self).expect("a script is plain data");
        value.to_string()
    }

    /// SHA-256 over [`Self::canonical_json`].
    pub fn digest(&self) -> [u8; 32] {
        Sha256::digest(self.canonical_json()).into()
    }

    /// The digest in hex.
    pub fn digest_hex(&self) -> String {
        hex::encode(self.digest())
    }
}
