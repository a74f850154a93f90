// SPDX-License-Identifier: Apache-2.0
//! Keys of this site as a file of key blocks.

use super::FORM;
use super::file::in_line;
use crate::crypto::Kcv;
use crate::crypto::key_block::Exportability;
use crate::keys::key_block::{BlockLabel, attributes};
use crate::keys::{ExchangeName, FileKeyStore, KeyId, KeyPath, KeyStore, Owner, StoredName, Subject};
use crate::ledger::act::KeyExport;
use crate::ledger::{Hash, ShortHex, Text};
use crate::outside::{Clock, Random};
use crate::site::{Site, SiteError};

/// What is to be sent, and how.
#[derive(Debug, Clone, Copy)]
pub struct BlockOrder<'a> {
    /// Keys of this store, in the order of the lines.
    pub keys: &'a [KeyId],
    /// The centre below that they are derived to; `None` sends them as they are.
    pub owner: Option<&'a Owner>,
    /// What the way down asks for beyond the codes of the two centres.
    pub subject: &'a Subject,
    /// The exchange key.
    pub under: &'a ExchangeName,
    /// How far the receiver may send them on.
    pub exportability: Exportability,
}

/// One key that was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MadeBlock {
    /// The stored key and the way down from it.
    pub path: KeyPath,
    /// The key's name at its receiver.
    pub key: KeyId,
    /// Its check value.
    pub kcv: Kcv,
}

/// A file of key blocks that was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MadeBlocks {
    text: String,
    keys: Vec<MadeBlock>,
    under: ExchangeName,
}

impl BlockOrder<'_> {
    /// Makes the file. Nothing is recorded.
    pub fn make(
        &self,
        site: &Site,
        store: &FileKeyStore,
        random: &mut dyn Random,
        clock: &Clock,
    ) -> Result<MadeBlocks, SiteError> {
        let time = clock.now().strftime("%Y%m%d%H%M%SZ").to_string();
        let (mut text, mut keys) = (String::new(), Vec::new());
        for (at, id) in self.keys.iter().enumerate() {
            let one = self.block(id, site, store, &time, random);
            let (block, made) = one.map_err(|e| in_line(at, self.keys.len(), e))?;
            text += &block;
            text.push('\n');
            keys.push(made);
        }
        let under = self.under.clone();
        Ok(MadeBlocks { text, keys, under })
    }

    fn block(
        &self,
        id: &KeyId,
        site: &Site,
        store: &FileKeyStore,
        time: &str,
        random: &mut dyn Random,
    ) -> Result<(String, MadeBlock), SiteError> {
        let (path, key) = self.path(id, store)?;
        let label = BlockLabel {
            rehearsal: site.rehearsal(),
            scheme: site.scheme().name().to_owned(),
            key: key.clone(),
        };
        let attributes = attributes(&label, self.exportability, time.to_owned());
        let block = store.wrap_block(&path, self.under, &attributes, random)?;
        let kcv = store.kcv(&path, site.config().kcv_length)?;
        Ok((block, MadeBlock { path, key, kcv }))
    }

    fn path(&self, id: &KeyId, store: &FileKeyStore) -> Result<(KeyPath, KeyId), SiteError> {
        match self.owner.filter(|owner| **owner != id.owner) {
            None => {
                let (key, factors) = (id.clone(), Vec::new());
                Ok((KeyPath { key, factors }, id.clone()))
            }
            Some(owner) => {
                let key = KeyId {
                    owner: owner.clone(),
                    ..id.clone()
                };
                Ok((store.way_down(id, &key, self.subject)?, key))
            }
        }
    }
}

impl MadeBlocks {
    /// The file's text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The keys, in the order of the lines.
    pub fn keys(&self) -> &[MadeBlock] {
        &self.keys
    }

    /// The file's digest, as entries have it.
    pub fn digest(&self) -> Hash {
        Hash::of(&[self.text.as_bytes()])
    }

    /// The bodies of the entries that record it, one a key.
    pub fn entries(&self) -> Result<Vec<KeyExport>, SiteError> {
        let entry = |made: &MadeBlock| {
            let under = StoredName::from(self.under.clone());
            let to = if made.path.factors.is_empty() {
                under.to_string()
            } else {
                format!("{under} {}", made.key.owner)
            };
            let factors = made.path.factors.iter().map(|f| ShortHex::new(f.to_string()));
            Ok(KeyExport {
                key: Text::new(made.path.key.to_string())?,
                kcv: ShortHex::new(made.kcv.to_string())?,
                to: Text::new(to)?,
                form: Text::new(FORM)?,
                factors: factors.collect::<Result<_, _>>()?,
                package: Some(self.digest()),
                ceremony: None,
            })
        };
        self.keys.iter().map(entry).collect()
    }
}
