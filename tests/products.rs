// SPDX-License-Identifier: Apache-2.0
//! What stands on simulated cards of every product after they were issued, read without any key.
#![allow(clippy::unwrap_used)] // a test may fail where it stands

mod centre;

use std::collections::BTreeMap;

use cardmint::batch::contents;
use cardmint::card::CardSession;
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
