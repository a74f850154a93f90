// SPDX-License-Identifier: Apache-2.0
//! What opening notices: nothing there, another file, a database taken back, cut, forked or replaced.

use std::fs;
use std::path::Path;

use super::bench_site::*;
use cardmint::ledger::act::{CheckpointRenew, TemplateApprove};
use cardmint::ledger::{Act, Hash, Ledger, LedgerError};
use rusqlite::Connection;

fn approve(name: &str) -> Act {
    Act::TemplateApprove(TemplateApprove {
        template: text(name),
        digest: Hash::of(&[name.as_bytes()]),
    })
}

/// A consistent copy of the database as it is now.
fn snapshot(from: &Path, to: &Path) {
    let _ = fs::remove_file(to);
    Connection::open(from)
        .unwrap()
        .execute("VACUUM INTO ?1", [to.to_str().unwrap()])
        .unwrap();
}

fn replace(path: &Path, by: &Path) {
    for end in ["-wal", "-shm"] {
        let _ = fs::remove_file(format!("{}{end}", path.display()));
    }
    fs::copy(by, path).unwrap();
}

#[test]
fn opening_never_makes_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger.db");
    assert_eq!(
        Ledger::open(&path, None).unwrap_err(),
        LedgerError::NotThere(path.clone())
    );
    assert!(!path.exists());
    fs::write(&path, b"something else").unwrap();
    assert_eq!(
        Ledger::open(&path, None).unwrap_err(),
        LedgerError::NotALedger(path.clone())
    );
    fs::write(&path, b"").unwrap();
    assert_eq!(Ledger::open(&path, None).unwrap_err(), LedgerError::NotALedger(path));
}

#[test]
fn a_ledger_is_opened_again_as_it_was() {
    let mut b = Bench::new(open_policy());
    b.by(&["张三"], approve("t1")).unwrap();
    b.checkpoint();
    b.by(&["张三"], approve("t2")).unwrap();
    let again = b.open().unwrap();
    assert_eq!(
        (again.size(), again.root_at(3).unwrap()),
        (3, b.ledger.root_at(3).unwrap())
    );
    assert!(again.rehearsal());
}

#[test]
fn a_rolled_back_database_is_named() {
    let mut b = Bench::new(open_policy());
    let backup = b.folder.path().join("backup.db");
    b.by(&["张三"], approve("t1")).unwrap();
    snapshot(&b.path(), &backup);
    b.by(&["张三"], approve("t2")).unwrap();
    b.checkpoint();
    let path = b.path();
    drop(std::mem::replace(&mut b.ledger, Bench::new(open_policy()).ledger));
    replace(&path, &backup);
    assert_eq!(b.open().unwrap_err(), LedgerError::RolledBack { has: 2, should: 3 });
}

#[test]
fn a_forked_database_is_named() {
    let mut b = Bench::new(open_policy());
    let backup = b.folder.path().join("backup.db");
    snapshot(&b.path(), &backup);
    b.by(&["张三"], approve("t1")).unwrap();
    b.checkpoint();
    // Another history from the same beginning, at least as long, by the same officers and log key.
    let mut fork = Ledger::open(&backup, None).unwrap();
    for name in ["x1", "x2", "x3"] {
        append(&mut fork, &["张三"], approve(name), &at(50)).unwrap();
    }
    drop(fork);
    let path = b.path();
    drop(std::mem::replace(&mut b.ledger, Bench::new(open_policy()).ledger));
    replace(&path, &backup);
    assert_eq!(b.open().unwrap_err(), LedgerError::Forked { size: 2 });
}

#[test]
fn a_replaced_database_and_a_lost_copy_are_named() {
    let b = Bench::new(open_policy());
    let note = fs::read_to_string(b.copy()).unwrap();
    let foreign = "elsewhere/log\n1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n— elsewhere/log Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n";
    fs::write(b.copy(), foreign).unwrap();
    assert_eq!(b.open().unwrap_err(), LedgerError::Replaced(b.copy()));
    fs::write(b.copy(), note.replace("\n1\n", "\n2\n")).unwrap();
    assert_eq!(b.open().unwrap_err(), LedgerError::CopyDamaged(b.copy()));
    fs::remove_file(b.copy()).unwrap();
    assert_eq!(b.open().unwrap_err(), LedgerError::CopyMissing(b.copy()));
    fs::write(b.copy(), note).unwrap();
    b.open().unwrap();
}

#[test]
fn the_database_itself_refuses_changes() {
    let mut b = Bench::new(open_policy());
    b.by(&["张三"], approve("t1")).unwrap();
    let db = Connection::open(b.path()).unwrap();
    for sql in [
        "UPDATE entries SET line = '{}' WHERE seq = 1",
        "DELETE FROM entries WHERE seq = 1",
        "INSERT INTO entries (seq, line) VALUES (7, '{}')",
        "INSERT OR REPLACE INTO entries (seq, line) VALUES (1, '{}')",
        "UPDATE nodes SET hash = zeroblob(32)",
        "DELETE FROM nodes",
        "UPDATE checkpoint SET size = 0",
        "DELETE FROM checkpoint",
    ] {
        assert!(db.execute(sql, []).is_err(), "{sql}");
    }
}

#[test]
fn a_lost_copy_is_renewed_by_a_recorded_act_and_a_contrary_one_never() {
    use cardmint::ledger::{Policy, Signer};
    use ed25519_dalek::Signer as _;
    let mut b = Bench::new(Policy::production());
    let (x, y, log) = (key(1), key(2), key(9));
    let (x, y) = (|m: &[u8]| x.sign(m).to_bytes(), |m: &[u8]| y.sign(m).to_bytes());
    let (one, two) = (
        Signer {
            officer: "张三",
            sign: &x,
        },
        Signer {
            officer: "李四",
            sign: &y,
        },
    );
    let renew = |signers: &[Signer<'_>]| {
        let log = |m: &[u8]| log.sign(m).to_bytes();
        let (mut ledger, stored) = Ledger::open_to_renew(&b.path(), &b.copy())?;
        let reason = text("stick lost");
        let renew = CheckpointRenew {
            reason,
            size: stored.size,
            root: stored.root,
        };
        ledger.append(Act::CheckpointRenew(renew), signers, &at(9))?;
        ledger.checkpoint(&log)?;
        Ok(ledger.size())
    };
    assert_eq!(renew(&[one, two]), Err(LedgerError::CopyThere(b.copy())));
    fs::remove_file(b.copy()).unwrap();
    assert!(matches!(renew(&[one]), Err(LedgerError::TooFewOfficers { .. })));
    assert_eq!(renew(&[one, two]), Ok(2));
    b.open().unwrap();
    let newer = fs::read(b.copy()).unwrap();
    let backup = b.folder.path().join("backup.db");
    snapshot(&b.path(), &backup);
    b.second = 20;
    b.by(&["张三", "李四"], approve("t1")).unwrap();
    b.checkpoint();
    let path = b.path();
    let copy = fs::read(b.copy()).unwrap();
    assert_ne!(copy, newer);
    drop(std::mem::replace(&mut b.ledger, Bench::new(open_policy()).ledger));
    replace(&path, &backup);
    let renewed = Ledger::open_to_renew(&path, &b.copy()).map(|(l, _)| l.size());
    assert_eq!(renewed, Err(LedgerError::RolledBack { has: 2, should: 3 }));
}
