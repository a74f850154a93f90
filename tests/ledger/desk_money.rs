// SPDX-License-Identifier: Apache-2.0
//! Money at the customer desk, by the ledger's rules: what a new card is owed goes onto it once, and what was taken off an old
//! one is what is paid out. Every refusal is put to both verifiers too.

use cardmint::ledger::act::*;
use cardmint::ledger::centre::{CentreFault, LifeRow};
use cardmint::ledger::{Act, CardKind, Ending, LedgerError};

use super::bench_site::*;
use super::centre_story::*;
use super::story::{meant, purse, short};

#[track_caller]
fn refused(result: Result<u64, LedgerError>) {
    match result.unwrap_err() {
        LedgerError::Centre(CentreFault::Money { .. }) => {}
        other => panic!("{other:?}"),
    }
}

fn life(b: &Centre, n: u32) -> LifeRow {
    b.ledger.life(CardKind::User, &card(n)).unwrap().unwrap()
}

/// A transaction of a card, and its intent at the desk.
fn moved(n: u32, kind: &str, amount: u32, before: u32, desk: PurseDesk) -> (PurseIntent, PurseTransaction) {
    let mut transaction = purse();
    transaction.number = number(&card(n));
    (transaction.kind, transaction.amount) = (short(kind), amount);
    transaction.balance = None;
    transaction.terminal_counter = (kind == "06").then_some(9);
    let mut intent = meant(&transaction, before);
    intent.desk = Some(desk);
    (intent, transaction)
}

fn fulfilled(b: &mut Centre, (intent, mut transaction): (PurseIntent, PurseTransaction)) {
    let loads = intent.kind == short("02");
    transaction.intent = Some(b.by(OPERATOR, Act::PurseIntent(intent)).unwrap());
    let act = if loads { Act::PurseLoad } else { Act::PursePurchase };
    b.by(OPERATOR, act(transaction)).unwrap();
}

fn closed(b: &mut Centre, (intent, _): (PurseIntent, PurseTransaction), result: PurseEnding) {
    let number = intent.number.clone();
    let intent = b.by(OPERATOR, Act::PurseIntent(intent)).unwrap();
    let body = PurseClosed {
        number,
        intent,
        result,
        reason: None,
        status_word: None,
    };
    b.by(OPERATOR, Act::PurseClosed(body)).unwrap();
}

#[test]
fn what_a_new_card_is_owed_goes_onto_it_once() {
    let (mut b, _) = running();
    for n in 1..=4 {
        issue(&mut b, n, Ending::Issued);
    }
    let onto = |n, fen| moved(n, "02", fen, 0, PurseDesk::Transfer);
    refused(b.by(OPERATOR, Act::PurseIntent(onto(2, 500).0)));
    b.by(OPERATOR, Act::CardLost(change(1))).unwrap();
    b.by(BOTH, Act::CardReplace(successor(1, 2, Some(500)))).unwrap();
    assert_eq!(life(&b, 2).owed, Some(500));
    refused(b.by(OPERATOR, Act::PurseIntent(onto(2, 499).0)));
    refused(b.by(OPERATOR, Act::PurseIntent(onto(3, 500).0)));
    let paid = moved(2, "06", 500, 500, PurseDesk::Transfer);
    refused(b.by(OPERATOR, Act::PurseIntent(paid.0)));
    closed(&mut b, onto(2, 500), PurseEnding::NotDone);
    assert_eq!(life(&b, 2).owed, Some(500), "it may be tried again");
    fulfilled(&mut b, onto(2, 500));
    assert_eq!(life(&b, 2).owed, None);
    refused(b.by(OPERATOR, Act::PurseIntent(onto(2, 500).0)));
    // Nobody knows whether it went: it is not loaded a second time.
    b.by(OPERATOR, Act::CardLost(change(3))).unwrap();
    b.by(BOTH, Act::CardReplace(successor(3, 4, Some(7)))).unwrap();
    closed(&mut b, onto(4, 7), PurseEnding::Unknown);
    refused(b.by(OPERATOR, Act::PurseIntent(onto(4, 7).0)));
    b.verifies();
}

#[test]
fn what_was_taken_off_a_card_is_paid_out() {
    let (mut b, _) = running();
    for n in 1..=5 {
        issue(&mut b, n, Ending::Issued);
    }
    let off = |n, amount, before| moved(n, "06", amount, before, PurseDesk::Emptying);
    refused(b.by(OPERATOR, Act::PurseIntent(off(1, 499, 500).0)));
    let loaded = moved(1, "02", 500, 500, PurseDesk::Emptying);
    refused(b.by(OPERATOR, Act::PurseIntent(loaded.0)));
    closed(&mut b, off(1, 500, 500), PurseEnding::Unknown);
    closed(&mut b, off(1, 500, 500), PurseEnding::NotDone);
    fulfilled(&mut b, off(1, 500, 500));
    assert_eq!(life(&b, 1).emptied, Some(500));
    let mut more = purse();
    more.number = number(&card(1));
    refused(b.by(OPERATOR, Act::PurseLoad(more.clone())));
    refused(b.by(OPERATOR, Act::PurseIntent(meant(&more, 0))));
    let back = |n, balance| {
        Act::CardReturn(CardReturn {
            kind: CardKind::User,
            number: number(&card(n)),
            balance,
            deposit: None,
            reason: None,
        })
    };
    refused(b.by(OPERATOR, back(1, 0)));
    b.by(OPERATOR, back(1, 500)).unwrap();
    closed(&mut b, off(2, 300, 300), PurseEnding::DoneUnproved);
    let over = |balance| CardReplace {
        source: BalanceSource::Chip,
        balance: Some(balance),
        ..successor(2, 3, None)
    };
    refused(b.by(OPERATOR, Act::CardExchange(over(299))));
    refused(b.by(OPERATOR, Act::CardExchange(successor(2, 3, None))));
    b.by(OPERATOR, Act::CardExchange(over(300))).unwrap();
    assert_eq!(life(&b, 3).owed, Some(300));
    b.verifies();
}

#[test]
fn a_transaction_is_on_record_once() {
    let (mut b, _) = running();
    issue(&mut b, 1, Ending::Issued);
    let load = |counter, tac| {
        let mut load = purse();
        (load.number, load.counter, load.tac) = (number(&card(1)), counter, short(tac));
        load
    };
    let twice = || {
        Err(LedgerError::PurseTwice {
            number: card(1),
            counter: 1,
        })
    };
    b.by(OPERATOR, Act::PurseLoad(load(1, "0A1B2C3D"))).unwrap();
    assert_eq!(b.by(OPERATOR, Act::PurseLoad(load(1, "0A1B2C3D"))), twice());
    // Nor with other facts: the card counts.
    let mut other = load(1, "11111111");
    (other.amount, other.datetime) = (1, number("20261121012700"));
    assert_eq!(b.by(OPERATOR, Act::PurseLoad(other.clone())), twice());
    // Behind an intent neither, and the intent stays open.
    other.intent = Some(b.by(OPERATOR, Act::PurseIntent(meant(&other, 5000))).unwrap());
    assert_eq!(b.by(OPERATOR, Act::PurseLoad(other.clone())), twice());
    let body = PurseClosed {
        number: other.number.clone(),
        intent: other.intent.unwrap(),
        result: PurseEnding::NotDone,
        reason: None,
        status_word: None,
    };
    b.by(OPERATOR, Act::PurseClosed(body)).unwrap();
    // Purchases are counted apart, other cards too.
    let mut paid = load(1, "22222222");
    paid.kind = short("06");
    b.by(OPERATOR, Act::PursePurchase(paid)).unwrap();
    b.by(OPERATOR, Act::PurseLoad(load(2, "33333333"))).unwrap();
    let elsewhere = PurseTransaction {
        number: number("9999000000000001"),
        ..load(1, "0A1B2C3D")
    };
    b.by(OPERATOR, Act::PurseLoad(elsewhere)).unwrap();
    b.verifies();
}
