// SPDX-License-Identifier: Apache-2.0
//! A request as it stands in its line: borrowed from the line, not yet understood. Any field may come; the operation says
//! which ones it has.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;
use zeroize::Zeroizing;

use super::fault::CalcFault;
use crate::crypto::KeyMaterial;

/// A line that is a JSON object.
#[derive(Debug)]
pub(super) struct Request<'a> {
    /// As it was written.
    pub(super) id: Option<&'a RawValue>,
    fields: Vec<(Cow<'a, str>, Field<'a>)>,
}

/// What a field may hold.
#[derive(Debug)]
enum Field<'a> {
    Text(Cow<'a, str>),
    List(Vec<Cow<'a, str>>),
    Number(u64),
    Other,
}

/// Reads a line.
pub(super) fn parse(line: &[u8]) -> Result<Request<'_>, CalcFault> {
    let text = std::str::from_utf8(line).map_err(|e| CalcFault::BadJson {
        column: e.valid_up_to() + 1,
    })?;
    let request: Request<'_> = serde_json::from_str(text).map_err(|e| CalcFault::BadJson { column: e.column() })?;
    Ok(request)
}

impl<'a> Request<'a> {
    /// The operation's name.
    pub(super) fn op(&self) -> Result<&str, CalcFault> {
        self.text("op")
    }

    /// Refuses fields that the operation does not have, and fields that stand twice.
    pub(super) fn only(&self, allowed: &[&str]) -> Result<(), CalcFault> {
        for (at, (name, _)) in self.fields.iter().enumerate() {
            if !["id", "op"].contains(&&**name) && !allowed.contains(&&**name) {
                return Err(CalcFault::UnknownField { name: harmless(name) });
            }
            if name == "id" || self.fields[..at].iter().any(|(other, _)| other == name) {
                return Err(CalcFault::DuplicateField { name: harmless(name) });
            }
        }
        Ok(())
    }

    /// A field that must be text.
    pub(super) fn text(&self, field: &'static str) -> Result<&str, CalcFault> {
        match self.field(field) {
            Some(Field::Text(text)) => Ok(text),
            Some(_) => Err(CalcFault::NotText { field }),
            None => Err(CalcFault::MissingField { field }),
        }
    }

    /// Whether a field is there.
    pub(super) fn has(&self, field: &str) -> bool {
        self.field(field).is_some()
    }

    /// An optional whole number.
    pub(super) fn number(&self, field: &'static str) -> Result<Option<u64>, CalcFault> {
        match self.field(field) {
            None => Ok(None),
            Some(Field::Number(n)) => Ok(Some(*n)),
            Some(_) => Err(CalcFault::NotNumber { field }),
        }
    }

    /// Exactly `N` bytes in hex.
    pub(super) fn bytes<const N: usize>(&self, field: &'static str) -> Result<[u8; N], CalcFault> {
        let mut place = [0; N];
        decode(field, None, self.text(field)?, &mut place).map(|()| place)
    }

    /// Hex of one of these lengths in bytes.
    pub(super) fn bytes_of(&self, field: &'static str, lengths: &[usize]) -> Result<Zeroizing<Vec<u8>>, CalcFault> {
        let text = self.text(field)?;
        let fits = lengths.iter().find(|n| **n * 2 == text.len());
        let Some(length) = fits else {
            digits(field, None, text)?;
            let expected = lengths.iter().map(ToString::to_string).collect::<Vec<_>>().join(" / ");
            return Err(CalcFault::WrongLength {
                field,
                item: None,
                expected,
                got: text.len() / 2,
            });
        };
        let mut place = Zeroizing::new(vec![0; *length]);
        decode(field, None, text, &mut place).map(|()| place)
    }

    /// Hex of any length.
    pub(super) fn data(&self, field: &'static str) -> Result<Zeroizing<Vec<u8>>, CalcFault> {
        let text = self.text(field)?;
        let mut place = Zeroizing::new(vec![0; text.len() / 2]);
        decode(field, None, text, &mut place).map(|()| place)
    }

    /// A list of hex values of `N` bytes each.
    pub(super) fn list<const N: usize>(&self, field: &'static str) -> Result<Vec<[u8; N]>, CalcFault> {
        let items = match self.field(field) {
            Some(Field::List(items)) => items,
            Some(_) => return Err(CalcFault::NotList { field }),
            None => return Err(CalcFault::MissingField { field }),
        };
        let read = |(at, text): (usize, &Cow<'a, str>)| {
            let mut place = [0; N];
            decode(field, Some(at), text, &mut place).map(|()| place)
        };
        items.iter().enumerate().map(read).collect()
    }

    /// A 16-byte key.
    pub(super) fn key(&self, field: &'static str) -> Result<KeyMaterial, CalcFault> {
        let text = self.text(field)?;
        KeyMaterial::try_init_with(|place| decode(field, None, text, place))
    }

    /// A key of 16 bytes, or one of 8 bytes that stands for itself twice.
    pub(super) fn key_8_or_16(&self, field: &'static str) -> Result<KeyMaterial, CalcFault> {
        let bytes = self.bytes_of(field, &[8, 16])?;
        Ok(KeyMaterial::init_with(|place| {
            for half in place.chunks_mut(bytes.len()) {
                half.copy_from_slice(&bytes);
            }
        }))
    }

    fn field(&self, name: &str) -> Option<&Field<'a>> {
        self.fields
            .iter()
            .find(|(field, _)| field == name)
            .map(|(_, value)| value)
    }
}

fn digits(field: &'static str, item: Option<usize>, text: &str) -> Result<(), CalcFault> {
    match text.bytes().position(|byte| !byte.is_ascii_hexdigit()) {
        Some(at) => Err(CalcFault::BadHex {
            field,
            item,
            position: at + 1,
        }),
        None if text.len() % 2 == 1 => Err(CalcFault::OddHex { field, item }),
        None => Ok(()),
    }
}

fn decode(field: &'static str, item: Option<usize>, text: &str, place: &mut [u8]) -> Result<(), CalcFault> {
    if hex::decode_to_slice(text, place).is_ok() {
        return Ok(());
    }
    digits(field, item, text)?;
    Err(CalcFault::WrongLength {
        field,
        item,
        expected: place.len().to_string(),
        got: text.len() / 2,
    })
}

/// A field's name for a message, unless it could be a key that was pasted in the wrong place.
fn harmless(name: &str) -> String {
    let word = name.len() <= 20 && name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
    if word && !name.bytes().all(|b| b.is_ascii_hexdigit()) {
        name.to_owned()
    } else {
        "?".to_owned()
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Request<'a> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Object;
        impl<'de> Visitor<'de> for Object {
            type Value = Request<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a JSON object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Request<'de>, A::Error> {
                let mut request = Request {
                    id: None,
                    fields: Vec::with_capacity(12),
                };
                while let Some(Text(name)) = map.next_key()? {
                    // A second id goes to the fields, where it is refused.
                    if name == "id" && request.id.is_none() {
                        request.id = Some(map.next_value()?);
                    } else {
                        request.fields.push((name, map.next_value()?));
                    }
                }
                Ok(request)
            }
        }
        from.deserialize_map(Object)
    }
}

/// A string, borrowed where it has no escapes.
struct Text<'a>(Cow<'a, str>);
impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        match Field::deserialize(from)? {
            Field::Text(text) => Ok(Self(text)),
            _ => Err(serde::de::Error::custom("text")),
        }
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Field<'a> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Any;
        impl<'de> Visitor<'de> for Any {
            type Value = Field<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a value")
            }
            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Field<'de>, E> {
                Ok(Field::Text(Cow::Borrowed(text)))
            }
            fn visit_str<E>(self, text: &str) -> Result<Field<'de>, E> {
                Ok(Field::Text(Cow::Owned(text.to_owned())))
            }
            fn visit_u64<E>(self, number: u64) -> Result<Field<'de>, E> {
                Ok(Field::Number(number))
            }
            fn visit_i64<E>(self, _: i64) -> Result<Field<'de>, E> {
                Ok(Field::Other)
            }
            fn visit_f64<E>(self, _: f64) -> Result<Field<'de>, E> {
                Ok(Field::Other)
            }
            fn visit_bool<E>(self, _: bool) -> Result<Field<'de>, E> {
                Ok(Field::Other)
            }
            fn visit_unit<E>(self) -> Result<Field<'de>, E> {
                Ok(Field::Other)
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Field<'de>, A::Error> {
                let mut items = Some(Vec::new());
                while let Some(item) = seq.next_element::<Field<'de>>()? {
                    match (item, &mut items) {
                        (Field::Text(text), Some(list)) => list.push(text),
                        _ => items = None,
                    }
                }
                Ok(items.map_or(Field::Other, Field::List))
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Field<'de>, A::Error> {
                while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
                Ok(Field::Other)
            }
        }
        from.deserialize_any(Any)
    }
}
