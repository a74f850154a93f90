// SPDX-License-Identifier: Apache-2.0
//! What an entry can record. Bodies hold names, numbers, KCVs and digests; their types cannot hold a key (see `field`).
//!
//! `docs/formats/ledger.md` describes each act byte by byte. An optional field that is absent is left out, never null.

mod batch;
mod blacklist;
mod card;
mod ceremony;
mod holders;
mod key;
mod life;
mod log;
mod names;
mod order;
mod purse;
mod site;
mod stock;
mod store;
mod upkeep;

pub use batch::{BatchApprove, BatchClose, BatchExport, BatchKey, BatchLot, BatchNew, BatchPause, BatchRun};
pub use blacklist::{BlacklistAdd, BlacklistConfirm, BlacklistPublish, BlacklistRemove, ListForm};
pub use card::{CardKind, CardVoid, Ending, Intent, KeyUse, Outcome, TemplateApprove};
pub use ceremony::{
    CeremonyBegin, CeremonyEnd, CeremonyResult, ComponentSeen, Event, FileSeen, KeySeen, Participant, ShareSeen,
    StepDone,
};
pub use holders::{HolderShow, HoldersErase, SecretDraw, SecretUse};
pub use key::{KeyArrived, KeyExport, KeyRetire, KeyState, PinSet};
pub use life::{BalanceSource, CardChange, CardDone, CardExtend, CardReplace, CardReturn, DeskEnding};
pub use log::{CheckpointCosign, LogKey};
pub use names::{NAMES, family, nouns};
pub use order::{OrderImport, OrderWithdraw, RangeKind, RangeReserve, Span};
pub use purse::{PurseClosed, PurseDesk, PurseEnding, PurseIntent, PurseTransaction};
pub use site::{Founding, Officer, OfficerRevoke, PolicyChange, SiteInit, SiteTrust};
pub use stock::{StockCount, StockHandOut, StockReceive, StockReturn, StockScrap, StockTakeBack};
pub use store::{Holder, StoreBackup, StoreReshare, StoreRestore};
pub use upkeep::{CheckpointRenew, ClockRefused, LedgerArchive, LedgerBackup, LedgerExport, LedgerLoss};

use serde::{Deserialize, Serialize};

/// An act with its body.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "act", content = "body")]
pub enum Act {
    /// The first entry of every ledger.
    #[serde(rename = "site.init")]
    SiteInit(SiteInit),
    /// Another centre's card was confirmed: keys may come from there and go there.
    #[serde(rename = "site.trust")]
    SiteTrust(SiteTrust),
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
    /// The database was copied.
    #[serde(rename = "ledger.backup")]
    LedgerBackup(LedgerBackup),
    /// Entries were lost for good. Numbers that they may have used are closed from here on.
    #[serde(rename = "ledger.loss")]
    LedgerLoss(LedgerLoss),
    /// The lines of a period went into a file.
    #[serde(rename = "ledger.archive")]
    LedgerArchive(LedgerArchive),
    /// The log has an SM2 key, or another one.
    #[serde(rename = "log.key")]
    LogKey(LogKey),
    /// A witness has cosigned a checkpoint.
    #[serde(rename = "checkpoint.cosign")]
    CheckpointCosign(CheckpointCosign),
    /// Numbers are set aside for a purpose.
    #[serde(rename = "range.reserve")]
    RangeReserve(RangeReserve),
    /// An order was taken in, and its numbers are used up.
    #[serde(rename = "order.import")]
    OrderImport(OrderImport),
    /// An order is given up before any batch was made of it.
    #[serde(rename = "order.withdraw")]
    OrderWithdraw(OrderWithdraw),
    /// A secret inside the site was drawn, for the first time or anew.
    #[serde(rename = "secret.draw")]
    SecretDraw(SecretDraw),
    /// Somebody is about to see a holder's data.
    #[serde(rename = "holder.show")]
    HolderShow(HolderShow),
    /// Holders' data were erased.
    #[serde(rename = "holders.erase")]
    HoldersErase(HoldersErase),
    /// What a batch will do is laid down.
    #[serde(rename = "batch.new")]
    BatchNew(BatchNew),
    /// A batch is approved by somebody who neither laid it down nor runs it.
    #[serde(rename = "batch.approve")]
    BatchApprove(BatchApprove),
    /// A batch begins, or goes on after a stop.
    #[serde(rename = "batch.run")]
    BatchRun(BatchRun),
    /// A batch stands still: no card is begun.
    #[serde(rename = "batch.pause")]
    BatchPause(BatchPause),
    /// A batch that stood still goes on.
    #[serde(rename = "batch.resume")]
    BatchResume(BatchPause),
    /// A file made from a batch left the site.
    #[serde(rename = "batch.export")]
    BatchExport(BatchExport),
    /// A batch is closed and accounted for.
    #[serde(rename = "batch.close")]
    BatchClose(BatchClose),
    /// Blanks came.
    #[serde(rename = "stock.receive")]
    StockReceive(StockReceive),
    /// Blanks went to an officer.
    #[serde(rename = "stock.hand-out")]
    StockHandOut(StockHandOut),
    /// Blanks came back from an officer.
    #[serde(rename = "stock.take-back")]
    StockTakeBack(StockTakeBack),
    /// Blanks went back to their supplier.
    #[serde(rename = "stock.return")]
    StockReturn(StockReturn),
    /// Blanks that never became a card are scrap.
    #[serde(rename = "stock.scrap")]
    StockScrap(StockScrap),
    /// Blanks were counted.
    #[serde(rename = "stock.count")]
    StockCount(StockCount),
    /// A card's holder has lost it.
    #[serde(rename = "card.lost")]
    CardLost(CardChange),
    /// A lost card was found.
    #[serde(rename = "card.found")]
    CardFound(CardChange),
    /// A new card stands for a lost one.
    #[serde(rename = "card.replace")]
    CardReplace(CardReplace),
    /// A new card stands for a damaged one.
    #[serde(rename = "card.exchange")]
    CardExchange(CardReplace),
    /// A card's last day is about to be moved.
    #[serde(rename = "card.extend")]
    CardExtend(CardExtend),
    /// A card was given back, its balance paid out.
    #[serde(rename = "card.return")]
    CardReturn(CardReturn),
    /// A card is out of use for good.
    #[serde(rename = "card.cancel")]
    CardCancel(CardChange),
    /// A card's application is about to be blocked.
    #[serde(rename = "card.block")]
    CardBlock(CardChange),
    /// A card's application is about to be unblocked.
    #[serde(rename = "card.unblock")]
    CardUnblock(CardChange),
    /// A card's PIN is about to be unblocked.
    #[serde(rename = "pin.unblock")]
    PinUnblock(CardChange),
    /// A card's PIN is about to be set anew.
    #[serde(rename = "pin.reload")]
    PinReload(CardChange),
    /// How writing to an issued card ended.
    #[serde(rename = "card.done")]
    CardDone(CardDone),
    /// Numbers went on the blacklist.
    #[serde(rename = "blacklist.add")]
    BlacklistAdd(BlacklistAdd),
    /// Numbers came off the blacklist.
    #[serde(rename = "blacklist.remove")]
    BlacklistRemove(BlacklistRemove),
    /// A list went out to terminals.
    #[serde(rename = "blacklist.publish")]
    BlacklistPublish(BlacklistPublish),
    /// A list is in use at terminals.
    #[serde(rename = "blacklist.confirm")]
    BlacklistConfirm(BlacklistConfirm),
}

impl Act {
    /// The act's name as it stands in the entry.
    pub fn name(&self) -> &'static str {
        match self {
            Self::SiteInit(_) => "site.init",
            Self::SiteTrust(_) => "site.trust",
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
            Self::LedgerBackup(_) => "ledger.backup",
            Self::LedgerLoss(_) => "ledger.loss",
            Self::LedgerArchive(_) => "ledger.archive",
            Self::LogKey(_) => "log.key",
            Self::CheckpointCosign(_) => "checkpoint.cosign",
            Self::RangeReserve(_) => "range.reserve",
            Self::OrderImport(_) => "order.import",
            Self::OrderWithdraw(_) => "order.withdraw",
            Self::SecretDraw(_) => "secret.draw",
            Self::HolderShow(_) => "holder.show",
            Self::HoldersErase(_) => "holders.erase",
            Self::BatchNew(_) => "batch.new",
            Self::BatchApprove(_) => "batch.approve",
            Self::BatchRun(_) => "batch.run",
            Self::BatchPause(_) => "batch.pause",
            Self::BatchResume(_) => "batch.resume",
            Self::BatchExport(_) => "batch.export",
            Self::BatchClose(_) => "batch.close",
            Self::StockReceive(_) => "stock.receive",
            Self::StockHandOut(_) => "stock.hand-out",
            Self::StockTakeBack(_) => "stock.take-back",
            Self::StockReturn(_) => "stock.return",
            Self::StockScrap(_) => "stock.scrap",
            Self::StockCount(_) => "stock.count",
            Self::CardLost(_) => "card.lost",
            Self::CardFound(_) => "card.found",
            Self::CardReplace(_) => "card.replace",
            Self::CardExchange(_) => "card.exchange",
            Self::CardExtend(_) => "card.extend",
            Self::CardReturn(_) => "card.return",
            Self::CardCancel(_) => "card.cancel",
            Self::CardBlock(_) => "card.block",
            Self::CardUnblock(_) => "card.unblock",
            Self::PinUnblock(_) => "pin.unblock",
            Self::PinReload(_) => "pin.reload",
            Self::CardDone(_) => "card.done",
            Self::BlacklistAdd(_) => "blacklist.add",
            Self::BlacklistRemove(_) => "blacklist.remove",
            Self::BlacklistPublish(_) => "blacklist.publish",
            Self::BlacklistConfirm(_) => "blacklist.confirm",
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
