// SPDX-License-Identifier: Apache-2.0
//! Data about a person, opened: text that is shown to those who may see it and to nobody else. Wiped on drop, never printed
//! by `Debug`. Sealing and opening is `seal`'s.

use std::fmt;

use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use super::digest::sha256;
use super::seal::{self, NONCE, SealError, SealKey};
use super::{SecretBytes, seal::fresh_nonce};
use crate::outside::{NoRandom, Random};

/// Bytes of the salt before the text.
pub const SALT: usize = 32;

/// What separates a script's blind from every other digest.
const BLIND: &[u8] = b"cardmint-blind-v1\n";
/// What separates a commitment from every other digest.
const COMMITMENT: &[u8] = b"cardmint-holder-v1\n";

/// Text about a person, with the salt of its commitment.
pub struct PersonalText {
    salt: Zeroizing<[u8; SALT]>,
    text: Zeroizing<String>,
}

/// A person's data, sealed under a key of their own, which is sealed under the site's. Without the second there is nothing
/// that opens the first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealedPerson {
    /// Nonce and sealed key.
    pub key: Vec<u8>,
    /// Nonce and sealed text.
    pub text: Vec<u8>,
}

impl PersonalText {
    /// With a fresh salt.
    pub fn new(text: String, random: &mut dyn Random) -> Result<Self, NoRandom> {
        let mut salt = Zeroizing::new([0; SALT]);
        random.fill(&mut *salt)?;
        let text = Zeroizing::new(text);
        Ok(Self { salt, text })
    }

    /// The text, for whoever may see it.
    pub fn read(&self) -> &str {
        &self.text
    }

    /// SHA-256 over prefix, salt and text: says nothing about the text to whoever has not the salt.
    pub fn commitment(&self) -> [u8; 32] {
        sha256(&[COMMITMENT, &*self.salt, self.text.as_bytes()])
    }

    /// What blinds the digest of the card's script: follows from the salt alone, and is gone with it. In hex.
    pub fn blind(&self) -> String {
        hex::encode_upper(sha256(&[BLIND, &*self.salt]))
    }

    /// Seals it under a key of its own, and that under the site's. `place` is what it must not be moved away from.
    pub fn seal(&self, under: &SealKey, place: &[u8], random: &mut dyn Random) -> Result<SealedPerson, NoRandom> {
        let own = SealKey::generate(random)?;
        let mut plain = Vec::with_capacity(SALT + self.text.len());
        plain.extend_from_slice(&*self.salt);
        plain.extend_from_slice(self.text.as_bytes());
        let nonce = fresh_nonce(random)?;
        let sealed = seal::seal(&own, &nonce, place, &SecretBytes::new(plain));
        Ok(SealedPerson {
            key: wrap(&own, under, place, random)?,
            text: [&nonce[..], &sealed].concat(),
        })
    }
}

impl fmt::Debug for PersonalText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PersonalText(..)")
    }
}

impl SealedPerson {
    /// Opens it.
    pub fn open(&self, under: &SealKey, place: &[u8]) -> Result<PersonalText, SealError> {
        let own = unwrap(&self.key, under, place)?;
        let (nonce, sealed) = self.text.split_first_chunk::<NONCE>().ok_or(SealError::Length)?;
        let plain = seal::open(&own, nonce, place, sealed)?;
        let (salt, text) = plain.expose().split_first_chunk::<SALT>().ok_or(SealError::Length)?;
        let text = std::str::from_utf8(text).map_err(|_| SealError::Length)?;
        Ok(PersonalText {
            salt: Zeroizing::new(*salt),
            text: Zeroizing::new(text.to_owned()),
        })
    }

    /// The person's own key, sealed under another key of the site.
    pub fn rewrapped(
        key: &[u8],
        from: &SealKey,
        to: &SealKey,
        place: &[u8],
        random: &mut dyn Random,
    ) -> Result<Result<Vec<u8>, SealError>, NoRandom> {
        match unwrap(key, from, place) {
            Ok(own) => wrap(&own, to, place, random).map(Ok),
            Err(e) => Ok(Err(e)),
        }
    }
}

fn wrap(own: &SealKey, under: &SealKey, place: &[u8], random: &mut dyn Random) -> Result<Vec<u8>, NoRandom> {
    let nonce = fresh_nonce(random)?;
    Ok([&nonce[..], &seal::seal(under, &nonce, place, own)].concat())
}

fn unwrap(key: &[u8], under: &SealKey, place: &[u8]) -> Result<SealKey, SealError> {
    let (nonce, sealed) = key.split_first_chunk::<NONCE>().ok_or(SealError::Length)?;
    seal::open_seal_key(under, nonce, place, sealed)
}

/// A tag that only who has the key can make for this text: nonce and tag of an empty message with the text as associated
/// data.
pub fn tag(key: &SealKey, text: &[u8], random: &mut dyn Random) -> Result<Vec<u8>, NoRandom> {
    let nonce = fresh_nonce(random)?;
    let empty = SecretBytes::new(Vec::new());
    Ok([&nonce[..], &seal::seal(key, &nonce, text, &empty)].concat())
}

/// Whether a tag was made for this text with this key.
pub fn tag_fits(key: &SealKey, text: &[u8], tag: &[u8]) -> bool {
    let Some((nonce, sealed)) = tag.split_first_chunk::<NONCE>() else {
        return false;
    };
    seal::open(key, nonce, text, sealed).is_ok_and(|empty| empty.expose().ct_eq(b"").into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outside::SystemRandom;

    fn key(byte: u8) -> SealKey {
        SealKey::try_init_with(|k| {
            k.fill(byte);
            Ok::<_, ()>(())
        })
        .unwrap()
    }

    #[test]
    fn a_person_opens_in_its_place_under_its_key_alone() {
        let person = PersonalText::new("张三".into(), &mut SystemRandom).unwrap();
        let sealed = person.seal(&key(1), b"row 1", &mut SystemRandom).unwrap();
        let opened = sealed.open(&key(1), b"row 1").unwrap();
        assert_eq!((opened.read(), opened.commitment()), ("张三", person.commitment()));
        assert_eq!(sealed.open(&key(2), b"row 1").unwrap_err(), SealError::Broken);
        assert_eq!(sealed.open(&key(1), b"row 2").unwrap_err(), SealError::Broken);
        for part in [0, 1] {
            let length = [&sealed.key, &sealed.text][part].len();
            for at in 0..length {
                let mut changed = sealed.clone();
                [&mut changed.key, &mut changed.text][part][at] ^= 1;
                assert!(changed.open(&key(1), b"row 1").is_err(), "{part} {at}");
            }
            let mut cut = sealed.clone();
            [&mut cut.key, &mut cut.text][part].truncate(10);
            assert!(cut.open(&key(1), b"row 1").is_err());
        }
        assert_eq!(format!("{person:?}"), "PersonalText(..)");
    }

    #[test]
    fn the_same_person_twice_has_two_commitments() {
        let one = PersonalText::new("张三".into(), &mut SystemRandom).unwrap();
        let two = PersonalText::new("张三".into(), &mut SystemRandom).unwrap();
        assert_ne!(one.commitment(), two.commitment());
        let known = PersonalText {
            salt: Zeroizing::new([7; SALT]),
            text: Zeroizing::new(r#"{"holder-name":"张三"}"#.into()),
        };
        let blind = "D2A3B77850EF5AC700CCA998DE8084495BAF4B0AF3BB384399AFDF9B8B5621AA";
        assert_eq!(known.blind(), blind);
        // By another program: docs/formats/holders.md.
        let expected = "ECC184AA29392961A4E8272A4A929B2317036600DAB186239A57710C9302C7D4";
        assert_eq!(hex::encode_upper(known.commitment()), expected);
    }

    #[test]
    fn under_another_key_of_the_site_it_is_the_same_person() {
        let person = PersonalText::new("张三".into(), &mut SystemRandom).unwrap();
        let mut sealed = person.seal(&key(1), b"row 1", &mut SystemRandom).unwrap();
        let again = SealedPerson::rewrapped(&sealed.key, &key(1), &key(2), b"row 1", &mut SystemRandom);
        sealed.key = again.unwrap().unwrap();
        assert_eq!(sealed.open(&key(2), b"row 1").unwrap().read(), "张三");
        assert!(sealed.open(&key(1), b"row 1").is_err());
        let wrong = SealedPerson::rewrapped(&sealed.key, &key(1), &key(3), b"row 1", &mut SystemRandom);
        assert_eq!(wrong.unwrap().unwrap_err(), SealError::Broken);
    }

    #[test]
    fn tags_are_for_one_text_and_key() {
        let made = tag(&key(1), b"a row", &mut SystemRandom).unwrap();
        assert!(tag_fits(&key(1), b"a row", &made));
        assert!(!tag_fits(&key(1), b"another", &made) && !tag_fits(&key(2), b"a row", &made));
        assert!(!tag_fits(&key(1), b"a row", &made[1..]) && !tag_fits(&key(1), b"a row", b""));
    }
}
