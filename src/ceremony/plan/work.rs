// SPDX-License-Identifier: Apache-2.0
//! What each kind of step says: one struct for each.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::key_name::PlannedKey;
use super::model::{PersonId, Slot};
use crate::crypto::key_block::{ExchangeAlgorithm, Exportability};
use crate::keys::{ExchangeName, KeyState, Owner};
use crate::ledger::policy::Role;

/// Draws new keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Generate {
    /// The keys.
    pub keys: Vec<PlannedKey>,
    /// Their first state.
    pub start: KeyState,
}

/// Adds components.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Components {
    /// The key.
    pub key: PlannedKey,
    /// Who types one each, in the order of the components.
    pub custodians: Vec<PersonId>,
    /// Who confirms the check value of the result.
    pub confirm: Vec<PersonId>,
    /// Its first state.
    pub start: KeyState,
}

/// How leaders' factors make keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FactorMethod {
    /// Any number of keys by derivation from all factors.
    #[default]
    Digest,
    /// One key, the sum of the factors.
    Xor,
}

/// Combines the leaders' factors.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Factors {
    /// The keys.
    pub keys: Vec<PlannedKey>,
    /// Who types one factor each; the order counts.
    pub leaders: Vec<PersonId>,
    /// How.
    pub method: FactorMethod,
    /// Who confirms the check values.
    pub confirm: Vec<PersonId>,
    /// Their first state.
    pub start: KeyState,
}

/// Derives keys down and keeps them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Derive {
    /// The keys to derive from.
    pub keys: Vec<PlannedKey>,
    /// Whose the derived keys are.
    pub to: Owner,
    /// Fields of the way down that the owner's code does not say (a province), in hex.
    pub subject: BTreeMap<String, String>,
    /// Their first state.
    pub start: KeyState,
}

/// Takes a bundle over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receive {
    /// The bundle.
    pub file: Slot,
    /// Exactly the keys that are in it.
    pub keys: Vec<PlannedKey>,
}

/// Takes key blocks over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportBlock {
    /// The blocks, one a line.
    pub file: Slot,
    /// The exchange key that they are wrapped under.
    pub under: ExchangeName,
    /// The keys, in the order of the lines.
    pub keys: Vec<PlannedKey>,
    /// Their first state.
    pub start: KeyState,
}

/// Enters a key for key blocks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportExchangeKey {
    /// Its name.
    pub name: ExchangeName,
    /// Its cipher.
    pub algorithm: ExchangeAlgorithm,
    /// Who types one component each.
    pub custodians: Vec<PersonId>,
    /// Who confirms its check value.
    pub confirm: Vec<PersonId>,
}

/// Seals keys for a lower centre.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExportBundle {
    /// The keys; they are derived to the receiver.
    pub keys: Vec<PlannedKey>,
    /// The receiver's card.
    pub to: Slot,
    /// The bundle.
    pub file: Slot,
    /// Fields of the way down that the codes do not say (a province), in hex.
    pub subject: BTreeMap<String, String>,
}

/// Wraps keys as key blocks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExportBlock {
    /// The keys, in the order of the lines.
    pub keys: Vec<PlannedKey>,
    /// The exchange key.
    pub under: ExchangeName,
    /// The blocks, one a line.
    pub file: Slot,
    /// What the receiver may do.
    pub exportable: Exportability,
}

/// Prints a key's components, one page for each custodian.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExportForms {
    /// The key.
    pub key: PlannedKey,
    /// Who takes one component each.
    pub custodians: Vec<PersonId>,
    /// The folder of the pages.
    pub pages: Slot,
}

/// Splits a key into written shares.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Split {
    /// The key.
    pub key: PlannedKey,
    /// How many shares give it back.
    pub threshold: u8,
    /// Who takes one share each.
    pub custodians: Vec<PersonId>,
    /// The folder of the pages.
    pub pages: Slot,
}

/// Puts a key together from written shares.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Combine {
    /// The key.
    pub key: PlannedKey,
    /// How many shares are needed.
    pub threshold: u8,
    /// Who types one share each.
    pub custodians: Vec<PersonId>,
    /// Who confirms the check value of the result.
    pub confirm: Vec<PersonId>,
    /// Its first state.
    pub start: KeyState,
}

/// Makes the next version of keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rotate {
    /// The keys as they are now.
    pub keys: Vec<PlannedKey>,
    /// The new version.
    pub to_version: u8,
    /// Whether the old version is retired at once.
    pub retire: bool,
    /// The new keys' first state.
    pub start: KeyState,
}

/// Changes keys' state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetState {
    /// The keys.
    pub keys: Vec<PlannedKey>,
    /// Active, retired or compromised.
    pub state: KeyState,
    /// Why.
    pub reason: String,
}

/// Destroys keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Destroy {
    /// The keys.
    pub keys: Vec<PlannedKey>,
    /// Why.
    pub reason: String,
}

/// Backs the store up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Backup {
    /// The sealed file.
    pub file: Slot,
    /// How many shares open it.
    pub threshold: u8,
    /// Who takes one share each.
    pub custodians: Vec<PersonId>,
    /// The folder of the pages.
    pub pages: Slot,
}

/// Restores the store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Restore {
    /// The backup.
    pub file: Slot,
    /// How many shares are needed.
    pub threshold: u8,
    /// Who types one share each.
    pub custodians: Vec<PersonId>,
    /// How many officers open the restored store.
    pub quorum: u8,
    /// Who they are.
    pub holders: Vec<PersonId>,
    /// Why keys that the backup lacks are recorded as destroyed; `None`: they stop the ceremony.
    pub lost: Option<String>,
}

/// Enters an officer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Enrol {
    /// Who; chooses a passphrase in the ceremony.
    pub officer: PersonId,
    /// What for.
    pub roles: Vec<Role>,
}

/// Takes an officer's rights away.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Revoke {
    /// Who.
    pub officer: PersonId,
    /// Why.
    pub reason: String,
}

/// Shares the store's key anew.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reshare {
    /// How many officers open the store.
    pub quorum: u8,
    /// Who holds a share.
    pub holders: Vec<PersonId>,
}

/// Enters an initial PIN; the first of `by` types it, the second types it again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetPin {
    /// Its name.
    pub name: String,
}

/// Shows check values to be compared with a paper.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckKeys {
    /// The keys.
    pub keys: Vec<PlannedKey>,
}
