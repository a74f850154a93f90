// SPDX-License-Identifier: Apache-2.0
//! Reading a database where nothing can be written: a disc, a stick with its switch on, an evidence folder. SQLite wants to make
//! files beside a database in WAL mode even to read it. Where it cannot, one without a log is read as a file that does not
//! change; one with a log (the writer died, or the file was copied with it) is read from a copy in the temporary folder.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use rusqlite::{Connection, ErrorCode, OpenFlags};

use super::backup::private;
use crate::ledger::error::LedgerError;

const READ: OpenFlags = OpenFlags::SQLITE_OPEN_READ_ONLY.union(OpenFlags::SQLITE_OPEN_NO_MUTEX);

/// Opens a database for reading, whatever it lies on.
pub(in crate::ledger) fn open(path: &Path) -> Result<Connection, LedgerError> {
    let not_a_ledger = |_| LedgerError::NotALedger(path.to_owned());
    let db = Connection::open_with_flags(path, READ).map_err(not_a_ledger)?;
    match db.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(())) {
        Err(e) if matches!(e.sqlite_error_code(), Some(ErrorCode::CannotOpen | ErrorCode::ReadOnly)) => {}
        // What else is wrong is for those to say who read it.
        _ => return Ok(db),
    }
    drop(db);
    let log = beside(path, "-wal");
    match fs::metadata(&log) {
        Ok(log_there) if log_there.len() > 0 => from_a_copy(path, &log),
        Err(e) if e.kind() != io::ErrorKind::NotFound => Err(LedgerError::at(&log)(e)),
        _ => Connection::open_with_flags(unchanging(path), READ | OpenFlags::SQLITE_OPEN_URI).map_err(not_a_ledger),
    }
}

fn beside(path: &Path, end: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(end);
    name.into()
}

/// The file as a URI (RFC 3986) that says that nobody changes it.
fn unchanging(path: &Path) -> String {
    use std::fmt::Write as _;
    use std::os::unix::ffi::OsStrExt as _;
    let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let mut uri = "file:".to_owned();
    for byte in path.as_os_str().as_bytes() {
        if byte.is_ascii_alphanumeric() || b"/-._~".contains(byte) {
            uri.push(char::from(*byte));
        } else {
            // Writing to a string cannot fail.
            let _ = write!(uri, "%{byte:02X}");
        }
    }
    uri + "?immutable=1"
}

/// Reads a copy, whose names are gone as soon as it is open.
fn from_a_copy(path: &Path, log: &Path) -> Result<Connection, LedgerError> {
    let mut drawn = [0; 8];
    let doing = LedgerError::while_doing("reading a copy of the ledger");
    getrandom::fill(&mut drawn).map_err(|e| LedgerError::Database {
        doing: "reading a copy of the ledger",
        what: e.to_string(),
    })?;
    let copy = std::env::temp_dir().join(format!("cardmint-{}.db", hex::encode(drawn)));
    let copied = copy_of(path, &copy).and_then(|()| copy_of(log, &beside(&copy, "-wal")));
    let db = copied.map_err(LedgerError::at(&copy)).and_then(|()| {
        let access = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let db = Connection::open_with_flags(&copy, access).map_err(&doing)?;
        // Everything that it reads from is open after this.
        db.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(()))
            .map_err(&doing)?;
        Ok(db)
    });
    for end in ["", "-wal", "-shm"] {
        // What cannot be removed lies in a folder that is emptied.
        let _ = fs::remove_file(beside(&copy, end));
    }
    db
}

fn copy_of(from: &Path, to: &Path) -> io::Result<()> {
    let mut new = private(to)?;
    io::copy(&mut fs::File::open(from)?, &mut new).map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_becomes_a_uri() {
        assert_eq!(
            unchanging(Path::new("/a b/发卡?#%.db")),
            "file:/a%20b/%E5%8F%91%E5%8D%A1%3F%23%25.db?immutable=1"
        );
    }
}
