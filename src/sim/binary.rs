// SPDX-License-Identifier: Apache-2.0
//! READ BINARY and UPDATE BINARY (FMCOS 2.0 manual §7.5, 7.6). A file that was never written, or whose write was torn,
//! answers 6281 with its data.

use crate::iso7816::StatusWord;

use super::card::{Request, SimCard};
use super::files::Body;
use super::secure_messaging::{protect, wanted};
use super::sw::{self, Handled};

/// Most bytes of an answer when everything is asked for.
const LONGEST: usize = 239;

impl SimCard {
    /// P1 100sssss: short identifier, offset P2; below 80: offset P1 P2 in the current file.
    fn address(&mut self, r: &Request) -> Result<(u16, usize), StatusWord> {
        match r.p1() {
            p1 if p1 & 0xE0 == 0x80 => Ok((self.locate(p1 & 0x1F)?, usize::from(r.p2()))),
            p1 if p1 < 0x80 => Ok((self.locate(0)?, usize::from(p1) << 8 | usize::from(r.p2()))),
            _ => Err(sw::PARAMETERS),
        }
    }

    pub(super) fn read_binary(&mut self, r: &Request) -> Handled {
        let (fid, offset) = self.address(r)?;
        let file = self.here()?.file(fid).ok_or(sw::TYPE)?;
        if !matches!(file.body, Body::Binary { .. }) {
            return Err(sw::TYPE);
        }
        self.demand(file.read_access)?;
        let protection = self.outgoing(r, fid)?;
        let file = self.here()?.file(fid).ok_or(sw::TYPE)?;
        let Body::Binary { data, sound } = &file.body else {
            return Err(sw::TYPE);
        };
        let asked = wanted(r, file, protection.as_ref());
        if offset >= data.len() {
            return Err(sw::OFFSET);
        }
        let left = data.len() - offset;
        if asked > left && !self.options.short_read {
            return Err(sw::OFFSET);
        }
        let length = if asked == 0 { left.min(LONGEST) } else { left.min(asked) };
        let sw = if *sound { sw::OK } else { sw::CHECKSUM };
        protect(data[offset..offset + length].to_vec(), sw, protection)
    }

    pub(super) fn update_binary(&mut self, r: &Request) -> Handled {
        let (fid, offset) = self.address(r)?;
        let file = self.here()?.file(fid).ok_or(sw::TYPE)?;
        let Body::Binary { data, .. } = &file.body else {
            return Err(sw::TYPE);
        };
        let size = data.len();
        if r.data().is_empty() {
            return Err(sw::LENGTH);
        }
        self.demand(file.write_access)?;
        let bytes = self.incoming(r, fid)?;
        if bytes.is_empty() {
            return Err(sw::LENGTH);
        }
        if offset + bytes.len() > size {
            return Err(sw::OFFSET);
        }
        let torn = std::mem::take(&mut self.torn_write);
        let written = if torn { bytes.len() / 2 } else { bytes.len() };
        let file = self.here_mut()?.file_mut(fid).ok_or(sw::TYPE)?;
        if let Body::Binary { data, sound } = &mut file.body {
            data[offset..offset + written].copy_from_slice(&bytes[..written]);
            *sound = !torn;
        }
        sw::done()
    }
}
