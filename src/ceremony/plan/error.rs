// SPDX-License-Identifier: Apache-2.0
//! Why a plan or its bindings cannot be read. Each error knows the file, and the path and line where there are any.

use crate::error::{Exit, Fault};
use crate::i18n::Msg;
use crate::msg;

/// Why a plan or its bindings cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PlanError {
    /// Neither a shipped ceremony nor a file.
    NotFound {
        /// What was asked for.
        name: String,
    },
    /// The file cannot be read.
    Read {
        /// The file.
        source: String,
        /// What the system says.
        what: String,
    },
    /// Not TOML, or not with the fields of a plan.
    Syntax {
        /// The file.
        source: String,
        /// Line, from 1.
        line: usize,
        /// What the parser says.
        what: String,
    },
    /// Written for another version of the format.
    Format {
        /// The file.
        source: String,
        /// The format found.
        found: u32,
    },
    /// A value that makes no sense where it stands.
    Field {
        /// The file.
        source: String,
        /// Line, from 1.
        line: usize,
        /// Path in the file.
        path: String,
        /// What is wrong.
        reason: PlanReason,
    },
    /// A binding on the command line that is not `NAME=VALUE`.
    Binding {
        /// What was given.
        text: String,
    },
    /// Two bindings of one name.
    BoundTwice {
        /// The name.
        name: String,
    },
}

/// What is wrong at a place of a plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PlanReason {
    /// Missing here.
    Missing {
        /// The field.
        field: &'static str,
    },
    /// Has no place here.
    NotHere {
        /// The field.
        field: &'static str,
        /// The kind of step.
        kind: &'static str,
    },
    /// No lower-case word.
    Word {
        /// The text.
        text: String,
    },
    /// No key's name.
    Key {
        /// The text.
        text: String,
    },
    /// No owner of keys.
    Owner {
        /// The text.
        text: String,
    },
    /// A role that nobody has in a ceremony.
    Role {
        /// The role.
        role: &'static str,
    },
    /// A state that this step does not give.
    State {
        /// The state.
        state: &'static str,
    },
    /// A version that no key has.
    Version {
        /// The version.
        version: u8,
    },
    /// A text that cannot stand in the ledger or on a terminal.
    Text {
        /// The field.
        field: &'static str,
    },
}

impl PlanReason {
    fn msg(&self) -> Msg {
        match self {
            Self::Missing { field } => msg!("plan-reason-missing", field = field),
            Self::NotHere { field, kind } => msg!("plan-reason-not-here", field = field, kind = kind),
            Self::Word { text } => msg!("plan-reason-word", text = text),
            Self::Key { text } => msg!("plan-reason-key", text = text),
            Self::Owner { text } => msg!("plan-reason-owner", text = text),
            Self::Role { role } => msg!("plan-reason-role").with_word("role", "role", role),
            Self::State { state } => msg!("plan-reason-state").with_word("state", "key-state", state),
            Self::Version { version } => msg!("plan-reason-version", version = version),
            Self::Text { field } => msg!("plan-reason-text", field = field),
        }
    }
}

impl Fault for PlanError {
    fn msg(&self) -> Msg {
        match self {
            Self::NotFound { name } => msg!("plan-not-found", name = name),
            Self::Read { source, what } => msg!("plan-read", source = source, what = what),
            Self::Syntax { source, line, what } => msg!("plan-syntax", source = source, line = line, what = what),
            Self::Format { source, found } => msg!("plan-format", source = source, found = found),
            Self::Field {
                source,
                line,
                path,
                reason,
            } => {
                let place = msg!("plan-field", source = source, line = line, path = path);
                place.with_msg("reason", reason.msg())
            }
            Self::Binding { text } => msg!("plan-binding", text = text),
            Self::BoundTwice { name } => msg!("plan-bound-twice", name = name),
        }
    }

    fn exit(&self) -> Exit {
        Exit::Usage
    }
}

crate::display_as_english!(PlanError);
