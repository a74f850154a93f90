// SPDX-License-Identifier: Apache-2.0
//! A batch through the real PC/SC service: four virtual readers with hoppers behind them, a feeder that moves the cards, torn
//! cards, two readers unplugged and plugged in again, and a restart of the service on the way.
#![cfg(feature = "pcsc")]
#![allow(clippy::unwrap_used, clippy::print_stderr)] // a test may fail where it stands, and says how long it took

mod centre;
mod pcscd;

mod batch {
    use super::centre;
    pub mod floor;
}

use std::path::Path;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

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

/// What happens on the way, each after so many issued cards of a hundred.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mishap {
    /// Readers 2 and 3 are gone, in the middle of their cards.
    Unplugged,
    /// They are back.
    Plugged,
    /// The service ends and comes back.
    Restarted,
}

const MISHAPS: [(u64, Mishap); 3] = [(20, Mishap::Unplugged), (40, Mishap::Plugged), (60, Mishap::Restarted)];

const READERS: u64 = 4;

#[test]
fn a_batch_survives_torn_cards_and_a_restart_of_the_service() {
    through_the_service(6);
}

/// `cargo test --test batch_pcsc -- --ignored --nocapture`
#[test]
#[ignore = "takes minutes"]
fn two_hundred_cards_on_four_readers() {
    through_the_service(50);
}

/// A batch of so many cards on each of four readers. Two cards are torn away, two readers are unplugged in the middle of their
/// cards and plugged in again, and the service is restarted once more.
fn through_the_service(each: u64) {
    let Some(mut rig) = Rig::start(4) else { return };
    let cards = READERS * each;
    let began = Instant::now();
    let mut floor = Floor::of_cards(u32::try_from(cards).unwrap());
    let folder = tempfile::tempdir().unwrap();
    let places: Vec<_> = (0..READERS).map(|n| folder.path().join(format!("h{n}"))).collect();
    let hoppers: Vec<Hopper> = (0_u64..)
        .zip(&places)
        .map(|(n, place)| hopper(place, n * each, each))
        .collect();
    plan(&hoppers[0], 1, 33, SimFault::TearAfter);
    plan(&hoppers[1], each + 1, 60, SimFault::TearBefore);
    let served = Served::lay(&rig, &places);
    let names: Vec<String> = (0..4).map(|at| rig.reader(at)).collect();
    let fed = |(name, hopper): (&String, &Hopper)| {
        Box::new(Fed {
            source: PcscSource::new(name),
            hopper: hopper.clone(),
            wants: true,
        }) as Box<dyn CardSource>
    };
    let sources = names.iter().zip(&hoppers).map(fed).collect();
    // Which reader issued, and what happened, in their order.
    let story: Arc<Mutex<Vec<Result<String, Mishap>>>> = Arc::default();
    let mut seen = Seen::new();
    let told = Arc::clone(&story);
    let mut issued = 0;
    let mut to_come = MISHAPS.into_iter().peekable();
    seen.at_event = Box::new(move |event| {
        let Event::Issued { reader, .. } = event else { return };
        issued += 1;
        let mut told = told.lock().unwrap();
        told.push(Ok(reader.clone()));
        // In the middle of other cards.
        if let Some((_, mishap)) = to_come.next_if(|(at, _)| issued * 100 >= at * cards) {
            told.push(Err(mishap));
            happens(mishap, &mut rig);
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
    assert!(
        seen.failures().len() >= 2 && seen.failures().iter().all(|f| f.2 == "torn"),
        "{:?}",
        seen.failures()
    );
    of_the_story(&story.lock().unwrap(), &names);
    floor.is_done();
    drop(served);
    for place in &places {
        let good = cardmint::sim::cards_in(&place.join("good")).unwrap();
        assert_eq!(good.len() as u64, each, "{}", place.display());
    }
    let (seconds, failures) = (began.elapsed().as_secs(), seen.failures().len());
    eprintln!("{cards} cards in {seconds} s, with {failures} failures");
}

fn happens(mishap: Mishap, rig: &mut Rig) {
    match mishap {
        Mishap::Unplugged => rig.unplug(1),
        Mishap::Plugged => rig.plug(1),
        Mishap::Restarted => {
            rig.stop_service();
            std::thread::sleep(Duration::from_millis(300));
            rig.start_service();
        }
    }
}

/// Everything happened; readers that were unplugged gave nothing until they were back, and were used again; the others went on.
fn of_the_story(story: &[Result<String, Mishap>], names: &[String]) {
    let at = |mishap| {
        let found = story.iter().position(|s| *s == Err(mishap));
        found.unwrap_or_else(|| panic!("{mishap:?}: {story:?}"))
    };
    let (gone, back, restarted) = (at(Mishap::Unplugged), at(Mishap::Plugged), at(Mishap::Restarted));
    let made = |part: &[Result<String, Mishap>], of: &[String]| {
        let by = |s: &&Result<String, Mishap>| s.as_ref().is_ok_and(|reader| of.contains(reader));
        part.iter().filter(by).count()
    };
    // A card each may have been done already, and be told afterwards.
    assert!(made(&story[gone..back], &names[2..]) <= 2, "{story:?}");
    assert!(made(&story[gone..back], &names[..2]) >= 2, "{story:?}");
    for name in names {
        assert!(
            made(&story[back..], std::slice::from_ref(name)) >= 1,
            "{name}: {story:?}"
        );
    }
    assert!(made(&story[restarted..], names) >= names.len(), "{story:?}");
}
