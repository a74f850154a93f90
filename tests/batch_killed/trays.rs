// SPDX-License-Identifier: Apache-2.0
//! Readers over card files, on which the process ends at a given point and things go wrong at random.

use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use cardmint::iso7816::Atr;
use cardmint::ledger::act::Act;
use cardmint::sim::{CardPath, PlannedFault, SimFault, SimReader};
use cardmint::transport::source::{CardSource, Verdict};
use cardmint::transport::{CardTransport, TransportError};
use serde::{Deserialize, Serialize};

/// Where at a point.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum At {
    /// Nothing happened yet.
    Before,
    /// It happened, and nobody here knows.
    After,
    /// The card lost its power with it.
    Torn,
}

/// Where the process is killed: counted over all readers, from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Kill {
    Command { n: u64, at: At },
    Commit { n: u64, at: At },
}

/// What goes wrong at random.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct Noise {
    pub seed: u64,
    /// One command of so many.
    pub each: u64,
}

/// SplitMix64: the same numbers for the same seed, anywhere.
pub struct Dice(u64);

impl Dice {
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    pub fn below(&mut self, n: u64) -> u64 {
        self.next() % n
    }
}

/// What all readers of a process share.
#[derive(Default)]
pub struct Fate {
    pub commands: AtomicU64,
    pub commits: AtomicU64,
    pub kill: Option<Kill>,
    /// Looks at the service that fail until it is back.
    pub service_down: AtomicU64,
}

fn end_of_the_process() -> ! {
    // Not an exit: no destructor, no handler, no flush.
    let _ = rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::KILL);
    loop {
        thread::sleep(Duration::from_secs(1));
    }
}

impl Fate {
    fn is(&self, kill: Kill) -> bool {
        self.kill == Some(kill)
    }

    /// Hears of the commits of a run.
    pub fn commit(&self, n: u64, _: &Act, durable: bool) {
        self.commits.fetch_max(n, Ordering::Relaxed);
        let at = if durable { At::After } else { At::Before };
        if self.is(Kill::Commit { n, at }) {
            end_of_the_process();
        }
    }
}

/// A tray with cards of a folder.
pub struct Tray {
    pub name: String,
    pub waiting: VecDeque<CardPath>,
    pub on: Option<CardPath>,
    pub fate: Arc<Fate>,
    pub noise: Option<(Dice, u64)>,
    /// Looks at the reader that fail until it is plugged in again.
    pub unplugged: Arc<AtomicU64>,
}

fn counted_down(counter: &AtomicU64) -> bool {
    counter
        .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |n| n.checked_sub(1))
        .is_ok()
}

impl CardSource for Tray {
    fn reader(&self) -> &str {
        &self.name
    }

    fn next_card(&mut self, quit: &AtomicBool) -> Result<Option<Box<dyn CardTransport>>, TransportError> {
        if quit.load(Ordering::Relaxed) {
            return Err(TransportError::Stopped);
        }
        let reader = self.name.clone();
        if counted_down(&self.fate.service_down) {
            return Err(TransportError::NoService);
        }
        if counted_down(&self.unplugged) {
            return Err(TransportError::NoReader { reader });
        }
        if self.on.is_none() {
            self.on = self.waiting.pop_front();
        }
        let Some(path) = &self.on else { return Ok(None) };
        let doomed = Doomed {
            reader,
            inner: SimReader::open_path(path.clone()).unwrap(),
            path: path.clone(),
            gone: false,
            fate: Arc::clone(&self.fate),
            dice: self.noise.as_mut().map(|(dice, each)| (Dice::new(dice.next()), *each)),
            unplugged: Arc::clone(&self.unplugged),
        };
        Ok(Some(Box::new(doomed)))
    }

    fn release(&mut self, verdict: Verdict) -> Result<(), TransportError> {
        if verdict != Verdict::Again {
            self.on = None;
        }
        Ok(())
    }
}

/// A card on such a reader.
struct Doomed {
    reader: String,
    inner: SimReader,
    path: CardPath,
    gone: bool,
    fate: Arc<Fate>,
    dice: Option<(Dice, u64)>,
    unplugged: Arc<AtomicU64>,
}

impl Doomed {
    /// The command is torn in the way that the simulator knows.
    fn torn(&mut self, fault: SimFault, command: &[u8]) -> Result<Vec<u8>, TransportError> {
        // What is planned while a card lies on the reader counts from its next command.
        let planned = PlannedFault {
            at: 1,
            fault,
            repeat: false,
        };
        self.path.plan(&[planned]).unwrap();
        let answer = self.inner.transmit(command);
        assert!(answer.is_err(), "a torn command was answered");
        self.gone = true;
        answer
    }

    /// What goes wrong at this command, if anything does.
    fn mishap(&mut self, command: &[u8]) -> Option<TransportError> {
        let (dice, each) = self.dice.as_mut()?;
        if dice.below(*each) != 0 {
            return None;
        }
        let (kind, reader) = (dice.below(5), self.reader.clone());
        let fault = match kind {
            0 => return self.torn(SimFault::TearBefore, command).err(),
            1 => return self.torn(SimFault::TearDuring, command).err(),
            2 => return self.torn(SimFault::TearAfter, command).err(),
            3 => {
                self.unplugged.store(2, Ordering::Relaxed);
                TransportError::ReaderGone { reader }
            }
            _ => {
                self.fate.service_down.store(4, Ordering::Relaxed);
                TransportError::ServiceLost { reader }
            }
        };
        self.gone = true;
        Some(fault)
    }
}

impl CardTransport for Doomed {
    fn reader(&self) -> &str {
        &self.reader
    }

    fn atr(&self) -> &Atr {
        self.inner.atr()
    }

    fn transmit(&mut self, command: &[u8]) -> Result<Vec<u8>, TransportError> {
        if self.gone {
            let reader = self.reader.clone();
            return Err(TransportError::CardRemoved { reader });
        }
        let n = 1 + self.fate.commands.fetch_add(1, Ordering::Relaxed);
        if self.fate.is(Kill::Command { n, at: At::Before }) {
            end_of_the_process();
        }
        if self.fate.is(Kill::Command { n, at: At::Torn }) {
            let _ = self.torn(SimFault::TearDuring, command);
            end_of_the_process();
        }
        if let Some(fault) = self.mishap(command) {
            return Err(fault);
        }
        let answer = self.inner.transmit(command);
        if self.fate.is(Kill::Command { n, at: At::After }) {
            end_of_the_process();
        }
        answer
    }

    fn reset(&mut self) -> Result<(), TransportError> {
        if self.gone {
            let reader = self.reader.clone();
            return Err(TransportError::CardRemoved { reader });
        }
        self.inner.reset()
    }
}

/// The trays of a folder's cards, dealt to so many readers.
pub fn trays(cards: &[CardPath], readers: usize, fate: &Arc<Fate>, noise: Option<Noise>) -> Vec<Tray> {
    let dice = |n: usize| noise.map(|noise| (Dice::new(noise.seed ^ (n as u64) << 32), noise.each));
    let tray = |n: usize| Tray {
        name: format!("sim:tray{n}"),
        waiting: cards.iter().skip(n).step_by(readers).cloned().collect(),
        on: None,
        fate: Arc::clone(fate),
        noise: dice(n),
        unplugged: Arc::default(),
    };
    (0..readers).map(tray).collect()
}

/// Where cards lie beside a site.
pub fn cards_of(folder: &std::path::Path) -> PathBuf {
    folder.join("cards")
}
