// SPDX-License-Identifier: Apache-2.0
//! The ledger of a whole site: exports are recorded, a lost checkpoint copy is made anew by two officers.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Output;

use assert_cmd::Command;

fn run(folder: &Path, args: &[&str], officers: &[&str]) -> Output {
    let mut command = Command::cargo_bin("cardmint").unwrap();
    command
        .current_dir(folder)
        .args(args)
        .env("LC_ALL", "C")
        .env("CARDMINT_SITE", "site");
    for officer in officers {
        command.args([
            "--officer",
            officer,
            "--passphrase-file",
            &format!("{officer}={officer}.pass"),
        ]);
    }
    command.output().unwrap()
}

#[track_caller]
fn ok(folder: &Path, args: &[&str], officers: &[&str]) -> String {
    let output = run(folder, args, officers);
    assert_eq!(
        output.status.code(),
        Some(0),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn exports_are_recorded_and_a_lost_copy_is_renewed() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    for officer in ["alice", "bob"] {
        let file = folder.join(format!("{officer}.pass"));
        fs::write(&file, format!("a passphrase of {officer}\n")).unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
    }
    let both = &["alice", "bob"];
    let init = [
        "init",
        "site",
        "--name",
        "Demo",
        "--scheme",
        "mohurd",
        "--level",
        "city",
        "--code",
        "3100",
        "--rehearsal",
    ];
    ok(folder, &init, both);
    assert!(ok(folder, &["ledger", "verify"], &[]).contains("GOOD"));
    ok(
        folder,
        &["ledger", "export", "--format", "csv", "--out", "a.csv"],
        &["bob"],
    );
    let log = ok(folder, &["ledger", "log"], &[]);
    assert!(log.contains("ledger.export") && log.contains("bob"), "{log}");
    assert!(ok(folder, &["ledger", "verify"], &[]).contains("covers 1 entries"));
    ok(folder, &["ledger", "checkpoint", "--sign"], both);
    assert!(ok(folder, &["ledger", "verify"], &[]).contains("covers 2 entries"));
    let copy = folder.join("site/checkpoint.note");
    fs::remove_file(&copy).unwrap();
    let lost = run(folder, &["ledger", "log"], &[]);
    assert_eq!(lost.status.code(), Some(3));
    assert!(String::from_utf8_lossy(&lost.stderr).contains("--renew"));
    let alone = run(folder, &["ledger", "checkpoint", "--renew", "stick lost"], &["alice"]);
    assert_eq!(
        alone.status.code(),
        Some(2),
        "{}",
        String::from_utf8_lossy(&alone.stderr)
    );
    assert!(!copy.exists());
    ok(folder, &["ledger", "checkpoint", "--renew", "stick lost"], both);
    let verified = ok(folder, &["ledger", "verify"], &[]);
    assert!(
        verified.contains("covers 3 entries; the copy outside agrees"),
        "{verified}"
    );
    let again = run(folder, &["ledger", "checkpoint", "--renew", "stick lost"], both);
    assert_eq!(again.status.code(), Some(2), "a copy that is right is not replaced");
}
