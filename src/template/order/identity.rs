// SPDX-License-Identifier: Apache-2.0
//! Numbers of identity documents 证件号码. The resident identity number is checked whole: 18 places, birth date, check
//! character (GB 11643-1999, ISO 7064 MOD 11-2); other documents by their form only, since they carry no check.

use serde::Deserialize;

use crate::i18n::Msg;
use crate::msg;

/// What the number of a kind of document looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DocumentForm {
    /// 居民身份证: 17 digits and a check character.
    ResidentId,
    /// 护照: 5 to 15 letters and digits, a digit among them.
    Passport,
    /// 港澳、台湾居民来往内地（大陆）通行证: 8 to 10 digits, at most one letter in front.
    Permit,
    /// Not checked.
    Any,
}

/// Why a text is not the number of such a document. Never says the number: it belongs to a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IdentityFault {
    /// A resident number has 18 places.
    Length {
        /// How many came.
        got: usize,
    },
    /// 17 digits, then a digit or X.
    Places,
    /// Places 7 to 14 are no day since 1900 and before today.
    Birth,
    /// The last place does not agree with the others.
    Check,
    /// No passport number.
    Passport,
    /// No number of a travel permit.
    Permit,
}

impl IdentityFault {
    /// The reason in words.
    pub fn msg(self) -> Msg {
        match self {
            Self::Length { got } => msg!("identity-length", got = got),
            Self::Places => msg!("identity-places"),
            Self::Birth => msg!("identity-birth"),
            Self::Check => msg!("identity-check"),
            Self::Passport => msg!("identity-passport"),
            Self::Permit => msg!("identity-permit"),
        }
    }
}

/// Weights of the first 17 places.
const WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
/// The check character by the weighted sum modulo 11.
const CHECKS: &[u8; 11] = b"10X98765432";

impl DocumentForm {
    /// Whether a number has this form; `today` is yyyymmdd. Letters are capital already.
    pub fn fits(self, number: &str, today: &str) -> Result<(), IdentityFault> {
        match self {
            Self::ResidentId => resident_id(number, today),
            Self::Passport if !is_passport(number) => Err(IdentityFault::Passport),
            Self::Permit if !is_permit(number) => Err(IdentityFault::Permit),
            Self::Passport | Self::Permit | Self::Any => Ok(()),
        }
    }
}

fn resident_id(number: &str, today: &str) -> Result<(), IdentityFault> {
    let places: &[u8; 18] = number.as_bytes().try_into().map_err(|_| IdentityFault::Length {
        got: number.chars().count(),
    })?;
    let (digits, check) = (&places[..17], places[17]);
    if !digits.iter().all(u8::is_ascii_digit) || digits[0] == b'0' || !(check.is_ascii_digit() || check == b'X') {
        return Err(IdentityFault::Places);
    }
    let birth = number.get(6..14).unwrap_or_default();
    if crate::template::fields::date(birth).is_err() || birth < "19000101" || birth >= today {
        return Err(IdentityFault::Birth);
    }
    let sum: u32 = digits.iter().zip(WEIGHTS).map(|(d, w)| u32::from(d - b'0') * w).sum();
    if CHECKS[(sum % 11) as usize] == check {
        Ok(())
    } else {
        Err(IdentityFault::Check)
    }
}

fn is_passport(number: &str) -> bool {
    (5..=15).contains(&number.len())
        && number.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
        && number.bytes().any(|b| b.is_ascii_digit())
}

fn is_permit(number: &str) -> bool {
    let digits = number.strip_prefix(|c: char| c.is_ascii_uppercase()).unwrap_or(number);
    (8..=10).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    const TODAY: &str = "20261121";

    #[test]
    fn the_standards_own_examples() {
        // Annex of GB 11643-1999: a man's and a woman's number.
        for number in ["11010519491231002X", "440524188001010014"] {
            let judged = DocumentForm::ResidentId.fits(number, TODAY);
            // The second was born in 1880: its check character is right, its holder is not among the living.
            let expected = if number.starts_with('4') {
                Err(IdentityFault::Birth)
            } else {
                Ok(())
            };
            assert_eq!(judged, expected, "{number}");
        }
    }

    #[test]
    fn every_single_mistake_in_a_resident_number_is_found() {
        let good = "11010519491231002X";
        for place in 0..18 {
            for other in "0123456789X".chars().filter(|c| !good[place..].starts_with(*c)) {
                let mut bad = good.to_owned();
                bad.replace_range(place..=place, &other.to_string());
                assert!(DocumentForm::ResidentId.fits(&bad, TODAY).is_err(), "{bad}");
            }
        }
        // And every transposition of neighbours.
        for place in (0..16).filter(|p| good.as_bytes()[*p] != good.as_bytes()[p + 1]) {
            let mut bad = good.as_bytes().to_vec();
            bad.swap(place, place + 1);
            let bad = String::from_utf8(bad).unwrap();
            assert!(DocumentForm::ResidentId.fits(&bad, TODAY).is_err(), "{bad}");
        }
    }

    #[test]
    fn each_fault_has_its_name() {
        let of = |number: &str| DocumentForm::ResidentId.fits(number, TODAY).unwrap_err();
        assert_eq!(of("110105491231002"), IdentityFault::Length { got: 15 });
        assert_eq!(of("11010519491231002x"), IdentityFault::Places);
        assert_eq!(of("01010519491231002X"), IdentityFault::Places);
        assert_eq!(of("110105194912310一"), IdentityFault::Places);
        assert_eq!(of("110105194902300026"), IdentityFault::Birth);
        assert_eq!(of("110105202611210021"), IdentityFault::Birth);
        assert_eq!(of("110105194912310021"), IdentityFault::Check);
    }

    #[test]
    fn other_documents_by_their_form() {
        let fits = |form: DocumentForm, number: &str| form.fits(number, TODAY);
        for number in ["E12345678", "EA1234567", "123456789"] {
            assert_eq!(fits(DocumentForm::Passport, number), Ok(()), "{number}");
        }
        for number in ["ABCDE", "E123", "E1234-5678", "护照12345"] {
            assert_eq!(
                fits(DocumentForm::Passport, number),
                Err(IdentityFault::Passport),
                "{number}"
            );
        }
        for number in ["H12345678", "M1234567890", "01234567"] {
            assert_eq!(fits(DocumentForm::Permit, number), Ok(()), "{number}");
        }
        for number in ["H1234567", "HM12345678", "12345678901"] {
            assert_eq!(
                fits(DocumentForm::Permit, number),
                Err(IdentityFault::Permit),
                "{number}"
            );
        }
        assert_eq!(fits(DocumentForm::Any, "军字第1号"), Ok(()));
    }
}
