// SPDX-License-Identifier: Apache-2.0
//! How each key on the card is proved, as the template chooses.

use super::contents::protection;
use super::readback::way;
use super::{PlanError, PlanReason, Planner};
use crate::card::commands::{CipherMode, FileBody};
use crate::crypto::Factor;
use crate::keys::CardKey;
use crate::keys::scheme::Subject;
use crate::perso::script::{Proof, ProofKind};
use crate::template::{Directory, KeyPlace, KeySlot, ProofChoice};

impl Planner<'_> {
    pub(super) fn proofs(&mut self) -> Result<Vec<Proof>, PlanError> {
        let template = self.template;
        let mut proofs = Vec::new();
        for directory in template.directories() {
            for slot in directory.keys.iter().filter(|k| k.written()) {
                if let Some(how) = self.proof(directory, slot)? {
                    let what = format!("{} {}", slot.place, slot.name);
                    proofs.push(Proof {
                        what,
                        select: way(template, directory),
                        how,
                    });
                }
            }
        }
        Ok(proofs)
    }

    fn proof(&mut self, directory: &Directory, slot: &KeySlot) -> Result<Option<ProofKind>, PlanError> {
        let id = slot.place.id();
        let how = match &slot.proof {
            ProofChoice::AfterChange | ProofChoice::WithPurchase => return Ok(None),
            ProofChoice::None(why) => ProofKind::NotProvable {
                key: self.target(slot)?,
                why: why.clone(),
            },
            ProofChoice::ExternalAuthentication => {
                let challenge = self.template.transport.challenge;
                let place = slot.place.authentication_id();
                ProofKind::ExternalAuthentication {
                    slot: place,
                    challenge,
                    key: self.own(slot)?,
                }
            }
            ProofChoice::InternalAuthentication => ProofKind::InternalAuthentication {
                slot: id,
                key: self.own(slot)?,
            },
            ProofChoice::ProtectedWrite => self.protected_write(directory, slot)?,
            ProofChoice::LoadMac1 => {
                let (purse, pin) = (purse(directory), self.pin(directory));
                ProofKind::LoadMac1 {
                    purse,
                    index: id,
                    key: self.own(slot)?,
                    pin,
                }
            }
            ProofChoice::UnloadMac1 => ProofKind::UnloadMac1 {
                index: id,
                key: self.own(slot)?,
                pin: self.pin(directory),
            },
            ProofChoice::OverdraftMac1 => ProofKind::OverdraftMac1 {
                index: id,
                key: self.own(slot)?,
                pin: self.pin(directory),
            },
            ProofChoice::ZeroPurchase => ProofKind::ZeroPurchase {
                purse: purse(directory),
                index: id,
                purchase: self.own(slot)?,
                tac: self.tac(directory, slot)?,
                security_code: self.template.options.security_code_in_mac1,
            },
            ProofChoice::PinUnblock => {
                let (slot_of_pin, pin) = self.initial_pin(directory, slot)?;
                let parameters = [slot_of_pin, self.template.options.pin_unblock_p2];
                ProofKind::PinUnblock {
                    parameters,
                    key: self.own(slot)?,
                    pin,
                }
            }
            ProofChoice::PinReload => {
                let (slot_of_pin, pin) = self.initial_pin(directory, slot)?;
                ProofKind::PinReload {
                    slot: slot_of_pin,
                    key: self.own(slot)?,
                    pin,
                }
            }
            ProofChoice::PsamPurchase => self.psam_purchase(slot)?,
            ProofChoice::PsamCipher => self.psam_cipher(slot)?,
            ProofChoice::IsamLoad | ProofChoice::IsamTac => self.isam(slot)?,
        };
        Ok(Some(how))
    }

    fn own(&mut self, slot: &KeySlot) -> Result<CardKey, PlanError> {
        self.card_key(&slot.name, &slot.at)
    }

    fn cannot(&self, slot: &KeySlot, missing: &'static str) -> PlanError {
        PlanError::at(self.template, &slot.at, PlanReason::NoProof { missing })
    }

    fn pin(&self, directory: &Directory) -> Option<(u8, String)> {
        directory.pin.as_ref().map(|p| (p.id, self.pin_name(p)))
    }

    fn initial_pin(&self, directory: &Directory, slot: &KeySlot) -> Result<(u8, String), PlanError> {
        self.pin(directory).ok_or_else(|| self.cannot(slot, "pin"))
    }

    fn protected_write(&mut self, directory: &Directory, slot: &KeySlot) -> Result<ProofKind, PlanError> {
        for file in directory
            .files
            .iter()
            .filter(|f| f.header.mac && slot.place.protects_lines(f.mac_key))
        {
            if let Some(apdu) = self.repeated_write(file)? {
                return Ok(ProofKind::ProtectedWrite {
                    apdu,
                    protection: protection(file),
                    key: self.own(slot)?,
                });
            }
        }
        Err(self.cannot(slot, "file"))
    }

    /// The TAC key that goes with a purchase key: the same cipher.
    fn tac(&mut self, directory: &Directory, slot: &KeySlot) -> Result<CardKey, PlanError> {
        let fits = |k: &&KeySlot| k.proof == ProofChoice::WithPurchase && k.name.algorithm == slot.name.algorithm;
        let found = directory.keys.iter().filter(|k| k.written()).find(fits);
        let tac = found.ok_or_else(|| self.cannot(slot, "tac"))?;
        self.card_key(&tac.name, &tac.at)
    }

    /// A card that does not exist, of the site where the site says so.
    fn invented(&self) -> Result<Subject, PlanError> {
        let mut subject = self.site.subject.clone();
        let serials = ["application_serial"];
        for (field, text) in &self.template.invented {
            if subject.get(field).is_err() || serials.contains(&field.as_str()) {
                let wrong = |_| {
                    PlanError::at(
                        self.template,
                        "invented",
                        PlanReason::NotNumber { field: field.clone() },
                    )
                };
                subject.set_hex(field, text).map_err(wrong)?;
            }
        }
        Ok(subject)
    }

    /// The invented card's key, and its factors as a PSAM wants them: lowest level first.
    fn invented_card(&mut self, slot: &KeySlot) -> Result<(CardKey, Vec<u8>), PlanError> {
        let subject = self.invented()?;
        let name = &slot.name;
        let wrong = |source| PlanError::Key {
            template: self.template.name.clone(),
            path: slot.at.clone(),
            key: name.to_string(),
            source: Box::new(source),
        };
        let key = self
            .scheme
            .card_key(self.stored, &name.usage, name.version, name.algorithm, &subject)
            .map_err(wrong)?;
        let (Some(level), Some(leaf)) = (
            &slot.level,
            self.scheme.usage(&name.usage).map_err(wrong)?.leaf.as_ref(),
        ) else {
            return Err(self.cannot(slot, "level"));
        };
        let down: Vec<Factor> = self.scheme.factors(level, leaf, &subject).map_err(wrong)?;
        let factors = down.iter().rev().flat_map(|f| f.0).collect();
        Ok((key, factors))
    }

    fn psam_place(&self, slot: &KeySlot) -> Result<(u8, u8, u8), PlanError> {
        match slot.place {
            KeyPlace::Psam {
                usage,
                version,
                algorithm,
            } => Ok((usage, version, algorithm)),
            _ => Err(self.cannot(slot, "psam-usage")),
        }
    }

    fn psam_purchase(&mut self, slot: &KeySlot) -> Result<ProofKind, PlanError> {
        let (_, version, algorithm_byte) = self.psam_place(slot)?;
        let (key, factors) = self.invented_card(slot)?;
        let terminal = self.own_terminal(slot)?;
        Ok(ProofKind::PsamPurchase {
            version,
            algorithm_byte,
            algorithm: slot.name.algorithm,
            factors,
            key,
            terminal,
        })
    }

    /// The terminal number that the order gives a SAM.
    fn own_terminal(&self, slot: &KeySlot) -> Result<[u8; 6], PlanError> {
        let missing = || self.cannot(slot, "terminal");
        let field = self.template.terminal.as_ref().ok_or_else(missing)?;
        let terminal = super::order_bytes(self.template, self.order, field)?;
        terminal.try_into().map_err(|_| missing())
    }

    fn isam(&mut self, slot: &KeySlot) -> Result<ProofKind, PlanError> {
        let (usage, id, _) = self.psam_place(slot)?;
        let (key, factors) = self.invented_card(slot)?;
        let terminal = self.own_terminal(slot)?;
        Ok(if slot.proof == ProofChoice::IsamTac {
            ProofKind::IsamTac {
                usage,
                id,
                factors,
                key,
                terminal,
            }
        } else {
            ProofKind::IsamLoad {
                usage,
                id,
                factors,
                key,
                terminal,
            }
        })
    }

    fn psam_cipher(&mut self, slot: &KeySlot) -> Result<ProofKind, PlanError> {
        let (usage, id, _) = self.psam_place(slot)?;
        let (key, factors) = self.invented_card(slot)?;
        Ok(ProofKind::PsamCipher {
            usage,
            id,
            factors,
            mode: CipherMode::MacWithStart.byte(),
            key,
        })
    }
}

/// P2 of purse commands: the EP where there is one.
fn purse(directory: &Directory) -> u8 {
    let purses = || {
        directory
            .files
            .iter()
            .filter(|f| matches!(f.header.body, FileBody::Purse(_)))
    };
    if purses().any(|f| !f.deposit) || purses().count() == 0 {
        0x02
    } else {
        0x01
    }
}
