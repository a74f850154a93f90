// SPDX-License-Identifier: Apache-2.0
//! From the command line to a plan and its bindings.

use std::path::{Path, PathBuf};

use super::Bind;
use crate::ceremony::Plan;
use crate::ceremony::plan::{self, Bindings, PlanError};
use crate::error::Error;

/// A plan and the file that it was read from.
pub(super) struct Loaded {
    pub(super) plan: Plan,
    pub(super) file: Option<PathBuf>,
}

/// Reads a plan from a file, once.
pub(super) fn load(name: &str) -> Result<Loaded, Error> {
    let path = Path::new(name);
    let text = std::fs::read_to_string(path).map_err(|e| PlanError::Read {
        source: name.to_owned(),
        what: e.to_string(),
    })?;
    Ok(Loaded {
        plan: plan::read(&text, name)?,
        file: Some(path.to_owned()),
    })
}

/// What the options bind; single options come on top of the file.
pub(super) fn bindings(bind: &Bind) -> Result<Bindings, Error> {
    let mut bindings = match &bind.bindings {
        Some(path) => Bindings::load(path)?,
        None => Bindings::default(),
    };
    for text in &bind.participant {
        bindings.bind_person(text)?;
    }
    for text in &bind.file {
        bindings.bind_file(text)?;
    }
    Ok(bindings)
}
