// SPDX-License-Identifier: Apache-2.0
//! What is written reads back; single errors one by one. Many errors at random: `tests/written.rs`.

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;
use crate::crypto::shamir::{Share, combine, split};
use crate::error::Fault;
use crate::i18n::Lang;
use crate::outside::SystemRandom;

fn secret(bytes: &[u8]) -> SecretBytes {
    SecretBytes::new(bytes.to_vec())
}

fn typed(text: &str) -> Result<(Header, SecretBytes), WrittenError> {
    read(&secret(text.as_bytes()))
}

fn header() -> Header {
    Header::new(Kind::Component, 2, 3, [0xA7, 0x3C]).unwrap()
}

fn written(header: Header, bytes: &[u8]) -> String {
    String::from_utf8(write(header, &secret(bytes)).unwrap().expose().to_vec()).unwrap()
}

fn example() -> String {
    let bytes: Vec<u8> = (0..16).map(|i| i * 0x11).collect();
    written(header(), &bytes)
}

proptest! {
    #[test]
    fn what_is_written_reads_back_in_any_dress(
        bytes in prop_oneof![vec(any::<u8>(), 16), vec(any::<u8>(), 24), vec(any::<u8>(), 32)],
        kind in prop_oneof![Just(Kind::Component), Just(Kind::Share), Just(Kind::Factor)],
        needed in 2_u8..=15,
        index in 1_u8..=15,
        tag: [u8; 2],
    ) {
        let index = if kind == Kind::Share { index } else { index.min(needed) };
        let header = Header::new(kind, index, needed, tag).unwrap();
        let text = written(header, &bytes);
        prop_assert_eq!(text.split(' ').count(), groups_of(bytes.len()));
        let dresses = [
            text.clone(),
            text.to_lowercase(),
            text.replace(' ', ""),
            text.replace(' ', "-"),
            text.replace(' ', "  - "),
            format!(" {} ", text.replace(' ', "\t")),
        ];
        for dress in dresses {
            let (found, back) = typed(&dress).unwrap();
            prop_assert_eq!(found, header);
            prop_assert_eq!(back.expose(), &bytes);
        }
        for (at, group) in text.split(' ').enumerate() {
            prop_assert!(check_group(at + 1, group.as_bytes()) && !check_group(at + 2, group.as_bytes()));
        }
    }

    #[test]
    fn garbage_never_panics_and_is_never_accepted(bytes in vec(any::<u8>(), 0..150), plausible: bool) {
        const SIGNS: &[u8] = b"0123456789ABCDEFabcdef -\xE5\xAF\x86";
        let pick = |b: u8| if plausible { SIGNS[usize::from(b) % SIGNS.len()] } else { b };
        let bytes = bytes.into_iter().map(pick).collect();
        prop_assert!(read(&SecretBytes::new(bytes)).is_err());
    }
}

#[test]
fn the_example_of_the_format_page_is_written_so() {
    let page = include_str!("../../../docs/formats/written.md");
    assert!(page.contains(&example()), "{}", example());
    assert_eq!(groups_of(16) * LEN, 66);
    assert_eq!((groups_of(24), groups_of(32)), (15, 19));
}

#[test]
fn only_possible_headers_and_lengths_are_written() {
    for (kind, index, needed) in [
        (Kind::Component, 0, 2),
        (Kind::Component, 3, 2),
        (Kind::Factor, 4, 3),
        (Kind::Share, 16, 2),
        (Kind::Share, 1, 1),
        (Kind::Share, 1, 16),
    ] {
        assert_eq!(Header::new(kind, index, needed, [0; 2]), Err(WrittenError::Header));
    }
    assert!(Header::new(Kind::Share, 15, 2, [0; 2]).is_ok());
    let refused = write(header(), &secret(&[1; 15])).unwrap_err();
    assert_eq!(refused, WrittenError::Secret { bytes: 15 });
    assert_eq!(key(&secret(&[1; 24])).unwrap_err(), WrittenError::Secret { bytes: 24 });
    assert_eq!(key(&secret(&[7; 16])).unwrap().expose(), &[7; 16]);
}

#[test]
fn sound_groups_of_another_program_are_refused() {
    let strange = |first: [u8; 4]| {
        let mut data = [
            first,
            [1, 2, 3, 4],
            [5; 4],
            [6; 4],
            [7; 4],
            [8; 4],
            [9; 4],
            [1; 4],
            [2; 4],
            [3; 4],
        ]
        .concat();
        let check = crc(&data);
        data.extend((0..4).rev().map(|place| (check >> (4 * place) & 0xF) as u8));
        typed(&in_groups(&data)).map(|_| ()).unwrap_err()
    };
    // An unknown kind, number 0, more than are needed, a length that does not exist.
    for first in [
        [4, 1, 2, 7],
        [0, 1, 2, 7],
        [1, 0, 2, 7],
        [1, 3, 2, 7],
        [2, 1, 1, 7],
        [1, 1, 2, 6],
    ] {
        assert_eq!(strange(first), WrittenError::Header);
    }
}

/// Data digits with right check digits in every group.
fn in_groups(data: &[u8]) -> String {
    let digits = data.chunks(DATA).enumerate().flat_map(|(at, data)| {
        let checks = group::checks(at + 1, data);
        data.iter().copied().chain(checks)
    });
    digits
        .map(|d| char::from(b"0123456789ABCDEF"[usize::from(d)]))
        .collect()
}

#[test]
fn the_check_of_all_is_the_published_crc() {
    // CRC-16/IBM-3740, check value of "123456789".
    let digits: Vec<u8> = b"123456789".iter().flat_map(|b| [b >> 4, b & 0xF]).collect();
    assert_eq!(crc(&digits), 0x29B1);
}

#[test]
fn whatever_happens_to_one_group_is_never_accepted() {
    // Other data with the right check digits: what neither the group nor its neighbours show.
    let right: Vec<u8> = example()
        .split(' ')
        .flat_map(|g| g.bytes().take(DATA).map(group::digit).collect::<Vec<_>>())
        .collect();
    for at in 0..right.len() / DATA {
        for change in 1..=0xFFFF_u16 {
            let mut data = right.clone();
            for (place, digit) in data[DATA * at..][..DATA].iter_mut().enumerate() {
                *digit ^= (change >> (4 * place) & 0xF) as u8;
            }
            let (rest, check) = data.split_at(data.len() - DATA);
            assert_ne!(
                crc(rest),
                check.iter().fold(0, |sum, digit| sum << 4 | u16::from(*digit))
            );
        }
    }
    let first_half = example();
    let second = written(header(), &[0xB7; 16]);
    assert_eq!(
        typed(&[&first_half[..35], &second[35..]].concat())
            .map(|_| ())
            .unwrap_err(),
        WrittenError::Together
    );
}

#[test]
fn shares_go_over_paper_and_combine() {
    let whole = secret(&(0..32).collect::<Vec<u8>>());
    let shares = split(&whole, 3, 5, &mut SystemRandom).unwrap();
    let over_paper = |share: &Share| {
        let header = Header::new(Kind::Share, share.index(), share.threshold(), [1, 2]).unwrap();
        let text = write(header, share.secret()).unwrap();
        let (header, bytes) = read(&text).unwrap();
        Share::from_parts(header.index(), header.needed(), bytes).unwrap()
    };
    let back: Vec<Share> = shares[1..4].iter().map(over_paper).collect();
    assert_eq!(back[0].digest(), shares[1].digest());
    assert_eq!(combine(&back).unwrap().expose(), whole.expose());
}

#[test]
fn a_single_wrong_character_is_always_named_alone() {
    let text = example();
    let right: Vec<u8> = text.replace(' ', "").into_bytes();
    for (at, instead) in (0..right.len()).flat_map(|at| b"0123456789ABCDEFGOIl?".iter().map(move |c| (at, *c))) {
        if right[at] == instead {
            continue;
        }
        let mut wrong = right.clone();
        wrong[at] = instead;
        let error = read(&secret(&wrong)).unwrap_err();
        assert_eq!(error.groups(), [at / LEN + 1]);
        let fault = if instead.is_ascii_hexdigit() {
            GroupFault::Check
        } else {
            GroupFault::Digit
        };
        assert_eq!(
            error,
            WrittenError::Groups(vec![BadGroup {
                number: at / LEN + 1,
                fault
            }])
        );
    }
}

#[test]
fn faults_have_their_words_and_repeat_nothing() {
    let text = example();
    let groups: Vec<&str> = text.split(' ').collect();
    let edited = |edit: &dyn Fn(&mut Vec<String>)| {
        let mut groups: Vec<String> = groups.iter().map(ToString::to_string).collect();
        edit(&mut groups);
        typed(&groups.join(" ")).unwrap_err()
    };
    let short = edited(&|g| g[3].replace_range(2..3, ""));
    assert_eq!(short.to_string(), "group 4 has 5 characters, not 6");
    assert_eq!(short.msg().render(Lang::Zh), "第 4 组有 5 个字符，应为 6 个");
    let swapped = edited(&|g| g.swap(4, 8));
    assert_eq!(swapped.to_string(), "groups 5 and 9 stand in each other's place");
    let left_out = edited(&|g| drop(g.remove(6)));
    assert_eq!(left_out.to_string(), "group 7 was left out");
    let twice = edited(&|g| g.insert(6, g[6].clone()));
    assert_eq!(twice.to_string(), "group 7 has 12 characters, not 6");
    let letters = edited(&|g| {
        g[2].replace_range(0..1, "O");
        g[9].replace_range(5..6, "l");
    });
    let shown = letters.to_string();
    assert!(shown.starts_with("groups 3, 10 have characters"), "{shown}");
    let wide = edited(&|g| g[5].replace_range(0..1, "５"));
    assert_eq!(wide.groups(), [6]);
    assert!(wide.msg().hint(Lang::En).is_some());
    assert_eq!(typed("").unwrap_err(), WrittenError::Length { groups: 11, got: 0 });
    assert_eq!(
        typed(&"0".repeat(400)).unwrap_err(),
        WrittenError::Length { groups: 19, got: 400 }
    );
    let stopped = edited(&|g| g.truncate(6));
    assert_eq!(stopped.groups(), [7, 8, 9, 10, 11]);
}

#[test]
fn equal_neighbours_over_a_border_name_both_groups() {
    let texts = (0..=255).map(|byte| written(header(), &[byte; 16]).replace(' ', ""));
    let mut equal = texts.filter(|text| text.as_bytes()[LEN * 4 - 1] == text.as_bytes()[LEN * 4]);
    let text = equal.next().unwrap();
    let mut short = text.clone();
    short.remove(LEN * 4);
    let error = typed(&short).unwrap_err();
    assert!(
        error.groups().starts_with(&[4]) || error.groups().contains(&5),
        "{error}"
    );
    assert!(
        error
            .to_string()
            .starts_with("perhaps a character is missing or too many in group "),
        "{error}"
    );
}

#[test]
fn bytes_that_are_no_text_count_as_characters() {
    let right = example();
    for strange in [
        &b"\xB0"[..],
        b"\xB0\xA1",
        "密".as_bytes(),
        b"\x80",
        b"\xFF",
        "０".as_bytes(),
    ] {
        let wrong = [&right.as_bytes()[..20], strange, &right.as_bytes()[20..]].concat();
        assert_eq!(read(&SecretBytes::new(wrong)).unwrap_err().groups(), [3]);
    }
}
