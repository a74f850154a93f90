// SPDX-License-Identifier: Apache-2.0
//! Who may do what: the site's policy as it stands in `site.init` and `policy.change` entries. The verifier applies it from
//! the ledger alone.

use std::collections::BTreeMap;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::field::FieldFault;

/// What an officer is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// 密钥管理员.
    KeyOfficer,
    /// 保管人.
    Custodian,
    /// 见证人.
    Witness,
    /// 操作员.
    Operator,
    /// 主管.
    Supervisor,
    /// 审计员.
    Auditor,
}

impl Role {
    /// As it stands in entries.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::KeyOfficer => "key-officer",
            Self::Custodian => "custodian",
            Self::Witness => "witness",
            Self::Operator => "operator",
            Self::Supervisor => "supervisor",
            Self::Auditor => "auditor",
        }
    }
}

impl FromStr for Role {
    type Err = FieldFault;
    fn from_str(s: &str) -> Result<Self, FieldFault> {
        let all = [
            Self::KeyOfficer,
            Self::Custodian,
            Self::Witness,
            Self::Operator,
            Self::Supervisor,
            Self::Auditor,
        ];
        all.into_iter()
            .find(|role| role.as_str() == s)
            .ok_or_else(|| FieldFault::new("role", s))
    }
}

/// What one act needs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// How many different officers sign: 1 to 4. The acting officer is the first.
    pub officers: u8,
    /// The acting officer has one of these roles; empty: any.
    pub roles: Vec<Role>,
    /// Every further officer has one of these; empty: any.
    pub approvers: Vec<Role>,
}

impl Default for Rule {
    fn default() -> Self {
        Self {
            officers: 1,
            roles: Vec::new(),
            approvers: Vec::new(),
        }
    }
}

/// A site's policy.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Policy {
    /// Rules by act (`"key.generate"`). An act without one needs one officer of any role.
    pub rules: BTreeMap<String, Rule>,
    /// Whether cards may only be written by a template whose digest was approved in this ledger.
    pub approved_templates: bool,
    /// Whether keys are made, moved and destroyed in ceremonies only.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub keys_by_ceremony: bool,
    /// Whether cards may only be written in approved batches.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub approved_batches: bool,
    /// Whether every card's blank must be from a lot, so that it is accounted for.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub lots: bool,
}

impl Policy {
    /// The rule of an act.
    pub fn rule(&self, act: &str) -> Rule {
        self.rules.get(act).cloned().unwrap_or_default()
    }

    /// Adds or replaces a rule: how many officers, and the acting one's roles.
    #[must_use]
    pub fn with(self, act: &str, officers: u8, roles: &[Role]) -> Self {
        self.with_approvers(act, officers, roles, &[])
    }

    /// The same with the roles of the further ones.
    #[must_use]
    pub fn with_approvers(mut self, act: &str, officers: u8, roles: &[Role], approvers: &[Role]) -> Self {
        let rule = Rule {
            officers,
            roles: roles.to_vec(),
            approvers: approvers.to_vec(),
        };
        self.rules.insert(act.to_owned(), rule);
        self
    }

    /// Two officers for everything that touches keys, officers, templates and the policy; one for daily work.
    pub fn production() -> Self {
        let two = [
            "key.generate",
            "key.import",
            "key.derive",
            "key.receive",
            "key.export",
            "key.retire",
            "officer.enrol",
            "officer.revoke",
            "template.approve",
            "card.void",
            "checkpoint.renew",
        ];
        let policy = Self {
            approved_templates: true,
            ..Self::default()
        };
        two.iter().fold(policy, |policy, act| policy.with(act, 2, &[]))
    }

    /// The same with rules for the acts of a card centre.
    #[must_use]
    pub fn for_card_centre(self) -> Self {
        super::centre::default_rules(self)
    }

    /// Whether every rule makes sense.
    pub fn is_sound(&self) -> bool {
        self.rules.values().all(|rule| (1..=4).contains(&rule.officers))
    }
}
