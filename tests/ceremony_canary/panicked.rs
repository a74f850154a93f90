// SPDX-License-Identifier: Apache-2.0
//! The program panics in the middle of a ceremony: when it asks, and when it draws random bytes. What it says about it holds
//! no secret, and what unwinds leaves none in memory, of those typed and of those drawn.
//!
//! The process that panics is this test program itself, started once more. It runs the command line as `main` does; prompt
//! and random source are handed in. Answers come through a pipe and random bytes from a file, each straight into the place
//! that the program gave for them, so that whatever is found in memory was left there by the program.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::process::{Command, Stdio};

use cardmint::cli::output::Output;
use cardmint::cli::{Cli, Context, hardening, prompt};
use cardmint::crypto::SecretBytes;
use cardmint::i18n::{Lang, Msg};
use cardmint::outside::{Clock, NoRandom, Prompt, PromptError, Random};
use clap::Parser;

use super::forms::{Needles, Secret};
use super::hardened::{PEOPLE, called, city};
use super::held::{found_in, of_share};
use super::house::House;
use super::known::{Canary, What, answer, of_components, recognised};
use super::people::{Asked, Papers, groups_on_newest_page};
use super::process;

const ARGS: &str = "CARDMINT_TEST_PANIC_ARGS";
const AT: &str = "CARDMINT_TEST_PANIC_AT";
const RANDOM: &str = "CARDMINT_TEST_PANIC_RANDOM";

fn tell(text: &str) {
    let mut out = std::io::stdout();
    writeln!(out, "{text}").unwrap();
    out.flush().unwrap();
}

/// Panics where it was told to.
fn reached(place: &str) {
    let at = std::env::var(AT).unwrap();
    assert!(at != place, "the panic that was ordered: {place}");
}

struct Asking {
    inner: Box<dyn Prompt>,
    number: usize,
}

impl Asking {
    fn ask(&mut self, question: &Msg) {
        tell(&format!("ASK {}", question.render(Lang::En)));
        reached(&format!("question {}", self.number));
        self.number += 1;
    }
}

impl Prompt for Asking {
    fn secret(&mut self, question: &Msg) -> Result<SecretBytes, PromptError> {
        self.ask(question);
        self.inner.secret(question)
    }
    fn line(&mut self, question: &Msg) -> Result<String, PromptError> {
        self.ask(question);
        self.inner.line(question)
    }
}

struct Drawing {
    file: File,
    number: usize,
}

impl Random for Drawing {
    fn fill(&mut self, place: &mut [u8]) -> Result<(), NoRandom> {
        reached(&format!("draw {}", self.number));
        tell(&format!("DRAW {}", place.len()));
        self.number += 1;
        self.file.read_exact(place).map_err(|_| NoRandom)
    }
    fn tested(&self) -> Option<u64> {
        Some(1 << 20)
    }
}

/// The process that panics; does nothing when it runs as an ordinary test.
#[test]
fn child() {
    let (Ok(args), Ok(random)) = (std::env::var(ARGS), std::env::var(RANDOM)) else {
        return;
    };
    hardening::apply();
    let cli = Cli::try_parse_from(args.split('\n')).unwrap();
    let out = Output::standard(cli.global.json, Lang::En);
    let inner = prompt::for_session(&cli.global, Lang::En);
    let mut context = Context {
        global: cli.global,
        clock: Clock::System,
        random: Box::new(Drawing {
            file: File::open(random).unwrap(),
            number: 0,
        }),
        prompt: Box::new(Asking { inner, number: 0 }),
        out,
    };
    let ended = catch_unwind(AssertUnwindSafe(|| cardmint::cli::run(cli.command, &mut context)));
    drop(context);
    let how = match &ended {
        Ok(Ok(_)) => "done".to_owned(),
        Ok(Err(e)) => format!("refused: {}", e.msg().render(Lang::En)),
        Err(_) => "panicked".to_owned(),
    };
    drop(ended);
    tell(&format!("ENDED {how}"));
    let _ = std::io::stdin().read(&mut [0]);
}

/// What came of a run.
struct Ran {
    how: String,
    questions: usize,
    /// The lengths of what was drawn.
    drawn: Vec<usize>,
    shares: Vec<Canary>,
    memory: Option<Vec<(String, Vec<u8>)>>,
}

/// Runs the ceremony in a process that panics at a place.
fn run(house: &House, verb: &str, random: &std::path::Path, at: &str) -> Ran {
    let mut args = vec!["cardmint".to_owned()];
    args.extend(called(verb, &["--secrets-fd", "0"]));
    let mut command = house.at_home(
        Command::new(std::env::current_exe().unwrap()),
        &["--exact", "panicked::child", "--nocapture"],
    );
    command.env(ARGS, args.join("\n")).env(AT, at).env(RANDOM, random);
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut typed = child.stdin.take().unwrap();
    let mut errors = child.stderr.take().unwrap();
    let errors = std::thread::spawn(move || {
        let mut all = Vec::new();
        errors.read_to_end(&mut all).unwrap();
        all
    });
    let mut papers = Papers {
        folder: house.path("pages"),
        ..Papers::default()
    };
    let mut said = Vec::new();
    let mut ran = Ran {
        how: String::new(),
        questions: 0,
        drawn: Vec::new(),
        shares: Vec::new(),
        memory: None,
    };
    for line in BufReader::new(child.stdout.take().unwrap()).lines() {
        let line = line.unwrap();
        said.push(line.clone());
        if let Some(length) = line.strip_prefix("DRAW ") {
            ran.drawn.push(length.parse().unwrap());
        } else if let Some((_, how)) = line.split_once("ENDED ") {
            how.clone_into(&mut ran.how);
            ran.memory = process::memory(child.id());
            typed.write_all(b"\n").unwrap();
        } else if let Some((_, question)) = line.split_once("ASK ") {
            let number = ran.questions;
            ran.questions += 1;
            if at == format!("question {number}") {
                continue;
            }
            if recognised(question).unwrap().0 == "ceremony-page" {
                let text = groups_on_newest_page(&papers.folder);
                ran.shares.extend(of_share(&format!("page {number} {at}"), &text));
                papers.pages.insert(String::new(), text);
            }
            let asked = Asked {
                who: "",
                question,
                before: "",
                number,
                process: child.id(),
            };
            let (text, _) = answer(&asked, &papers);
            house.look_around("", &format!("at question {number} before {at}"));
            writeln!(typed, "{text}").unwrap();
        }
    }
    drop(typed);
    child.wait().unwrap();
    house.keep(&format!("said with {at}"), said.join("\n"));
    let errors = errors.join().unwrap();
    if ran.how == "panicked" {
        let text = String::from_utf8_lossy(&errors);
        assert!(text.contains(&format!("the panic that was ordered: {at}")), "{text}");
    }
    house.keep(&format!("errors with {at}"), errors);
    house.look_around("", &format!("after {at}"));
    ran
}

/// Random bytes for a run, and each draw that can be a secret: keys, seeds, seal keys and the shares' coefficients. Not
/// nonces (8 and 24 bytes).
struct Bytes {
    path: PathBuf,
    bytes: Vec<u8>,
}

impl Bytes {
    fn new(folder: &std::path::Path, number: usize) -> Self {
        let mut bytes = vec![0; 1 << 16];
        openssl::rand::rand_bytes(&mut bytes).unwrap();
        let path = folder.join(format!("random-{number}"));
        fs::write(&path, &bytes).unwrap();
        Self { path, bytes }
    }

    fn canaries(&self, drawn: &[usize], at: &str) -> Vec<Canary> {
        let mut from = 0;
        let mut all = Vec::new();
        for (number, length) in drawn.iter().enumerate() {
            if [16, 32].contains(length) {
                let name = format!("draw {number} before {at}");
                let secret = Secret::pieces(&name, &self.bytes[from..from + length]);
                all.push(Canary::new(What::Key, secret));
            }
            from += length;
        }
        all
    }
}

/// Lets the ceremony panic at these places, of which it finds out how many there are.
fn panics_at(choose: impl Fn(usize, usize) -> Vec<String>) {
    let outside = tempfile::tempdir().unwrap();
    // How many questions and draws there are.
    let first = Bytes::new(outside.path(), 0);
    let probe = run(&city(&[]), "rehearse", &first.path, "nowhere");
    assert_eq!(probe.how, "done");
    assert!(
        probe.questions > 20 && probe.drawn.len() > 4,
        "{}, {:?}",
        probe.questions,
        probe.drawn
    );

    let house = city(&[]);
    let mut known: Vec<Canary> = PEOPLE.iter().flat_map(|o| house.of_officer("city", o)).collect();
    known.extend(of_components("load.v1.3des@city:3100", 2));
    let stored = house.stored("city", [PEOPLE[0], PEOPLE[1]]);
    known.extend(
        stored
            .iter()
            .map(|(name, bytes)| Canary::new(What::Key, Secret::pieces(name, bytes))),
    );
    let mut begun = false;
    let mut faults = BTreeSet::new();
    for (number, at) in choose(probe.questions, probe.drawn.len()).iter().enumerate() {
        let random = Bytes::new(outside.path(), number + 1);
        let ran = run(&house, if begun { "resume" } else { "rehearse" }, &random.path, at);
        assert_eq!(ran.how, "panicked", "{at}");
        begun |= ran.questions > PEOPLE.len();
        assert_eq!(
            fs::read_dir(house.path("pages")).unwrap().count(),
            0,
            "{at}: a page stays"
        );
        known.extend(ran.shares);
        known.extend(random.canaries(&ran.drawn, at));
        match &ran.memory {
            Some(memory) => {
                let size: usize = memory.iter().map(|(_, bytes)| bytes.len()).sum();
                assert!(size > 100_000, "{at}: {size}");
                let found = found_in(memory, known.iter());
                faults.extend(found.into_iter().map(|name| format!("{at}: {name} is in memory")));
            }
            None => assert!(!process::may_read()),
        }
    }
    let needles = Needles::of(known.iter().map(|c| &c.secret));
    for (name, bytes) in house.hay.borrow().iter() {
        faults.extend(needles.find(name, bytes));
    }
    assert!(faults.is_empty(), "{faults:#?}");
}

#[test]
fn a_panic_leaves_nothing_secret_in_memory_and_says_nothing_secret() {
    panics_at(|questions, draws| {
        let asked = [1, 3, 5, 7, 10, 14, 15, 17, questions - 1].map(|at| format!("question {at}"));
        let drawn = [1, 2, draws / 2, draws - 1].map(|at| format!("draw {at}"));
        [asked.to_vec(), drawn.to_vec()].concat()
    });
}

/// At every question and at every draw: some minutes.
#[test]
#[ignore = "long: cargo test --test ceremony_canary -- --ignored"]
fn a_panic_anywhere_leaves_nothing_secret_in_memory() {
    panics_at(|questions, draws| {
        let asked = (0..questions).map(|at| format!("question {at}"));
        asked.chain((0..draws).map(|at| format!("draw {at}"))).collect()
    });
}
