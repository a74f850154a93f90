// SPDX-License-Identifier: Apache-2.0
//! Money that goes from an old card to a new one, or out of the till: torn at every command of both cards, no fen is paid
//! twice and none is lost.

use cardmint::error::{Exit, Fault};
use cardmint::sim::SimFault;

use crate::centre::{faulty, on_reader};
use crate::counter::Card;
use crate::till::Till;

const FAULTS: [SimFault; 3] = [SimFault::TearBefore, SimFault::TearDuring, SimFault::TearAfter];

fn is_torn(e: &cardmint::batch::desk::DeskError) -> bool {
    let known = ["transport-card-removed", "card-transaction-torn"];
    known.contains(&e.msg().id()) && e.exit() == Exit::Device
}

fn state(till: &Till, card: &Card) -> String {
    till.life(card).map_or_else(|| "in-use".to_owned(), |life| life.state)
}

/// One exchange, torn once on the way or not at all; the new card has the money afterwards.
fn exchanged(till: &mut Till, old: &Card, new: &Card, psam: bool, tear: Option<(bool, u32, SimFault)>) {
    let fen = Till::balance(old);
    let where_ = format!("psam {psam}, {tear:?}");
    if let Some((true, at, fault)) = tear {
        let e = till
            .exchange(&mut faulty(&old.chip, at, fault), (old, new), psam)
            .unwrap_err();
        assert!(is_torn(&e), "{where_}: {} {e}", e.msg().id());
        assert_eq!(state(till, old), "in-use", "{where_}");
    }
    till.exchange(&mut on_reader(&old.chip), (old, new), psam)
        .unwrap_or_else(|e| panic!("{where_}: {} {e}", e.msg().id()));
    if let Some((false, at, fault)) = tear {
        let (torn, _) = till.transfer(&mut faulty(&new.chip, at, fault));
        let e = torn.unwrap_err();
        assert!(is_torn(&e), "{where_}: {} {e}", e.msg().id());
    }
    let (done, _) = till.transfer(&mut on_reader(&new.chip));
    let done = done.unwrap_or_else(|e| panic!("{where_}: {} {e}", e.msg().id()));
    assert!(done.is_none_or(|went| went == fen), "{where_}");
    assert_eq!(Till::balance(new), fen, "{where_}: all of it, once");
    assert_eq!(Till::balance(old), if psam { 0 } else { fen }, "{where_}");
    assert!(till.counter.blocked(old), "{where_}: no terminal takes the old card");
    let life = till.life(old).unwrap();
    assert_eq!(
        (life.state.as_str(), life.emptied, life.replaced_by.as_deref()),
        ("exchanged", psam.then_some(fen), Some(new.number.as_str())),
        "{where_}"
    );
    assert_eq!(till.life(new).unwrap().owed, None, "{where_}");
    let (again, _) = till.transfer(&mut on_reader(&new.chip));
    assert_eq!(again.unwrap(), None, "{where_}: nothing is owed any more");
}

#[test]
fn an_exchange_torn_at_every_command_moves_every_fen_once() {
    let mut till = Till::new();
    for psam in [false, true] {
        let (mut old, new) = (till.issue(), till.issue());
        till.load(&old, 1234).unwrap();
        let on_old = till.exchange(&mut on_reader(&old.chip), (&old, &new), psam).unwrap();
        let (done, on_new) = till.transfer(&mut on_reader(&new.chip));
        assert_eq!(done.unwrap(), Some(1234));
        assert!(on_old > 10 && on_new > 5, "{on_old} {on_new}");
        old = new;
        for (first, commands) in [(true, on_old), (false, on_new)] {
            for at in 1..=commands {
                for fault in FAULTS {
                    let new = till.issue();
                    exchanged(&mut till, &old, &new, psam, Some((first, at, fault)));
                    old = new;
                }
            }
        }
    }
    till.counter.centre.verify_ledger();
}

#[test]
fn a_return_torn_at_every_command_pays_out_what_was_on_the_card() {
    let mut till = Till::new();
    for psam in [false, true] {
        let card = till.issue();
        till.load(&card, 777).unwrap();
        let (paid, commands) = till.give_back(&mut on_reader(&card.chip), psam).unwrap();
        assert_eq!(paid, 777);
        for at in 1..=commands {
            let fault = FAULTS[at as usize % 3];
            let where_ = format!("psam {psam}, command {at} of {commands}, {fault:?}");
            let card = till.issue();
            till.load(&card, 777).unwrap();
            let e = till.give_back(&mut faulty(&card.chip, at, fault), psam).unwrap_err();
            assert!(is_torn(&e), "{where_}: {} {e}", e.msg().id());
            let (paid, _) = till
                .give_back(&mut on_reader(&card.chip), psam)
                .unwrap_or_else(|e| panic!("{where_}: {} {e}", e.msg().id()));
            assert_eq!(paid, 777, "{where_}");
            assert_eq!(state(&till, &card), "returned", "{where_}");
            assert!(till.counter.blocked(&card), "{where_}");
            let e = till.give_back(&mut on_reader(&card.chip), psam).unwrap_err();
            assert_eq!(e.msg().id(), "centre-life", "{where_}: nothing is paid out twice");
        }
    }
    till.counter.centre.verify_ledger();
}
