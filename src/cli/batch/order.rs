// SPDX-License-Identifier: Apache-2.0
//! The order book, to work with or only to look at.

use crate::batch::BatchError;
use crate::batch::order::OrderBook;
use crate::error::Error;
use crate::ledger::Ledger;
use crate::site::Site;

/// Opens the order book; for looking, nothing in it is settled or changed.
pub(super) fn book(site: &Site, ledger: &Ledger, looking: bool) -> Result<OrderBook, Error> {
    let opened = if looking {
        OrderBook::look(site)
    } else {
        OrderBook::open(site, ledger)
    };
    Ok(opened.map_err(BatchError::from)?)
}
