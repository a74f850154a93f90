// SPDX-License-Identifier: Apache-2.0
//! What can be wrong with a ceremony in the ledger.

use crate::error::{Exit, Fault};
use crate::i18n::Msg;
use crate::ledger::error::LedgerError;
use crate::ledger::policy::Role;
use crate::{display_as_english, msg};

/// A rule of ceremonies that an entry breaks. Ceremonies go by the entry that began them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CeremonyFault {
    /// Another one is open.
    Open(u64),
    /// It is not open: it was never begun, or has ended.
    NotOpen(u64),
    /// The nonce was used by an earlier one.
    NonceUsed(String),
    /// An officer, or a participant's id, is there twice.
    Twice(String),
    /// An officer is not enrolled in the role.
    NotInRole {
        /// Who.
        officer: String,
        /// Which role.
        role: Role,
    },
    /// A participant did not sign.
    NotSigned(String),
    /// Somebody signed who takes no part.
    NotParticipant(String),
    /// It began with another plan.
    OtherPlan(u64),
    /// It began with another nonce.
    OtherNonce(u64),
    /// Another entry stands between its acts and its end.
    Between(u64),
    /// Its acts have no end.
    NotEnded(u64),
    /// It was abandoned, but has acted.
    Acted(u64),
    /// A key came that the transcript does not have.
    Untold(String),
    /// The policy wants a ceremony for this act.
    Outside(&'static str),
    /// An officer of the first entry claims to come from one.
    NoneBefore,
}

display_as_english!(CeremonyFault);

impl Fault for CeremonyFault {
    fn msg(&self) -> Msg {
        match self {
            Self::Open(begin) => msg!("ledger-ceremony-open", begin = begin),
            Self::NotOpen(begin) => msg!("ledger-ceremony-not-open", begin = begin),
            Self::NonceUsed(nonce) => msg!("ledger-ceremony-nonce-used", nonce = nonce),
            Self::Twice(officer) => msg!("ledger-ceremony-twice", officer = officer),
            Self::NotInRole { officer, role } => {
                msg!("ledger-ceremony-not-in-role", officer = officer).with_word("role", "role", role.as_str())
            }
            Self::NotSigned(officer) => msg!("ledger-ceremony-not-signed", officer = officer),
            Self::NotParticipant(officer) => msg!("ledger-ceremony-not-participant", officer = officer),
            Self::OtherPlan(begin) => msg!("ledger-ceremony-other-plan", begin = begin),
            Self::OtherNonce(begin) => msg!("ledger-ceremony-other-nonce", begin = begin),
            Self::Between(begin) => msg!("ledger-ceremony-between", begin = begin),
            Self::NotEnded(begin) => msg!("ledger-ceremony-not-ended", begin = begin),
            Self::Acted(begin) => msg!("ledger-ceremony-acted", begin = begin),
            Self::Untold(key) => msg!("ledger-ceremony-untold", key = key),
            Self::Outside(act) => msg!("ledger-ceremony-outside").with_word("act", "act", act),
            Self::NoneBefore => msg!("ledger-ceremony-none-before"),
        }
    }

    fn exit(&self) -> Exit {
        Exit::Usage
    }
}

impl From<CeremonyFault> for LedgerError {
    fn from(fault: CeremonyFault) -> Self {
        Self::Ceremony(fault)
    }
}
