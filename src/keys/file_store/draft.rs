// SPDX-License-Identifier: Apache-2.0
//! Files that are on the disk, whole, under a name beside their own, until what they belong to has happened.
//!
//! `NAME.new` is written and synced first and renamed to `NAME` last. Where the process ends in between, whoever has the
//! draft's digest can finish it or clear it away.

use std::fs;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::durable::{beside, io, rename, write_synced};
use super::error::KeyFileError;
use crate::crypto::Digest;

/// Puts a file in place in one step: readers see the old one or the new one, whole.
pub fn replace(path: &Path, bytes: &[u8], mode: u32) -> Result<(), KeyFileError> {
    Draft::write(path, bytes, mode)?.publish()
}

/// A file that is on the disk under a name beside its own. Dropped before it is published or kept, it goes away.
#[derive(Debug)]
pub struct Draft {
    path: PathBuf,
    new: PathBuf,
    digest: Digest,
    settled: bool,
}

/// What finds a draft again after its process has ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DraftFile {
    /// Its own name; absolute.
    pub path: PathBuf,
    /// SHA-256 of its bytes.
    pub digest: Digest,
}

/// How a draft of an ended process stands now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Settled {
    /// It is in its place, now or already.
    Published,
    /// It is cleared away, and what had the name before stays.
    Cleared,
    /// It is not to be found; its medium may not be there.
    Missing,
}

impl Draft {
    /// Writes it beside `path`.
    pub fn write(path: &Path, bytes: &[u8], mode: u32) -> Result<Self, KeyFileError> {
        // From here on a failure clears what was written of it.
        let draft = Self {
            path: path.to_owned(),
            new: beside(path, "new"),
            digest: Digest::of(&[bytes]),
            settled: false,
        };
        match write_synced(&draft.new, bytes, mode) {
            Ok(()) => Ok(draft),
            // It is the folder that is not there, and the file's own name that the operator knows.
            Err(KeyFileError::Missing { .. }) => Err(KeyFileError::NoFolder {
                path: path.display().to_string(),
            }),
            Err(other) => Err(other),
        }
    }

    /// The file's own name.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// SHA-256 of its bytes.
    pub fn digest(&self) -> Digest {
        self.digest
    }

    /// What finds it again if this process ends.
    pub fn file(&self) -> DraftFile {
        let path = std::path::absolute(&self.path).unwrap_or_else(|_| self.path.clone());
        DraftFile {
            path,
            digest: self.digest,
        }
    }

    /// Puts it in its place in one step.
    pub fn publish(mut self) -> Result<(), KeyFileError> {
        rename(&self.new, &self.path)?;
        self.settled = true;
        Ok(())
    }

    /// Leaves it where it is, for whoever settles it later.
    pub fn keep(mut self) {
        self.settled = true;
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        if !self.settled {
            let _ = fs::remove_file(&self.new);
        }
    }
}

impl DraftFile {
    /// Finishes (`happened`) or clears away a draft of a process that has ended. A file of that name with other bytes than
    /// the draft's is nobody's to touch.
    pub fn settle(&self, happened: bool) -> Result<Settled, KeyFileError> {
        let new = beside(&self.path, "new");
        if self.is_at(&new)? {
            return if happened {
                rename(&new, &self.path).map(|()| Settled::Published)
            } else {
                fs::remove_file(&new)
                    .map_err(|e| io(&new, &e))
                    .map(|()| Settled::Cleared)
            };
        }
        Ok(match (happened, happened && self.is_at(&self.path)?) {
            (true, true) => Settled::Published,
            (true, false) => Settled::Missing,
            (false, _) => Settled::Cleared,
        })
    }

    fn is_at(&self, path: &Path) -> Result<bool, KeyFileError> {
        match fs::read(path) {
            Ok(bytes) => Ok(Digest::of(&[&bytes]) == self.digest),
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(false),
            Err(e) => Err(io(path, &e)),
        }
    }
}
