// SPDX-License-Identifier: Apache-2.0
//! `range` and `stock` as a supervisor and an operator use them.
#![allow(clippy::unwrap_used)] // a test may fail where it stands

mod operators;

use std::fs;

use operators::Story;
use serde_json::Value;

/// A supervisor and an operator at site `c`.
fn centre() -> Story {
    let story = Story::new();
    let init = [
        "init",
        "c",
        "--name",
        "Test",
        "--scheme",
        "mohurd",
        "--level",
        "city",
        "--code",
        "3100",
        "--rehearsal",
    ];
    story.run(&init, "").ok();
    story
}

fn lot(story: &Story, name: &str) -> Value {
    let said = story.at("c", &["stock", "report", name]).ok();
    let lots: Vec<Value> = said
        .lines()
        .into_iter()
        .filter(|l| l["schema"] == "cardmint.stock-lot/1")
        .collect();
    lots.into_iter().next().unwrap()
}

#[test]
fn blanks_are_followed_from_their_delivery_to_the_scrap() {
    let story = centre();
    let receive = [
        "stock",
        "receive",
        "L1",
        "--type",
        "fmcos 8k",
        "--supplier",
        "复旦",
        "--count",
        "100",
    ];
    let entry = story.at("c", &receive).ok().first();
    assert_eq!(
        (entry["act"].as_str(), entry["body"]["count"].as_u64()),
        (Some("stock.receive"), Some(100))
    );
    story
        .at("c", &["stock", "hand-out", "L1", "--to", "zhang", "--count", "40"])
        .ok();
    story
        .at("c", &["stock", "hand-out", "L1", "--to", "nobody", "--count", "1"])
        .refused(2, "site-not-officer");
    story
        .at("c", &["stock", "hand-out", "L1", "--to", "li", "--count", "61"])
        .refused(2, "centre-too-few");
    story
        .at("c", &["stock", "take-back", "L1", "--from", "zhang", "--count", "5"])
        .ok();
    let scrap = [
        "stock", "scrap", "L1", "--from", "zhang", "--count", "2", "--reason", "broken",
    ];
    story.at("c", &scrap).ok();
    story.at("c", &["stock", "return", "L1", "--count", "10"]).ok();
    let row = lot(&story, "L1");
    let columns = [
        "received",
        "in_stock",
        "handed_out",
        "in_process",
        "issued",
        "scrapped",
        "returned",
    ];
    let numbers: Vec<u64> = columns.iter().map(|c| row[*c].as_u64().unwrap()).collect();
    assert_eq!(numbers, [100, 55, 33, 0, 0, 2, 10]);
    story.at("c", &["stock", "count", "L1", "--counted", "55"]).ok();
    let short = story.at("c", &["stock", "count", "L1", "--of", "zhang", "--counted", "30"]);
    short.refused(3, "stock-count-differs");
    let log = story.at("c", &["ledger", "log", "--act", "stock.count"]).ok().lines();
    let last = log.last().unwrap();
    assert_eq!(
        (last["body"]["expected"].as_u64(), last["body"]["counted"].as_u64()),
        (Some(33), Some(30))
    );
    story.at("c", &["stock", "report", "L9"]).refused(2, "centre-unknown");
    let text = story
        .run(&["--site", "c", "--lang", "zh", "stock", "report"], "")
        .ok()
        .out;
    assert!(
        text.contains("入库") && text.contains("复旦") && text.contains("zhang"),
        "{text}"
    );
    story.at("c", &["ledger", "verify"]).ok();
}

#[test]
fn psams_are_handed_out_by_serial_number() {
    let story = centre();
    fs::write(story.path("lot.txt"), "0000000000000a01\n0000000000000A02\n\n").unwrap();
    fs::write(story.path("one.txt"), "0000000000000A02\n").unwrap();
    let receive = [
        "stock",
        "receive",
        "P1",
        "--type",
        "psam",
        "--supplier",
        "x",
        "--serials",
        "lot.txt",
    ];
    let entry = story.at("c", &receive).ok().first();
    assert_eq!(
        entry["body"]["serials"],
        serde_json::json!(["0000000000000A01", "0000000000000A02"])
    );
    story.at("c", &receive).refused(2, "centre-serial");
    story
        .at("c", &["stock", "hand-out", "P1", "--to", "zhang", "--count", "1"])
        .refused(2, "centre-serial-count");
    story
        .at(
            "c",
            &["stock", "hand-out", "P1", "--to", "zhang", "--serials", "one.txt"],
        )
        .ok();
    story
        .at(
            "c",
            &["stock", "hand-out", "P1", "--to", "zhang", "--serials", "one.txt"],
        )
        .refused(2, "centre-serial");
    story
        .at(
            "c",
            &[
                "stock",
                "receive",
                "P2",
                "--type",
                "t",
                "--supplier",
                "x",
                "--serials",
                "no.txt",
            ],
        )
        .refused(2, "stock-serials-read");
    assert_eq!(lot(&story, "P1")["handed_out"], 1);
    story.at("c", &["ledger", "verify"]).ok();
}

#[test]
fn ranges_are_reserved_once_and_say_when_they_run_low() {
    let story = centre();
    let reserve = |name: &str, from: &str, to: &str| {
        let args = [
            "range",
            "reserve",
            name,
            "--from",
            from,
            "--to",
            to,
            "--purpose",
            "2027",
        ];
        story.at("c", &args)
    };
    reserve("R1", "3100 0000 0000 0001", "3100000000000100").ok();
    reserve("R2", "3100000000000100", "3100000000000200").refused(2, "centre-numbers-taken");
    reserve("R1", "3100000000000101", "3100000000000200").refused(2, "centre-name-taken");
    reserve("R2", "3100000000000200", "3100000000000101").refused(2, "centre-not-a-span");
    reserve("R2", "3100000000000101", "3100000000000101").ok();
    let ranges = story.at("c", &["range", "list"]).ok();
    let left: Vec<u64> = ranges.lines().iter().map(|r| r["left"].as_u64().unwrap()).collect();
    assert_eq!(left, [100, 1]);
    assert_eq!(ranges.lines()[0]["next"], "3100000000000001");
    assert!(!ranges.err.contains("range-low"), "{}", ranges.err);
}
