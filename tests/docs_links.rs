// SPDX-License-Identifier: Apache-2.0
//! The pages are true to the program: links lead somewhere, every JSON schema is described, every named check and every test
//! that stands in docs/assurance.md exists.

#![allow(clippy::unwrap_used)] // a test stops at the first surprise

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn files(folder: &Path, ending: &str, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, ending, found);
        } else if path.extension().is_some_and(|e| e == ending) {
            found.push(path);
        }
    }
}

fn all(folder: &str, ending: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    files(&root().join(folder), ending, &mut found);
    assert!(!found.is_empty(), "{folder}");
    found
}

/// Words in double quotes.
fn quoted(code: &str) -> impl Iterator<Item = &str> {
    code.split('"')
}

#[test]
fn every_link_leads_somewhere() {
    let mut pages = all("docs", "md");
    pages.push(root().join("README.md"));
    let mut broken = Vec::new();
    for page in pages {
        let text = fs::read_to_string(&page).unwrap();
        for link in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let file = link.split('#').next().unwrap_or_default();
            if file.is_empty() || file.contains("://") {
                continue;
            }
            if !page.parent().unwrap().join(file).exists() {
                broken.push(format!("{}: {link}", page.display()));
            }
        }
    }
    assert!(broken.is_empty(), "{broken:#?}");
}

#[test]
fn every_schema_is_described() {
    let pages: String = all("docs/formats", "md")
        .iter()
        .map(|page| fs::read_to_string(page).unwrap())
        .collect();
    let mut missing = BTreeSet::new();
    let mut seen = 0;
    for file in all("src", "rs") {
        let code = fs::read_to_string(file).unwrap();
        for word in quoted(&code).filter(|w| w.starts_with("cardmint.") && w.contains('/') && !w.contains(' ')) {
            seen += 1;
            if !pages.contains(&format!("`{word}`")) {
                missing.insert(word.to_owned());
            }
        }
    }
    assert!(seen > 40, "only {seen} schemas were found");
    assert!(missing.is_empty(), "{missing:?}");
}

fn is_check(word: &str) -> bool {
    ["TEMPLATE-", "LEDGER-", "CEREMONY-", "HOLDER-", "REPORT-", "WITNESS-"]
        .iter()
        .any(|family| word.starts_with(family) && word.len() > family.len())
        && word.bytes().all(|b| b.is_ascii_uppercase() || b == b'-')
}

#[test]
fn assurance_names_every_check() {
    let page = fs::read_to_string(root().join("docs/assurance.md")).unwrap();
    let mut checks: BTreeSet<String> = BTreeSet::new();
    for file in all("src", "rs") {
        let code = fs::read_to_string(file).unwrap();
        checks.extend(quoted(&code).filter(|word| is_check(word)).map(str::to_owned));
    }
    let doctor = fs::read_to_string(root().join("docs/doctor.md")).unwrap();
    let rows = doctor.lines().filter_map(|line| line.strip_prefix("| `"));
    checks.extend(rows.filter_map(|row| row.split('`').next()).map(str::to_owned));
    assert!(checks.len() > 50, "{checks:?}");
    let missing: Vec<&String> = checks
        .iter()
        .filter(|c| !page.contains(&format!("| `{c}` |")))
        .collect();
    assert!(missing.is_empty(), "{missing:?}");
    let rows = page.lines().filter_map(|line| line.strip_prefix("| `"));
    let stale: Vec<&str> = rows
        .filter_map(|row| row.split('`').next())
        .filter(|name| !checks.contains(*name))
        .collect();
    assert!(stale.is_empty(), "{stale:?}");
}

#[test]
fn assurance_names_tests_that_exist() {
    let page = fs::read_to_string(root().join("docs/assurance.md")).unwrap();
    let mut named = 0;
    for word in page.split('`').filter(|word| word.contains(".rs::")) {
        let (file, test) = word.split_once("::").unwrap();
        let code = fs::read_to_string(root().join(file)).unwrap_or_else(|e| panic!("{word}: {e}"));
        // Some checks' tests are made by a macro from `name "CHECK" …`.
        let by_macro = ["TEMPLATE-", "CEREMONY-"]
            .iter()
            .any(|family| code.contains(&format!("{test} \"{family}")));
        let there = code.contains(&format!("fn {test}(")) || by_macro;
        assert!(there, "{word}");
        named += 1;
    }
    assert!(named > 60, "{named}");
}
