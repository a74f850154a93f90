// SPDX-License-Identifier: Apache-2.0
//! Keys: places, room, and what protects what.

use std::collections::BTreeSet;

use super::Report;
use crate::card::commands::key_space;
use crate::msg;
use crate::template::key::{KeyPlace, KeySlot};
use crate::template::model::{ControlKeyTurn, Directory, Template};

/// Challenges have 4 or 8 bytes.
pub(super) fn challenge(template: &Template, report: &mut Report) {
    let length = template.transport.challenge;
    if !matches!(length, 4 | 8) {
        report.error("transport.challenge", msg!("check-challenge", length = length));
    }
}

/// No two keys in one place.
pub(super) fn slots_unique(template: &Template, report: &mut Report) {
    for directory in template.directories() {
        let mut seen = BTreeSet::new();
        for slot in &directory.keys {
            let place = match slot.place {
                KeyPlace::Psam {
                    usage,
                    version,
                    algorithm,
                } => (usage, version, algorithm),
                other => (other.kind().unwrap_or(0), other.id(), 0),
            };
            if !seen.insert(place) {
                report.error(&slot.at, msg!("check-slot-twice", place = slot.place));
            }
        }
    }
}

/// Bytes that the keys and the PIN of a directory take.
pub(super) fn key_room(directory: &Directory) -> u32 {
    let keys = directory.keys.iter().filter(|k| k.written()).count() as u32 * key_space(16);
    keys + directory.pin.as_ref().filter(|p| !p.preset).map_or(0, |_| key_space(8))
}

/// Every key takes its value and 8 bytes.
pub(super) fn key_file_size(template: &Template, report: &mut Report) {
    for directory in template.directories() {
        let Some(file) = directory.key_file else { continue };
        let needed = key_room(directory);
        if needed > u32::from(file.size) {
            let path = format!("{}.key-file", directory.at);
            report.error(&path, msg!("check-key-file-size", size = file.size, needed = needed));
        }
    }
}

/// Cards whose files are created keep the transport key to the end; the MF has a control key to take its place.
pub(super) fn transport_last(template: &Template, report: &mut Report) {
    // A storage card has sectors; their trailers are written last whatever the template says.
    if template.dialect.storage() {
        return;
    }
    if !template.dialect.preset() && template.transport.replaced == ControlKeyTurn::First {
        report.error("transport.replaced", msg!("check-transport-first"));
    }
    match template.mf.control() {
        None => report.error("mf", msg!("check-no-mf-control")),
        Some(slot) if slot.name == template.transport.name => report.error(&slot.at, msg!("check-transport-stays")),
        Some(slot) if matches!(slot.place, KeyPlace::Psam { .. }) => {
            report.error(&slot.at, msg!("check-mf-control-record"));
        }
        Some(slot) if !slot.written() => report.error(&slot.at, msg!("check-transport-stays")),
        Some(_) => {}
    }
}

/// A key above the card level is never wrapped under the transport key: its directory has a control key of its own.
pub(super) fn transport_wraps(template: &Template, report: &mut Report) {
    for directory in template.directories() {
        let covered = !directory.is_mf() && directory.control().is_some_and(KeySlot::written);
        for slot in directory.keys.iter().filter(|k| k.level.is_some() && k.written()) {
            if !covered || slot.is_control() {
                report.error(&slot.at, msg!("check-transport-wraps", key = slot.name));
            }
        }
    }
}

/// Unload and overdraft keys are real keys: a maker's filler in these slots would be known for every card.
pub(super) fn filler(template: &Template, report: &mut Report) {
    if !template.dialect.preset() {
        return;
    }
    for slot in template.directories().flat_map(|d| &d.keys).filter(|k| !k.written()) {
        if matches!(slot.place.kind(), Some(0x09 | 0x0A)) {
            report.error(&slot.at, msg!("check-filler", place = slot.place));
        }
    }
}
