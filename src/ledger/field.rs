// SPDX-License-Identifier: Apache-2.0
//! The types of single fields of an entry. None of them can hold a key: hexadecimal fields end at 8 bytes, numbers at 24
//! characters, and free text that contains 32 hexadecimal digits in a row is refused.

use std::fmt;
use std::str::FromStr;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

use crate::crypto::kcv::Kcv;
use crate::crypto::sign::{PublicKey, UnpackedKey};
use crate::crypto::sm2::Sm2PublicKey;

/// A value that a field of an entry cannot take.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldFault {
    /// Which kind of field.
    pub kind: &'static str,
    /// What was offered, shortened; withheld where it could be a key.
    pub found: String,
}

impl FieldFault {
    pub(super) fn new(kind: &'static str, found: &str) -> Self {
        let found = if hex_run(found) >= 16 {
            "…".to_owned()
        } else {
            found.chars().take(40).collect()
        };
        Self { kind, found }
    }
}

impl fmt::Display for FieldFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "no {}: {:?}", self.kind, self.found)
    }
}

impl std::error::Error for FieldFault {}

/// The longest run of hexadecimal digits.
fn hex_run(s: &str) -> usize {
    s.split(|c: char| !c.is_ascii_hexdigit())
        .map(str::len)
        .max()
        .unwrap_or(0)
}

macro_rules! text_field {
    ($(#[$doc:meta])* $name:ident, $kind:literal, $accepts:expr) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// Checks the value.
            pub fn new(s: impl Into<String>) -> Result<Self, FieldFault> {
                let s = s.into();
                let accepts: fn(&str) -> bool = $accepts;
                if accepts(&s) { Ok(Self(s)) } else { Err(FieldFault::new($kind, &s)) }
            }

            /// The value.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl FromStr for $name {
            type Err = FieldFault;
            fn from_str(s: &str) -> Result<Self, FieldFault> {
                Self::new(s)
            }
        }

        impl TryFrom<String> for $name {
            type Error = FieldFault;
            fn try_from(s: String) -> Result<Self, FieldFault> {
                Self::new(s)
            }
        }

        impl From<$name> for String {
            fn from(field: $name) -> Self {
                field.0
            }
        }
    };
}

text_field!(
    /// A name or short text: 1 to 120 characters, no control characters, and never 32 hexadecimal digits in a row.
    Text,
    "text",
    |s| (1..=120).contains(&s.chars().count()) && !s.chars().any(char::is_control) && hex_run(s) < 32
);

text_field!(
    /// A site's id: 1 to 48 letters, digits, `.`, `_`, `-` of ASCII. It is part of the log's origin line.
    SiteId,
    "site id",
    |s| (1..=48).contains(&s.len()) && s.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b)) && hex_run(s) < 32
);

text_field!(
    /// A card's or chip's or terminal's number: 1 to 24 digits and capital letters (20 hex digits for an application serial
    /// number, 12 for a terminal number).
    Number,
    "number",
    |s| (1..=24).contains(&s.len()) && s.bytes().all(|b| b.is_ascii_digit() || b.is_ascii_uppercase())
);

text_field!(
    /// One to eight bytes in capital hexadecimal: a KCV, a TAC, a status word, a diversification factor.
    ShortHex,
    "hexadecimal value of 1 to 8 bytes",
    |s| (2..=16).contains(&s.len())
        && s.len().is_multiple_of(2)
        && s.bytes().all(|b| b.is_ascii_digit() || (b'A'..=b'F').contains(&b))
);

text_field!(
    /// A word of a machine: 1 to 40 of lower-case letters, digits and `-`, never 32 hexadecimal digits in a row.
    Word,
    "word",
    |s| (1..=40).contains(&s.len())
        && s.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        && hex_run(s) < 32
);

text_field!(
    /// A ceremony's nonce: 8 bytes in capital hexadecimal.
    Nonce,
    "nonce",
    |s| s.len() == 16 && s.bytes().all(|b| b.is_ascii_digit() || (b'A'..=b'F').contains(&b))
);

impl Nonce {
    /// Of bytes that were drawn at random.
    pub fn of(bytes: [u8; 8]) -> Self {
        Self(format!("{:016X}", u64::from_be_bytes(bytes)))
    }

    /// What written shares and forms carry of it: the first two bytes.
    pub fn tag(&self) -> [u8; 2] {
        let digits = u16::from_str_radix(self.0.get(..4).unwrap_or_default(), 16);
        digits.unwrap_or_default().to_be_bytes()
    }
}

text_field!(
    /// A moment in UTC, `2026-11-21T01:26:34Z`, of the years 0000 to 9998: what everybody's calendar can hold.
    Moment,
    "time in UTC",
    |s| !s.starts_with("9999") && s.parse::<jiff::Timestamp>().is_ok_and(|t| t.to_string() == s && t.subsec_nanosecond() == 0)
);

macro_rules! bytes_field {
    ($(#[$doc:meta])* $name:ident, $len:literal, $kind:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(pub [u8; $len]);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&STANDARD.encode(self.0))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self)
            }
        }

        impl FromStr for $name {
            type Err = FieldFault;
            fn from_str(s: &str) -> Result<Self, FieldFault> {
                let bytes = STANDARD.decode(s).ok().and_then(|b| b.try_into().ok());
                bytes.map(Self).ok_or_else(|| FieldFault::new($kind, s))
            }
        }

        impl TryFrom<String> for $name {
            type Error = FieldFault;
            fn try_from(s: String) -> Result<Self, FieldFault> {
                s.parse()
            }
        }

        impl From<$name> for String {
            fn from(field: $name) -> Self {
                field.to_string()
            }
        }
    };
}

bytes_field!(
    /// An Ed25519 public key (RFC 8032), written in standard base64 with padding.
    VerifyKey,
    32,
    "public key"
);

bytes_field!(
    /// A signature: Ed25519 (RFC 8032) or SM2 (r ‖ s), written in standard base64 with padding.
    Signature,
    64,
    "signature"
);

bytes_field!(
    /// An SM2 public key (GB/T 32918.2), 04 ‖ x ‖ y, written in standard base64 with padding.
    Sm2Key,
    65,
    "SM2 public key"
);

impl Sm2Key {
    /// Whether it is a point of the curve.
    pub fn is_sound(&self) -> bool {
        Sm2PublicKey(self.0).is_sound()
    }

    /// Whether the signature (r ‖ s) with SM3 is of these bytes and by this key, under the usual identifier.
    pub fn verifies(&self, message: &[u8], signature: &Signature) -> bool {
        Sm2PublicKey(self.0).verify(message, &signature.0)
    }
}

impl From<Sm2PublicKey> for Sm2Key {
    fn from(key: Sm2PublicKey) -> Self {
        Self(key.0)
    }
}

impl VerifyKey {
    /// Whether the signature is of these bytes and by this key. Strict (RFC 8032 §5.1.7 without the cofactor): keys
    /// and points of small order are refused.
    pub fn verifies(&self, message: &[u8], signature: &Signature) -> bool {
        PublicKey(self.0).verify(message, &signature.0)
    }
}

/// A key that is ready to verify many signatures.
#[derive(Debug, Clone, Copy)]
pub struct ReadyKey {
    key: VerifyKey,
    unpacked: Option<UnpackedKey>,
}

impl From<VerifyKey> for ReadyKey {
    fn from(key: VerifyKey) -> Self {
        let unpacked = PublicKey(key.0).unpacked();
        Self { key, unpacked }
    }
}

impl ReadyKey {
    /// The key.
    pub fn key(&self) -> VerifyKey {
        self.key
    }

    /// The same as [`VerifyKey::verifies`].
    pub fn verifies(&self, message: &[u8], signature: &Signature) -> bool {
        self.unpacked.is_some_and(|key| key.verify(message, &signature.0))
    }
}

impl From<PublicKey> for VerifyKey {
    fn from(key: PublicKey) -> Self {
        Self(key.0)
    }
}

impl From<Kcv> for ShortHex {
    fn from(kcv: Kcv) -> Self {
        Self(kcv.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_field_can_hold_a_key() {
        let key = "404142434445464748494A4B4C4D4E4F";
        assert!(Text::new(key).is_err() && Text::new(format!("reader {key} x")).is_err());
        assert!(Text::new(key.to_lowercase()).is_err());
        assert!(Number::new(key).is_err());
        assert!(ShortHex::new(key).is_err());
        assert!(SiteId::new(key).is_err() && Nonce::new(key).is_err() && Word::new(key.to_lowercase()).is_err());
        assert!(!Text::new(key).unwrap_err().to_string().contains("4041"));
    }

    #[test]
    fn fields_have_one_form() {
        assert!(ShortHex::new("2677F4").is_ok() && ShortHex::new("2677f4").is_err() && ShortHex::new("267").is_err());
        assert!(Word::new("typing-error").is_ok() && Word::new("Typing error").is_err() && Word::new("").is_err());
        let nonce = Nonce::of([0, 1, 2, 3, 4, 5, 6, 0xAF]);
        assert_eq!((nonce.as_str(), nonce.tag()), ("00010203040506AF", [0, 1]));
        assert_eq!(Nonce::new("00010203040506AF"), Ok(nonce));
        assert!(Moment::new("2026-11-21T01:26:34Z").is_ok());
        for odd in [
            "2026-11-21T01:26:34+00:00",
            "2026-11-21t01:26:34Z",
            "2026-11-21T01:26:34.5Z",
            "2026-11-21",
            "9999-01-01T00:00:00Z",
        ] {
            assert!(Moment::new(odd).is_err(), "{odd}");
        }
        assert!(Text::new("张三").is_ok() && Text::new("").is_err() && Text::new("a\nb").is_err());
    }
}
