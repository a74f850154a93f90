// SPDX-License-Identifier: Apache-2.0
//! A file of any length that gets into its place only when what it belongs to has happened: `NAME.new` is written bit by
//! bit, synced, and renamed to `NAME` last. The process that writes it holds a lock on it.

use std::fmt;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use super::durable::{beside, io as at, rename};
use super::error::KeyFileError;

/// A file that is being written beside its place. Dropped before it is published, it goes away.
pub struct DraftStream {
    out: BufWriter<File>,
    path: PathBuf,
    new: PathBuf,
    settled: bool,
}

impl fmt::Debug for DraftStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DraftStream({})", self.path.display())
    }
}

fn locked(file: &File, path: &Path) -> Result<(), KeyFileError> {
    match file.try_lock() {
        Ok(()) => Ok(()),
        Err(TryLockError::WouldBlock) => Err(KeyFileError::Busy {
            path: path.display().to_string(),
        }),
        Err(TryLockError::Error(e)) => Err(at(path, &e)),
    }
}

impl DraftStream {
    /// Begins one. What an ended process has left of an earlier one is written over: look at [`Self::left_over`] first.
    pub fn begin(path: &Path, mode: u32) -> Result<Self, KeyFileError> {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        if folder.is_some_and(|folder| !folder.is_dir()) {
            return Err(KeyFileError::NoFolder {
                path: path.display().to_string(),
            });
        }
        let new = beside(path, "new");
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(false).mode(mode);
        let file = options.open(&new).map_err(|e| at(&new, &e))?;
        locked(&file, &new)?;
        let draft = Self {
            out: BufWriter::with_capacity(1 << 16, file),
            path: path.to_owned(),
            new,
            settled: false,
        };
        let empty = draft.out.get_ref().set_len(0);
        empty.map_err(|e| at(&draft.new, &e))?;
        Ok(draft)
    }

    /// What an ended process has left of a draft of this file, open for reading; refused while a process still writes it.
    pub fn left_over(path: &Path) -> Result<Option<File>, KeyFileError> {
        let new = beside(path, "new");
        let file = match File::open(&new) {
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(None),
            opened => opened.map_err(|e| at(&new, &e))?,
        };
        locked(&file, &new)?;
        Ok(Some(file))
    }

    /// Puts what an ended process has left into its place.
    pub fn publish_left_over(path: &Path) -> Result<(), KeyFileError> {
        rename(&beside(path, "new"), path)
    }

    /// Ends the writing: all of it is on the disk.
    pub fn put_down(&mut self) -> Result<(), KeyFileError> {
        let down = self.out.flush().and_then(|()| self.out.get_ref().sync_all());
        down.map_err(|e| at(&self.new, &e))
    }

    /// Puts it in its place in one step.
    pub fn publish(mut self) -> Result<(), KeyFileError> {
        self.put_down()?;
        rename(&self.new, &self.path)?;
        self.settled = true;
        Ok(())
    }
}

impl Write for DraftStream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.out.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

impl Drop for DraftStream {
    fn drop(&mut self) {
        if !self.settled {
            let _ = fs::remove_file(&self.new);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_there_when_it_is_published_and_not_before() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.csv");
        let new = folder.path().join("a.csv.new");
        let mut draft = DraftStream::begin(&path, 0o600).unwrap();
        draft.write_all(b"half").unwrap();
        // Another one of the same name is refused, and takes nothing away.
        assert!(matches!(
            DraftStream::begin(&path, 0o600),
            Err(KeyFileError::Busy { .. })
        ));
        assert!(matches!(DraftStream::left_over(&path), Err(KeyFileError::Busy { .. })));
        draft.put_down().unwrap();
        assert_eq!((fs::read(&new).unwrap(), path.exists()), (b"half".to_vec(), false));
        drop(draft);
        assert!(!new.exists() && !path.exists());
        fs::write(&new, b"what a crash left, and longer").unwrap();
        assert!(DraftStream::left_over(&path).unwrap().is_some());
        let mut draft = DraftStream::begin(&path, 0o600).unwrap();
        draft.write_all(b"whole").unwrap();
        draft.publish().unwrap();
        assert_eq!((fs::read(&path).unwrap(), new.exists()), (b"whole".to_vec(), false));
        let nowhere = folder.path().join("nowhere/a.csv");
        assert!(matches!(
            DraftStream::begin(&nowhere, 0o600),
            Err(KeyFileError::NoFolder { .. })
        ));
    }
}
