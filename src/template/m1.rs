// SPDX-License-Identifier: Apache-2.0
//! M1 cards in a template: which keys open the sectors, what stands in their blocks, and how sector keys are made.
//!
//! A sector key is the beginning of one 3DES block under the chip's key. The block is the template's (`[m1] input`, eight bytes
//! of fields) with the sector's flag at its place; key A and key B are of two usages.

use super::build::{Built, fields, missing};
use super::error::FieldReason;
use super::key::KeyName;
use super::model::Record;
use super::wire::{KeyWire, M1Wire, SectorWire};
use crate::card::commands::AccessBits;
use crate::keys::scheme::Title;

/// Bytes of a block.
const BLOCK: usize = 16;

/// What the sectors of a card share.
#[derive(Debug, Clone)]
pub struct M1 {
    /// Order field with the chip's number, hex; the reader fills it in where an order says none.
    pub uid: String,
    /// Key A.
    pub key_a: KeyName,
    /// Key B.
    pub key_b: KeyName,
    /// The block that leads to a sector's key, but for the flag.
    pub input: Record,
    /// Where the sector's flag stands in it.
    pub flag_at: usize,
    /// Sectors that are written, in the order of the file.
    pub sectors: Vec<Sector>,
}

/// A sector.
#[derive(Debug, Clone)]
pub struct Sector {
    /// Its number, 0 to 15.
    pub number: u8,
    /// Its title.
    pub title: Title,
    /// Its flag in the block that leads to its keys.
    pub flag: u8,
    /// Access bits and the byte behind them.
    pub access: AccessBits,
    /// Blocks that are written; their numbers count from the beginning of the chip.
    pub blocks: Vec<Record>,
    /// Path in the file.
    pub at: String,
}

impl Sector {
    /// The number of its trailer.
    pub const fn trailer(&self) -> u8 {
        self.number * 4 + 3
    }
}

fn name(wire: &KeyWire, at: &str) -> Built<KeyName> {
    let usage = wire.usage.parse().map_err(|_| {
        let word = wire.usage.clone();
        (at.to_owned(), FieldReason::Word { word })
    })?;
    Ok(KeyName {
        usage,
        version: wire.version,
        algorithm: wire.algorithm,
    })
}

pub(super) fn m1(wire: M1Wire, sectors: Vec<SectorWire>) -> Built<M1> {
    let input = Record {
        number: 0,
        length: 8,
        fill: 0,
        fields: fields(wire.input, "m1.input")?,
        at: "m1.input".into(),
    };
    let sectors = sectors
        .into_iter()
        .enumerate()
        .map(|(i, s)| sector(s, format!("sector[{i}]")));
    Ok(M1 {
        uid: wire.uid,
        key_a: name(&wire.key_a, "m1.key-a")?,
        key_b: name(&wire.key_b, "m1.key-b")?,
        input,
        flag_at: wire.flag_at,
        sectors: sectors.collect::<Built<_>>()?,
    })
}

fn sector(wire: SectorWire, at: String) -> Built<Sector> {
    let access: [u8; 4] = hex::decode(&wire.access)
        .ok()
        .and_then(|bytes| bytes.try_into().ok())
        .ok_or_else(|| {
            let text = wire.access.clone();
            (format!("{at}.access"), FieldReason::Hex { text })
        })?;
    let block = |(i, block): (usize, super::wire::BlockWire)| {
        let at = format!("{at}.block[{i}]");
        if block.field.is_empty() {
            return Err(missing(&at, "field"));
        }
        Ok(Record {
            number: block.number,
            length: BLOCK,
            fill: block.fill,
            fields: fields(block.field, &at)?,
            at,
        })
    };
    Ok(Sector {
        number: wire.number,
        title: Title {
            en: wire.en,
            zh: wire.zh,
        },
        flag: wire.flag,
        access: AccessBits(access),
        blocks: wire.block.into_iter().enumerate().map(block).collect::<Built<_>>()?,
        at,
    })
}
