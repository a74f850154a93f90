// SPDX-License-Identifier: Apache-2.0
//! Exports of a site: recorded before they have their name, found again after a crash, with holders' data for those who may look
//! at them and for nobody else.
#![allow(clippy::unwrap_used, clippy::print_stdout)] // a test may fail where it stands, and tells its seed

use std::fs;
use std::time::{Duration, Instant};

use cardmint::ledger::Hash;
use serde_json::{Value, json};

use batch_cli::hall::{CARDS, Hall, number};

mod centre;

mod batch_cli {
    use super::centre;

    pub mod hall;
}

/// A hall whose batch is made.
fn made() -> Hall {
    let hall = Hall::new();
    hall.approved();
    hall.hopper("h", CARDS, 1);
    hall.zhang("batch run B --reader sim:h").ok();
    hall
}

fn digest(hall: &Hall, name: &str) -> String {
    Hash::of(&[&fs::read(hall.path(name)).unwrap()]).to_string()
}

/// The entries that record exports.
fn recorded(hall: &Hall) -> Vec<Value> {
    hall.look("ledger log --act ledger.export").ok().lines()
}

fn csv_of(hall: &Hall, name: &str) -> (Vec<String>, Vec<Vec<String>>) {
    let mut reader = csv::Reader::from_path(hall.path(name)).unwrap();
    let cells = |row: &csv::StringRecord| row.iter().map(str::to_owned).collect();
    let headings = cells(reader.headers().unwrap());
    (headings, reader.records().map(|row| cells(&row.unwrap())).collect())
}

#[test]
fn an_export_is_recorded_before_it_has_its_name() {
    let hall = made();
    let line = "ledger export --format csv --batch B --since 2020 --out a.csv";
    hall.look(line).refused(2, "site-officers");
    assert!(recorded(&hall).is_empty() && !hall.path("a.csv").exists());
    let said = hall.zhang(line).ok().of("cardmint.ledger-export/1");
    let entry = recorded(&hall).swap_remove(0);
    let rows = csv_of(&hall, "a.csv").1.len();
    assert_eq!(rows, 3 + 2 * CARDS as usize, "new, approve, run, and two for each card");
    let body = json!({
        "format": "csv", "from": entry["body"]["from"], "to": entry["seq"], "since": "2019-12-31T16:00:00Z", "batch": "B",
        "entries": rows, "digest": digest(&hall, "a.csv"),
    });
    assert_eq!((&entry["body"], &entry["officer"]), (&body, &json!("zhang")));
    assert_eq!(entry["sigs"].as_array().unwrap().len(), 1, "an auditor does it alone");
    assert_eq!((&said["recorded"], &said["finished"]), (&entry["seq"], &json!(false)));
    assert_eq!((&said["digest"], &said["entries"]), (&body["digest"], &json!(rows)));
    hall.zhang(line).refused(2, "ledger-export-exists");
    hall.zhang("ledger export --format jsonl")
        .refused(2, "ledger-export-out");
    hall.zhang("ledger export --format csv --out none/b.csv")
        .refused(2, "key-file-no-folder");

    // As a crash leaves it between the entry and the name.
    let file = fs::read(hall.path("a.csv")).unwrap();
    fs::rename(hall.path("a.csv"), hall.path("a.csv.new")).unwrap();
    hall.zhang("ledger export --format csv --out a.csv")
        .refused(2, "ledger-export-left-over");
    let again = hall.zhang(line).ok();
    assert!(again.err.contains("ledger-export-finished"), "{}", again.err);
    let again = again.of("cardmint.ledger-export/1");
    assert_eq!((&again["recorded"], &again["finished"]), (&entry["seq"], &json!(true)));
    assert_eq!(fs::read(hall.path("a.csv")).unwrap(), file);
    assert!(!hall.path("a.csv.new").exists());
    assert_eq!(recorded(&hall).len(), 1, "nothing new was exported");

    // As a crash leaves it before the entry.
    fs::write(hall.path("b.jsonl.new"), &file[..file.len() / 2]).unwrap();
    hall.zhang("ledger export --format jsonl --out b.jsonl").ok();
    assert!(!hall.path("b.jsonl.new").exists());
    let last = recorded(&hall).swap_remove(1);
    assert_eq!(last["body"]["digest"], digest(&hall, "b.jsonl"));
    assert_eq!(
        last["body"]["to"], last["seq"],
        "it holds the ledger up to its own entry"
    );
    // The exports of a batch belong to it.
    let of_batch = hall.look("ledger log --batch B --act ledger").ok().lines();
    assert_eq!(of_batch.len(), 1);
    hall.zhang("ledger checkpoint --sign").ok();
    hall.entries();
}

#[test]
fn holders_leave_for_those_who_may_look_and_an_erased_one_is_gone() {
    let hall = made();
    let export = |name: &str, more: &str, officers: &str| {
        hall.run(
            &format!("ledger export --rows cards --out {name} {more} --json"),
            officers,
        )
    };
    export("a.csv", "--format csv", "zhang").ok();
    export("a.parquet", "--format parquet", "zhang").ok();
    export("a.jsonl", "--format jsonl", "zhang").ok();
    for name in ["a.csv", "a.parquet", "a.jsonl"] {
        let bytes = fs::read(hall.path(name)).unwrap();
        let name_of_one = "张1".as_bytes();
        assert!(
            !bytes.windows(name_of_one.len()).any(|part| part == name_of_one),
            "{name}"
        );
    }
    let holders = "--with-holders --reason audit";
    export("b.csv", &format!("--format csv {holders}"), "zhang").refused(2, "site-officers");
    let before = recorded(&hall).len();
    export("b.csv", &format!("--format csv {holders}"), "zhang li").ok();
    let entry = recorded(&hall).swap_remove(before);
    let body = &entry["body"];
    assert_eq!(
        (&body["holders"], &body["reason"], &body["content"]),
        (&json!(true), &json!("audit"), &json!("cards"))
    );
    assert_eq!(body["digest"], digest(&hall, "b.csv"));
    let (headings, rows) = csv_of(&hall, "b.csv");
    assert_eq!(headings[31..], ["holder's data", "holder's name", "id number"]);
    for (n, row) in (1..=CARDS).zip(&rows) {
        assert_eq!(
            (&row[3], &row[32], &row[33]),
            (&number(n), &format!("张{n}"), &String::new())
        );
        assert_eq!(
            (&row[7], &row[8], &row[23], &row[31]),
            (&"B".into(), &"O".into(), &"issued".into(), &"here".into())
        );
    }
    assert_eq!(rows.len(), CARDS as usize);
    let status = hall.status();
    assert_eq!(status["issued"], rows.iter().filter(|row| row[23] == "issued").count());

    hall.zhang(&format!("holder erase {} --reason asked", number(2))).ok();
    export("c.csv", &format!("--format csv --headings zh {holders}"), "zhang li").ok();
    export("c.jsonl", &format!("--format jsonl {holders}"), "zhang li").ok();
    let (headings, rows) = csv_of(&hall, "c.csv");
    assert_eq!((headings[3].as_str(), headings[32].as_str()), ("卡号", "持卡人姓名"));
    let gone = cardmint::i18n::word("holder-state", "erased", cardmint::i18n::Lang::Zh);
    assert_eq!(rows[1][31..], ["erased".to_owned(), gone.clone(), gone]);
    assert_eq!(rows[2][32], "张3");
    let json = fs::read_to_string(hall.path("c.jsonl")).unwrap();
    let rows: Vec<Value> = json.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(
        (&rows[1]["holder"], &rows[1]["holder_name"]),
        (&json!("erased"), &Value::Null)
    );
    assert_eq!(
        (&rows[2]["holder"], &rows[2]["holder_name"]),
        (&json!("here"), &json!("张3"))
    );
    hall.entries();
}

/// Killed at any moment, an export is there and recorded, or can be made as if nothing had been.
#[test]
fn a_killed_export_leaves_nothing_that_a_second_run_does_not_explain() {
    let hall = Hall::new();
    let begun = Instant::now();
    hall.zhang("ledger export --format jsonl --out first.jsonl").ok();
    let whole = begun.elapsed();
    for round in 0..4_u32 {
        let name = format!("k{round}.jsonl");
        let line = format!("ledger export --format jsonl --out {name}");
        // The entry and the name come at the end.
        let part = f64::from(80 + 6 * round) / 100.0;
        let mut child = hall.command(&line, "zhang").spawn().unwrap();
        std::thread::sleep(Duration::from_secs_f64(whole.as_secs_f64() * part));
        child.kill().unwrap();
        child.wait().unwrap();
        if !hall.path(&name).exists() {
            hall.run(&format!("{line} --json"), "zhang").ok();
        }
        assert!(!hall.path(&format!("{name}.new")).exists());
        let digest = digest(&hall, &name);
        let all = recorded(&hall);
        assert_eq!(
            all.iter()
                .filter(|entry| entry["body"]["digest"] == digest.as_str())
                .count(),
            1,
            "{name}"
        );
    }
    hall.entries();
}
