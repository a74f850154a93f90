// SPDX-License-Identifier: Apache-2.0
//! The ledger as a reader's thread sees it: every question and every entry goes through a channel to the one writer, and
//! waits for the answer.

use std::sync::mpsc::{Sender, channel};

use super::clerk::Claim;
use crate::batch::fault::BatchError;
use crate::batch::recording::Recording;
use crate::ledger::CardKind;
use crate::ledger::act::{Act, PurseIntent};
use crate::ledger::query::CardRow;

type Reply<T> = Sender<Result<T, BatchError>>;

/// What a reader's thread asks of the writer.
pub(super) enum Request {
    Card(CardKind, String, Reply<Option<CardRow>>),
    OnChip(String, Reply<Option<CardRow>>),
    OpenPurse(String, Reply<Option<(u64, PurseIntent)>>),
    Append(Box<Act>, Reply<u64>),
    Checkpoint,
    /// What is to be done with the card on a reader: its chip, else the number that it bears.
    Claim(Option<String>, Option<String>, Reply<Claim>),
    /// The number that was claimed is let go of; the card's blank is blank again, or it is done, or neither.
    Release(String),
    /// This card lets nobody in any more: nobody waits for it.
    Dead(String),
    /// The initial load of this card is done with.
    Loaded(String),
}

/// A reader's thread's end of the channel.
#[derive(Clone)]
pub(super) struct Remote {
    to: Sender<Request>,
}

impl Remote {
    pub(super) fn new(to: Sender<Request>) -> Self {
        Self { to }
    }

    fn ask<T>(&self, request: impl FnOnce(Reply<T>) -> Request) -> Result<T, BatchError> {
        let (reply, answer) = channel();
        self.to.send(request(reply)).map_err(|_| BatchError::WriterEnded)?;
        answer.recv().map_err(|_| BatchError::WriterEnded)?
    }

    pub(super) fn claim(&self, chip: Option<&str>, number: Option<&str>) -> Result<Claim, BatchError> {
        let (chip, number) = (chip.map(str::to_owned), number.map(str::to_owned));
        self.ask(|reply| Request::Claim(chip, number, reply))
    }

    pub(super) fn tell(&self, request: Request) {
        // A writer that has ended has said why.
        let _ = self.to.send(request);
    }
}

impl Recording for Remote {
    fn card(&mut self, kind: CardKind, number: &str) -> Result<Option<CardRow>, BatchError> {
        self.ask(|reply| Request::Card(kind, number.to_owned(), reply))
    }

    fn card_on_chip(&mut self, chip: &str) -> Result<Option<CardRow>, BatchError> {
        self.ask(|reply| Request::OnChip(chip.to_owned(), reply))
    }

    fn open_purse_intent(&mut self, number: &str) -> Result<Option<(u64, PurseIntent)>, BatchError> {
        self.ask(|reply| Request::OpenPurse(number.to_owned(), reply))
    }

    fn append(&mut self, act: Act) -> Result<u64, BatchError> {
        self.ask(|reply| Request::Append(Box::new(act), reply))
    }

    fn checkpoint(&mut self) -> Result<(), BatchError> {
        self.tell(Request::Checkpoint);
        Ok(())
    }
}
