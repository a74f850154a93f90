// SPDX-License-Identifier: Apache-2.0
//! Files that get into their places only when what they belong to has happened.
//!
//! `NAME.new` is written and synced first and renamed to `NAME` last. A draft may be held in memory before, so that it can be
//! listed somewhere before anything of it is on the disk: where the process then ends at any moment, whoever has the list can
//! finish the draft or clear it away.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::durable::{beside, io, read_private, rename, write_synced};
use super::error::KeyFileError;
use crate::crypto::Digest;

/// Puts a file in place in one step: readers see the old one or the new one, whole.
pub fn replace(path: &Path, bytes: &[u8], mode: u32) -> Result<(), KeyFileError> {
    Draft::write(path, bytes, mode)?.publish()
}

/// A file that is not in its place yet. Dropped before it is published or kept, it goes away.
pub struct Draft {
    path: PathBuf,
    new: PathBuf,
    digest: Digest,
    /// Bytes and mode of one that is not on the disk yet.
    held: Option<(Zeroizing<Vec<u8>>, u32)>,
    settled: bool,
}

impl fmt::Debug for Draft {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Draft({}, {})", self.path.display(), self.digest)
    }
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
    /// Holds it in memory; its folder must be there.
    pub fn held(path: &Path, bytes: &[u8], mode: u32) -> Result<Self, KeyFileError> {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        if folder.is_some_and(|folder| !folder.is_dir()) {
            return Err(no_folder(path));
        }
        Ok(Self {
            path: path.to_owned(),
            new: beside(path, "new"),
            digest: Digest::of(&[bytes]),
            held: Some((Zeroizing::new(bytes.to_vec()), mode)),
            settled: false,
        })
    }

    /// Writes it beside `path`.
    pub fn write(path: &Path, bytes: &[u8], mode: u32) -> Result<Self, KeyFileError> {
        let mut draft = Self::held(path, bytes, mode)?;
        draft.put_down().map(|()| draft)
    }

    /// Writes it beside its place, where that is not done yet. A failure leaves nothing of it.
    pub fn put_down(&mut self) -> Result<(), KeyFileError> {
        let Some((bytes, mode)) = self.held.take() else {
            return Ok(());
        };
        write_synced(&self.new, &bytes, mode).map_err(|e| match e {
            // It is the folder that is not there, and the file's own name that the operator knows.
            KeyFileError::Missing { .. } => no_folder(&self.path),
            other => other,
        })
    }

    /// Its bytes, wherever they are.
    pub(super) fn bytes(&self) -> Result<Zeroizing<Vec<u8>>, KeyFileError> {
        match &self.held {
            Some((bytes, _)) => Ok(bytes.clone()),
            None => Ok(Zeroizing::new(read_private(&self.new)?)),
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
        self.put_down()?;
        rename(&self.new, &self.path)?;
        self.settled = true;
        Ok(())
    }

    /// Leaves it where it is, for whoever settles it later.
    pub fn keep(mut self) {
        self.settled = true;
    }
}

/// Clears away what a process that has ended has left of a draft of this file. The file itself stays.
pub fn forget_draft(path: &Path) -> Result<(), KeyFileError> {
    let new = beside(path, "new");
    match fs::remove_file(&new) {
        Err(e) if e.kind() != std::io::ErrorKind::NotFound => Err(io(&new, &e)),
        _ => Ok(()),
    }
}

/// Whether something is left of a draft of this file.
pub fn has_draft(path: &Path) -> bool {
    beside(path, "new").exists()
}

fn no_folder(path: &Path) -> KeyFileError {
    KeyFileError::NoFolder {
        path: path.display().to_string(),
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        if !self.settled && self.held.is_none() {
            let _ = fs::remove_file(&self.new);
        }
    }
}

impl DraftFile {
    /// Finishes (`happened`) or clears away a draft of a process that has ended, perhaps in the middle of writing it.
    pub fn settle(&self, happened: bool) -> Result<Settled, KeyFileError> {
        if !happened {
            return forget_draft(&self.path).map(|()| Settled::Cleared);
        }
        let new = beside(&self.path, "new");
        if self.is_at(&new)? {
            return rename(&new, &self.path).map(|()| Settled::Published);
        }
        let there = self.is_at(&self.path)?;
        Ok(if there { Settled::Published } else { Settled::Missing })
    }

    fn is_at(&self, path: &Path) -> Result<bool, KeyFileError> {
        match fs::read(path) {
            Ok(bytes) => Ok(Digest::of(&[&bytes]) == self.digest),
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(false),
            Err(e) => Err(io(path, &e)),
        }
    }
}
