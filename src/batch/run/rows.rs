// SPDX-License-Identifier: Apache-2.0
//! The rows of an order, one at a time: memory does not grow with the order.

use crate::batch::fault::BatchError;
use crate::crypto::purse::Amount;
use crate::template::Order;

/// One card of an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderedCard {
    /// Its place in the order, from 1.
    pub row: u32,
    /// The card's number as the ledger has it.
    pub number: String,
    /// Its values; `None` where they were erased: such a row is made no more.
    pub order: Option<Order>,
    /// What is loaded when it is issued.
    pub load: Option<Amount>,
}

/// Gives the rows of one order.
pub trait OrderRows: Send {
    /// The first row behind this one (0: the first of all).
    fn next_row(&mut self, after: u32) -> Result<Option<OrderedCard>, BatchError>;
    /// The row of a card.
    fn row_of(&mut self, number: &str) -> Result<Option<OrderedCard>, BatchError>;
}
