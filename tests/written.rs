// SPDX-License-Identifier: Apache-2.0
//! Typing errors of one or two characters in written secrets (docs/formats/written.md), many at random: all found, nearly
//! all named exactly, none accepted. The texts come from an encoder of its own, written after the format page.
#![allow(clippy::unwrap_used, clippy::print_stdout)] // a test stops at the first surprise and prints its seed

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use cardmint::crypto::SecretBytes;
use cardmint::crypto::written::{WrittenError, read};

const CASES: usize = 100_000;

/// Random numbers from a seed that is printed. `CARDMINT_TEST_SEED=…` in the environment gives a run again.
struct Seeded(u64);

impl Seeded {
    fn new() -> Self {
        let given = std::env::var("CARDMINT_TEST_SEED").ok();
        let seed = given.and_then(|seed| seed.parse().ok()).unwrap_or_else(|| {
            let mut fresh = [0; 8];
            getrandom::fill(&mut fresh).unwrap();
            u64::from_le_bytes(fresh)
        });
        println!("CARDMINT_TEST_SEED={seed}");
        Self(seed)
    }

    /// SplitMix64.
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let z = (self.0 ^ self.0 >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let z = (z ^ z >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ z >> 31
    }

    fn below(&mut self, end: usize) -> usize {
        (self.next() % end as u64) as usize
    }
}

/// Product in GF(16) by logarithms to the base 2.
fn times(a: u8, b: u8) -> u8 {
    const POWERS: [u8; 15] = [1, 2, 4, 8, 3, 6, 12, 11, 5, 10, 7, 14, 15, 13, 9];
    let log = |x: u8| POWERS.iter().position(|power| *power == x);
    log(a).zip(log(b)).map_or(0, |(i, j)| POWERS[(i + j) % 15])
}

/// A share as the format page lays it down.
fn share(random: &mut Seeded, bytes: usize) -> Vec<String> {
    let mut data = format!("2{:X}3{:X}", 1 + random.below(15), bytes / 2 - 1);
    for _ in 0..=bytes / 2 {
        write!(data, "{:04X}", random.next() & 0xFFFF).unwrap();
    }
    let crc = hex::decode(&data).unwrap().iter().fold(0xFFFF_u16, |crc, byte| {
        (0..8).fold(crc ^ u16::from(*byte) << 8, |crc, _| {
            crc << 1 ^ if crc >> 15 == 1 { 0x1021 } else { 0 }
        })
    });
    write!(data, "{crc:04X}").unwrap();
    let groups = data.as_bytes().chunks(4).enumerate().map(|(at, group)| {
        let number = at as u8 + 1;
        let group = std::str::from_utf8(group).unwrap();
        let mut digits: Vec<u8> = group.chars().map(|c| c.to_digit(16).unwrap() as u8).collect();
        digits.extend([number & 0xF, number >> 4]);
        let first = digits.iter().fold(0, |sum, digit| sum ^ digit);
        let second = digits
            .iter()
            .zip(1..)
            .fold(0, |sum, (digit, weight)| sum ^ times(*digit, weight));
        format!("{group}{first:X}{second:X}")
    });
    groups.collect()
}

fn typed(text: &str) -> Result<(), WrittenError> {
    read(&SecretBytes::new(text.into())).map(|_| ())
}

#[test]
fn the_encoder_of_this_test_agrees_with_the_program() {
    let mut random = Seeded::new();
    for bytes in [16, 24, 32].into_iter().cycle().take(300) {
        assert_eq!(typed(&share(&mut random, bytes).join(" ")), Ok(()));
    }
}

/// The groups as they are typed, and which of them are no longer as on paper.
struct Typing {
    groups: Vec<Vec<u8>>,
    between: &'static str,
    touched: BTreeSet<usize>,
}

const KINDS: [&str; 5] = ["substitution", "transposition", "swapped groups", "missing", "doubled"];

impl Typing {
    fn text(&self) -> String {
        let groups = self
            .groups
            .iter()
            .map(|group| String::from_utf8(group.clone()).unwrap());
        groups.collect::<Vec<_>>().join(self.between)
    }

    /// Where every character stands: group and place in it.
    fn places(&self) -> Vec<(usize, usize)> {
        let all = self.groups.iter().enumerate();
        all.flat_map(|(group, text)| (0..text.len()).map(move |at| (group, at)))
            .collect()
    }

    /// The groups in which a missing or doubled character gives this very text: without blanks, equal neighbours over a
    /// border cannot be told apart.
    fn run(&self, place: usize) -> BTreeSet<usize> {
        let places = self.places();
        let character = |i: usize| self.groups[places[i].0][places[i].1];
        let same = |i: &usize| {
            character(*i) == character(place) && (self.between.is_empty() || places[*i].0 == places[place].0)
        };
        let before = (0..place).rev().take_while(same);
        let behind = (place..places.len()).take_while(same);
        before.chain(behind).map(|i| places[i].0 + 1).collect()
    }

    fn err(&mut self, kind: usize, random: &mut Seeded) {
        let places = self.places();
        let at = random.below(places.len());
        let (group, place) = places[at];
        match kind {
            0 => {
                let other = b"0123456789ABCDEF"[random.below(16)];
                if self.groups[group][place] != other {
                    self.touched.insert(group + 1);
                }
                self.groups[group][place] = other;
            }
            1 => {
                let Some((next, there)) = places.get(at + 1).copied() else {
                    return;
                };
                let (first, second) = (self.groups[group][place], self.groups[next][there]);
                if first != second {
                    self.touched.extend([group + 1, next + 1]);
                }
                self.groups[group][place] = second;
                self.groups[next][there] = first;
            }
            2 => {
                let other = random.below(self.groups.len());
                if self.groups[group] != self.groups[other] {
                    self.touched.extend([group + 1, other + 1]);
                }
                self.groups.swap(group, other);
            }
            3 => {
                let touched = self.run(at);
                self.touched.extend(touched);
                self.groups[group].remove(place);
            }
            _ => {
                let touched = self.run(at);
                self.touched.extend(touched);
                let twice = self.groups[group][place];
                self.groups[group].insert(place, twice);
            }
        }
    }
}

#[derive(Default)]
struct Count {
    exact: usize,
    more: usize,
    other: usize,
}

/// One text with typing errors of these kinds; `None` where they change nothing or cancel each other out.
fn mistyped(random: &mut Seeded, kinds: &[usize]) -> Option<Typing> {
    let bytes = [16, 16, 24, 32][random.below(4)];
    let right = share(random, bytes);
    let mut typing = Typing {
        groups: right.iter().map(|group| group.clone().into_bytes()).collect(),
        between: [" ", "-", ""][random.below(3)],
        touched: BTreeSet::new(),
    };
    for kind in kinds {
        typing.err(*kind, random);
    }
    let same = typing.groups.concat() == right.concat().into_bytes();
    (!same).then_some(typing)
}

/// Types so many texts wrongly; every one must be refused. Counts by kinds, and over all.
fn type_wrongly(cases: usize, kinds: impl Fn(&mut Seeded) -> Vec<usize>) -> Count {
    let mut random = Seeded::new();
    let mut counts: BTreeMap<String, Count> = BTreeMap::new();
    let mut done = 0;
    while done < cases {
        let kinds = kinds(&mut random);
        let Some(typing) = mistyped(&mut random, &kinds) else {
            continue;
        };
        done += 1;
        let error = typed(&typing.text()).expect_err("accepted");
        let named: BTreeSet<usize> = error.groups().into_iter().collect();
        let blanks = if typing.between.is_empty() { ", no blanks" } else { "" };
        let names: Vec<&str> = kinds.iter().map(|kind| KINDS[*kind]).collect();
        let count = counts.entry(names.join(" + ") + blanks).or_default();
        match () {
            () if named == typing.touched => count.exact += 1,
            () if named.is_superset(&typing.touched) => count.more += 1,
            () => count.other += 1,
        }
    }
    let mut all = Count::default();
    for (kind, count) in &counts {
        println!(
            "{kind:42} exactly {:6}, others too {:4}, not all {:4}",
            count.exact, count.more, count.other
        );
        all.exact += count.exact;
        all.more += count.more;
        all.other += count.other;
    }
    println!(
        "of {cases}: exactly {}, others too {}, not all {}",
        all.exact, all.more, all.other
    );
    assert_eq!(all.exact + all.more + all.other, cases);
    all
}

#[test]
fn a_hundred_thousand_typing_errors_are_found_and_named() {
    // One substitution or two of them, or one of the other errors.
    let kinds = |random: &mut Seeded| match random.below(6) {
        5 => vec![0, 0],
        kind => vec![kind],
    };
    let count = type_wrongly(CASES, kinds);
    assert_eq!(count.other, 0, "every wrong group is named");
    assert!(count.exact * 1000 >= CASES * 999, "{} of {CASES}", count.exact);
}

#[test]
fn two_errors_of_any_kinds_are_never_accepted() {
    let two = |random: &mut Seeded| vec![random.below(KINDS.len()), random.below(KINDS.len())];
    let count = type_wrongly(CASES / 4, two);
    // Two slips can look like a simpler one: a character left out beside a doubled one is a wrong one.
    assert!(count.other * 50 <= CASES / 4, "{}", count.other);
}
