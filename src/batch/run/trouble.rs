// SPDX-License-Identifier: Apache-2.0
//! Cards that were not made: once more, to the bad ones, or a question to a person. A reader that went or a service that was
//! restarted is no fault of the card's.

use std::sync::mpsc::channel;

use super::Say;
use super::clerk::Work;
use super::event::{Answer, Event, Failure, Question};
use super::remote::Request;
use super::verdict::Consequence;
use super::worker::{Next, Worker};
use crate::batch::fault::BatchError;
use crate::batch::recording::Recording;
use crate::error::Fault;
use crate::i18n::Msg;
use crate::ledger::act::{Act, CardVoid};
use crate::ledger::{LedgerError, Number, Text};
use crate::transport::CardTransport;
use crate::transport::source::Verdict;

impl Worker<'_> {
    pub(super) fn after_issue(
        &mut self,
        work: &Work,
        serial: Option<String>,
        entry: u64,
        loaded: Result<Option<u64>, BatchError>,
    ) -> Next {
        match loaded {
            Ok(_) => self.good(work, serial, work.row.load.map(|amount| amount.0), entry),
            Err(fault) => self.failed_load(work, serial, &fault),
        }
    }

    pub(super) fn after_load(
        &mut self,
        work: &Work,
        serial: Option<String>,
        loaded: Result<Option<u64>, BatchError>,
    ) -> Next {
        let next = match loaded {
            Ok(entry) => {
                self.remote.tell(Request::Loaded(work.row.number.clone()));
                self.good(
                    work,
                    serial,
                    work.row.load.map(|amount| amount.0),
                    entry.unwrap_or_default(),
                )
            }
            Err(fault) => self.failed_load(work, serial, &fault),
        };
        self.remote.tell(Request::Release(work.row.number.clone()));
        next
    }

    /// The card is issued, its load is not there yet: the same card again, and then to the bad ones.
    pub(super) fn failed_load(&mut self, work: &Work, serial: Option<String>, fault: &BatchError) -> Next {
        if matches!(fault.consequence(), Consequence::Run) {
            return self.run_failed(fault);
        }
        self.say_failed(
            Some(work.row.number.clone()),
            serial.clone(),
            Failure::Load,
            fault.msg(),
        );
        self.retry_or(serial, Verdict::Bad)
    }

    /// What follows from a card that was not made. `None`: ask again what is to be done with it.
    pub(super) fn not_made(&mut self, card: &mut dyn CardTransport, work: &Work, fault: &BatchError) -> Option<Next> {
        let (number, serial) = (work.row.number.clone(), self.chip.clone());
        match fault.consequence() {
            Consequence::Taken | Consequence::Halt => None,
            Consequence::Card(Failure::Partial) if self.tries_of(serial.as_deref()) + 1 >= self.tries() => {
                let erased = self.erase(card, work);
                let failure = match erased {
                    Ok(()) => Failure::Erased,
                    Err(e) if matches!(e.consequence(), Consequence::Run) => return Some(self.run_failed(&e)),
                    Err(_) => Failure::Partial,
                };
                self.say_failed(Some(number), serial, failure, fault.msg());
                Some(Next::Card(Verdict::Bad))
            }
            _ => match fault {
                BatchError::NotBlank { number } => self.not_blank(card, number),
                fault => Some(self.failed(Some(number), serial, fault)),
            },
        }
    }

    /// A card that bears a number though the ledger has no live card on its chip.
    pub(super) fn not_blank(&mut self, card: &mut dyn CardTransport, number: &str) -> Option<Next> {
        let serial = self.chip.clone();
        let known = match self.remote.card(self.order.kind, number) {
            Ok(known) => known.filter(|row| row.chip == serial),
            Err(fault) => return Some(self.run_failed(&fault)),
        };
        // Given up, and not emptied yet: the program was ended in between.
        let erasable = known.as_ref().is_some_and(|row| row.status == "void");
        self.foreign(card, number, known.map(|row| row.status), erasable)
    }

    /// A card that failed, or an error that ends the run.
    pub(super) fn failed(&mut self, number: Option<String>, serial: Option<String>, fault: &BatchError) -> Next {
        match fault.consequence() {
            Consequence::Card(failure) => {
                self.say_failed(number.clone(), serial.clone(), failure, fault.msg());
                match failure {
                    // Neither the card nor this reader is to blame for a cable or the service.
                    Failure::Torn if fault.reader_went() => {
                        self.failures = self.failures.saturating_sub(1);
                        Next::Card(Verdict::Again)
                    }
                    Failure::Torn | Failure::Partial => self.retry_or(serial, Verdict::Bad),
                    Failure::Dead => self.dead(number),
                    _ => Next::Card(Verdict::Bad),
                }
            }
            Consequence::TwoCards => self.two_cards(fault),
            Consequence::Halt | Consequence::Taken => Next::Card(Verdict::Again),
            Consequence::Run => self.run_failed(fault),
        }
    }

    pub(super) fn run_failed(&self, fault: &BatchError) -> Next {
        self.flags.fail(BatchError::Said {
            msg: Box::new(fault.msg()),
            exit: fault.exit(),
        });
        Next::Leave
    }

    pub(super) fn say_failed(&mut self, number: Option<String>, chip: Option<String>, failure: Failure, why: Msg) {
        self.failures += 1;
        self.say(Event::Failed {
            reader: self.reader(),
            number,
            chip,
            failure,
            why,
        });
    }

    pub(super) fn tries(&self) -> u32 {
        self.shop.settings.tries.max(1)
    }

    pub(super) fn tries_of(&self, serial: Option<&str>) -> u32 {
        match &self.tried {
            (chip, count) if chip.as_deref() == serial => *count,
            _ => 0,
        }
    }

    /// The same card once more, as often as a card is tried; then what was said.
    pub(super) fn retry_or(&mut self, serial: Option<String>, otherwise: Verdict) -> Next {
        let count = self.tries_of(serial.as_deref()) + 1;
        if count < self.tries() {
            self.tried = (serial, count);
            return Next::Card(Verdict::Again);
        }
        self.tried = (None, 0);
        Next::Card(otherwise)
    }

    pub(super) fn ask(&self, question: Question) -> Answer {
        let (reply, answer) = channel();
        let asked = self.say.send(Say::Ask(question, reply));
        asked.map_or(Answer::Stop, |()| answer.recv().unwrap_or(Answer::Stop))
    }

    /// A card that lets nobody in: its number can be given up, and its blank is scrap then.
    pub(super) fn dead(&mut self, number: Option<String>) -> Next {
        let Some(number) = number else {
            return Next::Card(Verdict::Bad);
        };
        let question = Question::Dead {
            reader: self.reader(),
            number: number.clone(),
        };
        self.remote.tell(Request::Dead(number.clone()));
        let answer = self.ask(question);
        if answer == Answer::Scrap {
            match self.scrap(&number) {
                Ok(()) => return Next::Card(Verdict::Bad),
                // The policy asks for more officers than are here: it is done later.
                Err(e)
                    if matches!(
                        e.of_ledger(),
                        Some(LedgerError::TooFewOfficers { .. } | LedgerError::WrongRole { .. })
                    ) =>
                {
                    let reader = self.reader();
                    self.say(Event::NotScrapped {
                        reader,
                        number,
                        why: e.msg(),
                    });
                }
                Err(e) => return self.run_failed(&e),
            }
        }
        answered(answer, Verdict::Bad)
    }

    pub(super) fn scrap(&mut self, number: &str) -> Result<(), BatchError> {
        let void = CardVoid {
            kind: self.order.kind,
            number: Number::new(number)?,
            reason: Text::new("dead")?,
        };
        self.remote.append(Act::CardVoid(void)).map(drop)
    }

    pub(super) fn two_cards(&mut self, fault: &BatchError) -> Next {
        let BatchError::TwoCards { first, second } = fault else {
            return Next::Card(Verdict::Again);
        };
        let question = Question::TwoCards {
            reader: self.reader(),
            first: first.clone(),
            second: second.clone(),
        };
        answered(self.ask(question), Verdict::Again)
    }

    /// A card that is in the ledger, or bears a number, and is none of this batch's to write. `None`: it is blank now.
    pub(super) fn foreign(
        &mut self,
        card: &mut dyn CardTransport,
        number: &str,
        status: Option<String>,
        erasable: bool,
    ) -> Option<Next> {
        let erasable = erasable && !self.order.template.dialect.preset();
        let question = Question::Issued {
            reader: self.reader(),
            number: number.to_owned(),
            status,
            erasable,
        };
        let serial = self.chip.clone();
        match self.ask(question) {
            Answer::Reissue if erasable => match self.reclaim(card, number) {
                Ok(()) => None,
                Err(fault) => Some(self.failed(Some(number.to_owned()), serial, &fault)),
            },
            answer => {
                let why = BatchError::NotBlank {
                    number: number.to_owned(),
                };
                self.say_failed(Some(number.to_owned()), serial, Failure::Rejected, why.msg());
                Some(answered(answer, Verdict::Bad))
            }
        }
    }
}

/// What a person's answer means for the card.
fn answered(answer: Answer, verdict: Verdict) -> Next {
    match answer {
        Answer::Stop => Next::Leave,
        _ => Next::Card(verdict),
    }
}
