// SPDX-License-Identifier: Apache-2.0
//! A long ledger, made once: what it costs to grow, export and verify beside plain SQLite and the hash function, and what
//! memory that takes at a tenth, at half and at all of it. Each verification is a process of its own, so that its largest
//! resident memory (`VmHWM` of proc(5)) is that of the verification.
//!
//! Rates are per second of processor time of all threads (`utime` and `stime` of proc(5)), which other work on the machine
//! changes little; what a clock on the wall says of the verifications stands beside.

use std::fs::{self, File};
use std::hint::black_box;
use std::io::{BufRead, BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use cardmint::ledger::{Against, Filter, Hash, Ledger, rebuild, verify_lines_on, verify_on};
use cardmint::outside::Unobserved;
use rusqlite::Connection;

use crate::centre::Centre;
use crate::{plain, ratio};

/// Entries in a commit, and lines in a commit of plain SQLite.
const COMMIT: usize = 1000;

/// Cards of an order.
const ROWS: u32 = 10_000;

/// The parts of the ledger at which memory is looked at, in hundredths.
const PARTS: [u64; 3] = [10, 50, 100];

/// Work for a process of its own: what, with how many threads, on which file.
const CHILD: &str = "CARDMINT_BENCH_CHILD";

/// Does the work that a parent gave, if one did.
pub(crate) fn child() -> bool {
    let Ok(work) = std::env::var(CHILD) else { return false };
    let mut words = work.splitn(3, ' ');
    let (what, threads) = (words.next().unwrap(), words.next().unwrap().parse().unwrap());
    let path = PathBuf::from(words.next().unwrap());
    let against = Against::default();
    let (entries, spent) = timed(|| {
        if what == "rebuild" {
            return rebuild(&path, &mut Unobserved).unwrap();
        }
        let report = if what == "database" {
            verify_on(threads, &path, &against, &mut Unobserved)
        } else {
            let mut file = BufReader::new(File::open(&path).unwrap());
            verify_lines_on(threads, &mut file, None, &against, &mut Unobserved)
        };
        let report = report.unwrap();
        assert!(report.good(), "{:?}", report.findings);
        report.entries
    });
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    let peak = peak.trim().trim_end_matches(" kB").to_owned();
    let (clock, processor) = (spent.clock.as_millis(), spent.processor.as_millis());
    ratio::say(&format!("{entries} {clock} {processor} {peak}"));
    true
}

/// What a piece of work took.
#[derive(Clone, Copy, Default)]
struct Spent {
    clock: Duration,
    processor: Duration,
}

impl std::ops::AddAssign for Spent {
    fn add_assign(&mut self, more: Self) {
        self.clock += more.clock;
        self.processor += more.processor;
    }
}

/// Processor time of this process so far, in the hundredths of a second that Linux counts in.
fn processor() -> Duration {
    let stat = fs::read_to_string("/proc/self/stat").unwrap();
    let (_, fields) = stat.rsplit_once(')').unwrap();
    let ticks = fields
        .split_whitespace()
        .skip(11)
        .take(2)
        .map(|n| n.parse::<u64>().unwrap());
    Duration::from_millis(10 * ticks.sum::<u64>())
}

fn timed<T>(work: impl FnOnce() -> T) -> (T, Spent) {
    let (start, before) = (Instant::now(), processor());
    let done = work();
    let (clock, processor) = (start.elapsed(), processor().saturating_sub(before));
    (done, Spent { clock, processor })
}

struct Done {
    entries: u64,
    spent: Spent,
    peak_kib: u64,
}

fn by_child(what: &str, threads: usize, path: &Path) -> Done {
    let mut child = Command::new(std::env::current_exe().unwrap());
    let ran = child
        .env(CHILD, format!("{what} {threads} {}", path.display()))
        .output()
        .unwrap();
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    let said = String::from_utf8(ran.stdout).unwrap();
    let numbers = said.split_whitespace().map(|n| n.parse().unwrap());
    let [entries, clock, processor, peak_kib] = numbers.collect::<Vec<u64>>().try_into().unwrap();
    let spent = Spent {
        clock: Duration::from_millis(clock),
        processor: Duration::from_millis(processor),
    };
    Done {
        entries,
        spent,
        peak_kib,
    }
}

fn rate(items: u64, took: Duration) -> f64 {
    ratio::per_second(usize::try_from(items).unwrap(), took)
}

fn line(name: &str, items: u64, ours: Spent, theirs: Spent) {
    ratio::line(name, rate(items, ours.processor), rate(items, theirs.processor));
}

fn part(folder: &Path, hundredths: u64, end: &str) -> PathBuf {
    folder.join(format!("part-{hundredths}.{end}"))
}

/// Makes a ledger of so many issuances in `folder`, or goes on with the one that is there, and measures it.
pub(crate) fn measure(folder: &Path, issuances: u64) {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    ratio::say(&format!(
        "\n{issuances} issuances, {threads} threads; each figure is measured once\n"
    ));
    let ledger = grow(folder, issuances);
    ratio::say(&format!(
        "\n{:<52} {:>14} {:>14} {:>7}",
        "entries per second of processor time", "cardmint", "beside", "ratio"
    ));
    let size = ledger.size();
    let export = part(folder, 100, "jsonl");
    let file = || BufWriter::new(File::create(&export).unwrap());
    let (_, exporting) = timed(|| ledger.export_jsonl(&Filter::default(), &mut file()).unwrap());
    let path = folder.join("plain.db");
    let _ = fs::remove_file(&path);
    let mut db = plain::open(&path);
    let (inserting, hashing) = insert_and_hash(&mut db, &export);
    let plainly = |name: &str| BufWriter::new(File::create(folder.join(name)).unwrap());
    let ((), copying) = timed(|| plain::copy(&db, &mut plainly("plain.jsonl")));
    let ((), scanning) = timed(|| plain::copy(&db, &mut std::io::sink()));
    let more = u64::from(ROWS);
    let ((), appending) = timed(|| Centre::found(&folder.join("more.db"), ROWS).issue(more, COMMIT));
    let (appended, inserted) = (rate(2 * more, appending.processor), rate(size, inserting.processor));
    ratio::line("appended / plain SQLite insert, 1000 a commit each", appended, inserted);
    line("exported / plain SQLite copied into a file", size, exporting, copying);
    verifications(
        folder,
        &ledger,
        threads,
        [("plain SQLite scan", scanning), ("SHA-256 alone", hashing)],
    );
    proofs(&ledger, &db);
    drop(ledger);
    openings(&folder.join("ledger.db"), &path);
    ratio::say("");
    for hundredths in [PARTS[0], PARTS[2]] {
        tell(
            "rebuilt",
            &by_child("rebuild", threads, &part(folder, hundredths, "db")),
        );
    }
}

/// Fills the ledger, tells how fast at its beginning and at its end, and leaves copies of its parts behind.
fn grow(folder: &Path, issuances: u64) -> Ledger {
    let path = folder.join("ledger.db");
    let mut centre = if path.exists() {
        Centre::open(&path, ROWS)
    } else {
        Centre::found(&path, ROWS)
    };
    for tenth in 1..=10 {
        let before = centre.ledger.size();
        let cards = (issuances * tenth / 10).saturating_sub(centre.cards);
        if cards > 0 {
            let ((), spent) = timed(|| centre.issue(cards, COMMIT));
            let new = centre.ledger.size() - before;
            let (processor, clock) = (rate(new, spent.processor), rate(new, spent.clock));
            ratio::say(&format!(
                "appended, tenth {tenth:>2}: {new} entries, {processor:.0} a second of processor time, {clock:.0} by the clock"
            ));
        }
        let copy = part(folder, tenth * 10, "db");
        if PARTS.contains(&(tenth * 10)) && (cards > 0 || tenth == 10) {
            centre = centre.copy(&copy);
        }
    }
    centre.ledger
}

/// The same lines into plain SQLite, and through the hash function alone; reading them is not counted.
fn insert_and_hash(db: &mut Connection, export: &Path) -> (Spent, Spent) {
    // Larger pieces than a commit, because processor time is told in hundredths of a second.
    const PIECE: usize = 50 * COMMIT;
    let (mut inserting, mut hashing) = (Spent::default(), Spent::default());
    let mut file = BufReader::new(File::open(export).unwrap());
    let mut lines = Vec::with_capacity(PIECE);
    loop {
        lines.clear();
        for line in file.by_ref().lines().take(PIECE) {
            lines.push(line.unwrap());
        }
        if lines.is_empty() {
            return (inserting, hashing);
        }
        let insert = |db: &mut Connection, lines: &[String]| plain::insert(db, lines.iter().map(String::as_str));
        inserting += timed(|| lines.chunks(COMMIT).for_each(|lines| insert(db, lines))).1;
        hashing += timed(|| {
            for line in &lines {
                black_box(Hash::leaf(line.as_bytes()));
            }
        })
        .1;
    }
}

fn tell(what: &str, done: &Done) {
    let (processor, clock) = (
        rate(done.entries, done.spent.processor),
        rate(done.entries, done.spent.clock),
    );
    let mebibytes = f64::from(u32::try_from(done.peak_kib).unwrap()) / 1024.0;
    ratio::say(&format!(
        "{what:<24} {:>8} entries {processor:>7.0} a second of processor time {clock:>7.0} by the clock {mebibytes:>7.1} MiB at most",
        done.entries
    ));
}

/// Verifies parts and whole, database and export.
fn verifications(folder: &Path, ledger: &Ledger, threads: usize, beside: [(&str, Spent); 2]) {
    let mut whole = Vec::new();
    ratio::say("");
    tell(
        "verified by one thread",
        &by_child("database", 1, &part(folder, PARTS[0], "db")),
    );
    for kind in ["database", "export"] {
        for hundredths in PARTS {
            let database = part(folder, hundredths, "db");
            if !database.exists() {
                continue;
            }
            let lines = part(folder, hundredths, "jsonl");
            if kind == "export" && hundredths < 100 {
                let to = Some(Ledger::open(&database, None).unwrap().size());
                let mut file = BufWriter::new(File::create(&lines).unwrap());
                ledger
                    .export_jsonl(
                        &Filter {
                            to,
                            ..Filter::default()
                        },
                        &mut file,
                    )
                    .unwrap();
                file.flush().unwrap();
            }
            let done = by_child(kind, threads, if kind == "database" { &database } else { &lines });
            tell(&format!("verified, {kind}"), &done);
            if hundredths == 100 {
                whole.push((kind, done.spent));
            }
        }
    }
    ratio::say("");
    for (kind, ours) in &whole {
        for (what, took) in beside {
            line(&format!("verified, {kind} / {what}"), ledger.size(), *ours, took);
        }
    }
}

fn proofs(ledger: &Ledger, db: &Connection) {
    let (mut i, mut j) = (0, 0);
    let size = ledger.size();
    ratio::Table::begin("Single look-ups in it", "beside").compare(
        "proofs of inclusion / plain SQLite look-up",
        || {
            i = (i + 7919) % size;
            black_box(ledger.prove(i, size).unwrap());
        },
        || {
            j = (j + 7919) % size;
            black_box(plain::look_up(db, j + 1));
        },
    );
}

/// Opening a ledger beside opening a database and reading its last line's number.
pub(crate) fn openings(ledger: &Path, plain: &Path) {
    ratio::Table::begin("Openings", "beside").compare(
        "opened with its comparisons / plain SQLite opened",
        || drop(black_box(Ledger::open(ledger, None).unwrap())),
        || {
            let db = Connection::open(plain).unwrap();
            let last = db.query_row("SELECT max(seq) FROM entries", [], |row| row.get::<_, i64>(0));
            black_box(last.unwrap());
        },
    );
}
