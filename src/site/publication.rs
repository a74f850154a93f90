// SPDX-License-Identifier: Apache-2.0
//! The files of a ceremony on their way into their places. `keys/files.next` lists them from before the ledger decides until
//! the last one is in its place, so that whoever comes after a crash finishes them or clears them away.
//!
//! ```text
//! {"mark":{"after":17,"act":"ceremony.end","about":"5D…"},"files":[{"path":"/media/stick/hz.bundle","digest":"9F…"}]}
//! ```
//! One line for each ceremony that has files outstanding.

use std::fs;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::agreement::recorded;
use super::{Site, SiteError};
use crate::keys::file_store::{Draft, DraftFile, Settled, forget_draft, has_draft, read_private, replace};
use crate::keys::{KeyFileError, Mark};
use crate::ledger::Ledger;

/// The files of one ceremony.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Batch {
    mark: Mark,
    files: Vec<DraftFile>,
}

/// The files of the ceremony that is being concluded.
#[derive(Debug)]
pub(super) struct Publication {
    list: PathBuf,
    batch: Batch,
}

impl Publication {
    /// Lists the drafts durably, and only then puts them down. From here on they stay on the disk whatever happens to this
    /// process.
    pub(super) fn list(site: &Site, mark: Mark, mut drafts: Vec<Draft>) -> Result<Self, SiteError> {
        let files = drafts.iter().map(Draft::file).collect();
        let publication = Self {
            list: site.files_list(),
            batch: Batch { mark, files },
        };
        if drafts.is_empty() {
            return Ok(publication);
        }
        let mut batches = read(&publication.list)?;
        batches.push(publication.batch.clone());
        write(&publication.list, &batches)?;
        if let Err(e) = drafts.iter_mut().try_for_each(Draft::put_down) {
            drop(drafts);
            publication.unlist()?;
            return Err(e.into());
        }
        for draft in drafts {
            draft.keep();
        }
        Ok(publication)
    }

    /// The ceremony has not happened.
    pub(super) fn clear(self) -> Result<(), SiteError> {
        for file in &self.batch.files {
            file.settle(false)?;
        }
        self.unlist()
    }

    /// The ceremony has happened: puts every file in its place that can be, and only then says which one could not.
    pub(super) fn publish(self, at: &mut dyn FnMut()) -> Result<(), SiteError> {
        let mut failed = None;
        for file in &self.batch.files {
            match file.settle(true) {
                Ok(Settled::Missing) => failed = failed.or(Some((file, KeyFileError::missing(&file.path)))),
                Ok(_) => at(),
                Err(e) => failed = failed.or(Some((file, e))),
            }
        }
        match failed {
            None => self.unlist(),
            Some((file, why)) => Err(SiteError::Unpublished {
                path: file.path.display().to_string(),
                why,
            }),
        }
    }

    fn unlist(&self) -> Result<(), SiteError> {
        if self.batch.files.is_empty() {
            return Ok(());
        }
        let mut batches = read(&self.list)?;
        batches.retain(|batch| *batch != self.batch);
        write(&self.list, &batches)
    }
}

impl Site {
    fn files_list(&self) -> PathBuf {
        self.store_place().file().with_file_name("files.next")
    }

    /// After a crash: puts the files of ceremonies that have happened in their places and clears those of others away.
    /// Gives every file with how it stands; those on a medium that is not there stay listed. Nothing is done while another
    /// process changes the store.
    pub fn settle_files(&self, ledger: &Ledger) -> Result<Vec<(PathBuf, Settled)>, SiteError> {
        let list = self.files_list();
        if !list.exists() && !has_draft(&list) {
            return Ok(Vec::new());
        }
        let _held = match self.store_place().hold() {
            Err(KeyFileError::Busy { .. }) => return Ok(Vec::new()),
            held => held?,
        };
        // A list that was being written when its process ended: nothing was begun yet.
        forget_draft(&list)?;
        let (mut settled, mut left) = (Vec::new(), Vec::new());
        for batch in read(&list)? {
            let happened = recorded(ledger, &batch.mark)?;
            let mut missing = batch.clone();
            missing.files.clear();
            for file in batch.files {
                let how = file.settle(happened)?;
                settled.push((file.path.clone(), how));
                if how == Settled::Missing {
                    missing.files.push(file);
                }
            }
            if !missing.files.is_empty() {
                left.push(missing);
            }
        }
        write(&list, &left).map(|()| settled)
    }

    /// Gives up the files that cannot be brought to their places any more: their medium is lost.
    pub fn forget_files(&self) -> Result<(), SiteError> {
        let _held = self.store_place().hold()?;
        write(&self.files_list(), &[])
    }
}

fn read(list: &Path) -> Result<Vec<Batch>, SiteError> {
    let bytes = match read_private(list) {
        Err(KeyFileError::Missing { .. }) => return Ok(Vec::new()),
        read => read?,
    };
    let bad = || SiteError::BadFile {
        path: list.display().to_string(),
    };
    let text = String::from_utf8(bytes).map_err(|_| bad())?;
    let lines = text.lines().map(|line| serde_json::from_str(line).map_err(|_| bad()));
    lines.collect()
}

/// An empty list is no file.
fn write(list: &Path, batches: &[Batch]) -> Result<(), SiteError> {
    if batches.is_empty() {
        return match fs::remove_file(list) {
            Err(e) if e.kind() != std::io::ErrorKind::NotFound => Err(SiteError::Io {
                path: list.display().to_string(),
                what: e.to_string(),
            }),
            _ => Ok(()),
        };
    }
    let mut text = String::new();
    for batch in batches {
        // A name that is no UTF-8 cannot be listed, and then nothing is begun.
        let line = serde_json::to_string(batch).map_err(|_| SiteError::BadFile {
            path: batch
                .files
                .iter()
                .map(|f| f.path.display().to_string())
                .collect::<Vec<_>>()
                .join(" "),
        })?;
        text += &(line + "\n");
    }
    Ok(replace(list, text.as_bytes(), 0o600)?)
}
