// SPDX-License-Identifier: Apache-2.0
//! A centre with an approved batch of any length, whose rows and blanks are made when they are needed, and meters.

use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use cardmint::batch::run::{
    Answer, Control, Event, LaidDown, OrderRows, OrderedCard, Outside, Question, Run, Settings, Watch, lay_down, run,
};
use cardmint::batch::{self, BatchError, Recording};
use cardmint::iso7816::Atr;
use cardmint::ledger::act::{Act, BatchApprove, BatchNew, OrderImport, PurseIntent, RangeReserve, Span};
use cardmint::ledger::query::CardRow;
use cardmint::ledger::{CardKind, Hash, Number, Text};
use cardmint::outside::{Clock, Random, SystemRandom};
use cardmint::site::{LedgerWriter, Session};
use cardmint::template::{Order, Template};
use cardmint::transport::source::{CardSource, Verdict};
use cardmint::transport::{CardTransport, TransportError};

use super::centre::{self, Centre, passphrase};

const BATCH: &str = "B";
const ORDER: &str = "one";

/// Adds up what the parts take.
#[derive(Clone, Default)]
pub(crate) struct Meter {
    card: Arc<AtomicU64>,
    ledger: Arc<AtomicU64>,
    keys: Arc<AtomicU64>,
    memory: Arc<Mutex<Vec<u32>>>,
}

impl Meter {
    fn add(to: &AtomicU64, since: Instant) {
        to.fetch_add(u64::try_from(since.elapsed().as_nanos()).unwrap(), Ordering::Relaxed);
    }

    pub(crate) fn add_keys(&self, since: Instant) {
        Self::add(&self.keys, since);
    }

    pub(crate) fn card(&self) -> Duration {
        Duration::from_nanos(self.card.load(Ordering::Relaxed))
    }

    pub(crate) fn ledger(&self) -> Duration {
        Duration::from_nanos(self.ledger.load(Ordering::Relaxed))
    }

    pub(crate) fn keys(&self) -> Duration {
        Duration::from_nanos(self.keys.load(Ordering::Relaxed))
    }

    /// KiB, in the order in which they were taken.
    pub(crate) fn memory(&self) -> Vec<u32> {
        self.memory.lock().unwrap().clone()
    }
}

/// Resident memory in KiB; 0 where the system does not tell.
fn resident() -> u32 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok())
        .unwrap_or(0)
}

/// A card that takes its time, which is added up.
pub(crate) struct Timed {
    inner: Box<dyn CardTransport>,
    each: Duration,
    meter: Meter,
}

impl Timed {
    pub(crate) fn new(inner: Box<dyn CardTransport>, each: Duration, meter: Meter) -> Self {
        Self { inner, each, meter }
    }
}

impl CardTransport for Timed {
    fn reader(&self) -> &str {
        self.inner.reader()
    }

    fn atr(&self) -> &Atr {
        self.inner.atr()
    }

    fn transmit(&mut self, command: &[u8]) -> Result<Vec<u8>, TransportError> {
        let start = Instant::now();
        if !self.each.is_zero() {
            thread::sleep(self.each);
        }
        let answer = self.inner.transmit(command);
        Meter::add(&self.meter.card, start);
        answer
    }

    fn reset(&mut self) -> Result<(), TransportError> {
        self.inner.reset()
    }
}

/// A ledger whose time is added up.
pub(crate) struct TimedRecord<'a, 'b> {
    inner: &'a mut LedgerWriter<'b>,
    meter: &'a Meter,
}

impl<'a, 'b> TimedRecord<'a, 'b> {
    pub(crate) fn new(inner: &'a mut LedgerWriter<'b>, meter: &'a Meter) -> Self {
        Self { inner, meter }
    }

    fn timed<T>(&mut self, work: impl FnOnce(&mut LedgerWriter<'b>) -> T) -> T {
        let start = Instant::now();
        let done = work(self.inner);
        Meter::add(&self.meter.ledger, start);
        done
    }
}

impl Recording for TimedRecord<'_, '_> {
    fn card(&mut self, kind: CardKind, number: &str) -> Result<Option<CardRow>, BatchError> {
        self.timed(|ledger| Recording::card(ledger, kind, number))
    }

    fn card_on_chip(&mut self, chip: &str) -> Result<Option<CardRow>, BatchError> {
        self.timed(|ledger| Recording::card_on_chip(ledger, chip))
    }

    fn open_purse_intent(&mut self, number: &str) -> Result<Option<(u64, PurseIntent)>, BatchError> {
        self.timed(|ledger| Recording::open_purse_intent(ledger, number))
    }

    fn append(&mut self, act: Act) -> Result<u64, BatchError> {
        self.timed(|ledger| Recording::append(ledger, act))
    }

    fn checkpoint(&mut self) -> Result<(), BatchError> {
        self.timed(Recording::checkpoint)
    }
}

/// Blanks without end, each made when it is put on; one card at a time.
struct Pile {
    name: String,
    template: Arc<Template>,
    next: Arc<AtomicU32>,
    each: Duration,
    meter: Meter,
    on: Option<centre::Shared>,
}

impl CardSource for Pile {
    fn reader(&self) -> &str {
        &self.name
    }

    fn next_card(&mut self, quit: &AtomicBool) -> Result<Option<Box<dyn CardTransport>>, TransportError> {
        if quit.load(Ordering::Relaxed) {
            return Err(TransportError::Stopped);
        }
        let card = if let Some(card) = &self.on {
            Arc::clone(card)
        } else {
            let serial = self.next.fetch_add(1, Ordering::Relaxed);
            centre::blank(&self.template, 1000 + u64::from(serial))
        };
        self.on = Some(Arc::clone(&card));
        let reader = Box::new(centre::on_reader(&card));
        Ok(Some(Box::new(Timed::new(reader, self.each, self.meter.clone()))))
    }

    fn release(&mut self, verdict: Verdict) -> Result<(), TransportError> {
        if verdict != Verdict::Again {
            self.on = None;
        }
        Ok(())
    }
}

/// Rows made when they are asked for.
struct Rows {
    count: u32,
    template: Arc<Template>,
    facts: cardmint::perso::SiteFacts,
}

impl Rows {
    fn row(&self, row: u32) -> OrderedCard {
        let raw = centre::order(&self.template, u64::from(row));
        let order = Order::check(&self.template, &raw, centre::NOW, &|name| self.facts.value(name)).unwrap();
        OrderedCard {
            row,
            number: batch::order::ledger_number(order.get(&self.template.number).unwrap()),
            order: Some(order),
            load: None,
        }
    }
}

impl OrderRows for Rows {
    fn next_row(&mut self, after: u32) -> Result<Option<OrderedCard>, BatchError> {
        Ok((after < self.count).then(|| self.row(after + 1)))
    }

    fn row_of(&mut self, number: &str) -> Result<Option<OrderedCard>, BatchError> {
        let row: u32 = number[4..].parse().unwrap();
        Ok((1..=self.count).contains(&row).then(|| self.row(row)))
    }
}

/// Counts cards and looks at the memory at each tenth of them.
struct Tenths {
    count: u32,
    issued: u32,
    meter: Meter,
}

impl Watch for Tenths {
    fn event(&mut self, event: &Event) {
        if let Event::Issued { .. } = event {
            self.issued += 1;
            if self.issued.is_multiple_of((self.count / 10).max(1)) {
                self.meter.memory.lock().unwrap().push(resident());
            }
        }
    }

    fn ask(&mut self, _: &Question) -> Answer {
        Answer::Next
    }
}

/// A MOHURD city with an approved batch of user cards.
pub(crate) struct Floor {
    centre: Centre,
    template: Arc<Template>,
    rows: Rows,
    pub(crate) count: u32,
}

fn text(s: &str) -> Text {
    Text::new(s).unwrap()
}

impl Floor {
    pub(crate) fn of_cards(count: u32) -> Self {
        let centre = Centre::new("mohurd", "city", "3100");
        let template = Arc::new(centre::template("mohurd-user"));
        let rows = Rows {
            count,
            template: Arc::clone(&template),
            facts: batch::facts(&centre.session.site).unwrap(),
        };
        let mut floor = Self {
            centre,
            template,
            rows,
            count,
        };
        floor.order();
        let body = floor.laid_down();
        let digest = body.digest;
        floor.append(Act::BatchNew(body));
        let batch = text(BATCH);
        let approve = Act::BatchApprove(BatchApprove { batch, digest });
        floor.approver().append(approve).unwrap();
        floor
    }

    fn append(&mut self, act: Act) {
        self.centre.session.append(act).unwrap();
    }

    fn order(&mut self) {
        let number = |row| Number::new(self.rows.row(row).number).unwrap();
        let span = Span {
            from: number(1),
            to: number(self.count),
            range: Some(text("R")),
        };
        let kind = batch::kind_of(self.template.product);
        let reserve = RangeReserve {
            range: text("R"),
            kind: kind.into(),
            template: None,
            from: span.from.clone(),
            to: span.to.clone(),
            purpose: text("measurement"),
        };
        let import = OrderImport {
            order: text(ORDER),
            kind,
            template: text(&self.template.name),
            template_digest: self.template.digest.parse().unwrap(),
            rows: self.count,
            digest: Hash::of(&[b"rows"]),
            holders: None,
            numbers: vec![span],
            terminals: Vec::new(),
        };
        self.append(Act::RangeReserve(reserve));
        self.append(Act::OrderImport(import));
    }

    fn laid_down(&self) -> BatchNew {
        let session = &self.centre.session;
        let example = self.rows.row(1).order.unwrap();
        let script = cardmint::perso::plan(
            &self.template,
            &example,
            session.site.scheme(),
            &cardmint::keys::KeyStore::keys(&session.store),
            &self.rows.facts,
        )
        .unwrap();
        let from = LaidDown {
            order: &session.ledger.order(ORDER).unwrap().unwrap(),
            rows: Hash::of(&[b"rows"]),
            template: &self.template,
            script: &script,
        };
        lay_down(BATCH, &from).unwrap()
    }

    /// A session in which another officer acts first.
    fn approver(&self) -> Session {
        let site = self.centre.session.site.clone();
        let ledger = site.ledger().unwrap();
        let officer = |name: &str| site.officer(&ledger, name, &passphrase(name), centre::QUICK).unwrap();
        let officers = vec![officer("li"), officer("zhang")];
        Session::open(site.clone(), ledger, officers, Clock::System).unwrap()
    }

    /// Runs the batch on so many readers whose cards take so long for each command.
    pub(crate) fn run(&mut self, readers: u32, each: Duration) -> (Duration, Meter) {
        let meter = Meter::default();
        let next = Arc::new(AtomicU32::new(0));
        let pile = |n| -> Box<dyn CardSource> {
            Box::new(Pile {
                name: format!("sim:pile{n}"),
                template: Arc::clone(&self.template),
                next: Arc::clone(&next),
                each,
                meter: meter.clone(),
                on: None,
            })
        };
        let what = Run {
            batch: self.centre.session.ledger.batch(BATCH).unwrap().unwrap(),
            template: &self.template,
            sources: (0..readers).map(pile).collect(),
            rows: &mut self.rows,
            settings: Settings::default(),
        };
        let (appending, ledger) = (Mutex::new(Instant::now()), Arc::clone(&meter.ledger));
        let watched = move |_: u64, _: &Act, durable: bool| {
            let mut since = appending.lock().unwrap();
            if durable {
                Meter::add(&ledger, *since);
            } else {
                *since = Instant::now();
            }
        };
        let outside = Outside {
            random: &|| Box::new(SystemRandom) as Box<dyn Random + Send>,
            now: &centre::at,
            control: &Control::default(),
            watched: Some(&watched),
        };
        let mut tenths = Tenths {
            count: self.count,
            issued: 0,
            meter: meter.clone(),
        };
        let begin = Instant::now();
        let summary = run(self.centre.session.parts(), what, &outside, &mut tenths).unwrap();
        assert_eq!((summary.issued, summary.failures, summary.left), (self.count, 0, 0));
        (begin.elapsed(), meter)
    }
}
