// SPDX-License-Identifier: Apache-2.0
//! Reading back, after every directory has been left and entered again: all bytes that were written and may be read, and
//! the balance. What needs the holder's PIN comes behind it.

use super::contents::{PIECE, position};
use super::{PlanError, Planner, select};
use crate::card::commands::{self as apdu, FileBody, Purse};
use crate::iso7816::Command;
use crate::perso::script::Step;
use crate::template::{Contents, Directory, File};

/// Whether an access byte is met in the state of its directory, the MF's state being 0.
pub(super) const fn met(access: u8, state: u8) -> bool {
    let (high, low) = (access >> 4, access & 0x0F);
    if high == 0 {
        low == 0
    } else {
        low <= state && state <= high
    }
}

impl Planner<'_> {
    pub(super) fn readback(&mut self) -> Result<Vec<Step>, PlanError> {
        let template = self.template;
        let mut steps = Vec::new();
        for directory in template.directories() {
            let (mut free, mut behind_pin) = (Vec::new(), Vec::new());
            let pin_state = directory.pin.as_ref().map(|p| p.follow_up & 0x0F);
            for file in &directory.files {
                let access = file.header.read;
                if met(access, 0) {
                    free.extend(self.reads(file)?);
                } else if pin_state.is_some_and(|state| met(access, state)) {
                    behind_pin.extend(self.reads(file)?);
                }
            }
            if let Some(pin) = directory.pin.as_ref().filter(|_| !behind_pin.is_empty()) {
                free.push(Step::VerifyPin {
                    what: "VERIFY".into(),
                    slot: pin.id,
                    pin: self.pin_name(pin),
                });
                free.append(&mut behind_pin);
            }
            if !free.is_empty() {
                steps.extend(way(template, directory));
                steps.append(&mut free);
            }
        }
        Ok(steps)
    }

    fn reads(&self, file: &File) -> Result<Vec<Step>, PlanError> {
        let Some(sfi) = file.sfi() else { return Ok(Vec::new()) };
        let read = |what: String, apdu: Command, expect: Vec<u8>| Step::Read {
            what,
            apdu,
            expect,
            mask: Vec::new(),
        };
        if let FileBody::Purse(_) = file.header.body {
            let purse = if file.deposit {
                Purse::Deposit
            } else {
                Purse::Electronic
            };
            return Ok(vec![read(
                format!("GET BALANCE {}", file.fid),
                apdu::get_balance(purse),
                vec![0; 4],
            )]);
        }
        match &file.contents {
            Contents::Untouched => Ok(Vec::new()),
            Contents::Binary(body) => {
                let bytes = self.bytes(body)?;
                let piece = |(i, piece): (usize, &[u8])| {
                    let command = apdu::read_binary(position(sfi, i * PIECE), piece.len() as u8);
                    read(
                        format!("READ BINARY {} +{}", file.fid, i * PIECE),
                        command,
                        piece.to_vec(),
                    )
                };
                Ok(bytes.chunks(PIECE).enumerate().map(piece).collect())
            }
            Contents::Records(records) => records
                .iter()
                .map(|r| {
                    let bytes = self.bytes(r)?;
                    let command = apdu::read_record(sfi, r.number, bytes.len() as u8);
                    Ok(read(format!("READ RECORD {} #{}", file.fid, r.number), command, bytes))
                })
                .collect(),
        }
    }
}

/// SELECTs from anywhere on the card to a directory.
pub(super) fn way(template: &crate::template::Template, directory: &Directory) -> Vec<Step> {
    let mut steps = vec![select(&template.mf)];
    if !directory.is_mf() {
        steps.push(select(directory));
    }
    steps
}

#[cfg(test)]
mod tests {
    use super::met;

    #[test]
    fn access_bytes() {
        for (access, state, expected) in [
            (0xF0, 0, true),
            (0x00, 0, true),
            (0x0A, 0, false),
            (0xEF, 15, false),
            (0xE1, 0, false),
            (0xE1, 1, true),
            (0xAA, 10, true),
            (0xAA, 11, false),
            (0x53, 4, true),
        ] {
            assert_eq!(met(access, state), expected, "{access:02X} in state {state}");
        }
    }
}
