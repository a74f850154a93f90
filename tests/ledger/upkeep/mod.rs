//! Keeping a ledger for years: copies of it, losses, archives, older formats, media that nobody can write.

mod archive;
mod backup;
mod format;
mod loss;
mod medium;
mod site;

use std::fs;
use std::path::Path;

use cardmint::ledger::upkeep::{Copied, backup};
use cardmint::ledger::{Against, LedgerError, Report, verify};
use cardmint::outside::Unobserved;
use ed25519_dalek::Signer as _;

use super::bench_site::*;

/// Signs the ledger as it is and copies it.
pub fn copied(b: &mut Bench, to: &Path) -> Result<Copied, LedgerError> {
    let log = key(9);
    let newest = b.ledger.checkpoint(&|m| log.sign(m).to_bytes()).unwrap();
    backup(&b.ledger, &newest, to, &mut Unobserved)
}

pub fn report(path: &Path, copy: Option<&Path>) -> Report {
    let against = Against {
        copy: copy.map(Path::to_owned),
        key: None,
    };
    verify(path, &against, &mut Unobserved).unwrap()
}

/// Takes the database away, as a dead disk does.
pub fn lose(path: &Path) {
    for end in ["", "-wal", "-shm"] {
        let _ = fs::remove_file(format!("{}{end}", path.display()));
    }
}
