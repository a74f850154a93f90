// SPDX-License-Identifier: Apache-2.0
//! A city and metro card with a preset structure: files and key slots exist from the start, personalisation writes keys and
//! contents. Key codes 39 36 50 03 to 0A 33 34; records `version algorithm errors state key`; the control key comes first
//! and everything else under it; `00 08` ends personalisation.

use super::card::{Request, SimCard};
use super::files::{Body, Directory, ElementaryFile, MF_NAME, Memory, Purse};
use super::hex_bytes::{HexBytes, KeyBytes};
use super::keys::{KeyFile, KeyRecord};
use super::sw::{self, Answer, Handled};

const APPLICATION: [u8; 9] = [0xA0, 0x00, 0x00, 0x00, 0x03, 0x86, 0x98, 0x07, 0x01];
/// Key slots of the MF and of the application: type, identifier.
const MF_SLOTS: [(u8, u8); 2] = [(0x39, 0), (0x36, 0)];
const SLOTS: [(u8, u8); 15] = [
    (0x39, 0),
    (0x50, 0),
    (0x36, 0),
    (0x36, 1),
    (0x03, 1),
    (0x04, 0),
    (0x05, 0),
    (0x06, 1),
    (0x07, 1),
    (0x07, 2),
    (0x08, 0),
    (0x09, 0),
    (0x0A, 0),
    (0x33, 0),
    (0x34, 0),
];
/// The PIN in the card image: 123456, eight tries.
const PRESET_PIN: [u8; 3] = [0x12, 0x34, 0x56];

impl SimCard {
    pub(super) fn dispatch_metro(&mut self, r: Request) -> Handled {
        let over = self.memory.finished;
        match (r.command.cla, r.command.ins) {
            (0x84, 0xD4) | (0x00, 0x22 | 0x08) if over => Err(sw::CONDITIONS),
            (0x04, 0xD6 | 0xDC | 0xE2) if over && !self.options.updates_after_end => Err(sw::CONDITIONS),
            (0x84, 0xD4) => self.write_metro_key(&r),
            (0x00, 0x22) => self.write_security_code(&r),
            (0x80, 0xCA) => self.read_security_code(&r),
            (0x00, 0x08) => {
                self.memory.finished = true;
                sw::done()
            }
            (0x80, 0xD4) => Err(sw::MAC_MISSING),
            (0x80, 0xE0 | 0x0E) => Err(sw::INSTRUCTION),
            _ => self.dispatch_fmcos(r),
        }
    }

    /// P1 type, P2 index, data: 24 bytes of cipher and MAC under the control key here, or above while there is none.
    fn write_metro_key(&mut self, r: &Request) -> Handled {
        let slots: &[(u8, u8)] = if self.now.path.is_empty() { &MF_SLOTS } else { &SLOTS };
        if !slots.contains(&(r.p1(), r.p2())) {
            return Err(sw::NO_KEY);
        }
        let is_control = r.p1() == 0x39;
        let has_control = |f: &KeyFile| f.keys.iter().any(|k| k.kind == 0x39);
        if !is_control && !self.here()?.key_file.as_ref().is_some_and(has_control) {
            return Err(sw::CONDITIONS);
        }
        let record = self.unwrap_record(r)?;
        let [version, algorithm, errors, state, value @ ..] = record.as_slice() else {
            return Err(sw::LENGTH);
        };
        if value.len() != 16 {
            return Err(sw::LENGTH);
        }
        let key = KeyRecord {
            kind: r.p1(),
            id: r.p2(),
            use_access: 0xF0,
            change_access: 0xF0,
            follow_up: *state,
            counter: Some(*errors),
            version: *version,
            algorithm: *algorithm,
            value: KeyBytes::new(value),
        };
        let keys = &mut self.here_mut()?.key_file.as_mut().ok_or(sw::NO_FILE)?.keys;
        match keys.iter_mut().find(|k| (k.kind, k.id) == (key.kind, key.id)) {
            Some(place) => *place = key,
            None => keys.push(key),
        }
        sw::done()
    }

    /// Nine bytes, after the MF's control key was presented.
    fn write_security_code(&mut self, r: &Request) -> Handled {
        if r.p1() != 0 || r.p2() != 0 {
            return Err(sw::PARAMETERS);
        }
        if !self.now.mf_authenticated {
            return Err(sw::ACCESS);
        }
        if r.data().len() != 9 {
            return Err(sw::LENGTH);
        }
        self.memory.security_code = Some(HexBytes(r.data().to_vec()));
        sw::done()
    }

    fn read_security_code(&mut self, r: &Request) -> Handled {
        match (&self.memory.security_code, r.p1(), r.p2()) {
            (Some(code), 0, 0) => Ok(Answer::from(code.0.clone())),
            (None, 0, 0) => Err(sw::NO_KEY),
            _ => Err(sw::PARAMETERS),
        }
    }
}

/// The card as it comes from its maker: preset files, transport key in the MF's control slot, preset PIN.
pub(super) fn preset(serial: [u8; 8]) -> Memory {
    let mut mf = Directory::new(0x3F00, MF_NAME, 0xFFFF, 0xEF, 0xEF, 0x01);
    mf.key_file = Some(key_file(vec![KeyRecord {
        follow_up: 0x01,
        ..super::blank::transport_key(0)
    }]));
    let directory_record = [
        &[0x70, 0x11, 0x61, 0x0F, 0x4F, 0x09][..],
        &APPLICATION,
        &[0x50, 0x02, 0x3F, 0x01],
    ]
    .concat();
    mf.files = vec![
        file(0x0001, true, 0xEF, 0xFF, variable(0x0100, vec![directory_record])),
        file(0x0005, true, 0xF0, 0xFF, binary(40)),
    ];
    let mut adf = Directory::new(0x3F01, &APPLICATION, 0x0800, 0xEF, 0xEF, 0x95);
    adf.key_file = Some(key_file(vec![KeyRecord {
        kind: 0x3A,
        follow_up: 0x01,
        counter: Some(0x88),
        value: KeyBytes::new(&PRESET_PIN),
        ..super::blank::transport_key(0)
    }]));
    let purse = Body::Purse(Purse {
        load_log: Some(0x1A),
        ..Purse::default()
    });
    adf.files = vec![
        file(0x0002, false, 0x00, 0x18, purse),
        file(0x0010, false, 0xEF, 0xFF, log()),
        file(0x0011, true, 0xF0, 0xFE, binary(32)),
        file(0x0012, true, 0xF0, 0xFE, binary(32)),
        file(0x0015, true, 0xF0, 0xFF, binary(30)),
        file(0x0016, true, 0xF0, 0xFF, binary(92)),
        file(0x0017, true, 0xF0, 0xFE, variable(0x0150, compound_records())),
        file(0x0018, false, 0xEF, 0xFF, log()),
        file(0x001A, false, 0xEF, 0xFF, log()),
    ];
    mf.children.push(adf);
    Memory {
        serial: HexBytes(serial.to_vec()),
        dead: false,
        finished: false,
        security_code: None,
        mf: Some(mf),
        blocks: Vec::new(),
    }
}

/// Tags 01 02 03 04 05 09 with 46 bytes each, and tag 11 with 22.
fn compound_records() -> Vec<Vec<u8>> {
    let blank = |tag: u8, length: u8| {
        let mut record = vec![0; usize::from(length) + 2];
        record[0] = tag;
        record[1] = length;
        record
    };
    let mut all: Vec<Vec<u8>> = [0x01, 0x02, 0x03, 0x04, 0x05, 0x09]
        .map(|tag| blank(tag, 0x2E))
        .to_vec();
    all.push(blank(0x11, 0x16));
    all
}

/// All files read freely; `protection` is the protection byte, for a purse its log.
fn file(fid: u16, mac: bool, write_access: u8, protection: u8, body: Body) -> ElementaryFile {
    ElementaryFile {
        fid,
        mac,
        cipher: false,
        read_access: 0xF0,
        write_access,
        protection,
        body,
    }
}

fn key_file(keys: Vec<KeyRecord>) -> KeyFile {
    KeyFile {
        fid: 0x0000,
        size: 0x0190,
        short_id: 0,
        add_access: 0xEF,
        keys,
    }
}

fn binary(size: usize) -> Body {
    // Preset files are readable zeroes, not "never written".
    Body::Binary {
        data: HexBytes(vec![0; size]),
        sound: true,
    }
}

fn variable(size: u16, records: Vec<Vec<u8>>) -> Body {
    Body::Variable {
        size,
        records: records.into_iter().map(HexBytes).collect(),
    }
}

fn log() -> Body {
    Body::Cyclic {
        count: 10,
        length: 23,
        records: Vec::new(),
    }
}
