// SPDX-License-Identifier: Apache-2.0
//! The rows of an order as a run takes them, out of the order book, opened with the key store.

use super::rows::{OrderRows, OrderedCard};
use crate::batch::fault::BatchError;
use crate::batch::order::{OrderBook, OrderFault, OrderRow};
use crate::keys::FileKeyStore;
use crate::ledger::CardKind;

/// One order of the book.
pub struct BookRows<'a> {
    book: OrderBook,
    store: &'a FileKeyStore,
    order: String,
    kind: CardKind,
}

impl<'a> BookRows<'a> {
    /// The rows of this order.
    pub fn new(book: OrderBook, store: &'a FileKeyStore, order: &str, kind: CardKind) -> Self {
        let order = order.to_owned();
        Self {
            book,
            store,
            order,
            kind,
        }
    }

    /// A row as it is; one whose holder's data were erased has no values any more.
    fn row(found: Result<Option<OrderRow>, OrderFault>, row: u32) -> Result<Option<OrderedCard>, BatchError> {
        match found {
            Ok(found) => Ok(found.map(|found| OrderedCard {
                row: found.row,
                number: found.number,
                order: Some(found.order),
                load: found.load,
            })),
            Err(OrderFault::Erased { number, .. }) => Ok(Some(OrderedCard {
                row,
                number,
                order: None,
                load: None,
            })),
            Err(e) => Err(e.into()),
        }
    }
}

impl OrderRows for BookRows<'_> {
    fn next_row(&mut self, after: u32) -> Result<Option<OrderedCard>, BatchError> {
        let found = self.book.next_row(self.store, &self.order, after);
        Self::row(found, after.saturating_add(1))
    }

    fn row_of(&mut self, number: &str) -> Result<Option<OrderedCard>, BatchError> {
        let place = self.book.place_of(self.kind, number)?;
        let Some((_, row)) = place.filter(|(order, _)| *order == self.order) else {
            return Ok(None);
        };
        let found = self.book.row(self.store, &self.order, row).map(Some);
        Self::row(found, row)
    }
}
