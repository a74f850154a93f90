// SPDX-License-Identifier: Apache-2.0
//! Card dialogues as tables (`tests/conversations/*.toml`), walked by name: each row a command and the answer it must get
//! from a simulated card. MACs, cryptograms and wrapped records of the terminal's side are computed here with OpenSSL, so
//! that neither side of this program vouches for the other.

#![allow(clippy::unwrap_used)] // a test stops at the first surprise

mod terminal;

use std::fs;
use std::path::Path;

use cardmint::sim::{Chip, SimCard, SimOptions};
use serde::Deserialize;

use terminal::{des3, pad, retail};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Conversation {
    title: String,
    source: String,
    chip: Chip,
    #[serde(default)]
    factory: bool,
    /// The chip's defaults when left out.
    options: Option<SimOptions>,
    step: Vec<Step>,
}

/// One row. `send` may be completed by one of `auth`, `mac`, `seal`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Step {
    /// The command; with `mac` and `seal` without MAC, the Lc byte left out.
    #[serde(default)]
    send: String,
    /// The whole answer; `*` in front or behind stands for anything.
    #[serde(default)]
    answer: String,
    /// Bytes that the card takes as its next random numbers.
    random: Option<String>,
    /// Append the last challenge enciphered under this key.
    auth: Option<String>,
    /// Append a MAC under this key.
    mac: Option<String>,
    /// Replace the data by length ‖ data enciphered under this key, and append a MAC.
    seal: Option<String>,
    /// Append this Le after all.
    le: Option<String>,
    /// Do the row this many times.
    times: Option<u32>,
    /// Power-off and on instead of a command.
    #[serde(default)]
    reset: bool,
    #[serde(default)]
    note: String,
}

fn bytes(hex: &str) -> Vec<u8> {
    let text: String = hex.split_whitespace().collect();
    hex::decode(&text).unwrap_or_else(|e| panic!("{hex}: {e}"))
}

impl Step {
    fn command(&self, challenge: [u8; 8]) -> Vec<u8> {
        let mut out = bytes(&self.send);
        if let Some(key) = &self.auth {
            out.push(8);
            out.extend(des3(&bytes(key), &challenge));
        }
        if let Some(key) = self.mac.as_ref().or(self.seal.as_ref()) {
            let key = bytes(key);
            let mut data = out.split_off(4);
            if self.seal.is_some() {
                data.insert(0, data.len() as u8);
                let plain = if data.len().is_multiple_of(8) { data } else { pad(&data) };
                data = des3(&key, &plain);
            }
            out.push(data.len() as u8 + 4);
            out.extend(data);
            let mac = retail(&key, challenge, &out);
            out.extend(mac);
        }
        if let Some(le) = &self.le {
            out.extend(bytes(le));
        }
        out
    }

    fn expects(&self, answer: &str) -> bool {
        let pattern: String = self.answer.split_whitespace().collect();
        match (pattern.strip_prefix('*'), pattern.strip_suffix('*')) {
            (Some(end), _) => answer.ends_with(end),
            (None, Some(start)) => answer.starts_with(start),
            (None, None) => answer == pattern,
        }
    }
}

fn hold(file: &str, conversation: &Conversation) {
    let mut card = SimCard::new(
        conversation.chip,
        [0, 0, 0, 0, 1, 2, 3, 4],
        conversation
            .options
            .clone()
            .unwrap_or(SimOptions::of(conversation.chip)),
        conversation.factory,
    )
    .seeded(1);
    let mut challenge = [0; 8];
    for (number, step) in conversation.step.iter().enumerate() {
        if step.reset {
            card.reset();
            continue;
        }
        for _ in 0..step.times.unwrap_or(1) {
            if let Some(random) = &step.random {
                card.prepare_random(&bytes(random));
            }
            let command = step.command(challenge);
            let answer = card.process(&command);
            if command.starts_with(&[0x00, 0x84]) && answer.ends_with(&[0x90, 0x00]) {
                challenge = [0; 8];
                challenge[..answer.len() - 2].copy_from_slice(&answer[..answer.len() - 2]);
            }
            let answer = hex::encode_upper(&answer);
            assert!(
                step.expects(&answer),
                "{file} ({}), row {}: {} ({})\n  answered {answer}\n  expected {}",
                conversation.title,
                number + 1,
                hex::encode_upper(&command),
                step.note,
                step.answer
            );
        }
    }
}

#[test]
fn every_conversation_is_held_word_for_word() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/conversations");
    let mut held = 0;
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|e| e != "toml") {
            continue;
        }
        let file = path.file_name().unwrap().to_string_lossy().into_owned();
        let text = fs::read_to_string(&path).unwrap();
        let conversation: Conversation = toml::from_str(&text).unwrap_or_else(|e| panic!("{file}: {e}"));
        assert!(!conversation.source.is_empty(), "{file}: no source");
        hold(&file, &conversation);
        held += 1;
    }
    assert!(held > 5, "only {held} conversations found");
}
