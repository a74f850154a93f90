// SPDX-License-Identifier: Apache-2.0
//! Each rule that looks for anomalies: what it finds in the month, what it does not find where its threshold is another one.

use std::collections::BTreeMap;

use cardmint::ledger::report::{Anomaly, Ask, LedgerReport, Period, Rule, Thresholds};
use cardmint::outside::Unobserved;
use jiff::Timestamp;

use super::bench_site::text;
use super::month::{Kept, Month, second};
use super::numbers::{FROM, TO};

fn told(month: &Kept, from: &str, to: &str, thresholds: Thresholds) -> LedgerReport {
    let period = Period::new(from.parse().unwrap(), to.parse().unwrap()).unwrap();
    let now: Timestamp = "2027-01-02T00:00:00Z".parse().unwrap();
    let ask = Ask {
        period,
        thresholds,
        now,
    };
    month.ledger().report(&ask, &mut Unobserved).unwrap()
}

fn by_rule(report: &LedgerReport) -> BTreeMap<&'static str, Vec<&Anomaly>> {
    let mut all: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for anomaly in &report.anomalies {
        all.entry(anomaly.rule.id()).or_default().push(anomaly);
    }
    for rule in &report.rules {
        let kept = all.get(rule.rule).map_or(0, Vec::len);
        assert_eq!(kept as u64, rule.found, "{}", rule.rule);
    }
    all
}

fn said(anomaly: &Anomaly) -> String {
    anomaly.what.render(cardmint::i18n::Lang::En)
}

/// The acts of the entries that an anomaly names.
fn acts(month: &Kept, anomaly: &Anomaly) -> Vec<String> {
    let act = |seq: &u64| month.ledger().entry(*seq).unwrap().act.name().to_owned();
    anomaly.entries.iter().map(act).collect()
}

#[test]
fn what_is_hidden_in_the_month_is_found_and_leads_to_its_entries() {
    let month = Kept::shared(false);
    let report = told(month, FROM, TO, Thresholds::default());
    let found = by_rule(&report);
    let only = |rule: &str| -> &Anomaly {
        assert_eq!(found[rule].len(), 1, "{rule}: {:?}", found[rule]);
        found[rule][0]
    };
    gaps(month, &found["REPORT-GAP"]);
    nights(month, &found["REPORT-NIGHT"]);
    let scrap = only("REPORT-SCRAP");
    assert!(
        said(scrap).starts_with("Reader Feitian R502 03: 9 of "),
        "{}",
        said(scrap)
    );
    assert_eq!(acts(month, scrap), ["card.void"; 8]);
    let clock = only("REPORT-CLOCK");
    assert_eq!(
        said(clock),
        "1 attempt refused; the clock showed 2026-12-31 07:00 at the earliest"
    );
    assert_eq!(acts(month, clock), ["clock.refused"]);
    let silence = only("REPORT-SILENCE");
    assert!(
        said(silence).starts_with("no entry for 166 hours, 2026-12-21"),
        "{}",
        said(silence)
    );
    assert_eq!(silence.entries[0] + 1, silence.entries[1]);
    let doubt = only("REPORT-DOUBT");
    assert_eq!(said(doubt), "1 card, the first is 3100000000000669");
    assert_eq!(acts(month, doubt), ["card.intent"]);
    let unfinished: Vec<_> = found["REPORT-UNFINISHED"].iter().map(|one| acts(month, one)).collect();
    assert_eq!(unfinished, [["card.block"], ["purse.intent"]]);
    let taker = only("REPORT-ORDER-APPROVER");
    assert_eq!(said(taker), "李四 took in order O-D-06 and approved its batch D-06");
    assert_eq!(acts(month, taker), ["order.import", "batch.approve"]);
    let mutual = only("REPORT-MUTUAL");
    assert_eq!(said(mutual), "王五 and 赵六 approved each other's batches (1 and 1)");
    assert_eq!(acts(month, mutual), ["batch.approve"; 2]);
    let quick = only("REPORT-QUICK-APPROVAL");
    assert_eq!(said(quick), "batch D-05 was approved 13 seconds after it was laid down");
    assert_eq!(acts(month, quick), ["batch.new", "batch.approve"]);
    let count = only("REPORT-COUNT");
    assert_eq!(
        (said(count), count.count),
        ("lot L-2026-11: 180 expected, 178 counted".into(), 2)
    );
    let raw = only("REPORT-RAW");
    assert!(said(raw).starts_with("template senior-card: "));
    let cosign = only("REPORT-COSIGN");
    assert_eq!((cosign.count, report.ledger.cosigned.is_none()), (report.span.to, true));
    for quiet in [
        "REPORT-LEFT",
        "REPORT-CHECKPOINT",
        "REPORT-UNREADABLE",
        "REPORT-FAILURES-READER",
    ] {
        assert!(!found.contains_key(quiet), "{quiet}");
    }
}

fn gaps(month: &Kept, found: &[&Anomaly]) {
    let all: Vec<String> = found.iter().map(|gap| said(gap)).collect();
    assert_eq!(
        all,
        [
            "user cards: numbers 3100000000000346 to 3100000000000349 were skipped (4); range A",
            "user cards: numbers 3100000000000600 to 3100000000000619 were skipped (20); range A",
            "PSAMs: numbers 3100000000900001 to 3100000000900002 were skipped (2); range P",
        ]
    );
    for gap in found {
        assert_eq!(acts(month, gap), ["order.import"]);
    }
}

fn nights(month: &Kept, found: &[&Anomaly]) {
    let all: Vec<String> = found.iter().map(|night| said(night)).collect();
    assert_eq!(all.len(), 4, "{all:?}");
    assert!(
        all[3].starts_with("night of 2026-12-29: 2 entries by 孙七, 23:30 to 23:30"),
        "{all:?}"
    );
    assert_eq!(acts(month, found[3]), ["holder.show"; 2]);
    for night in found {
        for seq in &night.entries {
            let at: Timestamp = month.ledger().entry(*seq).unwrap().at.as_str().parse().unwrap();
            // From 22 to 6 in Beijing is from 14 to 22 in UTC.
            let hour = at.as_second() / 3600 % 24;
            assert!((14..22).contains(&hour), "{at}");
        }
    }
}

#[test]
fn thresholds_move_the_lines() {
    let month = Kept::shared(false);
    let usual = Thresholds::default();
    let count = |thresholds, rule: Rule| {
        let report = told(month, FROM, TO, thresholds);
        report
            .rules
            .iter()
            .find(|applied| applied.rule == rule.id())
            .unwrap()
            .found
    };
    let runs = |failures| count(Thresholds { failures, ..usual }, Rule::FailuresReader);
    let runs: Vec<u64> = [1, 2, 3, 50].map(runs).into();
    assert!(runs[0] > runs[1] && runs[1] > runs[2] && runs[3] == 0, "{runs:?}");
    assert!(count(Thresholds { failures: 2, ..usual }, Rule::FailuresOperator) > 0);
    assert_eq!(
        count(
            Thresholds {
                scrap_times: 20,
                ..usual
            },
            Rule::Scrap
        ),
        0
    );
    assert!(
        count(
            Thresholds {
                scrap_times: 1,
                ..usual
            },
            Rule::Scrap
        ) > 1
    );
    assert_eq!(
        count(
            Thresholds {
                silence_hours: 200,
                ..usual
            },
            Rule::Silence
        ),
        0
    );
    assert!(
        count(
            Thresholds {
                silence_hours: 20,
                ..usual
            },
            Rule::Silence
        ) > 5
    );
    assert_eq!(
        count(
            Thresholds {
                quick_seconds: 13,
                ..usual
            },
            Rule::QuickApproval
        ),
        0
    );
    let day = Thresholds {
        night_from: 0,
        night_to: 6,
        ..usual
    };
    assert_eq!(count(day, Rule::Night), 0);
}

#[test]
fn what_comes_after_the_checkpoint_lags_and_a_closed_batch_with_rows_left_is_named() {
    let mut month = Month::told(false);
    month.bench.second = second(31, 10, 0);
    // The batch that is open: its last card is settled, one more row was never begun in another one.
    let open = month
        .bench
        .ledger
        .card(cardmint::ledger::CardKind::User, "3100000000000669")
        .unwrap()
        .unwrap();
    let outcome = super::bench_site::outcome("3100000000000669", open.intent, cardmint::ledger::Ending::FailedBlank);
    month.by(&["王五"], cardmint::ledger::Act::CardOutcome(outcome));
    let pause = cardmint::ledger::act::BatchPause {
        batch: text("D-09"),
        reason: None,
    };
    month.by(&["王五"], cardmint::ledger::Act::BatchPause(pause));
    let kept = Kept {
        path: month.bench.path(),
        copy: month.bench.copy(),
    };
    let lag = |lag| {
        let thresholds = Thresholds {
            lag,
            ..Thresholds::default()
        };
        let report = told(&kept, FROM, TO, thresholds);
        by_rule(&report).get("REPORT-CHECKPOINT").map(|found| said(found[0]))
    };
    assert_eq!(lag(2), None);
    let covered = month.bench.ledger.size() - 2;
    let expected = format!("2 entries of the period are not covered; the checkpoint covers {covered}");
    assert_eq!(lag(1), Some(expected));
    // November's batch was whole; a batch of an order of three of which one is begun is not.
    month.close_early();
    let report = told(&kept, FROM, TO, Thresholds::default());
    let left = &by_rule(&report)["REPORT-LEFT"];
    assert_eq!(said(left[0]), "batch E-01 was closed with 2 rows never begun");
    assert_eq!(acts(&kept, left[0]), ["batch.close"]);
}

#[test]
fn a_failing_reader_and_its_operator_are_named_together() {
    let month = Kept::shared(false);
    let thresholds = Thresholds {
        failures: 3,
        ..Thresholds::default()
    };
    let report = told(month, FROM, TO, thresholds);
    let found = by_rule(&report);
    for run in &found["REPORT-FAILURES-READER"] {
        assert!(run.count >= 3 && run.entries.len() >= 3);
        for seq in &run.entries {
            let line = String::from_utf8(month.ledger().line(*seq).unwrap()).unwrap();
            assert!(
                line.contains(".outcome\"") && !line.contains("\"result\":\"issued\""),
                "{line}"
            );
        }
    }
}

#[test]
fn a_period_without_entries_says_so_and_is_silent() {
    let month = Kept::shared(false);
    let report = told(month, "2026-12-22", "2026-12-27", Thresholds::default());
    assert_eq!(report.span.from, report.span.to);
    assert_eq!(report.cards.total, cardmint::ledger::report::Tally::default());
    let silence = &by_rule(&report)["REPORT-SILENCE"][0];
    assert_eq!(silence.count, 144);
    assert!(
        report
            .stock
            .iter()
            .all(|lot| lot.opening == lot.closing && lot.balanced)
    );
    // Before the ledger there is nothing at all.
    let report = told(month, "2026-01-01", "2026-01-31", Thresholds::default());
    assert!(report.stock.is_empty() && report.keys.is_empty() && report.officers.is_empty());
}
