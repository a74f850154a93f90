// SPDX-License-Identifier: Apache-2.0
//! Proving that each key on a card is the one that the ledger will name: the card and the key store compute the same value,
//! or the card accepts a value of the key store.
//!
//! Proofs of one kind change nothing on the card; a zero purchase and a PSAM's purchase leave a trace (a counter, a log
//! record), which is recorded with the proof. docs/personalisation.md lists the kinds.

use serde::Serialize;

use super::execute::{Executor, plan};
use super::fault::{Part, PersoError, PersoFault};
use super::script::{PersoScript, Proof, ProofKind, Protection};
use crate::card::commands::{self, CipherMode, Purse};
use crate::card::{isam, psam, purse};
use crate::crypto::purse::{Amount, Terminal, TxnType};
use crate::crypto::purse_transaction::{LoadTransaction, OverdraftUpdate, PurchaseTransaction, UnloadTransaction};
use crate::crypto::{Algorithm, Challenge, Digest, padding};
use crate::keys::CardKey;

/// Whether proofs that leave a trace on the card are carried out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Traces {
    /// Yes: the card is being issued.
    Allowed,
    /// No: an issued card is looked at.
    Avoided,
}

/// How one key was proved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Proved {
    /// The key, as the template calls it.
    pub what: String,
    /// The kind of proof.
    pub how: &'static str,
    /// What it left on the card.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trace: Option<&'static str>,
    /// Whether it was carried out: not for keys that cannot be proved, nor for proofs with a trace on an issued card.
    pub done: bool,
}

/// Terminal number of proof transactions: no terminal has it.
pub const PROOF_TERMINAL: Terminal = Terminal([0; 6]);

/// The load that INITIALIZE FOR LOAD is asked about, in fen. It is never carried out.
const PROOF_LOAD: Amount = Amount(1);

impl ProofKind {
    /// The kind's name, as in the script.
    pub fn name(&self) -> &'static str {
        match self {
            Self::ExternalAuthentication { .. } => "external-authentication",
            Self::InternalAuthentication { .. } => "internal-authentication",
            Self::ProtectedWrite { .. } => "protected-write",
            Self::LoadMac1 { .. } => "load-mac1",
            Self::UnloadMac1 { .. } => "unload-mac1",
            Self::OverdraftMac1 { .. } => "overdraft-mac1",
            Self::ZeroPurchase { .. } => "zero-purchase",
            Self::PinUnblock { .. } => "pin-unblock",
            Self::PinReload { .. } => "pin-reload",
            Self::PsamPurchase { .. } => "psam-purchase",
            Self::PsamCipher { .. } => "psam-cipher",
            Self::IsamLoad { .. } => "isam-load",
            Self::IsamTac { .. } => "isam-tac",
            Self::NotProvable { .. } => "not-provable",
        }
    }

    /// What it leaves on the card.
    pub fn trace(&self) -> Option<&'static str> {
        match self {
            Self::ZeroPurchase { .. } => Some("offline-counter-and-log"),
            Self::PsamPurchase { .. } => Some("terminal-counter"),
            _ => None,
        }
    }
}

/// The proofs of a finished card: those with a trace were carried out before the end began, or it would not have begun.
pub(super) fn as_issued(script: &PersoScript, proofs: Vec<Proved>) -> Vec<Proved> {
    let recorded = |(proof, proved): (&Proof, Proved)| match proof.how.trace() {
        Some(trace) => Proved {
            trace: Some(trace),
            done: true,
            ..proved
        },
        None => proved,
    };
    script.proofs.iter().zip(proofs).map(recorded).collect()
}

fn eights(factors: &[u8]) -> Vec<[u8; 8]> {
    factors.as_chunks().0.to_vec()
}

/// SHA-256 over what was read back and how each key was proved.
pub(super) fn evidence(script: &PersoScript, proofs: &[Proved]) -> Digest {
    let said = serde_json::json!({"readback": script.readback, "proofs": proofs});
    Digest::of(&[said.to_string().as_bytes()])
}

impl Executor<'_, '_> {
    pub(super) fn prove_all(&mut self, script: &PersoScript, traces: Traces) -> Result<Vec<Proved>, PersoError> {
        let mut proved = Vec::with_capacity(script.proofs.len());
        for (index, proof) in script.proofs.iter().enumerate() {
            let trace = proof.how.trace();
            let left_out = trace.is_some() && traces == Traces::Avoided;
            let done = !left_out && !matches!(proof.how, ProofKind::NotProvable { .. });
            if done {
                self.prove(proof)
                    .map_err(|fault| fault.at(Part::Proofs, index, &proof.what))?;
            }
            let (what, how) = (proof.what.clone(), proof.how.name());
            proved.push(Proved {
                what,
                how,
                trace: trace.filter(|_| done),
                done,
            });
            self.advance();
        }
        Ok(proved)
    }

    /// One proof. A wrong key shows as [`PersoFault::NotProved`], whether the card or the host noticed.
    pub(super) fn prove(&mut self, proof: &Proof) -> Result<(), PersoFault> {
        for step in &proof.select {
            self.step(step)?;
        }
        let wrong = || PersoFault::NotProved {
            what: proof.what.clone(),
            how: proof.how.name(),
        };
        match self.attempt(proof) {
            Ok(true) => Ok(()),
            Ok(false) => Err(wrong()),
            Err(PersoFault::Card(e)) if e.is_wrong_key() => Err(wrong()),
            Err(other) => Err(other),
        }
    }

    fn attempt(&mut self, proof: &Proof) -> Result<bool, PersoFault> {
        let what = proof.what.as_str();
        match &proof.how {
            ProofKind::ExternalAuthentication { slot, challenge, key } => {
                self.authenticate(what, *slot, *challenge, key, &[]).map(|_| true)
            }
            ProofKind::InternalAuthentication { slot, key } => self.internal(what, *slot, key),
            ProofKind::ProtectedWrite { apdu, protection, key } => {
                self.protected(what, apdu, *protection, key).map(|()| true)
            }
            ProofKind::LoadMac1 { purse, index, key, pin } => {
                self.present(pin.as_ref())?;
                self.load_mac1(purse::purse_of(*purse), *index, key)
            }
            ProofKind::UnloadMac1 { index, key, pin } => {
                self.present(pin.as_ref())?;
                self.unload_mac1(*index, key)
            }
            ProofKind::OverdraftMac1 { index, key, pin } => {
                self.present(pin.as_ref())?;
                self.overdraft_mac1(*index, key)
            }
            ProofKind::ZeroPurchase {
                purse,
                index,
                purchase,
                tac,
                security_code,
            } => self.zero_purchase(purse::purse_of(*purse), *index, (purchase, tac), *security_code),
            ProofKind::PinUnblock { parameters, key, pin } => {
                let cipher = self.keys.encipher_pin(key, pin)?;
                let apdu = commands::pin_unblock(*parameters, &cipher);
                self.protected(what, &apdu, Protection::Mac, key).map(|()| true)
            }
            ProofKind::PinReload { slot, key, pin } => {
                let data = self.keys.reload_pin(key, pin)?;
                self.card
                    .send_secret(what, commands::reload_pin(*slot, &[]).header(), &data)?;
                Ok(true)
            }
            ProofKind::PsamPurchase {
                version,
                algorithm_byte,
                algorithm: _,
                factors,
                key,
                terminal,
            } => self.psam_purchase(*version, *algorithm_byte, factors, key, Terminal(*terminal)),
            ProofKind::PsamCipher {
                usage,
                id,
                factors,
                mode,
                key,
            } => self.psam_cipher([*usage, *id], factors, *mode, key),
            ProofKind::IsamLoad {
                usage,
                id,
                factors,
                key,
                terminal,
            } => self.isam_load([*usage, *id], factors, key, Terminal(*terminal)),
            ProofKind::IsamTac {
                usage,
                id,
                factors,
                key,
                terminal,
            } => self.isam_tac([*usage, *id], factors, key, Terminal(*terminal)),
            ProofKind::NotProvable { .. } => Ok(true),
        }
    }

    fn present(&mut self, pin: Option<&(u8, String)>) -> Result<(), PersoFault> {
        if let Some((slot, name)) = pin {
            let pin = self.keys.pin(name)?;
            purse::verify_pin(self.card, *slot, &pin).map_err(|e| {
                if e.is_wrong_key() {
                    PersoFault::WrongPin
                } else {
                    e.into()
                }
            })?;
        }
        Ok(())
    }

    fn internal(&mut self, what: &str, slot: u8, key: &CardKey) -> Result<bool, PersoFault> {
        let mut data = vec![0; key.path().key.algorithm.block()];
        self.around.random.fill(&mut data)?;
        let answer = self.card.send(what, &commands::internal_authenticate(slot, &data))?;
        Ok(answer == self.keys.encrypt(key, &data)?)
    }

    fn load_mac1(&mut self, purse: Purse, index: u8, key: &CardKey) -> Result<bool, PersoFault> {
        let init = purse::initialize_for_load(self.card, purse, index, PROOF_LOAD, PROOF_TERMINAL)?;
        let load = LoadTransaction {
            kind: purse::load_type(purse),
            balance: init.balance,
            amount: PROOF_LOAD,
            terminal: PROOF_TERMINAL,
            random: init.random,
            counter: init.counter,
            at: self.around.at,
        };
        self.is_mac(key, load.session_seed(), &load.mac1_data(), init.mac1)
    }

    fn unload_mac1(&mut self, index: u8, key: &CardKey) -> Result<bool, PersoFault> {
        let init = purse::initialize_for_unload(self.card, index, Amount(0), PROOF_TERMINAL)?;
        let unload = UnloadTransaction {
            balance: init.balance,
            amount: Amount(0),
            terminal: PROOF_TERMINAL,
            random: init.random,
            counter: init.counter,
            at: self.around.at,
        };
        self.is_mac(key, unload.session_seed(), &unload.mac1_data(), init.mac1)
    }

    fn overdraft_mac1(&mut self, index: u8, key: &CardKey) -> Result<bool, PersoFault> {
        let init = purse::initialize_for_update(self.card, index, PROOF_TERMINAL)?;
        let update = OverdraftUpdate {
            balance: init.balance,
            old_limit: init.limit,
            new_limit: init.limit,
            terminal: PROOF_TERMINAL,
            random: init.random,
            counter: init.counter,
            at: self.around.at,
        };
        self.is_mac(key, update.session_seed(), &update.mac1_data(), init.mac1)
    }

    fn is_mac(&self, key: &CardKey, seed: [u8; 8], data: &[u8], given: [u8; 4]) -> Result<bool, PersoFault> {
        Ok(self.keys.transaction_macs(key, &seed, &[data])? == [given])
    }

    fn zero_purchase(
        &mut self,
        purse: Purse,
        index: u8,
        (purchase, tac): (&CardKey, &CardKey),
        security_code: bool,
    ) -> Result<bool, PersoFault> {
        let security_code = if security_code {
            Some(purse::security_code(self.card)?)
        } else {
            None
        };
        let init = purse::initialize_for_purchase(self.card, purse, index, Amount(0), PROOF_TERMINAL)?;
        let txn = PurchaseTransaction {
            kind: purse::purchase_type(purse),
            amount: Amount(0),
            terminal: PROOF_TERMINAL,
            terminal_counter: 0,
            random: init.random,
            counter: init.counter,
            at: self.around.at,
            security_code,
        };
        let (mac1_data, mac2_data) = (txn.mac1_data(), txn.mac2_data());
        let macs = self
            .keys
            .transaction_macs(purchase, &txn.session_seed(), &[&mac1_data, &mac2_data])?;
        let [mac1, mac2] = macs[..] else { return Ok(false) };
        let (card_tac, card_mac2) = purse::debit_for_purchase(self.card, 0, self.around.at, mac1)?;
        Ok(card_mac2 == mac2 && card_tac == self.keys.tac(tac, &txn.tac_data())?)
    }

    fn psam_purchase(
        &mut self,
        version: u8,
        algorithm: u8,
        factors: &[u8],
        key: &CardKey,
        terminal: Terminal,
    ) -> Result<bool, PersoFault> {
        let mut random = [0; 6];
        self.around.random.fill(&mut random)?;
        let [first @ .., high, low] = random;
        let asked = psam::PsamPurchase {
            random: first,
            counter: u16::from_be_bytes([high, low]),
            amount: Amount(0),
            kind: TxnType::PURCHASE_EP,
            at: self.around.at,
            version,
            algorithm,
            factors: eights(factors),
        };
        let (terminal_counter, mac1) = psam::init_for_purchase(self.card, &asked)?;
        let txn = PurchaseTransaction {
            kind: asked.kind,
            amount: asked.amount,
            terminal,
            terminal_counter,
            random: asked.random,
            counter: asked.counter,
            at: asked.at,
            security_code: None,
        };
        let (mac1_data, mac2_data) = (txn.mac1_data(), txn.mac2_data());
        let macs = self
            .keys
            .transaction_macs(key, &txn.session_seed(), &[&mac1_data, &mac2_data])?;
        let [own, mac2] = macs[..] else { return Ok(false) };
        if own != mac1 {
            return Ok(false);
        }
        psam::credit_for_purchase(self.card, mac2)?;
        Ok(true)
    }

    fn psam_cipher(
        &mut self,
        [usage, id]: [u8; 2],
        factors: &[u8],
        mode: u8,
        key: &CardKey,
    ) -> Result<bool, PersoFault> {
        let algorithm = key.path().key.algorithm;
        let mut data = vec![0; algorithm.block()];
        self.around.random.fill(&mut data)?;
        psam::derive(self.card, usage, id, &eights(factors))?;
        if mode != CipherMode::MacWithStart.byte() {
            let answer = psam::cipher(self.card, CipherMode::Encipher, &data)?;
            return Ok(answer == self.keys.encrypt(key, &data)?);
        }
        let mut start = [0; 8];
        self.around.random.fill(&mut start)?;
        let start = Challenge::from(start);
        let iv = match algorithm {
            Algorithm::Tdes => start.iv8().to_vec(),
            Algorithm::Sm4 => start.iv16().to_vec(),
        };
        let sent = [iv, padding::pad80(&data, algorithm.block())].concat();
        let answer = psam::cipher(self.card, CipherMode::MacWithStart, &sent)?;
        Ok(answer == self.keys.mac(key, &start, &data)?)
    }

    fn isam_load(
        &mut self,
        [usage, id]: [u8; 2],
        factors: &[u8],
        key: &CardKey,
        terminal: Terminal,
    ) -> Result<bool, PersoFault> {
        let load = self.invented_load(terminal)?;
        let (seed, mac1, mac2) = (load.session_seed(), load.mac1_data(), load.mac2_data());
        let inputs: [&[u8]; 2] = [&mac1, &mac2];
        let right = self.keys.transaction_macs(key, &seed, &inputs)?;
        let module = isam_key(usage, id, key, &eights(factors), |k| {
            isam::load_macs(self.card, k, &seed, &inputs)
        })?;
        Ok(module == right)
    }

    fn isam_tac(
        &mut self,
        [usage, id]: [u8; 2],
        factors: &[u8],
        key: &CardKey,
        terminal: Terminal,
    ) -> Result<bool, PersoFault> {
        let load = self.invented_load(terminal)?;
        let data = plan(load.tac_data())?;
        let right = self.keys.tac(key, &data)?;
        let module = isam_key(usage, id, key, &eights(factors), |k| isam::tac(self.card, k, &data))?;
        Ok(module == right)
    }

    /// A load of a card that does not exist, at this SAM's terminal.
    fn invented_load(&mut self, terminal: Terminal) -> Result<LoadTransaction, PersoFault> {
        let mut random = [0; 6];
        self.around.random.fill(&mut random)?;
        let [first @ .., high, low] = random;
        Ok(LoadTransaction {
            kind: TxnType::LOAD_EP,
            balance: Amount(0),
            amount: PROOF_LOAD,
            terminal,
            random: first,
            counter: u16::from_be_bytes([high, low]),
            at: self.around.at,
        })
    }
}

/// Asks a load SAM with the key of a slot.
fn isam_key<T>(
    usage: u8,
    id: u8,
    key: &CardKey,
    factors: &[[u8; 8]],
    ask: impl FnOnce(&isam::IsamKey<'_>) -> Result<T, crate::card::CardError>,
) -> Result<T, PersoFault> {
    let algorithm = key.path().key.algorithm;
    Ok(ask(&isam::IsamKey {
        usage,
        id,
        algorithm,
        factors,
    })?)
}
