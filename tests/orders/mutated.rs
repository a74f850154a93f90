// SPDX-License-Identifier: Apache-2.0
//! Good and bad order files with random changes in their bytes: reading never falls over, its account of what is wrong is its own,
//! and what it gives out is good. Whole or nothing: the book has the order, or is as it was.
#![allow(clippy::unwrap_used)] // a test may fail where it stands

use std::fs;
use std::path::Path;

use cardmint::batch::order::OrderBook;
use cardmint::outside::Unobserved;

use super::book::{centre, four, import};
use super::dice::Dice;
use super::ground::{Terms, read, template};

/// Bytes that mean something to a reader of CSV, of numbers or of codings.
const TELLING: &[&[u8]] = &[
    b",",
    b"\"",
    b"\"\"",
    b"\r\n",
    b"\n",
    b"\r",
    b" ",
    b"=",
    b"\0",
    b"\xef\xbb\xbf",
    b"\xff",
    b"\x81",
    b"\x84\x31\xa4\x37",
    b"0",
    b"9",
    b"X",
    b"\xe5\xbc\xa0",
    b"\xd5\xc5",
    b"3.1E+15",
    b"2030-02-30",
    b"-1",
];

fn mutated(dice: &mut Dice, from: &[u8]) -> Vec<u8> {
    let mut bytes = from.to_vec();
    for _ in 0..=dice.below(4) {
        let at = usize::try_from(dice.below(bytes.len() as u64 + 1)).unwrap();
        let to = (at + usize::try_from(dice.below(12)).unwrap()).min(bytes.len());
        let telling = TELLING[usize::try_from(dice.below(TELLING.len() as u64)).unwrap()];
        match dice.below(5) {
            0 => drop(bytes.splice(at..at, telling.iter().copied())),
            1 => drop(bytes.splice(at..to, telling.iter().copied())),
            2 => drop(bytes.drain(at..to)),
            3 => {
                let again = bytes[at..to].to_vec();
                drop(bytes.splice(at..at, again));
            }
            _ => {
                if let Some(byte) = bytes.get_mut(at) {
                    *byte ^= 1 << dice.below(8);
                }
            }
        }
    }
    bytes
}

fn seeds() -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/orders/refused");
    let mut paths: Vec<_> = fs::read_dir(folder).unwrap().map(|e| e.unwrap().path()).collect();
    paths.sort();
    let files = paths.iter().filter(|path| path.extension().is_some_and(|e| e == "csv"));
    let mut all: Vec<Vec<u8>> = files.map(|path| fs::read(path).unwrap()).collect();
    let good = four(11);
    all.push(encoding_rs::GB18030.encode(&good).0.into_owned());
    all.push(good.into_bytes());
    all
}

#[test]
fn changed_files_are_read_to_an_account_that_holds() {
    let (template, seeds, mut dice) = (template(), seeds(), Dice::new());
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("order.csv");
    let (mut unread, mut bad, mut good) = (0, 0, 0);
    for _ in 0..3000 {
        let seed = &seeds[usize::try_from(dice.below(seeds.len() as u64)).unwrap()];
        let bytes = mutated(&mut dice, seed);
        fs::write(&path, &bytes).unwrap();
        let Ok(outcome) = read(&template, &path, &Terms::default()) else {
            unread += 1;
            continue;
        };
        let summary = outcome.summary;
        assert_eq!(summary.findings, outcome.findings.len() as u64);
        let rows: std::collections::BTreeSet<u32> = outcome.findings.iter().filter_map(|f| f.row).collect();
        assert_eq!(u64::from(summary.bad), rows.len() as u64, "{:?}", outcome.findings);
        let lines = bytes.split(|b| matches!(b, b'\n' | b'\r')).count() as u64;
        assert!(
            outcome.findings.iter().all(|f| f.line <= lines),
            "{:?}",
            outcome.findings
        );
        if summary.findings == 0 {
            assert_eq!(outcome.rows.len() as u64, u64::from(summary.rows));
            for row in &outcome.rows {
                let digits = row.order.get("number").unwrap();
                assert!(digits.len() == 16 && digits.starts_with("3100"), "{digits}");
            }
            good += 1;
        } else {
            bad += 1;
        }
    }
    assert!(unread > 0 && bad > 0 && good > 0, "{unread} {bad} {good}");
}

#[test]
fn changed_files_are_taken_in_whole_or_not_at_all() {
    let (mut centre, template) = centre();
    let mut dice = Dice::new();
    let path = centre.folder.path().join("order.csv");
    let (mut whole, mut nothing) = (0, 0);
    for n in 0..60 {
        let good = four(10 * n + 11).into_bytes();
        let bytes = if dice.percent(30) {
            good
        } else {
            mutated(&mut dice, &good)
        };
        fs::write(&path, bytes).unwrap();
        let (name, entries) = (format!("order-{n}"), centre.session.ledger.size());
        let read = import(&mut centre.session, &template, &name, &path, None, &mut |_| {});
        let ledger = &centre.session.ledger;
        let book = OrderBook::open(&centre.session.site, ledger).unwrap();
        if let Some(facts) = read.ok().and_then(|read| read.facts) {
            whole += 1;
            assert_eq!(ledger.order(&name).unwrap().unwrap().rows, facts.rows);
            assert_eq!(book.order(&name).unwrap().digest, facts.digest);
        } else {
            nothing += 1;
            // The first import of all draws the secret.
            assert!(ledger.size() == entries || n == 0);
            assert!(ledger.order(&name).unwrap().is_none() && book.order(&name).is_err());
        }
    }
    assert!(whole > 0 && nothing > 0, "{whole} {nothing}");
    let book = OrderBook::open(&centre.session.site, &centre.session.ledger).unwrap();
    let report = book
        .verify(&centre.session.store, &centre.session.ledger, None, &mut Unobserved)
        .unwrap();
    assert!(report.findings.is_empty() && report.orders == whole, "{report:?}");
}
