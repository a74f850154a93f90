// SPDX-License-Identifier: Apache-2.0
//! What can be wrong with a scheme file, or with what is asked of a scheme.

use super::super::id::{LevelName, Owner, Usage};
use super::CityCodeError;
use crate::crypto::Algorithm;
use crate::error::{Exit, Fault};
use crate::i18n::Msg;
use crate::msg;

/// What is wrong at a place of a scheme file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SchemeReason {
    /// The format number is another program's.
    Format {
        /// The number found.
        found: u32,
    },
    /// A word that is no lower-case name.
    Name {
        /// The word.
        word: String,
    },
    /// A name that stands twice.
    Twice {
        /// The name.
        name: String,
    },
    /// A level named that does not exist.
    NoLevel {
        /// Its name.
        level: String,
    },
    /// The factor is not 8 bytes long.
    FactorLength {
        /// Its length.
        bytes: usize,
    },
    /// A part of a factor is neither a field nor a constant, or both.
    Part,
    /// A constant is no hex text.
    Const,
    /// A field's lengths leave fewer bytes than are taken.
    FieldLength,
    /// The first level has a factor or a code, or a later one has no factor.
    Top,
    /// A leaf stands above a level that is none, or has a code, or is optional, or the scheme has no leaf.
    Leaf,
    /// A level between top and leaf has no code: its owners could not be told apart.
    NoCode,
    /// A usage names a level as leaf that is none.
    NotLeaf {
        /// The level.
        level: String,
    },
    /// A usage is rooted at a leaf or at a level that may be switched off, or has a root though it is never diversified.
    Root,
    /// An algorithm that the scheme's list does not have.
    Algorithm {
        /// The cipher.
        algorithm: Algorithm,
    },
    /// Versions are 1 to 255.
    Version,
}

impl SchemeReason {
    fn msg(&self) -> Msg {
        match self {
            Self::Format { found } => msg!("scheme-reason-format", found = found),
            Self::Name { word } => msg!("scheme-reason-name", word = word),
            Self::Twice { name } => msg!("scheme-reason-twice", name = name),
            Self::NoLevel { level } => msg!("scheme-reason-no-level", level = level),
            Self::FactorLength { bytes } => msg!("scheme-reason-factor-length", bytes = bytes),
            Self::Part => msg!("scheme-reason-part"),
            Self::Const => msg!("scheme-reason-const"),
            Self::FieldLength => msg!("scheme-reason-field-length"),
            Self::Top => msg!("scheme-reason-top"),
            Self::Leaf => msg!("scheme-reason-leaf"),
            Self::NoCode => msg!("scheme-reason-no-code"),
            Self::NotLeaf { level } => msg!("scheme-reason-not-leaf", level = level),
            Self::Root => msg!("scheme-reason-root"),
            Self::Algorithm { algorithm } => msg!("scheme-reason-algorithm", algorithm = algorithm),
            Self::Version => msg!("scheme-reason-version"),
        }
    }
}

/// Why a scheme cannot be used, or does not answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SchemeError {
    /// Neither a shipped scheme nor a file.
    NotFound {
        /// What was asked for.
        name: String,
    },
    /// The file cannot be read.
    Read {
        /// The file.
        path: String,
        /// What the system says.
        what: String,
    },
    /// Not TOML, or not with the fields of a scheme.
    Syntax {
        /// The file.
        source: String,
        /// Line, from 1.
        line: usize,
        /// What the parser says.
        what: String,
    },
    /// A value that makes no sense.
    Field {
        /// The file.
        source: String,
        /// Line, from 1.
        line: usize,
        /// The place, such as `level.city.factor`.
        place: String,
        /// What is wrong.
        reason: SchemeReason,
    },
    /// The scheme has no such level, or it is switched off.
    UnknownLevel {
        /// The scheme.
        scheme: String,
        /// The level.
        level: LevelName,
    },
    /// A level that cannot be switched.
    NotOptional {
        /// The scheme.
        scheme: String,
        /// The level.
        level: LevelName,
    },
    /// The scheme has no such usage.
    UnknownUsage {
        /// The scheme.
        scheme: String,
        /// The usage.
        usage: Usage,
    },
    /// The scheme or usage does not have this cipher.
    Algorithm {
        /// The scheme or usage.
        scheme: String,
        /// The cipher.
        algorithm: Algorithm,
    },
    /// A way up, or between levels of which one is no level of the other's chain.
    NoWay {
        /// From.
        from: LevelName,
        /// To.
        to: LevelName,
    },
    /// The subject lacks a field that a factor needs.
    SubjectField {
        /// The field.
        field: String,
    },
    /// A subject's field has another length than the scheme demands.
    SubjectLength {
        /// The field.
        field: String,
        /// The lengths that are allowed, in bytes.
        allowed: String,
        /// The length that it has.
        got: usize,
    },
    /// A subject's field is not in its encoding.
    SubjectEncoding {
        /// The field.
        field: String,
    },
    /// A level whose owners have no code.
    CodeNotWanted {
        /// The level.
        level: LevelName,
    },
    /// The code is no code of that level.
    Code {
        /// The level.
        level: LevelName,
        /// Why.
        reason: CityCodeError,
    },
    /// No stored key leads there.
    NoKey {
        /// The usage.
        usage: Usage,
        /// Version.
        version: u8,
        /// Cipher.
        algorithm: Algorithm,
        /// The owners whose key would do.
        owners: Vec<Owner>,
    },
}

impl Fault for SchemeError {
    fn msg(&self) -> Msg {
        match self {
            Self::NotFound { name } => msg!("scheme-not-found", name = name),
            Self::Read { path, what } => msg!("scheme-read", path = path, what = what),
            Self::Syntax { source, line, what } => msg!("scheme-syntax", source = source, line = line, what = what),
            Self::Field {
                source,
                line,
                place,
                reason,
            } => {
                let at = [
                    ("source", source.clone()),
                    ("line", line.to_string()),
                    ("place", place.clone()),
                ];
                reason.msg().with(at)
            }
            Self::UnknownLevel { scheme, level } => msg!("scheme-unknown-level", scheme = scheme, level = level),
            Self::NotOptional { scheme, level } => msg!("scheme-not-optional", scheme = scheme, level = level),
            Self::UnknownUsage { scheme, usage } => msg!("scheme-unknown-usage", scheme = scheme, usage = usage),
            Self::Algorithm { scheme, algorithm } => msg!("scheme-algorithm", scheme = scheme, algorithm = algorithm),
            Self::NoWay { from, to } => msg!("scheme-no-way", from = from, to = to),
            Self::SubjectField { field } => msg!("scheme-subject-field", field = field),
            Self::SubjectLength { field, allowed, got } => {
                msg!("scheme-subject-length", field = field, allowed = allowed, got = got)
            }
            Self::SubjectEncoding { field } => msg!("scheme-subject-encoding", field = field),
            Self::CodeNotWanted { level } => msg!("scheme-code-not-wanted", level = level),
            Self::Code { reason, .. } => reason.msg(),
            Self::NoKey {
                usage,
                version,
                algorithm,
                owners,
            } => {
                let owners: Vec<String> = owners.iter().map(ToString::to_string).collect();
                let owners = owners.join(", ");
                msg!(
                    "scheme-no-key",
                    usage = usage,
                    version = version,
                    algorithm = algorithm,
                    owners = owners
                )
            }
        }
    }

    fn exit(&self) -> Exit {
        Exit::Usage
    }
}
crate::display_as_english!(SchemeError);
