// SPDX-License-Identifier: Apache-2.0
//! File contents against published samples of real cards and the field tables of their specifications.

use super::{Ground, order_of};
use cardmint::perso::plan::file_bytes;
use cardmint::template::Contents;

fn bytes(ground: &Ground, fields: &[(&str, &str)], directory: usize, fid: u16, record: usize) -> String {
    let order = ground.order(fields).unwrap_or_else(|e| panic!("{e}"));
    let directory = ground.template.directories().nth(directory).unwrap();
    let file = directory.files.iter().find(|f| f.fid.0 == fid).unwrap();
    let record = match &file.contents {
        Contents::Binary(body) => body,
        Contents::Records(records) => &records[record],
        Contents::Untouched => panic!("{fid:04X} has no contents"),
    };
    hex::encode_upper(file_bytes(&ground.template, &order, &ground.facts, record).unwrap())
}

/// EF 0015 of a Hangzhou city card, as a published reader shows it.
#[test]
fn hangzhou_0015() {
    let mut ground = Ground::shipped("mohurd-user");
    for (name, value) in [
        ("issuer_code", "8475"),
        ("application_flag", "00"),
        ("application_version", "00"),
    ] {
        ground.facts.values.insert(name.into(), value.into());
    }
    let fields = [
        ("number", "3100000020915087"),
        ("start", "20151010"),
        ("expiry", "20651010"),
        ("main-type", "00"),
        ("sub-type", "00"),
    ];
    assert_eq!(
        bytes(&ground, &fields, 1, 0x15, 0),
        "847531000000000000003100310000002091508720151010206510100000"
    );
}

/// EF 0015 inside the FCI of a T-Union card.
#[test]
fn t_union_0015() {
    let ground = Ground::shipped("mot-user");
    let fields = order_of("mot-user");
    assert_eq!(
        bytes(&ground, fields, 1, 0x15, 0),
        "01011000FFFFFFFF02010310517001017090798420190806204012310000"
    );
    assert!(bytes(&ground, fields, 1, 0x17, 0).starts_with("0000015633003310000101"));
    assert_eq!(bytes(&ground, fields, 1, 0x17, 0).len(), 120);
}

/// EF 0016, both text codings: name in GBK at 2, number at 22, kind at 54.
#[test]
fn holder_0016() {
    let ground = Ground::shipped("mohurd-user");
    let seen = bytes(&ground, order_of("mohurd-user"), 1, 0x16, 0);
    let expected = format!("0000{:0<40}{:0<64}00", "D5C5C8FD", hex::encode("330102203001011234"));
    assert_eq!(seen, expected);
    let plain = bytes(
        &ground,
        &[("number", "3100000020915087"), ("holder-name", "SAMPLE CARD ADF1")],
        1,
        0x16,
        0,
    );
    assert!(plain.starts_with("000053414D504C452043415244204144463100000000"));
}

/// EF 0017 of a PSAM in service, and 0016 with its terminal number.
#[test]
fn psam_files() {
    let ground = Ground::shipped("mohurd-psam");
    let mut fields = order_of("mohurd-psam").to_vec();
    fields.retain(|(name, _)| *name != "expiry");
    fields.extend([("start", "20111222"), ("expiry", "20161220")]);
    assert_eq!(
        bytes(&ground, &fields, 1, 0x17, 0),
        "01000000000000000100000000000000012011122220161220"
    );
    assert_eq!(bytes(&ground, &fields, 0, 0x16, 0), "310001054011");
    assert_eq!(bytes(&ground, &fields, 0, 0x15, 0), "3100000000000000000101010000");
}

/// The examples that stand beside the fields of the metro and city card.
#[test]
fn metro_files() {
    let ground = Ground::shipped("metro-user");
    let fields = order_of("metro-user");
    let issuing = "0999 9900 0000 00 00 9900000012345678 02 00 20300105 000F00000007 0001 20300105 20501231 0000";
    assert_eq!(bytes(&ground, fields, 0, 0x05, 0), issuing.replace(' ', ""));
    let public = "0999 9900 0000 0000 01 01 0000 9900000012345678 20300105 20501231 0000";
    assert_eq!(bytes(&ground, fields, 1, 0x15, 0), public.replace(' ', ""));
    let auxiliary = "01 000F3C60 14 000F00000007 03E8 00 00 00 00 00 00000000000000000000000000";
    assert_eq!(bytes(&ground, fields, 1, 0x11, 0), auxiliary.replace(' ', ""));
    let control = "11 16 01 00 20300105101500 00000000000000000000000000";
    assert_eq!(bytes(&ground, fields, 1, 0x17, 0), control.replace(' ', ""));
}

/// The directory record of the manual's worked card.
#[test]
fn directory_record() {
    let ground = Ground::shipped("mohurd-user");
    let fields = order_of("mohurd-user");
    assert_eq!(
        bytes(&ground, fields, 0, 0x01, 0),
        "61114F09A00000000386980701500450424F43"
    );
    assert_eq!(bytes(&ground, fields, 0, 0x05, 0).len(), 60);
}

/// Type, deposit and staff bytes where each kind of user card has them.
#[test]
fn user_cards_of_every_type() {
    let mohurd = Ground::shipped("mohurd-user");
    let number = ("number", "3100000020915087");
    let types = [
        ("ordinary", "0100", "00"),
        ("student", "0101", "00"),
        ("senior", "0103", "00"),
        ("senior-free", "0104", "00"),
        ("caring", "0121", "00"),
        ("souvenir", "0400", "00"),
        ("staff", "0500", "01"),
    ];
    assert_eq!(mohurd.template.card_types.len(), types.len());
    for (word, bytes_of_type, staff) in types {
        let fields = [number, ("card-type", word), ("deposit", "20")];
        assert_eq!(&bytes(&mohurd, &fields, 1, 0x15, 0)[56..60], bytes_of_type, "{word}");
        let issuing = bytes(&mohurd, &fields, 0, 0x05, 0);
        assert_eq!((&issuing[12..16], &issuing[32..36]), ("0014", bytes_of_type), "{word}");
        assert_eq!(&bytes(&mohurd, &fields, 1, 0x16, 0)[2..4], staff, "{word}");
    }
    let mot = Ground::shipped("mot-user");
    for card_type in &mot.template.card_types {
        let code = &card_type.set["type-code"];
        let given = [
            ("card-type", card_type.name.as_str()),
            ("deposit", "20"),
            ("annual-check", "20311231"),
        ];
        let fields = [order_of("mot-user"), &given].concat();
        assert_eq!(&bytes(&mot, &fields, 1, 0x17, 0)[20..22], code, "{}", card_type.name);
        assert_eq!(&bytes(&mot, &fields, 1, 0x16, 0)[..2], code, "{}", card_type.name);
        let own = format!("00000000000000010101000100000000000000000000000000000000{code}00142031123100000000");
        assert_eq!(bytes(&mot, &fields, 1, 0x05, 0), own, "{}", card_type.name);
    }
}
