// SPDX-License-Identifier: Apache-2.0
//! What issuing and purse transactions ask of the ledger. One card is written with the ledger at hand; in a batch many
//! readers share one writer, which is asked through a channel. Either way an entry is durable when `append` returns.

use super::fault::BatchError;
use crate::keys::KeyStore;
use crate::keys::scheme::Scheme;
use crate::ledger::CardKind;
use crate::ledger::act::{Act, PurseIntent};
use crate::ledger::query::CardRow;
use crate::site::{LedgerWriter, Session};

/// A ledger, near or far.
pub trait Recording {
    /// A card by its number.
    fn card(&mut self, kind: CardKind, number: &str) -> Result<Option<CardRow>, BatchError>;
    /// The card that is on a chip now: issued, in doubt or written in part.
    fn card_on_chip(&mut self, chip: &str) -> Result<Option<CardRow>, BatchError>;
    /// A card's purse transaction that has begun and of which no end is recorded.
    fn open_purse_intent(&mut self, number: &str) -> Result<Option<(u64, PurseIntent)>, BatchError>;
    /// Appends an act, signed by the officers who act; durable when this returns. Gives the entry's `seq`.
    fn append(&mut self, act: Act) -> Result<u64, BatchError>;
    /// The same, signed by so many different officers at least. In a batch, its approver is the other one.
    fn append_by(&mut self, act: Act, officers: u8) -> Result<u64, BatchError> {
        let _ = officers;
        self.append(act)
    }
    /// Signs the tree, now or soon.
    fn checkpoint(&mut self) -> Result<(), BatchError>;
}

/// Keys to use and a ledger to write to.
pub struct Station<'a> {
    /// The scheme.
    pub scheme: &'a Scheme,
    /// The key store.
    pub keys: &'a dyn KeyStore,
    /// The ledger.
    pub record: &'a mut dyn Recording,
}

impl Recording for LedgerWriter<'_> {
    fn card(&mut self, kind: CardKind, number: &str) -> Result<Option<CardRow>, BatchError> {
        Ok(self.ledger.card(kind, number)?)
    }

    fn card_on_chip(&mut self, chip: &str) -> Result<Option<CardRow>, BatchError> {
        Ok(self.ledger.card_on_chip(chip)?)
    }

    fn open_purse_intent(&mut self, number: &str) -> Result<Option<(u64, PurseIntent)>, BatchError> {
        Ok(self.ledger.open_purse_intent(number)?)
    }

    fn append(&mut self, act: Act) -> Result<u64, BatchError> {
        Ok(LedgerWriter::append(self, act)?.seq)
    }

    fn append_by(&mut self, act: Act, officers: u8) -> Result<u64, BatchError> {
        Ok(LedgerWriter::append_by(self, act, officers.into())?.seq)
    }

    fn checkpoint(&mut self) -> Result<(), BatchError> {
        Ok(LedgerWriter::checkpoint(self).map(drop)?)
    }
}

/// Works with the keys and the ledger of a session.
pub fn at_station<T>(session: &mut Session, work: impl FnOnce(&mut Station<'_>) -> T) -> T {
    let (site, store, mut writer) = session.parts();
    work(&mut Station {
        scheme: site.scheme(),
        keys: store,
        record: &mut writer,
    })
}
