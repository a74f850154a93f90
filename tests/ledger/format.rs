// SPDX-License-Identifier: Apache-2.0
//! The examples of docs/formats: what was once written is read for ever, and is still written so.

use std::fs;
use std::path::{Path, PathBuf};

use cardmint::ledger::note::NoteKey;
use cardmint::ledger::{Against, Entry, evidence, verify_lines};
use cardmint::outside::Unobserved;

use super::ceremony_story::told_ceremonies;
use super::python::verdicts;
use super::story::{joined, lines, told};

fn formats() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/formats")
}

fn example(name: &str) -> String {
    fs::read_to_string(formats().join("examples").join(name)).unwrap()
}

const KEY: &str = "cardmint/city-3100+f7d7ab25+Af0XJDhaoMdbZPt4zWAvodmR/ev3axPFjtcC6sg16fYY";

#[test]
fn the_example_ledger_verifies() {
    let export = example("ledger-v1.jsonl");
    let note = example("ledger-v1.checkpoint");
    let key: NoteKey = KEY.parse().unwrap();
    let against = Against {
        copy: None,
        key: Some(key.clone()),
    };
    let report = verify_lines(&mut export.as_bytes(), Some(&note), &against, &mut Unobserved).unwrap();
    assert!(report.good(), "{:?}", report.findings);
    assert_eq!(report.covered, report.entries);
    let entry = evidence::check(&example("ledger-v1.tlog-proof"), &key).unwrap();
    assert_eq!((entry.seq, entry.act.name()), (11, "card.outcome"));
    for line in export.lines() {
        assert_eq!(Entry::parse(line.as_bytes()).unwrap().line(), line.as_bytes());
    }
}

#[test]
fn the_same_acts_are_still_written_so() {
    let b = told();
    assert_eq!(
        String::from_utf8(joined(&lines(&b.ledger))).unwrap(),
        example("ledger-v1.jsonl")
    );
    assert_eq!(fs::read_to_string(b.copy()).unwrap(), example("ledger-v1.checkpoint"));
    assert_eq!(b.ledger.evidence(11).unwrap(), example("ledger-v1.tlog-proof"));
}

#[test]
fn the_example_of_a_key_centre_verifies_and_is_still_written_so() {
    let export = example("ledger-v1-ceremony.jsonl");
    let note = example("ledger-v1-ceremony.checkpoint");
    let cases = [("example".to_owned(), export.clone().into_bytes(), Some(note.clone()))];
    let (ours, theirs) = verdicts(&cases);
    let good = ["example", "good", "-", "-"].map(str::to_owned);
    assert_eq!(ours, [good.clone().into()]);
    assert_eq!(theirs, [good.into()]);
    let b = told_ceremonies();
    assert_eq!(String::from_utf8(joined(&lines(&b.ledger))).unwrap(), export);
    assert_eq!(fs::read_to_string(b.copy()).unwrap(), note);
    for act in [
        "ceremony.begin",
        "ceremony.end",
        "store.reshare",
        "store.backup",
        "store.restore",
        "site.trust",
    ] {
        assert!(export.contains(&format!("{{\"act\":\"{act}\"")), "{act}");
    }
}

#[test]
fn the_page_shows_lines_of_the_example_and_names_every_act_and_check() {
    let page = fs::read_to_string(formats().join("ledger.md")).unwrap();
    let export = example("ledger-v1.jsonl") + &example("ledger-v1-ceremony.jsonl");
    let shown: Vec<&str> = page.lines().filter(|line| line.starts_with("{\"act\"")).collect();
    assert!(shown.len() >= 3);
    for line in shown {
        assert!(export.lines().any(|l| l == line), "not in the example: {line}");
    }
    assert!(page.contains(&example("ledger-v1.checkpoint")));
    for line in export.lines() {
        let act = Entry::parse(line.as_bytes()).unwrap().act.name();
        assert!(page.contains(&format!("`{act}`")), "{act} is not described");
    }
    let sources = ["finding.rs", "replay.rs", "verify.rs"];
    let code: String = sources
        .iter()
        .map(|f| fs::read_to_string(formats().join("../../src/ledger").join(f)).unwrap())
        .collect();
    for check in code.split('"').filter(|word| word.starts_with("LEDGER-")) {
        assert!(page.contains(&format!("`{check}`")), "{check} is not described");
    }
    for (file, name) in [("schema.sql", "schema"), ("projection.sql", "projection")] {
        let sql = fs::read_to_string(formats().join("../../src/ledger").join(file)).unwrap();
        for table in sql.lines().filter_map(|l| l.strip_prefix("CREATE TABLE ")) {
            let table = table.trim_end_matches(" (");
            assert!(
                page.contains(&format!("`{table}`")),
                "table {table} of the {name} is not described"
            );
        }
    }
}
