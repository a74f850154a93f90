// SPDX-License-Identifier: Apache-2.0
//! Verification: a good ledger is called good; damage and forgery are named by check and entry.

use std::collections::BTreeSet;
use std::path::Path;

use cardmint::ledger::act::TemplateApprove;
use cardmint::ledger::entry::Signed;
use cardmint::ledger::field::Signature;
use cardmint::ledger::note::NoteKey;
use cardmint::ledger::{Act, Against, Entry, Hash, LedgerError, Report, verify, verify_lines};
use cardmint::outside::Unobserved;
use ed25519_dalek::Signer as _;
use rusqlite::Connection;

use super::bench_site::*;
use super::story::{joined, lines, told};

fn checked(b: &Bench) -> Report {
    verify_at(&b.path(), &b.copy())
}

fn verify_at(path: &Path, copy: &Path) -> Report {
    verify(
        path,
        &Against {
            copy: Some(copy.to_owned()),
            key: None,
        },
        &mut Unobserved,
    )
    .unwrap()
}

fn checks(report: &Report) -> BTreeSet<&'static str> {
    report.findings.iter().map(|f| f.check).collect()
}

fn checked_lines(lines: &[Vec<u8>], note: Option<&str>) -> Report {
    verify_lines(
        &mut joined(lines).as_slice(),
        note,
        &Against::default(),
        &mut Unobserved,
    )
    .unwrap()
}

/// Drops the triggers, runs the statement, puts the triggers back: what somebody with the file can do.
fn tamper(b: &Bench, sql: &str) {
    let db = Connection::open(b.path()).unwrap();
    db.execute_batch("PRAGMA foreign_keys = OFF").unwrap();
    let triggers: Vec<(String, String)> = db
        .prepare("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'")
        .unwrap()
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))
        .unwrap()
        .collect::<Result<_, _>>()
        .unwrap();
    for (name, _) in &triggers {
        db.execute_batch(&format!("DROP TRIGGER {name}")).unwrap();
    }
    db.execute_batch(sql).unwrap();
    for (_, trigger) in &triggers {
        db.execute_batch(trigger).unwrap();
    }
}

#[test]
fn a_good_ledger_is_good() {
    let b = told();
    let report = checked(&b);
    assert!(report.good(), "{:#?}", report.findings);
    assert_eq!(
        (report.entries, report.covered, report.copy_agrees),
        (b.ledger.size(), b.ledger.size(), Some(true))
    );
    assert_eq!(report.root, b.ledger.root_at(b.ledger.size()).unwrap());
    assert!(report.rehearsal && report.log_key.starts_with("cardmint/city-3100+"));
    let acts: BTreeSet<&str> = (0..b.ledger.size())
        .map(|s| b.ledger.entry(s).unwrap().act.name())
        .collect();
    assert_eq!(acts.len(), 24, "the story tells every act: {acts:?}");
    let note = b.ledger.checkpoint_note().unwrap().unwrap();
    let report = checked_lines(&lines(&b.ledger), Some(&note));
    assert!(report.good(), "{:#?}", report.findings);
}

#[test]
fn tampering_with_the_database_is_named() {
    type Case = (&'static str, &'static str, Option<u64>);
    let cases: &[Case] = &[
        (
            "UPDATE entries SET line = replace(line, '\"C1\"', '\"C9\"') WHERE seq = 8",
            "LEDGER-SIGNATURE",
            Some(8),
        ),
        (
            "UPDATE entries SET line = replace(line, '{\"act\"', '{ \"act\"') WHERE seq = 8",
            "LEDGER-ENTRY-CANONICAL",
            Some(8),
        ),
        ("DELETE FROM entries WHERE seq = 8", "LEDGER-SEQ", Some(8)),
        (
            "UPDATE nodes SET hash = zeroblob(32) WHERE level = 1 AND idx = 4",
            "LEDGER-TREE",
            Some(9),
        ),
        ("DELETE FROM nodes WHERE level = 0 AND idx = 3", "LEDGER-TREE", Some(3)),
        ("INSERT INTO nodes VALUES (9, 9, zeroblob(32))", "LEDGER-TREE", None),
        (
            "UPDATE cards SET status = 'issued' WHERE number = '1002'",
            "LEDGER-PROJECTION",
            None,
        ),
        ("DELETE FROM keys WHERE key = 'tac/1'", "LEDGER-PROJECTION", None),
        ("UPDATE officers SET revoked = NULL", "LEDGER-PROJECTION", None),
        ("DELETE FROM checkpoint", "LEDGER-CHECKPOINT", None),
        (
            "UPDATE checkpoint SET note = replace(note, char(10) || '29' || char(10), char(10) || '28' || char(10))",
            "LEDGER-CHECKPOINT",
            None,
        ),
        (
            "DELETE FROM entries WHERE seq > 20; DELETE FROM nodes",
            "LEDGER-OUTSIDE-COPY",
            None,
        ),
        ("DROP INDEX cards_chip", "LEDGER-SCHEMA", None),
    ];
    for (sql, check, seq) in cases {
        let b = told();
        tamper(&b, sql);
        let report = checked(&b);
        assert!(checks(&report).contains(check), "{sql}: {:?}", report.findings);
        if seq.is_some() {
            assert_eq!(report.first_bad().unwrap().seq, *seq, "{sql}: {:?}", report.findings);
        }
    }
    let b = told();
    Connection::open(b.path())
        .unwrap()
        .execute_batch("DROP TRIGGER entries_no_update")
        .unwrap();
    assert_eq!(checks(&checked(&b)), BTreeSet::from(["LEDGER-SCHEMA"]));
}

#[test]
fn tables_are_made_again() {
    let b = told();
    tamper(&b, "UPDATE cards SET status = 'issued'; DELETE FROM keys");
    assert!(checks(&checked(&b)).contains("LEDGER-PROJECTION"));
    cardmint::ledger::rebuild(&b.path(), &mut Unobserved).unwrap();
    assert!(checked(&b).good());
}

#[test]
fn a_trigger_by_the_name_of_statistics_is_found_and_the_ledger_is_not_opened() {
    let b = told();
    let db = Connection::open(b.path()).unwrap();
    db.execute_batch("ANALYZE").unwrap();
    assert!(
        checked(&b).good() && b.open().is_ok(),
        "statistics are no part of the format"
    );
    for (kind, name, table, sql) in [
        (
            "trigger",
            "sqlite_stat_more",
            "entries",
            "CREATE TRIGGER sqlite_stat_more BEFORE INSERT ON entries BEGIN SELECT raise(IGNORE); END",
        ),
        (
            "view",
            "sqlite_stat_view",
            "sqlite_stat_view",
            "CREATE VIEW sqlite_stat_view AS SELECT 1",
        ),
    ] {
        // SQLite refuses such names, but not where the schema is written to by hand.
        let hidden = "PRAGMA writable_schema = ON;
             INSERT INTO sqlite_schema (type, name, tbl_name, rootpage, sql) VALUES ";
        db.execute_batch(&format!("{hidden} ('{kind}', '{name}', '{table}', 0, '{sql}')"))
            .unwrap();
        assert!(checks(&checked(&b)).contains("LEDGER-SCHEMA"), "{kind}");
        assert_eq!(b.open().unwrap_err(), LedgerError::ForeignTrigger(b.path()));
        db.execute_batch(&format!("DELETE FROM sqlite_schema WHERE name = '{name}'"))
            .unwrap();
    }
    assert!(checked(&b).good() && b.open().is_ok());
}

#[test]
fn a_schema_that_is_kept_as_something_else_than_text_is_found() {
    let b = told();
    let db = Connection::open(b.path()).unwrap();
    let changed = "PRAGMA writable_schema = ON;
         UPDATE sqlite_schema SET sql = CAST(sql AS BLOB) WHERE name = 'cards_status'";
    db.execute_batch(changed).unwrap();
    drop(db);
    assert!(checks(&checked(&b)).contains("LEDGER-SCHEMA"));
    assert!(b.open().is_err());
}

#[test]
fn tables_of_an_earlier_version_are_made_again() {
    let b = super::ceremony_story::told_ceremonies();
    let old =
        "DROP TABLE ceremonies; DROP TABLE backups; DROP TABLE purse_intents; ALTER TABLE keys DROP COLUMN ceremony";
    let db = Connection::open(b.path()).unwrap();
    db.execute_batch(old).unwrap();
    drop(db);
    assert_eq!(b.open().unwrap_err(), LedgerError::OtherTables(b.path()));
    assert!(checks(&checked(&b)).contains("LEDGER-SCHEMA"));
    assert_eq!(
        cardmint::ledger::rebuild(&b.path(), &mut Unobserved).unwrap(),
        b.ledger.size()
    );
    assert!(checked(&b).good());
    let rows = b.open().unwrap().ceremonies().unwrap();
    let seen: Vec<(u64, &str, Option<u64>)> = rows.iter().map(|r| (r.begun, r.status.as_str(), r.ended)).collect();
    let expected = [
        (1, "abandoned", Some(2)),
        (3, "resumed", Some(4)),
        (4, "completed", Some(11)),
        (12, "completed", Some(15)),
        (16, "completed", Some(22)),
        (23, "completed", Some(26)),
    ];
    assert_eq!(seen, expected);
    let backups = b.open().unwrap().backups().unwrap();
    assert_eq!((backups.len(), backups[0].made, backups[0].restored), (1, 20, Some(24)));
    let key = b.open().unwrap().key("load/2").unwrap().unwrap();
    assert_eq!((key.arrived, key.ceremony), (13, Some(12)));
}

#[test]
fn a_self_consistent_forgery_is_named() {
    let b = told();
    // The whole site over again, same id and officers' names, other keys behind them.
    let other = tempfile::tempdir().unwrap();
    let (path, copy) = (other.path().join("ledger.db"), b.copy());
    let (a, log) = (key(11), key(19));
    let mut founding = founding(open_policy());
    founding.init.officers = vec![officer("张三", 11, &[])];
    founding.init.log_key = public(19);
    let sign = |m: &[u8]| a.sign(m).to_bytes();
    let signers = [cardmint::ledger::Signer {
        officer: "张三",
        sign: &sign,
    }];
    let log_sign = |m: &[u8]| log.sign(m).to_bytes();
    let forged = cardmint::ledger::Ledger::create(&path, None, founding, &signers, &log_sign, &at(0)).unwrap();
    drop(forged);
    assert_eq!(
        checks(&verify_at(&path, &copy)),
        BTreeSet::from(["LEDGER-OUTSIDE-COPY"])
    );
    let key: NoteKey = b.ledger.note_key();
    let report = verify(
        &path,
        &Against {
            copy: None,
            key: Some(key),
        },
        &mut Unobserved,
    )
    .unwrap();
    assert_eq!(checks(&report), BTreeSet::from(["LEDGER-LOG-KEY"]));
}

/// Act, signers with their seeds, time, the check that names it.
type Case<'a> = (Act, &'a [(&'a str, u8)], &'a str, &'a str);

/// An entry as somebody could make it who has one officer's key and the file, chained to what is there.
fn forged(lines: &[Vec<u8>], act: Act, signers: &[(&str, u8)], at: &str) -> Vec<u8> {
    let mut entry = Entry::parse(lines.last().unwrap()).unwrap();
    entry.seq += 1;
    entry.prev = Hash::leaf(lines.last().unwrap());
    entry.at = cardmint::ledger::Moment::new(at).unwrap();
    entry.officer = text(signers[0].0);
    entry.act = act;
    let bytes = entry.signed_bytes();
    let sign = |seed: u8| Signature(key(seed).sign(&bytes).to_bytes());
    entry.sigs = signers
        .iter()
        .map(|(name, seed)| Signed {
            officer: text(name),
            sig: sign(*seed),
        })
        .collect();
    entry.line()
}

#[test]
fn forged_entries_are_named_by_check() {
    let b = told();
    let lines = lines(&b.ledger);
    let approve = || {
        Act::TemplateApprove(TemplateApprove {
            template: text("x"),
            digest: Hash::of(&[b"x"]),
        })
    };
    let (late, early) = ("2030-01-01T00:00:00Z", "2020-01-01T00:00:00Z");
    let good = forged(&lines, approve(), &[("张三", 1), ("李四", 2)], late);
    let mut more = lines.clone();
    more.push(good);
    assert!(checked_lines(&more, None).good());
    let issued_again = Act::CardIntent(intent("1001", "C7", None));
    let no_intent = Act::CardOutcome(outcome("1001", 8, cardmint::ledger::Ending::Issued));
    let cases: &[Case<'_>] = &[
        (approve(), &[("张三", 1)], late, "LEDGER-TWO-OFFICERS"),
        (approve(), &[("张三", 1), ("张三", 1)], late, "LEDGER-TWO-OFFICERS"),
        (approve(), &[("张三", 1), ("李四", 1)], late, "LEDGER-SIGNATURE"),
        (approve(), &[("张三", 1), ("王五", 3)], late, "LEDGER-SIGNATURE"),
        (approve(), &[("张三", 1), ("李四", 2)], early, "LEDGER-TIME"),
        (issued_again, &[("张三", 1)], late, "LEDGER-NUMBER-TWICE"),
        (no_intent, &[("张三", 1)], late, "LEDGER-LIFECYCLE"),
    ];
    for (act, signers, at, check) in cases {
        let mut more = lines.clone();
        more.push(forged(&lines, act.clone(), signers, at));
        let report = checked_lines(&more, None);
        assert_eq!(
            report.first_bad().map(|f| (f.check, f.seq)),
            Some((*check, Some(lines.len() as u64)))
        );
        assert_eq!(report.count, 1, "{:?}", report.findings);
    }
}

#[test]
fn damaged_lines_are_named_by_check() {
    let lines = lines(&told().ledger);
    let at = lines.len() - 2;
    let text = String::from_utf8(lines[at].clone()).unwrap();
    let value = |field: &str| {
        let from = text.find(&format!("\"{field}\":\"")).unwrap() + field.len() + 4;
        text[from..].split('"').next().unwrap().to_owned()
    };
    let swapped = |old: &str| {
        let first = if old.starts_with('0') { "1" } else { "0" };
        format!("{first}{}", &old[1..])
    };
    let (prev, site, act) = (value("prev"), value("site"), value("act"));
    for (check, old, new) in [
        ("LEDGER-CHAIN", &prev, swapped(&prev)),
        ("LEDGER-SITE", &site, swapped(&site)),
        ("LEDGER-ENTRY-ACT", &act, "card.unheard-of".to_owned()),
    ] {
        let mut damaged = lines.clone();
        damaged[at] = text.replacen(old.as_str(), &new, 1).into_bytes();
        assert_ne!(damaged[at], lines[at], "{check}");
        let report = checked_lines(&damaged, None);
        let found = report.findings.iter().find(|f| f.check == check);
        assert_eq!(
            found.and_then(|f| f.seq),
            Some(at as u64),
            "{check}: {:?}",
            report.findings
        );
    }
}

#[test]
fn evidence_of_one_entry_stands_alone() {
    use cardmint::ledger::evidence::check;
    let b = told();
    let key = b.ledger.note_key();
    for seq in 0..b.ledger.size() {
        let file = b.ledger.evidence(seq).unwrap();
        assert_eq!(check(&file, &key).unwrap().seq, seq);
        let proof: usize = file
            .lines()
            .filter(|l| !l.starts_with("extra "))
            .map(|l| l.len() + 1)
            .sum();
        assert!(proof < 2048, "{proof} bytes");
        assert!(check(&file.replace(&format!("index {seq}\n"), "index 99\n"), &key).is_none());
        for other in ["index 0", "index +"] {
            assert!(check(&file.replace("index ", other), &key).is_none(), "{other}");
        }
    }
    let other = NoteKey {
        name: key.name.clone(),
        key: public(8),
    };
    assert!(check(&b.ledger.evidence(3).unwrap(), &other).is_none());
}
