// SPDX-License-Identifier: Apache-2.0
//! Selecting, reading and writing files (PBOC .1 §7, FMCOS "SELECT", "READ BINARY", "UPDATE BINARY", "READ RECORD",
//! "UPDATE RECORD", "APPEND RECORD").

use crate::iso7816::{Command, FileId, Le, Sfi};

/// Class byte 04: plain with MAC; 00 without.
const fn class(protected: bool) -> u8 {
    if protected { 0x04 } else { 0x00 }
}

/// Where in a binary file: by short identifier (offset up to 255), or in the current file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Position {
    /// File with this short identifier, offset 0 to 255. Makes the file current.
    Sfi(Sfi, u8),
    /// The current file, offset 0 to 7FFF.
    Current(u16),
}

impl Position {
    const fn parameters(self) -> [u8; 2] {
        match self {
            Self::Sfi(sfi, offset) => [0x80 | sfi.value(), offset],
            Self::Current(offset) => (offset & 0x7FFF).to_be_bytes(),
        }
    }
}

/// SELECT by file identifier (FMCOS "SELECT", P1 00): a file or directory below the current one, or the MF.
pub fn select_file(fid: FileId) -> Command {
    Command::new(0x00, 0xA4, 0x00, 0x00).with_data(fid.to_bytes())
}

/// SELECT of the MF from anywhere.
pub fn select_current_mf() -> Command {
    select_file(FileId::MF)
}

/// SELECT by name (PBOC .1 "SELECT", P1 04): MF, current directory, its siblings and children.
///
/// # Panics
/// With more than 16 bytes; names come from templates, which are checked.
pub fn select_name(name: &[u8]) -> Command {
    assert!(name.len() <= 16, "directory names have at most 16 bytes");
    Command::new(0x00, 0xA4, 0x04, 0x00).with_data(name)
}

/// READ BINARY (FMCOS "READ BINARY"): `length` bytes, 0 for all there is.
pub fn read_binary(at: Position, length: u8) -> Command {
    let [p1, p2] = at.parameters();
    Command::new(0x00, 0xB0, p1, p2).with_le(Le::exactly(length))
}

/// UPDATE BINARY (FMCOS "UPDATE BINARY"). At most 239 bytes by the manual, MAC included.
pub fn update_binary(at: Position, data: &[u8], protected: bool) -> Command {
    let [p1, p2] = at.parameters();
    Command::new(class(protected), 0xD6, p1, p2).with_data(data)
}

/// READ RECORD by number, 1 the first (of a cyclic file the newest); `length` 0 for the whole record.
pub fn read_record(sfi: Sfi, number: u8, length: u8) -> Command {
    Command::new(0x00, 0xB2, number, sfi.value() << 3 | 0x04).with_le(Le::exactly(length))
}

/// READ RECORD by tag; variable records only.
pub fn read_record_by_tag(sfi: Sfi, tag: u8, length: u8) -> Command {
    Command::new(0x00, 0xB2, tag, sfi.value() << 3).with_le(Le::exactly(length))
}

/// UPDATE RECORD by number (FMCOS "UPDATE RECORD", low bits of P2 100).
pub fn update_record(sfi: Sfi, number: u8, data: &[u8], protected: bool) -> Command {
    Command::new(class(protected), 0xDC, number, sfi.value() << 3 | 0x04).with_data(data)
}

/// UPDATE RECORD of the first record with that tag (low bits of P2 000); the whole record, its length unchanged.
pub fn update_record_by_tag(sfi: Sfi, tag: u8, data: &[u8], protected: bool) -> Command {
    Command::new(class(protected), 0xDC, tag, sfi.value() << 3).with_data(data)
}

/// APPEND RECORD (FMCOS "APPEND RECORD"); in a cyclic file it becomes record 1.
pub fn append_record(sfi: Sfi, data: &[u8], protected: bool) -> Command {
    Command::new(class(protected), 0xE2, 0x00, sfi.value() << 3 | 0x04).with_data(data)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wire(command: &Command) -> String {
        hex::encode_upper(command.to_bytes())
    }

    /// The manual's own examples of these commands.
    #[test]
    fn examples_of_the_manual() {
        let sfi = |n| Sfi::new(n).unwrap();
        assert_eq!(wire(&select_current_mf()), "00A40000023F00");
        assert_eq!(
            wire(&select_name(&hex::decode("A00000000386980701").unwrap())),
            "00A4040009A00000000386980701"
        );
        assert_eq!(wire(&read_binary(Position::Sfi(sfi(5), 1), 0)), "00B0850100");
        assert_eq!(
            wire(&update_binary(Position::Current(0), &[1, 2], false)),
            "00D60000020102"
        );
        assert_eq!(
            wire(&update_binary(Position::Sfi(sfi(5), 1), &[0x11, 0x22], true)),
            "04D68501021122"
        );
        assert_eq!(wire(&read_record(sfi(1), 1, 0)), "00B2010C00");
        assert_eq!(wire(&read_record_by_tag(sfi(7), 0xAA, 0)), "00B2AA3800");
        assert_eq!(wire(&read_record(sfi(24), 1, 0)), "00B201C400");
        assert_eq!(
            wire(&update_record(sfi(2), 1, &[1, 2, 3], false)),
            "00DC0114030102 03".replace(' ', "")
        );
        assert_eq!(
            wire(&update_record_by_tag(sfi(1), 0xAA, &[0xCC, 2, 0x33, 0x44], false)),
            "00DCAA0804CC023344"
        );
        assert_eq!(wire(&append_record(sfi(1), &[0x61], false)), "00E2000C0161");
    }
}
