// SPDX-License-Identifier: Apache-2.0
//! The schemes that come with the program, and schemes from files.

use std::fs;
use std::path::Path;

use super::{Scheme, SchemeError};

/// Name and text of each shipped scheme.
pub const SHIPPED: &[(&str, &str)] = &[
    ("campus", include_str!("../../../templates/schemes/campus.toml")),
    ("metro", include_str!("../../../templates/schemes/metro.toml")),
    ("mohurd", include_str!("../../../templates/schemes/mohurd.toml")),
    ("mot", include_str!("../../../templates/schemes/mot.toml")),
];

/// A scheme by its name, or from a file (whatever has a slash or ends in `.toml`), looked for from `folder`.
pub fn find(name: &str, folder: &Path) -> Result<Scheme, SchemeError> {
    load(name, folder).and_then(|(source, text)| Scheme::parse(&source, &text))
}

/// Where a scheme comes from and its text.
pub fn load(name: &str, folder: &Path) -> Result<(String, String), SchemeError> {
    if let Some((name, text)) = SHIPPED.iter().find(|(shipped, _)| *shipped == name) {
        return Ok((format!("{name}.toml"), (*text).to_owned()));
    }
    let is_file = name.contains('/') || Path::new(name).extension().is_some_and(|e| e == "toml");
    if !is_file {
        return Err(SchemeError::NotFound { name: name.to_owned() });
    }
    let path = folder.join(name);
    let shown = path.display().to_string();
    match fs::read_to_string(&path) {
        Ok(text) => Ok((shown, text)),
        Err(e) => Err(SchemeError::Read {
            path: shown,
            what: e.to_string(),
        }),
    }
}
