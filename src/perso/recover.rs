// SPDX-License-Identifier: Apache-2.0
//! Putting a card right that was torn away: what the chip itself says decides, and the same steps as in a normal run are
//! taken.
//!
//! | the chip lets in | then |
//! |---|---|
//! | the transport key, or anybody for want of a key | from the first step: what stands on it is erased or overwritten |
//! | its own control key, and everything reads back and proves | it had been finished: only the end is made sure |
//! | its own control key, preset files | written on under its own control key |
//! | neither | dead: scrapped |
//!
//! At most one wrong cryptogram for each of the two keys is sent; the right one restores the chip's try counter.

use super::execute::{Done, Executor};
use super::fault::{Part, PersoError, PersoFault};
use super::prove::Traces;
use super::script::{PersoScript, Step};
use crate::keys::{CardKey, KeyPath};

/// What the chip lets in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ChipState {
    /// The transport key.
    Open,
    /// Anybody: it has no key.
    Empty,
    /// Its own control key.
    Own,
    /// Neither; what it answered.
    Closed(PersoError),
}

/// A control key on the card and how to authenticate with it.
struct Control {
    key: CardKey,
    slot: u8,
    challenge: u8,
}

impl PersoScript {
    /// The steps that open a blank: up to the last authentication before anything is written.
    fn entry(&self) -> &[Step] {
        let authenticates = |s: &Step| matches!(s, Step::Authenticate { .. });
        let first = self.steps.iter().position(authenticates).unwrap_or(0);
        let more = self.steps[first..].iter().take_while(|s| authenticates(s)).count();
        &self.steps[..first + more]
    }

    fn transport(&self) -> Option<Control> {
        self.entry().iter().rev().find_map(|step| match step {
            Step::Authenticate {
                slot, challenge, key, ..
            } => Some(Control {
                key: key.clone(),
                slot: *slot,
                challenge: *challenge,
            }),
            _ => None,
        })
    }

    /// The control key that takes the transport key's place: authenticated with at the end, or, where it comes first, the
    /// one that is written under the transport key and wraps others.
    fn own_control(&self) -> Option<Control> {
        let transport = self.transport()?;
        let at_the_end = self.finish.iter().find_map(|step| match step {
            Step::Authenticate {
                slot, challenge, key, ..
            } if *key != transport.key => Some(Control {
                key: key.clone(),
                slot: *slot,
                challenge: *challenge,
            }),
            _ => None,
        });
        at_the_end.or_else(|| {
            self.steps.iter().find_map(|step| match step {
                Step::WriteKey {
                    control,
                    target,
                    header,
                    ..
                } if *control == transport.key => {
                    let key = self.wrapping_key(target)?;
                    Some(Control {
                        key,
                        slot: header[3],
                        challenge: transport.challenge,
                    })
                }
                _ => None,
            })
        })
    }

    /// The key of that path, if it wraps others.
    fn wrapping_key(&self, path: &KeyPath) -> Option<CardKey> {
        let steps = self.steps.iter().chain(&self.finish);
        let mut controls = steps.filter_map(|step| match step {
            Step::WriteKey { control, .. } | Step::WritePin { control, .. } => Some(control),
            _ => None,
        });
        controls.find(|control| control.path() == path).cloned()
    }

    /// How many of the steps make an erased card a blank again, with the transport key in it. `None`: it is not erased.
    fn blank_again(&self) -> Option<usize> {
        let first = self
            .steps
            .iter()
            .position(|s| matches!(s, Step::WriteTransportKey { .. }));
        first.filter(|_| self.erases()).map(|index| index + 1)
    }

    /// Whether the script empties the card before it builds.
    fn erases(&self) -> bool {
        self.steps
            .iter()
            .any(|s| matches!(s, Step::Send { apdu, .. } if apdu.header() == [0x80, 0x0E, 0, 0]))
    }
}

impl Executor<'_, '_> {
    /// Opens a blank with the transport key; writes nothing.
    pub fn open(&mut self, script: &PersoScript) -> Result<ChipState, PersoError> {
        if script.of_sectors() {
            return self.open_first_sector(script);
        }
        let mut state = ChipState::Empty;
        for (index, step) in script.entry().iter().enumerate() {
            let done = match step {
                Step::Authenticate {
                    what,
                    slot,
                    challenge,
                    key,
                    accept,
                } => self.authenticate(what, *slot, *challenge, key, accept).map(|sw| {
                    if sw.is_ok() {
                        state = ChipState::Open;
                    }
                }),
                step => self.step(step),
            };
            done.map_err(|fault| fault.at(Part::Entry, index, step.what()))?;
        }
        Ok(state)
    }

    /// Finds out what the chip lets in; writes nothing.
    pub fn examine(&mut self, script: &PersoScript) -> Result<ChipState, PersoError> {
        if script.of_sectors() {
            return self.examine_sectors(script);
        }
        match self.open(script) {
            Ok(state) => return Ok(state),
            Err(e) if !is_refused(&e.fault) => return Err(e),
            Err(e) if locked(&e.fault) => return Ok(ChipState::Closed(e)),
            Err(_) => (),
        }
        let Some(own) = script.own_control() else {
            return Ok(ChipState::Own);
        };
        let what = "EXTERNAL AUTHENTICATE own control key";
        match self.authenticate(what, own.slot, own.challenge, &own.key, &[]) {
            Ok(_) => Ok(ChipState::Own),
            Err(fault) if is_refused(&fault) => Ok(ChipState::Closed(fault.at(Part::Entry, 0, what))),
            Err(fault) => Err(fault.at(Part::Entry, 0, what)),
        }
    }

    /// Brings a card to its end from whatever state a torn run has left it in.
    pub fn resume(&mut self, script: &PersoScript) -> Result<Done, PersoError> {
        match self.examine(script)? {
            ChipState::Open | ChipState::Own if script.of_sectors() => self.resume_sectors(script),
            ChipState::Open => self.issue(script),
            ChipState::Empty => {
                self.lay_first_key(script)?;
                self.issue(script)
            }
            ChipState::Own => self.complete(script),
            ChipState::Closed(e) => Err(e.dead()),
        }
    }

    /// A key file was created and its first key was not written: nobody could open the card to empty it. The key file takes
    /// the transport key, whose add right is free; a card without key file refuses it and is open anyway.
    fn lay_first_key(&mut self, script: &PersoScript) -> Result<(), PersoError> {
        let first = script
            .steps
            .iter()
            .position(|s| matches!(s, Step::WriteTransportKey { .. }));
        let Some(index) = first else { return Ok(()) };
        let step = &script.steps[index];
        match self.step(step) {
            Err(fault) if !matches!(&fault, PersoFault::Card(e) if e.status().is_some()) => {
                Err(fault.at(Part::Steps, index, step.what()))
            }
            _ => Ok(()),
        }
    }

    /// Empties a card that is not finished: afterwards it opens as a blank does. Refused where a script does not erase, and for a
    /// card that has its own control key: it may be finished.
    pub fn empty(&mut self, script: &PersoScript) -> Result<(), PersoError> {
        let other = |what: &str| PersoFault::Other { what: what.to_owned() }.at(Part::Entry, 0, what);
        if script.of_sectors() {
            return match self.examine(script)? {
                ChipState::Open | ChipState::Empty => self.empty_sectors(script),
                ChipState::Own => Err(other("own sector keys")),
                ChipState::Closed(e) => Err(e.dead()),
            };
        }
        let Some(until) = script.blank_again() else {
            return Err(other("ERASE DF"));
        };
        match self.examine(script)? {
            ChipState::Open => self.run(Part::Steps, &script.steps[..until]),
            ChipState::Empty => {
                self.lay_first_key(script)?;
                self.run(Part::Steps, &script.steps[..until])
            }
            ChipState::Own => Err(other("own control key")),
            ChipState::Closed(e) => Err(e.dead()),
        }
    }

    /// Empties an issued card under its own control key, of which `script` is the plan: afterwards it opens as a blank does.
    pub fn reclaim(&mut self, script: &PersoScript) -> Result<(), PersoError> {
        if script.of_sectors() {
            return self.empty_sectors(script);
        }
        let until = script.blank_again().unwrap_or(0);
        self.steps_under_own_key(script, Part::Steps, &script.steps[..until])
    }

    /// A card that has its own control key: all there, or written on.
    fn complete(&mut self, script: &PersoScript) -> Result<Done, PersoError> {
        self.begin(script);
        match self.run(Part::Readback, &script.readback) {
            Ok(()) => (),
            Err(e) if e.fault.is_lost() => return Err(e),
            // Only a card with preset files is not erased with its own key: nothing of it was in use before.
            Err(e) if script.erases() => {
                return Err(PersoFault::Other {
                    what: e.at.what.clone(),
                }
                .at(e.at.part, e.at.index, &e.at.what));
            }
            Err(_) => return self.write_on(script),
        }
        // Proofs with a trace were carried out before the end began, or the card is not in use yet and bears one more.
        let traces = if script.erases() {
            Traces::Avoided
        } else {
            Traces::Allowed
        };
        let proofs = match self.prove_all(script, traces) {
            Ok(proofs) => proofs,
            Err(e) if e.fault.is_lost() || script.erases() => return Err(e),
            Err(_) => return self.write_on(script),
        };
        self.end(script)?;
        self.around.observer.end();
        Ok(self.result(script, super::prove::as_issued(script, proofs)))
    }

    /// The steps of a card with preset files again, opened with its own control key; control keys that are in place are
    /// left there.
    fn write_on(&mut self, script: &PersoScript) -> Result<Done, PersoError> {
        self.begin(script);
        self.steps_under_own_key(script, Part::Steps, &script.steps)?;
        let proofs = self.check(script, Traces::Allowed)?;
        self.end(script)?;
        self.around.observer.end();
        Ok(self.result(script, proofs))
    }

    fn end(&mut self, script: &PersoScript) -> Result<(), PersoError> {
        if script.erases() {
            return self.steps_under_own_key(script, Part::Finish, &script.finish);
        }
        for (index, step) in script.finish.iter().enumerate() {
            match self.step(step) {
                // A card that was ended before refuses to be ended again: 6985.
                Err(fault) if fault.status().is_some_and(|sw| sw.0 == 0x6985) => (),
                other => other.map_err(|fault| fault.at(Part::Finish, index, step.what()))?,
            }
        }
        Ok(())
    }

    fn steps_under_own_key(&mut self, script: &PersoScript, part: Part, steps: &[Step]) -> Result<(), PersoError> {
        let (Some(transport), Some(own)) = (script.transport(), script.own_control()) else {
            return self.run(part, steps);
        };
        for (index, step) in steps.iter().enumerate() {
            let result = match step {
                Step::Authenticate { what, key, .. } if *key == transport.key => self
                    .authenticate(what, own.slot, own.challenge, &own.key, &[])
                    .map(drop),
                Step::WriteKey {
                    what, header, target, ..
                } => match script.control_at(target, &own) {
                    Some(key) if self.in_place(what, header[3], own.challenge, &key)? => Ok(()),
                    _ => self.step(step),
                },
                step => self.step(step),
            };
            result.map_err(|fault| fault.at(part, index, step.what()))?;
            self.advance();
        }
        Ok(())
    }

    /// Whether a control key stands where it belongs already: it lets itself in.
    fn in_place(&mut self, what: &str, slot: u8, challenge: u8, key: &CardKey) -> Result<bool, PersoError> {
        match self.authenticate(what, slot, challenge, key, &[]) {
            Ok(_) => Ok(true),
            Err(fault) if is_refused(&fault) => Ok(false),
            Err(fault) => Err(fault.at(Part::Entry, 0, what)),
        }
    }
}

impl PersoError {
    /// A card that lets nobody in.
    #[must_use]
    pub fn dead(self) -> Self {
        let sw = self.fault.status().map(|sw| sw.to_string()).unwrap_or_default();
        PersoFault::Dead { sw }.at(Part::Entry, self.at.index, &self.at.what)
    }
}

impl PersoScript {
    fn control_at(&self, target: &KeyPath, own: &Control) -> Option<CardKey> {
        if own.key.path() == target {
            Some(own.key.clone())
        } else {
            self.wrapping_key(target)
        }
    }
}

/// The card is there and did not accept the key, or has none.
pub(super) fn is_refused(fault: &PersoFault) -> bool {
    fault
        .status()
        .is_some_and(|sw| sw.sw1() == 0x63 || matches!(sw.0, 0x6983 | 0x6982 | 0x6988 | 0x6A82 | 0x6A88 | 0x9302))
}

fn locked(fault: &PersoFault) -> bool {
    fault.status().is_some_and(|sw| matches!(sw.0, 0x6983 | 0x63C0))
}
