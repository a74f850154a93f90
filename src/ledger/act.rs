// SPDX-License-Identifier: Apache-2.0
//! What an entry can record. Bodies hold names, numbers, KCVs and digests; their types cannot hold a key (see `field`).
//!
//! `docs/formats/ledger.md` describes each act byte by byte. An optional field that is absent is left out, never null.

mod purse;

pub use purse::{PurseClosed, PurseEnding, PurseIntent, PurseTransaction};

use serde::{Deserialize, Serialize};

use super::field::{Moment, Number, ShortHex, SiteId, Text, VerifyKey};
use super::hash::Hash;
use super::policy::{Policy, Role};

/// An act with its body.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "act", content = "body")]
pub enum Act {
    /// The first entry of every ledger.
    #[serde(rename = "site.init")]
    SiteInit(SiteInit),
    /// Another policy. Always by two officers, where the site has two.
    #[serde(rename = "policy.change")]
    PolicyChange(PolicyChange),
    /// A new officer, who signs it too.
    #[serde(rename = "officer.enrol")]
    OfficerEnrol(Officer),
    /// An officer's key is not valid from here on.
    #[serde(rename = "officer.revoke")]
    OfficerRevoke(OfficerRevoke),
    /// A key was drawn at random.
    #[serde(rename = "key.generate")]
    KeyGenerate(KeyArrived),
    /// A key was put together from components.
    #[serde(rename = "key.import")]
    KeyImport(KeyArrived),
    /// A key was derived from another one of this site.
    #[serde(rename = "key.derive")]
    KeyDerive(KeyArrived),
    /// A key came from another centre.
    #[serde(rename = "key.receive")]
    KeyReceive(KeyArrived),
    /// A key left for another centre.
    #[serde(rename = "key.export")]
    KeyExport(KeyExport),
    /// A key's life went on: active, retired, destroyed, compromised.
    #[serde(rename = "key.retire")]
    KeyRetire(KeyRetire),
    /// An initial PIN was entered.
    #[serde(rename = "pin.set")]
    PinSet(PinSet),
    /// A template is approved for use.
    #[serde(rename = "template.approve")]
    TemplateApprove(TemplateApprove),
    /// A user card is about to be written. Durable before the first write command.
    #[serde(rename = "card.intent")]
    CardIntent(Intent),
    /// How that ended.
    #[serde(rename = "card.outcome")]
    CardOutcome(Outcome),
    /// A PSAM is about to be written.
    #[serde(rename = "psam.intent")]
    PsamIntent(Intent),
    /// How that ended.
    #[serde(rename = "psam.outcome")]
    PsamOutcome(Outcome),
    /// A card's number is given up for good.
    #[serde(rename = "card.void")]
    CardVoid(CardVoid),
    /// A card is about to be asked to load or to pay. Durable before the command that moves money.
    #[serde(rename = "purse.intent")]
    PurseIntent(PurseIntent),
    /// An intent that ends without a proved transaction.
    #[serde(rename = "purse.closed")]
    PurseClosed(PurseClosed),
    /// Money was loaded.
    #[serde(rename = "purse.load")]
    PurseLoad(PurseTransaction),
    /// Money was spent.
    #[serde(rename = "purse.purchase")]
    PursePurchase(PurseTransaction),
    /// Entries left the site as a file.
    #[serde(rename = "ledger.export")]
    LedgerExport(LedgerExport),
    /// An attempt at an earlier time than the last entry's was refused before this entry.
    #[serde(rename = "clock.refused")]
    ClockRefused(ClockRefused),
    /// The checkpoint kept outside was lost and is made anew.
    #[serde(rename = "checkpoint.renew")]
    CheckpointRenew(CheckpointRenew),
}

impl Act {
    /// The act's name as it stands in the entry.
    pub fn name(&self) -> &'static str {
        match self {
            Self::SiteInit(_) => "site.init",
            Self::PolicyChange(_) => "policy.change",
            Self::OfficerEnrol(_) => "officer.enrol",
            Self::OfficerRevoke(_) => "officer.revoke",
            Self::KeyGenerate(_) => "key.generate",
            Self::KeyImport(_) => "key.import",
            Self::KeyDerive(_) => "key.derive",
            Self::KeyReceive(_) => "key.receive",
            Self::KeyExport(_) => "key.export",
            Self::KeyRetire(_) => "key.retire",
            Self::PinSet(_) => "pin.set",
            Self::TemplateApprove(_) => "template.approve",
            Self::CardIntent(_) => "card.intent",
            Self::CardOutcome(_) => "card.outcome",
            Self::PsamIntent(_) => "psam.intent",
            Self::PsamOutcome(_) => "psam.outcome",
            Self::CardVoid(_) => "card.void",
            Self::PurseIntent(_) => "purse.intent",
            Self::PurseClosed(_) => "purse.closed",
            Self::PurseLoad(_) => "purse.load",
            Self::PursePurchase(_) => "purse.purchase",
            Self::LedgerExport(_) => "ledger.export",
            Self::ClockRefused(_) => "clock.refused",
            Self::CheckpointRenew(_) => "checkpoint.renew",
        }
    }
}

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
    /// The first officers; each signs this entry.
    pub officers: Vec<Officer>,
    /// The first policy.
    pub policy: Policy,
    /// The program that made the ledger, with its version.
    pub program: Text,
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
}

/// States of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum KeyState {
    /// Not yet in use.
    PreActive,
    /// In use.
    Active,
    /// For old cards only.
    Retired,
    /// No longer there.
    Destroyed,
    /// Known to somebody who should not know it.
    Compromised,
}

impl KeyState {
    /// As it stands in entries.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::PreActive => "pre-active",
            Self::Active => "active",
            Self::Retired => "retired",
            Self::Destroyed => "destroyed",
            Self::Compromised => "compromised",
        }
    }
}

/// Body of the acts that bring a key into the site.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyArrived {
    /// The key's id in the site, unique for good.
    pub key: Text,
    /// What it is for, in the scheme's word.
    pub usage: Text,
    /// Whose key it is: level and code.
    pub owner: Text,
    /// Its version.
    pub version: u32,
    /// `3des` or `sm4`.
    pub alg: Text,
    /// Its check value.
    pub kcv: ShortHex,
    /// The state that it starts in.
    pub state: KeyState,
    /// Where it came from, for `key.receive`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Text>,
    /// The id of the key it was derived from, for `key.derive`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<Text>,
    /// The factors it was derived with, highest level first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub factors: Vec<ShortHex>,
    /// The components' check values, for `key.import`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub components: Vec<ShortHex>,
    /// The digest of the file or block that it came in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub package: Option<Hash>,
}

/// Body of `key.export`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyExport {
    /// The key's id.
    pub key: Text,
    /// The check value of what was exported (of the child, where factors are given).
    pub kcv: ShortHex,
    /// To whom.
    pub to: Text,
    /// In which form: sealed package, key block, mother card, component forms.
    pub form: Text,
    /// The factors that it was derived with on the way out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub factors: Vec<ShortHex>,
    /// The digest of the file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub package: Option<Hash>,
}

/// Body of `key.retire`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyRetire {
    /// The key's id.
    pub key: Text,
    /// Its check value.
    pub kcv: ShortHex,
    /// The state from here on.
    pub state: KeyState,
    /// Why.
    pub reason: Text,
}

/// Body of `pin.set`. The PIN itself has no place in a ledger.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PinSet {
    /// The initial PIN's name.
    pub name: Text,
}

/// Body of `template.approve`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TemplateApprove {
    /// The template's name.
    pub template: Text,
    /// The digest of its file.
    pub digest: Hash,
}

/// A key that a card gets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyUse {
    /// The site's key that it is derived from.
    pub key: Text,
    /// What it is on the card.
    pub usage: Text,
    /// The check value of the card's own key.
    pub kcv: ShortHex,
}

/// Body of `card.intent` and `psam.intent`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Intent {
    /// The application serial number, or the PSAM's number.
    pub number: Number,
    /// The chip's own serial number, where it has one that can be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chip: Option<Number>,
    /// The terminal number that a PSAM gives its terminal; unique.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub terminal: Option<Number>,
    /// The template's name.
    pub template: Text,
    /// The digest of its file.
    pub template_digest: Hash,
    /// The digest of the personalisation script.
    pub script: Hash,
    /// Whether the script has raw commands in it that no template element stands for.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub raw: bool,
    /// The reader.
    pub reader: Text,
    /// The keys that the card gets.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub keys: Vec<KeyUse>,
    /// The batch or order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub batch: Option<Text>,
    /// The intent of the same number that this one takes up again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resumes: Option<u64>,
}

/// How writing a card ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Ending {
    /// Written, read back, proved, finished.
    Issued,
    /// Not issued, and the card is blank: nothing was written, or it was erased. The number may go on another chip.
    FailedBlank,
    /// Not issued, and the card is written in part. The number stays with this chip.
    FailedPartial,
    /// Nobody knows how far it came (torn away, power). The number stays with this chip.
    InDoubt,
}

/// Body of `card.outcome` and `psam.outcome`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Outcome {
    /// The number of the intent.
    pub number: Number,
    /// The intent's `seq`.
    pub intent: u64,
    /// How it ended.
    pub result: Ending,
    /// The digest of what was read back and proved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proof: Option<Hash>,
    /// How many commands of the script the card answered.
    pub steps: u32,
    /// Why, where it was not issued.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Text>,
    /// The status word that stopped it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status_word: Option<ShortHex>,
}

/// User card or PSAM. Each kind has its own numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CardKind {
    /// 用户卡.
    User,
    /// PSAM.
    Psam,
}

impl CardKind {
    /// As it stands in entries.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Psam => "psam",
        }
    }
}

/// Body of `card.void`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CardVoid {
    /// Which kind of card.
    pub kind: CardKind,
    /// Its number.
    pub number: Number,
    /// Why.
    pub reason: Text,
}

/// Body of `ledger.export`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LedgerExport {
    /// `jsonl` or `csv`.
    pub format: Text,
    /// The first `seq` in the file's range.
    pub from: u64,
    /// One more than the last `seq` in the file's range.
    pub to: u64,
    /// How many entries the file holds.
    pub entries: u64,
    /// The digest of the file.
    pub digest: Hash,
}

/// Body of `clock.refused`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClockRefused {
    /// The earliest of the times that the clock showed.
    pub earliest: Moment,
    /// How many attempts were refused.
    pub attempts: u32,
}

/// Body of `checkpoint.renew`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CheckpointRenew {
    /// Why.
    pub reason: Text,
    /// The size of the last checkpoint in the database.
    pub size: u64,
    /// The root at that size.
    pub root: Hash,
}

/// A new ledger: the site's id and its first entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Founding {
    /// The site's id.
    pub site: SiteId,
    /// The first entry's body.
    pub init: SiteInit,
}
