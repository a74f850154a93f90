// SPDX-License-Identifier: Apache-2.0
//! What is refused: the wrong officer, the wrong state, something else than was approved. Each with its message and exit code,
//! and a ledger that is as it was. And a dry run, which changes nothing anywhere.

use std::fs;

use super::hall::{CARDS, Hall, number};

#[test]
fn a_dry_run_changes_nothing_anywhere() {
    let hall = Hall::new();
    hall.approved();
    hall.zhang("stock receive L --type fmcos --supplier maker --count 10")
        .ok();
    hall.zhang("stock hand-out L --to zhang --count 8").ok();
    hall.hopper("h", CARDS, 1);
    hall.look("sim fault h/blanks/h-2 --tear-after 3").ok();
    // Beside a database that is open for reading SQLite keeps an empty log and an index of it.
    let state = || {
        let mut files = hall.bytes(&["c", "h"]);
        files.retain(|path, bytes| {
            let name = path.to_str().unwrap();
            assert!(!name.ends_with("-wal") || bytes.is_empty(), "{name}");
            !name.ends_with("-wal") && !name.ends_with("-shm")
        });
        files
    };
    let before = state();
    let said = hall.zhang("batch run B --dry-run --reader sim:h --lot L").ok();
    let shown = said.of("cardmint.batch-dry-run/1");
    assert_eq!(
        (
            shown["to_make"].as_u64(),
            shown["blanks"].as_u64(),
            shown["state"].as_str()
        ),
        (Some(CARDS.into()), Some(8), Some("approved"))
    );
    assert!(shown["steps"].as_u64().unwrap() > 20, "{shown}");
    let text = hall
        .run("batch run B --dry-run --reader sim:h --lang zh", "zhang li")
        .ok()
        .out;
    assert!(text.contains("运行将开始 6 张卡"), "{text}");
    // One that would not run through says why, and changes nothing either.
    hall.zhang("batch run B --dry-run --reader sim:nowhere/x")
        .refused(3, "batch-dry-run-not-ready");
    let after = state();
    assert_eq!(before.keys().collect::<Vec<_>>(), after.keys().collect::<Vec<_>>());
    for (path, bytes) in &before {
        assert!(after[path] == *bytes, "{} changed", path.display());
    }
}

#[test]
fn only_other_officers_and_in_the_right_order() {
    let hall = Hall::new();
    hall.hopper("h", 2, 1);
    let entries = hall.entries();
    let no = |officers: &str, line: &str, code: i32, id: &str| {
        let said = hall.run(&format!("{line} --json"), officers);
        said.refused(code, id);
    };
    no("zhang li", "batch new B --order X", 2, "centre-unknown");
    no("zhang", "batch new B --order O", 2, "site-officers");
    no("zhang li", "batch approve B", 2, "centre-unknown");
    no("", "batch status B", 2, "centre-unknown");
    no("", "batch report B", 2, "centre-unknown");
    no("zhang li", "batch close B", 2, "centre-unknown");
    assert_eq!(hall.entries(), entries);
    hall.zhang("batch new B --order O").ok();
    let entries = hall.entries();
    no("zhang li", "batch new B --order O", 2, "centre-name-taken");
    no("zhang li", "batch new C --order O", 2, "centre-order-busy");
    no("zhang li", "batch approve B", 2, "centre-same-officer");
    no(
        "li zhang",
        "batch approve B --digest 00000000",
        3,
        "centre-batch-digest",
    );
    no("li zhang", "batch approve B --digest 0", 3, "centre-batch-digest");
    no("zhang li", "batch run B --reader sim:h", 2, "centre-batch-state");
    no("zhang li", "batch pause B", 2, "centre-batch-state");
    assert_eq!(hall.entries(), entries);
    hall.li("batch approve B").ok();
    let entries = hall.entries();
    no("li zhang", "batch approve B", 2, "centre-batch-state");
    no("li zhang", "batch run B --reader sim:h", 2, "centre-same-officer");
    no(
        "zhang li",
        "batch run B --reader sim:h --reader sim:h",
        2,
        "batch-reader-twice",
    );
    no("zhang li", "batch run B --reader sim:h --lot L", 2, "centre-unknown");
    no(
        "zhang li",
        "batch run B --reader sim:h --terminal 12",
        2,
        "purse-terminal",
    );
    // A card of the order is made in its batch only.
    let issue = format!(
        "card issue --template mohurd-user --reader sim:h/blanks/h-1 --set number={}",
        number(1)
    );
    no("zhang li", &issue, 2, "centre-number-of-order");
    assert_eq!(hall.entries(), entries);
    assert_eq!((hall.cards_in("h/blanks"), hall.cards_in("h/tray")), (2, 0));
}

#[test]
fn nothing_runs_that_was_not_approved_so() {
    let hall = Hall::new();
    hall.approved();
    hall.hopper("h", 2, 1);
    let entries = hall.entries();
    // Another template of the same name.
    let shipped = concat!(env!("CARGO_MANIFEST_DIR"), "/templates/mohurd-user.toml");
    let text = fs::read_to_string(shipped).unwrap();
    fs::write(hall.path("other.toml"), format!("{text}\n# another\n")).unwrap();
    hall.zhang("batch run B --reader sim:h --template other.toml")
        .refused(3, "centre-batch-differs");
    // A row that somebody has changed in the file.
    let book = rusqlite::Connection::open(hall.path("c/holders.db")).unwrap();
    let line: String = book
        .query_row("SELECT line FROM rows WHERE row = 3", [], |row| row.get(0))
        .unwrap();
    let forged = line.replace(&number(3), "3100000000000033");
    assert_ne!(line, forged);
    let put = |line: &str| {
        book.execute("UPDATE rows SET line = ?1 WHERE row = 3", [line]).unwrap();
    };
    put(&forged);
    hall.zhang("batch run B --reader sim:h")
        .refused(3, "order-other-digest");
    hall.zhang("batch run B --reader sim:h --dry-run")
        .refused(3, "order-other-digest");
    put(&line);
    assert_eq!(hall.entries(), entries);
    // A key that is out of use since.
    let keys = hall.look("key list").ok().lines();
    let named = |key: &&serde_json::Value| key["id"].as_str().is_some_and(|name| name.starts_with("load.v1."));
    let load = keys.iter().find(named).unwrap_or_else(|| panic!("{keys:?}"))["id"]
        .as_str()
        .unwrap();
    hall.zhang(&format!("key state {load} retired --reason test")).ok();
    let entries = hall.entries();
    hall.zhang("batch run B --reader sim:h")
        .refused(2, "ledger-key-not-active");
    hall.zhang("batch run B --reader sim:h --dry-run")
        .refused(2, "ledger-key-not-active");
    assert_eq!(hall.entries(), entries);
    assert_eq!((hall.cards_in("h/blanks"), hall.cards_in("h/tray")), (2, 0));
}
