// SPDX-License-Identifier: Apache-2.0
//! `cardmint ledger` as it is typed.

use std::fs;
use std::process::Output;

use assert_cmd::Command;
use cardmint::ledger::Hash;
use rusqlite::Connection;

use super::bench_site::Bench;
use super::story::{joined, lines, told};

fn run(b: &Bench, args: &[&str]) -> Output {
    let mut command = Command::cargo_bin("cardmint").unwrap();
    command.arg("ledger").args(args);
    // Named files, as an auditor has them; tests of whole sites are elsewhere.
    if !args.contains(&"--file") && !args.contains(&"--export") && !args.contains(&"--evidence") {
        command.arg("--file").arg(b.path()).arg("--copy").arg(b.copy());
    }
    command.env_remove("CARDMINT_SITE").env("LC_ALL", "C").output().unwrap()
}

fn out(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn err(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

#[test]
fn verify_says_good_or_names_the_entry() {
    let b = told();
    let good = run(&b, &["verify"]);
    assert_eq!(good.status.code(), Some(0), "{}{}", out(&good), err(&good));
    assert!(
        out(&good).contains("GOOD") && out(&good).contains("rehearsal") && out(&good).contains("copy outside agrees")
    );
    let key = b.ledger.note_key().to_string();
    assert_eq!(run(&b, &["verify", "--key", &key]).status.code(), Some(0));
    let other = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
    assert_eq!(run(&b, &["verify", "--key", other]).status.code(), Some(3));
    assert_eq!(run(&b, &["verify", "--key", "nonsense"]).status.code(), Some(2));
    let db = Connection::open(b.path()).unwrap();
    db.execute_batch(
        "DROP TRIGGER entries_no_update; UPDATE entries SET line = replace(line, 'C1', 'C8') WHERE seq = 8",
    )
    .unwrap();
    let bad = run(&b, &["verify"]);
    assert_eq!(bad.status.code(), Some(3));
    assert!(
        out(&bad).contains("LEDGER-SIGNATURE") && out(&bad).contains("the first at entry 8"),
        "{}",
        out(&bad)
    );
    let zh = run(&b, &["verify", "--lang", "zh"]);
    assert!(out(&zh).contains("核验不通过") && out(&zh).contains("第 8 条"));
    let json = run(&b, &["verify", "--json"]);
    let last: serde_json::Value = serde_json::from_str(out(&json).lines().last().unwrap()).unwrap();
    assert_eq!(
        (last["good"].as_bool(), last["first_bad"].as_u64()),
        (Some(false), Some(8))
    );
}

#[test]
fn a_verdict_says_what_it_was_not_held_against() {
    let b = told();
    let folder = tempfile::tempdir().unwrap();
    let [file, note, empty] = ["entries", "note", "empty"].map(|name| folder.path().join(name));
    let whole = lines(&b.ledger);
    fs::write(&file, joined(&whole[..whole.len() - 2])).unwrap();
    fs::write(&note, b.ledger.checkpoint_note().unwrap().unwrap()).unwrap();
    fs::write(&empty, "").unwrap();
    let file = file.to_str().unwrap();
    // Two entries were cut off: without the checkpoint nobody can see it, and that is what is said.
    let alone = run(&b, &["verify", "--export", file]);
    assert_eq!(alone.status.code(), Some(0));
    let said = out(&alone);
    assert!(
        said.contains("no checkpoint was given") && said.contains("no key was given"),
        "{said}"
    );
    let zh = out(&run(&b, &["verify", "--export", file, "--lang", "zh"]));
    assert!(zh.contains("未给出检查点") && zh.contains("未给出公钥"), "{zh}");
    let known = run(
        &b,
        &["verify", "--export", file, "--key", &b.ledger.note_key().to_string()],
    );
    assert!(!out(&known).contains("no key was given"));
    let cut = run(
        &b,
        &["verify", "--export", file, "--checkpoint", note.to_str().unwrap()],
    );
    assert_eq!(cut.status.code(), Some(3));
    assert!(!out(&cut).contains("no checkpoint was given"), "{}", out(&cut));
    // Neither is a file that is no checkpoint one by another key.
    let none = run(
        &b,
        &["verify", "--export", file, "--checkpoint", empty.to_str().unwrap()],
    );
    assert!(
        out(&none).contains("no signed note") && out(&none).contains("BAD: 1 finding\n"),
        "{}",
        out(&none)
    );
    let not_a_file = run(&b, &["verify", "--export", folder.path().to_str().unwrap()]);
    assert_eq!(not_a_file.status.code(), Some(4));
    assert!(!err(&not_a_file).contains("database"), "{}", err(&not_a_file));
}

#[test]
fn a_wrong_path_makes_nothing() {
    let b = told();
    let gone = b.folder.path().join("nowhere.db");
    let missing = run(&b, &["verify", "--file", gone.to_str().unwrap()]);
    assert_eq!(missing.status.code(), Some(2));
    assert!(err(&missing).contains("there is no ledger") && !gone.exists());
    fs::remove_file(b.copy()).unwrap();
    let lost = run(&b, &["log"]);
    assert_eq!(lost.status.code(), Some(3));
    assert!(err(&lost).contains("checkpoint kept outside"));
}

#[test]
fn the_jsonl_export_is_the_stored_bytes_and_verifies() {
    let b = told();
    let file = b.folder.path().join("all.jsonl");
    let name = file.to_str().unwrap();
    let done = run(&b, &["export", "--format", "jsonl", "--out", name]);
    assert_eq!(done.status.code(), Some(0), "{}", err(&done));
    let bytes = fs::read(&file).unwrap();
    assert_eq!(bytes, joined(&lines(&b.ledger)));
    assert!(out(&done).contains(&Hash::of(&[&bytes]).to_string()) && err(&done).contains("not recorded"));
    assert_eq!(
        run(&b, &["export", "--format", "jsonl", "--out", name]).status.code(),
        Some(2),
        "never overwritten"
    );
    assert_eq!(out(&run(&b, &["export", "--format", "jsonl"])).into_bytes(), bytes);
    let note = b.copy();
    let note = note.to_str().unwrap();
    let verified = run(&b, &["verify", "--export", name, "--checkpoint", note]);
    assert_eq!(verified.status.code(), Some(0), "{}", out(&verified));
    fs::write(&file, &bytes[..bytes.len() / 2]).unwrap();
    assert_eq!(
        run(&b, &["verify", "--export", name, "--checkpoint", note])
            .status
            .code(),
        Some(3)
    );
}

#[test]
fn the_csv_export_has_headings_in_both_languages() {
    let b = told();
    let csv = run(
        &b,
        &["export", "--format", "csv", "--lang", "zh", "--bom", "--act", "card"],
    );
    let text = out(&csv);
    assert!(text.starts_with("\u{feff}序号,时间（UTC）,"), "{text}");
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let rows: Vec<csv::StringRecord> = reader.records().collect::<Result<_, _>>().unwrap();
    assert_eq!(rows.len(), 6);
    assert!(
        rows.iter()
            .all(|row| row.len() == 18 && row[4].starts_with("card.") && &row[3] == "true")
    );
    assert_eq!((&rows[1][11], &rows[3][11]), ("in-doubt", "issued"));
    let ranged = run(&b, &["export", "--format", "csv", "--from", "3", "--to", "5"]);
    assert_eq!(out(&ranged).lines().count(), 4);
}

#[test]
fn entries_are_found_shown_and_proved() {
    let b = told();
    let log = run(&b, &["log", "--number", "1001", "--json"]);
    assert_eq!(out(&log).lines().count(), 10);
    assert_eq!(
        out(&run(&b, &["log", "--by", "李四", "--act", "key"])).lines().count(),
        7
    );
    assert!(out(&run(&b, &["show", "11"])).contains("\"result\": \"issued\""));
    assert_eq!(run(&b, &["show", "999"]).status.code(), Some(2));
    let note = run(&b, &["checkpoint"]);
    assert_eq!(out(&note), fs::read_to_string(b.copy()).unwrap());
    let file = b.folder.path().join("card.tlog-proof");
    let name = file.to_str().unwrap();
    assert_eq!(run(&b, &["prove", "1001", "--out", name]).status.code(), Some(0));
    let key = b.ledger.note_key().to_string();
    let good = run(&b, &["verify", "--evidence", name, "--key", &key]);
    assert_eq!(good.status.code(), Some(0), "{}", err(&good));
    assert!(out(&good).contains("GOOD: entry 11"));
    let text = fs::read_to_string(&file).unwrap();
    fs::write(&file, text.replace("index 11", "index 12")).unwrap();
    assert_eq!(
        run(&b, &["verify", "--evidence", name, "--key", &key]).status.code(),
        Some(3)
    );
    assert_eq!(run(&b, &["prove", "nobody"]).status.code(), Some(2));
}

#[test]
fn rebuild_repairs_the_tables() {
    let b = told();
    Connection::open(b.path())
        .unwrap()
        .execute_batch("UPDATE cards SET status = 'void'")
        .unwrap();
    assert_eq!(run(&b, &["verify"]).status.code(), Some(3));
    assert_eq!(run(&b, &["rebuild"]).status.code(), Some(0));
    assert_eq!(run(&b, &["verify"]).status.code(), Some(0));
}

#[test]
fn ceremonies_are_shown_in_both_languages() {
    let b = super::ceremony_story::told_ceremonies();
    let log = out(&run(&b, &["log"]));
    for said in [
        "“city keys”, 4 participants",
        "abandoned, 0 steps (ceremony of entry 1)",
        "load/1 2677F4 active (ceremony of entry 4)",
        "2 of 3 open the key store: 张三 + 王五 + 孙七 (ceremony of entry 16)",
        "1 keys of generation 7, opened by 2 of 3 shares",
        "completed, 6 steps (ceremony of entry 4)",
    ] {
        assert!(log.contains(said), "{said}:\n{log}");
    }
    let end = out(&run(&b, &["show", "11"]));
    for said in [
        "  2. purchase (",
        "key purchase/1, check value 2677F4",
        "component of 王五, check value AABBCC",
        "confirmed by 张三 + 李四",
        "2026-11-18T11:10:40Z",
        "file ministry-bundle, digest ",
    ] {
        assert!(end.contains(said), "{said}:\n{end}");
    }
    let zh = out(&run(&b, &["show", "4", "--lang", "zh"]));
    for said in ["“city keys”，4 名参加者", "接替第 3 条的仪式", "（保管人）：王五"] {
        assert!(zh.contains(said), "{said}:\n{zh}");
    }
    let log = out(&run(&b, &["log", "--act", "store", "--lang", "zh"]));
    assert!(
        log.contains("保管库重新分片") && log.contains("3 人中 2 人可开启"),
        "{log}"
    );
    let lines: Vec<serde_json::Value> = out(&run(&b, &["log", "--act", "ceremony", "--json"]))
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(lines.len(), 11);
    assert!(lines.iter().all(|line| line["schema"] == "cardmint.ledger-entry/1"));
}
