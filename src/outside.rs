// SPDX-License-Identifier: Apache-2.0
//! What comes in from outside: the clock, the random source, answers of people, and who watches progress. The core gets
//! them as arguments and never reaches for them itself, so that every run can be repeated in a test.

use std::time::SystemTime;

use jiff::Timestamp;

use crate::crypto::SecretBytes;
use crate::error::{Exit, Fault};
use crate::i18n::Msg;
use crate::msg;

/// The time of day.
#[derive(Debug, Clone, Copy)]
pub enum Clock {
    /// The computer's clock.
    System,
    /// Always the same moment, for tests.
    Fixed(Timestamp),
}

impl Clock {
    /// Now, in UTC, to the second.
    pub fn now(&self) -> Timestamp {
        let at = match self {
            Self::System => Timestamp::try_from(SystemTime::now()).unwrap_or(Timestamp::UNIX_EPOCH),
            Self::Fixed(at) => *at,
        };
        Timestamp::from_second(at.as_second()).unwrap_or(Timestamp::UNIX_EPOCH)
    }
}

/// The random source is broken. Nothing may go on without it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the system's random source gave an error")]
pub struct NoRandom;

/// A source of unpredictable bytes.
pub trait Random {
    /// Fills the whole slice, or fails having promised nothing.
    fn fill(&mut self, place: &mut [u8]) -> Result<(), NoRandom>;
    /// How many bytes have passed health tests; `None` where none are made or one has failed.
    fn tested(&self) -> Option<u64> {
        None
    }
}

/// The operating system's random source.
#[derive(Debug, Default)]
pub struct SystemRandom;

impl Random for SystemRandom {
    fn fill(&mut self, place: &mut [u8]) -> Result<(), NoRandom> {
        getrandom::fill(place).map_err(|_| NoRandom)
    }
}

/// A question could not be put or was not answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PromptError {
    /// There is no terminal and no other source for this answer; the message says which option gives one.
    NoTerminal,
    /// The person broke off (Ctrl-C, end of input).
    Stopped,
}

impl Fault for PromptError {
    fn msg(&self) -> Msg {
        match self {
            Self::NoTerminal => msg!("cli-no-terminal"),
            Self::Stopped => msg!("cli-stopped"),
        }
    }
    fn exit(&self) -> Exit {
        match self {
            Self::NoTerminal => Exit::Usage,
            Self::Stopped => Exit::Stopped,
        }
    }
}
crate::display_as_english!(PromptError);

impl Fault for NoRandom {
    fn msg(&self) -> Msg {
        msg!("cli-no-random")
    }
    fn exit(&self) -> Exit {
        Exit::Device
    }
}

/// How a secret that stands on paper in numbered groups is asked for.
#[derive(Debug, Clone, Copy)]
pub struct Groups {
    /// Characters in a group.
    pub length: usize,
    /// Groups in all.
    pub count: usize,
    /// Whether a complete group can be right: its number from 1, its characters.
    pub check: fn(usize, &[u8]) -> bool,
}

/// Answers of people. Secrets are entered hidden.
pub trait Prompt {
    /// A secret, not echoed.
    fn secret(&mut self, question: &Msg) -> Result<SecretBytes, PromptError>;
    /// A secret in groups, not echoed: where there is a screen, one mark a character, and a sign at each group that cannot
    /// be right. What was typed comes back as it is; nothing is refused here.
    fn grouped(&mut self, question: &Msg, groups: &Groups) -> Result<SecretBytes, PromptError> {
        let _ = groups;
        self.secret(question)
    }
    /// Takes everything off the screen, and off what it remembers, before the next person comes. Without a screen: nothing.
    fn clear(&mut self) {}
    /// A line of text.
    fn line(&mut self, question: &Msg) -> Result<String, PromptError>;
}

/// Who watches long work: a progress bar, JSON events, or nobody.
pub trait Observer {
    /// Work of `total` steps begins; the message names it.
    fn begin(&mut self, what: &Msg, total: u64);
    /// `done` steps are behind us.
    fn advance(&mut self, done: u64);
    /// Something worth a line happened.
    fn note(&mut self, what: &Msg);
    /// The work is over.
    fn end(&mut self);
}

/// Nobody watches.
#[derive(Debug, Default)]
pub struct Unobserved;

impl Observer for Unobserved {
    fn begin(&mut self, _: &Msg, _: u64) {}
    fn advance(&mut self, _: u64) {}
    fn note(&mut self, _: &Msg) {}
    fn end(&mut self) {}
}
