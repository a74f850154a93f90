// SPDX-License-Identifier: Apache-2.0
//! Files that survive a power cut whole: temporary, fsync, rename, fsync of the folder. Secrets are readable by their owner
//! alone; a file that others may read or write is refused.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use super::error::KeyFileError;

pub(super) fn io(path: &Path, e: &io::Error) -> KeyFileError {
    let path = path.display().to_string();
    match e.kind() {
        io::ErrorKind::NotFound => KeyFileError::Missing { path },
        io::ErrorKind::AlreadyExists => KeyFileError::Exists { path },
        _ => KeyFileError::Io {
            path,
            what: e.to_string(),
        },
    }
}

/// Reads a file that only its owner may read or write.
pub fn read_private(path: &Path) -> Result<Vec<u8>, KeyFileError> {
    let mut file = File::open(path).map_err(|e| io(path, &e))?;
    let mode = file.metadata().map_err(|e| io(path, &e))?.permissions().mode() & 0o7777;
    if mode & 0o077 != 0 {
        return Err(KeyFileError::Mode {
            path: path.display().to_string(),
            mode: format!("{mode:04o}"),
        });
    }
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes).map_err(|e| io(path, &e))?;
    Ok(bytes)
}

/// Writes a new file whole and on the disk; an old one of that name is replaced.
pub(super) fn write_synced(path: &Path, bytes: &[u8], mode: u32) -> Result<(), KeyFileError> {
    let _ = fs::remove_file(path);
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(mode)
        .open(path)
        .map_err(|e| io(path, &e))?;
    file.write_all(bytes)
        .and_then(|()| file.sync_all())
        .map_err(|e| io(path, &e))
}

/// Makes names in a folder durable.
pub(super) fn sync_folder(folder: &Path) -> Result<(), KeyFileError> {
    // The folder of a bare file name.
    let folder = if folder.as_os_str().is_empty() {
        Path::new(".")
    } else {
        folder
    };
    File::open(folder)
        .and_then(|f| f.sync_all())
        .map_err(|e| io(folder, &e))
}

/// Renames within a folder, durably.
pub(super) fn rename(from: &Path, to: &Path) -> Result<(), KeyFileError> {
    fs::rename(from, to).map_err(|e| io(from, &e))?;
    // A bare file name has the empty path for its folder.
    let folder = to.parent().filter(|p| !p.as_os_str().is_empty());
    sync_folder(folder.unwrap_or(Path::new(".")))
}

/// `NAME.SUFFIX` in the same folder.
pub(super) fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".");
    name.push(suffix);
    name.into()
}

/// Held while a store is changed. The lock goes with the process, however that ends.
#[derive(Debug)]
pub(super) struct Lock(#[expect(dead_code, reason = "the open file is the lock")] File);

/// How often a taken lock is tried again, and after what pause. A process that is just being started holds, until it runs, the
/// locks of the one that starts it.
const LOCK_TRIES: u32 = 10;
const LOCK_PAUSE: Duration = Duration::from_millis(20);

pub(super) fn lock(path: &Path) -> Result<Lock, KeyFileError> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(false).mode(0o600);
    let file = options.open(path).map_err(|e| io(path, &e))?;
    let mut tries = LOCK_TRIES;
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(Lock(file)),
            Err(TryLockError::WouldBlock) if tries > 0 => {
                tries -= 1;
                thread::sleep(LOCK_PAUSE);
            }
            Err(TryLockError::WouldBlock) => {
                return Err(KeyFileError::Busy {
                    path: path.display().to_string(),
                });
            }
            Err(TryLockError::Error(e)) => return Err(io(path, &e)),
        }
    }
}
