// SPDX-License-Identifier: Apache-2.0
//! Bodies of entries about batches: what will be done is laid down, approved by somebody else, done, and accounted for.

use serde::{Deserialize, Serialize};

use super::super::entry::canonical;
use super::super::field::{ShortHex, Text};
use super::super::hash::Hash;

/// What stands before the bytes that a batch's digest is taken over.
const DIGEST_PREFIX: &[u8] = b"cardmint-batch-v1\n";

/// A key that takes part in a batch.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BatchKey {
    /// The site's key, its version in the name.
    pub key: Text,
    /// Its check value.
    pub kcv: ShortHex,
}

/// Body of `batch.new`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BatchNew {
    /// The batch's name, unique for good.
    pub batch: Text,
    /// The order that it carries out.
    pub order: Text,
    /// The digest of the order's rows.
    pub order_digest: Hash,
    /// How many cards the order has.
    pub rows: u32,
    /// The template.
    pub template: Text,
    /// The digest of its file.
    pub template_digest: Hash,
    /// Every key that takes part, in the order of their names.
    pub keys: Vec<BatchKey>,
    /// SHA-256 of all this: what is approved.
    pub digest: Hash,
}

impl BatchNew {
    /// SHA-256 over `cardmint-batch-v1`, a line feed and the canonical form of the body without its digest.
    pub fn own_digest(&self) -> Hash {
        let mut value = serde_json::to_value(self).unwrap_or_default();
        if let Some(fields) = value.as_object_mut() {
            fields.remove("digest");
        }
        Hash::of(&[DIGEST_PREFIX, &canonical(&value)])
    }

    /// The same with its digest in place.
    #[must_use]
    pub fn sealed(mut self) -> Self {
        self.digest = self.own_digest();
        self
    }
}

/// Body of `batch.approve`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BatchApprove {
    /// The batch.
    pub batch: Text,
    /// What is approved.
    pub digest: Hash,
}

/// Body of `batch.run`: writing begins, or goes on after a stop.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BatchRun {
    /// The batch.
    pub batch: Text,
    /// What will be done.
    pub digest: Hash,
    /// The readers.
    pub readers: Vec<Text>,
}

/// Body of `batch.pause` and `batch.resume`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BatchPause {
    /// The batch.
    pub batch: Text,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Text>,
}

/// The blanks of one lot that went into a batch.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BatchLot {
    /// The lot.
    pub lot: Text,
    /// Blanks used, those given back blank not counted: issued + scrapped.
    pub drawn: u32,
    /// Blanks that are cards now.
    pub issued: u32,
    /// Blanks that are scrap now.
    pub scrapped: u32,
}

/// Body of `batch.close`. issued + failed + void + left = rows, and nothing is in doubt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BatchClose {
    /// The batch.
    pub batch: Text,
    /// Cards issued.
    pub issued: u32,
    /// Cards that failed and left a blank behind; another batch of the order may make them.
    pub failed: u32,
    /// Numbers given up.
    pub void: u32,
    /// Rows never begun.
    pub left: u32,
    /// The blanks, lot by lot in the order of their names.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lots: Vec<BatchLot>,
}

/// Body of `batch.export`: a file made from a batch left the site (PIN mailers, print file).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BatchExport {
    /// The batch.
    pub batch: Text,
    /// Which file: mailer, print.
    pub form: Text,
    /// Its rows.
    pub rows: u32,
    /// Its digest.
    pub digest: Hash,
    /// To whom.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<Text>,
}
