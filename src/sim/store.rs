// SPDX-License-Identifier: Apache-2.0
//! A card is one JSON file `FOLDER/NAME.card.json` (format `cardmint-sim-card/1`), replaced as a whole: temporary file,
//! fsync, rename, fsync of the folder. `NAME.lock` keeps two processes from holding one card; `NAME.faults.json` holds the
//! planned faults. Key values stand in the card file in clear: it is the chip.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use zeroize::Zeroize;

use super::card::SimCard;
use super::faults::{PlannedFault, SimFaults};
use super::files::Memory;
use super::options::{Chip, SimOptions};
use crate::error::{Exit, Fault};
use crate::i18n::Msg;
use crate::msg;

const CARD_FORMAT: &str = "cardmint-sim-card/1";
const FAULT_FORMAT: &str = "cardmint-sim-faults/1";

/// Where a simulated card lies: `FOLDER/NAME`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CardPath {
    folder: PathBuf,
    name: String,
}

/// What can go wrong with card files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StoreError {
    /// The folder does not exist.
    NoFolder {
        /// The folder.
        folder: PathBuf,
    },
    /// No card of that name.
    NoCard {
        /// The card.
        card: String,
    },
    /// A card of that name exists already.
    Exists {
        /// The card.
        card: String,
    },
    /// Another process holds the card.
    InUse {
        /// The card.
        card: String,
    },
    /// The file is no card file of this version.
    Damaged {
        /// The file.
        file: PathBuf,
        /// Where in it.
        line: usize,
    },
    /// The file could not be read or written.
    Io {
        /// The file.
        file: PathBuf,
        /// What the system says.
        what: String,
    },
    /// Not of the form FOLDER/NAME.
    Path {
        /// What was given.
        given: String,
    },
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct CardFile {
    format: String,
    chip: Chip,
    seed: Option<u64>,
    options: SimOptions,
    memory: Memory,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct FaultFile {
    format: String,
    faults: Vec<PlannedFault>,
}

impl CardPath {
    /// A card in a folder.
    pub fn new(folder: impl Into<PathBuf>, name: impl Into<String>) -> Self {
        Self {
            folder: folder.into(),
            name: name.into(),
        }
    }

    /// Reads `FOLDER/NAME`, with or without `sim:` in front and `.card.json` behind.
    pub fn parse(text: &str) -> Result<Self, StoreError> {
        let bare = text.strip_prefix("sim:").unwrap_or(text);
        let bare = Path::new(bare.strip_suffix(".card.json").unwrap_or(bare));
        match (bare.parent(), bare.file_name().and_then(|n| n.to_str())) {
            (Some(folder), Some(name)) => {
                let folder = if folder.as_os_str().is_empty() {
                    Path::new(".")
                } else {
                    folder
                };
                Ok(Self::new(folder, name))
            }
            _ => Err(StoreError::Path { given: text.to_owned() }),
        }
    }

    /// The card's name in its folder.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// How the reader of this card is called: `sim:FOLDER/NAME`.
    pub fn reader(&self) -> String {
        format!("sim:{}", self.folder.join(&self.name).display())
    }

    /// Whether the card is there.
    pub(super) fn exists(&self) -> bool {
        self.file("card.json").is_file()
    }

    /// Moves the card into another folder of the same disk, its planned faults with it.
    pub(super) fn move_to(&self, folder: &Path) -> Result<Self, StoreError> {
        let there = Self::new(folder, self.name.clone());
        if there.exists() {
            return Err(StoreError::Exists { card: there.reader() });
        }
        // The card last: a card in its place is whole.
        for ending in ["faults.json", "card.json"] {
            let (from, to) = (self.file(ending), there.file(ending));
            match fs::rename(&from, &to) {
                Err(e) if e.kind() == io::ErrorKind::NotFound && ending != "card.json" => (),
                moved => moved.map_err(|e| io_fault(&from, &e))?,
            }
        }
        let _ = fs::remove_file(self.file("lock"));
        Ok(there)
    }

    fn file(&self, ending: &str) -> PathBuf {
        self.folder.join(format!("{}.{ending}", self.name))
    }

    /// Takes the card for this process; let go of by dropping the file.
    pub(super) fn lock(&self) -> Result<File, StoreError> {
        if !self.folder.is_dir() {
            return Err(StoreError::NoFolder {
                folder: self.folder.clone(),
            });
        }
        if !self.file("card.json").is_file() {
            return Err(StoreError::NoCard { card: self.reader() });
        }
        let path = self.file("lock");
        let file = OpenOptions::new().create(true).truncate(false).write(true).open(&path);
        let file = file.map_err(|e| io_fault(&path, &e))?;
        match file.try_lock() {
            Ok(()) => Ok(file),
            Err(fs::TryLockError::WouldBlock) => Err(StoreError::InUse { card: self.reader() }),
            Err(fs::TryLockError::Error(e)) => Err(io_fault(&path, &e)),
        }
    }

    /// Writes a new card; refuses to replace one.
    pub fn create(&self, card: &SimCard) -> Result<(), StoreError> {
        fs::create_dir_all(&self.folder).map_err(|e| io_fault(&self.folder, &e))?;
        if self.file("card.json").exists() {
            return Err(StoreError::Exists { card: self.reader() });
        }
        self.save(card)
    }

    /// Reads the card.
    pub fn load(&self) -> Result<SimCard, StoreError> {
        let path = self.file("card.json");
        let text = fs::read(&path).map_err(|e| match e.kind() {
            io::ErrorKind::NotFound => StoreError::NoCard { card: self.reader() },
            _ => io_fault(&path, &e),
        })?;
        let file: CardFile = serde_json::from_slice(&text).map_err(|e| damaged(&path, e.line()))?;
        if file.format != CARD_FORMAT || file.memory.serial.len() != 8 {
            return Err(damaged(&path, 1));
        }
        Ok(SimCard::from_memory(file.chip, file.options, file.memory, file.seed))
    }

    /// Replaces the card file durably.
    pub(super) fn save(&self, card: &SimCard) -> Result<(), StoreError> {
        let file = CardFile {
            format: CARD_FORMAT.to_owned(),
            chip: card.chip,
            seed: card.seed,
            options: card.options.clone(),
            memory: card.memory.clone(),
        };
        self.replace("card.json", &file, card.options.durable)
    }

    /// The planned faults; none without the file.
    pub fn faults(&self) -> Result<SimFaults, StoreError> {
        let path = self.file("faults.json");
        let text = match fs::read(&path) {
            Ok(text) => text,
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(SimFaults::default()),
            Err(e) => return Err(io_fault(&path, &e)),
        };
        let file: FaultFile = serde_json::from_slice(&text).map_err(|e| damaged(&path, e.line()))?;
        if file.format != FAULT_FORMAT {
            return Err(damaged(&path, 1));
        }
        Ok(SimFaults::new(file.faults))
    }

    /// Plans faults; without any, the file goes.
    pub fn plan(&self, faults: &[PlannedFault]) -> Result<(), StoreError> {
        if faults.is_empty() {
            let path = self.file("faults.json");
            return match fs::remove_file(&path) {
                Err(e) if e.kind() != io::ErrorKind::NotFound => Err(io_fault(&path, &e)),
                _ => Ok(()),
            };
        }
        let file = FaultFile {
            format: FAULT_FORMAT.to_owned(),
            faults: faults.to_vec(),
        };
        self.replace("faults.json", &file, true)
    }

    fn replace(&self, ending: &str, contents: &impl Serialize, durable: bool) -> Result<(), StoreError> {
        let (path, temporary) = (self.file(ending), self.file(&format!("{ending}.new")));
        let written = || -> io::Result<()> {
            let mut file = private_file(&temporary)?;
            let mut text = serde_json::to_vec_pretty(contents)?;
            text.push(b'\n');
            file.write_all(&text)?;
            text.zeroize();
            if durable {
                file.sync_all()?;
            }
            fs::rename(&temporary, &path)?;
            if durable {
                File::open(&self.folder)?.sync_all()
            } else {
                Ok(())
            }
        };
        written().map_err(|e| io_fault(&path, &e))
    }
}

/// The names of the cards in a folder, sorted.
pub fn cards_in(folder: &Path) -> Result<Vec<CardPath>, StoreError> {
    let entries = fs::read_dir(folder).map_err(|e| match e.kind() {
        io::ErrorKind::NotFound => StoreError::NoFolder {
            folder: folder.to_owned(),
        },
        _ => io_fault(folder, &e),
    })?;
    let named = |entry: io::Result<fs::DirEntry>| {
        let name = entry.ok()?.file_name().into_string().ok()?;
        name.strip_suffix(".card.json").map(str::to_owned)
    };
    let mut names: Vec<String> = entries.filter_map(named).collect();
    names.sort();
    Ok(names.into_iter().map(|n| CardPath::new(folder, n)).collect())
}

fn private_file(path: &Path) -> io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt;
    OpenOptions::new()
        .create(true)
        .truncate(true)
        .write(true)
        .mode(0o600)
        .open(path)
}

pub(super) fn io_fault(file: &Path, e: &io::Error) -> StoreError {
    StoreError::Io {
        file: file.to_owned(),
        what: e.to_string(),
    }
}

fn damaged(file: &Path, line: usize) -> StoreError {
    StoreError::Damaged {
        file: file.to_owned(),
        line,
    }
}

impl Fault for StoreError {
    fn msg(&self) -> Msg {
        match self {
            Self::NoFolder { folder } => msg!("sim-no-folder", folder = folder.display()),
            Self::NoCard { card } => msg!("sim-no-card", card = card),
            Self::Exists { card } => msg!("sim-exists", card = card),
            Self::InUse { card } => msg!("transport-in-use", reader = card),
            Self::Damaged { file, line } => msg!("sim-damaged", file = file.display(), line = line),
            Self::Io { file, what } => msg!("sim-io", file = file.display(), what = what),
            Self::Path { given } => msg!("sim-path", given = given),
        }
    }

    fn exit(&self) -> Exit {
        match self {
            Self::NoFolder { .. } | Self::NoCard { .. } | Self::Exists { .. } | Self::Path { .. } => Exit::Usage,
            Self::Damaged { .. } => Exit::Check,
            Self::InUse { .. } | Self::Io { .. } => Exit::Device,
        }
    }
}

crate::display_as_english!(StoreError);
