// SPDX-License-Identifier: Apache-2.0
//! A card torn away at every command of a visit, before, during and after its effect: the next visit settles what is open by
//! what the chip shows, and ends as if nothing had happened.

use cardmint::batch::desk::Change;
use cardmint::crypto::SecretBytes;
use cardmint::error::{Exit, Fault};
use cardmint::ledger::CardKind;
use cardmint::ledger::act::DeskEnding;
use cardmint::sim::SimFault;

use crate::centre::{Centre, faulty, on_reader, pin};
use crate::counter::{Card, Counter};

const FAULTS: [SimFault; 3] = [SimFault::TearBefore, SimFault::TearDuring, SimFault::TearAfter];

/// What a visit does, what brings the card to where it can be done, and what shows that it was done.
struct Case<'a> {
    name: &'a str,
    before: &'a dyn Fn(&mut Counter, &Card),
    change: &'a dyn Fn(u32) -> Wanted,
    holds: &'a dyn Fn(&Counter, &Card, u32) -> bool,
}

/// A change that owns what it is about.
enum Wanted {
    Extend(String),
    Block,
    Unblock,
    PinUnblock(SecretBytes),
    PinReload(SecretBytes),
}

impl Wanted {
    fn change(&self) -> Change<'_> {
        match self {
            Self::Extend(until) => Change::Extend(until),
            Self::Block => Change::Block,
            Self::Unblock => Change::Unblock,
            Self::PinUnblock(pin) => Change::PinUnblock(pin),
            Self::PinReload(pin) => Change::PinReload(pin),
        }
    }
}

fn torn_everywhere(name: &str, centre: Centre) {
    let mut counter = Counter::new(name, centre);
    let mut card = counter.issue(1);
    let blocked = |counter: &mut Counter, card: &Card| {
        if !counter.blocked(card) {
            counter.done(card, Change::Block);
        }
    };
    let free = |counter: &mut Counter, card: &Card| {
        if counter.blocked(card) {
            counter.done(card, Change::Unblock);
        }
    };
    let locked = |counter: &mut Counter, card: &Card| {
        free(counter, card);
        counter.lock_pin(card);
    };
    let digits = |n: u32| format!("{:06}", 100_000 + n);
    let cases = [
        Case {
            name: "extend",
            before: &free,
            change: &|n| Wanted::Extend(format!("{}", 21_000_101 + 10_000 * n)),
            holds: &|counter, card, n| {
                let day = format!("{}", 21_000_101 + 10_000 * n);
                let days = counter.days(card);
                !days.is_empty() && days.iter().all(|d| *d == day)
            },
        },
        Case {
            name: "block",
            before: &free,
            change: &|_| Wanted::Block,
            holds: &|counter, card, _| counter.blocked(card),
        },
        Case {
            name: "unblock",
            before: &blocked,
            change: &|_| Wanted::Unblock,
            holds: &|counter, card, _| !counter.blocked(card),
        },
        Case {
            name: "pin-reload",
            before: &locked,
            change: &|n| Wanted::PinReload(pin(&digits(n))),
            holds: &|counter, card, n| counter.verify(card, &pin(&digits(n))) == 0x9000,
        },
        Case {
            name: "pin-unblock",
            before: &locked,
            change: &|_| Wanted::PinUnblock(pin("123456")),
            holds: &|counter, card, _| counter.verify(card, &pin("123456")) == 0x9000,
        },
    ];
    for case in &cases {
        let mut n = 0;
        (case.before)(&mut counter, &card);
        let (ended, _, commands) = counter.visit(&mut on_reader(&card.chip), (case.change)(n).change());
        ended.unwrap_or_else(|e| panic!("{name} {}: {e}", case.name));
        assert!((case.holds)(&counter, &card, n), "{name} {}", case.name);
        assert!(commands > 4, "{name} {}: {commands}", case.name);
        let mut settled = [0; 3];
        for at in 1..=commands {
            for fault in FAULTS {
                n += 1;
                let ending = torn_once(&mut counter, &card, case, n, (at, fault));
                settled[ending] += 1;
            }
        }
        assert!(settled[1] > 0 && settled[2] > 0, "{name} {}: {settled:?}", case.name);
        card = if case.name == "extend" { counter.issue(2) } else { card };
    }
    counter.centre.verify_ledger();
}

/// One tear and the visit after it. 0: nothing was open; 1: it had happened; 2: it had not.
fn torn_once(counter: &mut Counter, card: &Card, case: &Case<'_>, n: u32, (at, fault): (u32, SimFault)) -> usize {
    (case.before)(counter, card);
    let where_ = format!("{} {}: command {at}, {fault:?}", counter.template.name, case.name);
    let wanted = (case.change)(n);
    let (torn, _, _) = counter.visit(&mut faulty(&card.chip, at, fault), wanted.change());
    let e = torn.err().unwrap_or_else(|| panic!("{where_}: was not torn"));
    assert_eq!(
        (e.msg().id(), e.exit()),
        ("transport-card-removed", Exit::Device),
        "{where_}: {e}"
    );
    let open = counter.open_act(card);
    let shown = (case.holds)(counter, card, n);
    let before = counter.entries();
    let (ended, settled, _) = counter.visit(&mut on_reader(&card.chip), wanted.change());
    let carried = ended.unwrap_or_else(|e| panic!("{where_}: {} {e}", e.msg().id()));
    assert_eq!(open.is_some(), settled.is_some(), "{where_}");
    assert!((case.holds)(counter, card, n), "{where_}");
    assert_eq!(counter.open_act(card), None, "{where_}");
    let life = counter.centre.session.ledger.life(CardKind::User, &card.number);
    assert_eq!(life.unwrap().unwrap().blocked, counter.blocked(card), "{where_}");
    let added = counter.entries() - before;
    match settled {
        None => {
            assert_eq!(added, 2, "{where_}");
            assert!(!shown, "{where_}: written and not announced");
            0
        }
        Some(s) if s.result == DeskEnding::Done => {
            // A last day of which half was written is finished rather than announced anew.
            assert_eq!((added, carried.intent), (1, s.intent), "{where_}");
            assert!(shown || case.name == "extend", "{where_}");
            1
        }
        Some(s) => {
            assert_eq!((s.result, added, shown), (DeskEnding::NotDone, 3, false), "{where_}");
            2
        }
    }
}

#[test]
fn mohurd() {
    torn_everywhere("mohurd-user", Centre::new("mohurd", "city", "3100"));
}

#[test]
fn mot() {
    torn_everywhere("mot-user", Centre::dual_mot());
}

#[test]
fn metro() {
    torn_everywhere("metro-user", Centre::new("metro", "city", ""));
}
