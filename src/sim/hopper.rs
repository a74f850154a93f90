// SPDX-License-Identifier: Apache-2.0
//! A hopper: simulated blanks behind one reader, so that a batch runs unattended. `FOLDER/blanks` holds the cards that wait,
//! `FOLDER/tray` the one on the reader, `FOLDER/good` and `FOLDER/bad` those that are done. A card moves by renaming its file:
//! wherever the program ends, each card is in one place.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use super::reader::{SimReader, transport};
use super::store::{CardPath, StoreError, cards_in, io_fault};
use crate::transport::source::{CardSource, Verdict};
use crate::transport::{CardTransport, TransportError};

/// A hopper by its folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hopper {
    folder: PathBuf,
}

impl Hopper {
    /// The hopper in a folder; `None` where the folder is none.
    pub fn open(folder: &Path) -> Option<Self> {
        let hopper = Self {
            folder: folder.to_owned(),
        };
        (hopper.blanks().is_dir() && hopper.place("tray").is_dir()).then_some(hopper)
    }

    /// Makes a hopper, or finds the one that is there.
    pub fn create(folder: &Path) -> Result<Self, StoreError> {
        let hopper = Self {
            folder: folder.to_owned(),
        };
        for name in ["blanks", "tray", "good", "bad"] {
            let place = hopper.place(name);
            fs::create_dir_all(&place).map_err(|e| io_fault(&place, &e))?;
        }
        Ok(hopper)
    }

    fn place(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// Where blanks wait.
    pub fn blanks(&self) -> PathBuf {
        self.place("blanks")
    }

    /// How its reader is called.
    pub fn reader(&self) -> String {
        format!("sim:{}", self.folder.display())
    }

    /// The card on the reader.
    pub fn on_tray(&self) -> Result<Option<CardPath>, StoreError> {
        Ok(cards_in(&self.place("tray"))?.into_iter().next())
    }

    /// Puts the next card on the reader, unless one lies there. `None`: there is none left.
    pub fn feed(&self) -> Result<Option<CardPath>, StoreError> {
        if let Some(card) = self.on_tray()? {
            return Ok(Some(card));
        }
        match cards_in(&self.blanks())?.into_iter().next() {
            Some(card) => card.move_to(&self.place("tray")).map(Some),
            None => Ok(None),
        }
    }

    /// Takes the card off the reader: to the good ones, or to the bad ones. Without a card nothing happens.
    pub fn sort(&self, good: bool) -> Result<(), StoreError> {
        let to = self.place(if good { "good" } else { "bad" });
        match self.on_tray()? {
            Some(card) => card.move_to(&to).map(drop),
            None => Ok(()),
        }
    }
}

/// A simulated reader that gives card after card: all of a hopper, or a single one.
#[derive(Debug)]
pub struct SimSource {
    name: String,
    from: From,
}

#[derive(Debug)]
enum From {
    Hopper(Hopper),
    Card { path: CardPath, given: bool },
}

impl SimSource {
    /// `sim:FOLDER` for a hopper, `sim:FOLDER/CARD` for a single card, which is given once.
    pub fn open(reader: &str) -> Result<Self, TransportError> {
        let bare = reader.strip_prefix("sim:").unwrap_or(reader);
        if let Some(hopper) = Hopper::open(Path::new(bare)) {
            return Ok(Self {
                name: hopper.reader(),
                from: From::Hopper(hopper),
            });
        }
        let path = CardPath::parse(reader).map_err(|e| transport(reader, e))?;
        if !path.exists() {
            let card = path.reader();
            return Err(transport(reader, StoreError::NoCard { card }));
        }
        Ok(Self {
            name: path.reader(),
            from: From::Card { path, given: false },
        })
    }
}

impl CardSource for SimSource {
    fn reader(&self) -> &str {
        &self.name
    }

    fn next_card(&mut self, quit: &AtomicBool) -> Result<Option<Box<dyn CardTransport>>, TransportError> {
        if quit.load(Ordering::Relaxed) {
            return Err(TransportError::Stopped);
        }
        let path = match &mut self.from {
            From::Hopper(hopper) => hopper.feed().map_err(|e| transport(&self.name, e))?,
            From::Card { given: true, .. } => None,
            From::Card { path, given } => {
                *given = true;
                Some(path.clone())
            }
        };
        let Some(path) = path else { return Ok(None) };
        let card = SimReader::open_path(path).map_err(|e| transport(&self.name, e))?;
        Ok(Some(Box::new(card)))
    }

    fn release(&mut self, verdict: Verdict) -> Result<(), TransportError> {
        match (&mut self.from, verdict) {
            (From::Hopper(hopper), Verdict::Good | Verdict::Bad) => {
                let sorted = hopper.sort(verdict == Verdict::Good);
                sorted.map_err(|e| transport(&self.name, e))
            }
            (From::Card { given, .. }, Verdict::Again) => {
                *given = false;
                Ok(())
            }
            _ => Ok(()),
        }
    }
}
