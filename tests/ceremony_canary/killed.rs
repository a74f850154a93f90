// SPDX-License-Identifier: Apache-2.0
//! The process is ended from outside in the middle of an answer: killed, told to end, aborted and crashed. Nothing secret is
//! left in files, and no core file though the limits would have allowed one.

use std::fs;
use std::path::Path;
use std::process::Command;

use rustix::process::{Pid, Signal, kill_process};

use super::forms::Needles;
use super::hardened::{PEOPLE, called, city};
use super::house::{House, cardmint};
use super::known::{Canary, answer, of_components};
use super::people::{Held, hold_on};
use super::pty::Pty;

/// Questions before the ceremony stands in the ledger: four passphrases.
const SIGNING: usize = 4;

/// The files that a crash left in a folder.
fn cores(folder: &Path) -> Vec<String> {
    let names = fs::read_dir(folder)
        .unwrap()
        .map(|e| e.unwrap().file_name().into_string().unwrap());
    names.filter(|name| name.starts_with("core")).collect()
}

/// A shell that allows core files as far as it may, and then becomes the program.
fn core_allowed(program: &str) -> Command {
    let mut shell = Command::new("sh");
    shell.args(["-c", "ulimit -c \"$(ulimit -H -c)\"; exec \"$@\"", "sh", program]);
    shell
}

/// Whether a program without our precautions leaves a core file here; elsewhere the system sends cores.
fn core_would_lie(folder: &Path) -> bool {
    let mut control = core_allowed("sh");
    control.args(["-c", "kill -ABRT $$"]).current_dir(folder);
    control.status().unwrap();
    let left = cores(folder);
    for name in &left {
        fs::remove_file(folder.join(name)).unwrap();
    }
    !left.is_empty()
}

/// What is left when a ceremony is answered up to a question and then ended by a signal.
fn ended(house: &mut House, args: &[&str], at: usize, signal: Signal) -> Held {
    let command = house.at_home(core_allowed(env!("CARGO_BIN_EXE_cardmint")), args);
    let mut papers = std::mem::take(&mut house.papers);
    let held = hold_on(Pty::of_size(&command, 60, 400), &mut papers, |asked, papers| {
        let when = format!("at question {} before {signal:?} at {at}", asked.number);
        house.look_at(asked.process, &when);
        house.look_around(asked.who, &when);
        let (typed, hidden) = answer(asked, papers);
        if asked.number < at {
            return Some((typed, hidden));
        }
        // Half of it is typed when the blow comes.
        let half: String = typed.chars().take(typed.chars().count() / 2).collect();
        let process = Pid::from_raw(asked.process.cast_signed()).unwrap();
        std::thread::spawn(move || {
            std::thread::sleep(std::time::Duration::from_millis(150));
            let _ = kill_process(process, signal);
            // The first one only takes the guard against a full stack away; where there is a fault, it comes again.
            if signal == Signal::SEGV {
                std::thread::sleep(std::time::Duration::from_millis(50));
                let _ = kill_process(process, signal);
            }
        });
        Some((half + "\x06", hidden))
    });
    house.papers = papers;
    held
}

/// Ends a ceremony at each of these questions and looks at what is left.
fn ended_at(places: &[(usize, Signal)]) {
    let mut house = city(&[]);
    let core_would_lie = core_would_lie(&house.path("."));
    if !core_would_lie {
        eprintln!("cores go elsewhere on this system: only the limit was looked at");
    }
    let mut known: Vec<Canary> = PEOPLE.iter().flat_map(|o| house.of_officer("city", o)).collect();
    known.extend(of_components("load.v1.3des@city:3100", 2));
    let mut begun = false;
    for (number, (at, signal)) in places.iter().enumerate() {
        let how: &[&str] = if number % 2 == 0 {
            &["--lang", "en"]
        } else {
            &["--lang", "zh", "--json"]
        };
        let args = called(if begun { "resume" } else { "rehearse" }, how);
        let args: Vec<&str> = args.iter().map(String::as_str).collect();
        let held = ended(&mut house, &args, *at, *signal);
        let caught = *signal == Signal::TERM;
        assert_eq!(
            held.code,
            if caught { 5 } else { -1 },
            "{at} {signal:?}:\n{}",
            held.screen
        );
        assert_eq!(held.said.len(), at + 1, "{at} {signal:?}:\n{}", held.screen);
        begun |= *at >= SIGNING;
        house.keep(&format!("screen before {signal:?} at {at}"), held.output);
        house.keep(&format!("letters before {signal:?} at {at}"), held.screen);
        let pages: Vec<_> = fs::read_dir(house.path("pages"))
            .unwrap()
            .map(|e| e.unwrap().path())
            .collect();
        assert!(pages.is_empty() || !caught, "{pages:?}");
        house.look_around("", &format!("after {signal:?} at {at}"));
        // What nobody could take away any more, people do.
        for page in &pages {
            fs::remove_file(page).unwrap();
        }
        assert_eq!(cores(&house.path(".")), Vec::<String>::new());
    }
    for page in house.pages.borrow().iter() {
        assert_eq!(page.mode, 0o600);
    }
    assert!(!house.pages.borrow().is_empty());
    let shares: Vec<Canary> = house
        .papers
        .pages
        .iter()
        .flat_map(|(whose, text)| super::held::of_share(whose, text))
        .collect();
    let needles = Needles::of(known.iter().chain(&shares).map(|c| &c.secret));
    let hay = house.hay.borrow();
    let found: Vec<String> = hay.iter().flat_map(|(name, bytes)| needles.find(name, bytes)).collect();
    assert!(found.is_empty(), "{found:#?}");
    drop(hay);
    let args = called("resume", &["--lang", "en"]);
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let command = house.at_home(cardmint(), &args);
    let mut papers = std::mem::take(&mut house.papers);
    let held = hold_on(Pty::of_size(&command, 60, 400), &mut papers, |asked, papers| {
        Some(answer(asked, papers))
    });
    assert_eq!(held.code, 0, "{}", held.screen);
}

#[test]
fn ended_in_the_middle_of_an_answer_nothing_secret_is_left() {
    ended_at(&[
        (1, Signal::ABORT),
        (5, Signal::KILL),
        (7, Signal::SEGV),
        (7, Signal::TERM),
        (11, Signal::ABORT),
        (15, Signal::KILL),
        (17, Signal::TERM),
        (17, Signal::ABORT),
        (21, Signal::SEGV),
    ]);
}

/// Every question with every signal: some ten minutes.
#[test]
#[ignore = "long: cargo test --test ceremony_canary -- --ignored"]
fn ended_at_every_question_by_every_signal_nothing_secret_is_left() {
    let signals = [Signal::KILL, Signal::TERM, Signal::ABORT, Signal::SEGV, Signal::HUP];
    let places: Vec<(usize, Signal)> = (0..22).flat_map(|at| signals.map(|signal| (at, signal))).collect();
    ended_at(&places);
}
