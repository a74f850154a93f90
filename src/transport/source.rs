// SPDX-License-Identifier: Apache-2.0
//! Where one card comes from after the other: a reader with a person, a feeder or a hopper behind it. One thread works
//! through one source; a source has its own connection to its reader.

use std::sync::atomic::AtomicBool;

use super::{CardTransport, TransportError};

/// What became of a card, so that whoever moves cards can act on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It is done: away with it to the good ones.
    Good,
    /// It is no use: away with it to the bad ones.
    Bad,
    /// It is to be looked at again: it stays, or comes back.
    Again,
}

/// A reader that gives card after card.
pub trait CardSource: Send {
    /// The reader's name, as people know it.
    fn reader(&self) -> &str;

    /// Waits for a card that was not given before, for about half a second. What is missing meanwhile (reader, service,
    /// card) is an error that passes. `None`: no more cards will come. `Stopped` soon after `quit` is set.
    fn next_card(&mut self, quit: &AtomicBool) -> Result<Option<Box<dyn CardTransport>>, TransportError>;

    /// The card that was given last is done with. Its transport is gone by then.
    fn release(&mut self, verdict: Verdict) -> Result<(), TransportError>;
}

impl TransportError {
    /// Whether waiting may help: somebody puts a card on, plugs the reader in again, starts the service.
    pub fn passes(&self) -> bool {
        matches!(
            self,
            Self::NoService
                | Self::NoReader { .. }
                | Self::ReaderGone { .. }
                | Self::ServiceLost { .. }
                | Self::NoCard { .. }
                | Self::CardRemoved { .. }
                | Self::CardMute { .. }
                | Self::InUse { .. }
        )
    }
}
