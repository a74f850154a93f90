// SPDX-License-Identifier: Apache-2.0
//! Bytes that are no secret in the same numbered groups, for paper: without the two groups that say what a secret is. What
//! they are is said by the page that they stand on (docs/formats/paper.md).

use super::group::{self, DATA, LEN};
use super::{Typed, WrittenError, crc, locate};

/// Groups of so many bytes: two bytes each, and the check of all.
fn groups_of(bytes: usize) -> usize {
    bytes.div_ceil(2) + 1
}

/// An even number of bytes as groups in capitals with a blank between them.
pub fn write_public(bytes: &[u8]) -> String {
    let mut data: Vec<u8> = bytes.iter().flat_map(|b| [b >> 4, b & 0xF]).collect();
    let check = crc(&data).to_be_bytes();
    data.extend(check.iter().flat_map(|b| [b >> 4, b & 0xF]));
    let written = |(at, digits): (usize, &[u8])| -> String {
        let checks = group::checks(at + 1, digits);
        let digits = digits.iter().chain(&checks);
        digits
            .map(|d| char::from(b"0123456789ABCDEF"[usize::from(*d & 0xF)]))
            .collect()
    };
    let groups: Vec<String> = data.chunks(DATA).enumerate().map(written).collect();
    groups.join(" ")
}

/// Reads what a person typed of `N` bytes, an even number: both cases, with or without blanks and dashes. An error names
/// every wrong group.
pub fn read_public<const N: usize>(text: &str) -> Result<[u8; N], WrittenError> {
    let (typed, count) = (Typed::of(text.as_bytes()), groups_of(N));
    let got = typed.digits.len();
    if 2 * got < LEN * count || got > 2 * LEN * count {
        return Err(WrittenError::Length { groups: count, got });
    }
    if !typed.is_right(count) {
        return Err(WrittenError::Groups(locate::bad_groups(&typed, count)));
    }
    let data: Vec<u8> = typed
        .digits
        .chunks(LEN)
        .flat_map(|group| &group[..DATA])
        .copied()
        .collect();
    let (rest, check) = data.split_at(2 * N);
    if check.iter().fold(0, |sum, digit| sum << 4 | u16::from(*digit)) != crc(rest) {
        return Err(WrittenError::Together);
    }
    let bytes: Vec<u8> = rest.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect();
    bytes.try_into().map_err(|_| WrittenError::Together)
}

/// The numbers of the groups of one row that are wrong, where the row begins with group `first` and has `count` of them;
/// all of them where the row has another number of characters and its blanks do not say where.
pub fn wrong_in_row(first: usize, count: usize, row: &str) -> Vec<usize> {
    let blank = |c: char| c.is_ascii_whitespace() || c == '-';
    let words: Vec<&str> = row.split(blank).filter(|word| !word.is_empty()).collect();
    let together: String = words.concat();
    let wrong = |groups: &mut dyn Iterator<Item = &[u8]>| -> Vec<usize> {
        let wrong = (first..)
            .zip(groups)
            .filter(|(number, group)| !super::check_group(*number, group));
        wrong.map(|(number, _)| number).collect()
    };
    if words.len() == count {
        wrong(&mut words.iter().map(|word| word.as_bytes()))
    } else if together.len() == LEN * count {
        wrong(&mut together.as_bytes().chunks(LEN))
    } else {
        (first..first + count).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_come_back_and_wrong_groups_are_named() {
        let bytes: [u8; 40] = std::array::from_fn(|i| (i * 37) as u8);
        let text = write_public(&bytes);
        assert_eq!(text.split(' ').count(), 21);
        assert_eq!(read_public::<40>(&text), Ok(bytes));
        assert_eq!(read_public::<40>(&text.replace(' ', "-").to_lowercase()), Ok(bytes));
        for number in 1..=21 {
            let mut groups: Vec<String> = text.split(' ').map(str::to_owned).collect();
            let first = if groups[number - 1].starts_with('A') { "B" } else { "A" };
            groups[number - 1].replace_range(0..1, first);
            let wrong = read_public::<40>(&groups.join(" ")).unwrap_err();
            assert_eq!(wrong.groups(), [number]);
        }
        let mut swapped: Vec<&str> = text.split(' ').collect();
        swapped.swap(3, 4);
        assert_eq!(read_public::<40>(&swapped.join(" ")).unwrap_err().groups(), [4, 5]);
        // Two papers of which each group is right.
        let other = write_public(&[9; 40]);
        let mixed: Vec<&str> = text.split(' ').take(10).chain(other.split(' ').skip(10)).collect();
        assert_eq!(read_public::<40>(&mixed.join(" ")), Err(WrittenError::Together));
        assert!(matches!(read_public::<40>("12376A"), Err(WrittenError::Length { .. })));
    }
}
