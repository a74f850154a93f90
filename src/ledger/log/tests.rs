// SPDX-License-Identifier: Apache-2.0
//! What opening and appending cost, in steps of SQLite's virtual machine and not in time: a table that is gone through
//! costs several steps for each of its rows, so that nothing that grows with the cards can hide.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use ed25519_dalek::{Signer as _, SigningKey};

use super::*;
use crate::ledger::act::{Intent, Officer, Outcome, SiteInit};
use crate::ledger::{Ending, Number, Policy, Role, SiteId, VerifyKey};

/// Counts the steps of a connection from now on.
fn count(db: &mut Connection) -> Arc<AtomicU64> {
    let steps = Arc::new(AtomicU64::new(0));
    let counter = Arc::clone(&steps);
    let step = move || {
        counter.fetch_add(1, Ordering::Relaxed);
        false
    };
    db.progress_handler(1, Some(step)).unwrap();
    steps
}

fn key() -> SigningKey {
    SigningKey::from_bytes(&[1; 32])
}

fn clock() -> Clock {
    Clock::Fixed(jiff::Timestamp::UNIX_EPOCH)
}

fn found(path: &Path) -> Ledger {
    let (key, text) = (key(), |s: &str| Text::new(s).unwrap());
    let public = VerifyKey(key.verifying_key().to_bytes());
    let officer = Officer {
        name: text("one"),
        roles: vec![Role::Operator],
        key: public,
        ceremony: None,
    };
    let init = SiteInit {
        name: text("site"),
        level: text("city"),
        scheme: text("mohurd"),
        code: text("3100"),
        rehearsal: true,
        log_key: public,
        log_sm2: None,
        officers: vec![officer],
        policy: Policy::default(),
        program: text("test"),
        kcv_length: None,
        memory_lock: false,
        copy_outside: false,
    };
    let (site, sign) = (SiteId::new("city-3100").unwrap(), |m: &[u8]| key.sign(m).to_bytes());
    let signers = [Signer {
        officer: "one",
        sign: &sign,
    }];
    Ledger::create(path, None, Founding { site, init }, &signers, &sign, &clock()).unwrap()
}

/// An intent and its outcome, which will stand at `seq` and after it.
fn issue(card: u64, seq: u64) -> Vec<Act> {
    let number = Number::new(format!("{card:016}")).unwrap();
    let text = |s: &str| Text::new(s).unwrap();
    let intent = Intent {
        number: number.clone(),
        chip: Some(Number::new(format!("C{card:015}")).unwrap()),
        terminal: None,
        template: text("mohurd-user"),
        template_digest: Hash::default(),
        script: Hash::default(),
        raw: false,
        reader: text("reader"),
        keys: Vec::new(),
        batch: Some(text("order 1")),
        lot: None,
        resumes: None,
    };
    let outcome = Outcome {
        number,
        intent: seq,
        result: Ending::Issued,
        proof: None,
        steps: 26,
        reason: None,
        status_word: None,
    };
    vec![Act::CardIntent(intent), Act::CardOutcome(outcome)]
}

fn append(ledger: &mut Ledger, cards: std::ops::Range<u64>) {
    let key = key();
    let sign = |m: &[u8]| key.sign(m).to_bytes();
    let signers = [Signer {
        officer: "one",
        sign: &sign,
    }];
    let (first, from) = (ledger.size(), cards.start);
    let acts = cards.flat_map(|card| issue(card, first + 2 * (card - from)));
    ledger.append_all(acts.collect(), &signers, &clock()).unwrap();
}

/// Steps of opening a ledger of so many cards with all comparisons, and of then issuing one more.
fn costs(path: &Path) -> (u64, u64) {
    let mut db = store::open(path, false).unwrap();
    let steps = count(&mut db);
    let mut ledger = Ledger::of(db, path, None, None).unwrap();
    ledger.compare().unwrap();
    let opening = steps.swap(0, Ordering::Relaxed);
    let next = ledger.size() / 2;
    append(&mut ledger, next..next + 1);
    (opening, steps.load(Ordering::Relaxed))
}

#[test]
fn opening_and_appending_cost_the_same_however_many_cards_there_are() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger.db");
    let (few, many) = (20, 1000);
    let mut ledger = found(&path);
    append(&mut ledger, 0..few);
    let key = key();
    ledger.checkpoint(&|m| key.sign(m).to_bytes()).unwrap();
    drop(ledger);
    let (opening_few, appending_few) = costs(&path);
    let mut ledger = Ledger::open(&path, None).unwrap();
    append(&mut ledger, few + 1..many);
    ledger.checkpoint(&|m| key.sign(m).to_bytes()).unwrap();
    drop(ledger);
    let (opening_many, appending_many) = costs(&path);
    assert!(opening_few > 100 && appending_few > 100, "steps are counted");
    // The tree is higher, and no table was gone through: that would take a step for each card at the very least.
    let higher = (many - few) / 2;
    assert!(opening_many < opening_few + higher, "{opening_few} to {opening_many}");
    assert!(
        appending_many < appending_few + higher,
        "{appending_few} to {appending_many}"
    );
    // That such a count would show it:
    let mut db = store::open(&path, true).unwrap();
    let steps = count(&mut db);
    db.query_row("SELECT max(script) FROM cards", [], |row| row.get::<_, String>(0))
        .unwrap();
    assert!(steps.load(Ordering::Relaxed) > many);
}
