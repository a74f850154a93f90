// SPDX-License-Identifier: Apache-2.0
//! Operations of an open store: against the arithmetic, by state, by level, and between two centres.

use super::*;
use crate::crypto::Factor;
use crate::crypto::bulk::TacJob;

fn card() -> Subject {
    Subject::new()
        .with("city_code", &[0x44, 0x20])
        .with("application_serial", &[0x44, 0x20, 0, 0, 0x12, 0x34, 0x56, 0x78])
        .with("psam_serial", &[0, 0, 0, 0, 0, 0, 0, 1])
}

#[test]
fn operations_match_the_arithmetic() {
    let folder = tempfile::tempdir().unwrap();
    let master = "000102030405060708090A0B0C0D0E0F";
    let open = rehearsal_with(folder.path(), &[("purchase.v1.3des@ministry", master)]);
    let scheme = scheme();
    let purchase = "purchase".parse().unwrap();
    let key_of_card = scheme
        .card_key(&open.keys(), &purchase, 1, Algorithm::Tdes, &card())
        .unwrap();
    let own = key("D8E68605B24341C85F8ACA44A440E12C");
    let challenge = Challenge::Four([1, 2, 3, 4]);
    let kcv = open.kcv(key_of_card.path(), KcvLength::default()).unwrap();
    assert_eq!(kcv, crate::crypto::kcv(Algorithm::Tdes, &own, KcvLength::default()));
    assert_eq!(
        open.authenticate(&key_of_card, &challenge).unwrap(),
        crate::crypto::auth::external_authentication(Algorithm::Tdes, &own, &challenge)
    );
    assert_eq!(
        open.tac(&key_of_card, b"data").unwrap(),
        crate::crypto::tac(Algorithm::Tdes, crate::crypto::TacVariant::default(), &own, b"data")
    );
    let session = crate::crypto::session_key(Algorithm::Tdes, crate::crypto::SessionVariant::default(), &own, &[9; 8]);
    let macs = open.transaction_macs(&key_of_card, &[9; 8], &[b"one", b"two"]).unwrap();
    assert_eq!(macs, [session.mac(b"one"), session.mac(b"two")]);
    assert!(matches!(
        open.encrypt(&key_of_card, &[0; 7]),
        Err(StoreError::NotAllowed { .. })
    ));
    assert!(matches!(
        open.transport_record(&key_of_card, &[0x39]),
        Err(StoreError::NotAllowed { .. })
    ));
    assert!(matches!(open.pin("holder"), Err(StoreError::NoPin { .. })));
}

#[test]
fn tacs_of_a_file_are_the_single_ones_and_of_cards_only() {
    let folder = tempfile::tempdir().unwrap();
    let keys = [
        ("tac.v1.3des@ministry", CANARY),
        ("transport.v1.3des@ministry", "FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF"),
    ];
    let mut open = rehearsal_with(folder.path(), &keys);
    let (scheme, stored) = (scheme(), open.keys());
    let city: KeyPath = KeyPath {
        key: keys[0].0.parse().unwrap(),
        factors: vec!["4420FF0000000000".parse().unwrap()],
    };
    let serials: Vec<[u8; 8]> = (0..200u64).map(|n| (0x4420_0000_1234_0000 | n).to_be_bytes()).collect();
    let data: Vec<Vec<u8>> = (0..200u8).map(|n| vec![n; if n % 3 == 0 { 24 } else { 22 }]).collect();
    let jobs: Vec<TacJob<'_>> = serials
        .iter()
        .zip(&data)
        .map(|(serial, data)| TacJob {
            factor: Factor(*serial),
            data,
        })
        .collect();
    let found = open.tacs(&city, &jobs).unwrap();
    assert_eq!(found.len(), jobs.len());
    for ((serial, data), tac) in serials.iter().zip(&data).zip(&found) {
        let subject = card().with("application_serial", serial);
        let usage = "tac".parse().unwrap();
        let key = scheme.card_key(&stored, &usage, 1, Algorithm::Tdes, &subject).unwrap();
        assert_eq!(open.tac(&key, data).unwrap(), *tac);
    }
    let refused = |open: &FileKeyStore, path: &KeyPath| {
        let error = open.tacs(path, &jobs).unwrap_err();
        assert!(matches!(error, StoreError::NotAllowed { .. }), "{error}");
    };
    let root = KeyPath {
        factors: Vec::new(),
        ..city.clone()
    };
    refused(&open, &root);
    let below = KeyPath {
        factors: vec![city.factors[0]; 2],
        ..city.clone()
    };
    refused(&open, &below);
    let transport = KeyPath {
        key: keys[1].0.parse().unwrap(),
        factors: Vec::new(),
    };
    refused(&open, &transport);
    let set = Change::SetState {
        key: city.key.clone(),
        state: KeyState::Compromised,
    };
    open.apply(set, &mut SystemRandom).unwrap();
    assert!(matches!(open.tacs(&city, &jobs), Err(StoreError::State { .. })));
}

#[test]
fn the_transport_key_protects_no_key_above_the_card() {
    let folder = tempfile::tempdir().unwrap();
    let keys = [
        ("purchase.v1.3des@ministry", CANARY),
        ("psam-app-control.v1.3des@ministry", "11C17E4D5B8F2063D4E1907B3C6AF822"),
        ("transport.v1.3des@ministry", "FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF"),
    ];
    let open = rehearsal_with(folder.path(), &keys);
    let (scheme, stored) = (scheme(), open.keys());
    let of = |usage: &str| {
        scheme
            .card_key(&stored, &usage.parse().unwrap(), 1, Algorithm::Tdes, &card())
            .unwrap()
    };
    let (transport, control, purchase) = (of("transport"), of("psam-app-control"), of("purchase"));
    let frame = WriteKeyFrame {
        header: [0x84, 0xD4, 0, 0, 0x1C],
        prefix: &[0x22, 1, 0],
    };
    let challenge = Challenge::Four([1, 2, 3, 4]);
    let root = KeyPath {
        key: keys[0].0.parse().unwrap(),
        factors: Vec::new(),
    };
    let error = open.wrap_key(&transport, &challenge, frame, &root).unwrap_err();
    assert!(matches!(error, StoreError::TransportProtects { .. }), "{error}");
    let city = KeyPath {
        factors: vec!["4420FF0000000000".parse().unwrap()],
        ..root.clone()
    };
    assert!(matches!(
        open.wrap_key(&transport, &challenge, frame, &city),
        Err(StoreError::TransportProtects { .. })
    ));
    let own = KeyPath {
        key: keys[1].0.parse().unwrap(),
        factors: Vec::new(),
    };
    assert!(matches!(
        open.wrap_key(&transport, &challenge, frame, &own),
        Err(StoreError::TransportProtects { .. })
    ));
    assert_eq!(
        open.wrap_key(&transport, &challenge, frame, purchase.path())
            .unwrap()
            .len(),
        28
    );
    assert_eq!(open.wrap_key(&control, &challenge, frame, &root).unwrap().len(), 28);
    assert_eq!(open.transport_record(&transport, &[0x39, 0xF0]).unwrap().len(), 18);
}

#[test]
fn states_limit_what_a_key_does() {
    let folder = tempfile::tempdir().unwrap();
    let name = "load.v1.3des@city:4420";
    let control = "card-control.v1.3des@city:4420";
    let keys = [(name, CANARY), (control, "11C17E4D5B8F2063D4E1907B3C6AF822")];
    let mut open = rehearsal_with(folder.path(), &keys);
    let (scheme, facts) = (scheme(), open.keys());
    let of = |usage: &str| {
        scheme
            .card_key(&facts, &usage.parse().unwrap(), 1, Algorithm::Tdes, &card())
            .unwrap()
    };
    let (load, control) = (of("load"), of("card-control"));
    let frame = WriteKeyFrame {
        header: [0x84, 0xD4, 1, 0, 0x1C],
        prefix: &[0x3F, 1, 0],
    };
    let challenge = Challenge::Four([1, 2, 3, 4]);
    let set = |open: &mut FileKeyStore, state| {
        open.apply(
            Change::SetState {
                key: name.parse().unwrap(),
                state,
            },
            &mut SystemRandom,
        )
    };
    let wraps = |open: &FileKeyStore| open.wrap_key(&control, &challenge, frame, load.path()).is_ok();
    let serves = |open: &FileKeyStore| open.tac(&load, b"x").is_ok() && open.authenticate(&load, &challenge).is_ok();
    let shows = |open: &FileKeyStore| open.kcv(load.path(), KcvLength::default()).is_ok();
    assert!(wraps(&open) && serves(&open) && shows(&open));
    set(&mut open, KeyState::Retired).unwrap();
    assert!(!wraps(&open) && serves(&open) && shows(&open));
    assert!(matches!(
        set(&mut open, KeyState::Active),
        Err(KeyFileError::StateChange { .. })
    ));
    set(&mut open, KeyState::Compromised).unwrap();
    assert!(!wraps(&open) && !serves(&open) && !shows(&open));
    let before = fs::metadata(open.place().file()).unwrap().len();
    set(&mut open, KeyState::Destroyed).unwrap();
    assert!(!serves(&open) && open.keys().iter().any(|k| k.state == KeyState::Destroyed));
    assert!(
        fs::metadata(open.place().file()).unwrap().len() < before,
        "the value is gone from the file"
    );
    assert!(matches!(
        set(&mut open, KeyState::Active),
        Err(KeyFileError::StateChange { .. })
    ));
}

#[test]
fn keys_travel_sealed_and_bound() {
    let folder = tempfile::tempdir().unwrap();
    let ministry = rehearsal_with(&folder.path().join("m"), &[("purchase.v1.3des@ministry", CANARY)]);
    let city = rehearsal_with(&folder.path().join("c"), &[]);
    let factors = vec!["3100FF0000000000".parse().unwrap()];
    let path = KeyPath {
        key: "purchase.v1.3des@ministry".parse().unwrap(),
        factors,
    };
    let to = city.exchange_public();
    let (sealed, kcv) = ministry
        .seal_for(&path, &to, b"bound", KcvLength::default(), &mut SystemRandom)
        .unwrap();
    let key = city.open_sealed(&sealed, b"bound").unwrap();
    assert_eq!(crate::crypto::kcv(Algorithm::Tdes, &key, KcvLength::default()), kcv);
    assert_eq!(city.open_sealed(&sealed, b"other").unwrap_err(), KeyFileError::NotForUs);
    assert_eq!(
        ministry.open_sealed(&sealed, b"bound").unwrap_err(),
        KeyFileError::NotForUs
    );
    let of_card = KeyPath {
        factors: vec![path.factors[0], path.factors[0]],
        ..path
    };
    let refused = ministry
        .seal_for(&of_card, &to, b"bound", KcvLength::default(), &mut SystemRandom)
        .unwrap_err();
    assert!(matches!(refused, KeyFileError::NotStorable { .. }));
}

#[test]
fn no_key_shows_in_files_or_debug() {
    let folder = tempfile::tempdir().unwrap();
    let open = rehearsal_with(folder.path(), &[("load.v1.3des@city:3100", CANARY)]);
    let raw = hex::decode(CANARY).unwrap();
    let bytes = fs::read(open.place().file()).unwrap();
    let text = format!("{open:?} {:?}", add("load.v2.3des@city:3100", CANARY));
    assert!(!bytes.windows(16).any(|w| w == raw));
    for shown in [String::from_utf8_lossy(&bytes).into_owned(), text] {
        assert!(!shown.to_uppercase().contains(CANARY) && !shown.to_uppercase().contains(&CANARY[..16]));
    }
}
