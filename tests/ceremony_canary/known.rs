// SPDX-License-Identifier: Apache-2.0
//! What people know and type in these ceremonies, in either language, and every secret that follows from it. Each is made
//! from a name by SHA-256, so that none of them stands anywhere by chance.

use std::collections::BTreeMap;

use cardmint::crypto::written::Kind;
use cardmint::i18n::{Lang, lookup};
use openssl::symm::{Cipher, Crypter, Mode};
use sha2::{Digest, Sha256};

use super::forms::Secret;
use super::people::{Asked, Papers, sheet};

/// The printed number of the ceremony on component sheets.
const TAG: [u8; 2] = [0x4B, 0x1C];

/// What a secret is, for the rule where it may be.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum What {
    /// Typed by an officer.
    Passphrase,
    /// An officer's own keys.
    Officer,
    /// The component that a sheet for this key holds.
    Component(String),
    /// The text of a sheet for this key, with its number.
    Sheet(String, u8),
    /// Typed by a leader.
    Factor,
    /// From a page: the text, and the share that it is.
    Share,
    /// Of the site, or of cards.
    Key,
}

/// A secret that must not be found.
pub struct Canary {
    pub what: What,
    pub secret: Secret,
}

impl Canary {
    pub fn new(what: What, secret: Secret) -> Self {
        Self { what, secret }
    }
}

fn drawn(name: &str) -> [u8; 32] {
    Sha256::digest(format!("canary {name}")).into()
}

pub fn passphrase(officer: &str) -> String {
    let letters = hex::encode(&drawn(officer)[..10]);
    format!("Kahn {} Quitte {}", &letters[..8], &letters[8..])
}

pub fn component_bytes(key: &str, number: u8) -> [u8; 16] {
    drawn(&format!("component {number} of {key}"))[..16].try_into().unwrap()
}

pub fn component(key: &str, number: u8, of: u8) -> String {
    sheet(Kind::Component, (number, of), TAG, &component_bytes(key, number))
}

/// The sum of a key's components.
pub fn sum(key: &str, of: u8) -> [u8; 16] {
    (1..=of).fold([0; 16], |sum, number| {
        let part = component_bytes(key, number);
        std::array::from_fn(|at| sum[at] ^ part[at])
    })
}

pub fn factor(number: u8) -> String {
    let letters = hex::encode(&drawn(&format!("factor {number}"))[..10]);
    format!("Ulme {} {}!", &letters[..9], &letters[9..])
}

/// Twelve digits.
pub fn pin() -> String {
    drawn("pin")[..12].iter().map(|b| char::from(b'0' + b % 10)).collect()
}

/// Questions of ceremonies, by their names in the catalogue.
const QUESTIONS: &[&str] = &[
    "site-ask-passphrase",
    "ceremony-ask-component",
    "ceremony-ask-factor",
    "ceremony-ask-again",
    "ceremony-ask-sheet-kcv",
    "ceremony-component-kcv",
    "ceremony-ask-kcv",
    "ceremony-ask-kcv-shown",
    "ceremony-ask-words",
    "ceremony-ask-agree",
    "ceremony-page",
    "ceremony-ask-back",
    "keys-ask-pin",
    "keys-ask-pin-again",
];

/// Which question this is, with what stands in it.
pub fn recognised(question: &str) -> Option<(&'static str, BTreeMap<String, String>)> {
    QUESTIONS.iter().find_map(|id| {
        let found = [Lang::En, Lang::Zh].into_iter().find_map(|lang| {
            let template = lookup(id, lang).unwrap();
            filled(template, question)
        });
        found.map(|values| (*id, values))
    })
}

/// What stands in a template's places.
fn filled(template: &str, text: &str) -> Option<BTreeMap<String, String>> {
    let mut pieces = template.split('{');
    let mut rest = text.strip_prefix(pieces.next()?)?;
    let mut values = BTreeMap::new();
    let mut pieces = pieces.peekable();
    while let Some(piece) = pieces.next() {
        let (name, behind) = piece.split_once('}')?;
        // Keys have colons in their names: the last place ends where the text ends.
        let last = pieces.peek().is_none();
        let at = if last {
            rest.len() - rest.strip_suffix(behind).map(|_| behind.len())?
        } else {
            rest.find(behind)?
        };
        values.insert(name.to_owned(), rest[..at].to_owned());
        rest = &rest[at + behind.len()..];
    }
    rest.is_empty().then_some(values)
}

/// What is typed to a question, and whether it is to stay hidden.
pub fn answer(asked: &Asked<'_>, papers: &Papers) -> (String, bool) {
    let (id, values) = recognised(asked.question).unwrap_or_else(|| panic!("nobody knows {:?}", asked.question));
    let number = |name: &str| values[name].parse::<u8>().unwrap();
    match id {
        "site-ask-passphrase" => (passphrase(&values["name"]), true),
        "ceremony-ask-component" => (component(&values["key"], number("number"), number("of")), true),
        "ceremony-ask-factor" => (factor(number("number")), true),
        "ceremony-ask-again" => (asked.before.to_owned(), true),
        "ceremony-ask-kcv-shown" => (values["kcv"].clone(), false),
        "ceremony-ask-words" | "ceremony-ask-agree" => (values["words"].clone(), false),
        "ceremony-ask-back" => (papers.pages[asked.who].clone(), true),
        "keys-ask-pin" | "keys-ask-pin-again" => (pin(), true),
        _ => (String::new(), false),
    }
}

/// Everything that is known of the components of a key beforehand.
pub fn of_components(key: &str, of: u8) -> Vec<Canary> {
    let mut all = vec![Canary::new(
        What::Key,
        Secret::pieces(&format!("{key} from its components"), &sum(key, of)),
    )];
    for number in 1..=of {
        let name = format!("component {number} of {key}");
        let part = Secret::pieces(&name, &component_bytes(key, number));
        all.push(Canary::new(What::Component(key.to_owned()), part));
        let text = Secret::written(&format!("sheet of {name}"), &component(key, number, of));
        all.push(Canary::new(What::Sheet(key.to_owned(), number), text));
    }
    all
}

/// A factor as typed, and as it counts: no blanks, capital letters.
pub fn of_factor(number: u8) -> Vec<Canary> {
    let typed = factor(number);
    let counts = typed.replace(' ', "").to_uppercase();
    [("", typed), (" as it counts", counts)]
        .map(|(how, text)| Canary::new(What::Factor, Secret::typed(&format!("factor {number}{how}"), &text)))
        .into()
}

/// A key one level further down: the key's cipher over the code and its inverse.
pub fn derived(sm4: bool, key: &[u8], code: &str) -> [u8; 16] {
    let mut block = hex::decode(code).unwrap();
    block.extend(block.clone().iter().map(|b| !b));
    let (cipher, key) = if sm4 {
        (Cipher::sm4_ecb(), key.to_vec())
    } else {
        (Cipher::des_ede3_ecb(), [key, &key[..8]].concat())
    };
    let mut crypter = Crypter::new(cipher, Mode::Encrypt, &key, None).unwrap();
    crypter.pad(false);
    let mut out = vec![0; 48];
    let count = crypter.update(&block, &mut out).unwrap();
    out[..16].try_into().ok().filter(|_| count == 16).unwrap()
}
