// SPDX-License-Identifier: Apache-2.0
//! Key components 密钥分量: parts of a key that are added (XOR) and that say nothing singly; and reading a key that a person
//! types. A typing error is located, never corrected and never repeated.

use super::cipher::xor_into;
use super::{HexError, KeyMaterial, SecretBytes};

/// The key that the components make together. All of them are needed; one alone is the key itself.
pub fn combine_components(components: &[KeyMaterial]) -> KeyMaterial {
    KeyMaterial::init_with(|place| {
        for part in components {
            xor_into(place, part.expose());
        }
    })
}

/// The component that completes the others to the key: the last one of a split.
pub fn last_component(key: &KeyMaterial, others: &[KeyMaterial]) -> KeyMaterial {
    KeyMaterial::init_with(|place| {
        place.copy_from_slice(key.expose());
        for part in others {
            xor_into(place, part.expose());
        }
    })
}

/// Reads 32 hexadecimal digits; spaces between them are fine. Positions count every character from 1.
pub fn from_hex(text: &SecretBytes) -> Result<KeyMaterial, HexError> {
    KeyMaterial::try_init_with(|place| fill_from_hex(text, place))
}

/// [`from_hex`] for a secret of another length.
pub fn secret_from_hex(text: &SecretBytes, bytes: usize) -> Result<SecretBytes, HexError> {
    SecretBytes::try_init_with(bytes, |place| fill_from_hex(text, place))
}

fn fill_from_hex(text: &SecretBytes, place: &mut [u8]) -> Result<(), HexError> {
    let mut got = 0;
    for (at, character) in text.expose().iter().enumerate() {
        if *character == b' ' {
            continue;
        }
        let digit = digit(*character).ok_or(HexError::Digit { position: at + 1 })?;
        if let Some(byte) = place.get_mut(got / 2) {
            *byte = *byte << 4 | digit;
        }
        got += 1;
    }
    let expected = 2 * place.len();
    if got == expected {
        Ok(())
    } else {
        Err(HexError::Length { expected, got })
    }
}

fn digit(character: u8) -> Option<u8> {
    match character {
        b'0'..=b'9' => Some(character - b'0'),
        b'a'..=b'f' => Some(character - b'a' + 10),
        b'A'..=b'F' => Some(character - b'A' + 10),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(text: &str) -> Result<KeyMaterial, HexError> {
        from_hex(&SecretBytes::new(text.into()))
    }

    #[test]
    fn components_add_up_and_the_last_one_completes() {
        let parts: Vec<KeyMaterial> = [0x0F, 0x35, 0xC1].map(|b| KeyMaterial::init_with(|k| k.fill(b))).into();
        let key = combine_components(&parts);
        assert_eq!(key.expose(), &[0x0F ^ 0x35 ^ 0xC1; 16]);
        assert!(last_component(&key, &parts[..2]).same_as(&parts[2]));
    }

    #[test]
    fn typing_errors_are_located() {
        let spaced = typed("0011 2233 4455 6677 8899 aabb CCDD EEFF").unwrap();
        assert!(spaced.same_as(&typed("00112233445566778899AABBCCDDEEFF").unwrap()));
        assert_eq!(spaced.expose()[..3], [0, 0x11, 0x22]);
        assert_eq!(typed("0011 2G33").unwrap_err(), HexError::Digit { position: 7 });
        assert_eq!(typed("0011").unwrap_err(), HexError::Length { expected: 32, got: 4 });
        assert_eq!(
            typed(&"0".repeat(33)).unwrap_err(),
            HexError::Length { expected: 32, got: 33 }
        );
    }
}
