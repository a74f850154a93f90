// SPDX-License-Identifier: Apache-2.0
//! Where a template has the keys of the purse, and which keys of the site they are for one card.

use super::fault::BatchError;
use crate::card::commands::{FileBody, Purse};
use crate::card::dialect::Dialect;
use crate::crypto::Algorithm;
use crate::keys::scheme::{Scheme, Subject};
use crate::keys::{CardKey, KeyRecord};
use crate::template::{Directory, KeyPlace, KeySlot, Product, Template};

/// The purse application of a user card.
#[derive(Debug, Clone, Copy)]
pub struct PurseSlots<'t> {
    /// Its directory.
    pub directory: &'t Directory,
    /// The purse.
    pub purse: Purse,
    /// The first load key.
    pub load: &'t KeySlot,
    /// The first purchase key.
    pub purchase: &'t KeySlot,
    /// The TAC key.
    pub tac: &'t KeySlot,
}

/// The purchase key of a PSAM.
#[derive(Debug, Clone, Copy)]
pub struct PsamSlot<'t> {
    /// Its directory.
    pub directory: &'t Directory,
    /// The key.
    pub key: &'t KeySlot,
    /// Version in the command.
    pub version: u8,
}

/// Key types of load, purchase and TAC (FMCOS 2.0 manual, "WRITE KEY"; the metro card's own numbers).
const fn kinds(dialect: Dialect) -> Option<[u8; 3]> {
    match dialect {
        Dialect::Fmcos => Some([0x3F, 0x3E, 0x34]),
        Dialect::Metro => Some([0x07, 0x06, 0x08]),
        Dialect::FmcosPsam | Dialect::M1 => None,
    }
}

/// Finds the purse.
pub fn purse(template: &Template) -> Result<PurseSlots<'_>, BatchError> {
    let missing = |what| BatchError::NotInTemplate {
        template: template.name.clone(),
        what,
    };
    let [load, purchase, tac] = kinds(template.dialect).ok_or_else(|| missing("purse"))?;
    let purses = |d: &&Directory| d.files.iter().any(|f| matches!(f.header.body, FileBody::Purse(_)));
    let directory = template.directories().find(purses).ok_or_else(|| missing("purse"))?;
    let key = |kind, what| {
        let fits = |k: &&KeySlot| k.written() && k.place.kind() == Some(kind);
        directory.keys.iter().find(fits).ok_or_else(|| missing(what))
    };
    let electronic = directory
        .files
        .iter()
        .any(|f| matches!(f.header.body, FileBody::Purse(_)) && !f.deposit);
    Ok(PurseSlots {
        directory,
        purse: if electronic { Purse::Electronic } else { Purse::Deposit },
        load: key(load, "load key")?,
        purchase: key(purchase, "purchase key")?,
        tac: key(tac, "TAC key")?,
    })
}

/// Finds a PSAM's purchase key of a cipher: usage type 2.
pub fn psam(template: &Template, algorithm: Algorithm) -> Result<PsamSlot<'_>, BatchError> {
    let missing = || BatchError::NotInTemplate {
        template: template.name.clone(),
        what: "purchase key",
    };
    if template.product != Product::Psam {
        return Err(missing());
    }
    let found = template.directories().find_map(|directory| {
        directory.keys.iter().find_map(|key| match key.place {
            KeyPlace::Psam { usage, version, .. } if usage & 0x1F == 2 && key.name.algorithm == algorithm => {
                Some(PsamSlot {
                    directory,
                    key,
                    version,
                })
            }
            _ => None,
        })
    });
    found.ok_or_else(missing)
}

/// The site's key that stands in a slot of the card that the subject is.
pub fn key_of(scheme: &Scheme, stored: &[KeyRecord], slot: &KeySlot, subject: &Subject) -> Result<CardKey, BatchError> {
    let name = &slot.name;
    Ok(scheme.card_key(stored, &name.usage, name.version, name.algorithm, subject)?)
}
