// SPDX-License-Identifier: Apache-2.0
//! A policy as a file that people write (`docs/formats/policy.md`): the same fields as in the entry, in TOML. What the file does
//! not say is not in the policy; nothing is taken over from the one before.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::act::NAMES;
use super::policy::{Policy, Role, Rule};
use super::rules::{Enrolled, State};
use super::upkeep::UpkeepFault;

/// The format of the file.
const FORMAT: u32 = 1;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Wire {
    format: u32,
    approved_templates: bool,
    #[serde(default)]
    keys_by_ceremony: bool,
    #[serde(default)]
    approved_batches: bool,
    #[serde(default)]
    lots: bool,
    #[serde(default)]
    rules: BTreeMap<String, WireRule>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct WireRule {
    officers: u8,
    #[serde(default)]
    roles: Vec<Role>,
    #[serde(default)]
    approvers: Vec<Role>,
}

/// One thing that two policies have otherwise.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// `approved-templates`, `keys-by-ceremony`, `approved-batches`, `lots`, or an act.
    pub what: String,
    /// Before.
    pub before: String,
    /// After.
    pub after: String,
}

impl Policy {
    /// Reads the file's text.
    pub fn from_toml(text: &str) -> Result<Self, UpkeepFault> {
        let wire: Wire = toml::from_str(text).map_err(|e| {
            let at = e.span().map_or(0, |span| span.start);
            UpkeepFault::PolicyFile {
                line: text.bytes().take(at).filter(|b| *b == b'\n').count() + 1,
                what: e.message().to_owned(),
            }
        })?;
        if wire.format != FORMAT {
            let what = format!("format = {}", wire.format);
            return Err(UpkeepFault::PolicyFile { line: 1, what });
        }
        if let Some(act) = wire.rules.keys().find(|act| !NAMES.contains(&act.as_str())) {
            return Err(UpkeepFault::PolicyAct(act.chars().take(40).collect()));
        }
        let rules = wire.rules.into_iter().map(|(act, rule)| {
            let WireRule {
                officers,
                roles,
                approvers,
            } = rule;
            (
                act,
                Rule {
                    officers,
                    roles,
                    approvers,
                },
            )
        });
        let policy = Self {
            rules: rules.collect(),
            approved_templates: wire.approved_templates,
            keys_by_ceremony: wire.keys_by_ceremony,
            approved_batches: wire.approved_batches,
            lots: wire.lots,
        };
        match policy.rules.iter().find(|(_, rule)| !(1..=4).contains(&rule.officers)) {
            Some((act, rule)) => Err(UpkeepFault::PolicyOfficers {
                act: act.clone(),
                officers: rule.officers,
            }),
            None => Ok(policy),
        }
    }

    /// The file's text.
    pub fn to_toml(&self) -> String {
        let rules = self.rules.iter().map(|(act, rule)| {
            let Rule {
                officers,
                roles,
                approvers,
            } = rule.clone();
            (
                act.clone(),
                WireRule {
                    officers,
                    roles,
                    approvers,
                },
            )
        });
        let wire = Wire {
            format: FORMAT,
            approved_templates: self.approved_templates,
            keys_by_ceremony: self.keys_by_ceremony,
            approved_batches: self.approved_batches,
            lots: self.lots,
            rules: rules.collect(),
        };
        toml::to_string(&wire).unwrap_or_default()
    }

    /// What another policy would change.
    pub fn differences(&self, new: &Self) -> Vec<Difference> {
        let mut found = Vec::new();
        let mut compare = |what: &str, before: String, after: String| {
            if before != after {
                let what = what.to_owned();
                found.push(Difference { what, before, after });
            }
        };
        for (what, field) in SWITCHES {
            compare(what, field(self).to_string(), field(new).to_string());
        }
        let acts = NAMES
            .iter()
            .filter(|act| self.rules.contains_key(**act) || new.rules.contains_key(**act));
        for act in acts {
            compare(act, shown(self.rules.get(*act)), shown(new.rules.get(*act)));
        }
        found
    }

    /// Acts that the officers of a site could not do under this policy, however many of them came.
    pub fn impossible(&self, state: &State) -> Vec<&'static str> {
        let mut under = state.clone();
        under.policy = self.clone();
        NAMES.iter().copied().filter(|act| !possible(&under, act)).collect()
    }

    /// Whether a site could never get out of this policy again: nobody could change it, or bring in those who could.
    pub fn check_way_out(&self, state: &State) -> Result<(), UpkeepFault> {
        let impossible = self.impossible(state);
        match NEEDED.iter().find(|act| impossible.contains(*act)) {
            Some(act) => Err(UpkeepFault::LocksOut((*act).to_owned())),
            None => Ok(()),
        }
    }
}

/// Without these a site cannot be put right.
const NEEDED: &[&str] = &[
    "policy.change",
    "officer.enrol",
    "officer.revoke",
    "checkpoint.renew",
    "ledger.loss",
];

type Switch = (&'static str, fn(&Policy) -> bool);

const SWITCHES: &[Switch] = &[
    ("approved-templates", |policy| policy.approved_templates),
    ("keys-by-ceremony", |policy| policy.keys_by_ceremony),
    ("approved-batches", |policy| policy.approved_batches),
    ("lots", |policy| policy.lots),
];

fn shown(rule: Option<&Rule>) -> String {
    let Some(rule) = rule else { return "1".to_owned() };
    let names = |roles: &[Role]| roles.iter().map(|role| role.as_str()).collect::<Vec<_>>().join("/");
    let mut text = rule.officers.to_string();
    if !rule.roles.is_empty() {
        text = format!("{text} {}", names(&rule.roles));
    }
    if !rule.approvers.is_empty() {
        text = format!("{text} + {}", names(&rule.approvers));
    }
    text
}

/// Whether there are officers enough, in the roles that the rule asks for.
fn possible(state: &State, act: &str) -> bool {
    let rule = state.policy.rule(act);
    let needed = match act {
        "officer.enrol" => usize::from(rule.officers).min(state.active()),
        _ => state.needs_at_least(act),
    };
    let may = |officer: &Enrolled, allowed: &[Role]| {
        !officer.revoked && (allowed.is_empty() || officer.roles.iter().any(|role| allowed.contains(role)))
    };
    state.officers.iter().any(|(acting, officer)| {
        let others = state
            .officers
            .iter()
            .filter(|(name, o)| *name != acting && may(o, &rule.approvers));
        may(officer, &rule.roles) && others.count() + 1 >= needed
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_policy_comes_back_from_its_file() {
        for policy in [
            Policy::default(),
            Policy::production(),
            Policy::production().for_card_centre(),
        ] {
            assert_eq!(Policy::from_toml(&policy.to_toml()), Ok(policy.clone()));
            assert!(policy.differences(&policy).is_empty());
        }
    }

    #[test]
    fn what_no_policy_can_say_is_refused_with_its_place() {
        let id = |text: &str| crate::error::Fault::msg(&Policy::from_toml(text).unwrap_err()).id();
        let head = "format = 1\napproved-templates = true\n";
        assert_eq!(id("format = 1\n"), "upkeep-policy-file");
        assert_eq!(id("format = 2\napproved-templates = true\n"), "upkeep-policy-file");
        assert_eq!(id(&format!("{head}surprise = 1\n")), "upkeep-policy-file");
        assert_eq!(
            id(&format!("{head}[rules.\"card.magic\"]\nofficers = 1\n")),
            "upkeep-policy-act"
        );
        for officers in [0, 5] {
            let text = format!("{head}[rules.\"key.export\"]\nofficers = {officers}\n");
            assert_eq!(id(&text), "upkeep-policy-officers");
        }
        let text = format!("{head}[rules.\"key.export\"]\nofficers = 1\nroles = [\"king\"]\n");
        let UpkeepFault::PolicyFile { line, .. } = Policy::from_toml(&text).unwrap_err() else {
            panic!()
        };
        assert_eq!(line, 5);
    }
}
