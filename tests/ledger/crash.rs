// SPDX-License-Identifier: Apache-2.0
//! Processes that die while they append, and processes that append at the same time.

use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};
use std::time::Duration;

use cardmint::ledger::{Act, Against, CardKind, Ledger, LedgerError, verify};
use cardmint::outside::Unobserved;

use super::bench_site::*;

const TOLD: &str = "CARDMINT_TEST_LEDGER";

/// Not a test by itself: the process that is killed. Says each number after its intent is durable.
#[test]
fn appender() {
    let Some(folder) = std::env::var_os(TOLD).map(std::path::PathBuf::from) else {
        return;
    };
    let mut ledger = Ledger::open(&folder.join("ledger.db"), Some(&folder.join("checkpoint.note"))).unwrap();
    let log = key(9);
    // Later than whatever the processes before this one have written: an earlier time would be refused.
    let base = i64::try_from(ledger.size()).unwrap() * 1000;
    for i in 0_u32.. {
        let n = format!("{}{i:06}", std::process::id());
        append(
            &mut ledger,
            &["张三"],
            Act::CardIntent(intent(&n, &n, None)),
            &at(base + i64::from(i)),
        )
        .unwrap();
        if i % 3 == 0 {
            use ed25519_dalek::Signer as _;
            ledger.checkpoint(&|m| log.sign(m).to_bytes()).unwrap();
        }
        println!("durable {n}");
    }
}

pub fn child(b: &Bench) -> std::process::Child {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command
        .args(["--exact", "ledger::crash::appender", "--nocapture"])
        .env(TOLD, b.folder.path());
    command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap()
}

#[test]
fn a_killed_process_loses_nothing_that_it_reported() {
    let b = Bench::new(open_policy());
    for round in 0..8_u64 {
        let mut child = child(&b);
        let out = BufReader::new(child.stdout.take().unwrap());
        let mut last = None;
        let mut lines = out.lines().map_while(Result::ok);
        let mut seen = 0;
        for line in lines.by_ref() {
            if let Some(n) = line.split("durable ").nth(1) {
                (last, seen) = (Some(n.to_owned()), seen + 1);
            }
            if seen > round * 3 {
                break;
            }
        }
        std::thread::sleep(Duration::from_micros(round * 137));
        child.kill().unwrap();
        child.wait().unwrap();
        last = lines
            .filter_map(|l| l.split("durable ").nth(1).map(str::to_owned))
            .last()
            .or(last);
        let ledger = b.open().unwrap();
        let last = last.unwrap();
        assert!(
            ledger.card(CardKind::User, &last).unwrap().is_some(),
            "round {round}: {last} was reported"
        );
        let report = verify(
            &b.path(),
            &Against {
                copy: Some(b.copy()),
                key: None,
            },
            &mut Unobserved,
        )
        .unwrap();
        assert!(report.good(), "round {round}: {:?}", report.findings);
    }
}

#[test]
fn two_writers_cannot_use_a_number_twice() {
    let b = Bench::new(open_policy());
    let wins: Vec<usize> = std::thread::scope(|scope| {
        let writers: Vec<_> = (0..2)
            .map(|writer| {
                let (path, copy) = (b.path(), b.copy());
                scope.spawn(move || {
                    let mut ledger = Ledger::open(&path, Some(&copy)).unwrap();
                    (0..40)
                        .filter(|i| {
                            let (n, chip) = (format!("N{i}"), format!("W{writer}C{i}"));
                            let done = append(&mut ledger, &["张三"], Act::CardIntent(intent(&n, &chip, None)), &at(5));
                            assert!(matches!(done, Ok(_) | Err(LedgerError::NumberTaken { .. })), "{done:?}");
                            done.is_ok()
                        })
                        .count()
                })
            })
            .collect();
        writers.into_iter().map(|w| w.join().unwrap()).collect()
    });
    assert_eq!(wins.iter().sum::<usize>(), 40);
    assert_eq!(b.open().unwrap().size(), 41);
    assert!(verify(&b.path(), &Against::default(), &mut Unobserved).unwrap().good());
}
