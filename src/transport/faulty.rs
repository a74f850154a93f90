// SPDX-License-Identifier: Apache-2.0
//! A transport that tears its card away at a chosen command: for testing what every layer above does about it, on whatever
//! transport. Once torn, the card stays away until a new transport is opened.

use super::{CardTransport, TransportError};
use crate::iso7816::Atr;

/// When the card goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tear {
    /// The n-th command (counted from 1) never reaches the card.
    Before(u32),
    /// The n-th command reaches the card, its answer is lost.
    After(u32),
}

/// Any transport, with a tear to come.
#[derive(Debug)]
pub struct Faulty<T> {
    inner: T,
    tear: Tear,
    passed: u32,
    gone: bool,
}

impl<T: CardTransport> Faulty<T> {
    /// Wraps a transport.
    pub fn new(inner: T, tear: Tear) -> Self {
        Self {
            inner,
            tear,
            passed: 0,
            gone: false,
        }
    }

    /// Commands that were asked for so far.
    pub fn passed(&self) -> u32 {
        self.passed
    }

    /// Whether the card has gone.
    pub fn is_torn(&self) -> bool {
        self.gone
    }

    fn removed(&self) -> TransportError {
        TransportError::CardRemoved {
            reader: self.inner.reader().to_owned(),
        }
    }
}

impl<T: CardTransport> CardTransport for Faulty<T> {
    fn reader(&self) -> &str {
        self.inner.reader()
    }

    fn atr(&self) -> &Atr {
        self.inner.atr()
    }

    fn transmit(&mut self, command: &[u8]) -> Result<Vec<u8>, TransportError> {
        if self.gone {
            return Err(self.removed());
        }
        self.passed += 1;
        if self.tear == Tear::Before(self.passed) {
            self.gone = true;
        } else {
            let answer = self.inner.transmit(command)?;
            if self.tear != Tear::After(self.passed) {
                return Ok(answer);
            }
            self.gone = true;
        }
        // The card has lost its power.
        let _ = self.inner.reset();
        Err(self.removed())
    }

    fn reset(&mut self) -> Result<(), TransportError> {
        if self.gone {
            Err(self.removed())
        } else {
            self.inner.reset()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Default)]
    struct Counting {
        commands: Vec<Vec<u8>>,
        resets: u32,
    }

    impl CardTransport for (Counting, Atr) {
        fn reader(&self) -> &'static str {
            "test reader"
        }
        fn atr(&self) -> &Atr {
            &self.1
        }
        fn transmit(&mut self, command: &[u8]) -> Result<Vec<u8>, TransportError> {
            self.0.commands.push(command.to_vec());
            Ok(vec![0x90, 0x00])
        }
        fn reset(&mut self) -> Result<(), TransportError> {
            self.0.resets += 1;
            Ok(())
        }
    }

    #[test]
    fn the_card_goes_before_or_after_the_chosen_command() {
        for (tear, reached) in [(Tear::Before(2), 1), (Tear::After(2), 2)] {
            let mut card = Faulty::new((Counting::default(), Atr::new(&[0x3B, 0x00])), tear);
            assert_eq!(card.transmit(&[1]).unwrap(), [0x90, 0x00]);
            let gone = card.transmit(&[2]).unwrap_err();
            assert!(matches!(gone, TransportError::CardRemoved { .. }), "{gone:?}");
            assert_eq!(card.transmit(&[3]).unwrap_err(), gone);
            assert_eq!(card.reset().unwrap_err(), gone);
            assert_eq!(
                (card.inner.0.commands.len(), card.inner.0.resets),
                (reached, 1),
                "{tear:?}"
            );
            assert!(card.is_torn());
        }
    }
}
