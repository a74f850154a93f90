// SPDX-License-Identifier: Apache-2.0
//! A conversation with a card that answers in every way that cards do, and in ways that none does: data or an error comes
//! out, a panic never; the trace has everything but secrets.
#![allow(clippy::unwrap_used, clippy::print_stdout)] // a test may fail where it stands, and prints its seed

mod centre;

use std::collections::VecDeque;
use std::io::Write;
use std::sync::{Arc, Mutex};

use cardmint::batch::contents;
use cardmint::card::commands::Purse;
use cardmint::card::dialect::Dialect;
use cardmint::card::{CardError, CardSession, Trace, purse};
use cardmint::crypto::SecretBytes;
use cardmint::error::{Exit, Fault};
use cardmint::i18n::Lang;
use cardmint::iso7816::{Atr, Command, Le, StatusWord};
use cardmint::transport::{CardTransport, TransportError};
use centre::{Centre, order, pairs, template};

/// What a card answers to a command.
type Rule = Box<dyn FnMut(&[u8]) -> Vec<u8> + Send>;

/// Answers from a list, then by a rule.
struct Card {
    atr: Atr,
    answers: VecDeque<Vec<u8>>,
    then: Rule,
    heard: Arc<Mutex<Vec<String>>>,
}

impl Card {
    fn saying(answers: &[&str]) -> Self {
        Self {
            atr: Atr::new(&[0x3B, 0x00]),
            answers: answers.iter().map(|a| hex::decode(a).unwrap()).collect(),
            then: Box::new(|_| vec![0x6F, 0x00]),
            heard: Arc::default(),
        }
    }
}

impl CardTransport for Card {
    fn reader(&self) -> &'static str {
        "test"
    }

    fn atr(&self) -> &Atr {
        &self.atr
    }

    fn transmit(&mut self, command: &[u8]) -> Result<Vec<u8>, TransportError> {
        self.heard.lock().unwrap().push(hex::encode_upper(command));
        Ok(self.answers.pop_front().unwrap_or_else(|| (self.then)(command)))
    }

    fn reset(&mut self) -> Result<(), TransportError> {
        Ok(())
    }
}

fn ask(answers: &[&str]) -> (Result<Vec<u8>, CardError>, Vec<String>) {
    let mut card = Card::saying(answers);
    let heard = Arc::clone(&card.heard);
    let command = Command::new(0x00, 0xB0, 0x95, 0x00).with_le(Le::ALL);
    let answer = CardSession::new(&mut card, Dialect::Fmcos).send("READ BINARY 0015", &command);
    let heard = heard.lock().unwrap().clone();
    (answer, heard)
}

#[test]
fn data_that_wait_are_fetched_and_a_wrong_length_is_put_right() {
    let (answer, heard) = ask(&["6103", "0102036102", "04059000"]);
    assert_eq!(answer, Ok(vec![1, 2, 3, 4, 5]));
    assert_eq!(heard, ["00B0950000", "00C0000003", "00C0000002"]);
    let (answer, heard) = ask(&["6C02", "01029000"]);
    assert_eq!(answer, Ok(vec![1, 2]));
    assert_eq!(heard, ["00B0950000", "00B0950002"]);
    // A card that asks for another length twice is not asked a third time.
    let (answer, heard) = ask(&["6C02", "6C03", "9000"]);
    assert_eq!(
        (answer.unwrap_err().status(), heard.len()),
        (Some(StatusWord(0x6C03)), 2)
    );
}

#[test]
fn an_error_names_the_command_and_what_the_card_said() {
    let (answer, _) = ask(&["6A82"]);
    let e = answer.unwrap_err();
    assert_eq!((e.msg().id(), e.exit()), ("card-not-there", Exit::Device));
    let text = e.msg().render(Lang::En);
    assert!(
        text.contains("READ BINARY 0015") && text.contains("6A82") && text.contains("not found"),
        "{text}"
    );
    assert!(e.msg().hint(Lang::En).unwrap().contains("blank"));
    assert!(
        e.msg().render(Lang::Zh).contains("不存在"),
        "{}",
        e.msg().render(Lang::Zh)
    );
    for (answer, id, exit) in [
        ("63C2", "card-wrong-key", Exit::Check),
        ("63C0", "card-locked", Exit::Check),
        ("6983", "card-locked", Exit::Device),
        ("6988", "card-wrong-mac", Exit::Check),
        ("9302", "card-wrong-mac", Exit::Check),
        ("1234", "card-refused", Exit::Device),
        ("", "card-length", Exit::Device),
        ("90", "card-length", Exit::Device),
    ] {
        let e = ask(&[answer]).0.unwrap_err();
        assert_eq!((e.msg().id(), e.exit()), (id, exit), "{answer:?}");
    }
    let mut endless = Card::saying(&[]);
    endless.then = Box::new(|_| vec![0xAA, 0x61, 0x01]);
    let asked = CardSession::new(&mut endless, Dialect::Fmcos).send("SELECT", &Command::new(0, 0xA4, 0, 0));
    assert_eq!(asked.unwrap_err().msg().id(), "card-endless");
}

#[derive(Clone, Default)]
struct Shared(Arc<Mutex<Vec<u8>>>);

impl Write for Shared {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[test]
fn the_trace_has_everything_but_secrets() {
    let written = Shared::default();
    let mut trace = Trace::new(Box::new(written.clone()));
    let mut card = Card::saying(&["6F009000", "9000", "63C2", "9000"]);
    let heard = Arc::clone(&card.heard);
    let mut session = CardSession::new(&mut card, Dialect::Fmcos).traced(Some(&mut trace));
    let pin = SecretBytes::new(vec![0x58, 0x29, 0x13]);
    session
        .send("SELECT 3F00", &Command::new(0, 0xA4, 0, 0).with_data([0x3F, 0x00]))
        .unwrap();
    purse::verify_pin(&mut session, 0, &pin).unwrap();
    purse::verify_pin(&mut session, 0, &pin).unwrap_err();
    session
        .send_sealed("WRITE KEY", &Command::new(0x84, 0xD4, 1, 0).with_data([0xC5; 28]))
        .unwrap();
    trace.finish().unwrap();
    let text = String::from_utf8(written.0.lock().unwrap().clone()).unwrap();
    assert_eq!(text.lines().count(), 4);
    for secret in ["582913", "C5C5"] {
        assert!(!text.contains(secret), "{text}");
        assert!(
            heard.lock().unwrap().iter().any(|sent| sent.contains(secret)),
            "the card did get {secret}"
        );
    }
    let lines: Vec<serde_json::Value> = text.lines().map(|l| serde_json::from_str(l).unwrap()).collect();
    assert_eq!(lines[0]["command"], "00A40000023F00");
    assert_eq!(
        (lines[1]["command"].as_str(), lines[1]["secret_bytes"].as_u64()),
        (Some("0020000003"), Some(3))
    );
    assert_eq!(
        (lines[3]["command"].as_str(), lines[3]["secret_bytes"].as_u64()),
        (Some("84D401001C"), Some(28))
    );
}

/// A small generator, so that a failure can be repeated by its seed.
fn draw(state: &mut u64) -> u64 {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    *state
}

/// Mostly good status words before answers of any length: what gets furthest into the host.
fn nonsense(mut state: u64) -> Rule {
    Box::new(move |command| {
        let wanted = command.last().copied().unwrap_or(0);
        let length = match draw(&mut state) % 6 {
            0 => 0,
            1 => draw(&mut state) % 300,
            _ => u64::from(wanted),
        };
        let mut answer: Vec<u8> = (0..length).map(|_| draw(&mut state) as u8).collect();
        let sw = [
            0x9000, 0x9000, 0x9000, 0x9000, 0x6102, 0x6C05, 0x63C1, 0x6A88, 0x9302, 0x6985,
        ][(draw(&mut state) % 10) as usize];
        answer.extend(u16::to_be_bytes(sw));
        if draw(&mut state).is_multiple_of(20) {
            answer.truncate(1);
        }
        answer
    })
}

#[test]
fn a_card_that_talks_nonsense_gives_errors_and_never_an_issued_card() {
    let mut centre = Centre::new("mohurd", "city", "3100");
    let seed = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap()
        .as_nanos() as u64
        | 1;
    println!("seed {seed}");
    let mut state = seed;
    for n in 1..=150 {
        for name in ["mohurd-user", "mohurd-psam"] {
            let template = template(name);
            let mut card = Card::saying(&[]);
            card.then = nonsense(draw(&mut state));
            let script = centre.script(&template, &pairs(&order(&template, n))).unwrap();
            let issued = centre.issue(&template, &script, &mut card);
            assert!(issued.is_err(), "seed {seed}, {name} {n}");
            let mut session = CardSession::new(&mut card, template.dialect);
            let _ = contents::read(&mut session, &template);
            let _ = purse::balance(&mut session, Purse::Electronic);
            let _ = session.challenge(8);
        }
    }
    let issued = centre.session.ledger.cards(Some("issued")).unwrap();
    assert!(issued.is_empty(), "seed {seed}");
    centre.verify_ledger();
}
