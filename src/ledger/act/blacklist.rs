// SPDX-License-Identifier: Apache-2.0
//! Bodies of entries about the blacklist 黑名单: numbers that terminals refuse, and the lists that went out to them.

use serde::{Deserialize, Serialize};

use super::super::field::{Number, Text};
use super::super::hash::Hash;
use super::CardKind;

/// Body of `blacklist.add`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BlacklistAdd {
    /// Which kind of card.
    pub kind: CardKind,
    /// The first number.
    pub from: Number,
    /// The last number; the same for a single card.
    pub to: Number,
    /// The last day on which it must stand in lists, yyyymmdd: the cards' own last day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Number>,
    /// Why.
    pub reason: Text,
}

/// Body of `blacklist.remove`: what one `blacklist.add` put on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BlacklistRemove {
    /// Which kind of card.
    pub kind: CardKind,
    /// The first number.
    pub from: Number,
    /// The last number.
    pub to: Number,
    /// Why.
    pub reason: Text,
}

/// What a published list holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ListForm {
    /// Everything.
    Full,
    /// What changed since an earlier list.
    Delta,
}

/// Body of `blacklist.publish`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BlacklistPublish {
    /// The list's sequence number: one more than the last one's, from 1.
    pub sequence: u32,
    /// Whole or changes.
    pub form: ListForm,
    /// The earlier list's sequence number, for changes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base: Option<u32>,
    /// The day by which expired numbers were left out, yyyymmdd.
    pub date: Number,
    /// How many lines.
    pub count: u32,
    /// The digest of the list.
    pub digest: Hash,
}

/// Body of `blacklist.confirm`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BlacklistConfirm {
    /// The list.
    pub sequence: u32,
    /// Who has it in use: an operator of terminals, a terminal.
    pub by: Text,
}
