// SPDX-License-Identifier: Apache-2.0
//! Building a card of FMCOS files, user card or PSAM, up to the point where only the transport key has to go.

use super::{PlanError, Planner, select, send};
use crate::card::commands::{self as apdu, DirectoryHeader};
use crate::perso::script::Step;
use crate::template::{Directory, KeyPlace, KeySlot};

/// Answers to the first authentication that mean that the card was emptied before: no such key, no key file.
const EMPTIED: [u16; 2] = [0x6A88, 0x6A82];

impl Planner<'_> {
    pub(super) fn build_files(&mut self) -> Result<Vec<Step>, PlanError> {
        let template = self.template;
        let mut steps = vec![select(&template.mf)];
        steps.extend(self.open_blank()?);
        steps.push(send("ERASE MF", apdu::erase_directory()));
        steps.extend(key_file(&template.mf));
        let control = self.mf_keys(&mut steps)?;
        for file in &template.mf.files {
            steps.push(send(
                format!("CREATE FILE {}", file.fid),
                apdu::create_file(file.fid, file.header),
            ));
            steps.extend(self.write_contents(&template.mf, file)?);
        }
        steps.extend(raw(&template.mf));
        // All directories while the MF is still open: its own rights were made by the card's maker.
        for df in &template.dfs {
            let header = DirectoryHeader {
                space: df.space,
                create: df.create,
                erase: df.erase,
                application_file: df.application_file,
                name: &df.name,
            };
            steps.push(send(
                format!("CREATE FILE {}", df.fid),
                apdu::create_directory(df.fid, header),
            ));
        }
        for df in &template.dfs {
            steps.push(select(&template.mf));
            steps.push(select(df));
            steps.extend(key_file(df));
            steps.extend(self.directory_keys(df, &control)?);
            for file in &df.files {
                steps.push(send(
                    format!("CREATE FILE {}", file.fid),
                    apdu::create_file(file.fid, file.header),
                ));
                steps.extend(self.write_contents(df, file)?);
            }
            steps.extend(raw(df));
        }
        Ok(steps)
    }

    /// Authenticates with the transport key at the maker's slot, and at 00, where a failed attempt of ours has put it.
    fn open_blank(&mut self) -> Result<Vec<Step>, PlanError> {
        let transport = self.template.transport.clone();
        let key = self.transport()?;
        let mut slots = vec![transport.slot];
        if transport.slot != 0 {
            slots.push(0);
        }
        let step = |slot: u8| Step::Authenticate {
            what: format!("EXTERNAL AUTHENTICATE {slot:02X} transport key"),
            slot,
            challenge: transport.challenge,
            key: key.clone(),
            accept: EMPTIED.to_vec(),
        };
        Ok(slots.into_iter().map(step).collect())
    }

    /// Control key and further keys of the MF; gives the key that stands in 39/00 from now on.
    fn mf_keys(&mut self, steps: &mut Vec<Step>) -> Result<crate::keys::CardKey, PlanError> {
        let mf = &self.template.mf;
        let slot = mf.control().ok_or_else(|| self.lacking(&mf.at, "39/00"))?;
        let transport = self.transport()?;
        steps.push(transport_step(slot, &transport));
        let mut control = transport;
        if !self.control_last() {
            steps.push(self.write_key(slot, &control, true)?);
            control = self.own_control(mf)?;
        }
        for key in mf.keys.iter().filter(|k| k.written() && !k.is_control()) {
            steps.push(self.write_key(key, &control, false)?);
        }
        if let Some(pin) = mf.pin.as_ref().filter(|p| !p.preset) {
            steps.push(self.write_pin(pin, &control));
        }
        Ok(control)
    }

    /// The transport key gives way to the card's own control key, which then proves itself.
    pub(super) fn finish_files(&mut self) -> Result<Vec<Step>, PlanError> {
        let mf = &self.template.mf;
        let slot = mf.control().ok_or_else(|| self.lacking(&mf.at, "39/00"))?;
        let id = slot.place.id();
        let challenge = self.template.transport.challenge;
        let authenticate = |what: &str, key| Step::Authenticate {
            what: format!("EXTERNAL AUTHENTICATE {id:02X} {what}"),
            slot: id,
            challenge,
            key,
            accept: Vec::new(),
        };
        let mut steps = vec![select(mf)];
        if self.control_last() {
            let transport = self.transport()?;
            steps.push(authenticate("transport key", transport.clone()));
            steps.push(self.write_key(slot, &transport, true)?);
        }
        let own = self.own_control(mf)?;
        steps.push(authenticate(slot.name.usage.as_str(), own));
        Ok(steps)
    }
}

fn key_file(directory: &Directory) -> Option<Step> {
    let file = directory.key_file?;
    let command = apdu::create_key_file(file.fid, file.size, directory.application_file, file.add);
    Some(send(format!("CREATE KEY FILE {}", file.fid), command))
}

pub(super) fn raw(directory: &Directory) -> impl Iterator<Item = Step> {
    directory.raw.iter().map(|r| Step::Send {
        what: format!("RAW {}", r.what),
        apdu: r.apdu.clone(),
        accept: r.accept.clone(),
    })
}

fn transport_step(slot: &KeySlot, key: &crate::keys::CardKey) -> Step {
    let (id, prefix) = match slot.place {
        KeyPlace::Record { header, id } => (id, header.plain().to_vec()),
        // The checks demand a record with access bytes here.
        KeyPlace::Psam { .. } | KeyPlace::Preset { .. } => (0, Vec::new()),
    };
    Step::WriteTransportKey {
        what: format!("WRITE KEY {} transport key", slot.place),
        header: apdu::write_key_plain_header(id),
        prefix,
        key: key.clone(),
    }
}
