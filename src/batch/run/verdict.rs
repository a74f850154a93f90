// SPDX-License-Identifier: Apache-2.0
//! What an error of one card means for the card, its reader and the whole run.

use super::event::Failure;
use crate::batch::fault::BatchError;
use crate::card::{CardError, TransactionError};
use crate::ledger::LedgerError;
use crate::ledger::centre::CentreFault;
use crate::perso::PersoFault;
use crate::site::SiteError;
use crate::transport::TransportError;

/// What follows from an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Consequence {
    /// The card failed.
    Card(Failure),
    /// Two cards lie on the reader.
    TwoCards,
    /// Another process was faster: the same card gets another number.
    Taken,
    /// The batch stands still or is closed; nothing was written.
    Halt,
    /// Nothing can go on.
    Run,
}

impl BatchError {
    /// What the ledger says, where it is the ledger that refused.
    pub fn of_ledger(&self) -> Option<&LedgerError> {
        match self {
            Self::Site(e) => match &**e {
                SiteError::Ledger(e) => Some(e),
                _ => None,
            },
            _ => None,
        }
    }

    /// Whether it was the reader or the service that went, not the card.
    pub(super) fn reader_went(&self) -> bool {
        let card = match self {
            Self::Perso(e) => match &*e.fault {
                PersoFault::Card(e) => e,
                _ => return false,
            },
            Self::Card(e) | Self::Transaction(TransactionError::Card(e)) => e,
            _ => return false,
        };
        let gone = [
            matches!(card, CardError::Transport(TransportError::ReaderGone { .. })),
            matches!(card, CardError::Transport(TransportError::ServiceLost { .. })),
            matches!(card, CardError::Transport(TransportError::NoService)),
        ];
        gone.contains(&true)
    }

    pub(super) fn consequence(&self) -> Consequence {
        use Consequence::{Card, Run, TwoCards};
        match self {
            Self::Perso(e) => match &*e.fault {
                fault if fault.is_lost() => Card(Failure::Torn),
                PersoFault::Dead { .. } => Card(Failure::Dead),
                PersoFault::Store(_) | PersoFault::NoRandom | PersoFault::Plan { .. } => Run,
                _ => Card(Failure::Partial),
            },
            Self::Card(e) if e.is_lost() => Card(Failure::Torn),
            Self::Card(_)
            | Self::NotBlank { .. }
            | Self::TransportKey { .. }
            | Self::ChipIssued { .. }
            | Self::OtherScript { .. }
            | Self::NotErased { .. }
            | Self::NoRow { .. }
            | Self::NoNumber => Card(Failure::Rejected),
            Self::TwoCards { .. } => TwoCards,
            Self::Transaction(e) => match e {
                TransactionError::Card(card) if card.is_lost() => Card(Failure::Torn),
                TransactionError::Torn { .. } => Card(Failure::Torn),
                TransactionError::Store(_) => Run,
                _ => Card(Failure::Load),
            },
            Self::Site(_) => self.of_ledger().map_or(Run, of_ledger),
            _ => Run,
        }
    }
}

fn of_ledger(e: &LedgerError) -> Consequence {
    match e {
        LedgerError::NumberTaken { .. } | LedgerError::NotResumable { .. } => Consequence::Taken,
        LedgerError::ChipTaken(_)
        | LedgerError::OtherChip(_)
        | LedgerError::PurseOpen(_)
        | LedgerError::PurseTwice { .. }
        | LedgerError::Centre(CentreFault::Serial { .. } | CentreFault::BlankOfOtherLot { .. }) => {
            Consequence::Card(Failure::Rejected)
        }
        LedgerError::Centre(CentreFault::BatchState { .. }) => Consequence::Halt,
        _ => Consequence::Run,
    }
}
