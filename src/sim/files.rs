// SPDX-License-Identifier: Apache-2.0
//! The file tree inside the chip and its space accounting (FMCOS 2.0 manuals, "file system"): MF, directories to three
//! levels, key files, binary, record and purse files. Every element costs an 11-byte header besides its body.

use serde::{Deserialize, Serialize};

use super::hex_bytes::{HexBytes, KeyBytes, hex8, hex16};
use super::keys::{KeyFile, KeyRecord};

pub(super) const HEADER: u32 = 11;
pub(super) const PURSE_BODY: u32 = 22;
/// The name of every MF.
pub(super) const MF_NAME: &[u8] = b"1PAY.SYS.DDF01";

/// Whether an application is blocked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Block {
    #[default]
    No,
    Temporary,
    Permanent,
}

/// MF or DF.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Directory {
    #[serde(with = "hex16")]
    pub(super) fid: u16,
    pub(super) name: HexBytes,
    pub(super) space: u16,
    #[serde(with = "hex8")]
    pub(super) create_access: u8,
    #[serde(with = "hex8")]
    pub(super) erase_access: u8,
    #[serde(with = "hex8")]
    pub(super) application_file: u8,
    #[serde(default)]
    pub(super) block: Block,
    #[serde(default)]
    pub(super) failed_unblocks: u8,
    /// Erased: open at every entry until a key file exists.
    #[serde(default)]
    pub(super) erased: bool,
    pub(super) key_file: Option<KeyFile>,
    pub(super) files: Vec<ElementaryFile>,
    pub(super) children: Vec<Directory>,
    /// PSAM: keys by usage byte.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) sam_keys: Vec<KeyRecord>,
    /// PSAM: terminal transaction counter where no file 0018 holds it.
    #[serde(default)]
    pub(super) terminal_counter: u32,
    /// PSAM: wrong MAC2 in a row.
    #[serde(default)]
    pub(super) wrong_mac2: u8,
}

impl Directory {
    pub(super) fn new(
        fid: u16,
        name: &[u8],
        space: u16,
        create_access: u8,
        erase_access: u8,
        application_file: u8,
    ) -> Self {
        Self {
            fid,
            name: HexBytes(name.to_vec()),
            space,
            create_access,
            erase_access,
            application_file,
            block: Block::No,
            failed_unblocks: 0,
            erased: false,
            key_file: None,
            files: Vec::new(),
            children: Vec::new(),
            sam_keys: Vec::new(),
            terminal_counter: 0,
            wrong_mac2: 0,
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.files.is_empty() && self.children.is_empty() && self.key_file.is_none() && self.sam_keys.is_empty()
    }

    /// Whether entering opens it: anything may be created and written until it is left.
    pub(super) fn opens(&self) -> bool {
        self.key_file.is_none() && self.sam_keys.is_empty() && (self.erased || self.is_empty())
    }

    pub(super) fn has_fid(&self, fid: u16) -> bool {
        self.files.iter().any(|f| f.fid == fid)
            || self.children.iter().any(|d| d.fid == fid)
            || self.key_file.as_ref().is_some_and(|k| k.fid == fid)
    }

    pub(super) fn file(&self, fid: u16) -> Option<&ElementaryFile> {
        self.files.iter().find(|f| f.fid == fid)
    }

    pub(super) fn file_mut(&mut self, fid: u16) -> Option<&mut ElementaryFile> {
        self.files.iter_mut().find(|f| f.fid == fid)
    }

    /// Everything below the directory is gone.
    pub(super) fn erase(&mut self) {
        self.key_file = None;
        self.files.clear();
        self.children.clear();
        self.sam_keys.clear();
        self.terminal_counter = 0;
        self.wrong_mac2 = 0;
        self.erased = true;
    }

    /// Bytes taken inside the directory; children count with their declared space if `declared`.
    pub(super) fn used(&self, declared: bool) -> u32 {
        let name = if self.name.as_slice() == MF_NAME {
            0
        } else {
            self.name.len() as u32
        };
        let keys = self.key_file.as_ref().map_or(0, |k| HEADER + u32::from(k.size));
        let loose: u32 = match self.key_file {
            Some(_) => 0,
            None => self.sam_keys.iter().map(KeyRecord::space).sum(),
        };
        let files: u32 = self.files.iter().map(|f| HEADER + f.body.size()).sum();
        let below = |d: &Directory| if declared { u32::from(d.space) } else { d.used(false) };
        HEADER + name + keys + loose + files + self.children.iter().map(below).sum::<u32>()
    }

    /// Whether a name stands anywhere in this tree.
    pub(super) fn knows_name(&self, name: &[u8]) -> bool {
        self.name.as_slice() == name || self.children.iter().any(|d| d.knows_name(name))
    }
}

/// Binary, record or purse file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ElementaryFile {
    #[serde(with = "hex16")]
    pub(super) fid: u16,
    /// +80: MAC on access.
    pub(super) mac: bool,
    /// +40: encryption on access.
    pub(super) cipher: bool,
    #[serde(with = "hex8")]
    pub(super) read_access: u8,
    #[serde(with = "hex8")]
    pub(super) write_access: u8,
    /// Byte 7 of the creation data: protection byte, or the log's short identifier of a purse.
    #[serde(with = "hex8")]
    pub(super) protection: u8,
    pub(super) body: Body,
}

impl ElementaryFile {
    /// Identifier of the line protection key for reading (true) or writing (false).
    pub(super) fn line_key(&self, reading: bool) -> u8 {
        let bits = if reading { self.protection >> 2 } else { self.protection };
        3 - (bits & 0x03)
    }

    /// Whether plain reading is allowed although writing is protected.
    pub(super) fn plain_reading(&self) -> bool {
        self.protection & 0x80 != 0
    }
}

/// What a file holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Body {
    /// Bytes; `sound` is false until the first write and after a torn one.
    Binary {
        data: HexBytes,
        sound: bool,
    },
    /// Numbered records of one length.
    Fixed {
        count: u8,
        length: u8,
        records: Vec<HexBytes>,
    },
    /// Tag-length-value records, `size` bytes in all.
    Variable {
        size: u16,
        records: Vec<HexBytes>,
    },
    /// Newest first.
    Cyclic {
        count: u8,
        length: u8,
        records: Vec<HexBytes>,
    },
    Purse(Purse),
}

impl Body {
    pub(super) fn size(&self) -> u32 {
        match self {
            Self::Binary { data, .. } => data.len() as u32,
            Self::Fixed { count, length, .. } | Self::Cyclic { count, length, .. } => {
                u32::from(*count) * (u32::from(*length) + 1)
            }
            Self::Variable { size, .. } => u32::from(*size),
            Self::Purse(_) => PURSE_BODY,
        }
    }
}

/// An electronic deposit (ED, file 0001) or purse (EP, file 0002).
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Purse {
    /// Fen; with the overdraft limit in it.
    pub(super) balance: u32,
    pub(super) limit: u32,
    pub(super) online: u16,
    pub(super) offline: u16,
    /// Short identifier of a log of its own for loads; the protection byte names the other one.
    #[serde(default)]
    pub(super) load_log: Option<u8>,
    pub(super) last: Option<LastTransaction>,
}

/// What GET TRANSACTION PROOF can give.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct LastTransaction {
    #[serde(with = "hex8")]
    pub(super) kind: u8,
    pub(super) counter_before: u16,
    pub(super) mac: HexBytes,
    pub(super) tac: HexBytes,
}

/// Everything that survives power-off.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Memory {
    /// Chip number: 8 bytes, given out in the ATR.
    pub(super) serial: HexBytes,
    /// CARD BLOCK was done.
    pub(super) dead: bool,
    /// Metro card: personalisation has ended.
    #[serde(default)]
    pub(super) finished: bool,
    /// Metro card: the nine-byte security authentication code.
    #[serde(default)]
    pub(super) security_code: Option<HexBytes>,
    pub(super) mf: Option<Directory>,
    /// M1: the blocks, with the keys that stand in them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) blocks: Vec<KeyBytes>,
}

impl Memory {
    /// The directory at a path of child positions.
    pub(super) fn at(&self, path: &[usize]) -> Option<&Directory> {
        path.iter().try_fold(self.mf.as_ref()?, |dir, i| dir.children.get(*i))
    }

    pub(super) fn at_mut(&mut self, path: &[usize]) -> Option<&mut Directory> {
        path.iter()
            .try_fold(self.mf.as_mut()?, |dir, i| dir.children.get_mut(*i))
    }
}
