// SPDX-License-Identifier: Apache-2.0
//! The one commit of a ceremony, where nobody is killed: what is refused, what is left of it, who must wait.

use std::fs;

use super::hall::*;
use super::three_keys::*;
use cardmint::keys::KeyStore;
use cardmint::keys::file_store::{Draft, replace};
use cardmint::outside::SystemRandom;
use cardmint::site::{SiteError, Step};

#[test]
fn what_was_staged_for_a_ceremony_that_was_then_abandoned_never_comes_into_force() {
    let folder = tempfile::tempdir().unwrap();
    let site = found_site(&folder.path().join("site"), &PEOPLE, 2);
    let mut session = open(&site, &PEOPLE).unwrap();
    let ceremony = begin(&mut session, &PEOPLE);
    let mut pending = session.store.begin().unwrap();
    generate(KEYS[0], &session, &mut pending);
    let mark = cardmint::keys::Mark {
        after: session.ledger.size(),
        act: "ceremony.end".into(),
        about: ceremony.nonce.to_string(),
    };
    let staged = pending.stage(mark, &mut SystemRandom).unwrap();
    // As if the process had ended here, and somebody gave the ceremony up without the store.
    drop(staged);
    assert!(site.store_place().next().exists());
    ceremony.abandon(&mut session);
    drop(session);
    let session = open(&site, &PEOPLE).unwrap();
    assert!(session.store.keys().is_empty() && !site.store_place().next().exists());
}

#[test]
fn acts_that_do_not_tell_what_the_store_holds_are_refused_before_anything_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let site = found_site(&folder.path().join("site"), &PEOPLE, 2);
    let mut session = open(&site, &PEOPLE).unwrap();
    let before = fs::read(site.store_place().file()).unwrap();
    let ceremony = begin(&mut session, &PEOPLE);
    let size = session.ledger.size();
    // A key without its act; an act without its key.
    let mut pending = session.store.begin().unwrap();
    let act = generate(KEYS[0], &session, &mut pending);
    let refused = ceremony.conclude(&mut session, pending, vec![], vec![], &mut |_| {});
    assert!(
        matches!(&refused, Err(SiteError::StoreDisagrees { about }) if about == KEYS[0]),
        "{refused:?}"
    );
    let pending = session.store.begin().unwrap();
    let refused = ceremony.conclude(&mut session, pending, vec![act.clone()], vec![], &mut |_| {});
    assert!(matches!(refused, Err(SiteError::StoreDisagrees { .. })), "{refused:?}");
    // No end at all.
    let mut pending = session.store.begin().unwrap();
    generate(KEYS[0], &session, &mut pending);
    let people = ceremony.participants.iter().collect();
    let refused = session.conclude(pending, vec![(act, people)], vec![], &mut SystemRandom, &mut |_| {});
    assert!(matches!(refused, Err(SiteError::NoEnd)), "{refused:?}");
    assert_eq!(session.ledger.size(), size);
    assert_eq!(fs::read(site.store_place().file()).unwrap(), before);
    assert!(!site.store_place().next().exists());
    open(&site, &PEOPLE).unwrap();
}

#[test]
fn a_ceremony_that_the_ledger_refuses_leaves_neither_store_nor_files() {
    let folder = tempfile::tempdir().unwrap();
    let site = found_site(&folder.path().join("site"), &PEOPLE, 2);
    let mut session = open(&site, &PEOPLE).unwrap();
    let mut ceremony = begin(&mut session, &PEOPLE);
    // One signature is missing.
    ceremony.participants.truncate(1);
    let mut pending = session.store.begin().unwrap();
    let act = generate(KEYS[0], &session, &mut pending);
    let out = folder.path().join("out");
    let draft = Draft::write(&out, b"bundle", 0o600).unwrap();
    let refused = ceremony.conclude(&mut session, pending, vec![act], vec![draft], &mut |_| {});
    assert!(matches!(refused, Err(SiteError::Ledger(_))), "{refused:?}");
    assert!(!out.exists() && !beside(&out, ".new").exists());
    assert!(!site.store_place().next().exists() && !folder.path().join("site/keys/files.next").exists());
    assert!(session.store.keys().is_empty());
    // The lock was given back.
    drop(session.store.begin().unwrap());
}

#[test]
fn a_file_that_cannot_take_its_place_is_named_and_the_ceremony_stands() {
    let folder = tempfile::tempdir().unwrap();
    let site = found_site(&folder.path().join("site"), &PEOPLE, 2);
    let mut session = open(&site, &PEOPLE).unwrap();
    // Where the file is to come to, there is a folder meanwhile.
    let [first, second] = files(folder.path());
    fs::create_dir(&first).unwrap();
    fs::write(first.join("x"), "").unwrap();
    let ended = hold(&mut session, folder.path(), &mut |_| {});
    assert!(
        matches!(&ended, Err(SiteError::Unpublished { path, .. }) if *path == first.display().to_string()),
        "{ended:?}"
    );
    assert!(second.exists() && beside(&first, ".new").exists());
    assert_eq!(session.store.keys().len(), KEYS.len());
    fs::remove_dir_all(&first).unwrap();
    drop(session);
    open(&site, &PEOPLE).unwrap();
    assert!(first.is_file() && !beside(&first, ".new").exists());
}

#[test]
fn nobody_else_changes_the_store_while_a_generation_is_pending() {
    let folder = tempfile::tempdir().unwrap();
    let site = found_site(&folder.path().join("site"), &PEOPLE, 2);
    let (session, mut other) = (open(&site, &PEOPLE).unwrap(), open(&site, &PEOPLE).unwrap());
    let pending = session.store.begin().unwrap();
    let refused = other.set_pin("holder", pass("x"), &mut SystemRandom);
    assert!(
        matches!(refused, Err(SiteError::Keys(cardmint::keys::KeyFileError::Busy { .. }))),
        "{refused:?}"
    );
    drop(pending);
    other.set_pin("holder", pass("x"), &mut SystemRandom).unwrap();
    // And what was begun from before that is stale.
    assert!(matches!(
        session.store.begin(),
        Err(cardmint::keys::KeyFileError::Stale { .. })
    ));
}

#[test]
fn a_store_that_cannot_take_its_place_is_said_and_comes_with_the_next_opening() {
    let folder = tempfile::tempdir().unwrap();
    let site = found_site(&folder.path().join("site"), &PEOPLE, 2);
    let mut session = open(&site, &PEOPLE).unwrap();
    let store = site.store_place().file().to_owned();
    let before = fs::read(&store).unwrap();
    // As soon as the ledger has decided, the old store's name belongs to a folder.
    let ended = hold(&mut session, folder.path(), &mut |step| {
        if step == Step::Appended {
            fs::remove_file(&store).unwrap();
            fs::create_dir_all(store.join("x")).unwrap();
        }
    });
    assert!(matches!(&ended, Err(SiteError::Unfinished { .. })), "{ended:?}");
    drop(session);
    fs::remove_dir_all(&store).unwrap();
    replace(&store, &before, 0o600).unwrap();
    let session = open(&site, &PEOPLE).unwrap();
    assert_eq!(session.store.keys().len(), KEYS.len());
    for file in files(folder.path()) {
        assert!(file.is_file(), "{}", file.display());
    }
}
