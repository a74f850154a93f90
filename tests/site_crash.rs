// SPDX-License-Identifier: Apache-2.0
//! Key store and ledger after the process was killed between the durable steps of a change: they agree, and the change has
//! happened if and only if the ledger has its entry.
//!
//! The process that dies is this test program itself, started once more.

#![allow(clippy::unwrap_used)] // a test may fail where it stands

use std::path::Path;
use std::process::Command;

use cardmint::crypto::key_block::Exportability;
use cardmint::crypto::seal::KdfParams;
use cardmint::crypto::{Algorithm, SecretBytes, kcv, random_key};
use cardmint::keys::scheme::Title;
use cardmint::keys::{Change, FileKeyStore, InternalUse, KeyRecord, KeyState, KeyStore, Origin};
use cardmint::ledger::Role;
use cardmint::ledger::act::Act;
use cardmint::outside::{Clock, SystemRandom};
use cardmint::site::{NewOfficer, NewSite, Session, Site, SiteError, Step, found, key_arrived};

const QUICK: KdfParams = KdfParams {
    memory_kib: 64,
    passes: 1,
    lanes: 1,
};
const FOLDER: &str = "CARDMINT_TEST_CRASH_FOLDER";
const STEP: &str = "CARDMINT_TEST_CRASH_STEP";

fn pass() -> SecretBytes {
    SecretBytes::new(b"correct horse battery".to_vec())
}

fn open(folder: &Path) -> Session {
    let site = Site::open(folder).unwrap();
    let ledger = site.ledger().unwrap();
    let officer = site.officer(&ledger, "zhang", &pass(), QUICK).unwrap();
    Session::open(site, ledger, vec![officer], Clock::System).unwrap()
}

fn make(folder: &Path) {
    let officer = NewOfficer {
        name: "zhang".into(),
        roles: vec![Role::KeyOfficer],
        passphrase: pass(),
    };
    let new = NewSite {
        folder: folder.to_owned(),
        name: Title {
            en: "Crash".into(),
            zh: "崩溃".into(),
        },
        scheme: "mohurd".into(),
        level: "city".parse().unwrap(),
        code: "3100".into(),
        levels: Vec::new(),
        rehearsal: true,
        officers: vec![officer],
        unlock: 1,
        kcv_length: None,
        checkpoint_copy: None,
        require_memory_lock: false,
        approved_templates: false,
        keys_by_ceremony: false,
        costs: QUICK,
    };
    found(&new, &mut SystemRandom, &Clock::System).unwrap();
}

/// Adds a key and calls `at` behind each durable step.
fn add_key(session: &mut Session, at: &mut dyn FnMut(Step)) {
    let key = random_key::generate(Algorithm::Tdes, &mut SystemRandom).unwrap();
    let record = KeyRecord {
        id: "load.v1.3des@city:3100".parse().unwrap(),
        kcv: kcv(Algorithm::Tdes, &key, session.site.config().kcv_length),
        state: KeyState::Active,
        origin: Origin::Generated,
        since: "2026-01-01T00:00:00Z".into(),
        exportability: Exportability::unlimited(),
    };
    let act = Act::KeyGenerate(key_arrived(&record).unwrap());
    let change = Change::AddKey { record, key };
    session
        .change_watched(change, act, None, &mut SystemRandom, at)
        .unwrap();
}

/// The process that dies; does nothing when it runs as an ordinary test.
#[test]
fn child() {
    let (Ok(folder), Ok(step)) = (std::env::var(FOLDER), std::env::var(STEP)) else {
        return;
    };
    let mut session = open(Path::new(&folder));
    add_key(&mut session, &mut |at| {
        if format!("{at:?}") == step {
            std::process::abort();
        }
    });
}

/// Draws a secret inside the site anew, and dies at a step.
#[test]
fn drawing_child() {
    let (Ok(folder), Ok(step)) = (std::env::var(FOLDER), std::env::var(STEP)) else {
        return;
    };
    let mut session = open(Path::new(&folder));
    let drawn = session.draw_secret::<SiteError>(
        InternalUse::Holders,
        None,
        &mut SystemRandom,
        &mut |before, after, _| {
            let version = |store: &FileKeyStore| store.internal_record(InternalUse::Holders).unwrap().version;
            assert_eq!((version(before), version(after)), (1, 2));
            Ok(())
        },
        &mut |at| {
            if format!("{at:?}") == step {
                std::process::abort();
            }
        },
    );
    drawn.unwrap();
}

#[test]
fn a_kill_while_a_secret_is_drawn_anew_leaves_one_of_the_two() {
    for (step, version) in [(Step::Staged, 1), (Step::Appended, 2), (Step::Committed, 2)] {
        let temporary = tempfile::tempdir().unwrap();
        let folder = temporary.path().join("site");
        make(&folder);
        let mut session = open(&folder);
        assert!(
            session
                .need_secret(InternalUse::Holders, &mut SystemRandom)
                .unwrap()
                .is_some()
        );
        assert!(
            session
                .need_secret(InternalUse::Holders, &mut SystemRandom)
                .unwrap()
                .is_none()
        );
        drop(session);
        let died = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "drawing_child"])
            .env(FOLDER, &folder)
            .env(STEP, format!("{step:?}"))
            .output()
            .unwrap();
        assert!(!died.status.success(), "{step:?}: the process did not die");
        let mut session = open(&folder);
        let record = session.store.internal_record(InternalUse::Holders).unwrap();
        assert_eq!(record.version, version, "{step:?}");
        let secrets = session.ledger.secrets().unwrap();
        assert_eq!(
            (secrets[0].version, secrets[0].kcv.as_str()),
            (version, record.kcv.to_string().as_str())
        );
        let again = session.draw_secret::<SiteError>(
            InternalUse::Holders,
            None,
            &mut SystemRandom,
            &mut |_, _, _| Ok(()),
            &mut |_| {},
        );
        again.unwrap();
        assert_eq!(
            session.store.internal_record(InternalUse::Holders).unwrap().version,
            version + 1
        );
    }
}

/// The ledger says which secret the store must have: an older copy of the store is noticed.
#[test]
fn a_store_with_an_older_secret_is_not_worked_with() {
    let temporary = tempfile::tempdir().unwrap();
    let folder = temporary.path().join("site");
    make(&folder);
    let mut session = open(&folder);
    session.need_secret(InternalUse::Holders, &mut SystemRandom).unwrap();
    let old = std::fs::read(session.store.place().file()).unwrap();
    let again = session.draw_secret::<SiteError>(
        InternalUse::Holders,
        None,
        &mut SystemRandom,
        &mut |_, _, _| Ok(()),
        &mut |_| {},
    );
    again.unwrap();
    let path = session.store.place().file().to_owned();
    drop(session);
    std::fs::write(&path, old).unwrap();
    let site = Site::open(&folder).unwrap();
    let ledger = site.ledger().unwrap();
    let officer = site.officer(&ledger, "zhang", &pass(), QUICK).unwrap();
    let opened = Session::open(site, ledger, vec![officer], Clock::System);
    assert!(matches!(opened, Err(SiteError::StoreDisagrees { .. })), "{opened:?}");
}

#[test]
fn a_kill_between_any_two_steps_leaves_store_and_ledger_in_agreement() {
    for (step, happened) in [(Step::Staged, false), (Step::Appended, true), (Step::Committed, true)] {
        let temporary = tempfile::tempdir().unwrap();
        let folder = temporary.path().join("site");
        make(&folder);
        let died = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "child"])
            .env(FOLDER, &folder)
            .env(STEP, format!("{step:?}"))
            .output()
            .unwrap();
        assert!(!died.status.success(), "{step:?}: the process did not die");
        // Opening resolves it, and compares store and ledger.
        let mut session = open(&folder);
        assert_eq!(session.store.keys().len(), usize::from(happened), "{step:?}");
        assert_eq!(session.ledger.keys().unwrap().len(), usize::from(happened), "{step:?}");
        assert!(!session.store.place().next().exists(), "{step:?}");
        // Work goes on from either end.
        if !happened {
            add_key(&mut session, &mut |_| {});
        }
        let record = session.store.keys()[0].clone();
        session
            .set_state(&record, KeyState::Retired, "done", &mut SystemRandom)
            .unwrap();
        session.checkpoint().unwrap();
        assert_eq!(open(&folder).store.keys()[0].state, KeyState::Retired);
    }
}
