// SPDX-License-Identifier: Apache-2.0
//! A run while it goes on: feeders, pauses from another terminal, Ctrl-C, a kill, cards that fail, cards that are issued already.

use std::fs;

use rustix::process::Signal;

use super::hall::{CARDS, Hall, number};

/// A feeder over a hopper behind it, which notes each call; `next` waits for the gate from the card of this place on.
fn feeder(hall: &Hall, gate_from: u32) -> String {
    let text = format!(
        "cd {folder}\necho \"$1 $2\" >> calls\nif [ $1 = next ]; then\n  n=$(grep -c ^next calls)\n  \
         while [ $n -ge {gate_from} ] && [ ! -e gate ]; do sleep 0.05; done\nfi\n\
         exec {program} sim feed $1 ${{2#sim:}}",
        folder = hall.path(".").display(),
        program = env!("CARGO_BIN_EXE_cardmint"),
    );
    hall.script("feeder", &text)
}

fn calls(hall: &Hall, verb: &str) -> usize {
    let calls = fs::read_to_string(hall.path("calls")).unwrap();
    calls.lines().filter(|call| *call == format!("{verb} sim:h")).count()
}

#[test]
fn a_feeder_moves_every_card_and_no_secret_reaches_it() {
    let hall = Hall::new();
    hall.approved();
    hall.hopper("h", CARDS + 1, 1);
    let feeder = feeder(&hall, 99);
    let run = hall
        .zhang(&format!("batch run B --reader sim:h --feeder {feeder}"))
        .ok();
    assert_eq!(run.events("issued").len(), CARDS as usize);
    assert_eq!((calls(&hall, "good"), calls(&hall, "bad")), (CARDS as usize, 0));
    assert_eq!(hall.cards_in("h/good"), CARDS as usize);
    // A feeder at fault stops its reader; nothing was begun.
    let entries = hall.entries();
    let broken = hall.script("broken", "echo jam in slot 2 >&2; exit 9");
    let slow = hall.script("slow", "sleep 30");
    hall.hopper("i", 1, 2);
    for (command, said) in [(broken, "jam in slot 2"), (slow, "> 1 s")] {
        let run = hall.zhang(&format!(
            "batch run B --reader sim:i --feeder {command} --feeder-timeout 1"
        ));
        let ended = &run.events("reader-ended")[0];
        assert_eq!(ended["failed"], true);
        assert!(ended["why"]["message"].as_str().unwrap().contains(said), "{ended}");
    }
    // Each run is an entry, and nothing else.
    assert_eq!(hall.entries(), entries + 2);
    for (option, code) in [
        ("--feeder feeder", "batch-feeder-path"),
        ("--feeder /no/such/feeder", "batch-feeder"),
        ("--feeder /bin/true --secrets-fd 3", "batch-feeder-secrets"),
    ] {
        hall.zhang(&format!("batch run B --reader sim:i {option}"))
            .refused(2, code);
    }
}

#[test]
fn another_terminal_pauses_and_resumes_a_run() {
    let hall = Hall::new();
    hall.approved();
    hall.hopper("h", CARDS, 1);
    let line = format!("batch run B --reader sim:h --feeder {}", feeder(&hall, 3));
    let mut run = hall.started(&line, "zhang li");
    run.hears("issued");
    run.hears("issued");
    hall.li("batch pause B --reason lunch").ok();
    run.hears("paused");
    fs::write(hall.path("gate"), "").unwrap();
    assert_eq!(hall.status()["state"], "paused");
    assert_eq!(hall.counts(), [2, 0, 0, 0, 4]);
    hall.zhang("batch pause B").refused(2, "centre-batch-state");
    hall.zhang("batch resume B").ok();
    run.hears("resumed");
    let said = run.end().ok();
    assert_eq!(said.events("issued").len(), CARDS as usize);
    hall.zhang("batch resume B").refused(2, "centre-batch-state");
    let log = hall.look("ledger log --act batch.pause").ok().lines();
    assert_eq!(
        (log[0]["body"]["reason"].as_str(), log[0]["officer"].as_str()),
        (Some("lunch"), Some("li"))
    );
    // A paused batch does not begin a run.
    hall.zhang("batch pause B").ok();
    hall.zhang("batch run B --reader sim:h")
        .refused(2, "centre-batch-state");
}

#[test]
fn ctrl_c_finishes_the_cards_under_way_and_the_next_run_goes_on() {
    let hall = Hall::new();
    hall.approved();
    hall.hopper("h", CARDS, 1);
    let line = format!("batch run B --reader sim:h --feeder {}", feeder(&hall, 4));
    let mut run = hall.started(&line, "zhang li");
    for _ in 0..3 {
        run.hears("issued");
    }
    run.signal(Signal::INT);
    run.hears("stopping");
    fs::write(hall.path("gate"), "").unwrap();
    let said = run.end().ended(5);
    let ended = &said.events("ended")[0];
    assert_eq!(
        (ended["stopped"].as_bool(), ended["issued"].as_u64()),
        (Some(true), Some(3))
    );
    assert_eq!(hall.counts(), [3, 0, 0, 0, 3]);
    let said = hall.zhang("batch run B --reader sim:h").ok();
    assert_eq!(said.events("issued").len(), 3);
    assert_eq!(hall.counts(), [6, 0, 0, 0, 0]);
    hall.zhang("batch close B").ok();
}

/// Where the program was killed, the next run ends with the same cards.
#[test]
fn a_killed_run_is_run_again_and_ends_as_an_undisturbed_one() {
    let hall = Hall::new();
    hall.zhang("stock receive L --type fmcos --supplier maker --count 10")
        .ok();
    hall.zhang("stock hand-out L --to zhang --count 10").ok();
    hall.approved();
    hall.hopper("h", CARDS, 1);
    for (card, at) in [
        ("1", "--kill-before 20"),
        ("2", "--kill-after 60"),
        ("4", "--kill-after 9"),
    ] {
        hall.look(&format!("sim fault h/blanks/h-{card} {at}")).ok();
    }
    let mut killed = 0;
    let last = loop {
        let run = hall.zhang("batch run B --reader sim:h --lot L");
        if run.code.is_some() {
            break run.ok();
        }
        killed += 1;
        assert!(killed <= 3);
        assert!(hall.entries() > 0);
    };
    assert_eq!(killed, 3);
    assert_eq!(last.events("ended")[0]["complete"], true);
    assert_eq!((hall.cards_in("h/good"), hall.cards_in("h/bad")), (CARDS as usize, 0));
    assert_eq!(hall.counts(), [6, 0, 0, 0, 0]);
    let lot = hall.look("stock report L").ok().of("cardmint.stock-lot/1");
    let numbers: Vec<u64> = ["in_stock", "handed_out", "in_process", "issued", "scrapped"]
        .iter()
        .map(|column| lot[*column].as_u64().unwrap())
        .collect();
    assert_eq!(numbers, [0, 4, 0, 6, 0]);
    hall.zhang("batch close B").ok();
}

#[test]
fn a_card_that_never_comes_back_is_given_up_and_its_blank_is_scrap() {
    let hall = Hall::new();
    hall.zhang("stock receive L --type fmcos --supplier maker --count 10")
        .ok();
    hall.zhang("stock hand-out L --to zhang --count 10").ok();
    hall.approved();
    hall.hopper("h", CARDS, 1);
    // Torn away while it is written, and never seen again.
    hall.look("sim fault h/blanks/h-1 --tear-after 60").ok();
    let run = hall
        .zhang("batch run B --reader sim:h --lot L --tries 1 --no-wait")
        .ended(1);
    assert_eq!(run.events("failed")[0]["failure"], "torn");
    assert_eq!(hall.counts(), [5, 0, 0, 1, 0]);
    hall.zhang("batch close B").refused(2, "centre-batch-unfinished");
    let text = hall.run("batch report B", "").ok().out;
    assert!(text.contains(&number(1)), "{text}");
    // A person gives the number up: the blank is scrap, and the account says so.
    hall.zhang(&format!("card void {} --reason dead", number(1))).ok();
    let report = hall.look("batch report B").ok().of("cardmint.batch-report/1");
    assert_eq!(report["lots"][0]["scrapped"], 1);
    assert_eq!(report["cards"][0]["status"], "void");
    let entry = hall.zhang("batch close B").ok().of("cardmint.entry/1");
    assert_eq!(
        (entry["body"]["void"].as_u64(), entry["body"]["issued"].as_u64()),
        (Some(1), Some(5))
    );
    hall.entries();
}

#[test]
fn failures_in_a_row_stop_a_reader_and_the_others_go_on() {
    let hall = Hall::new();
    hall.approved();
    hall.hopper("h1", 3, 1);
    hall.hopper("h2", CARDS, 2);
    for card in 1..=3 {
        hall.look(&format!(
            "sim fault h1/blanks/h1-{card} --repeat --wrong-status 30=6581"
        ))
        .ok();
    }
    let run = hall
        .zhang("batch run B --reader sim:h1 --reader sim:h2 --max-failures 2 --tries 1 --bell")
        .ok();
    let ended: Vec<_> = run
        .events("reader-ended")
        .into_iter()
        .filter(|e| e["failed"] == true)
        .collect();
    assert_eq!(
        (ended[0]["reader"].as_str(), ended[0]["why"]["id"].as_str()),
        (Some("sim:h1"), Some("batch-too-many-failures"))
    );
    assert_eq!((hall.cards_in("h1/bad"), hall.cards_in("h2/good")), (2, CARDS as usize));
    assert!(run.err.contains('\u{7}'));
    assert_eq!(hall.counts(), [6, 0, 0, 0, 0]);
}

#[test]
fn a_card_that_is_issued_already_is_put_away_or_stops_the_reader() {
    let hall = Hall::new();
    hall.approved();
    hall.hopper("h", CARDS + 2, 1);
    // A card of another time lies on top of the blanks.
    let issue = "card issue --template mohurd-user --reader sim:h/blanks/h-1 --set number=3100000000009999";
    hall.zhang(issue).ok();
    let stop = hall.zhang("batch run B --reader sim:h --on-issued stop").ended(1);
    let asked = &stop.events("asked")[0];
    assert_eq!(
        (
            asked["question"].as_str(),
            asked["number"].as_str(),
            asked["answer"].as_str()
        ),
        (Some("issued"), Some("3100000000009999"), Some("stop"))
    );
    assert_eq!(hall.counts(), [0, 0, 0, 0, 6]);
    // With nobody there to ask it is put away.
    let run = hall.zhang("batch run B --reader sim:h").ok();
    assert_eq!(run.events("asked")[0]["answer"], "next");
    assert_eq!((hall.cards_in("h/good"), hall.cards_in("h/bad")), (CARDS as usize, 1));
    let status = hall.look("card status 3100000000009999").ok().lines().swap_remove(0);
    assert_eq!(status["status"], "issued");
}
