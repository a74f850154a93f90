// SPDX-License-Identifier: Apache-2.0
//! What can be wrong with a written secret. Groups are named by their numbers; no message holds a character that was typed.

use super::group::LEN;
use crate::error::{Exit, Fault};
use crate::i18n::Msg;
use crate::msg;

/// Why a secret cannot be written or read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WrittenError {
    /// Number, threshold or kind are none that can be written.
    Header,
    /// Only 16, 24 or 32 bytes are written.
    Secret {
        /// The bytes that it has.
        bytes: usize,
    },
    /// So few or so many characters that no group can be named.
    Length {
        /// Groups that belong there.
        groups: usize,
        /// Characters that were typed.
        got: usize,
    },
    /// Every group agrees with its own check digits, but the last one does not agree with the others.
    Together,
    /// These groups are wrong, or are possibly wrong; all others are right.
    Groups(Vec<BadGroup>),
}

/// A group that differs from the paper.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BadGroup {
    /// Its number, from 1.
    pub number: usize,
    /// What is seen of it.
    pub fault: GroupFault,
}

/// What is seen of a wrong group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GroupFault {
    /// Its check digits are not those of its data.
    Check,
    /// Not six characters.
    Length {
        /// How many there are.
        got: usize,
    },
    /// A character that is no hexadecimal digit.
    Digit,
    /// Nothing was typed for it.
    LeftOut,
    /// It stands where another belongs, and that one here.
    Swapped {
        /// The other one.
        with: usize,
    },
    /// A character is missing or too many in this group or in another one named so.
    Perhaps,
}

impl WrittenError {
    /// The numbers of all groups that it names.
    pub fn groups(&self) -> Vec<usize> {
        match self {
            Self::Groups(bad) => bad.iter().map(|group| group.number).collect(),
            _ => Vec::new(),
        }
    }
}

/// What is seen of several groups alike is said once.
fn said(bad: &[BadGroup]) -> Msg {
    let mut said: Vec<Msg> = Vec::new();
    let alike = |fault: GroupFault| -> Vec<usize> {
        let groups = bad.iter().filter(|group| group.fault == fault);
        groups.map(|group| group.number).collect()
    };
    let list = |numbers: &[usize]| numbers.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    for BadGroup { number, fault } in bad {
        let alike = alike(*fault);
        let (first, numbers) = (alike.first() == Some(number), list(&alike));
        said.extend(match *fault {
            GroupFault::Length { got } => Some(msg!("crypto-written-characters", number = number, got = got, of = LEN)),
            GroupFault::Swapped { with } if with > *number => {
                Some(msg!("crypto-written-swapped", number = number, with = with))
            }
            GroupFault::Swapped { .. } => None,
            _ if !first => None,
            GroupFault::Check if alike.len() > 1 => Some(msg!("crypto-written-checks", numbers = numbers)),
            GroupFault::Check => Some(msg!("crypto-written-check", number = number)),
            GroupFault::Digit if alike.len() > 1 => Some(msg!("crypto-written-digits", numbers = numbers)),
            GroupFault::Digit => Some(msg!("crypto-written-digit", number = number)),
            GroupFault::LeftOut if alike.len() > 1 => Some(msg!("crypto-written-all-left-out", numbers = numbers)),
            GroupFault::LeftOut => Some(msg!("crypto-written-left-out", number = number)),
            GroupFault::Perhaps => Some(msg!("crypto-written-one-of", numbers = numbers)),
        });
    }
    let joined = said.into_iter().rev().reduce(|rest, first| {
        msg!("crypto-written-and")
            .with_msg("first", first)
            .with_msg("rest", rest)
    });
    msg!("crypto-written-groups").with_msg("what", joined.unwrap_or_else(|| msg!("crypto-written-together")))
}

impl Fault for WrittenError {
    fn msg(&self) -> Msg {
        match self {
            Self::Header => msg!("crypto-written-header"),
            Self::Secret { bytes } => msg!("crypto-written-secret", bytes = bytes),
            Self::Length { groups, got } => {
                let needed = groups * LEN;
                msg!("crypto-written-length", groups = groups, needed = needed, got = got)
            }
            Self::Together => msg!("crypto-written-together"),
            Self::Groups(bad) => said(bad),
        }
    }
    fn exit(&self) -> Exit {
        match self {
            Self::Secret { .. } => Exit::Usage,
            Self::Header | Self::Together | Self::Length { .. } | Self::Groups(_) => Exit::Check,
        }
    }
}
crate::display_as_english!(WrittenError);
