// SPDX-License-Identifier: Apache-2.0
//! Where the ledger and its checkpoint's copy are: options, else the site's folder.

use std::path::PathBuf;

use super::Place;
use crate::cli::Context;
use crate::ledger::{Ledger, LedgerError};

impl Place {
    /// The database.
    pub(super) fn file(&self, context: &Context) -> PathBuf {
        self.file.clone().unwrap_or_else(|| folder(context).join("ledger.db"))
    }

    /// The checkpoint's copy. With `--file` alone there is none: a database from elsewhere stands for itself.
    pub(super) fn copy(&self, context: &Context) -> Option<PathBuf> {
        let beside = || self.file.is_none().then(|| folder(context).join("checkpoint.note"));
        self.copy.clone().or_else(beside)
    }

    /// Opened without any right to write.
    pub(super) fn open(&self, context: &Context) -> Result<Ledger, LedgerError> {
        Ledger::open_read_only(&self.file(context), self.copy(context).as_deref())
    }
}

fn folder(context: &Context) -> PathBuf {
    context.global.site.clone().unwrap_or_else(|| PathBuf::from("."))
}
