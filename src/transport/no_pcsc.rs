// SPDX-License-Identifier: Apache-2.0
//! PC/SC in a build without it (feature `pcsc` off): every function answers that there is none.

use std::convert::Infallible;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use super::readers::ReaderStatus;
use super::{CardTransport, TransportError};
use crate::iso7816::Atr;

/// Whether PC/SC is built in.
pub const BUILT_IN: bool = false;

/// The readers and what lies on them now.
pub fn list() -> Result<Vec<ReaderStatus>, TransportError> {
    Err(TransportError::NoPcscSupport)
}

/// Watches the readers.
#[derive(Debug, Default)]
pub struct Monitor(());

impl Monitor {
    /// A monitor that has not looked yet.
    pub fn new() -> Self {
        Self(())
    }

    /// Waits for a change, and tells how things stand.
    pub fn wait(&mut self, _timeout: Duration) -> Result<Vec<ReaderStatus>, TransportError> {
        Err(TransportError::NoPcscSupport)
    }
}

/// Waits for one card after the other on a reader.
#[derive(Debug)]
pub struct CardWait(());

impl CardWait {
    /// For a reader by name.
    pub fn new(_reader: &str) -> Self {
        Self(())
    }

    /// Waits for the next card.
    pub fn next(&mut self, _timeout: Option<Duration>, _cancelled: &AtomicBool) -> Result<Atr, TransportError> {
        Err(TransportError::NoPcscSupport)
    }
}

/// A card in a PC/SC reader: there is none.
#[derive(Debug)]
pub struct PcscCard(Infallible);

impl PcscCard {
    /// Connects to the card on a reader.
    pub fn connect(_reader: &str) -> Result<Self, TransportError> {
        Err(TransportError::NoPcscSupport)
    }
}

impl CardTransport for PcscCard {
    fn reader(&self) -> &str {
        match self.0 {}
    }

    fn atr(&self) -> &Atr {
        match self.0 {}
    }

    fn transmit(&mut self, _command: &[u8]) -> Result<Vec<u8>, TransportError> {
        match self.0 {}
    }

    fn reset(&mut self) -> Result<(), TransportError> {
        match self.0 {}
    }
}
