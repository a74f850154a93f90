// SPDX-License-Identifier: Apache-2.0
//! READ, UPDATE and APPEND RECORD (FMCOS 2.0 manual §7.7 to 7.9) on fixed, variable (TLV) and cyclic files.

use crate::iso7816::StatusWord;

use super::card::{Request, SimCard};
use super::files::Body;
use super::hex_bytes::HexBytes;
use super::secure_messaging::{protect, wanted};
use super::sw::{self, Handled};

/// Which record a command means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// The record at this position, counted from 0.
    At(usize),
    /// A new one behind the last (cyclic: in front of the first).
    New,
}

impl SimCard {
    pub(super) fn read_record(&mut self, r: &Request) -> Handled {
        let fid = self.locate(r.p2() >> 3)?;
        let file = self.here()?.file(fid).ok_or(sw::TYPE)?;
        records(&file.body)?;
        self.demand(file.read_access)?;
        let protection = self.outgoing(r, fid)?;
        let file = self.here()?.file(fid).ok_or(sw::TYPE)?;
        let records = records(&file.body)?;
        let position = match r.p2() & 0x07 {
            0b100 => usize::from(r.p1()).checked_sub(1).ok_or(sw::NO_RECORD)?,
            0b000 if matches!(file.body, Body::Variable { .. }) => {
                tagged(records, r.p1()).next().ok_or(sw::NO_RECORD)?
            }
            _ => return Err(sw::PARAMETERS),
        };
        let record = records.get(position).ok_or(sw::NO_RECORD)?;
        let asked = wanted(r, file, protection.as_ref());
        if asked > record.len() {
            return Err(StatusWord(0x6C00 | record.len() as u16));
        }
        let length = if asked == 0 { record.len() } else { asked };
        let data = record[..length].to_vec();
        self.now.pointer = Some(position);
        protect(data, sw::OK, protection)
    }

    pub(super) fn update_record(&mut self, r: &Request) -> Handled {
        let fid = self.locate(r.p2() >> 3)?;
        let file = self.here()?.file(fid).ok_or(sw::TYPE)?;
        let place = place(&file.body, r.p1(), r.p2() & 0x07, self.now.pointer)?;
        self.write_record(r, fid, place)
    }

    pub(super) fn append_record(&mut self, r: &Request) -> Handled {
        if r.p1() != 0 || !matches!(r.p2() & 0x07, 0b100 | 0b000) {
            return Err(sw::PARAMETERS);
        }
        let fid = self.locate(r.p2() >> 3)?;
        self.write_record(r, fid, Place::New)
    }

    fn write_record(&mut self, r: &Request, fid: u16, place: Place) -> Handled {
        let file = self.here()?.file(fid).ok_or(sw::TYPE)?;
        records(&file.body)?;
        self.demand(file.write_access)?;
        let data = self.incoming(r, fid)?;
        let file = self.here_mut()?.file_mut(fid).ok_or(sw::TYPE)?;
        fits(&file.body, place, &data)?;
        let position = store(&mut file.body, place, &data);
        self.now.pointer = Some(position);
        sw::done()
    }
}

/// The records of a record file.
pub(super) fn records(body: &Body) -> Result<&Vec<HexBytes>, StatusWord> {
    match body {
        Body::Fixed { records, .. } | Body::Variable { records, .. } | Body::Cyclic { records, .. } => Ok(records),
        Body::Binary { .. } | Body::Purse(_) => Err(sw::TYPE),
    }
}

/// Positions of the records with a tag.
pub(super) fn tagged(records: &[HexBytes], tag: u8) -> impl DoubleEndedIterator<Item = usize> + '_ {
    let has_tag = move |r: &HexBytes| r.first() == Some(&tag);
    (0..records.len()).filter(move |i| has_tag(&records[*i]))
}

/// What P1 and the low bits of P2 of UPDATE RECORD address.
fn place(body: &Body, p1: u8, low: u8, pointer: Option<usize>) -> Result<Place, StatusWord> {
    let list = records(body)?;
    if let Body::Cyclic { .. } = body {
        // The note of the manual says P1 00 with 011, its example P1 01 with 010: both add a record.
        return if matches!((p1, low), (0, 0b011) | (0 | 1, 0b010)) {
            Ok(Place::New)
        } else {
            Err(sw::PARAMETERS)
        };
    }
    let found = |position: Option<usize>| position.map(Place::At).ok_or(sw::NO_RECORD);
    match (low, p1) {
        (0b100, 0) => found(pointer),
        (0b100, number) => {
            let position = usize::from(number) - 1;
            // A record never appended is made by its number when it is the first free one.
            if position == list.len() {
                Ok(Place::New)
            } else {
                Ok(Place::At(position))
            }
        }
        (0b010, 0) if matches!(body, Body::Variable { .. }) => Ok(Place::New),
        (0b000..=0b011, tag) if matches!(body, Body::Variable { .. }) => found(match low {
            0b000 => tagged(list, tag).next(),
            0b001 => tagged(list, tag).next_back(),
            0b010 => tagged(list, tag).find(|i| pointer.is_none_or(|p| *i > p)),
            _ => tagged(list, tag).rev().find(|i| pointer.is_some_and(|p| *i < p)),
        }),
        _ => Err(sw::PARAMETERS),
    }
}

/// Whether a record may stand at a place.
pub(super) fn fits(body: &Body, place: Place, data: &[u8]) -> Result<(), StatusWord> {
    let list = records(body)?;
    if let Place::At(position) = place
        && position >= list.len()
    {
        return Err(sw::NO_RECORD);
    }
    match body {
        Body::Fixed { count, length, .. } => match place {
            _ if data.len() != usize::from(*length) => Err(sw::LENGTH),
            Place::New if list.len() >= usize::from(*count) => Err(sw::NO_ROOM),
            _ => Ok(()),
        },
        Body::Cyclic { length, .. } if data.len() != usize::from(*length) => Err(sw::LENGTH),
        Body::Variable { size, .. } => {
            let whole = data.len() >= 2 && usize::from(data[1]) == data.len() - 2;
            let taken: usize = list.iter().map(|r| r.len()).sum();
            match place {
                _ if !whole => Err(sw::DATA),
                Place::At(position) if list[position].len() != data.len() => Err(sw::NO_RECORD),
                Place::New if taken + data.len() > usize::from(*size) => Err(sw::NO_ROOM),
                _ => Ok(()),
            }
        }
        _ => Ok(()),
    }
}

/// Writes a record that `fits`; its position.
pub(super) fn store(body: &mut Body, place: Place, data: &[u8]) -> usize {
    let record = HexBytes(data.to_vec());
    match (body, place) {
        (
            Body::Fixed { records, .. } | Body::Variable { records, .. } | Body::Cyclic { records, .. },
            Place::At(at),
        ) => {
            records[at] = record;
            at
        }
        (Body::Cyclic { count, records, .. }, Place::New) => {
            records.insert(0, record);
            records.truncate(usize::from(*count));
            0
        }
        (Body::Fixed { records, .. } | Body::Variable { records, .. }, Place::New) => {
            records.push(record);
            records.len() - 1
        }
        (Body::Binary { .. } | Body::Purse(_), _) => 0,
    }
}
