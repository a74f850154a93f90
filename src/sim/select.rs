// SPDX-License-Identifier: Apache-2.0
//! SELECT (FMCOS 2.0 manual, "SELECT"): by file identifier, by name; the FCI; what a new current directory clears. A blocked
//! application is entered and answers 6A81.

use crate::iso7816::StatusWord;

use super::card::{Request, SimCard};
use super::files::{Block, Body, Directory};
use super::options::Chip;
use super::sw::{self, Answer, Handled};

/// The instance that a metro card's contact side selects first; it stands for the MF.
const METRO_INSTANCE: &[u8] = &[0xA0, 0, 0, 0, 0x03, 0x86, 0x98, 0x07, 0x00];

/// Bytes of a file that fit an FCI beside a name of 16 bytes.
const LONGEST_IN_FCI: usize = 200;

enum Target {
    Directory(Vec<usize>),
    File(u16),
}

impl SimCard {
    pub(super) fn select(&mut self, r: &Request) -> Handled {
        if r.p2() != 0 {
            return Err(sw::PARAMETERS);
        }
        let target = match (r.p1(), r.data()) {
            (0x00 | 0x04, []) => Target::Directory(Vec::new()),
            (0x00, [high, low]) => self.by_fid(u16::from_be_bytes([*high, *low]))?,
            (0x00, _) => return Err(sw::LENGTH),
            (0x04, name) => self.by_name(name)?,
            _ => return Err(sw::PARAMETERS),
        };
        match target {
            Target::Directory(path) => self.enter(path),
            Target::File(fid) => {
                if self.here()?.block != Block::No {
                    return Err(sw::BLOCKED);
                }
                self.now.current_file = Some(fid);
                self.now.pointer = None;
                sw::done()
            }
        }
    }

    fn by_fid(&self, fid: u16) -> Result<Target, StatusWord> {
        if fid == 0x3F00 {
            return Ok(Target::Directory(Vec::new()));
        }
        let (here, path) = (self.here()?, &self.now.path);
        if self.options.fid_quirks && here.fid == fid {
            return Ok(Target::Directory(path.clone()));
        }
        if here.file(fid).is_some() || here.key_file.as_ref().is_some_and(|k| k.fid == fid) {
            return Ok(Target::File(fid));
        }
        if let Some(i) = here.children.iter().position(|d| d.fid == fid) {
            return Ok(Target::Directory([path.as_slice(), &[i]].concat()));
        }
        if self.options.fid_quirks && here.is_empty() && !path.is_empty() {
            let above = &path[..path.len() - 1];
            let siblings = self.memory.at(above).map_or(&[][..], |d| &d.children);
            if let Some(i) = siblings.iter().position(|d| d.fid == fid) {
                return Ok(Target::Directory([above, &[i]].concat()));
            }
        }
        Err(sw::NO_FILE)
    }

    /// The MF, the current directory, its siblings and its children.
    fn by_name(&self, name: &[u8]) -> Result<Target, StatusWord> {
        let is = |d: &Directory| d.name.as_slice() == name;
        let path = &self.now.path;
        if self.memory.mf.as_ref().is_some_and(is) || (self.chip == Chip::Metro && name == METRO_INSTANCE) {
            return Ok(Target::Directory(Vec::new()));
        }
        let above = &path[..path.len().saturating_sub(1)];
        for parent in [path.as_slice(), above] {
            let children = self.memory.at(parent).map_or(&[][..], |d| &d.children);
            if let Some(i) = children.iter().position(is) {
                return Ok(Target::Directory([parent, &[i]].concat()));
            }
        }
        Err(sw::NO_FILE)
    }

    fn enter(&mut self, path: Vec<usize>) -> Handled {
        self.now.state = if path.is_empty() { self.now.mf_state } else { 0 };
        self.now.path = path;
        // Selecting the current directory again is a new entry too: its open window ends.
        self.now.open = self.here()?.opens();
        self.now.current_file = None;
        self.now.pointer = None;
        self.now.pin_verified = false;
        let fci = self.fci(self.here()?);
        if self.here()?.block == Block::No {
            Ok(Answer::from(fci))
        } else if self.options.blocked_select_gives_fci {
            Ok(Answer::with(fci, sw::BLOCKED))
        } else {
            Err(sw::BLOCKED)
        }
    }

    fn fci(&self, dir: &Directory) -> Vec<u8> {
        let sfi = dir.application_file & 0x1F;
        let inside = match dir.application_file >> 5 {
            0b000 => vec![0x88, 0x01, sfi],
            0b100 => self.application_data(dir, sfi),
            _ => Vec::new(),
        };
        let mut out = tlv(&[0x84], &dir.name);
        if !inside.is_empty() {
            out.extend(tlv(&[0xA5], &inside));
        }
        tlv(&[0x6F], &out)
    }

    fn application_data(&self, dir: &Directory, sfi: u8) -> Vec<u8> {
        let contents = dir.file(u16::from(sfi)).and_then(|f| match &f.body {
            // An FCI is one answer: a longer file shows its beginning.
            Body::Binary { data, .. } => Some(&data[..data.len().min(LONGEST_IN_FCI)]),
            _ => None,
        });
        if contents.is_none() && dir.key_file.is_none() {
            return Vec::new();
        }
        let version = match (self.chip, contents) {
            (Chip::Metro, Some(data)) => data.get(9).copied(),
            _ => (self.options.fci_version != 0).then_some(self.options.fci_version),
        };
        let mut out = version.map_or_else(Vec::new, |v| vec![0x9F, 0x08, 0x01, v]);
        if let Some(data) = contents {
            out.extend(tlv(&[0x9F, 0x0C], data));
        }
        out
    }
}

fn tlv(tag: &[u8], value: &[u8]) -> Vec<u8> {
    let mut out = tag.to_vec();
    if value.len() > 0x7F {
        out.push(0x81);
    }
    out.push(value.len() as u8);
    out.extend_from_slice(value);
    out
}
