// SPDX-License-Identifier: Apache-2.0
//! A card's number: once, on one chip, through intent and outcome.

use super::bench_site::*;
use cardmint::ledger::act::CardVoid;
use cardmint::ledger::{Act, CardKind, Ending, LedgerError, Policy};

const N: &str = "00003100000000000001";

fn status(bench: &Bench) -> String {
    bench.ledger.card(CardKind::User, N).unwrap().unwrap().status
}

#[test]
fn intent_then_issued() {
    let mut b = Bench::new(open_policy());
    let seq = b.by(&["张三"], Act::CardIntent(intent(N, "C1", None))).unwrap();
    assert_eq!(status(&b), "in-doubt");
    b.by(&["张三"], Act::CardOutcome(outcome(N, seq, Ending::Issued)))
        .unwrap();
    assert_eq!(status(&b), "issued");
    let again = b.by(&["张三"], Act::CardIntent(intent(N, "C2", None)));
    assert_eq!(
        again,
        Err(LedgerError::NumberTaken {
            number: N.into(),
            status: "issued".into(),
            seq
        })
    );
    let resumed = b.by(&["张三"], Act::CardIntent(intent(N, "C1", Some(seq))));
    assert_eq!(
        resumed,
        Err(LedgerError::NotResumable {
            number: N.into(),
            status: "issued".into()
        })
    );
    let twice = b.by(&["张三"], Act::CardOutcome(outcome(N, seq, Ending::Issued)));
    assert_eq!(
        twice,
        Err(LedgerError::NoIntent {
            number: N.into(),
            intent: seq
        })
    );
    assert_eq!(b.ledger.size(), 3, "refused acts leave nothing");
}

#[test]
fn in_doubt_is_taken_up_again_on_the_same_chip_only() {
    let mut b = Bench::new(open_policy());
    let seq = b.by(&["张三"], Act::CardIntent(intent(N, "C1", None))).unwrap();
    let fresh = b.by(&["张三"], Act::CardIntent(intent(N, "C1", None)));
    assert!(matches!(fresh, Err(LedgerError::NumberTaken { .. })));
    let other = b.by(&["张三"], Act::CardIntent(intent(N, "C2", Some(seq))));
    assert_eq!(other, Err(LedgerError::OtherChip(N.into())));
    let second = b.by(&["张三"], Act::CardIntent(intent(N, "C1", Some(seq)))).unwrap();
    let stale = b.by(&["张三"], Act::CardOutcome(outcome(N, seq, Ending::Issued)));
    assert!(matches!(stale, Err(LedgerError::NoIntent { .. })));
    b.by(&["张三"], Act::CardOutcome(outcome(N, second, Ending::FailedPartial)))
        .unwrap();
    let other = b.by(&["张三"], Act::CardIntent(intent(N, "C2", Some(second))));
    assert_eq!(other, Err(LedgerError::OtherChip(N.into())));
    let third = b.by(&["张三"], Act::CardIntent(intent(N, "C1", Some(second)))).unwrap();
    b.by(&["张三"], Act::CardOutcome(outcome(N, third, Ending::FailedBlank)))
        .unwrap();
    let fourth = b.by(&["张三"], Act::CardIntent(intent(N, "C2", Some(third)))).unwrap();
    b.by(&["张三"], Act::CardOutcome(outcome(N, fourth, Ending::Issued)))
        .unwrap();
    assert_eq!(
        b.ledger.card(CardKind::User, N).unwrap().unwrap().chip.as_deref(),
        Some("C2")
    );
}

#[test]
fn a_chip_carries_one_number() {
    let mut b = Bench::new(open_policy());
    b.by(&["张三"], Act::CardIntent(intent(N, "C1", None))).unwrap();
    let other = b.by(&["张三"], Act::CardIntent(intent("00003100000000000002", "C1", None)));
    assert_eq!(other, Err(LedgerError::ChipTaken("C1".into())));
}

#[test]
fn a_void_number_stays_void() {
    let mut b = Bench::new(open_policy());
    let seq = b.by(&["张三"], Act::CardIntent(intent(N, "C1", None))).unwrap();
    let void = CardVoid {
        kind: CardKind::User,
        number: number(N),
        reason: text("dead chip"),
    };
    b.by(&["张三"], Act::CardVoid(void.clone())).unwrap();
    assert_eq!(b.by(&["张三"], Act::CardVoid(void)), Err(LedgerError::NoCard(N.into())));
    let resumed = b.by(&["张三"], Act::CardIntent(intent(N, "C1", Some(seq))));
    assert_eq!(
        resumed,
        Err(LedgerError::NotResumable {
            number: N.into(),
            status: "void".into()
        })
    );
    assert!(matches!(
        b.by(&["张三"], Act::CardIntent(intent(N, "C1", None))),
        Err(LedgerError::NumberTaken { .. })
    ));
}

#[test]
fn terminal_numbers_are_unique() {
    let mut b = Bench::new(open_policy());
    let psam = |n: &str, chip: &str| {
        let mut body = intent(n, chip, None);
        body.terminal = Some(number("310000000001"));
        Act::PsamIntent(body)
    };
    b.by(&["张三"], psam("1001", "P1")).unwrap();
    assert_eq!(
        b.by(&["张三"], psam("1002", "P2")),
        Err(LedgerError::TerminalTaken("310000000001".into()))
    );
    // Each kind of card has its own numbers.
    b.by(&["张三"], Act::CardIntent(intent("1001", "C1", None))).unwrap();
}

#[test]
fn no_card_without_an_approved_template_where_the_policy_asks_for_it() {
    let mut b = Bench::new(Policy {
        approved_templates: true,
        ..Policy::default()
    });
    let refused = b.by(&["张三"], Act::CardIntent(intent(N, "C1", None)));
    assert_eq!(refused, Err(LedgerError::TemplateNotApproved("mohurd-user".into())));
}

/// A load of card 1001, and what its intent says beforehand.
fn load() -> (
    cardmint::ledger::act::PurseTransaction,
    cardmint::ledger::act::PurseIntent,
) {
    let load = super::story::purse();
    let meant = super::story::meant(&load, 0);
    (load, meant)
}

#[test]
fn a_purse_intent_is_ended_once_and_only_by_what_it_intended() {
    use cardmint::ledger::act::{PurseClosed, PurseEnding};
    let mut b = Bench::new(open_policy());
    let (mut load, meant) = load();
    let number = load.number.to_string();
    let seq = b.by(&["张三"], Act::PurseIntent(meant.clone())).unwrap();
    let open = b.ledger.open_purse_intent(&number).unwrap();
    assert_eq!(open, Some((seq, meant.clone())));
    let second = b.by(&["张三"], Act::PurseIntent(meant.clone()));
    assert_eq!(second, Err(LedgerError::PurseOpen(number.clone())));
    let none = |intent| {
        Err(LedgerError::NoPurseIntent {
            number: number.clone(),
            intent,
        })
    };
    load.intent = Some(seq - 1);
    assert_eq!(b.by(&["张三"], Act::PurseLoad(load.clone())), none(seq - 1));
    (load.intent, load.amount) = (Some(seq), load.amount + 1);
    assert_eq!(
        b.by(&["张三"], Act::PurseLoad(load.clone())),
        none(seq),
        "another amount"
    );
    load.amount -= 1;
    b.by(&["张三"], Act::PurseLoad(load.clone())).unwrap();
    assert_eq!(b.by(&["张三"], Act::PurseLoad(load)), none(seq), "twice");
    assert_eq!(b.ledger.open_purse_intent(&number).unwrap(), None);
    let next = b.by(&["张三"], Act::PurseIntent(meant.clone())).unwrap();
    let closed = PurseClosed {
        number: meant.number.clone(),
        intent: next,
        result: PurseEnding::Unknown,
        reason: None,
        status_word: None,
    };
    b.by(&["张三"], Act::PurseClosed(closed.clone())).unwrap();
    assert_eq!(b.by(&["张三"], Act::PurseClosed(closed)), none(next));
}
