// SPDX-License-Identifier: Apache-2.0
//! What one issued card costs the host, without the card's own time: planning, key operations, comparing, the ledger with
//! its durable entries. Beside it the ledger's part alone (an intent, an outcome, a checkpoint for each card), and what the
//! simulated card itself took in the same run.

#![allow(clippy::unwrap_used)]

#[path = "../tests/centre/mod.rs"]
mod centre;
#[allow(dead_code, reason = "whole runs only")]
mod ratio;

use std::time::{Duration, Instant};

use cardmint::iso7816::Atr;
use cardmint::ledger::act::{Act, Intent, Outcome};
use cardmint::ledger::{Ending, Hash, Number, Text};
use cardmint::transport::{CardTransport, TransportError};
use centre::{Centre, blank, on_reader, order, pairs, template};

/// A reader that adds up what the card takes.
struct Timed<T> {
    inner: T,
    card: Duration,
}

impl<T: CardTransport> CardTransport for Timed<T> {
    fn reader(&self) -> &str {
        self.inner.reader()
    }

    fn atr(&self) -> &Atr {
        self.inner.atr()
    }

    fn transmit(&mut self, command: &[u8]) -> Result<Vec<u8>, TransportError> {
        let start = Instant::now();
        let answer = self.inner.transmit(command);
        self.card += start.elapsed();
        answer
    }

    fn reset(&mut self) -> Result<(), TransportError> {
        self.inner.reset()
    }
}

/// Issues cards from order to outcome; the host's time and the cards' for all of them.
fn issue(centre: &mut Centre, name: &str, from: u64, count: u64) -> (Duration, Duration) {
    let template = template(name);
    let (mut host, mut cards) = (Duration::ZERO, Duration::ZERO);
    for n in from..from + count {
        let card = blank(&template, n);
        let start = Instant::now();
        let order = order(&template, n);
        let script = centre.script(&template, &pairs(&order)).unwrap();
        let mut reader = Timed {
            inner: on_reader(&card),
            card: Duration::ZERO,
        };
        centre.issue(&template, &script, &mut reader).unwrap();
        host += start.elapsed().saturating_sub(reader.card);
        cards += reader.card;
    }
    (host, cards)
}

/// The ledger's part alone.
fn record(centre: &mut Centre, from: u64, count: u64) -> Duration {
    let start = Instant::now();
    for n in from..from + count {
        let number = Number::new(format!("9{n:015}")).unwrap();
        let intent = Intent {
            number: number.clone(),
            chip: Some(Number::new(format!("C{n:015}")).unwrap()),
            terminal: None,
            template: Text::new("mohurd-user").unwrap(),
            template_digest: Hash::of(&[b"template"]),
            script: Hash::of(&[&n.to_be_bytes()]),
            raw: false,
            reader: Text::new("sim:test").unwrap(),
            keys: Vec::new(),
            batch: None,
            lot: None,
            resumes: None,
        };
        let intent = centre.session.append(Act::CardIntent(intent)).unwrap().seq;
        let outcome = Outcome {
            number,
            intent,
            result: Ending::Issued,
            proof: Some(Hash::of(&[b"proof"])),
            steps: 90,
            reason: None,
            status_word: None,
        };
        centre.session.append(Act::CardOutcome(outcome)).unwrap();
        centre.session.checkpoint().unwrap();
    }
    start.elapsed()
}

fn main() {
    let table = ratio::Table::begin("Issued cards, host time without the card's own", "ledger alone");
    let (rounds, count) = if table.measures() { (5, 100) } else { (1, 1) };
    for (name, scheme, code) in [
        ("mohurd-user", "mohurd", "3100"),
        ("mohurd-psam", "mohurd", "3100"),
        ("metro-user", "metro", ""),
    ] {
        let mut centre = Centre::new(scheme, "city", code);
        let (mut ours, mut theirs, mut own) = (Vec::new(), Vec::new(), Duration::ZERO);
        for round in 0..rounds {
            let (host, cards) = issue(&mut centre, name, 1 + round * count, count);
            ours.push(ratio::per_second(count as usize, host));
            own += cards;
            theirs.push(ratio::per_second(
                count as usize,
                record(&mut centre, 1 + round * count, count),
            ));
        }
        ratio::line(
            &format!("{name}: order to outcome"),
            ratio::middle(ours),
            ratio::middle(theirs),
        );
        let each = own / u32::try_from(rounds * count).unwrap();
        ratio::say(&format!("  (the simulated card took {each:?} of its own for each)"));
    }
}
