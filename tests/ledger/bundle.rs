// SPDX-License-Identifier: Apache-2.0
//! Evidence bundles: what is written is verified from the file alone; every damage is named.

use std::collections::BTreeSet;
use std::io::{self, BufRead, Cursor};

use cardmint::ledger::evidence::{Extent, Verdict, verify_bundle};
use cardmint::ledger::note::NoteKey;
use cardmint::ledger::{Entry, Filter, Ledger};
use cardmint::outside::Unobserved;

use super::bench_site::Bench;
use super::ceremony_story::told_ceremonies;
use super::random::Draw;
use super::story::{lines, told};

pub fn bundle(ledger: &Ledger, filter: &Filter) -> String {
    let mut out = Vec::new();
    let done = ledger.export_bundle(filter, &mut out).unwrap();
    let text = String::from_utf8(out).unwrap();
    let note = ledger.checkpoint_note().unwrap().unwrap();
    assert!(text.ends_with(&note));
    let hashes = text.split("\n\n").nth(2).unwrap_or_default();
    if done.header.hashes > 0 {
        assert_eq!(done.proof, (hashes.len() + 1 + note.len()) as u64);
    }
    text
}

pub fn verdict(file: &str, key: &NoteKey) -> Verdict {
    verdict_of(file.as_bytes(), key)
}

fn verdict_of(file: &[u8], key: &NoteKey) -> Verdict {
    let mut open = || -> io::Result<Box<dyn BufRead>> { Ok(Box::new(Cursor::new(file.to_vec()))) };
    verify_bundle(&mut open, key, &mut Unobserved).unwrap()
}

pub fn checks(verdict: &Verdict) -> BTreeSet<&'static str> {
    verdict.report.findings.iter().map(|f| f.check).collect()
}

fn of(number: &str) -> Filter {
    Filter {
        number: Some(number.to_owned()),
        ..Filter::default()
    }
}

fn seqs(file: &str) -> Vec<u64> {
    let entries = file.lines().filter(|line| line.starts_with('{'));
    entries.map(|line| Entry::parse(line.as_bytes()).unwrap().seq).collect()
}

/// The bundles that the tests damage: whole, of a card, of a range, of a key centre's ceremony.
fn samples() -> Vec<(Bench, String)> {
    let (cards, keys) = (told(), told_ceremonies());
    let range = Filter {
        from: 6,
        to: Some(20),
        ..Filter::default()
    };
    let ceremony = Filter {
        act: Some("key".to_owned()),
        ..Filter::default()
    };
    let whole = bundle(&cards.ledger, &Filter::default());
    let card = bundle(&cards.ledger, &of("1001"));
    let part = bundle(&cards.ledger, &range);
    let keys_part = bundle(&keys.ledger, &ceremony);
    vec![(told(), whole), (told(), card), (cards, part), (keys, keys_part)]
}

#[test]
fn whole_and_part_verify_from_the_file_alone() {
    for (b, file) in samples() {
        let key = b.ledger.note_key();
        let found = verdict(&file, &key);
        assert!(found.report.good(), "{file}\n{:#?}", found.report.findings);
        let header = found.header.unwrap();
        assert_eq!((header.tree, header.entries), (b.ledger.size(), found.report.entries));
        assert_eq!(found.report.covered, header.tree);
        assert_eq!(found.report.root, b.ledger.root_at(header.tree).unwrap());
        assert_eq!(header.extent == Extent::Whole, header.hashes == 0);
        assert_eq!(header.about.is_none(), header.extent == Extent::Whole);
        assert_eq!(seqs(&file)[0], 0, "site.init is context");
    }
}

#[test]
fn a_whole_bundle_has_the_stored_lines_and_a_part_what_was_asked() {
    let b = told();
    let whole = bundle(&b.ledger, &Filter::default());
    let stored: Vec<String> = lines(&b.ledger)
        .into_iter()
        .map(|l| String::from_utf8(l).unwrap())
        .collect();
    let entries: Vec<&str> = whole.split("\n\n").nth(1).unwrap().lines().collect();
    assert_eq!(entries, stored);
    let card = bundle(&b.ledger, &of("1001"));
    let asked: Vec<u64> = (0..b.ledger.size())
        .filter(|seq| stored[*seq as usize].contains("\"number\":\"1001\""))
        .collect();
    let has = seqs(&card);
    assert!(asked.iter().all(|seq| has.contains(seq)), "{has:?} {asked:?}");
    // The policy.change of entry 20 is in force at the last entries of the card, 王五's enrolment at none.
    let acts: Vec<&str> = has.iter().map(|seq| b.ledger.entry(*seq).unwrap().act.name()).collect();
    assert_eq!(acts.iter().filter(|act| **act == "policy.change").count(), 1);
    assert!(!acts.contains(&"officer.enrol"), "{acts:?}");
    assert!(card.contains("\nabout number 1001\n"));
}

#[test]
fn entries_newer_than_the_checkpoint_are_left_out_and_counted() {
    let mut b = told();
    let covered = b.ledger.size();
    let act = b.ledger.export_jsonl(&Filter::default(), &mut Vec::new()).unwrap();
    let act = act
        .act(
            "jsonl",
            cardmint::ledger::Rows::Entries,
            &cardmint::ledger::Filter::default(),
            None,
        )
        .unwrap();
    b.by(&["张三"], act).unwrap();
    let done = b.ledger.export_bundle(&Filter::default(), &mut Vec::new()).unwrap();
    assert_eq!(
        (done.header.tree, done.uncovered, done.exported.to),
        (covered, 1, covered)
    );
    let newest = Filter {
        from: covered,
        ..Filter::default()
    };
    let none = b.ledger.export_bundle(&newest, &mut Vec::new()).unwrap_err();
    assert_eq!(none, cardmint::ledger::LedgerError::NothingCovered { uncovered: 1 });
    let nobody = b.ledger.export_bundle(&of("9999"), &mut Vec::new()).unwrap_err();
    assert_eq!(nobody, cardmint::ledger::LedgerError::NothingCovered { uncovered: 0 });
}

/// Takes a line away and counts anew.
fn without(lines: &mut Vec<&str>, at: usize) {
    lines.remove(at);
    let left = lines.iter().filter(|line| line.starts_with('{')).count();
    lines[4] = Box::leak(format!("entries {left}").into_boxed_str());
}

/// Each damage with the check that must be among those named, and the first bad entry.
#[test]
fn each_kind_of_damage_is_named_with_its_check() {
    type Damage = (&'static str, Box<dyn Fn(&str) -> String>, &'static str, Option<u64>);
    let swap = |a: &'static str, b: &'static str| -> Box<dyn Fn(&str) -> String> {
        Box::new(move |file: &str| {
            assert!(file.contains(a), "{a}");
            file.replacen(a, b, 1)
        })
    };
    let line = |change: fn(&mut Vec<&str>)| -> Box<dyn Fn(&str) -> String> {
        Box::new(move |file: &str| {
            let mut lines: Vec<&str> = file.lines().collect();
            change(&mut lines);
            lines.join("\n") + "\n"
        })
    };
    let other: NoteKey = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
        .parse()
        .unwrap();
    let foreign = told_ceremonies().ledger.checkpoint_note().unwrap().unwrap();
    let b = told();
    let key = b.ledger.note_key();
    let part = bundle(&b.ledger, &of("1001"));
    let ours = b.ledger.checkpoint_note().unwrap().unwrap();
    let cut = |at: fn(&str) -> usize| -> Box<dyn Fn(&str) -> String> { Box::new(move |f: &str| f[..at(f)].to_owned()) };
    let hash_line = part.split("\n\n").nth(2).unwrap().lines().next().unwrap().to_owned();
    let changed_hash = {
        let hash_line = hash_line.clone();
        let other = if hash_line.starts_with('A') { "B" } else { "A" };
        let new = format!("{other}{}", &hash_line[1..]);
        Box::new(move |f: &str| f.replacen(&hash_line, &new, 1)) as Box<dyn Fn(&str) -> String>
    };
    let no_hash = {
        let hash_line = hash_line.clone();
        Box::new(move |f: &str| f.replacen(&hash_line, "nonsense", 1)) as Box<dyn Fn(&str) -> String>
    };
    let note_swapped: Box<dyn Fn(&str) -> String> = Box::new(move |f: &str| f.replace(&ours, &foreign));
    let cases: Vec<Damage> = vec![
        (
            "version",
            swap("evidence/1", "evidence/2"),
            "LEDGER-EVIDENCE-FORM",
            None,
        ),
        ("kind", swap("kind part", "kind whole"), "LEDGER-EVIDENCE-FORM", None),
        (
            "fewer entries told",
            line(|l| l[4] = "entries 3"),
            "LEDGER-EVIDENCE-FORM",
            None,
        ),
        (
            "more entries told",
            line(|l| l[4] = "entries 25"),
            "LEDGER-EVIDENCE-FORM",
            None,
        ),
        (
            "fewer hashes told",
            line(|l| l[5] = "hashes 1"),
            "LEDGER-EVIDENCE-FORM",
            None,
        ),
        (
            "more hashes told",
            line(|l| l[5] = "hashes 40"),
            "LEDGER-EVIDENCE-FORM",
            None,
        ),
        ("another tree", line(|l| l[3] = "tree 28"), "LEDGER-CHECKPOINT", None),
        (
            "an entry gone",
            line(|l| {
                l.remove(9);
            }),
            "LEDGER-EVIDENCE-FORM",
            None,
        ),
        (
            "an entry gone and counted",
            line(|l| without(l, 9)),
            "LEDGER-EVIDENCE-TREE",
            None,
        ),
        ("order", line(|l| l.swap(8, 9)), "LEDGER-EVIDENCE-ORDER", Some(8)),
        (
            "an entry twice",
            line(|l| l[9] = l[8]),
            "LEDGER-EVIDENCE-ORDER",
            Some(8),
        ),
        ("a chip", swap("\"C1\"", "\"C9\""), "LEDGER-SIGNATURE", Some(8)),
        (
            "not canonical",
            swap("{\"act\":\"card.intent\"", "{ \"act\":\"card.intent\""),
            "LEDGER-ENTRY-CANONICAL",
            Some(8),
        ),
        (
            "an unknown act",
            swap("{\"act\":\"card.intent\"", "{\"act\":\"card.invent\""),
            "LEDGER-ENTRY-ACT",
            Some(8),
        ),
        ("a hash changed", changed_hash, "LEDGER-EVIDENCE-TREE", None),
        ("no hash", no_hash, "LEDGER-EVIDENCE-FORM", None),
        ("another log's checkpoint", note_swapped, "LEDGER-CHECKPOINT", None),
        (
            "a changed checkpoint",
            swap("\n\ncardmint/city-3100\n", "\n\ncardmint/city-3101\n"),
            "LEDGER-CHECKPOINT",
            None,
        ),
        (
            "no beginning",
            line(|l| without(l, 7)),
            "LEDGER-EVIDENCE-CONTEXT",
            Some(8),
        ),
        (
            "cut in the head",
            cut(|f| f.find("tree").unwrap()),
            "LEDGER-EVIDENCE-FORM",
            None,
        ),
        (
            "cut in an entry",
            cut(|f| f.find("\"C1\"").unwrap()),
            "LEDGER-EVIDENCE-FORM",
            None,
        ),
        (
            "cut in the hashes",
            cut(|f| f.find("\n\ncardmint/city").unwrap() - 20),
            "LEDGER-EVIDENCE-FORM",
            None,
        ),
        (
            "cut before the checkpoint",
            cut(|f| f.find("\n\ncardmint/city").unwrap() + 2),
            "LEDGER-EVIDENCE-FORM",
            None,
        ),
        ("empty", cut(|_| 0), "LEDGER-EVIDENCE-FORM", None),
    ];
    assert!(verdict(&part, &key).report.good());
    for (what, damage, check, first) in cases {
        let damaged = damage(&part);
        assert_ne!(damaged, part, "{what}");
        let found = verdict(&damaged, &key);
        let shown = || format!("{what}: {:#?}\n{damaged}", found.report.findings);
        assert!(checks(&found).contains(check), "{}", shown());
        if first.is_some() {
            assert_eq!(found.report.first_bad().and_then(|f| f.seq), first, "{}", shown());
        }
    }
    let found = verdict(&part, &other);
    assert_eq!(checks(&found), BTreeSet::from(["LEDGER-LOG-KEY"]));
    let whole = bundle(&b.ledger, &Filter::default());
    assert_eq!(checks(&verdict(&whole, &other)), BTreeSet::from(["LEDGER-LOG-KEY"]));
    let damaged = whole.replacen("\"C1\"", "\"C9\"", 1);
    assert_eq!(verdict(&damaged, &key).report.first_bad().unwrap().seq, Some(8));
    assert!(checks(&verdict(&whole.replace("whole", "part\nabout all"), &key)).is_empty());
}

/// Context that is not there is named, not guessed.
#[test]
fn missing_context_is_named() {
    let b = told_ceremonies();
    let key = b.ledger.note_key();
    let acts = Filter {
        act: Some("store".to_owned()),
        ..Filter::default()
    };
    let part = bundle(&b.ledger, &acts);
    assert!(verdict(&part, &key).report.good());
    let mut named = BTreeSet::new();
    let entries: Vec<&str> = part.lines().filter(|l| l.starts_with('{')).collect();
    for gone in entries {
        let without = part.replacen(&format!("{gone}\n"), "", 1);
        let count = without.lines().filter(|l| l.starts_with('{')).count();
        let told = format!("entries {}", count + 1);
        let found = verdict(&without.replacen(&told, &format!("entries {count}"), 1), &key);
        assert!(!found.report.good(), "{gone}");
        named.extend(checks(&found));
    }
    assert!(named.contains("LEDGER-EVIDENCE-CONTEXT"), "{named:?}");
}

/// A byte changed anywhere: never called good, never a panic. Bits that no rule can see do not exist, but for `about`.
#[test]
fn a_changed_byte_is_never_called_good() {
    let seed = u64::from(std::process::id()) << 20 | 1;
    println!("seed {seed}");
    let mut draw = Draw(seed);
    let rounds = std::env::var("CARDMINT_LONG").map_or(60, |_| 20_000);
    for (b, file) in samples() {
        let key = b.ledger.note_key();
        let about = file
            .find("about ")
            .map_or(0..0, |at| at..at + file[at..].find('\n').unwrap());
        for _ in 0..rounds {
            let mut bytes = file.clone().into_bytes();
            let at = draw.below(bytes.len() as u64) as usize;
            bytes[at] ^= 1 << draw.below(8);
            let found = verdict_of(&bytes, &key);
            let good = found.report.good();
            assert!(!good || about.contains(&at), "byte {at} of\n{file}");
        }
    }
}
