// SPDX-License-Identifier: Apache-2.0
//! What a scheme lays down, as a digest (docs/formats/scheme.md). A key store belongs to one such digest, so that nobody
//! changes what a key may do by editing a scheme file. Titles, abbreviations and the check values' length are not in it.

use serde::Serialize;

use super::{Level, Part, Scheme, UsageRule};
use crate::crypto::Digest;
use crate::keys::id::LevelName;

impl Scheme {
    /// The digest.
    pub fn digest(&self) -> Digest {
        let variants = &self.variants;
        let mut lines = vec!["cardmint scheme v1".to_owned(), self.name.clone()];
        let (session, tac) = (word(&variants.sm4_session), word(&variants.sm4_tac));
        lines.push(format!(
            "variants {session} {tac} {}",
            word(&variants.sm4_external_auth)
        ));
        let algorithms = self.algorithms.iter();
        lines.extend(algorithms.map(|a| format!("algorithm {} {}", a.name, a.version)));
        lines.extend(self.levels.iter().map(level));
        lines.extend(self.usages.iter().map(usage));
        Digest::of(&[lines.join("\n").as_bytes(), b"\n"])
    }
}

fn level(level: &Level) -> String {
    let optional = if level.optional { "optional" } else { "fixed" };
    let leaf = if level.leaf { "leaf" } else { "inner" };
    let code = level
        .code
        .as_ref()
        .map_or_else(none, |c| format!("{}:{}", c.field, word(&c.kind)));
    let parts: Vec<String> = level.factor.iter().map(part).collect();
    let factor = if parts.is_empty() { none() } else { parts.join("+") };
    format!("level {} {optional} {leaf} {code} {factor}", level.name)
}

fn part(part: &Part) -> String {
    match part {
        Part::Const(bytes) => hex::encode_upper(bytes),
        Part::Field {
            field,
            bytes,
            of,
            encoding,
        } => {
            let of: Vec<String> = of.iter().map(ToString::to_string).collect();
            format!("{field}:{bytes}:{}:{}", of.join("/"), word(encoding))
        }
    }
}

fn usage(usage: &UsageRule) -> String {
    let name = |level: &Option<LevelName>| level.as_ref().map_or_else(none, ToString::to_string);
    let algorithms: Vec<String> = usage.algorithms.iter().map(ToString::to_string).collect();
    format!(
        "usage {} {} {} {}",
        usage.name,
        name(&usage.root),
        name(&usage.leaf),
        algorithms.join(",")
    )
}

/// The word that a value has in scheme files.
fn word(value: &impl Serialize) -> String {
    let text = serde_json::to_string(value).unwrap_or_default();
    text.trim_matches('"').to_owned()
}

fn none() -> String {
    "-".to_owned()
}
