// SPDX-License-Identifier: Apache-2.0
//! Who may do what.

use super::bench_site::*;
use cardmint::ledger::act::{KeyArrived, KeyState, OfficerRevoke, PolicyChange};
use cardmint::ledger::{Act, LedgerError, Policy, Role, ShortHex, Signer};
use ed25519_dalek::Signer as _;

fn generate(id: &str) -> Act {
    Act::KeyGenerate(KeyArrived {
        key: text(id),
        usage: text("load"),
        owner: text("city 3100"),
        version: 1,
        alg: text("3des"),
        kcv: ShortHex::new("2677F4").unwrap(),
        state: KeyState::Active,
        from: None,
        parent: None,
        factors: Vec::new(),
        components: Vec::new(),
        method: None,
        package: None,
        ceremony: None,
    })
}

#[test]
fn two_officer_acts_need_two_different_officers() {
    let mut b = Bench::new(Policy::production());
    let one = b.by(&["张三"], generate("k1"));
    assert_eq!(
        one,
        Err(LedgerError::TooFewOfficers {
            act: "key.generate".into(),
            needs: 2,
            has: 1
        })
    );
    assert_eq!(
        b.by(&["张三", "张三"], generate("k1")),
        Err(LedgerError::SignedTwice("张三".into()))
    );
    assert_eq!(
        b.by(&["张三", "王五"], generate("k1")),
        Err(LedgerError::UnknownOfficer("王五".into()))
    );
    b.by(&["张三", "李四"], generate("k1")).unwrap();
    assert_eq!(
        b.by(&["张三", "李四"], generate("k1")),
        Err(LedgerError::KeyTaken("k1".into()))
    );
}

#[test]
fn a_signature_is_by_the_enrolled_key() {
    let mut b = Bench::new(open_policy());
    let wrong = key(7);
    let sign = |m: &[u8]| wrong.sign(m).to_bytes();
    let signer = Signer {
        officer: "张三",
        sign: &sign,
    };
    assert_eq!(
        b.ledger.append(generate("k"), &[signer], &at(5)),
        Err(LedgerError::WrongSignature("张三".into()))
    );
    assert_eq!(b.ledger.append(generate("k"), &[], &at(5)), Err(LedgerError::Unsigned));
    assert_eq!(b.ledger.size(), 1);
}

#[test]
fn one_key_under_two_names_is_refused() {
    let mut b = Bench::new(Policy::production());
    let twin = Act::OfficerEnrol(officer("王五", 1, &[Role::Witness]));
    let refused = b.by(&["张三", "李四", "王五"], twin);
    assert!(
        matches!(
            refused,
            Err(LedgerError::WrongSignature(_) | LedgerError::OfficerTaken(_))
        ),
        "{refused:?}"
    );
}

#[test]
fn a_new_officer_signs_too_and_does_not_approve_himself() {
    let mut b = Bench::new(Policy::production());
    let new = || Act::OfficerEnrol(officer("王五", 3, &[Role::Witness]));
    assert!(matches!(
        b.by(&["张三", "王五"], new()),
        Err(LedgerError::TooFewOfficers { needs: 2, has: 1, .. })
    ));
    assert!(matches!(
        b.by(&["张三", "李四"], new()),
        Err(LedgerError::WrongSignature(_))
    ));
    assert!(b.by(&["王五", "张三", "李四"], new()).is_err());
    b.by(&["张三", "李四", "王五"], new()).unwrap();
    b.by(&["王五", "张三"], generate("k2")).unwrap();
    let gone = OfficerRevoke {
        name: text("王五"),
        reason: text("left"),
        ceremony: None,
    };
    b.by(&["张三", "李四"], Act::OfficerRevoke(gone)).unwrap();
    assert_eq!(
        b.by(&["王五", "张三"], generate("k3")),
        Err(LedgerError::RevokedOfficer("王五".into()))
    );
    assert_eq!(
        b.by(&["张三", "李四", "王五"], new()),
        Err(LedgerError::RevokedOfficer("王五".into()))
    );
}

#[test]
fn roles_are_kept() {
    let policy = Policy::default().with("key.generate", 1, &[Role::KeyOfficer]);
    let mut b = Bench::new(policy);
    let refused = b.by(&["李四"], generate("k1"));
    assert_eq!(
        refused,
        Err(LedgerError::WrongRole {
            officer: "李四".into(),
            act: "key.generate".into()
        })
    );
    b.by(&["张三"], generate("k1")).unwrap();
}

#[test]
fn nobody_relaxes_the_policy_alone() {
    let mut b = Bench::new(open_policy());
    let change = || {
        Act::PolicyChange(PolicyChange {
            policy: Policy::production(),
        })
    };
    assert!(matches!(
        b.by(&["张三"], change()),
        Err(LedgerError::TooFewOfficers { needs: 2, .. })
    ));
    b.by(&["张三", "李四"], change()).unwrap();
    assert!(matches!(
        b.by(&["张三"], generate("k1")),
        Err(LedgerError::TooFewOfficers { .. })
    ));
    let reopened = b.ledger.state().clone();
    b.checkpoint();
    assert_eq!(b.open().unwrap().state(), &reopened);
}

#[test]
fn a_clock_that_runs_backwards_is_refused_and_recorded() {
    let mut b = Bench::new(open_policy());
    append(&mut b.ledger, &["张三"], generate("k1"), &at(100)).unwrap();
    for second in [50, 40, 60] {
        let refused = append(&mut b.ledger, &["张三"], generate("k2"), &at(second));
        assert!(matches!(refused, Err(LedgerError::ClockBackwards { .. })));
    }
    assert_eq!(b.ledger.size(), 2);
    let seq = append(&mut b.ledger, &["张三"], generate("k2"), &at(101)).unwrap();
    assert_eq!(seq, 3);
    let Act::ClockRefused(body) = b.ledger.entry(2).unwrap().act else {
        panic!("entry 2 records the clock")
    };
    assert_eq!((body.attempts, body.earliest.as_str()), (3, "2026-11-18T11:07:20Z"));
    append(&mut b.ledger, &["张三"], generate("k3"), &at(101)).unwrap();
    assert_eq!(b.ledger.size(), 5, "recorded once");
}
