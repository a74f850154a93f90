// SPDX-License-Identifier: Apache-2.0
//! Sends a script to a card: steps, reading back, proofs, finish, in this order and in no other. The control key that makes
//! the card the issuer's is written only after everything else was read back and proved.
//!
//! Keys come from the key store one operation at a time; no key is ever here.

use serde::Serialize;

use super::fault::{Part, PersoError, PersoFault};
use super::prove::{Proved, Traces};
use super::script::{PersoScript, Protection, Step};
use super::sectors::OwnSectors;
use crate::card::{CardSession, commands};
use crate::crypto::SecretBytes;
use crate::crypto::purse::DateTime;
use crate::iso7816::{Command, StatusWord};
use crate::keys::{CardKey, KeyStore, WriteKeyFrame};
use crate::outside::{Observer, Random};

/// What a run needs from outside besides card and keys.
pub struct Surroundings<'a> {
    /// Random numbers for authentications of the card.
    pub random: &'a mut dyn Random,
    /// The time that stands in proof transactions.
    pub at: DateTime,
    /// Who watches.
    pub observer: &'a mut dyn Observer,
}

impl Surroundings<'_> {
    /// The same for a part of the work.
    pub fn again(&mut self) -> Surroundings<'_> {
        Surroundings {
            random: &mut *self.random,
            at: self.at,
            observer: &mut *self.observer,
        }
    }
}

/// A script under way on a card.
pub struct Executor<'a, 'c> {
    pub(super) card: &'a mut CardSession<'c>,
    pub(super) keys: &'a dyn KeyStore,
    pub(super) around: Surroundings<'a>,
    pub(super) sectors: OwnSectors,
    done: u64,
}

/// What came out of a run that went through.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Done {
    /// Commands that the card answered.
    pub answered: u32,
    /// How each key was proved.
    pub proofs: Vec<Proved>,
    /// SHA-256 over the evidence: what was read back and how each key was proved. Equal for equal cards.
    pub evidence: crate::crypto::Digest,
}

impl<'a, 'c> Executor<'a, 'c> {
    /// Begins on a card.
    pub fn new(card: &'a mut CardSession<'c>, keys: &'a dyn KeyStore, around: Surroundings<'a>) -> Self {
        Self {
            card,
            keys,
            around,
            sectors: OwnSectors::default(),
            done: 0,
        }
    }

    /// The whole script on a card that takes it from its first step.
    pub fn issue(&mut self, script: &PersoScript) -> Result<Done, PersoError> {
        self.begin(script);
        self.run(Part::Steps, &script.steps)?;
        let proofs = self.check(script, Traces::Allowed)?;
        self.run(Part::Finish, &script.finish)?;
        self.around.observer.end();
        Ok(self.result(script, proofs))
    }

    pub(super) fn check(&mut self, script: &PersoScript, traces: Traces) -> Result<Vec<Proved>, PersoError> {
        self.run(Part::Readback, &script.readback)?;
        self.prove_all(script, traces)
    }

    pub(super) fn begin(&mut self, script: &PersoScript) {
        let total = script.steps.len() + script.readback.len() + script.proofs.len() + script.finish.len();
        self.done = 0;
        let what = crate::msg!("perso-progress", number = script.number);
        self.around.observer.begin(&what, total as u64);
    }

    pub(super) fn result(&self, script: &PersoScript, proofs: Vec<Proved>) -> Done {
        Done {
            answered: self.card.answered(),
            evidence: super::prove::evidence(script, &proofs),
            proofs,
        }
    }

    pub(super) fn advance(&mut self) {
        self.done += 1;
        self.around.observer.advance(self.done);
    }

    /// One part of a script, step by step.
    pub(super) fn run(&mut self, part: Part, steps: &[Step]) -> Result<(), PersoError> {
        for (index, step) in steps.iter().enumerate() {
            self.step(step).map_err(|fault| fault.at(part, index, step.what()))?;
            self.advance();
        }
        Ok(())
    }

    /// One step.
    pub(super) fn step(&mut self, step: &Step) -> Result<(), PersoFault> {
        match step {
            Step::Send { .. } if self.sectors.skips_writes() => Ok(()),
            Step::Send { what, apdu, accept } => Ok(self.card.send_accepting(what, apdu, accept).map(drop)?),
            Step::Authenticate {
                what,
                slot,
                challenge,
                key,
                accept,
            } => self.authenticate(what, *slot, *challenge, key, accept).map(drop),
            Step::Protected {
                what,
                apdu,
                protection,
                key,
            } => self.protected(what, apdu, *protection, key),
            Step::WriteKey {
                what,
                header,
                prefix,
                control,
                target,
            } => {
                let challenge = self.card.challenge(4)?;
                let frame = WriteKeyFrame {
                    header: *header,
                    prefix,
                };
                let record = self.keys.wrap_key(control, &challenge, frame, target)?;
                self.sealed(what, *header, record)
            }
            Step::WritePin {
                what,
                header,
                prefix,
                control,
                pin,
            } => {
                let challenge = self.card.challenge(4)?;
                let frame = WriteKeyFrame {
                    header: *header,
                    prefix,
                };
                let record = self.keys.wrap_pin(control, &challenge, frame, pin)?;
                self.sealed(what, *header, record)
            }
            Step::WriteTransportKey {
                what,
                header,
                prefix,
                key,
            } => {
                let record = self.keys.transport_record(key, prefix)?;
                Ok(self.card.send_secret(what, *header, &record)?)
            }
            Step::VerifyPin { what, slot, pin } => {
                let pin = self.keys.pin(pin)?;
                Ok(self
                    .card
                    .send_secret(what, commands::verify(*slot, &[]).header(), &pin)?)
            }
            Step::OpenSector {
                what,
                block,
                side,
                place,
                key,
            } => self.open_sector(what, (*block, *side, *place), key),
            Step::WriteTrailer {
                what,
                block,
                a,
                access,
                b,
            } => self.write_trailer(what, *block, a, *access, b),
            Step::Read {
                what,
                apdu,
                expect,
                mask,
            } => self.read(what, apdu, expect, mask),
        }
    }

    pub(super) fn authenticate(
        &mut self,
        what: &str,
        slot: u8,
        challenge: u8,
        key: &CardKey,
        accept: &[u16],
    ) -> Result<StatusWord, PersoFault> {
        let challenge = self.card.challenge(challenge)?;
        let cryptogram = self.keys.authenticate(key, &challenge)?;
        let command = commands::external_authenticate(slot, &cryptogram);
        Ok(self.card.send_accepting(what, &command, accept)?.sw)
    }

    pub(super) fn protected(
        &mut self,
        what: &str,
        apdu: &Command,
        protection: Protection,
        key: &CardKey,
    ) -> Result<(), PersoFault> {
        let mut data = match protection {
            Protection::Mac => apdu.data().to_vec(),
            Protection::EncipherAndMac => self.keys.encipher(key, &SecretBytes::new(apdu.data().to_vec()))?,
        };
        let lc = plan(u8::try_from(data.len() + 4))?;
        let input = [&apdu.header()[..], &[lc], &data].concat();
        let challenge = self.card.challenge(4)?;
        data.extend_from_slice(&self.keys.mac(key, &challenge, &input)?);
        let command = plan(Command::new(apdu.cla, apdu.ins, apdu.p1, apdu.p2).try_with_data(data))?;
        let command = match apdu.le() {
            Some(le) => command.with_le(le),
            None => command,
        };
        Ok(self.card.send(what, &command).map(drop)?)
    }

    fn sealed(&mut self, what: &str, header: [u8; 5], record: Vec<u8>) -> Result<(), PersoFault> {
        let [cla, ins, p1, p2, _] = header;
        let command = plan(Command::new(cla, ins, p1, p2).try_with_data(record))?;
        Ok(self.card.send_sealed(what, &command).map(drop)?)
    }
}

/// What the plan made cannot be sent: a fault of the plan.
pub(super) fn plan<T, E: std::fmt::Display>(made: Result<T, E>) -> Result<T, PersoFault> {
    made.map_err(|e| PersoFault::Plan { what: e.to_string() })
}

impl Step {
    /// The step's name for people.
    pub fn what(&self) -> &str {
        match self {
            Self::Send { what, .. }
            | Self::Authenticate { what, .. }
            | Self::Protected { what, .. }
            | Self::WriteKey { what, .. }
            | Self::WritePin { what, .. }
            | Self::WriteTransportKey { what, .. }
            | Self::VerifyPin { what, .. }
            | Self::OpenSector { what, .. }
            | Self::WriteTrailer { what, .. }
            | Self::Read { what, .. } => what,
        }
    }
}
