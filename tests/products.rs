// SPDX-License-Identifier: Apache-2.0
//! What stands on simulated cards of every product after they were issued, read without any key.
#![allow(clippy::unwrap_used)] // a test may fail where it stands

mod centre;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use cardmint::batch::contents;
use cardmint::card::{CardSession, Trace, commands, isam, purse};
use cardmint::crypto::purse::{Amount, Terminal, TxnType};
use cardmint::crypto::purse_transaction::LoadTransaction;
use cardmint::crypto::{Algorithm, KeyMaterial, cipher};
use cardmint::error::{Exit, Fault};
use cardmint::keys::{KeyStore, SectorKey, StoreError};
use cardmint::sim::{Chip, SimCard, SimFault, SimOptions, seeded_serial};
use cardmint::transport::CardTransport;
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

/// Sends hex to a card as a reader would; the answer with its status word.
fn apdu(reader: &mut dyn CardTransport, hex: &str) -> String {
    let bytes = hex::decode(hex.replace(' ', "")).unwrap();
    hex::encode_upper(reader.transmit(&bytes).unwrap())
}

#[test]
fn an_m1_chip_keeps_its_access_bits() {
    let card = Arc::new(Mutex::new(SimCard::new(
        Chip::M1,
        [0, 0, 0, 0, 0xA1, 0xB2, 0xC3, 0xD4],
        SimOptions::default(),
        false,
    )));
    let reader = &mut on_reader(&card);
    assert_eq!(reader.atr().to_string(), "3B8F8001804F0CA000000306030001000000006A");
    assert_eq!(apdu(reader, "FFCA000000"), "A1B2C3D49000");
    assert_eq!(apdu(reader, "FFB0000410"), "6982", "nothing opens without a key");
    assert_eq!(apdu(reader, "FF860000 05 0100046000"), "6A88", "the reader has no key");
    assert_eq!(apdu(reader, "FF820000 06 FFFFFFFFFFFF"), "9000");
    assert_eq!(apdu(reader, "FF860000 05 0100046000"), "9000");
    assert_eq!(apdu(reader, "FFB0000410"), format!("{}9000", "00".repeat(16)));
    assert_eq!(apdu(reader, "FFB0000810"), "6982", "another sector");
    // Data with key B alone to be written, trailer by key B: 08778F69; A = 010203040506, B = 111213141516.
    assert_eq!(apdu(reader, "FFD60004 10 000102030405060708090A0B0C0D0E0F"), "9000");
    assert_eq!(apdu(reader, "FFD60007 10 010203040506 08778F69 111213141516"), "9000");
    assert_eq!(
        apdu(reader, "FF860000 05 0100046000"),
        "6300",
        "the maker's key is gone"
    );
    assert_eq!(apdu(reader, "FFB0000410"), "6982", "a refusal closes what was open");
    apdu(reader, "FF820001 06 010203040506");
    apdu(reader, "FF820002 06 111213141516");
    assert_eq!(apdu(reader, "FF880004 02 6001"), "9000", "the older form");
    assert_eq!(apdu(reader, "FFB0000410"), "000102030405060708090A0B0C0D0E0F9000");
    assert_eq!(
        apdu(reader, "FFD60004 10 00000000000000000000000000000000"),
        "6982",
        "key A reads only"
    );
    assert_eq!(
        apdu(reader, "FFB0000710"),
        "00000000000008778F690000000000009000",
        "no key is read"
    );
    assert_eq!(apdu(reader, "FFD60007 10 FFFFFFFFFFFF FF078069 FFFFFFFFFFFF"), "6982");
    assert_eq!(apdu(reader, "FF860000 05 0100056102"), "9000");
    assert_eq!(apdu(reader, "FFD60005 10 0F0E0D0C0B0A09080706050403020100"), "9000");
    // Access bits that contradict themselves lock the sector for good.
    assert_eq!(apdu(reader, "FFD60007 10 010203040506 09778F69 111213141516"), "9000");
    assert_eq!(apdu(reader, "FF860000 05 0100056102"), "9000");
    assert_eq!(apdu(reader, "FFB0000510"), "6982");
    // Key B that can be read opens nothing.
    apdu(reader, "FF860000 05 0100086100");
    assert_eq!(apdu(reader, "FFB0000810"), "6982");
    apdu(reader, "FF860000 05 0100006000");
    assert_eq!(
        apdu(reader, "FFD60000 10 00000000000000000000000000000000"),
        "6982",
        "the maker's block"
    );
    assert_eq!(apdu(reader, "00A40000023F00"), "6E00");
}

/// The blocks and keys of an issued M1 card by the formulas, computed here from the root keys: chip's key by number of the
/// chip ‖ FF000000, then one block a sector.
#[test]
fn an_m1_card_bears_blocks_and_keys_by_the_formulas() {
    let mut campus = Centre::without("campus", "issuer", "", &["sector-a", "sector-b"]);
    let roots = [("sector-a", [0x1A; 16]), ("sector-b", [0x2B; 16])].map(|(usage, mut bytes)| {
        bytes.iter_mut().zip(0u8..).for_each(|(byte, n)| *byte ^= n * 7);
        let key = || KeyMaterial::init_with(|k| *k = bytes);
        campus.add(format!("{usage}.v1.3des@issuer").parse().unwrap(), key());
        bytes
    });
    let said = [
        ("card-type", "student"),
        ("authentication-code", "0A0B0C0D"),
        ("deposit", "20"),
    ];
    let card = issued(&mut campus, "campus-m1", 12345, &said);
    let uid = &seeded_serial(7, 12345)[4..];
    let des = |key: &[u8], block: &[u8]| cipher::ecb_encrypt(Algorithm::Tdes, key.try_into().unwrap(), block);
    let sector_key = |root: &[u8; 16], flag: u8| {
        let factor = [uid, &[0xFF, 0, 0, 0]].concat();
        let inverse: Vec<u8> = factor.iter().map(|b| !b).collect();
        let chip = [des(root, &factor), des(root, &inverse)].concat();
        let block = [uid, &[0x23, 0x45, 0x0A, flag]].concat();
        hex::encode_upper(&des(&chip, &block)[..6])
    };
    let flags = [
        0x00, 0x01, 0x10, 0x03, 0x03, 0x03, 0x06, 0x07, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF,
    ];
    let reader = &mut on_reader(&card);
    let mut blocks = Vec::new();
    for (sector, flag) in flags.into_iter().enumerate() {
        for (kind, root) in [("60", &roots[0]), ("61", &roots[1])] {
            apdu(reader, &format!("FF820000 06 {}", sector_key(root, flag)));
            let opened = apdu(reader, &format!("FF860000 05 0100{:02X}{kind}00", sector * 4));
            assert_eq!(opened, "9000", "sector {sector}, key {kind}");
        }
        for block in sector * 4..sector * 4 + 4 {
            blocks.push(apdu(reader, &format!("FFB000{block:02X}10")));
        }
        apdu(reader, "FF820000 06 FFFFFFFFFFFF");
        let refused = apdu(reader, &format!("FF860000 05 0100{:02X}6000", sector * 4));
        assert_eq!(refused, "6300", "the maker's key opens sector {sector}");
    }
    let xor = |hex: &str| hex::decode(hex).unwrap().iter().fold(0, |sum, b| sum ^ b);
    let issue = "0000000000012345 0A0B0C0D 02 02 01".replace(' ', "");
    assert_eq!(blocks[4], format!("{issue}{:02X}9000", xor(&issue)));
    let dates = "20261121 20301121 20261121 0014 00".replace(' ', "");
    assert_eq!(blocks[5], format!("{dates}{:02X}9000", xor(&dates)));
    let balance = "88130000 77ECFFFF 88130000 09F609F69000".replace(' ', "");
    assert_eq!(
        (&blocks[9], &blocks[10]),
        (&balance, &balance),
        "50.00 yuan as value block, and its copy"
    );
    assert!(blocks[1].starts_with("0001100303030607"));
    assert_eq!(&blocks[7][12..20], "08778F69");
    assert_eq!(&blocks[15][12..20], "7F078869");
    let row = campus
        .session
        .ledger
        .card(cardmint::ledger::CardKind::User, "00012345")
        .unwrap()
        .unwrap();
    assert_eq!(
        row.chip.as_deref(),
        Some(hex::encode_upper(uid).as_str()),
        "the chip's number is in the ledger"
    );
    campus.verify_ledger();
}

/// A card of another chip than the order's is not written to; a chip whose trailer was garbled in a tear is dead, and said to be.
#[test]
fn an_m1_card_of_another_chip_and_one_that_is_dead() {
    let mut campus = Centre::new("campus", "issuer", "");
    let template = template("campus-m1");
    let script = |campus: &Centre, n| campus.script(&template, &pairs(&order(&template, n))).unwrap();
    let other = blank(&template, 2);
    let before = (campus.ledger(), centre::state(&other));
    let refused = campus
        .issue(&template, &script(&campus, 1), &mut on_reader(&other))
        .unwrap_err();
    assert_eq!((refused.msg().id(), refused.exit()), ("perso-differs", Exit::Check));
    assert_eq!((campus.ledger(), centre::state(&other)), before);

    let options = SimOptions {
        torn_trailer_garbles: true,
        ..SimOptions::default()
    };
    let whole = campus
        .issue(&template, &script(&campus, 3), &mut on_reader(&blank(&template, 3)))
        .unwrap();
    let mut dead = 0;
    for at in 1..=whole.done.answered {
        let n = 100 + u64::from(at);
        let card = Arc::new(Mutex::new(
            SimCard::new(Chip::M1, seeded_serial(7, n), options.clone(), false).seeded(n),
        ));
        let script = script(&campus, n);
        campus
            .issue(&template, &script, &mut centre::faulty(&card, at, SimFault::TearDuring))
            .unwrap_err();
        match campus.issue(&template, &script, &mut on_reader(&card)) {
            Ok(_) => (),
            Err(e) => {
                assert_eq!(
                    (e.msg().id(), e.exit()),
                    ("perso-dead", Exit::Device),
                    "torn at {at}: {e}"
                );
                dead += 1;
            }
        }
    }
    assert_eq!(dead, 16, "one for each trailer");
    campus.verify_ledger();
}

/// Sector keys leave the key store as six bytes; no other key does, in no part.
#[test]
fn the_store_gives_sector_keys_and_no_part_of_another_key() {
    let campus = Centre::new("campus", "issuer", "");
    let stored = campus.session.store.keys();
    let mut subject = cardmint::keys::Subject::new();
    subject.set_hex("chip_serial", "A1B2C3D4").unwrap();
    subject.set_hex("application_serial", "0000000000000001").unwrap();
    let scheme = campus.session.site.scheme();
    let key = |usage: &str| {
        let key = scheme.card_key(&stored, &usage.parse().unwrap(), 1, Algorithm::Tdes, &subject);
        key.unwrap()
    };
    let asked = |usage: &str, block: Option<[u8; 8]>| {
        let wanted = SectorKey { key: key(usage), block };
        campus.session.store.sector_key(&wanted).map(|secret| secret.len())
    };
    assert_eq!(asked("sector-a", Some([0; 8])).unwrap(), 6);
    assert_eq!(asked("sector-b", Some([1; 8])).unwrap(), 6);
    assert_eq!(asked("transport", None).unwrap(), 6);
    for usage in [
        "purchase",
        "load",
        "card-control",
        "tac",
        "app-maintenance",
        "transport",
    ] {
        let refused = asked(usage, Some([0; 8])).unwrap_err();
        assert!(matches!(refused, StoreError::NotAllowed { .. }), "{usage}: {refused}");
    }
    for usage in ["sector-a", "sector-b", "purchase", "load", "card-control"] {
        let refused = asked(usage, None).unwrap_err();
        assert!(matches!(refused, StoreError::NotAllowed { .. }), "{usage}: {refused}");
    }
}

/// A purse is loaded with a load SAM alone, without the site's key store: MAC1, MAC2 and TAC come from the SAM; and the
/// session key that it gives out stands in no trace.
#[test]
fn a_purse_is_loaded_with_a_load_sam() {
    let mut city = Centre::new("mohurd", "city", "3100");
    let card = issued(&mut city, "mohurd-user", 1, &[]);
    let sam = issued(&mut city, "mohurd-isam", 2, &[]);
    let (os, sam_os) = (template("mohurd-user").dialect, template("mohurd-isam").dialect);
    let (mut reader, mut sam_reader) = (on_reader(&card), on_reader(&sam));
    let file = tempfile::NamedTempFile::new().unwrap();
    let mut trace = Trace::new(Box::new(file.reopen().unwrap()));
    {
        let card = &mut CardSession::new(&mut reader, os);
        let sam = &mut CardSession::new(&mut sam_reader, sam_os).traced(Some(&mut trace));
        let select = |name: &str| commands::select_name(&hex::decode(name).unwrap());
        card.send("SELECT", &select("A00000000386980701")).unwrap();
        sam.send("SELECT", &select("C8A6B4E6C4A3BFE9")).unwrap();
        purse::verify_pin(card, 0, &centre::pin("123456")).unwrap();
        let (amount, terminal) = (Amount(5000), Terminal([0x31, 0, 0, 0, 0, 2]));
        let init = purse::initialize_for_load(card, commands::Purse::Electronic, 1, amount, terminal).unwrap();
        let load = LoadTransaction {
            kind: TxnType::LOAD_EP,
            balance: init.balance,
            amount,
            terminal,
            random: init.random,
            counter: init.counter,
            at: centre::at(),
        };
        let factors = [*b"\x31\x00\x00\x00\x00\x00\x00\x01"];
        let key = |usage| isam::IsamKey {
            usage,
            id: 1,
            algorithm: Algorithm::Tdes,
            factors: &factors,
        };
        let inputs: [&[u8]; 2] = [&load.mac1_data(), &load.mac2_data()];
        let macs = isam::load_macs(sam, &key(0x29), &load.session_seed(), &inputs).unwrap();
        assert_eq!(macs[0], init.mac1, "the card's MAC1");
        let tac = purse::credit_for_load(card, load.at, macs[1]).unwrap();
        assert_eq!(
            isam::tac(sam, &key(0x2C), &load.tac_data().unwrap()).unwrap(),
            tac,
            "the card's TAC"
        );
        assert_eq!(purse::balance(card, commands::Purse::Electronic).unwrap(), amount);
    }
    trace.finish().unwrap();
    let lines: Vec<serde_json::Value> = std::fs::read_to_string(file.path())
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let secret = lines
        .iter()
        .find(|line| line["command"].as_str().unwrap().starts_with("80FA0000"))
        .unwrap();
    assert_eq!(
        (&secret["secret_answer_bytes"], &secret["answer"]),
        (&8.into(), &"9000".into())
    );
}
