// SPDX-License-Identifier: Apache-2.0
//! Commands of the metro and city card with preset files (CJ/T 166 family): keys are written into existing slots, a security
//! code is stored, and personalisation is ended for good.

use crate::iso7816::{Command, Le};

/// Header of WRITE KEY: `84 D4 type id 1C`.
pub const fn write_key_header(kind: u8, id: u8) -> [u8; 5] {
    [0x84, 0xD4, kind, id, 0x1C]
}

/// The record before the key: version, algorithm, try counter, follow-up state.
pub const fn record_prefix(version: u8, algorithm: u8, counter: u8, state: u8) -> [u8; 4] {
    [version, algorithm, counter, state]
}

/// `00 22`: stores the nine-byte security authentication code (maker 1, chip number 4, code 4); after authentication.
pub fn write_security_code(code: &[u8; 9]) -> Command {
    Command::new(0x00, 0x22, 0x00, 0x00).with_data(*code)
}

/// `80 CA`: reads the security authentication code.
pub fn read_security_code() -> Command {
    Command::new(0x80, 0xCA, 0x00, 0x00).with_le(Le::exactly(9))
}

/// `00 08`: end of personalisation. Keys are frozen from here.
pub fn end_personalisation() -> Command {
    Command::new(0x00, 0x08, 0x00, 0x00).with_le(Le::ALL)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats() {
        assert_eq!(write_key_header(0x39, 0), [0x84, 0xD4, 0x39, 0x00, 0x1C]);
        assert_eq!(record_prefix(1, 0, 0x33, 0), [1, 0, 0x33, 0]);
        assert_eq!(end_personalisation().to_bytes(), [0, 8, 0, 0, 0]);
        assert_eq!(write_security_code(&[1; 9]).to_bytes()[..5], [0, 0x22, 0, 0, 9]);
        assert_eq!(read_security_code().to_bytes(), [0x80, 0xCA, 0, 0, 9]);
    }
}
