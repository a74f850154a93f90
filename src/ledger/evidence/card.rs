// SPDX-License-Identifier: Apache-2.0
//! One card's evidence: all entries about it, its order, its batch with the approval and the run before it was written, its
//! template's approval, and the keys on it up to where they came into the site, with their ceremonies. What those need to be
//! checked (officers, policies) is added as for any part.
//!
//! Left out on purpose, so that the proof stays short: other officers, other policies, number ranges, blanks, but for single
//! entries between those that are there, where the proof would be longer without them.

use std::collections::BTreeSet;
use std::io::Write;

use rusqlite::{OptionalExtension, params};

use super::context::with_context;
use super::fill::filled;
use super::selection::Selection;
use super::write::Bundled;
use crate::ledger::act::{Act, CardKind, Intent, KeyArrived, RangeKind};
use crate::ledger::entry::Entry;
use crate::ledger::error::LedgerError;
use crate::ledger::filter::Filter;
use crate::ledger::log::Ledger;
use crate::ledger::projection::whole;

/// More levels than a key has parents.
const LEVELS: usize = 16;

impl Ledger {
    /// Writes the evidence of one card as a part. Refused while something about the card is newer than the newest
    /// checkpoint: half a story would be told.
    pub fn card_bundle(&self, kind: CardKind, number: &str, to: &mut dyn Write) -> Result<Bundled, LedgerError> {
        if self.card(kind, number)?.is_none() {
            return Err(LedgerError::NoCard(number.to_owned()));
        }
        let newest = self.newest()?;
        let covered = newest.checkpoint.size;
        let asked = Card::of(self, kind, number)?.entries;
        if let Some(seq) = asked.last().filter(|seq| *seq >= covered) {
            return Err(LedgerError::NotCovered { seq, covered });
        }
        let part = filled(self, with_context(self, asked, covered)?, covered)?;
        let about = format!("{} {number}", about_word(kind));
        self.write_bundle(&newest, &part, (Some(&about), 0), to)
    }
}

/// How the `about` line of a card's evidence begins.
pub(super) fn about_word(kind: CardKind) -> &'static str {
    match kind {
        CardKind::User => "card",
        CardKind::Psam => "psam",
    }
}

/// Whether an entry with a number is about the card of this kind: a PSAM may bear a user card's number.
pub(super) fn is_of(act: &Act, kind: CardKind) -> bool {
    match act {
        Act::PsamIntent(_) | Act::PsamOutcome(_) => kind == CardKind::Psam,
        Act::CardIntent(_)
        | Act::CardOutcome(_)
        | Act::PurseIntent(_)
        | Act::PurseClosed(_)
        | Act::PurseLoad(_)
        | Act::PursePurchase(_) => kind == CardKind::User,
        Act::CardVoid(body) => body.kind == kind,
        Act::CardReplace(body) | Act::CardExchange(body) => body.kind == kind,
        Act::CardReturn(body) => body.kind == kind,
        Act::CardExtend(body) => body.kind == kind,
        Act::CardDone(body) => body.kind == kind,
        Act::CardLost(body)
        | Act::CardFound(body)
        | Act::CardCancel(body)
        | Act::CardBlock(body)
        | Act::CardUnblock(body)
        | Act::PinUnblock(body)
        | Act::PinReload(body) => body.kind == kind,
        _ => true,
    }
}

/// The card's intent in an entry.
pub(super) fn intent_of(act: &Act) -> Option<&Intent> {
    match act {
        Act::CardIntent(body) | Act::PsamIntent(body) => Some(body),
        _ => None,
    }
}

/// The key that an entry brought.
pub(super) fn arrived(act: &Act) -> Option<&KeyArrived> {
    match act {
        Act::KeyGenerate(body) | Act::KeyImport(body) | Act::KeyDerive(body) | Act::KeyReceive(body) => Some(body),
        _ => None,
    }
}

struct Card<'a> {
    ledger: &'a Ledger,
    entries: Selection,
    keys: BTreeSet<String>,
}

impl<'a> Card<'a> {
    fn of(ledger: &'a Ledger, kind: CardKind, number: &str) -> Result<Self, LedgerError> {
        let mut card = Self {
            ledger,
            entries: Selection::default(),
            keys: BTreeSet::new(),
        };
        let mut intents: Vec<Entry> = Vec::new();
        let filter = Filter {
            number: Some(number.to_owned()),
            ..Filter::default()
        };
        ledger.each_line(&filter, &mut |entry, _| {
            if is_of(&entry.act, kind) {
                card.entries.add(entry.seq);
                intents.extend(intent_of(&entry.act).map(|_| entry.clone()));
            }
            Ok(())
        })?;
        for entry in &intents {
            if let Some(intent) = intent_of(&entry.act) {
                card.intent(entry.seq, intent)?;
            }
        }
        if let Some(order) = ledger.order_of_number(RangeKind::from(kind), number)? {
            card.order(&order)?;
        }
        for row in ledger.blacklist_changes(0)? {
            let same = row.kind == kind.as_str() && row.from.len() == number.len();
            if same && row.from.as_str() <= number && number <= row.to.as_str() {
                card.entries.add(row.added);
                row.removed.into_iter().for_each(|seq| card.entries.add(seq));
            }
        }
        Ok(card)
    }

    fn intent(&mut self, seq: u64, intent: &Intent) -> Result<(), LedgerError> {
        let sql = "SELECT approved FROM templates WHERE digest = ?1";
        self.find(sql, params![intent.template_digest.to_string()])?;
        for used in &intent.keys {
            self.key(used.key.as_str())?;
        }
        let Some(batch) = &intent.batch else { return Ok(()) };
        let Some(row) = self.ledger.batch(batch.as_str())? else {
            return Ok(());
        };
        self.entries.add(row.made);
        row.approved.into_iter().for_each(|seq| self.entries.add(seq));
        // The index of acts leads back from the intent to the run that it belongs to.
        let sql = "SELECT seq FROM entries WHERE act = 'batch.run' AND seq < ?1
                   AND json_extract(line, '$.body.batch') = ?2 ORDER BY seq DESC LIMIT 1";
        self.find(sql, params![whole(seq), batch.as_str()])?;
        self.order(&row.order)
    }

    fn order(&mut self, name: &str) -> Result<(), LedgerError> {
        if let Some(order) = self.ledger.order(name)? {
            self.entries.add(order.imported);
        }
        Ok(())
    }

    /// A key, those above it, and how the site came to trust whoever sent the first.
    fn key(&mut self, name: &str) -> Result<(), LedgerError> {
        let mut next = Some(name.to_owned());
        for _ in 0..LEVELS {
            let Some(name) = next.take().filter(|name| self.keys.insert(name.clone())) else {
                break;
            };
            let Some(row) = self.ledger.key(&name)? else { break };
            self.entries.add(row.arrived);
            let entry = self.ledger.entry(row.arrived)?;
            let Some(body) = arrived(&entry.act) else { break };
            next = body.parent.as_ref().map(ToString::to_string);
            if let Some(from) = &body.from {
                let site = from.as_str().split(' ').next().unwrap_or_default();
                let sql = "SELECT seq FROM entries WHERE act = 'site.trust' AND seq < ?1
                           AND json_extract(line, '$.body.site') = ?2 ORDER BY seq DESC LIMIT 1";
                self.find(sql, params![whole(entry.seq), site])?;
            }
        }
        Ok(())
    }

    /// Adds the entry that a question leads to, where there is one.
    fn find(&mut self, sql: &str, values: &[&dyn rusqlite::ToSql]) -> Result<(), LedgerError> {
        let doing = LedgerError::while_doing("looking for a card's entries");
        let mut find = self.ledger.db.prepare_cached(sql).map_err(&doing)?;
        let found = find.query_row(values, |row| row.get::<_, i64>(0)).optional();
        if let Some(seq) = found.map_err(&doing)? {
            self.entries.add(seq.cast_unsigned());
        }
        Ok(())
    }
}
