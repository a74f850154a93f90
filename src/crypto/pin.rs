// SPDX-License-Identifier: Apache-2.0
//! PIN coding and the data of the PIN commands (JR/T 0025.2-2010 5.2, FMCOS 2.0 manual "VERIFY", "PIN UNBLOCK", "RELOAD
//! PIN", "CHANGE PIN").
//!
//! RELOAD PIN: the MAC covers the PIN alone. One independent applet wants the command header in front; the standard, the
//! FMCOS manual and a vendor's issuing program do not.

use zeroize::Zeroizing;

use super::mac::{des_mac, leftmost4};
use super::secure_messaging::{Challenge, SecureMessagingError};
use super::tac::halves_xored;
use super::{Algorithm, KeyMaterial, SecretBytes, key_record};
use crate::error::{Exit, Fault};
use crate::i18n::Msg;
use crate::msg;

/// A text that is no PIN.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PinError {
    /// 4 to 12 digits (2 to 6 bytes) are needed.
    Length {
        /// Characters that were typed.
        got: usize,
    },
    /// Something that is no decimal digit; counted from 1.
    Digit {
        /// Which character.
        position: usize,
    },
}

/// Codes the digits that a person typed as the card stores them: two a byte, padded on the right with F.
pub fn code_pin(digits: &SecretBytes) -> Result<SecretBytes, PinError> {
    let typed = digits.expose();
    if let Some(at) = typed.iter().position(|d| !d.is_ascii_digit()) {
        return Err(PinError::Digit { position: at + 1 });
    }
    if !(4..=12).contains(&typed.len()) {
        return Err(PinError::Length { got: typed.len() });
    }
    let nibble = |digit: Option<&u8>| digit.map_or(0xF, |d| d - b'0');
    let code = typed.chunks(2).map(|two| nibble(two.first()) << 4 | nibble(two.get(1)));
    let mut place = Vec::with_capacity(6);
    place.extend(code);
    Ok(SecretBytes::new(place))
}

/// MAC of RELOAD PIN: single DES under left half XOR right half, initial value 0, over the coded PIN alone.
pub fn reload_pin_mac(key: &KeyMaterial, pin: &SecretBytes) -> [u8; 4] {
    leftmost4(&des_mac(&halves_xored(key), &[0; 8], pin.expose()))
}

/// Data of RELOAD PIN: the coded PIN in clear, and its MAC. The PIN is no secret any more once this is sent.
pub fn reload_pin_data(key: &KeyMaterial, pin: &SecretBytes) -> SecretBytes {
    joined(&[pin.expose(), &reload_pin_mac(key, pin)])
}

/// Data of CHANGE PIN: old, FF, new, in clear.
pub fn change_pin_data(old: &SecretBytes, new: &SecretBytes) -> SecretBytes {
    joined(&[old.expose(), &[0xFF], new.expose()])
}

/// Data of VERIFY: the coded PIN in clear.
pub fn verify_data(pin: &SecretBytes) -> SecretBytes {
    joined(&[pin.expose()])
}

/// Data of PIN UNBLOCK: `E(LD ‖ PIN) ‖ MAC4` under the PIN unblock key. The header is `84 24 P1 P2 Lc`; P2 is 00 in the
/// standard, 01 in the FMCOS manual's example. Lc is 0C, or 14 for 8-byte PINs.
pub fn pin_unblock_data(
    alg: Algorithm,
    key: &KeyMaterial,
    challenge: &Challenge,
    header: [u8; 5],
    pin: &SecretBytes,
) -> Result<Vec<u8>, SecureMessagingError> {
    key_record::wrap_secret(alg, key, challenge, header, &[], pin)
}

fn joined(parts: &[&[u8]]) -> SecretBytes {
    let mut whole = Zeroizing::new(Vec::with_capacity(parts.iter().map(|p| p.len()).sum()));
    for part in parts {
        whole.extend_from_slice(part);
    }
    SecretBytes::new(std::mem::take(&mut *whole))
}

impl Fault for PinError {
    fn msg(&self) -> Msg {
        match self {
            Self::Length { got } => msg!("crypto-pin-length", got = got),
            Self::Digit { position } => msg!("crypto-pin-digit", position = position),
        }
    }
    fn exit(&self) -> Exit {
        Exit::Usage
    }
}
crate::display_as_english!(PinError);

#[cfg(test)]
mod tests {
    use super::*;

    fn coded(text: &str) -> Result<Vec<u8>, PinError> {
        code_pin(&SecretBytes::new(text.into())).map(|pin| pin.expose().to_vec())
    }

    #[test]
    fn digits_are_packed_and_padded_with_f() {
        assert_eq!(coded("123456"), Ok(vec![0x12, 0x34, 0x56]));
        // FMCOS 2.0 manual, VERIFY: the PIN 12345.
        assert_eq!(coded("12345"), Ok(vec![0x12, 0x34, 0x5F]));
        assert_eq!(coded("123"), Err(PinError::Length { got: 3 }));
        assert_eq!(coded("1234567890123"), Err(PinError::Length { got: 13 }));
        assert_eq!(coded("12a4"), Err(PinError::Digit { position: 3 }));
    }

    #[test]
    fn change_pin_parts_old_and_new_by_ff() {
        // FMCOS 2.0 manual, CHANGE PIN.
        let (old, new) = (SecretBytes::new(vec![0, 0]), SecretBytes::new(vec![0x31, 0x32]));
        assert_eq!(change_pin_data(&old, &new).expose(), [0, 0, 0xFF, 0x31, 0x32]);
    }
}
