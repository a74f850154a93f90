// SPDX-License-Identifier: Apache-2.0
//! The wrong card on the reader, numbers that are taken, a card that is torn away, a PSAM of another city.

use std::fs;

use serde_json::Value;

use super::rehearsal::{Bench, CITY, ISSUE, MINISTRY, by, psam};
use super::{expect, refused};

fn issue(reader: &str, number: &str) -> String {
    format!("{ISSUE} --reader {reader} --set number={number}")
}

fn balance(bench: &Bench) -> i64 {
    let said = bench.run("purse balance --json --reader sim:readers/card").good();
    said.records()[0]["balance"].as_i64().unwrap()
}

/// Acts and results of a card number, as the ledger has them.
fn history(bench: &Bench, number: &str) -> Vec<String> {
    let log = bench
        .run(&format!("ledger log --json --site city --number {number}"))
        .good();
    let word = |v: &Value| v.as_str().unwrap_or_default().to_owned();
    log.records()
        .iter()
        .map(|e| {
            format!("{} {}", word(&e["act"]), word(&e["body"]["result"]))
                .trim()
                .to_owned()
        })
        .collect()
}

#[test]
fn a_blank_with_another_transport_key_loses_one_try_and_nothing_else() {
    let bench = Bench::new();
    let file = bench.path("readers/blank.card.json");
    let key = "00112233445566778899AABBCCDDEEFF";
    let blank = fs::read_to_string(&file).unwrap();
    assert_eq!(blank.matches(&"F".repeat(32)).count(), 1, "the transport key");
    let blank = blank.replace(&"F".repeat(32), key);
    fs::write(&file, &blank).unwrap();
    let before = (bench.ledger("city"), bench.ledger("ministry"));
    let said = bench.city(&issue("sim:readers/blank", "3100000000000002"));
    expect(&said, "batch-transport-key", 3);
    assert!(said.message().contains("2 tries left"), "{}", said.message());
    assert_eq!((bench.ledger("city"), bench.ledger("ministry")), before);
    let (mut was, mut is): (Value, Value) = (
        serde_json::from_str(&blank).unwrap(),
        serde_json::from_str(&fs::read_to_string(&file).unwrap()).unwrap(),
    );
    let counter = "/memory/mf/key_file/keys/0/counter";
    assert_eq!(
        (was.pointer(counter), is.pointer(counter)),
        (Some(&0x33.into()), Some(&0x32.into()))
    );
    *was.pointer_mut(counter).unwrap() = Value::Null;
    *is.pointer_mut(counter).unwrap() = Value::Null;
    assert_eq!(was["memory"], is["memory"]);
}

#[test]
fn an_issued_card_is_not_issued_again() {
    let bench = Bench::new();
    let said = refused(&bench, "batch-chip-issued", 3, || {
        bench.city(&issue("sim:readers/card", "3100000000000002"))
    });
    assert!(said.message().contains("3100000000000001"), "{}", said.message());
}

#[test]
fn a_number_is_used_once() {
    let bench = Bench::new();
    let said = refused(&bench, "ledger-number-taken", 2, || {
        bench.city(&issue("sim:readers/blank", "3100000000000001"))
    });
    assert!(said.message().contains("3100000000000001"), "{}", said.message());
}

#[test]
fn a_pin_that_nobody_would_be_told_is_not_written() {
    let bench = Bench::new();
    refused(&bench, "card-own-pin", 2, || {
        bench.city(&format!(
            "{} --set pin=random",
            issue("sim:readers/blank", "3100000000000002")
        ))
    });
}

#[test]
fn a_terminal_number_is_used_once() {
    let bench = Bench::new();
    let line = psam("blank-psam", "mohurd-psam", "3100", 2, &by("ministry", &MINISTRY));
    let line = line.replace("terminal=310000000002", "terminal=310000000001") + " --json";
    let said = refused(&bench, "ledger-terminal-taken", 2, || bench.run(&line));
    assert!(said.message().contains("310000000001"), "{}", said.message());
}

#[test]
fn a_user_card_is_no_psam_and_the_other_way_round() {
    let bench = Bench::new();
    let line = psam("blank", "mohurd-psam", "3100", 3, &by("ministry", &MINISTRY)) + " --json";
    let said = bench.run(&line);
    assert_ne!(said.code, 0, "{said:?}");
    let listed = bench
        .run("card issue --template mohurd-psam --reader sim:readers/blank-psam --json --set number=1 --site city");
    assert_eq!(listed.code, 2, "{listed:?}");
}

#[test]
fn a_psam_of_another_city_takes_no_money() {
    let bench = Bench::new();
    let had = balance(&bench);
    let unknown = "purse purchase --reader sim:readers/card --psam sim:readers/other-psam --amount 1.00";
    let pay = format!("{unknown} --psam-template mohurd-city-psam");
    let said = refused(&bench, "batch-other-city", 3, || bench.city(&pay));
    assert!(said.message().contains("210000000001"), "{}", said.message());
    // As a terminal, without a site.
    refused(&bench, "batch-other-city", 3, || bench.run(&format!("{pay} --json")));
    assert_eq!(balance(&bench), had);
    // Taken for one of the ministry's, it gets a factor too many and refuses: nothing is debited either.
    assert_ne!(bench.city(unknown).code, 0);
    assert_eq!(balance(&bench), had);
    // With the right PSAM the same card pays.
    bench.city(&unknown.replace("other-psam", "psam")).good();
    assert_eq!(balance(&bench), had - 100);
}

#[test]
fn a_torn_card_is_taken_up_and_its_number_issued_once() {
    let bench = Bench::new();
    let number = "3100000000000002";
    bench.run("sim fault readers/blank --tear-after 20").good();
    let torn = bench.city(&issue("sim:readers/blank", number));
    expect(&torn, "transport-card-removed", 4);
    assert_eq!(history(&bench, number), ["card.intent", "card.outcome in-doubt"]);
    // The number is not free meanwhile.
    let other = bench.city(&issue("sim:readers/blank-2", number));
    expect(&other, "ledger-number-taken", 2);
    bench.run("sim fault readers/blank --clear").good();
    bench.city("card resume --reader sim:readers/blank").good();
    assert_eq!(
        history(&bench, number),
        [
            "card.intent",
            "card.outcome in-doubt",
            "card.intent",
            "card.outcome issued"
        ]
    );
    bench.city("card verify --reader sim:readers/blank").good();
    refused(&bench, "batch-not-unfinished", 2, || {
        bench.city("card resume --reader sim:readers/blank")
    });
    refused(&bench, "ledger-number-taken", 2, || {
        bench.city(&issue("sim:readers/blank-2", number))
    });
}

#[test]
fn a_reader_that_is_not_there() {
    let bench = Bench::new();
    for (reader, id) in [
        ("sim:readers/nobody", "transport-no-card"),
        ("sim:nowhere/card", "transport-no-reader"),
    ] {
        let said = refused(&bench, id, 4, || bench.city(&issue(reader, "3100000000000002")));
        assert!(said.message().contains(reader), "{}", said.message());
    }
    // Whether there is a reader service depends on the computer.
    let said = bench.city(&issue("NoSuchReader", "3100000000000002"));
    let ids = [
        "transport-no-service",
        "transport-no-reader",
        "transport-no-pcsc-support",
        "transport-not-permitted",
    ];
    assert!(
        ids.contains(&said.error()["id"].as_str().unwrap()) && said.code != 0,
        "{said:?}"
    );
}

#[test]
fn a_production_site_takes_no_simulated_card() {
    let bench = Bench::new();
    let before = bench.ledger("production");
    let line = format!(
        "{} --json {}",
        issue("sim:readers/blank", "3100000000000002"),
        by("production", &CITY)
    );
    refused(&bench, "site-simulated-reader", 2, || bench.run(&line));
    assert_eq!(bench.ledger("production"), before);
}
