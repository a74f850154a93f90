// SPDX-License-Identifier: Apache-2.0
//! A copy of the database while others append to it: one moment of the ledger, in one file without a journal, so that it can be
//! read from a medium that nobody can write. It gets its name only after it was read back and verified whole.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::backup::{Backup, StepResult};
use rusqlite::{Connection, OpenFlags};
use sha2::{Digest as _, Sha256};

use super::UpkeepFault;
use crate::error::Fault;
use crate::i18n::Msg;
use crate::ledger::act::{Act, LedgerBackup};
use crate::ledger::checkpoint::Checkpoint;
use crate::ledger::error::LedgerError;
use crate::ledger::hash::Hash;
use crate::ledger::log::Ledger;
use crate::ledger::store;
use crate::ledger::verify::{Against, verify};
use crate::msg;
use crate::outside::Observer;

/// Pages that are copied between two words to the observer.
const STRIDE: std::os::raw::c_int = 256;

/// What was copied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Copied {
    /// The digest of the file.
    pub digest: Hash,
    /// Its length.
    pub bytes: u64,
    /// How many entries are in it.
    pub size: u64,
    /// The root of their tree.
    pub root: Hash,
}

impl Copied {
    /// The act that records it.
    pub fn act(&self) -> Act {
        let Self {
            digest,
            bytes,
            size,
            root,
        } = self.clone();
        Act::LedgerBackup(LedgerBackup {
            digest,
            bytes,
            size,
            root,
        })
    }
}

/// Copies the database as it is now to a new file, which must verify against `newest`, the checkpoint that covers it. Nothing
/// is overwritten. A copy that was broken off, or does not verify, leaves no file of that name.
pub fn backup(
    ledger: &Ledger,
    newest: &Checkpoint,
    to: &Path,
    observer: &mut dyn Observer,
) -> Result<Copied, LedgerError> {
    if to.exists() {
        return Err(UpkeepFault::There(to.to_owned()).into());
    }
    let part = part_of(to);
    // What an earlier attempt left.
    remove(&part).map_err(LedgerError::at(&part))?;
    let copied = copy(&ledger.db, &part, observer)
        .and_then(|()| prove(ledger, newest, &part, to, observer))
        .and_then(|copied| give_name(&part, to).map_err(LedgerError::at(to)).map(|()| copied));
    if copied.is_err() {
        // What cannot be removed is removed by the next attempt.
        let _ = remove(&part);
    }
    copied
}

/// Where a file is written before it has its name.
pub(in crate::ledger) fn part_of(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".part");
    name.into()
}

pub(super) fn remove(part: &Path) -> io::Result<()> {
    match fs::remove_file(part) {
        Err(e) if e.kind() != io::ErrorKind::NotFound => Err(e),
        _ => Ok(()),
    }
}

/// Copies a database as it is at one moment into a new file.
pub(super) fn copy(db: &Connection, part: &Path, observer: &mut dyn Observer) -> Result<(), LedgerError> {
    let doing = LedgerError::while_doing("copying the database");
    // Made by us with our rights, before SQLite opens it.
    private(part).map_err(LedgerError::at(part))?;
    let mut copy = Connection::open_with_flags(part, OpenFlags::SQLITE_OPEN_READ_WRITE).map_err(&doing)?;
    copy.pragma_update(None, "synchronous", "FULL").map_err(&doing)?;
    // A reader's moment holds while others append; without it the copy would begin again at each of their commits.
    let moment = db.unchecked_transaction().map_err(&doing)?;
    store::size(&moment)?;
    {
        let run = Backup::new(&moment, &mut copy).map_err(&doing)?;
        let mut begun = false;
        loop {
            let done = run.step(STRIDE).map_err(&doing)?;
            let pages = run.progress();
            let total = u64::try_from(pages.pagecount).unwrap_or_default();
            if !begun {
                observer.begin(&msg!("upkeep-copying"), total);
                begun = true;
            }
            observer.advance(total.saturating_sub(u64::try_from(pages.remaining).unwrap_or_default()));
            match done {
                StepResult::Done => break,
                StepResult::Busy | StepResult::Locked => std::thread::sleep(Duration::from_millis(20)),
                _ => {}
            }
        }
        observer.end();
    }
    drop(moment);
    let mode: String = copy
        .query_row("PRAGMA journal_mode = DELETE", [], |row| row.get(0))
        .map_err(&doing)?;
    debug_assert_eq!(mode, "delete");
    drop(copy);
    let file = File::open(part).and_then(|file| file.sync_all());
    file.map_err(LedgerError::at(part))
}

/// Reads the copy back from the medium: everything in it follows from its entries, and it is what the checkpoint covers.
fn prove(
    ledger: &Ledger,
    newest: &Checkpoint,
    part: &Path,
    to: &Path,
    observer: &mut dyn Observer,
) -> Result<Copied, LedgerError> {
    let key = Some(ledger.note_key());
    let report = verify(part, &Against { copy: None, key }, observer)?;
    let bad = |what: Msg| {
        LedgerError::from(UpkeepFault::BadCopy {
            path: to.to_owned(),
            what,
        })
    };
    if let Some(finding) = report.first_bad() {
        return Err(bad(finding.what.clone()));
    }
    let (has, should) = (report.covered, newest.size);
    if has < should {
        return Err(bad(LedgerError::RolledBack { has, should }.msg()));
    }
    let (digest, bytes) = digest_of(part).map_err(LedgerError::at(part))?;
    let (size, root) = (report.entries, report.root);
    Ok(Copied {
        digest,
        bytes,
        size,
        root,
    })
}

/// The digest and the length of a file.
pub(in crate::ledger) fn digest_of(path: &Path) -> io::Result<(Hash, u64)> {
    let mut file = File::open(path)?;
    let mut sha = Sha256::new();
    let (mut block, mut length) = (vec![0; 1 << 16], 0);
    loop {
        let read = file.read(&mut block)?;
        if read == 0 {
            return Ok((Hash(sha.finalize().into()), length));
        }
        sha.update(&block[..read]);
        length += read as u64;
    }
}

/// An empty file that only its owner reads.
pub(in crate::ledger) fn private(path: &Path) -> io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt as _;
    File::options()
        .read(true)
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
}

/// Gives a file its name, where nothing has that name, and makes that durable.
pub(in crate::ledger) fn give_name(part: &Path, to: &Path) -> io::Result<()> {
    // A link fails where the name is taken. Sticks without links can only be asked first.
    match fs::hard_link(part, to) {
        Ok(()) => fs::remove_file(part)?,
        Err(e) if e.kind() == io::ErrorKind::AlreadyExists => return Err(e),
        Err(_) if to.exists() => return Err(io::ErrorKind::AlreadyExists.into()),
        Err(_) => fs::rename(part, to)?,
    }
    let folder = to
        .parent()
        .filter(|p| !p.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    File::open(folder)?.sync_all()
}
