// SPDX-License-Identifier: Apache-2.0
//! Exchange keys in the store: kept, listed, at work by their state, destroyed; and the file's version.

use super::*;
use crate::crypto::key_block::{
    ExchangeAlgorithm, ExchangeKey, KeyAttributes, KeyBlock, KeyVersion, ModeOfUse, UsageCode,
};
use crate::keys::exchange::{ExchangeRecord, StoredName};
use crate::keys::id::ExchangeName;

const LOAD: &str = "load.v1.3des@city:3100";
const SECRET: &str = "7C91E5A2038DF64B1E7A90C5D23B68F47C01E5A2938DF64B1E7A90C5D23B68F9";

fn name() -> ExchangeName {
    "ministry-2026".parse().unwrap()
}

fn exchange(algorithm: ExchangeAlgorithm) -> Change {
    let hex = SecretBytes::new(SECRET.as_bytes()[..2 * algorithm.bytes()].to_vec());
    exchange_of(ExchangeKey::from_hex(algorithm, &hex).unwrap(), "ministry-2026")
}

fn exchange_of(key: ExchangeKey, name: &str) -> Change {
    let record = ExchangeRecord {
        name: name.parse().unwrap(),
        algorithm: key.algorithm(),
        kcv: "000000".parse().unwrap(),
        state: KeyState::Active,
        origin: Origin::Components,
        since: "2026-01-01T00:00:00Z".into(),
    };
    Change::AddExchangeKey { record, key }
}

fn attributes() -> KeyAttributes {
    KeyAttributes {
        usage: UsageCode::of(*b"E4"),
        mode: ModeOfUse::Derive,
        key_version: KeyVersion::None,
        exportability: Exportability::Trusted,
        label: None,
        time: None,
    }
}

fn set(open: &mut FileKeyStore, state: KeyState) -> Result<(), KeyFileError> {
    open.apply(Change::SetExchangeState { name: name(), state }, &mut SystemRandom)
}

#[test]
fn every_kind_is_kept_and_protects_key_blocks() {
    for algorithm in ExchangeAlgorithm::ALL {
        let folder = tempfile::tempdir().unwrap();
        let people = officers(&["zhang"]);
        let mut open = store(folder.path(), 1, &people, false);
        open.apply(add(LOAD, CANARY), &mut SystemRandom).unwrap();
        open.apply(exchange(algorithm), &mut SystemRandom).unwrap();
        drop(open);
        let open = FileKeyStore::unlock(StorePlace::in_site(folder.path()), scheme(), &[&people[0]]).unwrap();
        let record = open.exchange_record(&name()).unwrap();
        let hex = SecretBytes::new(SECRET.as_bytes()[..2 * algorithm.bytes()].to_vec());
        let own = ExchangeKey::from_hex(algorithm, &hex).unwrap();
        assert_eq!((record.kcv, record.algorithm), (own.kcv(), algorithm));
        let block = open
            .wrap_block(&stored(LOAD), &name(), &attributes(), &mut SystemRandom)
            .unwrap();
        let block = KeyBlock::parse(&block).unwrap();
        let (cipher, opened) = own.unwrap(&block).unwrap();
        assert!(cipher == Algorithm::Tdes && opened.same_as(&key(CANARY)));
        let (cipher, opened) = open.unwrap_block(&block, &name()).unwrap();
        assert!(cipher == Algorithm::Tdes && opened.same_as(&key(CANARY)));
    }
}

#[test]
fn a_file_says_format_2_only_where_format_1_would_not_do() {
    let folder = tempfile::tempdir().unwrap();
    let people = officers(&["zhang"]);
    let mut open = store(folder.path(), 1, &people, true);
    open.apply(add(LOAD, CANARY), &mut SystemRandom).unwrap();
    let first = |open: &FileKeyStore| {
        let text = fs::read_to_string(open.place().file()).unwrap();
        text.lines().next().unwrap().to_owned()
    };
    assert_eq!(first(&open), "cardmint-key-store 1");
    let mut limited = store(&folder.path().join("l"), 1, &people, true);
    let Change::AddKey { mut record, key } = add(LOAD, CANARY) else {
        unreachable!()
    };
    record.exportability = Exportability::No;
    limited
        .apply(Change::AddKey { record, key }, &mut SystemRandom)
        .unwrap();
    assert_eq!(first(&limited), "cardmint-key-store 2");
    open.apply(exchange(ExchangeAlgorithm::Aes256), &mut SystemRandom)
        .unwrap();
    assert_eq!(first(&open), "cardmint-key-store 2");
    let unlock = || FileKeyStore::unlock(StorePlace::in_site(folder.path()), scheme(), &[&people[0]]);
    unlock().unwrap();
    // Neither version passes for the other, and one of the future is named as such.
    let good = fs::read_to_string(open.place().file()).unwrap();
    let forge = |version: &str| {
        let text = good.replacen("key-store 2", &format!("key-store {version}"), 1);
        let above = &text[..=text.trim_end().rfind('\n').unwrap()];
        let digest = crate::crypto::Digest::of(&[above.as_bytes()])
            .to_string()
            .to_lowercase();
        fs::write(open.place().file(), format!("{above}{digest}\n")).unwrap();
        unlock().unwrap_err()
    };
    assert!(matches!(forge("1"), KeyFileError::Damaged { place: "form", .. }));
    assert!(matches!(forge("4"), KeyFileError::Format { found: 4, .. }));
    assert!(matches!(forge("02"), KeyFileError::Damaged { place: "form", .. }));
}

#[test]
fn states_limit_what_an_exchange_key_does() {
    let folder = tempfile::tempdir().unwrap();
    let mut open = rehearsal_with(folder.path(), &[(LOAD, CANARY)]);
    open.apply(exchange(ExchangeAlgorithm::Aes128), &mut SystemRandom)
        .unwrap();
    let wrap = |open: &FileKeyStore| open.wrap_block(&stored(LOAD), &name(), &attributes(), &mut SystemRandom);
    let block = KeyBlock::parse(&wrap(&open).unwrap()).unwrap();
    set(&mut open, KeyState::Retired).unwrap();
    assert!(matches!(
        wrap(&open),
        Err(KeyFileError::ExchangeState {
            state: KeyState::Retired,
            ..
        })
    ));
    open.unwrap_block(&block, &name()).unwrap();
    assert!(matches!(
        set(&mut open, KeyState::Active),
        Err(KeyFileError::StateChange { .. })
    ));
    set(&mut open, KeyState::Compromised).unwrap();
    let refused = open.unwrap_block(&block, &name()).unwrap_err();
    assert!(
        matches!(
            refused,
            KeyFileError::ExchangeState {
                state: KeyState::Compromised,
                ..
            }
        ),
        "{refused}"
    );
    let other = "nobody".parse().unwrap();
    let refused = open.unwrap_block(&block, &other).unwrap_err();
    assert_eq!(refused, KeyFileError::NoExchangeKey { name: other });
}

#[test]
fn a_destroyed_exchange_key_is_proven_gone() {
    let folder = tempfile::tempdir().unwrap();
    let mut open = rehearsal_with(folder.path(), &[(LOAD, CANARY)]);
    open.apply(exchange(ExchangeAlgorithm::Aes256), &mut SystemRandom)
        .unwrap();
    let kcv = open.exchange_record(&name()).unwrap().kcv;
    let mut pending = open.begin().unwrap();
    let change = Change::SetExchangeState {
        name: name(),
        state: KeyState::Destroyed,
    };
    pending.apply(change, &mut SystemRandom).unwrap();
    let proof = pending.prove_destroyed(&mut SystemRandom).unwrap();
    assert_eq!(proof.len(), 1);
    assert_eq!(
        (proof[0].key.to_string().as_str(), proof[0].kcv),
        ("exchange/ministry-2026", kcv)
    );
    assert_eq!("exchange/ministry-2026".parse::<StoredName>().unwrap(), proof[0].key);
    let staged = pending.stage(mark(), &mut SystemRandom).unwrap();
    open.commit(staged).unwrap();
    let raw = SecretBytes::new(hex::decode(SECRET).unwrap());
    assert!(!crate::crypto::pack::contains(&open.contents.pack().unwrap(), &raw));
    assert_eq!(open.exchange_record(&name()).unwrap().state, KeyState::Destroyed);
    let again = open.apply(exchange(ExchangeAlgorithm::Aes256), &mut SystemRandom);
    assert!(
        matches!(again, Err(KeyFileError::ExchangeKeyExists { .. })),
        "{again:?}"
    );
}

#[test]
fn weak_and_published_exchange_keys_stay_outside_production() {
    let folder = tempfile::tempdir().unwrap();
    let people = officers(&["zhang"]);
    let mut open = store(folder.path(), 1, &people, false);
    let from = |algorithm, hex: &str| {
        exchange_of(
            ExchangeKey::from_hex(algorithm, &SecretBytes::new(hex.as_bytes().to_vec())).unwrap(),
            "x",
        )
    };
    let halves = "C9A17E4D5B8F2063C9A17E4D5B8F2063";
    let refused = open.apply(from(ExchangeAlgorithm::Tdes112, halves), &mut SystemRandom);
    assert!(matches!(refused, Err(KeyFileError::WeakKey { .. })), "{refused:?}");
    let manual = "00112233445566778899AABBCCDDEEFF";
    let refused = open.apply(from(ExchangeAlgorithm::Aes128, manual), &mut SystemRandom);
    assert!(matches!(refused, Err(KeyFileError::TestKey { .. })), "{refused:?}");
    assert!(open.exchange_keys().is_empty());
    // A rehearsal may have them.
    let mut rehearsal = store(&folder.path().join("r"), 1, &people, true);
    rehearsal
        .apply(from(ExchangeAlgorithm::Tdes112, halves), &mut SystemRandom)
        .unwrap();
}

#[test]
fn a_key_travels_no_further_than_its_record_says() {
    let folder = tempfile::tempdir().unwrap();
    let mut open = rehearsal_with(folder.path(), &[]);
    open.apply(exchange(ExchangeAlgorithm::Aes128), &mut SystemRandom)
        .unwrap();
    for (exportability, block, bundle) in [
        (Exportability::No, false, false),
        (Exportability::Trusted, true, false),
        (Exportability::Sensitive, true, true),
    ] {
        let name_of = |usage: &str| format!("{usage}.v{}.3des@ministry", 1 + exportability as u8);
        let Change::AddKey { mut record, key } = add(&name_of("purchase"), CANARY) else {
            unreachable!()
        };
        record.exportability = exportability;
        open.apply(Change::AddKey { record, key }, &mut SystemRandom).unwrap();
        let mut path = stored(&name_of("purchase"));
        let receiver = open.exchange_public();
        let wrap = |path: &KeyPath| open.wrap_block(path, &name(), &attributes(), &mut SystemRandom);
        let send = |path: &KeyPath| {
            let length = KcvLength::default();
            open.seal_for(path, &receiver, b"", length, &mut SystemRandom)
        };
        assert_eq!(wrap(&path).is_ok(), block, "{exportability:?}");
        assert_eq!(send(&path).is_ok(), bundle, "{exportability:?}");
        if !block {
            assert!(matches!(wrap(&path), Err(KeyFileError::NotExportable { .. })));
        }
        // What is derived from it is another key.
        path.factors.push("3100FF0000000000".parse().unwrap());
        wrap(&path).unwrap();
        send(&path).unwrap();
        // And a card's own key goes nowhere.
        path.factors.push("3100000020915087".parse().unwrap());
        assert!(matches!(wrap(&path), Err(KeyFileError::NotStorable { .. })));
    }
}

#[test]
fn no_exchange_key_shows() {
    let change = exchange(ExchangeAlgorithm::Aes256);
    let folder = tempfile::tempdir().unwrap();
    let shown = format!("{change:?}").to_uppercase();
    let mut open = rehearsal_with(folder.path(), &[]);
    open.apply(change, &mut SystemRandom).unwrap();
    let file = fs::read_to_string(open.place().file()).unwrap().to_uppercase();
    for text in [shown, file, format!("{open:?} {:?}", open.header()).to_uppercase()] {
        assert!(!text.contains(&SECRET[..12]), "{text}");
    }
}
