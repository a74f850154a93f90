// SPDX-License-Identifier: Apache-2.0
//! `blacklist` and the acts that put cards on it, on the real program.

use std::fs;

use crate::operators::{CARD, Said, Story};

/// A city with one issued card.
fn city() -> Story {
    let story = Story::new();
    story.centres();
    story.blanks();
    story.issue(CARD, "sim:cards/u1", &[]).ok();
    fs::create_dir(story.path("out")).unwrap();
    story
}

fn blacklist(story: &Story, args: &[&str]) -> Said {
    story.at("c", &[&["blacklist"], args].concat())
}

/// Refused, and the ledger is as before.
fn refused(story: &Story, args: &[&str], code: i32, id: &str) {
    let before = story.entries("c");
    let said = story.at("c", args);
    said.refused(code, id);
    let hint = said.err.lines().last().unwrap().contains("\"hint\"");
    assert!(hint, "{id} says nothing about what to do");
    assert_eq!(story.entries("c"), before, "{args:?}");
}

#[test]
fn a_list_goes_out_is_checked_by_an_outsider_and_confirmed() {
    let story = city();
    blacklist(
        &story,
        &[
            "add",
            "3100000000000100",
            "--to",
            "3100000000000199",
            "--reason",
            "stolen lot",
        ],
    )
    .ok();
    blacklist(&story, &["add", CARD, "--until", "20991231", "--reason", "lost"]).ok();
    blacklist(
        &story,
        &["add", "3100000000000300", "--until", "20200101", "--reason", "old"],
    )
    .ok();
    let out = blacklist(&story, &["publish", "--out", "out"]).ok().first();
    assert_eq!(
        (
            out["sequence"].as_u64(),
            out["form"].as_str(),
            out["count"].as_u64(),
            out["numbers"].as_str()
        ),
        (Some(1), Some("full"), Some(2), Some("101"))
    );
    let csv = fs::read_to_string(story.path("out/blacklist-000001.csv")).unwrap();
    let expected = format!(
        "change,kind,from,to,until\nadd,user,3100000000000100,3100000000000199,\nadd,user,{CARD},{CARD},20991231\n"
    );
    assert_eq!(csv, expected);
    blacklist(&story, &["remove", CARD, "--reason", "found"]).ok();
    blacklist(&story, &["add", "3100000000000200", "--reason", "one more"]).ok();
    let delta = blacklist(&story, &["publish", "--out", "out"]).ok().first();
    assert_eq!(
        (delta["form"].as_str(), delta["base"].as_u64(), delta["count"].as_u64()),
        (Some("delta"), Some(1), Some(2))
    );

    // An outsider has the files and the key, and no site.
    let key = out["key"].as_str().unwrap();
    let check = |args: &[&str]| story.run(&[&["--json", "blacklist", "check"], args].concat(), "");
    let first = check(&[
        "out/blacklist-000001.note",
        "--key",
        key,
        "--number",
        "3100000000000150",
    ])
    .ok()
    .first();
    assert_eq!(
        (first["answer"].as_str(), first["files"].as_array().unwrap().len()),
        (Some("listed"), 3)
    );
    let upon = [
        "out/blacklist-000002.note",
        "--key",
        key,
        "--upon",
        "out/blacklist-000001.bin",
        "--out",
        "out/now.bin",
    ];
    let now = check(&[&upon[..], &["--number", "3100000000000200"]].concat())
        .ok()
        .first();
    assert_eq!(now["answer"], "listed");
    let now = check(&[&upon[..], &["--number", CARD]].concat()).ok().first();
    assert_eq!(now["answer"], "not-named");
    check(&["out/blacklist-000002.note", "--key", key, "--upon", "out/now.bin"]).refused(3, "blacklist-other-base");
    let again = fs::read(story.path("out/blacklist-000002.bin")).unwrap();
    fs::remove_file(story.path("out/blacklist-000002.bin")).unwrap();
    blacklist(&story, &["publish", "--out", "out", "--again", "2"]).ok();
    assert_eq!(fs::read(story.path("out/blacklist-000002.bin")).unwrap(), again);
    fs::write(story.path("out/blacklist-000001.csv"), csv.replace("0199", "0198")).unwrap();
    check(&["out/blacklist-000001.note", "--key", key]).refused(3, "blacklist-other-file");
    let other = story.at("m", &["ledger", "checkpoint"]).ok().first();
    check(&["out/blacklist-000001.note", "--key", other["key"].as_str().unwrap()]).refused(3, "blacklist-signature");

    fs::write(story.path("back.csv"), "by,sequence\nbus company,1\nmetro,2\n").unwrap();
    blacklist(&story, &["confirm", "--file", "back.csv"]).ok();
    let before = story.entries("c");
    blacklist(&story, &["confirm", "--file", "back.csv"]).ok();
    assert_eq!(story.entries("c"), before, "what is known is not recorded twice");
    let lists = blacklist(&story, &["show", "--lists"]).ok().lines();
    assert_eq!(lists[1]["confirmed_by"], serde_json::json!(["metro"]));
    story.at("c", &["ledger", "verify"]).ok();
}

#[test]
fn what_is_wrong_is_refused_and_changes_nothing() {
    let story = city();
    blacklist(&story, &["add", "3100000000000100", "--reason", "x"]).ok();
    let add = |args: &[&'static str]| [&["blacklist", "add"], args, &["--reason", "x"]].concat();
    refused(&story, &add(&["3100000000000100"]), 2, "centre-listed");
    refused(
        &story,
        &add(&["3100000000000100", "--to", "3100000000000099"]),
        2,
        "centre-not-a-span",
    );
    refused(
        &story,
        &add(&["3100000000000101", "--until", "20261301"]),
        2,
        "centre-day",
    );
    refused(
        &story,
        &["blacklist", "remove", "3100000000000101", "--reason", "x"],
        2,
        "centre-not-listed",
    );
    refused(
        &story,
        &["blacklist", "publish", "--out", "nowhere"],
        2,
        "blacklist-no-folder",
    );
    refused(
        &story,
        &["blacklist", "publish", "--out", "out", "--base", "3"],
        2,
        "blacklist-no-list",
    );
    refused(
        &story,
        &["blacklist", "publish", "--out", "out", "--again", "1"],
        2,
        "blacklist-no-list",
    );
    refused(
        &story,
        &["blacklist", "confirm", "1", "--by", "metro"],
        2,
        "centre-unknown",
    );
    fs::write(story.path("bad.csv"), "by,sequence\nmetro,one\n").unwrap();
    refused(
        &story,
        &["blacklist", "confirm", "--file", "bad.csv"],
        2,
        "blacklist-confirmation",
    );
    fs::write(story.path("early.csv"), "by,sequence\nmetro,9\n").unwrap();
    refused(
        &story,
        &["blacklist", "confirm", "--file", "early.csv"],
        2,
        "blacklist-no-list",
    );
    refused(&story, &["card", "found", CARD], 2, "centre-life");
    refused(
        &story,
        &["card", "lost", "3100000000000777", "--blacklist"],
        2,
        "ledger-no-card",
    );
    story.at("c", &["card", "cancel", CARD]).ok();
    refused(&story, &["card", "lost", CARD, "--blacklist"], 2, "centre-life");
}

#[test]
fn lost_cards_go_on_the_list_by_the_sites_setting() {
    let story = city();
    let path = story.path("c/site.toml");
    let text = fs::read_to_string(&path).unwrap();
    let with = text.replace("[name]", "blacklist-on = [\"card.lost\", \"card.cancel\"]\n\n[name]");
    fs::write(&path, with).unwrap();
    let on_list = || blacklist(&story, &["show", CARD]).ok().lines().len();
    let acts = |said: Said| -> Vec<String> {
        let act = |l: serde_json::Value| l["act"].as_str().unwrap().to_owned();
        said.ok().lines().into_iter().map(act).collect()
    };
    assert_eq!(
        acts(story.at("c", &["card", "lost", CARD, "--until", "20991231"])),
        ["blacklist.add", "card.lost"]
    );
    assert_eq!(on_list(), 1);
    assert_eq!(
        acts(story.at("c", &["card", "found", CARD])),
        ["card.found", "blacklist.remove"]
    );
    assert_eq!(on_list(), 0);
    assert_eq!(
        acts(story.at("c", &["card", "lost", CARD, "--no-blacklist"])),
        ["card.lost"]
    );
    blacklist(&story, &["add", CARD, "--reason", "by hand"]).ok();
    assert_eq!(
        acts(story.at("c", &["card", "cancel", CARD])),
        ["card.cancel"],
        "it stands there already"
    );
    assert_eq!(on_list(), 1);
    story.at("c", &["ledger", "verify"]).ok();
}
