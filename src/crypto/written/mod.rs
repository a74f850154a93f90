// SPDX-License-Identifier: Apache-2.0
//! Secrets in writing: what a custodian keeps on paper and types back, in numbered groups of six characters
//! (docs/formats/written.md). Two groups say what it is, the last one checks all others, those between hold the secret.
//!
//! Every group carries two check digits about its data and its number: one or two wrong characters are always found and the
//! groups named. The last group finds whatever else happens to one group (CRC-16: every burst of 16 bits). Nothing is ever
//! corrected, and no message repeats what was typed.

mod error;
pub mod group;
mod locate;
mod public;
mod typeset;

pub use error::{BadGroup, GroupFault, WrittenError};
pub use public::{read_public, write_public, wrong_in_row};
pub use typeset::{place_of, typeset};

use zeroize::Zeroizing;

use self::group::{DATA, LEN, NO_DIGIT};
use super::seal::Secret;
use super::{KeyMaterial, SecretBytes};
use crate::outside::Groups;

/// Groups before the secret's own.
const HEADER_GROUPS: usize = 2;
/// Groups beside the secret's own: the header, and the check of all.
const OTHER_GROUPS: usize = HEADER_GROUPS + 1;
/// Lengths of secrets that can be written, in bytes.
const LENGTHS: [usize; 3] = [16, 24, 32];
/// Custodians of one secret, at most: their number is one hexadecimal digit.
const MOST: u8 = 15;
/// Characters between groups, at most, that are still read as a text.
const LONGEST: usize = 1024;

/// What a written secret is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// A key component: all are added (XOR).
    Component,
    /// A share: any `needed` of them give the secret back.
    Share,
    /// A leader's factor: all are needed.
    Factor,
}

/// What stands in the first two groups. No secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Header {
    kind: Kind,
    index: u8,
    needed: u8,
    tag: [u8; 2],
}

impl Header {
    /// Number `index` (from 1) of a secret that `needed` of them make, made in the ceremony whose nonce begins with `tag`.
    /// Both numbers are at most 15, `needed` at least 2; of components and factors no more exist than are needed.
    pub fn new(kind: Kind, index: u8, needed: u8, tag: [u8; 2]) -> Result<Self, WrittenError> {
        let all_needed = kind != Kind::Share;
        let header = Self {
            kind,
            index,
            needed,
            tag,
        };
        if index == 0 || index > MOST || !(2..=MOST).contains(&needed) || all_needed && index > needed {
            return Err(WrittenError::Header);
        }
        Ok(header)
    }

    /// What it is.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// Its number, from 1; of a share the x of the polynomial.
    pub fn index(&self) -> u8 {
        self.index
    }

    /// How many are put together: all components or factors, the threshold of shares.
    pub fn needed(&self) -> u8 {
        self.needed
    }

    /// The first two bytes of the nonce of the ceremony that made it.
    pub fn tag(&self) -> [u8; 2] {
        self.tag
    }

    /// The data of the first group; the fourth digit is the number of the secret's groups less one.
    fn first_group(self, secret_groups: usize) -> [u8; 4] {
        let kind = match self.kind {
            Kind::Component => 1,
            Kind::Share => 2,
            Kind::Factor => 3,
        };
        [kind, self.index, self.needed, (secret_groups - 1) as u8]
    }

    /// From the data of the first two groups.
    fn from_digits(data: &[u8]) -> Option<Self> {
        let [kind, index, needed, _, tag @ ..] = data.first_chunk::<8>()?;
        let kind = match kind {
            1 => Kind::Component,
            2 => Kind::Share,
            3 => Kind::Factor,
            _ => return None,
        };
        let tag = [tag[0] << 4 | tag[1], tag[2] << 4 | tag[3]];
        Self::new(kind, *index, *needed, tag).ok()
    }
}

/// How many groups a secret of so many bytes takes in writing.
pub fn groups_of(secret_bytes: usize) -> usize {
    OTHER_GROUPS + secret_bytes / 2
}

/// How a written secret of so many bytes is asked for.
pub fn entry(secret_bytes: usize) -> Groups {
    Groups {
        length: LEN,
        count: groups_of(secret_bytes),
        check: check_group,
    }
}

/// Whether six typed characters are the group of this number (from 1), as far as its check digits tell.
pub fn check_group(number: usize, characters: &[u8]) -> bool {
    let mut digits = Zeroizing::new([NO_DIGIT; LEN]);
    for (place, character) in digits.iter_mut().zip(characters) {
        *place = group::digit(*character);
    }
    characters.len() == LEN && group::is_right(number, &*digits)
}

/// Writes a secret of 16, 24 or 32 bytes: its groups in capitals with a blank between them.
pub fn write(header: Header, secret: &impl Secret) -> Result<SecretBytes, WrittenError> {
    let bytes = secret.bytes();
    if !LENGTHS.contains(&bytes.len()) {
        return Err(WrittenError::Secret { bytes: bytes.len() });
    }
    let count = groups_of(bytes.len());
    let mut data = Zeroizing::new(Vec::with_capacity(DATA * count));
    data.extend(header.first_group(count - OTHER_GROUPS));
    data.extend(header.tag.iter().chain(bytes).flat_map(|b| [b >> 4, b & 0xF]));
    let check = crc(&data).to_be_bytes();
    data.extend(check.iter().flat_map(|b| [b >> 4, b & 0xF]));
    let mut text = Vec::with_capacity((LEN + 1) * count);
    for (at, digits) in data.chunks(DATA).enumerate() {
        if at > 0 {
            text.push(b' ');
        }
        let checks = group::checks(at + 1, digits);
        text.extend(
            digits
                .iter()
                .chain(&checks)
                .map(|d| b"0123456789ABCDEF"[usize::from(*d)]),
        );
    }
    Ok(SecretBytes::new(text))
}

/// Reads what a person typed: both cases, with or without blanks and dashes. An error names every wrong group.
pub fn read(text: &SecretBytes) -> Result<(Header, SecretBytes), WrittenError> {
    let typed = Typed::of(text.expose());
    let count = typed.count();
    if 2 * typed.digits.len() < LEN * count || typed.digits.len() > 2 * LEN * count {
        return Err(WrittenError::Length {
            groups: count,
            got: typed.digits.len(),
        });
    }
    if !typed.is_right(count) {
        return Err(WrittenError::Groups(locate::bad_groups(&typed, count)));
    }
    let mut data = Zeroizing::new(Vec::with_capacity(DATA * count));
    data.extend(typed.digits.chunks(LEN).flat_map(|group| &group[..DATA]));
    let (rest, check) = data.split_at(DATA * (count - 1));
    if check.iter().fold(0, |sum, digit| sum << 4 | u16::from(*digit)) != crc(rest) {
        return Err(WrittenError::Together);
    }
    let header = Header::from_digits(&data).filter(|_| usize::from(data[3]) + 1 + OTHER_GROUPS == count);
    let mut secret = Vec::with_capacity(2 * (count - OTHER_GROUPS));
    secret.extend(
        rest[DATA * HEADER_GROUPS..]
            .chunks(2)
            .map(|pair| pair[0] << 4 | pair[1]),
    );
    Ok((header.ok_or(WrittenError::Header)?, SecretBytes::new(secret)))
}

/// CRC-16 (polynomial 1021, start FFFF, not reflected, no final change) of hexadecimal digits.
fn crc(digits: &[u8]) -> u16 {
    let bits = digits
        .iter()
        .flat_map(|digit| (0..4).rev().map(move |bit| u16::from(digit >> bit & 1)));
    bits.fold(0xFFFF, |crc, bit| crc << 1 ^ 0x1021 & (crc >> 15 ^ bit).wrapping_neg())
}

/// A component or factor of 16 bytes as a key.
pub fn key(secret: &SecretBytes) -> Result<KeyMaterial, WrittenError> {
    let bytes = secret.expose();
    KeyMaterial::try_init_with(|place| {
        if bytes.len() != place.len() {
            return Err(WrittenError::Secret { bytes: bytes.len() });
        }
        place.copy_from_slice(bytes);
        Ok(())
    })
}

/// Characters without what stands between groups.
struct Typed {
    /// Values of hexadecimal digits, [`NO_DIGIT`] for every other character.
    digits: Zeroizing<Vec<u8>>,
    /// Before which digits a blank or dash stands.
    blanks: Vec<usize>,
}

impl Typed {
    fn of(text: &[u8]) -> Self {
        let mut digits = Zeroizing::new(Vec::with_capacity(text.len()));
        let mut blanks = Vec::new();
        let mut before = 0;
        for character in text.iter().take(LONGEST) {
            match character {
                b' ' | b'-' | b'\t' => blanks.push(digits.len()),
                // A further byte of a character that its first byte has counted.
                0x80..=0xBF if before >= 0x80 => {}
                other => digits.push(group::digit(*other)),
            }
            before = *character;
        }
        blanks.dedup();
        Self { digits, blanks }
    }

    /// How many groups there should be: the first group says it, if it is right; else the nearest possible number.
    fn count(&self) -> usize {
        let counts = LENGTHS.map(groups_of);
        if let Some(first) = self.digits.get(..LEN).filter(|first| group::is_right(1, first)) {
            let count = usize::from(first[3]) + 1 + OTHER_GROUPS;
            if counts.contains(&count) {
                return count;
            }
        }
        let distance = |count: &usize| self.digits.len().abs_diff(LEN * count);
        counts.into_iter().min_by_key(distance).unwrap_or(counts[0])
    }

    fn is_right(&self, count: usize) -> bool {
        let groups = self.digits.chunks(LEN);
        self.digits.len() == LEN * count && groups.enumerate().all(|(at, group)| group::is_right(at + 1, group))
    }
}

#[cfg(test)]
mod tests;
