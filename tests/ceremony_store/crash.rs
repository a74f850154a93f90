// SPDX-License-Identifier: Apache-2.0
//! The process is killed at every durable step of a ceremony's end: either all of it is there or nothing, in the store, in
//! the ledger and among the files.
//!
//! The process that dies is this test program itself, started once more.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::hall::*;
use cardmint::keys::file_store::{Draft, Settled};
use cardmint::keys::{KeyState, KeyStore};
use cardmint::outside::SystemRandom;
use cardmint::site::{Session, Site, SiteError, Step};

const FOLDER: &str = "CARDMINT_TEST_CEREMONY_FOLDER";
const STEP: &str = "CARDMINT_TEST_CEREMONY_STEP";
const PEOPLE: [&str; 2] = ["zhang", "li"];
const KEYS: [&str; 3] = [
    "load.v1.3des@city:3100",
    "unload.v1.3des@city:3100",
    "tac.v1.3des@city:3100",
];

fn files(folder: &Path) -> [PathBuf; 2] {
    [folder.join("out-1"), folder.join("out-2")]
}

/// Three keys, one of them retired on the spot, and two files; `at` hears of each step with its number.
fn hold(session: &mut Session, folder: &Path, at: &mut dyn FnMut(usize, Step)) -> Result<(), SiteError> {
    let ceremony = begin(session, &PEOPLE);
    let mut pending = session.store.begin().unwrap();
    let acts = KEYS.iter().map(|name| generate(name, session, &mut pending)).collect();
    let drafts = files(folder)
        .iter()
        .map(|path| Draft::write(path, format!("contents of {}", path.display()).as_bytes(), 0o600).unwrap())
        .collect();
    let mut number = 0;
    let mut count = |step| {
        at(number, step);
        number += 1;
    };
    ceremony.conclude(session, pending, acts, drafts, &mut count).map(drop)
}

/// The process that dies; does nothing when it runs as an ordinary test.
#[test]
fn child() {
    let (Ok(folder), Ok(step)) = (std::env::var(FOLDER), std::env::var(STEP)) else {
        return;
    };
    let (folder, step) = (Path::new(&folder), step.parse::<usize>().unwrap());
    let mut session = open(&Site::open(&folder.join("site")).unwrap(), &PEOPLE).unwrap();
    hold(&mut session, folder, &mut |number, _| {
        if number == step {
            std::process::abort();
        }
    })
    .unwrap();
}

/// Makes a site in `folder/site` and lets a process die in it behind the step of that number.
fn dies_behind(step: usize, folder: &Path) -> Site {
    let site = found_site(&folder.join("site"), &PEOPLE, 2);
    let died = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "ceremony_store::crash::child"])
        .env(FOLDER, folder)
        .env(STEP, step.to_string())
        .output()
        .unwrap();
    assert!(!died.status.success(), "step {step}: the process did not die");
    site
}

fn steps() -> Vec<Step> {
    let folder = tempfile::tempdir().unwrap();
    let site = found_site(&folder.path().join("site"), &PEOPLE, 2);
    let mut steps = Vec::new();
    let mut session = open(&site, &PEOPLE).unwrap();
    hold(&mut session, folder.path(), &mut |_, step| steps.push(step)).unwrap();
    steps
}

#[test]
fn a_kill_behind_any_step_leaves_all_of_a_ceremony_or_nothing() {
    use Step::{Appended, Committed, Listed, Published, Staged};
    let steps = steps();
    assert_eq!(steps, [Listed, Staged, Appended, Committed, Published, Published]);
    for (number, step) in steps.iter().enumerate() {
        let temporary = tempfile::tempdir().unwrap();
        let folder = temporary.path();
        let site = dies_behind(number, folder);
        let happened = !matches!(step, Listed | Staged);
        let mut session = open(&site, &PEOPLE).unwrap();
        let keys = if happened { KEYS.len() } else { 0 };
        assert_eq!(session.store.keys().len(), keys, "{step:?}");
        assert_eq!(session.ledger.keys().unwrap().len(), keys, "{step:?}");
        for file in files(folder) {
            assert_eq!(file.exists(), happened, "{step:?} {}", file.display());
            assert!(!beside(&file, ".new").exists(), "{step:?}: a draft is left");
        }
        let kept: Vec<_> = fs::read_dir(folder.join("site/keys"))
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        assert!(
            kept.iter().all(|name| ["store", "store.lock"].contains(&name.as_str())),
            "{kept:?}"
        );
        // Work goes on from either end.
        if happened {
            let record = session.store.keys()[0].clone();
            session
                .set_state(&record, KeyState::Retired, "done", &mut SystemRandom)
                .unwrap();
        }
        session.checkpoint().unwrap();
        open(&site, &PEOPLE).unwrap();
    }
}

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
fn a_medium_that_is_not_there_keeps_its_file_listed_until_it_is() {
    let folder = tempfile::tempdir().unwrap();
    // Killed behind `Committed`: nothing is published yet.
    let site = dies_behind(3, folder.path());
    let [first, second] = files(folder.path());
    let away = folder.path().join("away");
    fs::rename(beside(&second, ".new"), &away).unwrap();
    open(&site, &PEOPLE).unwrap();
    assert!(first.exists() && !second.exists());
    let ledger = site.ledger().unwrap();
    assert_eq!(
        site.settle_files(&ledger).unwrap(),
        [(second.clone(), Settled::Missing)]
    );
    fs::rename(&away, beside(&second, ".new")).unwrap();
    assert_eq!(
        site.settle_files(&ledger).unwrap(),
        [(second.clone(), Settled::Published)]
    );
    assert_eq!(
        fs::read(&second).unwrap(),
        format!("contents of {}", second.display()).as_bytes()
    );
    assert!(site.settle_files(&ledger).unwrap().is_empty());
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
    let ended = hold(&mut session, folder.path(), &mut |_, _| {});
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
