// SPDX-License-Identifier: Apache-2.0
//! The ledger's database through power cuts: a process that appends is written down step by step (every write, sync, rename),
//! and then dies at any step in three ways. It is killed there; the power fails, and of what was not synced any sector is
//! there or not; the same with garbage in what the file had not held before. Whatever is left opens, verifies, holds every
//! entry whose append had returned, and goes on.
//!
//! A sample runs in CI; `CARDMINT_CUTS=20000 cargo test --test ledger_crash -- --nocapture` takes so many power cuts and kills
//! the process at every step. `CARDMINT_SEED` draws others.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::print_stdout, unreachable_pub)] // a test may fail where it stands, and says what it did

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;

use cardmint::ledger::{Act, Against, CardKind, Ending, Ledger, LedgerError, Signer, verify};
use cardmint::outside::Unobserved;
use ed25519_dalek::Signer as _;
use tempfile::TempDir;

#[path = "ledger/bench_site.rs"]
#[allow(dead_code)] // the tests that it was written for use more of it
mod bench_site;
#[path = "ledger_crash/disk.rs"]
mod disk;

use bench_site::{at, found_in, founding, intent, key, open_policy, outcome, signing};
use disk::{Disk, Loss, Step, steps};

const FOLDER: &str = "CARDMINT_TEST_CRASH_LEDGER";

/// Cards that the process issues: enough pages for the write-ahead log to be taken over into the file while it runs.
const CARDS: u32 = 110;

fn number(i: u32) -> String {
    format!("31{i:06}")
}

fn checkpoint(ledger: &mut Ledger) -> u64 {
    let log = key(9);
    ledger.checkpoint(&|m| log.sign(m).to_bytes()).unwrap().size
}

fn open(folder: &Path) -> Result<Ledger, LedgerError> {
    Ledger::open(&folder.join("ledger.db"), Some(&folder.join("checkpoint.note")))
}

fn append(ledger: &mut Ledger, acts: Vec<Act>, second: u32) -> Result<u64, LedgerError> {
    signing(&["张三"], |signers: &[Signer<'_>]| {
        let done = ledger.append_all(acts, signers, &at(i64::from(second)))?;
        Ok(done.last().unwrap().seq)
    })
}

/// Not a test by itself: the process that is written down and killed. It says what is durable as soon as it may.
#[test]
fn appender() {
    let Some(folder) = std::env::var_os(FOLDER).map(PathBuf::from) else {
        return;
    };
    let mut ledger = open(&folder).unwrap();
    for i in 0..CARDS {
        let n = number(i);
        let intended = append(&mut ledger, vec![Act::CardIntent(intent(&n, &n, None))], 2 * i + 1).unwrap();
        println!("\nintended {i}");
        let issued = Act::CardOutcome(outcome(&n, intended, Ending::Issued));
        // Sometimes several entries in one commit.
        let more = (i % 7 == 3).then(|| Act::CardIntent(intent(&format!("9{n}"), &format!("9{n}"), None)));
        append(&mut ledger, std::iter::once(issued).chain(more).collect(), 2 * i + 2).unwrap();
        println!("\nissued {i}");
        if i % 6 == 5 {
            println!("\ncovered {}", checkpoint(&mut ledger));
        }
        if i == 15 {
            // The last connection closes: the write-ahead log goes into the file and away.
            drop(ledger);
            ledger = open(&folder).unwrap();
        }
    }
}

/// The recorder, compiled once.
fn recorder() -> &'static Path {
    static MADE: OnceLock<(TempDir, PathBuf)> = OnceLock::new();
    let (_, path) = MADE.get_or_init(|| {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("recorder.so");
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/ledger_crash/recorder.c");
        let made = Command::new("cc")
            .args(["-shared", "-fPIC", "-O1", "-Wall", "-Werror", "-o"])
            .args([&path, &source])
            .arg("-ldl")
            .output()
            .unwrap();
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        (folder, path)
    });
    path
}

fn scratch() -> TempDir {
    let builder = tempfile::Builder::new();
    builder.tempdir_in("/dev/shm").or_else(|_| builder.tempdir()).unwrap()
}

/// A ledger that was founded and closed.
fn ground() -> TempDir {
    let folder = scratch();
    drop(found_in(&folder, founding(open_policy())));
    folder
}

/// Runs the process in a folder, written down, and killed at a step where one is given.
fn run(folder: &Path, book: &Path, kill: Option<usize>) -> Output {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command
        .args(["--exact", "appender", "--nocapture", "--test-threads=1"])
        .env(FOLDER, folder)
        .env("LD_PRELOAD", recorder())
        .env("RECORDER_BOOK", book)
        .env("RECORDER_FOLDER", folder);
    if let Some(step) = kill {
        command.env("RECORDER_KILL", step.to_string());
    }
    command.output().unwrap()
}

/// What the process had said: its word is that this is durable.
#[derive(Debug, Default, Clone, PartialEq)]
struct Reported {
    intended: Option<u32>,
    issued: Option<u32>,
    covered: u64,
}

impl Reported {
    fn hear(&mut self, text: &str) {
        for line in text.lines() {
            let Some((word, n)) = line.split_once(' ') else {
                continue;
            };
            match (word, n.parse::<u32>()) {
                ("intended", Ok(n)) => self.intended = Some(n),
                ("issued", Ok(n)) => self.issued = Some(n),
                ("covered", Ok(n)) => self.covered = u64::from(n),
                _ => {}
            }
        }
    }
}

/// What was left opens, verifies, has what was reported, and goes on.
#[track_caller]
fn whole(folder: &Path, reported: &Reported, what: &str) {
    let mut ledger = open(folder).unwrap_or_else(|e| panic!("{what}: is not opened: {e}"));
    let status = |n: u32| ledger.card(CardKind::User, &number(n)).unwrap().map(|card| card.status);
    if let Some(n) = reported.intended {
        assert!(status(n).is_some(), "{what}: the intent of {n} was reported");
    }
    for n in 0..=reported.issued.unwrap_or(0) {
        let issued = reported.issued.is_none() || status(n).as_deref() == Some("issued");
        assert!(issued, "{what}: {n} was reported issued and is {:?}", status(n));
    }
    let good = |when: &str| {
        let against = Against {
            copy: Some(folder.join("checkpoint.note")),
            key: None,
        };
        let report = verify(&folder.join("ledger.db"), &against, &mut Unobserved).unwrap();
        assert!(report.good(), "{what}, {when}: {:?}", report.findings);
        report
    };
    let report = good("opened");
    assert!(
        report.covered >= reported.covered,
        "{what}: the checkpoint over {}",
        reported.covered
    );
    assert_eq!(report.entries, ledger.size(), "{what}");
    append(&mut ledger, vec![Act::CardIntent(intent("77", "77", None))], 500).unwrap();
    checkpoint(&mut ledger);
    assert_eq!(good("gone on").covered, report.entries + 1, "{what}");
}

fn lay(folder: &Path, files: &BTreeMap<String, Vec<u8>>) {
    for file in fs::read_dir(folder).unwrap() {
        fs::remove_file(file.unwrap().path()).unwrap();
    }
    for (name, bytes) in files {
        fs::write(folder.join(name), bytes).unwrap();
    }
}

/// The undisturbed process: the folder before it, and its steps.
fn recorded() -> (Disk, Vec<Step>) {
    let ground = ground();
    let disk = Disk::of(ground.path());
    let book = scratch();
    let book = book.path().join("book");
    let output = run(ground.path(), &book, None);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let steps = steps(&fs::read(&book).unwrap(), ground.path());
    (disk, steps)
}

fn cuts() -> Option<usize> {
    std::env::var("CARDMINT_CUTS").ok().and_then(|text| text.parse().ok())
}

/// xorshift64
fn dice() -> impl FnMut(usize) -> usize {
    let given = std::env::var("CARDMINT_SEED").ok().and_then(|text| text.parse().ok());
    let mut state: u64 = given.unwrap_or(20_261_121);
    println!("CARDMINT_SEED={state}");
    state |= 1;
    move |below| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        ((state >> 11) % below as u64) as usize
    }
}

#[test]
fn after_a_power_cut_nothing_that_was_reported_is_lost() {
    let (mut disk, steps) = recorded();
    let mut draw = dice();
    let count = cuts().unwrap_or(50);
    let syncs = steps.iter().filter(|step| matches!(step, Step::Sync { .. })).count();
    println!("{} steps, {syncs} syncs, {count} power cuts", steps.len());
    // Each commit is synced, and the log goes into the file at least twice.
    assert!(syncs > 2 * CARDS as usize, "{syncs}");
    let in_file = steps
        .iter()
        .filter(|step| matches!(step, Step::Write { file, .. } if file == "ledger.db"));
    assert!(
        in_file.count() > 50,
        "the file itself is written to while the process runs"
    );
    let folder = scratch();
    let mut reported = Reported::default();
    let mut seen = BTreeMap::new();
    for (i, step) in steps.iter().enumerate() {
        disk.take(step);
        if let Step::Said { text } = step {
            reported.hear(text);
        }
        let times = count / steps.len() + usize::from(draw(steps.len()) < count % steps.len());
        for _ in 0..times {
            let loss = [
                Loss::Nothing,
                Loss::All,
                Loss::Late,
                Loss::Sectors(512),
                Loss::Sectors(512),
                Loss::Sectors(4096),
                Loss::Sectors(4096),
                Loss::Garbage(512),
                Loss::Garbage(4096),
            ][draw(9)];
            lay(folder.path(), &disk.crashed(loss, &mut draw));
            whole(
                folder.path(),
                &reported,
                &format!("step {i} of {}, {loss:?} lost", steps.len()),
            );
            *seen.entry(format!("{loss:?}")).or_insert(0) += 1;
        }
    }
    println!("{seen:?}");
    assert_eq!(reported.issued, Some(CARDS - 1));
}

#[test]
fn a_process_killed_at_any_step_loses_nothing_that_it_reported() {
    let (_, steps) = recorded();
    let all = steps.iter().filter(|step| !matches!(step, Step::Said { .. })).count();
    let mut draw = dice();
    let every: Vec<usize> = match cuts() {
        Some(_) => (1..=all).collect(),
        None => (0..5).map(|_| 1 + draw(all)).collect(),
    };
    println!("{} of {all} steps", every.len());
    for step in every {
        let folder = ground();
        let book = scratch();
        let output = run(folder.path(), &book.path().join("book"), Some(step));
        assert!(!output.status.success(), "step {step}: was not killed");
        let mut reported = Reported::default();
        reported.hear(&String::from_utf8_lossy(&output.stdout));
        whole(folder.path(), &reported, &format!("killed at step {step} of {all}"));
    }
}
