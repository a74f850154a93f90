// SPDX-License-Identifier: Apache-2.0
//! A batch: the cards of an approved order on many readers at once.
//!
//! One thread for each reader, each with its own connection; one thread that alone writes to the ledger and gives out the
//! rows; the calling thread shows what happens and asks people. A card goes the way of `batch::issue`: intent, script, proof,
//! outcome. What always holds: the run does only what was approved (digest, keys, template); a card begun in an earlier run
//! goes on by what is on its chip; whatever stops the program, the next run ends with the cards of an undisturbed one.

mod approval;
mod book;
mod clerk;
mod control;
mod event;
mod making;
mod remote;
mod rows;
mod trouble;
mod verdict;
mod worker;

pub use approval::{LaidDown, check_approved, lay_down};
pub use book::BookRows;
pub use control::Control;
pub use event::{Answer, Event, Failure, Question, Summary, Watch};
pub use rows::{OrderRows, OrderedCard};

use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::Duration;

use clerk::{Approved, Clerk, Desk};
use control::Flags;
use remote::Remote;
use worker::Worker;

use super::fault::BatchError;
use crate::crypto::purse::{DateTime, Terminal};
use crate::keys::scheme::Scheme;
use crate::keys::{FileKeyStore, KeyRecord, KeyStore};
use crate::ledger::act::Act;
use crate::ledger::centre::BatchRow;
use crate::ledger::{CardKind, Text};
use crate::outside::Random;
use crate::perso::script::PersoScript;
use crate::perso::{SiteFacts, plan};
use crate::site::{LedgerWriter, Site};
use crate::template::{Order as CardOrder, OrderKind, Template};
use crate::transport::source::CardSource;

/// How often the calling thread looks at signals.
const TICK: Duration = Duration::from_millis(100);

/// How a batch is run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// So many failures in a row stop a reader.
    pub failures: u32,
    /// So often one card is tried.
    pub tries: u32,
    /// Whether to wait for cards in doubt when every row is begun.
    pub wait: bool,
    /// The lot that the blanks are from; lots with serial numbers are found by themselves.
    pub lot: Option<Text>,
    /// The terminal number of initial loads.
    pub terminal: Option<Terminal>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            failures: 3,
            tries: 3,
            wait: true,
            lot: None,
            terminal: None,
        }
    }
}

/// Hears of each append of a run, before and after it is durable: its number in the run, the act, whether it is durable. For
/// tests that end the process there.
pub type Watched = dyn Fn(u64, &Act, bool) + Sync;

/// What a run gets from outside.
pub struct Outside<'a> {
    /// Random sources, one for each reader.
    pub random: &'a (dyn Fn() -> Box<dyn Random + Send> + Sync),
    /// The time of day, as cards carry it.
    pub now: &'a (dyn Fn() -> DateTime + Sync),
    /// Signals.
    pub control: &'a Control,
    /// Who hears of every append.
    pub watched: Option<&'a Watched>,
}

/// A batch and what it needs.
pub struct Run<'a> {
    /// The batch, as the ledger has it.
    pub batch: BatchRow,
    /// The template that was approved.
    pub template: &'a Template,
    /// The rows of its order.
    pub rows: &'a mut dyn OrderRows,
    /// The readers.
    pub sources: Vec<Box<dyn CardSource>>,
    /// How.
    pub settings: Settings,
}

/// A session in its parts.
pub type Parts<'a> = (&'a Site, &'a FileKeyStore, LedgerWriter<'a>);

/// What every reader's thread needs of the site.
struct Workshop<'a> {
    scheme: &'a Scheme,
    keys: &'a FileKeyStore,
    now: &'a (dyn Fn() -> DateTime + Sync),
    settings: &'a Settings,
}

/// What every reader's thread needs of the order.
struct Order<'a> {
    batch: &'a str,
    kind: CardKind,
    template: &'a Template,
    facts: &'a SiteFacts,
    stored: &'a [KeyRecord],
}

impl Order<'_> {
    /// The plan of a card of which nothing is known but its number: good for its keys.
    fn example(&self, number: &str, chip: Option<&str>, scheme: &Scheme) -> Result<PersoScript, BatchError> {
        let field = self.template.order_field(&self.template.number);
        let digits = match field.map(|field| &field.kind) {
            Some(OrderKind::Digits(n)) => number.get(number.len().saturating_sub(*n)..),
            _ => Some(number),
        };
        let mut values: std::collections::BTreeMap<String, String> =
            CardOrder::example(self.template, "20000101000000", &|name| self.facts.value(name))?
                .values()
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .collect();
        values.insert(self.template.number.clone(), digits.unwrap_or(number).to_owned());
        if let Some(m1) = &self.template.m1 {
            values.extend(chip.map(|chip| (m1.uid.clone(), chip.to_owned())));
        }
        let order = CardOrder::restored(values);
        Ok(plan(self.template, &order, scheme, self.stored, self.facts)?)
    }
}

/// What goes to the calling thread.
enum Say {
    Event(Event),
    Ask(Question, Sender<Answer>),
}

/// Runs a batch until every row is done, the operator stops it, or nothing can go on.
pub fn run(
    (site, store, writer): Parts<'_>,
    run: Run<'_>,
    outside: &Outside<'_>,
    watch: &mut dyn Watch,
) -> Result<Summary, BatchError> {
    let facts = super::facts(site)?;
    let stored = store.keys();
    let keys = writer.ledger.batch_keys(&run.batch.batch)?;
    let approved: Approved = keys
        .into_iter()
        .map(|k| (k.key.to_string(), k.kcv.to_string()))
        .collect();
    let kind = super::kind_of(run.template.product);
    let flags = Flags::default();
    let name = run.batch.batch.clone();
    let order = Order {
        batch: &name,
        kind,
        template: run.template,
        facts: &facts,
        stored: &stored,
    };
    let shop = Workshop {
        scheme: site.scheme(),
        keys: store,
        now: outside.now,
        settings: &run.settings,
    };
    let readers: Vec<String> = run.sources.iter().map(|source| source.reader().to_owned()).collect();
    let (say, said) = channel();
    let mut clerk = Clerk {
        writer,
        rows: run.rows,
        batch: run.batch,
        kind,
        lot: run.settings.lot.clone(),
        wait: run.settings.wait,
        say: say.clone(),
        flags: &flags,
        watched: outside.watched,
        state: Desk::default(),
    };
    // Nobody looks at a card before the ledger has the run.
    clerk.begin(&readers)?;
    let (written, counts) = thread::scope(|scope| {
        let (ask, asked) = channel();
        let (flags, shop, order, approved) = (&flags, &shop, &order, &approved);
        let writing = scope.spawn(move || clerk.run(&asked));
        for source in run.sources {
            let worker = Worker {
                shop,
                order,
                approved,
                flags,
                remote: Remote::new(ask.clone()),
                say: say.clone(),
                source,
                random: (outside.random)(),
                failures: 0,
                chip: None,
                tried: (None, 0),
            };
            scope.spawn(move || worker.run());
        }
        // What is left are the readers' ends: when they are gone, the writer ends, and with it this.
        drop((ask, say));
        let counts = attend(&said, flags, outside.control, watch);
        (writing.join(), counts)
    });
    let written = written.unwrap_or(Err(BatchError::WriterEnded))?;
    if let Some(fault) = flags.take_fault() {
        return Err(fault);
    }
    let summary = Summary {
        issued: counts.issued,
        failures: counts.failures,
        stopped: counts.stopped,
        ..written
    };
    watch.event(&Event::Ended(summary));
    Ok(summary)
}

/// What the calling thread counts.
#[derive(Default)]
struct Counts {
    issued: u32,
    failures: u32,
    stopped: bool,
}

/// Shows what happens, asks people, and passes signals on, until every thread is gone.
fn attend(said: &Receiver<Say>, flags: &Flags, control: &Control, watch: &mut dyn Watch) -> Counts {
    let mut counts = Counts::default();
    let mut held = false;
    loop {
        match said.recv_timeout(TICK) {
            Ok(Say::Event(event)) => {
                match &event {
                    Event::Issued { .. } => counts.issued += 1,
                    Event::Failed { .. } => counts.failures += 1,
                    _ => {}
                }
                watch.event(&event);
            }
            Ok(Say::Ask(question, reply)) => drop(reply.send(watch.ask(&question))),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => {
                counts.stopped |= control.stop.load(Ordering::Relaxed);
                return counts;
            }
        }
        watch.tick();
        if !counts.stopped && control.stop.load(Ordering::Relaxed) {
            counts.stopped = true;
            flags.quit();
            watch.event(&Event::Stopping);
        }
        let hold = control.pause.load(Ordering::Relaxed);
        if hold != held {
            held = hold;
            flags.held.store(hold, Ordering::Relaxed);
            watch.event(if hold { &Event::Paused } else { &Event::Resumed });
        }
    }
}
