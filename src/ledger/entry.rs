// SPDX-License-Identifier: Apache-2.0
//! An entry is one line of canonical JSON (the subset of RFC 8785 with strings, integers, booleans, arrays and objects):
//! UTF-8, keys in byte order, no white space. Its bytes are the evidence: they are stored, hashed and exported as they are.
//!
//! A signature is Ed25519 over `cardmint-entry-v1\n` followed by the canonical entry without its `sigs`.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::act::Act;
use super::field::{Moment, Signature, SiteId, Text};
use super::hash::Hash;

/// What stands before the bytes that an officer signs, so that no other kind of message can pass for an entry.
pub const SIGNED_PREFIX: &[u8] = b"cardmint-entry-v1\n";

/// The version of the encoding.
pub const VERSION: u32 = 1;

/// One signature of an entry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Signed {
    /// Who.
    pub officer: Text,
    /// Over the entry without its signatures.
    pub sig: Signature,
}

/// An entry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Entry {
    /// Version of the encoding: 1.
    pub v: u32,
    /// Place in the ledger, from 0.
    pub seq: u64,
    /// When, in UTC to the second; never before the entry before.
    pub at: Moment,
    /// The leaf hash of the entry before; zeros in the first. So every signature covers all that came before it.
    pub prev: Hash,
    /// The site.
    pub site: SiteId,
    /// The acting officer.
    pub officer: Text,
    /// What was done.
    #[serde(flatten)]
    pub act: Act,
    /// The signatures, the acting officer's first.
    pub sigs: Vec<Signed>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wire {
    v: u32,
    seq: u64,
    at: Moment,
    prev: Hash,
    site: SiteId,
    officer: Text,
    act: String,
    body: Value,
    sigs: Vec<Signed>,
}

/// Why a line is no entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NoEntry {
    /// Not JSON, or fields missing, unknown or malformed.
    Form(String),
    /// An act that this version of the program does not know.
    UnknownAct(String),
    /// The same content in another form than the canonical one.
    NotCanonical,
}

impl Entry {
    /// The line as it is stored, without a line end.
    pub fn line(&self) -> Vec<u8> {
        canonical(&serde_json::to_value(self).unwrap_or_default())
    }

    /// What the officers sign.
    pub fn signed_bytes(&self) -> Vec<u8> {
        let mut value = serde_json::to_value(self).unwrap_or_default();
        if let Some(fields) = value.as_object_mut() {
            fields.remove("sigs");
        }
        [SIGNED_PREFIX, &canonical(&value)].concat()
    }

    /// Reads a stored line; refuses every form but the canonical one.
    pub fn parse(line: &[u8]) -> Result<Self, NoEntry> {
        let form = |e: serde_json::Error| NoEntry::Form(e.to_string());
        let wire: Wire = serde_json::from_slice(line).map_err(form)?;
        if wire.v != VERSION {
            return Err(NoEntry::Form(format!("version {}", wire.v)));
        }
        let Wire {
            v,
            seq,
            at,
            prev,
            site,
            officer,
            act: name,
            body,
            sigs,
        } = wire;
        let fields = [("act", Value::String(name.clone())), ("body", body)];
        let act = Value::Object(
            fields
                .map(|(field, value)| (field.to_owned(), value))
                .into_iter()
                .collect(),
        );
        let act: Act = serde_json::from_value(act).map_err(|e| match e.to_string() {
            text if text.starts_with("unknown variant") => NoEntry::UnknownAct(name.chars().take(40).collect()),
            text => NoEntry::Form(text),
        })?;
        let entry = Self {
            v,
            seq,
            at,
            prev,
            site,
            officer,
            act,
            sigs,
        };
        if entry.line() == line {
            Ok(entry)
        } else {
            Err(NoEntry::NotCanonical)
        }
    }
}

/// The canonical form of a value made of strings, integers, booleans, arrays and objects. (Entries have nothing else;
/// a null or a fraction, which the types do not allow, would be written as JSON writes it.)
pub fn canonical(value: &Value) -> Vec<u8> {
    let mut out = Vec::with_capacity(512);
    write(value, &mut out);
    out
}

fn write(value: &Value, out: &mut Vec<u8>) {
    match value {
        Value::Object(fields) => {
            let mut fields: Vec<_> = fields.iter().collect();
            fields.sort_unstable_by_key(|(key, _)| key.as_bytes());
            out.push(b'{');
            for (i, (key, value)) in fields.into_iter().enumerate() {
                if i > 0 {
                    out.push(b',');
                }
                write_string(key, out);
                out.push(b':');
                write(value, out);
            }
            out.push(b'}');
        }
        Value::Array(items) => {
            out.push(b'[');
            for (i, item) in items.iter().enumerate() {
                if i > 0 {
                    out.push(b',');
                }
                write(item, out);
            }
            out.push(b']');
        }
        Value::String(s) => write_string(s, out),
        other => out.extend_from_slice(other.to_string().as_bytes()),
    }
}

/// RFC 8785 §3.2.2.2: the two-character escapes where JSON has one, `\u00xx` for the other control characters.
fn write_string(s: &str, out: &mut Vec<u8>) {
    out.push(b'"');
    for &byte in s.as_bytes() {
        let escape: &[u8] = match byte {
            b'"' => b"\\\"",
            b'\\' => b"\\\\",
            8 => b"\\b",
            9 => b"\\t",
            10 => b"\\n",
            12 => b"\\f",
            13 => b"\\r",
            0..=0x1F => {
                out.extend_from_slice(format!("\\u{byte:04x}").as_bytes());
                continue;
            }
            _ => {
                out.push(byte);
                continue;
            }
        };
        out.extend_from_slice(escape);
    }
    out.push(b'"');
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn canonical_form_of_rfc_8785() {
        // The strings and the sorting of RFC 8785 §3.2.2.2, without its fractions.
        let value = json!({"b": [1, true, "\u{20ac}$\u{f}\nA'B\"\\\\\"/"], "a": {}, "10": -5, "1": ""});
        assert_eq!(
            String::from_utf8(canonical(&value)).unwrap(),
            "{\"1\":\"\",\"10\":-5,\"a\":{},\"b\":[1,true,\"\u{20ac}$\\u000f\\nA'B\\\"\\\\\\\\\\\"/\"]}"
        );
    }
}
