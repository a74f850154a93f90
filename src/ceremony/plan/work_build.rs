// SPDX-License-Identifier: Apache-2.0
//! Takes the fields of each kind of step out of its TOML form.

use std::collections::BTreeMap;

use super::build::{Built, key, keys, ledger_text, people, word};
use super::error::PlanReason;
use super::key_name::PlannedKey;
use super::model::{PersonId, Slot};
use super::step::Do;
use super::wire::{KindWire, StepWire};
use super::work::{
    Backup, CheckKeys, Combine, Components, Derive, Destroy, Enrol, ExportBlock, ExportBundle, ExportForms, Factors,
    Generate, ImportBlock, ImportExchangeKey, Receive, Reshare, Restore, Revoke, Rotate, SetPin, SetState, Split,
};
use crate::crypto::key_block::Exportability;
use crate::keys::{ExchangeName, KeyState, Owner};
use crate::ledger::policy::Role;

/// The work of a step.
pub(super) fn work(wire: &mut StepWire, at: &str) -> Built<Do> {
    let mut f = Fields { wire, at };
    Ok(match f.wire.kind {
        KindWire::Generate => Do::Generate(Generate {
            keys: f.keys()?,
            start: f.start()?,
        }),
        KindWire::Components => Do::Components(Components {
            key: f.key()?,
            custodians: f.people("custodians")?,
            confirm: f.people("confirm")?,
            start: f.start()?,
        }),
        KindWire::Factors => Do::Factors(Factors {
            keys: f.keys()?,
            leaders: f.people("leaders")?,
            method: f.wire.method.take().unwrap_or_default(),
            confirm: f.people("confirm")?,
            start: f.start()?,
        }),
        KindWire::Derive => Do::Derive(Derive {
            keys: f.keys()?,
            to: f.owner()?,
            subject: f.subject(),
            start: f.start()?,
        }),
        KindWire::Receive => Do::Receive(Receive {
            file: f.slot("file")?,
            keys: f.keys()?,
        }),
        KindWire::ImportBlock => Do::ImportBlock(ImportBlock {
            file: f.slot("file")?,
            under: f.exchange("under")?,
            keys: f.keys()?,
            start: f.start()?,
        }),
        KindWire::ImportExchangeKey => Do::ImportExchangeKey(ImportExchangeKey {
            name: f.exchange("name")?,
            algorithm: f.wire.algorithm.take().ok_or_else(|| f.missing("algorithm"))?,
            custodians: f.people("custodians")?,
            confirm: f.people("confirm")?,
        }),
        KindWire::ExportBundle | KindWire::ExportBlock | KindWire::ExportForms => return f.export(),
        KindWire::Split | KindWire::Combine | KindWire::Backup | KindWire::Restore => return f.shares(),
        KindWire::Rotate | KindWire::State | KindWire::Destroy => return f.life(),
        KindWire::Enrol | KindWire::Revoke | KindWire::Reshare => return f.officers(),
        KindWire::Pin => Do::Pin(SetPin { name: f.text("name")? }),
        KindWire::Check => Do::Check(CheckKeys { keys: f.keys()? }),
    })
}

/// A step's fields on their way out.
struct Fields<'a> {
    wire: &'a mut StepWire,
    at: &'a str,
}

impl Fields<'_> {
    fn export(mut self) -> Built<Do> {
        Ok(match self.wire.kind {
            KindWire::ExportBundle => Do::ExportBundle(ExportBundle {
                keys: self.keys()?,
                to: self.slot("to")?,
                file: self.slot("file")?,
                subject: self.subject(),
            }),
            KindWire::ExportBlock => Do::ExportBlock(ExportBlock {
                keys: self.keys()?,
                under: self.exchange("under")?,
                file: self.slot("file")?,
                exportable: self.wire.exportable.take().unwrap_or(Exportability::No),
            }),
            _ => Do::ExportForms(ExportForms {
                key: self.key()?,
                custodians: self.people("custodians")?,
                pages: self.slot("pages")?,
            }),
        })
    }

    fn shares(mut self) -> Built<Do> {
        Ok(match self.wire.kind {
            KindWire::Split => Do::Split(Split {
                key: self.key()?,
                threshold: self.threshold()?,
                custodians: self.people("custodians")?,
                pages: self.slot("pages")?,
            }),
            KindWire::Combine => Do::Combine(Combine {
                key: self.key()?,
                threshold: self.threshold()?,
                custodians: self.people("custodians")?,
                confirm: self.people("confirm")?,
                start: self.start()?,
            }),
            KindWire::Backup => Do::Backup(Backup {
                file: self.slot("file")?,
                threshold: self.threshold()?,
                custodians: self.people("custodians")?,
                pages: self.slot("pages")?,
            }),
            _ => Do::Restore(Restore {
                file: self.slot("file")?,
                threshold: self.threshold()?,
                custodians: self.people("custodians")?,
                quorum: self.wire.quorum.take().ok_or_else(|| self.missing("quorum"))?,
                holders: self.people("holders")?,
                lost: self.wire.lost.is_some().then(|| self.text("lost")).transpose()?,
            }),
        })
    }

    fn life(mut self) -> Built<Do> {
        Ok(match self.wire.kind {
            KindWire::Rotate => Do::Rotate(Rotate {
                keys: self.keys()?,
                to_version: self.version()?,
                retire: self.wire.retire.take().unwrap_or_default(),
                start: self.start()?,
            }),
            KindWire::State => Do::State(SetState {
                keys: self.keys()?,
                state: self.state()?,
                reason: self.text("reason")?,
            }),
            _ => Do::Destroy(Destroy {
                keys: self.keys()?,
                reason: self.text("reason")?,
            }),
        })
    }

    fn officers(mut self) -> Built<Do> {
        Ok(match self.wire.kind {
            KindWire::Enrol => Do::Enrol(Enrol {
                officer: self.officer()?,
                roles: self.roles()?,
            }),
            KindWire::Revoke => Do::Revoke(Revoke {
                officer: self.officer()?,
                reason: self.text("reason")?,
            }),
            _ => Do::Reshare(Reshare {
                quorum: self.wire.quorum.take().ok_or_else(|| self.missing("quorum"))?,
                holders: self.people("holders")?,
            }),
        })
    }

    fn place(&self, field: &str) -> String {
        format!("{}.{field}", self.at)
    }

    fn missing(&self, field: &'static str) -> (String, PlanReason) {
        (self.at.to_owned(), PlanReason::Missing { field })
    }

    fn key(&mut self) -> Built<PlannedKey> {
        let name = self.wire.key.take().ok_or_else(|| self.missing("key"))?;
        key(&name, || self.place("key"))
    }

    fn keys(&mut self) -> Built<Vec<PlannedKey>> {
        let names = self.wire.keys.take().filter(|names| !names.is_empty());
        keys(names.ok_or_else(|| self.missing("keys"))?, &self.place("keys"))
    }

    fn people(&mut self, field: &'static str) -> Built<Vec<PersonId>> {
        let wire = match field {
            "custodians" => &mut self.wire.custodians,
            "confirm" => &mut self.wire.confirm,
            "leaders" => &mut self.wire.leaders,
            _ => &mut self.wire.holders,
        };
        let names = wire.take().filter(|names| !names.is_empty());
        people(names.ok_or_else(|| self.missing(field))?, &self.place(field))
    }

    fn slot(&mut self, field: &'static str) -> Built<Slot> {
        let wire = match field {
            "file" => &mut self.wire.file,
            "pages" => &mut self.wire.pages,
            _ => &mut self.wire.to,
        };
        let name = wire.take().ok_or_else(|| self.missing(field))?;
        word(&name, || self.place(field))
    }

    /// An exchange key's name.
    fn exchange(&mut self, field: &'static str) -> Built<ExchangeName> {
        let wire = match field {
            "under" => &mut self.wire.under,
            _ => &mut self.wire.name,
        };
        let name = wire.take().ok_or_else(|| self.missing(field))?;
        name.parse()
            .map_err(|_| (self.place(field), PlanReason::Word { text: name.clone() }))
    }

    /// A text that goes into the ledger.
    fn text(&mut self, field: &'static str) -> Built<String> {
        let wire = match field {
            "name" => &mut self.wire.name,
            "lost" => &mut self.wire.lost,
            _ => &mut self.wire.reason,
        };
        let text = wire.take().ok_or_else(|| self.missing(field))?;
        if ledger_text(&text) {
            Ok(text)
        } else {
            Err((self.place(field), PlanReason::Text { field }))
        }
    }

    fn owner(&mut self) -> Built<Owner> {
        let text = self.wire.to.take().ok_or_else(|| self.missing("to"))?;
        text.parse().map_err(|_| (self.place("to"), PlanReason::Owner { text }))
    }

    fn subject(&mut self) -> BTreeMap<String, String> {
        self.wire.subject.take().unwrap_or_default()
    }

    fn threshold(&mut self) -> Built<u8> {
        self.wire.threshold.take().ok_or_else(|| self.missing("threshold"))
    }

    fn version(&mut self) -> Built<u8> {
        match self.wire.to_version.take().ok_or_else(|| self.missing("to-version"))? {
            0 => Err((self.place("to-version"), PlanReason::Version { version: 0 })),
            version => Ok(version),
        }
    }

    /// The state that a key begins in: active, or not yet.
    fn start(&mut self) -> Built<KeyState> {
        match self.wire.start.take().unwrap_or(KeyState::Active) {
            state @ (KeyState::Active | KeyState::PreActive) => Ok(state),
            other => Err((self.place("start"), PlanReason::State { state: other.as_str() })),
        }
    }

    /// The state that a key is put into. The end of a key has a step of its own.
    fn state(&mut self) -> Built<KeyState> {
        match self.wire.state.take().ok_or_else(|| self.missing("state"))? {
            state @ (KeyState::Active | KeyState::Retired | KeyState::Compromised) => Ok(state),
            other => Err((self.place("state"), PlanReason::State { state: other.as_str() })),
        }
    }

    fn officer(&mut self) -> Built<PersonId> {
        let name = self.wire.officer.take().ok_or_else(|| self.missing("officer"))?;
        word(&name, || self.place("officer"))
    }

    fn roles(&mut self) -> Built<Vec<Role>> {
        let roles = self.wire.roles.take().filter(|roles| !roles.is_empty());
        roles.ok_or_else(|| self.missing("roles"))
    }
}
