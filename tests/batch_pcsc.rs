// SPDX-License-Identifier: Apache-2.0
//! A batch through the real PC/SC service: virtual readers with hoppers behind them, a feeder that moves the cards, torn cards,
//! a reader whose cards vanish for a while, and a restart of the service on the way.
#![cfg(feature = "pcsc")]
#![allow(clippy::unwrap_used)] // a test may fail where it stands

mod centre;
mod pcscd;

mod batch {
    use super::centre;
    pub mod floor;
}

use std::path::Path;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use batch::floor::{Floor, Seen, run_on};
use cardmint::batch::run::{Control, Event};
use cardmint::sim::{CardPath, Hopper, PlannedFault, SimCard, SimFault, SimOptions, seeded_serial};
use cardmint::transport::pcsc_source::PcscSource;
use cardmint::transport::source::{CardSource, Verdict};
use cardmint::transport::{CardTransport, TransportError};
use pcscd::Rig;
use pcscd::served::Served;

/// A reader of the service with a hopper behind it.
struct Fed {
    source: PcscSource,
    hopper: Hopper,
    wants: bool,
}

impl CardSource for Fed {
    fn reader(&self) -> &str {
        self.source.reader()
    }

    fn next_card(&mut self, quit: &AtomicBool) -> Result<Option<Box<dyn CardTransport>>, TransportError> {
        if self.wants && self.hopper.feed().unwrap().is_none() {
            return Ok(None);
        }
        self.wants = false;
        self.source.next_card(quit)
    }

    fn release(&mut self, verdict: Verdict) -> Result<(), TransportError> {
        self.source.release(verdict)?;
        if verdict != Verdict::Again {
            self.hopper.sort(verdict == Verdict::Good).unwrap();
            self.wants = true;
        }
        Ok(())
    }
}

/// So many blanks in a hopper.
fn hopper(folder: &Path, from: u64, count: u64) -> Hopper {
    let hopper = Hopper::create(folder).unwrap();
    for n in from..from + count {
        let options = SimOptions {
            durable: false,
            ..SimOptions::default()
        };
        let card = SimCard::new(cardmint::sim::Chip::Fmcos, seeded_serial(9, n), options, false).seeded(n);
        CardPath::new(hopper.blanks(), format!("c{n:03}"))
            .create(&card)
            .unwrap();
    }
    hopper
}

fn plan(hopper: &Hopper, card: u64, at: u32, fault: SimFault) {
    let path = CardPath::new(hopper.blanks(), format!("c{card:03}"));
    let repeat = false;
    path.plan(&[PlannedFault { at, fault, repeat }]).unwrap();
}

#[test]
fn a_batch_survives_torn_cards_and_a_restart_of_the_service() {
    through_the_service(2, 5);
}

/// `cargo test --test batch_pcsc -- --ignored`
#[test]
#[ignore = "takes minutes"]
fn two_hundred_cards_on_four_readers() {
    through_the_service(4, 50);
}

/// A batch of so many cards each on so many readers. Two readers lose a card in the middle, and the service is restarted once.
fn through_the_service(readers: usize, each: u64) {
    let Some(mut rig) = Rig::start(readers) else { return };
    let cards = readers as u64 * each;
    let restart_at = cards * 2 / 5;
    let mut floor = Floor::of_cards(u32::try_from(cards).unwrap());
    let folder = tempfile::tempdir().unwrap();
    let places: Vec<_> = (0..readers).map(|n| folder.path().join(format!("h{n}"))).collect();
    let hoppers: Vec<Hopper> = (0_u64..)
        .zip(&places)
        .map(|(n, place)| hopper(place, n * each, each))
        .collect();
    plan(&hoppers[0], 1, 33, SimFault::TearAfter);
    plan(&hoppers[1], each + 1, 60, SimFault::TearBefore);
    let served = Served::lay(&rig, &places);
    let sources: Vec<Box<dyn CardSource>> = hoppers
        .iter()
        .enumerate()
        .map(|(at, hopper)| {
            let source = PcscSource::new(&rig.reader(at));
            let hopper = hopper.clone();
            Box::new(Fed {
                source,
                hopper,
                wants: true,
            }) as Box<dyn CardSource>
        })
        .collect();
    let names: Vec<String> = (0..readers).map(|at| rig.reader(at)).collect();
    let service = Arc::new(Mutex::new((Some(()), 0)));
    let mut seen = Seen::new();
    let count = Arc::clone(&service);
    seen.at_event = Box::new(move |event| {
        if let Event::Issued { .. } = event {
            let mut count = count.lock().unwrap();
            count.1 += 1;
            // In the middle of other cards.
            if count.1 == restart_at && count.0.take().is_some() {
                rig.stop_service();
                std::thread::sleep(Duration::from_millis(300));
                rig.start_service();
            }
        }
    });
    let Floor {
        centre,
        template,
        rows,
        settings,
        ..
    } = &mut floor;
    settings.failures = 9;
    let control = Control::default();
    let summary = run_on(
        &mut centre.session,
        template,
        rows,
        settings,
        sources,
        &mut seen,
        &control,
        None,
    )
    .unwrap();
    assert_eq!(
        (summary.issued, summary.left, summary.doubtful),
        (u32::try_from(cards).unwrap(), 0, 0),
        "{:?}",
        seen.failures()
    );
    assert!(service.lock().unwrap().0.is_none(), "the service was not restarted");
    assert!(
        seen.failures().len() >= 2 && seen.failures().iter().all(|f| f.2 == "torn"),
        "{:?}",
        seen.failures()
    );
    for reader in &names {
        let made = |e: &&Event| matches!(e, Event::Issued { reader: r, .. } if r == reader);
        assert!(seen.events.iter().filter(made).count() >= 3, "{reader}");
    }
    floor.is_done();
    drop(served);
    for place in &places {
        let good = cardmint::sim::cards_in(&place.join("good")).unwrap();
        assert_eq!(good.len() as u64, each, "{}", place.display());
    }
}
