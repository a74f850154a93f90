// SPDX-License-Identifier: Apache-2.0
//! Exchange keys of the store at work: they open and make key blocks, and nothing else. None is given out.

use super::super::exchange::ExchangeRecord;
use super::super::id::{ExchangeName, KeyPath, KeyState};
use super::FileKeyStore;
use super::error::KeyFileError;
use super::operations::Purpose;
use crate::crypto::key_block::{ExchangeKey, Exportability, KeyAttributes, KeyBlock};
use crate::crypto::{Algorithm, KeyMaterial};
use crate::outside::Random;

impl FileKeyStore {
    /// The public facts of all exchange keys, in the order of their names.
    pub fn exchange_keys(&self) -> &[ExchangeRecord] {
        &self.header.exchange_keys
    }

    /// The public facts of one.
    pub fn exchange_record(&self, name: &ExchangeName) -> Result<&ExchangeRecord, KeyFileError> {
        let found = self.header.exchange_keys.iter().find(|k| k.name == *name);
        found.ok_or_else(|| KeyFileError::NoExchangeKey { name: name.clone() })
    }

    /// The key itself, if it may work: an active one does everything, a retired one still opens what comes.
    fn exchange_key(&self, name: &ExchangeName, purpose: Purpose) -> Result<&ExchangeKey, KeyFileError> {
        let state = self.exchange_record(name)?.state;
        let works = state == KeyState::Active || (state == KeyState::Retired && purpose != Purpose::Write);
        match self.contents.exchange_keys.get(name).filter(|_| works) {
            Some(key) => Ok(key),
            None => Err(KeyFileError::ExchangeState {
                name: name.clone(),
                state,
            }),
        }
    }

    /// A key of this store, or one derived from it, as a key block under an exchange key. Only an active key is sent, never
    /// a card's own, no further than its record allows, and its receiver may not send it further than that either.
    pub fn wrap_block(
        &self,
        path: &KeyPath,
        under: &ExchangeName,
        attributes: &KeyAttributes,
        random: &mut dyn Random,
    ) -> Result<String, KeyFileError> {
        self.check_export(path, attributes.exportability.max(Exportability::Trusted))?;
        let exchange = self.exchange_key(under, Purpose::Write)?;
        let key = self.derived(path, Purpose::Write)?;
        Ok(exchange.wrap(attributes, path.key.algorithm, &key, random)?)
    }

    /// Opens a key block with a key of the card systems.
    pub fn unwrap_block(
        &self,
        block: &KeyBlock,
        under: &ExchangeName,
    ) -> Result<(Algorithm, KeyMaterial), KeyFileError> {
        Ok(self.exchange_key(under, Purpose::Serve)?.unwrap(block)?)
    }

    /// Whether a key may leave in a form that asks for this exportability: no card's own key, and a stored key no further
    /// than its record says. Keys that are derived from it may.
    pub(super) fn check_export(&self, path: &KeyPath, form: Exportability) -> Result<(), KeyFileError> {
        let level = self.scheme.level_of(path).ok().flatten();
        if level.is_none_or(|level| level.leaf) {
            return Err(KeyFileError::NotStorable {
                key: Box::new(path.key.clone()),
            });
        }
        let record = self.header.keys.iter().find(|k| k.id == path.key);
        let allowed = record.map_or(Exportability::unlimited(), |k| k.exportability);
        let rank = |e: Exportability| Exportability::ALL.iter().position(|known| *known == e);
        if path.factors.is_empty() && rank(allowed) < rank(form) {
            return Err(KeyFileError::NotExportable {
                key: Box::new(path.key.clone()),
                exportability: allowed,
            });
        }
        Ok(())
    }
}
