// SPDX-License-Identifier: Apache-2.0
//! What can go wrong in a conversation with a card. A refusal names the command and says what the status word means on
//! this card OS: the dialect's reading first, then the general one (`sw-XXXX` of the catalogue).

use super::dialect::Dialect;
use crate::crypto::purse::PurseError;
use crate::error::{Exit, Fault};
use crate::i18n::Msg;
use crate::iso7816::StatusWord;
use crate::keys::StoreError;
use crate::msg;
use crate::transport::TransportError;

/// Why a command gave no result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CardError {
    /// The way to the card. What the last command did is unknown.
    Transport(TransportError),
    /// The card answered another status word than a good one.
    Refused {
        /// The command, for people.
        what: String,
        /// The answer.
        sw: StatusWord,
        /// The command's instruction byte.
        ins: u8,
        /// The card OS, whose reading of the status word comes first.
        os: Dialect,
    },
    /// The card reported success with an answer of the wrong length.
    Length {
        /// The command, for people.
        what: String,
        /// Bytes that should have come.
        expected: usize,
        /// Bytes that came.
        got: usize,
    },
    /// The card announces more and more data.
    Endless {
        /// The command, for people.
        what: String,
    },
}

impl CardError {
    /// The status word, where the card gave one.
    pub fn status(&self) -> Option<StatusWord> {
        match self {
            Self::Refused { sw, .. } => Some(*sw),
            _ => None,
        }
    }

    /// Whether a key, a PIN or a MAC was wrong: the card says so with 63xx, 6988 or 9302.
    pub fn is_wrong_key(&self) -> bool {
        self.status().is_some_and(is_wrong_key)
    }

    /// Whether the card may be gone, so that the effect of the last command is unknown.
    pub fn is_lost(&self) -> bool {
        matches!(self, Self::Transport(_))
    }
}

fn is_wrong_key(sw: StatusWord) -> bool {
    sw.sw1() == 0x63 || matches!(sw.0, 0x6988 | 0x9302)
}

/// What a status word means on a card OS.
pub fn meaning(os: Dialect, ins: u8, sw: StatusWord) -> Msg {
    let general = if sw.sw1() == 0x63 { "sw-63xx" } else { "sw-unknown" };
    os.meaning(ins, sw)
        .or_else(|| Msg::known(&format!("sw-{sw}")))
        .or_else(|| Msg::known(general))
        .unwrap_or_else(|| msg!("sw-unknown"))
}

impl From<TransportError> for CardError {
    fn from(error: TransportError) -> Self {
        Self::Transport(error)
    }
}

impl Fault for CardError {
    fn msg(&self) -> Msg {
        match self {
            Self::Transport(error) => error.msg(),
            Self::Refused { what, sw, ins, os } => {
                let msg = match (sw.retries_left(), sw.0) {
                    (Some(0), _) | (_, 0x6983 | 0x9303) => msg!("card-locked", what = what, sw = sw),
                    (Some(tries), _) => msg!("card-wrong-key", what = what, sw = sw, tries = tries),
                    (_, 0x6300 | 0x6988 | 0x9302) => msg!("card-wrong-mac", what = what, sw = sw),
                    (_, 0x6A82 | 0x6A83 | 0x6A88) => msg!("card-not-there", what = what, sw = sw),
                    _ => msg!("card-refused", what = what, sw = sw),
                };
                msg.with_msg("meaning", meaning(*os, *ins, *sw))
            }
            Self::Length { what, expected, got } => {
                msg!("card-length", what = what, expected = expected, got = got)
            }
            Self::Endless { what } => msg!("card-endless", what = what),
        }
    }

    fn exit(&self) -> Exit {
        if self.is_wrong_key() { Exit::Check } else { Exit::Device }
    }
}

crate::display_as_english!(CardError);

/// Why a purse transaction did not happen, or not as it should.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TransactionError {
    /// A card, or the way to it.
    Card(CardError),
    /// The key store.
    Store(StoreError),
    /// An amount or balance that a purse cannot hold.
    Purse(PurseError),
    /// The card's MAC1 is wrong: it does not have this site's load key. Nothing was loaded.
    Mac1,
    /// The card refused the PSAM's MAC1. Nothing was paid.
    Mac1Refused(CardError),
    /// The PSAM refused the card's MAC2; the card has paid.
    Mac2Refused(CardError),
    /// The card's TAC is wrong; the transaction happened.
    Tac,
    /// The card vanished at the last command and did not come back: whether it happened is not known.
    Torn {
        /// The card's counter before the transaction.
        counter: u16,
    },
}

impl From<CardError> for TransactionError {
    fn from(e: CardError) -> Self {
        Self::Card(e)
    }
}

impl From<StoreError> for TransactionError {
    fn from(e: StoreError) -> Self {
        Self::Store(e)
    }
}

impl From<PurseError> for TransactionError {
    fn from(e: PurseError) -> Self {
        Self::Purse(e)
    }
}

impl Fault for TransactionError {
    fn msg(&self) -> Msg {
        match self {
            Self::Card(e) => e.msg(),
            Self::Store(e) => e.msg(),
            Self::Purse(e) => e.msg(),
            Self::Mac1 => msg!("card-load-mac1"),
            Self::Mac1Refused(e) => msg!("card-purchase-mac1").with_msg("cause", e.msg()),
            Self::Mac2Refused(e) => msg!("card-purchase-mac2").with_msg("cause", e.msg()),
            Self::Tac => msg!("card-tac"),
            Self::Torn { counter } => msg!("card-transaction-torn", counter = counter),
        }
    }

    fn exit(&self) -> Exit {
        match self {
            Self::Card(e) => e.exit(),
            Self::Store(e) => e.exit(),
            Self::Purse(_) => Exit::Usage,
            Self::Mac1 | Self::Mac1Refused(_) | Self::Mac2Refused(_) | Self::Tac => Exit::Check,
            Self::Torn { .. } => Exit::Device,
        }
    }
}

crate::display_as_english!(TransactionError);
