// SPDX-License-Identifier: Apache-2.0
//! Readers and cards through a real pcscd with virtual readers: what works, and what is said when something is missing.
#![cfg(feature = "pcsc")]
#![allow(clippy::unwrap_used)] // a test may fail where it stands

mod pcscd;

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use cardmint::transport::pcsc::{self, CardWait, PcscCard};
use cardmint::transport::readers::Slot;
use cardmint::transport::{CardTransport, TransportError};
use pcscd::Rig;
use pcscd::card::{Inserted, VirtualCard};

const T0: &[u8] = &[0x3B, 0x00];
const T1: &[u8] = &[0x3B, 0x80, 0x01, 0x81];
const CHALLENGE: &[u8] = &[0x00, 0x84, 0x00, 0x00, 0x04];
const PATIENCE: Option<Duration> = Some(Duration::from_secs(20));

/// Writes down what it gets; answers with the length of the command. INS FF tears it away.
#[derive(Clone)]
struct Recorder {
    atr: &'static [u8],
    heard: Arc<Mutex<Vec<Vec<u8>>>>,
    resets: Arc<Mutex<usize>>,
}

impl Recorder {
    fn new(atr: &'static [u8]) -> Self {
        Self {
            atr,
            heard: Arc::default(),
            resets: Arc::default(),
        }
    }

    fn last(&self) -> Vec<u8> {
        self.heard.lock().unwrap().last().unwrap().clone()
    }
}

impl VirtualCard for Recorder {
    fn atr(&self) -> Vec<u8> {
        self.atr.to_vec()
    }

    fn answer(&mut self, command: &[u8]) -> Option<Vec<u8>> {
        self.heard.lock().unwrap().push(command.to_vec());
        (command[1] != 0xFF).then(|| vec![command.len() as u8, 0x90, 0x00])
    }

    fn reset(&mut self) {
        *self.resets.lock().unwrap() += 1;
    }
}

fn wait(reader: &str) -> Result<(), TransportError> {
    CardWait::new(reader)
        .next(PATIENCE, &AtomicBool::new(false))
        .map(|_| ())
}

fn cardmint(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cardmint"));
    command.args(args).env_remove("CARDMINT_SITE").env("LANG", "C.UTF-8");
    command
}

#[test]
fn without_a_service_everything_says_so_at_once() {
    let Some(_machine) = pcscd::without_service() else {
        return;
    };
    assert_eq!(pcsc::list(), Err(TransportError::NoService));
    assert_eq!(PcscCard::connect("any").err(), Some(TransportError::NoService));
    let never = AtomicBool::new(false);
    let waited = CardWait::new("any").next(Some(Duration::from_millis(300)), &never);
    assert_eq!(waited, Err(TransportError::NoService));

    let listed = cardmint(&["reader", "list"]).output().unwrap();
    assert_eq!(listed.status.code(), Some(4));
    assert!(
        String::from_utf8(listed.stderr)
            .unwrap()
            .contains("PC/SC) is not running")
    );
    let chinese = cardmint(&["--lang", "zh", "reader", "atr", "--reader", "x"])
        .output()
        .unwrap();
    assert_eq!(chinese.status.code(), Some(4));
    assert!(String::from_utf8(chinese.stderr).unwrap().contains("没有运行"));
    // What needs no reader works.
    let doctor = cardmint(&["doctor", "--json"]).output().unwrap();
    assert_eq!(doctor.status.code(), Some(0));
}

#[test]
fn cards_are_listed_opened_exclusively_and_reset_at_the_end() {
    let Some(rig) = Rig::start(3) else { return };
    let card = Recorder::new(T1);
    let _lying = Inserted::lay(rig.port(2), card.clone());
    let name = rig.reader(2);
    wait(&name).unwrap();
    let seen = pcsc::list().unwrap();
    assert_eq!(seen.len(), 4, "{seen:?}");
    for status in &seen {
        let there = matches!(&status.slot, Slot::Card(atr) if atr.as_bytes() == T1);
        assert_eq!(there, status.name == name, "{status:?}");
    }

    // A part of the name that fits one reader, whatever the capitals.
    let mut held = PcscCard::connect("rig b 00 00").unwrap();
    assert_eq!((held.reader(), held.atr().as_bytes()), (name.as_str(), T1));
    assert_eq!(held.transmit(CHALLENGE), Ok(vec![5, 0x90, 0x00]));
    let resets = *card.resets.lock().unwrap();
    held.reset().unwrap();
    assert!(*card.resets.lock().unwrap() > resets);

    let second = name.clone();
    let other = thread::spawn(move || PcscCard::connect(&second).err()).join().unwrap();
    assert_eq!(other, Some(TransportError::InUse { reader: name.clone() }));
    let resets = *card.resets.lock().unwrap();
    drop(held);
    // The transaction ended with the connection, and the card lost its volatile state.
    PcscCard::connect(&name).unwrap().transmit(CHALLENGE).unwrap();
    assert!(*card.resets.lock().unwrap() > resets);

    let empty = rig.reader(0);
    assert_eq!(
        PcscCard::connect(&empty).err(),
        Some(TransportError::NoCard { reader: empty.clone() })
    );
    assert!(matches!(
        PcscCard::connect("Rig A").err(),
        Some(TransportError::AmbiguousReader { .. })
    ));
    assert!(matches!(
        PcscCard::connect("Rig Z").err(),
        Some(TransportError::NoReader { .. })
    ));

    let listed = cardmint(&["reader", "list", "--json"]).output().unwrap();
    let text = String::from_utf8(listed.stdout).unwrap();
    let lines: Vec<serde_json::Value> = text.lines().map(|l| serde_json::from_str(l).unwrap()).collect();
    assert_eq!(lines.len(), 4);
    assert!(lines.iter().all(|l| l["schema"] == "cardmint.reader/1"));
    let filled: Vec<_> = lines.iter().filter(|l| l["state"] == "card").collect();
    assert_eq!((filled.len(), &filled[0]["atr"]), (1, &"3B800181".into()));
    let asked = cardmint(&["reader", "atr", "--reader", &name]).output().unwrap();
    assert!(String::from_utf8(asked.stdout).unwrap().contains("3B800181"));
}

#[test]
fn le_of_case_4_is_sent_to_t1_cards_only() {
    let Some(rig) = Rig::start(2) else { return };
    let (one, zero) = (Recorder::new(T1), Recorder::new(T0));
    let _lying = [
        Inserted::lay(rig.port(0), one.clone()),
        Inserted::lay(rig.port(1), zero.clone()),
    ];
    let command = [0x00, 0xA4, 0x00, 0x00, 0x02, 0x3F, 0x00, 0x00];
    for (at, card, heard) in [(0, &one, &command[..]), (1, &zero, &command[..7])] {
        wait(&rig.reader(at)).unwrap();
        PcscCard::connect(&rig.reader(at)).unwrap().transmit(&command).unwrap();
        assert_eq!(card.last(), heard);
    }
}

#[test]
fn a_card_torn_away_is_told_from_a_success() {
    let Some(rig) = Rig::start(1) else { return };
    let reader = rig.reader(0);
    let removed = || TransportError::CardRemoved { reader: reader.clone() };

    // Within a command.
    let lying = Inserted::lay(rig.port(0), Recorder::new(T1));
    wait(&reader).unwrap();
    let mut card = PcscCard::connect(&reader).unwrap();
    assert_eq!(card.transmit(&[0x80, 0xFF, 0x00, 0x00]), Err(removed()));
    assert_eq!(card.transmit(CHALLENGE), Err(removed()));
    drop(card);
    lying.take_off();

    // Between two commands; the next card is another one.
    let lying = Inserted::lay(rig.port(0), Recorder::new(T0));
    wait(&reader).unwrap();
    let mut card = PcscCard::connect(&reader).unwrap();
    card.transmit(CHALLENGE).unwrap();
    lying.take_off();
    assert_eq!(card.transmit(CHALLENGE), Err(removed()));
    assert!(card.reset().is_err());
}

#[test]
fn waiting_ends_with_a_card_a_time_limit_or_ctrl_c() {
    let Some(rig) = Rig::start(1) else { return };
    let reader = rig.reader(0);
    let never = AtomicBool::new(false);
    let mut cards = CardWait::new(&reader);
    let limit = Some(Duration::from_millis(300));
    assert_eq!(
        cards.next(limit, &never),
        Err(TransportError::NoCard { reader: reader.clone() })
    );
    let nowhere = CardWait::new("Rig Z").next(limit, &never);
    assert_eq!(nowhere, Err(TransportError::NoReader { reader: "Rig Z".into() }));

    let first = Inserted::lay(rig.port(0), Recorder::new(T1));
    assert_eq!(cards.next(PATIENCE, &never).unwrap().as_bytes(), T1);
    // The card that was there before is not reported again.
    assert!(matches!(cards.next(limit, &never), Err(TransportError::NoCard { .. })));
    // A swap that was over before anybody looked: the reader is full as before, and only its count tells.
    first.take_off();
    while pcsc::list().unwrap().iter().any(|s| s.slot != Slot::Empty) {
        thread::sleep(Duration::from_millis(20));
    }
    let second = Inserted::lay(rig.port(0), Recorder::new(T1));
    wait(&reader).unwrap();
    assert_eq!(cards.next(PATIENCE, &never).unwrap().as_bytes(), T1);

    let stopped = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&stopped);
    let waiting = thread::spawn(move || cards.next(None, &flag));
    thread::sleep(Duration::from_millis(100));
    stopped.store(true, Ordering::Relaxed);
    assert_eq!(waiting.join().unwrap(), Err(TransportError::Stopped));
    drop(second);
}

#[test]
fn a_killed_service_is_named_and_found_again() {
    let Some(mut rig) = Rig::start(1) else { return };
    let reader = rig.reader(0);
    let lying = Inserted::lay(rig.port(0), Recorder::new(T1));
    let never = AtomicBool::new(false);
    let mut cards = CardWait::new(&reader);
    cards.next(PATIENCE, &never).unwrap();
    let mut card = PcscCard::connect(&reader).unwrap();

    let mut watch = cardmint(&["reader", "watch", "--json", "--seconds", "30"])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut events = BufReader::new(watch.stdout.take().unwrap()).lines().map(|line| {
        let value: serde_json::Value = serde_json::from_str(&line.unwrap()).unwrap();
        value["event"].as_str().unwrap().to_owned()
    });
    let mut heard: Vec<String> = events.by_ref().take(3).collect();
    heard.sort();
    assert_eq!(heard, ["card-in", "reader-added", "reader-added"]);

    rig.kill_service();
    assert_eq!(
        card.transmit(CHALLENGE),
        Err(TransportError::ServiceLost { reader: reader.clone() })
    );
    assert_eq!(PcscCard::connect(&reader).err(), Some(TransportError::NoService));
    assert_eq!(events.next().as_deref(), Some("service-down"));
    drop(card);

    rig.start_service();
    assert_eq!(events.next().as_deref(), Some("service-up"));
    assert!(events.by_ref().take(3).any(|event| event == "card-in"));
    cards.next(PATIENCE, &never).unwrap();
    let mut card = PcscCard::connect(&reader).unwrap();
    assert_eq!(card.transmit(CHALLENGE), Ok(vec![5, 0x90, 0x00]));

    // Ctrl-C ends the watch with its own exit code.
    let pid = rustix::process::Pid::from_child(&watch);
    rustix::process::kill_process(pid, rustix::process::Signal::INT).unwrap();
    assert_eq!(watch.wait().unwrap().code(), Some(5));
    drop(lying);
}
