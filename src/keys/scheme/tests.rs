// SPDX-License-Identifier: Apache-2.0
//! Shipped schemes against published factors, and what makes a scheme file wrong.

use std::path::Path;

use super::*;
use crate::crypto::key_block::Exportability;
use crate::crypto::{Kcv, KeyMaterial, diversify_path, kcv};
use crate::error::Fault;
use crate::keys::id::{KeyRecord, KeyState, Origin};

fn shipped(name: &str) -> Scheme {
    find(name, Path::new(".")).unwrap()
}

fn record(name: &str) -> KeyRecord {
    let kcv: Kcv = "000000".parse().unwrap();
    let (state, origin) = (KeyState::Active, Origin::Generated);
    KeyRecord {
        id: name.parse().unwrap(),
        kcv,
        state,
        origin,
        since: "2026-01-01T00:00:00Z".into(),
        exportability: Exportability::unlimited(),
    }
}

fn hex(text: &str) -> Vec<u8> {
    hex::decode(text).unwrap()
}

fn card_kcv(scheme: &Scheme, master: &str, stored: &str, usage: &str, subject: &Subject) -> String {
    let id = record(stored);
    let (version, algorithm) = (id.id.version, id.id.algorithm);
    let key = scheme
        .card_key(&[id], &usage.parse().unwrap(), version, algorithm, subject)
        .unwrap();
    let master = KeyMaterial::init_with(|k| k.copy_from_slice(&hex(master)));
    let child = diversify_path(algorithm, &master, &key.path().factors);
    kcv(algorithm, &child, 8.try_into().unwrap()).to_string()
}

fn kcv_of(algorithm: Algorithm, key: &str) -> String {
    let key = KeyMaterial::init_with(|k| k.copy_from_slice(&hex(key)));
    kcv(algorithm, &key, 8.try_into().unwrap()).to_string()
}

const MASTER: &str = "000102030405060708090A0B0C0D0E0F";

#[test]
fn every_shipped_scheme_reads() {
    for (name, _) in SHIPPED {
        let scheme = shipped(name);
        assert_eq!(scheme.name(), *name);
        assert!(
            scheme
                .usages()
                .iter()
                .any(|u| u.name.as_str() == "transport" && u.leaf.is_none()),
            "{name}"
        );
        for usage in [
            "purchase",
            "load",
            "card-control",
            "app-control",
            "tac",
            "psam-card-control",
        ] {
            scheme.usage(&usage.parse().unwrap()).unwrap();
        }
    }
}

/// Factors of JR/T 0025.2-2010 B.2 with the city factor of MOHURD terminals; child keys computed with another
/// implementation of the published formulas.
#[test]
fn mohurd_from_ministry_and_from_city_gives_the_same_card() {
    let scheme = shipped("mohurd");
    let subject = Subject::new()
        .with("city_code", &hex("4420"))
        .with("application_serial", &hex("4420000012345678"));
    let expected = kcv_of(Algorithm::Tdes, "D8E68605B24341C85F8ACA44A440E12C");
    assert_eq!(
        card_kcv(&scheme, MASTER, "purchase.v1.3des@ministry", "purchase", &subject),
        expected
    );
    let city = "F6D5AE09223C7AE9BF4839BF0BBD4D62";
    assert_eq!(
        card_kcv(&scheme, city, "purchase.v1.3des@city:4420", "purchase", &subject),
        expected
    );
    // The wrong order of the levels is another key.
    assert_ne!(expected, kcv_of(Algorithm::Tdes, "49E143CB09DA8FAC144E1C1D0825DB4E"));
    let sm4 = kcv_of(Algorithm::Sm4, "8E7B506994DA6C6D6845BD9F9C78CCA0");
    assert_eq!(
        card_kcv(&scheme, MASTER, "purchase.v1.sm4@ministry", "purchase", &subject),
        sm4
    );
    let one = kcv_of(Algorithm::Tdes, "55DBF50DA4B866DD851C79009CD8042A");
    assert_eq!(
        card_kcv(&scheme, MASTER, "load.v1.3des@city:4420", "load", &subject),
        one
    );
}

#[test]
fn mot_with_and_without_the_province() {
    let off = shipped("mot").with_levels(&[]).unwrap();
    let on = shipped("mot").with_levels(&["province".parse().unwrap()]).unwrap();
    let subject = Subject::new()
        .with("issuer", &hex("01581270FFFFFFFF"))
        .with("application_serial", &hex("5812700012345678"))
        .with("province", &hex("0013"));
    let expected = kcv_of(Algorithm::Tdes, "F5E4591020760682EBA1AAFC5D766F8A");
    assert_eq!(
        card_kcv(&off, MASTER, "purchase.v1.3des@ministry", "purchase", &subject),
        expected
    );
    let with_province = card_kcv(&on, MASTER, "purchase.v1.3des@ministry", "purchase", &subject);
    assert_ne!(with_province, expected);
    let factors = on
        .factors(&"ministry".parse().unwrap(), &"card".parse().unwrap(), &subject)
        .unwrap();
    let shown: Vec<String> = factors.iter().map(ToString::to_string).collect();
    assert_eq!(shown, ["0013FF0000000000", "01581270FFFFFFFF", "5812700012345678"]);
    let factors = off
        .factors(&"ministry".parse().unwrap(), &"card".parse().unwrap(), &subject)
        .unwrap();
    assert_eq!(factors.len(), 2);
    // An issuer's own key needs no province; the ministry's does, and says so.
    let card = Subject::new()
        .with("issuer", &hex("01581270FFFFFFFF"))
        .with("application_serial", &hex("5812700012345678"));
    let reach = |stored: &str| {
        on.card_key(
            &[record(stored)],
            &"purchase".parse().unwrap(),
            1,
            Algorithm::Tdes,
            &card,
        )
    };
    assert!(reach("purchase.v1.3des@issuer:01581270FFFFFFFF").is_ok());
    let missing = reach("purchase.v1.3des@ministry").unwrap_err();
    assert_eq!(
        missing,
        SchemeError::SubjectField {
            field: "province".into()
        }
    );
    // A province's key is no key of a site where the level is off.
    assert!(off.level(&"province".parse().unwrap()).is_err());
    assert!(matches!(
        shipped("mot").with_levels(&["issuer".parse().unwrap()]),
        Err(SchemeError::NotOptional { .. })
    ));
}

#[test]
fn a_ten_byte_serial_counts_with_its_last_eight() {
    let scheme = shipped("mot").with_levels(&[]).unwrap();
    let subject = Subject::new()
        .with("issuer", &hex("01011000FFFFFFFF"))
        .with("application_serial", &hex("03105170010170907984"));
    let factors = scheme
        .factors(&"issuer".parse().unwrap(), &"card".parse().unwrap(), &subject)
        .unwrap();
    assert_eq!(factors[0].to_string(), "5170010170907984");
    let short = Subject::new().with("application_serial", &hex("0310"));
    let error = scheme
        .factors(&"issuer".parse().unwrap(), &"card".parse().unwrap(), &short)
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "the field application_serial has 2 bytes; the scheme demands 8/10"
    );
}

#[test]
fn subjects_are_checked() {
    let scheme = shipped("mohurd");
    let (ministry, city): (LevelName, LevelName) = ("ministry".parse().unwrap(), "city".parse().unwrap());
    let bad = Subject::new().with("city_code", &[0x3A, 0x00]);
    assert!(matches!(
        scheme.factors(&ministry, &city, &bad),
        Err(SchemeError::SubjectEncoding { .. })
    ));
    assert!(matches!(
        scheme.factors(&ministry, &city, &Subject::new()),
        Err(SchemeError::SubjectField { .. })
    ));
    assert!(matches!(
        scheme.factors(&city, &ministry, &bad),
        Err(SchemeError::NoWay { .. })
    ));
    let (card, psam): (LevelName, LevelName) = ("card".parse().unwrap(), "psam".parse().unwrap());
    assert!(matches!(
        scheme.factors(&card, &psam, &bad),
        Err(SchemeError::NoWay { .. })
    ));
}

#[test]
fn keys_of_other_cities_and_keys_that_stopped_are_not_taken() {
    let scheme = shipped("mohurd");
    let subject = Subject::new()
        .with("city_code", &hex("3100"))
        .with("application_serial", &hex("3100000020915087"));
    let ask = |stored: &[KeyRecord]| {
        scheme
            .card_key(stored, &"load".parse().unwrap(), 1, Algorithm::Tdes, &subject)
            .map(|k| k.to_string())
    };
    let error = ask(&[record("load.v1.3des@city:4100"), record("load.v2.3des@city:3100")]).unwrap_err();
    assert!(error.to_string().contains("city:3100"), "{error}");
    assert_eq!(
        ask(&[record("load.v1.3des@city:3100")]).unwrap(),
        "load.v1.3des@city:3100/3100000020915087"
    );
    // Both the root and a derived key: the one of lower rank does.
    let both = [
        record("purchase.v1.3des@city:3100"),
        record("purchase.v1.3des@ministry"),
    ];
    let purchase: Usage = "purchase".parse().unwrap();
    let key = scheme.card_key(&both, &purchase, 1, Algorithm::Tdes, &subject).unwrap();
    assert_eq!(key.to_string(), "purchase.v1.3des@city:3100/3100000020915087");
    let root = scheme
        .key_at(
            &both,
            &purchase,
            1,
            Algorithm::Tdes,
            &"ministry".parse().unwrap(),
            &subject,
        )
        .unwrap();
    assert_eq!(root.to_string(), "purchase.v1.3des@ministry");
    let city = scheme
        .key_at(
            &both[1..],
            &purchase,
            1,
            Algorithm::Tdes,
            &"city".parse().unwrap(),
            &subject,
        )
        .unwrap();
    assert_eq!(city.to_string(), "purchase.v1.3des@ministry/3100FF0000000000");
    let load = "load".parse().unwrap();
    let above = scheme.key_at(&both, &load, 1, Algorithm::Tdes, &"ministry".parse().unwrap(), &subject);
    assert!(matches!(above, Err(SchemeError::NoWay { .. })), "{above:?}");
}

#[test]
fn a_psams_own_keys_follow_its_serial_whoever_issues_it() {
    let scheme = shipped("mohurd");
    let subject = Subject::new().with("psam_serial", &hex("00000031000000000017"));
    for owner in ["ministry", "city:3100"] {
        let stored = [record(&format!("psam-app-control.v1.3des@{owner}"))];
        let usage = "psam-app-control".parse().unwrap();
        let key = scheme.card_key(&stored, &usage, 1, Algorithm::Tdes, &subject).unwrap();
        assert_eq!(
            key.to_string(),
            format!("psam-app-control.v1.3des@{owner}/0031000000000017")
        );
        let level = scheme.level_of(key.path()).unwrap().unwrap();
        assert_eq!(level.name.as_str(), "psam");
    }
    let stored = [record("transport.v1.3des@city:3100")];
    let key = scheme
        .card_key(
            &stored,
            &"transport".parse().unwrap(),
            1,
            Algorithm::Tdes,
            &Subject::new(),
        )
        .unwrap();
    assert_eq!(
        (key.to_string().as_str(), key.path().factors.len()),
        ("transport.v1.3des@city:3100", 0)
    );
    assert_eq!(scheme.level_of(key.path()).unwrap(), None);
}

#[test]
fn the_metro_card_has_one_level() {
    let scheme = shipped("metro");
    let subject = Subject::new().with("application_serial", &hex("4420000012345678"));
    let one = kcv_of(Algorithm::Tdes, "55DBF50DA4B866DD851C79009CD8042A");
    assert_eq!(
        card_kcv(&scheme, MASTER, "file-update-2.v1.3des@city", "file-update-2", &subject),
        one
    );
    assert!(
        scheme
            .usages()
            .iter()
            .all(|u| u.root.as_ref().is_none_or(|root| root.as_str() == "city"))
    );
}

fn fault(from: &str, to: &str) -> SchemeError {
    let (_, text) = load("mohurd", Path::new(".")).unwrap();
    assert!(text.contains(from), "{from}");
    Scheme::parse("changed.toml", &text.replacen(from, to, 1)).unwrap_err()
}

#[test]
fn errors_name_the_line_and_the_place() {
    let (_, text) = load("mohurd", Path::new(".")).unwrap();
    let line_of = |needle: &str| text.lines().position(|l| l.contains(needle)).unwrap() + 1;
    let unknown = fault("leaf = true", "leef = true").to_string();
    assert!(
        unknown.contains(&format!("line {}", line_of("leaf = true"))) && unknown.contains("leef"),
        "{unknown}"
    );
    let length = fault("{ const = \"FF0000000000\" }", "{ const = \"FF00\" }").to_string();
    let line = line_of("FF0000000000");
    assert_eq!(
        length,
        format!("changed.toml, line {line}, level.city.factor: the factor has 4 bytes; it must have 8")
    );
    let root = fault("root = \"ministry\"", "root = \"nation\"").to_string();
    assert!(
        root.contains(&format!("line {}", line_of("root = \"ministry\""))) && root.contains("nation"),
        "{root}"
    );
}

#[test]
fn senseless_schemes_are_refused() {
    let reason = |from: &str, to: &str| match fault(from, to) {
        SchemeError::Field { reason, .. } => reason,
        other => panic!("{other}"),
    };
    assert_eq!(reason("format = 1", "format = 2"), SchemeReason::Format { found: 2 });
    assert_eq!(
        reason("name = \"city\"", "name = \"ministry\""),
        SchemeReason::Twice {
            name: "ministry".into()
        }
    );
    assert_eq!(
        reason("name = \"load\"", "name = \"tac\""),
        SchemeReason::Twice { name: "tac".into() }
    );
    assert_eq!(
        reason("name = \"load\"", "name = \"Load\""),
        SchemeReason::Name { word: "Load".into() }
    );
    assert_eq!(reason("\"FF0000000000\"", "\"FF000000000\""), SchemeReason::Const);
    assert_eq!(
        reason("code = { field = \"city_code\", kind = \"postal-city\" }\n", ""),
        SchemeReason::NoCode
    );
    assert_eq!(reason("root = \"city\"", "root = \"card\""), SchemeReason::Root);
    assert_eq!(
        reason("leaf = \"psam\"", "leaf = \"city\""),
        SchemeReason::NotLeaf { level: "city".into() }
    );
    assert_eq!(reason("version = 1 }", "version = 0 }"), SchemeReason::Version);
    assert_eq!(reason("of = [8, 10]", "of = [7]"), SchemeReason::FieldLength);
    assert_eq!(
        reason("bytes = 2, encoding = \"bcd\" }", "bytes = 2 }"),
        SchemeReason::Part
    );
    let top = "title = { en = \"ministry\", zh = \"部级\" }";
    assert_eq!(reason(top, &format!("{top}\noptional = true")), SchemeReason::Top);
    assert!(matches!(
        find("nation", Path::new(".")),
        Err(SchemeError::NotFound { .. })
    ));
    assert!(matches!(
        find("./nation.toml", Path::new(".")),
        Err(SchemeError::Read { .. })
    ));
    assert_eq!(fault("format = 1", "format = 2").exit(), crate::error::Exit::Usage);
}

#[test]
fn the_two_code_columns_do_not_mix() {
    let scheme = shipped("mohurd");
    let city: LevelName = "city".parse().unwrap();
    assert_eq!(scheme.owner_with_code(&city, "3100").unwrap().to_string(), "city:3100");
    for wrong in ["310", "31000", "31OO", "", "01581270"] {
        assert!(scheme.owner_with_code(&city, wrong).is_err(), "{wrong}");
    }
    let issuer: LevelName = "issuer".parse().unwrap();
    let owner = shipped("mot").owner_with_code(&issuer, "01581270").unwrap();
    assert_eq!(owner.to_string(), "issuer:01581270FFFFFFFF");
    assert!(shipped("mot").owner_with_code(&issuer, "1270").is_err());
    assert!(scheme.owner_with_code(&"ministry".parse().unwrap(), "3100").is_err());
    // Hangzhou is 3100 in one column and 3310 in the other; the types hold them apart.
    let hangzhou = cities().iter().find(|c| c.name.en == "Hangzhou").unwrap();
    assert_eq!(
        (hangzhou.postal, hangzhou.region),
        ("3100".parse().unwrap(), Some("3310".parse().unwrap()))
    );
    assert_eq!(
        std::any::type_name_of_val(&hangzhou.postal).rsplit("::").next(),
        Some("PostalCityCode")
    );
    assert_eq!(CodeKind::PostalCity.mixed_up("3310").unwrap().name.en, "Hangzhou");
    assert_eq!(CodeKind::PostalCity.mixed_up("3100"), None);
    assert_eq!(CodeKind::Issuer.city("01583310FFFFFFFF").unwrap().name.en, "Hangzhou");
}

#[test]
fn encodings() {
    let fits = |encoding: Encoding, text: &str| encoding.fits(&hex(text));
    assert!(fits(Encoding::Bcd, "0199") && !fits(Encoding::Bcd, "019A"));
    assert!(fits(Encoding::Cn, "01581270FFFFFFFF") && fits(Encoding::Cn, "0158127FFF"));
    assert!(!fits(Encoding::Cn, "0158FF70") && !fits(Encoding::Cn, "015A"));
    assert!(fits(Encoding::Hex, "ABCDEF"));
}

/// A site made with an earlier version opens only while these stay as they are.
#[test]
fn shipped_schemes_lay_down_what_they_always_did() {
    let digests: Vec<String> = SHIPPED
        .iter()
        .map(|(name, _)| format!("{name} {}", &shipped(name).digest().to_string().to_lowercase()[..16]))
        .collect();
    assert_eq!(
        digests,
        [
            "campus 4945ba25d9f72ad5",
            "metro e6e2d6cc8535b0a3",
            "mohurd 8d4a371ffc8f77d9",
            "mot 06b550f4140520b0"
        ]
    );
    let off = shipped("mot").with_levels(&[]).unwrap();
    assert_ne!(
        off.digest(),
        shipped("mot").digest(),
        "a level that is switched is another hierarchy"
    );
}

#[test]
fn a_code_in_a_field_is_filled_up_as_an_owner_is() {
    let mot = shipped("mot");
    assert_eq!(mot.code_text("issuer", "01011000"), "01011000FFFFFFFF");
    assert_eq!(mot.code_text("issuer", "01011000FFFFFFFF"), "01011000FFFFFFFF");
    assert_eq!(mot.code_text("application_serial", "12"), "12");
}
