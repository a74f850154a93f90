// SPDX-License-Identifier: Apache-2.0
//! Cards and PSAMs with 3DES and SM4 keys side by side, issued on simulated cards: every key of both ciphers is proved.
#![allow(clippy::unwrap_used)] // a test may fail where it stands

mod centre;

use cardmint::perso::script::{PersoScript, ProofKind};
use cardmint::template::Template;
use centre::{Centre, blank, on_reader, template};

fn issued(centre: &mut Centre, template: &Template, fields: &[(&str, &str)]) -> PersoScript {
    let script = centre.script(template, fields).unwrap();
    let card = blank(template, 1);
    let issued = centre.issue(template, &script, &mut on_reader(&card));
    let issued = issued.unwrap_or_else(|e| panic!("{}: {e}", template.name));
    assert!(!issued.resumed);
    script
}

#[test]
fn a_user_card_with_both_ciphers() {
    let mut centre = Centre::dual_mot();
    let fields = [
        ("number", "3105170010170907984"),
        ("province", "3300"),
        ("city", "3310"),
    ];
    let script = issued(&mut centre, &template("mot-user"), &fields);
    let indices: Vec<u8> = script
        .proofs
        .iter()
        .filter_map(|p| match &p.how {
            ProofKind::ZeroPurchase {
                index, purchase, tac, ..
            } => {
                assert_eq!(purchase.path().key.algorithm, tac.path().key.algorithm);
                Some(*index)
            }
            _ => None,
        })
        .collect();
    assert_eq!(indices, [0x01, 0x41]);
    centre.verify_ledger();
}

#[test]
fn a_psam_with_both_ciphers() {
    let mut centre = Centre::dual_mot();
    let fields = [("number", "10000000000000000003"), ("terminal", "331000000001")];
    let script = issued(&mut centre, &template("mot-psam"), &fields);
    let purchases = script
        .proofs
        .iter()
        .filter(|p| matches!(p.how, ProofKind::PsamPurchase { .. }));
    assert_eq!(purchases.count(), 2);
    centre.verify_ledger();
}
