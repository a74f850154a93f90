// SPDX-License-Identifier: Apache-2.0
//! Bodies of entries about issued cards in their holders' hands. Acts that write to the chip (`card.extend`, `card.block`,
//! `card.unblock`, `pin.unblock`, `pin.reload`) are durable before the chip is written; `card.done` says how it ended.

use serde::{Deserialize, Serialize};

use super::super::field::{Number, ShortHex, Text};
use super::CardKind;

/// Body of `card.lost`, `card.found`, `card.cancel`, `card.block`, `card.unblock`, `pin.unblock`, `pin.reload`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CardChange {
    /// Which kind of card.
    pub kind: CardKind,
    /// Its number.
    pub number: Number,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Text>,
}

/// Where the balance that goes over to a new card is from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum BalanceSource {
    /// Read from the old chip and emptied there.
    Chip,
    /// From the clearing centre.
    Clearing,
    /// Nothing goes over.
    None,
}

/// Body of `card.replace` (for a lost card) and `card.exchange` (for a damaged one): the new card stands for the old one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CardReplace {
    /// Which kind of card.
    pub kind: CardKind,
    /// The old card's number.
    pub number: Number,
    /// The new card's number, which is issued.
    pub new: Number,
    /// Where the balance comes from.
    pub source: BalanceSource,
    /// The balance in fen that goes over; absent only with source `none`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub balance: Option<u32>,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Text>,
}

/// Body of `card.extend`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CardExtend {
    /// Which kind of card.
    pub kind: CardKind,
    /// Its number.
    pub number: Number,
    /// The new last day, yyyymmdd.
    pub until: Number,
}

/// Body of `card.return`: the holder gave it back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CardReturn {
    /// Which kind of card.
    pub kind: CardKind,
    /// Its number.
    pub number: Number,
    /// Balance paid out in fen.
    pub balance: u32,
    /// Deposit for the card paid out in fen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deposit: Option<u32>,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Text>,
}

/// How writing to the chip ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DeskEnding {
    /// The chip shows that it happened.
    Done,
    /// The chip shows that it did not.
    NotDone,
    /// The chip cannot be asked any more.
    Unknown,
}

/// Body of `card.done`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CardDone {
    /// Which kind of card.
    pub kind: CardKind,
    /// Its number.
    pub number: Number,
    /// The entry that announced it.
    pub intent: u64,
    /// How it ended.
    pub result: DeskEnding,
    /// What shows it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Text>,
    /// The status word that stopped it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status_word: Option<ShortHex>,
}
