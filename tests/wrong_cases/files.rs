// SPDX-License-Identifier: Apache-2.0
//! Files that were changed behind the program's back: key store, ledger, checkpoint; folders that are not there.

use std::fs;

use rusqlite::Connection;

use super::expect;
use super::rehearsal::{Bench, CITY, ISSUE, by};

fn issue() -> String {
    format!("{ISSUE} --reader sim:readers/blank --set number=3100000000000002")
}

#[test]
fn a_key_store_with_any_byte_changed_is_not_opened() {
    let bench = Bench::new();
    let (store, blank) = (bench.path("city/keys/store"), bench.path("readers/blank.card.json"));
    let good = fs::read(&store).unwrap();
    let before = (bench.ledger("city"), fs::read(&blank).unwrap());
    for at in (0..12).map(|n| n * (good.len() - 1) / 11) {
        let mut bad = good.clone();
        bad[at] ^= 1;
        fs::write(&store, &bad).unwrap();
        let said = bench.city(&issue());
        let id = said.error()["id"].as_str().unwrap().to_owned();
        assert!(
            ["key-file-damaged", "key-file-format"].contains(&id.as_str()),
            "byte {at}: {said:?}"
        );
        assert!(said.code == 3 || said.code == 2, "byte {at}: {said:?}");
        assert!(said.message().contains("city/keys/store"), "byte {at}: {said:?}");
        assert_eq!(fs::read(&store).unwrap(), bad, "byte {at}: never written over");
    }
    for cut in [0, 1, good.len() / 2, good.len() - 1] {
        fs::write(&store, &good[..cut]).unwrap();
        let said = bench.city(&issue());
        assert!(
            said.error()["id"].as_str().unwrap().starts_with("key-file-") && said.code != 0,
            "{said:?}"
        );
    }
    fs::write(&store, &good).unwrap();
    assert_eq!((bench.ledger("city"), fs::read(&blank).unwrap()), before);
    bench.city(&issue()).good();
}

#[test]
fn a_changed_ledger_row_is_named() {
    let bench = Bench::new();
    let database = bench.path("city/ledger.db");
    let good = fs::read(&database).unwrap();
    let last = bench.ledger("city").0 - 1;
    for seq in [1, last / 2, last] {
        let db = Connection::open(&database).unwrap();
        db.execute_batch("DROP TRIGGER entries_no_update").unwrap();
        let changed = db
            .execute(
                "UPDATE entries SET line = replace(line, '\"at\":\"2', '\"at\":\"1') WHERE seq = ?1",
                [i64::try_from(seq).unwrap()],
            )
            .unwrap();
        assert_eq!(changed, 1);
        drop(db);
        let said = bench.run("ledger verify --json --site city");
        assert_eq!(said.code, 3, "{said:?}");
        let report = said.records().into_iter().find(|r| r["good"].is_boolean()).unwrap();
        assert_eq!(
            (&report["good"], &report["first_bad"]),
            (&false.into(), &seq.into()),
            "{said:?}"
        );
        let text = bench.run("ledger verify --site city");
        assert!(text.code == 3 && text.out.contains(&seq.to_string()), "{text:?}");
        fs::write(&database, &good).unwrap();
    }
    assert_eq!(bench.ledger("city").0, last + 1);
}

#[test]
fn a_ledger_taken_back_is_noticed_before_anything_is_written() {
    let bench = Bench::new();
    let (database, blank) = (bench.path("city/ledger.db"), bench.path("readers/blank.card.json"));
    let (old, was) = (fs::read(&database).unwrap(), fs::read(&blank).unwrap());
    bench.city(&issue()).good();
    fs::write(&database, &old).unwrap();
    fs::write(&blank, &was).unwrap();
    let verified = bench.run("ledger verify --json --site city");
    assert_eq!(verified.code, 3, "{verified:?}");
    // The number and the blank look unused in the old database.
    for _ in 0..2 {
        expect(&bench.city(&issue()), "ledger-rolled-back", 3);
    }
    assert_eq!(fs::read(&blank).unwrap(), was);
    // A lost copy is no way around either.
    fs::remove_file(bench.path("city/checkpoint.note")).unwrap();
    expect(&bench.city(&issue()), "ledger-copy-missing", 3);
    assert_eq!(fs::read(&blank).unwrap(), was);
}

#[test]
fn folders_and_files_that_are_not_there() {
    let bench = Bench::new();
    let elsewhere = format!("{} --json {}", issue(), by("nowhere", &CITY));
    let said = bench.run(&elsewhere);
    expect(&said, "site-none", 2);
    assert!(said.message().contains("nowhere"), "{}", said.message());
    assert!(!bench.path("nowhere").exists());
    let said =
        bench.city("card issue --template nowhere.toml --reader sim:readers/blank --set number=3100000000000002");
    expect(&said, "template-not-found", 2);
    let there = format!(
        "init city --name Again --scheme mohurd --level city --code 3100 --json {}",
        by("city", &CITY)
    );
    expect(&bench.run(&there), "site-not-empty", 2);
    expect(
        &bench.run("sim new --chip fmcos --name blank readers --json"),
        "sim-exists",
        2,
    );
}
