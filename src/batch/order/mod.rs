// SPDX-License-Identifier: Apache-2.0
//! Orders of a card centre: files of many cards, checked whole before any card is touched, taken in at once or not at all.
//!
//! A file is read row by row, so that memory does not grow with it. Every bad row is named with its line, column and reason;
//! personal data are never part of a message.

mod fault;
mod file;
mod repeats;
mod scan;

pub use fault::OrderFault;
pub use file::OrderFile;
pub use scan::{Finding, Known, Row, Scan, Summary, Taken};

/// A number as the ledger has it: without spaces, and with a zero in front where its digits are odd, as on the card.
pub fn ledger_number(given: &str) -> String {
    let digits: String = given.chars().filter(|c| *c != ' ').collect::<String>().to_uppercase();
    if digits.len().is_multiple_of(2) {
        digits
    } else {
        format!("0{digits}")
    }
}
