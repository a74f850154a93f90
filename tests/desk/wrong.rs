// SPDX-License-Identifier: Apache-2.0
//! What is wrong at the desk: a copied card, a card of somebody else, a card that refuses, a PIN that is another, an amount by
//! hand without a supervisor. Which message, which exit code, and what the ledger has afterwards.

use cardmint::batch::desk::{Change, identify};
use cardmint::card::CardSession;
use cardmint::error::{Exit, Fault};
use cardmint::ledger::act::{Act, DeskEnding};
use cardmint::sim::{Chip, SimCard, SimFault, SimOptions, seeded_serial};

use crate::centre::{Centre, faulty, on_reader, order, pairs, pin};
use crate::counter::{Card, Counter};

fn mohurd() -> Counter {
    Counter::new("mohurd-user", Centre::new("mohurd", "city", "3100"))
}

fn refusal(counter: &Counter, card: &Card, said: Option<&str>) -> (String, Exit) {
    let mut reader = on_reader(&card.chip);
    let mut conversation = CardSession::new(&mut reader, counter.template.dialect);
    let found = identify(&counter.centre.session, &counter.template, said, &mut conversation);
    let e = found.err().unwrap();
    (e.msg().id().to_owned(), e.exit())
}

#[test]
fn a_copy_and_a_strangers_card_are_known_before_any_command_that_writes() {
    let (mut counter, mut other) = (mohurd(), mohurd());
    let card = counter.issue(1);
    assert_eq!(
        refusal(&counter, &card, Some("3100000000000009")),
        ("desk-other-card".to_owned(), Exit::Check)
    );
    // The same number on another chip, by whoever has the templates.
    other.issue(2);
    let chip = std::sync::Arc::new(std::sync::Mutex::new(
        SimCard::new(Chip::Fmcos, seeded_serial(7, 77), SimOptions::default(), false).seeded(77),
    ));
    let script = other
        .centre
        .script(&other.template, &pairs(&order(&other.template, 1)))
        .unwrap();
    other
        .centre
        .issue(&other.template, &script, &mut on_reader(&chip))
        .unwrap();
    let copy = Card {
        chip,
        number: card.number.clone(),
    };
    assert_eq!(
        refusal(&counter, &copy, None),
        ("desk-other-chip".to_owned(), Exit::Check)
    );
    let strange = other.issue(3);
    assert_eq!(refusal(&counter, &strange, None).0, "batch-no-card");
}

/// How the last act ended in the ledger.
fn last(counter: &Counter) -> (DeskEnding, Option<String>, Option<String>) {
    let ledger = &counter.centre.session.ledger;
    match ledger.entry(ledger.size() - 1).unwrap().act {
        Act::CardDone(done) => (
            done.result,
            done.reason.map(|r| r.to_string()),
            done.status_word.map(|sw| sw.to_string()),
        ),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_card_that_refuses_is_asked_what_it_shows() {
    let mut counter = mohurd();
    let card = counter.issue(1);
    let commands = counter.visit(&mut on_reader(&card.chip), Change::Block).2;
    counter.done(&card, Change::Unblock);
    // The block is sent before the two selections that look at it afterwards.
    let at = commands - 2;
    for (sw, id, exit) in [
        (0x6988, "card-wrong-mac", Exit::Check),
        (0x6581, "card-refused", Exit::Device),
    ] {
        let mut reader = faulty(&card.chip, at, SimFault::WrongStatus { sw });
        let (ended, ..) = counter.visit(&mut reader, Change::Block);
        let e = ended.unwrap_err();
        assert_eq!((e.msg().id(), e.exit()), (id, exit), "{e}");
        let status = Some(format!("{sw:04X}"));
        assert_eq!(last(&counter), (DeskEnding::NotDone, Some(id.to_owned()), status));
        assert!(!counter.blocked(&card));
    }
    counter.done(&card, Change::Block);
    counter.centre.verify_ledger();
}

#[test]
fn a_pin_that_is_another_has_its_tries_and_is_said_to_be_another() {
    let mut counter = mohurd();
    // A card that keeps its PIN at PIN UNBLOCK.
    let options = SimOptions {
        pin_unblock_sets_pin: false,
        ..SimOptions::default()
    };
    let chip = std::sync::Arc::new(std::sync::Mutex::new(
        SimCard::new(Chip::Fmcos, seeded_serial(7, 5), options, false).seeded(5),
    ));
    let script = counter
        .centre
        .script(&counter.template, &pairs(&order(&counter.template, 5)))
        .unwrap();
    counter
        .centre
        .issue(&counter.template, &script, &mut on_reader(&chip))
        .unwrap();
    let card = Card {
        chip,
        number: script.number.clone(),
    };
    counter.lock_pin(&card);
    let (other, own) = (pin("111222"), pin("123456"));
    let (ended, ..) = counter.visit(&mut on_reader(&card.chip), Change::PinUnblock(&other));
    let e = ended.unwrap_err();
    assert_eq!((e.msg().id(), e.exit()), ("desk-pin-not-taken", Exit::Check));
    assert_eq!(last(&counter).0, DeskEnding::Done, "the tries are there again");
    assert_eq!(counter.verify(&card, &own), 0x9000);
    counter.lock_pin(&card);
    counter.done(&card, Change::PinUnblock(&own));
    counter.lock_pin(&card);
    counter.done(&card, Change::PinReload(&other));
    assert_eq!(counter.verify(&card, &other), 0x9000);
    counter.centre.verify_ledger();
}

#[test]
fn a_torn_pin_act_without_its_pin_ends_as_unknown() {
    let mut counter = mohurd();
    let card = counter.issue(1);
    let new = pin("246802");
    let commands = counter.visit(&mut on_reader(&card.chip), Change::PinReload(&new)).2;
    let mut reader = faulty(&card.chip, commands, SimFault::TearBefore);
    assert!(counter.visit(&mut reader, Change::PinReload(&new)).0.is_err());
    assert_eq!(counter.open_act(&card).as_deref(), Some("pin.reload"));
    let (ended, settled, _) = counter.visit(&mut on_reader(&card.chip), Change::Block);
    ended.unwrap();
    assert_eq!(settled.unwrap().result, DeskEnding::Unknown);
    counter.centre.verify_ledger();
}
