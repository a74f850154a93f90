// SPDX-License-Identifier: Apache-2.0
//! The numbers of a report. `docs/formats/report.md` says what each field counts.

use serde::Serialize;

use super::anomaly::{Anomaly, RuleApplied};
use super::period::Period;
use super::places::Lot;

/// Everything that a report says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LedgerReport {
    /// Whose ledger.
    pub site: Site,
    /// The days.
    pub period: Period,
    /// Where the period lies in the ledger.
    pub span: SpanOfEntries,
    /// The ledger as a whole when the report was made.
    pub ledger: Whole,
    /// Cards and PSAMs begun, issued, failed, given up.
    pub cards: Cards,
    /// Blanks.
    pub stock: Vec<Lot>,
    /// What happened to cards in use.
    pub life: Vec<LifeAct>,
    /// Money.
    pub money: Money,
    /// Keys that are there at the end of the period, and those that changed in it.
    pub keys: Vec<Key>,
    /// Ceremonies that were open in the period.
    pub ceremonies: Vec<Ceremony>,
    /// Officers at the end of the period.
    pub officers: Vec<OfficerAtEnd>,
    /// Officers, policy, templates, ranges, trust: what was changed.
    pub changes: Listed<Change>,
    /// Files that left the site.
    pub exports: Listed<Export>,
    /// Who looked at, or erased, holders' data.
    pub holders: Listed<HolderAccess>,
    /// Numbers that terminals refuse.
    pub blacklist: Blacklist,
    /// The rules that looked for anomalies, and how often each found something.
    pub rules: Vec<RuleApplied>,
    /// What they found. (Their texts depend on the language; whoever writes them out adds them.)
    #[serde(skip)]
    pub anomalies: Vec<Anomaly>,
}

/// Whose ledger.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Site {
    /// The site's id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Level and code in the scheme: `city:3100`.
    pub owner: String,
    /// The scheme.
    pub scheme: String,
    /// A rehearsal site.
    pub rehearsal: bool,
    /// The log's public key.
    pub log_key: String,
}

/// Where the period lies in the ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct SpanOfEntries {
    /// The first entry of the period.
    pub from: u64,
    /// One more than the last entry of the period.
    pub to: u64,
    /// Entries that could not be read.
    pub unreadable: u64,
    /// Entries whose lines are in an archive and not here.
    pub archived: u64,
}

/// The ledger as a whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Whole {
    /// Entries.
    pub size: u64,
    /// Root of the tree over them.
    pub root: String,
    /// Time of the last entry.
    pub last_at: Option<String>,
    /// Entries under the newest checkpoint; `None`: there is none.
    pub checkpoint: Option<u64>,
    /// Its root.
    pub checkpoint_root: Option<String>,
    /// Names of the keys that signed it.
    pub checkpoint_signers: Vec<String>,
    /// The newest cosignature of a witness that the ledger has.
    pub cosigned: Option<Cosigned>,
}

/// A witness has cosigned a checkpoint.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Cosigned {
    /// The entry that says so.
    pub seq: u64,
    /// The name of the witness's key.
    pub witness: String,
    /// Entries under the checkpoint.
    pub size: u64,
}

/// What became of attempts at cards.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Tally {
    /// Intents: a card was begun or taken up again.
    pub begun: u64,
    /// Outcome `issued`.
    pub issued: u64,
    /// Outcome `failed-blank`.
    pub failed_blank: u64,
    /// Outcome `failed-partial`.
    pub failed_partial: u64,
    /// Outcome `in-doubt`.
    pub in_doubt: u64,
    /// Intents of the period without an outcome at its end, or taken up again without one.
    pub no_outcome: u64,
    /// Numbers given up.
    pub void: u64,
}

impl Tally {
    /// Attempts that did not end with an issued card.
    pub fn failed(&self) -> u64 {
        self.failed_blank + self.failed_partial + self.in_doubt
    }

    /// Attempts that ended.
    pub fn ended(&self) -> u64 {
        self.issued + self.failed()
    }
}

/// One row of a break-down.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Row {
    /// Template, day, batch, operator or reader; empty where an entry names none.
    pub name: String,
    /// `user` or `psam`, in rows by template.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<&'static str>,
    /// The numbers.
    #[serde(flatten)]
    pub tally: Tally,
}

/// A batch with what it did in the period.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BatchRow {
    /// Its name; empty for cards outside batches.
    pub batch: String,
    /// Its order.
    pub order: String,
    /// Its template.
    pub template: String,
    /// Rows of its order.
    pub rows: u32,
    /// State at the end of the period; empty where the ledger has no such batch.
    pub state: String,
    /// Who laid it down.
    pub laid_down: String,
    /// Who approved it.
    pub approved: String,
    /// The entry that laid it down.
    pub made: Option<u64>,
    /// The numbers of the period.
    #[serde(flatten)]
    pub tally: Tally,
}

/// Why attempts failed, or what was made scrap for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Reason {
    /// The outcome's result, or `card.void`, `stock.scrap`.
    pub what: String,
    /// The status word that stopped it; empty where none did.
    pub status_word: String,
    /// The reason as the entry has it.
    pub reason: String,
    /// How many attempts, numbers or blanks.
    pub count: u64,
    /// The first entry.
    pub first: u64,
    /// The last entry.
    pub last: u64,
}

/// Cards and PSAMs.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Cards {
    /// All.
    pub total: Tally,
    /// By template.
    pub templates: Vec<Row>,
    /// By day of Beijing time, `2026-11-21`.
    pub days: Vec<Row>,
    /// By batch.
    pub batches: Vec<BatchRow>,
    /// By officer who acted.
    pub operators: Vec<Row>,
    /// By reader.
    pub readers: Vec<Row>,
    /// Failed attempts by reason, the commonest first.
    pub failures: Vec<Reason>,
    /// Scrap by reason, the commonest first.
    pub scrap: Vec<Reason>,
    /// Reasons beyond the five hundredth, taken together.
    pub other_reasons: u64,
    /// Numbers in doubt or written in part at the end of the period.
    pub doubtful: Listed<Doubtful>,
}

/// A card of which nobody knows how far it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Doubtful {
    /// `user` or `psam`.
    pub kind: &'static str,
    /// Its number.
    pub number: String,
    /// `in-doubt` or `failed-partial`.
    pub status: &'static str,
    /// Its batch, or empty.
    pub batch: String,
    /// Its last intent.
    pub intent: u64,
}

/// A list of which so many rows at most are kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Listed<T> {
    /// How many there are.
    pub count: u64,
    /// The first of them, a thousand at most.
    pub rows: Vec<T>,
}

impl<T> Default for Listed<T> {
    fn default() -> Self {
        let rows = Vec::new();
        Self { count: 0, rows }
    }
}

impl<T> Listed<T> {
    const KEPT: usize = 1000;

    pub(super) fn push(&mut self, row: T) {
        self.count += 1;
        if self.rows.len() < Self::KEPT {
            self.rows.push(row);
        }
    }
}

/// How often something was done to cards in use.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LifeAct {
    /// The act: `card.lost`.
    pub act: String,
    /// `user` or `psam`.
    pub kind: &'static str,
    /// How often.
    pub count: u64,
    /// Of these, where the chip is written: shown to be done.
    pub done: u64,
    /// Shown not to be done.
    pub not_done: u64,
    /// Nobody knows, or nothing is recorded yet.
    pub unknown: u64,
}

/// Money in fen.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Money {
    /// Transactions by act and type.
    pub transactions: Vec<Transactions>,
    /// Intents that ended without a proved transaction, by result.
    pub closed: Vec<Closed>,
    /// Cards returned.
    pub returns: u64,
    /// Balances paid out for them.
    pub returned_balance: u64,
    /// Deposits paid out for them.
    pub returned_deposit: u64,
    /// Cards replaced or exchanged.
    pub successions: u64,
    /// Balances that went over to the new cards.
    pub carried_over: u64,
}

/// Transactions of one type.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Transactions {
    /// `purse.load` or `purse.purchase`.
    pub act: &'static str,
    /// The type byte of the purse standard: 01 load of the electronic deposit, 02 of the purse, 05, 06 purchase.
    #[serde(rename = "type")]
    pub kind: String,
    /// How many.
    pub count: u64,
    /// Amounts in all, in fen.
    pub amount: u64,
}

/// Intents without a transaction.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Closed {
    /// `not-done`, `done-unproved`, `unknown`.
    pub result: String,
    /// How many.
    pub count: u64,
    /// Amounts in all, in fen.
    pub amount: u64,
}

/// A key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Key {
    /// Its id, the version in it.
    pub key: String,
    /// What for.
    pub usage: String,
    /// Whose.
    pub owner: String,
    /// Version.
    pub version: u32,
    /// `3des` or `sm4`.
    pub alg: String,
    /// Its check value.
    pub kcv: String,
    /// State at the end of the period.
    pub state: String,
    /// The entry that brought it.
    pub arrived: u64,
    /// The entry that changed it last.
    pub changed: u64,
    /// Whether one of these is of the period.
    pub in_period: bool,
    /// Intents of the period that name it.
    pub used: u64,
}

/// A ceremony.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Ceremony {
    /// The entry that began it.
    pub begun: u64,
    /// When.
    pub begun_at: String,
    /// The entry that ended it, and when.
    pub ended: Option<u64>,
    /// When it ended.
    pub ended_at: Option<String>,
    /// What the plan calls itself.
    pub title: String,
    /// The plan's digest.
    pub plan: String,
    /// `open`, `completed`, `abandoned`, `resumed`.
    pub result: String,
    /// Why it was abandoned.
    pub reason: Option<String>,
    /// Who took part: officer and role.
    pub participants: Vec<(String, &'static str)>,
    /// Steps done.
    pub steps: u64,
    /// Incidents in the transcript.
    pub incidents: u64,
}

/// An officer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OfficerAtEnd {
    /// Name.
    pub name: String,
    /// Roles.
    pub roles: Vec<&'static str>,
    /// The entry that enrolled the officer.
    pub enrolled: u64,
    /// The entry that revoked the officer's key.
    pub revoked: Option<u64>,
    /// Entries of the period that the officer signed first.
    pub acted: u64,
    /// Entries of the period that the officer signed as a further one.
    pub approved: u64,
}

/// A change of officers, policy, templates, ranges, trusted centres or of the site's secrets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Change {
    /// The entry.
    pub seq: u64,
    /// When.
    pub at: String,
    /// What was done.
    pub act: &'static str,
    /// Who signed.
    pub officers: Vec<String>,
    /// Whom or what it is about.
    pub subject: String,
    /// What is different: setting, before, after.
    pub settings: Vec<(String, String, String)>,
}

/// A file that left the site.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Export {
    /// The entry.
    pub seq: u64,
    /// When.
    pub at: String,
    /// `ledger.export`, `batch.export`, `key.export`, `store.backup`.
    pub act: &'static str,
    /// Who signed.
    pub officers: Vec<String>,
    /// Format and subject.
    pub what: String,
    /// Entries, rows or keys in it.
    pub rows: u64,
    /// Its digest.
    pub digest: String,
}

/// Somebody looked at, or erased, holders' data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct HolderAccess {
    /// The entry.
    pub seq: u64,
    /// When.
    pub at: String,
    /// `holder.show` or `holders.erase`.
    pub act: &'static str,
    /// Who signed.
    pub officers: Vec<String>,
    /// The order.
    pub order: String,
    /// The card's number; empty: the whole order.
    pub number: String,
    /// Why.
    pub reason: String,
}

/// The blacklist.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Blacklist {
    /// Entries put on.
    pub added: u64,
    /// Numbers in them.
    pub added_numbers: u64,
    /// Entries taken off.
    pub removed: u64,
    /// Entries on it when the period ends.
    pub standing: u64,
    /// Why numbers were put on, by how many entries.
    pub reasons: Vec<(String, u64)>,
    /// Lists that went out.
    pub lists: Listed<List>,
}

/// A list that went out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct List {
    /// The entry.
    pub seq: u64,
    /// When.
    pub at: String,
    /// Its sequence number.
    pub sequence: u32,
    /// `full` or `delta`.
    pub form: String,
    /// Lines.
    pub count: u32,
    /// Who has confirmed it.
    pub confirmed: Vec<String>,
}
