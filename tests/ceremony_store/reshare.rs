// SPDX-License-Identifier: Apache-2.0
//! Officers in and out, quorums, and older stores that somebody puts back.

use std::fs;

use super::hall::*;
use super::officers::*;
use super::saved::{self, PEOPLE};
use cardmint::crypto::seal::BoxKey;
use cardmint::crypto::sign::PublicKey;
use cardmint::keys::file_store::replace;
use cardmint::keys::{Change, FileKeyStore, KeyFileError, KeyState, KeyStore};
use cardmint::ledger::act::Act;
use cardmint::outside::SystemRandom;
use cardmint::site::{Session, Site, SiteError, key_retired, store_reshared};

fn three(folder: &std::path::Path, quorum: u8) -> Site {
    found_site(&folder.join("site"), &PEOPLE, quorum)
}

/// A ceremony that shares the store anew.
fn reshare(session: &mut Session, names: &[&str], quorum: u8, among: &[&str]) -> Result<(), SiteError> {
    let ceremony = begin_again(session, names);
    let mut pending = session.store.begin()?;
    let holders = among
        .iter()
        .map(|name| session.holder(name, &[]))
        .collect::<Result<_, _>>()?;
    pending.apply(Change::Reshare { quorum, holders }, &mut SystemRandom)?;
    let act = store_reshared(pending.store().header())?;
    ceremony
        .conclude(session, pending, vec![act], vec![], &mut |_| {})
        .map(drop)
}

#[test]
fn an_officer_who_left_in_a_ceremony_opens_nothing_any_more() {
    let folder = tempfile::tempdir().unwrap();
    let site = three(folder.path(), 2);
    let old = fs::read(site.store_place().file()).unwrap();
    let (zhang, wang) = (people(&site, &["zhang"]), people(&site, &["wang"]));
    let mut session = open(&site, &PEOPLE).unwrap();
    change_officers(&mut session, &mut |_| {}).unwrap();
    session.checkpoint().unwrap();
    drop(session);
    verified(&site);
    for pair in [["zhang", "li"], ["zhang", "zhao"], ["zhao", "li"]] {
        tries(&site, &pair).unwrap();
    }
    assert!(matches!(
        tries(&site, &["zhang", "wang"]),
        Err(SiteError::NotOfficer { .. })
    ));
    // With the keys in hand, on the file itself.
    let unlock = || FileKeyStore::unlock(site.store_place(), site.scheme().clone(), &[&zhang[0], &wang[0]]);
    assert!(matches!(unlock(), Err(KeyFileError::NoShare { officer }) if officer == "wang"));
    // The old file opens with the old shares; the site does not take it back.
    replace(site.store_place().file(), &old, 0o600).unwrap();
    unlock().unwrap();
    let refused = tries(&site, &["zhang", "li"]).unwrap_err();
    assert!(matches!(refused, SiteError::StoreDisagrees { .. }), "{refused}");
}

#[test]
fn an_older_store_with_the_same_keys_is_noticed_after_a_ceremony() {
    let folder = tempfile::tempdir().unwrap();
    let site = three(folder.path(), 2);
    let mut session = open(&site, &PEOPLE).unwrap();
    let mut copies = Vec::new();
    for quorum in [2, 3, 2] {
        copies.push(fs::read(site.store_place().file()).unwrap());
        reshare(&mut session, &PEOPLE, quorum, &PEOPLE).unwrap();
    }
    session.checkpoint().unwrap();
    drop(session);
    let newest = fs::read(site.store_place().file()).unwrap();
    for (number, copy) in copies.iter().enumerate() {
        replace(site.store_place().file(), copy, 0o600).unwrap();
        let refused = tries(&site, &PEOPLE).unwrap_err();
        assert!(
            matches!(refused, SiteError::StoreDisagrees { .. }),
            "copy {number}: {refused}"
        );
    }
    replace(site.store_place().file(), &newest, 0o600).unwrap();
    tries(&site, &PEOPLE).unwrap();
    // After a ceremony that changed nothing of the store, too: each has its generation.
    let mut session = open(&site, &PEOPLE).unwrap();
    let ceremony = begin(&mut session, &PEOPLE);
    let pending = session.store.begin().unwrap();
    ceremony
        .conclude(&mut session, pending, vec![], vec![], &mut |_| {})
        .unwrap();
    session.checkpoint().unwrap();
    drop(session);
    tries(&site, &PEOPLE).unwrap();
    replace(site.store_place().file(), &newest, 0o600).unwrap();
    assert!(matches!(tries(&site, &PEOPLE), Err(SiteError::StoreDisagrees { .. })));
}

#[test]
fn a_store_of_before_an_ordinary_change_is_noticed_after_a_ceremony_and_the_other_way_round() {
    let folder = tempfile::tempdir().unwrap();
    let site = three(folder.path(), 1);
    let mut session = open(&site, &PEOPLE).unwrap();
    let mut copies = Vec::new();
    for round in 0..2 {
        copies.push(fs::read(site.store_place().file()).unwrap());
        reshare(&mut session, &PEOPLE, 1, &PEOPLE).unwrap();
        copies.push(fs::read(site.store_place().file()).unwrap());
        session.set_pin("user", pass("x"), &mut SystemRandom).unwrap();
        session.checkpoint().unwrap();
        let newest = fs::read(site.store_place().file()).unwrap();
        for copy in &copies {
            replace(site.store_place().file(), copy, 0o600).unwrap();
            assert!(
                matches!(tries(&site, &PEOPLE), Err(SiteError::StoreDisagrees { .. })),
                "{round}"
            );
        }
        replace(site.store_place().file(), &newest, 0o600).unwrap();
        tries(&site, &PEOPLE).unwrap();
    }
}

#[test]
fn any_quorum_of_the_officers_can_be_chosen() {
    let folder = tempfile::tempdir().unwrap();
    let site = three(folder.path(), 2);
    for quorum in 1..=3_u8 {
        let mut session = open(&site, &PEOPLE).unwrap();
        reshare(&mut session, &PEOPLE, quorum, &PEOPLE).unwrap();
        session.checkpoint().unwrap();
        drop(session);
        tries(&site, &PEOPLE[..quorum.into()]).unwrap();
        let fewer = tries(&site, &PEOPLE[..usize::from(quorum) - 1]);
        assert!(fewer.is_err(), "{quorum}");
    }
    let mut session = open(&site, &PEOPLE).unwrap();
    for impossible in [0, 4] {
        let refused = reshare(&mut session, &PEOPLE, impossible, &PEOPLE).unwrap_err();
        assert!(
            matches!(refused, SiteError::Keys(KeyFileError::BadQuorum { .. })),
            "{refused}"
        );
    }
}

#[test]
fn who_holds_a_share_is_vouched_for_and_told() {
    let folder = tempfile::tempdir().unwrap();
    let site = three(folder.path(), 2);
    let mut session = open(&site, &PEOPLE).unwrap();
    reshare(&mut session, &PEOPLE, 2, &["zhang", "li"]).unwrap();
    session.checkpoint().unwrap();
    drop(session);
    // `wang` has no share now. Somebody writes another exchange key into the public file.
    let path = site.officer_path("wang");
    let planted = PublicKey(BoxKey::generate(&mut SystemRandom).unwrap().public());
    let file = fs::read_to_string(&path).unwrap();
    let line = file.lines().find(|line| line.starts_with("exchange")).unwrap();
    fs::write(&path, file.replace(line, &format!("exchange = \"{planted}\""))).unwrap();
    let mut session = open(&site, &["zhang", "li"]).unwrap();
    let refused = session.holder("wang", &[]).unwrap_err();
    assert!(matches!(refused, SiteError::NotInTheRoom { .. }), "{refused}");
    let wang = people(&site, &["wang"]);
    let vouched = session.holder("wang", &[&wang[0]]).unwrap();
    assert_eq!(vouched, ("wang".into(), wang[0].exchange_public()));
    assert_ne!(vouched.1, planted);
    // What the act says is who holds: nobody more, nobody less, no other quorum.
    let holders = |session: &Session, names: &[&str]| -> Vec<(String, PublicKey)> {
        names
            .iter()
            .map(|name| session.holder(name, &[&wang[0]]).unwrap())
            .collect()
    };
    for (quorum, names, told) in [
        (2, &PEOPLE[..], true),
        (2, &PEOPLE[..], false),
        (1, &PEOPLE[..2], true),
        (1, &PEOPLE[..2], false),
    ] {
        let ceremony = begin_again(&mut session, &["zhang", "li"]);
        let mut pending = session.store.begin().unwrap();
        let before = store_reshared(pending.store().header()).unwrap();
        let holders = holders(&session, names);
        let change = Change::Reshare { quorum, holders };
        pending.apply(change, &mut SystemRandom).unwrap();
        let acts = if told { vec![before] } else { vec![] };
        let refused = ceremony
            .conclude(&mut session, pending, acts, vec![], &mut |_| {})
            .unwrap_err();
        assert!(
            matches!(&refused, SiteError::StoreDisagrees { about } if about == "holders"),
            "{quorum} {told}: {refused}"
        );
    }
    // An officer who goes must not go on holding.
    let ceremony = begin_again(&mut session, &["zhang", "li"]);
    let pending = session.store.begin().unwrap();
    let refused = ceremony.conclude(&mut session, pending, vec![revoked("li")], vec![], &mut |_| {});
    assert!(
        matches!(&refused, Err(SiteError::StoreDisagrees { about }) if about == "li"),
        "{refused:?}"
    );
}

#[test]
fn a_key_destroyed_in_a_ceremony_is_gone_from_the_site() {
    let folder = tempfile::tempdir().unwrap();
    let saved = saved::saved(folder.path());
    let before = fs::read(saved.site.store_place().file()).unwrap();
    let mut session = open(&saved.site, &PEOPLE).unwrap();
    let ceremony = begin(&mut session, &PEOPLE);
    let mut pending = session.store.begin().unwrap();
    let mut acts: Vec<Act> = Vec::new();
    for record in session.store.keys() {
        let (key, state) = (record.id.clone(), KeyState::Destroyed);
        pending
            .apply(Change::SetState { key, state }, &mut SystemRandom)
            .unwrap();
        acts.push(key_retired(&record.id.into(), record.kcv, state, "end of the rehearsal").unwrap());
    }
    let proven = pending.prove_destroyed(&mut SystemRandom).unwrap();
    assert_eq!(proven.len(), 2);
    ceremony
        .conclude(&mut session, pending, acts, vec![], &mut |_| {})
        .unwrap();
    session.checkpoint().unwrap();
    drop(session);
    let session = open(&saved.site, &PEOPLE[1..]).unwrap();
    assert!(session.store.keys().iter().all(|k| k.state == KeyState::Destroyed));
    assert!(
        session
            .ledger
            .keys()
            .unwrap()
            .iter()
            .filter(|k| k.usage != "exchange")
            .all(|k| k.state == "destroyed")
    );
    drop(session);
    // The file of before, put back, would have them; the site does not take it.
    replace(saved.site.store_place().file(), &before, 0o600).unwrap();
    assert!(matches!(
        tries(&saved.site, &PEOPLE),
        Err(SiteError::StoreDisagrees { .. })
    ));
}
