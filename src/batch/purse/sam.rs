// SPDX-License-Identifier: Apache-2.0
//! The PSAM of a purchase: its terminal number, which factors its key needs, and whether it can serve a card at all.

use super::super::contents::{self, enter};
use super::super::fault::BatchError;
use super::super::slots;
use super::PurseCard;
use crate::card::CardSession;
use crate::crypto::purse::Terminal;
use crate::keys::scheme::Scheme;
use crate::template::Template;

/// A PSAM on a reader, its purchase application selected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sam {
    /// Its terminal number.
    pub terminal: Terminal,
    /// The card's factors that its key needs, lowest level first.
    pub factors: Vec<[u8; 8]>,
    /// The purchase key's identifier on cards, as the PSAM names it; `None` where it names none that the card has.
    pub index: Option<u8>,
    /// The template that describes it.
    pub template: String,
}

/// Reads what a PSAM says about itself, checks that its key can serve this card, and selects its application.
///
/// A PSAM that holds one owner's key (a city's) serves that owner's cards alone. The beginning of its terminal number, or
/// its application information, tells whose it is; so this shows before either card is asked for a transaction.
pub fn prepare_psam(
    sam: &mut CardSession<'_>,
    template: &Template,
    on: &PurseCard<'_>,
    scheme: &Scheme,
) -> Result<Sam, BatchError> {
    let slot = slots::psam(template, on.slots.purchase.name.algorithm)?;
    let read = contents::read(sam, template)?;
    let named = |order: &str| {
        read.fields
            .iter()
            .find(|v| v.order.as_deref() == Some(order))
            .map(|v| v.hex.clone())
    };
    let missing = |what| BatchError::NotInTemplate {
        template: template.name.clone(),
        what,
    };
    let terminal = template
        .terminal
        .as_deref()
        .and_then(named)
        .ok_or_else(|| missing("terminal number"))?;
    let number: Terminal = terminal.parse().map_err(|_| missing("terminal number"))?;
    let usage = scheme.usage(&slot.key.name.usage)?;
    let level = slot.key.level.as_ref().ok_or_else(|| missing("purchase key's level"))?;
    let leaf = usage.leaf.as_ref().ok_or_else(|| missing("purchase key's level"))?;
    if let Some(code) = &scheme.level(level)?.code {
        let of_card = on.subject.get(&code.field).map(hex::encode_upper).unwrap_or_default();
        let starts = template
            .terminal
            .as_deref()
            .and_then(|t| template.order_field(t)?.starts_with.clone());
        let of_sam = match starts {
            Some(field) if field == code.field => terminal.get(..of_card.len()).map(str::to_owned),
            _ => read
                .fields
                .iter()
                .find(|v| v.field.replace('-', "_") == code.field)
                .map(|v| v.hex.clone()),
        };
        if of_sam.is_some_and(|of_sam| of_sam != of_card) {
            return Err(BatchError::OtherCity {
                terminal,
                number: on.number.clone(),
            });
        }
    }
    let mut factors: Vec<[u8; 8]> = scheme.factors(level, leaf, &on.subject)?.iter().map(|f| f.0).collect();
    factors.reverse();
    let index = read
        .fields
        .iter()
        .find(|v| v.field == "key-index")
        .and_then(|v| u8::from_str_radix(&v.hex, 16).ok());
    let purchase = on.slots.purchase.place.kind();
    let on_card = |id: &u8| {
        on.slots
            .directory
            .keys
            .iter()
            .any(|k| k.place.kind() == purchase && k.place.id() == *id)
    };
    enter(sam, template, slot.directory)?;
    Ok(Sam {
        terminal: number,
        factors,
        index: index.filter(on_card),
        template: template.name.clone(),
    })
}
