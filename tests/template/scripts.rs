// SPDX-License-Identifier: Apache-2.0
//! Whole scripts as text. `CARDMINT_BLESS=1 cargo test --test template` writes them anew; read the difference before
//! committing it.

use std::fmt::Write as _;
use std::path::Path;

use super::{Ground, ORDERS, order_of};
use cardmint::perso::PlanError;
use cardmint::perso::explain::Explainer;
use cardmint::perso::script::{PersoScript, ProofKind, Step};
use cardmint::template::SHIPPED;

fn script(name: &str) -> PersoScript {
    let ground = Ground::shipped(name);
    let order = ground.order(order_of(name)).unwrap_or_else(|e| panic!("{name}: {e}"));
    ground.plan(&order).unwrap_or_else(|e| panic!("{name}: {e}"))
}

fn text(script: &PersoScript) -> String {
    let explainer = Explainer::new(script);
    let mut out = format!("number {}\n", script.number);
    if let Some(terminal) = &script.terminal {
        writeln!(out, "terminal {terminal}").unwrap();
    }
    for (key, kcv) in &script.keys {
        writeln!(out, "key {kcv} {key}").unwrap();
    }
    for (title, steps) in [
        ("steps", &script.steps),
        ("readback", &script.readback),
        ("finish", &script.finish),
    ] {
        writeln!(out, "\n{title}").unwrap();
        for line in steps.iter().flat_map(|s| explainer.step(s)) {
            writeln!(out, "{:<40} {} -> {}", line.what, line.command, line.answer).unwrap();
        }
        if title == "readback" {
            writeln!(out, "\nproofs").unwrap();
            for line in script.proofs.iter().map(|p| explainer.proof(p)) {
                writeln!(out, "{:<40} {} -> {}", line.what, line.command, line.answer).unwrap();
            }
        }
    }
    writeln!(out, "\ndigest {}", script.digest_hex()).unwrap();
    out
}

#[test]
fn shipped_templates_give_the_scripts_on_file() {
    assert_eq!(ORDERS.len(), SHIPPED.len());
    for (name, _) in SHIPPED {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/scripts/{name}.txt"));
        let now = text(&script(name));
        if std::env::var_os("CARDMINT_BLESS").is_some() {
            std::fs::write(&path, &now).unwrap();
        }
        let before = std::fs::read_to_string(&path).unwrap_or_default();
        for (i, (old, new)) in before.lines().zip(now.lines()).enumerate() {
            assert_eq!(old, new, "{name}.txt line {}", i + 1);
        }
        assert_eq!(before.lines().count(), now.lines().count(), "{name}.txt");
    }
}

/// Same input, same digest; another value, another digest.
#[test]
fn the_digest_stands_for_the_script() {
    for (name, _) in SHIPPED {
        assert_eq!(script(name).digest(), script(name).digest(), "{name}");
        assert_eq!(script(name).canonical_json(), script(name).canonical_json(), "{name}");
    }
    let ground = Ground::shipped("mohurd-user");
    let digest = |number| {
        ground
            .plan(&ground.order(&[("number", number)]).unwrap())
            .unwrap()
            .digest()
    };
    assert_ne!(digest("3100000020915087"), digest("3100000020915088"));
    let mut other = Ground::shipped("mohurd-user");
    other.keys[0].kcv = "000000".parse().unwrap();
    let order = other.order(&[("number", "3100000020915087")]).unwrap();
    assert_ne!(
        other.plan(&order).unwrap().digest(),
        digest("3100000020915087"),
        "a key's check value counts"
    );
}

/// Members sorted, no white space, and it reads back as JSON.
#[test]
fn canonical_json_is_sorted_and_bare() {
    let json = script("mohurd-psam").canonical_json();
    assert!(json.starts_with("{\"finish\":[{\"") && !json.contains(": ") && !json.contains('\n'));
    let value: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(value["format"], "cardmint.script/1");
    assert_eq!(value.to_string(), json);
}

/// Lc of wrapped records: length byte and record in whole blocks, and the MAC.
#[test]
fn every_lc_is_right() {
    for (name, _) in SHIPPED {
        let script = script(name);
        for step in script.steps.iter().chain(&script.finish) {
            match step {
                Step::WriteKey {
                    header, prefix, what, ..
                } => {
                    let blocks = (1 + prefix.len() + 16).div_ceil(8) * 8;
                    assert_eq!(usize::from(header[4]), blocks + 4, "{name}: {what}");
                }
                Step::WritePin {
                    header, prefix, what, ..
                } => {
                    // A PIN of 2 bytes takes a block less; the key store sets Lc.
                    for pin in 3..=6 {
                        let blocks = (1 + prefix.len() + pin).div_ceil(8) * 8;
                        assert_eq!(usize::from(header[4]), blocks + 4, "{name}: {what} with {pin} bytes");
                    }
                }
                Step::Send { apdu, .. } | Step::Protected { apdu, .. } => {
                    let bytes = apdu.to_bytes();
                    let read = cardmint::iso7816::Command::parse(&bytes).unwrap();
                    assert_eq!(&read, apdu, "{name}: {}", hex::encode_upper(bytes));
                    assert!(
                        apdu.data().len() + 4 <= 239,
                        "{name}: the card OS takes 239 bytes at most"
                    );
                }
                _ => {}
            }
        }
    }
}

/// The transport key wraps card keys only, and on cards of files it leaves last of all.
#[test]
fn the_transport_key_goes_last_and_protects_no_upper_key() {
    for (name, _) in SHIPPED
        .iter()
        .filter(|(name, _)| !["metro-user", "campus-m1"].contains(name))
    {
        let script = script(name);
        let is_transport = |key: &cardmint::keys::CardKey| key.path().key.usage.as_str() == "transport";
        for step in &script.steps {
            if let Step::WriteKey {
                control, target, what, ..
            } = step
            {
                assert!(!is_transport(control) || !target.factors.is_empty(), "{name}: {what}");
            }
        }
        let [.., change, proof] = script.finish.as_slice() else {
            panic!("{name}: no end")
        };
        assert!(matches!(change, Step::WriteKey { control, header, .. } if is_transport(control) && header[2] == 0x39));
        assert!(matches!(proof, Step::Authenticate { key, .. } if !is_transport(key)));
    }
}

/// Every key that is written is proved, or named as not provable.
#[test]
fn every_key_is_accounted_for() {
    for (name, _) in SHIPPED {
        let script = script(name);
        let written = script
            .steps
            .iter()
            .filter(|s| matches!(s, Step::WriteKey { .. }))
            .count();
        // The TAC keys with their purchase keys; the MF's control key of cards of files at the very end.
        let with_purchase = script
            .proofs
            .iter()
            .filter(|p| matches!(p.how, ProofKind::ZeroPurchase { .. }))
            .count();
        assert_eq!(written, script.proofs.len() + with_purchase, "{name}");
    }
}

#[test]
fn a_key_that_the_site_lacks_is_named_with_its_place() {
    let mut ground = Ground::shipped("mohurd-user");
    ground.keys.retain(|k| k.id.usage.as_str() != "load");
    let order = ground.order(&[("number", "3100000020915087")]).unwrap();
    let error = ground.plan(&order).unwrap_err();
    let PlanError::Key { path, key, .. } = &error else {
        panic!("{error}")
    };
    assert_eq!((path.as_str(), key.as_str()), ("df[0].key[6]", "load.v1.3des"));
    assert!(error.to_string().contains("city:3100"), "{error}");

    let mut psam = Ground::shipped("mohurd-psam");
    psam.keys
        .retain(|k| k.id.owner.level.as_str() != "ministry" || k.id.usage.as_str() != "purchase");
    let order = psam.order(order_of("mohurd-psam")).unwrap();
    assert!(matches!(psam.plan(&order).unwrap_err(), PlanError::Key { path, .. } if path == "df[0].key[2]"));
}

#[test]
fn a_template_of_another_scheme_is_refused() {
    let mohurd = Ground::shipped("mohurd-user");
    let mot = Ground::shipped("mot-user");
    let order = mot.order(order_of("mot-user")).unwrap();
    let error = cardmint::perso::plan(&mot.template, &order, &mohurd.scheme, &mohurd.keys, &mohurd.facts).unwrap_err();
    assert!(matches!(error, PlanError::Scheme { .. }), "{error}");
    let (text, _) = cardmint::template::text_of("mohurd-user").unwrap();
    let rehearsal = Ground::of(&text.replacen("number = \"number\"", "rehearsal-only = true\nnumber = \"number\"", 1));
    let order = rehearsal.order(order_of("mohurd-user")).unwrap();
    assert!(matches!(
        rehearsal.plan(&order).unwrap_err(),
        PlanError::RehearsalOnly { .. }
    ));
}

#[test]
fn a_site_value_that_is_missing_is_named() {
    let (text, _) = cardmint::template::text_of("mohurd-user").unwrap();
    let ground = Ground::of(&text.replacen(
        "site = \"industry_code\", default = \"0000\"",
        "site = \"industry_code\"",
        1,
    ));
    let order = ground.order(order_of("mohurd-user")).unwrap();
    let error = ground.plan(&order).unwrap_err().to_string();
    assert!(
        error.contains("mf.file[1].field[2]") && error.contains("industry_code"),
        "{error}"
    );
}

/// A blank whose transport key lies at 01, and a second attempt on a card where ours put it at 00.
#[test]
fn another_transport_slot() {
    let (text, _) = cardmint::template::text_of("mohurd-user").unwrap();
    let ground = Ground::of(&text.replacen("slot = 0x00", "slot = 0x01", 1));
    let script = ground.plan(&ground.order(order_of("mohurd-user")).unwrap()).unwrap();
    let slots: Vec<(u8, &[u16])> = script
        .steps
        .iter()
        .filter_map(|s| match s {
            Step::Authenticate { slot, accept, .. } => Some((*slot, accept.as_slice())),
            _ => None,
        })
        .collect();
    assert_eq!(slots, [(1, &[0x6A88, 0x6A82][..]), (0, &[0x6A88, 0x6A82][..])]);
}
