// SPDX-License-Identifier: Apache-2.0
//! The checkpoint on paper (docs/formats/paper.md): typed back it is the ledger's, and a ledger taken back, rewritten or of
//! another site is named, also where the copy outside was taken back with it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use cardmint::crypto::written::WrittenError;
use cardmint::ledger::act::{LedgerLoss, TemplateApprove};
use cardmint::ledger::checkpoint::Checkpoint;
use cardmint::ledger::paper::{GROUPS, Paper, Verdict};
use cardmint::ledger::{Act, Hash, Ledger, SiteId};
use cardmint::outside::Unobserved;
use rusqlite::Connection;
use serde_json::Value;

use super::bench_site::*;
use super::story::told;
use crate::pty::Pty;

fn approve(b: &mut Bench, name: &str) {
    let act = TemplateApprove {
        template: text(name),
        digest: Hash::of(&[name.as_bytes()]),
    };
    b.by(&["张三"], Act::TemplateApprove(act)).unwrap();
    b.checkpoint();
}

fn paper(b: &Bench) -> Paper {
    Paper::of(&b.ledger.newest_checkpoint().unwrap())
}

fn compared(ledger: &Ledger, paper: &Paper) -> Verdict {
    ledger.compare_paper(paper, &mut Unobserved).unwrap()
}

fn good(since: u64) -> Verdict {
    Verdict::Good { since, unread: 0 }
}

/// The groups as the format page lays them down: logarithms to the base 2 for the products, the CRC by bits.
fn written(size: u64, origin: &str, root: Hash) -> Vec<String> {
    const POWERS: [u8; 15] = [1, 2, 4, 8, 3, 6, 12, 11, 5, 10, 7, 14, 15, 13, 9];
    let log = |x: u8| POWERS.iter().position(|power| *power == x);
    let times = |a: u8, b: u8| log(a).zip(log(b)).map_or(0, |(i, j)| POWERS[(i + j) % 15]);
    let tag = &Hash::of(&[origin.as_bytes()]).0[..2];
    let mut data = [&size.to_be_bytes()[2..], tag, &root.0].concat();
    let crc = data.iter().fold(0xFFFF_u16, |crc, byte| {
        let step = |crc: u16, _| crc << 1 ^ if crc >> 15 == 1 { 0x1021 } else { 0 };
        (0..8).fold(crc ^ u16::from(*byte) << 8, step)
    });
    data.extend(crc.to_be_bytes());
    let group = |(at, pair): (usize, &[u8])| {
        let (digits, number) = (hex::encode_upper(pair), (at + 1) as u8);
        let mut word: Vec<u8> = digits.chars().map(|c| c.to_digit(16).unwrap() as u8).collect();
        word.extend([number & 0xF, number >> 4]);
        let sum = word.iter().fold(0, |sum, digit| sum ^ digit);
        let weighed = word
            .iter()
            .zip(1..)
            .fold(0, |sum, (digit, weight)| sum ^ times(*digit, weight));
        format!("{digits}{sum:X}{weighed:X}")
    };
    data.chunks(2).enumerate().map(group).collect()
}

#[test]
fn the_example_of_the_format_page_is_the_example_ledgers() {
    let page = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/formats/paper.md")).unwrap();
    let block = page.split("```").nth(1).unwrap().trim_start_matches("text");
    let read = Paper::read(block.trim()).unwrap();
    let b = told();
    assert_eq!(read, paper(&b));
    assert_eq!((read.size, read.groups().split(' ').count()), (29, GROUPS));
    assert_eq!(compared(&b.ledger, &read), good(b.ledger.size() - 29));
    let as_the_page_says = written(29, "cardmint/city-3100", read.root);
    assert_eq!(block.split_whitespace().collect::<Vec<_>>(), as_the_page_says);
    for size in [1_u64, 255, 65_536, 10_000_000_000, (1 << 48) - 1] {
        let origin = format!("cardmint/site-{size}");
        let root = Hash::of(&[&size.to_be_bytes()]);
        let groups = written(size, &origin, root).join(" ");
        assert_eq!(Paper::of(&Checkpoint { origin, size, root }).groups(), groups);
    }
}

#[test]
fn a_paper_is_typed_back_and_names_what_the_ledger_is_not() {
    let mut b = Bench::new(open_policy());
    approve(&mut b, "t1");
    let first = paper(&b);
    assert_eq!(
        Paper::read(&first.groups().to_lowercase().replace(' ', "\r\n")),
        Ok(first.clone())
    );
    approve(&mut b, "t2");
    assert_eq!(compared(&b.ledger, &first), good(1));
    let newer = paper(&b);
    assert_eq!(compared(&b.ledger, &newer), good(0));

    let mut older = Bench::new(open_policy());
    approve(&mut older, "t1");
    assert_eq!(compared(&older.ledger, &newer), Verdict::RolledBack { has: 2 });
    approve(&mut older, "x2");
    assert_eq!(compared(&older.ledger, &newer), Verdict::Rewritten);
    approve(&mut older, "x3");
    assert_eq!(
        compared(&older.ledger, &newer),
        Verdict::Rewritten,
        "longer than the paper"
    );
    assert_eq!(
        compared(&older.ledger, &first),
        good(2),
        "the branch comes after this one"
    );

    let mut elsewhere = founding(open_policy());
    elsewhere.site = SiteId::new("city-3200").unwrap();
    elsewhere.init.code = text("3200");
    let mut elsewhere = Bench::of(elsewhere);
    approve(&mut elsewhere, "t1");
    assert_eq!(compared(&elsewhere.ledger, &first), Verdict::Other);
    let nothing = Paper {
        size: 0,
        root: Hash::empty(),
        ..first
    };
    assert_eq!(
        compared(&b.ledger, &nothing),
        Verdict::Rewritten,
        "nothing is no evidence"
    );
}

#[test]
fn lines_changed_under_the_stored_tree_are_rewritten_history() {
    let mut b = Bench::new(open_policy());
    approve(&mut b, "t1");
    approve(&mut b, "t2");
    let page = paper(&b);
    let db = Connection::open(b.path()).unwrap();
    db.execute_batch("PRAGMA foreign_keys = OFF").unwrap();
    let triggers = "SELECT name, sql FROM sqlite_schema WHERE type = 'trigger' AND tbl_name = 'entries'";
    let triggers: Vec<(String, String)> = db
        .prepare(triggers)
        .unwrap()
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))
        .unwrap()
        .collect::<Result<_, _>>()
        .unwrap();
    // Whoever can write into the file takes the triggers off and puts them back.
    let past_the_triggers = |sql: &str| {
        for (name, _) in &triggers {
            db.execute_batch(&format!("DROP TRIGGER {name}")).unwrap();
        }
        assert_eq!(db.execute(sql, []).unwrap(), 1);
        for (_, sql) in &triggers {
            db.execute_batch(sql).unwrap();
        }
    };
    past_the_triggers(
        "UPDATE entries SET line = replace(line, '\"t1\"', '\"t9\"') WHERE seq = 1 AND line LIKE '%\"t1\"%'",
    );
    // Opening looks at the end alone; the paper is held against every line.
    assert_eq!(compared(&b.open().unwrap(), &page), Verdict::Rewritten);
    past_the_triggers("DELETE FROM entries WHERE seq = 1");
    assert_eq!(compared(&b.open().unwrap(), &page), Verdict::Rewritten);
}

#[test]
fn a_declared_loss_is_named_and_never_excuses_more_than_it_declares() {
    let mut b = Bench::new(open_policy());
    approve(&mut b, "t1");
    approve(&mut b, "t2");
    let middle = paper(&b);
    approve(&mut b, "t3");
    let (outside, lost) = (b.ledger.newest_checkpoint().unwrap(), paper(&b));
    approve(&mut b, "t4");
    let beyond = paper(&b);

    let mut left = Bench::new(open_policy());
    approve(&mut left, "t1");
    let kept = paper(&left);
    let loss = LedgerLoss {
        reason: text("disk"),
        size: Some(outside.size),
        root: Some(outside.root),
    };
    left.by(&["张三", "李四"], Act::LedgerLoss(loss)).unwrap();
    left.checkpoint();
    let declared = Verdict::DeclaredLost { loss: 2 };
    assert_eq!(compared(&left.ledger, &kept), good(1));
    assert_eq!(compared(&left.ledger, &lost), declared);
    assert_eq!(compared(&left.ledger, &middle), declared);
    // One entry more was there than the declaration says.
    assert_eq!(compared(&left.ledger, &beyond), Verdict::RolledBack { has: 3 });
    approve(&mut left, "t5");
    let after = paper(&left);
    assert_eq!(compared(&left.ledger, &after), good(0));
    let mut other = lost;
    other.root.0[0] ^= 1;
    assert_eq!(
        compared(&left.ledger, &other),
        Verdict::Rewritten,
        "not what was declared"
    );
}

struct Said {
    code: i32,
    out: String,
    err: String,
}

impl Said {
    fn json(&self) -> Value {
        serde_json::from_str(self.out.lines().last().unwrap()).unwrap()
    }
}

/// `ledger paper` of a file, with this on standard input.
fn run(file: &Path, args: &str, typed: &str) -> Said {
    let mut command = assert_cmd::Command::cargo_bin("cardmint").unwrap();
    command.args(["ledger", "paper", "--file"]).arg(file);
    command.args(args.split_whitespace()).write_stdin(typed);
    let output = command.env("LC_ALL", "C").output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Said {
        code: output.status.code().unwrap(),
        out: text(output.stdout),
        err: text(output.stderr),
    }
}

/// The rows of groups out of a printed page.
fn rows(page: &str) -> Vec<&str> {
    let row = |line: &'_ str| line.starts_with("  ") && line.contains('-');
    page.lines()
        .filter(|line| row(line))
        .map(|line| line[2..].split_once("  ").unwrap().1.trim())
        .collect()
}

/// A copy of the database as it is, in one file.
fn copied(b: &Bench, name: &str) -> PathBuf {
    let to = b.folder.path().join(name);
    let db = Connection::open(b.path()).unwrap();
    db.execute("VACUUM INTO ?1", [to.to_str().unwrap()]).unwrap();
    to
}

#[test]
fn an_older_copy_with_its_checkpoint_opens_and_only_the_paper_tells() {
    let mut b = Bench::new(open_policy());
    approve(&mut b, "t1");
    let old = copied(&b, "old.db");
    let old_note = b.folder.path().join("old.note");
    fs::copy(b.copy(), &old_note).unwrap();
    approve(&mut b, "t2");
    let page = run(&b.path(), "", "");
    assert_eq!(page.code, 0, "{}", page.err);
    let groups = rows(&page.out).join("\n");
    assert_eq!(Paper::read(&groups), Ok(paper(&b)), "{}", page.out);
    let said = run(&b.path(), "--compare", &groups);
    assert!(
        said.code == 0 && said.out.contains("GOOD") && said.out.contains("3 entries"),
        "{}",
        said.out
    );

    // Both files were taken back together: they agree with each other.
    let verify = assert_cmd::Command::cargo_bin("cardmint")
        .unwrap()
        .args(["ledger", "verify", "--file"])
        .arg(&old)
        .arg("--copy")
        .arg(&old_note)
        .output()
        .unwrap();
    assert_eq!(verify.status.code(), Some(0), "nothing within reach shows it");
    let said = run(&old, &format!("--compare --copy {}", old_note.display()), &groups);
    assert!(
        said.code == 3 && said.out.contains("ROLLED BACK"),
        "{}{}",
        said.out,
        said.err
    );
    let said = run(&old, "--compare --lang zh", &groups);
    assert!(
        said.code == 3 && said.out.contains("已回退") && said.out.contains("2 条"),
        "{}",
        said.out
    );
    // Against the newer copy too, before anything else is said of it.
    let said = run(&old, &format!("--compare --copy {}", b.copy().display()), &groups);
    assert!(
        said.code == 3 && said.out.contains("ROLLED BACK"),
        "{}{}",
        said.out,
        said.err
    );
}

#[test]
fn every_verdict_has_its_word_and_exit_code() {
    let mut b = Bench::new(open_policy());
    approve(&mut b, "t1");
    approve(&mut b, "t2");
    let groups = paper(&b).groups();
    let verdict = |file: &Path, typed: &str| {
        let said = run(file, "--compare --json", typed);
        (said.code, said.json()["verdict"].as_str().unwrap().to_owned())
    };
    let word = |code: i32, word: &str| (code, word.to_owned());
    assert_eq!(verdict(&b.path(), &groups), word(0, "good"));
    let mut other = Bench::new(open_policy());
    approve(&mut other, "t1");
    assert_eq!(verdict(&other.path(), &groups), word(3, "rolled-back"));
    approve(&mut other, "x2");
    assert_eq!(verdict(&other.path(), &groups), word(3, "rewritten"));
    let mut foreign = paper(&b);
    foreign.tag[0] ^= 1;
    assert_eq!(verdict(&b.path(), &foreign.groups()), word(3, "other-ledger"));
    for (lang, good, bad) in [("en", "GOOD", "REWRITTEN"), ("zh", "相符", "已改写")] {
        let lang = format!("--compare --lang {lang}");
        assert!(run(&b.path(), &lang, &groups).out.starts_with(good));
        assert!(run(&other.path(), &lang, &groups).out.starts_with(bad));
    }
    // The paper is good, but the copy outside is not there: both are said.
    let gone = format!("--compare --copy {}", b.folder.path().join("gone").display());
    let said = run(&b.path(), &gone, &groups);
    assert!(
        said.code == 3 && said.out.starts_with("GOOD") && said.err.contains("kept outside"),
        "{}",
        said.err
    );

    // What is typed wrong is named, all of it, and never taken for the ledger's fault.
    let mut typed: Vec<String> = groups.split(' ').map(str::to_owned).collect();
    let another = if typed[3].starts_with('A') { "B" } else { "A" };
    typed[3].replace_range(0..1, another);
    typed.swap(9, 10);
    let said = run(&b.path(), "--compare", &typed.join(" "));
    assert_eq!((said.code, said.out.as_str()), (2, ""));
    assert!(
        said.err.contains("group 4 ") && said.err.contains("groups 10 and 11"),
        "{}",
        said.err
    );
    for short in ["", "000015 00002A", "nothing that anybody wrote"] {
        let said = run(&b.path(), "--compare", short);
        assert!(said.code == 2 && said.out.is_empty(), "{short:?}: {}", said.out);
    }
    let missing = groups.rsplit_once(' ').unwrap().0;
    assert!(matches!(Paper::read(missing), Err(WrittenError::Groups(bad)) if bad.len() == 1 && bad[0].number == 21));
    assert_eq!(run(&b.folder.path().join("nowhere.db"), "--compare", &groups).code, 2);
}

#[test]
fn the_page_says_what_the_binder_needs() {
    let b = told();
    let page = run(&b.path(), &format!("--copy {}", b.copy().display()), "");
    assert_eq!(page.code, 0, "{}", page.err);
    let checkpoint = b.ledger.newest_checkpoint().unwrap();
    let key = b.ledger.note_key().to_string();
    let last = b.ledger.entry(checkpoint.size - 1).unwrap().at;
    let beijing: jiff::Timestamp = last.as_str().parse().unwrap();
    let beijing = (beijing + jiff::SignedDuration::from_hours(8)).strftime("%Y-%m-%d %H:%M:%S +08:00");
    for part in [
        "cardmint/city-3100",
        "示范城市一卡通",
        "29",
        &checkpoint.root.to_string(),
        &key,
        &beijing.to_string(),
        "rehearsal",
    ] {
        assert!(page.out.contains(part), "{part}: {}", page.out);
    }
    let rows = rows(&page.out);
    assert_eq!(
        rows.iter().map(|row| row.split(' ').count()).collect::<Vec<_>>(),
        [7, 7, 7]
    );
    let json = run(&b.path(), "--json", "").json();
    let groups: Vec<&str> = json["groups"]
        .as_array()
        .unwrap()
        .iter()
        .map(|g| g.as_str().unwrap())
        .collect();
    assert_eq!(groups.join(" "), rows.join(" "));
    assert_eq!(
        (
            json["schema"].as_str(),
            json["size"].as_u64(),
            json["last"].as_str(),
            json["key"].as_str()
        ),
        (
            Some("cardmint.ledger-paper/1"),
            Some(29),
            Some(last.as_str()),
            Some(key.as_str())
        )
    );
    let zh = run(&b.path(), "--lang zh", "");
    assert!(
        zh.out.starts_with("台账检查点") && zh.out.contains("签署密钥"),
        "{}",
        zh.out
    );
}

#[test]
fn at_a_terminal_each_row_is_asked_for_until_it_is_right() {
    let mut b = Bench::new(open_policy());
    approve(&mut b, "t1");
    let groups = paper(&b).groups();
    let groups: Vec<&str> = groups.split(' ').collect();
    let mut command = Command::new(assert_cmd::cargo::cargo_bin("cardmint"));
    command.args(["ledger", "paper", "--compare", "--file"]).arg(b.path());
    command.env("LC_ALL", "C").stdin(Stdio::null());
    let mut screen = Pty::start(&command);
    let line = |groups: &[&str]| format!("{}\n", groups.join(" "));
    let mut wrong = groups[..7].to_vec();
    wrong.swap(1, 2);
    screen.answer("Groups 1-7 of the paper:", &line(&wrong));
    screen.wait_for("group 2, 3");
    screen.answer("Groups 1-7 of the paper:", &line(&groups[..7]));
    screen.answer("Groups 8-14 of the paper:", &format!("{}\n", groups[7..14].concat()));
    screen.answer("Groups 15-21 of the paper:", &line(&groups[14..20]));
    screen.wait_for("wrong: group 15");
    screen.answer("Groups 15-21 of the paper:", &line(&groups[14..]));
    screen.wait_for("GOOD");
    assert_eq!(screen.end().code(), Some(0));
}
