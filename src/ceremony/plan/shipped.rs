// SPDX-License-Identifier: Apache-2.0
//! The ceremonies that come with the program, by name; any other is a file.

use std::path::Path;

use super::{Plan, PlanError, read};

/// Name and text of each shipped ceremony.
pub const SHIPPED: &[(&str, &str)] = &[
    (
        "mohurd-ministry-root",
        include_str!("../../../key-ceremonies/mohurd-ministry-root.toml"),
    ),
    (
        "mot-ministry-root",
        include_str!("../../../key-ceremonies/mot-ministry-root.toml"),
    ),
    ("mohurd-send", include_str!("../../../key-ceremonies/mohurd-send.toml")),
    ("mot-send", include_str!("../../../key-ceremonies/mot-send.toml")),
    ("mohurd-city", include_str!("../../../key-ceremonies/mohurd-city.toml")),
    ("mot-issuer", include_str!("../../../key-ceremonies/mot-issuer.toml")),
    ("campus", include_str!("../../../key-ceremonies/campus.toml")),
    ("rotate", include_str!("../../../key-ceremonies/rotate.toml")),
    (
        "replace-custodian",
        include_str!("../../../key-ceremonies/replace-custodian.toml"),
    ),
    ("backup", include_str!("../../../key-ceremonies/backup.toml")),
    ("restore", include_str!("../../../key-ceremonies/restore.toml")),
    ("compromise", include_str!("../../../key-ceremonies/compromise.toml")),
    ("destroy", include_str!("../../../key-ceremonies/destroy.toml")),
];

/// A plan by shipped name or path, read but not checked.
pub fn load(name: &str) -> Result<Plan, PlanError> {
    if let Some((_, text)) = SHIPPED.iter().find(|(shipped, _)| *shipped == name) {
        return read(text, name);
    }
    let path = Path::new(name);
    if !path.exists() {
        return Err(PlanError::NotFound { name: name.to_owned() });
    }
    let text = std::fs::read_to_string(path).map_err(|e| PlanError::Read {
        source: name.to_owned(),
        what: e.to_string(),
    })?;
    read(&text, name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shipped_ceremonies_have_no_finding() {
        for (name, text) in SHIPPED {
            let plan = load(name).unwrap_or_else(|e| panic!("{e}"));
            assert_eq!(plan.text(), *text);
            let found: Vec<_> = plan
                .check(None, None)
                .iter()
                .map(|f| format!("{} {} {}", f.id, f.line, f.what.render(crate::i18n::Lang::En)))
                .collect();
            assert!(found.is_empty(), "{name}: {found:#?}");
        }
    }
}
