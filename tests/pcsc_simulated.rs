// SPDX-License-Identifier: Apache-2.0
//! The simulated card behind pcscd says word for word what it says in the process: the conversations of
//! `tests/conversations` that need no cryptograms of the terminal, held through PC/SC.
#![cfg(feature = "pcsc")]
#![allow(clippy::unwrap_used)] // a test stops at the first surprise

mod pcscd;

use std::fs;
use std::path::Path;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use cardmint::sim::{Chip, SimCard, SimOptions};
use cardmint::transport::CardTransport;
use cardmint::transport::pcsc::{self, CardWait, PcscCard};
use cardmint::transport::readers::Slot;
use pcscd::Rig;
use pcscd::card::{Inserted, VirtualCard};
use pcscd::served::{Served, cardmint};
use serde::Deserialize;
use toml::Value;

/// The card stays reachable, so that the test can give it the random numbers of the recording.
struct Shared(Arc<Mutex<SimCard>>);

impl VirtualCard for Shared {
    fn atr(&self) -> Vec<u8> {
        self.0.lock().unwrap().atr().as_bytes().to_vec()
    }

    fn answer(&mut self, command: &[u8]) -> Option<Vec<u8>> {
        Some(self.0.lock().unwrap().process(command))
    }

    fn reset(&mut self) {
        self.0.lock().unwrap().reset();
    }
}

fn part<T: for<'de> Deserialize<'de>>(conversation: &Value, name: &str) -> Option<T> {
    conversation.get(name).map(|value| value.clone().try_into().unwrap())
}

fn fits(pattern: &str, answer: &str) -> bool {
    let pattern: String = pattern.split_whitespace().collect();
    match (pattern.strip_prefix('*'), pattern.strip_suffix('*')) {
        (Some(end), _) => answer.ends_with(end),
        (None, Some(start)) => answer.starts_with(start),
        (None, None) => answer == pattern,
    }
}

fn hex_bytes(text: &str) -> Vec<u8> {
    hex::decode(text.split_whitespace().collect::<String>()).unwrap()
}

/// Holds one conversation; returns how many commands went over.
fn hold(rig: &Rig, file: &str, conversation: &Value) -> usize {
    let chip: Chip = part(conversation, "chip").unwrap();
    let options: SimOptions = part(conversation, "options").unwrap_or_default();
    let factory = part(conversation, "factory").unwrap_or(false);
    let card = SimCard::new(chip, [0, 0, 0, 0, 1, 2, 3, 4], options, factory).seeded(1);
    let card = Arc::new(Mutex::new(card));
    let lying = Inserted::lay(rig.port(0), Shared(Arc::clone(&card)));
    let patience = Some(Duration::from_secs(20));
    CardWait::new(&rig.reader(0))
        .next(patience, &AtomicBool::new(false))
        .unwrap();
    let mut reader = PcscCard::connect(&rig.reader(0)).unwrap();
    let mut sent = 0;
    for (row, step) in conversation["step"].as_array().unwrap().iter().enumerate() {
        if part(step, "reset").unwrap_or(false) {
            reader.reset().unwrap();
            continue;
        }
        if let Some(random) = part::<String>(step, "random") {
            card.lock().unwrap().prepare_random(&hex_bytes(&random));
        }
        let command = hex_bytes(step["send"].as_str().unwrap());
        for _ in 0..part(step, "times").unwrap_or(1) {
            let answer = hex::encode_upper(reader.transmit(&command).unwrap());
            let expected = step["answer"].as_str().unwrap();
            assert!(
                fits(expected, &answer),
                "{file}, row {}: {step}\n  answered {answer}",
                row + 1
            );
            sent += 1;
        }
    }
    drop(reader);
    lying.take_off();
    // Without this the service may take the next card for the same one.
    while pcsc::list().unwrap().iter().any(|status| status.slot != Slot::Empty) {
        thread::sleep(Duration::from_millis(20));
    }
    sent
}

#[test]
fn conversations_are_the_same_through_the_service() {
    let Some(rig) = Rig::start(1) else { return };
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/conversations");
    let mut sent = 0;
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let Ok(text) = fs::read_to_string(&path) else { continue };
        let conversation: Value = toml::from_str(&text).unwrap();
        let steps = conversation["step"].as_array().unwrap();
        if steps
            .iter()
            .any(|step| ["auth", "mac", "seal", "le"].iter().any(|key| step.get(key).is_some()))
        {
            continue;
        }
        sent += hold(&rig, &path.display().to_string(), &conversation);
    }
    assert!(sent >= 26, "only {sent} commands: the worked example alone has 26");
}

#[test]
fn served_cards_are_the_ones_of_the_folder() {
    let Some(rig) = Rig::start(3) else { return };
    let folder = rig.folder().join("cards");
    for (name, chip, t0) in [
        ("user", "fmcos", false),
        ("psam", "psam", false),
        ("contact", "fmcos", true),
    ] {
        let mut make = cardmint();
        make.args(["sim", "new", "--chip", chip, "--name", name]).arg(&folder);
        if t0 {
            make.arg("--t0");
        }
        assert!(make.output().unwrap().status.success(), "{name}");
    }
    let cards: Vec<_> = ["user", "psam", "contact"]
        .iter()
        .map(|name| folder.join(name))
        .collect();
    let atrs: Vec<String> = cards
        .iter()
        .map(|card| atr(&format!("sim:{}", card.display())))
        .collect();
    let _served = Served::lay(&rig, &cards);
    for (at, expected) in atrs.iter().enumerate() {
        CardWait::new(&rig.reader(at))
            .next(Some(Duration::from_secs(20)), &AtomicBool::new(false))
            .unwrap();
        // Four readers on two copies of the driver: each card on the reader that it was laid on, by name.
        assert_eq!(atr(&rig.reader(at)), *expected, "reader {at}");
    }
    let select = hex_bytes("00A40000023F0000");
    let answers: Vec<Vec<u8>> = (0..3)
        .map(|at| PcscCard::connect(&rig.reader(at)).unwrap().transmit(&select).unwrap())
        .collect();
    assert!(
        answers[0].ends_with(&[0x90, 0x00]) && answers[1].ends_with(&[0x90, 0x00]),
        "{answers:02X?}"
    );
    // A T=0 card announces its answer, and the terminal fetches it.
    assert_eq!((answers[2].len(), answers[2][0]), (2, 0x61), "{answers:02X?}");
}

/// The ATR as the program shows it.
fn atr(reader: &str) -> String {
    let output = cardmint()
        .args(["reader", "atr", "--json", "--reader", reader])
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let shown: serde_json::Value = serde_json::from_str(text.trim()).unwrap_or_else(|_| panic!("{reader}: {text}"));
    shown["atr"].as_str().unwrap().to_owned()
}
