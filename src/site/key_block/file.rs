// SPDX-License-Identifier: Apache-2.0
//! A file of key blocks as it is read: one a line, nothing else.

use std::path::Path;

use super::BlockFault;
use crate::crypto::key_block::{Header, KeyBlock, looks_like_key_block};
use crate::crypto::{KeyMaterial, kcv};
use crate::keys::key_block::{BlockLabel, check_header};
use crate::keys::{ExchangeName, FileKeyStore, KeyFileError, KeyId, KeyRecord, KeyState, Origin, StoredName};
use crate::ledger::act::KeyArrived;
use crate::ledger::{Hash, Text};
use crate::outside::Clock;
use crate::site::card::read_foreign;
use crate::site::{Site, SiteError, key_arrived};

/// More lines than this are no file of keys between centres.
const MOST: usize = 99;

/// Key blocks that were read and not opened.
#[derive(Debug, Clone)]
pub struct BlockFile {
    blocks: Vec<KeyBlock>,
    digest: Hash,
}

impl BlockFile {
    /// Reads a file.
    pub fn read(path: &Path) -> Result<Self, SiteError> {
        Self::parse(&path.display().to_string(), &read_foreign(path)?)
    }

    /// Whether a file is meant to hold key blocks; what is in it may still be wrong.
    pub fn recognises(path: &Path) -> Result<bool, SiteError> {
        Ok(looks_like_key_block(&read_foreign(path)?))
    }

    /// Reads a text; `source` is its name in errors.
    pub fn parse(source: &str, text: &str) -> Result<Self, SiteError> {
        let lines: Vec<&str> = text.lines().collect();
        if lines.is_empty() || lines.len() > MOST {
            return Err(BlockFault::Lines {
                path: source.to_owned(),
                lines: lines.len(),
                most: MOST,
            }
            .into());
        }
        let read = |(at, line): (usize, &&str)| {
            let block = KeyBlock::parse(line).map_err(KeyFileError::from);
            block.map_err(|e| in_line(at, lines.len(), e.into()))
        };
        Ok(Self {
            blocks: lines.iter().enumerate().map(read).collect::<Result<_, _>>()?,
            digest: Hash::of(&[text.as_bytes()]),
        })
    }

    /// The blocks, in the order of the lines.
    pub fn blocks(&self) -> &[KeyBlock] {
        &self.blocks
    }

    /// The file's digest, as entries have it.
    pub fn digest(&self) -> Hash {
        self.digest
    }

    /// Opens all of it: each key under its name, fit to enter this store in that state. Keys that the store has already
    /// with the same check value are among them. Nothing is stored.
    pub fn open(
        &self,
        site: &Site,
        store: &FileKeyStore,
        under: &ExchangeName,
        asked: &[KeyId],
        state: KeyState,
        clock: &Clock,
    ) -> Result<Vec<(KeyRecord, KeyMaterial)>, SiteError> {
        let lines = self.blocks.len();
        if !asked.is_empty() && asked.len() != lines {
            let keys = asked.len();
            return Err(BlockFault::Count { keys, lines }.into());
        }
        let mut opened: Vec<(KeyRecord, KeyMaterial)> = Vec::new();
        for (at, block) in self.blocks.iter().enumerate() {
            let one = Opening { site, store, under };
            let (record, key) = one
                .open(block, asked.get(at), state, clock)
                .map_err(|e| in_line(at, lines, e))?;
            if opened.iter().any(|(before, _)| before.id == record.id) {
                let key = Box::new(record.id);
                return Err(in_line(at, lines, BlockFault::Twice { key }.into()));
            }
            opened.push((record, key));
        }
        Ok(opened)
    }

    /// The body of the entry that brings a key of this file into a site.
    pub fn arrived(&self, record: &KeyRecord, under: &ExchangeName) -> Result<KeyArrived, SiteError> {
        let mut arrived = key_arrived(record)?;
        arrived.from = Some(Text::new(StoredName::from(under.clone()).to_string())?);
        arrived.package = Some(self.digest);
        Ok(arrived)
    }
}

/// Says the line, where there are several.
pub(super) fn in_line(at: usize, lines: usize, error: SiteError) -> SiteError {
    if lines == 1 {
        return error;
    }
    let (line, why) = (at + 1, Box::new(error));
    BlockFault::Line { line, why }.into()
}

/// One block on its way into a store.
struct Opening<'a> {
    site: &'a Site,
    store: &'a FileKeyStore,
    under: &'a ExchangeName,
}

impl Opening<'_> {
    fn open(
        &self,
        block: &KeyBlock,
        asked: Option<&KeyId>,
        state: KeyState,
        clock: &Clock,
    ) -> Result<(KeyRecord, KeyMaterial), SiteError> {
        // Authentic first: before that the header is what anybody wrote.
        let (_, key) = self.store.unwrap_block(block, self.under)?;
        let id = self.named(block.header(), asked)?;
        self.store.check_key(&id, &key)?;
        let record = KeyRecord {
            kcv: kcv(id.algorithm, &key, self.site.config().kcv_length),
            id,
            state,
            origin: Origin::Imported,
            since: clock.now().to_string(),
            exportability: block.header().exportability,
        };
        let known = self.store.header().keys.iter().find(|k| k.id == record.id);
        if known.is_some_and(|known| known.kcv != record.kcv) {
            let key = Box::new(record.id);
            return Err(KeyFileError::KeyExists { key }.into());
        }
        Ok((record, key))
    }

    /// Which key it is: by our label, or by the officers' word.
    fn named(&self, header: &Header, asked: Option<&KeyId>) -> Result<KeyId, SiteError> {
        let text = header.label();
        let Some(label) = text.and_then(BlockLabel::parse) else {
            if text.is_some_and(BlockLabel::claims) {
                return Err(BlockFault::Label.into());
            }
            let asked = asked.ok_or(BlockFault::Unnamed)?;
            check_header(header, asked, true).map_err(BlockFault::Header)?;
            return Ok(asked.clone());
        };
        self.site.same_world(&label.scheme, label.rehearsal)?;
        if let Some(asked) = asked.filter(|asked| **asked != label.key) {
            let (block, asked) = (Box::new(label.key), Box::new(asked.clone()));
            return Err(BlockFault::OtherKey { block, asked }.into());
        }
        check_header(header, &label.key, false).map_err(BlockFault::Header)?;
        Ok(label.key)
    }
}
