// SPDX-License-Identifier: Apache-2.0
//! A script for people to read: every command as it will be sent, with the names of secrets in angle brackets instead of
//! anything that comes from them. Technical text, the same in every language.

use super::script::{PersoScript, Proof, ProofKind, Protection, Step};
use crate::card::commands::KeySide;
use crate::iso7816::Command;
use crate::keys::{CardKey, KeyId, KeyPath, SectorKey};

/// One command of a step.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Line {
    /// Name of the step; empty where the line belongs to the one before.
    pub what: String,
    /// The command, with names for what depends on secrets.
    pub command: String,
    /// What must come, or may come.
    pub answer: String,
}

/// Names keys from the point of view of one card.
pub struct Explainer {
    last_factor: String,
}

impl Explainer {
    /// For a script's card.
    pub fn new(script: &PersoScript) -> Self {
        let number = script.number.as_str();
        Self {
            last_factor: number
                .get(number.len().saturating_sub(16)..)
                .unwrap_or(number)
                .to_owned(),
        }
    }

    /// A key by name: `load v1 of this card`, `purchase v1 of ministry`.
    pub fn key(&self, path: &KeyPath) -> String {
        let KeyId {
            usage,
            version,
            algorithm,
            owner,
        } = &path.key;
        let whose = match path.factors.last() {
            None => owner.to_string(),
            Some(last) if last.to_string().eq_ignore_ascii_case(&self.last_factor) => "this card".to_owned(),
            Some(last) => format!("{owner} for {last}"),
        };
        format!("{usage} v{version} {algorithm} of {whose}")
    }

    fn card(&self, key: &CardKey) -> String {
        self.key(key.path())
    }

    /// The commands of a step.
    pub fn step(&self, step: &Step) -> Vec<Line> {
        match step {
            Step::Send { what, apdu, accept } => vec![line(what, hex(&apdu.to_bytes()), &answers(accept))],
            Step::Authenticate {
                what,
                slot,
                challenge,
                key,
                accept,
            } => vec![
                line(what, format!("00840000{challenge:02X}"), "challenge, 9000"),
                line(
                    "",
                    format!("008200{slot:02X}08 <challenge under {}>", self.card(key)),
                    &answers(accept),
                ),
            ],
            Step::Protected {
                what,
                apdu,
                protection,
                key,
            } => {
                vec![
                    challenge(what),
                    line("", self.protected(apdu, *protection, key), "9000"),
                ]
            }
            Step::WriteKey {
                what,
                header,
                prefix,
                control,
                target,
            } => {
                let record = format!("{} ‖ {}", hex(prefix), self.key(target));
                vec![
                    challenge(what),
                    line("", self.wrapped(*header, &record, control), "9000"),
                ]
            }
            Step::WritePin {
                what,
                header,
                prefix,
                control,
                pin,
            } => {
                let record = format!("{} ‖ initial PIN {pin}", hex(prefix));
                vec![
                    challenge(what),
                    line("", self.wrapped(*header, &record, control), "9000"),
                ]
            }
            Step::WriteTransportKey {
                what,
                header,
                prefix,
                key,
            } => {
                let length = prefix.len() + 16;
                let command = format!("{}{length:02X} {} <{}>", hex(header), hex(prefix), self.card(key));
                vec![line(what, command, "9000")]
            }
            Step::VerifyPin { what, slot, pin } => {
                vec![line(what, format!("002000{slot:02X} <initial PIN {pin}>"), "9000")]
            }
            Step::OpenSector {
                what,
                block,
                side,
                place,
                key,
            } => vec![
                line(
                    what,
                    format!("FF8200{place:02X}06 <{}>", self.sector(key, *side)),
                    "9000",
                ),
                line(
                    "",
                    hex(&crate::card::commands::general_authenticate(*block, *side, *place).to_bytes()),
                    "9000",
                ),
            ],
            Step::WriteTrailer {
                what,
                block,
                a,
                access,
                b,
            } => {
                let (a, b) = (self.sector(a, KeySide::A), self.sector(b, KeySide::B));
                let command = format!("FFD600{block:02X}10 <{a}> {} <{b}>", hex(access));
                vec![line(what, command, "9000")]
            }
            Step::Read { what, apdu, expect, .. } => {
                vec![line(what, hex(&apdu.to_bytes()), &format!("{} 9000", hex(expect)))]
            }
        }
    }

    fn sector(&self, key: &SectorKey, side: KeySide) -> String {
        match &key.block {
            Some(block) => format!("key {side:?}: 6 bytes of {} under {}", hex(block), self.card(&key.key)),
            None => format!("key {side:?}: 6 bytes of {}", self.card(&key.key)),
        }
    }

    fn protected(&self, apdu: &Command, protection: Protection, key: &CardKey) -> String {
        let name = self.card(key);
        let header = hex(&apdu.header());
        match protection {
            Protection::Mac => {
                let lc = apdu.data().len() + 4;
                format!("{header}{lc:02X} {} <MAC under {name}>", hex(apdu.data()))
            }
            Protection::EncipherAndMac => {
                let lc = (apdu.data().len() + 1).next_multiple_of(8) + 4;
                format!("{header}{lc:02X} <{} enciphered, MAC under {name}>", hex(apdu.data()))
            }
        }
    }

    fn wrapped(&self, header: [u8; 5], record: &str, control: &CardKey) -> String {
        format!("{} <{record}; wrapped under {}>", hex(&header), self.card(control))
    }

    /// How a key is proved.
    pub fn proof(&self, proof: &Proof) -> Line {
        let (command, answer) = match &proof.how {
            ProofKind::ExternalAuthentication { slot, key, .. } => (
                format!("008200{slot:02X}08 <challenge under {}>", self.card(key)),
                "9000".to_owned(),
            ),
            ProofKind::InternalAuthentication { slot, key } => (
                format!("008800{slot:02X} random"),
                format!("<random under {}>", self.card(key)),
            ),
            ProofKind::ProtectedWrite { apdu, protection, key } => (
                self.protected(apdu, *protection, key),
                "9000; writes what is there".to_owned(),
            ),
            ProofKind::LoadMac1 { purse, index, key, .. } => (
                format!("805000{purse:02X} index {index:02X}"),
                format!("<MAC1 under {}>", self.card(key)),
            ),
            ProofKind::UnloadMac1 { index, key, .. } => (
                format!("80500501 index {index:02X}"),
                format!("<MAC1 under {}>", self.card(key)),
            ),
            ProofKind::OverdraftMac1 { index, key, .. } => (
                format!("80500401 index {index:02X}"),
                format!("<MAC1 under {}>", self.card(key)),
            ),
            ProofKind::ZeroPurchase {
                purse,
                index,
                purchase,
                tac,
                ..
            } => (
                format!(
                    "805001{purse:02X} index {index:02X}, amount 0; 80540100 <MAC1 under {}>",
                    self.card(purchase)
                ),
                format!("<TAC under {}, MAC2>; leaves a trace", self.card(tac)),
            ),
            ProofKind::PinUnblock { parameters, key, pin } => (
                format!("8424{} <initial PIN {pin} under {}>", hex(parameters), self.card(key)),
                "9000; the PIN stays".to_owned(),
            ),
            ProofKind::PinReload { slot, key, pin } => (
                format!("805E00{slot:02X} <initial PIN {pin}, MAC under {}>", self.card(key)),
                "9000; the PIN stays".to_owned(),
            ),
            ProofKind::PsamPurchase {
                version,
                algorithm_byte,
                factors,
                key,
                ..
            } => (
                format!(
                    "80700000 key {version:02X}/{algorithm_byte:02X}, factors {}",
                    hex(factors)
                ),
                format!("<MAC1 under {}>; leaves a trace", self.card(key)),
            ),
            ProofKind::PsamCipher {
                usage,
                id,
                factors,
                mode,
                key,
            } => (
                format!("801A{usage:02X}{id:02X} {}; 80FA{mode:02X}00", hex(factors)),
                format!("<result under {}>", self.card(key)),
            ),
            ProofKind::IsamLoad {
                usage,
                id,
                factors,
                key,
                ..
            } => (
                format!("801A{usage:02X}{id:02X} {}; 80FA0000 <seed of a load>", hex(factors)),
                format!("<session key under {}>: MAC1 and MAC2 are right", self.card(key)),
            ),
            ProofKind::IsamTac {
                usage,
                id,
                factors,
                key,
                ..
            } => (
                format!("801A{usage:02X}{id:02X} {}; 80FA0100 <data of a load>", hex(factors)),
                format!("<TAC under {}>", self.card(key)),
            ),
            ProofKind::NotProvable { why, .. } => ("-".to_owned(), format!("not provable: {why}")),
        };
        Line {
            what: proof.what.clone(),
            command,
            answer,
        }
    }
}

fn line(what: &str, command: String, answer: &str) -> Line {
    Line {
        what: what.to_owned(),
        command,
        answer: answer.to_owned(),
    }
}

fn challenge(what: &str) -> Line {
    line(what, "0084000004".to_owned(), "challenge, 9000")
}

fn answers(accept: &[u16]) -> String {
    let others: Vec<String> = accept.iter().map(|sw| format!("{sw:04X}")).collect();
    if others.is_empty() {
        "9000".to_owned()
    } else {
        format!("9000 or {}", others.join(" "))
    }
}

fn hex(bytes: &[u8]) -> String {
    hex::encode_upper(bytes)
}
