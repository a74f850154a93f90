// SPDX-License-Identifier: Apache-2.0
//! Two centres, PSAMs of both, a card from blank to verified TACs, as operators run it; and what is refused on the way, each
//! by its message and exit code and with a ledger that did not change.
#![allow(clippy::unwrap_used)] // a test may fail where it stands

mod operators;

use std::fs;

use operators::{CARD, Readers, Story};

#[test]
fn from_a_ministry_key_to_verified_tacs() {
    let story = Story::new();
    story.centres();
    story.blanks();
    let reader = |name: &str| format!("sim:cards/{name}");
    let on = Readers {
        card: reader("u1"),
        ministry_psam: reader("p1"),
        city_psam: reader("p2"),
    };
    story.cards_and_money(&on);

    // What was done is not done again, and the refusals leave no entry.
    let before = story.entries("c");
    story.issue(CARD, &on.card, &[]).refused(2, "ledger-number-taken");
    story.issue(CARD, "sim:cards/u2", &[]).refused(2, "ledger-number-taken");
    story
        .issue("3100000020915088", &on.card, &[])
        .refused(3, "batch-chip-issued");
    let same_terminal = ("31000000000000000003", "310000000002");
    story
        .psam("c", "mohurd-city-psam", same_terminal, "sim:cards/p3")
        .refused(2, "ledger-terminal-taken");
    story
        .pay(&on.card, (&on.ministry_psam, "mohurd-psam"), "99.00")
        .refused(4, "card-refused");
    assert_eq!(story.entries("c"), before);

    story.at("c", &["card", "void", CARD, "--reason", "test"]).ok();
    assert_eq!(story.at("c", &["card", "status", CARD]).ok().first()["status"], "void");
    story.at("c", &["ledger", "verify"]).ok();
}

#[test]
fn a_card_torn_away_is_taken_up_by_the_same_command() {
    let story = Story::new();
    story.centres();
    story.blanks();
    story.run(&["sim", "fault", "cards/u1", "--tear-after", "40"], "").ok();
    story
        .issue(CARD, "sim:cards/u1", &[])
        .refused(4, "transport-card-removed");
    assert_eq!(
        story.at("c", &["card", "status", CARD]).ok().first()["status"],
        "in-doubt"
    );
    // Another card for the number is refused while this one is in doubt.
    story.issue(CARD, "sim:cards/u2", &[]).refused(2, "ledger-number-taken");
    assert_eq!(story.issue(CARD, "sim:cards/u1", &[]).ok().first()["resumed"], true);
    let number = format!("number={CARD}");
    let resume = [
        "card",
        "resume",
        "--template",
        "mohurd-user",
        "--reader",
        "sim:cards/u1",
        "--set",
        &number,
    ];
    story.at("c", &resume).refused(2, "batch-not-unfinished");
    story.at("c", &["ledger", "verify"]).ok();
}

#[test]
fn a_locked_store_a_missing_key_and_a_foreign_number_touch_no_card() {
    let story = Story::new();
    story.centres();
    story.blanks();
    let (before, card) = (story.entries("c"), fs::read(story.path("cards/u1.card.json")).unwrap());
    let number = format!("number={CARD}");
    let issue = [
        "card",
        "issue",
        "--template",
        "mohurd-user",
        "--reader",
        "sim:cards/u1",
        "--set",
        &number,
    ];
    let nobody = story
        .command(&[&["--site", "c", "--json"][..], &issue].concat())
        .output()
        .unwrap();
    let err = String::from_utf8(nobody.stderr).unwrap();
    assert!(
        nobody.status.code() == Some(2) && err.contains("site-officers"),
        "{err}"
    );
    let ministry = story.entries("m");
    story.at("m", &issue).refused(2, "plan-key");
    assert_eq!(story.entries("m"), ministry);
    story
        .issue("2000000000000001", "sim:cards/u1", &[])
        .refused(2, "order-problems");
    assert_eq!(story.entries("c"), before);
    assert_eq!(
        fs::read(story.path("cards/u1.card.json")).unwrap(),
        card,
        "nothing was sent to the card"
    );
}
