// SPDX-License-Identifier: Apache-2.0
//! Every number of the report against SQL over the same database.

use std::collections::BTreeMap;

use assert_cmd::Command;
use serde_json::Value;

use super::month::Kept;
use super::sql::{Counts, Sql};

pub const FROM: &str = "2026-12-01";
pub const TO: &str = "2026-12-31";

/// The program on a month's database.
pub fn run(month: &Kept, more: &[&str]) -> std::process::Output {
    let mut command = Command::cargo_bin("cardmint").unwrap();
    command
        .args(["ledger", "report", "--from", FROM, "--to", TO])
        .arg("--file")
        .arg(&month.path)
        .arg("--copy")
        .arg(&month.copy)
        .args(more)
        .env("LC_ALL", "C.UTF-8");
    command.output().unwrap()
}

pub fn json(month: &Kept, more: &[&str]) -> Value {
    let output = run(month, &[&["--json"], more].concat());
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 1);
    assert_eq!(lines[0]["schema"], "cardmint.ledger-report/1");
    lines[0].clone()
}

fn tally(row: &Value) -> Counts {
    ["begun", "issued", "failed_blank", "failed_partial", "in_doubt", "void"].map(|name| row[name].as_i64().unwrap())
}

fn told(rows: &Value, name: &str) -> BTreeMap<String, Counts> {
    let rows = rows.as_array().unwrap().iter();
    rows.map(|row| (row[name].as_str().unwrap().to_owned(), tally(row)))
        .filter(|(_, counts)| *counts != [0; 6])
        .collect()
}

#[test]
fn a_months_numbers_are_those_of_sql() {
    for hostile in [false, true] {
        let month = Kept::shared(hostile);
        let report = json(month, &["--no-verify"]);
        let sql = Sql::open(&month.path, FROM, TO);
        let cards = &report["cards"];
        let all = sql.by("'all'");
        assert_eq!(tally(&cards["total"]), all["all"]);
        assert!(all["all"].iter().all(|count| *count > 0), "{all:?}");
        for (rows, name, column) in [
            ("templates", "name", "template"),
            ("days", "name", "date(at, '+8 hours')"),
            ("operators", "name", "officer"),
            ("readers", "name", "reader"),
            ("batches", "batch", "batch"),
        ] {
            let (ours, theirs) = (told(&cards[rows], name), sql.by(column));
            assert_eq!(ours, theirs, "{rows}");
            assert!(ours.len() >= 3, "{rows}");
        }
        reasons(cards, &sql);
        stock(&report, &sql);
        keys(&report, &sql);
        money_and_life(&report, &sql);
        the_rest(&report, &sql);
    }
}

fn reasons(cards: &Value, sql: &Sql) {
    let of = |rows: &Value| -> Vec<Vec<String>> {
        let mut rows: Vec<Vec<String>> = rows
            .as_array()
            .unwrap()
            .iter()
            .map(|row| {
                let text = |name: &str| row[name].as_str().unwrap().to_owned();
                let number = |name: &str| row[name].to_string();
                vec![
                    text("what"),
                    text("status_word"),
                    text("reason"),
                    number("count"),
                    number("first"),
                    number("last"),
                ]
            })
            .collect();
        rows.sort();
        rows
    };
    let failures = sql.rows(
        "SELECT line ->> '$.body.result', coalesce(line ->> '$.body.status_word', ''), coalesce(line ->> '$.body.reason', ''),
                count(*), min(seq), max(seq)
         FROM entries WHERE act LIKE '%.outcome' AND line ->> '$.body.result' <> 'issued' AND $days
         GROUP BY 1, 2, 3 ORDER BY 1, 2, 3",
    );
    assert_eq!(of(&cards["failures"]), failures);
    let scrap = sql.rows(
        "SELECT act, '', line ->> '$.body.reason', sum(coalesce(line ->> '$.body.count', 1)), min(seq), max(seq)
         FROM entries WHERE act IN ('card.void', 'stock.scrap') AND $days GROUP BY 1, 3 ORDER BY 1, 3",
    );
    assert_eq!(of(&cards["scrap"]), scrap);
    assert!(failures.len() > 3 && scrap.len() > 1);
    let open = sql.rows(
        "SELECT kind, number, CASE status WHEN 'failed-partial' THEN status ELSE 'in-doubt' END, intent FROM cards
         WHERE status IN ('in-doubt', 'failed-partial') ORDER BY intent",
    );
    let ours: Vec<Vec<String>> = cards["doubtful"]["rows"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| {
            let text = |name: &str| row[name].as_str().unwrap().to_owned();
            vec![text("kind"), text("number"), text("status"), row["intent"].to_string()]
        })
        .collect();
    assert_eq!(ours, open);
    assert!(!open.is_empty());
}

fn stock(report: &Value, sql: &Sql) {
    let names = [
        "received",
        "in_stock",
        "handed_out",
        "in_process",
        "issued",
        "scrapped",
        "returned",
    ];
    for lot in report["stock"].as_array().unwrap() {
        let name = lot["lot"].as_str().unwrap();
        // The period ends with the ledger, so the tables of today are its closing figures.
        for column in names {
            let now = sql.number(&format!("SELECT {column} FROM lots WHERE lot = '{name}'"));
            assert_eq!(lot["closing"][column].as_i64(), Some(now), "{name} {column}");
        }
        let before = format!("line ->> '$.body.lot' = '{name}' AND NOT $days");
        let sum = |act: &str| {
            sql.number(&format!(
                "SELECT sum(line ->> '$.body.count') FROM entries WHERE act = '{act}' AND {before}"
            ))
        };
        let outcomes = |result: &str| {
            sql.number(&format!(
                "SELECT count(*) FROM entries WHERE act LIKE '%.outcome' AND line ->> '$.body.result' = '{result}' AND $days = 0
                 AND (SELECT i.line ->> '$.body.lot' FROM entries i WHERE i.seq = entries.line ->> '$.body.intent') = '{name}'"
            ))
        };
        let opening = |column: &str| lot["opening"][column].as_i64().unwrap();
        assert_eq!(opening("received"), sum("stock.receive"), "{name}");
        assert_eq!(opening("issued"), outcomes("issued"), "{name}");
        assert_eq!(
            opening("in_stock"),
            sum("stock.receive") - sum("stock.hand-out"),
            "{name}"
        );
        assert_eq!(lot["balanced"], true);
    }
    assert_eq!(report["stock"].as_array().unwrap().len(), 4);
    assert!(report["stock"][1]["opening"]["issued"].as_i64().unwrap() > 30);
}

fn keys(report: &Value, sql: &Sql) {
    let theirs = sql.rows(
        "SELECT key, version, alg, kcv, state, arrived,
                (SELECT count(*) FROM entries e WHERE act LIKE '%.intent' AND $days AND EXISTS (
                 SELECT 1 FROM json_each(e.line, '$.body.keys') k WHERE k.value ->> 'key' = keys.key))
         FROM keys ORDER BY key",
    );
    let ours: Vec<Vec<String>> = report["keys"]
        .as_array()
        .unwrap()
        .iter()
        .map(|key| {
            let text = |name: &str| key[name].as_str().unwrap().to_owned();
            vec![
                text("key"),
                key["version"].to_string(),
                text("alg"),
                text("kcv"),
                text("state"),
                key["arrived"].to_string(),
                key["used"].to_string(),
            ]
        })
        .collect();
    assert_eq!(ours, theirs);
    let ceremonies = sql.rows("SELECT begun, title, status, ended FROM ceremonies");
    let ceremony = &report["ceremonies"][0];
    let text = |name: &str| ceremony[name].as_str().unwrap().to_owned();
    let ours = vec![
        ceremony["begun"].to_string(),
        text("title"),
        text("result"),
        ceremony["ended"].to_string(),
    ];
    assert_eq!(ceremonies, [ours]);
    assert_eq!((&ceremony["steps"], &ceremony["incidents"]), (&1.into(), &1.into()));
    let signed = sql.rows(
        "SELECT o.name, (SELECT count(*) FROM entries e WHERE e.line ->> '$.officer' = o.name AND $days),
                (SELECT count(*) FROM entries e, json_each(e.line, '$.sigs') s
                 WHERE s.value ->> 'officer' = o.name AND s.key > 0 AND $days)
         FROM officers o ORDER BY 1",
    );
    let mut ours: Vec<Vec<String>> = report["officers"]
        .as_array()
        .unwrap()
        .iter()
        .map(|officer| {
            let name = officer["name"].as_str().unwrap().to_owned();
            vec![name, officer["acted"].to_string(), officer["approved"].to_string()]
        })
        .collect();
    ours.sort();
    assert_eq!(ours, signed);
}

fn money_and_life(report: &Value, sql: &Sql) {
    let money = &report["money"];
    for of in money["transactions"].as_array().unwrap() {
        let (act, kind) = (of["act"].as_str().unwrap(), of["type"].as_str().unwrap());
        let of_type = format!("act = '{act}' AND line ->> '$.body.type' = '{kind}' AND $days");
        let count = sql.number(&format!("SELECT count(*) FROM entries WHERE {of_type}"));
        let amount = sql.number(&format!(
            "SELECT sum(line ->> '$.body.amount') FROM entries WHERE {of_type}"
        ));
        assert_eq!(of["count"].as_i64(), Some(count));
        assert_eq!(of["amount"].as_i64(), Some(amount));
    }
    assert_eq!(money["transactions"].as_array().unwrap().len(), 2);
    let sum = |field: &str, acts: &str| {
        sql.number(&format!(
            "SELECT sum(line ->> '$.body.{field}') FROM entries WHERE act IN ({acts}) AND $days"
        ))
    };
    let amount = |name: &str| money[name].as_i64().unwrap();
    assert_eq!(amount("returned_balance"), sum("balance", "'card.return'"));
    assert_eq!(amount("returned_deposit"), sum("deposit", "'card.return'"));
    assert_eq!(
        amount("carried_over"),
        sum("balance", "'card.replace', 'card.exchange'")
    );
    assert!(amount("carried_over") > 0);
    let closed = sql
        .rows("SELECT line ->> '$.body.result', count(*) FROM entries WHERE act = 'purse.closed' AND $days GROUP BY 1");
    assert_eq!(closed, [["unknown", "1"]]);
    assert_eq!(money["closed"][0]["count"], 1);
    let life = sql.rows(
        "SELECT act, count(*) FROM entries WHERE act IN ('card.lost', 'card.found', 'card.replace', 'card.return', 'card.block')
         AND $days GROUP BY 1 ORDER BY 1",
    );
    let ours: Vec<Vec<String>> = report["life"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| vec![row["act"].as_str().unwrap().to_owned(), row["count"].to_string()])
        .collect();
    assert_eq!(ours, life);
    let block = &report["life"][0];
    assert_eq!(
        [&block["act"], &block["done"], &block["unknown"]],
        [&Value::from("card.block"), &Value::from(7), &Value::from(1)]
    );
}

fn the_rest(report: &Value, sql: &Sql) {
    let count = |acts: &str| sql.number(&format!("SELECT count(*) FROM entries WHERE act IN ({acts}) AND $days"));
    let listed = |name: &str| report[name]["count"].as_i64().unwrap();
    assert_eq!(
        listed("exports"),
        count("'ledger.export', 'batch.export', 'key.export', 'store.backup'")
    );
    assert_eq!(listed("holders"), count("'holder.show', 'holders.erase'"));
    assert_eq!((listed("exports"), listed("holders")), (1, 2));
    assert_eq!(listed("changes"), count("'policy.change', 'officer.revoke'"));
    let settings = &report["changes"]["rows"][0]["settings"];
    let expected = serde_json::json!([
        ["lots", "false", "true"],
        ["card.cancel", "1 · operator, supervisor · *", "2 · operator · *"]
    ]);
    assert_eq!(settings, &expected);
    let list = &report["blacklist"];
    assert_eq!(list["added"].as_i64(), Some(count("'blacklist.add'")));
    let standing = sql.number("SELECT count(*) FROM blacklist WHERE removed IS NULL");
    assert_eq!(list["standing"].as_i64(), Some(standing));
    assert_eq!(list["lists"]["rows"][0]["confirmed"], serde_json::json!(["公交集团"]));
    let first = sql.number("SELECT min(seq) FROM entries WHERE $days");
    let last = sql.number("SELECT max(seq) FROM entries WHERE $days");
    assert_eq!(
        report["span"],
        serde_json::json!({"from": first, "to": last + 1, "unreadable": 0, "archived": 0})
    );
    let size = sql.number("SELECT count(*) FROM entries");
    assert_eq!(report["ledger"]["size"].as_i64(), Some(size));
    assert_eq!(report["ledger"]["checkpoint"].as_i64(), Some(size));
}

#[test]
fn other_periods_have_their_own_numbers() {
    let month = Kept::shared(false);
    for (from, to) in [
        ("2026-11-01", "2026-11-30"),
        ("2026-12-04", "2026-12-04"),
        ("2026-12-08", "2026-12-14"),
    ] {
        let output = Command::cargo_bin("cardmint")
            .unwrap()
            .args([
                "ledger",
                "report",
                "--from",
                from,
                "--to",
                to,
                "--json",
                "--no-verify",
                "--file",
            ])
            .arg(&month.path)
            .output()
            .unwrap();
        let report: Value = serde_json::from_slice(&output.stdout).unwrap();
        let sql = Sql::open(&month.path, from, to);
        for (rows, name, column) in [("readers", "name", "reader"), ("batches", "batch", "batch")] {
            assert_eq!(told(&report["cards"][rows], name), sql.by(column), "{from} {to} {rows}");
        }
        let days = sql.by("date(at, '+8 hours')");
        assert_eq!(told(&report["cards"]["days"], "name"), days, "{from}");
    }
}
