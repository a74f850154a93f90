// SPDX-License-Identifier: Apache-2.0
//! From the command line to a plan and its bindings.

use std::path::PathBuf;

use super::Bind;
use crate::ceremony::Plan;
use crate::ceremony::plan::{self, Bindings};
use crate::error::Error;

/// A plan and the file that it was read from.
pub(super) struct Loaded {
    pub(super) plan: Plan,
    pub(super) file: Option<PathBuf>,
}

/// Reads a plan, once: a shipped one by its name, any other from its file.
pub(super) fn load(name: &str) -> Result<Loaded, Error> {
    let shipped = plan::SHIPPED.iter().any(|(shipped, _)| *shipped == name);
    Ok(Loaded {
        plan: plan::load(name)?,
        file: (!shipped).then(|| PathBuf::from(name)),
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
