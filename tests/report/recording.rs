// SPDX-License-Identifier: Apache-2.0
//! The command: what it refuses, what it records, what it says of a ledger that is not good, and long periods.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Output;

use assert_cmd::Command;
use serde_json::Value;

use super::dom::{count, rows, text, total};
use super::month::Kept;
use super::numbers::run;
use super::sql::Sql;

fn at(folder: &Path, args: &[&str], officers: &[&str]) -> Output {
    let mut command = Command::cargo_bin("cardmint").unwrap();
    command
        .current_dir(folder)
        .args(args)
        .env("LC_ALL", "C.UTF-8")
        .env("CARDMINT_SITE", "site");
    for officer in officers {
        let file = format!("{officer}={officer}.pass");
        command.args(["--officer", officer, "--passphrase-file", &file]);
    }
    command.output().unwrap()
}

#[test]
fn a_report_of_a_site_is_recorded_by_whoever_makes_it() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    for officer in ["alice", "bob"] {
        let file = folder.join(format!("{officer}.pass"));
        fs::write(&file, format!("a passphrase of {officer}\n")).unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
    }
    let init = "init site --name Demo --scheme mohurd --level city --code 3100 --rehearsal";
    let init: Vec<&str> = init.split(' ').collect();
    assert!(at(folder, &init, &["alice", "bob"]).status.success());
    let report = "ledger report --from 2020-01-01 --to 2199-12-31 --json --out r.html";
    let report: Vec<&str> = report.split(' ').collect();
    let output = at(folder, &report, &["bob"]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let said: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&said["recorded"], &said["file"]), (&1.into(), &"r.html".into()));
    assert_eq!(said["made_by"], serde_json::json!(["bob"]));
    assert_eq!(said["verification"]["good"], true);
    assert_eq!(said["verification"]["copy_agrees"], true);
    let html = fs::read(folder.join("r.html")).unwrap();
    assert!(text(&String::from_utf8(html.clone()).unwrap()).contains("Made by bob"));
    let shown = at(folder, &["ledger", "show", "1", "--json"], &[]);
    let entry: Value = serde_json::from_slice(&shown.stdout).unwrap();
    let body = &entry["body"];
    let digest = cardmint::ledger::Hash::of(&[&html]).to_string();
    assert_eq!(
        (&entry["act"], &entry["officer"]),
        (&"ledger.export".into(), &"bob".into())
    );
    assert_eq!(
        (&body["format"], &body["digest"]),
        (&"report".into(), &digest.as_str().into())
    );
    assert_eq!(
        (&body["from"], &body["to"], &body["entries"]),
        (&0.into(), &1.into(), &1.into())
    );
    // The days that were asked for, in Beijing time, and not only the entries that they happen to have.
    assert_eq!(
        (&body["since"], &body["until"]),
        (&"2019-12-31T16:00:00Z".into(), &"2199-12-31T16:00:00Z".into())
    );
    // The file is there already, and the report is not made again over it.
    let again = at(folder, &report, &["bob"]);
    assert_eq!(again.status.code(), Some(2));
    assert_eq!(fs::read(folder.join("r.html")).unwrap(), html);
    // Nobody signs, so no page leaves the site; not even half of one is there.
    let unsigned: Vec<&str> = report[..8].iter().copied().chain(["s.html"]).collect();
    assert_eq!(at(folder, &unsigned, &[]).status.code(), Some(2));
    assert_eq!(at(folder, &report[..6], &[]).status.code(), Some(2));
    let names = fs::read_dir(folder).unwrap().map(|e| e.unwrap().file_name());
    assert!(
        names
            .into_iter()
            .all(|name| !name.to_string_lossy().starts_with("s.html"))
    );
    // The numbers on a screen are a query.
    let plain = at(folder, &report[..7], &[]);
    let said: Value = serde_json::from_slice(&plain.stdout).unwrap();
    assert_eq!((&said["recorded"], &said["ledger"]["size"]), (&Value::Null, &2.into()));
}

#[test]
fn what_is_no_period_or_night_is_refused() {
    let month = Kept::shared(false);
    for (from, to, more) in [
        ("2026-12-02", "2026-12-01", ""),
        ("2026-12", "2026-12-31", ""),
        ("2026-02-29", "2026-03-01", ""),
        ("20261201", "20261231", ""),
        ("2026-12-01", "2026-12-31", "--night=22"),
        ("2026-12-01", "2026-12-31", "--night=22-24"),
        ("2026-12-01", "2026-12-31", "--night=6-6"),
    ] {
        let mut command = Command::cargo_bin("cardmint").unwrap();
        command.args(["ledger", "report", "--from", from, "--to", to, "--file"]);
        let output = command
            .arg(&month.path)
            .args(Some(more).filter(|more| !more.is_empty()))
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(2), "{from} {to} {more}");
        assert!(output.stdout.is_empty());
    }
}

#[test]
fn long_periods_are_put_together_by_week_and_month() {
    let month = Kept::shared(false);
    for (from, to, class, group) in [
        (
            "2026-10-01",
            "2026-12-31",
            "weeks",
            "date(at, '+8 hours', 'weekday 0', '-6 days')",
        ),
        (
            "2026-01-01",
            "2026-12-31",
            "months",
            "strftime('%Y-%m', at, '+8 hours')",
        ),
    ] {
        let output = Command::cargo_bin("cardmint")
            .unwrap()
            .args(["ledger", "report", "--no-verify", "--from", from, "--to", to, "--file"])
            .arg(&month.path)
            .env("LC_ALL", "C.UTF-8")
            .output()
            .unwrap();
        assert!(output.status.success());
        let html = String::from_utf8(output.stdout).unwrap();
        let sql = Sql::open(&month.path, from, to);
        let theirs: BTreeMap<String, i64> = sql
            .by(group)
            .into_iter()
            .map(|(name, counts)| (name, counts[1]))
            .collect();
        let ours = rows(&html, class);
        let ours: BTreeMap<String, i64> = ours.iter().map(|row| (row[0].clone(), count(&row[2]))).collect();
        assert_eq!(ours, theirs, "{class}");
        assert!(ours.len() > 1);
        assert_eq!(count(&total(&html, class)[2]), theirs.values().sum::<i64>());
        assert!(html.contains("Not verified"));
    }
}

/// Lines that an archive took leave act, time and number behind; the report says that they are missing.
#[test]
fn archived_lines_are_named_and_not_taken_for_damage() {
    let month = Kept::shared(false);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger.db");
    fs::copy(&month.path, &path).unwrap();
    let db = rusqlite::Connection::open(&path).unwrap();
    let trigger: String = db
        .query_row(
            "SELECT sql FROM sqlite_schema WHERE name = 'entries_no_update'",
            [],
            |row| row.get(0),
        )
        .unwrap();
    db.execute_batch("DROP TRIGGER entries_no_update").unwrap();
    let gone = db
        .execute(
            "UPDATE entries SET line = json_object('act', act, 'at', at) WHERE act = 'stock.receive' AND seq < 50",
            [],
        )
        .unwrap();
    db.execute_batch(&trigger).unwrap();
    drop(db);
    let output = Command::cargo_bin("cardmint")
        .unwrap()
        .args([
            "ledger",
            "report",
            "--no-verify",
            "--json",
            "--from",
            "2026-12-01",
            "--to",
            "2026-12-31",
            "--file",
        ])
        .arg(&path)
        .output()
        .unwrap();
    let said: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(
        (&said["span"]["archived"], &said["span"]["unreadable"]),
        (&gone.into(), &0.into())
    );
    assert!(gone >= 3);
    let found = said["anomalies"].as_array().unwrap();
    assert!(
        found
            .iter()
            .any(|one| one["rule"] == "REPORT-UNREADABLE" && one["count"] == gone)
    );
    // What does not add up any more is not said to do so.
    assert!(
        said["stock"]
            .as_array()
            .unwrap()
            .iter()
            .any(|lot| lot["balanced"] == false)
    );
}

/// A page of a ledger that is not good says so above everything else, and ends with the code for that.
#[test]
fn a_page_looks_no_better_than_the_verdict() {
    let month = Kept::shared(false);
    let folder = tempfile::tempdir().unwrap();
    let damaged = Kept {
        path: folder.path().join("ledger.db"),
        copy: folder.path().join("checkpoint.note"),
    };
    fs::copy(&month.path, &damaged.path).unwrap();
    fs::copy(&month.copy, &damaged.copy).unwrap();
    let db = rusqlite::Connection::open(&damaged.path).unwrap();
    let trigger: String = db
        .query_row(
            "SELECT sql FROM sqlite_schema WHERE name = 'entries_no_update'",
            [],
            |row| row.get(0),
        )
        .unwrap();
    let seq: i64 = db
        .query_row("SELECT min(seq) FROM entries WHERE act = 'card.found'", [], |row| {
            row.get(0)
        })
        .unwrap();
    db.execute_batch(&format!(
        "DROP TRIGGER entries_no_update;
         UPDATE entries SET line = replace(line, '\"act\":\"card.found\"', '\"act\":\"card.fonud\"') WHERE seq = {seq};
         {trigger};"
    ))
    .unwrap();
    drop(db);
    let output = run(&damaged, &["--json"]);
    assert_eq!(output.status.code(), Some(3));
    let said: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(said["verification"]["good"], false);
    assert_eq!(said["verification"]["first_bad"], seq);
    assert_eq!(said["span"]["unreadable"], 1);
    let of_rule = |rule: &str| {
        said["anomalies"]
            .as_array()
            .unwrap()
            .iter()
            .find(|one| one["rule"] == rule)
            .cloned()
    };
    assert_eq!(
        of_rule("REPORT-UNREADABLE").unwrap()["entries"],
        serde_json::json!([seq])
    );
    let page = run(&damaged, &["--lang", "zh"]);
    assert_eq!(page.status.code(), Some(3));
    let html = String::from_utf8(page.stdout).unwrap();
    let verdict = html.split("class=\"verdict bad\"").nth(1).unwrap();
    assert!(verdict.contains("核验结论：不合格") && verdict.contains("LEDGER-ENTRY-ACT"));
    assert!(!html.contains("核验结论：合格"));
}
