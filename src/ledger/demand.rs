// SPDX-License-Identifier: Apache-2.0
//! What a verifier may ask of a ledger beyond that it is sound: keys that the verifier knows from elsewhere.

use super::checkpoint::Checkpoint;
use super::cosign::CosignKey;
use super::finding::{Cosigned, Report};
use super::note;
use super::note_sm2::Sm2NoteKey;
use crate::msg;

impl Report {
    /// This witness must have cosigned so many entries at least. Gives its newest cosignature: one in the entries, or under a
    /// checkpoint that was verified.
    pub fn demand_witness(&mut self, key: &CosignKey, at_least: u64) -> Option<Cosigned> {
        for text in self.notes.clone() {
            let size = note::lines(&text).and_then(|(text, _)| Checkpoint::parse(text));
            if let (Some(checkpoint), Ok(Some(found))) = (size, key.find(&text)) {
                let (witness, size, time) = (key.clone(), checkpoint.size, found.time);
                self.cosigned_by(Cosigned { witness, size, time });
            }
        }
        let found = self.cosigned.iter().find(|c| c.witness == *key).cloned();
        let has = found.as_ref().map_or(0, |c| c.size);
        if found.is_none() {
            self.add(
                "LEDGER-COSIGNATURE",
                None,
                msg!("ledger-finding-no-cosignature", key = key),
            );
        } else if has < at_least {
            let what = msg!("ledger-finding-cosigned-less", key = key, has = has, should = at_least);
            self.add("LEDGER-COSIGNATURE", None, what);
        }
        found
    }

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
