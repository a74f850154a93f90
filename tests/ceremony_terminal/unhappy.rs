// SPDX-License-Identifier: Apache-2.0
//! Bad days at a terminal: everything that people get wrong in a ceremony that is held all the same; a backup that a quorum
//! cannot open; a plan that is another one when it is taken up again; and production, where published values do not pass.

use std::collections::VecDeque;
use std::fs;

use cardmint::crypto::written::Kind;
use serde_json::Value;

use super::people::{Asked, Held, Papers, component, hold, sheet};
use super::pty::CTRL_C;
use super::shipped::{House, nothing_secret};
use super::trouble::{PLAN, house, nothing_happened};

const BAD_DAY: &str = r#"format = 1
title = { en = "A bad day", zh = "不顺的一天" }
purpose = { en = "Whatever can be typed wrong is typed wrong.", zh = "凡可输错之处皆输错。" }
scheme = "mohurd"
level = "city"
[[participant]]
id = "key-officer-1"
role = "key-officer"
[[participant]]
id = "key-officer-2"
role = "key-officer"
[[participant]]
id = "custodian-1"
role = "custodian"
[[participant]]
id = "custodian-2"
role = "custodian"
[[participant]]
id = "custodian-3"
role = "custodian"
[[step]]
id = "load"
do = "components"
key = "load.v1.3des"
custodians = ["custodian-1", "custodian-2", "custodian-3"]
confirm = ["key-officer-1", "key-officer-2"]
[[step]]
id = "draw"
do = "generate"
keys = ["load.v1.sm4"]
words = "draw the key"
by = ["key-officer-1", "key-officer-2"]
[[step]]
id = "backup"
do = "backup"
file = "backup"
threshold = 2
custodians = ["custodian-1", "custodian-2", "custodian-3"]
pages = "pages"
by = ["key-officer-1", "key-officer-2"]
[[expect]]
keys = ["load.v1.3des", "load.v1.sm4"]
state = "active"
"#;

const LOAD: &str = "load.v1.3des@city:3100";

/// What somebody types wrong once, when this is asked.
struct Slip {
    who: &'static str,
    asked: &'static str,
    types: Box<dyn Fn(&Papers) -> String>,
    secret: bool,
}

fn slip(who: &'static str, asked: &'static str, types: impl Fn(&Papers) -> String + 'static) -> Slip {
    Slip {
        who,
        asked,
        types: Box::new(types),
        secret: true,
    }
}

/// In the open, where everybody may see it.
fn shown(who: &'static str, asked: &'static str, types: &'static str) -> Slip {
    Slip {
        secret: false,
        ..slip(who, asked, move |_| types.to_owned())
    }
}

/// The slips happen one after the other; everything else is answered right.
fn with_slips(slips: Vec<Slip>) -> impl FnMut(&Asked<'_>, &Papers) -> Option<(String, bool)> {
    let mut slips = VecDeque::from(slips);
    move |asked, papers| {
        let next = slips.front()?;
        if next.who != asked.who || !asked.question.contains(next.asked) {
            return None;
        }
        let slip = slips.pop_front()?;
        Some(((slip.types)(papers), slip.secret))
    }
}

/// A written form in which the first digit of these groups is another one.
fn damaged(written: &str, groups: &[usize]) -> String {
    let mut all: Vec<String> = written.split(' ').map(str::to_owned).collect();
    for number in groups {
        let first = if all[number - 1].starts_with('0') { "1" } else { "0" };
        all[number - 1].replace_range(..1, first);
    }
    all.join(" ")
}

/// What the newest transcript says went otherwise than planned: the step, the officer, what, and how it is told.
fn incidents(house: &House, site: &str) -> Vec<String> {
    let log = house.run(
        0,
        &[
            "--json",
            "ledger",
            "export",
            "--format",
            "jsonl",
            "--file",
            &format!("{site}/ledger.db"),
            "--out",
            "ledger.jsonl",
        ],
    );
    let ledger = fs::read_to_string(house.path("ledger.jsonl")).unwrap_or_else(|e| panic!("{e}: {log}"));
    fs::remove_file(house.path("ledger.jsonl")).unwrap();
    let mut entries = ledger.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let end = entries.rfind(|entry| entry["act"] == "ceremony.end").unwrap();
    let mut told = Vec::new();
    for step in end["body"]["steps"].as_array().into_iter().flatten() {
        for event in step["events"].as_array().into_iter().flatten() {
            let text = |value: &Value| value.as_str().unwrap_or("-").to_owned();
            let (who, what) = (text(&event["officer"]), text(&event["what"]));
            told.push(format!("{} {who} {what}", text(&step["id"])));
        }
    }
    told
}

#[test]
fn whatever_is_typed_wrong_is_said_at_once_and_stands_in_the_transcript() {
    let mut house = house();
    fs::write(house.path("bad-day.toml"), BAD_DAY).unwrap();
    let files = ["backup=one.backup", "pages=pages"];
    let command = house.ceremony("rehearse", "city", "bad-day.toml", &files);
    let mut other_tag = [0; 16];
    other_tag[3..].copy_from_slice(b"another sheet");
    let digits = |first: &str| format!("{first}23456789ABCDEF0F1E2D3C4B5A69780");
    let slips = vec![
        slip("key-officer-1", "assphrase of", |_| "the passphrase of another".into()),
        slip("custodian-1", "Component 1", |_| damaged(&component(LOAD, 1, 3), &[3])),
        // The right component with the check value of another sheet.
        shown("custodian-2", "on your sheet", "C0FFEE"),
        slip("custodian-3", "Component 3", move |_| {
            sheet(Kind::Component, (3, 3), [0x77, 0x88], &other_tag)
        }),
        slip("custodian-3", "Component 3", move |_| digits("0")),
        slip("custodian-3", "second time", move |_| digits("1")),
        shown("key-officer-1", "from the paper", "C0FFEE"),
        shown("key-officer-1", "type exactly", "draw the keys"),
        slip("custodian-1", "Type it back", |papers| {
            damaged(&papers.pages["custodian-1"], &[2, 5])
        }),
        slip("custodian-2", "Type it back", |papers| {
            papers.pages["custodian-1"].clone()
        }),
    ];
    let held = hold(&command, &mut house.papers, with_slips(slips));
    assert_eq!(held.code, 0, "{}", held.screen);
    nothing_secret(&held);
    house.verified("city", "bad-day.toml");
    for said in [
        "not the passphrase of key-officer-1",
        "component of custodian-2 does not have the check value",
        "made in another ceremony",
        "second time was not the same",
        "C0FFEE is not the check value of load.v1.3des@city:3100",
        "These are not the words",
        "2, 5",
        "sheet 1, which custodian-1 was given; custodian-2 is at the keyboard",
    ] {
        assert!(held.screen.contains(said), "{said}:\n{}", held.screen);
    }
    let expected = [
        "load custodian-1 typing-error",
        "load custodian-2 kcv-differs",
        "load custodian-3 other-ceremony",
        "load custodian-3 typing-error",
        "load key-officer-1 kcv-differs",
        "load key-officer-1 kcv-shown",
        "load key-officer-2 kcv-shown",
        "draw key-officer-1 wrong-words",
        "backup custodian-1 typing-error",
        "backup custodian-2 wrong-custodian",
    ];
    assert_eq!(incidents(&house, "city"), expected);
    assert_eq!(house.keys("city", "active").len(), 2);
    the_store_is_lost(&mut house);
}

/// A second backup; then the store is lost, and people come with the wrong shares.
fn the_store_is_lost(house: &mut House) {
    let first = house.papers.pages.clone();
    house.goes_well("city", "backup", &["backup=two.backup", "pages=pages"]);
    let second = house.papers.pages.clone();
    let before = house.keys("city", "active");
    fs::remove_file(house.path("city/keys/store")).unwrap();
    let file = ["backup=two.backup"];

    // Somebody who has no share of it: nobody is asked anything.
    let others = [("custodian-2", "custodian-5")];
    let command = house.ceremony_of("rehearse", "city", "restore", &file, &others);
    let held = hold(&command, &mut house.papers, |_, _| None);
    refused_at_once(&held, &["CEREMONY-SITE-FILES", "custodian-5"]);

    // A share of the backup before; another custodian's; the own one. The other has nothing but the old one.
    let (old, others, mine, lost) = (
        first["custodian-1"].clone(),
        second["custodian-2"].clone(),
        second["custodian-1"].clone(),
        first["custodian-2"].clone(),
    );
    let mut slips: Vec<Slip> = [old, others, mine]
        .map(|share| slip("custodian-1", "Share of", move |_| share.clone()))
        .into();
    for _ in 0..3 {
        let share = lost.clone();
        slips.push(slip("custodian-2", "Share of", move |_| share.clone()));
    }
    let command = house.ceremony("rehearse", "city", "restore", &file);
    let held = hold(&command, &mut house.papers, with_slips(slips));
    assert_ne!(held.code, 0, "{}", held.screen);
    nothing_secret(&held);
    assert!(!house.path("city/keys/store").exists());
    let expected = [
        "restore custodian-1 other-ceremony",
        "restore custodian-1 wrong-custodian",
        "restore custodian-2 other-ceremony",
        "restore custodian-2 other-ceremony",
        "restore custodian-2 other-ceremony",
        "restore custodian-2 too-often",
    ];
    assert_eq!(incidents(house, "city"), expected, "{}", held.screen);
    assert!(house.run(0, &["ledger", "verify", "--site", "city"]).contains("GOOD"));

    // The right ones, found after all.
    house.papers.pages = second;
    house.goes_well("city", "restore", &file);
    assert_eq!(house.keys("city", "active"), before);
}

/// The checks refused it: nobody was asked anything.
#[track_caller]
fn refused_at_once(held: &Held, because: &[&str]) {
    assert_eq!((held.code, held.said.len()), (2, 0), "{}", held.screen);
    for word in because {
        assert!(held.screen.contains(word), "{word}:\n{}", held.screen);
    }
}

#[test]
fn too_few_who_open_the_store_do_not_begin() {
    let mut house = House::new();
    let place = [
        "--scheme", "mohurd", "--level", "city", "--code", "3100", "--unlock", "3",
    ];
    house.found("three", true, &place);
    fs::write(house.path("plan.toml"), PLAN).unwrap();
    let command = house.ceremony("rehearse", "three", "plan.toml", &[]);
    let held = hold(&command, &mut house.papers, |_, _| None);
    refused_at_once(&held, &["CEREMONY-SITE-QUORUM"]);
    assert!(!house.is_open("three"));
    nothing_happened_at(&house, "three");
}

#[track_caller]
fn nothing_happened_at(house: &House, site: &str) {
    assert!(house.keys(site, "active").is_empty());
    assert!(house.run(0, &["ledger", "verify", "--site", site]).contains("GOOD"));
}

#[test]
fn another_plan_does_not_take_it_up_and_the_last_signer_can_still_refuse() {
    let mut house = house();
    // Broken off when the plan is signed by all.
    let command = house.ceremony("rehearse", "city", "plan.toml", &[]);
    let held = hold(&command, &mut house.papers, |asked, _| {
        (asked.question.starts_with("Component 1")).then(|| (CTRL_C.to_owned(), false))
    });
    assert_eq!(held.code, 5, "{}", held.screen);
    assert!(house.is_open("city"));
    fs::write(house.path("plan.toml"), PLAN.replace("One load key", "Another plan")).unwrap();
    for verb in ["resume", "rehearse"] {
        let command = house.ceremony(verb, "city", "plan.toml", &[]);
        let held = hold(&command, &mut house.papers, |_, _| None);
        refused_at_once(&held, &["One load key"]);
    }
    let closed = house.officers("city", &["ceremony", "abandon", "--reason", "the plan was changed"]);
    assert!(closed.contains("abandoned"), "{closed}");
    nothing_happened(&house);

    // Everything is done; the last one will not sign the transcript.
    let command = house.ceremony("rehearse", "city", "plan.toml", &[]);
    let mut asked_last = 0;
    let held = hold(&command, &mut house.papers, |asked, _| {
        let signs = asked.who == "custodian-2" && asked.question.contains("assphrase of");
        asked_last += usize::from(signs);
        (signs && asked_last == 2).then(|| ("refuse".to_owned(), false))
    });
    assert_eq!((held.code, asked_last), (5, 2), "{}", held.screen);
    assert!(!house.is_open("city"));
    nothing_happened(&house);
}

#[test]
fn in_production_a_published_component_is_refused_and_the_right_one_makes_the_key() {
    let mut house = House::new();
    let city = ["--scheme", "mohurd", "--level", "city", "--code", "3100"];
    house.found("city", false, &city);
    fs::write(house.path("plan.toml"), PLAN).unwrap();
    let command = house.ceremony("rehearse", "city", "plan.toml", &[]);
    let held = hold(&command, &mut house.papers, |_, _| None);
    assert_eq!((held.code, held.said.len()), (2, 0), "{}", held.screen);
    let mut published = [0; 16];
    (0u8..)
        .zip(published.iter_mut())
        .for_each(|(i, b)| *b = i.wrapping_mul(0x11));
    let slips = vec![slip("custodian-2", "Component 2", move |_| {
        sheet(Kind::Component, (2, 2), [0x4B, 0x1C], &published)
    })];
    let command = house.ceremony("run", "city", "plan.toml", &[]);
    let held = hold(&command, &mut house.papers, with_slips(slips));
    assert_eq!(held.code, 0, "{}", held.screen);
    nothing_secret(&held);
    assert!(held.screen.contains("published value"), "{}", held.screen);
    assert!(!held.screen.contains("REHEARSAL"), "{}", held.screen);
    assert_eq!(incidents(&house, "city")[0], "load custodian-2 published-value");
    assert_eq!(house.keys("city", "active"), [LOAD]);
    house.verified("city", "plan.toml");
}
