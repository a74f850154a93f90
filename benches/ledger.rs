// SPDX-License-Identifier: Apache-2.0
//! The ledger beside plain SQLite doing the same inserts, scans and copies, and beside the hash function and the signature
//! alone.
//!
//! `CARDMINT_ISSUANCES=1000000 cargo bench --bench ledger` makes a ledger of a million issuances (an intent and an outcome
//! each, in batches of ten thousand cards) and measures that one instead, memory included. It takes 15 GB of disk;
//! `CARDMINT_FOLDER=FOLDER` says where, and leaves it there.

#![allow(clippy::unwrap_used)]

#[path = "ledger/centre.rs"]
mod centre;
#[path = "ledger/long.rs"]
mod long;
#[path = "ledger/plain.rs"]
mod plain;
mod ratio;

use std::hint::black_box;
use std::io::sink;
use std::path::{Path, PathBuf};

use cardmint::ledger::{Against, Filter, Hash, Ledger, verify_on};
use cardmint::outside::Unobserved;
use ed25519_dalek::{Signer as _, SigningKey};

use centre::Centre;

const BATCH: usize = 1000;

fn main() {
    if long::child() {
        return;
    }
    let made = tempfile::tempdir().unwrap();
    let folder = std::env::var("CARDMINT_FOLDER").map_or_else(|_| made.path().to_owned(), PathBuf::from);
    let number = |name: &str| std::env::var(name).ok().and_then(|n| n.parse::<u64>().ok());
    match number("CARDMINT_ISSUANCES") {
        Some(issuances) => long::measure(&folder, issuances),
        None => short(&folder),
    }
}

/// Everything several times over, on a ledger that is made in seconds.
fn short(folder: &Path) {
    let table = ratio::Table::begin("Ledger, entries", "beside");
    let cards: u64 = if table.measures() { 25_000 } else { 250 };
    let rows = if table.measures() { 5000 } else { 100 };
    single_appends(&table, folder, cards.min(1000));
    let path = folder.join("ledger.db");
    let mut centre = Centre::found(&path, rows);
    centre.issue(cards, BATCH);
    centre.checkpoint();
    let ledger = &centre.ledger;
    let lines = lines(ledger);
    let many = lines.len();
    let (mut run, mut more) = (0, 0);
    table.compare_runs(
        "appended, 1000 a commit / plain SQLite insert",
        many,
        || {
            run += 1;
            Centre::found(&folder.join(format!("run-{run}.db")), rows).issue(cards, BATCH);
        },
        || {
            more += 1;
            let mut db = plain::open(&folder.join(format!("plain-{more}.db")));
            lines
                .chunks(BATCH)
                .for_each(|chunk| plain::insert(&mut db, chunk.iter().map(String::as_str)));
        },
    );
    let mut db = plain::open(&folder.join("plain.db"));
    lines
        .chunks(BATCH)
        .for_each(|chunk| plain::insert(&mut db, chunk.iter().map(String::as_str)));
    verifications(&table, &path, &lines);
    table.compare_runs(
        "exported as JSON Lines / plain SQLite scan",
        many,
        || {
            black_box(ledger.export_jsonl(&Filter::default(), &mut sink()).unwrap());
        },
        || plain::copy(&db, &mut sink()),
    );
    let (mut i, mut j) = (0, 0);
    let size = ledger.size();
    table.compare(
        "proofs of inclusion / plain SQLite look-up",
        || {
            i = (i + 7919) % size;
            black_box(ledger.prove(i, size).unwrap());
        },
        || {
            j = (j + 7919) % size;
            black_box(plain::look_up(&db, j + 1));
        },
    );
    long::openings(&path, &folder.join("plain.db"));
}

fn lines(ledger: &Ledger) -> Vec<String> {
    (0..ledger.size())
        .map(|seq| String::from_utf8(ledger.line(seq).unwrap()).unwrap())
        .collect()
}

fn single_appends(table: &ratio::Table, folder: &Path, cards: u64) {
    let mut centre = Centre::found(&folder.join("single.db"), 100_000);
    centre.issue(1, BATCH);
    let line = String::from_utf8(centre.ledger.line(centre.ledger.size() - 2).unwrap()).unwrap();
    let mut db = plain::open(&folder.join("plain-single.db"));
    table.compare_runs(
        "appended, a commit each / plain SQLite insert",
        usize::try_from(2 * cards).unwrap(),
        || centre.issue(cards, 1),
        || (0..2 * cards).for_each(|_| plain::insert(&mut db, [line.as_str()])),
    );
}

fn verifications(table: &ratio::Table, path: &Path, lines: &[String]) {
    let many = lines.len();
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let verified = |threads| {
        let report = verify_on(threads, path, &Against::default(), &mut Unobserved).unwrap();
        assert!(report.good(), "{:?}", report.findings);
    };
    let key = SigningKey::from_bytes(&[7; 32]);
    let (public, signature) = (key.verifying_key(), key.sign(lines[many / 2].as_bytes()));
    let signatures = || {
        for _ in 0..many {
            public
                .verify_strict(black_box(lines[many / 2].as_bytes()), &signature)
                .unwrap();
        }
    };
    let hashes = || {
        for line in lines {
            black_box(Hash::leaf(line.as_bytes()));
        }
    };
    table.compare_runs(
        &format!("verified by {threads} threads / by one"),
        many,
        || verified(threads),
        || verified(1),
    );
    table.compare_runs(
        "verified by one / Ed25519 verification alone",
        many,
        || verified(1),
        signatures,
    );
    table.compare_runs("verified by one / SHA-256 alone", many, || verified(1), hashes);
}
