// SPDX-License-Identifier: Apache-2.0
//! The customer desk as officers use it: the acts, a new card for an old one, and what is refused, with the ledger as before.
#![allow(clippy::unwrap_used)] // a test may fail where it stands

mod operators;

use operators::{CARD, Said, Story};
use serde_json::Value;

const NEW: &str = "3100000000000002";
const U1: &str = "sim:cards/u1";
const U2: &str = "sim:cards/u2";

/// A city with two issued cards and the ministry's PSAM.
fn city() -> Story {
    let story = Story::new();
    story.centres();
    story.blanks();
    story.issue(CARD, U1, &[]).ok();
    story.issue(NEW, U2, &[]).ok();
    story
}

fn card(story: &Story, args: &[&str]) -> Said {
    story.at("c", &[&["card"], args].concat())
}

fn typed(story: &Story, args: &[&str], lines: &str) -> Said {
    story.run(&[&["--site", "c", "--json", "card"], args].concat(), lines)
}

fn load(story: &Story, reader: &str, yuan: &str) {
    let args = [
        "purse",
        "load",
        "--template",
        "mohurd-user",
        "--reader",
        reader,
        "--amount",
        yuan,
    ];
    story.at("c", &args).ok();
}

fn fen(story: &Story, reader: &str) -> u64 {
    let args = [
        "--json",
        "purse",
        "balance",
        "--template",
        "mohurd-user",
        "--reader",
        reader,
    ];
    story.run(&args, "").ok().first()["balance"].as_u64().unwrap()
}

/// Refused with something to do, and the ledger is as before.
#[track_caller]
fn refused(story: &Story, run: impl FnOnce() -> Said, code: i32, id: &str) {
    let before = story.entries("c");
    let said = run();
    said.refused(code, id);
    assert!(
        said.err.contains("\"hint\""),
        "{id} says nothing about what to do: {}",
        said.err
    );
    assert_eq!(story.entries("c"), before, "{id}");
}

#[test]
fn acts_on_the_chip_are_announced_done_and_settled() {
    let story = city();
    let until = |day: &'static str| ["extend", "--reader", U1, "--until", day];
    let done = card(&story, &until("21001231")).ok().first();
    assert_eq!(
        (done["act"].as_str(), done["number"].as_str()),
        (Some("card.extend"), Some(CARD))
    );
    let read = story.run(
        &["--json", "card", "read", "--template", "mohurd-user", "--reader", U1],
        "",
    );
    assert!(read.ok().out.contains("21001231"));
    refused(&story, || card(&story, &until("21001231")), 2, "desk-already");
    refused(&story, || card(&story, &until("20991231")), 2, "desk-earlier");
    refused(&story, || card(&story, &until("20200101")), 2, "desk-day");
    refused(&story, || card(&story, &until("21001301")), 2, "desk-day");
    refused(&story, || card(&story, &["unblock", "--reader", U1]), 2, "desk-already");
    card(&story, &["block", "--reader", U1, "--reason", "疑似盗刷"]).ok();
    refused(&story, || card(&story, &["block", "--reader", U1]), 2, "desk-already");
    refused(&story, || card(&story, &until("21011231")), 2, "desk-blocked");
    refused(
        &story,
        || card(&story, &["unblock", "--reader", U1, "--number", NEW]),
        3,
        "desk-other-card",
    );
    card(&story, &["unblock", "--reader", U1]).ok();

    // The PIN: locked, unblocked, forgotten, set anew.
    let wrong = |pin: &str| {
        let args = [
            "purse",
            "load",
            "--template",
            "mohurd-user",
            "--reader",
            U1,
            "--amount",
            "1",
            "--ask-pin",
        ];
        story.run(&[&["--site", "c", "--json"], &args[..]].concat(), pin)
    };
    for id in ["card-wrong-key", "card-wrong-key", "card-locked", "card-locked"] {
        let said = wrong("999999\n");
        assert!(said.code != 0 && said.err.contains(id), "{id}: {}", said.err);
    }
    assert_ne!(wrong("123456\n").code, 0, "locked");
    typed(&story, &["pin-unblock", "--reader", U1], "123456\n").ok();
    assert_eq!(wrong("123456\n").code, 0);
    let reload = ["pin-reload", "--reader", U1];
    refused(
        &story,
        || typed(&story, &reload, "654321\n654322\n"),
        2,
        "desk-pins-differ",
    );
    refused(&story, || typed(&story, &reload, "65\n65\n"), 2, "crypto-pin-length");
    typed(&story, &reload, "654321\n654321\n").ok();
    assert_eq!(wrong("654321\n").code, 0);
    card(&story, &["pin-reload", "--reader", U1, "--pin", "initial"]).ok();
    assert_eq!(wrong("123456\n").code, 0);

    // Torn where the chip is written, which is found by trying.
    let mut settled = false;
    for n in 4..20 {
        story
            .run(&["sim", "fault", "cards/u1", "--tear-after", &n.to_string()], "")
            .ok();
        let torn = card(&story, &["block", "--reader", U1]);
        if torn.code == 0 {
            break;
        }
        torn.refused(4, "transport-card-removed");
        let next = card(&story, &["block", "--reader", U1]).ok();
        if torn.err.contains("desk-open") {
            assert_eq!(next.first()["schema"], "cardmint.desk-settled/1");
            settled |= next.first()["result"] == "done";
        }
        card(&story, &["unblock", "--reader", U1]).ok();
    }
    assert!(settled);
    let log = std::fs::read(story.path("said.log")).unwrap();
    for pin in ["\"654321\"", "\"654322\""] {
        assert!(!String::from_utf8_lossy(&log).contains(pin));
    }
    story.at("c", &["ledger", "verify"]).ok();
}

#[test]
fn a_lost_card_is_replaced_and_its_history_told_from_the_ministry_on() {
    let story = city();
    load(&story, U1, "12.34");
    let replace = ["replace", CARD, "--new", NEW, "--clearing", "12.34"];
    refused(&story, || card(&story, &replace), 2, "centre-life");
    card(&story, &["lost", CARD, "--reason", "持卡人挂失"]).ok();
    refused(&story, || card(&story, &["lost", CARD]), 2, "centre-life");
    refused(
        &story,
        || card(&story, &["replace", CARD, "--new", NEW]),
        2,
        "desk-which-balance",
    );
    refused(
        &story,
        || card(&story, &["replace", CARD, "--new", CARD, "--no-balance"]),
        2,
        "centre-life",
    );
    refused(
        &story,
        || card(&story, &["replace", CARD, "--new", "3100000000000099", "--no-balance"]),
        2,
        "batch-no-card",
    );
    refused(
        &story,
        || card(&story, &["transfer", "--reader", U2]),
        2,
        "desk-nothing-owed",
    );
    let said = card(&story, &replace).ok().first();
    assert_eq!(
        (said["balance"].as_u64(), said["source"].as_str()),
        (Some(1234), Some("clearing"))
    );
    refused(&story, || card(&story, &replace), 2, "centre-life");
    refused(&story, || card(&story, &["found", CARD]), 2, "centre-life");
    let went = card(&story, &["transfer", "--reader", U2]).ok().first();
    assert_eq!(
        (went["amount"].as_u64(), went["balance"].as_u64()),
        (Some(1234), Some(1234))
    );
    refused(
        &story,
        || card(&story, &["transfer", "--reader", U2]),
        2,
        "desk-nothing-owed",
    );
    assert_eq!(fen(&story, U2), 1234);

    story
        .at("m", &["ledger", "export", "--format", "jsonl", "--out", "m.jsonl"])
        .ok();
    let history = card(&story, &["history", NEW, "--above", "m.jsonl"]).ok().first();
    let chain: Vec<&str> = history["chain"]
        .as_array()
        .unwrap()
        .iter()
        .map(|l| l["number"].as_str().unwrap())
        .collect();
    assert_eq!(chain, [CARD, NEW]);
    let purchase = history["keys"]
        .as_array()
        .unwrap()
        .iter()
        .find(|k| k["usage"] == "purchase")
        .unwrap();
    let from: Vec<&Value> = purchase["from"].as_array().unwrap().iter().collect();
    assert_eq!(from.len(), 2, "{purchase}");
    assert_eq!(from[0]["act"], "key.receive");
    assert_eq!(
        (from[1]["act"].as_str(), from[1]["key"].as_str()),
        (Some("key.generate"), Some("purchase.v1.3des@ministry"))
    );
    let root = story
        .at("m", &["key", "show", "purchase.v1.3des@ministry"])
        .ok()
        .first();
    assert_eq!(from[1]["kcv"], root["kcv"], "the ministry's own root");
    let acts: Vec<&str> = history["entries"]
        .as_array()
        .unwrap()
        .iter()
        .map(|e| e["act"].as_str().unwrap())
        .collect();
    let told = [
        "card.intent",
        "card.outcome",
        "card.replace",
        "purse.intent",
        "purse.load",
    ];
    assert_eq!(acts, told);
    let old = card(&story, &["history", CARD]).ok().first();
    assert_eq!(old["life"]["replaced_by"], NEW);
    let text = story
        .run(&["--site", "c", "--lang", "zh", "card", "history", CARD], "")
        .ok()
        .out;
    assert!(text.contains("已补卡") && text.contains("挂失"), "{text}");
    refused(
        &story,
        || card(&story, &["history", "3100000000000099"]),
        2,
        "batch-no-card",
    );
    story.at("c", &["ledger", "verify"]).ok();
}

#[test]
fn a_damaged_card_is_exchanged_and_a_card_is_given_back() {
    let story = city();
    story
        .psam(
            "m",
            "mohurd-psam",
            ("31000000000000000001", "310000000001"),
            "sim:cards/p1",
        )
        .ok();
    load(&story, U1, "20.00");
    let exchange = ["exchange", "--reader", U1, "--new", NEW, "--new-reader", U2];
    refused(
        &story,
        || card(&story, &[&exchange[..], &["--clearing", "3"]].concat()),
        2,
        "desk-which-balance",
    );
    refused(
        &story,
        || card(&story, &["exchange", "--reader", U1, "--new", CARD]),
        2,
        "centre-no-successor",
    );
    let said = card(&story, &exchange).ok().lines();
    let schemas: Vec<&str> = said.iter().map(|l| l["schema"].as_str().unwrap()).collect();
    assert_eq!(schemas, ["cardmint.card-succeeded/1", "cardmint.card-transferred/1"]);
    assert_eq!(
        (said[0]["source"].as_str(), said[1]["balance"].as_u64()),
        (Some("chip"), Some(2000))
    );
    refused(&story, || card(&story, &exchange), 2, "centre-life");

    // The new one comes back: a PSAM takes the money off it, the deposit is paid with it.
    let back = ["return", "--reader", U2, "--psam", "sim:cards/p1", "--deposit", "15.00"];
    let said = card(&story, &back).ok().first();
    assert_eq!(
        (said["balance"].as_u64(), said["deposit"].as_u64()),
        (Some(2000), Some(1500))
    );
    refused(&story, || card(&story, &back), 2, "centre-life");
    let history = card(&story, &["history", NEW]).ok().first();
    assert_eq!(
        (history["life"]["state"].as_str(), history["life"]["emptied"].as_u64()),
        (Some("returned"), Some(2000))
    );
    story.at("c", &["ledger", "verify"]).ok();
}

#[test]
fn an_amount_by_hand_needs_a_supervisor_beside_the_officer() {
    let story = city();
    refused(&story, || card(&story, &["return", CARD]), 2, "desk-which-balance");
    let alone = |args: &[&str]| {
        let one = [
            "--site",
            "c",
            "--json",
            "--officer",
            "zhang",
            "--passphrase-file",
            "zhang=zhang.pw",
            "card",
        ];
        let output = story.command(&[&one[..], args].concat()).output().unwrap();
        Said {
            code: output.status.code().unwrap(),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    };
    refused(
        &story,
        || alone(&["return", CARD, "--clearing", "5"]),
        2,
        "site-officers",
    );
    let both = card(&story, &["return", CARD, "--clearing", "5"]).ok().first();
    assert_eq!(both["source"], "clearing");
    let entry = story.at("c", &["ledger", "log", "--act", "card.return"]).ok().first();
    assert_eq!(entry["sigs"].as_array().unwrap().len(), 2, "both have signed: {entry}");
}

#[test]
fn nobody_but_a_supervisor_vouches_for_an_amount() {
    let story = Story::new();
    let files = ["--passphrase-file", "zhang=zhang.pw", "--passphrase-file", "li=li.pw"];
    let roles = [
        "--officer",
        "zhang=key-officer,operator",
        "--officer",
        "li=key-officer,operator",
    ];
    let init = [
        "init",
        "s",
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
    let made = story.command(&[&init[..], &roles, &files].concat()).output().unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let before = story.entries("s");
    for args in [
        &["replace", CARD, "--new", NEW, "--clearing", "5"][..],
        &["exchange", CARD, "--new", NEW, "--clearing", "5"],
        &["return", CARD, "--clearing", "5"],
    ] {
        story
            .at("s", &[&["card"], args].concat())
            .refused(2, "desk-supervisor-needed");
    }
    assert_eq!(story.entries("s"), before);
}

/// Old entries that went to a file come back into a card's history with it, in their order, and with nothing else.
#[test]
fn a_history_takes_archives_and_believes_none_but_recorded_ones() {
    let story = city();
    load(&story, U1, "12.34");
    card(&story, &["lost", CARD, "--reason", "持卡人挂失"]).ok();
    let whole = card(&story, &["history", CARD]).ok().first();
    let archive = ["ledger", "archive", "--until", "2999", "--out", "old.evidence"];
    story.at("c", &archive).ok();
    // Life goes on after the archive, and the old lines are asked for by the file's name.
    card(&story, &["found", CARD]).ok();
    let bare = card(&story, &["history", CARD]);
    bare.refused(2, "upkeep-archived");
    assert!(
        bare.err.contains("old.evidence") && bare.err.contains("card history"),
        "{}",
        bare.err
    );
    let with = |files: &[&str]| {
        let mut args = vec!["history", CARD];
        for file in files {
            args.extend(["--archive", file]);
        }
        card(&story, &args)
    };
    let told = with(&["old.evidence"]).ok().first();
    let entries = |history: &Value| history["entries"].as_array().unwrap().clone();
    let (old, new) = (entries(&whole), entries(&told));
    assert_eq!(new[..old.len()], old[..], "byte for byte what it was");
    let [found] = &new[old.len()..] else { panic!("{new:?}") };
    assert_eq!(found["act"], "card.found");
    assert!(
        new.windows(2)
            .all(|pair| pair[0]["seq"].as_u64() < pair[1]["seq"].as_u64())
    );
    assert_eq!(
        (&told["keys"], &told["chain"][0]["state"]),
        (&whole["keys"], &"in-use".into())
    );
    // A second copy of it is the same file; others are none of this ledger's.
    std::fs::copy(story.path("old.evidence"), story.path("copy.evidence")).unwrap();
    assert_eq!(with(&["old.evidence", "copy.evidence"]).ok().first(), told);
    let text = std::fs::read_to_string(story.path("old.evidence")).unwrap();
    std::fs::write(
        story.path("copy.evidence"),
        text.replacen("持卡人挂失", "持卡人丢失", 1),
    )
    .unwrap();
    with(&["old.evidence", "copy.evidence"]).refused(3, "upkeep-not-an-archive");
    let export = [
        "ledger",
        "export",
        "--format",
        "bundle",
        "--file",
        "c/ledger.db",
        "--archive",
        "old.evidence",
    ];
    let export = [&export[..], &["--out", "other.evidence"]].concat();
    story.run(&export, "").ok();
    with(&["other.evidence"]).refused(3, "upkeep-not-an-archive");
    with(&["stick/old.evidence"]).refused(2, "upkeep-archive-missing");
    // The log and the report take it too; the report is then of everything.
    let log = ["ledger", "log", "--number", CARD, "--archive", "old.evidence"];
    assert_eq!(story.at("c", &log).ok().lines().len(), new.len());
    let report = ["ledger", "report", "--from", "2020-01-01", "--to", "2199-12-31"];
    story.at("c", &report).refused(2, "upkeep-archived");
    let report = [&report[..], &["--archive", "old.evidence"]].concat();
    let report = story.at("c", &report).ok().first();
    assert_eq!(
        (&report["verification"]["good"], &report["span"]["archived"]),
        (&true.into(), &0.into())
    );
}
