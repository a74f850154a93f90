// SPDX-License-Identifier: Apache-2.0
//! One reader's thread: waits for a card, asks the writer what it is to become, makes it, and goes on with the next one.
//!
//! What always holds: the intent is durable before the first command that writes to a card; a card is given away to the
//! feeder only after its outcome is in the ledger; a reader on which too many cards fail in a row takes no more.

use std::sync::mpsc::Sender;
use std::thread;
use std::time::Duration;

use super::clerk::{Approved, Claim, Work};
use super::control::Flags;
use super::event::Event;
use super::remote::{Remote, Request};
use super::{Order, Say, Workshop};
use crate::batch::contents::{Bears, bears};
use crate::batch::fault::BatchError;
use crate::card::CardSession;
use crate::error::Fault;
use crate::i18n::Msg;
use crate::msg;
use crate::outside::Random;
use crate::transport::source::{CardSource, Verdict};
use crate::transport::{CardTransport, TransportError};

/// How long a thread sleeps when it has nothing to do, or before it asks again.
const NAP: Duration = Duration::from_millis(200);

/// A reader's thread.
pub(super) struct Worker<'a> {
    pub(super) shop: &'a Workshop<'a>,
    pub(super) order: &'a Order<'a>,
    pub(super) approved: &'a Approved,
    pub(super) flags: &'a Flags,
    pub(super) remote: Remote,
    pub(super) say: Sender<Say>,
    pub(super) source: Box<dyn CardSource>,
    pub(super) random: Box<dyn Random + Send>,
    /// The number of the chip on the reader, where it has one.
    pub(super) chip: Option<String>,
    /// Failures in a row.
    pub(super) failures: u32,
    /// The chip that was tried last, and how often.
    pub(super) tried: (Option<String>, u32),
}

/// What becomes of the card on the reader.
pub(super) enum Next {
    /// Away with it, or once more.
    Card(Verdict),
    /// It stays where it is; this reader is done.
    Leave,
}

impl Worker<'_> {
    /// Works until there is nothing left to do.
    pub(super) fn run(mut self) {
        let mut waited = None;
        while !self.flags.quitting() {
            if self.flags.is_paused() {
                thread::sleep(NAP);
                continue;
            }
            match self.source.next_card(&self.flags.quit) {
                Ok(Some(mut card)) => {
                    waited = None;
                    let next = self.serve(card.as_mut());
                    // The feeder must not pull at a card that is held.
                    drop(card);
                    match next {
                        Next::Leave => break,
                        Next::Card(verdict) => {
                            if !self.put_away(verdict) {
                                return;
                            }
                        }
                    }
                }
                Ok(None) => return self.end(msg!("batch-no-more-cards"), false),
                Err(TransportError::Stopped) => break,
                Err(fault) if fault.passes() => {
                    let why = fault.msg();
                    if waited.as_ref() != Some(&why) {
                        self.say(Event::Waiting {
                            reader: self.reader(),
                            why: why.clone(),
                        });
                        waited = Some(why);
                    }
                    thread::sleep(NAP);
                }
                Err(fault) => return self.end(fault.msg(), true),
            }
        }
        self.end(msg!("batch-reader-done"), false);
    }

    pub(super) fn reader(&self) -> String {
        self.source.reader().to_owned()
    }

    pub(super) fn say(&self, event: Event) {
        let _ = self.say.send(Say::Event(event));
    }

    fn end(&self, why: Msg, failed: bool) {
        let reader = self.reader();
        self.say(Event::ReaderEnded { reader, why, failed });
    }

    /// Gives a card away; whether the reader goes on.
    fn put_away(&mut self, verdict: Verdict) -> bool {
        if let Err(fault) = self.source.release(verdict) {
            self.end(fault.msg(), true);
            return false;
        }
        if self.failures < self.shop.settings.failures.max(1) {
            return true;
        }
        self.end(msg!("batch-too-many-failures", count = self.failures), true);
        false
    }

    /// The card on the reader, until it is known what becomes of it.
    fn serve(&mut self, card: &mut dyn CardTransport) -> Next {
        let serial = match self.serial_of(card) {
            Ok(serial) => serial,
            Err(fault) => return self.failed(None, None, &fault),
        };
        self.chip.clone_from(&serial);
        let mut waits = false;
        loop {
            if self.flags.quitting() {
                return Next::Leave;
            }
            if std::mem::take(&mut waits) {
                thread::sleep(NAP);
                // Meanwhile another card may lie there.
                if card.reset().is_err() || !self.serial_of(card).is_ok_and(|now| now == serial) {
                    return Next::Card(Verdict::Again);
                }
            }
            let claim = self
                .number_on(card, serial.as_deref())
                .and_then(|number| self.remote.claim(serial.as_deref(), number.as_deref()));
            match claim {
                Ok(Claim::Wait | Claim::Paused) => waits = true,
                Ok(Claim::Finished) => return Next::Leave,
                Ok(Claim::Already { number }) => {
                    let reader = self.reader();
                    self.say(Event::Already { reader, number });
                    return Next::Card(Verdict::Good);
                }
                Ok(Claim::Foreign { row, accounted }) => {
                    // A blank that a lot accounts for as a card does not come back as a blank.
                    let erasable = row.status == "issued" && !accounted;
                    match self.foreign(card, &row.number, Some(row.status.clone()), erasable) {
                        Some(next) => return next,
                        None => waits = true,
                    }
                }
                Ok(Claim::Work(work)) => match self.work(card, &work) {
                    Some(next) => return next,
                    None => waits = true,
                },
                Ok(Claim::Load(work)) => {
                    let done = self.load(card, &work);
                    return self.after_load(&work, serial, done);
                }
                Err(fault) => return self.failed(None, serial, &fault),
            }
        }
    }

    /// The chip's number: from its answer to reset, or asked of a storage card.
    fn serial_of(&self, card: &mut dyn CardTransport) -> Result<Option<String>, BatchError> {
        Ok(CardSession::new(card, self.order.template.dialect).chip_serial()?)
    }

    /// The number on a card whose chip has no number of its own.
    fn number_on(&self, card: &mut dyn CardTransport, serial: Option<&str>) -> Result<Option<String>, BatchError> {
        if serial.is_some() {
            return Ok(None);
        }
        let mut session = CardSession::new(card, self.order.template.dialect);
        match bears(&mut session, self.order.template)? {
            Bears::Number(number) => Ok(Some(number)),
            Bears::Nothing => Ok(None),
        }
    }

    /// Makes the card. `None`: ask again what is to be done with it.
    fn work(&mut self, card: &mut dyn CardTransport, work: &Work) -> Option<Next> {
        let (number, serial) = (work.row.number.clone(), self.chip.clone());
        let started = Event::Started {
            reader: self.reader(),
            row: work.row.row,
            number: number.clone(),
            chip: serial.clone(),
            resumed: work.resumed,
        };
        self.say(started);
        let made = self.script(work).and_then(|script| {
            let issued = self.make(card, work, &script)?;
            Ok((script, issued))
        });
        let next = match made {
            Ok((_, issued)) if work.row.load.is_some() => {
                let entry = issued.outcome;
                let loaded = self.load(card, work);
                Some(self.after_issue(work, serial, entry, loaded))
            }
            Ok((_, issued)) => Some(self.good(work, serial, None, issued.outcome)),
            Err(fault) => self.not_made(card, work, &fault),
        };
        self.remote.tell(Request::Release(number));
        next
    }

    pub(super) fn good(&mut self, work: &Work, chip: Option<String>, loaded: Option<u32>, entry: u64) -> Next {
        (self.failures, self.tried) = (0, (None, 0));
        self.say(Event::Issued {
            reader: self.reader(),
            row: work.row.row,
            number: work.row.number.clone(),
            chip,
            resumed: work.resumed,
            loaded,
            entry,
        });
        Next::Card(Verdict::Good)
    }
}
