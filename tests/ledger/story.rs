// SPDX-License-Identifier: Apache-2.0
//! A ledger with every kind of entry, for the tests of verification and export.

use cardmint::ledger::act::*;
use cardmint::ledger::{Act, CardKind, Ending, Hash, Ledger, Policy, Role, ShortHex};

use super::bench_site::*;

const TWO: &[&str] = &["张三", "李四"];
const ONE: &[&str] = &["张三"];

pub fn arrived(id: &str) -> KeyArrived {
    KeyArrived {
        key: text(id),
        usage: text("load"),
        owner: text("city 3100"),
        version: 1,
        alg: text("3des"),
        kcv: short("2677F4"),
        state: KeyState::Active,
        from: None,
        parent: None,
        factors: Vec::new(),
        components: Vec::new(),
        method: None,
        package: None,
        ceremony: None,
    }
}

pub fn short(s: &str) -> ShortHex {
    ShortHex::new(s).unwrap()
}

pub fn purse() -> PurseTransaction {
    PurseTransaction {
        number: number("1001"),
        terminal: number("310000000001"),
        kind: short("02"),
        amount: 5000,
        balance: Some(5000),
        counter: 1,
        terminal_counter: None,
        datetime: number("20261121012634"),
        tac: short("0A1B2C3D"),
        intent: None,
    }
}

/// What a transaction's intent says beforehand.
pub fn meant(transaction: &PurseTransaction, balance: u32) -> PurseIntent {
    PurseIntent {
        number: transaction.number.clone(),
        terminal: transaction.terminal.clone(),
        kind: transaction.kind.clone(),
        amount: transaction.amount,
        balance,
        counter: transaction.counter,
        terminal_counter: transaction.terminal_counter,
        datetime: transaction.datetime.clone(),
        desk: None,
    }
}

/// Every act at least once, card 1001 issued at the second attempt, 1002 given up, a clock refused.
pub fn told() -> Bench {
    let mut b = Bench::new(Policy::production());
    let mut tell = |names: &[&str], act: Act| b.by(names, act).unwrap();
    let approve = |name: &str, digest| {
        Act::TemplateApprove(TemplateApprove {
            template: text(name),
            digest,
        })
    };
    tell(TWO, approve("mohurd-user", Hash::of(&[b"template"])));
    tell(TWO, Act::KeyGenerate(arrived("load/1")));
    let mut part = arrived("purchase/1");
    part.components = vec![short("AABBCC"), short("112233")];
    tell(TWO, Act::KeyImport(part));
    let mut child = arrived("child/1");
    (child.parent, child.factors) = (Some(text("load/1")), vec![short("3100FF0000000000")]);
    tell(TWO, Act::KeyDerive(child));
    let mut received = arrived("tac/1");
    (received.from, received.package) = (Some(text("住房和城乡建设部")), Some(Hash::of(&[b"package"])));
    tell(TWO, Act::KeyReceive(received));
    let (key, kcv) = (text("load/1"), short("2677F4"));
    let form = text("sealed package");
    let out = KeyExport {
        key: key.clone(),
        kcv: kcv.clone(),
        to: text("region \"A\" \\"),
        form,
        factors: vec![],
        package: None,
        ceremony: None,
    };
    tell(TWO, Act::KeyExport(out));
    tell(
        &["张三", "李四", "王五"],
        Act::OfficerEnrol(officer("王五", 3, &[Role::Auditor])),
    );
    let mut first = intent("1001", "C1", None);
    first.keys = vec![KeyUse {
        key: text("load/1"),
        usage: text("load v1"),
        kcv: short("998877"),
    }];
    let seq = tell(ONE, Act::CardIntent(first));
    let mut torn = outcome("1001", seq, Ending::InDoubt);
    (torn.reason, torn.status_word) = (Some(text("card-removed")), Some(short("6F00")));
    tell(ONE, Act::CardOutcome(torn));
    let seq = tell(ONE, Act::CardIntent(intent("1001", "C1", Some(seq))));
    let mut done = outcome("1001", seq, Ending::Issued);
    done.proof = Some(Hash::of(&[b"read back"]));
    tell(ONE, Act::CardOutcome(done));
    tell(ONE, Act::CardIntent(intent("1002", "C2", None)));
    let void = CardVoid {
        kind: CardKind::User,
        number: number("1002"),
        reason: text("坏卡"),
    };
    tell(TWO, Act::CardVoid(void));
    let mut psam = intent("2001", "P1", None);
    (psam.terminal, psam.raw, psam.batch) = (Some(number("310000000001")), true, Some(text("order 7")));
    let seq = tell(ONE, Act::PsamIntent(psam));
    tell(ONE, Act::PsamOutcome(outcome("2001", seq, Ending::Issued)));
    tell(ONE, Act::PurseLoad(purse()));
    let mut spent = purse();
    (spent.kind, spent.terminal_counter, spent.balance) = (short("06"), Some(9), None);
    tell(ONE, Act::PursePurchase(spent));
    let export = LedgerExport {
        format: text("csv"),
        content: None,
        from: 0,
        to: 5,
        since: None,
        until: None,
        act: None,
        number: None,
        batch: None,
        by: None,
        holders: false,
        reason: None,
        entries: 5,
        digest: Hash::of(&[b"file"]),
    };
    tell(&["王五"], Act::LedgerExport(export));
    tell(
        TWO,
        Act::PolicyChange(PolicyChange {
            policy: Policy::production().with("purse.load", 2, &[]),
        }),
    );
    tell(
        TWO,
        Act::OfficerRevoke(OfficerRevoke {
            name: text("王五"),
            reason: text("left"),
            ceremony: None,
        }),
    );
    let (size, root) = (b.ledger.size(), b.ledger.root_at(b.ledger.size()).unwrap());
    b.by(
        TWO,
        Act::CheckpointRenew(CheckpointRenew {
            reason: text("stick lost"),
            size,
            root,
        }),
    )
    .unwrap();
    append(&mut b.ledger, ONE, approve("late", Hash::default()), &at(3)).unwrap_err();
    b.by(
        TWO,
        Act::PinSet(PinSet {
            name: text("user default"),
            ceremony: None,
        }),
    )
    .unwrap();
    let reason = text("end of year");
    b.by(
        TWO,
        Act::KeyRetire(KeyRetire {
            key,
            kcv,
            state: KeyState::Retired,
            reason,
            ceremony: None,
        }),
    )
    .unwrap();
    let mut again = purse();
    (again.counter, again.balance) = (2, Some(10000));
    let seq = b.by(TWO, Act::PurseIntent(meant(&again, 5000))).unwrap();
    again.intent = Some(seq);
    b.by(TWO, Act::PurseLoad(again)).unwrap();
    let mut third = purse();
    third.counter = 3;
    let intent = b.by(TWO, Act::PurseIntent(meant(&third, 10000))).unwrap();
    let torn = PurseClosed {
        number: third.number,
        intent,
        result: PurseEnding::NotDone,
        reason: Some(text("the counter has not moved")),
        status_word: None,
    };
    b.by(TWO, Act::PurseClosed(torn)).unwrap();
    b.checkpoint();
    b
}

pub fn lines(ledger: &Ledger) -> Vec<Vec<u8>> {
    (0..ledger.size()).map(|seq| ledger.line(seq).unwrap()).collect()
}

pub fn joined(lines: &[Vec<u8>]) -> Vec<u8> {
    lines
        .iter()
        .flat_map(|line| [line.as_slice(), b"\n"].concat())
        .collect()
}
