// SPDX-License-Identifier: Apache-2.0
//! The seam to hardware: something that moves bytes to one card and back. Implementors: PC/SC (`pcsc.rs`, the only file that
//! imports that crate), the simulator (`sim::SimReader`), a recorded conversation (`replay.rs`) and `Faulty`, which tears
//! the card away after a given number of commands.

pub mod faulty;
pub mod pcsc_source;
pub mod reader_spec;
pub mod readers;
pub mod replay;
pub mod source;

// The one place that knows whether PC/SC is built in: both files offer the same functions and types.
#[cfg(feature = "pcsc")]
pub mod pcsc;
#[cfg(not(feature = "pcsc"))]
#[path = "no_pcsc.rs"]
pub mod pcsc;

use crate::error::{Exit, Fault};
use crate::i18n::Msg;
use crate::iso7816::Atr;
use crate::msg;

/// One card in one reader, reset and ready. Dropping it releases the card.
pub trait CardTransport: Send {
    /// The reader's name, as people know it.
    fn reader(&self) -> &str;
    /// The answer to reset.
    fn atr(&self) -> &Atr;
    /// Sends one command APDU, returns the whole answer with its status word (at least two bytes). 61xx and 6Cxx are the
    /// caller's to handle.
    fn transmit(&mut self, command: &[u8]) -> Result<Vec<u8>, TransportError>;
    /// Resets the card: its volatile states are gone afterwards.
    fn reset(&mut self) -> Result<(), TransportError>;
}

/// What can go wrong between the program and a card.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TransportError {
    /// The PC/SC service does not run.
    NoService,
    /// The program was built without PC/SC.
    NoPcscSupport,
    /// The service runs, but this user may not use it.
    NotPermitted,
    /// No reader of that name.
    NoReader {
        /// The name asked for.
        reader: String,
    },
    /// The name fits several readers.
    AmbiguousReader {
        /// The name asked for.
        reader: String,
        /// The readers that it fits.
        candidates: Vec<String>,
    },
    /// The service was stopped or restarted while a card was at work; what the last command did is unknown.
    ServiceLost {
        /// The reader.
        reader: String,
    },
    /// The operator broke off the wait for a card.
    Stopped,
    /// A recorded conversation was not followed.
    OffScript {
        /// The recording's name.
        reader: String,
        /// Which exchange, from 1.
        at: usize,
        /// The header of the command that stands there, or that the recording is over.
        expected: String,
        /// The header of the command that was sent.
        sent: String,
    },
    /// The reader was unplugged while in use.
    ReaderGone {
        /// The reader.
        reader: String,
    },
    /// No card lies on the reader.
    NoCard {
        /// The reader.
        reader: String,
    },
    /// The card was taken away; what the last command did is unknown.
    CardRemoved {
        /// The reader.
        reader: String,
    },
    /// A card is there and does not answer.
    CardMute {
        /// The reader.
        reader: String,
    },
    /// Another program holds the card.
    InUse {
        /// The reader.
        reader: String,
    },
    /// Anything else the reader service reports.
    Reader {
        /// The reader.
        reader: String,
        /// What the service says.
        what: String,
    },
}

impl Fault for TransportError {
    fn msg(&self) -> Msg {
        match self {
            Self::NoService => msg!("transport-no-service"),
            Self::NoPcscSupport => msg!("transport-no-pcsc-support"),
            Self::NotPermitted => msg!("transport-not-permitted"),
            Self::NoReader { reader } => msg!("transport-no-reader", reader = reader),
            Self::AmbiguousReader { reader, candidates } => {
                msg!(
                    "transport-ambiguous-reader",
                    reader = reader,
                    candidates = candidates.join(", ")
                )
            }
            Self::ServiceLost { reader } => msg!("transport-service-lost", reader = reader),
            Self::Stopped => msg!("transport-stopped"),
            Self::OffScript {
                reader,
                at,
                expected,
                sent,
            } => msg!(
                "transport-off-script",
                reader = reader,
                at = at,
                expected = expected,
                sent = sent
            ),
            Self::ReaderGone { reader } => msg!("transport-reader-gone", reader = reader),
            Self::NoCard { reader } => msg!("transport-no-card", reader = reader),
            Self::CardRemoved { reader } => msg!("transport-card-removed", reader = reader),
            Self::CardMute { reader } => msg!("transport-card-mute", reader = reader),
            Self::InUse { reader } => msg!("transport-in-use", reader = reader),
            Self::Reader { reader, what } => msg!("transport-reader-fault", reader = reader, what = what),
        }
    }

    fn exit(&self) -> Exit {
        match self {
            Self::AmbiguousReader { .. } => Exit::Usage,
            Self::Stopped => Exit::Stopped,
            _ => Exit::Device,
        }
    }
}

crate::display_as_english!(TransportError);
