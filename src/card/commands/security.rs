// SPDX-License-Identifier: Apache-2.0
//! Authentication, blocking and PIN commands (PBOC .1 §7, PBOC .2 §5.2, FMCOS chapters 7 and 8).

use crate::iso7816::{Command, Le};

/// GET CHALLENGE: 4 or 8 random bytes, good for the very next command.
pub fn get_challenge(length: u8) -> Command {
    Command::new(0x00, 0x84, 0x00, 0x00).with_le(Le::exactly(length))
}

/// EXTERNAL AUTHENTICATE with the 39 key of this identifier; the data is the challenge enciphered.
pub fn external_authenticate(slot: u8, cryptogram: &[u8]) -> Command {
    Command::new(0x00, 0x82, 0x00, slot).with_data(cryptogram)
}

/// INTERNAL AUTHENTICATE, operation 00: the card enciphers whole blocks under the type 30 key of this identifier.
pub fn internal_authenticate(slot: u8, data: &[u8]) -> Command {
    Command::new(0x00, 0x88, 0x00, slot)
        .with_data(data)
        .with_le(Le::exactly(data.len() as u8))
}

/// VERIFY: the coded PIN in plain (FMCOS general manual 1.1.2 withdrew the MAC).
pub fn verify(slot: u8, pin: &[u8]) -> Command {
    Command::new(0x00, 0x20, 0x00, slot).with_data(pin)
}

/// CHANGE PIN `80 5E 01`: old ‖ FF ‖ new.
pub fn change_pin(slot: u8, data: &[u8]) -> Command {
    Command::new(0x80, 0x5E, 0x01, slot).with_data(data)
}

/// RELOAD PIN `80 5E 00`: PIN ‖ MAC4 under the reload key. No secure messaging in the sense of the class byte.
pub fn reload_pin(slot: u8, data: &[u8]) -> Command {
    Command::new(0x80, 0x5E, 0x00, slot).with_data(data)
}

/// PIN UNBLOCK `84 24`: ciphertext of LD ‖ PIN, MAC to follow. P1 and P2 vary: the standard has 00 00, FMCOS takes the PIN
/// identifier as P1 and prints both 00 and 01 as P2.
pub fn pin_unblock(parameters: [u8; 2], ciphertext: &[u8]) -> Command {
    Command::new(0x84, 0x24, parameters[0], parameters[1]).with_data(ciphertext)
}

/// APPLICATION BLOCK `84 1E`, MAC to follow: temporary, or for ever.
pub fn application_block(for_ever: bool) -> Command {
    Command::new(0x84, 0x1E, 0x00, u8::from(for_ever))
}

/// APPLICATION UNBLOCK `84 18`, MAC to follow.
pub fn application_unblock() -> Command {
    Command::new(0x84, 0x18, 0x00, 0x00)
}

/// CARD BLOCK `84 16`, MAC to follow: nothing works any more, for ever.
pub fn card_block() -> Command {
    Command::new(0x84, 0x16, 0x00, 0x00)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn examples_of_the_manual() {
        let wire = |c: Command| hex::encode_upper(c.to_bytes());
        assert_eq!(wire(get_challenge(4)), "0084000004");
        let cryptogram = hex::decode("74B0047DD681D96C").unwrap();
        assert_eq!(
            wire(external_authenticate(1, &cryptogram)),
            "008200010874B0047DD681D96C"
        );
        assert_eq!(
            wire(internal_authenticate(1, &[1, 2, 3, 4, 5, 6, 7, 8])),
            "0088000108010203040506070808"
        );
        assert_eq!(wire(verify(0, &[0x12, 0x34, 0x5F])), "002000000312345F");
        assert_eq!(wire(change_pin(0, &[0, 0, 0xFF, 0x31, 0x32])), "805E0100050000FF3132");
        assert_eq!(application_block(true).header(), [0x84, 0x1E, 0x00, 0x01]);
        assert_eq!(application_unblock().header(), [0x84, 0x18, 0x00, 0x00]);
        assert_eq!(card_block().header(), [0x84, 0x16, 0x00, 0x00]);
        assert_eq!(wire(pin_unblock([0, 1], &[7; 8])), "84240001080707070707070707");
        assert_eq!(wire(reload_pin(0, &[1, 2, 3])), "805E000003010203");
    }
}
