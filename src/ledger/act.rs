// SPDX-License-Identifier: Apache-2.0
//! What an entry can record. Bodies hold names, numbers, KCVs and digests; their types cannot hold a key (see `field`).
//!
//! `docs/formats/ledger.md` describes each act byte by byte. An optional field that is absent is left out, never null.

mod card;
mod ceremony;
mod key;
mod purse;
mod site;
mod store;
mod upkeep;

pub use card::{CardKind, CardVoid, Ending, Intent, KeyUse, Outcome, TemplateApprove};
pub use ceremony::{
    CeremonyBegin, CeremonyEnd, CeremonyResult, ComponentSeen, Event, FileSeen, KeySeen, Participant, ShareSeen,
    StepDone,
};
pub use key::{KeyArrived, KeyExport, KeyRetire, KeyState, PinSet};
pub use purse::{PurseClosed, PurseEnding, PurseIntent, PurseTransaction};
pub use site::{Founding, Officer, OfficerRevoke, PolicyChange, SiteInit};
pub use store::{Holder, StoreBackup, StoreReshare, StoreRestore};
pub use upkeep::{CheckpointRenew, ClockRefused, LedgerExport};

use serde::{Deserialize, Serialize};

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
    /// The participants approve a plan; nothing is done yet.
    #[serde(rename = "ceremony.begin")]
    CeremonyBegin(CeremonyBegin),
    /// How it ended, with the transcript.
    #[serde(rename = "ceremony.end")]
    CeremonyEnd(CeremonyEnd),
    /// The key store has other shares and a fresh data key.
    #[serde(rename = "store.reshare")]
    StoreReshare(StoreReshare),
    /// The key store's contents were sealed into a file.
    #[serde(rename = "store.backup")]
    StoreBackup(StoreBackup),
    /// The key store was made again from such a file.
    #[serde(rename = "store.restore")]
    StoreRestore(StoreRestore),
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
            Self::CeremonyBegin(_) => "ceremony.begin",
            Self::CeremonyEnd(_) => "ceremony.end",
            Self::StoreReshare(_) => "store.reshare",
            Self::StoreBackup(_) => "store.backup",
            Self::StoreRestore(_) => "store.restore",
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
    /// The ceremony that the act is part of, by the entry that began it.
    pub fn ceremony(&self) -> Option<u64> {
        match self {
            Self::OfficerEnrol(body) => body.ceremony,
            Self::OfficerRevoke(body) => body.ceremony,
            Self::KeyGenerate(body) | Self::KeyImport(body) | Self::KeyDerive(body) | Self::KeyReceive(body) => {
                body.ceremony
            }
            Self::KeyExport(body) => body.ceremony,
            Self::KeyRetire(body) => body.ceremony,
            Self::PinSet(body) => body.ceremony,
            Self::StoreReshare(body) => body.ceremony,
            Self::StoreBackup(body) => Some(body.ceremony),
            Self::StoreRestore(body) => Some(body.ceremony),
            _ => None,
        }
    }

    /// The same act as part of a ceremony. Acts that no ceremony does stay as they are.
    #[must_use]
    pub fn within(mut self, begin: u64) -> Self {
        match &mut self {
            Self::OfficerEnrol(body) => body.ceremony = Some(begin),
            Self::OfficerRevoke(body) => body.ceremony = Some(begin),
            Self::KeyGenerate(body) | Self::KeyImport(body) | Self::KeyDerive(body) | Self::KeyReceive(body) => {
                body.ceremony = Some(begin);
            }
            Self::KeyExport(body) => body.ceremony = Some(begin),
            Self::KeyRetire(body) => body.ceremony = Some(begin),
            Self::PinSet(body) => body.ceremony = Some(begin),
            Self::StoreReshare(body) => body.ceremony = Some(begin),
            Self::StoreBackup(body) => body.ceremony = begin,
            Self::StoreRestore(body) => body.ceremony = begin,
            _ => {}
        }
        self
    }
}
