// SPDX-License-Identifier: Apache-2.0
//! A scheme 体系: what one national or local system lays down about its keys: the levels of the hierarchy, the factor that
//! leads to each level, the usages and where each is rooted, and the variants that its cards follow.
//!
//! Schemes are data (`templates/schemes/*.toml`, format in docs/formats/scheme.md). The code knows none of them by name.
//! It refuses a file with a field that it does not know, a factor that is not 8 bytes, and a usage rooted nowhere.

mod city;
mod digest;
mod error;
mod path;
mod shipped;
mod subject;
mod wire;

pub use city::{City, CityCodeError, CodeKind, PostalCityCode, RegionCode, cities};
pub use error::{SchemeError, SchemeReason};
pub use shipped::{SHIPPED, find, load};
pub use subject::Subject;

use serde::{Deserialize, Serialize};

use super::id::{LevelName, Owner, Usage};
use crate::crypto::{Algorithm, KcvLength};
use crate::i18n::Lang;

/// A name in both languages.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Title {
    /// English.
    pub en: String,
    /// Chinese.
    pub zh: String,
}

impl Title {
    /// The name in a language.
    pub fn in_language(&self, lang: Lang) -> &str {
        match lang {
            Lang::En => &self.en,
            Lang::Zh => &self.zh,
        }
    }
}

/// How a field's bytes are checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Encoding {
    /// Two decimal digits a byte.
    Bcd,
    /// Decimal digits, then F to the end (EMV "cn").
    Cn,
    /// Any bytes.
    Hex,
}

/// One piece of a factor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    /// The last `bytes` bytes of a subject's field.
    Field {
        /// The field's name.
        field: String,
        /// How many of its last bytes.
        bytes: usize,
        /// The lengths that the whole field may have.
        of: Vec<usize>,
        /// What the bytes must be.
        encoding: Encoding,
    },
    /// Fixed bytes.
    Const(Vec<u8>),
}

/// What names an owner within a level.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Code {
    /// The subject's field that holds it.
    pub field: String,
    /// Which code it is.
    pub kind: CodeKind,
}

/// One level of the hierarchy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Level {
    /// Its name.
    pub name: LevelName,
    /// Its title.
    pub title: Title,
    /// Whether a site switches it on (`levels` in site.toml).
    pub optional: bool,
    /// Whether it is the single card's or PSAM's level, where the way down ends.
    pub leaf: bool,
    /// What names an owner; `None` at the top and at leaves.
    pub code: Option<Code>,
    /// The 8-byte factor from the level above; empty at the top.
    pub factor: Vec<Part>,
}

/// What the scheme says about a usage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UsageRule {
    /// The usage.
    pub name: Usage,
    /// The abbreviation of the card specifications (DPK, DLK …).
    pub abbreviation: String,
    /// Its title.
    pub title: Title,
    /// The level that makes the root key. `None`: each centre makes its own, and only the leaf's factor leads down.
    pub root: Option<LevelName>,
    /// The leaf that it is diversified to; `None` for a key that is never diversified (the transport key of blanks).
    pub leaf: Option<LevelName>,
    /// The ciphers it may have.
    pub algorithms: Vec<Algorithm>,
}

/// A cipher of a scheme and the version its first keys carry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SchemeAlgorithm {
    /// The cipher.
    pub name: Algorithm,
    /// Version byte of its first keys. Cards that carry both ciphers choose by the version.
    pub version: u8,
}

/// Where texts differ or were never published, the scheme names the rule that its cards follow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Variants {
    /// Session keys of SM4 purses.
    pub sm4_session: crate::crypto::SessionVariant,
    /// TAC of SM4 purses.
    pub sm4_tac: crate::crypto::TacVariant,
    /// External authentication under SM4 keys.
    pub sm4_external_auth: Sm4ExternalAuth,
}

/// External authentication under an SM4 key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Sm4ExternalAuth {
    /// The challenge padded with 00 to 16 bytes, enciphered, both halves XORed: 8 bytes (as ETC cards of two makers).
    HalvesXored,
}

/// A scheme, checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scheme {
    name: String,
    title: Title,
    kcv_length: KcvLength,
    variants: Variants,
    algorithms: Vec<SchemeAlgorithm>,
    levels: Vec<Level>,
    usages: Vec<UsageRule>,
}

impl Scheme {
    /// Its name, as in site.toml.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its title.
    pub fn title(&self) -> &Title {
        &self.title
    }

    /// The check values' length where a site does not say otherwise.
    pub fn kcv_length(&self) -> KcvLength {
        self.kcv_length
    }

    /// The variants that its cards follow.
    pub fn variants(&self) -> &Variants {
        &self.variants
    }

    /// Its ciphers.
    pub fn algorithms(&self) -> &[SchemeAlgorithm] {
        &self.algorithms
    }

    /// Its levels, top first; those that are switched off are not among them.
    pub fn levels(&self) -> &[Level] {
        &self.levels
    }

    /// Its usages.
    pub fn usages(&self) -> &[UsageRule] {
        &self.usages
    }

    /// The version that the first keys of a cipher carry.
    pub fn first_version(&self, algorithm: Algorithm) -> Result<u8, SchemeError> {
        let found = self.algorithms.iter().find(|a| a.name == algorithm);
        found.map(|a| a.version).ok_or_else(|| SchemeError::Algorithm {
            scheme: self.name.clone(),
            algorithm,
        })
    }

    /// A level by name.
    pub fn level(&self, name: &LevelName) -> Result<&Level, SchemeError> {
        let unknown = || SchemeError::UnknownLevel {
            scheme: self.name.clone(),
            level: name.clone(),
        };
        self.levels.iter().find(|l| l.name == *name).ok_or_else(unknown)
    }

    /// A usage by name.
    pub fn usage(&self, name: &Usage) -> Result<&UsageRule, SchemeError> {
        let unknown = || SchemeError::UnknownUsage {
            scheme: self.name.clone(),
            usage: name.clone(),
        };
        self.usages.iter().find(|u| u.name == *name).ok_or_else(unknown)
    }

    /// Whether a usage's keys are derived for chips, by the number that the chip itself has (`chip_serial`): M1 sector keys.
    pub fn leads_to_chips(&self, rule: &UsageRule) -> bool {
        let leaf = rule.leaf.as_ref().and_then(|leaf| self.level(leaf).ok());
        let by_chip = |part: &Part| matches!(part, Part::Field { field, .. } if field == "chip_serial");
        leaf.is_some_and(|level| level.factor.iter().any(by_chip))
    }

    /// The usages whose root keys a centre of that level makes.
    pub fn rooted_at<'a>(&'a self, level: &'a LevelName) -> impl Iterator<Item = &'a UsageRule> {
        self.usages
            .iter()
            .filter(move |u| u.root.as_ref() == Some(level) || (u.root.is_none() && u.leaf.is_some()))
    }

    /// Switches optional levels on: those named stay, the other optional ones go.
    pub fn with_levels(mut self, on: &[LevelName]) -> Result<Self, SchemeError> {
        for name in on {
            if !self.level(name)?.optional {
                return Err(SchemeError::NotOptional {
                    scheme: self.name,
                    level: name.clone(),
                });
            }
        }
        self.levels.retain(|l| !l.optional || on.contains(&l.name));
        Ok(self)
    }

    /// The owner at a level whose code was typed: checks the code and fills it up (an issuer's four bytes to eight).
    pub fn owner_with_code(&self, level: &LevelName, code: &str) -> Result<Owner, SchemeError> {
        let rule = self.level(level)?;
        let code = match &rule.code {
            None if code.is_empty() => String::new(),
            None => return Err(SchemeError::CodeNotWanted { level: level.clone() }),
            Some(rule) => rule.kind.read(code).map_err(|reason| SchemeError::Code {
                level: level.clone(),
                reason,
            })?,
        };
        Ok(Owner {
            level: level.clone(),
            code,
        })
    }

    /// A subject's field as hex text from what was typed: an owner's code is filled up, anything else stays as it is.
    pub fn code_text(&self, field: &str, text: &str) -> String {
        let codes = self.levels.iter().filter_map(|level| level.code.as_ref());
        let code = codes.into_iter().find(|code| code.field == field);
        let read = code.and_then(|code| code.kind.read(text).ok());
        read.unwrap_or_else(|| text.to_owned())
    }

    /// The subject that an owner is by itself: its code as the field that the scheme takes it from.
    pub fn subject_of(&self, owner: &Owner) -> Result<Subject, SchemeError> {
        let mut subject = Subject::new();
        if let Some(code) = &self.level(&owner.level)?.code {
            subject.set_hex(&code.field, &owner.code)?;
        }
        Ok(subject)
    }
}

#[cfg(test)]
mod tests;
