// SPDX-License-Identifier: Apache-2.0
//! What stands on simulated cards of every product after they were issued, read without any key.
#![allow(clippy::unwrap_used)] // a test may fail where it stands

mod centre;

use std::collections::BTreeMap;

use cardmint::batch::contents;
use cardmint::card::CardSession;
use cardmint::error::{Exit, Fault};
use centre::{Centre, Shared, blank, on_reader, order, pairs, template};

/// Issues a card with something said besides what every order of the template says.
fn issued(centre: &mut Centre, name: &str, n: u64, said: &[(&str, &str)]) -> Shared {
    let template = template(name);
    let mut order = order(&template, n);
    order.extend(said.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())));
    let script = centre.script(&template, &pairs(&order)).unwrap();
    let card = blank(&template, n);
    let done = centre.issue(&template, &script, &mut on_reader(&card));
    done.unwrap_or_else(|e| panic!("{name} {said:?}: {e}"));
    card
}

/// Fields by file and name, in hex.
fn fields(card: &Shared, name: &str) -> BTreeMap<String, String> {
    let template = template(name);
    let mut reader = on_reader(card);
    let mut session = CardSession::new(&mut reader, template.dialect);
    let read = contents::read(&mut session, &template).unwrap();
    let named = read
        .fields
        .into_iter()
        .map(|v| (format!("{}/{}", v.file, v.field), v.hex));
    named.collect()
}

#[test]
fn user_cards_of_every_type_bear_their_bytes() {
    let mut mohurd = Centre::new("mohurd", "city", "3100");
    for (n, card_type) in template("mohurd-user").card_types.iter().enumerate() {
        let word = card_type.name.as_str();
        let card = issued(
            &mut mohurd,
            "mohurd-user",
            n as u64 + 1,
            &[("card-type", word), ("deposit", "15")],
        );
        let found = fields(&card, "mohurd-user");
        let of = |name: &str| found[name].as_str();
        let set =
            |name: &str, default: &'static str| card_type.set.get(name).map_or(default, String::as_str).to_owned();
        for file in ["0005", "0015"] {
            assert_eq!(
                of(&format!("{file}/main-type")),
                set("main-type", "01"),
                "{word} in {file}"
            );
            assert_eq!(
                of(&format!("{file}/sub-type")),
                set("sub-type", "00"),
                "{word} in {file}"
            );
        }
        assert_eq!(
            (of("0016/staff"), of("0005/deposit")),
            (set("staff", "00").as_str(), "000F"),
            "{word}"
        );
        let expiry = match word {
            "student" => "20321121",
            "staff" => "20291121",
            _ => "20991231",
        };
        assert_eq!(of("0015/expiry"), expiry, "{word}");
    }
    mohurd.verify_ledger();

    let mut mot = Centre::dual_mot();
    for (n, card_type) in template("mot-user").card_types.iter().enumerate() {
        let word = card_type.name.as_str();
        let said = [("card-type", word), ("deposit", "20"), ("annual-check", "20271231")];
        let card = issued(&mut mot, "mot-user", n as u64 + 1, &said);
        let found = fields(&card, "mot-user");
        let code = card_type.set["type-code"].as_str();
        for field in ["0005/main-type", "0016/card-type", "0017/card-type"] {
            assert_eq!(found[field], code, "{word} in {field}");
        }
        assert_eq!(
            (found["0005/deposit"].as_str(), found["0005/annual-check"].as_str()),
            ("14", "20271231"),
            "{word}"
        );
    }
    mot.verify_ledger();
}

#[test]
fn management_cards_of_every_kind_bear_their_bytes() {
    let mut city = Centre::new("mohurd", "city", "3100");
    let kinds = template("management-card").card_types.clone();
    let codes: Vec<(&str, &str)> = kinds
        .iter()
        .map(|t| (t.name.as_str(), t.set["main-type"].as_str()))
        .collect();
    let expected = [
        ("operator", "71"),
        ("driver", "70"),
        ("collector", "81"),
        ("line-setting", "80"),
        ("device-authorisation", "82"),
    ];
    assert_eq!(codes, expected);
    for (n, (word, code)) in codes.iter().enumerate() {
        let said = [
            ("card-type", *word),
            ("operator", "00001234"),
            ("rights", "0000000F"),
            ("from", "310001054011"),
            ("to", "310001054099"),
            ("times", "100"),
        ];
        let card = issued(&mut city, "management-card", n as u64 + 1, &said);
        let found = fields(&card, "management-card");
        for place in ["0005", "0015", "0017"] {
            assert_eq!(&found[&format!("{place}/main-type")], code, "{word} in {place}");
        }
        let of = |name: &str| found[&format!("0017/{name}")].as_str();
        assert_eq!(
            (of("operator"), of("rights"), of("times")),
            ("00001234", "0000000F", "0064"),
            "{word}"
        );
        assert_eq!((of("from"), of("to")), ("310001054011", "310001054099"), "{word}");
        assert_eq!(found["0015/expiry"], "20271121", "{word}: a year");
    }
    let card = issued(
        &mut city,
        "system-card",
        100,
        &[("version", "7"), ("largest", "300.00")],
    );
    let found = fields(&card, "system-card");
    let of = |name: &str| found[&format!("0017/{name}")].as_str();
    assert_eq!(
        (of("version"), of("city-code"), of("largest")),
        ("0007", "3100", "00007530")
    );
    city.verify_ledger();
}

/// The ministry's keys, and keys that move money, stand in no management card.
#[test]
fn management_cards_carry_the_issuers_own_keys_alone() {
    for name in ["management-card", "system-card"] {
        let template = template(name);
        for slot in template.directories().flat_map(|d| &d.keys) {
            let usage = slot.name.usage.as_str();
            assert!(slot.level.is_none(), "{name}: {usage} of a level above the card");
            assert!(
                [
                    "card-control",
                    "card-maintenance",
                    "app-control",
                    "internal-auth",
                    "external-auth"
                ]
                .contains(&usage),
                "{name}: {usage}"
            );
        }
    }
}

/// What a product demands besides the policy: two officers sign for a load SAM and a system card.
#[test]
fn two_officers_sign_for_what_can_load_or_turn_terminals() {
    let mut city = Centre::new("mohurd", "city", "3100");
    let named = [
        ("mohurd-isam", 2),
        ("system-card", 2),
        ("management-card", 1),
        ("mohurd-user", 1),
        ("mohurd-psam", 1),
    ];
    for (n, (name, signers)) in (7000..).zip(named) {
        let template = template(name);
        let script = city.script(&template, &pairs(&order(&template, n))).unwrap();
        let done = city
            .issue(&template, &script, &mut on_reader(&blank(&template, n)))
            .unwrap();
        let intent = city.session.ledger.entry(done.intent).unwrap();
        assert_eq!(
            (intent.sigs.len(), usize::from(template.officers)),
            (signers, signers),
            "{name}"
        );
    }
    let (text, _) = cardmint::template::text_of("mohurd-isam").unwrap();
    let three = cardmint::template::read(&text.replace("officers = 2", "officers = 3"), "three").unwrap();
    let script = city.script(&three, &pairs(&order(&three, 8000))).unwrap();
    let card = blank(&three, 8000);
    let before = (city.ledger(), centre::state(&card));
    let refused = city.issue(&three, &script, &mut on_reader(&card)).unwrap_err();
    assert_eq!((refused.msg().id(), refused.exit()), ("site-officers", Exit::Usage));
    assert_eq!((city.ledger(), centre::state(&card)), before, "nothing was written");
    city.verify_ledger();
}
