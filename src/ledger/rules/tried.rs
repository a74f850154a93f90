// SPDX-License-Identifier: Apache-2.0
//! Signatures that were tried before their entry's turn came, by other threads. A result counts only under the very key
//! that it was tried with; everything else is tried when it is asked for, by the same strict check.

use std::cell::OnceCell;

use crate::ledger::entry::Entry;
use crate::ledger::field::{ReadyKey, Text, VerifyKey};

/// For each signature of one entry: the key that was tried, and whether it verifies.
#[derive(Debug, Default)]
pub(in crate::ledger) struct Tried(Vec<Option<(VerifyKey, bool)>>);

impl Tried {
    /// Tries each signature under the key that its officer is thought to have.
    pub(in crate::ledger) fn of<'a>(entry: &Entry, key_of: impl Fn(&Text) -> Option<&'a ReadyKey>) -> Self {
        let bytes = entry.signed_bytes();
        let one = |key: &ReadyKey, sig| (key.key(), key.verifies(&bytes, sig));
        let sigs = entry.sigs.iter();
        Self(sigs.map(|s| key_of(&s.officer).map(|key| one(key, &s.sig))).collect())
    }

    /// Whether an entry's signature at this place is by this key. `bytes`: what is signed, made when first needed.
    pub(super) fn verifies(&self, place: usize, key: VerifyKey, entry: &Entry, bytes: &OnceCell<Vec<u8>>) -> bool {
        match self.0.get(place) {
            Some(Some((tried, verifies))) if *tried == key => *verifies,
            _ => entry
                .sigs
                .get(place)
                .is_some_and(|signed| key.verifies(bytes.get_or_init(|| entry.signed_bytes()), &signed.sig)),
        }
    }
}
