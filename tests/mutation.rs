// SPDX-License-Identifier: Apache-2.0
//! Ledgers damaged in every way that somebody with write access to the files has: none is called good where it is not, the
//! first bad entry is named, nothing panics, and no damaged ledger is opened and made good again.
//!
//! A sample runs in CI. `CARDMINT_MUTATIONS=100000 cargo test --release --test mutation -- --nocapture` judges so many copies
//! on all cores; `CARDMINT_SEED` draws others, and `CARDMINT_MUTATION=17` repeats the one of that number alone.
#![allow(clippy::unwrap_used, clippy::print_stdout, unreachable_pub)] // a test may fail where it stands, and says what it did
#![allow(clippy::cast_possible_wrap, clippy::cast_sign_loss, clippy::cast_precision_loss)] // small ledgers, SQLite's integers
#![allow(clippy::many_single_char_names)] // two places, a subject, and their signatures

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use cardmint::ledger::act::NAMES;
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
    pub mod evidence;
    pub mod exports;
    pub mod judge;
    pub mod log_rules;
    pub mod notes;
    pub mod rules;
    pub mod subject;
    pub mod tables;
    pub mod upkeep_story;

    /// A folder in memory, where there is one.
    pub fn scratch() -> tempfile::TempDir {
        let memory = std::path::Path::new("/dev/shm");
        let builder = tempfile::Builder::new();
        builder.tempdir_in(memory).or_else(|_| builder.tempdir()).unwrap()
    }
}

use mutation::case::{Case, Draw, Files};
use mutation::judge::Said;
use mutation::subject::{Subject, subjects};
use mutation::{bits, both, bundles, entries, exports, judge, notes, scratch, tables};

type Damage = fn(&Files, &Subject, &mut Draw) -> Case;

/// The ways to damage a ledger, with how often each is drawn, and of which subject where it does not fit all.
const WAYS: &[(usize, Damage, Option<&str>)] = &[
    (22, bits::database, None),
    (14, bits::log, None),
    (12, exports::export, None),
    (12, bundles::bundle, None),
    (8, entries::edit, None),
    (3, entries::form, None),
    (5, entries::delete, None),
    (5, entries::insert, None),
    (4, entries::reorder, None),
    (3, entries::truncate, None),
    (5, entries::signatures, None),
    (5, entries::alone, None),
    (2, entries::outcome_removed, None),
    (5, entries::rule_broken, None),
    (2, entries::rolled_back, None),
    (1, entries::replaced, None),
    (6, tables::projection, None),
    (4, tables::nodes, None),
    (2, tables::schema, None),
    (1, tables::marks, None),
    (3, tables::checkpoint, None),
    (3, tables::copy_outside, None),
    (3, notes::sm2_swapped, Some("upkeep")),
    (2, notes::cosigned, Some("upkeep")),
    (2, tables::harmless, None),
];

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().and_then(|text| text.parse().ok())
}

/// What became of the copies of one kind.
#[derive(Default)]
struct Row {
    all: u64,
    found: u64,
    refused: u64,
    harmless: u64,
}

/// What became of all copies.
#[derive(Default)]
struct Tally {
    kinds: BTreeMap<&'static str, Row>,
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
        let all: usize = WAYS.iter().map(|(often, ..)| often).sum();
        let mut drawn = draw.below(all);
        let way = WAYS.iter().find(|(often, ..)| {
            let here = drawn < *often;
            drawn = drawn.saturating_sub(*often);
            here
        });
        let (_, damage, only) = way.unwrap();
        let subject = match only {
            Some(name) => self.subjects.iter().find(|s| s.name == *name).unwrap(),
            None => draw.one(self.subjects),
        };
        let files = Files {
            folder: folder.path().to_owned(),
        };
        files.lay(subject);
        let case = damage(&files, subject, &mut draw);
        let what = format!("{i} {} {}: {}", subject.name, case.kind, case.what);
        let judged = judge::judge(&files, subject, &case, draw.percent(20));
        let compared = if draw.percent(2) {
            both::of(subject, &case, &what)
        } else {
            None
        };
        let mut tally = self.tally.lock().unwrap();
        let row = tally.kinds.entry(case.kind).or_default();
        row.all += 1;
        match judged {
            Ok(Said::Found) => row.found += 1,
            Ok(Said::Refused) => row.refused += 1,
            Ok(Said::Harmless) => row.harmless += 1,
            Err(wrong) => {
                let said = format!("{what}: {wrong}");
                println!("{said}");
                tally.wrong.push(said);
            }
        }
        tally.exports.extend(compared);
    }
}

/// A line for each kind of damage.
fn table(kinds: &BTreeMap<&'static str, Row>) -> String {
    let line = |kind: &str, row: &Row| {
        let judged = row.found + row.refused + row.harmless;
        let (found, refused, harmless) = (row.found, row.refused, row.harmless);
        format!(
            "{kind:16}{:8}{found:8}{refused:10}{harmless:10}{:8}\n",
            row.all,
            row.all - judged
        )
    };
    let mut sum = Row::default();
    for row in kinds.values() {
        sum.all += row.all;
        sum.found += row.found;
        sum.refused += row.refused;
        sum.harmless += row.harmless;
    }
    let head = "kind of damage    copies   found  not read  harmless   wrong\n";
    let rows: String = kinds.iter().map(|(kind, row)| line(kind, row)).collect();
    format!("{head}{rows}{}", line("all", &sum))
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
                    if i % 2000 == 1999 {
                        let wrong = run.tally.lock().unwrap().wrong.len();
                        println!("{} of {end} in {:.0?}, {wrong} judged wrongly", i + 1, begun.elapsed());
                    }
                }
            });
        }
    });
    let mut tally = run.tally.into_inner().unwrap();
    let (took, judged) = (begun.elapsed(), tally.kinds.values().map(|row| row.all).sum::<u64>());
    let rate = judged as f64 / took.as_secs_f64();
    println!("{judged} copies in {took:.1?}, {rate:.0} a second");
    println!("{}", table(&tally.kinds));
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
fn the_subjects_have_every_act() {
    let mut acts = BTreeSet::new();
    for subject in &subjects() {
        acts.extend((0..subject.values.len()).map(|seq| subject.act(seq).to_owned()));
    }
    let missing: Vec<&&str> = NAMES.iter().filter(|name| !acts.contains(**name)).collect();
    assert!(missing.is_empty(), "{missing:?}");
    assert_eq!(acts.len(), NAMES.len());
}
