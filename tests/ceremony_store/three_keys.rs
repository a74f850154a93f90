// SPDX-License-Identifier: Apache-2.0
//! A ceremony that makes three keys and two files.
#![allow(dead_code)] // each test program uses its part of it

use std::path::{Path, PathBuf};

use super::hall::*;
use cardmint::keys::file_store::Draft;
use cardmint::site::{Session, SiteError, Step};

pub const PEOPLE: [&str; 2] = ["zhang", "li"];
pub const KEYS: [&str; 3] = [
    "load.v1.3des@city:3100",
    "unload.v1.3des@city:3100",
    "tac.v1.3des@city:3100",
];

pub fn files(folder: &Path) -> [PathBuf; 2] {
    [folder.join("out-1"), folder.join("out-2")]
}

/// Three keys, one of them retired on the spot, and two files.
pub fn hold(session: &mut Session, folder: &Path, at: &mut dyn FnMut(Step)) -> Result<(), SiteError> {
    let ceremony = begin(session, &PEOPLE);
    let mut pending = session.store.begin().unwrap();
    let acts = KEYS.iter().map(|name| generate(name, session, &mut pending)).collect();
    let drafts = files(folder)
        .iter()
        .map(|path| Draft::held(path, format!("contents of {}", path.display()).as_bytes(), 0o600).unwrap())
        .collect();
    ceremony.conclude(session, pending, acts, drafts, at).map(drop)
}
