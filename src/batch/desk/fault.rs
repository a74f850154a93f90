// SPDX-License-Identifier: Apache-2.0
//! Why the desk does not do what was asked. Every variant says which card.

use crate::batch::BatchError;
use crate::card::{CardError, TransactionError};
use crate::error::{Exit, Fault};
use crate::i18n::Msg;
use crate::keys::StoreError;
use crate::keys::scheme::SchemeError;
use crate::ledger::LedgerError;
use crate::ledger::field::FieldFault;
use crate::msg;
use crate::site::SiteError;

/// A fault at the customer desk.
#[derive(Debug)]
pub enum DeskError {
    /// The card, the keys, the ledger, the template.
    Batch(Box<BatchError>),
    /// The chip does not say its number: its application is blocked or damaged, and the ledger does not know the chip.
    Nameless,
    /// Another card than the one that was named.
    OtherCard {
        /// The number that was named, or that the ledger has for the chip.
        expected: String,
        /// The number on the card.
        found: String,
    },
    /// The card bears a number that the ledger has on another chip.
    OtherChip {
        /// The number.
        number: String,
    },
    /// Its application is blocked.
    Blocked {
        /// The number.
        number: String,
    },
    /// The card is so already.
    Already {
        /// The number.
        number: String,
        /// `card.extend`, `card.block`, `card.unblock`.
        act: &'static str,
    },
    /// The new last day lies before the one on the card.
    Earlier {
        /// The number.
        number: String,
        /// The day on the card.
        day: String,
        /// The day that was asked for.
        until: String,
    },
    /// No day of the calendar, or one that has passed.
    Day {
        /// What was given.
        day: String,
    },
    /// The card said yes, and does not show it.
    NotShown {
        /// The number.
        number: String,
        /// The act.
        act: &'static str,
    },
    /// An amount that is not read from a chip, and no supervisor beside the acting officer.
    SupervisorNeeded {
        /// The number.
        number: String,
    },
    /// The card took the command and does not take the PIN.
    PinNotTaken {
        /// The number.
        number: String,
    },
}

macro_rules! through_batch {
    ($($from:ty),* $(,)?) => { $(
        impl From<$from> for DeskError {
            fn from(e: $from) -> Self {
                Self::Batch(Box::new(e.into()))
            }
        }
    )* };
}
through_batch!(
    BatchError,
    CardError,
    TransactionError,
    StoreError,
    SchemeError,
    SiteError,
    LedgerError,
    FieldFault
);

impl DeskError {
    /// Whether the card may be gone, so that the effect of the last command is unknown.
    pub fn is_lost(&self) -> bool {
        match self {
            Self::Batch(e) => match &**e {
                BatchError::Card(e) | BatchError::Transaction(TransactionError::Card(e)) => e.is_lost(),
                BatchError::Transaction(TransactionError::Torn { .. }) => true,
                _ => false,
            },
            _ => false,
        }
    }
}

impl Fault for DeskError {
    fn msg(&self) -> Msg {
        match self {
            Self::Batch(e) => e.msg(),
            Self::Nameless => msg!("desk-nameless"),
            Self::OtherCard { expected, found } => msg!("desk-other-card", expected = expected, found = found),
            Self::OtherChip { number } => msg!("desk-other-chip", number = number),
            Self::Blocked { number } => msg!("desk-blocked", number = number),
            Self::Already { number, act } => msg!("desk-already", number = number).with_word("act", "act", *act),
            Self::Earlier { number, day, until } => msg!("desk-earlier", number = number, day = day, until = until),
            Self::Day { day } => msg!("desk-day", day = day),
            Self::NotShown { number, act } => msg!("desk-not-shown", number = number).with_word("act", "act", *act),
            Self::SupervisorNeeded { number } => msg!("desk-supervisor-needed", number = number),
            Self::PinNotTaken { number } => msg!("desk-pin-not-taken", number = number),
        }
    }

    fn exit(&self) -> Exit {
        match self {
            Self::Batch(e) => e.exit(),
            Self::OtherCard { .. } | Self::OtherChip { .. } | Self::NotShown { .. } | Self::PinNotTaken { .. } => {
                Exit::Check
            }
            _ => Exit::Usage,
        }
    }
}

crate::display_as_english!(DeskError);
