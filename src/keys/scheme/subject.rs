// SPDX-License-Identifier: Apache-2.0
//! The card, PSAM or centre that a key is derived for: named byte fields, none of them secret.

use std::collections::BTreeMap;

use super::{Encoding, Part, SchemeError};

/// Named byte fields: `city_code`, `province`, `issuer`, `application_serial`, `psam_serial`, `chip_serial` …
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Subject(BTreeMap<String, Vec<u8>>);

impl Subject {
    /// Without fields.
    pub fn new() -> Self {
        Self::default()
    }

    /// With one field more (a value that was there is replaced).
    #[must_use]
    pub fn with(mut self, field: &str, bytes: &[u8]) -> Self {
        self.0.insert(field.to_owned(), bytes.to_vec());
        self
    }

    /// With the fields of another subject, which replace its own.
    #[must_use]
    pub fn and(mut self, more: Self) -> Self {
        self.0.extend(more.0);
        self
    }

    /// Sets a field from hex text.
    pub fn set_hex(&mut self, field: &str, text: &str) -> Result<(), SchemeError> {
        let bytes = hex::decode(text).map_err(|_| SchemeError::SubjectEncoding {
            field: field.to_owned(),
        })?;
        self.0.insert(field.to_owned(), bytes);
        Ok(())
    }

    /// A field's bytes.
    pub fn get(&self, field: &str) -> Result<&[u8], SchemeError> {
        self.0
            .get(field)
            .map(Vec::as_slice)
            .ok_or_else(|| SchemeError::SubjectField {
                field: field.to_owned(),
            })
    }

    /// The bytes that a part of a factor takes.
    pub(super) fn part(&self, part: &Part) -> Result<Vec<u8>, SchemeError> {
        let (field, bytes, of, encoding) = match part {
            Part::Const(bytes) => return Ok(bytes.clone()),
            Part::Field {
                field,
                bytes,
                of,
                encoding,
            } => (field, *bytes, of, *encoding),
        };
        let value = self.get(field)?;
        if !of.contains(&value.len()) {
            let allowed: Vec<String> = of.iter().map(ToString::to_string).collect();
            let (field, allowed) = (field.clone(), allowed.join("/"));
            return Err(SchemeError::SubjectLength {
                field,
                allowed,
                got: value.len(),
            });
        }
        if !encoding.fits(value) {
            return Err(SchemeError::SubjectEncoding { field: field.clone() });
        }
        Ok(value[value.len() - bytes..].to_vec())
    }
}

impl Encoding {
    /// Whether the bytes are in this encoding.
    pub fn fits(self, bytes: &[u8]) -> bool {
        let mut nibbles = bytes.iter().flat_map(|b| [b >> 4, b & 15]);
        match self {
            Self::Hex => true,
            Self::Bcd => nibbles.all(|n| n < 10),
            Self::Cn => {
                let padding = nibbles.by_ref().find(|n| *n >= 10);
                padding.is_none_or(|n| n == 15) && nibbles.all(|n| n == 15)
            }
        }
    }
}
