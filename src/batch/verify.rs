// SPDX-License-Identifier: Apache-2.0
//! Checking an issued card against its template and the ledger. The order is read off the card itself, the plan made anew:
//! if its digest is the one in the ledger, the card holds byte for byte what was approved and recorded at its issue.

use serde::Serialize;

use super::contents;
use super::fault::BatchError;
use super::issue::kind_of;
use crate::card::CardSession;
use crate::ledger::query::CardRow;
use crate::perso::script::PersoScript;
use crate::perso::verify::Checked;
use crate::perso::{Executor, Surroundings};
use crate::site::Session;
use crate::template::{RawOrder, Template};

/// What the ledger says of the card.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum InLedger {
    /// Issued, with this very script, on this chip.
    Agrees,
    /// Issued by this site with another script than the card's contents give.
    OtherScript,
    /// Issued on another chip: this one is a copy.
    OtherChip,
    /// The ledger does not have it as issued.
    NotIssued,
    /// The ledger does not have it.
    Unknown,
}

/// What came out.
#[derive(Debug, Clone)]
pub struct Verified {
    /// The card's number.
    pub number: String,
    /// The digest of the plan made from its contents.
    pub script: String,
    /// What the ledger says.
    pub ledger: InLedger,
    /// The ledger's row.
    pub row: Option<CardRow>,
    /// Every check.
    pub checks: Vec<Checked>,
}

/// Reads the order of a card off the card; fields that stand nowhere on it come from `given`.
pub fn order_on(card: &mut CardSession<'_>, template: &Template, given: RawOrder) -> Result<RawOrder, BatchError> {
    // Nothing of a storage card opens without a key but its chip's number.
    if let Some(m1) = &template.m1 {
        let mut given = given;
        if let Some(uid) = card.chip_serial()? {
            given.entry(m1.uid.clone()).or_insert(uid);
        }
        return Ok(given);
    }
    let on_card = contents::read(card, template)?;
    if on_card.number.is_none() {
        return Err(BatchError::NoNumber);
    }
    let known = on_card
        .order()
        .into_iter()
        .filter(|(name, _)| template.order_field(name).is_some());
    Ok(known.chain(given).collect())
}

/// Checks the card against the plan made for it.
pub fn verify(
    session: &Session,
    script: &PersoScript,
    card: &mut CardSession<'_>,
    mut around: Surroundings<'_>,
) -> Result<Verified, BatchError> {
    let row = session.ledger.card(kind_of(script.product), &script.number)?;
    let ledger = match &row {
        None => InLedger::Unknown,
        Some(row) if row.status != "issued" => InLedger::NotIssued,
        Some(row) if row.chip.is_some() && row.chip != card.chip_serial()? => InLedger::OtherChip,
        Some(row) if row.script != script.digest_hex() => InLedger::OtherScript,
        Some(_) => InLedger::Agrees,
    };
    let checks = Executor::new(card, &session.store, around.again()).verify(script)?;
    Ok(Verified {
        number: script.number.clone(),
        script: script.digest_hex(),
        ledger,
        row,
        checks,
    })
}
