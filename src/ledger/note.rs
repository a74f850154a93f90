// SPDX-License-Identifier: Apache-2.0
//! Signed notes (c2sp.org/signed-note, signature type 1: Ed25519), the form of checkpoints that public transparency-log
//! tools read.
//!
//! A note is a text that ends in a line feed, an empty line, and signature lines `— NAME BASE64`, where the base64 holds a
//! four-byte key id and the signature over the text.

use std::fmt;
use std::str::FromStr;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::field::{FieldFault, Signature, VerifyKey};
use super::hash::Hash;
use crate::i18n::Msg;
use crate::msg;

/// The type byte of Ed25519 in key ids and verifier keys.
const ED25519: u8 = 1;

/// The public key of a log, under its name. Text form: `NAME+ID+BASE64` ("vkey").
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoteKey {
    /// The key's name; the log's origin line.
    pub name: String,
    /// The key.
    pub key: VerifyKey,
}

impl NoteKey {
    /// The key id: the first four bytes of SHA-256(name ‖ 0x0A ‖ 0x01 ‖ public key).
    pub fn id(&self) -> [u8; 4] {
        key_id(&self.name, &[ED25519], &self.key.0)
    }
}

impl fmt::Display for NoteKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&vkey(&self.name, self.id(), &[ED25519], &self.key.0))
    }
}

impl FromStr for NoteKey {
    type Err = FieldFault;
    fn from_str(s: &str) -> Result<Self, FieldFault> {
        let fault = || FieldFault::new("verifier key (NAME+ID+BASE64)", s);
        let (name, id, data) = vkey_parts(s).ok_or_else(fault)?;
        let [ED25519, key @ ..] = data.as_slice() else {
            return Err(fault());
        };
        let key = VerifyKey(key.try_into().map_err(|_| fault())?);
        let found = Self {
            name: name.to_owned(),
            key,
        };
        if hex::encode(found.id()) == id {
            Ok(found)
        } else {
            Err(fault())
        }
    }
}

/// The first four bytes of SHA-256(name ‖ 0A ‖ algorithm ‖ public key).
pub(super) fn key_id(name: &str, algorithm: &[u8], key: &[u8]) -> [u8; 4] {
    let Hash([a, b, c, d, ..]) = Hash::of(&[name.as_bytes(), b"\n", algorithm, key]);
    [a, b, c, d]
}

/// The text form of a key.
pub(super) fn vkey(name: &str, id: [u8; 4], algorithm: &[u8], key: &[u8]) -> String {
    let data = STANDARD.encode([algorithm, key].concat());
    format!("{name}+{}+{data}", hex::encode(id))
}

/// Name, id and data (algorithm and key) of that text form.
pub(super) fn vkey_parts(s: &str) -> Option<(&str, &str, Vec<u8>)> {
    let mut parts = s.trim().splitn(3, '+');
    let (name, id, data) = (parts.next()?, parts.next()?, parts.next()?);
    let data = STANDARD.decode(data).ok()?;
    is_key_name(name).then_some((name, id, data))
}

pub(super) fn is_key_name(name: &str) -> bool {
    !name.is_empty() && !name.chars().any(|c| c.is_whitespace() || c == '+')
}

/// Why a note is not believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoteFault {
    /// It is not a signed note at all.
    Form,
    /// No signature is by the known key.
    OtherKey,
    /// The signature by the known key is wrong.
    Signature,
}

impl NoteFault {
    /// The word for it.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Form => "form",
            Self::OtherKey => "other-key",
            Self::Signature => "signature",
        }
    }

    /// What a verification says of such a checkpoint.
    pub(super) fn finding(self) -> Msg {
        msg!("ledger-finding-evidence-checkpoint").with_word("fault", "note-fault", self.word())
    }
}

/// One signature line.
pub(super) struct Line<'a> {
    pub(super) name: &'a str,
    pub(super) id: [u8; 4],
    pub(super) signature: Vec<u8>,
}

/// A signature line as it stands in a note.
pub(super) fn line(name: &str, id: [u8; 4], signature: &[u8]) -> String {
    format!("— {name} {}\n", STANDARD.encode([&id, signature].concat()))
}

/// Puts a signature under a text. The text ends in a line feed and has no control characters.
pub fn sign(text: &str, key: &NoteKey, sign: &dyn Fn(&[u8]) -> [u8; 64]) -> String {
    format!("{text}\n{}", line(&key.name, key.id(), &sign(text.as_bytes())))
}

/// The text of a note that carries a right signature by this key. Lines of other keys are passed over, as the format says.
pub fn open<'a>(note: &'a str, key: &NoteKey) -> Result<&'a str, NoteFault> {
    let (text, lines) = lines(note).ok_or(NoteFault::Form)?;
    let mut found = false;
    for line in lines.iter().filter(|l| l.name == key.name && l.id == key.id()) {
        let signature = line.signature.as_slice().try_into().map(Signature);
        if !signature.is_ok_and(|s| key.key.verifies(text.as_bytes(), &s)) {
            return Err(NoteFault::Signature);
        }
        found = true;
    }
    if found { Ok(text) } else { Err(NoteFault::OtherKey) }
}

/// Text (with its last line feed) and all signature lines of a note.
pub(super) fn lines(note: &str) -> Option<(&str, Vec<Line<'_>>)> {
    let (text, lines) = split(note)?;
    let mut all = Vec::new();
    for line in lines.lines() {
        let (name, blob) = line.strip_prefix("— ")?.split_once(' ')?;
        let blob = STANDARD.decode(blob).ok()?;
        let (id, signature) = blob.split_first_chunk::<4>()?;
        if !is_key_name(name) {
            return None;
        }
        let (id, signature) = (*id, signature.to_vec());
        all.push(Line { name, id, signature });
    }
    Some((text, all))
}

/// Text (with its last line feed) and signature lines.
fn split(note: &str) -> Option<(&str, &str)> {
    if note.len() > 100_000 || note.chars().any(|c| c < ' ' && c != '\n') {
        return None;
    }
    let gap = note.rfind("\n\n")?;
    let (text, lines) = (&note[..=gap], &note[gap + 2..]);
    (!lines.is_empty() && lines.ends_with('\n')).then_some((text, lines))
}

#[cfg(test)]
mod tests {
    use super::*;
    use ed25519_dalek::{Signer, SigningKey};

    // The example of golang.org/x/mod/sumdb/note.
    const PRIVATE: &str = "AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz";
    const VKEY: &str = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
    const TEXT: &str =
        "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n";
    const NOTE: &str = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n\n\
        — PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";

    #[test]
    fn the_public_example_is_made_and_opened() {
        let key: NoteKey = VKEY.parse().unwrap();
        assert_eq!(hex::encode(key.id()), "c74f20a3");
        assert_eq!(key.to_string(), VKEY);
        let seed: [u8; 32] = STANDARD.decode(PRIVATE).unwrap()[1..].try_into().unwrap();
        let private = SigningKey::from_bytes(&seed);
        assert_eq!(sign(TEXT, &key, &|m| private.sign(m).to_bytes()), NOTE);
        assert_eq!(open(NOTE, &key), Ok(TEXT));
    }

    #[test]
    fn altered_notes_and_other_keys_are_not_believed() {
        let key: NoteKey = VKEY.parse().unwrap();
        assert_eq!(
            open(&NOTE.replace("cryptography", "cryptographY"), &key),
            Err(NoteFault::Signature)
        );
        assert_eq!(open(NOTE.trim_end(), &key), Err(NoteFault::Form));
        assert_eq!(open(TEXT, &key), Err(NoteFault::Form));
        let other: NoteKey = "EnochRoot+af0cfe78+ATtqJ7zOtqQtYqOo0CpvDXNlMhV3HeJDpjrASKGLWdop"
            .parse()
            .unwrap();
        assert_eq!(open(NOTE, &other), Err(NoteFault::OtherKey));
        assert!(VKEY.replace("c74f", "c74e").parse::<NoteKey>().is_err());
        let cosigned = format!("{NOTE}— witness.example AAAAAAAA\n");
        assert_eq!(open(&cosigned, &key), Ok(TEXT));
    }
}
