// SPDX-License-Identifier: Apache-2.0
//! Bodies of entries about templates, cards and PSAMs.

use serde::{Deserialize, Serialize};

use super::super::field::{Number, ShortHex, Text};
use super::super::hash::Hash;

/// Body of `template.approve`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TemplateApprove {
    /// The template's name.
    pub template: Text,
    /// The digest of its file.
    pub digest: Hash,
}

/// A key that a card gets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyUse {
    /// The site's key that it is derived from.
    pub key: Text,
    /// What it is on the card.
    pub usage: Text,
    /// The check value of the card's own key.
    pub kcv: ShortHex,
}

/// Body of `card.intent` and `psam.intent`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Intent {
    /// The application serial number, or the PSAM's number.
    pub number: Number,
    /// The chip's own serial number, where it has one that can be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chip: Option<Number>,
    /// The terminal number that a PSAM gives its terminal; unique.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub terminal: Option<Number>,
    /// The template's name.
    pub template: Text,
    /// The digest of its file.
    pub template_digest: Hash,
    /// The digest of the personalisation script.
    pub script: Hash,
    /// Whether the script has raw commands in it that no template element stands for.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub raw: bool,
    /// The reader.
    pub reader: Text,
    /// The keys that the card gets.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub keys: Vec<KeyUse>,
    /// The batch or order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub batch: Option<Text>,
    /// The lot that the blank is from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lot: Option<Text>,
    /// The intent of the same number that this one takes up again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resumes: Option<u64>,
}

/// How writing a card ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Ending {
    /// Written, read back, proved, finished.
    Issued,
    /// Not issued, and the card is blank: nothing was written, or it was erased. The number may go on another chip.
    FailedBlank,
    /// Not issued, and the card is written in part. The number stays with this chip.
    FailedPartial,
    /// Nobody knows how far it came (torn away, power). The number stays with this chip.
    InDoubt,
}

/// Body of `card.outcome` and `psam.outcome`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Outcome {
    /// The number of the intent.
    pub number: Number,
    /// The intent's `seq`.
    pub intent: u64,
    /// How it ended.
    pub result: Ending,
    /// The digest of what was read back and proved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proof: Option<Hash>,
    /// How many commands of the script the card answered.
    pub steps: u32,
    /// Why, where it was not issued.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Text>,
    /// The status word that stopped it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status_word: Option<ShortHex>,
}

/// User card or PSAM. Each kind has its own numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CardKind {
    /// 用户卡.
    User,
    /// PSAM.
    Psam,
}

impl CardKind {
    /// As it stands in entries.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Psam => "psam",
        }
    }
}

/// Body of `card.void`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CardVoid {
    /// Which kind of card.
    pub kind: CardKind,
    /// Its number.
    pub number: Number,
    /// Why.
    pub reason: Text,
}
