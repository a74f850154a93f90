//! `ledger backup` as a function: consistent while others write, verified, never over another file.

use std::fs;
use std::io::{BufRead as _, BufReader};

use cardmint::ledger::{Act, Hash, Ledger, LedgerError, UpkeepFault};
use rusqlite::Connection;

use super::super::bench_site::*;
use super::super::crash;
use super::super::story;
use super::*;

#[test]
fn a_copy_is_one_file_that_verifies_and_is_what_was_covered() {
    let mut b = story::told();
    let to = b.folder.path().join("copy.db");
    let done = copied(&mut b, &to).unwrap();
    let bytes = fs::read(&to).unwrap();
    assert_eq!((done.digest, done.bytes), (Hash::of(&[&bytes]), bytes.len() as u64));
    assert_eq!(
        (done.size, done.root),
        (b.ledger.size(), b.ledger.root_at(b.ledger.size()).unwrap())
    );
    // One file: no journal, no log, none of them beside it.
    assert_eq!(&bytes[18..20], &[1, 1], "not in WAL mode");
    let beside: Vec<_> = fs::read_dir(b.folder.path())
        .unwrap()
        .map(|e| e.unwrap().file_name())
        .collect();
    assert!(
        !beside
            .iter()
            .any(|n| n.to_string_lossy().starts_with("copy.db") && n != "copy.db"),
        "{beside:?}"
    );
    let good = report(&to, Some(&b.copy()));
    assert!(good.good(), "{:?}", good.findings);
    b.by(&["张三"], done.act()).unwrap();
    assert!(report(&b.path(), None).good());
}

#[test]
fn a_copy_of_a_ledger_in_use_is_of_one_moment() {
    let mut b = Bench::new(open_policy());
    let mut child = crash::child(&b);
    let mut lines = BufReader::new(child.stdout.take().unwrap())
        .lines()
        .map_while(Result::ok);
    lines.by_ref().find(|l| l.contains("durable")).unwrap();
    for round in 0..4 {
        let to = b.folder.path().join(format!("copy{round}.db"));
        let before = Ledger::open(&b.path(), None).unwrap().size();
        let done = copied(&mut b, &to).unwrap();
        assert!(done.size >= before, "round {round}: {} of {before}", done.size);
        assert!(report(&to, None).good());
        // Meanwhile the other one went on.
        lines.by_ref().find(|l| l.contains("durable")).unwrap();
    }
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(report(&b.path(), Some(&b.copy())).good());
}

#[test]
fn nothing_is_overwritten_and_a_bad_copy_has_no_name() {
    let mut b = story::told();
    let to = b.folder.path().join("copy.db");
    fs::write(&to, b"another file").unwrap();
    assert_eq!(copied(&mut b, &to), Err(UpkeepFault::There(to.clone()).into()));
    assert_eq!(fs::read(&to).unwrap(), b"another file");
    fs::remove_file(&to).unwrap();
    // What a killed attempt left is no obstacle.
    fs::write(b.folder.path().join("copy.db.part"), b"half").unwrap();
    Connection::open(b.path())
        .unwrap()
        .execute_batch("UPDATE cards SET status = 'issued' WHERE number = '1002'")
        .unwrap();
    let refused = copied(&mut b, &to).unwrap_err();
    assert!(
        matches!(&refused, LedgerError::Upkeep(UpkeepFault::BadCopy { what, .. }) if what.id() == "ledger-finding-projection"),
        "{refused:?}"
    );
    assert!(!to.exists() && !b.folder.path().join("copy.db.part").exists());
}

#[test]
fn a_recorded_copy_cannot_take_the_ledgers_place_unseen() {
    let mut b = story::told();
    let to = b.folder.path().join("copy.db");
    let done = copied(&mut b, &to).unwrap();
    b.by(&["张三"], done.act()).unwrap();
    b.checkpoint();
    let (path, size) = (b.path(), b.ledger.size());
    lose(&path);
    fs::copy(&to, &path).unwrap();
    assert_eq!(
        b.open().unwrap_err(),
        LedgerError::RolledBack {
            has: size - 1,
            should: size
        }
    );
}

#[test]
fn a_record_of_a_copy_says_no_more_than_there_is() {
    let mut b = Bench::new(open_policy());
    let to = b.folder.path().join("copy.db");
    let Act::LedgerBackup(mut body) = copied(&mut b, &to).unwrap().act() else {
        panic!()
    };
    body.size = 2;
    assert_eq!(b.by(&["张三"], Act::LedgerBackup(body)), Err(LedgerError::NoEntry(2)));
}
