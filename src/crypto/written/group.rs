// SPDX-License-Identifier: Apache-2.0
//! The check digits of one written group: a doubly extended Reed-Solomon code over GF(16), polynomial x^4+x+1 (13).
//!
//! The code word has eight digits: the group's number as two hexadecimal digits that are not written, four data digits, two
//! check digits. Any two code words differ in at least three digits. So one or two wrong digits never give another right
//! group, nor does a group of another place, whose number differs in one digit or two.

use zeroize::Zeroizing;

/// Characters of a written group: four data digits, two check digits.
pub const LEN: usize = 6;
/// Data digits of a group.
pub(super) const DATA: usize = 4;
/// Stands for a character that is no hexadecimal digit.
pub(super) const NO_DIGIT: u8 = 0xFF;

/// The two check digits. The first is the sum (XOR) of the four data digits and the number's two digits; the second is
/// their sum with the weights 1, 2, 3, 4 and 5 (low digit of the number), 6 (high digit), written out in powers of two.
pub(super) fn checks(number: usize, data: &[u8]) -> [u8; 2] {
    let [a, b, c, d] = *data else { return [NO_DIGIT; 2] };
    let (low, high) = ((number & 0xF) as u8, (number >> 4 & 0xF) as u8);
    let fours = d ^ low ^ high;
    let twos = b ^ c ^ high;
    let ones = a ^ c ^ low;
    [a ^ b ^ c ^ d ^ low ^ high, double(double(fours) ^ twos) ^ ones]
}

/// Whether six digit values are the group of this number.
pub(super) fn is_right(number: usize, digits: &[u8]) -> bool {
    digits.len() == LEN && digits.iter().all(|d| *d < 16) && checks(number, &digits[..DATA])[..] == digits[DATA..]
}

/// How a group of five or seven digits can have come from the group of this number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Slip {
    /// A digit was left out, or typed twice.
    Usual,
    /// Another digit came in between.
    Stranger,
    /// By more than one slip.
    Several,
}

/// The likeliest slip that explains a group of five or seven digits.
pub(super) fn slip(number: usize, digits: &[u8]) -> Slip {
    let mut whole = Zeroizing::new([0; LEN]);
    let with_place = |at: usize, whole: &mut [u8; LEN]| {
        whole[..at].copy_from_slice(&digits[..at]);
        whole[at + 1..].copy_from_slice(&digits[at..]);
        // The first check says which digit alone can stand there.
        whole[at] = 0;
        let [sum, weighed] = checks(number, &whole[..DATA]);
        whole[at] = if at == LEN - 1 { weighed } else { sum ^ whole[DATA] };
        is_right(number, whole)
    };
    let without = |at: usize, whole: &mut [u8; LEN]| {
        whole[..at].copy_from_slice(&digits[..at]);
        whole[at..].copy_from_slice(&digits[at + 1..]);
        is_right(number, whole)
    };
    let twice = |at: usize| at > 0 && digits[at] == digits[at - 1];
    match digits.len() {
        5 if (0..LEN).any(|at| with_place(at, &mut whole)) => Slip::Usual,
        7 => {
            let extra = (0..=LEN).filter(|at| without(*at, &mut whole));
            extra
                .map(|at| if twice(at) { Slip::Usual } else { Slip::Stranger })
                .min()
                .unwrap_or(Slip::Several)
        }
        _ => Slip::Several,
    }
}

/// The value of a character; [`NO_DIGIT`] for what is none.
pub(super) fn digit(character: u8) -> u8 {
    match character {
        b'0'..=b'9' => character - b'0',
        b'a'..=b'f' => character - b'a' + 10,
        b'A'..=b'F' => character - b'A' + 10,
        _ => NO_DIGIT,
    }
}

/// Twice a digit in GF(16), without a branch.
fn double(digit: u8) -> u8 {
    (digit << 1 ^ 0x13 & (digit >> 3 & 1).wrapping_neg()) & 0xF
}

#[cfg(test)]
mod tests {
    use super::*;

    fn group(number: usize, data: u16) -> [u8; LEN] {
        let data: Vec<u8> = (0..4).rev().map(|place| (data >> (4 * place) & 0xF) as u8).collect();
        let [sum, weighed] = checks(number, &data);
        [data[0], data[1], data[2], data[3], sum, weighed]
    }

    /// Multiplication in the field by shifts and the polynomial.
    fn multiply(a: u8, b: u8) -> u8 {
        let product = (0..4).fold(0u8, |sum, bit| sum ^ ((a << bit) * (b >> bit & 1)));
        (4..8)
            .rev()
            .fold(product, |rest, bit| rest ^ ((0x13 << (bit - 4)) * (rest >> bit & 1)))
    }

    #[test]
    fn the_checks_are_the_weighted_sums() {
        // x^4 = x + 1; every element but zero has an inverse.
        assert_eq!(multiply(2, 8), 3);
        for a in 1..16 {
            assert_eq!((1..16).filter(|b| multiply(a, *b) == 1).count(), 1);
            assert_eq!(multiply(a, 2), double(a));
        }
        for (number, data) in (0..=255).flat_map(|n| [0x1248, 0xFFFF, 0x0F5A, 0xC36E].map(|d| (n, d))) {
            let found = group(number, data);
            let digits = [&found[..4], &[(number & 0xF) as u8, (number >> 4) as u8]].concat();
            let weighted = digits
                .iter()
                .zip(1..)
                .fold(0, |sum, (digit, weight)| sum ^ multiply(*digit, weight));
            assert_eq!(found[4..], [digits.iter().fold(0, |sum, digit| sum ^ digit), weighted]);
        }
    }

    #[test]
    fn the_example_of_the_format_page() {
        // 1·1 + 2·2 + 3·3 + 4·4 + 5·1 = 1 + 4 + 5 + 3 + 5 = 6 in the field; 1 + 2 + 3 + 4 + 1 = 5.
        assert_eq!(group(1, 0x1234), [1, 2, 3, 4, 5, 6]);
        assert_eq!(group(18, 0), [0, 0, 0, 0, 3, 0xC]);
    }

    #[test]
    fn one_or_two_wrong_digits_never_give_another_group() {
        // The code is linear: what holds beside one code word of a number holds beside all.
        for number in 1..=18 {
            let right = group(number, 0);
            assert!(is_right(number, &right));
            for (a, b) in (0..LEN).flat_map(|a| (a..LEN).map(move |b| (a, b))) {
                for (x, y) in (1..16).flat_map(|x| (0..16).map(move |y| (x, y))) {
                    let mut wrong = right;
                    wrong[a] ^= x;
                    if a != b {
                        wrong[b] ^= y;
                    }
                    assert!(!is_right(number, &wrong), "{number} {a} {b} {x} {y}");
                }
            }
        }
    }

    #[test]
    fn a_group_in_another_place_is_wrong_even_with_one_wrong_digit() {
        for (number, place) in (1..16)
            .flat_map(|n| (1..16).map(move |p| (n, p)))
            .filter(|(n, p)| n != p)
        {
            let there = group(number, 0);
            assert!(!is_right(place, &there));
            for (at, x) in (0..LEN).flat_map(|at| (1..16).map(move |x| (at, x))) {
                let mut wrong = there;
                wrong[at] ^= x;
                assert!(!is_right(place, &wrong));
            }
        }
        for (number, place) in (1..=18)
            .flat_map(|n| (1..=18).map(move |p| (n, p)))
            .filter(|(n, p)| n != p)
        {
            assert!(!is_right(place, &group(number, 0x5A5A)));
        }
    }

    #[test]
    fn a_missing_and_a_doubled_digit_are_explained() {
        let right = group(7, 0xC0DE);
        for at in 0..LEN {
            let mut short = right.to_vec();
            short.remove(at);
            let mut long = right.to_vec();
            long.insert(at, right[at]);
            assert_eq!((slip(7, &short), slip(7, &long)), (Slip::Usual, Slip::Usual));
            long[at] = (right[at] + 1) % 16;
            assert_ne!(slip(7, &long), Slip::Several);
            assert!(!is_right(7, &short) && !is_right(7, &long));
        }
        assert!(slip(7, &right[..4]) == Slip::Several && !is_right(7, &[NO_DIGIT; LEN]));
        let mut strange = right.to_vec();
        strange.remove(2);
        strange[0] = NO_DIGIT;
        assert_eq!(slip(7, &strange), Slip::Several);
    }
}
