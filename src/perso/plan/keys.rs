// SPDX-License-Identifier: Apache-2.0
//! Which stored key stands behind each key of the template, and the commands that write keys.

use super::{PlanError, PlanReason, Planner};
use crate::card::commands as apdu;
use crate::keys::scheme::SchemeError;
use crate::keys::{CardKey, KeyPath};
use crate::perso::script::Step;
use crate::template::{Directory, KeyName, KeyPlace, KeySlot, Pin};

impl Planner<'_> {
    /// The key of this card with that name; `path` is where the template asks for it.
    pub(super) fn card_key(&mut self, name: &KeyName, path: &str) -> Result<CardKey, PlanError> {
        let found = self
            .scheme
            .card_key(self.stored, &name.usage, name.version, name.algorithm, &self.subject);
        let key = found.map_err(|source| self.no_key(name, path, source))?;
        self.note(key.path());
        Ok(key)
    }

    /// The transport key of the blanks.
    pub(super) fn transport(&mut self) -> Result<CardKey, PlanError> {
        let name = self.template.transport.name.clone();
        self.card_key(&name, "transport")
    }

    /// What is written into a slot: the card's own key, or a key of a level above.
    pub(super) fn target(&mut self, slot: &KeySlot) -> Result<KeyPath, PlanError> {
        let Some(level) = &slot.level else {
            return Ok(self.card_key(&slot.name, &slot.at)?.path().clone());
        };
        let name = &slot.name;
        let found = self.scheme.key_at(
            self.stored,
            &name.usage,
            name.version,
            name.algorithm,
            level,
            &self.subject,
        );
        let path = found.map_err(|source| self.no_key(name, &slot.at, source))?;
        self.note(&path);
        Ok(path)
    }

    /// The card's own control key of a directory.
    pub(super) fn own_control(&mut self, directory: &Directory) -> Result<CardKey, PlanError> {
        let slot = directory
            .control()
            .ok_or_else(|| self.lacking(&directory.at, "39/00"))?;
        let (name, at) = (slot.name.clone(), slot.at.clone());
        self.card_key(&name, &at)
    }

    /// The key that protects writes to files of a directory.
    pub(super) fn line_key(&mut self, directory: &Directory, id: u8, path: &str) -> Result<CardKey, PlanError> {
        let slot = directory
            .line_key(id)
            .ok_or_else(|| self.lacking(path, &format!("36/{id:02X}")))?;
        let (name, at) = (slot.name.clone(), slot.at.clone());
        self.card_key(&name, &at)
    }

    pub(super) fn lacking(&self, path: &str, key: &str) -> PlanError {
        PlanError::at(self.template, path, PlanReason::NoKey { key: key.to_owned() })
    }

    fn no_key(&self, name: &KeyName, path: &str, source: SchemeError) -> PlanError {
        let (template, path, key) = (self.template.name.clone(), path.to_owned(), name.to_string());
        PlanError::Key {
            template,
            path,
            key,
            source: Box::new(source),
        }
    }

    fn note(&mut self, path: &KeyPath) {
        if let Some(record) = self.stored.iter().find(|k| k.id == path.key) {
            self.used.insert(path.key.clone(), record.kcv);
        }
    }

    /// WRITE KEY of a slot, wrapped under `control`; `change` replaces the key that stands there.
    pub(super) fn write_key(&mut self, slot: &KeySlot, control: &CardKey, change: bool) -> Result<Step, PlanError> {
        let target = self.target(slot)?;
        let (header, prefix) = match slot.place {
            KeyPlace::Record { header, id } => {
                let old = change.then_some(header.kind);
                (apdu::write_key_header(old, id, 5 + 16), header.wrapped().to_vec())
            }
            KeyPlace::Psam {
                usage,
                version,
                algorithm,
            } => (
                apdu::psam_key_header(),
                apdu::psam_record_prefix(usage, version, algorithm).to_vec(),
            ),
            KeyPlace::Preset {
                kind,
                id,
                version,
                algorithm,
                counter,
                state,
            } => (
                apdu::metro_key_header(kind, id),
                apdu::metro_record_prefix(version, algorithm, counter, state).to_vec(),
            ),
        };
        let verb = if change { "CHANGE KEY" } else { "WRITE KEY" };
        let what = format!("{verb} {} {}", slot.place, slot.name);
        Ok(Step::WriteKey {
            what,
            header,
            prefix,
            control: control.clone(),
            target,
        })
    }

    /// WRITE KEY of the holder's PIN. Its record takes two blocks whatever the PIN's length.
    pub(super) fn write_pin(&self, pin: &Pin, control: &CardKey) -> Step {
        let name = self.pin_name(pin);
        let record = apdu::KeyRecordHeader {
            kind: 0x3A,
            use_access: pin.use_access,
            change_access: 0xEF,
            x: pin.follow_up,
            y: pin.counter,
        };
        Step::WritePin {
            what: format!("WRITE KEY 3A/{:02X} PIN {name}", pin.id),
            header: apdu::write_key_header(None, pin.id, 5 + 6),
            prefix: record.wrapped().to_vec(),
            control: control.clone(),
            pin: name,
        }
    }

    /// The keys and PIN of a directory below the MF: its control key under `above`, the others under it.
    pub(super) fn directory_keys(&mut self, directory: &Directory, above: &CardKey) -> Result<Vec<Step>, PlanError> {
        let mut steps = Vec::new();
        let mut wrapper = above.clone();
        if let Some(slot) = directory.control() {
            steps.push(self.write_key(slot, above, false)?);
            wrapper = self.own_control(directory)?;
        }
        for slot in directory.keys.iter().filter(|k| k.written() && !k.is_control()) {
            steps.push(self.write_key(slot, &wrapper, false)?);
        }
        if let Some(pin) = directory.pin.as_ref().filter(|p| !p.preset) {
            steps.push(self.write_pin(pin, &wrapper));
        }
        Ok(steps)
    }
}
