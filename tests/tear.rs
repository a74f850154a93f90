// SPDX-License-Identifier: Apache-2.0
//! A card torn away at every single command of its issue, before and after the command takes effect, ends like one that
//! was left alone: same contents, same row in the ledger, no number twice.
#![allow(clippy::unwrap_used)] // a test may fail where it stands

mod centre;

use cardmint::error::{Exit, Fault};
use cardmint::ledger::query::CardRow;
use cardmint::perso::script::PersoScript;
use cardmint::sim::SimFault;
use cardmint::template::Template;
use centre::{Centre, Shared, blank, faulty, on_reader, order, pairs, state, template};

fn script(centre: &Centre, template: &Template, n: u64) -> PersoScript {
    centre.script(template, &pairs(&order(template, n))).unwrap()
}

fn row(centre: &Centre, script: &PersoScript) -> CardRow {
    let kind = cardmint::batch::kind_of(script.product);
    centre.session.ledger.card(kind, &script.number).unwrap().unwrap()
}

/// Issues without a fault; returns how many commands it took.
fn undisturbed(centre: &mut Centre, template: &Template, n: u64) -> (Shared, u32) {
    let card = blank(template, n);
    let script = script(centre, template, n);
    let issued = centre
        .issue(template, &script, &mut on_reader(&card))
        .unwrap_or_else(|e| panic!("{}: {e}", template.name));
    assert!(!issued.resumed);
    (card, issued.done.answered)
}

/// Everything on the card but what is another on each card: check values of its keys (which the issue itself proved).
fn comparable(card: &Shared, erases: bool) -> String {
    let mut shown = state(card);
    // A card with preset files cannot be emptied: torn away after its proof, it bears one zero purchase more.
    let apart: &[&str] = if erases {
        &["kcv"]
    } else {
        &["kcv", "counters", "records"]
    };
    strip(&mut shown, apart);
    // Numbers and dates of the order stand in the blocks; they are read back in every run.
    strip(&mut shown, &["blocks"]);
    shown.to_string()
}

fn strip(value: &mut serde_json::Value, apart: &[&str]) {
    match value {
        serde_json::Value::Object(fields) => {
            fields.retain(|name, _| !apart.contains(&name.as_str()));
            fields.values_mut().for_each(|v| strip(v, apart));
        }
        serde_json::Value::Array(items) => items.iter_mut().for_each(|v| strip(v, apart)),
        _ => (),
    }
}

fn torn_everywhere(name: &str, mut centre: Centre, erases: bool) {
    let template = template(name);
    let (model, commands) = undisturbed(&mut centre, &template, 1);
    let expected = comparable(&model, erases);
    assert!(commands > 20, "{commands}");
    let mut n = 1;
    for at in 1..=commands {
        for fault in [SimFault::TearBefore, SimFault::TearDuring, SimFault::TearAfter] {
            n += 1;
            let where_ = format!("{name}: command {at} of {commands}, {fault:?}");
            let card = blank(&template, n);
            let script = script(&centre, &template, n);
            let torn = centre.issue(&template, &script, &mut faulty(&card, at, fault));
            let kind = cardmint::batch::kind_of(script.product);
            let begun = centre.session.ledger.card(kind, &script.number).unwrap();
            match torn {
                Err(e) => {
                    assert_eq!(
                        (e.msg().id(), e.exit()),
                        ("transport-card-removed", Exit::Device),
                        "{where_}: {e}"
                    );
                    assert!(begun.as_ref().is_none_or(|r| r.status == "in-doubt"), "{where_}");
                }
                Ok(_) => panic!("{where_}: was not torn"),
            }
            let issued = centre
                .issue(&template, &script, &mut on_reader(&card))
                .unwrap_or_else(|e| panic!("{where_}: {} {e}", e.msg().id()));
            assert_eq!(issued.resumed, begun.is_some(), "{where_}");
            assert_eq!(comparable(&card, erases), expected, "{where_}");
            let row = row(&centre, &script);
            assert_eq!((row.status.as_str(), row.chip.is_some()), ("issued", true), "{where_}");
            assert_eq!(row.script, script.digest_hex(), "{where_}");
        }
    }
    let cards = centre.session.ledger.cards(None).unwrap();
    assert_eq!(cards.len() as u64, n);
    centre.verify_ledger();
}

#[test]
fn mohurd_user_card() {
    torn_everywhere("mohurd-user", Centre::new("mohurd", "city", "3100"), true);
}

#[test]
fn mohurd_psam() {
    torn_everywhere("mohurd-psam", Centre::new("mohurd", "city", "3100"), true);
}

#[test]
fn mohurd_city_psam() {
    torn_everywhere("mohurd-city-psam", Centre::new("mohurd", "city", "3100"), true);
}

#[test]
fn metro_user_card() {
    torn_everywhere("metro-user", Centre::new("metro", "city", ""), false);
}

#[test]
fn mot_user_card_with_both_ciphers() {
    torn_everywhere("mot-user", Centre::dual_mot(), true);
}

#[test]
fn mot_psam_with_both_ciphers() {
    torn_everywhere("mot-psam", Centre::dual_mot(), true);
}

#[test]
fn mohurd_load_sam() {
    torn_everywhere("mohurd-isam", Centre::new("mohurd", "city", "3100"), true);
}

#[test]
fn mot_load_sam_with_both_ciphers() {
    torn_everywhere("mot-isam", Centre::dual_mot(), true);
}

#[test]
fn management_card() {
    torn_everywhere("management-card", Centre::new("mohurd", "city", "3100"), true);
}

#[test]
fn system_card() {
    torn_everywhere("system-card", Centre::new("mot", "issuer", "01011000"), true);
}

#[test]
fn m1_card() {
    torn_everywhere("campus-m1", Centre::new("campus", "issuer", ""), true);
}
