// SPDX-License-Identifier: Apache-2.0
//! Tables of entries and cards: every cell compared with SQL over the entries' lines or with what a walk over them says; Parquet
//! read back by the crate and by DuckDB; cells that spreadsheets would run.

mod columns;

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command as Process, Output};

use assert_cmd::Command;
use cardmint::ledger::act::{CardVoid, OrderImport};
use cardmint::ledger::export::{Cell, Column, Kind, ParquetSheet, Sheet};
use cardmint::ledger::{Act, CardKind, Ending, Moment};
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::Field;
use rusqlite::Connection;
use serde_json::{Value, json};

use super::bench_site::*;
use super::centre_story::{self, BOTH, Centre, OPERATOR, card};
use super::story::lines;

fn run(b: &Centre, args: &[&str]) -> Output {
    let mut command = Command::cargo_bin("cardmint").unwrap();
    command.args(["ledger", "export", "--file"]).arg(b.path()).args(args);
    command.env_remove("CARDMINT_SITE").env("LC_ALL", "C").output().unwrap()
}

#[track_caller]
fn exported(b: &Centre, name: &str, args: &[&str]) -> PathBuf {
    let path = b.folder.path().join(name);
    let output = run(b, &[&["--out", path.to_str().unwrap()], args].concat());
    assert_eq!(
        output.status.code(),
        Some(0),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(said.contains("not recorded"), "{said}");
    path
}

/// Headings and rows of a CSV file.
fn csv_of(path: &Path) -> (Vec<String>, Vec<Vec<String>>) {
    let mut reader = csv::Reader::from_path(path).unwrap();
    let cells = |row: &csv::StringRecord| row.iter().map(str::to_owned).collect();
    let headings = cells(reader.headers().unwrap());
    (headings, reader.records().map(|row| cells(&row.unwrap())).collect())
}

/// The rows of a query, each cell as a CSV file has it.
fn asked(b: &Centre, sql: &str) -> Vec<Vec<String>> {
    let db = Connection::open(b.path()).unwrap();
    let mut find = db.prepare(sql).unwrap();
    let columns = find.column_count();
    let rows = find.query_map([], |row| {
        (0..columns)
            .map(|at| {
                Ok(match row.get::<_, rusqlite::types::Value>(at)? {
                    rusqlite::types::Value::Null => String::new(),
                    rusqlite::types::Value::Integer(n) => n.to_string(),
                    rusqlite::types::Value::Text(text) => text,
                    other => panic!("{other:?}"),
                })
            })
            .collect()
    });
    rows.unwrap().collect::<Result<_, _>>().unwrap()
}

#[test]
fn a_table_of_entries_says_what_sql_says() {
    let b = centre_story::told();
    let (headings, rows) = csv_of(&exported(&b, "a.csv", &["--format", "csv"]));
    let expected = asked(
        &b,
        "SELECT json_extract(line, '$.seq'), json_extract(line, '$.at'), json_extract(line, '$.site'), 'true',
            json_extract(line, '$.act'), json_extract(line, '$.officer'),
            (SELECT group_concat(value ->> '$.officer', ' ') FROM json_each(line, '$.sigs') WHERE key > 0),
            line ->> '$.body.number', line ->> '$.body.chip', line ->> '$.body.terminal', line ->> '$.body.batch',
            line ->> '$.body.result', line ->> '$.body.amount', line ->> '$.body.key', line ->> '$.body.kcv',
            line ->> '$.body.reason', json_extract(line, '$.body'), NULL
         FROM entries ORDER BY seq",
    );
    assert_eq!((headings.len(), rows.len()), (18, expected.len()));
    for (seq, (row, mut wanted)) in rows.iter().zip(expected).enumerate() {
        wanted[17] = cardmint::ledger::Hash::leaf(&b.ledger.line(seq as u64).unwrap()).to_string();
        assert_eq!(*row, wanted, "entry {seq}");
    }
    // Sums that somebody would take over the file are those over the database.
    let sum: u64 = rows.iter().filter_map(|row| row[12].parse::<u64>().ok()).sum();
    assert_eq!(
        asked(&b, "SELECT sum(line ->> '$.body.amount') FROM entries"),
        [[sum.to_string()]]
    );
    let zh = exported(
        &b,
        "zh.csv",
        &["--format", "csv", "--headings", "zh", "--act", "purse."],
    );
    assert_eq!(csv_of(&zh).0[..3], ["序号", "时间（UTC）", "站点"]);
    let beijing = exported(
        &b,
        "b.csv",
        &["--format", "csv", "--beijing-time", "--digits-as-text", "--to", "0"],
    );
    let (headings, rows) = csv_of(&beijing);
    assert_eq!(
        (headings[1].as_str(), rows[0][1].as_str()),
        ("time (Beijing)", "2026-11-18 19:06:40")
    );
}

/// A centre with cards of every fate: two attempts, given up, in doubt, PSAMs, and a card that no batch made.
fn fates() -> Centre {
    let mut b = centre_story::told();
    let blanks = Act::StockHandOut(centre_story::hand_out("L1", "张三", 5));
    b.by(&["李四"], blanks).unwrap();
    let order: OrderImport = centre_story::order("four", vec![centre_story::span(21, 24, Some("31"))], 4);
    b.by(OPERATOR, Act::OrderImport(order.clone())).unwrap();
    let batch = centre_story::batch("E", &order);
    b.by(OPERATOR, Act::BatchNew(batch.clone())).unwrap();
    b.by(&["李四"], centre_story::approval(&batch)).unwrap();
    b.by(OPERATOR, centre_story::begin(&batch)).unwrap();
    let write = |b: &mut Centre, n: u32, resumes: Option<u64>, result: Option<Ending>| {
        let mut body = centre_story::card_of("E", n, Some("L1"));
        body.resumes = resumes;
        let seq = b.by(OPERATOR, Act::CardIntent(body)).unwrap();
        if let Some(result) = result {
            let mut done = outcome(&card(n), seq, result);
            if result != Ending::Issued {
                done.reason = Some(text("=torn away; =2+3"));
                done.status_word = Some(super::story::short("6A82"));
            }
            b.by(OPERATOR, Act::CardOutcome(done)).unwrap();
        }
        seq
    };
    let seq = write(&mut b, 21, None, Some(Ending::FailedBlank));
    write(&mut b, 21, Some(seq), Some(Ending::Issued));
    write(&mut b, 22, None, None);
    write(&mut b, 23, None, Some(Ending::InDoubt));
    write(&mut b, 24, None, Some(Ending::FailedPartial));
    let void = CardVoid {
        kind: CardKind::User,
        number: number(&card(24)),
        reason: text("scrap"),
    };
    b.by(BOTH, Act::CardVoid(void)).unwrap();
    b.checkpoint();
    b
}

/// What the entries say of each card, one after the other.
fn walked(b: &Centre) -> BTreeMap<(String, String), BTreeMap<&'static str, Value>> {
    let mut cards: BTreeMap<(String, String), BTreeMap<&'static str, Value>> = BTreeMap::new();
    let mut batches: BTreeMap<String, (Value, String)> = BTreeMap::new();
    for line in lines(&b.ledger) {
        let e: Value = serde_json::from_slice(&line).unwrap();
        let (act, body, at, seq) = (e["act"].as_str().unwrap(), &e["body"], &e["at"], &e["seq"]);
        let signed = |from: usize| {
            let sigs = e["sigs"].as_array().unwrap().iter().skip(from);
            let names: Vec<&str> = sigs.map(|sig| sig["officer"].as_str().unwrap()).collect();
            names.join(" ")
        };
        let psam = act.starts_with("psam.") || body["kind"] == "psam";
        let kind = if psam { "psam" } else { "user" };
        let id = |number: &Value| (kind.to_owned(), number.as_str().unwrap_or_default().to_owned());
        let batch = body["batch"].as_str().unwrap_or_default().to_owned();
        match act {
            "batch.new" => drop(batches.insert(batch, (body["order"].clone(), String::new()))),
            "batch.approve" => batches.get_mut(&batch).unwrap().1 = signed(0),
            "card.intent" | "psam.intent" => {
                let (order, approvers) = batches.get(&batch).cloned().unwrap_or_default();
                let old = cards.remove(&id(&body["number"])).unwrap_or_default();
                let attempts = old.get("attempts").and_then(Value::as_u64).unwrap_or(0) + 1;
                let keys: Vec<String> = body["keys"]
                    .as_array()
                    .into_iter()
                    .flatten()
                    .map(|k| format!("{} {}", k["key"].as_str().unwrap(), k["kcv"].as_str().unwrap()))
                    .collect();
                let lot = if body["lot"].is_null() {
                    old.get("lot").cloned()
                } else {
                    Some(body["lot"].clone())
                };
                let mut card: BTreeMap<&'static str, Value> = BTreeMap::from([
                    ("chip", body["chip"].clone()),
                    ("terminal", body["terminal"].clone()),
                    ("template", body["template"].clone()),
                    ("batch", body["batch"].clone()),
                    ("order_id", order),
                    ("lot", lot.unwrap_or_default()),
                    ("reader", body["reader"].clone()),
                    ("operator", e["officer"].clone()),
                    ("attempts", json!(attempts)),
                    ("intent", seq.clone()),
                    ("intended", at.clone()),
                    ("script", body["script"].clone()),
                    ("status", json!("in-doubt")),
                    ("changed", seq.clone()),
                    ("changed_at", at.clone()),
                    ("blocked", json!(false)),
                ]);
                if !approvers.is_empty() {
                    card.insert("approvers", json!(approvers));
                }
                if !keys.is_empty() {
                    card.insert("keys", json!(keys.join("; ")));
                }
                cards.insert(id(&body["number"]), card);
            }
            "card.outcome" | "psam.outcome" => {
                let card = cards.get_mut(&id(&body["number"])).unwrap();
                card.insert("outcome", seq.clone());
                card.insert("concluded", at.clone());
                for (name, field) in [
                    ("result", "result"),
                    ("reason", "reason"),
                    ("status_word", "status_word"),
                    ("status", "result"),
                ] {
                    card.insert(name, body[field].clone());
                }
                if body["result"] == "issued" {
                    card.insert("state", json!("in-use"));
                }
                // A blank that is blank again is under no number.
                if body["result"] == "failed-blank" {
                    card.insert("lot", Value::Null);
                }
            }
            "card.void" => {
                cards
                    .get_mut(&id(&body["number"]))
                    .unwrap()
                    .insert("status", json!("void"));
            }
            _ => {}
        }
        let state = match act {
            "card.lost" => "lost",
            "card.found" => "in-use",
            "card.replace" => "replaced",
            "card.exchange" => "exchanged",
            "card.return" => "returned",
            "card.cancel" => "cancelled",
            _ => "",
        };
        let touched = (act.starts_with("card.") || act == "psam.outcome") && !act.ends_with("intent");
        if let Some(card) = cards.get_mut(&id(&body["number"])).filter(|_| touched) {
            if !state.is_empty() {
                card.insert("state", json!(state));
            }
            if body["new"].is_string() {
                card.insert("replaced_by", body["new"].clone());
            }
            let writes = ["card.extend", "card.block", "card.unblock"].contains(&act);
            if !writes {
                card.insert("changed", seq.clone());
                card.insert("changed_at", at.clone());
            }
        }
        if let Some(card) = body["new"].as_str().and_then(|_| cards.get_mut(&id(&body["new"]))) {
            card.insert("replaces", body["number"].clone());
            card.insert("changed", seq.clone());
            card.insert("changed_at", at.clone());
        }
    }
    // The story extends one card, and blocks and unblocks it.
    cards
        .get_mut(&("user".to_owned(), card(5)))
        .unwrap()
        .insert("last_day", json!("20401231"));
    for card in cards.values_mut() {
        card.retain(|_, value| !value.is_null());
    }
    cards
}

fn json_rows(path: &Path) -> Vec<serde_json::Map<String, Value>> {
    let text = std::fs::read_to_string(path).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn a_table_of_cards_says_what_the_entries_say() {
    let b = fates();
    let rows = json_rows(&exported(&b, "cards.jsonl", &["--format", "jsonl", "--rows", "cards"]));
    let mut expected = walked(&b);
    assert_eq!(rows.len(), expected.len());
    assert_eq!(rows.len().to_string(), asked(&b, "SELECT count(*) FROM cards")[0][0]);
    for row in &rows {
        let mut row = row.clone();
        let mut take = |name: &str| row.remove(name).unwrap();
        assert_eq!(take("schema"), "cardmint.card-row/1");
        assert_eq!((take("site"), take("rehearsal")), (json!("city-3100"), json!(true)));
        let id = (
            take("kind").as_str().unwrap().to_owned(),
            take("number").as_str().unwrap().to_owned(),
        );
        let wanted: serde_json::Map<String, Value> = expected
            .remove(&id)
            .unwrap()
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value))
            .collect();
        assert_eq!(Value::Object(row), Value::Object(wanted), "{id:?}");
    }
    // Totals as an audit office takes them.
    let count = |name: &str, value: &str| {
        rows.iter()
            .filter(|row| row.get(name) == Some(&json!(value)))
            .count()
            .to_string()
    };
    for status in ["issued", "in-doubt", "failed-blank", "void"] {
        let sql = format!("SELECT count(*) FROM cards WHERE status = '{status}'");
        assert_eq!(asked(&b, &sql)[0][0], count("status", status), "{status}");
    }
}

#[test]
fn a_table_of_cards_is_narrowed_by_what_became_of_them() {
    let b = fates();
    let numbers = |name: &str, args: &[&str]| -> Vec<String> {
        let path = exported(&b, name, &[&["--format", "jsonl", "--rows", "cards"], args].concat());
        let number = |row: &serde_json::Map<String, Value>| row["number"].as_str().unwrap().to_owned();
        json_rows(&path).iter().map(number).collect()
    };
    let of = |cards: &[u32]| -> Vec<String> { cards.iter().map(|n| card(*n)).collect() };
    assert_eq!(numbers("1", &["--batch", "E"]), of(&[21, 22, 23, 24]));
    assert_eq!(numbers("2", &["--card", &card(22)]), of(&[22]));
    assert_eq!(numbers("3", &["--batch", "B", "--by", "李四"]), of(&[]));
    assert_eq!(
        numbers("4", &["--batch", "B", "--by", "张三"]),
        of(&[1, 2, 3, 4, 5, 6, 7])
    );
    // The period of the outcome counts: card 21 was begun, and failed, before it.
    let issued = asked(
        &b,
        "SELECT at FROM entries WHERE act = 'card.outcome' AND number = '3100000000000021' ORDER BY seq DESC",
    );
    assert_eq!(numbers("5", &["--since", &issued[0][0]]), of(&[21, 22, 23, 24]));
    assert_eq!(
        numbers("6", &["--until", &issued[0][0]]),
        [&["31000000000000000001".to_owned()], &of(&[1, 2, 3, 4, 5, 6, 7])[..]].concat()
    );
    let error = run(&b, &["--format", "csv", "--rows", "cards", "--act", "card."]);
    assert_eq!(error.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&error.stderr).contains("a table of cards cannot be narrowed"));
}

#[test]
fn text_that_would_be_run_is_text_in_every_column() {
    let b = fates();
    let evil = "=torn away; =2+3";
    let path = exported(&b, "a.csv", &["--format", "csv", "--act", "card.outcome"]);
    let (_, rows) = csv_of(&path);
    let found: Vec<&Vec<String>> = rows.iter().filter(|row| row[15].contains("torn")).collect();
    assert_eq!(found.len(), 3);
    assert!(
        found
            .iter()
            .all(|row| row[15] == "'=torn away;' =2+3" && !row[16].starts_with('='))
    );
    assert!(
        found
            .iter()
            .all(|row| row[16].contains("\"reason\":\"=torn away;' =2+3\"")),
        "{}",
        found[0][16]
    );
    // JSON Lines have the bytes as they are.
    let lines = exported(&b, "a.jsonl", &["--format", "jsonl"]);
    assert!(std::fs::read_to_string(lines).unwrap().contains(evil));
    // No field that a spreadsheet takes by any of its separators begins a formula.
    let all = std::fs::read_to_string(exported(&b, "b.csv", &["--format", "csv"])).unwrap();
    let begins = |cell: &str| {
        cell.trim_start()
            .trim_start_matches('"')
            .starts_with(['=', '+', '-', '@'])
    };
    assert!(all.split([',', ';', '\t', '\r', '\n']).all(|cell| !begins(cell)));
}

#[test]
fn gb18030_and_what_does_not_go_together() {
    let b = fates();
    let path = exported(
        &b,
        "gb.csv",
        &["--format", "csv", "--encoding", "gb18030", "--headings", "zh"],
    );
    let bytes = std::fs::read(path).unwrap();
    assert!(std::str::from_utf8(&bytes).is_err());
    let (text, _, wrong) = encoding_rs::GB18030.decode(&bytes);
    assert!(!wrong && text.starts_with("序号,时间（UTC）,站点") && text.contains("张三"));
    for (args, id) in [
        (
            &["--format", "csv", "--encoding", "gb18030", "--bom"][..],
            "ledger-export-bom",
        ),
        (&["--format", "jsonl", "--bom"], "ledger-export-csv-only"),
        (&["--format", "parquet", "--headings", "zh"], "ledger-export-csv-only"),
        (
            &["--format", "csv", "--with-holders", "--reason", "x"],
            "ledger-export-holders-rows",
        ),
        (
            &["--format", "csv", "--rows", "cards", "--with-holders", "--reason", "x"],
            "ledger-export-holders-copy",
        ),
        (
            &["--format", "csv", "--rows", "cards", "--with-holders"],
            "usage-missing-argument",
        ),
        (&["--format", "csv", "--reason", "x"], "usage-missing-argument"),
        (&["--format", "xlsx"], "usage-value-of"),
        (
            &["--format", "csv", "--out", "/no/such/folder/a.csv"],
            "key-file-no-folder",
        ),
    ] {
        let output = run(&b, &[args, &["--json"]].concat());
        let said = String::from_utf8_lossy(&output.stderr);
        let error: Value = serde_json::from_str(said.lines().last().unwrap()).unwrap();
        assert_eq!(
            (output.status.code(), error["id"].as_str()),
            (Some(2), Some(id)),
            "{said}"
        );
    }
    let stdout = run(&b, &["--format", "parquet"]).stdout;
    assert_eq!(
        (&stdout[..4], &stdout[stdout.len() - 4..]),
        (&b"PAR1"[..], &b"PAR1"[..])
    );
}

/// A disk that is full in the middle of a file.
#[test]
fn what_cannot_be_written_leaves_no_file() {
    let b = fates();
    let folder = b.folder.path().join("out");
    std::fs::create_dir(&folder).unwrap();
    for format in ["jsonl", "csv", "parquet"] {
        // The shell counts blocks of 1024 bytes; the signal is ignored, so that writing fails.
        let limit = 8;
        let line = format!(
            "trap '' XFSZ; ulimit -f {limit}; exec {program} ledger export --file {file} --format {format} --out {out}",
            program = env!("CARGO_BIN_EXE_cardmint"),
            file = b.path().display(),
            out = folder.join(format).display(),
        );
        let output = Process::new("bash")
            .args(["-c", &line])
            .env("LC_ALL", "C")
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(4), "{format}: {said}");
        assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 0, "{format}");
    }
}
