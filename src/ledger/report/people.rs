// SPDX-License-Identifier: Apache-2.0
//! Officers, and the changes of what they may do: policy, officers, templates, ranges, trusted centres, secrets.

use std::collections::{BTreeMap, BTreeSet};

use super::numbers::{Change, Listed, OfficerAtEnd};
use super::seen::Seen;
use crate::ledger::act::{Act, Officer};
use crate::ledger::policy::{Policy, Role, Rule};

/// Officers and rules so far.
#[derive(Debug, Default)]
pub(super) struct People {
    officers: BTreeMap<String, OfficerAtEnd>,
    policy: Policy,
    changes: Listed<Change>,
}

impl People {
    pub(super) fn take(&mut self, seen: &Seen) {
        match &seen.act {
            Act::SiteInit(body) => {
                for officer in &body.officers {
                    self.enrol(officer, seen.seq);
                }
                self.policy = body.policy.clone();
            }
            Act::OfficerEnrol(body) => self.enrol(body, seen.seq),
            Act::OfficerRevoke(body) => {
                if let Some(officer) = self.officers.get_mut(body.name.as_str()) {
                    officer.revoked = Some(seen.seq);
                }
            }
            _ => {}
        }
        if seen.inside {
            self.change(seen);
            self.sign(seen);
        }
        if let Act::PolicyChange(body) = &seen.act {
            self.policy = body.policy.clone();
        }
    }

    fn enrol(&mut self, officer: &Officer, seq: u64) {
        let known = OfficerAtEnd {
            name: officer.name.to_string(),
            roles: officer.roles.iter().map(|role| role.as_str()).collect(),
            enrolled: seq,
            revoked: None,
            acted: 0,
            approved: 0,
        };
        self.officers.insert(known.name.clone(), known);
    }

    fn sign(&mut self, seen: &Seen) {
        for (at, officer) in seen.officers.iter().enumerate() {
            if let Some(officer) = self.officers.get_mut(officer.as_str()) {
                *(if at == 0 {
                    &mut officer.acted
                } else {
                    &mut officer.approved
                }) += 1;
            }
        }
    }

    fn change(&mut self, seen: &Seen) {
        let mut settings = Vec::new();
        let subject = match &seen.act {
            Act::SiteInit(body) => body.name.to_string(),
            Act::SiteTrust(body) => format!("{} · {}", body.site, body.name),
            Act::OfficerEnrol(body) => {
                settings.push(("roles".to_owned(), String::new(), roles(&body.roles)));
                body.name.to_string()
            }
            Act::OfficerRevoke(body) => format!("{} · {}", body.name, body.reason),
            Act::PolicyChange(body) => {
                settings = differences(&self.policy, &body.policy);
                String::new()
            }
            Act::TemplateApprove(body) => format!("{} · {}", body.template, body.digest),
            Act::RangeReserve(body) => format!("{} · {}–{} · {}", body.range, body.from, body.to, body.purpose),
            Act::OrderWithdraw(body) => format!("{} · {}", body.order, body.reason),
            Act::SecretDraw(body) => format!("{} v{} · {}", body.secret, body.version, body.kcv),
            Act::StoreReshare(body) => format!("{} / {}", body.quorum, body.holders.len()),
            Act::StoreRestore(body) => body.digest.to_string(),
            Act::CheckpointRenew(body) => body.reason.to_string(),
            Act::CheckpointCosign(body) => format!("{} · {}", body.witness, body.size),
            Act::LogKey(body) => body.reason.as_ref().map(ToString::to_string).unwrap_or_default(),
            Act::LedgerLoss(body) => body.reason.to_string(),
            _ => return,
        };
        self.changes.push(Change {
            seq: seen.seq,
            at: seen.at.to_string(),
            act: seen.act.name(),
            officers: seen.names(),
            subject,
            settings,
        });
    }

    pub(super) fn told(self) -> (Vec<OfficerAtEnd>, Listed<Change>) {
        let mut officers: Vec<_> = self.officers.into_values().collect();
        officers.sort_by_key(|officer| officer.enrolled);
        (officers, self.changes)
    }
}

fn roles(roles: &[Role]) -> String {
    let names: Vec<&str> = roles.iter().map(|role| role.as_str()).collect();
    names.join(", ")
}

/// A rule in one line: how many officers, and the roles of the acting one and of the others.
fn shown(rule: &Rule) -> String {
    let mut text = rule.officers.to_string();
    for list in [&rule.roles, &rule.approvers] {
        let names = if list.is_empty() { "*".to_owned() } else { roles(list) };
        text.push_str(" · ");
        text.push_str(&names);
    }
    text
}

fn differences(before: &Policy, after: &Policy) -> Vec<(String, String, String)> {
    let switches = |policy: &Policy| {
        [
            ("approved_templates", policy.approved_templates),
            ("keys_by_ceremony", policy.keys_by_ceremony),
            ("approved_batches", policy.approved_batches),
            ("lots", policy.lots),
        ]
    };
    let mut all: Vec<(String, String, String)> = switches(before)
        .into_iter()
        .zip(switches(after))
        .map(|((name, was), (_, is))| (name.to_owned(), was.to_string(), is.to_string()))
        .collect();
    let acts: BTreeSet<&String> = before.rules.keys().chain(after.rules.keys()).collect();
    all.extend(
        acts.into_iter()
            .map(|act| (act.clone(), shown(&before.rule(act)), shown(&after.rule(act)))),
    );
    all.retain(|(_, was, is)| was != is);
    all
}
