// SPDX-License-Identifier: Apache-2.0
//! Keys between this site and centres or HSMs that share an exchange key with it: files of key blocks
//! (docs/formats/key-block.md).
//!
//! Reading and making need no ledger, so that a ceremony can do both on the next generation of the store; `Session` does
//! them with their entries. All of a file is opened and checked before the first key is stored.

mod fault;
mod file;
mod order;

pub use fault::BlockFault;
pub use file::BlockFile;
pub use order::{BlockOrder, MadeBlock, MadeBlocks};

use std::path::Path;

use super::{Session, SiteError};
use crate::keys::file_store::Draft;
use crate::keys::{ExchangeName, KeyFileError, KeyId, KeyRecord, KeyState};
use crate::ledger::act::Act;
use crate::outside::{Clock, Random};

/// What the ledger calls this form of a key on its way.
const FORM: &str = "key block";

impl Session {
    /// Writes keys of this site as key blocks. The ledger's entries come before the file.
    pub fn export_blocks(
        &mut self,
        order: &BlockOrder<'_>,
        out: &Path,
        random: &mut dyn Random,
        clock: &Clock,
    ) -> Result<MadeBlocks, SiteError> {
        if out.exists() {
            let path = out.display().to_string();
            return Err(KeyFileError::Exists { path }.into());
        }
        let made = order.make(&self.site, &self.store, random, clock)?;
        let file = Draft::write(out, made.text().as_bytes(), 0o600)?;
        for entry in made.entries()? {
            self.append(Act::KeyExport(entry))?;
        }
        file.publish()?;
        Ok(made)
    }

    /// Takes the keys of a file of key blocks over. `asked` are their names, in the order of the lines, where the officers
    /// know them; blocks without our label need it. A key that is there already with the same check value is left as it is.
    pub fn receive_blocks(
        &mut self,
        file: &BlockFile,
        under: &ExchangeName,
        asked: &[KeyId],
        random: &mut dyn Random,
        clock: &Clock,
    ) -> Result<Vec<KeyRecord>, SiteError> {
        let opened = file.open(&self.site, &self.store, under, asked, KeyState::Active, clock)?;
        let mut taken = Vec::new();
        for (record, key) in opened {
            if self.store.header().keys.iter().any(|k| k.id == record.id) {
                continue;
            }
            let arrived = file.arrived(&record, under)?;
            self.add_key(record.clone(), key, Act::KeyReceive(arrived), random)?;
            taken.push(record);
        }
        Ok(taken)
    }
}
