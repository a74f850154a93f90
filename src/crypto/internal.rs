// SPDX-License-Identifier: Apache-2.0
//! What a site's internal secrets do: their check values, and the PINs that belong to single cards (HKDF-SHA256, RFC 5869).
//!
//! A card's PIN is a function of the secret and the card's number, so that it need not be kept anywhere: a torn card gets
//! the same PIN when it is taken up again, and a lost PIN letter can be printed anew.

use hkdf::Hkdf;
use sha2::Sha256;
use zeroize::Zeroizing;

use super::seal::SealKey;
use super::{Kcv, SecretBytes};

/// Digits of a card's own PIN.
pub const PIN_DIGITS: usize = 6;

/// What separates the uses of a secret.
const CHECK_INFO: &[u8] = b"cardmint internal check v1";
const PIN_INFO: &[u8] = b"cardmint pin v1";

/// The check value of an internal secret: three bytes.
pub fn check_value(key: &SealKey) -> Kcv {
    let mut bytes = [0; 3];
    expand(key, &[CHECK_INFO], &mut bytes);
    Kcv::from_bytes(&bytes).unwrap_or_else(|_| unreachable!("three bytes are a check value"))
}

/// The PIN of a card, as a person types it: decimal digits, each as likely as any other. Digits that people try first (all
/// the same, counting up or down) are passed over.
pub fn pin_of_card(key: &SealKey, number: &str) -> SecretBytes {
    let mut stream = Zeroizing::new([0; 64]);
    for attempt in 0..=u8::MAX {
        expand(key, &[PIN_INFO, &[attempt], number.as_bytes()], &mut *stream);
        // 250 to 255 would make the low digits likelier.
        let fair = stream.iter().filter(|b| **b < 250).take(PIN_DIGITS);
        let mut digits = Vec::with_capacity(PIN_DIGITS);
        digits.extend(fair.map(|b| b % 10));
        let good = digits.len() == PIN_DIGITS && !is_guessed_first(&digits);
        for digit in &mut digits {
            *digit += b'0';
        }
        let pin = SecretBytes::new(digits);
        if good {
            return pin;
        }
    }
    unreachable!("256 attempts without a good PIN have a chance of less than 2^-1000")
}

/// All the same, or each one more or one less than the digit before.
fn is_guessed_first(digits: &[u8]) -> bool {
    [0, 1, 9]
        .iter()
        .any(|step| digits.windows(2).all(|two| (two[0] + step) % 10 == two[1]))
}

fn expand(key: &SealKey, info: &[&[u8]], place: &mut [u8]) {
    let made = Hkdf::<Sha256>::new(None, key.expose()).expand_multi_info(info, place);
    made.unwrap_or_else(|_| unreachable!("only fails beyond 8160 bytes"));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(byte: u8) -> SealKey {
        SealKey::try_init_with(|k| {
            k.fill(byte);
            Ok::<_, ()>(())
        })
        .unwrap()
    }

    #[test]
    fn pins_are_digits_that_follow_from_the_number() {
        let pin = |byte, number: &str| pin_of_card(&key(byte), number).expose().to_vec();
        assert_eq!(pin(1, "3100000000000011"), pin(1, "3100000000000011"));
        assert_ne!(pin(1, "3100000000000011"), pin(1, "3100000000000012"));
        assert_ne!(pin(1, "3100000000000011"), pin(2, "3100000000000011"));
        let mut seen = [0u32; 10];
        for n in 0..10_000u32 {
            let digits = pin(3, &n.to_string());
            assert!(digits.len() == PIN_DIGITS && digits.iter().all(u8::is_ascii_digit));
            assert!(!is_guessed_first(&digits.iter().map(|d| d - b'0').collect::<Vec<_>>()));
            for digit in digits {
                seen[usize::from(digit - b'0')] += 1;
            }
        }
        // 60,000 digits: six standard deviations of each count are 441.
        assert!(seen.iter().all(|count| count.abs_diff(6000) < 441), "{seen:?}");
    }

    #[test]
    fn what_people_try_first_is_known() {
        for digits in [[1, 2, 3, 4, 5, 6], [7, 8, 9, 0, 1, 2], [6, 5, 4, 3, 2, 1], [8; 6]] {
            assert!(is_guessed_first(&digits), "{digits:?}");
        }
        assert!(!is_guessed_first(&[1, 2, 3, 4, 5, 7]));
    }

    #[test]
    fn check_values_tell_secrets_apart() {
        assert_eq!(check_value(&key(1)), check_value(&key(1)));
        assert_ne!(check_value(&key(1)), check_value(&key(2)));
        assert_eq!(check_value(&key(1)).as_bytes().len(), 3);
    }

    /// Computed by another implementation of RFC 5869, from the formulas of docs/formats/holders.md.
    #[test]
    fn the_values_of_the_format_page() {
        assert_eq!(check_value(&key(1)).to_string(), "4AB599");
        assert_eq!(pin_of_card(&key(1), "3100000000000011").expose(), b"579319");
    }
}
