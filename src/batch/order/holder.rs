// SPDX-License-Identifier: Apache-2.0
//! What is known of a card's holder: shown by an act that is recorded first, erased for good, checked against the ledger.

use std::collections::BTreeMap;

use rusqlite::params;

use super::book::damaged;
use super::line::Line;
use super::{OrderBook, OrderFault};
use crate::crypto::personal::PersonalText;
use crate::keys::{FileKeyStore, InternalUse};
use crate::ledger::act::{Act, HolderShow, HoldersErase, OrderWithdraw};
use crate::ledger::{CardKind, Number, Text};
use crate::outside::Random;
use crate::site::{Session, Step};

/// Where a holder's data are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HolderPlace {
    /// The order.
    pub order: String,
    /// Its row.
    pub row: u32,
    /// The card's number as the ledger has it.
    pub number: String,
}

/// A holder's data by field. `Debug` shows where they are, not what they are.
#[derive(Debug)]
pub struct Holder {
    /// Where they are.
    pub place: HolderPlace,
    text: PersonalText,
}

impl Holder {
    /// The data, by field.
    pub fn fields(&self) -> Result<BTreeMap<String, String>, OrderFault> {
        serde_json::from_str(self.text.read()).map_err(|_| damaged(&self.place.order, self.place.row))
    }
}

impl OrderBook {
    /// Finds a card's holder.
    pub fn holder_of(&self, kind: CardKind, number: &str) -> Result<HolderPlace, OrderFault> {
        let found = self.place_of(kind, number)?;
        let (order, row) = found.ok_or_else(|| OrderFault::NoNumber {
            number: number.to_owned(),
        })?;
        let number = number.to_owned();
        Ok(HolderPlace { order, row, number })
    }

    /// Opens a holder's data. The entry that says so is durable before anything is opened.
    pub fn show_holder(&self, session: &mut Session, place: HolderPlace, reason: &Text) -> Result<Holder, OrderFault> {
        let act = HolderShow {
            order: Text::new(place.order.as_str())?,
            number: Number::new(place.number.as_str())?,
            reason: reason.clone(),
        };
        // That there is something to open is looked at first: an entry about nothing would mislead.
        let line = self.line_of(&session.store, &place.order, place.row)?;
        self.has_person(&place, &line)?;
        session.append(Act::HolderShow(act))?;
        session.checkpoint()?;
        let text = self.person(&session.store, &place.order, &line)?;
        Ok(Holder { place, text })
    }

    fn has_person(&self, place: &HolderPlace, line: &Line) -> Result<(), OrderFault> {
        let (order, number) = (place.order.clone(), place.number.clone());
        if line.holder.is_none() {
            return Err(OrderFault::NoHolder { order, number });
        }
        let sql = "SELECT 1 FROM holders WHERE order_id = ?1 AND row = ?2";
        let there = self.db.prepare_cached(sql)?.exists(params![place.order, place.row])?;
        if there {
            Ok(())
        } else {
            Err(OrderFault::Erased { order, number })
        }
    }

    /// Erases one holder's data, or those of a whole order: the entry is durable first, and decides.
    pub fn erase(
        &mut self,
        session: &mut Session,
        order: &str,
        number: Option<&str>,
        reason: &Text,
    ) -> Result<u64, OrderFault> {
        let act = HoldersErase {
            order: Text::new(order)?,
            number: number.map(Number::new).transpose()?,
            reason: reason.clone(),
        };
        let entry = session.append(Act::HoldersErase(act))?;
        self.settle_erasures(&session.ledger)?;
        self.cut_log()?;
        session.checkpoint()?;
        Ok(entry.seq)
    }

    /// Gives an order up that no batch was made of: its numbers are free again, everything that came with it is destroyed.
    pub fn withdraw(&mut self, session: &mut Session, order: &str, reason: &Text) -> Result<u64, OrderFault> {
        let act = OrderWithdraw {
            order: Text::new(order)?,
            reason: reason.clone(),
        };
        let entry = session.append(Act::OrderWithdraw(act))?;
        self.settle(&session.ledger)?;
        session.checkpoint()?;
        Ok(entry.seq)
    }

    /// Draws the secret anew and seals everything under it. What was erased before is then gone from every copy of the book
    /// too, since the secret that opened those is gone.
    pub fn draw_anew(
        &mut self,
        session: &mut Session,
        reason: &Text,
        random: &mut dyn Random,
        at: &mut dyn FnMut(Step),
    ) -> Result<u64, OrderFault> {
        let _held = self.hold()?;
        let mut prepare =
            |now: &FileKeyStore, next: &FileKeyStore, random: &mut dyn Random| self.seal_again(now, next, random);
        let drawn = session.draw_secret(InternalUse::Holders, Some(reason.clone()), random, &mut prepare, at);
        // Whether it was drawn says the ledger: an error may come after its entry became durable.
        self.settle_drawing_held(&session.ledger)?;
        self.cut_log()?;
        let entry = drawn?;
        session.checkpoint()?;
        Ok(entry.seq)
    }
}
