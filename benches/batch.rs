// SPDX-License-Identifier: Apache-2.0
//! Batches on simulated readers: how much faster many readers are than one, where the time of a card goes, and what memory a
//! long order takes.
//!
//! `CARDMINT_ROWS=100000 cargo bench --bench batch` runs the long order with so many cards instead of 4000.

#![allow(clippy::unwrap_used)]

#[path = "../tests/centre/mod.rs"]
mod centre;
#[path = "batch/floor.rs"]
mod floor;
#[path = "batch/keys.rs"]
mod keys;
#[allow(dead_code, reason = "whole runs only")]
mod ratio;

use std::time::{Duration, Instant};

use cardmint::batch::{Job, Station, issue_at};
use cardmint::card::CardSession;
use cardmint::outside::{SystemRandom, Unobserved};
use cardmint::perso::Surroundings;

use centre::{Centre, blank, on_reader, order, pairs, template};
use floor::{Floor, Meter, Timed};

/// What a contact card takes for one command.
const APDU: Duration = Duration::from_millis(20);

fn main() {
    let measures = std::env::args().any(|a| a == "--bench");
    readers_with_slow_cards(if measures { 6 } else { 0 });
    shares_with_instant_cards(if measures { 600 } else { 1 });
    long_order(if measures { 4000 } else { 3 });
}

fn percent(part: Duration, whole: Duration) -> f64 {
    100.0 * part.as_secs_f64() / whole.as_secs_f64().max(1e-9)
}

/// Cards of 20 ms for each command on 1, 2, 4 and 8 readers.
fn readers_with_slow_cards(each: u32) {
    ratio::say("\nCards that take 20 ms for each command\n");
    ratio::say(&format!(
        "{:<10} {:>16} {:>14} {:>28}",
        "readers", "cards a minute", "to one reader", "cardmint's time to the card's"
    ));
    let apdu = if each == 0 { Duration::ZERO } else { APDU };
    let mut one = 0.0;
    for readers in [1_u32, 2, 4, 8] {
        let mut floor = Floor::of_cards(readers * each.max(1));
        let (took, meter) = floor.run(readers, apdu);
        let rate = 60.0 * ratio::per_second(floor.count as usize, took);
        if readers == 1 {
            one = rate;
        }
        // What a reader's thread takes in all is its wall time; what is not the card's is ours.
        let ours = (took * readers).saturating_sub(meter.card());
        ratio::say(&format!(
            "{readers:<10} {rate:>16.1} {:>14.2} {:>26.2} %",
            rate / one,
            percent(ours, meter.card())
        ));
    }
}

/// Cards that take no time of their own but the simulator's: where the time of a card goes.
fn shares_with_instant_cards(count: u32) {
    ratio::say("\nCards that answer at once\n");
    ratio::say(&format!(
        "{:<10} {:>16} {:>22} {:>24}",
        "readers", "cards a second", "ledger's commits", "simulated cards"
    ));
    for readers in [1_u32, 4, 8] {
        let mut floor = Floor::of_cards(count.max(readers));
        let (took, meter) = floor.run(readers, Duration::ZERO);
        ratio::say(&format!(
            "{readers:<10} {:>16.1} {:>20.1} % {:>22.1} %",
            ratio::per_second(floor.count as usize, took),
            percent(meter.ledger(), took),
            percent(meter.card(), took * readers),
        ));
    }
    one_by_one(u64::from(count.min(200)));
}

/// The shares of one card after the other, keys apart.
fn one_by_one(count: u64) {
    let mut centre = Centre::new("mohurd", "city", "3100");
    let template = template("mohurd-user");
    let meter = Meter::default();
    let begin = Instant::now();
    for n in 1..=count {
        let card = blank(&template, n);
        let script = centre.script(&template, &pairs(&order(&template, n))).unwrap();
        let (site, store, mut writer) = centre.session.parts();
        let keys = keys::TimedKeys::new(store, &meter);
        let mut record = floor::TimedRecord::new(&mut writer, &meter);
        let mut station = Station {
            scheme: site.scheme(),
            keys: &keys,
            record: &mut record,
        };
        let mut reader = Timed::new(Box::new(on_reader(&card)), Duration::ZERO, meter.clone());
        let mut session = CardSession::new(&mut reader, template.dialect);
        let (mut random, mut observer) = (SystemRandom, Unobserved);
        let around = Surroundings {
            random: &mut random,
            at: centre::at(),
            observer: &mut observer,
        };
        let job = Job {
            template: &template,
            script: &script,
            batch: None,
            lot: None,
        };
        issue_at(&mut station, &job, &mut session, around).unwrap();
    }
    let took = begin.elapsed();
    let (keys, ledger, card) = (meter.keys(), meter.ledger(), meter.card());
    let rest = took.saturating_sub(keys + ledger + card);
    ratio::say(&format!(
        "\none after the other: {:.1} cards a second; key operations {:.1} %, ledger {:.1} %, transport and simulated card {:.1} %, \
         planning and comparing {:.1} %",
        ratio::per_second(usize::try_from(count).unwrap(), took),
        percent(keys, took),
        percent(ledger, took),
        percent(card, took),
        percent(rest, took)
    ));
}

/// Memory over a long order.
fn long_order(count: u32) {
    let count = std::env::var("CARDMINT_ROWS").map_or(count, |rows| rows.parse().unwrap());
    let mut floor = Floor::of_cards(count);
    let (took, meter) = floor.run(8, Duration::ZERO);
    let memory = meter.memory();
    ratio::say(&format!(
        "\nAn order of {count} cards on 8 readers: {:.1} cards a second; resident memory in MB after each tenth of it: {}",
        ratio::per_second(count as usize, took),
        memory
            .iter()
            .map(|kib| format!("{:.1}", f64::from(*kib) / 1024.0))
            .collect::<Vec<_>>()
            .join(" ")
    ));
}
