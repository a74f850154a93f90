// SPDX-License-Identifier: Apache-2.0
//! Ceremonies at a terminal in which somebody errs, refuses, or breaks off; and the recording of one that went well.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::path::Path;

use super::people::{Held, component, hold, sheet};
use super::pty::CTRL_C;
use super::shipped::{House, breaks, nothing_secret};

pub const PLAN: &str = r#"format = 1
title = { en = "One load key", zh = "一个圈存密钥" }
purpose = { en = "Puts one key together.", zh = "合成一个密钥。" }
scheme = "mohurd"
level = "city"
resume = true
[[participant]]
id = "key-officer-1"
role = "key-officer"
title = { en = "leads", zh = "主持" }
[[participant]]
id = "key-officer-2"
role = "key-officer"
title = { en = "approves", zh = "批准" }
[[participant]]
id = "custodian-1"
role = "custodian"
title = { en = "keeps component 1", zh = "保管第一份分量" }
[[participant]]
id = "custodian-2"
role = "custodian"
title = { en = "keeps component 2", zh = "保管第二份分量" }
[[step]]
id = "load"
do = "components"
key = "load.v1.3des"
custodians = ["custodian-1", "custodian-2"]
confirm = ["key-officer-1", "key-officer-2"]
note = { en = "Each types the component.", zh = "各自输入分量。" }
[[expect]]
keys = ["load.v1.3des"]
state = "active"
"#;

pub fn house() -> House {
    let house = House::new();
    house.found(
        "city",
        true,
        &["--scheme", "mohurd", "--level", "city", "--code", "3100"],
    );
    fs::write(house.path("plan.toml"), PLAN).unwrap();
    house
}

/// No key exists, and the ledger is good.
#[track_caller]
pub fn nothing_happened(house: &House) {
    assert!(house.keys("city", "active").is_empty());
    assert!(house.run(0, &["ledger", "verify", "--site", "city"]).contains("GOOD"));
}

/// Four sign; two bring a component, say that the sheet has no check value, and note it; two type the check value, which they
/// want to see first; four sign again.
const QUESTIONS: usize = 4 + 2 * 3 + 2 * 2 + 4;

#[test]
fn broken_off_again_and_again_there_is_no_key_and_the_next_one_goes_through() {
    let mut house = house();
    for at in breaks("plan.toml", QUESTIONS, 4) {
        let verb = if house.is_open("city") { "resume" } else { "rehearse" };
        let command = house.ceremony(verb, "city", "plan.toml", &[]);
        let held = hold(&command, &mut house.papers, |asked, _| {
            (asked.number == at).then(|| (CTRL_C.to_owned(), false))
        });
        nothing_secret(&held);
        assert_eq!(held.code, 5, "question {at}:\n{}", held.screen);
        nothing_happened(&house);
    }
    let verb = if house.is_open("city") { "resume" } else { "rehearse" };
    let command = house.ceremony(verb, "city", "plan.toml", &[]);
    let held = hold(&command, &mut house.papers, |_, _| None);
    assert_eq!((held.code, held.said.len()), (0, QUESTIONS), "{}", held.screen);
    assert_eq!(house.keys("city", "active"), ["load.v1.3des@city:3100"]);
    house.verified("city", "plan.toml");
}

#[test]
fn slips_of_the_finger_are_pointed_at_and_nobody_needs_to_begin_anew() {
    let mut house = house();
    let command = house.ceremony("rehearse", "city", "plan.toml", &[]);
    let good = component("load.v1.3des@city:3100", 1, 2);
    let wrong = |place: usize| {
        let mut letters: Vec<char> = good.chars().collect();
        letters[place] = if letters[place] == '0' { '1' } else { '0' };
        letters.into_iter().collect::<String>()
    };
    // In the third group; then in the second and the fifth.
    let mut slips = vec![wrong(2 * 7 + 1), {
        let mut letters: Vec<char> = wrong(7 + 2).chars().collect();
        letters[4 * 7 + 3] = if letters[4 * 7 + 3] == 'A' { 'B' } else { 'A' };
        letters.into_iter().collect()
    }];
    slips.reverse();
    let held = hold(&command, &mut house.papers, |asked, _| {
        let mine = asked.who == "custodian-1" && asked.question.starts_with("Component 1");
        if mine {
            slips.pop().map(|slip| (slip, true))
        } else {
            None
        }
    });
    assert_eq!(held.code, 0, "{}", held.screen);
    let told: Vec<&str> = held.screen.lines().filter(|line| line.contains("group")).collect();
    assert!(
        told.iter()
            .any(|line| line.contains("group 3") || line.contains("groups 3") || line.contains(": 3")),
        "{told:#?}"
    );
    assert!(told.iter().any(|line| line.contains("2, 5")), "{told:#?}");
    nothing_secret(&held);
    house.verified("city", "plan.toml");
}

#[test]
fn a_sheet_of_another_custodian_or_ceremony_is_named_and_a_refusal_ends_it() {
    let mut house = house();
    let command = house.ceremony("rehearse", "city", "plan.toml", &[]);
    let key = "load.v1.3des@city:3100";
    let stranger = sheet(
        cardmint::crypto::written::Kind::Component,
        (2, 2),
        [0x12, 0xAB],
        b"q8&Lx0)vB3$nT5(e",
    );
    let (mut first, mut second) = (0, 0);
    let held = hold(&command, &mut house.papers, |asked, _| {
        if asked.question.starts_with("Component 1") {
            first += 1;
            // The other one's sheet; then the own one.
            return (first == 1).then(|| (component(key, 2, 2), true));
        }
        if asked.question.starts_with("Component 2") {
            second += 1;
            // A sheet of another ceremony; then this custodian will not go on.
            return Some(match second {
                1 => (stranger.clone(), true),
                _ => ("refuse".to_owned(), false),
            });
        }
        None
    });
    assert_eq!(held.code, 5, "{}", held.screen);
    for said in [
        "sheet 2, which custodian-2 was given; custodian-1 is at the keyboard",
        "its tag is 12AB, 4B1C is wanted",
        "refused",
    ] {
        assert!(held.screen.contains(said), "{said}:\n{}", held.screen);
    }
    assert_eq!((first, second), (2, 2), "{}", held.screen);
    nothing_secret(&held);
    nothing_happened(&house);
    // All of it stands in the transcript.
    let folder = house.path("city/ceremonies");
    let transcript = fs::read_dir(folder).unwrap().next().unwrap().unwrap().path();
    let text = fs::read_to_string(&transcript).unwrap();
    for event in [
        r#""detail":"sheet 2 of custodian-2","officer":"custodian-1","what":"wrong-custodian""#,
        r#""detail":"sheet of 12AB","officer":"custodian-2","what":"other-ceremony""#,
        r#""detail":"custodian-2 refused","officer":"custodian-2","what":"refused""#,
    ] {
        assert!(text.contains(event), "{event}");
    }
    let path = transcript.to_str().unwrap();
    house.run(
        0,
        &["ceremony", "verify", path, "--plan", "plan.toml", "--site", "city"],
    );
}

#[test]
fn a_rehearsal_that_cannot_be_held_asks_nobody_for_anything() {
    let mut house = house();
    let plan = PLAN.replace("[[expect]]", "[[step]]\nid = \"save\"\ndo = \"backup\"\nfile = \"backup\"\nthreshold = 2\ncustodians = [\"custodian-1\", \"custodian-2\"]\npages = \"pages\"\nby = [\"key-officer-1\", \"key-officer-2\"]\n[[expect]]");
    fs::write(house.path("saved.toml"), plan).unwrap();
    for (backup, finding) in [
        (None, "CEREMONY-BOUND-ALL"),
        (Some("backup=saved.toml"), "CEREMONY-BOUND-FILES"),
    ] {
        let mut args = vec!["ceremony", "rehearse", "saved.toml", "--new", "fresh", "--code", "3100"];
        args.extend(["--file", "pages=pages"]);
        args.extend(backup.into_iter().flat_map(|file| ["--file", file]));
        let command = house.command(&args);
        let held = hold(&command, &mut house.papers, |_, _| None);
        assert_eq!(held.code, 2, "{}", held.screen);
        assert!(held.said.is_empty() && held.screen.contains(finding), "{}", held.screen);
        assert!(!house.path("fresh").exists());
    }
}

#[test]
fn a_plan_that_was_swapped_between_approval_and_end_makes_no_key() {
    let mut house = house();
    let command = house.ceremony("rehearse", "city", "plan.toml", &[]);
    let plan = house.path("plan.toml");
    let held = hold(&command, &mut house.papers, |asked, _| {
        if asked.question.starts_with("Component 2") {
            fs::write(&plan, PLAN.replace("One load key", "Another plan")).unwrap();
        }
        None
    });
    assert_eq!(held.code, 3, "{}", held.screen);
    nothing_happened(&house);
}

#[test]
fn published_keys_weak_keys_and_equal_halves_are_refused_in_production() {
    let zero = [0; 16];
    let mut test_key = [0; 16];
    (0u8..)
        .zip(test_key.iter_mut())
        .for_each(|(i, b)| *b = i.wrapping_mul(0x11));
    let mut halves = *b"K7#w2!pZK7#w2!pZ";
    halves[15] ^= 1;
    for second in [[0xFF; 16], test_key, halves, zero] {
        let mut house = House::new();
        house.found(
            "city",
            false,
            &["--scheme", "mohurd", "--level", "city", "--code", "3100"],
        );
        fs::write(house.path("plan.toml"), PLAN).unwrap();
        let first = *b"q8&Lx0)vB3$nT5(e";
        let mut rest = first;
        rest.iter_mut().zip(second).for_each(|(a, b)| *a ^= b);
        let sheets = [first, rest].map(|bytes| bytes.to_vec());
        let command = house.ceremony("run", "city", "plan.toml", &[]);
        let held = hold(&command, &mut house.papers, |asked, _| {
            let number: u8 = asked.question.strip_prefix("Component ")?[..1].parse().unwrap();
            let kind = cardmint::crypto::written::Kind::Component;
            Some((
                sheet(kind, (number, 2), [0x4B, 0x1C], &sheets[usize::from(number) - 1]),
                true,
            ))
        });
        assert_eq!(held.code, 3, "{second:02X?}\n{}", held.screen);
        nothing_happened(&house);
    }
}

/// Writes the recording of a ceremony where `CARDMINT_RECORD` names a page.
pub fn record(held: &Held, items: &BTreeMap<&str, usize>, keys: usize) {
    let Some(page) = std::env::var_os("CARDMINT_RECORD") else {
        return;
    };
    let mut text = String::from(
        "# A ceremony as it was recorded\n\nThe shipped plan `mohurd-city` in a rehearsal, on a terminal, as `tests/ceremony_terminal` holds it",
    );
    let _ = writeln!(
        text,
        ": {keys} keys in 3DES and SM4.\nEverything shown is below; what was typed hidden does not show. To write this page anew: `CARDMINT_RECORD=docs/ceremony-recording.md cargo test --test ceremony_terminal city`.\n"
    );
    text += "| who | items typed | characters typed |\n|---|---|---|\n";
    for (who, items) in items.iter().filter(|(who, _)| !who.is_empty()) {
        let mine = held.said.iter().filter(|said| said.who == *who);
        let letters: usize = mine.map(|said| said.typed.chars().count()).sum();
        let _ = writeln!(text, "| {who} | {items} | {letters} |");
    }
    let all: usize = held.said.iter().map(|said| said.typed.chars().count()).sum();
    let _ = writeln!(
        text,
        "\n{all} characters in all. At two characters a second, which is slow, that is {} minutes of typing; reading aloud and changing places come on top (an estimate, not a measurement).\n\n```text",
        all.div_ceil(120)
    );
    // Groups that are drawn anew with every character tell nothing.
    let mark = |c: char| c.is_ascii_digit() || "*! ".contains(c);
    for line in held.screen.lines().filter(|line| !line.trim_matches(mark).is_empty()) {
        text += line.trim_end();
        text.push('\n');
    }
    text += "```\n";
    fs::write(Path::new(env!("CARGO_MANIFEST_DIR")).join(page), text).unwrap();
}
