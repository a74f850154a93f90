// SPDX-License-Identifier: Apache-2.0
//! Runs of a batch: undisturbed, torn, unplugged, stopped, paused, twice at once.

mod loading;
mod refused;
mod swapped;

use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};
use std::thread;

use cardmint::batch::BatchError;
use cardmint::batch::run::{Answer, Control, Event, Question};
use cardmint::crypto::Algorithm;
use cardmint::error::Fault;
use cardmint::keys::KeyStore;
use cardmint::ledger::act::{Act, BatchPause};
use cardmint::ledger::centre::CentreFault;
use cardmint::ledger::{CardKind, LedgerError};
use cardmint::sim::{PlannedFault, SimFault, SimFaults};
use cardmint::transport::source::CardSource;

use super::centre::{self, Centre, Shared, state};
use super::floor::{Floor, Rows, Seen, Tray, run_on, text};

fn torn_at(at: u32, fault: SimFault) -> SimFaults {
    SimFaults::once(at, fault)
}

fn always(at: u32, fault: SimFault) -> SimFaults {
    SimFaults::new(vec![PlannedFault {
        at,
        fault,
        repeat: true,
    }])
}

/// What stands on the cards, by number.
fn states(floor: &Floor) -> Vec<serde_json::Value> {
    let numbers = floor.rows.0.iter().map(|row| &row.number);
    numbers.map(|n| state(&floor.card_of(n, &floor.cards))).collect()
}

/// Takes check values out.
fn blind(value: &mut serde_json::Value) {
    match value {
        serde_json::Value::Object(fields) => {
            fields.remove("kcv");
            fields.values_mut().for_each(blind);
        }
        serde_json::Value::Array(items) => items.iter_mut().for_each(blind),
        _ => {}
    }
}

/// The same but for the key material, which differs between two sites.
fn shape(states: &[serde_json::Value]) -> Vec<String> {
    let mut all: Vec<serde_json::Value> = states.to_vec();
    all.iter_mut().for_each(blind);
    all.iter().map(ToString::to_string).collect()
}

#[track_caller]
fn of_ledger(result: Result<impl std::fmt::Debug, BatchError>) -> String {
    let fault = result.unwrap_err();
    fault.msg().id().to_owned()
}

#[test]
fn one_reader_and_eight_make_the_same_cards() {
    let mut cards = Vec::new();
    for readers in [1, 8] {
        let mut floor = Floor::of_cards(16);
        let mut seen = Seen::new();
        let trays = floor.readers(readers);
        let summary = floor.run(trays, &mut seen).unwrap();
        assert_eq!((summary.issued, summary.failures, summary.left), (16, 0, 0));
        assert!(summary.is_complete() && seen.issued() == 16);
        floor.is_done();
        cards.push(shape(&states(&floor)));
    }
    assert_eq!(cards[0], cards[1]);
}

#[test]
fn psams_are_made_with_their_terminal_numbers() {
    let mut floor = Floor::without_batch("mohurd-city-psam", 6);
    floor.new_batch("B");
    floor.approve("B");
    let mut seen = Seen::new();
    let trays = floor.readers(3);
    assert_eq!(floor.run(trays, &mut seen).unwrap().issued, 6);
    floor.is_done();
    let cards = floor.centre.session.ledger.cards(Some("issued")).unwrap();
    let terminals: std::collections::BTreeSet<_> = cards.iter().map(|card| card.terminal.clone().unwrap()).collect();
    assert_eq!(terminals.len(), 6);
}

#[test]
fn load_sams_and_cards_with_both_ciphers_are_made_as_well() {
    let isam = Floor::without_batch("mohurd-isam", 4);
    let dual = |template: &str| Floor::at(Centre::dual_mot(), centre::template(template), 4);
    for mut floor in [isam, dual("mot-user"), dual("mot-psam")] {
        floor.new_batch("B");
        floor.approve("B");
        let mut seen = Seen::new();
        let mut trays = floor.readers(2);
        // One card of each is torn away in the middle.
        trays[0].waiting[0].1 = torn_at(40, SimFault::TearAfter);
        let summary = floor.run(trays, &mut seen).unwrap();
        let name = floor.template.name.clone();
        assert_eq!(
            (summary.issued, summary.left, seen.failures().len()),
            (4, 0, 1),
            "{name}"
        );
        floor.is_done();
        let keys = floor.centre.session.ledger.batch_keys("B").unwrap();
        let sm4 = keys.iter().any(|k| k.key.as_str().contains(".sm4@"));
        assert_eq!(sm4, name.starts_with("mot"), "{keys:?}");
    }
}

/// An M1 card's keys follow from its chip, which the order does not name: each blank becomes the next card, and a torn one
/// goes on as the card that it was begun as, whatever comes first.
#[test]
fn m1_cards_take_the_chip_that_lies_on_the_reader() {
    let mut floor = Floor::at(Centre::new("campus", "issuer", ""), centre::template("campus-m1"), 6);
    floor.new_batch("B");
    floor.approve("B");
    let mut trays = floor.readers(2);
    trays[0].waiting[1].1 = torn_at(30, SimFault::TearAfter);
    trays[1].waiting[0].1 = torn_at(12, SimFault::TearBefore);
    trays[1].waiting[2].1 = torn_at(2, SimFault::TearBefore);
    let mut seen = Seen::new();
    let summary = floor.run(trays, &mut seen).unwrap();
    assert_eq!(
        (summary.issued, summary.left, seen.failures().len()),
        (6, 0, 3),
        "{:?}",
        seen.failures()
    );
    assert!(seen.failures().iter().all(|f| f.2 == "torn"), "{:?}", seen.failures());
    floor.is_done();
    let rows = floor.centre.session.ledger.cards(None).unwrap();
    let chips: std::collections::BTreeSet<String> = rows.iter().map(|row| row.chip.clone().unwrap()).collect();
    let uids: std::collections::BTreeSet<String> = (0..6)
        .map(|n| hex::encode_upper(&cardmint::sim::seeded_serial(7, 1000 + n)[4..]))
        .collect();
    assert_eq!(chips, uids);
}

/// Torn away and back, unplugged and back: at commands spread over the whole card, on both sides of each.
#[test]
fn torn_cards_are_finished_on_the_same_reader() {
    let undisturbed = {
        let mut floor = Floor::of_cards(12);
        let trays = floor.readers(1);
        floor.run(trays, &mut Seen::new()).unwrap();
        shape(&states(&floor))
    };
    let kinds = [
        SimFault::TearBefore,
        SimFault::TearDuring,
        SimFault::TearAfter,
        SimFault::ReaderGone,
    ];
    for (n, kind) in kinds.into_iter().enumerate() {
        let mut floor = Floor::of_cards(12);
        let mut trays = floor.readers(2);
        for (t, tray) in trays.iter_mut().enumerate() {
            for (c, (_, faults)) in tray.waiting.iter_mut().enumerate() {
                let at = 1 + (n + 2 * t + 4 * c) as u32 * 3;
                *faults = torn_at(at, kind);
            }
        }
        let mut seen = Seen::new();
        let summary = floor.run(trays, &mut seen).unwrap();
        assert_eq!((summary.issued, summary.left, summary.doubtful), (12, 0, 0), "{kind:?}");
        assert!(
            seen.failures().len() >= 10 && seen.failures().iter().all(|f| f.2 == "torn"),
            "{:?}",
            seen.failures()
        );
        floor.is_done();
        assert_eq!(shape(&states(&floor)), undisturbed, "{kind:?}");
    }
}

/// The program ends with cards in doubt; they come to other readers in another order, among blanks.
#[test]
fn a_later_run_takes_up_what_an_earlier_one_left() {
    let mut floor = Floor::of_cards(10);
    let first: Vec<Shared> = floor.cards[..4].to_vec();
    let mut torn = Tray::new("sim:a", &first);
    for (n, (_, faults)) in torn.waiting.iter_mut().enumerate() {
        *faults = torn_at([15, 30, 50, 70][n], SimFault::TearAfter);
    }
    floor.settings.tries = 1;
    floor.settings.failures = 9;
    floor.settings.wait = false;
    let mut seen = Seen::new();
    let summary = floor.run(vec![torn], &mut seen).unwrap();
    assert_eq!((summary.issued, summary.doubtful, summary.left), (0, 4, 6));
    assert!(!summary.is_complete());
    // The torn ones come last, from the end, and the run waits for them.
    (floor.settings.tries, floor.settings.wait) = (3, true);
    let mut later: Vec<Shared> = floor.cards[4..].to_vec();
    later.extend(first.iter().rev().cloned());
    let (left, right) = later.split_at(5);
    let mut seen = Seen::new();
    let trays = vec![Tray::new("sim:b", left), Tray::new("sim:c", right)];
    let summary = floor.run(trays, &mut seen).unwrap();
    assert_eq!((summary.issued, summary.failures, summary.issued_in_all), (10, 0, 10));
    let resumed = seen
        .events
        .iter()
        .filter(|e| matches!(e, Event::Issued { resumed: true, .. }))
        .count();
    assert_eq!(resumed, 4);
    floor.is_done();
}

#[test]
fn a_reader_on_which_cards_fail_stops_and_the_others_go_on() {
    let mut floor = Floor::of_cards(8);
    let mut trays = floor.readers(2);
    // What the first reader does to every card: no answer fits its MAC.
    for (_, faults) in &mut trays[0].waiting {
        *faults = always(40, SimFault::WrongStatus { sw: 0x6581 });
    }
    let spare: Vec<Shared> = (0..4).map(|n| centre::blank(&floor.template, 5000 + n)).collect();
    trays[1]
        .waiting
        .extend(spare.iter().map(|card| (Arc::clone(card), SimFaults::default())));
    floor.cards.extend(spare);
    floor.settings.tries = 1;
    let mut seen = Seen::new();
    let summary = floor.run(trays, &mut seen).unwrap();
    let failed: Vec<_> = seen.failures();
    assert_eq!(failed.len(), 3, "{failed:?}");
    assert!(
        failed.iter().all(|f| f.0 == "sim:tray0" && f.2 == "erased"),
        "{failed:?}"
    );
    let ended: Vec<_> = seen
        .events
        .iter()
        .filter_map(|e| match e {
            Event::ReaderEnded {
                reader,
                failed: true,
                why,
            } => Some((reader.as_str(), why.id())),
            _ => None,
        })
        .collect();
    assert_eq!(ended, [("sim:tray0", "batch-too-many-failures")]);
    // Their numbers went on other chips; nobody gave one up.
    assert_eq!(
        (summary.issued, summary.failed, summary.void, summary.left),
        (8, 0, 0, 0)
    );
    floor.is_done();
}

#[test]
fn a_card_that_lets_nobody_in_is_scrap_if_somebody_says_so() {
    for (answer, void) in [(Answer::Scrap, 1), (Answer::Next, 0)] {
        let mut floor = Floor::of_cards(3);
        floor.settings.tries = 1;
        floor.settings.failures = 9;
        let torn = Tray::new("sim:a", &floor.cards[..1]).with_fault(0, torn_at(60, SimFault::TearAfter));
        floor.settings.wait = false;
        floor.run(vec![torn], &mut Seen::new()).unwrap();
        let number = floor.status().into_keys().next().unwrap();
        // Its control key's tries are used up.
        let mut reader = centre::on_reader(&floor.cards[0]);
        for _ in 0..4 {
            use cardmint::transport::CardTransport;
            reader.transmit(&[0x00, 0x84, 0, 0, 8]).unwrap();
            reader.transmit(&[0x00, 0x82, 0, 0, 8, 1, 2, 3, 4, 5, 6, 7, 8]).unwrap();
        }
        floor.settings.wait = true;
        let mut seen = Seen::new();
        seen.answer = Box::new(move |_| answer);
        let trays = vec![Tray::new("sim:a", &floor.cards)];
        let summary = floor.run(trays, &mut seen).unwrap();
        let asked: Vec<_> = seen
            .questions
            .iter()
            .filter(|q| matches!(q, Question::Dead { .. }))
            .collect();
        assert_eq!(asked.len(), 1, "{:?}", seen.events);
        assert_eq!((summary.issued, summary.void, summary.doubtful), (2, void, 1 - void));
        assert_eq!(floor.status()[&number], if void == 1 { "void" } else { "in-doubt" });
        let lot = floor.centre.session.ledger.lot("L").unwrap().unwrap();
        assert_eq!((lot.scrapped, lot.in_process, lot.issued), (void, 1 - void, 2));
        floor.centre.verify_ledger();
    }
}

#[test]
fn an_issued_card_is_asked_about_and_can_be_made_anew() {
    let mut floor = Floor::without_batch("mohurd-user", 3);
    floor.new_batch("B");
    floor.approve("B");
    // A card of another time is on the first chip.
    let old = floor
        .centre
        .script(&floor.template, &[("number", "3100000000009999")])
        .unwrap();
    let mut reader = centre::on_reader(&floor.cards[0]);
    let template = floor.template.clone();
    floor.centre.issue(&template, &old, &mut reader).unwrap();
    let mut seen = Seen::new();
    let summary = floor.run(vec![Tray::new("sim:a", &floor.cards)], &mut seen).unwrap();
    assert!(
        matches!(&seen.questions[..], [Question::Issued { number, erasable: true, status: Some(s), .. }] if number == "3100000000009999" && s == "issued"),
        "{:?}",
        seen.questions
    );
    assert_eq!((summary.issued, summary.left), (2, 1), "it was put away");
    assert_eq!(floor.status()["3100000000009999"], "issued");
    let mut seen = Seen::new();
    seen.answer = Box::new(|_| Answer::Reissue);
    let again = floor.cards[..1].to_vec();
    let summary = floor.run(vec![Tray::new("sim:a", &again)], &mut seen).unwrap();
    assert_eq!((summary.issued, summary.left), (1, 0), "{:?}", seen.events);
    assert_eq!(floor.status()["3100000000009999"], "void");
    floor.centre.verify_ledger();
    let last = floor.rows.0[2].number.clone();
    let (new, undisturbed) = (
        floor.card_of(&last, &again),
        floor.card_of(&floor.rows.0[0].number, &floor.cards),
    );
    let (new, undisturbed) = (state(&new).to_string(), state(&undisturbed).to_string());
    assert_eq!(new.len(), undisturbed.len());
}

#[test]
fn a_stop_finishes_the_card_under_way_and_the_next_run_goes_on() {
    let mut floor = Floor::of_cards(6);
    let control = Control::default();
    let mut seen = Seen::new();
    let stop = Arc::clone(&control.stop);
    seen.at_event = Box::new(move |event| {
        if matches!(event, Event::Started { .. }) {
            stop.store(true, Ordering::Relaxed);
        }
    });
    let trays = floor.readers(1);
    let summary = floor.run_with(trays, &mut seen, &control, None).unwrap();
    assert!(
        summary.stopped && summary.issued >= 1 && summary.issued < 6,
        "{summary:?}"
    );
    assert_eq!(summary.doubtful, 0);
    let issued = summary.issued;
    let trays = vec![Tray::new("sim:b", &floor.cards)];
    let mut seen = Seen::new();
    let summary = floor.run(trays, &mut seen).unwrap();
    assert_eq!(summary.issued, 6 - issued);
    // Those that are done already are put away without a question.
    let already = seen
        .events
        .iter()
        .filter(|e| matches!(e, Event::Already { .. }))
        .count();
    assert_eq!((already, seen.questions.len()), (issued as usize, 0));
    floor.is_done();
}

#[test]
fn another_command_pauses_resumes_and_closes_a_running_batch() {
    let mut floor = Floor::of_cards(6);
    let (other, log) = (
        Mutex::new(floor.session_of("li", "zhang")),
        Arc::new(Mutex::new(Vec::new())),
    );
    let pause = |act: fn(BatchPause) -> Act| {
        act(BatchPause {
            batch: text("B"),
            reason: None,
        })
    };
    let mut seen = Seen::new();
    let told = Arc::clone(&log);
    let mut step = 0;
    seen.at_event = Box::new(move |event| {
        let mut other = other.lock().unwrap();
        match (step, event) {
            (0, Event::Issued { .. }) => {
                other.append(pause(Act::BatchPause)).unwrap();
                step = 1;
            }
            (1, Event::Paused) => {
                told.lock().unwrap().push("paused");
                other.append(pause(Act::BatchResume)).unwrap();
                step = 2;
            }
            (2, Event::Resumed) => {
                told.lock().unwrap().push("resumed");
                step = 3;
            }
            _ => {}
        }
    });
    let trays = floor.readers(1);
    let summary = floor.run(trays, &mut seen).unwrap();
    assert_eq!((summary.issued, summary.failures), (6, 0));
    assert_eq!(*log.lock().unwrap(), ["paused", "resumed"]);
    floor.is_done();
    let account = floor.centre.session.ledger.batch_account("B").unwrap();
    floor.append(Act::BatchClose(account));
    let again = floor.run(Vec::new(), &mut Seen::new());
    assert_eq!(of_ledger(again), "centre-batch-state");
}

#[test]
fn two_processes_at_once_never_use_a_number_twice() {
    let mut floor = Floor::of_cards(24);
    let (left, right): (Vec<Shared>, Vec<Shared>) = {
        let (a, b) = floor.cards.split_at(12);
        (a.to_vec(), b.to_vec())
    };
    let mut second = floor.session_of("zhang", "li");
    let (template, mut rows, settings) = (
        floor.template.clone(),
        Rows(floor.rows.0.clone()),
        floor.settings.clone(),
    );
    thread::scope(|scope| {
        let other = scope.spawn(move || {
            let trays: Vec<Box<dyn CardSource>> = right
                .chunks(6)
                .enumerate()
                .map(|(n, cards)| Box::new(Tray::new(&format!("sim:r{n}"), cards)) as Box<dyn CardSource>)
                .collect();
            let (mut seen, control) = (Seen::new(), Control::default());
            run_on(
                &mut second,
                &template,
                &mut rows,
                &settings,
                trays,
                &mut seen,
                &control,
                None,
            )
            .unwrap()
        });
        let trays = left
            .chunks(6)
            .enumerate()
            .map(|(n, cards)| Tray::new(&format!("sim:l{n}"), cards))
            .collect();
        let mine = floor.run(trays, &mut Seen::new()).unwrap();
        let theirs = other.join().unwrap();
        assert_eq!(
            (mine.issued + theirs.issued, mine.failures + theirs.failures),
            (24, 0),
            "{mine:?} {theirs:?}"
        );
    });
    floor.is_done();
}
