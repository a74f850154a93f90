// SPDX-License-Identifier: Apache-2.0
//! Why a ceremony does not begin, or does not come to its end.

use super::super::plan::{Finding, PlanError};
use super::super::room::RoomError;
use crate::error::{Exit, Fault};
use crate::i18n::Msg;
use crate::keys::{KeyFileError, KeyId, SchemeError, StoreError};
use crate::ledger::LedgerError;
use crate::ledger::field::FieldFault;
use crate::msg;
use crate::outside::NoRandom;
use crate::site::SiteError;

/// Why a ceremony stops.
#[derive(Debug)]
pub enum CeremonyError {
    /// A rehearsal in a production site, or a real run in a rehearsal site.
    World {
        /// Whether the site is a rehearsal.
        rehearsal: bool,
    },
    /// The plan cannot be run here, or not by these people.
    Checks {
        /// The errors that the plan's checks found; at least one.
        findings: Vec<Finding>,
    },
    /// Somebody of the plan is bound to nobody.
    Unbound {
        /// The name in the plan.
        id: String,
    },
    /// A slot is bound to no path.
    NoPath {
        /// The slot.
        slot: String,
    },
    /// The participants cannot sign what the plan does, by the site's policy.
    Signers {
        /// The act.
        act: String,
        /// The step.
        step: String,
    },
    /// A key that a step needs is not there.
    NoKey {
        /// The key.
        key: Box<KeyId>,
    },
    /// Another ceremony is open.
    AnotherOpen {
        /// The entry that began it.
        begin: u64,
        /// Its title.
        title: String,
    },
    /// No ceremony is open.
    NoneOpen,
    /// The plan does not allow to resume.
    NotResumable {
        /// The entry that began it.
        begin: u64,
    },
    /// The plan file has other bytes than those that were signed.
    Swapped {
        /// The file.
        path: String,
    },
    /// Something was entered wrong too often.
    Attempts {
        /// Who entered it.
        officer: String,
        /// What.
        what: Msg,
    },
    /// Somebody will not go on.
    Refused {
        /// Who.
        officer: String,
    },
    /// A step found something else than it must.
    Step {
        /// What.
        what: Msg,
    },
    /// Not all that the plan expects is there at the end.
    Expected {
        /// What is missing or different.
        what: String,
    },
    /// The ceremony ended without result; that is recorded and signed.
    Abandoned {
        /// The entry that began it.
        begin: u64,
        /// Why.
        why: Box<CeremonyError>,
    },
    /// The ceremony was broken off and stays open in the ledger.
    LeftOpen {
        /// The entry that began it.
        begin: u64,
        /// Why.
        why: Box<CeremonyError>,
    },
    /// What people did.
    Room(RoomError),
    /// The plan's fault.
    Plan(PlanError),
    /// A site's, a store's or the ledger's fault.
    Site(SiteError),
}

impl From<RoomError> for CeremonyError {
    fn from(e: RoomError) -> Self {
        Self::Room(e)
    }
}

impl From<PlanError> for CeremonyError {
    fn from(e: PlanError) -> Self {
        Self::Plan(e)
    }
}

macro_rules! of_the_site {
    ($($from:ty),*) => { $(
        impl From<$from> for CeremonyError {
            fn from(e: $from) -> Self {
                Self::Site(e.into())
            }
        }
    )* };
}
of_the_site!(
    SiteError,
    SchemeError,
    KeyFileError,
    StoreError,
    LedgerError,
    NoRandom,
    FieldFault
);

impl CeremonyError {
    /// Names whoever was at the keyboard where a person refused.
    pub(super) fn by(self, officer: &str) -> Self {
        match self {
            Self::Room(RoomError::Refused) => Self::Refused {
                officer: officer.to_owned(),
            },
            other => other,
        }
    }

    /// Whether people broke off, so that nobody is there to sign anything.
    pub(super) fn is_stop(&self) -> bool {
        matches!(self, Self::Room(RoomError::Prompt(_)))
    }
}

impl Fault for CeremonyError {
    fn msg(&self) -> Msg {
        match self {
            Self::World { rehearsal: true } => msg!("ceremony-world-rehearsal"),
            Self::World { rehearsal: false } => msg!("ceremony-world-production"),
            Self::Checks { findings } => {
                let first = findings.first();
                let what = first.map_or_else(|| msg!("ceremony-line", text = ""), |finding| finding.what.clone());
                let id = first.map(|finding| finding.id).unwrap_or_default();
                msg!("ceremony-checks", count = findings.len(), id = id).with_msg("what", what)
            }
            Self::Unbound { id } => msg!("ceremony-unbound", id = id),
            Self::NoPath { slot } => msg!("ceremony-no-path", slot = slot),
            Self::Signers { act, step } => msg!("ceremony-signers", step = step).with_word("act", "act", act),
            Self::NoKey { key } => msg!("ceremony-no-key", key = key),
            Self::AnotherOpen { begin, title } => msg!("ceremony-another-open", begin = begin, title = title),
            Self::NoneOpen => msg!("ceremony-none-open"),
            Self::NotResumable { begin } => msg!("ceremony-not-resumable", begin = begin),
            Self::Swapped { path } => msg!("ceremony-swapped", path = path),
            Self::Attempts { officer, what } => {
                msg!("ceremony-attempts", officer = officer).with_msg("what", what.clone())
            }
            Self::Refused { officer } => msg!("ceremony-refused-by", officer = officer),
            Self::Step { what } => what.clone(),
            Self::Expected { what } => msg!("ceremony-expected", what = what),
            Self::Abandoned { begin, why } => msg!("ceremony-abandoned", begin = begin).with_msg("why", why.msg()),
            Self::LeftOpen { begin, why } => msg!("ceremony-left-open", begin = begin).with_msg("why", why.msg()),
            Self::Room(e) => e.msg(),
            Self::Plan(e) => e.msg(),
            Self::Site(e) => e.msg(),
        }
    }

    fn exit(&self) -> Exit {
        match self {
            Self::Swapped { .. } | Self::Attempts { .. } | Self::Step { .. } | Self::Expected { .. } => Exit::Check,
            Self::Refused { .. } => Exit::Stopped,
            Self::Abandoned { why, .. } | Self::LeftOpen { why, .. } => why.exit(),
            Self::Room(e) => e.exit(),
            Self::Plan(e) => e.exit(),
            Self::Site(e) => e.exit(),
            _ => Exit::Usage,
        }
    }
}
crate::display_as_english!(CeremonyError);
