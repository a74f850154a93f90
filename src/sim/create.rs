// SPDX-License-Identifier: Apache-2.0
//! CREATE FILE and ERASE DF (FMCOS 2.0 special manual): creation data, what must be unique, three levels, space.

use crate::iso7816::StatusWord;

use super::card::{Request, SimCard};
use super::files::{Body, Directory, ElementaryFile, HEADER, MF_NAME, Purse};
use super::hex_bytes::HexBytes;
use super::keys::KeyFile;
use super::sw::{self, Handled};

impl SimCard {
    pub(super) fn create_file(&mut self, r: &Request) -> Handled {
        let fid = u16::from_be_bytes([r.p1(), r.p2()]);
        if fid == 0x3F00 {
            return self.create_mf(r.data());
        }
        self.demand(self.here()?.create_access)?;
        let kind = *r.data().first().ok_or(sw::LENGTH)?;
        if self.here()?.has_fid(fid) {
            return Err(sw::PARAMETERS);
        }
        match kind {
            0x38 => self.create_directory(fid, r.data()),
            0x3F => self.create_key_file(fid, r.data()),
            _ => self.create_elementary(fid, r.data()),
        }
    }

    /// In factory state, or over an erased MF. The tail of the data is read both ways that the manual shows: directory file
    /// and 7 × FF, or a transport code of 8 × FF.
    fn create_mf(&mut self, data: &[u8]) -> Handled {
        let [0x38, s1, s2, create, erase, tail @ ..] = data else {
            return Err(sw::LENGTH);
        };
        if tail.len() < 8 {
            return Err(sw::LENGTH);
        }
        if let Some(mf) = &self.memory.mf {
            let again = self.options.recreate_empty_mf && self.now.path.is_empty() && self.now.open && mf.is_empty();
            if !again {
                return Err(sw::PARAMETERS);
            }
        }
        if tail[1..3] != [0xFF, 0xFF] {
            return Err(sw::ACCESS);
        }
        let application_file = if tail[0] == 0xFF { 0x01 } else { tail[0] };
        let name = if tail[3..].iter().all(|b| *b == 0xFF) {
            MF_NAME
        } else {
            &tail[3..]
        };
        let space = u16::from_be_bytes([*s1, *s2]);
        self.memory.mf = Some(Directory::new(0x3F00, name, space, *create, *erase, application_file));
        self.now.path.clear();
        self.now.open = true;
        self.now.current_file = None;
        sw::done()
    }

    fn create_directory(&mut self, fid: u16, data: &[u8]) -> Handled {
        let [_, s1, s2, create, erase, application_file, _, _, name @ ..] = data else {
            return Err(sw::LENGTH);
        };
        if !(2..=16).contains(&name.len()) {
            return Err(sw::LENGTH);
        }
        if self.now.path.len() >= 2 {
            return Err(sw::DATA);
        }
        if self.memory.mf.as_ref().is_some_and(|mf| mf.knows_name(name)) {
            return Err(sw::PARAMETERS);
        }
        let made = Directory::new(
            fid,
            name,
            u16::from_be_bytes([*s1, *s2]),
            *create,
            *erase,
            *application_file,
        );
        let space = if self.options.enforce_space {
            u32::from(made.space)
        } else {
            made.used(false)
        };
        if space < made.used(false) {
            return Err(sw::NO_ROOM);
        }
        self.demand_room(space)?;
        self.here_mut()?.children.push(made);
        sw::done()
    }

    fn create_key_file(&mut self, fid: u16, data: &[u8]) -> Handled {
        let [_, s1, s2, short_id, add_access, _, _] = *data else {
            return Err(sw::LENGTH);
        };
        let here = self.here()?;
        if here.key_file.is_some() || !here.files.is_empty() || !here.children.is_empty() {
            return Err(sw::PARAMETERS);
        }
        let size = u16::from_be_bytes([s1, s2]);
        self.demand_room(HEADER + u32::from(size))?;
        self.here_mut()?.key_file = Some(KeyFile {
            fid,
            size,
            short_id,
            add_access,
            keys: Vec::new(),
        });
        sw::done()
    }

    fn create_elementary(&mut self, fid: u16, data: &[u8]) -> Handled {
        let [kind, s1, s2, read_access, write_access, _, protection] = *data else {
            return Err(sw::LENGTH);
        };
        let file = ElementaryFile {
            fid,
            mac: kind & 0x80 != 0,
            cipher: kind & 0x40 != 0,
            read_access,
            write_access,
            protection,
            body: self.fresh_body(kind & 0x3F, s1, s2)?,
        };
        self.demand_room(HEADER + file.body.size())?;
        self.here_mut()?.files.push(file);
        sw::done()
    }

    fn fresh_body(&self, kind: u8, s1: u8, s2: u8) -> Result<Body, StatusWord> {
        let size = u16::from_be_bytes([s1, s2]);
        let records = Vec::new();
        let enough = if s1 < 2 { Err(sw::DATA) } else { Ok(()) };
        match kind {
            0x28 => Ok(Body::Binary {
                data: HexBytes(vec![self.options.erased_byte; usize::from(size)]),
                sound: false,
            }),
            0x2A => enough.map(|()| Body::Fixed {
                count: s1,
                length: s2,
                records,
            }),
            0x2C => Ok(Body::Variable { size, records }),
            0x2E => enough.map(|()| Body::Cyclic {
                count: s1,
                length: s2,
                records,
            }),
            0x2F if size == 0x0208 => Ok(Body::Purse(Purse::default())),
            _ => Err(sw::DATA),
        }
    }

    /// Whether `more` bytes fit the current directory and the chip.
    pub(super) fn demand_room(&self, more: u32) -> Result<(), StatusWord> {
        let enforced = self.options.enforce_space;
        let here = self.here()?;
        let chip = self.options.chip_bytes;
        let limit = if here.space == 0xFFFF {
            chip
        } else {
            u32::from(here.space)
        };
        if enforced && here.used(true) + more > limit {
            return Err(sw::NO_ROOM);
        }
        let all = self.memory.mf.as_ref().map_or(0, |mf| mf.used(enforced));
        // Inside a directory of declared size the chip's bytes were taken when it was created.
        let already = enforced && !self.now.path.is_empty();
        if !already && all + more > chip {
            Err(sw::NO_ROOM)
        } else {
            Ok(())
        }
    }

    pub(super) fn erase_directory(&mut self, r: &Request) -> Handled {
        if r.p1() != 0 || r.p2() != 0 {
            return Err(sw::PARAMETERS);
        }
        self.demand(self.here()?.erase_access)?;
        self.here_mut()?.erase();
        self.now.open = true;
        self.now.current_file = None;
        self.now.pointer = None;
        self.now.pin_verified = false;
        sw::done()
    }
}
