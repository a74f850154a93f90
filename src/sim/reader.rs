// SPDX-License-Identifier: Apache-2.0
//! Readers for simulated cards: `SimReader` over a card file, `InMemoryReader` over a card in this process. What a command
//! changes is durable before its answer is given. A card that was torn away stays away until the reader is opened anew.

use std::fs::File;
use std::sync::{Arc, Mutex, PoisonError};

use super::card::SimCard;
use super::faults::{Lost, SimFault, SimFaults, run};
use super::files::Memory;
use super::store::{CardPath, StoreError};
use crate::iso7816::Atr;
use crate::transport::{CardTransport, TransportError};

/// A card file in a reader called `sim:FOLDER/NAME`. Holds the card's lock.
#[derive(Debug)]
pub struct SimReader {
    path: CardPath,
    name: String,
    atr: Atr,
    card: SimCard,
    saved: Memory,
    faults: SimFaults,
    lost: Option<Lost>,
    _lock: File,
}

impl SimReader {
    /// Puts the card `FOLDER/NAME` (`sim:` in front is allowed) on its reader.
    pub fn open(card: &str) -> Result<Self, TransportError> {
        CardPath::parse(card)
            .and_then(Self::open_path)
            .map_err(|e| transport(card, e))
    }

    /// The same for a path that is known to be well formed.
    pub fn open_path(path: CardPath) -> Result<Self, StoreError> {
        let lock = path.lock()?;
        let card = path.load()?;
        Ok(Self {
            name: path.reader(),
            atr: card.atr(),
            saved: card.memory.clone(),
            faults: path.faults()?,
            lost: None,
            card,
            path,
            _lock: lock,
        })
    }

    fn keep(&mut self) -> Result<(), TransportError> {
        if self.saved != self.card.memory {
            self.path.save(&self.card).map_err(|e| transport(&self.name, e))?;
            self.saved = self.card.memory.clone();
        }
        Ok(())
    }

    /// Whether the card was torn away or fell silent.
    pub(super) fn is_lost(&self) -> bool {
        self.lost.is_some()
    }
}

impl CardTransport for SimReader {
    fn reader(&self) -> &str {
        &self.name
    }

    fn atr(&self) -> &Atr {
        &self.atr
    }

    fn transmit(&mut self, command: &[u8]) -> Result<Vec<u8>, TransportError> {
        if let Some(lost) = self.lost {
            return Err(lost.at(&self.name));
        }
        if self.faults.planned.is_empty() {
            // Faults may be planned while the card lies on the reader.
            self.faults = self.path.faults().map_err(|e| transport(&self.name, e))?;
        }
        let hit = self.faults.step();
        if let Some((_, true)) = hit {
            self.path
                .plan(&self.faults.planned)
                .map_err(|e| transport(&self.name, e))?;
        }
        let fault = hit.map(|(fault, _)| fault);
        let answer = run(&mut self.card, command, fault);
        self.keep()?;
        if fault == Some(SimFault::KillAfter) {
            std::process::abort();
        }
        answer.map_err(|lost| {
            self.lost = Some(lost);
            lost.at(&self.name)
        })
    }

    fn reset(&mut self) -> Result<(), TransportError> {
        if let Some(lost) = self.lost {
            return Err(lost.at(&self.name));
        }
        self.card.reset();
        Ok(())
    }
}

/// A card in this process, for tests: the card outlives its readers.
#[derive(Debug)]
pub struct InMemoryReader {
    name: String,
    atr: Atr,
    card: Arc<Mutex<SimCard>>,
    faults: SimFaults,
    lost: Option<Lost>,
}

impl InMemoryReader {
    /// Puts a card on a reader; it is reset.
    pub fn new(name: impl Into<String>, card: Arc<Mutex<SimCard>>) -> Self {
        Self::with_faults(name, card, SimFaults::default())
    }

    /// The same with faults to come.
    pub fn with_faults(name: impl Into<String>, card: Arc<Mutex<SimCard>>, faults: SimFaults) -> Self {
        let atr = {
            let mut inside = card.lock().unwrap_or_else(PoisonError::into_inner);
            inside.reset();
            inside.atr()
        };
        Self {
            name: name.into(),
            atr,
            card,
            faults,
            lost: None,
        }
    }
}

impl CardTransport for InMemoryReader {
    fn reader(&self) -> &str {
        &self.name
    }

    fn atr(&self) -> &Atr {
        &self.atr
    }

    fn transmit(&mut self, command: &[u8]) -> Result<Vec<u8>, TransportError> {
        if let Some(lost) = self.lost {
            return Err(lost.at(&self.name));
        }
        let hit = self.faults.step().map(|(fault, _)| fault);
        let mut card = self.card.lock().unwrap_or_else(PoisonError::into_inner);
        let answer = run(&mut card, command, hit);
        if hit == Some(SimFault::KillAfter) {
            std::process::abort();
        }
        answer.map_err(|lost| {
            self.lost = Some(lost);
            lost.at(&self.name)
        })
    }

    fn reset(&mut self) -> Result<(), TransportError> {
        if let Some(lost) = self.lost {
            return Err(lost.at(&self.name));
        }
        self.card.lock().unwrap_or_else(PoisonError::into_inner).reset();
        Ok(())
    }
}

impl Lost {
    fn at(self, reader: &str) -> TransportError {
        let reader = reader.to_owned();
        match self {
            Self::Removed => TransportError::CardRemoved { reader },
            Self::ReaderGone => TransportError::ReaderGone { reader },
            Self::Mute => TransportError::CardMute { reader },
        }
    }
}

pub(super) fn transport(reader: &str, e: StoreError) -> TransportError {
    let reader = reader.to_owned();
    match e {
        StoreError::NoFolder { .. } | StoreError::Path { .. } => TransportError::NoReader { reader },
        StoreError::NoCard { .. } => TransportError::NoCard { reader },
        StoreError::InUse { .. } => TransportError::InUse { reader },
        other => TransportError::Reader {
            reader,
            what: other.to_string(),
        },
    }
}
