// SPDX-License-Identifier: Apache-2.0
//! What is written down of a step while it is done: who, when, which keys by their check values, and everything that went
//! otherwise than planned. No secret can be in it: its fields are those of the ledger.

use super::super::plan::Step;
use crate::crypto::{Digest, Kcv};
use crate::keys::KeyId;
use crate::ledger::act::{ComponentSeen, Event, FileSeen, KeySeen, ShareSeen, StepDone};
use crate::ledger::field::{FieldFault, Word};
use crate::ledger::{Hash, Moment, ShortHex, Text};
use crate::outside::Clock;

/// A step's record in the making.
#[derive(Debug)]
pub(super) struct StepLog {
    clock: Clock,
    done: StepDone,
    at_keyboard: Option<String>,
}

/// Now, as entries have it.
pub(super) fn now(clock: &Clock) -> Result<Moment, FieldFault> {
    Moment::new(clock.now().to_string())
}

impl StepLog {
    pub(super) fn begin(step: &Step, clock: Clock) -> Result<Self, FieldFault> {
        let at = now(&clock)?;
        let done = StepDone {
            id: Text::new(step.id.as_str())?,
            kind: Word::new(step.what.kind())?,
            began: at.clone(),
            ended: at,
            by: Vec::new(),
            keys: Vec::new(),
            components: Vec::new(),
            shares: Vec::new(),
            files: Vec::new(),
            confirmed: Vec::new(),
            events: Vec::new(),
        };
        let at_keyboard = None;
        Ok(Self {
            clock,
            done,
            at_keyboard,
        })
    }

    pub(super) fn end(mut self) -> Result<StepDone, FieldFault> {
        self.done.ended = now(&self.clock)?;
        Ok(self.done)
    }

    /// Somebody comes to the keyboard.
    pub(super) fn turn(&mut self, officer: &str) -> Result<(), FieldFault> {
        self.at_keyboard = Some(officer.to_owned());
        self.by(officer)
    }

    /// Who came to the keyboard last.
    pub(super) fn at_keyboard(&self) -> Option<&str> {
        self.at_keyboard.as_deref()
    }

    /// Somebody was at the keyboard, or answers for the step; each stands there once, in the order in which they came.
    pub(super) fn by(&mut self, officer: &str) -> Result<(), FieldFault> {
        let officer = Text::new(officer)?;
        if !self.done.by.contains(&officer) {
            self.done.by.push(officer);
        }
        Ok(())
    }

    pub(super) fn key(&mut self, key: &KeyId, kcv: Kcv) -> Result<(), FieldFault> {
        self.named_key(&key.to_string(), &kcv.to_string())
    }

    pub(super) fn named_key(&mut self, key: &str, kcv: &str) -> Result<(), FieldFault> {
        let (key, kcv) = (Text::new(key)?, ShortHex::new(kcv)?);
        if self.done.keys.iter().all(|seen| seen.key != key) {
            self.done.keys.push(KeySeen { key, kcv });
        }
        Ok(())
    }

    pub(super) fn component(&mut self, officer: &str, kcv: &str) -> Result<(), FieldFault> {
        let (officer, kcv) = (Text::new(officer)?, ShortHex::new(kcv)?);
        self.done.components.push(ComponentSeen { officer, kcv });
        Ok(())
    }

    pub(super) fn share(&mut self, officer: &str, index: u8, digest: Digest) -> Result<(), FieldFault> {
        self.done.shares.push(ShareSeen {
            officer: Text::new(officer)?,
            index: index.into(),
            digest: Hash(digest.0),
        });
        Ok(())
    }

    pub(super) fn file(&mut self, slot: &str, digest: Hash) -> Result<(), FieldFault> {
        let slot = Text::new(slot)?;
        self.done.files.push(FileSeen { slot, digest });
        Ok(())
    }

    pub(super) fn confirmed(&mut self, officer: &str) -> Result<(), FieldFault> {
        let officer = Text::new(officer)?;
        if !self.done.confirmed.contains(&officer) {
            self.done.confirmed.push(officer);
        }
        Ok(())
    }

    /// Something went otherwise than planned.
    pub(super) fn event(&mut self, officer: Option<&str>, what: &str, detail: Option<&str>) -> Result<(), FieldFault> {
        let event = Event {
            at: now(&self.clock)?,
            officer: officer.map(Text::new).transpose()?,
            what: Word::new(what)?,
            detail: detail.map(Text::new).transpose()?,
        };
        self.done.events.push(event);
        Ok(())
    }

    /// What was recorded so far.
    pub(super) fn so_far(&self) -> &StepDone {
        &self.done
    }
}
