// SPDX-License-Identifier: Apache-2.0
//! What is told of a batch while it runs, and what is asked. Whoever shows it decides how: bars, lines, JSON.

use serde::Serialize;

use crate::i18n::Msg;

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// The run begins.
    Begun {
        /// The batch.
        batch: String,
        /// Cards of its order.
        rows: u32,
        /// Cards that were issued before.
        issued: u32,
        /// Cards in doubt or written in part: they are taken up when they come to a reader.
        doubtful: u32,
        /// The readers.
        readers: Vec<String>,
    },
    /// A reader waits: for a card, for itself, for the service.
    Waiting {
        /// The reader.
        reader: String,
        /// What is missing.
        why: Msg,
    },
    /// A card is begun or taken up.
    Started {
        /// The reader.
        reader: String,
        /// The order's row.
        row: u32,
        /// The card's number.
        number: String,
        /// The chip.
        chip: Option<String>,
        /// Whether it was begun before.
        resumed: bool,
    },
    /// So many of a card's steps are behind it.
    Step {
        /// The reader.
        reader: String,
        /// Steps done.
        done: u64,
        /// Steps in all.
        total: u64,
    },
    /// A card is issued, and loaded where its order says so.
    Issued {
        /// The reader.
        reader: String,
        /// The order's row.
        row: u32,
        /// The card's number.
        number: String,
        /// The chip.
        chip: Option<String>,
        /// Whether it was begun before.
        resumed: bool,
        /// Fen that were loaded.
        loaded: Option<u32>,
        /// The ledger's entry of the outcome.
        entry: u64,
    },
    /// A card that this batch has issued lies on the reader still or again.
    Already {
        /// The reader.
        reader: String,
        /// The card's number.
        number: String,
    },
    /// A card failed.
    Failed {
        /// The reader.
        reader: String,
        /// Its number, where it had one.
        number: Option<String>,
        /// The chip.
        chip: Option<String>,
        /// In which way.
        failure: Failure,
        /// Why.
        why: Msg,
    },
    /// A dead card's number was not given up: other officers must do it.
    NotScrapped {
        /// The reader.
        reader: String,
        /// Its number.
        number: String,
        /// Why.
        why: Msg,
    },
    /// A reader takes no more cards in this run.
    ReaderEnded {
        /// The reader.
        reader: String,
        /// Why.
        why: Msg,
        /// Whether failures are the reason.
        failed: bool,
    },
    /// No card is begun until further notice.
    Paused,
    /// Cards are begun again.
    Resumed,
    /// A stop was asked for: the cards under way are finished.
    Stopping,
    /// Every row is done or begun; these cards are awaited: number and chip.
    Awaited {
        /// The cards.
        cards: Vec<(String, Option<String>)>,
    },
    /// The run is over.
    Ended(Summary),
}

/// In which way a card failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Failure {
    /// It was lost on the way: in doubt until it comes again.
    Torn,
    /// It is no blank for this batch; nothing was written.
    Rejected,
    /// It answered wrongly, and is written in part.
    Partial,
    /// It answered wrongly and was erased; another chip gets its number.
    Erased,
    /// It lets nobody in any more.
    Dead,
    /// It is issued, and its initial load failed.
    Load,
}

impl Failure {
    /// As it stands in events.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Torn => "torn",
            Self::Rejected => "rejected",
            Self::Partial => "partial",
            Self::Erased => "erased",
            Self::Dead => "dead",
            Self::Load => "load",
        }
    }
}

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Summary {
    /// Cards issued in this run.
    pub issued: u32,
    /// Failures in this run, whatever became of the card later.
    pub failures: u32,
    /// Cards of the batch issued in all.
    pub issued_in_all: u32,
    /// Numbers given up.
    pub void: u32,
    /// Cards whose blank is blank again.
    pub failed: u32,
    /// Cards in doubt or written in part.
    pub doubtful: u32,
    /// Issued cards whose initial load is missing.
    pub unloaded: u32,
    /// Rows that were never begun.
    pub left: u32,
    /// Rows whose data were erased.
    pub withdrawn: u32,
    /// Whether the operator stopped it.
    pub stopped: bool,
}

impl Summary {
    /// Whether every row of the order is a card now, or never will be one.
    pub fn is_complete(&self) -> bool {
        self.doubtful == 0 && self.unloaded == 0 && self.failed == 0 && self.left == self.withdrawn
    }
}

/// Something that only a person can decide.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Question {
    /// Two cards lie on one reader, or the card was changed while it was written to.
    TwoCards {
        /// The reader.
        reader: String,
        /// The chip that answered first.
        first: String,
        /// The chip that answered then.
        second: String,
    },
    /// The card on the reader is in the ledger already, or bears a number of somebody else's.
    Issued {
        /// The reader.
        reader: String,
        /// Its number.
        number: String,
        /// What the ledger says of it; `None`: it does not know the card.
        status: Option<String>,
        /// Whether it could be erased and written anew.
        erasable: bool,
    },
    /// A card that was begun lets nobody in any more.
    Dead {
        /// The reader.
        reader: String,
        /// Its number.
        number: String,
    },
}

/// What the person decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// The card is taken away; go on with the next one.
    Next,
    /// Give its number up, erase it and write it anew.
    Reissue,
    /// Give its number up: it is scrap.
    Scrap,
    /// This reader stops.
    Stop,
}

/// Who watches a run and answers for it. Called by one thread, the one that called `run`.
pub trait Watch {
    /// Something happened.
    fn event(&mut self, event: &Event);
    /// A person must decide. Other readers go on meanwhile.
    fn ask(&mut self, question: &Question) -> Answer;
    /// Called several times a second, whether something happened or not.
    fn tick(&mut self) {}
}
