// SPDX-License-Identifier: Apache-2.0
//! What a reader's thread does to the card on it: plan, issue, load, empty. Each by the functions that serve a single card.

use std::sync::mpsc::Sender;

use super::clerk::Work;
use super::event::Event;
use super::worker::Worker;
use super::{Order, Say};
use crate::batch::fault::BatchError;
use crate::batch::issue::{Issued, Job, erase_at, issue_at, reclaim_at};
use crate::batch::load::{FirstLoad, first_load};
use crate::batch::recording::Station;
use crate::card::CardSession;
use crate::i18n::Msg;
use crate::ledger::centre::CentreFault;
use crate::ledger::{LedgerError, Text};
use crate::outside::Observer;
use crate::perso::script::PersoScript;
use crate::perso::{Surroundings, plan};
use crate::transport::CardTransport;

/// Every so many steps of a card are told.
const STEPS: u64 = 8;

impl Worker<'_> {
    /// The plan of a row: the same as at any other time, and with the keys that were approved.
    pub(super) fn script(&self, work: &Work) -> Result<PersoScript, BatchError> {
        let order = work.row.order.clone().ok_or_else(|| BatchError::NoRow {
            number: work.row.number.clone(),
        })?;
        let Order {
            template,
            facts,
            stored,
            ..
        } = *self.order;
        let order = order.for_chip(template, self.chip.as_deref());
        let script = plan(template, &order, self.shop.scheme, stored, facts)?;
        let differs = |what| {
            BatchError::from(LedgerError::from(CentreFault::BatchDiffers {
                batch: self.order.batch.to_owned(),
                what,
            }))
        };
        if script.number != work.row.number {
            return Err(differs("order"));
        }
        let approved = |(key, kcv): &(crate::keys::KeyId, crate::crypto::Kcv)| {
            self.approved
                .get(&key.to_string())
                .is_some_and(|known| *known == kcv.to_string())
        };
        if script.keys.iter().all(approved) {
            Ok(script)
        } else {
            Err(differs("key"))
        }
    }

    pub(super) fn make(
        &mut self,
        card: &mut dyn CardTransport,
        work: &Work,
        script: &PersoScript,
    ) -> Result<Issued, BatchError> {
        let mut steps = self.steps();
        let mut session = CardSession::new(card, self.order.template.dialect);
        let mut station = Station {
            scheme: self.shop.scheme,
            keys: self.shop.keys,
            record: &mut self.remote,
        };
        let around = Surroundings {
            random: self.random.as_mut(),
            at: (self.shop.now)(),
            observer: &mut steps,
        };
        let job = Job {
            template: self.order.template,
            script,
            batch: Some(Text::new(self.order.batch)?),
            lot: work.lot.clone(),
        };
        issue_at(&mut station, &job, &mut session, around)
    }

    pub(super) fn steps(&self) -> Steps {
        Steps {
            reader: self.reader(),
            say: self.say.clone(),
            total: 0,
        }
    }

    /// The initial load of an issued card.
    pub(super) fn load(&mut self, card: &mut dyn CardTransport, work: &Work) -> Result<Option<u64>, BatchError> {
        let script = self.script(work)?;
        let amount = work.row.load.unwrap_or_default();
        let terminal = self.shop.settings.terminal.ok_or(BatchError::NoTerminal)?;
        let mut session = CardSession::new(card, self.order.template.dialect);
        let mut station = Station {
            scheme: self.shop.scheme,
            keys: self.shop.keys,
            record: &mut self.remote,
        };
        let first = FirstLoad {
            amount,
            terminal,
            at: (self.shop.now)(),
        };
        let own = &self.order.facts.subject;
        first_load(&mut station, self.order.template, own, &script, first, &mut session)
    }

    /// Empties a card that would not be finished, so that its number may go on another chip.
    pub(super) fn erase(&mut self, card: &mut dyn CardTransport, work: &Work) -> Result<(), BatchError> {
        let script = self.script(work)?;
        let mut session = CardSession::new(card, self.order.template.dialect);
        session.reset()?;
        let mut station = Station {
            scheme: self.shop.scheme,
            keys: self.shop.keys,
            record: &mut self.remote,
        };
        let mut nobody = crate::outside::Unobserved;
        let around = Surroundings {
            random: self.random.as_mut(),
            at: (self.shop.now)(),
            observer: &mut nobody,
        };
        let job = Job {
            template: self.order.template,
            script: &script,
            batch: Some(Text::new(self.order.batch)?),
            lot: work.lot.clone(),
        };
        erase_at(&mut station, &job, &mut session, around)
    }

    /// Gives the number of an issued card up and empties it.
    pub(super) fn reclaim(&mut self, card: &mut dyn CardTransport, number: &str) -> Result<(), BatchError> {
        let old = self.order.example(number, self.chip.as_deref(), self.shop.scheme)?;
        let mut session = CardSession::new(card, self.order.template.dialect);
        let mut station = Station {
            scheme: self.shop.scheme,
            keys: self.shop.keys,
            record: &mut self.remote,
        };
        let mut nobody = crate::outside::Unobserved;
        let around = Surroundings {
            random: self.random.as_mut(),
            at: (self.shop.now)(),
            observer: &mut nobody,
        };
        reclaim_at(&mut station, &old, &mut session, around)
    }
}

/// Tells how far a card is.
pub(super) struct Steps {
    reader: String,
    say: Sender<Say>,
    total: u64,
}

impl Observer for Steps {
    fn begin(&mut self, _: &Msg, total: u64) {
        self.total = total;
    }

    fn advance(&mut self, done: u64) {
        if done.is_multiple_of(STEPS) {
            let event = Event::Step {
                reader: self.reader.clone(),
                done,
                total: self.total,
            };
            let _ = self.say.send(Say::Event(event));
        }
    }

    fn note(&mut self, _: &Msg) {}

    fn end(&mut self) {}
}
