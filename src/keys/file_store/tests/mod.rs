// SPDX-License-Identifier: Apache-2.0
//! The store as files: opening, damage, crashes, writers, refused keys.

mod exchange;
mod internal;
mod operations;
mod paper;
mod pending;

use std::fs;
use std::os::unix::fs::PermissionsExt;

use super::*;
use crate::crypto::key_block::Exportability;
use crate::crypto::seal::KdfParams;
use crate::crypto::{Algorithm, Challenge, KcvLength, KeyMaterial, SecretBytes};
use crate::error::{Exit, Fault};
use crate::keys::id::{KeyPath, KeyRecord, KeyState, Origin};
use crate::keys::scheme::{Subject, find};
use crate::keys::store::{KeyStore, StoreError, WriteKeyFrame};
use crate::outside::{NoRandom, Random, SystemRandom};

/// Far below what the program accepts from its users, so that the tests are quick.
const QUICK: KdfParams = KdfParams {
    memory_kib: 64,
    passes: 1,
    lanes: 1,
};
/// A key that no list of published keys has.
const CANARY: &str = "C9A17E4D5B8F2063D4E1907B3C6AF852";

fn scheme() -> Arc<Scheme> {
    Arc::new(find("mohurd", Path::new(".")).unwrap())
}

fn officers(names: &[&str]) -> Vec<OfficerKeys> {
    names
        .iter()
        .map(|n| OfficerKeys::generate(n, &mut SystemRandom).unwrap())
        .collect()
}

fn holders(officers: &[OfficerKeys]) -> Vec<(String, PublicKey)> {
    officers.iter().map(|o| (o.name.clone(), o.exchange_public())).collect()
}

fn store(folder: &Path, quorum: u8, officers: &[OfficerKeys], rehearsal: bool) -> FileKeyStore {
    let place = StorePlace::in_site(folder);
    FileKeyStore::create_without_sm2(
        place,
        scheme(),
        "s-1",
        rehearsal,
        quorum,
        &holders(officers),
        &mut SystemRandom,
    )
    .unwrap()
}

fn key(text: &str) -> KeyMaterial {
    crate::crypto::component::from_hex(&SecretBytes::new(text.as_bytes().to_vec())).unwrap()
}

fn add(name: &str, text: &str) -> Change {
    let kcv = "000000".parse().unwrap();
    let (state, origin) = (KeyState::Active, Origin::Components);
    let record = KeyRecord {
        id: name.parse().unwrap(),
        kcv,
        state,
        origin,
        since: "2026-01-01T00:00:00Z".into(),
        exportability: Exportability::unlimited(),
    };
    Change::AddKey { record, key: key(text) }
}

fn stored(name: &str) -> KeyPath {
    KeyPath {
        key: name.parse().unwrap(),
        factors: Vec::new(),
    }
}

fn mark() -> Mark {
    Mark {
        after: 4,
        act: "key.import".into(),
        about: "load.v1.3des@city:3100".into(),
    }
}

fn rehearsal_with(folder: &Path, keys: &[(&str, &str)]) -> FileKeyStore {
    let mut open = store(folder, 1, &officers(&["zhang"]), true);
    for (name, text) in keys {
        open.apply(add(name, text), &mut SystemRandom).unwrap();
    }
    open
}

#[test]
fn an_open_store_tells_whom_it_will_open_for() {
    let folder = tempfile::tempdir().unwrap();
    let people = officers(&["zhang", "li", "wang"]);
    let mut made = store(folder.path(), 2, &people[..2], true);
    let all: Vec<&OfficerKeys> = people.iter().collect();
    made.check_opens(&all[..2]).unwrap();
    assert!(matches!(made.check_opens(&all[..1]), Err(KeyFileError::Quorum { .. })));
    assert!(matches!(made.check_opens(&all[1..]), Err(KeyFileError::NoShare { .. })));
    // A share of the generation before does not do.
    let old = made.header.holders.clone();
    let reshare = Change::Reshare {
        quorum: 2,
        holders: holders(&people[..2]),
    };
    made.apply(reshare, &mut SystemRandom).unwrap();
    made.check_opens(&all[..2]).unwrap();
    made.header.holders = old;
    assert!(matches!(
        made.check_opens(&all[..2]),
        Err(KeyFileError::BrokenShare { .. })
    ));
}

#[test]
fn enough_officers_open_it_and_fewer_do_not() {
    let folder = tempfile::tempdir().unwrap();
    let people = officers(&["zhang", "li", "wang"]);
    let mut made = store(folder.path(), 2, &people, false);
    made.apply(add("load.v1.3des@city:3100", CANARY), &mut SystemRandom)
        .unwrap();
    made.apply(
        Change::SetPin {
            name: "holder".into(),
            pin: SecretBytes::new(vec![0x12, 0x34, 0x56]),
        },
        &mut SystemRandom,
    )
    .unwrap();
    let kcv = made
        .kcv(&stored("load.v1.3des@city:3100"), KcvLength::default())
        .unwrap();
    drop(made);
    for pair in [[0, 1], [1, 2], [2, 0]] {
        let with: Vec<&OfficerKeys> = pair.iter().map(|i| &people[*i]).collect();
        let open = FileKeyStore::unlock(StorePlace::in_site(folder.path()), scheme(), &with).unwrap();
        assert_eq!(
            open.kcv(&stored("load.v1.3des@city:3100"), KcvLength::default()),
            Ok(kcv)
        );
        assert_eq!((open.keys()[0].kcv, open.header().generation), (kcv, 3));
        assert_eq!(open.pin("holder").unwrap().len(), 3);
    }
    let unlock =
        |with: &[&OfficerKeys]| FileKeyStore::unlock(StorePlace::in_site(folder.path()), scheme(), with).unwrap_err();
    assert_eq!(unlock(&[&people[0]]), KeyFileError::Quorum { needed: 2, have: 1 });
    assert_eq!(
        unlock(&[&people[0], &people[0]]),
        KeyFileError::SameOfficer {
            officer: "zhang".into()
        }
    );
    let stranger = officers(&["li"]);
    assert_eq!(
        unlock(&[&people[0], &stranger[0]]),
        KeyFileError::NoShare { officer: "li".into() }
    );
    assert_eq!(unlock(&[&people[0]]).exit(), Exit::Usage);
}

#[test]
fn one_officer_suffices_where_the_quorum_is_one() {
    let folder = tempfile::tempdir().unwrap();
    let people = officers(&["zhang", "li"]);
    drop(store(folder.path(), 1, &people, true));
    for officer in &people {
        FileKeyStore::unlock(StorePlace::in_site(folder.path()), scheme(), &[officer]).unwrap();
    }
    let place = StorePlace::in_site(&folder.path().join("other"));
    let none = FileKeyStore::create(place, scheme(), "s", true, 3, &holders(&people), &mut SystemRandom).unwrap_err();
    assert_eq!(none, KeyFileError::BadQuorum { quorum: 3, holders: 2 });
}

#[test]
fn after_a_new_split_old_officers_are_out() {
    let folder = tempfile::tempdir().unwrap();
    let people = officers(&["zhang", "li", "wang"]);
    let mut open = store(folder.path(), 1, &people[..2], true);
    open.apply(add("load.v1.3des@city:3100", CANARY), &mut SystemRandom)
        .unwrap();
    let (quorum, new) = (2, holders(&people[1..]));
    open.apply(Change::Reshare { quorum, holders: new }, &mut SystemRandom)
        .unwrap();
    let place = || StorePlace::in_site(folder.path());
    let out = FileKeyStore::unlock(place(), scheme(), &[&people[0], &people[1]]).unwrap_err();
    assert_eq!(
        out,
        KeyFileError::NoShare {
            officer: "zhang".into()
        }
    );
    let open = FileKeyStore::unlock(place(), scheme(), &[&people[1], &people[2]]).unwrap();
    assert_eq!(open.keys().len(), 1);
}

#[test]
fn every_changed_bit_is_noticed() {
    let folder = tempfile::tempdir().unwrap();
    let people = officers(&["zhang", "li"]);
    let mut made = store(folder.path(), 2, &people, true);
    made.apply(add("load.v1.3des@city:3100", CANARY), &mut SystemRandom)
        .unwrap();
    let place = StorePlace::in_site(folder.path());
    let good = fs::read(place.file()).unwrap();
    let with: Vec<&OfficerKeys> = people.iter().collect();
    for at in 0..good.len() {
        for bit in 0..8 {
            let mut bad = good.clone();
            bad[at] ^= 1 << bit;
            let parsed = envelope::parse::<Header>(header::KIND, place.file(), &bad);
            assert!(parsed.is_err(), "byte {at} bit {bit}");
        }
    }
    // Someone who also corrects the digest is found out by the seal: every byte, one bit each.
    let text = String::from_utf8(good.clone()).unwrap();
    let above = text.trim_end().rfind('\n').unwrap() + 1;
    for at in 0..above {
        let mut bad = good[..above].to_vec();
        bad[at] ^= 1;
        let digest = crate::crypto::Digest::of(&[&bad]).to_string().to_lowercase();
        bad.extend_from_slice(format!("{digest}\n").as_bytes());
        fs::write(place.file(), &bad).unwrap();
        let opened = FileKeyStore::unlock(place.clone(), scheme(), &with);
        assert!(opened.is_err(), "byte {at}: {:?}", char::from(good[at]));
    }
    for cut in [0, 1, above, good.len() - 1] {
        fs::write(place.file(), &good[..cut]).unwrap();
        let error = FileKeyStore::unlock(place.clone(), scheme(), &with).unwrap_err();
        assert!(
            matches!(error, KeyFileError::Damaged { .. }) && error.exit() == Exit::Check,
            "{error}"
        );
    }
}

#[test]
fn rehearsal_cannot_be_edited_away() {
    let folder = tempfile::tempdir().unwrap();
    let people = officers(&["zhang"]);
    drop(store(folder.path(), 1, &people, true));
    let place = StorePlace::in_site(folder.path());
    let text = fs::read_to_string(place.file())
        .unwrap()
        .replace("\"rehearsal\":true", "\"rehearsal\":false");
    let above = &text[..=text.trim_end().rfind('\n').unwrap()];
    let digest = crate::crypto::Digest::of(&[above.as_bytes()])
        .to_string()
        .to_lowercase();
    fs::write(place.file(), format!("{above}{digest}\n")).unwrap();
    assert!(!place.header().unwrap().rehearsal);
    let error = FileKeyStore::unlock(place, scheme(), &[&people[0]]).unwrap_err();
    assert!(matches!(error, KeyFileError::Damaged { place: "body", .. }), "{error}");
}

#[test]
fn a_wrong_passphrase_is_no_damage_and_damage_is_no_wrong_passphrase() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("zhang.key");
    let officer = &officers(&["zhang"])[0];
    let good = || SecretBytes::new(b"correct horse battery".to_vec());
    officer.save(&path, &good(), QUICK, &mut SystemRandom).unwrap();
    let again = OfficerKeys::open(&path, &good(), QUICK).unwrap();
    assert_eq!(again.signing.public(), officer.signing.public());
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o7777, 0o600);
    let wrong = OfficerKeys::open(&path, &SecretBytes::new(b"correct horse batterx".to_vec()), QUICK).unwrap_err();
    assert_eq!(
        wrong,
        KeyFileError::WrongPassphrase {
            officer: "zhang".into()
        }
    );
    assert_eq!(wrong.exit(), Exit::Check);
    let weak = OfficerKeys::open(&path, &good(), KdfParams::default()).unwrap_err();
    assert!(matches!(weak, KeyFileError::WeakCosts { .. }));
    let short = officer
        .save(&path, &SecretBytes::new(b"1234567".to_vec()), QUICK, &mut SystemRandom)
        .unwrap_err();
    assert_eq!(
        short,
        KeyFileError::ShortPassphrase {
            least: SHORTEST_PASSPHRASE
        }
    );
    let mut bytes = fs::read(&path).unwrap();
    bytes[60] ^= 4;
    fs::write(&path, &bytes).unwrap();
    assert!(matches!(
        OfficerKeys::open(&path, &good(), QUICK),
        Err(KeyFileError::Damaged { .. })
    ));
    fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
    assert!(matches!(
        OfficerKeys::open(&path, &good(), QUICK),
        Err(KeyFileError::Mode { .. })
    ));
}

#[test]
fn published_and_weak_keys_stay_outside_production() {
    let folder = tempfile::tempdir().unwrap();
    let people = officers(&["zhang"]);
    let mut open = store(folder.path(), 1, &people, false);
    let mut refused = |name: &str, text: &str| open.apply(add(name, text), &mut SystemRandom).unwrap_err();
    for text in [
        "404142434445464748494A4B4C4D4E4F",
        "FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF",
        "00112233445566778899AABBCCDDEEFF",
    ] {
        let error = refused("load.v1.3des@city:3100", text);
        assert!(
            matches!(error, KeyFileError::TestKey { .. }) && error.exit() == Exit::Check,
            "{text}"
        );
        assert!(!error.to_string().contains(text));
    }
    assert!(matches!(
        refused("transport.v1.3des@city:3100", &"FF".repeat(16)),
        KeyFileError::TestKey { .. }
    ));
    let halves = "C9A17E4D5B8F2063C9A17E4D5B8F2063";
    assert!(matches!(
        refused("load.v1.3des@city:3100", halves),
        KeyFileError::WeakKey { .. }
    ));
    // Not the scheme's: unknown usage, a card's own key, above the root, unknown cipher.
    for name in ["nothing.v1.3des@ministry", "load.v1.3des@card", "load.v1.3des@ministry"] {
        assert!(
            matches!(refused(name, CANARY), KeyFileError::NotStorable { .. }),
            "{name}"
        );
    }
    let mut rehearsal = store(&folder.path().join("r"), 1, &people, true);
    rehearsal
        .apply(add("transport.v1.3des@city:3100", &"FF".repeat(16)), &mut SystemRandom)
        .unwrap();
    let twice = rehearsal
        .apply(add("transport.v1.3des@city:3100", CANARY), &mut SystemRandom)
        .unwrap_err();
    assert!(matches!(twice, KeyFileError::KeyExists { .. }));
}

#[test]
fn two_writers_do_not_overwrite_each_other() {
    let folder = tempfile::tempdir().unwrap();
    let people = officers(&["zhang"]);
    let mut first = store(folder.path(), 1, &people, true);
    let mut second = FileKeyStore::unlock(StorePlace::in_site(folder.path()), scheme(), &[&people[0]]).unwrap();
    let staged = first
        .stage(add("load.v1.3des@city:3100", CANARY), mark(), &mut SystemRandom)
        .unwrap();
    let busy = second
        .stage(add("load.v2.3des@city:3100", CANARY), mark(), &mut SystemRandom)
        .unwrap_err();
    assert!(matches!(busy, KeyFileError::Busy { .. }));
    first.commit(staged).unwrap();
    let stale = second
        .apply(add("load.v2.3des@city:3100", CANARY), &mut SystemRandom)
        .unwrap_err();
    assert!(matches!(stale, KeyFileError::Stale { .. }));
}

#[test]
fn after_a_crash_the_ledger_decides() {
    for (in_ledger, keys) in [(true, 1), (false, 0)] {
        let folder = tempfile::tempdir().unwrap();
        let people = officers(&["zhang"]);
        let place = StorePlace::in_site(folder.path());
        let open = store(folder.path(), 1, &people, true);
        let staged = open
            .stage(add("load.v1.3des@city:3100", CANARY), mark(), &mut SystemRandom)
            .unwrap();
        // The process ends here: the lock goes with it, the next generation stays.
        drop((staged, open));
        assert!(place.next().exists() && place.header().unwrap().keys.is_empty());
        assert_eq!(
            place.recover(|found| {
                assert_eq!(*found, mark());
                Ok::<_, KeyFileError>(in_ledger)
            }),
            Ok(true)
        );
        assert!(!place.next().exists());
        let open = FileKeyStore::unlock(place.clone(), scheme(), &[&people[0]]).unwrap();
        assert_eq!(open.keys().len(), keys);
        assert_eq!(
            place.recover(|_| -> Result<bool, KeyFileError> { panic!("there is nothing to ask") }),
            Ok(false)
        );
    }
    // Whoever cannot be asked decides nothing: both generations stay.
    let folder = tempfile::tempdir().unwrap();
    let open = store(folder.path(), 1, &officers(&["zhang"]), true);
    let staged = open
        .stage(add("load.v1.3des@city:3100", CANARY), mark(), &mut SystemRandom)
        .unwrap();
    let (place, next) = (open.place().clone(), open.place().next());
    drop(staged);
    assert_eq!(place.recover(|_| Err(KeyFileError::Random)), Err(KeyFileError::Random));
    fs::set_permissions(&next, fs::Permissions::from_mode(0o640)).unwrap();
    let refused = place.recover(|_| Ok::<_, KeyFileError>(true)).unwrap_err();
    assert!(
        matches!(refused, KeyFileError::Mode { .. }) && next.exists(),
        "{refused}"
    );
    // Torn while the next generation was being written: the ledger cannot know of it.
    let folder = tempfile::tempdir().unwrap();
    let open = store(folder.path(), 1, &officers(&["zhang"]), true);
    fs::write(open.place().next(), b"cardmint-key-st").unwrap();
    fs::set_permissions(open.place().next(), fs::Permissions::from_mode(0o600)).unwrap();
    assert_eq!(open.place().recover(|_| Ok::<_, KeyFileError>(true)), Ok(true));
    assert!(!open.place().next().exists());
}

struct Broken;
impl Random for Broken {
    fn fill(&mut self, _: &mut [u8]) -> Result<(), NoRandom> {
        Err(NoRandom)
    }
}

#[test]
fn without_a_random_source_nothing_is_changed() {
    let folder = tempfile::tempdir().unwrap();
    let mut open = rehearsal_with(folder.path(), &[]);
    let before = fs::read(open.place().file()).unwrap();
    assert_eq!(
        open.apply(add("load.v1.3des@city:3100", CANARY), &mut Broken),
        Err(KeyFileError::Random)
    );
    assert_eq!(fs::read(open.place().file()).unwrap(), before);
    assert!(open.keys().is_empty());
}
