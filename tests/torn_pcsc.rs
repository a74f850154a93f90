// SPDX-License-Identifier: Apache-2.0
//! A card that is torn out of a PC/SC reader in the middle of its issue: taken up by the same command when it is back.
#![cfg(feature = "pcsc")]
#![allow(clippy::unwrap_used)] // a test may fail where it stands

mod operators;
mod pcscd;

use std::sync::atomic::AtomicBool;
use std::time::Duration;

use cardmint::transport::pcsc::CardWait;
use operators::{CARD, Story};
use pcscd::Rig;
use pcscd::served::Served;

/// Waits until a card lies on each of the first readers.
fn wait_for(rig: &Rig, count: usize) -> Vec<String> {
    let names: Vec<String> = (0..count).map(|at| rig.reader(at)).collect();
    for name in &names {
        CardWait::new(name)
            .next(Some(Duration::from_secs(20)), &AtomicBool::new(false))
            .unwrap();
    }
    names
}

#[test]
fn a_card_torn_out_of_the_reader_is_taken_up() {
    let Some(rig) = Rig::start(1) else { return };
    let story = Story::new();
    story.centres();
    story.blanks();
    let _served = Served::lay(&rig, &[story.path("cards/u1")]);
    let reader = wait_for(&rig, 1).remove(0);
    story.run(&["sim", "fault", "cards/u1", "--tear-after", "40"], "").ok();
    let torn = story.issue(CARD, &reader, &[]);
    assert_eq!(torn.code, 4, "{}{}", torn.out, torn.err);
    assert_eq!(
        story.at("c", &["card", "status", CARD]).ok().first()["status"],
        "in-doubt"
    );
    // The served card is put back by itself after a while, as by a hand.
    let reader = wait_for(&rig, 1).remove(0);
    assert_eq!(story.issue(CARD, &reader, &[]).ok().first()["resumed"], true);
    story.at("c", &["ledger", "verify"]).ok();
}
