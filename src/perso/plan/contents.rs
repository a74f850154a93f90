// SPDX-License-Identifier: Apache-2.0
//! Writing contents: UPDATE BINARY in pieces, APPEND or UPDATE RECORD, with MAC where the file wants one.

use super::{PlanError, Planner, send};
use crate::card::commands::{self as apdu, Position};
use crate::iso7816::{Command, Sfi};
use crate::perso::script::{Protection, Step};
use crate::template::{Contents, Directory, File};

/// Data bytes of one write or read: with MAC and block padding below the 239 of the manual.
pub(super) const PIECE: usize = 192;

impl Planner<'_> {
    pub(super) fn write_contents(&mut self, directory: &Directory, file: &File) -> Result<Vec<Step>, PlanError> {
        let commands = self.write_commands(file)?;
        let mut steps = Vec::new();
        for (what, command) in commands {
            let selects = command.ins == 0xA4;
            steps.push(if selects {
                send(what, command)
            } else {
                self.protect(directory, file, what, command)?
            });
        }
        Ok(steps)
    }

    /// The step of one write, with the protection of its file.
    pub(super) fn protect(
        &mut self,
        directory: &Directory,
        file: &File,
        what: String,
        apdu: Command,
    ) -> Result<Step, PlanError> {
        if !file.header.mac {
            return Ok(send(what, apdu));
        }
        let key = self.line_key(directory, file.mac_key, &file.at)?;
        Ok(Step::Protected {
            what,
            apdu,
            protection: protection(file),
            key,
        })
    }

    /// Names and plain forms of the writes of a file.
    fn write_commands(&self, file: &File) -> Result<Vec<(String, Command)>, PlanError> {
        let Some(sfi) = file.sfi() else { return Ok(Vec::new()) };
        let mac = file.header.mac;
        match &file.contents {
            Contents::Untouched => Ok(Vec::new()),
            Contents::Binary(body) => {
                let bytes = self.bytes(body)?;
                let pieces = bytes.chunks(PIECE).enumerate();
                Ok(pieces
                    .map(|(i, piece)| {
                        let what = format!("UPDATE BINARY {} +{}", file.fid, i * PIECE);
                        (what, apdu::update_binary(position(sfi, i * PIECE), piece, mac))
                    })
                    .collect())
            }
            Contents::Records(records) => {
                let write = |number: u8, bytes: &[u8]| {
                    if self.template.dialect.preset() {
                        (
                            format!("UPDATE RECORD {} #{number}", file.fid),
                            apdu::update_record(sfi, number, bytes, mac),
                        )
                    } else {
                        (
                            format!("APPEND RECORD {} #{number}", file.fid),
                            apdu::append_record(sfi, bytes, mac),
                        )
                    }
                };
                records.iter().map(|r| Ok(write(r.number, &self.bytes(r)?))).collect()
            }
        }
    }

    /// A write that changes nothing, to prove the key that protects the file: its first bytes, or its first record.
    pub(super) fn repeated_write(&self, file: &File) -> Result<Option<Command>, PlanError> {
        let Some(sfi) = file.sfi() else { return Ok(None) };
        Ok(match &file.contents {
            Contents::Binary(body) => {
                let bytes = self.bytes(body)?;
                Some(apdu::update_binary(
                    Position::Sfi(sfi, 0),
                    &bytes[..bytes.len().min(8)],
                    true,
                ))
            }
            Contents::Records(records) => match records.first() {
                Some(first) => Some(apdu::update_record(sfi, first.number, &self.bytes(first)?, true)),
                None => None,
            },
            Contents::Untouched => None,
        })
    }
}

/// By short identifier while the offset fits its byte; later pieces go to the file that the first made current.
pub(super) fn position(sfi: Sfi, offset: usize) -> Position {
    match u8::try_from(offset) {
        Ok(offset) => Position::Sfi(sfi, offset),
        Err(_) => Position::Current(offset as u16),
    }
}

pub(super) fn protection(file: &File) -> Protection {
    if file.header.cipher {
        Protection::EncipherAndMac
    } else {
        Protection::Mac
    }
}
