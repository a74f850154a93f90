// SPDX-License-Identifier: Apache-2.0
//! The guides do what they say: their shell blocks are run in order, in an empty folder, as a reader would type them. Both
//! languages give the same commands.

#![allow(clippy::unwrap_used)] // a test stops at the first surprise

use std::fs;
use std::path::Path;
use std::process::Command;

fn blocks(page: &str) -> Vec<String> {
    let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs").join(page)).unwrap();
    let mut found = Vec::new();
    let mut parts = text.split("```");
    parts.next();
    while let (Some(block), Some(_)) = (parts.next(), parts.next()) {
        if let Some(commands) = block.strip_prefix("sh\n") {
            found.push(commands.to_owned());
        }
    }
    found
}

/// Runs a page's blocks in an empty folder, and gives what they said.
fn run(page: &str, folder: &Path) -> String {
    let bin = Path::new(env!("CARGO_BIN_EXE_cardmint")).parent().unwrap().to_owned();
    let path = format!("{}:{}", bin.display(), std::env::var("PATH").unwrap());
    let script = format!("set -eu\n{}", blocks(page).join("\n"));
    let output = Command::new("bash")
        .args(["-c", &script])
        .current_dir(folder)
        .env("PATH", path)
        .env("LC_ALL", "C.UTF-8")
        // Where an auditor keeps the pages of the formats, with the verifier in Python.
        .env("FORMATS", Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/formats"))
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .env_remove("CARDMINT_SITE")
        .output()
        .unwrap();
    let (out, err) = (
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
    );
    assert!(output.status.success(), "{out}\n{err}");
    out.into_owned()
}

#[test]
fn the_guide_runs_as_it_stands() {
    let folder = tempfile::tempdir().unwrap();
    let out = run("guide.en.md", folder.path());
    for expected in ["48.00", "GOOD"] {
        assert!(out.contains(expected), "{expected} is missing in:\n{out}");
    }
    assert!(folder.path().join("city.csv").exists() && folder.path().join("city.jsonl").exists());
}

#[test]
fn the_guide_to_ceremonies_runs_as_it_stands() {
    let folder = tempfile::tempdir().unwrap();
    let out = run("ceremonies.en.md", folder.path());
    for expected in [
        "GOOD",
        "Good. Transcript, plan and signatures agree.",
        "load.v1.sm4@city:3100",
        "The page for printing: transcript.html",
    ] {
        assert!(out.contains(expected), "{expected} is missing in:\n{out}");
    }
    let page = fs::read_to_string(folder.path().join("transcript.html")).unwrap();
    for expected in ["密钥仪式记录", "Good. Transcript", "load.v1.sm4@city:3100", "zhao"] {
        assert!(page.contains(expected), "{expected}");
    }
}

#[test]
fn the_guide_to_the_customer_desk_runs_as_it_stands() {
    let folder = tempfile::tempdir().unwrap();
    let out = run("desk.en.md", folder.path());
    for expected in [
        "is owed 50.00 yuan",
        "pay out 8.00 yuan and 15.00 yuan deposit",
        "3100000000000555: on the list",
        "3100000000000001 (replaced) → 3100000000000002 (exchanged) → 3100000000000003 (in use)",
        "purchase.v1.3des@ministry",
        "GOOD",
    ] {
        assert!(out.contains(expected), "{expected} is missing in:\n{out}");
    }
}

#[test]
fn the_guide_to_the_card_centre_runs_as_it_stands() {
    let folder = tempfile::tempdir().unwrap();
    let out = run("centre.en.md", folder.path());
    for expected in [
        "line 2, 身份证号",
        "line 7, 有效期",
        "would begin 6 cards",
        "5 of 6 in all",
        "6 blanks used = 5 issued + 1 scrap",
        "issued 5, failed and blank 0, void 1, not begun 0",
        "printer.csv is written, 5 cards",
        "letters.sealed is written, 1 ",
        "GOOD",
    ] {
        assert!(out.contains(expected), "{expected} is missing in:\n{out}");
    }
    let printed = fs::read_to_string(folder.path().join("printer.csv")).unwrap();
    assert_eq!(printed.lines().count(), 6, "{printed}");
    assert!(!folder.path().join("march.csv").exists());
}

#[test]
fn the_guide_for_auditors_runs_as_it_stands() {
    let folder = tempfile::tempdir().unwrap();
    let out = run("audit.en.md", folder.path());
    for expected in [
        // Both programs, both sites, and the ledger of the second visit by two checkpoints
        "GOOD",
        "\ngood\ngood\n",
        // One digit, and one line
        "LEDGER-SIGNATURE  entry 42",
        "LEDGER-SIGNATURE 42 ",
        "the ledger has 47 entries, but a checkpoint was signed over 48",
        // One card up to the root and on to the next card
        "the ministry is the one that the city trusts: True",
        "purchase.v1.3des@ministry, check value",
        "\ncard 3100000000000002\n",
    ] {
        assert!(out.contains(expected), "{expected} is missing in:\n{out}");
    }
    assert!(out.matches("GOOD").count() >= 5, "{out}");
}

#[test]
fn the_guide_to_keeping_the_ledger_runs_as_it_stands() {
    let folder = tempfile::tempdir().unwrap();
    let out = run("upkeep.en.md", folder.path());
    for expected in [
        "1 entry copied to stick/ledger.db and verified",
        "in its place with 2 entries, 1 of them from the export",
        "entries 1 to 1 are missing",
        "ledger.loss",
        "read back and recorded as entry",
        "1 line left the database",
        "batch.export",
    ] {
        assert!(out.contains(expected), "{expected} is missing in:\n{out}");
    }
    assert_eq!(out.matches("GOOD").count(), 2, "{out}");
}

#[test]
fn both_languages_give_the_same_commands() {
    assert_eq!(blocks("audit.en.md"), blocks("audit.zh.md"));
    assert_eq!(blocks("ceremonies.en.md"), blocks("ceremonies.zh.md"));
    assert_eq!(blocks("centre.en.md"), blocks("centre.zh.md"));
    assert_eq!(blocks("guide.en.md"), blocks("guide.zh.md"));
    assert_eq!(blocks("desk.en.md"), blocks("desk.zh.md"));
    assert_eq!(blocks("upkeep.en.md"), blocks("upkeep.zh.md"));
    assert!(blocks("guide.en.md").len() >= 10);
}
