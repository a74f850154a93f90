// SPDX-License-Identifier: Apache-2.0
//! Verifying TACs 交易认证码 from the key hierarchy: a ministry's centre from its roots, a city's from its own keys.

use super::fault::BatchError;
use super::slots;
use crate::crypto::purse::{Amount, DateTime, Terminal, TxnType};
use crate::crypto::purse_transaction::{LoadTransaction, PurchaseTransaction};
use crate::keys::scheme::Subject;
use crate::keys::{KeyRecord, KeyStore};
use crate::perso::SiteFacts;
use crate::site::Session;
use crate::template::Template;

/// What a TAC is computed over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TacFacts {
    /// Type.
    pub kind: TxnType,
    /// Amount.
    pub amount: Amount,
    /// Terminal number.
    pub terminal: Terminal,
    /// Date and time.
    pub at: DateTime,
    /// A purchase's terminal counter.
    pub terminal_counter: Option<u32>,
    /// A load's balance afterwards and online counter before.
    pub load: Option<(Amount, u16)>,
}

impl TacFacts {
    /// The bytes; `None` if the facts do not suffice for the type.
    pub fn data(&self) -> Option<Vec<u8>> {
        let Self {
            kind,
            amount,
            terminal,
            at,
            ..
        } = *self;
        let random = [0; 4];
        if matches!(kind, TxnType::LOAD_ED | TxnType::LOAD_EP) {
            let (after, counter) = self.load?;
            let balance = after.minus(amount).ok()?;
            let load = LoadTransaction {
                kind,
                balance,
                amount,
                terminal,
                random,
                counter,
                at,
            };
            return load.tac_data().ok().map(|data| data.to_vec());
        }
        let terminal_counter = self.terminal_counter?;
        let (counter, security_code) = (0, None);
        let purchase = PurchaseTransaction {
            kind,
            amount,
            terminal,
            terminal_counter,
            random,
            counter,
            at,
            security_code,
        };
        Some(purchase.tac_data().to_vec())
    }
}

/// Verifies TACs of the cards of one template.
pub struct TacVerifier<'a> {
    session: &'a Session,
    template: &'a Template,
    facts: SiteFacts,
    stored: Vec<KeyRecord>,
}

impl<'a> TacVerifier<'a> {
    /// For cards of a template.
    pub fn new(session: &'a Session, template: &'a Template, facts: SiteFacts) -> Self {
        let stored = session.store.keys();
        Self {
            session,
            template,
            facts,
            stored,
        }
    }

    /// Whether the TAC of a transaction of that card is right. `more` are fields that neither the number nor the site says
    /// (the issuer of a card, at the ministry).
    pub fn is_right(&self, number: &str, more: Subject, facts: &TacFacts, tac: [u8; 4]) -> Result<bool, BatchError> {
        let slots = slots::purse(self.template)?;
        let subject = slots::subject(self.template, &self.facts, number)?.and(more);
        let key = slots::key_of(self.session.site.scheme(), &self.stored, slots.tac, &subject)?;
        let Some(data) = facts.data() else { return Ok(false) };
        Ok(self.session.store.tac(&key, &data)? == tac)
    }
}
