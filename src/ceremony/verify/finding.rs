// SPDX-License-Identifier: Apache-2.0
//! What the verification of a ceremony finds. Each check has an id, which stands in the report, in docs/assurance.md and in
//! the name of its test.

use std::fmt;

use super::Told;
use crate::i18n::Msg;
use crate::ledger::act::{CeremonyResult, KeySeen};
use crate::ledger::{Moment, Role};

/// All checks: the id and what it looks at.
pub const CHECKS: [&str; 12] = [
    "CEREMONY-VERIFY-FORM",
    "CEREMONY-VERIFY-SIGNATURE",
    "CEREMONY-VERIFY-CHAIN",
    "CEREMONY-VERIFY-PLAN",
    "CEREMONY-VERIFY-PARTICIPANTS",
    "CEREMONY-VERIFY-RESULT",
    "CEREMONY-VERIFY-STEPS",
    "CEREMONY-VERIFY-TIME",
    "CEREMONY-VERIFY-PEOPLE",
    "CEREMONY-VERIFY-KEYS",
    "CEREMONY-VERIFY-EXPECT",
    "CEREMONY-VERIFY-LEDGER",
];

/// One thing that deviates.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The check's id.
    pub check: &'static str,
    /// The step, where it is about one.
    pub step: Option<String>,
    /// What deviates.
    pub what: Msg,
}

/// Somebody who took part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TookPart {
    /// The name in the plan.
    pub id: String,
    /// The officer.
    pub officer: String,
    /// The role.
    pub role: Role,
}

/// An expectation that only the ledger can confirm.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unchecked {
    /// A key or a PIN.
    pub name: String,
    /// The key's state.
    pub state: Option<&'static str>,
}

impl fmt::Display for Unchecked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)?;
        self.state.iter().try_for_each(|state| write!(f, " {state}"))
    }
}

/// The result of a verification.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Verdict {
    /// The site.
    pub site: String,
    /// A rehearsal.
    pub rehearsal: bool,
    /// What the plan calls itself.
    pub title: String,
    /// The plan's digest as it was signed.
    pub plan: String,
    /// The nonce.
    pub nonce: String,
    /// The entry that began it.
    pub begin: u64,
    /// The entry that ended it, and when.
    pub end: Option<(u64, Moment)>,
    /// How it ended; `None`: it is open.
    pub result: Option<CeremonyResult>,
    /// Who took part.
    pub people: Vec<TookPart>,
    /// Steps in the transcript.
    pub steps: usize,
    /// Incidents in the transcript.
    pub incidents: usize,
    /// Right signatures counted.
    pub signatures: usize,
    /// What the plan expects and the transcript does not tell of, because it is older; the ledger can tell.
    pub unchecked: Vec<Unchecked>,
    /// Check values in steps of keys that are older than the ceremony.
    pub(super) older: Vec<(String, KeySeen)>,
    /// Whether it was compared with the ledger.
    pub with_ledger: bool,
    /// What deviates.
    pub findings: Vec<Finding>,
}

impl Verdict {
    /// Nothing deviates.
    pub fn good(&self) -> bool {
        self.findings.is_empty()
    }

    pub(super) fn add(&mut self, check: &'static str, step: Option<&str>, what: Msg) {
        let step = step.map(ToOwned::to_owned);
        self.findings.push(Finding { check, step, what });
    }

    pub(super) fn tell(&mut self, told: &Told<'_>) {
        self.site = told.state.site.to_string();
        self.rehearsal = told.state.init.rehearsal;
        self.title = told.began.title.to_string();
        self.plan = told.began.plan.to_string();
        self.nonce = told.began.nonce.to_string();
        self.begin = told.begin.seq;
        let person = |p: &crate::ledger::act::Participant| TookPart {
            id: p.id.to_string(),
            officer: p.officer.to_string(),
            role: p.role,
        };
        self.people = told.began.participants.iter().map(person).collect();
        if let Some((entry, end)) = told.end {
            self.end = Some((entry.seq, entry.at.clone()));
            self.result = Some(end.result);
            self.steps = end.steps.len();
            self.incidents = end.steps.iter().map(|step| step.events.len()).sum();
        }
    }
}
