// SPDX-License-Identifier: Apache-2.0
//! Why a ceremony does not begin, or does not come to its end.

use super::super::plan::PlanError;
use super::super::room::RoomError;
use crate::error::{Exit, Fault};
use crate::i18n::Msg;
use crate::keys::{KeyFileError, KeyId, LevelName, SchemeError, StoreError};
use crate::ledger::field::FieldFault;
use crate::ledger::{LedgerError, Role};
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
    /// The plan is for another scheme.
    Scheme {
        /// The plan's.
        plan: String,
        /// The site's.
        site: String,
    },
    /// The plan is for another level.
    Level {
        /// The plan's.
        plan: LevelName,
        /// The site's.
        site: LevelName,
    },
    /// Somebody of the plan is bound to nobody.
    Unbound {
        /// The name in the plan.
        id: String,
    },
    /// A name that the plan does not have was bound.
    NotInPlan {
        /// The name.
        name: String,
    },
    /// A slot is bound to no path.
    NoPath {
        /// The slot.
        slot: String,
    },
    /// What is at a slot's path is not what the plan needs there.
    Path {
        /// The slot.
        slot: String,
        /// The path.
        path: String,
        /// What is wrong with it.
        why: PathFault,
    },
    /// One officer twice.
    SameOfficer {
        /// Who.
        officer: String,
    },
    /// The officer is not enrolled in the role that the plan asks for.
    NotInRole {
        /// Who.
        officer: String,
        /// The participant.
        id: String,
        /// The role.
        role: Role,
    },
    /// A newcomer's name is taken.
    Taken {
        /// The name.
        officer: String,
    },
    /// Too few of the participants hold a share of the key store.
    Quorum {
        /// How many are needed.
        needed: u8,
        /// How many of the participants can.
        have: usize,
    },
    /// The participants cannot sign what the plan does, by the site's policy.
    Signers {
        /// The act.
        act: String,
        /// The step.
        step: String,
    },
    /// A key that a step makes is there already.
    KeyThere {
        /// The key.
        key: Box<KeyId>,
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

/// What is wrong at the path of a slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PathFault {
    /// A file that is to be read is not there.
    Missing,
    /// A file that is to be written is there already.
    There,
    /// No folder.
    NoFolder,
}

impl PathFault {
    fn as_str(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::There => "there",
            Self::NoFolder => "no-folder",
        }
    }
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
            Self::Scheme { plan, site } => msg!("ceremony-scheme", plan = plan, site = site),
            Self::Level { plan, site } => msg!("ceremony-level", plan = plan, site = site),
            Self::Unbound { id } => msg!("ceremony-unbound", id = id),
            Self::NotInPlan { name } => msg!("ceremony-not-in-plan", name = name),
            Self::NoPath { slot } => msg!("ceremony-no-path", slot = slot),
            Self::Path { slot, path, why } => {
                msg!("ceremony-path", slot = slot, path = path).with_word("why", "ceremony-path-fault", why.as_str())
            }
            Self::SameOfficer { officer } => msg!("ceremony-same-officer", officer = officer),
            Self::NotInRole { officer, id, role } => {
                msg!("ceremony-not-in-role", officer = officer, id = id).with_word("role", "role", role.as_str())
            }
            Self::Taken { officer } => msg!("ceremony-name-taken", officer = officer),
            Self::Quorum { needed, have } => msg!("ceremony-quorum", needed = needed, have = have),
            Self::Signers { act, step } => msg!("ceremony-signers", step = step).with_word("act", "act", act),
            Self::KeyThere { key } => msg!("ceremony-key-there", key = key),
            Self::NoKey { key } => msg!("ceremony-no-key", key = key),
            Self::AnotherOpen { begin, title } => msg!("ceremony-another-open", begin = begin, title = title),
            Self::NoneOpen => msg!("ceremony-none-open"),
            Self::NotResumable { begin } => msg!("ceremony-not-resumable", begin = begin),
            Self::Swapped { path } => msg!("ceremony-swapped", path = path),
            Self::Attempts { officer, what } => {
                msg!("ceremony-attempts", officer = officer).with_msg("what", what.clone())
            }
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
            Self::Abandoned { why, .. } | Self::LeftOpen { why, .. } => why.exit(),
            Self::Room(e) => e.exit(),
            Self::Plan(e) => e.exit(),
            Self::Site(e) => e.exit(),
            _ => Exit::Usage,
        }
    }
}
crate::display_as_english!(CeremonyError);
