// SPDX-License-Identifier: Apache-2.0
//! Bodies of entries about number ranges 号段 and orders.

use serde::{Deserialize, Serialize};

use super::super::field::{Number, Text};
use super::super::hash::Hash;
use super::CardKind;

/// What the numbers of a range are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RangeKind {
    /// Numbers of user cards.
    User,
    /// Numbers of PSAMs.
    Psam,
    /// Terminal numbers that PSAMs give their terminals.
    Terminal,
}

impl RangeKind {
    /// As it stands in entries.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Psam => "psam",
            Self::Terminal => "terminal",
        }
    }
}

impl From<CardKind> for RangeKind {
    fn from(kind: CardKind) -> Self {
        match kind {
            CardKind::User => Self::User,
            CardKind::Psam => Self::Psam,
        }
    }
}

/// Body of `range.reserve`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RangeReserve {
    /// The range's name, unique for good.
    pub range: Text,
    /// What its numbers are.
    pub kind: RangeKind,
    /// The template that it is for, if for one only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub template: Option<Text>,
    /// The first number, decimal digits, as the ledger has numbers.
    pub from: Number,
    /// The last number, as long as the first.
    pub to: Number,
    /// What for.
    pub purpose: Text,
}

/// Numbers in a row that an order uses.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Span {
    /// The first.
    pub from: Number,
    /// The last, as long as the first.
    pub to: Number,
    /// The range that they are taken from; absent where the order brought its own numbers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub range: Option<Text>,
}

/// Body of `order.import`. The numbers of an order are used up by this entry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OrderImport {
    /// The order's name, unique for good.
    pub order: Text,
    /// What its cards are.
    pub kind: CardKind,
    /// The template.
    pub template: Text,
    /// The digest of its file.
    pub template_digest: Hash,
    /// How many cards.
    pub rows: u32,
    /// The digest of the rows in canonical form.
    pub digest: Hash,
    /// The salted commitment to the holders' data, which are kept elsewhere and can be erased.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub holders: Option<Hash>,
    /// The cards' numbers, as many as rows.
    pub numbers: Vec<Span>,
    /// The PSAMs' terminal numbers, as many as rows where there are any.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub terminals: Vec<Span>,
}

/// Body of `order.withdraw`: an order that no batch was made of, and whose numbers are free again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OrderWithdraw {
    /// The order.
    pub order: Text,
    /// Why.
    pub reason: Text,
}
