// SPDX-License-Identifier: Apache-2.0
//! The next generation in memory: many changes and one file, destruction and its proof, shares in and out, derived keys.

use super::*;
use crate::crypto::auth::external_authentication;
use crate::crypto::pack::{contains, key_from};
use crate::crypto::seal::SealKey;
use crate::crypto::{Factor, diversify_path, seal};

const OTHER: &str = "11C17E4D5B8F2063D4E1907B3C6AF822";
const LOAD: &str = "load.v1.3des@city:3100";
const TAC: &str = "tac.v1.3des@city:3100";

fn state(name: &str, state: KeyState) -> Change {
    let key = name.parse().unwrap();
    Change::SetState { key, state }
}

fn opens(file: &[u8], path: &Path, key: &SealKey) -> Option<SecretBytes> {
    let file: envelope::Envelope<Header> = envelope::parse(header::KIND, path, file).unwrap();
    seal::open(key, &file.header.nonce, &file.aad, &file.body).ok()
}

#[test]
fn many_changes_make_one_generation() {
    let folder = tempfile::tempdir().unwrap();
    let mut open = rehearsal_with(folder.path(), &[(LOAD, CANARY)]);
    let (generation, before) = (open.header().generation, fs::read(open.place().file()).unwrap());
    let mut pending = open.begin().unwrap();
    pending.apply(add(TAC, OTHER), &mut SystemRandom).unwrap();
    pending
        .apply(state(LOAD, KeyState::Retired), &mut SystemRandom)
        .unwrap();
    // A refused change leaves what was there.
    assert!(pending.apply(add(TAC, CANARY), &mut SystemRandom).is_err());
    assert!(pending.apply(state(LOAD, KeyState::Active), &mut SystemRandom).is_err());
    let none = Change::Reshare {
        quorum: 2,
        holders: holders(&officers(&["a"])),
    };
    assert!(pending.apply(none, &mut SystemRandom).is_err());
    // It can be worked with, and nothing of it is on the disk.
    assert_eq!(pending.store().keys().len(), 2);
    pending.store().kcv(&stored(TAC), KcvLength::default()).unwrap();
    assert!(!open.place().next().exists());
    assert_eq!(fs::read(open.place().file()).unwrap(), before);
    let staged = pending.stage(mark(), &mut SystemRandom).unwrap();
    open.commit(staged).unwrap();
    assert_eq!((open.header().generation, open.keys().len()), (generation + 1, 2));
    // Dropped, it has never been.
    let before = fs::read(open.place().file()).unwrap();
    let mut pending = open.begin().unwrap();
    pending
        .apply(state(TAC, KeyState::Destroyed), &mut SystemRandom)
        .unwrap();
    drop(pending);
    assert_eq!(fs::read(open.place().file()).unwrap(), before);
    assert!(!open.place().next().exists() && open.keys().len() == 2);
}

#[test]
fn a_destroyed_key_is_gone_and_what_opened_the_store_before_opens_it_no_more() {
    let folder = tempfile::tempdir().unwrap();
    let people = officers(&["zhang", "li", "wang"]);
    let mut open = store(folder.path(), 2, &people, true);
    open.apply(add(LOAD, CANARY), &mut SystemRandom).unwrap();
    open.apply(add(TAC, OTHER), &mut SystemRandom).unwrap();
    let path = open.place().file().to_owned();
    let old = fs::read(&path).unwrap();
    let old_key = crate::crypto::pack::copy_of_seal_key(&open.data_key);
    assert!(contains(&opens(&old, &path, &old_key).unwrap(), &key(CANARY)));
    let mut pending = open.begin().unwrap();
    assert!(pending.prove_destroyed(&mut SystemRandom).unwrap().is_empty());
    pending
        .apply(state(LOAD, KeyState::Destroyed), &mut SystemRandom)
        .unwrap();
    let proof = pending.prove_destroyed(&mut SystemRandom).unwrap();
    let kcv = crate::crypto::kcv(Algorithm::Tdes, &key(CANARY), KcvLength::default());
    let generation = open.header().generation + 1;
    let expected = Destroyed {
        key: LOAD.parse().unwrap(),
        kcv,
        generation,
    };
    assert_eq!(proof, [expected]);
    let staged = pending.stage(mark(), &mut SystemRandom).unwrap();
    open.commit(staged).unwrap();
    drop(open);
    // The old data key, and so the old shares, open nothing of the new file; its bytes have no trace of the key.
    let new = fs::read(&path).unwrap();
    assert!(opens(&new, &path, &old_key).is_none());
    let open = FileKeyStore::unlock(StorePlace::in_site(folder.path()), scheme(), &[&people[0], &people[2]]).unwrap();
    let plain = opens(&new, &path, &open.data_key).unwrap();
    assert!(!contains(&plain, &key(CANARY)) && contains(&plain, &key(OTHER)));
    assert!(!open.contents.keys.contains_key(&LOAD.parse().unwrap()));
    // It answers nothing, not even its check value; the record stays.
    let record = open.keys().into_iter().find(|k| k.id.to_string() == LOAD).unwrap();
    assert_eq!((record.state, record.kcv), (KeyState::Destroyed, kcv));
    let refused = |result: Result<(), StoreError>| {
        assert!(
            matches!(
                result,
                Err(StoreError::State {
                    state: KeyState::Destroyed,
                    ..
                })
            ),
            "{result:?}"
        );
    };
    let subject = Subject::new()
        .with("city_code", &[0x31, 0])
        .with("application_serial", &[0x31, 0, 0, 0, 1, 2, 3, 4]);
    let usage = "load".parse().unwrap();
    let mut facts = open.keys();
    for record in &mut facts {
        record.state = KeyState::Active;
    }
    let card = scheme().card_key(&facts, &usage, 1, Algorithm::Tdes, &subject).unwrap();
    let challenge = Challenge::Four([1, 2, 3, 4]);
    let frame = WriteKeyFrame {
        header: [0x84, 0xD4, 1, 0, 0x1C],
        prefix: &[0x3F, 1, 0],
    };
    refused(open.kcv(&stored(LOAD), KcvLength::default()).map(drop));
    refused(open.kcv(card.path(), KcvLength::default()).map(drop));
    refused(open.authenticate(&card, &challenge).map(drop));
    refused(open.encrypt(&card, &[0; 8]).map(drop));
    refused(open.mac(&card, &challenge, b"x").map(drop));
    refused(open.encipher(&card, &SecretBytes::new(vec![1])).map(drop));
    refused(open.wrap_key(&card, &challenge, frame, &stored(TAC)).map(drop));
    refused(open.transaction_macs(&card, &[0; 8], &[b"x"]).map(drop));
    refused(open.tac(&card, b"x").map(drop));
    refused(open.tacs(&stored(LOAD), &[]).map(drop));
    refused(open.reload_pin(&card, "x").map(drop).or_else(|e| match e {
        StoreError::NoPin { .. } => open.tac(&card, b"x").map(drop),
        other => Err(other),
    }));
    let receiver = open.exchange_public();
    let sent = open.seal_for(&stored(LOAD), &receiver, b"", KcvLength::default(), &mut SystemRandom);
    assert!(
        matches!(sent, Err(KeyFileError::Store(StoreError::State { .. }))),
        "{sent:?}"
    );
}

#[test]
fn a_key_that_another_one_repeats_is_destroyed_only_with_it() {
    let folder = tempfile::tempdir().unwrap();
    let mut open = rehearsal_with(folder.path(), &[(LOAD, CANARY), (TAC, CANARY)]);
    let mut pending = open.begin().unwrap();
    pending
        .apply(state(LOAD, KeyState::Destroyed), &mut SystemRandom)
        .unwrap();
    let same = KeyFileError::SameValue {
        key: Box::new(LOAD.parse().unwrap()),
        other: Box::new(TAC.parse().unwrap()),
    };
    assert_eq!(pending.prove_destroyed(&mut SystemRandom), Err(same.clone()));
    // Nor does it get onto the disk.
    assert_eq!(pending.stage(mark(), &mut SystemRandom).unwrap_err(), same);
    assert!(!open.place().next().exists());
    let mut pending = open.begin().unwrap();
    pending
        .apply(state(LOAD, KeyState::Destroyed), &mut SystemRandom)
        .unwrap();
    pending
        .apply(state(TAC, KeyState::Destroyed), &mut SystemRandom)
        .unwrap();
    assert_eq!(pending.prove_destroyed(&mut SystemRandom).unwrap().len(), 2);
    let staged = pending.stage(mark(), &mut SystemRandom).unwrap();
    open.commit(staged).unwrap();
    assert!(open.contents.keys.is_empty());
}

#[test]
fn every_quorum_of_up_to_five_officers_opens_and_one_less_does_not() {
    let people = officers(&["a", "b", "c", "d", "e"]);
    for count in 1..=people.len() {
        let folder = tempfile::tempdir().unwrap();
        let mut open = store(folder.path(), 1, &people[..1], true);
        open.apply(add(LOAD, CANARY), &mut SystemRandom).unwrap();
        for quorum in 1..=count {
            let with = people[..count].iter().collect::<Vec<_>>();
            let change = Change::Reshare {
                quorum: quorum.try_into().unwrap(),
                holders: holders(&people[..count]),
            };
            let mut pending = open.begin().unwrap();
            pending.apply(change, &mut SystemRandom).unwrap();
            let staged = pending.stage(mark(), &mut SystemRandom).unwrap();
            open.commit(staged).unwrap();
            let unlock = |who: &[&OfficerKeys]| FileKeyStore::unlock(StorePlace::in_site(folder.path()), scheme(), who);
            for first in 0..=count - quorum {
                let opened = unlock(&with[first..first + quorum]).unwrap();
                assert!(opened.contents.keys[&LOAD.parse().unwrap()].same_as(&key(CANARY)));
            }
            let few = unlock(&with[..quorum - 1]).unwrap_err();
            assert!(matches!(few, KeyFileError::Quorum { .. }), "{quorum} of {count}: {few}");
        }
        for impossible in [0, count + 1] {
            let change = Change::Reshare {
                quorum: impossible.try_into().unwrap(),
                holders: holders(&people[..count]),
            };
            let refused = open.begin().unwrap().apply(change, &mut SystemRandom);
            assert!(matches!(refused, Err(KeyFileError::BadQuorum { .. })), "{refused:?}");
        }
    }
}

#[test]
fn a_next_generation_torn_anywhere_is_forgotten() {
    let folder = tempfile::tempdir().unwrap();
    let people = officers(&["zhang"]);
    let open = store(folder.path(), 1, &people, true);
    let (place, before) = (open.place().clone(), fs::read(open.place().file()).unwrap());
    drop(open.stage(add(LOAD, CANARY), mark(), &mut SystemRandom).unwrap());
    let whole = fs::read(place.next()).unwrap();
    // A power cut leaves a shorter file, or one of the right length whose last blocks were never written.
    for cut in (0..whole.len()).step_by(17).chain([whole.len() - 1]) {
        for zeroed in [false, true] {
            let mut torn = whole[..cut].to_vec();
            if zeroed {
                torn.resize(whole.len(), 0);
            }
            fs::write(place.next(), &torn).unwrap();
            let asked =
                place.recover(|_| -> Result<bool, KeyFileError> { panic!("cut at {cut}: the mark was believed") });
            assert_eq!(asked, Ok(true), "cut at {cut}");
            assert!(!place.next().exists());
            fs::write(place.next(), b"").unwrap();
            fs::set_permissions(place.next(), fs::Permissions::from_mode(0o600)).unwrap();
        }
    }
    assert_eq!(fs::read(place.file()).unwrap(), before);
    FileKeyStore::unlock(place, scheme(), &[&people[0]]).unwrap();
}

#[test]
fn a_centre_keeps_keys_that_it_derived_for_those_below() {
    let folder = tempfile::tempdir().unwrap();
    let root = "purchase.v1.3des@ministry";
    let keys = [(root, CANARY), ("load.v1.3des@city:3100", OTHER)];
    let mut open = rehearsal_with(folder.path(), &keys);
    let derived = |from: &str, name: &str| Change::AddDerived {
        from: from.parse().unwrap(),
        record: KeyRecord {
            id: name.parse().unwrap(),
            kcv: "000000".parse().unwrap(),
            state: KeyState::Active,
            origin: Origin::Derived,
            since: "2026-01-01T00:00:00Z".into(),
            exportability: Exportability::unlimited(),
        },
        subject: Subject::new(),
    };
    let child = "purchase.v1.3des@city:3100";
    open.apply(derived(root, child), &mut SystemRandom).unwrap();
    let factor: Factor = "3100FF0000000000".parse().unwrap();
    let expected = diversify_path(Algorithm::Tdes, &key(CANARY), &[factor]);
    assert!(open.contents.keys[&child.parse().unwrap()].same_as(&expected));
    let record = open.keys().into_iter().find(|k| k.id.to_string() == child).unwrap();
    let length = KcvLength::default();
    assert_eq!(record.kcv, crate::crypto::kcv(Algorithm::Tdes, &expected, length));
    // A card of that city is served by the same key, whichever of the two leads to it.
    let subject = Subject::new()
        .with("city_code", &[0x31, 0])
        .with("application_serial", &[0x31, 0, 0, 0, 1, 2, 3, 4]);
    let usage = "purchase".parse().unwrap();
    let of = |keys: &[KeyRecord]| scheme().card_key(keys, &usage, 1, Algorithm::Tdes, &subject).unwrap();
    let (all, root_alone) = (
        open.keys(),
        vec![open.keys().into_iter().find(|k| k.id.to_string() == root).unwrap()],
    );
    let (short, long) = (of(&all), of(&root_alone));
    assert_eq!((short.path().factors.len(), long.path().factors.len()), (1, 2));
    let challenge = Challenge::Four([9, 8, 7, 6]);
    assert_eq!(
        open.authenticate(&short, &challenge),
        open.authenticate(&long, &challenge)
    );
    let card = diversify_path(Algorithm::Tdes, &expected, &short.path().factors);
    let answer = external_authentication(Algorithm::Tdes, &card, &challenge);
    assert_eq!(open.authenticate(&short, &challenge).unwrap(), answer);
    // Not up, not sideways, not to cards, not to another version, cipher or usage, not to codes that are none.
    for (from, to) in [
        (child, "purchase.v2.3des@ministry"),
        (root, root),
        (child, "purchase.v1.3des@city:4420"),
        (root, "purchase.v1.3des@card"),
        (root, "purchase.v2.3des@city:4420"),
        (root, "purchase.v1.sm4@city:4420"),
        (root, "tac.v1.3des@city:4420"),
        (root, "purchase.v1.3des@city:44"),
        ("load.v1.3des@city:3100", "load.v1.3des@city:4420"),
    ] {
        let refused = open.apply(derived(from, to), &mut SystemRandom);
        assert!(
            matches!(
                refused,
                Err(KeyFileError::NotStorable { .. } | KeyFileError::KeyExists { .. })
            ),
            "{from} {to}: {refused:?}"
        );
    }
    open.apply(state(root, KeyState::Retired), &mut SystemRandom).unwrap();
    let retired = open.apply(derived(root, "purchase.v1.3des@city:4420"), &mut SystemRandom);
    assert!(
        matches!(retired, Err(KeyFileError::Store(StoreError::State { .. }))),
        "{retired:?}"
    );
}

#[test]
fn secrets_do_not_show_in_what_is_pending() {
    let folder = tempfile::tempdir().unwrap();
    let open = rehearsal_with(folder.path(), &[(LOAD, CANARY)]);
    let mut pending = open.begin().unwrap();
    pending
        .apply(state(LOAD, KeyState::Destroyed), &mut SystemRandom)
        .unwrap();
    let shown = format!("{pending:?} {pending:#?}").to_uppercase();
    assert!(!shown.contains(&CANARY[..12]), "{shown}");
    assert!(
        key_from(&SecretBytes::new(hex::decode(CANARY).unwrap()))
            .unwrap()
            .same_as(&key(CANARY))
    );
    let staged = pending.stage(mark(), &mut SystemRandom).unwrap();
    let shown = format!("{staged:?}").to_uppercase();
    assert!(!shown.contains(&CANARY[..12]), "{shown}");
    open.abandon(staged).unwrap();
}
