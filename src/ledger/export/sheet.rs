// SPDX-License-Identifier: Apache-2.0
//! What a table is made of, whatever file it becomes: columns with a type each, and rows of cells.

use crate::ledger::error::LedgerError;
use crate::ledger::field::Moment;

/// What the cells of a column are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// UTF-8 text.
    Text,
    /// A whole number of 64 bits.
    Whole,
    /// A moment, to the second.
    Time,
    /// Yes or no.
    Flag,
}

/// A column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Column {
    /// Its name for programs; the headings of people stand in the catalogue as `ledger-column-NAME`.
    pub name: &'static str,
    /// What its cells are.
    pub kind: Kind,
    /// Whether every row has a cell of it.
    pub always: bool,
}

impl Column {
    /// A column that every row has.
    pub(super) const fn always(name: &'static str, kind: Kind) -> Self {
        let always = true;
        Self { name, kind, always }
    }

    /// A column that rows may lack.
    pub(super) const fn maybe(name: &'static str, kind: Kind) -> Self {
        let always = false;
        Self { name, kind, always }
    }
}

/// A cell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cell {
    /// Nothing.
    Empty,
    /// Text.
    Text(String),
    /// A whole number.
    Whole(i64),
    /// A moment.
    Time(Moment),
    /// Yes or no.
    Flag(bool),
}

impl Cell {
    /// Text, or nothing.
    pub(super) fn text(text: Option<impl Into<String>>) -> Self {
        text.map_or(Self::Empty, |text| Self::Text(text.into()))
    }

    /// A number that cannot be below zero, or nothing. Those of a ledger never pass 2^63.
    pub(super) fn whole(number: Option<u64>) -> Self {
        number.map_or(Self::Empty, |n| Self::Whole(i64::try_from(n).unwrap_or(i64::MAX)))
    }
}

/// A file that takes rows.
pub trait Sheet {
    /// The next row: a cell for each column, in their order.
    fn row(&mut self, cells: Vec<Cell>) -> Result<(), LedgerError>;

    /// Writes what is left.
    fn finish(self: Box<Self>) -> Result<(), LedgerError>;
}
