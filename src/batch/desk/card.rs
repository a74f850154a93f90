// SPDX-License-Identifier: Apache-2.0
//! Which card lies on the reader. Its number stands in the application, which a blocked card does not open: then the ledger
//! knows the chip by its serial number, or the officer says the number. A number that was guessed would cost the card a try
//! of its maintenance key, so a chip and a number that do not belong together are refused before any command.

use super::chip::{self, Application};
use super::fault::DeskError;
use crate::batch::contents::{self, Bears};
use crate::batch::{BatchError, facts, slots};
use crate::card::CardSession;
use crate::card::chip as serial;
use crate::keys::scheme::Subject;
use crate::keys::{CardKey, KeyStore};
use crate::ledger::CardKind;
use crate::ledger::query::CardRow;
use crate::site::Session;
use crate::template::{Directory, KeySlot, Template};

/// An issued user card on the reader.
pub struct DeskCard<'t> {
    /// Its template.
    pub template: &'t Template,
    /// The directory of its purse.
    pub directory: &'t Directory,
    /// Its number.
    pub number: String,
    /// What its keys are derived for.
    pub subject: Subject,
}

/// Finds out which card lies there. `said` is a number that the officer gave.
pub fn identify<'t>(
    session: &Session,
    template: &'t Template,
    said: Option<&str>,
    card: &mut CardSession<'_>,
) -> Result<DeskCard<'t>, DeskError> {
    let directory = slots::purse(template)?.directory;
    let chip = serial::serial(card.atr());
    let known = match &chip {
        Some(chip) => session.ledger.card_on_chip(chip)?,
        None => None,
    };
    let borne = match chip::application(card, template, directory)? {
        Application::Open => match contents::bears(card, template)? {
            Bears::Number(number) => Some(number),
            Bears::Nothing => None,
        },
        Application::Blocked => None,
    };
    let known = known.map(|row| row.number);
    let number = borne
        .clone()
        .or_else(|| known.clone())
        .or_else(|| said.map(str::to_owned))
        .ok_or(DeskError::Nameless)?;
    for other in [known.as_deref(), said].into_iter().flatten() {
        if other != number {
            return Err(DeskError::OtherCard {
                expected: other.to_owned(),
                found: number,
            });
        }
    }
    let row = issued(session, &number)?;
    if row.chip.is_some() && chip.is_some() && row.chip != chip {
        return Err(DeskError::OtherChip { number });
    }
    let mut subject = facts(&session.site)?.subject;
    for field in template.subject.keys() {
        subject.set_hex(field, &number).map_err(BatchError::from)?;
    }
    Ok(DeskCard {
        template,
        directory,
        number,
        subject,
    })
}

/// The ledger's row of an issued user card.
pub(super) fn issued(session: &Session, number: &str) -> Result<CardRow, DeskError> {
    let row = session.ledger.card(CardKind::User, number)?;
    let row = row.filter(|row| row.status == "issued");
    let number = number.to_owned();
    Ok(row.ok_or(BatchError::NoCard { number })?)
}

impl DeskCard<'_> {
    /// The key of this card in a slot.
    pub(super) fn key(&self, session: &Session, slot: &KeySlot) -> Result<CardKey, DeskError> {
        Ok(slots::key_of(
            session.site.scheme(),
            &session.store.keys(),
            slot,
            &self.subject,
        )?)
    }

    /// Whether its application is blocked. Selects it.
    pub(super) fn application(&self, card: &mut CardSession<'_>) -> Result<Application, DeskError> {
        Ok(chip::application(card, self.template, self.directory)?)
    }

    /// Whether it bears its number, in a file that is whole.
    pub(super) fn is_named(&self, card: &mut CardSession<'_>) -> Result<bool, DeskError> {
        let borne = contents::bears(card, self.template)?;
        Ok(borne == Bears::Number(self.number.clone()))
    }
}
