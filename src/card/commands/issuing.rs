// SPDX-License-Identifier: Apache-2.0
//! Building a card (FMCOS special manual "CREATE FILE", "WRITE KEY", "ERASE DF"; space: user manual §4.2).

use crate::iso7816::{Command, FileId, Le, Sfi};

/// Creation data of a directory.
#[derive(Debug, Clone, Copy)]
pub struct DirectoryHeader<'a> {
    /// Bytes of memory it may use.
    pub space: u16,
    /// Access byte for creating files in it.
    pub create: u8,
    /// Access byte for erasing it.
    pub erase: u8,
    /// Application file identifier: 95 lets SELECT answer EF 0015, 01 names the DIR file.
    pub application_file: u8,
    /// Name, 5 to 16 bytes.
    pub name: &'a [u8],
}

/// CREATE FILE of a directory: `38`, space, create, erase, application file, FF FF, name.
pub fn create_directory(fid: FileId, header: DirectoryHeader<'_>) -> Command {
    let [hi, lo] = header.space.to_be_bytes();
    let head = [
        0x38,
        hi,
        lo,
        header.create,
        header.erase,
        header.application_file,
        0xFF,
        0xFF,
    ];
    create(fid, [&head[..], header.name].concat())
}

/// CREATE FILE of a key file: `3F`, size, short identifier of the directory's application file, add access, FF FF. It is
/// the first file of its directory.
pub fn create_key_file(fid: FileId, size: u16, application_file: u8, add: u8) -> Command {
    let [hi, lo] = size.to_be_bytes();
    create(fid, vec![0x3F, hi, lo, application_file, add, 0xFF, 0xFF])
}

/// Shape of an elementary file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileBody {
    /// Byte string of that size.
    Binary(u16),
    /// Records of one length: count, length.
    Fixed(u8, u8),
    /// TLV records in that many bytes.
    Variable(u16),
    /// Ring of records: count, length.
    Cyclic(u8, u8),
    /// ED or EP with the log of that short identifier.
    Purse(Sfi),
}

/// Creation data of an elementary file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FileHeader {
    /// Shape.
    pub body: FileBody,
    /// MAC on access (type byte + 80).
    pub mac: bool,
    /// Encipherment on access (type byte + 40).
    pub cipher: bool,
    /// Read access; of a purse its use access.
    pub read: u8,
    /// Write access.
    pub write: u8,
    /// Protection byte: plain reading allowed, line protection keys for reading and writing.
    pub protection: u8,
}

/// CREATE FILE of an elementary file: seven bytes, type first.
pub fn create_file(fid: FileId, header: FileHeader) -> Command {
    let bits = u8::from(header.mac) * 0x80 + u8::from(header.cipher) * 0x40;
    let (kind, size) = match header.body {
        FileBody::Binary(size) => (0x28, size.to_be_bytes()),
        FileBody::Fixed(count, length) => (0x2A, [count, length]),
        FileBody::Variable(size) => (0x2C, size.to_be_bytes()),
        FileBody::Cyclic(count, length) => (0x2E, [count, length]),
        FileBody::Purse(log) => {
            return create(fid, vec![0x2F, 0x02, 0x08, header.read, 0x00, 0xFF, log.value()]);
        }
    };
    create(
        fid,
        vec![
            kind | bits,
            size[0],
            size[1],
            header.read,
            header.write,
            0xFF,
            header.protection,
        ],
    )
}

fn create(fid: FileId, data: Vec<u8>) -> Command {
    let [hi, lo] = fid.to_bytes();
    Command::new(0x80, 0xE0, hi, lo).with_data(data)
}

/// ERASE DF: everything below the current directory. Sent with a fifth byte 00, as the manual shows it.
pub fn erase_directory() -> Command {
    Command::new(0x80, 0x0E, 0x00, 0x00).with_le(Le::ALL)
}

/// The five bytes before a key value: type, use, change, then follow-up (39, 3A), FF (36 to 38) or version (others), then
/// the try counter (36 to 3A) or the algorithm.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeyRecordHeader {
    /// Type without the wrapping bits.
    pub kind: u8,
    /// Access for using the key.
    pub use_access: u8,
    /// Access for changing it.
    pub change_access: u8,
    /// Fourth byte.
    pub x: u8,
    /// Fifth byte.
    pub y: u8,
}

impl KeyRecordHeader {
    /// The bytes, with the type as it is: such a key may be replaced in plain.
    pub const fn plain(self) -> [u8; 5] {
        [self.kind, self.use_access, self.change_access, self.x, self.y]
    }

    /// The bytes with both wrapping bits (39 → F9): the key can only be replaced enciphered with MAC.
    pub const fn wrapped(self) -> [u8; 5] {
        let mut bytes = self.plain();
        bytes[0] |= 0xC0;
        bytes
    }
}

/// Header of WRITE KEY with a wrapped record: `84 D4`, 01 to add or the type to change, identifier, Lc of ciphertext and MAC
/// over `record` bytes. 3DES blocks, as the control keys of these cards are.
pub fn write_key_header(change_of: Option<u8>, id: u8, record: u8) -> [u8; 5] {
    let lc = (record + 1).next_multiple_of(8) + 4;
    [0x84, 0xD4, change_of.unwrap_or(0x01), id, lc]
}

/// Header of WRITE KEY in plain, adding: `80 D4 01`, identifier.
pub const fn write_key_plain_header(id: u8) -> [u8; 4] {
    [0x80, 0xD4, 0x01, id]
}

/// Memory of an elementary file: 11 bytes of header and its body. Of the two formulas for records in the manuals the one
/// that needs more.
pub fn file_space(body: FileBody) -> u32 {
    11 + match body {
        FileBody::Binary(size) | FileBody::Variable(size) => u32::from(size),
        FileBody::Fixed(count, length) | FileBody::Cyclic(count, length) => u32::from(count) * (u32::from(length) + 1),
        FileBody::Purse(_) => 22,
    }
}

/// Memory of a directory's own header.
pub const fn directory_space(name: usize) -> u32 {
    11 + name as u32
}

/// Memory of a key value in a key file.
pub const fn key_space(value: usize) -> u32 {
    value as u32 + 8
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wire(c: &Command) -> String {
        hex::encode_upper(c.to_bytes())
    }

    fn file(body: FileBody, mac: bool, read: u8, write: u8) -> FileHeader {
        FileHeader {
            body,
            mac,
            cipher: false,
            read,
            write,
            protection: 0xFF,
        }
    }

    /// The issuing example of the special manual, line by line.
    #[test]
    fn worked_card_of_the_manual() {
        let fid = |s: &str| s.parse::<FileId>().unwrap();
        assert_eq!(wire(&erase_directory()), "800E000000");
        assert_eq!(
            wire(&create_key_file(fid("0000"), 0x50, 0x01, 0xF0)),
            "80E00000073F005001F0FFFF"
        );
        assert_eq!(
            wire(&create_file(
                fid("0001"),
                file(FileBody::Fixed(2, 0x13), false, 0xF0, 0)
            )),
            "80E00001072A0213F000FFFF"
        );
        let aid = hex::decode("A00000000386980701").unwrap();
        let adf = DirectoryHeader {
            space: 0x036F,
            create: 0xF0,
            erase: 0xF0,
            application_file: 0x95,
            name: &aid,
        };
        assert_eq!(
            wire(&create_directory(fid("3F01"), adf)),
            "80E03F011138036FF0F095FFFFA00000000386980701"
        );
        assert_eq!(
            wire(&create_file(fid("0015"), file(FileBody::Binary(30), true, 0xF0, 0xF0))),
            "80E0001507A8001EF0F0FFFF"
        );
        assert_eq!(
            wire(&create_file(
                fid("0017"),
                file(FileBody::Binary(1500), false, 0xF0, 0xF0)
            )),
            "80E00017072805DCF0F0FFFF"
        );
        assert_eq!(
            wire(&create_file(
                fid("0018"),
                file(FileBody::Cyclic(10, 23), false, 0xF1, 0xEF)
            )),
            "80E00018072E0A17F1EFFFFF"
        );
        let purse = FileBody::Purse(Sfi::new(0x18).unwrap());
        assert_eq!(
            wire(&create_file(fid("0002"), file(purse, false, 0xF0, 0))),
            "80E00002072F0208F000FF18"
        );
    }

    /// Wrapped records as they were seen on real cards: Lc 14 for 8-byte keys, 1C for 16-byte keys.
    #[test]
    fn key_headers() {
        assert_eq!(write_key_header(None, 2, 13), [0x84, 0xD4, 0x01, 0x02, 0x14]);
        assert_eq!(write_key_header(Some(0x39), 0, 21), [0x84, 0xD4, 0x39, 0x00, 0x1C]);
        let header = KeyRecordHeader {
            kind: 0x39,
            use_access: 0xF0,
            change_access: 0xF0,
            x: 0xAA,
            y: 0xFF,
        };
        assert_eq!(header.wrapped(), [0xF9, 0xF0, 0xF0, 0xAA, 0xFF]);
        assert_eq!(header.plain()[0], 0x39);
    }

    #[test]
    fn space_of_the_manual() {
        assert_eq!(file_space(FileBody::Cyclic(10, 23)), 251);
        assert_eq!(directory_space(9) + key_space(16), 44);
    }
}
