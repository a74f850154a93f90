// SPDX-License-Identifier: Apache-2.0
//! What a verifier may ask of a ledger beyond that it is sound: keys that the verifier knows from elsewhere.

use super::finding::Report;
use super::note_sm2::Sm2NoteKey;
use crate::msg;

impl Report {
    /// The newest checkpoint must have a line by this SM2 key, which the ledger names.
    pub fn demand_sm2(&mut self, key: &Sm2NoteKey) {
        if !self.sm2_keys.contains(key) {
            self.add("LEDGER-LOG-KEY", None, msg!("ledger-finding-sm2-key", key = key));
        } else if self.sm2_key.as_ref() != Some(key) || self.sm2_covered < self.covered {
            let what = msg!("ledger-finding-sm2-line", key = key, covered = self.covered);
            self.add("LEDGER-CHECKPOINT", None, what);
        }
    }
}
