// SPDX-License-Identifier: Apache-2.0
//! Walks `src/` and holds the layering: arrows only go down, secrets are looked at only in `crypto`, one file knows PC/SC.
//!
//! A new top-level module needs a row in [`ARROWS`]; a test that fails here asks whether the new arrow is meant.
#![allow(clippy::unwrap_used)] // a test may fail where it stands

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// From a top-level module to those that it may name. `crypto::mac` allows that part of a module alone; `*` allows all.
const ARROWS: &[(&str, &[&str])] = &[
    ("main", &["*"]),
    ("cli", &["*"]),
    (
        "batch",
        &[
            "perso",
            "ledger",
            "keys",
            "template",
            "card",
            "transport",
            "site",
            "iso7816",
            "crypto",
        ],
    ),
    ("ceremony", &["keys", "ledger", "crypto", "site", "toml_lines", "html"]),
    ("site", &["keys", "ledger", "crypto", "template"]),
    ("perso", &["card", "template", "keys", "transport", "iso7816", "crypto"]),
    (
        "template",
        &[
            "iso7816",
            "keys",
            "crypto",
            "card::commands",
            "card::dialect",
            "toml_lines",
        ],
    ),
    ("card", &["transport", "iso7816", "crypto", "keys"]),
    // The card side composes its own messages: an encoding mistake of the host must not cancel itself out.
    (
        "sim",
        &[
            "transport",
            "iso7816",
            "crypto::algorithm",
            "crypto::cipher",
            "crypto::mac",
            "crypto::padding",
            "crypto::secret",
        ],
    ),
    ("keys", &["crypto"]),
    ("ledger", &["crypto"]),
    ("transport", &["iso7816"]),
    ("iso7816", &[]),
    ("crypto", &[]),
    // The frame that every module stands in.
    ("outside", &["crypto::SecretBytes"]),
    ("error", &[]),
    ("i18n", &[]),
    ("html", &[]),
    ("toml_lines", &[]),
];

/// Every module may name these: errors, messages, and what comes in from outside.
const EVERYWHERE: &[&str] = &["error", "i18n", "outside", "msg", "display_as_english"];

const MAX_LINES: usize = 500;

struct Source {
    path: PathBuf,
    /// The top-level module that the file belongs to.
    module: String,
    text: String,
    /// The text without comments and without the tests at its end.
    code: String,
}

fn sources() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut paths = Vec::new();
    walk(&root, &mut paths);
    assert!(paths.len() > 20, "src/ was not found: {}", root.display());
    paths
        .into_iter()
        .map(|path| {
            let text = fs::read_to_string(&path).unwrap();
            let inside = path.strip_prefix(&root).unwrap();
            let first = inside.components().next().unwrap().as_os_str().to_str().unwrap();
            let module = first.trim_end_matches(".rs").to_owned();
            let code = code(&text);
            let path = inside.to_owned();
            Source {
                path,
                module,
                text,
                code,
            }
        })
        .collect()
}

fn walk(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            walk(&path, found);
        } else if path.extension().is_some_and(|e| e == "rs") {
            found.push(path);
        }
    }
}

fn code(text: &str) -> String {
    let shipped = text.find("#[cfg(test)]\nmod ").map_or(text, |tests| &text[..tests]);
    let lines = shipped.lines().filter(|line| !line.trim_start().starts_with("//"));
    lines.collect::<Vec<_>>().join("\n")
}

/// The paths under `crate::` that code names, groups written out: `crate::a::{b, c::d}` gives `a::b` and `a::c::d`.
fn references(code: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut rest = code;
    while let Some(at) = rest.find("crate::") {
        let macro_path = rest[..at].ends_with('$');
        rest = &rest[at + "crate::".len()..];
        if !macro_path {
            expand("", rest, &mut found);
        }
    }
    found
}

/// Reads one path or group from the start of `text`; returns what follows it.
fn expand<'a>(before: &str, text: &'a str, found: &mut BTreeSet<String>) -> &'a str {
    let mut text = text.trim_start();
    if let Some(group) = text.strip_prefix('{') {
        text = group.trim_start();
        while !text.is_empty() && !text.starts_with('}') {
            let after = expand(before, text, found).trim_start();
            // An `as name` or a stray sign ends an item as a comma does.
            let end = after.find([',', '}']).unwrap_or(after.len());
            text = after[end..].trim_start_matches(',').trim_start();
        }
        return text.strip_prefix('}').unwrap_or(text);
    }
    let end = text
        .find(|c: char| !c.is_alphanumeric() && c != '_')
        .unwrap_or(text.len());
    let (name, after) = text.split_at(end);
    let path = if before.is_empty() {
        name.to_owned()
    } else {
        format!("{before}::{name}")
    };
    match after.strip_prefix("::") {
        Some(deeper)
            if deeper
                .trim_start()
                .starts_with(|c: char| c.is_alphanumeric() || c == '_' || c == '{') =>
        {
            expand(&path, deeper, found)
        }
        _ => {
            found.insert(path);
            after
        }
    }
}

fn allowed(module: &str, arrows: &[&str], path: &str) -> bool {
    let top = path.split("::").next().unwrap_or_default();
    top == module
        || EVERYWHERE.contains(&top)
        || arrows.iter().any(|arrow| {
            let deeper = path
                .strip_prefix(arrow)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with("::"));
            *arrow == "*" || deeper
        })
}

#[test]
fn arrows_only_go_down() {
    let table: BTreeMap<&str, &[&str]> = ARROWS.iter().copied().collect();
    let mut wrong = Vec::new();
    for source in sources().iter().filter(|s| s.module != "lib") {
        let Some(arrows) = table.get(source.module.as_str()) else {
            wrong.push(format!(
                "{}: module {} has no row in ARROWS",
                source.path.display(),
                source.module
            ));
            continue;
        };
        for path in references(&source.code) {
            if !allowed(&source.module, arrows, &path) {
                wrong.push(format!(
                    "{}: {} must not name crate::{path}",
                    source.path.display(),
                    source.module
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn no_module_reaches_its_neighbours_by_super() {
    for source in sources() {
        let parts = source.path.components().count();
        let depth = if source.path.ends_with("mod.rs") {
            parts - 1
        } else {
            parts
        };
        let escape = "super::".repeat(depth);
        assert!(
            source.module == "lib" || source.module == "main" || depth < 1 || !source.code.contains(&escape),
            "{} names another module by {escape}; write crate:: so that its arrow is seen",
            source.path.display()
        );
    }
}

#[test]
fn secrets_are_looked_at_only_in_crypto() {
    for source in sources().iter().filter(|s| s.module != "crypto") {
        assert!(
            !source.code.contains(".expose(") && !source.code.contains("::expose"),
            "{} looks at a secret's bytes; let a function of crypto do it",
            source.path.display()
        );
    }
}

#[test]
fn the_ledger_cannot_hold_a_secret() {
    for source in sources().iter().filter(|s| s.module == "ledger") {
        for name in ["KeyMaterial", "SecretBytes", "crypto::secret", "CardKey"] {
            assert!(
                !source.code.contains(name),
                "{} names {name}: the ledger takes check values and digests only",
                source.path.display()
            );
        }
    }
}

#[test]
fn one_file_knows_pcsc() {
    for source in sources() {
        let knows = source.code.contains("use ::pcsc")
            || source.code.contains("use pcsc::")
            || source.code.contains(" ::pcsc::");
        assert_eq!(
            knows,
            source.path == Path::new("transport/pcsc.rs"),
            "{}: the pcsc crate is imported by transport/pcsc.rs and by nothing else",
            source.path.display()
        );
    }
}

#[test]
fn every_file_has_its_licence_line_a_doc_and_a_bearable_length() {
    for source in sources() {
        let path = source.path.display();
        let mut lines = source.text.lines();
        assert_eq!(lines.next(), Some("// SPDX-License-Identifier: Apache-2.0"), "{path}");
        assert!(
            lines.next().is_some_and(|l| l.starts_with("//! ")),
            "{path}: the second line says what the file is for"
        );
        let length = source.text.lines().count();
        assert!(length <= MAX_LINES, "{path} has {length} lines; split it by noun");
    }
}

#[test]
fn nothing_prints_past_the_output_layer() {
    for source in sources() {
        for name in ["println!(", "print!(", "eprint!(", "dbg!(", "process::exit("] {
            assert!(!source.code.contains(name), "{} uses {name}", source.path.display());
        }
    }
}

#[test]
fn modules_have_names_that_say_something() {
    const EMPTY_NAMES: &[&str] = &["util", "utils", "helpers", "helper", "common", "misc", "types"];
    for source in sources() {
        for part in source.path.components() {
            let name = part.as_os_str().to_str().unwrap().trim_end_matches(".rs");
            assert!(!EMPTY_NAMES.contains(&name), "{}", source.path.display());
        }
    }
}

#[test]
fn references_are_read_out_of_groups() {
    let code = "use crate::{error::Error, crypto::{cipher, mac::{retail, des as d}, Kcv}};\nlet x = crate::sim::SimReader::open(p); $crate::msg!()";
    let found: Vec<String> = references(code).into_iter().collect();
    assert_eq!(
        found,
        [
            "crypto::Kcv",
            "crypto::cipher",
            "crypto::mac::des",
            "crypto::mac::retail",
            "error::Error",
            "sim::SimReader::open"
        ]
    );
    let sim = ["crypto::mac", "crypto::cipher"];
    assert!(allowed("sim", &sim, "crypto::mac::des"));
    assert!(!allowed("sim", &sim, "crypto::purse"));
    assert!(!allowed("sim", &sim, "crypto::machine"));
}
