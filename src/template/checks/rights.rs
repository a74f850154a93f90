// SPDX-License-Identifier: Apache-2.0
//! Access bytes and protection of files.

use super::keys::key_room;
use super::{Report, Severity};
use crate::card::commands::{FileBody, key_space};
use crate::msg;
use crate::template::key::KeyPlace;
use crate::template::model::Template;

/// What the smallest key, a PIN of two bytes, takes in a key file.
const SMALLEST_KEY: u32 = key_space(2);

/// Always met, in either reading.
const fn open(access: u8) -> bool {
    access == 0xF0 || access == 0x00
}

/// Whether both published readings of an access byte agree: the high nibble 0 means the MF in one, F in the other.
const fn agreed(access: u8) -> bool {
    let (high, low) = (access >> 4, access & 0x0F);
    access == 0xF0 || (high != 0 && high != 0x0F) || low > high && high != 0
}

/// A file written with MAC has its line protection key.
pub(super) fn mac_key(template: &Template, report: &mut Report) {
    for directory in template.directories() {
        for file in directory.files.iter().filter(|f| f.header.mac) {
            if directory.line_key(file.mac_key).is_none() {
                report.error(
                    &file.at,
                    msg!("check-mac-key", fid = file.fid, id = format!("{:02X}", file.mac_key)),
                );
            }
        }
    }
}

/// Nobody may create, erase, add or change keys, or write files, without a key. Rehearsal templates get a warning.
pub(super) fn wide_open(template: &Template, report: &mut Report) {
    if template.dialect.preset() {
        return;
    }
    let severity = if template.rehearsal_only {
        Severity::Warning
    } else {
        Severity::Error
    };
    for directory in template.directories() {
        if !directory.is_mf() {
            for (what, access) in [("create", directory.create), ("erase", directory.erase)] {
                if open(access) {
                    report.add(
                        severity,
                        &format!("{}.{what}", directory.at),
                        msg!("check-open", right = what),
                    );
                }
            }
        }
        // Where no room is left, free adding adds nothing; and a card torn away before its first key stays openable.
        let room = |size: u16| u32::from(size) >= key_room(directory) + SMALLEST_KEY;
        if directory.key_file.is_some_and(|k| open(k.add) && room(k.size)) {
            report.add(
                severity,
                &format!("{}.key-file", directory.at),
                msg!("check-open", right = "add"),
            );
        }
        for slot in &directory.keys {
            if let KeyPlace::Record { header, .. } = slot.place
                && open(header.change_access)
            {
                report.add(severity, &slot.at, msg!("check-open", right = "change"));
            }
        }
        for file in &directory.files {
            let purse = matches!(file.header.body, FileBody::Purse(_));
            if open(file.header.write) && !file.header.mac && !file.compound && !purse {
                report.add(severity, &file.at, msg!("check-open", right = "write"));
            }
        }
    }
}

/// Cards of unknown revision read some access bytes in another way.
pub(super) fn readings(template: &Template, report: &mut Report) {
    if template.dialect.preset() {
        return;
    }
    for directory in template.directories() {
        let mut doubtful = |path: &str, access: u8| {
            if !agreed(access) {
                report.warning(path, msg!("check-readings", access = format!("{access:02X}")));
            }
        };
        if !directory.is_mf() {
            doubtful(&format!("{}.create", directory.at), directory.create);
            doubtful(&format!("{}.erase", directory.at), directory.erase);
        }
        if let Some(file) = directory.key_file {
            doubtful(&format!("{}.key-file", directory.at), file.add);
        }
        for slot in &directory.keys {
            if let KeyPlace::Record { header, .. } = slot.place {
                doubtful(&slot.at, header.use_access);
                doubtful(&slot.at, header.change_access);
            }
        }
        for file in &directory.files {
            doubtful(&file.at, file.header.read);
            if !matches!(file.header.body, FileBody::Purse(_)) {
                doubtful(&file.at, file.header.write);
            }
        }
    }
}

/// Raw commands are somebody's responsibility.
pub(super) fn raw(template: &Template, report: &mut Report) {
    for step in template.directories().flat_map(|d| &d.raw) {
        report.warning(&step.at, msg!("check-raw", what = step.what));
    }
}

#[cfg(test)]
mod tests {
    use super::agreed;

    #[test]
    fn readings_that_agree() {
        for access in [0xF0, 0xEF, 0x53, 0xAA, 0xE1, 0x12] {
            assert!(agreed(access), "{access:02X}");
        }
        for access in [0x00, 0x0A, 0x02, 0xFA, 0xF1] {
            assert!(!agreed(access), "{access:02X}");
        }
    }
}
