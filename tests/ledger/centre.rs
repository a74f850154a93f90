// SPDX-License-Identifier: Apache-2.0
//! The rules of a card centre: numbers, batches, blanks, cards in use, the blacklist. Each is broken once and named.

use std::fs;
use std::path::Path;

use cardmint::ledger::act::*;
use cardmint::ledger::centre::CentreFault;
use cardmint::ledger::{Act, Against, CardKind, Ending, Entry, Hash, LedgerError, Policy, verify, verify_lines};
use cardmint::outside::Unobserved;

use super::bench_site::*;
use super::centre_story::*;
use super::story::{arrived, joined, lines, purse, short};

fn page() -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/formats/ledger-centre.md")).unwrap()
}

fn example(name: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/formats/examples");
    fs::read_to_string(folder.join(name)).unwrap()
}

#[track_caller]
fn refused(result: Result<u64, LedgerError>) -> CentreFault {
    match result.unwrap_err() {
        LedgerError::Centre(fault) => fault,
        other => panic!("{other:?}"),
    }
}

#[track_caller]
fn verifies(b: &Centre) {
    b.verifies();
}

#[test]
fn the_same_acts_are_still_written_and_read_so() {
    let b = told();
    let export = String::from_utf8(joined(&lines(&b.ledger))).unwrap();
    assert!(
        export == example("ledger-centre-v1.jsonl"),
        "other bytes than the example's"
    );
    let note = example("ledger-centre-v1.checkpoint");
    let report = verify_lines(
        &mut export.as_bytes(),
        Some(&note),
        &Against::default(),
        &mut Unobserved,
    )
    .unwrap();
    assert!(
        report.good() && report.covered == report.entries,
        "{:?}",
        report.findings
    );
    verifies(&b);
}

#[test]
fn the_page_names_every_act_table_and_check() {
    let page = page();
    let export = example("ledger-centre-v1.jsonl");
    let acts: Vec<&str> = export
        .lines()
        .map(|line| Entry::parse(line.as_bytes()).unwrap().act.name())
        .collect();
    let source = include_str!("../../src/ledger/act.rs");
    let nouns = [
        "range.",
        "order.",
        "secret.",
        "holder.",
        "holders.",
        "batch.",
        "stock.",
        "blacklist.",
    ];
    let named = source
        .split('"')
        .filter(|word| nouns.iter().any(|noun| word.starts_with(noun)));
    let desk = [
        "lost", "found", "replace", "exchange", "extend", "return", "cancel", "block", "unblock", "done",
    ];
    let desk = desk.iter().map(|verb| format!("card.{verb}"));
    let all: Vec<String> = named.map(str::to_owned).chain(desk).collect();
    assert!(all.len() > 30);
    for act in all {
        assert!(page.contains(&format!("`{act}`")), "{act} is not described");
        assert!(acts.contains(&act.as_str()), "{act} is not in the example");
    }
    let sql = include_str!("../../src/ledger/centre/tables.sql");
    for table in sql.lines().filter_map(|l| l.strip_prefix("CREATE TABLE ")) {
        let table = table.trim_end_matches(" (");
        assert!(page.contains(&format!("`{table}`")), "{table}");
    }
}

#[test]
fn holders_data_are_shown_while_they_are_there_and_erased_once() {
    let (mut b, order) = centre();
    let none = |fault| matches!(fault, CentreFault::NoHolder { .. });
    // A number of no order, of another order, an order without holders.
    let mut bare = self::order("bare", vec![span(11, 12, Some("31"))], 2);
    bare.holders = None;
    b.by(OPERATOR, Act::OrderImport(bare)).unwrap();
    for act in [show("one", 11), show("one", 500), show("bare", 11)] {
        assert!(none(refused(b.by(SUPERVISOR, act))));
    }
    for act in [erase("bare", None), erase("one", Some(11))] {
        assert!(none(refused(b.by(BOTH, act))));
    }
    assert!(matches!(
        refused(b.by(SUPERVISOR, show("two", 1))),
        CentreFault::Unknown { .. }
    ));
    b.by(SUPERVISOR, show("one", 1)).unwrap();
    b.by(BOTH, erase("one", Some(1))).unwrap();
    assert!(none(refused(b.by(SUPERVISOR, show("one", 1)))));
    assert!(none(refused(b.by(BOTH, erase("one", Some(1))))));
    b.by(SUPERVISOR, show("one", 2)).unwrap();
    b.by(BOTH, erase("one", None)).unwrap();
    assert!(none(refused(b.by(SUPERVISOR, show("one", 2)))));
    for act in [erase("one", Some(2)), erase("one", None)] {
        assert!(none(refused(b.by(BOTH, act))));
    }
    assert!(b.ledger.erased("one", &card(7)).unwrap() && !b.ledger.erased("bare", &card(11)).unwrap());
    assert_eq!(b.ledger.order("one").unwrap().unwrap().digest, order.digest.to_string());
    verifies(&b);
}

#[test]
fn looking_and_erasing_need_the_right_officers() {
    let (mut b, _) = centre();
    let wrong_role = |result: Result<u64, LedgerError>| matches!(result, Err(LedgerError::WrongRole { .. }));
    assert!(wrong_role(b.by(OPERATOR, show("one", 1))));
    let alone = b.by(SUPERVISOR, erase("one", Some(1))).unwrap_err();
    assert!(matches!(alone, LedgerError::TooFewOfficers { .. }), "{alone:?}");
    verifies(&b);
}

#[test]
fn an_order_is_given_up_before_any_batch_and_frees_its_numbers() {
    let (mut b, first) = centre();
    b.by(
        OPERATOR,
        Act::OrderImport(order("two", vec![span(11, 20, Some("31"))], 10)),
    )
    .unwrap();
    b.by(SUPERVISOR, withdraw("two")).unwrap();
    assert!(b.ledger.order("two").unwrap().unwrap().withdrawn.is_some());
    assert!(matches!(
        refused(b.by(SUPERVISOR, withdraw("two"))),
        CentreFault::Unknown { .. }
    ));
    assert!(matches!(
        refused(b.by(SUPERVISOR, withdraw("three"))),
        CentreFault::Unknown { .. }
    ));
    // Its name is taken for good, its numbers are not.
    let again = order("two", vec![span(21, 21, Some("31"))], 1);
    assert!(matches!(
        refused(b.by(OPERATOR, Act::OrderImport(again))),
        CentreFault::NameTaken { .. }
    ));
    let next = order("three", vec![span(11, 20, Some("31"))], 10);
    b.by(OPERATOR, Act::OrderImport(next)).unwrap();
    let gone = batch("G", &order("two", Vec::new(), 10));
    assert!(matches!(
        refused(b.by(OPERATOR, Act::BatchNew(gone))),
        CentreFault::Unknown { .. }
    ));
    let laid_down = batch("B", &first);
    b.by(OPERATOR, Act::BatchNew(laid_down)).unwrap();
    assert!(matches!(
        refused(b.by(SUPERVISOR, withdraw("one"))),
        CentreFault::OrderBusy { .. }
    ));
    verifies(&b);
}

#[test]
fn secrets_are_drawn_one_time_after_the_other() {
    let (mut b, _) = centre();
    let out_of_turn = |fault| matches!(fault, CentreFault::SecretVersion { .. });
    for version in [0, 2, u32::MAX] {
        assert!(out_of_turn(refused(b.by(OPERATOR, draw(SecretUse::Holders, version)))));
    }
    b.by(OPERATOR, draw(SecretUse::Holders, 1)).unwrap();
    assert!(out_of_turn(refused(b.by(OPERATOR, draw(SecretUse::Holders, 1)))));
    assert!(out_of_turn(refused(b.by(OPERATOR, draw(SecretUse::Pins, 2)))));
    b.by(OPERATOR, draw(SecretUse::Holders, 2)).unwrap();
    b.by(OPERATOR, draw(SecretUse::Pins, 1)).unwrap();
    let drawn: Vec<(String, u32)> = b
        .ledger
        .secrets()
        .unwrap()
        .into_iter()
        .map(|s| (s.secret, s.version))
        .collect();
    assert_eq!(drawn, [("holders".to_owned(), 2), ("pins".to_owned(), 1)]);
    verifies(&b);
}

#[test]
fn ranges_and_orders_never_share_a_number() {
    let (mut b, _) = centre();
    let mut reserve = |name, from, to| b.by(SUPERVISOR, Act::RangeReserve(range(name, from, to)));
    for (from, to) in [(1, 1), (1000, 1000), (500, 2000), (0, 5), (0, 5000)] {
        let fault = refused(reserve("32", from, to));
        assert!(
            matches!(fault, CentreFault::NumbersTaken { .. }),
            "{from} {to} {fault:?}"
        );
    }
    assert!(matches!(refused(reserve("32", 7, 6)), CentreFault::NotASpan { .. }));
    assert!(matches!(
        refused(reserve("31", 2000, 2001)),
        CentreFault::NameTaken { .. }
    ));
    reserve("32", 1001, 1010).unwrap();
    let mut import = |name: &str, spans: Vec<Span>, rows| b.by(OPERATOR, Act::OrderImport(order(name, spans, rows)));
    let taken = |fault| matches!(fault, CentreFault::NumbersTaken { .. });
    let outside = |fault| matches!(fault, CentreFault::OutsideRange { .. });
    assert!(taken(refused(import("two", vec![span(10, 12, Some("31"))], 3))));
    assert!(taken(refused(import(
        "two",
        vec![span(11, 12, Some("31")), span(12, 12, Some("31"))],
        3
    ))));
    assert!(outside(refused(import("two", vec![span(999, 1001, Some("31"))], 3))));
    assert!(outside(refused(import("two", vec![span(1001, 1003, Some("31"))], 3))));
    assert!(
        outside(refused(import("two", vec![span(11, 13, None)], 3))),
        "a range is not used unnamed"
    );
    assert!(outside(refused(import("two", vec![span(900, 5000, None)], 4101))));
    let rows = refused(import("two", vec![span(11, 13, Some("31"))], 4));
    assert!(matches!(
        rows,
        CentreFault::RowCount {
            rows: 4,
            numbers: 3,
            ..
        }
    ));
    assert!(matches!(
        refused(import("two", vec![], 0)),
        CentreFault::RowCount { .. }
    ));
    assert!(matches!(
        refused(import("one", vec![span(11, 11, Some("31"))], 1)),
        CentreFault::NameTaken { .. }
    ));
    assert!(matches!(
        refused(import("x", vec![span(11, 11, Some("no"))], 1)),
        CentreFault::OutsideRange { .. }
    ));
    assert!(matches!(
        refused(import("x", vec![span(8000, 8000, Some("no"))], 1)),
        CentreFault::Unknown { .. }
    ));
    import("two", vec![span(13, 14, Some("31")), span(11, 12, Some("31"))], 4).unwrap();
    assert_eq!(b.ledger.range("31").unwrap().unwrap().next.unwrap(), card(15));
    assert_eq!(b.ledger.range("31").unwrap().unwrap().left, 986);
    // A single card takes a number of the range too; the next order goes on behind it.
    b.by(OPERATOR, Act::CardIntent(intent(&card(20), "C20", None))).unwrap();
    assert_eq!(b.ledger.range("31").unwrap().unwrap().next.unwrap(), card(21));
    let borne = b.by(
        OPERATOR,
        Act::OrderImport(order("three", vec![span(15, 21, Some("31"))], 7)),
    );
    assert!(taken(refused(borne)));
    verifies(&b);
}

#[test]
fn a_number_of_an_order_is_written_in_its_batch_only() {
    let (mut b, order) = centre();
    let alone = b.by(OPERATOR, Act::CardIntent(intent(&card(1), "C1", None)));
    assert!(matches!(refused(alone), CentreFault::NumberOfOrder { .. }));
    let write = |b: &mut Centre, n| b.by(OPERATOR, Act::CardIntent(card_of("B", n, None)));
    assert!(
        matches!(refused(write(&mut b, 1)), CentreFault::NumberOfOrder { .. }),
        "no such batch"
    );
    let batch = batch("B", &order);
    b.by(OPERATOR, Act::BatchNew(batch.clone())).unwrap();
    let unapproved = refused(write(&mut b, 1));
    assert_eq!(unapproved.check(), "LEDGER-BATCH");
    assert!(matches!(unapproved, CentreFault::BatchState { ref state, .. } if state == "new"));
    b.by(SUPERVISOR, approval(&batch)).unwrap();
    assert!(matches!(refused(write(&mut b, 1)), CentreFault::BatchState { state, .. } if state == "approved"));
    b.by(OPERATOR, begin(&batch)).unwrap();
    write(&mut b, 1).unwrap();
    assert!(matches!(refused(write(&mut b, 11)), CentreFault::NotInBatch { .. }));
    let by_approver = b.by(SUPERVISOR, Act::CardIntent(card_of("B", 2, None)));
    assert!(matches!(refused(by_approver), CentreFault::SameOfficer { .. }));
    let mut other = card_of("B", 2, None);
    other.keys[0].key = text("other/1");
    b.by(BOTH, Act::KeyGenerate(super::story::arrived("other/1"))).unwrap();
    let other_key = refused(b.by(OPERATOR, Act::CardIntent(other)));
    assert_eq!(
        other_key,
        CentreFault::BatchDiffers {
            batch: "B".into(),
            what: "key"
        }
    );
    let mut other = card_of("B", 2, None);
    other.template_digest = Hash::of(&[b"changed"]);
    let template = TemplateApprove {
        template: other.template.clone(),
        digest: other.template_digest,
    };
    b.by(BOTH, Act::TemplateApprove(template)).unwrap();
    let other_template = refused(b.by(OPERATOR, Act::CardIntent(other)));
    assert_eq!(
        other_template,
        CentreFault::BatchDiffers {
            batch: "B".into(),
            what: "template"
        }
    );
    let pause = BatchPause {
        batch: text("B"),
        reason: None,
    };
    b.by(SUPERVISOR, Act::BatchPause(pause.clone())).unwrap();
    assert!(matches!(refused(write(&mut b, 2)), CentreFault::BatchState { state, .. } if state == "paused"));
    assert!(matches!(
        refused(b.by(OPERATOR, begin(&batch))),
        CentreFault::BatchState { .. }
    ));
    b.by(OPERATOR, Act::BatchResume(pause)).unwrap();
    write(&mut b, 2).unwrap();
    verifies(&b);
}

#[test]
fn nobody_approves_what_he_laid_down_or_runs() {
    let (mut b, order) = centre();
    let body = batch("B", &order);
    let mut late = body.clone();
    late.digest = Hash::of(&[b"another"]);
    assert!(matches!(
        refused(b.by(OPERATOR, Act::BatchNew(late))),
        CentreFault::BatchDigest { .. }
    ));
    let mut wrong = body.clone();
    wrong.rows = 11;
    let wrong = refused(b.by(OPERATOR, Act::BatchNew(wrong.sealed())));
    assert_eq!(
        wrong,
        CentreFault::BatchDiffers {
            batch: "B".into(),
            what: "order"
        }
    );
    let mut wrong = body.clone();
    wrong.keys[0].kcv = short("000000");
    let wrong = b.by(OPERATOR, Act::BatchNew(wrong.sealed())).unwrap_err();
    assert!(matches!(wrong, LedgerError::KcvDiffers { .. }), "{wrong:?}");
    b.by(BOTH, Act::BatchNew(body.clone())).unwrap();
    let own = refused(b.by(SUPERVISOR, approval(&body)));
    assert!(
        matches!(own, CentreFault::SameOfficer { ref officer, .. } if officer == "李四"),
        "{own:?}"
    );
    assert!(matches!(
        refused(b.by(OPERATOR, begin(&body))),
        CentreFault::BatchState { .. }
    ));
    let second = refused(b.by(OPERATOR, Act::BatchNew(batch("B2", &order))));
    assert!(matches!(second, CentreFault::OrderBusy { .. }));
    // Closed without a card, and laid down again by one of them.
    let account = b.ledger.batch_account("B").unwrap();
    assert_eq!(account.left, 10);
    b.by(BOTH, Act::BatchClose(account)).unwrap();
    let body = batch("B2", &order);
    b.by(OPERATOR, Act::BatchNew(body.clone())).unwrap();
    let mut other = body.clone();
    other.digest = Hash::of(&[b"another"]);
    assert!(matches!(
        refused(b.by(SUPERVISOR, approval(&other))),
        CentreFault::BatchDigest { .. }
    ));
    let by_operator = b.by(OPERATOR, approval(&body)).unwrap_err();
    assert!(matches!(by_operator, LedgerError::WrongRole { .. }));
    b.by(SUPERVISOR, approval(&body)).unwrap();
    assert!(matches!(
        refused(b.by(SUPERVISOR, begin(&body))),
        CentreFault::SameOfficer { .. }
    ));
    assert!(matches!(
        refused(b.by(OPERATOR, begin(&other))),
        CentreFault::BatchDigest { .. }
    ));
    b.by(OPERATOR, begin(&body)).unwrap();
    verifies(&b);
}

#[test]
fn a_batch_closes_only_with_the_ledgers_account_and_nothing_in_doubt() {
    let (mut b, _) = running();
    issue(&mut b, 1, Ending::Issued);
    issue(&mut b, 2, Ending::FailedBlank);
    issue(&mut b, 3, Ending::FailedPartial);
    let close = |b: &mut Centre, names: &[&str], change: &dyn Fn(&mut BatchClose)| {
        let mut account = b.ledger.batch_account("B").unwrap();
        change(&mut account);
        b.by(names, Act::BatchClose(account))
    };
    let open = refused(close(&mut b, BOTH, &|_| ()));
    assert!(
        matches!(open, CentreFault::BatchUnfinished { count: 1, .. }),
        "{open:?}"
    );
    b.by(BOTH, void(3)).unwrap();
    for (what, change) in [
        (
            "issued",
            &(|a: &mut BatchClose| a.issued += 1) as &dyn Fn(&mut BatchClose),
        ),
        ("failed", &|a| a.failed -= 1),
        ("void", &|a| a.void = 0),
        ("left", &|a| a.left = 0),
        ("lots", &|a| a.lots.clear()),
        ("lots", &|a| a.lots[0].scrapped = 0),
    ] {
        let fault = refused(close(&mut b, BOTH, change));
        assert_eq!(
            fault,
            CentreFault::BatchAccount {
                batch: "B".into(),
                what
            },
            "{what}"
        );
    }
    let alone = close(&mut b, OPERATOR, &|_| ()).unwrap_err();
    assert!(matches!(alone, LedgerError::TooFewOfficers { .. }));
    let account = b.ledger.batch_account("B").unwrap();
    assert_eq!(
        (account.issued, account.failed, account.void, account.left),
        (1, 1, 1, 7)
    );
    assert_eq!(
        (account.lots[0].drawn, account.lots[0].issued, account.lots[0].scrapped),
        (2, 1, 1)
    );
    close(&mut b, BOTH, &|_| ()).unwrap();
    let after = b.by(OPERATOR, Act::CardIntent(card_of("B", 4, None)));
    assert!(matches!(refused(after), CentreFault::BatchState { state, .. } if state == "closed"));
    verifies(&b);
}

#[test]
fn blanks_add_up_after_every_act() {
    let (mut b, _) = running();
    let lot = |b: &Centre| {
        let l = b.ledger.lot("L1").unwrap().unwrap();
        let parts = [l.in_stock, l.handed_out, l.in_process, l.issued, l.scrapped, l.returned];
        assert_eq!(l.received, parts.iter().sum::<u32>());
        parts
    };
    assert_eq!(lot(&b), [8, 12, 0, 0, 0, 0]);
    let seq = b.by(OPERATOR, Act::CardIntent(card_of("B", 1, Some("L1")))).unwrap();
    assert_eq!(lot(&b), [8, 11, 1, 0, 0, 0]);
    b.by(OPERATOR, Act::CardOutcome(outcome(&card(1), seq, Ending::InDoubt)))
        .unwrap();
    assert_eq!(lot(&b), [8, 11, 1, 0, 0, 0]);
    let mut again = card_of("B", 1, Some("L2"));
    again.resumes = Some(seq);
    let other = refused(b.by(OPERATOR, Act::CardIntent(again.clone())));
    assert!(matches!(other, CentreFault::BlankOfOtherLot { .. }));
    again.lot = Some(text("L1"));
    let seq = b.by(OPERATOR, Act::CardIntent(again.clone())).unwrap();
    assert_eq!(lot(&b), [8, 11, 1, 0, 0, 0], "the same blank");
    b.by(OPERATOR, Act::CardOutcome(outcome(&card(1), seq, Ending::FailedBlank)))
        .unwrap();
    assert_eq!(lot(&b), [8, 12, 0, 0, 0, 0]);
    (again.resumes, again.chip) = (Some(seq), Some(number("C99")));
    let seq = b.by(OPERATOR, Act::CardIntent(again)).unwrap();
    b.by(OPERATOR, Act::CardOutcome(outcome(&card(1), seq, Ending::Issued)))
        .unwrap();
    assert_eq!(lot(&b), [8, 11, 0, 1, 0, 0]);
    b.by(OPERATOR, Act::CardIntent(card_of("B", 2, Some("L1")))).unwrap();
    b.by(BOTH, void(2)).unwrap();
    assert_eq!(lot(&b), [8, 10, 0, 1, 1, 0]);
    b.by(BOTH, void(1)).unwrap();
    assert_eq!(lot(&b), [8, 10, 0, 1, 1, 0], "an issued card is no blank any more");
    b.by(BOTH, Act::StockScrap(scrap("L1", None, 8))).unwrap();
    b.by(BOTH, Act::StockScrap(scrap("L1", Some("张三"), 10))).unwrap();
    assert_eq!(lot(&b), [0, 0, 0, 1, 19, 0]);
    let empty = refused(b.by(OPERATOR, Act::CardIntent(card_of("B", 3, Some("L1")))));
    assert!(
        matches!(
            empty,
            CentreFault::TooFew {
                place: "handed-out",
                has: 0,
                wants: 1,
                ..
            }
        ),
        "{empty:?}"
    );
    verifies(&b);
}

#[test]
fn blanks_are_taken_from_where_they_are() {
    let (mut b, _) = running();
    let fault = refused(b.by(SUPERVISOR, Act::StockHandOut(hand_out("L1", "张三", 9))));
    assert!(matches!(
        fault,
        CentreFault::TooFew {
            place: "in-stock",
            has: 8,
            wants: 9,
            ..
        }
    ));
    assert_eq!(fault.check(), "LEDGER-STOCK");
    let back = |from: &str, count| {
        Act::StockTakeBack(StockTakeBack {
            lot: text("L1"),
            from: text(from),
            count,
            serials: vec![],
        })
    };
    assert!(matches!(
        refused(b.by(SUPERVISOR, back("李四", 1))),
        CentreFault::TooFew { has: 0, .. }
    ));
    assert!(matches!(
        refused(b.by(SUPERVISOR, back("张三", 13))),
        CentreFault::TooFew { has: 12, .. }
    ));
    assert!(matches!(
        refused(b.by(SUPERVISOR, back("张三", 0))),
        CentreFault::SerialCount { .. }
    ));
    let nowhere = refused(b.by(SUPERVISOR, Act::StockHandOut(hand_out("L9", "张三", 1))));
    assert!(matches!(nowhere, CentreFault::Unknown { what: "lot", .. }));
    let mut other = delivery("L1", 5);
    other.supplier = text("another");
    assert!(matches!(
        refused(b.by(SUPERVISOR, Act::StockReceive(other))),
        CentreFault::OtherLot { .. }
    ));
    b.by(SUPERVISOR, Act::StockReceive(delivery("L1", 5))).unwrap();
    assert_eq!(b.ledger.lot("L1").unwrap().unwrap().received, 25);
    let counted = |of: Option<&str>, expected| {
        Act::StockCount(StockCount {
            lot: text("L1"),
            of: of.map(text),
            expected,
            counted: 3,
        })
    };
    assert!(matches!(
        refused(b.by(OPERATOR, counted(None, 12))),
        CentreFault::Expected { ledger: 13, .. }
    ));
    b.by(OPERATOR, counted(None, 13)).unwrap();
    b.by(OPERATOR, counted(Some("张三"), 12)).unwrap();
    b.by(OPERATOR, counted(Some("王五"), 0)).unwrap();
    let alone = b.by(OPERATOR, Act::StockScrap(scrap("L1", None, 1))).unwrap_err();
    assert!(matches!(alone, LedgerError::TooFewOfficers { needs: 2, .. }));
    // An operator writes on what that one was handed out.
    b.by(SUPERVISOR, back("张三", 12)).unwrap();
    let none = refused(b.by(OPERATOR, Act::CardIntent(card_of("B", 1, Some("L1")))));
    assert!(matches!(none, CentreFault::TooFew { has: 0, .. }));
    verifies(&b);
}

#[test]
fn psams_are_accounted_for_by_serial_number() {
    let mut b = told();
    let serials = |list: &[&str]| list.iter().map(|s| number(s)).collect::<Vec<_>>();
    assert_eq!(b.ledger.serial("P7").unwrap().unwrap(), ("P1".into(), "issued".into()));
    assert_eq!(
        b.ledger.serial("P8").unwrap().unwrap(),
        ("P1".into(), "in-stock".into())
    );
    let mut lot = delivery("P1", 2);
    lot.serials = serials(&["P9", "P8"]);
    assert!(
        matches!(refused(b.by(SUPERVISOR, Act::StockReceive(lot.clone()))), CentreFault::Serial { serial, .. } if serial == "P8")
    );
    assert_eq!(
        b.ledger.lot("P1").unwrap().unwrap().received,
        2,
        "nothing half received"
    );
    lot.count = 3;
    assert!(matches!(
        refused(b.by(SUPERVISOR, Act::StockReceive(lot))),
        CentreFault::SerialCount { .. }
    ));
    let bare = refused(b.by(SUPERVISOR, Act::StockReceive(delivery("P1", 1))));
    assert!(matches!(bare, CentreFault::OtherLot { .. }));
    let mut out = hand_out("P1", "张三", 1);
    assert!(matches!(
        refused(b.by(SUPERVISOR, Act::StockHandOut(out.clone()))),
        CentreFault::SerialCount { .. }
    ));
    out.serials = serials(&["P7"]);
    assert!(matches!(
        refused(b.by(SUPERVISOR, Act::StockHandOut(out.clone()))),
        CentreFault::Serial { .. }
    ));
    out.serials = serials(&["P8"]);
    b.by(SUPERVISOR, Act::StockHandOut(out)).unwrap();
    let mut body = intent("31000000000000000009", "P9", None);
    body.lot = Some(text("P1"));
    let other_chip = refused(b.by(OPERATOR, Act::PsamIntent(body.clone())));
    assert!(matches!(other_chip, CentreFault::Serial { serial, .. } if serial == "P9"));
    body.chip = Some(number("P8"));
    let seq = b.by(OPERATOR, Act::PsamIntent(body)).unwrap();
    b.by(
        OPERATOR,
        Act::PsamOutcome(outcome("31000000000000000009", seq, Ending::FailedBlank)),
    )
    .unwrap();
    assert_eq!(b.ledger.serial("P8").unwrap().unwrap().1, "handed-out");
    verifies(&b);
}

#[test]
fn the_policy_can_ask_for_batches_and_lots() {
    let mut policy = Policy::default();
    (policy.approved_batches, policy.lots) = (true, true);
    let mut b = Centre::new(policy);
    let alone = refused(b.by(OPERATOR, Act::CardIntent(intent("1001", "C1", None))));
    assert!(matches!(alone, CentreFault::BatchNeeded { .. }));
    let policy = Policy {
        lots: true,
        ..Policy::default()
    };
    b.by(BOTH, Act::PolicyChange(PolicyChange { policy })).unwrap();
    let alone = refused(b.by(OPERATOR, Act::CardIntent(intent("1001", "C1", None))));
    assert!(matches!(alone, CentreFault::LotNeeded { .. }));
    let text = String::from_utf8(b.ledger.line(1).unwrap()).unwrap();
    assert!(text.contains("\"approved_templates\":false,\"lots\":true,") && !text.contains("approved_batches"));
    verifies(&b);
}

#[test]
fn a_lost_card_has_one_successor_and_comes_back_no_more() {
    let (mut b, _) = running();
    for n in 1..=6 {
        issue(&mut b, n, Ending::Issued);
    }
    let life = |state: &'static str| move |fault| matches!(fault, CentreFault::Life { state: ref s, .. } if s == state);
    assert!(life("in-use")(refused(b.by(OPERATOR, Act::CardFound(change(1))))));
    let early = refused(b.by(BOTH, Act::CardReplace(successor(1, 2, None))));
    assert!(life("in-use")(early), "no replacement without loss");
    b.by(OPERATOR, Act::CardLost(change(1))).unwrap();
    assert!(life("lost")(refused(b.by(OPERATOR, Act::CardLost(change(1))))));
    let mut load = purse();
    load.number = number(&card(1));
    assert!(life("lost")(refused(b.by(OPERATOR, Act::PurseLoad(load.clone())))));
    let unsourced = CardReplace {
        source: BalanceSource::Clearing,
        ..successor(1, 2, None)
    };
    assert!(matches!(
        refused(b.by(BOTH, Act::CardReplace(unsourced))),
        CentreFault::Balance { .. }
    ));
    let itself = refused(b.by(BOTH, Act::CardReplace(successor(1, 1, None))));
    assert!(life("lost")(itself));
    let unissued = b.by(BOTH, Act::CardReplace(successor(1, 7, None))).unwrap_err();
    assert_eq!(unissued, LedgerError::NoCard(card(7)));
    let alone = b.by(OPERATOR, Act::CardReplace(successor(1, 2, Some(5)))).unwrap_err();
    assert!(matches!(alone, LedgerError::TooFewOfficers { .. }));
    b.by(BOTH, Act::CardReplace(successor(1, 2, Some(5)))).unwrap();
    assert!(
        life("replaced")(refused(b.by(OPERATOR, Act::CardFound(change(1))))),
        "no finding after replacement"
    );
    let taken = refused(b.by(OPERATOR, Act::CardExchange(successor(3, 2, None))));
    assert!(matches!(taken, CentreFault::NoSuccessor { .. }));
    let links = |b: &Centre, n| {
        let row = b.ledger.life(CardKind::User, &card(n)).unwrap().unwrap();
        (row.state, row.replaces, row.replaced_by)
    };
    assert_eq!(links(&b, 1), ("replaced".into(), None, Some(card(2))));
    assert_eq!(links(&b, 2), ("in-use".into(), Some(card(1)), None));
    // What stood for another card may itself be lost and replaced.
    b.by(OPERATOR, Act::CardLost(change(2))).unwrap();
    b.by(BOTH, Act::CardReplace(successor(2, 3, None))).unwrap();
    b.by(OPERATOR, Act::CardCancel(change(4))).unwrap();
    assert!(life("cancelled")(refused(b.by(OPERATOR, Act::CardLost(change(4))))));
    verifies(&b);
}

#[test]
fn writing_to_an_issued_card_is_announced_and_confirmed_one_at_a_time() {
    let (mut b, _) = running();
    issue(&mut b, 1, Ending::Issued);
    let until = |day: &str| {
        Act::CardExtend(CardExtend {
            kind: CardKind::User,
            number: number(&card(1)),
            until: number(day),
        })
    };
    assert!(matches!(
        refused(b.by(OPERATOR, until("20401301"))),
        CentreFault::Day { .. }
    ));
    let seq = b.by(OPERATOR, until("20401231")).unwrap();
    assert!(matches!(
        refused(b.by(OPERATOR, Act::CardBlock(change(1)))),
        CentreFault::DeskOpen { .. }
    ));
    assert_eq!(
        b.ledger.open_desk_act(CardKind::User, &card(1)).unwrap(),
        Some((seq, "card.extend".into()))
    );
    assert!(matches!(
        refused(b.by(OPERATOR, done(1, seq + 1, DeskEnding::Done))),
        CentreFault::NoDeskAct { .. }
    ));
    b.by(OPERATOR, done(1, seq, DeskEnding::NotDone)).unwrap();
    assert_eq!(b.ledger.life(CardKind::User, &card(1)).unwrap(), None);
    let seq = b.by(OPERATOR, until("20401231")).unwrap();
    b.by(OPERATOR, done(1, seq, DeskEnding::Done)).unwrap();
    assert!(matches!(
        refused(b.by(OPERATOR, until("20391231"))),
        CentreFault::Day { .. }
    ));
    let seq = b.by(OPERATOR, Act::CardBlock(change(1))).unwrap();
    b.by(OPERATOR, done(1, seq, DeskEnding::Done)).unwrap();
    let row = b.ledger.life(CardKind::User, &card(1)).unwrap().unwrap();
    assert_eq!((row.blocked, row.until.as_deref()), (true, Some("20401231")));
    verifies(&b);
}

#[test]
fn lists_follow_one_another() {
    let mut b = told();
    let list = |sequence, form, base| {
        Act::BlacklistPublish(BlacklistPublish {
            sequence,
            form,
            base,
            date: number("20261118"),
            count: 0,
            digest: Hash::default(),
        })
    };
    assert_eq!(b.ledger.next_list().unwrap(), 3);
    for (sequence, form, base) in [
        (2, ListForm::Full, None),
        (4, ListForm::Full, None),
        (3, ListForm::Delta, None),
        (3, ListForm::Delta, Some(3)),
        (3, ListForm::Delta, Some(0)),
        (3, ListForm::Full, Some(1)),
    ] {
        let fault = refused(b.by(SUPERVISOR, list(sequence, form, base)));
        assert!(matches!(fault, CentreFault::Sequence { .. }), "{sequence} {base:?}");
    }
    b.by(SUPERVISOR, list(3, ListForm::Delta, Some(2))).unwrap();
    let confirm = BlacklistConfirm {
        sequence: 4,
        by: text("x"),
    };
    let unknown = refused(b.by(OPERATOR, Act::BlacklistConfirm(confirm)));
    assert!(matches!(unknown, CentreFault::Unknown { what: "list", .. }));
    let add = |from, to| BlacklistAdd {
        kind: CardKind::User,
        from: number(&card(from)),
        to: number(&card(to)),
        until: None,
        reason: text("stolen lot"),
    };
    b.by(OPERATOR, Act::BlacklistAdd(add(20, 90))).unwrap();
    assert!(matches!(
        refused(b.by(OPERATOR, Act::BlacklistAdd(add(20, 90)))),
        CentreFault::Listed { .. }
    ));
    let off = BlacklistRemove {
        kind: CardKind::User,
        from: number(&card(20)),
        to: number(&card(89)),
        reason: text("x"),
    };
    assert!(matches!(
        refused(b.by(SUPERVISOR, Act::BlacklistRemove(off))),
        CentreFault::NotListed { .. }
    ));
    assert_eq!(b.ledger.blacklist().unwrap().len(), 1);
    verifies(&b);
}

/// What a program wrote that does not keep the rules is found by everybody else.
#[test]
fn broken_rules_are_found_in_the_entries_alone() {
    let good = told();
    let lines = lines(&good.ledger);
    let find = |part: &str| {
        let at = lines.iter().position(|l| String::from_utf8_lossy(l).contains(part));
        at.unwrap_or_else(|| panic!("{part}"))
    };
    for (part, from, to, check) in [
        (
            "\"act\":\"stock.hand-out\"",
            "\"count\":12",
            "\"count\":21",
            "LEDGER-STOCK",
        ),
        (
            "\"act\":\"stock.receive\"",
            "\"count\":20",
            "\"count\":11",
            "LEDGER-STOCK",
        ),
        (
            "\"act\":\"batch.close\"",
            "\"issued\":5,\"left",
            "\"issued\":6,\"left",
            "LEDGER-BATCH",
        ),
        (
            "\"act\":\"order.import\"",
            "\"rows\":10",
            "\"rows\":9",
            "LEDGER-LIFECYCLE",
        ),
        (
            "\"act\":\"range.reserve\"",
            "0000000001000",
            "0000000000009",
            "LEDGER-LIFECYCLE",
        ),
        (
            "\"act\":\"card.replace\"",
            "\"number\":\"3100000000000001\"",
            "\"number\":\"3100000000000005\"",
            "LEDGER-LIFECYCLE",
        ),
    ] {
        let at = find(part);
        let mut copy = lines.clone();
        let line = String::from_utf8(copy[at].clone()).unwrap();
        assert!(line.contains(from), "{line}");
        copy[at] = line.replacen(from, to, 1).into_bytes();
        let file = joined(&copy);
        let report = verify_lines(&mut file.as_slice(), None, &Against::default(), &mut Unobserved).unwrap();
        assert!(
            report.findings.iter().any(|f| f.check == check),
            "{part}: {:?}",
            report.findings
        );
    }
}

#[test]
fn a_lot_is_compared_from_several_sides() {
    let b = told();
    for sql in [
        "UPDATE lots SET issued = issued - 1, scrapped = scrapped + 1 WHERE lot = 'L1'",
        "UPDATE lots SET in_stock = in_stock - 1, in_process = in_process + 1 WHERE lot = 'L1'",
        "UPDATE holdings SET count = count + 1 WHERE lot = 'L1'",
        "UPDATE serials SET place = 'in-stock' WHERE serial = 'P7'",
    ] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ledger.db");
        fs::copy(b.path(), &path).unwrap();
        fs::copy(b.path().with_extension("db-wal"), path.with_extension("db-wal")).unwrap();
        let db = rusqlite::Connection::open(&path).unwrap();
        db.execute_batch(sql).unwrap();
        let unbalanced = db.execute_batch("UPDATE lots SET received = received + 1");
        assert!(unbalanced.is_err(), "the equation is a constraint");
        drop(db);
        let report = verify(&path, &Against::default(), &mut Unobserved).unwrap();
        for check in ["LEDGER-STOCK", "LEDGER-PROJECTION"] {
            assert!(
                report.findings.iter().any(|f| f.check == check),
                "{sql} {:?}",
                report.findings
            );
        }
        cardmint::ledger::rebuild(&path, &mut Unobserved).unwrap();
        let report = verify(&path, &Against::default(), &mut Unobserved).unwrap();
        assert!(report.good(), "{:?}", report.findings);
    }
}

/// Before there were batches the name on a card was a remark. A batch that comes by that name counts the card, in both
/// verifiers.
#[test]
fn a_card_that_named_a_batch_before_it_was_made_counts_there() {
    let mut b = Centre::new(Policy::default());
    b.by(BOTH, Act::KeyGenerate(arrived("load/1"))).unwrap();
    let mut early = intent(&card(900), "C900", None);
    early.batch = Some(text("B"));
    let seq = b.by(OPERATOR, Act::CardIntent(early)).unwrap();
    b.by(OPERATOR, Act::CardOutcome(outcome(&card(900), seq, Ending::Issued)))
        .unwrap();
    let one = order("one", vec![span(1, 10, None)], 10);
    b.by(OPERATOR, Act::OrderImport(one.clone())).unwrap();
    b.by(OPERATOR, Act::BatchNew(batch("B", &one))).unwrap();
    let close = |issued, left| {
        Act::BatchClose(BatchClose {
            batch: text("B"),
            issued,
            failed: 0,
            void: 0,
            left,
            lots: Vec::new(),
        })
    };
    refused(b.by(SUPERVISOR, close(0, 10)));
    refused(b.by(SUPERVISOR, close(0, 9)));
    refused(b.by(SUPERVISOR, close(1, 10)));
    b.by(SUPERVISOR, close(1, 9)).unwrap();
    b.verifies();
}
