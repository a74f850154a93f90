// SPDX-License-Identifier: Apache-2.0
//! Internal secrets of the store at work: holders' data are sealed under one, cards' own PINs come from another. None is
//! given out as bytes.

use super::super::internal::{InternalRecord, InternalUse};
use super::super::store::StoreError;
use super::FileKeyStore;
use super::error::KeyFileError;
use crate::crypto::SecretBytes;
use crate::crypto::internal::{check_value, pin_of_card};
use crate::crypto::pin::code_pin;
use crate::crypto::seal::SealKey;
use crate::outside::Random;

/// What the name of a card's own PIN begins with; the card's number follows.
const CARD_PIN: &str = "card/";

/// The name of the PIN that belongs to one card, as scripts have it.
pub fn card_pin_name(number: &str) -> String {
    format!("{CARD_PIN}{number}")
}

impl FileKeyStore {
    /// The public facts of all internal secrets.
    pub fn internal(&self) -> &[InternalRecord] {
        &self.header.internal
    }

    /// The public facts of one.
    pub fn internal_record(&self, purpose: InternalUse) -> Option<&InternalRecord> {
        self.header.internal.iter().find(|r| r.purpose == purpose)
    }

    /// The secret itself, to seal and open with; its bytes are seen in `crypto` alone.
    pub fn internal_key(&self, purpose: InternalUse) -> Result<&SealKey, StoreError> {
        let found = self.contents.internal.get(&purpose);
        found.ok_or(StoreError::NoInternal { purpose })
    }

    /// The PIN that belongs to one card, as its holder types it: for the letter that tells the holder.
    pub fn card_pin(&self, number: &str) -> Result<SecretBytes, StoreError> {
        Ok(pin_of_card(self.internal_key(InternalUse::Pins)?, number))
    }

    /// A PIN by its name, coded as the card stores it: an initial PIN that somebody entered, or a card's own.
    pub(super) fn pin_called(&self, name: &str) -> Result<SecretBytes, StoreError> {
        let no_pin = || StoreError::NoPin { name: name.to_owned() };
        if let Some(number) = name.strip_prefix(CARD_PIN) {
            return code_pin(&self.card_pin(number)?).map_err(|_| no_pin());
        }
        self.contents
            .pins
            .get(name)
            .map(crate::crypto::pack::copy_of)
            .ok_or_else(no_pin)
    }

    /// Draws a secret, for the first time or anew; the one before is gone, and the file has a fresh data key.
    pub(super) fn draw_internal(
        &mut self,
        purpose: InternalUse,
        version: u32,
        since: String,
        random: &mut dyn Random,
    ) -> Result<(), KeyFileError> {
        let before = self.header.internal.iter().position(|r| r.purpose == purpose);
        let key = SealKey::generate(random)?;
        let record = InternalRecord {
            purpose,
            version,
            kcv: check_value(&key),
            since,
        };
        if before.is_some() {
            self.share_out_anew(random)?;
        }
        self.contents.internal.insert(purpose, key);
        match before {
            Some(at) => self.header.internal[at] = record,
            None => self.header.internal.push(record),
        }
        self.header.internal.sort_by_key(|r| r.purpose);
        Ok(())
    }
}
