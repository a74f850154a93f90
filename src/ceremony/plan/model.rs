// SPDX-License-Identifier: Apache-2.0
//! The plan as the rest of the program sees it.

use std::fmt;
use std::str::FromStr;

use serde::{Serialize, Serializer};

use super::key_name::PlannedKey;
use super::step::{Do, Step};
use crate::keys::scheme::Title;
use crate::keys::{ExchangeName, KeyState, LevelName};
use crate::ledger::Hash;
use crate::ledger::policy::Role;

/// A text that is no lower-case word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NoWord;

macro_rules! word {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(String);

        impl $name {
            /// The word itself.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = NoWord;
            /// Lower-case letters, digits and dashes, at most 32.
            fn from_str(text: &str) -> Result<Self, NoWord> {
                let good = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
                let fits = (1..=32).contains(&text.len()) && text.bytes().all(good);
                if fits { Ok(Self(text.to_owned())) } else { Err(NoWord) }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                to.serialize_str(&self.0)
            }
        }
    };
}

word!(
    /// Somebody in the plan: a participant, or an officer whom a step is about. Bound to an officer of the site outside
    /// the file.
    PersonId
);
word!(
    /// A file in the plan. Bound to a path outside the file.
    Slot
);
word!(
    /// A step's name, unique in its plan.
    StepId
);

/// What a file slot is bound to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum SlotUse {
    /// A file that is read.
    Read,
    /// A file that is written and must not be there yet.
    Write,
    /// A folder into which one printable page for each custodian is written.
    Pages,
}

impl SlotUse {
    /// As messages and JSON have it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "write",
            Self::Pages => "pages",
        }
    }
}

/// Somebody who takes part: signs the plan, is there, signs the transcript.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Participant {
    /// Name within the plan.
    pub id: PersonId,
    /// Key officer, custodian, witness or auditor.
    pub role: Role,
    /// Who that is, in words.
    pub title: Option<Title>,
    /// Path in the file.
    pub at: String,
}

/// An officer whom steps are about and who does not take part: a newcomer, one who leaves, one who keeps a share.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OtherOfficer {
    /// Name within the plan.
    pub id: PersonId,
    /// Who that is, in words.
    pub title: Option<Title>,
    /// Path in the file.
    pub at: String,
}

/// Keys that there must be when the ceremony ends, and their state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expect {
    /// The keys.
    pub keys: Vec<PlannedKey>,
    /// Names of keys for key blocks.
    pub exchange_keys: Vec<ExchangeName>,
    /// Names of initial PINs.
    pub pins: Vec<String>,
    /// The keys' state.
    pub state: KeyState,
    /// Path in the file.
    pub at: String,
}

/// A plan, read and not yet checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    pub(super) source: String,
    pub(super) text: String,
    /// What it is called.
    pub title: Title,
    /// What it is for.
    pub purpose: Title,
    /// The scheme that it is written for; `None`: any.
    pub scheme: Option<String>,
    /// The level of the site that it is written for; `None`: any.
    pub level: Option<LevelName>,
    /// Whether it may be resumed after it was broken off.
    pub resume: bool,
    /// Who takes part.
    pub participants: Vec<Participant>,
    /// Officers who do not take part.
    pub officers: Vec<OtherOfficer>,
    /// The steps in their order.
    pub steps: Vec<Step>,
    /// What there must be at the end.
    pub expected: Vec<Expect>,
}

impl Plan {
    /// SHA-256 of the file's bytes: what participants sign.
    pub fn digest(&self) -> Hash {
        Hash::of(&[self.text.as_bytes()])
    }

    /// The file's text, as it was read.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// What the file is called in messages.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// A participant by name.
    pub fn participant(&self, id: &PersonId) -> Option<&Participant> {
        self.participants.iter().find(|p| p.id == *id)
    }

    /// Everybody who must be bound to an officer: participants, then the others.
    pub fn people(&self) -> impl Iterator<Item = &PersonId> {
        let others = self.officers.iter().map(|o| &o.id);
        self.participants.iter().map(|p| &p.id).chain(others)
    }

    /// Everybody who is entered as a new officer by a step.
    pub fn newcomers(&self) -> impl Iterator<Item = &PersonId> {
        self.steps.iter().filter_map(|step| match &step.what {
            Do::Enrol(enrol) => Some(&enrol.officer),
            _ => None,
        })
    }

    /// What the steps do with an officer who takes no part: `joins`, `leaves` or `stays`.
    pub fn part_of(&self, id: &PersonId) -> &'static str {
        let mut parts = self.steps.iter().filter_map(|step| match &step.what {
            Do::Enrol(work) if work.officer == *id => Some("joins"),
            Do::Revoke(work) if work.officer == *id => Some("leaves"),
            _ => None,
        });
        parts.next_back().unwrap_or("stays")
    }

    /// All file slots with the step that uses them, in the order of the steps.
    pub fn slots(&self) -> impl Iterator<Item = (&Step, &Slot, SlotUse)> {
        let of = |step| move |(slot, how)| (step, slot, how);
        self.steps
            .iter()
            .flat_map(move |step| step.what.slots().into_iter().map(of(step)))
    }
}
