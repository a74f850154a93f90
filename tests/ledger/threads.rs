// SPDX-License-Identifier: Apache-2.0
//! How many threads verify a ledger makes no difference to what is found: a ledger that is damaged at several places gives
//! the same report, finding for finding, with one thread and with many.

use std::collections::BTreeSet;

use cardmint::ledger::act::{OfficerRevoke, TemplateApprove};
use cardmint::ledger::{Act, Against, Ending, Entry, Hash, Report, Role, rebuild, verify, verify_lines_on, verify_on};
use cardmint::outside::Unobserved;
use rusqlite::{Connection, params};

use super::bench_site::*;
use super::story::{joined, lines};

const THREADS: [usize; 2] = [2, 5];

/// More entries than all threads have under way. 王五 is enrolled in the middle of what is read ahead, signs at once, and is
/// revoked again.
fn long() -> Bench {
    let mut b = Bench::new(open_policy());
    let cards = |b: &mut Bench, name: &str, from: u32, count: u32| {
        let first = b.ledger.size();
        let acts: Vec<_> = (0..count)
            .flat_map(|i| {
                let (n, seq) = (format!("{:04}", from + i), first + 2 * u64::from(i));
                let intent = Act::CardIntent(intent(&n, &format!("C{n}"), None));
                let outcome = Act::CardOutcome(outcome(&n, seq, Ending::Issued));
                [(intent, vec![name]), (outcome, vec![name])]
            })
            .collect();
        b.together(&acts).unwrap();
    };
    cards(&mut b, "张三", 0, 80);
    b.by(
        &["张三", "李四", "王五"],
        Act::OfficerEnrol(officer("王五", 3, &[Role::Operator])),
    )
    .unwrap();
    cards(&mut b, "王五", 1000, 150);
    let revoke = OfficerRevoke {
        name: text("王五"),
        reason: text("left"),
        ceremony: None,
    };
    b.by(&["张三", "李四"], Act::OfficerRevoke(revoke)).unwrap();
    cards(&mut b, "李四", 2000, 80);
    let template = TemplateApprove {
        template: text("late"),
        digest: Hash::default(),
    };
    b.by(&["张三", "李四"], Act::TemplateApprove(template)).unwrap();
    b.checkpoint();
    b
}

struct Dice(u64);

impl Dice {
    fn below(&mut self, n: usize) -> usize {
        // Marsaglia's xorshift64.
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as usize % n
    }
}

/// Damages a line so that it is wrong whatever stands before it.
fn damage(lines: &mut [Vec<u8>], at: usize, dice: &mut Dice) {
    let mut entry = Entry::parse(&lines[at]).unwrap();
    lines[at] = match dice.below(7) {
        0 => b"{}".to_vec(),
        1 => {
            let byte = dice.below(64);
            entry.sigs[0].sig.0[byte] ^= 1 << dice.below(8);
            entry.line()
        }
        // Somebody else's signature, somebody whom the site never had, and one name twice.
        2 => {
            entry.sigs[0].officer = text(if entry.officer.as_str() == "张三" {
                "李四"
            } else {
                "张三"
            });
            entry.officer = entry.sigs[0].officer.clone();
            entry.line()
        }
        3 => {
            entry.sigs[0].officer = text("无名");
            entry.officer = text("无名");
            entry.line()
        }
        4 => {
            entry.sigs.push(entry.sigs[0].clone());
            entry.line()
        }
        5 => String::from_utf8(entry.line())
            .unwrap()
            .replacen("card.", "cart.", 1)
            .replacen("sim:1", "sim:2", 1)
            .into_bytes(),
        _ => {
            entry.prev = Hash::of(&[b"elsewhere"]);
            entry.line()
        }
    };
}

fn by_threads(what: &str, verify: impl Fn(usize) -> Report) -> Report {
    let alone = verify(1);
    for threads in THREADS {
        let report = verify(threads);
        let differs = report.findings.iter().zip(&alone.findings).find(|(a, b)| a != b);
        assert_eq!(report, alone, "{what}, {threads} threads: {differs:?}");
    }
    alone
}

fn whole(place: usize) -> i64 {
    i64::try_from(place).unwrap()
}

fn seed() -> u64 {
    let seed = std::env::var("CARDMINT_SEED").ok().and_then(|s| s.parse().ok());
    let seed = seed.unwrap_or(20_261_121);
    println!("CARDMINT_SEED={seed}");
    seed
}

fn rounds() -> usize {
    std::env::var("CARDMINT_ROUNDS")
        .ok()
        .and_then(|s| s.parse().ok())
        .unwrap_or(1)
}

#[test]
fn damaged_exports_give_the_same_findings_with_any_number_of_threads() {
    let (b, mut dice) = (long(), Dice(seed()));
    let (good, note) = (lines(&b.ledger), b.ledger.checkpoint_note().unwrap());
    let check = |file: &[u8], what: &str| {
        by_threads(what, |threads| {
            verify_lines_on(
                threads,
                &mut &*file,
                note.as_deref(),
                &Against::default(),
                &mut Unobserved,
            )
            .unwrap()
        })
    };
    let report = check(&joined(&good), "good");
    assert!(
        report.good() && report.entries > 600 && report.covered == report.entries,
        "{:?}",
        report.findings
    );
    for round in 0..rounds() {
        let mut lines = good.clone();
        let places: BTreeSet<usize> = (0..12).map(|_| 1 + dice.below(good.len() - 2)).collect();
        for at in &places {
            damage(&mut lines, *at, &mut dice);
        }
        let what = format!("round {round}, places {places:?}");
        let report = check(&joined(&lines), &what);
        let found: Vec<u64> = report.findings.iter().filter_map(|f| f.seq).collect();
        assert!(found.is_sorted(), "{what}: {found:?}");
        for at in &places {
            assert!(found.contains(&(*at as u64)), "{what}: {at} is not named in {found:?}");
        }
        assert_eq!(
            report.first_bad().unwrap().seq,
            places.first().map(|at| *at as u64),
            "{what}"
        );
        // A line gone, one too many, two the other way round, the end cut off.
        let at = 1 + dice.below(good.len() - 3);
        match dice.below(4) {
            0 => drop(lines.remove(at)),
            1 => lines.insert(at, good[dice.below(good.len())].clone()),
            2 => lines.swap(at, at + 1),
            _ => lines.truncate(at),
        }
        let mut file = joined(&lines);
        assert!(!check(&file, &format!("{what}, moved {at}")).good());
        file.pop();
        assert!(!check(&file, &format!("{what}, cut {at}")).good());
    }
}

#[test]
fn damaged_databases_give_the_same_findings_with_any_number_of_threads() {
    let (b, mut dice) = (long(), Dice(seed() ^ 0xDA7A));
    let (path, against) = (
        b.path(),
        Against {
            copy: Some(b.copy()),
            key: None,
        },
    );
    let check = |what: &str| {
        by_threads(what, |threads| {
            verify_on(threads, &path, &against, &mut Unobserved).unwrap()
        })
    };
    let report = check("good");
    assert!(
        report.good() && report.copy_agrees == Some(true),
        "{:?}",
        report.findings
    );
    let good = lines(&b.ledger);
    for round in 0..rounds() {
        let db = Connection::open(&path).unwrap();
        db.execute_batch("PRAGMA foreign_keys = OFF; DROP TRIGGER IF EXISTS entries_no_update; DROP TRIGGER IF EXISTS entries_no_delete; DROP TRIGGER IF EXISTS nodes_no_update; DROP TRIGGER IF EXISTS nodes_no_delete;").unwrap();
        let mut lines = good.clone();
        let places: BTreeSet<usize> = (0..8).map(|_| 1 + dice.below(good.len() - 2)).collect();
        for at in &places {
            damage(&mut lines, *at, &mut dice);
            let (seq, line) = (whole(*at), String::from_utf8_lossy(&lines[*at]).into_owned());
            db.execute("UPDATE entries SET line = ?2 WHERE seq = ?1", params![seq, line])
                .unwrap();
        }
        let (gone, node, missing) = (
            dice.below(good.len()),
            dice.below(good.len()),
            dice.below(good.len() / 4),
        );
        db.execute("DELETE FROM entries WHERE seq = ?1", [whole(gone)]).unwrap();
        db.execute(
            "UPDATE nodes SET hash = zeroblob(32) WHERE level = 0 AND idx = ?1",
            [whole(node)],
        )
        .unwrap();
        db.execute("DELETE FROM nodes WHERE level = 2 AND idx = ?1", [whole(missing)])
            .unwrap();
        drop(db);
        let what = format!("round {round}, places {places:?}, entry {gone} gone, nodes {node} and {missing}");
        let report = check(&what);
        let found: BTreeSet<(&str, u64)> = report.findings.iter().filter_map(|f| Some((f.check, f.seq?))).collect();
        let seqs: BTreeSet<u64> = found.iter().map(|(_, seq)| *seq).collect();
        for at in &places {
            assert!(seqs.contains(&(*at as u64)), "{what}: {at} is not named in {found:?}");
        }
        assert!(found.contains(&("LEDGER-SEQ", gone as u64)), "{what}: {found:?}");
        assert!(
            node == gone || found.contains(&("LEDGER-TREE", node as u64)),
            "{what}: {found:?}"
        );
        assert!(rebuild(&path, &mut Unobserved).is_err(), "{what}");
        restore(&path, &good);
    }
}

/// The entries as they were; the nodes stay as they are.
fn restore(path: &std::path::Path, good: &[Vec<u8>]) {
    let db = Connection::open(path).unwrap();
    db.execute_batch("PRAGMA foreign_keys = OFF; DROP TRIGGER entries_no_gap; BEGIN")
        .unwrap();
    for (seq, line) in good.iter().enumerate() {
        let line = std::str::from_utf8(line).unwrap();
        db.execute(
            "INSERT OR REPLACE INTO entries (seq, line) VALUES (?1, ?2)",
            params![whole(seq), line],
        )
        .unwrap();
    }
    db.execute_batch("COMMIT").unwrap();
    let gap = "CREATE TRIGGER entries_no_gap BEFORE INSERT ON entries
WHEN new.seq <> (SELECT coalesce(max(seq) + 1, 0) FROM entries)
BEGIN SELECT raise(ABORT, 'entries follow one another'); END";
    db.execute_batch(gap).unwrap();
}

#[test]
fn what_an_operator_runs_uses_threads_and_says_the_same() {
    let b = long();
    let report = verify(&b.path(), &Against::default(), &mut Unobserved).unwrap();
    assert!(report.good(), "{:?}", report.findings);
    assert_eq!(
        report,
        verify_on(1, &b.path(), &Against::default(), &mut Unobserved).unwrap()
    );
    assert_eq!(rebuild(&b.path(), &mut Unobserved).unwrap(), b.ledger.size());
    assert_eq!(
        report,
        verify_on(5, &b.path(), &Against::default(), &mut Unobserved).unwrap()
    );
}
