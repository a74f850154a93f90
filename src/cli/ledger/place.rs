// SPDX-License-Identifier: Apache-2.0
//! Where the ledger and its checkpoint's copy are: options, else the site.

use std::path::PathBuf;

use super::Place;
use crate::cli::{Context, session};
use crate::error::Error;
use crate::ledger::Ledger;

impl Place {
    /// The database and the checkpoint's copy. With `--file` alone there is none: a database from elsewhere stands for
    /// itself.
    pub(super) fn files(&self, context: &Context) -> Result<(PathBuf, Option<PathBuf>), Error> {
        if let Some(file) = &self.file {
            return Ok((file.clone(), self.copy.clone()));
        }
        let site = session::open_site(context)?;
        let copy = self.copy.clone().unwrap_or_else(|| site.checkpoint_copy());
        Ok((site.ledger_path(), Some(copy)))
    }

    /// Opened without any right to write. A site's ledger must also agree with the site's settings.
    pub(super) fn open(&self, context: &Context) -> Result<Ledger, Error> {
        let mut ledger = if self.file.is_none() && self.copy.is_none() {
            session::open_site(context)?.ledger_read_only()?
        } else {
            let (file, copy) = self.files(context)?;
            Ledger::open_read_only(&file, copy.as_deref())?
        };
        ledger.read_archives(&self.archive)?;
        Ok(ledger)
    }
}
