// SPDX-License-Identifier: Apache-2.0
//! A card's story as its evidence tells it: who ordered, approved, made and replaced it, and its keys up to where they came
//! from.

use super::log;
use crate::cli::output::Output;
use crate::error::Error;
use crate::i18n::{Msg, word};
use crate::ledger::Entry;
use crate::ledger::act::{Act, Ending};
use crate::ledger::evidence::{KeyAbove, Story};
use crate::msg;

pub(super) fn tell(story: &Story, out: &mut Output) -> Result<(), Error> {
    let lang = out.lang();
    out.record("cardmint.card-story/1", story)?;
    out.say(&msg!("story-card", number = story.number))?;
    for line in story.entries.iter().filter_map(|entry| sentence(entry, story)) {
        out.say(&line)?;
    }
    let mut keys = Vec::new();
    for key in &story.keys {
        keys.push([key.usage.clone(), key.kcv.clone(), String::new(), String::new()].to_vec());
        for above in &key.from {
            let act = format!("{} {}", word("act", &above.act, lang), above.entry);
            let from = origin(above).render(lang);
            keys.push(vec![format!("  ← {}", above.key), above.kcv.clone(), act, from]);
        }
    }
    let heading = [
        msg!("desk-col-key"),
        msg!("desk-col-kcv"),
        msg!("desk-col-from"),
        msg!("story-col-sender"),
    ];
    out.table(&heading, &keys)?;
    let rows: Vec<_> = story.entries.iter().map(|entry| log::row(entry, lang)).collect();
    let heading = [
        msg!("ledger-column-seq"),
        msg!("ledger-column-at"),
        msg!("ledger-column-act"),
        msg!("ledger-column-officer"),
        msg!("ledger-column-subject"),
    ];
    out.table(&heading, &rows)
}

/// Whom a key came from, and in which ceremony.
fn origin(above: &KeyAbove) -> Msg {
    let by = above.by.join(" + ");
    match (&above.sender, &above.ceremony) {
        (Some(sender), Some(title)) => msg!("story-key-both", sender = sender, title = title, by = by),
        (Some(sender), None) => msg!("story-key-sender", sender = sender, by = by),
        (None, Some(title)) => msg!("story-key-ceremony", title = title, by = by),
        (None, None) => msg!("story-key-by", by = by),
    }
}

/// The steps that people ask for first.
fn sentence(entry: &Entry, story: &Story) -> Option<Msg> {
    let by: Vec<&str> = entry.sigs.iter().map(|signed| signed.officer.as_str()).collect();
    let (by, at) = (by.join(" + "), &entry.at);
    Some(match &entry.act {
        Act::OrderImport(body) => msg!("story-ordered", at = at, by = by, order = body.order, rows = body.rows),
        Act::BatchNew(body) => msg!("story-laid-down", at = at, by = by, batch = body.batch),
        Act::BatchApprove(body) => msg!("story-approved", at = at, by = by, batch = body.batch),
        Act::TemplateApprove(body) => msg!("story-template", at = at, by = by, template = body.template),
        Act::CardOutcome(body) | Act::PsamOutcome(body) if body.result == Ending::Issued => {
            msg!(
                "story-issued",
                at = at,
                by = by,
                steps = body.steps,
                intent = body.intent
            )
        }
        Act::CardReplace(body) | Act::CardExchange(body) if body.new.as_str() == story.number => {
            msg!("story-stands-for", at = at, by = by, number = body.number)
        }
        Act::CardReplace(body) | Act::CardExchange(body) => {
            msg!("story-replaced", at = at, by = by, number = body.new)
        }
        Act::CardLost(_) => msg!("story-lost", at = at, by = by),
        _ => return None,
    })
}
