// SPDX-License-Identifier: Apache-2.0
//! One card after the other from a PC/SC reader on which people or a feeder put them. The reader may be unplugged and the
//! service restarted meanwhile: within half a second of its return it is used again.

use std::sync::atomic::AtomicBool;
use std::time::Duration;

use super::pcsc::{CardWait, PcscCard};
use super::source::{CardSource, Verdict};
use super::{CardTransport, TransportError};

/// How long one look for a card lasts.
const LOOK: Duration = Duration::from_millis(500);

/// A PC/SC reader, by its name or a part that fits only one.
pub struct PcscSource {
    name: String,
    wait: CardWait,
}

impl PcscSource {
    /// Waits for cards on this reader, which need not be there yet.
    pub fn new(reader: &str) -> Self {
        Self {
            name: reader.to_owned(),
            wait: CardWait::new(reader),
        }
    }

    /// A card that lies there now counts as one that was not given yet.
    fn forget(&mut self) {
        self.wait = CardWait::new(&self.name);
    }
}

impl CardSource for PcscSource {
    fn reader(&self) -> &str {
        &self.name
    }

    fn next_card(&mut self, quit: &AtomicBool) -> Result<Option<Box<dyn CardTransport>>, TransportError> {
        self.wait.next(Some(LOOK), quit)?;
        match PcscCard::connect(&self.name) {
            Ok(card) => {
                // From now on by its whole name: a reader that is plugged in later must not make a part of it ambiguous.
                card.reader().clone_into(&mut self.name);
                Ok(Some(Box::new(card)))
            }
            Err(fault) => {
                // It was there a moment ago: what happened to it shows at the next look.
                self.forget();
                Err(fault)
            }
        }
    }

    fn release(&mut self, verdict: Verdict) -> Result<(), TransportError> {
        if verdict == Verdict::Again {
            self.forget();
        }
        Ok(())
    }
}
