// SPDX-License-Identifier: Apache-2.0
//! Where a personalisation stopped, and why.

use serde::Serialize;

use crate::card::CardError;
use crate::error::{Exit, Fault};
use crate::i18n::Msg;
use crate::iso7816::StatusWord;
use crate::keys::StoreError;
use crate::msg;
use crate::outside::NoRandom;

/// The parts of a script.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Part {
    /// Finding out in what state the chip is.
    Entry,
    /// What is written.
    Steps,
    /// Reading back.
    Readback,
    /// Proving keys.
    Proofs,
    /// The control key and the end.
    Finish,
}

/// A place in a script.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct At {
    /// The part.
    pub part: Part,
    /// The step in it, from 0.
    pub index: usize,
    /// The step's name.
    pub what: String,
}

/// Why a step did not succeed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PersoFault {
    /// The card or the way to it.
    Card(CardError),
    /// The key store.
    Store(StoreError),
    /// The card holds something else than was written.
    Differs {
        /// What was read.
        what: String,
        /// The first byte that differs, from 0.
        offset: usize,
        /// What should be there.
        expected: String,
        /// What is there; empty if the answer ends before.
        got: String,
    },
    /// A key on the card is not the one that it should be.
    NotProved {
        /// The key, as the template calls it.
        what: String,
        /// The check that failed.
        how: &'static str,
    },
    /// The holder's PIN is not the initial one.
    WrongPin,
    /// The random source failed.
    NoRandom,
    /// A step that cannot be sent; the plan is at fault.
    Plan {
        /// What is wrong.
        what: String,
    },
    /// The card answers neither to the transport key nor to its own control key.
    Dead {
        /// What it answered to its own key.
        sw: String,
    },
    /// The card's own control key is in place, and what stands on the card is not this script's.
    Other {
        /// What differs.
        what: String,
    },
}

/// Why and where a personalisation stopped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PersoError {
    /// Where.
    pub at: At,
    /// Why.
    pub fault: Box<PersoFault>,
}

impl PersoFault {
    /// The status word, where a card's answer is the reason.
    pub fn status(&self) -> Option<StatusWord> {
        match self {
            Self::Card(e) => e.status(),
            _ => None,
        }
    }

    /// Whether the card may be gone, so that the effect of the last command is unknown.
    pub fn is_lost(&self) -> bool {
        matches!(self, Self::Card(e) if e.is_lost())
    }

    /// Adds the place.
    pub fn at(self, part: Part, index: usize, what: &str) -> PersoError {
        let what = what.to_owned();
        PersoError {
            at: At { part, index, what },
            fault: Box::new(self),
        }
    }
}

impl From<CardError> for PersoFault {
    fn from(e: CardError) -> Self {
        Self::Card(e)
    }
}

impl From<StoreError> for PersoFault {
    fn from(e: StoreError) -> Self {
        Self::Store(e)
    }
}

impl From<NoRandom> for PersoFault {
    fn from(_: NoRandom) -> Self {
        Self::NoRandom
    }
}

impl Fault for PersoFault {
    fn msg(&self) -> Msg {
        match self {
            Self::Card(e) => e.msg(),
            Self::Store(e) => e.msg(),
            Self::Differs {
                what,
                offset,
                expected,
                got,
            } => {
                let got = if got.is_empty() { "—" } else { got };
                msg!(
                    "perso-differs",
                    what = what,
                    offset = offset,
                    expected = expected,
                    got = got
                )
            }
            Self::NotProved { what, how } => msg!("perso-not-proved", what = what, how = how),
            Self::WrongPin => msg!("perso-wrong-pin"),
            Self::NoRandom => msg!("perso-no-random"),
            Self::Plan { what } => msg!("perso-plan", what = what),
            Self::Dead { sw } => msg!("perso-dead", sw = sw),
            Self::Other { what } => msg!("perso-other-contents", what = what),
        }
    }

    fn exit(&self) -> Exit {
        match self {
            Self::Card(e) => e.exit(),
            Self::Store(e) => e.exit(),
            Self::WrongPin | Self::Differs { .. } | Self::NotProved { .. } | Self::Other { .. } => Exit::Check,
            Self::NoRandom | Self::Dead { .. } => Exit::Device,
            Self::Plan { .. } => Exit::Usage,
        }
    }
}

impl Fault for PersoError {
    fn msg(&self) -> Msg {
        self.fault.msg()
    }

    fn exit(&self) -> Exit {
        self.fault.exit()
    }
}

crate::display_as_english!(PersoFault);
crate::display_as_english!(PersoError);
