// SPDX-License-Identifier: Apache-2.0
//! The one writer of a run: it has the ledger and the order, gives out what is to be done, and appends every entry.
//!
//! What always holds: a card that the ledger has begun goes on with the number that it was begun with; a row is given to
//! one reader at a time, and never again once its card is begun. That no number is written twice is not this thread's
//! promise but the ledger's constraint: another process may work on the same batch.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender};
use std::time::Duration;

use super::control::Flags;
use super::event::{Event, Summary};
use super::remote::Request;
use super::rows::{OrderRows, OrderedCard};
use super::{Say, Watched};
use crate::batch::fault::BatchError;
use crate::batch::recording::Recording;
use crate::ledger::act::{Act, BatchRun};
use crate::ledger::centre::BatchRow;
use crate::ledger::query::CardRow;
use crate::ledger::{CardKind, Hash, Text};
use crate::site::LedgerWriter;

/// How long the writer waits for a request before it looks around: at other processes' entries, at an unsigned tree.
const LOOK_AROUND: Duration = Duration::from_millis(300);
/// How many entries may lie above the last checkpoint while there is work.
const UNSIGNED: u32 = 32;

/// What is to be done with the card on a reader.
#[derive(Debug)]
pub(super) enum Claim {
    /// Write it, or take it up.
    Work(Box<Work>),
    /// It is issued; its initial load is missing.
    Load(Box<Work>),
    /// This batch has issued it.
    Already { number: String },
    /// It is somebody else's.
    Foreign { row: Box<CardRow>, accounted: bool },
    /// Nothing now; ask again.
    Wait,
    /// The batch is paused.
    Paused,
    /// There is nothing left to do.
    Finished,
}

/// A row and what its card needs.
#[derive(Debug)]
pub(super) struct Work {
    pub(super) row: OrderedCard,
    pub(super) lot: Option<Text>,
    pub(super) resumed: bool,
}

/// What the writer works with.
pub(super) struct Clerk<'a> {
    pub(super) writer: LedgerWriter<'a>,
    pub(super) rows: &'a mut dyn OrderRows,
    pub(super) batch: BatchRow,
    pub(super) kind: CardKind,
    pub(super) lot: Option<Text>,
    /// Whether to wait for cards in doubt when every row is begun.
    pub(super) wait: bool,
    pub(super) say: Sender<Say>,
    pub(super) flags: &'a Flags,
    pub(super) watched: Option<&'a Watched>,
    pub(super) state: Desk,
}

/// Where the writer stands.
#[derive(Debug, Default)]
pub(super) struct Desk {
    /// Numbers that readers work on.
    claimed: BTreeSet<String>,
    /// Numbers that may be begun once more.
    again: VecDeque<String>,
    /// The row given out last.
    cursor: u32,
    /// No row is behind the cursor; at which version of the database that was so.
    exhausted: Option<i64>,
    /// Issued cards whose initial load is missing.
    unloaded: BTreeSet<String>,
    /// Cards in doubt that will not come again.
    dead: BTreeSet<String>,
    withdrawn: u32,
    unsigned: u32,
    version: i64,
    awaited: bool,
    commits: u64,
}

impl Clerk<'_> {
    /// Serves the readers until the last of them is gone.
    pub(super) fn run(mut self, requests: &Receiver<Request>) -> Result<Summary, BatchError> {
        loop {
            match requests.recv_timeout(LOOK_AROUND) {
                Ok(request) => self.serve(request),
                Err(RecvTimeoutError::Timeout) => {
                    if let Err(fault) = self.sign().and_then(|()| self.look_around()) {
                        self.flags.fail(fault);
                    }
                }
                Err(RecvTimeoutError::Disconnected) => break,
            }
        }
        self.sign()?;
        self.summary()
    }

    /// Records that the run begins.
    pub(super) fn begin(&mut self, readers: &[String]) -> Result<(), BatchError> {
        let text = |name: &String| Text::new(name.chars().take(100).collect::<String>());
        let run = BatchRun {
            batch: Text::new(self.batch.batch.as_str())?,
            digest: self.batch.digest.parse::<Hash>()?,
            readers: readers.iter().map(text).collect::<Result<_, _>>()?,
        };
        self.append(Act::BatchRun(run))?;
        "running".clone_into(&mut self.batch.state);
        self.state.version = self.writer.ledger.data_version()?;
        let tally = self.writer.ledger.batch_tally(&self.batch.batch)?;
        self.say(Event::Begun {
            batch: self.batch.batch.clone(),
            rows: self.batch.rows,
            issued: tally.issued,
            doubtful: tally.doubtful,
            readers: readers.to_vec(),
        });
        Ok(())
    }

    fn say(&self, event: Event) {
        let _ = self.say.send(Say::Event(event));
    }

    /// Answers one request. A reader that is gone meanwhile does not hear it.
    fn serve(&mut self, request: Request) {
        match request {
            Request::Card(kind, number, reply) => drop(reply.send(self.writer.card(kind, &number))),
            Request::OnChip(chip, reply) => drop(reply.send(self.writer.card_on_chip(&chip))),
            Request::OpenPurse(number, reply) => drop(reply.send(self.writer.open_purse_intent(&number))),
            Request::Append(act, reply) => drop(reply.send(self.append(*act))),
            Request::Checkpoint => {
                if self.state.unsigned >= UNSIGNED
                    && let Err(fault) = self.sign()
                {
                    self.flags.fail(fault);
                }
            }
            Request::Claim(chip, number, reply) => {
                let claim = self
                    .look_around()
                    .and_then(|()| self.claim(chip.as_deref(), number.as_deref()));
                drop(reply.send(claim));
            }
            Request::Release(number) => self.release(&number),
            Request::Dead(number) => {
                self.state.dead.insert(number);
            }
            Request::Loaded(number) => {
                self.state.unloaded.remove(&number);
            }
        }
    }

    fn append(&mut self, act: Act) -> Result<u64, BatchError> {
        self.state.commits += 1;
        let number = self.state.commits;
        self.watched.inspect(|watched| watched(number, &act, false));
        let shown = self.watched.map(|_| act.clone());
        let seq = Recording::append(&mut self.writer, act)?;
        if let (Some(watched), Some(act)) = (self.watched, shown) {
            watched(number, &act, true);
        }
        self.state.unsigned += 1;
        Ok(seq)
    }

    fn sign(&mut self) -> Result<(), BatchError> {
        if self.state.unsigned > 0 {
            self.writer.checkpoint()?;
            self.state.unsigned = 0;
        }
        Ok(())
    }

    /// Another process may have paused, resumed or closed the batch.
    fn look_around(&mut self) -> Result<(), BatchError> {
        let version = self.writer.ledger.data_version()?;
        if version == self.state.version {
            return Ok(());
        }
        self.state.version = version;
        let now = self.writer.ledger.batch(&self.batch.batch)?;
        let state = now.map_or_else(|| "closed".to_owned(), |now| now.state);
        if state == self.batch.state {
            return Ok(());
        }
        self.batch.state.clone_from(&state);
        match state.as_str() {
            "paused" => {
                self.flags.paused.store(true, Ordering::Relaxed);
                self.say(Event::Paused);
            }
            "running" => {
                self.flags.paused.store(false, Ordering::Relaxed);
                self.say(Event::Resumed);
            }
            _ => self.flags.quit(),
        }
        Ok(())
    }

    /// What the card on a reader is to become. What the ledger has of the chip comes first.
    fn claim(&mut self, chip: Option<&str>, number: Option<&str>) -> Result<Claim, BatchError> {
        if self.flags.is_paused() {
            return Ok(Claim::Paused);
        }
        let on_reader = match (chip, number) {
            (Some(chip), _) => self.writer.ledger.card_on_chip(chip)?,
            (None, Some(number)) => self.writer.ledger.card(self.kind, number)?,
            (None, None) => None,
        };
        match on_reader {
            Some(row) if row.batch.as_deref() != Some(&self.batch.batch) => self.foreign(row),
            Some(row) if self.state.claimed.contains(&row.number) => Ok(Claim::Wait),
            Some(row) if row.status == "issued" => self.issued(&row),
            Some(row) if matches!(row.status.as_str(), "in-doubt" | "failed-partial") => self.begun(&row),
            Some(row) => self.foreign(row),
            None => self.next(chip),
        }
    }

    fn foreign(&self, row: CardRow) -> Result<Claim, BatchError> {
        let accounted = self.writer.ledger.lot_of_card(self.kind, &row.number)?.is_some();
        let row = Box::new(row);
        Ok(Claim::Foreign { row, accounted })
    }

    /// A card that this batch has issued.
    fn issued(&mut self, row: &CardRow) -> Result<Claim, BatchError> {
        let number = row.number.clone();
        let loads = self.rows.row_of(&number)?.filter(|of_order| of_order.load.is_some());
        match loads {
            Some(of_order) if self.writer.ledger.awaits_load(&number)? => {
                self.state.unloaded.insert(number.clone());
                self.state.claimed.insert(number);
                let lot = None;
                Ok(Claim::Load(Box::new(Work {
                    row: of_order,
                    lot,
                    resumed: true,
                })))
            }
            _ => Ok(Claim::Already { number }),
        }
    }

    /// A card that was begun and not finished, on the chip on which it was begun.
    fn begun(&mut self, row: &CardRow) -> Result<Claim, BatchError> {
        let of_order = self.rows.row_of(&row.number)?;
        let of_order = of_order.ok_or_else(|| BatchError::NoRow {
            number: row.number.clone(),
        })?;
        self.state.claimed.insert(row.number.clone());
        let lot = self.writer.ledger.lot_of_card(self.kind, &row.number)?;
        Ok(Claim::Work(Box::new(Work {
            row: of_order,
            lot: lot.map(Text::new).transpose()?,
            resumed: true,
        })))
    }

    /// The next row for a blank.
    fn next(&mut self, chip: Option<&str>) -> Result<Claim, BatchError> {
        while let Some(number) = self.state.again.pop_front() {
            if let Some(row) = self.rows.row_of(&number)?
                && self.is_free(&row)?
            {
                return self.give(row, chip);
            }
        }
        while self.state.exhausted.is_none() {
            let Some(row) = self.rows.next_row(self.state.cursor)? else {
                self.state.exhausted = Some(self.state.version);
                break;
            };
            self.state.cursor = row.row;
            if row.order.is_none() {
                self.state.withdrawn += 1;
            } else if self.is_free(&row)? {
                return self.give(row, chip);
            }
        }
        self.nothing_left()
    }

    /// Whether a row's card can be begun: the ledger has none, or one whose blank is blank again.
    fn is_free(&mut self, row: &OrderedCard) -> Result<bool, BatchError> {
        if self.state.claimed.contains(&row.number) {
            return Ok(false);
        }
        let Some(card) = self.writer.ledger.card(self.kind, &row.number)? else {
            return Ok(true);
        };
        if card.status == "issued" && row.load.is_some() && self.writer.ledger.awaits_load(&row.number)? {
            self.state.unloaded.insert(row.number.clone());
        }
        Ok(card.status == "failed-blank")
    }

    fn give(&mut self, row: OrderedCard, chip: Option<&str>) -> Result<Claim, BatchError> {
        self.state.claimed.insert(row.number.clone());
        let lot = match (&self.lot, chip) {
            (Some(lot), _) => Some(lot.clone()),
            // A lot with serial numbers says itself which blanks are of it.
            (None, Some(chip)) => {
                let known = self.writer.ledger.serial(chip)?;
                known.map(|(lot, _)| Text::new(lot)).transpose()?
            }
            (None, None) => None,
        };
        let resumed = false;
        Ok(Claim::Work(Box::new(Work { row, lot, resumed })))
    }

    /// Every row is begun. Cards under way may still come back to be begun again; another process may have given some up.
    fn nothing_left(&mut self) -> Result<Claim, BatchError> {
        if !self.state.claimed.is_empty() {
            return Ok(Claim::Wait);
        }
        let tally = self.writer.ledger.batch_tally(&self.batch.batch)?;
        let open = tally.left.saturating_sub(self.state.withdrawn) + tally.failed;
        if open > 0 && self.state.exhausted.is_some_and(|then| then != self.state.version) {
            (self.state.cursor, self.state.withdrawn, self.state.exhausted) = (0, 0, None);
            return Ok(Claim::Wait);
        }
        let coming = u64::from(tally.doubtful).saturating_sub(self.state.dead.len() as u64);
        let awaited = coming > 0 || !self.state.unloaded.is_empty();
        if !(awaited && self.wait) {
            self.flags.quit();
            return Ok(Claim::Finished);
        }
        if !std::mem::replace(&mut self.state.awaited, true) {
            self.tell_awaited()?;
        }
        Ok(Claim::Wait)
    }

    fn tell_awaited(&self) -> Result<(), BatchError> {
        let mut cards = Vec::new();
        for status in ["in-doubt", "failed-partial"] {
            let rows = self.writer.ledger.batch_cards(&self.batch.batch, status)?;
            let rows = rows.into_iter().filter(|row| !self.state.dead.contains(&row.number));
            cards.extend(rows.map(|row| (row.number, row.chip)));
        }
        for number in &self.state.unloaded {
            let row = self.writer.ledger.card(self.kind, number)?;
            cards.extend(row.map(|row| (row.number, row.chip)));
        }
        self.say(Event::Awaited { cards });
        Ok(())
    }

    fn release(&mut self, number: &str) {
        if !self.state.claimed.remove(number) {
            return;
        }
        self.state.awaited = false;
        match self.writer.ledger.card(self.kind, number) {
            Ok(Some(card)) if card.status != "failed-blank" => {}
            Ok(_) => self.state.again.push_back(number.to_owned()),
            Err(fault) => self.flags.fail(fault.into()),
        }
    }

    fn summary(&self) -> Result<Summary, BatchError> {
        let tally = self.writer.ledger.batch_tally(&self.batch.batch)?;
        Ok(Summary {
            issued_in_all: tally.issued,
            void: tally.void,
            failed: tally.failed,
            doubtful: tally.doubtful,
            unloaded: u32::try_from(self.state.unloaded.len()).unwrap_or(u32::MAX),
            left: tally.left,
            withdrawn: self.state.withdrawn,
            ..Summary::default()
        })
    }
}

/// The keys that a batch was approved with, by name.
pub(super) type Approved = BTreeMap<String, String>;
