// SPDX-License-Identifier: Apache-2.0
//! Ledgers damaged in every way that somebody with write access to the files has: none is called good where it is not, the
//! first bad entry is named, nothing panics, and no damaged ledger is opened and made good again.
//!
//! A sample runs in CI. `CARDMINT_MUTATIONS=100000 cargo test --release --test mutation -- --nocapture` judges so many copies
//! on all cores; `CARDMINT_SEED` draws others, and `CARDMINT_MUTATION=17` repeats the one of that number alone.
#![allow(clippy::unwrap_used, clippy::print_stdout, unreachable_pub)] // a test may fail where it stands, and says what it did
#![allow(clippy::cast_possible_wrap, clippy::cast_sign_loss, clippy::cast_precision_loss)] // small ledgers, SQLite's integers
#![allow(clippy::many_single_char_names)] // two places, a subject, and their signatures

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use tempfile::TempDir;

#[path = "mutation/ledger.rs"]
mod ledger;

mod mutation {
    pub mod attacker;
    pub mod bits;
    pub mod both;
    pub mod bundles;
    pub mod case;
    pub mod content;
    pub mod entries;
    pub mod exports;
    pub mod judge;
    pub mod rules;
    pub mod subject;
    pub mod tables;

    /// A folder in memory, where there is one.
    pub fn scratch() -> tempfile::TempDir {
        let memory = std::path::Path::new("/dev/shm");
        let builder = tempfile::Builder::new();
        builder.tempdir_in(memory).or_else(|_| builder.tempdir()).unwrap()
    }
}

use mutation::case::{Case, Draw, Files};
use mutation::subject::{Subject, subjects};
use mutation::{bits, both, bundles, entries, exports, judge, scratch, tables};

type Damage = fn(&Files, &Subject, &mut Draw) -> Case;

/// The ways to damage a ledger, with how often each is drawn.
const WAYS: &[(usize, Damage)] = &[
    (22, bits::database),
    (14, bits::log),
    (12, exports::export),
    (8, bundles::bundle),
    (8, entries::edit),
    (3, entries::form),
    (5, entries::delete),
    (5, entries::insert),
    (4, entries::reorder),
    (3, entries::truncate),
    (5, entries::signatures),
    (5, entries::alone),
    (2, entries::outcome_removed),
    (5, entries::rule_broken),
    (2, entries::rolled_back),
    (1, entries::replaced),
    (6, tables::projection),
    (4, tables::nodes),
    (2, tables::schema),
    (1, tables::marks),
    (3, tables::checkpoint),
    (3, tables::copy_outside),
    (2, tables::harmless),
];

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().and_then(|text| text.parse().ok())
}

/// What became of all copies.
#[derive(Default)]
struct Tally {
    kinds: BTreeMap<&'static str, u64>,
    wrong: Vec<String>,
    exports: Vec<both::Export>,
}

struct Run<'a> {
    seed: u64,
    subjects: &'a [Subject],
    tally: Mutex<Tally>,
}

impl Run<'_> {
    /// Makes the copy of this number, and judges it.
    fn one(&self, i: u64, folder: &TempDir) {
        let mut draw = Draw::of(self.seed, i);
        let subject = draw.one(self.subjects);
        let files = Files {
            folder: folder.path().to_owned(),
        };
        files.lay(subject);
        let all: usize = WAYS.iter().map(|(often, _)| often).sum();
        let mut drawn = draw.below(all);
        let way = WAYS.iter().find(|(often, _)| {
            let here = drawn < *often;
            drawn = drawn.saturating_sub(*often);
            here
        });
        let case = way.unwrap().1(&files, subject, &mut draw);
        let what = format!("{i} {} {}: {}", subject.name, case.kind, case.what);
        let judged = judge::judge(&files, subject, &case, draw.percent(20));
        let compared = case
            .export
            .as_ref()
            .filter(|_| case.what != "another kind" && draw.percent(2))
            .and_then(|(file, note)| {
                let said = if case.kind == "bundle" {
                    bundles::verdict(subject, file).ok()?
                } else {
                    let report = judge::exported(subject, &case, file, note).ok()?;
                    (report.good(), judge::first_of(&report))
                };
                Some(both::Export {
                    what: what.clone(),
                    file: file.clone(),
                    note: note.clone(),
                    said,
                })
            });
        let mut tally = self.tally.lock().unwrap();
        *tally.kinds.entry(case.kind).or_default() += 1;
        tally.exports.extend(compared);
        if let Err(wrong) = judged {
            tally.wrong.push(format!("{what}: {wrong}"));
        }
    }
}

#[test]
fn damaged_ledgers_are_never_called_good() {
    let count = number("CARDMINT_MUTATIONS").unwrap_or(240);
    let seed = number("CARDMINT_SEED").unwrap_or(20_261_121);
    let one = number("CARDMINT_MUTATION");
    println!("CARDMINT_SEED={seed} CARDMINT_MUTATIONS={count}");
    let subjects = subjects();
    let run = Run {
        seed,
        subjects: &subjects,
        tally: Mutex::default(),
    };
    let next = AtomicU64::new(one.unwrap_or(0));
    let end = one.map_or(count, |one| one + 1);
    let begun = Instant::now();
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(2, usize::from) {
            scope.spawn(|| {
                let folder = scratch();
                loop {
                    let i = next.fetch_add(1, Ordering::Relaxed);
                    if i >= end {
                        return;
                    }
                    run.one(i, &folder);
                    if i % 5000 == 4999 {
                        println!("{} in {:?}", i + 1, begun.elapsed());
                    }
                }
            });
        }
    });
    let mut tally = run.tally.into_inner().unwrap();
    let (took, judged) = (begun.elapsed(), tally.kinds.values().sum::<u64>());
    let rate = judged as f64 / took.as_secs_f64();
    println!("{judged} copies in {took:.1?}, {rate:.0} a second: {:?}", tally.kinds);
    println!("{} exports put to the verifier in Python too", tally.exports.len());
    for some in tally.exports.chunks(200) {
        tally.wrong.extend(both::differences(some));
    }
    println!("all in {:.1?}", begun.elapsed());
    assert!(
        tally.wrong.is_empty(),
        "{} of {judged}:\n{}",
        tally.wrong.len(),
        tally.wrong.join("\n")
    );
}

#[test]
fn the_subjects_have_nearly_every_act() {
    let mut acts = std::collections::BTreeSet::new();
    for subject in &subjects() {
        acts.extend((0..subject.values.len()).map(|seq| subject.act(seq).to_owned()));
    }
    // The pages of the format are where acts are listed for people.
    let page =
        |name: &str| std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/formats").join(name));
    let text = page("ledger.md").unwrap() + &page("ledger-centre.md").unwrap();
    let rows = text.lines().filter(|line| line.starts_with("| `"));
    let listed = rows.flat_map(|row| row.split('|').nth(1).unwrap().split('`').skip(1).step_by(2));
    let is_act = |word: &&str| word.contains('.') && !word.ends_with('.');
    let (there, missing): (Vec<&str>, Vec<&str>) = listed.filter(is_act).partition(|act| acts.contains(*act));
    println!("without a subject: {missing:?}");
    assert!(there.len() >= 60 && missing.len() <= 6, "{missing:?}");
}
