// SPDX-License-Identifier: Apache-2.0
//! Bodies of the entries that begin and end a key ceremony. All participants sign the beginning, and with it the plan;
//! all of them sign the end, and with it the transcript. What the ceremony did stands between the two as entries of its own,
//! directly before the end.

use serde::{Deserialize, Serialize};

use super::super::field::{Moment, Nonce, ShortHex, Text, Word};
use super::super::hash::Hash;
use super::super::policy::Role;

/// An officer in a ceremony.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Participant {
    /// The participant's name in the plan, `custodian-1`.
    pub id: Text,
    /// The role in the ceremony, which the officer is enrolled in.
    pub role: Role,
    /// Who it is. An officer is one participant at most.
    pub officer: Text,
}

/// Body of `ceremony.begin`. Signed by all participants and nobody else.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CeremonyBegin {
    /// The digest of the plan file's bytes.
    pub plan: Hash,
    /// What the plan calls itself.
    pub title: Text,
    /// Drawn for this run and never used again; shares and forms carry it.
    pub nonce: Nonce,
    /// Two at least.
    pub participants: Vec<Participant>,
    /// The program with its version.
    pub program: Text,
    /// The digest of its executable.
    pub build: Hash,
    /// The open ceremony of the same plan that this one takes up again and so replaces.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resumes: Option<u64>,
}

/// How a ceremony ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CeremonyResult {
    /// All steps were done; signed by all participants and nobody else.
    Completed,
    /// Nothing was changed; signed by two at least, each a participant or a key officer.
    Abandoned,
}

impl CeremonyResult {
    /// As it stands in entries.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Completed => "completed",
            Self::Abandoned => "abandoned",
        }
    }
}

/// A key that a step made, used or checked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeySeen {
    /// Its id.
    pub key: Text,
    /// Its check value.
    pub kcv: ShortHex,
}

/// A component or factor that a custodian or leader entered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ComponentSeen {
    /// Whose.
    pub officer: Text,
    /// Its check value.
    pub kcv: ShortHex,
}

/// A share that was handed to a custodian or entered by one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ShareSeen {
    /// Whose.
    pub officer: Text,
    /// Which, from 1.
    pub index: u32,
    /// Its publishable digest.
    pub digest: Hash,
}

/// A file that a step read or wrote.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FileSeen {
    /// Its name in the plan.
    pub slot: Text,
    /// The digest of its bytes.
    pub digest: Hash,
}

/// Something that happened during a step: a refusal, a typing error, a wrong component, another attempt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Event {
    /// When.
    pub at: Moment,
    /// Who was at the keyboard.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub officer: Option<Text>,
    /// What: `wrong-component`, `typing-error`, `refused`, `retry`.
    pub what: Word,
    /// More of it: which group, which file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<Text>,
}

/// A step of the transcript.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StepDone {
    /// The step's name in the plan.
    pub id: Text,
    /// Its kind in the plan.
    pub kind: Word,
    /// When it began.
    pub began: Moment,
    /// When it ended.
    pub ended: Moment,
    /// The officers at the keyboard, in their order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub by: Vec<Text>,
    /// The keys.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub keys: Vec<KeySeen>,
    /// The components and factors.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub components: Vec<ComponentSeen>,
    /// The shares.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub shares: Vec<ShareSeen>,
    /// The files.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<FileSeen>,
    /// The officers who confirmed what they saw.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub confirmed: Vec<Text>,
    /// What happened meanwhile.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub events: Vec<Event>,
}

/// Body of `ceremony.end`: the transcript.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CeremonyEnd {
    /// The entry that began it.
    pub begin: u64,
    /// The plan's digest, once more.
    pub plan: Hash,
    /// The nonce, once more.
    pub nonce: Nonce,
    /// How it ended.
    pub result: CeremonyResult,
    /// Why it was abandoned.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Text>,
    /// What was done, step by step. Each key that the ceremony brought in stands in one of them with its check value.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub steps: Vec<StepDone>,
}
