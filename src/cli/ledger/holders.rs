// SPDX-License-Identifier: Apache-2.0
//! Holders' data for a table of cards: opened one by one by whoever may look at them, and nowhere kept.

use crate::batch::order::{HolderState, OrderBook, OrderFault};
use crate::error::Error;
use crate::ledger::export::HolderCells;
use crate::ledger::{CardKind, LedgerError};
use crate::site::Session;

/// The fields of an order that make a holder known. Templates call them so.
const NAME: &str = "holder-name";
const ID_NUMBER: &str = "id-number";

/// The holders of a site's cards.
pub(super) struct Holders<'a> {
    session: &'a Session,
    /// None where the site never took an order in.
    book: Option<OrderBook>,
    /// What stands in the place of a name that is gone.
    erased: Option<String>,
    failed: Option<OrderFault>,
}

impl<'a> Holders<'a> {
    /// Opens the book; what is to be erased is erased first.
    pub(super) fn open(session: &'a Session, erased: Option<String>) -> Result<Self, Error> {
        let there = OrderBook::place(&session.site).is_file();
        let book = there
            .then(|| OrderBook::open(&session.site, &session.ledger))
            .transpose()?;
        Ok(Self {
            session,
            book,
            erased,
            failed: None,
        })
    }

    /// The holder of a card.
    pub(super) fn of(&mut self, kind: &str, number: &str) -> Result<HolderCells, LedgerError> {
        self.find(kind, number).map_err(|fault| {
            let what = fault.to_string();
            self.failed = Some(fault);
            LedgerError::Unwritten { closed: false, what }
        })
    }

    /// What was written, or why a holder's data could not be opened.
    pub(super) fn instead_of<T>(self, written: Result<T, LedgerError>) -> Result<T, Error> {
        match self.failed {
            Some(fault) => Err(fault.into()),
            None => Ok(written?),
        }
    }

    fn find(&self, kind: &str, number: &str) -> Result<HolderCells, OrderFault> {
        let kind = if kind == CardKind::Psam.as_str() {
            CardKind::Psam
        } else {
            CardKind::User
        };
        let none = HolderCells {
            state: HolderState::None.as_str(),
            ..HolderCells::default()
        };
        let Some(book) = &self.book else { return Ok(none) };
        let Some((order, row)) = book.place_of(kind, number)? else {
            return Ok(none);
        };
        let state = book.next_line(&order, row.saturating_sub(1))?.map(|line| line.holder);
        let state = state.unwrap_or(HolderState::None);
        if state != HolderState::Here {
            let gone = self.erased.as_ref().filter(|_| state == HolderState::Erased);
            return Ok(HolderCells {
                state: state.as_str(),
                name: gone.cloned(),
                id_number: gone.cloned(),
            });
        }
        let found = book.row(&self.session.store, &order, row)?;
        let field = |name: &str| found.order.get(name).filter(|text| !text.is_empty()).map(str::to_owned);
        Ok(HolderCells {
            state: state.as_str(),
            name: field(NAME),
            id_number: field(ID_NUMBER),
        })
    }
}
