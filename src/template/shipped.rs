// SPDX-License-Identifier: Apache-2.0
//! The templates that come with the program, by name; any other is a file.

use std::path::Path;

use super::{Template, TemplateError, read};

/// Name and text of each shipped template.
pub const SHIPPED: &[(&str, &str)] = &[
    ("mohurd-user", include_str!("../../templates/mohurd-user.toml")),
    ("mohurd-psam", include_str!("../../templates/mohurd-psam.toml")),
    (
        "mohurd-city-psam",
        include_str!("../../templates/mohurd-city-psam.toml"),
    ),
    ("mot-user", include_str!("../../templates/mot-user.toml")),
    ("mot-psam", include_str!("../../templates/mot-psam.toml")),
    ("metro-user", include_str!("../../templates/metro-user.toml")),
    ("mohurd-isam", include_str!("../../templates/mohurd-isam.toml")),
    ("mot-isam", include_str!("../../templates/mot-isam.toml")),
    ("management-card", include_str!("../../templates/management-card.toml")),
    ("campus-m1", include_str!("../../templates/campus-m1.toml")),
    ("system-card", include_str!("../../templates/system-card.toml")),
];

/// The text of a shipped template, or of a file; and what to call it in messages.
pub fn text_of(name: &str) -> Result<(String, String), TemplateError> {
    if let Some((_, text)) = SHIPPED.iter().find(|(shipped, _)| *shipped == name) {
        return Ok(((*text).to_owned(), name.to_owned()));
    }
    let path = Path::new(name);
    if !path.exists() {
        return Err(TemplateError::NotFound { name: name.to_owned() });
    }
    let failed = |e: std::io::Error| TemplateError::Read {
        source: name.to_owned(),
        what: e.to_string(),
    };
    Ok((std::fs::read_to_string(path).map_err(failed)?, name.to_owned()))
}

/// A template by shipped name or path, read but not checked.
pub fn load(name: &str) -> Result<Template, TemplateError> {
    let (text, source) = text_of(name)?;
    read(&text, &source)
}
