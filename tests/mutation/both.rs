// SPDX-License-Identifier: Apache-2.0
//! The verifier of docs/formats in Python, on the same exports.

use std::fs;
use std::path::Path;
use std::process::Command;

use super::case::Case;
use super::subject::Subject;
use super::{judge, scratch};

const DRIVER: &str = "
import sys, glob, os, functools
sys.dont_write_bytecode = True
sys.path.insert(0, sys.argv[1])
import verify_ledger as v
v.verifies = functools.lru_cache(None)(v.verifies)
for path in sorted(glob.glob(os.path.join(sys.argv[2], '*.jsonl'))):
    found = v.verify(open(path, 'rb'), open(path[:-6] + '.note', 'rb').read())
    found = found[0] if isinstance(found, tuple) else found
    first = min((f[1] for f in found if f[1] is not None), default='-')
    print(os.path.basename(path)[:-6], 'bad' if found else 'good', first)
";

/// What is said of a file: whether it is good, and the first bad entry.
pub type Verdict = (bool, Option<u64>);

/// An export, its checkpoint, and what this program said of it.
pub struct Export {
    pub what: String,
    pub file: Vec<u8>,
    pub note: String,
    pub said: Verdict,
    /// It was a bundle, and its first line no longer says so: the other program takes it for an export, and names entries.
    pub unnamed: bool,
}

/// A copy for both, with what this program says of it, where it is something that an outsider has.
pub fn of(s: &Subject, case: &Case, what: &str) -> Option<Export> {
    let (file, note) = case.export.as_ref()?;
    let report = if case.bundle.is_some() {
        super::bundles::verdict(s, file).ok()?
    } else {
        judge::exported(s, case, file, note).ok()?
    };
    Some(Export {
        what: what.to_owned(),
        file: file.clone(),
        note: note.clone(),
        said: (report.good(), judge::first_of(&report)),
        unnamed: case.bundle.is_some() && !file.starts_with(b"cardmint-evidence/"),
    })
}

/// Where the verdicts differ.
pub fn differences(exports: &[Export]) -> Vec<String> {
    let folder = scratch();
    for (i, export) in exports.iter().enumerate() {
        fs::write(folder.path().join(format!("{i:06}.jsonl")), &export.file).unwrap();
        fs::write(folder.path().join(format!("{i:06}.note")), &export.note).unwrap();
    }
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/formats");
    let ran = Command::new("python3")
        .args(["-c", DRIVER])
        .args([&docs, folder.path()])
        .output()
        .unwrap();
    if !ran.status.success() {
        return vec![format!("Python: {}", String::from_utf8_lossy(&ran.stderr))];
    }
    let said = String::from_utf8(ran.stdout).unwrap();
    assert_eq!(said.lines().count(), exports.len(), "{said}");
    let compared = said.lines().zip(exports).filter_map(|(line, export)| {
        let words: Vec<&str> = line.split(' ').collect();
        let theirs = (words[1] == "good", words[2].parse().ok());
        let agree = theirs == export.said || export.unnamed && theirs.0 == export.said.0;
        (!agree).then(|| format!("{}: {:?}, in Python {theirs:?}", export.what, export.said))
    });
    compared.collect()
}
