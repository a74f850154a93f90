// SPDX-License-Identifier: Apache-2.0
//! What a plan leaves open: which officer each person of the plan is, and which path each file slot is. Given on the
//! command line, or in a TOML file:
//!
//! ```toml
//! [participant]
//! key-officer-1 = "zhang"
//! [file]
//! ministry-bundle = "/media/usb/bundle"
//! ```

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::error::{PlanError, PlanReason};
use super::model::{PersonId, Slot};
use crate::toml_lines::Lines;

/// Officers and paths by their names in the plan.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Bindings {
    /// Officers of the site.
    pub people: BTreeMap<PersonId, String>,
    /// Paths.
    pub files: BTreeMap<Slot, PathBuf>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct BindingsWire {
    #[serde(default)]
    participant: BTreeMap<String, String>,
    #[serde(default)]
    file: BTreeMap<String, PathBuf>,
}

impl Bindings {
    /// Reads a bindings file. Its relative paths count from its folder.
    pub fn load(path: &Path) -> Result<Self, PlanError> {
        let source = path.display().to_string();
        let text = std::fs::read_to_string(path).map_err(|e| PlanError::Read {
            source: source.clone(),
            what: e.to_string(),
        })?;
        Self::read(&text, &source, path.parent().unwrap_or(Path::new("")))
    }

    /// Reads a text; relative paths count from `folder`.
    pub fn read(text: &str, source: &str, folder: &Path) -> Result<Self, PlanError> {
        let lines = Lines::of(text);
        let wire: BindingsWire = toml::from_str(text).map_err(|e| PlanError::Syntax {
            source: source.to_owned(),
            line: e.span().map_or(1, |span| lines.at(span.start)),
            what: e.message().to_owned(),
        })?;
        let bad = |table: &str, name: &str| {
            let path = format!("{table}.{name}");
            PlanError::Field {
                source: source.to_owned(),
                line: lines.line(&path),
                path,
                reason: PlanReason::Word { text: name.to_owned() },
            }
        };
        let mut bindings = Self::default();
        for (name, officer) in wire.participant {
            let id = name.parse().map_err(|_| bad("participant", &name))?;
            bindings.people.insert(id, officer);
        }
        for (name, path) in wire.file {
            let slot = name.parse().map_err(|_| bad("file", &name))?;
            bindings.files.insert(slot, folder.join(path));
        }
        Ok(bindings)
    }

    /// Adds `ID=OFFICER`.
    pub fn bind_person(&mut self, text: &str) -> Result<(), PlanError> {
        let (id, officer) = pair(text)?;
        let id = id.parse().map_err(|_| no_binding(text))?;
        match self.people.insert(id, officer.to_owned()) {
            None => Ok(()),
            Some(_) => Err(PlanError::BoundTwice { name: text.to_owned() }),
        }
    }

    /// Adds `SLOT=PATH`.
    pub fn bind_file(&mut self, text: &str) -> Result<(), PlanError> {
        let (slot, path) = pair(text)?;
        let slot = slot.parse().map_err(|_| no_binding(text))?;
        match self.files.insert(slot, PathBuf::from(path)) {
            None => Ok(()),
            Some(_) => Err(PlanError::BoundTwice { name: text.to_owned() }),
        }
    }

    /// The officer that a person of the plan is.
    pub fn officer(&self, id: &PersonId) -> Option<&str> {
        self.people.get(id).map(String::as_str)
    }

    /// The path that a slot is.
    pub fn path(&self, slot: &Slot) -> Option<&Path> {
        self.files.get(slot).map(PathBuf::as_path)
    }
}

fn pair(text: &str) -> Result<(&str, &str), PlanError> {
    let parts = text.split_once('=').filter(|(_, value)| !value.is_empty());
    parts.ok_or_else(|| no_binding(text))
}

fn no_binding(text: &str) -> PlanError {
    PlanError::Binding { text: text.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_and_the_command_line_bind() {
        let text = "[participant]\na = \"zhang\"\n[file]\nbundle = \"in/b\"\ncard = \"/c\"\n";
        let mut bindings = Bindings::read(text, "b.toml", Path::new("/usb")).unwrap();
        bindings.bind_person("b=李").unwrap();
        bindings.bind_file("out=x=y").unwrap();
        let id = |text: &str| text.parse().unwrap();
        assert_eq!(bindings.officer(&id("a")), Some("zhang"));
        assert_eq!(bindings.officer(&id("b")), Some("李"));
        assert_eq!(bindings.officer(&id("c")), None);
        let path = |slot: &str| bindings.path(&slot.parse().unwrap()).map(|p| p.display().to_string());
        assert_eq!(path("bundle").as_deref(), Some("/usb/in/b"));
        assert_eq!(path("card").as_deref(), Some("/c"));
        assert_eq!(path("out").as_deref(), Some("x=y"));
    }

    #[test]
    fn what_binds_nothing_is_refused() {
        let mut bindings = Bindings::default();
        for text in ["a", "a=", "A=x", "=x"] {
            assert!(
                matches!(bindings.bind_person(text), Err(PlanError::Binding { .. })),
                "{text}"
            );
            assert!(
                matches!(bindings.bind_file(text), Err(PlanError::Binding { .. })),
                "{text}"
            );
        }
        bindings.bind_person("a=x").unwrap();
        assert!(matches!(bindings.bind_person("a=y"), Err(PlanError::BoundTwice { .. })));
        let read = |text: &str| Bindings::read(text, "b", Path::new(""));
        assert!(matches!(read("[files]\n"), Err(PlanError::Syntax { line: 1, .. })));
        assert!(matches!(
            read("\n[file]\nA = \"x\"\n"),
            Err(PlanError::Field { line: 3, .. })
        ));
    }
}
