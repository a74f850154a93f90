// SPDX-License-Identifier: Apache-2.0
//! The process is killed at every durable step of a ceremony's end, and at any moment: either all of it is there or nothing,
//! in the store, in the ledger and among the files.
//!
//! The process that dies is this test program itself, started once more.
#![allow(clippy::unwrap_used, clippy::print_stdout, unreachable_pub)] // a test may fail where it stands

mod ceremony_store {
    pub mod hall;
    pub mod officers;
    pub mod saved;
    pub mod three_keys;
}

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use cardmint::keys::file_store::Settled;
use cardmint::keys::{Change, KeyState, KeyStore};
use cardmint::outside::{Random, SystemRandom};
use cardmint::site::{Site, Step, key_retired};
use ceremony_store::hall::*;
use ceremony_store::officers::{change_officers, tries};
use ceremony_store::saved::{self, Saved, lose, restore_in, saved, without_store};
use ceremony_store::three_keys::{self, KEYS, files, hold};

const FOLDER: &str = "CARDMINT_TEST_CEREMONY_FOLDER";
const STEP: &str = "CARDMINT_TEST_CEREMONY_STEP";
const SCENE: &str = "CARDMINT_TEST_CEREMONY_SCENE";

/// A process that is being started has the locks of this one until it is another program: one test at a time.
static ALONE: Mutex<()> = Mutex::new(());

/// Hears of each durable step with its number, from 0.
type At<'a> = &'a mut dyn FnMut(usize, Step);

/// What a ceremony does, in a site that was made for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Scene {
    Keys,
    Restore,
    Destroy,
    Officers,
}

impl Scene {
    fn prepare(self, folder: &Path) -> Option<Saved> {
        match self {
            Self::Keys => {
                found_site(&folder.join("site"), &three_keys::PEOPLE, 2);
                None
            }
            Self::Restore => {
                let saved = saved(folder);
                lose(&saved.site);
                // The shares go to the process that will die on paper, as it were.
                let lines = saved.shares.iter().map(saved::on_paper).collect::<Vec<_>>();
                fs::write(folder.join("shares"), lines.join("\n")).unwrap();
                Some(saved)
            }
            Self::Destroy | Self::Officers => Some(saved(folder)),
        }
    }

    fn play(self, folder: &Path, at: At<'_>) {
        let site = Site::open(&folder.join("site")).unwrap();
        let mut number = 0;
        let mut count = |step| {
            at(number, step);
            number += 1;
        };
        match self {
            Self::Keys => {
                let mut session = open(&site, &three_keys::PEOPLE).unwrap();
                hold(&mut session, folder, &mut count).unwrap();
            }
            Self::Restore => {
                let shares = fs::read_to_string(folder.join("shares")).unwrap();
                let shares = shares.lines().map(saved::from_paper).collect();
                let mut session = without_store(&site).unwrap();
                let ceremony = begin(&mut session, &saved::PEOPLE);
                let file = folder.join("backup");
                let saved = Saved { site, file, shares };
                restore_in(&ceremony, &saved, &mut session, None, &mut count).unwrap();
            }
            Self::Destroy => {
                let mut session = open(&site, &saved::PEOPLE).unwrap();
                let ceremony = begin(&mut session, &saved::PEOPLE);
                let mut pending = session.store.begin().unwrap();
                let record = session.store.keys()[0].clone();
                let (key, state) = (record.id.clone(), KeyState::Destroyed);
                pending
                    .apply(Change::SetState { key, state }, &mut SystemRandom)
                    .unwrap();
                let act = key_retired(&record.id.into(), record.kcv, state, "over").unwrap();
                ceremony
                    .conclude(&mut session, pending, vec![act], vec![], &mut count)
                    .unwrap();
            }
            Self::Officers => {
                let mut session = open(&site, &saved::PEOPLE).unwrap();
                change_officers(&mut session, &mut count).unwrap();
            }
        }
    }

    /// What must be to be seen, and that work goes on from there.
    fn check(self, folder: &Path, happened: bool, saved: Option<&Saved>) {
        let site = Site::open(&folder.join("site")).unwrap();
        match self {
            Self::Keys => {
                let session = open(&site, &three_keys::PEOPLE).unwrap();
                let keys = if happened { KEYS.len() } else { 0 };
                assert_eq!(session.store.keys().len(), keys);
                assert_eq!(session.ledger.keys().unwrap().len(), keys);
                for file in files(folder) {
                    assert_eq!(file.exists(), happened, "{}", file.display());
                    assert!(!beside(&file, ".new").exists(), "a draft is left");
                }
            }
            Self::Restore => {
                if !happened {
                    open(&site, &saved::PEOPLE).unwrap_err();
                    let mut session = without_store(&site).unwrap();
                    let ceremony = begin_again(&mut session, &saved::PEOPLE);
                    restore_in(&ceremony, saved.unwrap(), &mut session, None, &mut |_| {}).unwrap();
                }
                let session = open(&site, &saved::PEOPLE[1..]).unwrap();
                assert_eq!(session.store.keys().len(), 2);
                assert!(session.store.keys().iter().all(|k| k.state == KeyState::Active));
            }
            Self::Destroy => {
                let session = open(&site, &saved::PEOPLE).unwrap();
                let state = session.store.keys()[0].state;
                assert_eq!(state == KeyState::Destroyed, happened, "{state}");
            }
            Self::Officers => {
                // First the officer whose files may not have been in their places yet.
                assert_eq!(tries(&site, &["zhao", "zhang"]).is_ok(), happened);
                assert_eq!(site.officer_key_path("zhao").exists(), happened);
                assert_eq!(tries(&site, &["zhang", "wang"]).is_ok(), !happened);
                tries(&site, &["zhang", "li"]).unwrap();
                assert!(!beside(&site.officer_key_path("zhao"), ".new").exists());
            }
        }
        let kept = fs::read_dir(folder.join("site/keys")).unwrap();
        let kept: Vec<_> = kept
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        assert!(
            kept.iter().all(|name| ["store", "store.lock"].contains(&name.as_str())),
            "{kept:?}"
        );
        let mut session = open(&site, &["zhang", "li"]).unwrap();
        session.checkpoint().unwrap();
        verified(&site);
        session.set_pin("user", pass("x"), &mut SystemRandom).unwrap();
        open(&site, &["zhang", "li"]).unwrap();
    }
}

/// The process that dies; does nothing when it runs as an ordinary test.
#[test]
fn child() {
    let (Ok(folder), Ok(step), Ok(scene)) = (std::env::var(FOLDER), std::env::var(STEP), std::env::var(SCENE)) else {
        return;
    };
    let all = [Scene::Keys, Scene::Restore, Scene::Destroy, Scene::Officers];
    let scene = all.into_iter().find(|s| format!("{s:?}") == scene).unwrap();
    let step = step.parse::<usize>().unwrap();
    scene.play(Path::new(&folder), &mut |number, _| {
        if number == step {
            std::process::abort();
        }
    });
}

fn start(scene: Scene, step: usize, folder: &Path) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    let env = [
        (FOLDER, folder.display().to_string()),
        (STEP, step.to_string()),
        (SCENE, format!("{scene:?}")),
    ];
    command.args(["--exact", "child"]).envs(env);
    command
}

/// Lets a process die behind the step of that number.
fn dies_behind(scene: Scene, step: usize, folder: &Path) {
    let died = start(scene, step, folder).output().unwrap();
    assert!(!died.status.success(), "{scene:?} step {step}: the process did not die");
}

fn killed_behind_every_step(scene: Scene) {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let folder = tempfile::tempdir().unwrap();
    scene.prepare(folder.path());
    let mut steps = Vec::new();
    scene.play(folder.path(), &mut |_, step| steps.push(step));
    assert!(
        steps.starts_with(&[Step::Listed, Step::Staged, Step::Appended, Step::Committed]),
        "{steps:?}"
    );
    let files = usize::from(matches!(scene, Scene::Keys | Scene::Officers)) * 2;
    assert_eq!(steps.len(), 4 + files);
    for (number, step) in steps.iter().enumerate() {
        println!("{scene:?}: killed behind {step:?}");
        let folder = tempfile::tempdir().unwrap();
        let saved = scene.prepare(folder.path());
        dies_behind(scene, number, folder.path());
        scene.check(
            folder.path(),
            !matches!(step, Step::Listed | Step::Staged),
            saved.as_ref(),
        );
    }
}

#[test]
fn keys_and_files_are_all_there_or_none() {
    killed_behind_every_step(Scene::Keys);
}

#[test]
fn a_lost_store_is_restored_or_still_lost() {
    killed_behind_every_step(Scene::Restore);
}

#[test]
fn a_key_is_destroyed_or_still_there() {
    killed_behind_every_step(Scene::Destroy);
}

#[test]
fn officers_have_come_and_gone_or_not() {
    killed_behind_every_step(Scene::Officers);
}

#[test]
fn killed_at_any_moment_a_ceremony_has_happened_or_not() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let (mut happened, mut not) = (0, 0);
    // As long as it takes undisturbed, on this computer and today.
    let folder = tempfile::tempdir().unwrap();
    Scene::Keys.prepare(folder.path());
    let began = Instant::now();
    assert!(
        start(Scene::Keys, usize::MAX, folder.path())
            .output()
            .unwrap()
            .status
            .success()
    );
    let whole = began.elapsed();
    for round in 0..24 {
        let temporary = tempfile::tempdir().unwrap();
        let folder = temporary.path();
        Scene::Keys.prepare(folder);
        let mut part = [0; 1];
        SystemRandom.fill(&mut part).unwrap();
        let wait = whole * u32::from(part[0]) / 200;
        println!("round {round}: killed after {wait:?}");
        let mut process = start(Scene::Keys, usize::MAX, folder)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        std::thread::sleep(wait);
        process.kill().unwrap();
        process.wait().unwrap();
        let site = Site::open(&folder.join("site")).unwrap();
        let session = open(&site, &three_keys::PEOPLE).unwrap();
        let ended = session.ledger.latest(&["ceremony.end"], &|_| true).unwrap().is_some();
        drop(session);
        Scene::Keys.check(folder, ended, None);
        if ended { happened += 1 } else { not += 1 }
    }
    println!("{happened} happened, {not} did not");
}

#[test]
fn a_medium_that_is_not_there_keeps_its_file_listed_until_it_is() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let folder = tempfile::tempdir().unwrap();
    Scene::Keys.prepare(folder.path());
    // Killed behind `Committed`: nothing is published yet.
    dies_behind(Scene::Keys, 3, folder.path());
    let site = Site::open(&folder.path().join("site")).unwrap();
    let [first, second] = files(folder.path());
    let away = folder.path().join("away");
    fs::rename(beside(&second, ".new"), &away).unwrap();
    open(&site, &three_keys::PEOPLE).unwrap();
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
    assert!(!folder.path().join("site/keys/files.next").exists());
}
