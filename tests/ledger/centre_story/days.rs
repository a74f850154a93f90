// SPDX-License-Identifier: Apache-2.0
//! The parts of the story: blanks, PSAMs, cards in use, the blacklist.

use super::*;

pub(super) fn stock(b: &mut Centre) {
    let back = StockTakeBack {
        lot: text("L1"),
        from: text("张三"),
        count: 3,
        serials: Vec::new(),
    };
    b.by(SUPERVISOR, Act::StockTakeBack(back)).unwrap();
    let counted = StockCount {
        lot: text("L1"),
        of: None,
        expected: 11,
        counted: 11,
    };
    b.by(OPERATOR, Act::StockCount(counted)).unwrap();
    let returned = StockReturn {
        lot: text("L1"),
        count: 4,
        serials: Vec::new(),
        reason: Some(text("wrong print")),
    };
    b.by(BOTH, Act::StockReturn(returned)).unwrap();
}

/// A lot with serial numbers, and a PSAM of an order with terminal numbers on one of its blanks.
pub(super) fn psam(b: &mut Centre) {
    let mut lot = delivery("P1", 2);
    (lot.serials, lot.document) = (vec![number("P7"), number("P8")], Some(text("note 4711")));
    b.by(SUPERVISOR, Act::StockReceive(lot)).unwrap();
    let mut out = hand_out("P1", "张三", 1);
    out.serials = vec![number("P7")];
    b.by(SUPERVISOR, Act::StockHandOut(out)).unwrap();
    let mut terminals = range("T", 0, 0);
    (terminals.kind, terminals.template) = (RangeKind::Terminal, Some(text("mohurd-user")));
    (terminals.from, terminals.to) = (number("310000000001"), number("310000000999"));
    b.by(SUPERVISOR, Act::RangeReserve(terminals)).unwrap();
    let mut order = order("psams", Vec::new(), 1);
    order.kind = CardKind::Psam;
    order.holders = Some(Hash::of(&[b"nobody"]));
    let psam = number("31000000000000000001");
    order.numbers = vec![Span {
        from: psam.clone(),
        to: psam.clone(),
        range: None,
    }];
    let terminal = number("310000000001");
    order.terminals = vec![Span {
        from: terminal.clone(),
        to: terminal.clone(),
        range: Some(text("T")),
    }];
    b.by(OPERATOR, Act::OrderImport(order.clone())).unwrap();
    let batch = batch("P", &order);
    b.by(OPERATOR, Act::BatchNew(batch.clone())).unwrap();
    b.by(SUPERVISOR, approval(&batch)).unwrap();
    b.by(OPERATOR, begin(&batch)).unwrap();
    let mut body = intent(psam.as_str(), "P7", None);
    (body.batch, body.lot, body.terminal) = (Some(text("P")), Some(text("P1")), Some(terminal));
    let seq = b.by(OPERATOR, Act::PsamIntent(body)).unwrap();
    b.by(OPERATOR, Act::PsamOutcome(outcome(psam.as_str(), seq, Ending::Issued)))
        .unwrap();
}

pub(super) fn cards(b: &mut Centre) {
    b.by(OPERATOR, Act::CardLost(change(1))).unwrap();
    b.by(OPERATOR, Act::CardFound(change(1))).unwrap();
    b.by(OPERATOR, Act::CardLost(change(1))).unwrap();
    b.by(BOTH, Act::CardReplace(successor(1, 2, Some(1850)))).unwrap();
    b.by(OPERATOR, Act::CardExchange(successor(3, 4, None))).unwrap();
    let returned = CardReturn {
        kind: CardKind::User,
        number: number(&card(4)),
        balance: 0,
        deposit: Some(2000),
        reason: None,
    };
    b.by(OPERATOR, Act::CardReturn(returned)).unwrap();
    let extended = CardExtend {
        kind: CardKind::User,
        number: number(&card(5)),
        until: number("20401231"),
    };
    let seq = b.by(OPERATOR, Act::CardExtend(extended)).unwrap();
    b.by(OPERATOR, done(5, seq, DeskEnding::Done)).unwrap();
    for act in [Act::CardBlock, Act::CardUnblock, Act::PinUnblock, Act::PinReload] {
        let seq = b.by(OPERATOR, act(change(5))).unwrap();
        b.by(OPERATOR, done(5, seq, DeskEnding::Done)).unwrap();
    }
    let mut load = purse();
    load.number = number(&card(5));
    b.by(OPERATOR, Act::PurseLoad(load)).unwrap();
    b.by(OPERATOR, Act::CardCancel(change(5))).unwrap();
}

pub(super) fn blacklist(b: &mut Centre) {
    let add = BlacklistAdd {
        kind: CardKind::User,
        from: number(&card(1)),
        to: number(&card(1)),
        until: Some(number("20351231")),
        reason: text("lost"),
    };
    b.by(OPERATOR, Act::BlacklistAdd(add.clone())).unwrap();
    let full = BlacklistPublish {
        sequence: 1,
        form: ListForm::Full,
        base: None,
        date: number("20261118"),
        count: 1,
        digest: Hash::of(&[b"list 1"]),
    };
    b.by(SUPERVISOR, Act::BlacklistPublish(full.clone())).unwrap();
    let confirm = BlacklistConfirm {
        sequence: 1,
        by: text("公交公司"),
    };
    b.by(OPERATOR, Act::BlacklistConfirm(confirm)).unwrap();
    let remove = BlacklistRemove {
        kind: add.kind,
        from: add.from,
        to: add.to,
        reason: text("found"),
    };
    b.by(SUPERVISOR, Act::BlacklistRemove(remove)).unwrap();
    let delta = BlacklistPublish {
        sequence: 2,
        form: ListForm::Delta,
        base: Some(1),
        ..full
    };
    b.by(SUPERVISOR, Act::BlacklistPublish(delta)).unwrap();
}
