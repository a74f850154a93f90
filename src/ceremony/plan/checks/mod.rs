// SPDX-License-Identifier: Apache-2.0
//! Named checks of plans. The name stands in the finding, in docs/assurance.md and in the name of its test. All of them run,
//! and all that they find is told; nothing is touched.
//!
//! Those that begin with `CEREMONY-SITE-` look at a site, `CEREMONY-BOUND-` at officers and paths; without these they find
//! nothing.

mod bound;
mod counts;
mod course;
mod expected;
mod incoming;
mod keys;
mod people;
pub(super) mod scheme;
mod site;
mod slots;
mod store;

use super::bindings::Bindings;
use super::model::Plan;
use super::site_facts::SiteFacts;
use crate::i18n::Msg;
use crate::keys::scheme::Scheme;
use crate::toml_lines::Lines;
use course::Course;

/// Whether a plan with this finding can be run.
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
    /// Path in the file; empty for what is not in it.
    pub path: String,
    /// Line in the file, from 1.
    pub line: usize,
    /// What was found.
    pub what: Msg,
}

/// What the checks look at.
struct View<'a> {
    plan: &'a Plan,
    bindings: Option<&'a Bindings>,
    site: Option<&'a SiteFacts>,
    /// The site's scheme, or the one that the plan names where the program knows it.
    scheme: Option<Scheme>,
    /// What the steps do to keys, one after the other.
    course: Course,
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

type Check = fn(&View<'_>, &mut Report);

/// All checks by name, in the order in which they run.
const RUN: &[(&str, Check)] = &[
    ("CEREMONY-NAMES", people::names),
    ("CEREMONY-PARTICIPANTS", people::participants),
    ("CEREMONY-PEOPLE-KNOWN", people::known),
    ("CEREMONY-TWO-PEOPLE", people::two_people),
    ("CEREMONY-ROLES", people::roles),
    ("CEREMONY-CUSTODIANS-DIFFER", people::custodians_differ),
    ("CEREMONY-CONFIRM", people::confirm),
    ("CEREMONY-OFFICERS", people::officers),
    ("CEREMONY-WORDS", people::words),
    ("CEREMONY-COMPONENTS", counts::components),
    ("CEREMONY-FACTORS", counts::factors),
    ("CEREMONY-QUORUM", counts::quorum),
    ("CEREMONY-SCHEME", scheme::known),
    ("CEREMONY-KEY-FITS", scheme::fits),
    ("CEREMONY-KEY-ONCE", keys::once),
    ("CEREMONY-KEY-STATE", keys::states),
    ("CEREMONY-KEY-COPY", keys::copies),
    ("CEREMONY-EXCHANGE-KEY", keys::exchange_keys),
    ("CEREMONY-EXPECT-COMPLETE", expected::complete),
    ("CEREMONY-EXPECT-REACHED", expected::reached),
    ("CEREMONY-SLOTS", slots::slots),
    ("CEREMONY-STORE-OPENS", store::opens),
    ("CEREMONY-BOUND-ALL", bound::all),
    ("CEREMONY-BOUND-DIFFERENT", bound::different),
    ("CEREMONY-BOUND-FILES", bound::files),
    ("CEREMONY-SITE-FITS", site::fits),
    ("CEREMONY-SITE-OFFICERS", site::officers),
    ("CEREMONY-SITE-QUORUM", site::quorum),
    ("CEREMONY-SITE-STORE", site::store),
    ("CEREMONY-SITE-KEYS", site::keys),
    ("CEREMONY-SITE-VERSIONS", site::versions),
    ("CEREMONY-SITE-EXCHANGE-KEYS", site::exchange_keys),
    ("CEREMONY-SITE-TRAVEL", site::travel),
    ("CEREMONY-SITE-FILES", incoming::files),
];

/// The names of all checks.
pub fn checks() -> impl ExactSizeIterator<Item = &'static str> {
    RUN.iter().map(|(id, _)| *id)
}

impl Plan {
    /// Runs all checks: on the plan alone, and on officers, paths and site as far as they are given.
    pub fn check(&self, bindings: Option<&Bindings>, site: Option<&SiteFacts>) -> Vec<Finding> {
        let scheme = match site {
            Some(site) => Some((*site.scheme).clone()),
            None => self.scheme.as_deref().and_then(scheme::shipped),
        };
        let view = View {
            plan: self,
            bindings,
            site,
            scheme,
            course: Course::of(self, site),
        };
        let mut report = Report {
            id: "",
            found: Vec::new(),
        };
        for (id, run) in RUN {
            report.id = id;
            run(&view, &mut report);
        }
        let lines = Lines::of(self.text());
        for finding in &mut report.found {
            finding.line = lines.line(&finding.path);
        }
        report.found
    }
}
