// SPDX-License-Identifier: Apache-2.0
//! The outer form of the files that hold sealed secrets: four lines of text, each in one form only, so that every changed
//! bit is noticed even before a key is at hand.
//!
//! ```text
//! cardmint-key-store 1              what it is, and the format's version
//! {"site":…}                        public header: JSON without blanks, in the order of the format's page
//! bm90aGluZw==                      sealed body: base64, padded
//! 9f86d081…                         SHA-256 of the three lines above with their line ends, 64 hex digits
//! ```
//!
//! The digest finds accidents and lets a damaged file be told from a wrong passphrase; it is no protection against people.
//! The first two lines with their line ends are the associated data of the body: that is.

use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::error::KeyFileError;
use crate::crypto::Digest;

/// The public part of a kind of file.
pub(super) trait Head: Serialize {
    /// The newest version of the format that this program reads; it reads all before it.
    const NEWEST: u32 = 1;

    /// The oldest version that can say what this header says: files are written in that one.
    fn version(&self) -> u32 {
        1
    }
}

/// What a file holds.
pub(super) struct Envelope<H> {
    pub(super) header: H,
    /// Associated data of the body.
    pub(super) aad: Vec<u8>,
    pub(super) body: Vec<u8>,
}

/// The first two lines: the associated data under which the body is to be sealed.
pub(super) fn head<H: Head>(kind: &str, header: &H) -> String {
    // Headers are structs of strings and numbers, which always serialise.
    let text = serde_json::to_string(header).unwrap_or_default();
    format!("{kind} {}\n{text}\n", header.version())
}

/// The whole file.
pub(super) fn text(head: &str, body: &[u8]) -> String {
    let above = format!("{head}{}\n", BASE64.encode(body));
    let digest = Digest::of(&[above.as_bytes()]).to_string().to_lowercase();
    format!("{above}{digest}\n")
}

/// Reads a file and refuses every form but the one that this program writes.
pub(super) fn parse<H: Head + DeserializeOwned>(
    kind: &str,
    path: &Path,
    bytes: &[u8],
) -> Result<Envelope<H>, KeyFileError> {
    let damaged = |place| KeyFileError::Damaged {
        path: path.display().to_string(),
        place,
    };
    let whole = std::str::from_utf8(bytes).map_err(|_| damaged("text"))?;
    let lines: Vec<&str> = whole.split('\n').collect();
    let [first, header, body, digest, ""] = lines[..] else {
        return Err(damaged("lines"));
    };
    let above = &whole[..first.len() + header.len() + body.len() + 3];
    if Digest::of(&[above.as_bytes()]).to_string().to_lowercase() != digest {
        return Err(damaged("digest"));
    }
    match first
        .strip_prefix(kind)
        .and_then(|rest| rest.strip_prefix(' '))
        .map(str::parse::<u32>)
    {
        Some(Ok(known)) if (1..=H::NEWEST).contains(&known) => {}
        Some(Ok(found)) => {
            return Err(KeyFileError::Format {
                path: path.display().to_string(),
                found,
            });
        }
        _ => return Err(damaged("first line")),
    }
    let body = BASE64.decode(body).map_err(|_| damaged("body"))?;
    let header: H = serde_json::from_str(header).map_err(|_| damaged("header"))?;
    let aad = head(kind, &header);
    if text(&aad, &body) == whole {
        Ok(Envelope {
            header,
            aad: aad.into_bytes(),
            body,
        })
    } else {
        Err(damaged("form"))
    }
}

/// Bytes as base64 text in headers.
pub(super) mod base64_text {
    use super::BASE64;
    use base64::Engine as _;
    use serde::{Deserialize, Deserializer, Serializer};

    pub(in super::super) fn serialize<S: Serializer>(bytes: &[u8], to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&BASE64.encode(bytes))
    }

    pub(in super::super) fn deserialize<'de, D, T>(from: D) -> Result<T, D::Error>
    where
        D: Deserializer<'de>,
        T: TryFrom<Vec<u8>>,
    {
        let bytes = BASE64
            .decode(String::deserialize(from)?)
            .map_err(serde::de::Error::custom)?;
        T::try_from(bytes).map_err(|_| serde::de::Error::custom("length"))
    }
}
