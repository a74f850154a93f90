// SPDX-License-Identifier: Apache-2.0
//! The TOML form of a plan. Only what a file may say; `build` turns it into the model. Steps of all kinds have one form
//! here, so that a field with no place in a step is refused by its own name and line.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::work::FactorMethod;
use crate::crypto::key_block::{ExchangeAlgorithm, Exportability};
use crate::keys::scheme::Title;
use crate::keys::{KeyState, LevelName};
use crate::ledger::policy::Role;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct PlanWire {
    pub(super) format: u32,
    pub(super) title: Title,
    pub(super) purpose: Title,
    pub(super) scheme: Option<String>,
    pub(super) level: Option<LevelName>,
    #[serde(default)]
    pub(super) resume: bool,
    #[serde(default)]
    pub(super) participant: Vec<ParticipantWire>,
    #[serde(default)]
    pub(super) officer: Vec<OfficerWire>,
    #[serde(default)]
    pub(super) step: Vec<StepWire>,
    #[serde(default)]
    pub(super) expect: Vec<ExpectWire>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct ParticipantWire {
    pub(super) id: String,
    pub(super) role: Role,
    pub(super) title: Option<Title>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct OfficerWire {
    pub(super) id: String,
    pub(super) title: Option<Title>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum KindWire {
    Generate,
    Components,
    Factors,
    Derive,
    Receive,
    ImportBlock,
    ImportExchangeKey,
    ExportBundle,
    ExportBlock,
    ExportForms,
    Split,
    Combine,
    Rotate,
    State,
    Destroy,
    Backup,
    Restore,
    Enrol,
    Revoke,
    Reshare,
    Pin,
    Check,
}

/// Every field that some kind of step has. `build` takes those of its kind out; what is left over has no place there.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct StepWire {
    pub(super) id: String,
    #[serde(rename = "do")]
    pub(super) kind: KindWire,
    pub(super) note: Option<Title>,
    #[serde(default)]
    pub(super) by: Vec<String>,
    pub(super) words: Option<String>,
    pub(super) key: Option<String>,
    pub(super) keys: Option<Vec<String>>,
    pub(super) start: Option<KeyState>,
    pub(super) custodians: Option<Vec<String>>,
    pub(super) confirm: Option<Vec<String>>,
    pub(super) leaders: Option<Vec<String>>,
    pub(super) method: Option<FactorMethod>,
    pub(super) to: Option<String>,
    pub(super) subject: Option<BTreeMap<String, String>>,
    pub(super) file: Option<String>,
    pub(super) pages: Option<String>,
    pub(super) under: Option<String>,
    pub(super) exportable: Option<Exportability>,
    pub(super) name: Option<String>,
    pub(super) algorithm: Option<ExchangeAlgorithm>,
    pub(super) threshold: Option<u8>,
    pub(super) to_version: Option<u8>,
    pub(super) retire: Option<bool>,
    pub(super) state: Option<KeyState>,
    pub(super) reason: Option<String>,
    pub(super) quorum: Option<u8>,
    pub(super) holders: Option<Vec<String>>,
    pub(super) lost: Option<String>,
    pub(super) officer: Option<String>,
    pub(super) roles: Option<Vec<Role>>,
}

impl StepWire {
    /// The first field that nobody took.
    pub(super) fn left_over(&self) -> Option<&'static str> {
        let fields = [
            ("key", self.key.is_some()),
            ("keys", self.keys.is_some()),
            ("start", self.start.is_some()),
            ("custodians", self.custodians.is_some()),
            ("confirm", self.confirm.is_some()),
            ("leaders", self.leaders.is_some()),
            ("method", self.method.is_some()),
            ("to", self.to.is_some()),
            ("subject", self.subject.is_some()),
            ("file", self.file.is_some()),
            ("pages", self.pages.is_some()),
            ("under", self.under.is_some()),
            ("exportable", self.exportable.is_some()),
            ("name", self.name.is_some()),
            ("algorithm", self.algorithm.is_some()),
            ("threshold", self.threshold.is_some()),
            ("to-version", self.to_version.is_some()),
            ("retire", self.retire.is_some()),
            ("state", self.state.is_some()),
            ("reason", self.reason.is_some()),
            ("quorum", self.quorum.is_some()),
            ("holders", self.holders.is_some()),
            ("lost", self.lost.is_some()),
            ("officer", self.officer.is_some()),
            ("roles", self.roles.is_some()),
        ];
        fields.into_iter().find(|(_, left)| *left).map(|(name, _)| name)
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct ExpectWire {
    #[serde(default)]
    pub(super) keys: Vec<String>,
    #[serde(default)]
    pub(super) exchange_keys: Vec<String>,
    #[serde(default)]
    pub(super) pins: Vec<String>,
    pub(super) state: KeyState,
}
