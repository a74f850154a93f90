// SPDX-License-Identifier: Apache-2.0
//! Recovery without the program: what stands on the pages is computed again, by the program and by the short Python program,
//! and the tables are right. What a ceremony writes is put together by the same Python in `tests/ceremony/recovery.rs`.

#![allow(clippy::unwrap_used)] // a test stops at the first surprise

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use cardmint::crypto::SecretBytes;
use cardmint::crypto::shamir::{self, Share};
use cardmint::crypto::written::{self, Header, Kind};

const PAGES: [&str; 2] = [
    include_str!("../docs/recovery.en.md"),
    include_str!("../docs/recovery.zh.md"),
];
const TABLES: &str = include_str!("../docs/recovery-tables.md");

/// What the Python program says to these forms: whether it was content, what it printed, what it complained.
fn python(numbers: &[&str], typed: &str) -> (bool, String, String) {
    let mut child = Command::new("python3")
        .arg("-I")
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/formats/recover_shares.py"))
        .args(numbers)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(typed.as_bytes()).unwrap();
    let done = child.wait_with_output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (done.status.success(), text(done.stdout), text(done.stderr))
}

/// The blocks of a language on a page.
fn blocks<'p>(page: &'p str, language: &str) -> Vec<&'p str> {
    let open = format!("```{language}\n");
    let block = |rest: &'p str| rest.split("```").next().unwrap();
    page.split(&open as &str).skip(1).map(block).collect()
}

/// A form by the program's own reader.
fn read(form: &str) -> (Header, String) {
    let (header, secret) = written::read(&SecretBytes::new(form.as_bytes().to_vec())).unwrap();
    (header, hex_of(&secret))
}

fn hex_of(secret: &SecretBytes) -> String {
    secret.on_page(|bytes| hex::encode_upper(bytes))
}

/// The key that the page says it is.
fn key_of(page: &str) -> &str {
    let after = page.split("-nopad -K ").nth(1).unwrap();
    after.split(' ').next().unwrap()
}

/// Rows of the table whose rows have so many cells and a number first.
fn rows(page: &str, cells: usize) -> Vec<Vec<&str>> {
    let lines = page.lines().filter(|line| line.starts_with("| "));
    lines
        .map(|line| line.trim_matches('|').split('|').map(str::trim).collect())
        .filter(|row: &Vec<&str>| row.len() == cells && row[0].parse::<u8>().is_ok())
        .collect()
}

fn byte(text: &str) -> u8 {
    u8::from_str_radix(text, 16).unwrap_or_else(|_| panic!("{text}"))
}

/// Product in GF(2^8), polynomial 11B, by the definition.
fn product(a: u8, b: u8) -> u8 {
    let mut sum = 0u16;
    for bit in 0..8 {
        sum ^= if b >> bit & 1 == 1 { u16::from(a) << bit } else { 0 };
    }
    for bit in (8..15).rev() {
        sum ^= if sum >> bit & 1 == 1 { 0x11B << (bit - 8) } else { 0 };
    }
    u8::try_from(sum).unwrap()
}

/// 03 to the power of n.
fn power(n: usize) -> u8 {
    (0..n).fold(1, |value, _| product(value, 3))
}

fn quotient(a: u8, b: u8) -> u8 {
    (0..=255).find(|c| product(*c, b) == a).unwrap()
}

fn weight(index: u8, all: &[u8]) -> u8 {
    let others = all.iter().filter(|other| **other != index);
    others.fold(1, |value, other| product(value, quotient(*other, other ^ index)))
}

#[test]
fn what_python_prints_stands_on_the_pages() {
    for page in PAGES {
        let sessions = blocks(page, "console");
        assert_eq!(sessions.len(), 3);
        for session in sessions {
            let (command, rest) = session.split_once('\n').unwrap();
            let numbers = command.strip_prefix("$ python3 recover_shares.py").unwrap();
            let numbers: Vec<&str> = numbers.split_whitespace().collect();
            let (typed, printed) = rest.split_once("\n\n").unwrap();
            let said = python(&numbers, &format!("{typed}\n\n"));
            assert_eq!(said, (true, printed.to_owned(), String::new()));
        }
    }
}

#[test]
fn the_program_gets_the_same_key_from_the_forms_on_the_pages() {
    for page in PAGES {
        let forms = blocks(page, "text");
        let components: Vec<(Header, String)> = forms[0].lines().map(read).collect();
        assert!(components.iter().all(|(header, _)| header.kind() == Kind::Component));
        let mut sum = [0u8; 16];
        for (_, component) in &components {
            let bytes = hex::decode(component).unwrap();
            sum.iter_mut().zip(bytes).for_each(|(sum, byte)| *sum ^= byte);
        }
        assert_eq!(hex::encode_upper(sum), key_of(page));
        let shares: Vec<Share> = forms[1]
            .lines()
            .map(|form| {
                let (header, secret) = written::read(&SecretBytes::new(form.as_bytes().to_vec())).unwrap();
                assert_eq!(header.kind(), Kind::Share);
                Share::from_parts(header.index(), header.needed(), secret).unwrap()
            })
            .collect();
        assert_eq!(hex_of(&shamir::combine(&shares).unwrap()), key_of(page));
        assert_eq!(
            page.matches(&format!("`{}`", key_of(page))).count(),
            2,
            "the key is said twice"
        );
        // Its check value, by OpenSSL as on the page: 3DES with the first half as third key.
        let key = hex::decode(key_of(page)).unwrap();
        let cipher = openssl::symm::Cipher::des_ede3_ecb();
        let block = openssl::symm::encrypt(cipher, &[&key[..], &key[..8]].concat(), None, &[0; 8]).unwrap();
        assert!(page.contains(&format!("`{}`", hex::encode_upper(&block[..3]))));
    }
}

#[test]
fn every_line_computed_by_hand_is_right() {
    for page in PAGES {
        let forms = blocks(page, "text");
        let parts = |block: usize| -> Vec<String> { forms[block].lines().map(|form| read(form).1).collect() };
        let (components, shares, key) = (parts(0), parts(1), key_of(page));
        let sums = rows(page, 5);
        assert_eq!(sums.len(), 8);
        for (at, row) in sums.iter().enumerate() {
            let place = 4 * at..4 * at + 4;
            let right: Vec<&str> = components
                .iter()
                .map(|c| &c[place.clone()])
                .chain([&key[place.clone()]])
                .collect();
            assert_eq!((row[0], &row[1..]), ((at + 3).to_string().as_str(), &right[..]));
        }
        let products = rows(page, 10);
        assert_eq!(products.len(), 16);
        let weights = [(weight(1, &[1, 3]), 231), (weight(3, &[1, 3]), 230)];
        for (at, row) in products.iter().enumerate() {
            assert_eq!(row[0], (at + 1).to_string());
            for (share, cells) in row[1..9].chunks(4).enumerate() {
                let (factor, log) = weights[share];
                assert_eq!(cells[0], &shares[share][2 * at..2 * at + 2]);
                let own: usize = cells[1].parse().unwrap();
                assert_eq!(power(own), byte(cells[0]), "{row:?}");
                let sum = own + log;
                let said = if sum < 255 {
                    sum.to_string()
                } else {
                    format!("{sum}−255 = {}", sum - 255)
                };
                assert_eq!(cells[2], said);
                assert_eq!(byte(cells[3]), product(byte(cells[0]), factor), "{row:?}");
            }
            assert_eq!(byte(row[9]), byte(row[4]) ^ byte(row[8]));
            assert_eq!(row[9], &key[2 * at..2 * at + 2]);
        }
    }
}

/// The tables' cells: without the row's name, by section.
fn table(title: &str) -> Vec<Vec<&'static str>> {
    let section = TABLES
        .split("\n## ")
        .find(|section| section.starts_with(title))
        .unwrap();
    let lines = section.lines().filter(|line| line.starts_with('|'));
    let cells = |line: &'static str| line.trim_matches('|').split('|').map(str::trim).collect();
    lines.skip(2).map(cells).collect()
}

#[test]
fn the_tables_are_right() {
    let xor = table("XOR");
    assert_eq!(xor.len(), 16);
    for (a, row) in xor.iter().enumerate() {
        let right: Vec<String> = (0..16).map(|b| format!("{:X}", a ^ b)).collect();
        assert_eq!(
            (row[0].to_owned(), &row[1..]),
            (
                format!("**{a:X}**"),
                &right.iter().map(String::as_str).collect::<Vec<_>>()[..]
            )
        );
    }
    let doubled = &table("Doubled")[0];
    for a in 0..16u8 {
        let twice = a << 1 ^ if a & 8 == 8 { 0x13 } else { 0 };
        assert_eq!(doubled[usize::from(a) + 1], format!("{twice:X}"));
    }
    let logs = table("Logarithms");
    assert_eq!((logs.len(), logs[0][1]), (16, "–"));
    for value in 1..256 {
        let log: usize = logs[value / 16][value % 16 + 1].parse().unwrap();
        assert!(log < 255 && usize::from(power(log)) == value, "{value:02X}");
    }
    let powers: Vec<&str> = table("Antilogarithms")
        .iter()
        .flat_map(|row| row[1..].to_vec())
        .collect();
    for (n, cell) in powers.iter().enumerate() {
        let right = if n < 255 {
            format!("{:02X}", power(n))
        } else {
            String::new()
        };
        assert_eq!(**cell, right, "{n}");
    }
    assert!(powers.len() >= 255);
    let weights = table("Weights");
    assert_eq!(weights.len(), 20, "two and three of five");
    for row in weights {
        let numbers: Vec<u8> = row[0].split(", ").map(|n| n.parse().unwrap()).collect();
        let right: Vec<String> = numbers
            .iter()
            .map(|n| {
                let value = weight(*n, &numbers);
                let log = (0..255).find(|log| power(*log) == value).unwrap();
                format!("{value:02X} ({log})")
            })
            .collect();
        assert_eq!(row[1], right.join(", "));
    }
}

#[test]
fn python_names_what_is_wrong_and_gives_no_secret() {
    let components = blocks(PAGES[0], "text")[0];
    let shares = blocks(PAGES[0], "text")[1];
    let first = components.lines().next().unwrap();
    let lines: Vec<&str> = components.lines().collect();
    let swapped = {
        let mut groups: Vec<&str> = first.split(' ').collect();
        groups.swap(4, 5);
        groups.join(" ")
    };
    let foreign = SecretBytes::new((0..16).collect());
    let other = Header::new(Kind::Component, 2, 3, [0, 1]).unwrap();
    let other = written::write(other, &foreign)
        .unwrap()
        .on_page(|text| String::from_utf8(text.to_vec()).unwrap());
    let factor = Header::new(Kind::Factor, 1, 2, [0, 1]).unwrap();
    let factor = written::write(factor, &foreign)
        .unwrap()
        .on_page(|text| String::from_utf8(text.to_vec()).unwrap());
    for (numbers, typed, complaint) in [
        (&[][..], first.replacen("73F7", "73F8", 1), "wrong groups: 3"),
        (&[], swapped, "wrong groups: 5, 6"),
        (&[], first.replacen('7', "O", 1), "in group 1"),
        (&[], first[..60].to_owned(), "52 characters"),
        (&[], first.to_owned(), "3 are needed, 1 were given"),
        (&[], format!("{first}\n{first}"), "number 1 stands twice"),
        (&[], format!("{first}\n{other}\n{}", lines[2]), "from one ceremony"),
        (
            &[],
            format!("{first}\n{}", shares.lines().next().unwrap()),
            "number 1 stands twice",
        ),
        (&[], factor, "factors are not added"),
        (&["1", "3"], first.to_owned(), "name the numbers"),
        (
            &["2", "3"],
            shares.lines().next().unwrap().to_owned(),
            "name the numbers",
        ),
        (&["1"], shares.lines().next().unwrap().to_owned(), "name the numbers"),
        (&["1", "3"], shares.to_owned(), "one form at a time"),
    ] {
        let (good, printed, complained) = python(numbers, &format!("{typed}\n"));
        assert!(!good && complained.contains(complaint), "{complaint}: {complained}");
        assert!(
            !printed.contains("secret") && !printed.contains("component A5"),
            "{printed}"
        );
    }
    // Spaces, dashes and small letters are the same.
    let (good, printed, _) = python(&[], &components.replace(' ', "-").to_lowercase());
    assert!(good && printed.ends_with(&format!("secret {}\n", key_of(PAGES[0]))));
    let (good, printed, _) = python(&[], &components.replace(' ', ""));
    assert!(good && printed.ends_with(&format!("secret {}\n", key_of(PAGES[0]))));
}
