// SPDX-License-Identifier: Apache-2.0
//! The end-to-end story as the program tells it with `demo`: two centres, keys, a PSAM, cards, a load, a purchase, TAC and
//! ledgers. Once on simulated readers in the process, once through pcscd with its virtual reader.
#![allow(clippy::unwrap_used)] // a test stops at the first surprise

#[cfg(feature = "pcsc")]
mod pcscd;

use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

fn cardmint(args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cardmint"));
    command.args(args).env_remove("CARDMINT_SITE").env("LC_ALL", "C.UTF-8");
    command.output().unwrap()
}

/// The records of one schema that a command wrote.
fn records(output: &Output, schema: &str) -> Vec<Value> {
    let text = String::from_utf8(output.stdout.clone()).unwrap();
    let all = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    all.filter(|record| record["schema"] == schema).collect()
}

fn succeeded(output: &Output) {
    let (out, err) = (
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
    );
    assert!(output.status.success(), "{out}\n{err}");
}

/// What must have come out, whatever the readers were.
fn check_story(output: &Output, folder: &Path, cards: usize) {
    succeeded(output);
    let issued = records(output, "cardmint.issued/1");
    let numbers: Vec<&str> = issued.iter().map(|card| card["number"].as_str().unwrap()).collect();
    let mut expected = vec!["00000000310000000001".to_owned()];
    expected.extend((1..=cards).map(|n| format!("3100{n:012}")));
    assert_eq!(numbers, expected);
    assert!(
        issued
            .iter()
            .all(|card| card["resumed"] == false && !card["proofs"].as_array().unwrap().is_empty())
    );

    let load = &records(output, "cardmint.purse-load/1")[0];
    assert_eq!(
        (load["amount"].as_u64(), load["balance"].as_u64()),
        (Some(5000), Some(5000))
    );
    let purchase = &records(output, "cardmint.purse-purchase/1")[0];
    assert_eq!(
        (purchase["amount"].as_u64(), purchase["balance"].as_u64()),
        (Some(200), Some(4800))
    );
    let tacs = &records(output, "cardmint.tac-summary/1")[0];
    assert_eq!((tacs["good"].as_u64(), tacs["bad"].as_u64()), (Some(1), Some(0)));

    for site in ["ministry", "city"] {
        let site = folder.join(site);
        succeeded(&cardmint(&["ledger", "verify", "--site", site.to_str().unwrap()]));
    }
    verified_without_cardmint(folder);
}

/// An outsider with Python alone comes to the same verdict on the export, and notices a changed digit.
fn verified_without_cardmint(folder: &Path) {
    let verifier = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/formats/verify_ledger.py");
    let export = folder.join("city-ledger.jsonl");
    let verdict = |file: &Path| Command::new("python3").arg(&verifier).arg(file).output().unwrap();
    let good = verdict(&export);
    succeeded(&good);
    let text = std::fs::read_to_string(&export).unwrap();
    let damaged = folder.join("damaged.jsonl");
    std::fs::write(&damaged, text.replacen("3100000000000001", "3100000000000007", 1)).unwrap();
    assert!(!verdict(&damaged).status.success());
}

#[test]
fn the_story_on_simulated_readers() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path().join("demo");
    let output = cardmint(&["demo", "--json", "--cards", "5", "--dir", folder.to_str().unwrap()]);
    check_story(&output, &folder, 5);
}

#[test]
fn the_story_is_told_in_chinese_and_shows_no_key() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path().join("demo");
    let output = cardmint(&[
        "demo",
        "--lang",
        "zh",
        "--cards",
        "1",
        "--dir",
        folder.to_str().unwrap(),
    ]);
    succeeded(&output);
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(
        text.contains("圈存") && text.contains("$ cardmint key generate --all $MINISTRY"),
        "{text}"
    );
    // Hexadecimal runs of a key's length are digests and roots (64) and nothing else.
    let runs = text
        .split(|c: char| !c.is_ascii_hexdigit())
        .filter(|run| run.len() >= 32);
    let odd: Vec<&str> = runs.filter(|run| run.len() != 64 && !run.starts_with("3B8")).collect();
    assert!(odd.is_empty(), "{odd:?}");
}

#[test]
fn a_folder_that_exists_is_left_alone() {
    let place = tempfile::tempdir().unwrap();
    let output = cardmint(&["demo", "--json", "--dir", place.path().to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8(output.stderr).unwrap().contains("demo-folder-exists"));
    assert_eq!(std::fs::read_dir(place.path()).unwrap().count(), 0);
}

#[cfg(feature = "pcsc")]
#[test]
fn the_story_through_pcscd() {
    use std::sync::atomic::AtomicBool;
    use std::time::Duration;

    use cardmint::transport::pcsc::CardWait;
    use pcscd::Rig;
    use pcscd::served::Served;

    let Some(rig) = Rig::start(3) else { return };
    let place = tempfile::tempdir().unwrap();
    let blanks = place.path().join("blanks");
    let blanks = blanks.to_str().unwrap();
    succeeded(&cardmint(&["sim", "new", "--chip", "psam", "--name", "psam", blanks]));
    succeeded(&cardmint(&[
        "sim", "new", "--chip", "fmcos", "--name", "card", "--count", "2", blanks,
    ]));
    let cards = ["psam", "card-1", "card-2"].map(|name| format!("{blanks}/{name}"));
    let _served = Served::lay(&rig, &cards);
    let folder = place.path().join("demo");
    let (psam, first, second) = (rig.reader(0), rig.reader(1), rig.reader(2));
    for reader in [&psam, &first, &second] {
        let patience = Some(Duration::from_secs(20));
        CardWait::new(reader).next(patience, &AtomicBool::new(false)).unwrap();
    }
    let output = cardmint(&[
        "demo",
        "--json",
        "--cards",
        "2",
        "--dir",
        folder.to_str().unwrap(),
        "--pcsc",
        "--psam-reader",
        &psam,
        "--reader",
        &first,
        "--reader",
        &second,
    ]);
    check_story(&output, &folder, 2);
}
