// SPDX-License-Identifier: Apache-2.0
//! The forms that a secret could show in, and a search for all of them in one pass.
#![allow(dead_code)] // each test program uses its part

use base64::Engine;
use base64::alphabet;
use base64::engine::{GeneralPurpose, general_purpose::NO_PAD};

/// A secret that must not be found.
pub struct Secret {
    name: String,
    raw: Vec<Vec<u8>>,
}

/// A form's name and its bytes.
pub type Form = (String, Vec<u8>);

impl Secret {
    /// A key or component in hex. Its text as typed is among its forms.
    pub fn bytes(name: &str, hex: &str) -> Self {
        Self {
            name: name.into(),
            raw: vec![hex::decode(hex).unwrap(), hex.as_bytes().to_vec()],
        }
    }

    /// A PIN: as typed, as packed digits, as the block that cards take.
    pub fn digits(name: &str, digits: &str) -> Self {
        Self {
            name: name.into(),
            raw: vec![digits.as_bytes().to_vec(), hex::decode(digits).unwrap()],
        }
    }

    pub fn text(name: &str, text: &str) -> Self {
        Self {
            name: name.into(),
            raw: vec![text.as_bytes().to_vec()],
        }
    }

    /// Raw bytes, and their hex, in pieces of eight: half a key that shows is as bad as all of it.
    pub fn pieces(name: &str, bytes: &[u8]) -> Self {
        let (whole, rest) = bytes.as_chunks::<8>();
        assert!(!whole.is_empty() && rest.is_empty(), "{name} has {} bytes", bytes.len());
        Self {
            name: name.into(),
            raw: whole
                .iter()
                .flat_map(|piece| [piece.to_vec(), hex::encode_upper(piece).into_bytes()])
                .collect(),
        }
    }

    /// The beginning and the end of what somebody types, ten characters each.
    pub fn typed(name: &str, text: &str) -> Self {
        let letters = text.as_bytes();
        assert!(letters.len() >= 10, "{name} would be found by chance");
        Self {
            name: name.into(),
            raw: vec![letters[..10].to_vec(), letters[letters.len() - 10..].to_vec()],
        }
    }

    /// What stands in groups on a sheet: every two neighbours of the groups that are secret, with a blank and without.
    pub fn written(name: &str, text: &str) -> Self {
        // Two groups say whose sheet it is, the last one checks the others.
        let groups: Vec<&str> = text.split_whitespace().skip(2).collect();
        assert!(groups.len() > 4 && groups.iter().all(|g| g.len() == 6), "{text}");
        let pairs = groups.windows(2).flat_map(|pair| [pair.join(" "), pair.concat()]);
        Self {
            name: name.into(),
            raw: pairs.map(String::into_bytes).collect(),
        }
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    /// As it is, as hex and back to front: what a search through much memory looks for.
    pub fn plain_forms(&self) -> Vec<Form> {
        let forms = self.raw.iter().flat_map(|raw| {
            let back: Vec<u8> = raw.iter().rev().copied().collect();
            [
                ("as it is", raw.clone()),
                ("back to front", back),
                ("lower hex", hex::encode(raw).into_bytes()),
                ("upper hex", hex::encode_upper(raw).into_bytes()),
            ]
        });
        forms.map(|(form, bytes)| (form.to_owned(), bytes)).collect()
    }

    /// Raw, reversed and with bytes, words and halves exchanged; each as bytes, hex, spaced hex, list of numbers and Base64.
    pub fn forms(&self) -> Vec<Form> {
        self.raw
            .iter()
            .flat_map(|raw| orders(raw))
            .flat_map(|(order, bytes)| written(&order, &bytes))
            .collect()
    }
}

fn orders(raw: &[u8]) -> Vec<Form> {
    let swapped = |size: usize| -> Vec<u8> { raw.chunks(size).flat_map(|c| c.iter().rev().copied()).collect() };
    let (left, right) = raw.split_at(raw.len() / 2);
    vec![
        ("as it is".into(), raw.to_vec()),
        ("reversed".into(), raw.iter().rev().copied().collect()),
        ("bytes swapped".into(), swapped(2)),
        ("words swapped".into(), swapped(4)),
        ("double words swapped".into(), swapped(8)),
        ("halves swapped".into(), [right, left].concat()),
        ("nibbles swapped".into(), raw.iter().map(|b| b.rotate_left(4)).collect()),
        ("inverted".into(), raw.iter().map(|b| !b).collect()),
    ]
}

fn written(order: &str, bytes: &[u8]) -> Vec<Form> {
    let lower = hex::encode(bytes);
    let pairs: Vec<String> = bytes.iter().map(|b| format!("{b:02X}")).collect();
    let numbers: Vec<String> = bytes.iter().map(ToString::to_string).collect();
    let mut forms = vec![
        ("bytes", bytes.to_vec()),
        ("upper hex", lower.to_uppercase().into_bytes()),
        ("spaced hex", pairs.join(" ").into_bytes()),
        (
            "grouped hex",
            pairs
                .chunks(4)
                .map(<[String]>::concat)
                .collect::<Vec<_>>()
                .join(" ")
                .into_bytes(),
        ),
        ("numbers", numbers.join(",").into_bytes()),
        ("wide letters", wide(bytes)),
        ("wide upper hex", wide(lower.to_uppercase().as_bytes())),
        ("wide lower hex", wide(lower.as_bytes())),
        ("spaced numbers", numbers.join(", ").into_bytes()),
        ("lower hex", lower.into_bytes()),
    ];
    for shift in 0..3 {
        forms.push(("Base64", base64_inside(&alphabet::STANDARD, shift, bytes)));
        forms.push(("Base64 for addresses", base64_inside(&alphabet::URL_SAFE, shift, bytes)));
    }
    forms
        .into_iter()
        .map(|(form, bytes)| (format!("{form}, {order}"), bytes))
        .collect()
}

/// As UTF-16, low byte first.
fn wide(letters: &[u8]) -> Vec<u8> {
    letters.iter().flat_map(|letter| [*letter, 0]).collect()
}

/// The characters that stand for these bytes alone when `shift` bytes stand before them and any behind them.
fn base64_inside(alphabet: &alphabet::Alphabet, shift: usize, bytes: &[u8]) -> Vec<u8> {
    let mut text = GeneralPurpose::new(alphabet, NO_PAD)
        .encode([&vec![0; shift], bytes].concat())
        .into_bytes();
    if !(shift + bytes.len()).is_multiple_of(3) {
        text.pop();
    }
    text.drain(..(shift * 8).div_ceil(6));
    text
}

pub fn base64(bytes: &[u8]) -> Vec<u8> {
    GeneralPurpose::new(&alphabet::STANDARD, NO_PAD)
        .encode(bytes)
        .into_bytes()
}

/// Needles by their first two bytes, so that a haystack is walked once.
pub struct Needles {
    by_start: Vec<Vec<(String, Vec<u8>)>>,
}

impl Needles {
    pub fn of<'s>(secrets: impl IntoIterator<Item = &'s Secret>) -> Self {
        Self::in_forms(secrets, Secret::forms)
    }

    /// For much memory.
    pub fn plain<'s>(secrets: impl IntoIterator<Item = &'s Secret>) -> Self {
        Self::in_forms(secrets, Secret::plain_forms)
    }

    fn in_forms<'s>(secrets: impl IntoIterator<Item = &'s Secret>, forms: fn(&Secret) -> Vec<Form>) -> Self {
        let mut by_start = vec![Vec::new(); 1 << 16];
        for secret in secrets {
            for (form, bytes) in forms(secret) {
                assert!(bytes.len() >= 5, "{} as {form} would be found by chance", secret.name);
                let at = usize::from(bytes[0]) << 8 | usize::from(bytes[1]);
                by_start[at].push((format!("{} as {form}", secret.name), bytes));
            }
        }
        Self { by_start }
    }

    pub fn find(&self, name: &str, hay: &[u8]) -> Vec<String> {
        let starts = (0..hay.len().saturating_sub(1)).filter_map(|at| {
            let here = &self.by_start[usize::from(hay[at]) << 8 | usize::from(hay[at + 1])];
            let hit = here.iter().find(|(_, bytes)| hay[at..].starts_with(bytes))?;
            Some(format!("{name}, byte {at}: {}", hit.0))
        });
        starts.collect()
    }
}
