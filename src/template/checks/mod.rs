// SPDX-License-Identifier: Apache-2.0
//! Named checks of templates. The name stands in the finding, in docs/formats/template.md and in the name of its test.

mod fields;
mod files;
mod keys;
mod m1;
mod orders;
mod proofs;
mod rights;
mod scheme;

use super::model::Template;
use crate::i18n::Msg;
use crate::toml_lines::Lines;

/// Whether a template with this finding can be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// It cannot.
    Error,
    /// It can; somebody should know.
    Warning,
}

/// Something a check found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Name of the check.
    pub id: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// Path in the file.
    pub path: String,
    /// Line in the file, from 1.
    pub line: usize,
    /// What was found.
    pub what: Msg,
}

/// What checks write into.
struct Report {
    id: &'static str,
    found: Vec<Finding>,
}

impl Report {
    fn add(&mut self, severity: Severity, path: &str, what: Msg) {
        self.found.push(Finding {
            id: self.id,
            severity,
            path: path.to_owned(),
            line: 0,
            what,
        });
    }

    fn error(&mut self, path: &str, what: Msg) {
        self.add(Severity::Error, path, what);
    }

    fn warning(&mut self, path: &str, what: Msg) {
        self.add(Severity::Warning, path, what);
    }
}

type Check = fn(&Template, &mut Report);

/// All checks by name, in the order in which they run.
pub const CHECKS: &[(&str, CheckFn)] = &[
    ("TEMPLATE-CHALLENGE", CheckFn(keys::challenge)),
    ("TEMPLATE-SCHEME-USAGE", CheckFn(scheme::usages)),
    ("TEMPLATE-KEY-SLOT-UNIQUE", CheckFn(keys::slots_unique)),
    ("TEMPLATE-KEY-FILE-SIZE", CheckFn(keys::key_file_size)),
    ("TEMPLATE-TRANSPORT-LAST", CheckFn(keys::transport_last)),
    ("TEMPLATE-TRANSPORT-WRAPS", CheckFn(keys::transport_wraps)),
    ("TEMPLATE-FILLER", CheckFn(keys::filler)),
    ("TEMPLATE-PSAM-LEVELS", CheckFn(scheme::psam_levels)),
    ("TEMPLATE-FID-UNIQUE", CheckFn(files::fids_unique)),
    ("TEMPLATE-SFI-RANGE", CheckFn(files::sfi_range)),
    ("TEMPLATE-DF-SPACE", CheckFn(files::df_space)),
    ("TEMPLATE-CHIP-SPACE", CheckFn(files::chip_space)),
    ("TEMPLATE-RECORD-SIZE", CheckFn(files::record_size)),
    ("TEMPLATE-FIELD-BOUNDS", CheckFn(fields::bounds)),
    ("TEMPLATE-FIELD-OVERLAP", CheckFn(fields::overlap)),
    ("TEMPLATE-FIELD-FITS", CheckFn(fields::fits)),
    ("TEMPLATE-ORDER-FIELD", CheckFn(fields::order)),
    ("TEMPLATE-ORDER-HEADING", CheckFn(orders::headings)),
    ("TEMPLATE-ORDER-RULE", CheckFn(orders::rules)),
    ("TEMPLATE-MAC-KEY", CheckFn(rights::mac_key)),
    ("TEMPLATE-WIDE-OPEN", CheckFn(rights::wide_open)),
    ("TEMPLATE-ACCESS-READINGS", CheckFn(rights::readings)),
    ("TEMPLATE-KEY-PROOF", CheckFn(proofs::possible)),
    ("TEMPLATE-KEY-NOT-PROVABLE", CheckFn(proofs::not_provable)),
    ("TEMPLATE-RAW", CheckFn(rights::raw)),
    ("TEMPLATE-SECTOR-BLOCK", CheckFn(m1::blocks)),
    ("TEMPLATE-SECTOR-ACCESS", CheckFn(m1::access)),
];

/// A check's function.
#[derive(Clone, Copy)]
pub struct CheckFn(Check);

/// Runs all checks; `text` is the template's text, for line numbers.
pub fn check(template: &Template, text: &str) -> Vec<Finding> {
    let lines = Lines::of(text);
    let mut report = Report {
        id: "",
        found: Vec::new(),
    };
    for (id, CheckFn(run)) in CHECKS {
        report.id = id;
        run(template, &mut report);
    }
    for finding in &mut report.found {
        finding.line = lines.line(&finding.path);
    }
    report.found
}
