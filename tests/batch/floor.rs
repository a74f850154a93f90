// SPDX-License-Identifier: Apache-2.0
//! A card centre's floor: a site, an approved batch, blanks in the process, readers that give one after the other.
#![allow(dead_code, unreachable_pub, clippy::unwrap_used)] // each test program uses its part; a test may fail where it stands

use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use cardmint::batch::run::{
    Answer, Control, Event, LaidDown, OrderRows, OrderedCard, Outside, Question, Run, Settings, Summary, Watch,
    Watched, lay_down, run,
};
use cardmint::batch::{self, BatchError};
use cardmint::crypto::purse::Amount;
use cardmint::keys::KeyStore;
use cardmint::ledger::act::{
    Act, BatchApprove, BatchNew, OrderImport, RangeKind, RangeReserve, Span, StockHandOut, StockReceive,
};
use cardmint::ledger::{CardKind, Hash, Number, Text};
use cardmint::outside::{Clock, Random, SystemRandom};
use cardmint::perso::script::PersoScript;
use cardmint::sim::{InMemoryReader, SimFaults};
use cardmint::site::{Session, Site};
use cardmint::template::{Order, RawOrder, Template};
use cardmint::transport::source::{CardSource, Verdict};
use cardmint::transport::{CardTransport, TransportError};

use super::centre::{self, Centre, Shared, passphrase};

pub fn text(s: &str) -> Text {
    Text::new(s).unwrap()
}

/// An order in memory.
#[derive(Clone)]
pub struct Rows(pub Vec<OrderedCard>);

impl OrderRows for Rows {
    fn next_row(&mut self, after: u32) -> Result<Option<OrderedCard>, BatchError> {
        Ok(self.0.iter().find(|row| row.row > after).cloned())
    }

    fn row_of(&mut self, number: &str) -> Result<Option<OrderedCard>, BatchError> {
        Ok(self.0.iter().find(|row| row.number == number).cloned())
    }
}

/// A reader in the process.
pub struct Tray {
    pub name: String,
    pub waiting: VecDeque<(Shared, SimFaults)>,
    pub on: Option<(Shared, SimFaults)>,
    pub good: Arc<Mutex<Vec<Shared>>>,
    pub bad: Arc<Mutex<Vec<Shared>>>,
    /// Whether it waits for more cards when it is empty.
    pub open: bool,
}

impl Tray {
    pub fn new(name: &str, cards: &[Shared]) -> Self {
        Self {
            name: name.to_owned(),
            waiting: cards
                .iter()
                .map(|card| (Arc::clone(card), SimFaults::default()))
                .collect(),
            on: None,
            good: Arc::default(),
            bad: Arc::default(),
            open: false,
        }
    }

    pub fn with_fault(mut self, card: usize, faults: SimFaults) -> Self {
        self.waiting[card].1 = faults;
        self
    }
}

impl CardSource for Tray {
    fn reader(&self) -> &str {
        &self.name
    }

    fn next_card(&mut self, quit: &AtomicBool) -> Result<Option<Box<dyn CardTransport>>, TransportError> {
        if quit.load(Ordering::Relaxed) {
            return Err(TransportError::Stopped);
        }
        if self.on.is_none() {
            self.on = self.waiting.pop_front();
        }
        let reader = self.name.clone();
        match &mut self.on {
            Some((card, faults)) => {
                let faults = std::mem::take(faults);
                Ok(Some(Box::new(InMemoryReader::with_faults(
                    reader,
                    Arc::clone(card),
                    faults,
                ))))
            }
            None if self.open => Err(TransportError::NoCard { reader }),
            None => Ok(None),
        }
    }

    fn release(&mut self, verdict: Verdict) -> Result<(), TransportError> {
        let to = match verdict {
            Verdict::Good => &self.good,
            Verdict::Bad => &self.bad,
            Verdict::Again => return Ok(()),
        };
        to.lock().unwrap().extend(self.on.take().map(|(card, _)| card));
        Ok(())
    }
}

/// Keeps what was told, and answers.
pub struct Seen {
    pub events: Vec<Event>,
    pub questions: Vec<Question>,
    pub answer: Box<dyn FnMut(&Question) -> Answer>,
    pub at_event: Box<dyn FnMut(&Event)>,
}

impl Seen {
    pub fn new() -> Self {
        Self {
            events: Vec::new(),
            questions: Vec::new(),
            answer: Box::new(|_| Answer::Next),
            at_event: Box::new(|_| ()),
        }
    }

    pub fn issued(&self) -> usize {
        self.events.iter().filter(|e| matches!(e, Event::Issued { .. })).count()
    }

    /// Each failure as reader, number, kind.
    pub fn failures(&self) -> Vec<(String, Option<String>, &'static str)> {
        let failed = |e: &Event| match e {
            Event::Failed {
                reader,
                number,
                failure,
                ..
            } => Some((reader.clone(), number.clone(), failure.as_str())),
            _ => None,
        };
        self.events.iter().filter_map(failed).collect()
    }
}

impl Watch for Seen {
    fn event(&mut self, event: &Event) {
        (self.at_event)(event);
        self.events.push(event.clone());
    }

    fn ask(&mut self, question: &Question) -> Answer {
        self.questions.push(question.clone());
        (self.answer)(question)
    }
}

/// The rows of an order of so many cards.
pub fn ordered(site: &Site, template: &Template, count: u32, load: Option<Amount>) -> Rows {
    let facts = batch::facts(site).unwrap();
    let row = |row: u32| {
        let mut raw: RawOrder = centre::order(template, u64::from(row));
        // Which chip a card gets is seen when it lies on a reader.
        if let Some(m1) = &template.m1 {
            raw.remove(&m1.uid);
        }
        let order = Order::check(template, &raw, centre::NOW, &|name| facts.value(name)).unwrap();
        let number = batch::order::ledger_number(order.get(&template.number).unwrap());
        OrderedCard {
            row,
            number,
            order: Some(order),
            load,
        }
    };
    Rows((1..=count).map(row).collect())
}

/// A site with an order, an approved batch and blanks.
pub struct Floor {
    pub centre: Centre,
    pub template: Template,
    pub rows: Rows,
    pub cards: Vec<Shared>,
    pub settings: Settings,
}

impl Floor {
    /// A MOHURD city with an approved batch `B` of so many user cards.
    pub fn of_cards(count: u32) -> Self {
        let floor = Self::without_batch("mohurd-user", count);
        let mut floor = floor.with_lot(count + 5);
        floor.new_batch("B");
        floor.approve("B");
        floor
    }

    pub fn without_batch(template: &str, count: u32) -> Self {
        let template = centre::template(template);
        let centre = match template.schemes.first().map(String::as_str) {
            Some("mot") => Centre::new("mot", "issuer", "01011000"),
            _ => Centre::new("mohurd", "city", "3100"),
        };
        Self::at(centre, template, count)
    }

    /// An order of so many cards at a centre.
    pub fn at(centre: Centre, template: Template, count: u32) -> Self {
        let mut floor = Self {
            centre,
            rows: Rows(Vec::new()),
            cards: (0..u64::from(count))
                .map(|n| centre::blank(&template, 1000 + n))
                .collect(),
            template,
            settings: Settings::default(),
        };
        floor.rows = floor.order(count, None);
        floor.import("one");
        floor
    }

    pub fn kind(&self) -> CardKind {
        batch::kind_of(self.template.product)
    }

    fn order(&self, count: u32, load: Option<Amount>) -> Rows {
        ordered(&self.centre.session.site, &self.template, count, load)
    }

    /// Every card of the order is loaded with so much.
    pub fn loading(mut self, fen: u32) -> Self {
        for row in &mut self.rows.0 {
            row.load = Some(Amount(fen));
        }
        self.settings.terminal = Some("310000000001".parse().unwrap());
        self
    }

    fn import(&mut self, name: &str) {
        let numbers: Vec<String> = self.rows.0.iter().map(|row| row.number.clone()).collect();
        let span = |numbers: &[String], range| Span {
            from: Number::new(numbers[0].clone()).unwrap(),
            to: Number::new(numbers[numbers.len() - 1].clone()).unwrap(),
            range,
        };
        let own = span(&numbers, None);
        let reserve = RangeReserve {
            range: text("R"),
            kind: self.kind().into(),
            template: None,
            from: own.from.clone(),
            to: own.to.clone(),
            purpose: text("test"),
        };
        self.append(Act::RangeReserve(reserve));
        let terminals = |rows: &Rows| -> Vec<Span> {
            let of = |row: &OrderedCard| row.order.as_ref()?.get("terminal").map(str::to_owned);
            let all: Vec<String> = rows.0.iter().filter_map(of).collect();
            if all.is_empty() {
                Vec::new()
            } else {
                vec![span(&all, None)]
            }
        };
        let import = OrderImport {
            order: text(name),
            kind: self.kind(),
            template: text(&self.template.name),
            template_digest: self.template.digest.parse().unwrap(),
            rows: u32::try_from(numbers.len()).unwrap(),
            digest: self.rows_digest(),
            holders: None,
            numbers: vec![span(&numbers, Some(text("R")))],
            terminals: terminals(&self.rows),
        };
        self.append(Act::OrderImport(import));
        assert!(
            self.centre
                .session
                .ledger
                .spans(name, RangeKind::from(self.kind()))
                .unwrap()
                .len()
                == 1
        );
    }

    pub fn rows_digest(&self) -> Hash {
        let all: Vec<String> = self
            .rows
            .0
            .iter()
            .map(|row| format!("{:?}", row.order.as_ref().map(|o| o.values().collect::<Vec<_>>())))
            .collect();
        Hash::of(&[all.join("\n").as_bytes()])
    }

    pub fn append(&mut self, act: Act) -> u64 {
        self.centre.session.append(act).unwrap().seq
    }

    /// Lot `L` with so many blanks, all with officer zhang.
    pub fn with_lot(mut self, count: u32) -> Self {
        let receive = StockReceive {
            lot: text("L"),
            blank: text("8k"),
            supplier: text("supplier"),
            count,
            serials: Vec::new(),
            document: None,
        };
        self.append(Act::StockReceive(receive));
        let out = StockHandOut {
            lot: text("L"),
            to: text("zhang"),
            count,
            serials: Vec::new(),
        };
        self.append(Act::StockHandOut(out));
        self.settings.lot = Some(text("L"));
        self
    }

    pub fn script(&self, row: usize) -> PersoScript {
        let order = self.rows.0[row].order.clone().unwrap();
        let order = &order.for_chip(&self.template, Some("00000000"));
        let facts = batch::facts(&self.centre.session.site).unwrap();
        let session = &self.centre.session;
        cardmint::perso::plan(
            &self.template,
            order,
            session.site.scheme(),
            &session.store.keys(),
            &facts,
        )
        .unwrap()
    }

    pub fn body(&self, name: &str) -> BatchNew {
        let order = self.centre.session.ledger.order("one").unwrap().unwrap();
        let from = LaidDown {
            order: &order,
            rows: self.rows_digest(),
            template: &self.template,
            script: &self.script(0),
        };
        lay_down(name, &from).unwrap()
    }

    pub fn new_batch(&mut self, name: &str) {
        let body = self.body(name);
        self.append(Act::BatchNew(body));
    }

    /// A session in which li acts first.
    pub fn session_of(&self, first: &str, second: &str) -> Session {
        let site = self.centre.session.site.clone();
        let ledger = site.ledger().unwrap();
        let officer = |name: &str| site.officer(&ledger, name, &passphrase(name), centre::QUICK).unwrap();
        let officers = vec![officer(first), officer(second)];
        Session::open(site.clone(), ledger, officers, Clock::System).unwrap()
    }

    pub fn approve(&mut self, name: &str) {
        let digest = self.body(name).digest;
        let act = Act::BatchApprove(BatchApprove {
            batch: text(name),
            digest,
        });
        self.session_of("li", "zhang").append(act).unwrap();
    }

    /// The blanks dealt to so many readers.
    pub fn readers(&self, count: usize) -> Vec<Tray> {
        let mut dealt: Vec<Vec<Shared>> = vec![Vec::new(); count];
        for (n, card) in self.cards.iter().enumerate() {
            dealt[n % count].push(Arc::clone(card));
        }
        let tray = |(n, cards): (usize, &Vec<Shared>)| Tray::new(&format!("sim:tray{n}"), cards);
        dealt.iter().enumerate().map(tray).collect()
    }

    pub fn run(&mut self, trays: Vec<Tray>, seen: &mut Seen) -> Result<Summary, BatchError> {
        self.run_with(trays, seen, &Control::default(), None)
    }

    pub fn run_with(
        &mut self,
        trays: Vec<Tray>,
        seen: &mut Seen,
        control: &Control,
        watched: Option<&Watched>,
    ) -> Result<Summary, BatchError> {
        let sources = trays
            .into_iter()
            .map(|tray| Box::new(tray) as Box<dyn CardSource>)
            .collect();
        run_on(
            &mut self.centre.session,
            &self.template,
            &mut self.rows,
            &self.settings,
            sources,
            seen,
            control,
            watched,
        )
    }

    pub fn status(&self) -> BTreeMap<String, String> {
        let rows = self.centre.session.ledger.cards(None).unwrap();
        rows.into_iter().map(|row| (row.number, row.status)).collect()
    }

    /// Every row's card is issued, once, on a chip of its own, and stands as an undisturbed card does; the lot adds up; the
    /// ledger verifies.
    pub fn is_done(&self) {
        let ledger = &self.centre.session.ledger;
        let rows = ledger.cards(None).unwrap();
        assert_eq!(rows.len(), self.rows.0.len());
        assert!(rows.iter().all(|row| row.status == "issued"), "{:?}", self.status());
        let chips: std::collections::BTreeSet<_> = rows.iter().map(|row| row.chip.clone().unwrap()).collect();
        assert_eq!(chips.len(), rows.len());
        if let Some(lot) = ledger.lot("L").unwrap() {
            assert_eq!((lot.issued, lot.in_process), (u32::try_from(rows.len()).unwrap(), 0));
        }
        self.centre.verify_ledger();
    }

    /// The chip that the ledger has a number on, of those given.
    pub fn card_of(&self, number: &str, cards: &[Shared]) -> Shared {
        let row = self.centre.session.ledger.card(self.kind(), number).unwrap().unwrap();
        let chip = row.chip.unwrap();
        let is = |card: &&Shared| {
            let reader = centre::on_reader(card);
            cardmint::card::chip::serial(reader.atr()).as_ref() == Some(&chip)
        };
        Arc::clone(cards.iter().find(is).unwrap())
    }
}

#[allow(clippy::too_many_arguments)] // a rig
pub fn run_on(
    session: &mut Session,
    template: &Template,
    rows: &mut Rows,
    settings: &Settings,
    sources: Vec<Box<dyn CardSource>>,
    seen: &mut Seen,
    control: &Control,
    watched: Option<&Watched>,
) -> Result<Summary, BatchError> {
    let batch = session.ledger.batch("B").unwrap().unwrap();
    let outside = Outside {
        random: &|| Box::new(SystemRandom) as Box<dyn Random + Send>,
        now: &centre::at,
        control,
        watched,
    };
    let what = Run {
        batch,
        template,
        rows,
        sources,
        settings: settings.clone(),
    };
    run(session.parts(), what, &outside, seen)
}
