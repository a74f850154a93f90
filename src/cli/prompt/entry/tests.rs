// SPDX-License-Identifier: Apache-2.0
//! Keys and what they do to an answer. The answers are compared by what they make as keys or as written secrets: this layer
//! cannot look at them.

use super::*;
use crate::crypto::component;
use crate::crypto::written;

const EXAMPLE: &str = "12376A A73C0E 001138 223348 445556 667761 889979 AABB87 CCDD99 EEFFAE 8AB31C";

/// Types into an entry; returns how often the bell rang.
fn type_in(entry: &mut impl Entry, bytes: &[u8]) -> usize {
    let mut decoder = Decoder::default();
    let keys = bytes.iter().filter_map(|byte| decoder.key(*byte));
    keys.filter(|key| entry.take(*key)).count()
}

fn plain(bytes: &[u8]) -> Option<SecretBytes> {
    let mut entry = Plain::new();
    type_in(&mut entry, bytes);
    entry.finish()
}

fn key_of(bytes: &[u8]) -> crate::crypto::KeyMaterial {
    component::from_hex(&plain(bytes).unwrap()).unwrap()
}

#[test]
fn keys_edit_a_hidden_answer() {
    let right = key_of(b"00112233445566778899AABBCCDDEEFF");
    for typed in [
        &b"00112233445566778899AABBCCDDEEFG\x7FF"[..],
        b"00112233445566778899AABBCCDDEEF\x08FF",
        b"nonsense\x1500112233445566778899AABBCCDDEEFF",
        b"00112233445566778899AABBCCDDEEFF more\x17\x7F",
        b"\x1b[200~00112233445566778899AABBCCDDEEFF\x1b[201~",
        b"\x1b[A0011\x1bOB2233445566778899AABBCCDDEEFF\x1b[1;5C\x01\x1a",
        "00112233445566778899AABBCCDDEEF密\x7FF".as_bytes(),
        "00112233445566778899AABBCCDDEEF密钥\x7F\x7FF".as_bytes(),
    ] {
        assert!(key_of(typed).same_as(&right), "{typed:?}");
    }
    assert!(plain(&[b'0'; LONGEST]).is_some_and(|answer| answer.len() == LONGEST));
    assert!(plain(&[b'0'; LONGEST + 1]).is_none());
    assert!(plain(b"\x80\x80\x7F\x7F\x7F").unwrap().is_empty());
}

#[test]
fn control_keys_are_told_apart() {
    let mut decoder = Decoder::default();
    let keys: Vec<Key> = b"a\r\n\x03\x1c\x04\x7f\x17\x15"
        .iter()
        .filter_map(|b| decoder.key(*b))
        .collect();
    let expected = [
        Key::Byte(b'a'),
        Key::Enter,
        Key::Enter,
        Key::Stop,
        Key::Stop,
        Key::End,
        Key::Back,
        Key::Word,
        Key::All,
    ];
    assert_eq!(keys, expected);
    // An escape key does not swallow Enter or Ctrl-C.
    assert_eq!(decoder.key(0x1B), None);
    assert_eq!(decoder.key(b'\r'), Some(Key::Enter));
}

#[test]
fn groups_are_cut_and_checked_as_they_are_typed() {
    let groups = written::entry(16);
    let mut entry = Grouped::new(&groups);
    let wrong = |entry: &Grouped| -> Vec<usize> {
        let cells = entry.cells().into_iter().enumerate();
        cells.filter(|(_, cell)| cell.wrong).map(|(at, _)| at + 1).collect()
    };
    assert_eq!(type_in(&mut entry, b"12376AA73C0E0011"), 0);
    assert_eq!(entry.cells().iter().map(|c| c.typed).collect::<Vec<_>>(), [6, 6, 4]);
    assert_eq!(type_in(&mut entry, b"39"), 1, "the bell rings at the third group");
    assert_eq!(wrong(&entry), [3]);
    assert_eq!(type_in(&mut entry, b"\x7F8"), 0);
    assert_eq!(wrong(&entry), [0; 0]);
    // A blank ends a group that is too short.
    assert_eq!(type_in(&mut entry, b" 22334 4"), 1);
    assert_eq!(wrong(&entry), [4]);
    assert_eq!(type_in(&mut entry, b"\x7F8"), 0);
    assert_eq!((entry.cells().len(), wrong(&entry).len()), (4, 0));
    assert_eq!(type_in(&mut entry, b" 4455 "), 1, "a group that a blank ends too early");
    assert_eq!(
        type_in(&mut entry, b"\x7F56 \x7F6"),
        0,
        "the blank is taken back, then the last character"
    );
    type_in(&mut entry, b"667761 66-");
    type_in(&mut entry, b"\x17\x17");
    assert_eq!(entry.cells().len(), 5, "two groups were taken back");
    type_in(&mut entry, b"667761 889979--AABB87CCDD99EEFFAE8ab31c");
    let (header, secret) = written::read(&entry.finish().unwrap()).unwrap();
    assert_eq!((header.index(), header.needed()), (2, 3));
    assert!(
        written::key(&secret)
            .unwrap()
            .same_as(&key_of(b"00112233445566778899AABBCCDDEEFF"))
    );
}

#[test]
fn foreign_characters_count_as_one_and_are_named() {
    let groups = written::entry(16);
    let mut entry = Grouped::new(&groups);
    let strange = EXAMPLE.replace("445556", "44密556").replace("8AB31C", "８AB31C");
    type_in(&mut entry, strange.as_bytes());
    assert_eq!(entry.cells().iter().filter(|cell| cell.wrong).count(), 2);
    assert_eq!(written::read(&entry.finish().unwrap()).unwrap_err().groups(), [5, 11]);

    let mut entry = Grouped::new(&groups);
    type_in(&mut entry, "44密\x7F".as_bytes());
    assert_eq!(entry.cells(), [Cell { typed: 2, wrong: false }]);
    type_in(&mut entry, b"\xB0\xA1\xFF");
    assert_eq!(entry.cells()[0].typed, 4, "what is no UTF-8 counts too");
    type_in(&mut entry, b"\x15");
    assert!(entry.is_empty() && entry.cells().is_empty());
}
