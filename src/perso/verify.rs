// SPDX-License-Identifier: Apache-2.0
//! Checking a card that was issued: everything that can be read is read, every key that can be proved without leaving a
//! trace is proved. Unlike issuing it goes on after a fault, so that one sees all of them.
//!
//! Nothing on the card changes. Left out are proofs with a trace, the balance, and the PIN unblock and reload keys: their
//! proofs would set back a PIN that the holder has chosen. A holder's own PIN shows at the first proof that needs the
//! initial one; it costs one try, and the rest of those proofs is left out.

use super::execute::Executor;
use super::fault::{Part, PersoError, PersoFault};
use super::script::{PersoScript, Proof, ProofKind, Step};

/// How one check went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// As it should be.
    Good,
    /// Not carried out, and why: a word of `verify-left-out-…` in the catalogue.
    LeftOut(&'static str),
    /// Not as it should be.
    Wrong(PersoFault),
}

/// One check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checked {
    /// Reading back, or proofs.
    pub part: Part,
    /// What was checked.
    pub what: String,
    /// How it went.
    pub verdict: Verdict,
}

impl Executor<'_, '_> {
    /// Checks a card against its script. Fails only if the card is lost or the key store is at fault.
    pub fn verify(&mut self, script: &PersoScript) -> Result<Vec<Checked>, PersoError> {
        let mut all = Vec::new();
        let mut own_pin = false;
        if script.of_sectors() {
            self.expect_own_sectors(script);
        }
        for (index, step) in script.readback.iter().enumerate() {
            if moves_in_use(step) {
                continue;
            }
            let wrong = match self.step(step) {
                Ok(()) => None,
                Err(fault) => Some(stop_if_lost(fault, Part::Readback, index, step.what())?),
            };
            own_pin |= wrong.is_some() && matches!(step, Step::VerifyPin { .. });
            let reads = matches!(step, Step::Read { .. });
            if reads || wrong.is_some() {
                let verdict = wrong.map_or(Verdict::Good, Verdict::Wrong);
                all.push(Checked {
                    part: Part::Readback,
                    what: step.what().to_owned(),
                    verdict,
                });
            }
        }
        for (index, proof) in script.proofs.iter().enumerate() {
            let verdict = match left_out(proof, own_pin) {
                Some(why) => Verdict::LeftOut(why),
                None => match self.prove(proof) {
                    Ok(()) => Verdict::Good,
                    Err(PersoFault::WrongPin) => {
                        own_pin = true;
                        Verdict::LeftOut("own-pin")
                    }
                    Err(fault) => Verdict::Wrong(stop_if_lost(fault, Part::Proofs, index, &proof.what)?),
                },
            };
            all.push(Checked {
                part: Part::Proofs,
                what: proof.what.clone(),
                verdict,
            });
        }
        Ok(all)
    }
}

/// The balance of a card in use is not what it was at its issue.
fn moves_in_use(step: &Step) -> bool {
    matches!(step, Step::Read { apdu, .. } if apdu.ins == 0x5C)
}

fn stop_if_lost(fault: PersoFault, part: Part, index: usize, what: &str) -> Result<PersoFault, PersoError> {
    match fault {
        PersoFault::Card(ref e) if !e.is_lost() => Ok(fault),
        PersoFault::Differs { .. } | PersoFault::NotProved { .. } => Ok(fault),
        fault => Err(fault.at(part, index, what)),
    }
}

fn left_out(proof: &Proof, own_pin: bool) -> Option<&'static str> {
    match &proof.how {
        ProofKind::NotProvable { .. } => Some("not-provable"),
        ProofKind::PinUnblock { .. } | ProofKind::PinReload { .. } => Some("sets-pin"),
        ProofKind::LoadMac1 { pin: Some(_), .. }
        | ProofKind::UnloadMac1 { pin: Some(_), .. }
        | ProofKind::OverdraftMac1 { pin: Some(_), .. }
            if own_pin =>
        {
            Some("own-pin")
        }
        how => how.trace().map(|_| "trace"),
    }
}
