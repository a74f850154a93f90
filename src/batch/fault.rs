// SPDX-License-Identifier: Apache-2.0
//! Why a card was not issued, or a purse not served.

use super::order::OrderFault;
use crate::card::{CardError, TransactionError};
use crate::crypto::purse::PurseError;
use crate::error::{Exit, Fault};
use crate::i18n::Msg;
use crate::keys::StoreError;
use crate::keys::scheme::SchemeError;
use crate::ledger::LedgerError;
use crate::ledger::field::FieldFault;
use crate::msg;
use crate::perso::{PersoError, PlanError};
use crate::site::SiteError;
use crate::template::{OrderError, TemplateError};

/// A fault of issuing.
#[derive(Debug)]
pub enum BatchError {
    /// Writing, reading back or proving.
    Perso(Box<PersoError>),
    /// The template.
    Template(Box<TemplateError>),
    /// The order.
    Order(Box<OrderError>),
    /// The book of orders.
    Book(Box<OrderFault>),
    /// There is no script.
    Plan(Box<PlanError>),
    /// Talking to the card.
    Card(CardError),
    /// A purse transaction.
    Transaction(TransactionError),
    /// The key store.
    Store(StoreError),
    /// The scheme.
    Scheme(Box<SchemeError>),
    /// The site.
    Site(Box<SiteError>),
    /// The card bears a number: it was issued before.
    NotBlank {
        /// The number on it.
        number: String,
    },
    /// The transport key does not open the card, and it bears no number.
    TransportKey {
        /// What the card answered.
        cause: CardError,
    },
    /// The chip is in the ledger under another number.
    ChipIssued {
        /// The chip's serial number.
        chip: String,
        /// The number in the ledger.
        number: String,
        /// What became of it.
        status: String,
    },
    /// Another chip answers than before: two cards lie on the reader.
    TwoCards {
        /// The chip that answered first.
        first: String,
        /// The chip that answered then.
        second: String,
    },
    /// The ledger has no unfinished card of that number.
    NotUnfinished {
        /// The number.
        number: String,
        /// What became of it.
        status: String,
    },
    /// The ledger has no such card.
    NoCard {
        /// The number.
        number: String,
    },
    /// The order makes another script than the ledger has for this number.
    OtherScript {
        /// The number.
        number: String,
    },
    /// The card has no number that the template could name.
    NoNumber,
    /// The template describes no such thing.
    NotInTemplate {
        /// The template.
        template: String,
        /// What is missing.
        what: &'static str,
    },
    /// The card has its own control key, or none: it is not emptied.
    NotErased {
        /// The number.
        number: String,
    },
    /// The order has no row of this number, or its data were erased.
    NoRow {
        /// The number.
        number: String,
    },
    /// An initial load was begun before, and nobody can say whether it happened.
    LoadUnproved {
        /// The number.
        number: String,
    },
    /// Cards are to be loaded, and nobody said under which terminal number.
    NoTerminal,
    /// The ledger's writer ended before its readers.
    WriterEnded,
    /// What ended a run, as one of its threads said it.
    Said {
        /// The message.
        msg: Box<Msg>,
        /// How the program ends because of it.
        exit: Exit,
    },
    /// The PSAM has no purchase key for the card: another version, another number of levels.
    PsamRefused {
        /// The PSAM's terminal number.
        terminal: String,
        /// The PSAM's template that was assumed.
        template: String,
        /// What the PSAM answered.
        cause: Box<CardError>,
    },
    /// The PSAM holds the purchase key of another city.
    OtherCity {
        /// The PSAM's terminal number.
        terminal: String,
        /// The card's number.
        number: String,
    },
}

macro_rules! from {
    ($($from:ty => $variant:ident),* $(,)?) => { $(
        impl From<$from> for BatchError {
            fn from(e: $from) -> Self {
                Self::$variant(e.into())
            }
        }
    )* };
}
from!(TemplateError => Template, OrderError => Order, OrderFault => Book, PersoError => Perso, PlanError => Plan, CardError => Card,
    TransactionError => Transaction, StoreError => Store, SchemeError => Scheme, SiteError => Site);

impl From<LedgerError> for BatchError {
    fn from(e: LedgerError) -> Self {
        SiteError::from(e).into()
    }
}

impl From<FieldFault> for BatchError {
    fn from(e: FieldFault) -> Self {
        LedgerError::from(e).into()
    }
}

impl From<PurseError> for BatchError {
    fn from(e: PurseError) -> Self {
        TransactionError::from(e).into()
    }
}

impl Fault for BatchError {
    fn msg(&self) -> Msg {
        match self {
            Self::Perso(e) => e.msg(),
            Self::Plan(e) => e.msg(),
            Self::Template(e) => e.msg(),
            Self::Order(e) => e.msg(),
            Self::Book(e) => e.msg(),
            Self::Card(e) => e.msg(),
            Self::Transaction(e) => e.msg(),
            Self::Store(e) => e.msg(),
            Self::Scheme(e) => e.msg(),
            Self::Site(e) => e.msg(),
            Self::NotBlank { number } => msg!("batch-not-blank", number = number),
            Self::TransportKey { cause } => msg!("batch-transport-key").with_msg("cause", cause.msg()),
            Self::ChipIssued { chip, number, status } => {
                msg!("batch-chip-issued", chip = chip, number = number, status = status)
            }
            Self::TwoCards { first, second } => msg!("batch-two-cards", first = first, second = second),
            Self::NotErased { number } => msg!("batch-not-erased", number = number),
            Self::NoRow { number } => msg!("batch-no-row", number = number),
            Self::LoadUnproved { number } => msg!("batch-load-unproved", number = number),
            Self::NoTerminal => msg!("batch-no-terminal"),
            Self::WriterEnded => msg!("batch-writer-ended"),
            Self::Said { msg, .. } => (**msg).clone(),
            Self::NotUnfinished { number, status } => msg!("batch-not-unfinished", number = number, status = status),
            Self::NoCard { number } => msg!("batch-no-card", number = number),
            Self::OtherScript { number } => msg!("batch-other-script", number = number),
            Self::NoNumber => msg!("batch-no-number"),
            Self::NotInTemplate { template, what } => msg!("batch-not-in-template", template = template, what = what),
            Self::PsamRefused {
                terminal,
                template,
                cause,
            } => msg!("batch-psam-refused", terminal = terminal, template = template).with_msg("cause", cause.msg()),
            Self::OtherCity { terminal, number } => msg!("batch-other-city", terminal = terminal, number = number),
        }
    }

    fn exit(&self) -> Exit {
        match self {
            Self::Perso(e) => e.exit(),
            Self::Plan(e) => e.exit(),
            Self::Template(e) => e.exit(),
            Self::Order(e) => e.exit(),
            Self::Book(e) => e.exit(),
            Self::Card(e) => e.exit(),
            Self::Transaction(e) => e.exit(),
            Self::Store(e) => e.exit(),
            Self::Scheme(e) => e.exit(),
            Self::Site(e) => e.exit(),
            Self::Said { exit, .. } => *exit,
            Self::WriterEnded => Exit::Device,
            Self::NoRow { .. }
            | Self::NoTerminal
            | Self::NotUnfinished { .. }
            | Self::NoCard { .. }
            | Self::NotInTemplate { .. } => Exit::Usage,
            Self::NotErased { .. }
            | Self::LoadUnproved { .. }
            | Self::NotBlank { .. }
            | Self::TwoCards { .. }
            | Self::TransportKey { .. }
            | Self::ChipIssued { .. }
            | Self::OtherScript { .. }
            | Self::NoNumber
            | Self::PsamRefused { .. }
            | Self::OtherCity { .. } => Exit::Check,
        }
    }
}

crate::display_as_english!(BatchError);
