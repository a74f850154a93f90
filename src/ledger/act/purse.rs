// SPDX-License-Identifier: Apache-2.0
//! Bodies of the acts about purses: what a card is about to be asked for, what it did, and how an intent ended that no
//! proved transaction fulfils. Money moves between the first and one of the others.

use serde::{Deserialize, Serialize};

use super::super::field::{Number, ShortHex, Text};

/// Body of `purse.load` and `purse.purchase`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PurseTransaction {
    /// The card's number.
    pub number: Number,
    /// The terminal number.
    pub terminal: Number,
    /// The transaction type byte of the purse standard (JR/T 0025).
    #[serde(rename = "type")]
    pub kind: ShortHex,
    /// Amount in fen.
    pub amount: u32,
    /// Balance afterwards in fen, where it was read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub balance: Option<u32>,
    /// The card's transaction counter.
    pub counter: u32,
    /// The terminal's transaction counter, for a purchase.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub terminal_counter: Option<u32>,
    /// The date and time in the transaction, 14 digits.
    pub datetime: Number,
    /// The TAC.
    pub tac: ShortHex,
    /// The intent that it fulfils, where there was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub intent: Option<u64>,
}

/// What the customer desk moves money for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PurseDesk {
    /// The balance of the card that this one stands for goes onto it, once.
    Transfer,
    /// The whole balance is taken off a card that is given back or exchanged.
    Emptying,
}

/// Body of `purse.intent`: what the card is about to be asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PurseIntent {
    /// The card's number.
    pub number: Number,
    /// The terminal number.
    pub terminal: Number,
    /// The transaction type byte of the purse standard (JR/T 0025).
    #[serde(rename = "type")]
    pub kind: ShortHex,
    /// Amount in fen.
    pub amount: u32,
    /// Balance before in fen.
    pub balance: u32,
    /// The card's transaction counter before.
    pub counter: u32,
    /// The terminal's transaction counter, for a purchase.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub terminal_counter: Option<u32>,
    /// The date and time in the transaction, 14 digits.
    pub datetime: Number,
    /// What the customer desk does it for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub desk: Option<PurseDesk>,
}

/// How an intent ended that no proved transaction fulfils.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PurseEnding {
    /// The card shows that it did not happen.
    NotDone,
    /// It happened, by the card's own log, but there is no right TAC.
    DoneUnproved,
    /// The card no longer tells.
    Unknown,
}

/// Body of `purse.closed`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PurseClosed {
    /// The number of the intent.
    pub number: Number,
    /// The intent's `seq`.
    pub intent: u64,
    /// How it ended.
    pub result: PurseEnding,
    /// What shows it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Text>,
    /// The status word that stopped it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status_word: Option<ShortHex>,
}
