// SPDX-License-Identifier: Apache-2.0
//! The steps of a plan, and what can be asked about each kind of work.

use super::key_name::PlannedKey;
use super::model::{PersonId, Slot, SlotUse, StepId};
use super::work::{
    Backup, CheckKeys, Combine, Components, Derive, Destroy, Enrol, ExportBlock, ExportBundle, ExportForms, Factors,
    Generate, ImportBlock, ImportExchangeKey, Receive, Reshare, Restore, Revoke, Rotate, SetPin, SetState, Split,
};
use crate::keys::KeyState;
use crate::keys::scheme::Title;

/// One step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// Its name.
    pub id: StepId,
    /// What the people in the room are told.
    pub note: Option<Title>,
    /// Who is at the keyboard or approves it; the first one acts.
    pub by: Vec<PersonId>,
    /// What the first of `by` types before anything happens, letter by letter.
    pub words: Option<String>,
    /// The work.
    pub what: Do,
    /// Path in the file.
    pub at: String,
}

/// The kinds of work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Do {
    /// Keys from the random source.
    Generate(Generate),
    /// A key from components that custodians type.
    Components(Components),
    /// Keys from the leaders' factors.
    Factors(Factors),
    /// Keys of an owner below the site, kept here.
    Derive(Derive),
    /// Keys of an upper centre, from its bundle.
    Receive(Receive),
    /// Keys from key blocks.
    ImportBlock(ImportBlock),
    /// A key for key blocks, from components.
    ImportExchangeKey(ImportExchangeKey),
    /// Keys for a lower centre, sealed.
    ExportBundle(ExportBundle),
    /// Keys as key blocks.
    ExportBlock(ExportBlock),
    /// A key as component forms.
    ExportForms(ExportForms),
    /// A key as written shares.
    Split(Split),
    /// A key from written shares.
    Combine(Combine),
    /// New versions of keys.
    Rotate(Rotate),
    /// Another state of keys.
    State(SetState),
    /// The end of keys.
    Destroy(Destroy),
    /// The whole store as a sealed file and written shares.
    Backup(Backup),
    /// The whole store from a backup.
    Restore(Restore),
    /// A new officer.
    Enrol(Enrol),
    /// An officer who leaves.
    Revoke(Revoke),
    /// Who opens the store.
    Reshare(Reshare),
    /// An initial PIN.
    Pin(SetPin),
    /// Check values compared with a paper.
    Check(CheckKeys),
}

impl Do {
    /// The kind's name, as in the file.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Generate(_) => "generate",
            Self::Components(_) => "components",
            Self::Factors(_) => "factors",
            Self::Derive(_) => "derive",
            Self::Receive(_) => "receive",
            Self::ImportBlock(_) => "import-block",
            Self::ImportExchangeKey(_) => "import-exchange-key",
            Self::ExportBundle(_) => "export-bundle",
            Self::ExportBlock(_) => "export-block",
            Self::ExportForms(_) => "export-forms",
            Self::Split(_) => "split",
            Self::Combine(_) => "combine",
            Self::Rotate(_) => "rotate",
            Self::State(_) => "state",
            Self::Destroy(_) => "destroy",
            Self::Backup(_) => "backup",
            Self::Restore(_) => "restore",
            Self::Enrol(_) => "enrol",
            Self::Revoke(_) => "revoke",
            Self::Reshare(_) => "reshare",
            Self::Pin(_) => "pin",
            Self::Check(_) => "check",
        }
    }

    /// Who types or takes a secret, one after the other.
    pub fn custodians(&self) -> &[PersonId] {
        match self {
            Self::Components(Components { custodians, .. })
            | Self::ImportExchangeKey(ImportExchangeKey { custodians, .. })
            | Self::ExportForms(ExportForms { custodians, .. })
            | Self::Split(Split { custodians, .. })
            | Self::Combine(Combine { custodians, .. })
            | Self::Backup(Backup { custodians, .. })
            | Self::Restore(Restore { custodians, .. }) => custodians,
            Self::Factors(factors) => &factors.leaders,
            _ => &[],
        }
    }

    /// Who confirms the check value of what was put together.
    pub fn confirm(&self) -> &[PersonId] {
        match self {
            Self::Components(Components { confirm, .. })
            | Self::Factors(Factors { confirm, .. })
            | Self::ImportExchangeKey(ImportExchangeKey { confirm, .. })
            | Self::Combine(Combine { confirm, .. }) => confirm,
            _ => &[],
        }
    }

    /// The files that it uses.
    pub fn slots(&self) -> Vec<(&Slot, SlotUse)> {
        use SlotUse::{Pages, Read, Write};
        match self {
            Self::Receive(Receive { file, .. })
            | Self::ImportBlock(ImportBlock { file, .. })
            | Self::Restore(Restore { file, .. }) => vec![(file, Read)],
            Self::ExportBundle(export) => vec![(&export.to, Read), (&export.file, Write)],
            Self::ExportBlock(export) => vec![(&export.file, Write)],
            Self::ExportForms(ExportForms { pages, .. }) | Self::Split(Split { pages, .. }) => vec![(pages, Pages)],
            Self::Backup(backup) => vec![(&backup.file, Write), (&backup.pages, Pages)],
            _ => Vec::new(),
        }
    }

    /// The keys that come into the store by it; of a restored store the file does not tell them.
    pub fn made(&self) -> Vec<PlannedKey> {
        match self {
            Self::Generate(Generate { keys, .. })
            | Self::Factors(Factors { keys, .. })
            | Self::Receive(Receive { keys, .. })
            | Self::ImportBlock(ImportBlock { keys, .. }) => keys.clone(),
            Self::Components(Components { key, .. }) | Self::Combine(Combine { key, .. }) => vec![key.clone()],
            Self::Derive(derive) => derive.keys.iter().map(|key| key.of(&derive.to)).collect(),
            Self::Rotate(rotate) => rotate
                .keys
                .iter()
                .map(|key| key.in_version(rotate.to_version))
                .collect(),
            _ => Vec::new(),
        }
    }

    /// The keys that must be in the store already.
    pub fn used(&self) -> &[PlannedKey] {
        match self {
            Self::Derive(Derive { keys, .. })
            | Self::ExportBundle(ExportBundle { keys, .. })
            | Self::ExportBlock(ExportBlock { keys, .. })
            | Self::Rotate(Rotate { keys, .. })
            | Self::State(SetState { keys, .. })
            | Self::Destroy(Destroy { keys, .. })
            | Self::Check(CheckKeys { keys }) => keys,
            Self::ExportForms(ExportForms { key, .. }) | Self::Split(Split { key, .. }) => std::slice::from_ref(key),
            _ => &[],
        }
    }

    /// The first state of the keys that it makes.
    pub fn start(&self) -> KeyState {
        match self {
            Self::Generate(Generate { start, .. })
            | Self::Components(Components { start, .. })
            | Self::Factors(Factors { start, .. })
            | Self::Derive(Derive { start, .. })
            | Self::ImportBlock(ImportBlock { start, .. })
            | Self::Combine(Combine { start, .. })
            | Self::Rotate(Rotate { start, .. }) => *start,
            _ => KeyState::Active,
        }
    }

    /// Whether it cannot be undone.
    pub fn irreversible(&self) -> bool {
        match self {
            Self::Destroy(_) | Self::Restore(_) | Self::Revoke(_) => true,
            Self::State(change) => change.state != KeyState::Active,
            Self::Rotate(rotate) => rotate.retire,
            _ => false,
        }
    }
}
