// SPDX-License-Identifier: Apache-2.0
//! Faults on demand: what goes wrong at the n-th command. In a file beside the card (`NAME.faults.json`), or in process. A
//! fault fires once, unless it is marked to repeat.

use serde::{Deserialize, Serialize};

use super::card::SimCard;
use super::hex_bytes::hex16;
use crate::iso7816::StatusWord;

/// What goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub enum SimFault {
    /// The card is taken away before the command takes effect.
    TearBefore,
    /// The card is taken away while it writes: half of an UPDATE BINARY is written and its checksum is wrong; everything
    /// else on the card is one unit and did not happen.
    TearDuring,
    /// The command takes effect, its answer is lost.
    TearAfter,
    /// The command does nothing and this status word comes back.
    WrongStatus {
        /// The status word.
        #[serde(with = "hex16")]
        sw: u16,
    },
    /// The last byte of the answer data (the end of a MAC, where there is one) arrives changed.
    BadMac,
    /// The reader is unplugged.
    ReaderGone,
    /// The card does not answer any more.
    Mute,
    /// The program that talks to the card ends at once, as by a power cut, before the command takes effect.
    KillBefore,
    /// The same after the command took effect, before its answer.
    KillAfter,
}

/// A fault and when it fires.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlannedFault {
    /// The command that it hits, counted from 1 since the card was put on the reader.
    pub at: u32,
    /// What goes wrong.
    pub fault: SimFault,
    /// Fires at every opening of the card instead of once.
    #[serde(default)]
    pub repeat: bool,
}

/// The faults of one card and how many commands have passed.
#[derive(Debug, Clone, Default)]
pub struct SimFaults {
    pub(super) planned: Vec<PlannedFault>,
    passed: u32,
}

impl SimFaults {
    /// Plans faults.
    pub fn new(planned: Vec<PlannedFault>) -> Self {
        Self { planned, passed: 0 }
    }

    /// One fault at the `at`-th command.
    pub fn once(at: u32, fault: SimFault) -> Self {
        Self::new(vec![PlannedFault {
            at,
            fault,
            repeat: false,
        }])
    }

    /// The faults still to come.
    pub fn planned(&self) -> &[PlannedFault] {
        &self.planned
    }

    /// Counts a command; the fault that hits it. `true` beside it: the plan has one fault less.
    pub(super) fn step(&mut self) -> Option<(SimFault, bool)> {
        self.passed = self.passed.saturating_add(1);
        let i = self.planned.iter().position(|p| p.at == self.passed)?;
        let hit = self.planned[i];
        if !hit.repeat {
            self.planned.remove(i);
        }
        Some((hit.fault, !hit.repeat))
    }
}

/// Why no answer came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lost {
    Removed,
    ReaderGone,
    Mute,
}

/// Runs one command with the fault that hits it, if any.
pub(super) fn run(card: &mut SimCard, command: &[u8], fault: Option<SimFault>) -> Result<Vec<u8>, Lost> {
    match fault {
        // For the latter the reader ends the program once the card is saved.
        None | Some(SimFault::KillAfter) => Ok(card.process(command)),
        Some(SimFault::TearBefore) => {
            card.reset();
            Err(Lost::Removed)
        }
        Some(SimFault::TearDuring) => {
            if matches!(command, [_, 0xD6 | 0xD0, ..]) {
                card.torn_write = true;
                card.process(command);
                card.torn_write = false;
            }
            card.reset();
            Err(Lost::Removed)
        }
        Some(SimFault::TearAfter) => {
            card.process(command);
            card.reset();
            Err(Lost::Removed)
        }
        Some(SimFault::WrongStatus { sw }) => Ok(StatusWord(sw).to_bytes().to_vec()),
        Some(SimFault::BadMac) => {
            let mut answer = card.process(command);
            if let [.., last, _, _] = answer.as_mut_slice() {
                *last ^= 0x01;
            }
            Ok(answer)
        }
        Some(SimFault::ReaderGone) => Err(Lost::ReaderGone),
        Some(SimFault::Mute) => Err(Lost::Mute),
        Some(SimFault::KillBefore) => std::process::abort(),
    }
}
