// SPDX-License-Identifier: Apache-2.0
//! Backups made in one ceremony and restored in another: with the store there, and with the store lost.

use std::fs;
use std::path::Path;

use super::hall::*;
use super::saved::*;
use cardmint::crypto::internal::check_value;
use cardmint::crypto::pack::copy_of;
use cardmint::crypto::shamir::Share;
use cardmint::crypto::{KcvLength, SecretBytes};
use cardmint::error::{Exit, Fault};
use cardmint::keys::file_store::{Backup, BackupError};
use cardmint::keys::{FileKeyStore, InternalUse, KeyFileError, KeyPath, KeyState, KeyStore};
use cardmint::ledger::LedgerError;
use cardmint::ledger::act::Act;
use cardmint::outside::{Clock, SystemRandom};
use cardmint::site::{RestoreError, Session, SiteError, key_arrived, key_retired};

fn kcv_of(session: &Session, name: &str) -> String {
    let path = KeyPath {
        key: name.parse().unwrap(),
        factors: Vec::new(),
    };
    session.store.kcv(&path, KcvLength::default()).unwrap().to_string()
}

#[test]
fn a_lost_store_comes_back_whole() {
    let folder = tempfile::tempdir().unwrap();
    let saved = saved(folder.path());
    let before = open(&saved.site, &PEOPLE[..2]).unwrap();
    let (kcvs, card) = (
        [LOAD, TAC].map(|name| kcv_of(&before, name)),
        saved.site.card().unwrap(),
    );
    let generation = before.store.header().generation;
    drop(before);
    lose(&saved.site);
    fs::remove_file(saved.site.folder().join("keys/store.lock")).unwrap();
    fs::remove_dir(saved.site.folder().join("keys")).unwrap();
    let error = open(&saved.site, &PEOPLE[..2]).unwrap_err();
    assert!(
        matches!(error, SiteError::Keys(KeyFileError::Missing { .. })),
        "{error}"
    );
    let mut session = without_store(&saved.site).unwrap();
    assert!(session.store.is_vacant() && session.store.keys().is_empty());
    // A vacant store signs nothing in the site's name, and becomes no store but by a backup.
    let refused = session.checkpoint().unwrap_err();
    assert!(
        matches!(refused, SiteError::Ledger(LedgerError::WrongLogKey)),
        "{refused}"
    );
    let refused = session
        .set_pin("user", SecretBytes::new(vec![1]), &mut SystemRandom)
        .unwrap_err();
    assert!(
        matches!(refused, SiteError::Keys(KeyFileError::BadQuorum { .. })),
        "{refused}"
    );
    assert!(!saved.site.store_place().file().exists() && !saved.site.store_place().next().exists());
    restore(&saved, &mut session, None).unwrap();
    session.checkpoint().unwrap();
    drop(session);
    for pair in [[0, 1], [1, 2], [0, 2]] {
        let session = open(&saved.site, &pair.map(|i| PEOPLE[i])).unwrap();
        assert_eq!([LOAD, TAC].map(|name| kcv_of(&session, name)), kcvs);
        assert_eq!(session.store.exchange_keys().len(), 1);
        assert_eq!(session.store.pin("user").unwrap().len(), 3);
        let key = session.store.internal_key(InternalUse::Holders).unwrap();
        assert_eq!(check_value(key).to_string(), session.ledger.secrets().unwrap()[0].kcv);
        assert!(session.store.header().generation > generation);
    }
    assert_eq!(saved.site.card().unwrap(), card);
    verified(&saved.site);
    // It is there again: nobody restores over it from nothing.
    let there = without_store(&saved.site).unwrap_err();
    assert!(
        matches!(there, SiteError::Restore(RestoreError::StoreThere { .. })),
        "{there}"
    );
    assert_eq!(there.exit(), Exit::Usage);
}

#[test]
fn a_store_that_is_there_can_go_back_and_keeps_what_the_ledger_says() {
    let folder = tempfile::tempdir().unwrap();
    let saved = saved(folder.path());
    let mut session = open(&saved.site, &PEOPLE).unwrap();
    let record = |session: &Session, name: &str| {
        let keys = session.store.keys();
        keys.into_iter().find(|k| k.id.to_string() == name).unwrap()
    };
    let tac = record(&session, TAC);
    session
        .set_state(&tac, KeyState::Retired, "old", &mut SystemRandom)
        .unwrap();
    let load = record(&session, LOAD);
    session
        .set_state(&load, KeyState::Destroyed, "done", &mut SystemRandom)
        .unwrap();
    session
        .set_pin("user", SecretBytes::new(vec![9, 9]), &mut SystemRandom)
        .unwrap();
    session.checkpoint().unwrap();
    let found = restoration(&saved, &session).unwrap();
    let later: Vec<String> = found
        .changed_since()
        .iter()
        .map(|(name, state)| format!("{name} {state}"))
        .collect();
    assert_eq!(later, [format!("{LOAD} destroyed"), format!("{TAC} retired")]);
    assert_eq!(found.lost_pins().iter().collect::<Vec<_>>(), ["user"]);
    assert_eq!(found.missing().count(), 0);
    restore(&saved, &mut session, None).unwrap();
    // What was destroyed after the backup stays destroyed: its value did not come back.
    assert_eq!(record(&session, LOAD).state, KeyState::Destroyed);
    assert_eq!(record(&session, TAC).state, KeyState::Retired);
    let path = KeyPath {
        key: LOAD.parse().unwrap(),
        factors: Vec::new(),
    };
    session.store.kcv(&path, KcvLength::default()).unwrap_err();
    session.store.pin("user").unwrap_err();
    drop(session);
    open(&saved.site, &PEOPLE[1..]).unwrap();
}

#[test]
fn wrong_shares_are_named_with_their_custodians() {
    let folder = tempfile::tempdir().unwrap();
    let saved = saved(folder.path());
    let mut session = open(&saved.site, &PEOPLE).unwrap();
    // A second backup of the same store, which the ledger has too.
    let ceremony = begin(&mut session, &PEOPLE);
    let pending = session.store.begin().unwrap();
    let other = back_up(&saved.site, pending.store());
    ceremony
        .conclude(
            &mut session,
            pending,
            vec![Act::StoreBackup(other.body)],
            vec![],
            &mut |_| {},
        )
        .unwrap();
    let known = || saved.site.known_backup(&session.ledger, &saved.file).unwrap();
    let check = |share: &Share, by: &str| known().check_share(&session.ledger, share, by).unwrap_err();
    let [first, second, third] = &saved.shares[..] else {
        panic!("three shares")
    };
    let seen = known().check_share(&session.ledger, second, "li").unwrap();
    assert_eq!(
        (seen.officer.as_str(), seen.index, seen.digest.0),
        ("li", 2, second.digest().0)
    );
    // One digit off: every bit of the share counts.
    let bytes = hex::decode("00".repeat(31) + "01").unwrap();
    let wrong = Share::from_parts(2, 2, SecretBytes::new(bytes)).unwrap();
    let error = check(&wrong, "li");
    assert!(
        matches!(&error, SiteError::Restore(RestoreError::Backup(BackupError::WrongShare { index: 2, officer })) if officer == "li"),
        "{error}"
    );
    assert!(error.to_string().contains("li") && error.to_string().contains('2') && error.exit() == Exit::Check);
    // The right bytes under another number or threshold.
    let renumbered = Share::from_parts(3, 2, copy_of(second.secret())).unwrap();
    let error = check(&renumbered, "wang");
    assert!(
        matches!(&error, SiteError::Restore(RestoreError::Backup(BackupError::WrongShare { index: 3, officer })) if officer == "wang"),
        "{error}"
    );
    let other_threshold = Share::from_parts(2, 3, copy_of(second.secret())).unwrap();
    assert!(matches!(
        check(&other_threshold, "li"),
        SiteError::Restore(RestoreError::Backup(BackupError::WrongShare { .. }))
    ));
    let beyond = Share::from_parts(4, 2, copy_of(second.secret())).unwrap();
    assert!(matches!(
        check(&beyond, "li"),
        SiteError::Restore(RestoreError::Backup(BackupError::NoSuchShare { index: 4 }))
    ));
    // A right share in another hand.
    let error = check(first, "wang");
    assert!(
        matches!(&error, SiteError::Restore(RestoreError::Backup(BackupError::OthersShare { officer, by, .. })) if officer == "zhang" && by == "wang"),
        "{error}"
    );
    // A share of the other backup is told apart from a wrong one, and the entry named.
    let error = check(&other.shares[1], "li");
    let entry = known().entry();
    assert!(
        matches!(&error, SiteError::Restore(RestoreError::OtherBackup { index: 2, officer, entry: other }) if officer == "li" && *other > entry),
        "{error}"
    );
    // And none of that opens anything, even unchecked.
    let opens = |shares: &[&Share]| {
        let shares: Vec<Share> = shares.iter().map(|s| again(s)).collect();
        known().open(&session.ledger, &shares).map(drop).unwrap_err()
    };
    assert!(matches!(
        opens(&[first, &other.shares[1]]),
        SiteError::Restore(RestoreError::Backup(BackupError::WrongShare { .. }))
    ));
    assert!(matches!(
        opens(&[third]),
        SiteError::Restore(RestoreError::Backup(BackupError::TooFew { needed: 2, got: 1 }))
    ));
    assert!(matches!(
        opens(&[third, third]),
        SiteError::Restore(RestoreError::Backup(BackupError::SameShare { index: 3 }))
    ));
    assert!(matches!(
        opens(&[]),
        SiteError::Restore(RestoreError::Backup(BackupError::TooFew { needed: 2, got: 0 }))
    ));
}

#[test]
fn a_backup_older_than_the_ledger_brings_back_only_what_it_has() {
    let folder = tempfile::tempdir().unwrap();
    let saved = saved(folder.path());
    let mut session = open(&saved.site, &PEOPLE).unwrap();
    let (record, key) = fresh(LATER, &session);
    let act = Act::KeyGenerate(key_arrived(&record).unwrap());
    session.add_key(record, key, act, &mut SystemRandom).unwrap();
    session.checkpoint().unwrap();
    drop(session);
    lose(&saved.site);
    let mut session = without_store(&saved.site).unwrap();
    let size = session.ledger.size();
    let found = restoration(&saved, &session).unwrap();
    assert_eq!(found.missing().map(ToString::to_string).collect::<Vec<_>>(), [LATER]);
    let ceremony = begin(&mut session, &PEOPLE);
    let refused = restore_in(&ceremony, &saved, &mut session, None, &mut |_| {}).unwrap_err();
    assert!(
        matches!(&refused, SiteError::Restore(RestoreError::Missing { keys }) if keys == &[LATER]),
        "{refused}"
    );
    assert!(refused.to_string().contains(LATER));
    assert_eq!(session.ledger.size(), size + 1, "the ceremony's beginning alone");
    restore_in(
        &ceremony,
        &saved,
        &mut session,
        Some("store lost on 2 May"),
        &mut |_| {},
    )
    .unwrap();
    drop(session);
    let session = open(&saved.site, &PEOPLE[..2]).unwrap();
    let keys = session.store.keys();
    let state = |name: &str| keys.iter().find(|k| k.id.to_string() == name).unwrap().state;
    assert_eq!((state(LATER), state(LOAD)), (KeyState::Destroyed, KeyState::Active));
    let row = session.ledger.key(LATER).unwrap().unwrap();
    assert_eq!(row.state, "destroyed");
    drop(session);
    open(&saved.site, &PEOPLE).unwrap().checkpoint().unwrap();
    verified(&saved.site);
}

/// A secret that was drawn since the backup does not come back, and is drawn anew with the next number.
#[test]
fn secrets_drawn_since_the_backup_are_lost() {
    let folder = tempfile::tempdir().unwrap();
    let saved = saved(folder.path());
    let mut session = open(&saved.site, &PEOPLE).unwrap();
    session.need_secret(InternalUse::Pins, &mut SystemRandom).unwrap();
    let anew = session.draw_secret::<SiteError>(
        InternalUse::Holders,
        None,
        &mut SystemRandom,
        &mut |_, _, _| Ok(()),
        &mut |_| {},
    );
    anew.unwrap();
    session.checkpoint().unwrap();
    drop(session);
    lose(&saved.site);
    let mut session = without_store(&saved.site).unwrap();
    let found = restoration(&saved, &session).unwrap();
    assert_eq!(found.lost_secrets().iter().collect::<Vec<_>>(), ["holders", "pins"]);
    restore(&saved, &mut session, None).unwrap();
    drop(session);
    let mut session = open(&saved.site, &PEOPLE[..2]).unwrap();
    assert!(session.store.internal().is_empty());
    session.need_secret(InternalUse::Holders, &mut SystemRandom).unwrap();
    let record = session.store.internal_record(InternalUse::Holders).unwrap();
    assert_eq!(record.version, 3);
    drop(session);
    open(&saved.site, &PEOPLE[..2]).unwrap();
}

#[test]
fn a_backup_that_the_ledger_does_not_know_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let saved = saved(folder.path());
    let session = open(&saved.site, &PEOPLE).unwrap();
    // Made, and its ceremony never concluded.
    let stray = back_up(&saved.site, &session.store);
    let path = folder.path().join("stray");
    cardmint::keys::file_store::replace(&path, stray.backup.text().as_bytes(), 0o600).unwrap();
    let refused = saved.site.known_backup(&session.ledger, &path).unwrap_err();
    assert!(
        matches!(refused, SiteError::Restore(RestoreError::Unknown { .. })),
        "{refused}"
    );
    assert_eq!(refused.exit(), Exit::Check);
    // Another site's.
    let other = saved_elsewhere(&folder.path().join("other"));
    let refused = saved.site.known_backup(&session.ledger, &other.file).unwrap_err();
    assert!(
        matches!(refused, SiteError::NotForThisSite { field: "id", .. }),
        "{refused}"
    );
}

fn saved_elsewhere(folder: &Path) -> Saved {
    fs::create_dir(folder).unwrap();
    saved(folder)
}

#[test]
fn a_backup_is_made_for_two_at_least_and_for_different_people() {
    let folder = tempfile::tempdir().unwrap();
    let site = found_site(&folder.path().join("site"), &PEOPLE, 2);
    let session = open(&site, &PEOPLE).unwrap();
    let make = |threshold, names: &[&str]| {
        let names: Vec<String> = names.iter().map(|n| (*n).to_owned()).collect();
        site.back_up(&session.store, threshold, &names, &mut SystemRandom, &Clock::System)
    };
    for (threshold, names) in [
        (1, &PEOPLE[..]),
        (0, &PEOPLE),
        (4, &PEOPLE),
        (2, &PEOPLE[..1]),
        (2, &[]),
    ] {
        let refused = make(threshold, names).unwrap_err();
        assert!(
            matches!(
                refused,
                SiteError::Restore(RestoreError::Backup(BackupError::Threshold { .. }))
            ),
            "{threshold} of {names:?}: {refused}"
        );
        assert_eq!(refused.exit(), Exit::Usage);
    }
    let refused = make(2, &["li", "wang", "li"]).unwrap_err();
    assert!(
        matches!(&refused, SiteError::Restore(RestoreError::Backup(BackupError::SameCustodian { officer })) if officer == "li"),
        "{refused}"
    );
    for (threshold, count) in [(2, 2), (2, 3), (3, 3)] {
        let made = make(threshold, &PEOPLE[..count]).unwrap();
        assert_eq!(
            (made.shares.len(), made.body.shares.len(), made.body.threshold),
            (count, count, threshold.into())
        );
        let shares: Vec<Share> = made.shares[count - usize::from(threshold)..]
            .iter()
            .map(again)
            .collect();
        made.backup.open(&shares).unwrap();
    }
}

#[test]
fn every_changed_byte_of_a_backup_is_noticed_and_nothing_secret_stands_in_it() {
    let folder = tempfile::tempdir().unwrap();
    let saved = saved(folder.path());
    let good = fs::read(&saved.file).unwrap();
    let shares = || saved.shares[1..].iter().map(again).collect::<Vec<Share>>();
    Backup::parse(&saved.file, &good).unwrap().open(&shares()).unwrap();
    let above = good[..good.len() - 1].iter().rposition(|b| *b == b'\n').unwrap() + 1;
    for at in 0..good.len() {
        let mut bad = good.clone();
        bad[at] ^= 1;
        assert!(Backup::parse(&saved.file, &bad).is_err(), "byte {at}");
        // Whoever corrects the digest at the end too is found out by the seal.
        if at < above {
            bad.truncate(above);
            let digest = cardmint::crypto::Digest::of(&[&bad]).to_string().to_lowercase();
            bad.extend_from_slice(format!("{digest}\n").as_bytes());
            let opened = Backup::parse(&saved.file, &bad).and_then(|backup| backup.open(&shares()));
            assert!(opened.is_err(), "byte {at}: {:?}", char::from(good[at]));
        }
    }
    let raw = hex::decode(CANARY).unwrap();
    let upper = String::from_utf8_lossy(&good).to_uppercase();
    assert!(!good.windows(16).any(|w| w == raw) && !upper.contains(&CANARY[..12]));
    for share in &saved.shares {
        assert!(!format!("{share:?}").contains("secret"));
    }
    // The ledger has digests of shares and of the file, and no more.
    let ledger = saved.site.ledger_read_only().unwrap();
    let known = saved.site.known_backup(&ledger, &saved.file).unwrap();
    assert_eq!(
        (known.body().threshold, known.body().keys, known.body().shares.len()),
        (2, 3, 3)
    );
    let shown = format!("{known:?}").to_uppercase();
    assert!(!shown.contains(&CANARY[..12]));
}

#[test]
fn an_officer_who_left_since_does_not_get_in_by_a_backup() {
    let folder = tempfile::tempdir().unwrap();
    let saved = saved(folder.path());
    let mut session = open(&saved.site, &PEOPLE[..2]).unwrap();
    let wang = people(&saved.site, &["wang"]);
    session.revoke("wang", "left", &mut SystemRandom).unwrap();
    session.checkpoint().unwrap();
    drop(session);
    lose(&saved.site);
    let ledger = saved.site.ledger().unwrap();
    let two = people(&saved.site, &PEOPLE[..2]);
    let mut session =
        Session::open_without_store(saved.site.clone(), ledger, two, Clock::System, &mut SystemRandom).unwrap();
    let found = restoration(&saved, &session).unwrap();
    let holders = found.former_holders(&session.ledger);
    assert_eq!(
        holders.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(),
        ["zhang", "li"]
    );
    // Named all the same, the ceremony does not come to its end.
    let ceremony = begin(&mut session, &PEOPLE[..2]);
    let mut pending = session.store.begin().unwrap();
    let mut all = holders.clone();
    all.push(("wang".into(), wang[0].exchange_public()));
    let (change, acts) = found.into_change(2, all, None).unwrap();
    pending.apply(change, &mut SystemRandom).unwrap();
    let refused = ceremony
        .conclude(&mut session, pending, acts, vec![], &mut |_| {})
        .unwrap_err();
    assert!(
        matches!(&refused, SiteError::StoreDisagrees { about } if about == "wang"),
        "{refused}"
    );
    let mut pending = session.store.begin().unwrap();
    let (change, acts) = restoration(&saved, &session)
        .unwrap()
        .into_change(2, holders, None)
        .unwrap();
    pending.apply(change, &mut SystemRandom).unwrap();
    ceremony
        .conclude(&mut session, pending, acts, vec![], &mut |_| {})
        .unwrap();
    drop(session);
    let place = saved.site.store_place();
    let zhang = people(&saved.site, &["zhang"]);
    let refused = FileKeyStore::unlock(place, saved.site.scheme().clone(), &[&zhang[0], &wang[0]]).unwrap_err();
    assert!(matches!(refused, KeyFileError::NoShare { .. }), "{refused}");
}

#[test]
fn what_the_acts_do_not_tell_of_a_restoration_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let saved = saved(folder.path());
    let mut session = open(&saved.site, &PEOPLE).unwrap();
    let ceremony = begin(&mut session, &PEOPLE);
    let mut pending = session.store.begin().unwrap();
    let found = restoration(&saved, &session).unwrap();
    let holders = found.former_holders(&session.ledger);
    let (change, mut acts) = found.into_change(2, holders, None).unwrap();
    pending.apply(change, &mut SystemRandom).unwrap();
    let tac = session
        .store
        .keys()
        .into_iter()
        .find(|k| k.id.to_string() == TAC)
        .unwrap();
    acts.push(key_retired(&tac.id.into(), tac.kcv, KeyState::Retired, "told and not done").unwrap());
    let refused = ceremony
        .conclude(&mut session, pending, acts, vec![], &mut |_| {})
        .unwrap_err();
    assert!(
        matches!(&refused, SiteError::StoreDisagrees { about } if about == TAC),
        "{refused}"
    );
}
