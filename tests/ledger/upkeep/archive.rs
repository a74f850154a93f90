//! Old periods leave the database for files, and nothing else changes: root, proofs, rules, and what a verifier with the files finds.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use cardmint::ledger::act::LedgerArchive;
use cardmint::ledger::note::NoteKey;
use cardmint::ledger::{
    Act, Against, CardKind, Ending, Entry, Filter, Hash, Ledger, LedgerError, Moment, UpkeepFault, evidence,
    rebuild_with, verify_with,
};
use ed25519_dalek::Signer as _;
use rusqlite::Connection;

use super::super::bench_site::*;
use super::super::centre_story::{self, BOTH, OPERATOR, SUPERVISOR, range};
use super::super::story::{joined, lines};
use super::*;

fn moment(second: i64) -> Moment {
    Moment::new(at(second).now().to_string()).unwrap()
}

/// Writes what is older than a second, records it, and lets it go. Returns what was recorded and how many lines went.
fn archived(b: &mut Bench, second: i64, file: &Path) -> Result<(LedgerArchive, u64), LedgerError> {
    b.checkpoint();
    let period = b.ledger.archivable(&moment(second))?;
    let body = b.ledger.write_archive(&period, file, &mut Unobserved)?;
    b.second += 1;
    let clock = at(b.second);
    let (_, went) = signing(BOTH, |signers| b.ledger.archive(body.clone(), signers, &clock))?;
    b.checkpoint();
    b.ledger.compact()?;
    Ok((body, went))
}

fn with(path: &Path, copy: &Path, archives: &[PathBuf]) -> Report {
    let against = Against {
        copy: Some(copy.to_owned()),
        key: None,
    };
    verify_with(path, archives, &against, &mut Unobserved).unwrap()
}

fn remainders(path: &Path) -> u64 {
    let sql = "SELECT count(*) FROM entries WHERE line NOT LIKE '%,\"v\":1}'";
    let db = Connection::open(path).unwrap();
    db.query_row(sql, [], |row| row.get::<_, i64>(0))
        .unwrap()
        .cast_unsigned()
}

#[test]
fn a_period_leaves_and_tree_proofs_and_rules_go_on() {
    let mut b = centre_story::told();
    let before = lines(&b.ledger);
    let (size, root) = (b.ledger.size(), b.ledger.root_at(b.ledger.size()).unwrap());
    let file = b.path().with_file_name("2026.evidence");
    let until = b.second - 5;
    let (body, went) = archived(&mut b, until, &file).unwrap();
    assert_eq!((body.from, body.to), (0, size - 6));
    assert!(went > 20, "{went}");
    assert_eq!(remainders(&b.path()), went);
    assert_eq!(b.ledger.root_at(size).unwrap(), root);
    assert_eq!(body.digest, Hash::of(&[&fs::read(&file).unwrap()]));
    // The work goes on, and the rules with it.
    b.by(SUPERVISOR, Act::RangeReserve(range("later", 80_001, 80_002)))
        .unwrap();
    // The bench's own: the story keeps what is refused with all lines before it, which are no longer all there.
    let mut refused = |names: &[&str], act: Act| Bench::by(&mut b, names, act).is_err();
    assert!(refused(SUPERVISOR, Act::RangeReserve(range("31", 90_001, 90_002))));
    assert!(refused(
        OPERATOR,
        Act::CardIntent(intent(&centre_story::card(1), "FRESH", None))
    ));
    b.checkpoint();
    let newest = b.ledger.size() - 1;
    assert!(b.ledger.evidence(newest).is_ok());
    // With the file everything is derived again; without it the report says what was not.
    let (path, copy) = (b.path(), b.copy());
    let all = with(&path, &copy, std::slice::from_ref(&file));
    assert!(all.good() && all.copy_agrees == Some(true), "{:?}", all.findings);
    let less = with(&path, &copy, &[]);
    assert_eq!(
        (less.count, less.unread, less.root),
        (0, went, all.root),
        "{:?}",
        less.findings
    );
    assert!(!less.good() && less.unread_files == ["2026.evidence"] && less.signatures < all.signatures);
    // Old entries name the file, and come back with it.
    let gone = (0..size).find(|seq| b.ledger.line(*seq).is_err()).unwrap();
    let named = |e: &LedgerError| matches!(e, LedgerError::Upkeep(UpkeepFault::Archived { file, .. }) if file == "2026.evidence");
    assert!(named(&b.ledger.line(gone).unwrap_err()) && named(&b.ledger.evidence(gone).unwrap_err()));
    let mut out = Vec::new();
    assert!(named(&b.ledger.export_jsonl(&Filter::default(), &mut out).unwrap_err()));
    let later = Filter {
        from: size,
        ..Filter::default()
    };
    b.ledger.export_jsonl(&later, &mut out).unwrap();
    assert!(!out.is_empty());
    let mut reading = Ledger::open_read_only(&path, Some(&copy)).unwrap();
    reading.read_archives(std::slice::from_ref(&file)).unwrap();
    out.clear();
    reading.export_jsonl(&Filter::default(), &mut out).unwrap();
    assert_eq!(out[..joined(&before).len()], joined(&before));
    assert_eq!(reading.line(gone).unwrap(), before[usize::try_from(gone).unwrap()]);
    let key: NoteKey = reading.note_key();
    assert_eq!(
        evidence::check(&reading.evidence(gone).unwrap(), &key).unwrap().seq,
        gone
    );
    // The tables are made again from both.
    assert!(named(&rebuild_with(&path, &[], &mut Unobserved).unwrap_err()));
    rebuild_with(&path, std::slice::from_ref(&file), &mut Unobserved).unwrap();
    assert!(with(&path, &copy, &[file]).good());
}

#[test]
fn unsettled_cards_and_the_sites_own_entries_stay() {
    let mut b = centre_story::running().0;
    centre_story::issue(&mut b, 1, Ending::Issued);
    centre_story::issue(&mut b, 2, Ending::FailedBlank);
    let doubt = centre_story::issue(&mut b, 3, Ending::InDoubt);
    let file = b.path().with_file_name("one");
    let until = b.second + 1;
    archived(&mut b, until, &file).unwrap();
    for seq in 0..b.ledger.size() {
        let there = b.ledger.entry(seq);
        let own = |act: &str| {
            ["site.", "officer.", "policy.", "key.", "template.", "range.", "order."]
                .iter()
                .any(|n| act.starts_with(n))
        };
        if let Err(e) = &there {
            assert!(
                matches!(e, LedgerError::Upkeep(UpkeepFault::Archived { .. })),
                "{seq}: {e:?}"
            );
        }
        let row = Connection::open(b.path()).unwrap();
        let act: String = row
            .query_row("SELECT act FROM entries WHERE seq = ?1", [seq.cast_signed()], |r| {
                r.get(0)
            })
            .unwrap();
        assert!(there.is_ok() || !own(&act), "{act} went");
    }
    assert!(b.ledger.entry(doubt).is_ok());
    let row = b.ledger.card(CardKind::User, &centre_story::card(1)).unwrap().unwrap();
    assert!(b.ledger.entry(row.intent).is_err(), "an issued card is settled");
    // What was in doubt is taken up again, and the next period begins where this one ended.
    let mut again = centre_story::card_of("B", 3, Some("L1"));
    again.resumes = Some(doubt);
    let seq = b.by(OPERATOR, Act::CardIntent(again)).unwrap();
    b.by(
        OPERATOR,
        Act::CardOutcome(outcome(&centre_story::card(3), seq, Ending::Issued)),
    )
    .unwrap();
    let second = b.path().with_file_name("two");
    let until = b.second + 1;
    let (body, _) = archived(&mut b, until, &second).unwrap();
    assert!(body.from > 0);
    let (path, copy) = (b.path(), b.copy());
    assert!(with(&path, &copy, &[file.clone(), second.clone()]).good());
    let half = with(&path, &copy, &[second]);
    assert!(half.count == 0 && half.unread > 0 && half.unread_files == ["one"]);
    assert!(matches!(
        b.ledger.archivable(&moment(1)),
        Err(LedgerError::Upkeep(UpkeepFault::Period { .. }))
    ));
}

#[test]
fn nothing_but_what_a_recorded_archive_holds_can_leave() {
    let mut b = centre_story::told();
    let file = b.path().with_file_name("2026.evidence");
    let db = Connection::open(b.path()).unwrap();
    let seq: i64 = db
        .query_row("SELECT max(seq) FROM entries WHERE act = 'card.outcome'", [], |row| {
            row.get(0)
        })
        .unwrap();
    let rest = "json_object('act', act, 'at', at, 'body', json_object('number', number))";
    let refused = |sql: String| {
        let said = db.execute_batch(&sql).unwrap_err().to_string();
        assert!(said.contains("entries are never"), "{said}");
    };
    refused(format!("UPDATE entries SET line = {rest} WHERE seq = {seq}"));
    b.checkpoint();
    let period = b.ledger.archivable(&moment(b.second + 1)).unwrap();
    let body = b.ledger.write_archive(&period, &file, &mut Unobserved).unwrap();
    refused(format!("UPDATE entries SET line = {rest} WHERE seq = {seq}"));
    // Recorded by hand, so that the lines are still there.
    b.by(BOTH, Act::LedgerArchive(body.clone())).unwrap();
    refused(format!(
        "UPDATE entries SET line = json_object('act', act, 'at', at) WHERE seq = {seq}"
    ));
    refused(format!("UPDATE entries SET line = {rest}, seq = 900 WHERE seq = {seq}"));
    refused(format!(
        "UPDATE entries SET line = replace(line, 'issued', 'void') WHERE seq = {seq}"
    ));
    refused("UPDATE entries SET line = json_object('act', act, 'at', at) WHERE act = 'site.init'".to_owned());
    refused("UPDATE entries SET line = json_object('act', act, 'at', at) WHERE act = 'ledger.archive'".to_owned());
    refused(format!("DELETE FROM entries WHERE seq = {seq}"));
    let last = format!(
        "UPDATE entries SET line = json_object('act', act, 'at', at) WHERE seq >= {}",
        body.to
    );
    refused(last);
    db.execute_batch(&format!("UPDATE entries SET line = {rest} WHERE seq = {seq}"))
        .unwrap();
    drop(db);
    b.checkpoint();
    assert!(with(&b.path(), &b.copy(), &[file]).good());
}

#[test]
fn a_changed_file_and_a_changed_remainder_are_found() {
    let mut b = centre_story::told();
    let file = b.path().with_file_name("2026.evidence");
    let until = b.second + 1;
    let (body, _) = archived(&mut b, until, &file).unwrap();
    let (path, copy) = (b.path(), b.copy());
    assert_eq!(
        b.ledger.write_archive(&(body.from..body.to), &file, &mut Unobserved),
        Err(UpkeepFault::There(file.clone()).into())
    );
    let whole = fs::read(&file).unwrap();
    for at in [0, whole.len() / 2, whole.len() - 2] {
        let mut bad = whole.clone();
        bad[at] ^= 1;
        let other = path.with_file_name("bad");
        fs::write(&other, bad).unwrap();
        let refused = verify_with(
            &path,
            std::slice::from_ref(&other),
            &Against::default(),
            &mut Unobserved,
        );
        assert_eq!(
            refused.unwrap_err(),
            UpkeepFault::NotAnArchive(other).into(),
            "byte {at}"
        );
    }
    let tamper = |sql: &str| {
        let db = Connection::open(&path).unwrap();
        let trigger: String = db
            .query_row(
                "SELECT sql FROM sqlite_schema WHERE name = 'entries_no_update'",
                [],
                |row| row.get(0),
            )
            .unwrap();
        db.execute_batch(&format!("DROP TRIGGER entries_no_update; {sql}; {trigger}"))
            .unwrap();
    };
    let with_file = |what: &str| {
        let report = with(&path, &copy, std::slice::from_ref(&file));
        assert!(report.count > 0, "{what}");
        report.findings[0].check
    };
    // The card's number in what is left of an entry.
    tamper(
        "UPDATE entries SET line = replace(line, '3100000000000001', '3100000000999999') WHERE line NOT LIKE '%,\"v\":1}'",
    );
    assert_eq!(with_file("another number"), "LEDGER-ARCHIVE");
    tamper(
        "UPDATE entries SET line = replace(line, '3100000000999999', '3100000000000001') WHERE line NOT LIKE '%,\"v\":1}'",
    );
    assert!(with(&path, &copy, std::slice::from_ref(&file)).good());
    // What looks archived and is in no archive.
    tamper("UPDATE entries SET line = json_object('act', act, 'at', at) WHERE act = 'ledger.archive'");
    let report = with(&path, &copy, &[]);
    assert!(report.count > 0, "{report:?}");
}

#[test]
fn a_row_in_the_table_of_archives_takes_no_entry_out_of_the_verification() {
    let mut b = centre_story::told();
    b.checkpoint();
    let (path, copy) = (b.path(), b.copy());
    let size = b.ledger.size();
    let db = Connection::open(&path).unwrap();
    let trigger: String = db
        .query_row(
            "SELECT sql FROM sqlite_schema WHERE name = 'entries_no_update'",
            [],
            |row| row.get(0),
        )
        .unwrap();
    // Whoever can write to the file says that everything after the first entry is in a file that nobody has.
    let forged = format!(
        "PRAGMA foreign_keys = OFF; DROP TRIGGER entries_no_update;
         INSERT INTO archives VALUES (1, {size}, 'lost.evidence', '{digest}', {size} - 1);
         UPDATE entries SET line = json_object('act', act, 'at', at) WHERE seq IN (7, {size} - 2); {trigger}",
        digest = Hash::of(&[b"lost"])
    );
    db.execute_batch(&forged).unwrap();
    drop(db);
    let report = with(&path, &copy, &[]);
    let checks: Vec<_> = report.findings.iter().map(|f| (f.check, f.seq)).collect();
    assert_eq!(report.unread, 0);
    assert!(checks.contains(&("LEDGER-ARCHIVE", None)), "{checks:?}");
    for seq in [7, size - 2] {
        assert!(checks.contains(&("LEDGER-ENTRY-CANONICAL", Some(seq))), "{checks:?}");
    }
}

#[test]
fn beside_a_recorded_archive_no_entry_of_the_sites_own_is_missing_unnamed() {
    let mut b = centre_story::told();
    let file = b.path().with_file_name("2026.evidence");
    let until = b.second + 1;
    archived(&mut b, until, &file).unwrap();
    let (path, copy) = (b.path(), b.copy());
    let db = Connection::open(&path).unwrap();
    let trigger: String = db
        .query_row(
            "SELECT sql FROM sqlite_schema WHERE name = 'entries_no_update'",
            [],
            |row| row.get(0),
        )
        .unwrap();
    let seq: i64 = db
        .query_row("SELECT max(seq) FROM entries WHERE act = 'order.import'", [], |row| {
            row.get(0)
        })
        .unwrap();
    db.execute_batch(&format!(
        "DROP TRIGGER entries_no_update;
         UPDATE entries SET line = json_object('act', act, 'at', at) WHERE seq = {seq}; {trigger}"
    ))
    .unwrap();
    drop(db);
    let report = with(&path, &copy, &[]);
    assert_eq!(report.first_bad().and_then(|f| f.seq), Some(seq.cast_unsigned()));
}

#[test]
fn a_leaf_of_an_unread_entry_is_held_by_the_checkpoint() {
    let mut b = centre_story::told();
    let file = b.path().with_file_name("2026.evidence");
    let until = b.second + 1;
    archived(&mut b, until, &file).unwrap();
    let gone = (0..b.ledger.size()).find(|seq| b.ledger.line(*seq).is_err()).unwrap();
    let db = Connection::open(b.path()).unwrap();
    let trigger: String = db
        .query_row(
            "SELECT sql FROM sqlite_schema WHERE name = 'nodes_no_update'",
            [],
            |row| row.get(0),
        )
        .unwrap();
    db.execute_batch(&format!(
        "DROP TRIGGER nodes_no_update; UPDATE nodes SET hash = zeroblob(32) WHERE level = 0 AND idx = {gone}; {trigger}"
    ))
    .unwrap();
    drop(db);
    let report = with(&b.path(), &b.copy(), &[]);
    let checks: Vec<_> = report.findings.iter().map(|f| f.check).collect();
    assert!(
        checks.contains(&"LEDGER-TREE") || checks.contains(&"LEDGER-CHECKPOINT"),
        "{checks:?}"
    );
}

const FOLDER: &str = "CARDMINT_TEST_ARCHIVE";

/// Not a test by itself: the process that is killed. Issues, copies and archives without end.
#[test]
fn archiver() {
    let Some(folder) = std::env::var_os(FOLDER).map(PathBuf::from) else {
        return;
    };
    let path = folder.join("ledger.db");
    let mut ledger = Ledger::open(&path, Some(&folder.join("checkpoint.note"))).unwrap();
    let log = key(9);
    let sign = |m: &[u8]| log.sign(m).to_bytes();
    let mut second = i64::try_from(ledger.size()).unwrap() * 10;
    for round in 0.. {
        for i in 0..4 {
            second += 1;
            let n = format!("{}R{round}N{i}", std::process::id());
            let seq = append(
                &mut ledger,
                OPERATOR,
                Act::CardIntent(intent(&n, &n, None)),
                &at(second),
            )
            .unwrap();
            append(
                &mut ledger,
                OPERATOR,
                Act::CardOutcome(outcome(&n, seq, Ending::Issued)),
                &at(second),
            )
            .unwrap();
            println!("durable {seq} {n}");
        }
        let newest = ledger.checkpoint(&sign).unwrap();
        let name = format!("{}-{round}", std::process::id());
        let copy = folder.join(format!("{name}.db"));
        cardmint::ledger::upkeep::backup(&ledger, &newest, &copy, &mut Unobserved).unwrap();
        println!("copied {name}");
        let period = ledger.archivable(&moment(second + 1)).unwrap();
        let file = folder.join(format!("{name}.evidence"));
        let body = ledger.write_archive(&period, &file, &mut Unobserved).unwrap();
        second += 1;
        signing(BOTH, |signers| ledger.archive(body, signers, &at(second))).unwrap();
        println!("archived {name}");
        ledger.compact().unwrap();
    }
}

#[test]
fn killed_at_any_moment_each_line_is_in_the_database_or_in_a_file_that_it_names() {
    let b = Bench::new(open_policy());
    let rounds: u64 = std::env::var("CARDMINT_TEST_KILLS")
        .ok()
        .and_then(|n| n.parse().ok())
        .unwrap_or(6);
    let mut durable = Vec::new();
    for round in 0..rounds {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command
            .args(["--exact", "ledger::upkeep::archive::archiver", "--nocapture"])
            .env(FOLDER, b.folder.path());
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut said = BufReader::new(child.stdout.take().unwrap())
            .lines()
            .map_while(Result::ok);
        let word = ["durable", "copied", "archived"][usize::try_from(round % 3).unwrap()];
        let mut heard = Vec::new();
        for line in said.by_ref() {
            let stop = line.contains(word) && heard.len() > usize::try_from(round).unwrap();
            heard.push(line);
            if stop {
                break;
            }
        }
        std::thread::sleep(Duration::from_micros(round * 1_700));
        child.kill().unwrap();
        child.wait().unwrap();
        heard.extend(said);
        durable.extend(heard.iter().filter_map(|l| l.split("durable ").nth(1)).map(|l| {
            let (seq, n) = l.split_once(' ').unwrap();
            (seq.parse::<u64>().unwrap(), n.to_owned())
        }));
        let mut ledger = Ledger::open_read_only(&b.path(), Some(&b.copy())).unwrap();
        let files: Vec<PathBuf> = ledger
            .archives()
            .unwrap()
            .iter()
            .map(|row| b.folder.path().join(&row.file))
            .collect();
        let report = with(&b.path(), &b.copy(), &files);
        assert!(report.good(), "round {round}: {:?}", report.findings);
        ledger.read_archives(&files).unwrap();
        for (seq, n) in &durable {
            let entry: Entry = ledger.entry(*seq).unwrap();
            assert!(
                matches!(&entry.act, Act::CardIntent(body) if body.number.as_str() == n),
                "round {round}"
            );
        }
        // A copy that has its name is whole.
        for entry in fs::read_dir(b.folder.path()).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|e| e == "db") && path != b.path() {
                let whole = super::report(&path, None);
                assert!(whole.count == 0, "{}: {:?}", path.display(), whole.findings);
                fs::remove_file(path).unwrap();
            }
        }
    }
    assert!(durable.len() > 4);
}
