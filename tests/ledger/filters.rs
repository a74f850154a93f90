// SPDX-License-Identifier: Apache-2.0
//! Which entries a filter passes, compared with a reference that reads the lines one after the other; and what is refused.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Output;

use assert_cmd::Command;
use cardmint::ledger::act::LedgerExport;
use cardmint::ledger::{Act, Count, Filter, Hash, Moment, Policy, Role};
use cardmint::outside::{Random, SystemRandom};
use serde_json::Value;

use super::bench_site::*;
use super::centre_story::{self, BOTH, Centre, OPERATOR, SUPERVISOR, card};
use super::random::Draw;
use super::story::lines;

/// Entries that belong to each batch, found by following what the entries say.
fn batches(entries: &[Value]) -> BTreeMap<String, BTreeSet<usize>> {
    let mut found: BTreeMap<String, BTreeSet<usize>> = BTreeMap::new();
    let mut last: BTreeMap<(String, String), (usize, Option<String>)> = BTreeMap::new();
    for (seq, entry) in entries.iter().enumerate() {
        let (act, body) = (entry["act"].as_str().unwrap(), &entry["body"]);
        let number = body["number"].as_str().unwrap_or_default().to_owned();
        let named = body["batch"].as_str().map(str::to_owned);
        let kind = |psam: bool| if psam { "psam" } else { "user" }.to_owned();
        let batch = match act {
            "card.intent" | "psam.intent" => {
                last.insert((kind(act.starts_with("psam")), number), (seq, named.clone()));
                named
            }
            "card.outcome" | "psam.outcome" => {
                let (at, batch) = &last[&(kind(act.starts_with("psam")), number)];
                assert_eq!(Some(*at as u64), body["intent"].as_u64());
                batch.clone()
            }
            "card.void" => last[&(body["kind"].as_str().unwrap().to_owned(), number)].1.clone(),
            _ => named,
        };
        if let Some(batch) = batch {
            found.entry(batch).or_default().insert(seq);
        }
    }
    found
}

fn reference(entries: &[Value], batches: &BTreeMap<String, BTreeSet<usize>>, filter: &Filter) -> Vec<usize> {
    let passes = |seq: usize, entry: &Value| {
        let at = entry["at"].as_str().unwrap();
        let act = entry["act"].as_str().unwrap();
        let body = &entry["body"];
        let of_act = |wanted: &String| act == wanted || act.split_once('.').unwrap().0 == wanted.trim_end_matches('.');
        let of_card = |wanted: &String| {
            body["number"] == wanted.as_str() || body["new"] == wanted.as_str() && act.starts_with("card.")
        };
        let by = |wanted: &String| {
            let sigs = entry["sigs"].as_array().unwrap();
            sigs.iter().any(|sig| sig["officer"] == wanted.as_str())
        };
        seq as u64 >= filter.from
            && filter.to.is_none_or(|to| (seq as u64) < to)
            && filter.since.as_ref().is_none_or(|since| at >= since.as_str())
            && filter.until.as_ref().is_none_or(|until| at < until.as_str())
            && filter.act.as_ref().is_none_or(of_act)
            && filter.number.as_ref().is_none_or(of_card)
            && filter.officer.as_ref().is_none_or(by)
            && filter.batch.as_ref().is_none_or(|batch| batches[batch].contains(&seq))
    };
    let all = entries.iter().enumerate();
    all.filter(|(seq, entry)| passes(*seq, entry))
        .map(|(seq, _)| seq)
        .collect()
}

fn found(b: &Centre, filter: &Filter, count: Count) -> Vec<usize> {
    let mut found = Vec::new();
    let each = &mut |entry: &cardmint::ledger::Entry, line: &[u8]| {
        assert_eq!(entry.line(), line);
        found.push(usize::try_from(entry.seq).unwrap());
        Ok(())
    };
    b.ledger.each_counted(filter, count, each).unwrap();
    found
}

fn moment(second: i64) -> Moment {
    Moment::new(at(second).now().to_string()).unwrap()
}

/// Two times of three nothing.
fn maybe<T: Clone>(dice: &mut Draw, from: &[T]) -> Option<T> {
    let drawn = dice.below(from.len() as u64 * 3);
    from.get(usize::try_from(drawn).unwrap()).cloned()
}

fn drawn(dice: &mut Draw, b: &Centre) -> (Filter, Count) {
    let size = b.ledger.size();
    let seconds: Vec<i64> = (-3..b.second + 3).collect();
    let acts = [
        "card.",
        "card",
        "card.outcome",
        "psam",
        "batch.",
        "purse.load",
        "stock.",
        "ledger",
        "policy.change",
    ];
    let numbers: Vec<String> = (1..9).map(card).chain(["31000000000000000001".to_owned()]).collect();
    let filter = Filter {
        from: maybe(dice, &(0..size).collect::<Vec<_>>()).unwrap_or(0),
        to: maybe(dice, &(1..size + 5).collect::<Vec<_>>()),
        since: maybe(dice, &seconds).map(moment),
        until: maybe(dice, &seconds).map(moment),
        act: maybe(dice, &acts).map(str::to_owned),
        number: maybe(dice, &numbers),
        batch: maybe(dice, &["B", "P"]).map(str::to_owned),
        officer: maybe(dice, &["张三", "李四"]).map(str::to_owned),
    };
    let many = dice.below(9) + 1;
    let count = match dice.below(3) {
        0 => Count::All,
        1 => Count::First(many),
        _ => Count::Last(many),
    };
    (filter, count)
}

#[test]
fn filters_pass_what_the_entries_say() {
    let b = centre_story::told();
    let entries: Vec<Value> = lines(&b.ledger)
        .iter()
        .map(|line| serde_json::from_slice(line).unwrap())
        .collect();
    let batches = batches(&entries);
    assert_eq!(batches.keys().collect::<Vec<_>>(), ["B", "P"]);
    let mut seed = [0; 8];
    SystemRandom.fill(&mut seed).unwrap();
    let seed = std::env::var("CARDMINT_SEED")
        .ok()
        .map_or(u64::from_be_bytes(seed) | 1, |text| text.parse().unwrap());
    println!("CARDMINT_SEED={seed}");
    let mut dice = Draw(seed);
    let mut passed = 0;
    for _ in 0..2000 {
        let (filter, count) = drawn(&mut dice, &b);
        let mut expected = reference(&entries, &batches, &filter);
        let many = |n: u64| usize::try_from(n).unwrap();
        match count {
            Count::All => {}
            Count::First(n) => expected.truncate(many(n)),
            Count::Last(n) => drop(expected.drain(..expected.len().saturating_sub(many(n)))),
        }
        passed += usize::from(!expected.is_empty());
        assert_eq!(found(&b, &filter, count), expected, "seed {seed}: {filter:?} {count:?}");
    }
    assert!(passed > 300, "too few filters passed anything: {passed}");
}

#[test]
fn a_batch_is_all_that_belongs_to_it() {
    let b = centre_story::told();
    let of = |batch: &str| Filter {
        batch: Some(batch.to_owned()),
        ..Filter::default()
    };
    let acts: Vec<String> = found(&b, &of("B"), Count::All)
        .iter()
        .map(|seq| b.ledger.entry(*seq as u64).unwrap().act.name().to_owned())
        .collect();
    let count = |act: &str| acts.iter().filter(|name| *name == act).count();
    for (act, times) in [
        ("batch.new", 1),
        ("batch.approve", 1),
        ("batch.run", 1),
        ("batch.pause", 1),
        ("batch.resume", 1),
        ("batch.export", 1),
        ("batch.close", 1),
        ("card.intent", 7),
        ("card.outcome", 7),
        ("card.void", 1),
        ("stock.scrap", 1),
    ] {
        assert_eq!(count(act), times, "{act}");
    }
    assert_eq!(acts.len(), 23, "and nothing else: {acts:?}");
    assert_eq!(found(&b, &of("P"), Count::All).len(), 5);
}

/// What an export of this ledger would say of itself.
fn export(holders: bool) -> Act {
    let body = LedgerExport {
        format: text("parquet"),
        content: Some("cards".parse().unwrap()),
        from: 0,
        to: 5,
        since: Some(moment(0)),
        until: Some(moment(9)),
        act: Some(text("card.")),
        number: Some(number(&card(1))),
        batch: Some(text("B")),
        by: Some(text("张三")),
        holders,
        reason: holders.then(|| text("the audit office asks")),
        entries: 5,
        digest: Hash::of(&[b"file"]),
    };
    Act::LedgerExport(body)
}

#[test]
fn holders_data_leave_by_those_who_may_look_at_them() {
    // By default supervisors and auditors look at holders; exports are anybody's.
    let (mut b, _) = centre_story::running();
    b.by(OPERATOR, export(false)).unwrap();
    b.by(OPERATOR, export(true)).unwrap_err();
    b.by(BOTH, export(true)).unwrap_err();
    b.by(SUPERVISOR, export(true)).unwrap();
    b.verifies();
    // A policy that wants two for looking wants two for this, too; and one for the supervisor's eyes only.
    let two = Policy::default().with_approvers("holder.show", 2, &[Role::Supervisor], &[Role::Operator]);
    let mut b = Centre::new(two);
    b.by(SUPERVISOR, export(false)).unwrap();
    b.by(SUPERVISOR, export(true)).unwrap_err();
    b.by(BOTH, export(true)).unwrap_err();
    b.by(&["李四", "张三"], export(true)).unwrap();
    let own = Policy::default()
        .with("ledger.export", 1, &[Role::Operator])
        .with("holder.show", 1, &[Role::Supervisor]);
    b.verifies();
    let mut b = Centre::new(own);
    b.by(OPERATOR, export(true)).unwrap_err();
    b.by(SUPERVISOR, export(true)).unwrap_err();
    b.verifies();
}

fn log(b: &Centre, args: &[&str]) -> Output {
    let mut command = Command::cargo_bin("cardmint").unwrap();
    command.args(["ledger", "log", "--json"]).args(args);
    command.arg("--file").arg(b.path());
    command.env_remove("CARDMINT_SITE").env("LC_ALL", "C").output().unwrap()
}

#[track_caller]
fn refused(output: &Output, id: &str) {
    let said = String::from_utf8_lossy(&output.stderr);
    let error: Value = serde_json::from_str(said.lines().last().unwrap_or_default()).unwrap();
    assert_eq!(
        (output.status.code(), error["id"].as_str()),
        (Some(2), Some(id)),
        "{said}"
    );
    assert!(output.stdout.is_empty());
}

#[test]
fn what_cannot_be_asked_for_is_refused_by_name() {
    let b = centre_story::told();
    for (args, id) in [
        (&["--since", "yesterday"][..], "ledger-filter-time"),
        (&["--until", "2026-02-30"], "ledger-filter-time"),
        (&["--since", "2026-11-21T24:61"], "ledger-filter-time"),
        (&["--since", "2027", "--until", "2026"], "ledger-filter-period"),
        (&["--from", "9", "--to", "3"], "ledger-filter-range"),
        (&["--act", "card.eaten"], "ledger-filter-act"),
        (&["--act", "car"], "ledger-filter-act"),
        (&["--act", ""], "ledger-filter-act"),
        (&["--batch", "C"], "ledger-filter-batch"),
        (&["--batch", "B'; DROP TABLE cards; --"], "ledger-filter-batch"),
        (&["--by", "王五"], "ledger-filter-officer"),
        (&["--last", "0"], "usage-value-refused"),
        (&["--last", "3", "--limit", "3"], "usage-conflict"),
    ] {
        refused(&log(&b, args), id);
    }
}

#[test]
fn the_log_is_narrowed_as_it_is_typed() {
    let b = centre_story::told();
    let count = |args: &[&str]| {
        let output = log(&b, args);
        assert_eq!(
            output.status.code(),
            Some(0),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        let out = String::from_utf8(output.stdout).unwrap();
        let seqs: Vec<u64> = out
            .lines()
            .map(|line| serde_json::from_str::<Value>(line).unwrap()["seq"].as_u64().unwrap())
            .collect();
        assert!(seqs.is_sorted());
        seqs
    };
    assert_eq!(count(&["--batch", "B"]).len(), 23);
    assert_eq!(
        count(&["--batch", "B", "--act", "card.", "--by", "李四"]).len(),
        1,
        "the voided one"
    );
    assert_eq!(count(&["--batch", "B", "--last", "2"]), count(&["--batch", "B"])[21..]);
    assert_eq!(count(&["--limit", "3"]), [0, 1, 2]);
    // The story begins at 2026-11-18 11:06:40 UTC; all of it is in one day in Beijing.
    let all = count(&[]);
    assert_eq!(count(&["--since", "2026-11-18", "--until", "2026-11-18"]), all);
    assert_eq!(count(&["--since", "2026-11", "--until", "2026-11"]), all);
    assert_eq!(count(&["--until", "2026-11-17"]), [0; 0]);
    assert_eq!(count(&["--since", "2026-11-19"]), [0; 0]);
    let begin = count(&["--until", "2026-11-18T19:06:45"]);
    assert_eq!(begin, count(&["--until", "2026-11-18T11:06:45Z"]));
    assert_eq!(begin, [0, 1, 2, 3, 4]);
    let number = card(2);
    assert!(
        count(&["--card", &number, "--act", "card.replace"]).len() == 1,
        "as the successor"
    );
}
