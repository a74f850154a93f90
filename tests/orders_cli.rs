// SPDX-License-Identifier: Apache-2.0
//! `order` and `holder` as an operator and a supervisor use them, and what they leave on the disk.
#![allow(clippy::unwrap_used)] // a test may fail where it stands

mod operators;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use operators::{OFFICERS, Said, Story};
use serde_json::Value;

const NAMES: [&str; 3] = ["张三丰", "欧阳娜娜", "李四光"];
const IDS: [&str; 3] = ["11010519491231002X", "440524199001010018", "E12345678"];

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

fn reserve(story: &Story, name: &str, from: u64, to: u64) -> Said {
    let (from, to) = (from.to_string(), to.to_string());
    let args = [
        "range",
        "reserve",
        name,
        "--from",
        &from,
        "--to",
        &to,
        "--purpose",
        "2027",
    ];
    story.at("c", &args)
}

/// Holders with Chinese headings and no numbers.
fn people() -> String {
    let mut file = String::from("姓名,证件类型,证件号码,备注\n");
    for (at, (name, id)) in NAMES.iter().zip(IDS).enumerate() {
        let kind = if at == 2 { "护照" } else { "身份证" };
        file.push_str(&[name, kind, id, "x"].join(","));
        file.push('\n');
    }
    file.push_str("\"\",,,x\n");
    file
}

fn write(story: &Story, name: &str, bytes: impl AsRef<[u8]>) {
    fs::write(story.path(name), bytes).unwrap();
}

fn import(story: &Story, name: &str, file: &str, more: &[&str]) -> Said {
    let args = [
        "order",
        "import",
        file,
        "--template",
        "mohurd-user",
        "--name",
        name,
        "--column",
        "备注=-",
    ];
    story.at("c", &[&args[..], more].concat())
}

fn of_schema(said: &Said, schema: &str) -> Vec<Value> {
    let lines = said.lines().into_iter();
    lines
        .filter(|line| line["schema"] == format!("cardmint.{schema}/1"))
        .collect()
}

/// Every file below a folder with its bytes; without the empty logs and the indexes of them that SQLite puts beside a database that
/// is being read.
fn bytes_below(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if !path.to_string_lossy().ends_with(".db-shm") {
                let bytes = fs::read(&path).unwrap();
                if !(bytes.is_empty() && path.to_string_lossy().ends_with(".db-wal")) {
                    found.insert(path, bytes);
                }
            }
        }
    }
    found
}

/// Files below the site in which something of a holder stands, in either coding.
fn tell_tales(story: &Story) -> Vec<PathBuf> {
    let mut needles: Vec<Vec<u8>> = IDS.iter().map(|id| id.as_bytes().to_vec()).collect();
    for name in NAMES {
        needles.push(name.as_bytes().to_vec());
        needles.push(encoding_rs::GB18030.encode(name).0.into_owned());
    }
    let holds = |bytes: &[u8]| {
        needles
            .iter()
            .any(|needle| bytes.windows(needle.len()).any(|w| w == needle.as_slice()))
    };
    let files = bytes_below(&story.path("c")).into_iter();
    files.filter(|(_, bytes)| holds(bytes)).map(|(path, _)| path).collect()
}

#[test]
fn an_order_from_its_file_to_the_erasure_of_its_holders() {
    let story = centre();
    reserve(&story, "R", 3_100_000_000_000_001, 3_100_000_000_000_100).ok();
    // The coding and the language of a file's headings make no difference.
    write(&story, "order.csv", encoding_rs::GB18030.encode(&people()).0);
    let said = import(&story, "first", "order.csv", &["--range", "R"]).ok();
    let check = &of_schema(&said, "order-check")[0];
    assert_eq!(
        (
            check["good"].as_bool(),
            check["rows"].as_u64(),
            check["encoding"].as_str()
        ),
        (Some(true), Some(4), Some("gb18030"))
    );
    let order = &of_schema(&said, "order")[0];
    assert_eq!(
        (order["order"].as_str(), order["rows"].as_u64()),
        (Some("first"), Some(4))
    );
    let span = serde_json::json!([{"from": "3100000000000001", "to": "3100000000000004", "range": "R"}]);
    assert_eq!(order["spans"], span);
    assert_eq!(tell_tales(&story), Vec::<PathBuf>::new());

    import(&story, "first", "order.csv", &["--range", "R"]).refused(2, "order-name-taken");
    let listed = story.at("c", &["order", "list"]).ok();
    assert_eq!(of_schema(&listed, "order"), std::slice::from_ref(order));
    let shown = story.at("c", &["order", "show", "first", "--rows"]).ok();
    let rows = of_schema(&shown, "order-row");
    let holders: Vec<&str> = rows.iter().map(|row| row["holder"].as_str().unwrap()).collect();
    assert_eq!(holders, ["here", "here", "here", "none"]);
    assert_eq!(rows[2]["number"], "3100000000000003");
    assert_eq!(
        (&rows[2]["fields"]["id-type"], &rows[2]["fields"]["holder-name"]),
        (&Value::from("02"), &Value::Null)
    );
    for name in NAMES {
        assert!(!shown.out.contains(name) && !shown.err.contains(name));
    }

    let show = ["holder", "show", "3100 0000 0000 0002", "--reason", "the holder asks"];
    let holder = story.at("c", &show).ok().first();
    let expected = serde_json::json!({"holder-name": NAMES[1], "id-number": IDS[1]});
    assert_eq!((&holder["fields"], &holder["row"]), (&expected, &Value::from(2)));
    let log = story.at("c", &["ledger", "log", "--act", "holder.show"]).ok().lines();
    assert_eq!(log[0]["body"]["reason"], "the holder asks");
    story
        .at("c", &["holder", "show", "3100000000000004", "--reason", "x"])
        .refused(2, "order-no-holder");
    story
        .at("c", &["holder", "show", "3100000000000005", "--reason", "x"])
        .refused(2, "order-no-number");
    assert_eq!(
        story
            .at("c", &["ledger", "log", "--act", "holder.show"])
            .ok()
            .lines()
            .len(),
        1
    );

    let erase = ["holder", "erase", "3100000000000002", "--reason", "asked for"];
    story.at("c", &erase).ok();
    story.at("c", &erase).refused(2, "centre-no-holder");
    story.at("c", &show).refused(2, "order-erased");
    let report = of_schema(&story.at("c", &["holder", "verify"]).ok(), "holder-verification").swap_remove(0);
    assert_eq!(
        (
            report["good"].as_bool(),
            report["holders"].as_u64(),
            report["erased"].as_u64()
        ),
        (Some(true), Some(2), Some(1))
    );
    story.at("c", &["holder", "renew-secret", "--reason", "monthly"]).ok();
    story
        .at(
            "c",
            &["holder", "erase", "--order", "first", "--reason", "contract ended"],
        )
        .ok();
    let report = of_schema(&story.at("c", &["holder", "verify"]).ok(), "holder-verification").swap_remove(0);
    assert_eq!(
        (
            report["good"].as_bool(),
            report["holders"].as_u64(),
            report["erased"].as_u64()
        ),
        (Some(true), Some(0), Some(3))
    );
    story.at("c", &["ledger", "verify"]).ok();
    story
        .at("c", &["ledger", "export", "--format", "jsonl", "--out", "c/all.jsonl"])
        .ok();
    assert_eq!(tell_tales(&story), Vec::<PathBuf>::new());
}

/// Each holder's own key is what erasing destroys: afterwards no row of the file has it, and the others open as before.
#[test]
fn an_erased_holders_key_is_gone_and_the_others_stay() {
    let story = centre();
    reserve(&story, "R", 3_100_000_000_000_001, 3_100_000_000_000_100).ok();
    write(&story, "order.csv", people());
    import(&story, "first", "order.csv", &["--range", "R"]).ok();
    let sealed = |row: u32| -> Option<(Vec<u8>, Vec<u8>)> {
        let db = rusqlite::Connection::open_with_flags(
            story.path("c/holders.db"),
            rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY,
        )
        .unwrap();
        db.query_row("SELECT key, sealed FROM holders WHERE row = ?1", [row], |r| {
            Ok((r.get(0)?, r.get(1)?))
        })
        .ok()
    };
    let (key, text) = sealed(1).unwrap();
    story
        .at("c", &["holder", "erase", "3100000000000001", "--reason", "asked for"])
        .ok();
    assert!(sealed(1).is_none() && sealed(2).is_some());
    for (path, bytes) in bytes_below(&story.path("c")) {
        for part in [&key[24..], &text[24..]] {
            assert!(!bytes.windows(part.len()).any(|w| w == part), "{}", path.display());
        }
    }
    let show = ["holder", "show", "3100000000000003", "--reason", "x"];
    assert_eq!(story.at("c", &show).ok().first()["fields"]["holder-name"], NAMES[2]);
    story.at("c", &["ledger", "verify"]).ok();
}

#[test]
fn checking_and_looking_change_no_byte() {
    let story = centre();
    reserve(&story, "R", 3_100_000_000_000_001, 3_100_000_000_000_005).ok();
    write(&story, "order.csv", people());
    import(&story, "first", "order.csv", &["--range", "R"]).ok();
    reserve(&story, "S", 3_100_000_000_000_101, 3_100_000_000_000_140).ok();
    write(
        &story,
        "bad.csv",
        "卡号,姓名,备注\n31,张三丰,x\n3100000000000001,李四光,x\n",
    );
    let before = bytes_below(&story.path("c"));
    let check = |file: &str, range: &[&str]| {
        let args = [
            "order",
            "check",
            file,
            "--template",
            "mohurd-user",
            "--column",
            "备注=-",
        ];
        story.at("c", &[&args[..], range].concat())
    };
    let good = check("order.csv", &["--range", "S"]).ok();
    assert!(!good.err.contains("range-low"), "{}", good.err);
    // Four of the one number that is left: short, and said as such.
    check("order.csv", &["--range", "R"]).refused(2, "order-bad");
    let bad = check("bad.csv", &[]);
    let ids: Vec<String> = of_schema(&bad, "order-finding")
        .iter()
        .map(|f| format!("{} {} {}", f["line"], f["column"], f["id"]))
        .collect();
    assert_eq!(
        ids,
        [r#"2 "卡号" "field-digit-count""#, r#"3 "卡号" "order-number-order""#]
    );
    bad.refused(2, "order-bad");
    import(&story, "second", "bad.csv", &[]).refused(2, "order-bad");
    story.at("c", &["order", "list"]).ok();
    story.at("c", &["order", "show", "first", "--rows"]).ok();
    story.at("c", &["range", "list"]).ok();
    story.at("c", &["holder", "verify"]).ok();
    let after = bytes_below(&story.path("c"));
    let paths = before.keys().chain(after.keys());
    let changed: Vec<&PathBuf> = paths.filter(|p| before.get(*p) != after.get(*p)).collect();
    assert!(changed.is_empty(), "{changed:?}");
}

#[test]
fn a_range_that_runs_low_is_said_before_it_is_used_up() {
    let story = centre();
    reserve(&story, "R", 3_100_000_000_000_001, 3_100_000_000_000_041).ok();
    let rows = |n: usize| format!("主类型,备注\n{}", "01,x\n".repeat(n)).replace("主类型", "main-type");
    write(&story, "many.csv", rows(36));
    write(&story, "one.csv", rows(1));
    let check = [
        "order",
        "check",
        "many.csv",
        "--template",
        "mohurd-user",
        "--range",
        "R",
        "--column",
        "备注=-",
    ];
    let checked = story.at("c", &check).ok();
    assert!(!checked.err.contains("range-low"), "{}", checked.err);
    let said = import(&story, "a", "many.csv", &["--range", "R"]).ok();
    assert!(!said.err.contains("range-low"), "{}", said.err);
    // Five of 41 are left, then four: less than a tenth.
    let said = import(&story, "b", "one.csv", &["--range", "R"]).ok();
    assert!(said.err.contains("range-low"), "{}", said.err);
    let listed = story.at("c", &["range", "list"]).ok();
    assert_eq!(listed.first()["left"], 4);
    assert!(listed.err.contains("range-low"), "{}", listed.err);
    import(&story, "c", "many.csv", &["--range", "R"]).refused(2, "order-bad");
}

#[test]
fn a_withdrawn_order_gives_its_numbers_back() {
    let story = centre();
    write(&story, "order.csv", "卡号,姓名\n3100000000000011,张三丰\n");
    let import = |name: &str| {
        let args = [
            "order",
            "import",
            "order.csv",
            "--template",
            "mohurd-user",
            "--name",
            name,
        ];
        story.at("c", &args)
    };
    import("first").ok();
    import("second").refused(2, "order-bad");
    let withdraw = ["order", "withdraw", "first", "--reason", "typed twice"];
    story.at("c", &withdraw).ok();
    story.at("c", &withdraw).refused(2, "order-unknown");
    import("first").refused(2, "order-name-taken");
    import("second").ok();
    let show = ["holder", "show", "3100000000000011", "--reason", "x"];
    assert_eq!(story.at("c", &show).ok().first()["order"], "second");
    let states: Vec<bool> = of_schema(&story.at("c", &["order", "list"]).ok(), "order")
        .iter()
        .map(|order| order["withdrawn"].is_null())
        .collect();
    assert_eq!(states, [false, true]);
    story.at("c", &["holder", "verify"]).ok();
    story.at("c", &["ledger", "verify"]).ok();
}

/// Processes that take orders in at the same moment from the same range: each has happened whole or was refused, and no number
/// is given twice.
#[test]
fn imports_at_once_never_give_a_number_twice() {
    let story = centre();
    reserve(&story, "R", 3_100_000_000_000_001, 3_100_000_000_001_000).ok();
    write(&story, "order.csv", people());
    let children: Vec<_> = (0..6)
        .map(|n| {
            let name = format!("order-{n}");
            let mut args = vec![
                "--site",
                "c",
                "--json",
                "order",
                "import",
                "order.csv",
                "--column",
                "备注=-",
            ];
            args.extend(["--template", "mohurd-user", "--range", "R", "--name", &name]);
            let files = OFFICERS.map(|o| format!("{o}={o}.pw"));
            for (officer, file) in OFFICERS.iter().zip(&files) {
                args.extend(["--officer", *officer, "--passphrase-file", file]);
            }
            let mut child = std::process::Command::new(env!("CARGO_BIN_EXE_cardmint"));
            child
                .current_dir(story.path("."))
                .env_remove("CARDMINT_SITE")
                .args(&args);
            child.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
            child.spawn().unwrap()
        })
        .collect();
    let ended: Vec<_> = children.into_iter().map(|c| c.wait_with_output().unwrap()).collect();
    let done = ended.iter().filter(|o| o.status.success()).count();
    assert!(done >= 1, "{ended:?}");
    let listed = of_schema(&story.at("c", &["order", "list"]).ok(), "order");
    assert_eq!(listed.len(), done);
    let mut numbers = Vec::new();
    for order in &listed {
        let name = order["order"].as_str().unwrap();
        let shown = story.at("c", &["order", "show", name, "--rows"]).ok();
        numbers.extend(
            of_schema(&shown, "order-row")
                .iter()
                .map(|r| r["number"].as_str().unwrap().to_owned()),
        );
    }
    numbers.sort_unstable();
    let expected: Vec<String> = (1..=4 * done).map(|n| format!("3100{n:012}")).collect();
    assert_eq!(numbers, expected);
    story.at("c", &["holder", "verify"]).ok();
    story.at("c", &["ledger", "verify"]).ok();
}
