// SPDX-License-Identifier: Apache-2.0
//! Why there is no script: what, and where in the template.

use crate::error::{Exit, Fault};
use crate::i18n::Msg;
use crate::keys::scheme::SchemeError;
use crate::msg;
use crate::template::{FieldProblem, Template};

/// Why there is no script.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PlanError {
    /// The template is for other schemes.
    Scheme {
        /// The template.
        template: String,
        /// The site's scheme.
        scheme: String,
    },
    /// Only for rehearsal sites.
    RehearsalOnly {
        /// The template.
        template: String,
    },
    /// The site lacks a key, or the scheme does not know it.
    Key {
        /// The template.
        template: String,
        /// Path in the template.
        path: String,
        /// The key as the template names it.
        key: String,
        /// Why.
        source: Box<SchemeError>,
    },
    /// Something at a place of the template does not work out.
    Place {
        /// The template.
        template: String,
        /// Path in the template.
        path: String,
        /// What.
        reason: PlanReason,
    },
}

/// What does not work out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PlanReason {
    /// The site has no such value, and the template no default.
    NoSiteValue {
        /// Its name.
        name: String,
    },
    /// The order has no such field.
    NoOrderField {
        /// Its name.
        field: String,
    },
    /// The order field is no number.
    NotNumber {
        /// Its name.
        field: String,
    },
    /// The value does not fit the field.
    Value {
        /// Why.
        problem: FieldProblem,
    },
    /// The proof chosen for a key cannot be made with what the template has.
    NoProof {
        /// What is missing.
        missing: &'static str,
    },
    /// A directory or file lacks what its protection needs.
    NoKey {
        /// Which key.
        key: String,
    },
}

impl PlanError {
    pub(super) fn at(template: &Template, path: &str, reason: PlanReason) -> Self {
        Self::Place {
            template: template.name.clone(),
            path: path.to_owned(),
            reason,
        }
    }
}

impl PlanReason {
    fn msg(&self) -> Msg {
        match self {
            Self::NoSiteValue { name } => msg!("plan-reason-site-value", name = name),
            Self::NoOrderField { field } => msg!("plan-reason-order-field", field = field),
            Self::NotNumber { field } => msg!("plan-reason-not-number", field = field),
            Self::Value { problem } => problem.msg(),
            Self::NoProof { missing } => msg!("plan-reason-no-proof", missing = missing),
            Self::NoKey { key } => msg!("plan-reason-no-key", key = key),
        }
    }
}

impl Fault for PlanError {
    fn msg(&self) -> Msg {
        match self {
            Self::Scheme { template, scheme } => msg!("plan-scheme", template = template, scheme = scheme),
            Self::RehearsalOnly { template } => msg!("plan-rehearsal-only", template = template),
            Self::Key {
                template,
                path,
                key,
                source,
            } => msg!("plan-key", template = template, path = path, key = key).with_msg("reason", source.msg()),
            Self::Place { template, path, reason } => {
                msg!("plan-place", template = template, path = path).with_msg("reason", reason.msg())
            }
        }
    }

    fn exit(&self) -> Exit {
        Exit::Usage
    }
}

crate::display_as_english!(PlanError);
