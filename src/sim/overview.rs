// SPDX-License-Identifier: Apache-2.0
//! What may be shown of a simulated card: structure, states, counters, purses, and of a key its type, identifier, tries and
//! check value. No key value, no PIN, no check value of a PIN.

use serde::Serialize;

use super::blank::TRANSPORT_KEY;
use super::card::SimCard;
use super::files::{Block, Body, Directory, ElementaryFile};
use super::keys::{KeyRecord, plain_kind};
use super::options::Chip;

/// One card, ready to be shown.
#[derive(Debug, Clone, Serialize)]
pub struct Overview {
    /// `fmcos`, `psam`, `metro` or `m1`.
    pub chip: Chip,
    /// Chip number, hex.
    pub serial: String,
    /// Answer to reset, hex.
    pub atr: String,
    /// Where the card stands in its life.
    pub state: CardState,
    /// Directories, the MF first.
    pub directories: Vec<DirectoryView>,
    /// Sectors of an M1 chip.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub sectors: Vec<SectorView>,
}

/// A sector of an M1 chip, without its keys.
#[derive(Debug, Clone, Serialize)]
pub struct SectorView {
    /// Its number.
    pub number: usize,
    /// Its data blocks, hex.
    pub blocks: Vec<String>,
    /// Access bits and the byte behind them, hex.
    pub access: String,
    /// Whether key A and key B are the maker's.
    pub transport: [bool; 2],
}

/// Where a card stands in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum CardState {
    /// No MF.
    Factory,
    /// The maker's transport key opens it and there is no application.
    Blank,
    /// An application or an own control key is on it.
    InPersonalisation,
    /// Own control key and an application (metro card: personalisation was ended).
    Personalised,
    /// CARD BLOCK was done.
    Dead,
}

/// A directory.
#[derive(Debug, Clone, Serialize)]
pub struct DirectoryView {
    /// File identifier, hex.
    pub fid: String,
    /// Name, hex.
    pub name: String,
    /// Levels below the MF.
    pub level: usize,
    /// Declared bytes; 65535 is the whole chip.
    pub space: u16,
    /// Bytes taken.
    pub used: u32,
    /// `no`, `temporary` or `permanent`.
    pub blocked: &'static str,
    /// Keys.
    pub keys: Vec<KeyView>,
    /// Files.
    pub files: Vec<FileView>,
}

/// A key, without its value.
#[derive(Debug, Clone, Serialize)]
pub struct KeyView {
    /// Type byte, or usage byte of a PSAM key, hex.
    pub kind: String,
    /// Identifier, for a PSAM key its version, hex.
    pub id: String,
    /// Version, hex.
    pub version: String,
    /// Tries left; none where the key has no counter.
    pub tries_left: Option<u8>,
    /// Bytes of the value.
    pub length: usize,
    /// Check value, hex; none for a PIN.
    pub kcv: Option<String>,
    /// Whether this is the maker's transport key.
    pub transport: bool,
}

/// A file.
#[derive(Debug, Clone, Serialize)]
pub struct FileView {
    /// File identifier, hex.
    pub fid: String,
    /// `binary`, `fixed`, `variable`, `cyclic`, `purse`.
    pub kind: &'static str,
    /// Bytes of the body.
    pub size: u32,
    /// Read (for a purse: use) and write access, hex.
    pub access: String,
    /// Records held.
    pub records: Option<usize>,
    /// Balance in fen.
    pub balance: Option<u32>,
    /// Online and offline transaction counter.
    pub counters: Option<(u16, u16)>,
}

impl SimCard {
    /// What may be shown.
    pub fn overview(&self) -> Overview {
        let mut directories = Vec::new();
        if let Some(mf) = &self.memory.mf {
            self.view(mf, 0, &mut directories);
        }
        Overview {
            chip: self.chip,
            serial: hex::encode_upper(self.memory.serial.as_slice()),
            atr: self.atr().to_string(),
            state: self.life(),
            directories,
            sectors: self.sector_views(),
        }
    }

    fn life(&self) -> CardState {
        if self.chip == Chip::M1 {
            let own = self.sector_views().iter().any(|s| s.transport != [true; 2]);
            return if own { CardState::Personalised } else { CardState::Blank };
        }
        let Some(mf) = &self.memory.mf else {
            return if self.memory.dead {
                CardState::Dead
            } else {
                CardState::Factory
            };
        };
        let keys = mf.key_file.iter().flat_map(|f| &f.keys);
        let controls = keys.filter(|k| plain_kind(self.chip, k.kind) == 0x39);
        let own = controls
            .chain(mf.sam_keys.iter().filter(|k| k.kind == 0))
            .any(|k| !is_transport(k));
        let has_application = self.chip != Chip::Metro && !mf.children.is_empty();
        match (own, has_application) {
            _ if self.memory.dead => CardState::Dead,
            _ if self.memory.finished => CardState::Personalised,
            (false, false) if self.chip == Chip::Metro || !mf.erased => CardState::Blank,
            (true, true) => CardState::Personalised,
            _ => CardState::InPersonalisation,
        }
    }

    fn view(&self, dir: &Directory, level: usize, out: &mut Vec<DirectoryView>) {
        let keys = dir
            .key_file
            .iter()
            .flat_map(|f| &f.keys)
            .map(|k| self.key_view(k, k.id));
        let sam_keys = dir.sam_keys.iter().map(|k| self.key_view(k, k.version));
        out.push(DirectoryView {
            fid: format!("{:04X}", dir.fid),
            name: hex::encode_upper(dir.name.as_slice()),
            level,
            space: dir.space,
            used: dir.used(self.options.enforce_space),
            blocked: match dir.block {
                Block::No => "no",
                Block::Temporary => "temporary",
                Block::Permanent => "permanent",
            },
            keys: keys.chain(sam_keys).collect(),
            files: dir.files.iter().map(file_view).collect(),
        });
        for child in &dir.children {
            self.view(child, level + 1, out);
        }
    }

    fn key_view(&self, key: &KeyRecord, id: u8) -> KeyView {
        let is_pin = plain_kind(self.chip, key.kind) == 0x3A && key.value.len() <= 8;
        KeyView {
            kind: format!("{:02X}", key.kind),
            id: format!("{id:02X}"),
            version: format!("{:02X}", key.version),
            tries_left: key.counter.map(|c| c & 0x0F),
            length: key.value.len(),
            kcv: (!is_pin).then(|| hex::encode_upper(self.ready(key).check_value())),
            transport: is_transport(key),
        }
    }
}

fn is_transport(key: &KeyRecord) -> bool {
    TRANSPORT_KEY.starts_with(&key.value)
}

fn file_view(file: &ElementaryFile) -> FileView {
    let (kind, records, purse) = match &file.body {
        Body::Binary { .. } => ("binary", None, None),
        Body::Fixed { records, .. } => ("fixed", Some(records.len()), None),
        Body::Variable { records, .. } => ("variable", Some(records.len()), None),
        Body::Cyclic { records, .. } => ("cyclic", Some(records.len()), None),
        Body::Purse(purse) => ("purse", None, Some(purse)),
    };
    FileView {
        fid: format!("{:04X}", file.fid),
        kind,
        size: file.body.size(),
        access: format!("{:02X} {:02X}", file.read_access, file.write_access),
        records,
        balance: purse.map(|p| p.balance),
        counters: purse.map(|p| (p.online, p.offline)),
    }
}
