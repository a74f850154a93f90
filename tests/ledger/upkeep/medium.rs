//! Verifying where nothing can be written. Root may write anywhere, so a run as root becomes somebody else first.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Command, Output};

use rusqlite::Connection;

use super::super::story;
use super::*;

const NOBODY: u32 = 65534;

fn allow(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

/// The program's verdict on a ledger in a folder that it cannot write to.
fn verified(folder: &Path, args: &[&str]) -> Output {
    let program = assert_cmd::cargo::cargo_bin("cardmint");
    for entry in fs::read_dir(folder).unwrap() {
        allow(&entry.unwrap().path(), 0o444);
    }
    allow(folder, 0o555);
    let root = may_write_anywhere(folder);
    let temp = tempfile::tempdir().unwrap();
    allow(temp.path(), 0o777);
    let mut command = if root {
        // Where the program was built may be closed to others.
        let own = temp.path().join("cardmint");
        fs::copy(program, &own).unwrap();
        allow(&own, 0o755);
        let mut command = Command::new(own);
        command.uid(NOBODY).gid(NOBODY);
        command
    } else {
        Command::new(program)
    };
    let output = command
        .args(["ledger", "verify", "--file"])
        .arg(folder.join("ledger.db"))
        .args(args)
        .env_remove("CARDMINT_SITE")
        .env("LC_ALL", "C")
        .env("TMPDIR", temp.path())
        .current_dir("/")
        .output()
        .unwrap();
    let left: Vec<_> = fs::read_dir(temp.path())
        .unwrap()
        .map(|e| e.unwrap().file_name())
        .collect();
    assert!(left.iter().all(|name| name == "cardmint"), "left behind: {left:?}");
    allow(folder, 0o755);
    output
}

/// Whether modes keep us from nothing.
fn may_write_anywhere(folder: &Path) -> bool {
    let probe = folder.join("probe");
    let made = fs::write(&probe, b"").is_ok();
    let _ = fs::remove_file(probe);
    made
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

#[test]
fn a_ledger_is_verified_on_a_medium_that_cannot_be_written() {
    let b = story::told();
    let disc = tempfile::tempdir().unwrap();
    let on_disc = disc.path().join("ledger.db");
    // Closed in order: a file in WAL mode, and no log beside it.
    let (path, folder) = (b.path(), b.folder);
    drop(b.ledger);
    assert!(!path.with_file_name("ledger.db-wal").exists());
    fs::copy(&path, &on_disc).unwrap();
    assert_eq!(&fs::read(&on_disc).unwrap()[18..20], &[2, 2], "in WAL mode");
    let good = verified(disc.path(), &[]);
    assert_eq!(good.status.code(), Some(0), "{}", said(&good));
    assert!(said(&good).contains("GOOD"));
    // What is wrong there is found there too.
    allow(&on_disc, 0o644);
    let db = Connection::open(&on_disc).unwrap();
    db.execute_batch("UPDATE cards SET status = 'issued' WHERE number = '1002'")
        .unwrap();
    drop(db);
    let bad = verified(disc.path(), &[]);
    assert_eq!(bad.status.code(), Some(3), "{}", said(&bad));
    assert!(said(&bad).contains("LEDGER-PROJECTION"));
    drop(folder);
}

#[test]
fn what_a_log_beside_the_database_holds_is_verified_too() {
    let mut b = story::told();
    let disc = tempfile::tempdir().unwrap();
    // As a writer leaves it that died: the newest entries are in the log alone.
    b.ledger.checkpoint_note().unwrap();
    let size = b.ledger.size();
    b.by(&["张三"], cardmint::ledger::Act::CardIntent(intent("7777", "C7", None)))
        .unwrap();
    for name in ["ledger.db", "ledger.db-wal"] {
        fs::copy(b.folder.path().join(name), disc.path().join(name)).unwrap();
    }
    let good = verified(disc.path(), &["--json"]);
    assert_eq!(good.status.code(), Some(0), "{}", said(&good));
    assert!(
        said(&good).contains(&format!("\"entries\":{}", size + 1)),
        "{}",
        said(&good)
    );
}
