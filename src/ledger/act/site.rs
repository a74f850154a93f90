// SPDX-License-Identifier: Apache-2.0
//! Bodies of entries about the site, its officers and its policy.

use serde::{Deserialize, Serialize};

use super::super::field::{SiteId, Sm2Key, Text, VerifyKey};
use super::super::hash::Hash;
use super::super::policy::{Policy, Role};

/// Body of `site.init`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SiteInit {
    /// The centre's name.
    pub name: Text,
    /// Its level in the scheme: ministry, province, city, issuer.
    pub level: Text,
    /// The scheme's name.
    pub scheme: Text,
    /// The centre's code in the scheme.
    pub code: Text,
    /// A rehearsal site is one for good.
    pub rehearsal: bool,
    /// The key that signs checkpoints.
    pub log_key: VerifyKey,
    /// The key of the second line of checkpoints, SM2 with SM3.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub log_sm2: Option<Sm2Key>,
    /// The first officers; each signs this entry.
    pub officers: Vec<Officer>,
    /// The first policy.
    pub policy: Policy,
    /// The program that made the ledger, with its version.
    pub program: Text,
    /// Length of check values in bytes, where another one than the scheme's was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kcv_length: Option<u32>,
    /// Whether keys are only worked with where memory is locked against paging out.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub memory_lock: bool,
    /// Whether the checkpoint's copy is kept outside the site's folder.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub copy_outside: bool,
}

/// Body of `officer.enrol`, and an officer in `site.init`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Officer {
    /// The name, unique in the site for good.
    pub name: Text,
    /// What for.
    pub roles: Vec<Role>,
    /// The signing key's public half, unique in the site for good.
    pub key: VerifyKey,
    /// The ceremony that did it; never in `site.init`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ceremony: Option<u64>,
}

/// Body of `site.trust`: another centre's card was confirmed by its fingerprint.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SiteTrust {
    /// The other centre's id.
    pub site: SiteId,
    /// Its name.
    pub name: Text,
    /// Its level and code.
    pub owner: Text,
    /// The key that signs its checkpoints and bundles.
    pub signing: VerifyKey,
    /// The digest of the card's text. The fingerprint that people compared is its beginning.
    pub card: Hash,
}

/// Body of `policy.change`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PolicyChange {
    /// The whole new policy.
    pub policy: Policy,
}

/// Body of `officer.revoke`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OfficerRevoke {
    /// Who.
    pub name: Text,
    /// Why.
    pub reason: Text,
    /// The ceremony that did it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ceremony: Option<u64>,
}

/// A new ledger: the site's id and its first entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Founding {
    /// The site's id.
    pub site: SiteId,
    /// The first entry's body.
    pub init: SiteInit,
}
