// SPDX-License-Identifier: Apache-2.0
//! Why a template cannot be read. Each error knows the file, and the path and line where there are any.

use crate::error::{Exit, Fault};
use crate::i18n::Msg;
use crate::msg;

/// Why a template cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TemplateError {
    /// Neither a shipped template nor a file.
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
    /// Not TOML, or not with the fields of a template.
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
        found: String,
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
        reason: FieldReason,
    },
}

/// What is wrong at a place of a template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FieldReason {
    /// Missing here.
    Missing {
        /// The attribute.
        attribute: &'static str,
    },
    /// Has no place here.
    NotHere {
        /// The attribute.
        attribute: &'static str,
    },
    /// More than one, or none, of `value`, `order`, `site`.
    OneSource,
    /// No lower-case word.
    Word {
        /// The word.
        word: String,
    },
    /// Not hex, or not of a possible length.
    Hex {
        /// The text.
        text: String,
    },
    /// No command APDU.
    Apdu {
        /// What is wrong.
        what: String,
    },
}

impl FieldReason {
    fn msg(&self) -> Msg {
        match self {
            Self::Missing { attribute } => msg!("template-reason-missing", attribute = attribute),
            Self::NotHere { attribute } => msg!("template-reason-not-here", attribute = attribute),
            Self::OneSource => msg!("template-reason-one-source"),
            Self::Word { word } => msg!("template-reason-word", word = word),
            Self::Hex { text } => msg!("template-reason-hex", text = text),
            Self::Apdu { what } => msg!("template-reason-apdu", what = what),
        }
    }
}

impl Fault for TemplateError {
    fn msg(&self) -> Msg {
        match self {
            Self::NotFound { name } => msg!("template-not-found", name = name),
            Self::Read { source, what } => msg!("template-read", source = source, what = what),
            Self::Syntax { source, line, what } => msg!("template-syntax", source = source, line = line, what = what),
            Self::Format { source, found } => msg!("template-format", source = source, found = found),
            Self::Field {
                source,
                line,
                path,
                reason,
            } => {
                let place = msg!("template-field", source = source, line = line, path = path);
                place.with_msg("reason", reason.msg())
            }
        }
    }

    fn exit(&self) -> Exit {
        Exit::Usage
    }
}

crate::display_as_english!(TemplateError);
