//! A database of version 1 of the format: read and verified as it is for ever, migrated in one step that changes no entry.

use std::fs;
use std::path::{Path, PathBuf};

use cardmint::ledger::upkeep::migrate;
use cardmint::ledger::{Act, Hash, Ledger, LedgerError, UpkeepFault, rebuild};
use rusqlite::Connection;

use super::super::bench_site::*;
use super::super::centre_story;
use super::super::story::{joined, lines};
use super::*;

fn examples() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/formats/examples")
}

/// The example's database and checkpoint in a folder.
fn version_1(folder: &Path) -> (PathBuf, PathBuf) {
    let (path, copy) = (folder.join("ledger.db"), folder.join("checkpoint.note"));
    let sql = fs::read_to_string(examples().join("ledger-db-v1.sql")).unwrap();
    let db = Connection::open(&path).unwrap();
    db.execute_batch(&sql).unwrap();
    db.query_row("PRAGMA journal_mode = WAL", [], |_| Ok(())).unwrap();
    drop(db);
    fs::copy(examples().join("ledger-centre-v1.checkpoint"), &copy).unwrap();
    (path, copy)
}

fn format_of(path: &Path) -> i64 {
    let db = Connection::open(path).unwrap();
    db.query_row("PRAGMA user_version", [], |row| row.get(0)).unwrap()
}

#[test]
fn version_1_is_read_and_verified_and_not_written() {
    let folder = tempfile::tempdir().unwrap();
    let (path, copy) = version_1(folder.path());
    let good = report(&path, Some(&copy));
    assert!(good.good(), "{:?}", good.findings);
    let ledger = Ledger::open_read_only(&path, Some(&copy)).unwrap();
    let export = fs::read_to_string(examples().join("ledger-centre-v1.jsonl")).unwrap();
    assert_eq!(String::from_utf8(joined(&lines(&ledger))).unwrap(), export);
    assert!(!ledger.keys().unwrap().is_empty() && !ledger.ranges().unwrap().is_empty());
    drop(ledger);
    let old = LedgerError::Upkeep(UpkeepFault::OldFormat(path.clone()));
    assert_eq!(Ledger::open(&path, Some(&copy)).unwrap_err(), old);
    assert_eq!(rebuild(&path, &mut Unobserved).unwrap_err(), old);
    assert_eq!(format_of(&path), 1);
    // Its own triggers are part of its format.
    Connection::open(&path)
        .unwrap()
        .execute_batch("DROP TRIGGER entries_no_delete")
        .unwrap();
    let bad = report(&path, Some(&copy));
    assert!(
        bad.findings.iter().any(|f| f.check == "LEDGER-SCHEMA"),
        "{:?}",
        bad.findings
    );
}

#[test]
fn a_migration_keeps_root_and_entries_and_leaves_a_copy() {
    let folder = tempfile::tempdir().unwrap();
    let (path, copy) = version_1(folder.path());
    let before = report(&path, Some(&copy));
    let old = lines(&Ledger::open_read_only(&path, None).unwrap());
    let to = folder.path().join("ledger.db.v1");
    let done = migrate(&path, Some(&copy), &to, &mut Unobserved).unwrap();
    assert_eq!((done.from, done.to, done.copy.root), (1, 2, before.root));
    assert_eq!((format_of(&path), format_of(&to)), (2, 1));
    assert_eq!(done.copy.digest, Hash::of(&[&fs::read(&to).unwrap()]));
    for (file, what) in [(&path, "migrated"), (&to, "copy")] {
        let good = report(file, Some(&copy));
        assert!(good.good(), "{what}: {:?}", good.findings);
        assert_eq!((good.root, good.entries), (before.root, before.entries), "{what}");
        assert_eq!(
            lines(&Ledger::open_read_only(file, Some(&copy)).unwrap()),
            old,
            "{what}"
        );
    }
    let mut ledger = Ledger::open(&path, Some(&copy)).unwrap();
    append(
        &mut ledger,
        &["李四"],
        Act::RangeReserve(centre_story::range("new", 90_001, 90_002)),
        &at(100_000),
    )
    .unwrap();
    drop(ledger);
    assert_eq!(report(&path, None).findings, []);
    assert_eq!(
        migrate(&path, Some(&copy), &folder.path().join("again.db"), &mut Unobserved),
        Err(UpkeepFault::NewFormat(path).into())
    );
}

#[test]
fn a_migration_refuses_what_is_not_in_order() {
    let folder = tempfile::tempdir().unwrap();
    let (path, copy) = version_1(folder.path());
    let to = folder.path().join("ledger.db.v1");
    fs::write(&to, b"there").unwrap();
    assert_eq!(
        migrate(&path, Some(&copy), &to, &mut Unobserved),
        Err(UpkeepFault::There(to.clone()).into())
    );
    fs::remove_file(&to).unwrap();
    Connection::open(&path)
        .unwrap()
        .execute_batch(
            "DROP TRIGGER entries_no_update; UPDATE entries SET line = replace(line, '3100', '3101') WHERE seq = 9",
        )
        .unwrap();
    assert!(migrate(&path, Some(&copy), &to, &mut Unobserved).is_err());
    assert!(!to.exists());
    assert_eq!(format_of(&path), 1);
}
