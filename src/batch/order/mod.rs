// SPDX-License-Identifier: Apache-2.0
//! Orders of a card centre: files of many cards, checked whole before any card is touched, taken in at once or not at all.
//!
//! A file is read row by row, so that memory does not grow with it. Every bad row is named with its line, column and reason;
//! personal data are never part of a message. What was taken in lies in `holders.db`, apart from the ledger, with each person's
//! data under a key of their own (docs/formats/holders.md).

mod book;
mod fault;
mod file;
mod holder;
mod import;
mod line;
mod look;
mod numbers;
mod repeats;
mod reseal;
mod scan;
mod settle;
mod verify;

pub use book::{OrderBook, OrderFacts, OrderRow};
pub use fault::OrderFault;
pub use file::OrderFile;
pub use holder::{Holder, HolderPlace};
pub use import::{ComingOrder, ImportStep};
pub use look::{HolderState, OrderLine};
pub use numbers::{RangeNumbers, ledger_number};
pub use scan::{Finding, Known, Row, Scan, Summary, Taken};
pub use verify::{BOOK_CHECKS, BookFinding, BookReport};
