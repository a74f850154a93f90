// SPDX-License-Identifier: Apache-2.0
//! A card's story from the entries of its evidence alone: who ordered, approved, made and replaced it; its keys by check
//! value up to where they came from. The entries must bear each other out (`LEDGER-EVIDENCE-CARD`): an outcome its intent, an
//! intent its keys, its batch and the approval of just that batch by somebody else, a batch its order.

use serde::Serialize;

use super::card::{about_word, arrived, intent_of, is_of};
use crate::i18n::Msg;
use crate::ledger::act::{Act, BatchNew, CardKind, Intent, KeyUse, OrderImport};
use crate::ledger::entry::Entry;
use crate::ledger::field::Text;
use crate::msg;

/// The check.
pub(super) const CHECK: &str = "LEDGER-EVIDENCE-CARD";

/// A card's evidence has no more entries than this; a larger file has no story.
const MOST_ENTRIES: usize = 10_000;

/// More levels than a key has parents.
const LEVELS: usize = 16;

/// A key on the card.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct KeyOnCard {
    /// What it is for.
    pub usage: String,
    /// Check value of the card's key.
    pub kcv: String,
    /// The site's keys that it comes from, the nearest first.
    pub from: Vec<KeyAbove>,
}

/// A key of the site.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct KeyAbove {
    /// Its id.
    pub key: String,
    /// Its check value.
    pub kcv: String,
    /// The act that brought it.
    pub act: String,
    /// Whom it came from, where it came from elsewhere.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sender: Option<String>,
    /// The entry.
    pub entry: u64,
    /// When.
    pub at: String,
    /// What the ceremony's plan calls itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ceremony: Option<String>,
    /// Who signed.
    pub by: Vec<String>,
}

/// A card's story.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Story {
    /// `user` or `psam`.
    pub kind: &'static str,
    /// Its number.
    pub number: String,
    /// Its keys.
    pub keys: Vec<KeyOnCard>,
    /// What happened, in its order: the entries about the card, its order, batch and template.
    pub entries: Vec<Entry>,
}

/// Listens to a part's entries where it is a card's.
#[derive(Debug, Default)]
pub(super) struct Teller {
    card: Option<(CardKind, String)>,
    entries: Vec<Entry>,
}

impl Teller {
    /// Whether a part is a card's stands in its `about` line.
    pub(super) fn of(about: Option<&str>) -> Self {
        let card = about.and_then(|about| {
            let (word, number) = about.split_once(' ')?;
            let kinds = [CardKind::User, CardKind::Psam];
            let kind = kinds.into_iter().find(|kind| about_word(*kind) == word)?;
            Some((kind, number.to_owned()))
        });
        Self {
            card,
            entries: Vec::new(),
        }
    }

    pub(super) fn hear(&mut self, entry: Entry) {
        if self.card.is_some() && self.entries.len() < MOST_ENTRIES {
            self.entries.push(entry);
        }
    }

    /// The story, and what does not bear out.
    pub(super) fn tell(self) -> Option<(Story, Vec<(u64, Msg)>)> {
        let (kind, number) = self.card?;
        let told = Told {
            kind,
            number: &number,
            entries: &self.entries,
        };
        let faults = told.faults();
        let story = Story {
            kind: kind.as_str(),
            keys: told.keys(),
            entries: self.entries.iter().filter(|e| told.belongs(&e.act)).cloned().collect(),
            number: number.clone(),
        };
        Some((story, faults))
    }
}

struct Told<'a> {
    kind: CardKind,
    number: &'a str,
    entries: &'a [Entry],
}

impl<'a> Told<'a> {
    fn belongs(&self, act: &Act) -> bool {
        match act {
            Act::OrderImport(_)
            | Act::BatchNew(_)
            | Act::BatchApprove(_)
            | Act::BatchRun(_)
            | Act::TemplateApprove(_)
            | Act::BlacklistAdd(_)
            | Act::BlacklistRemove(_) => true,
            other => self.is_card(other),
        }
    }

    fn is_card(&self, act: &Act) -> bool {
        let body = serde_json::to_value(act).unwrap_or_default();
        let named = ["number", "new"]
            .iter()
            .any(|field| body["body"][*field] == self.number);
        named && is_of(act, self.kind)
    }

    fn intents(&self) -> impl Iterator<Item = (&'a Entry, &'a Intent)> {
        let of_card = |entry: &&Entry| self.is_card(&entry.act);
        let intents: Vec<_> = self.entries.iter().filter(of_card).collect();
        intents
            .into_iter()
            .filter_map(|entry| intent_of(&entry.act).map(|body| (entry, body)))
    }

    fn keys(&self) -> Vec<KeyOnCard> {
        let Some((_, intent)) = self.intents().last() else {
            return Vec::new();
        };
        let key = |used: &KeyUse| KeyOnCard {
            usage: used.usage.to_string(),
            kcv: used.kcv.to_string(),
            from: self.above(&used.key),
        };
        intent.keys.iter().map(key).collect()
    }

    /// A key and those above it, as far as they are there.
    fn above(&self, name: &Text) -> Vec<KeyAbove> {
        let mut above = Vec::new();
        let mut next = Some(name.clone());
        for _ in 0..LEVELS {
            let Some((entry, body)) = next.take().and_then(|name| self.brought(&name)) else {
                break;
            };
            above.push(KeyAbove {
                key: body.key.to_string(),
                kcv: body.kcv.to_string(),
                act: entry.act.name().to_owned(),
                sender: body.from.as_ref().map(ToString::to_string),
                entry: entry.seq,
                at: entry.at.to_string(),
                ceremony: body.ceremony.and_then(|begin| self.title(begin)),
                by: entry.sigs.iter().map(|signed| signed.officer.to_string()).collect(),
            });
            next.clone_from(&body.parent);
        }
        above
    }

    fn brought(&self, name: &Text) -> Option<(&'a Entry, &'a crate::ledger::act::KeyArrived)> {
        let brought = |entry: &'a Entry| {
            arrived(&entry.act)
                .filter(|body| body.key == *name)
                .map(|body| (entry, body))
        };
        self.entries.iter().find_map(brought)
    }

    fn title(&self, begin: u64) -> Option<String> {
        self.entries.iter().find_map(|entry| match &entry.act {
            Act::CeremonyBegin(body) if entry.seq == begin => Some(body.title.to_string()),
            _ => None,
        })
    }

    fn faults(&self) -> Vec<(u64, Msg)> {
        let mut faults = Vec::new();
        let mut intents: Vec<u64> = Vec::new();
        for (entry, intent) in self.intents() {
            let seq = entry.seq;
            if let Some(earlier) = intent.resumes.filter(|earlier| !intents.contains(earlier)) {
                faults.push((seq, msg!("ledger-finding-card-intent", seq = seq, intent = earlier)));
            }
            intents.push(seq);
            faults.extend(self.keys_missing(entry, intent));
            faults.extend(self.batch_fault(entry, intent).map(|what| (seq, what)));
        }
        for entry in self.entries.iter().filter(|entry| self.is_card(&entry.act)) {
            if let Act::CardOutcome(body) | Act::PsamOutcome(body) = &entry.act
                && !intents.contains(&body.intent)
            {
                let what = msg!("ledger-finding-card-intent", seq = entry.seq, intent = body.intent);
                faults.push((entry.seq, what));
            }
        }
        if intents.is_empty() {
            faults.push((0, msg!("ledger-finding-card-none", number = self.number)));
        }
        faults
    }

    /// Keys on the card, or above them, that no entry here brought.
    fn keys_missing(&self, entry: &Entry, intent: &Intent) -> Vec<(u64, Msg)> {
        let mut missing = Vec::new();
        for used in &intent.keys {
            let mut next = Some(used.key.clone());
            for _ in 0..LEVELS {
                let Some(name) = next.take() else { break };
                match self.brought(&name) {
                    Some((brought, body)) if brought.seq < entry.seq => next.clone_from(&body.parent),
                    _ => missing.push((entry.seq, msg!("ledger-finding-card-key", seq = entry.seq, key = name))),
                }
            }
        }
        missing
    }

    /// A batch that is in the part was laid down for this order and template, and approved as it is by others, before.
    fn batch_fault(&self, entry: &Entry, intent: &Intent) -> Option<Msg> {
        let name = intent.batch.as_ref()?;
        let new = self.entries.iter().find_map(|e| match &e.act {
            Act::BatchNew(body) if body.batch == *name => Some((e, body)),
            _ => None,
        });
        // A ledger without batches has remarks there.
        let (laid_down, batch) = new?;
        let approval = self.entries.iter().find(|e| match &e.act {
            Act::BatchApprove(body) => body.batch == *name && body.digest == batch.digest && e.seq < entry.seq,
            _ => false,
        });
        let other = |e: &Entry| {
            let both = laid_down.sigs.iter().chain(&entry.sigs);
            e.sigs.iter().all(|a| both.clone().all(|b| a.officer != b.officer))
        };
        let sealed = batch.own_digest() == batch.digest && batch.template_digest == intent.template_digest;
        let approved = approval.is_some_and(other) && laid_down.seq < entry.seq;
        let what = if !sealed {
            "batch"
        } else if !approved {
            "approval"
        } else if !self.ordered(batch) {
            "order"
        } else {
            return None;
        };
        let said = msg!("ledger-finding-card-batch", seq = entry.seq, batch = name);
        Some(said.with_word("what", "card-batch", what))
    }

    /// The order is there, is the batch's, and has the number.
    fn ordered(&self, batch: &BatchNew) -> bool {
        let holds = |body: &OrderImport| {
            let within = |span: &crate::ledger::act::Span| {
                let (from, to) = (span.from.as_str(), span.to.as_str());
                from.len() == self.number.len() && from <= self.number && self.number <= to
            };
            body.order == batch.order && body.digest == batch.order_digest && body.numbers.iter().any(within)
        };
        let imported = |e: &Entry| matches!(&e.act, Act::OrderImport(body) if holds(body));
        self.entries.iter().any(imported)
    }
}
