// SPDX-License-Identifier: Apache-2.0
//! The ledger beside plain SQLite doing the same inserts and scans, and beside the hash function and the signature alone.
//!
//! `CARDMINT_ENTRIES=2000000 cargo bench --bench ledger` measures a million issuances (an intent and an outcome each).

#![allow(clippy::unwrap_used)]

mod ratio;

use std::hint::black_box;
use std::io::sink;
use std::path::Path;

use cardmint::ledger::act::{Intent, Officer, Outcome, SiteInit};
use cardmint::ledger::{
    Act, Against, Ending, Filter, Founding, Hash, Ledger, Number, Policy, Role, Signer, SiteId, Text, VerifyKey, verify,
};
use cardmint::outside::{Clock, Unobserved};
use ed25519_dalek::{Signer as _, SigningKey};
use rusqlite::{Connection, params};

const CLOCK: Clock = Clock::Fixed(jiff::Timestamp::UNIX_EPOCH);
const BATCH: usize = 1000;

fn text(s: &str) -> Text {
    Text::new(s).unwrap()
}

fn found(folder: &Path, name: &str, key: &SigningKey) -> Ledger {
    let public = VerifyKey(key.verifying_key().to_bytes());
    let officer = Officer {
        name: text("bench"),
        roles: vec![Role::Operator],
        key: public,
        ceremony: None,
    };
    let init = SiteInit {
        name: text("bench"),
        level: text("city"),
        scheme: text("mohurd"),
        code: text("3100"),
        rehearsal: true,
        log_key: public,
        log_sm2: None,
        officers: vec![officer],
        policy: Policy::default(),
        program: text("bench"),
        kcv_length: None,
        memory_lock: false,
        copy_outside: false,
    };
    let founding = Founding {
        site: SiteId::new("bench").unwrap(),
        init,
    };
    let sign = |m: &[u8]| key.sign(m).to_bytes();
    let signer = Signer {
        officer: "bench",
        sign: &sign,
    };
    Ledger::create(&folder.join(name), None, founding, &[signer], &sign, &CLOCK).unwrap()
}

/// The next acts of a run of issuances: intent, outcome, intent, outcome. `seq` is where the first one will stand.
fn acts(seq: u64, count: usize) -> Vec<Act> {
    (seq..seq + count as u64)
        .map(|seq| {
            let number = Number::new(format!("{:020}", seq.div_ceil(2))).unwrap();
            if seq % 2 == 1 {
                Act::CardIntent(Intent {
                    chip: Some(Number::new(format!("C{seq:015}")).unwrap()),
                    number,
                    terminal: None,
                    template: text("mohurd-user"),
                    template_digest: Hash::of(&[b"template"]),
                    script: Hash::of(&[&seq.to_be_bytes()]),
                    raw: false,
                    reader: text("reader 1"),
                    keys: Vec::new(),
                    batch: Some(text("order 1")),
                    lot: None,
                    resumes: None,
                })
            } else {
                let proof = Some(Hash::of(&[b"proof", &seq.to_be_bytes()]));
                let (intent, result) = (seq - 1, Ending::Issued);
                Act::CardOutcome(Outcome {
                    number,
                    intent,
                    result,
                    proof,
                    steps: 40,
                    reason: None,
                    status_word: None,
                })
            }
        })
        .collect()
}

/// One table with one column, opened as the ledger is.
fn plain(folder: &Path, name: &str) -> Connection {
    let db = Connection::open(folder.join(name)).unwrap();
    db.query_row("PRAGMA journal_mode = WAL", [], |_| Ok(())).unwrap();
    db.execute_batch(
        "PRAGMA synchronous = FULL; CREATE TABLE entries (seq INTEGER PRIMARY KEY, line TEXT NOT NULL) STRICT",
    )
    .unwrap();
    db
}

fn insert(db: &mut Connection, lines: &[String]) {
    let tx = db.transaction().unwrap();
    for line in lines {
        tx.prepare_cached("INSERT INTO entries (line) VALUES (?1)")
            .unwrap()
            .execute(params![line])
            .unwrap();
    }
    tx.commit().unwrap();
}

fn main() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let key = SigningKey::from_bytes(&[7; 32]);
    let sign = |m: &[u8]| key.sign(m).to_bytes();
    let signers = [Signer {
        officer: "bench",
        sign: &sign,
    }];
    let table = ratio::Table::begin("Ledger, entries, one thread", "beside");
    let asked = std::env::var("CARDMINT_ENTRIES")
        .ok()
        .and_then(|n| n.parse().ok())
        .unwrap_or(50_000_usize);
    let many = if table.measures() { asked / BATCH * BATCH } else { BATCH };
    let single = many.min(4000);

    let mut ledger = found(folder, "single.db", &key);
    let mut db = plain(folder, "plain-single.db");
    let line = String::from_utf8(ledger.line(0).unwrap()).unwrap();
    let one = [line.chars().take(620).collect::<String>()];
    table.compare_runs(
        "appended, a commit each / plain SQLite insert",
        single,
        || {
            for act in acts(ledger.size(), single) {
                ledger.append(act, &signers, &CLOCK).unwrap();
            }
        },
        || (0..single).for_each(|_| insert(&mut db, &one)),
    );

    let mut ledger = found(folder, "ledger.db", &key);
    let mut rest = many;
    while rest > 0 {
        ledger.append_all(acts(ledger.size(), BATCH), &signers, &CLOCK).unwrap();
        rest -= BATCH;
    }
    ledger.checkpoint(&sign).unwrap();
    let mut lines = Vec::with_capacity(many);
    ledger
        .each_line(
            &Filter {
                from: 1,
                ..Filter::default()
            },
            &mut |_, line| {
                lines.push(String::from_utf8(line.to_vec()).unwrap());
                Ok(())
            },
        )
        .unwrap();
    let mut db = plain(folder, "plain.db");
    let (mut run, mut more) = (0, 0);
    table.compare_runs(
        "appended, 1000 a commit / plain SQLite insert",
        many,
        || {
            run += 1;
            let mut ledger = found(folder, &format!("run-{run}.db"), &key);
            for _ in 0..many / BATCH {
                ledger.append_all(acts(ledger.size(), BATCH), &signers, &CLOCK).unwrap();
            }
        },
        || {
            more += 1;
            let mut db = plain(folder, &format!("plain-{more}.db"));
            lines.chunks(BATCH).for_each(|chunk| insert(&mut db, chunk));
        },
    );
    lines.chunks(BATCH).for_each(|chunk| insert(&mut db, chunk));

    let path = folder.join("ledger.db");
    let verified = || assert!(verify(&path, &Against::default(), &mut Unobserved).unwrap().good());
    table.compare_runs("verified / Ed25519 verification alone", many, verified, || {
        let public = key.verifying_key();
        let signature = key.sign(one[0].as_bytes());
        for _ in 0..many {
            public.verify_strict(black_box(one[0].as_bytes()), &signature).unwrap();
        }
    });
    table.compare_runs("verified / SHA-256 alone", many, verified, || {
        for line in &lines {
            black_box(Hash::leaf(line.as_bytes()));
        }
    });
    table.compare_runs(
        "exported as JSON Lines / plain SQLite scan",
        many,
        || {
            black_box(ledger.export_jsonl(&Filter::default(), &mut sink()).unwrap());
        },
        || {
            let mut find = db.prepare("SELECT line FROM entries ORDER BY seq").unwrap();
            let mut rows = find.query([]).unwrap();
            while let Some(row) = rows.next().unwrap() {
                black_box(row.get_ref(0).unwrap().as_bytes().unwrap());
            }
        },
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
            j = (j + 7919) % (size - 1);
            let mut find = db.prepare_cached("SELECT line FROM entries WHERE seq = ?1").unwrap();
            black_box(
                find.query_row([i64::try_from(j + 1).unwrap()], |row| row.get::<_, String>(0))
                    .unwrap(),
            );
        },
    );
    table.compare(
        "opened with its comparisons / database opened",
        || drop(black_box(Ledger::open(&path, None).unwrap())),
        || {
            let db = Connection::open(folder.join("plain.db")).unwrap();
            black_box(
                db.query_row("SELECT max(seq) FROM entries", [], |row| row.get::<_, i64>(0))
                    .unwrap(),
            );
        },
    );
}
