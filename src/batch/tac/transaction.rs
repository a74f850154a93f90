// SPDX-License-Identifier: Apache-2.0
//! A transaction as fields of text, and the bytes that its TAC is computed over (JR/T 0025.2-2010 §5.5).

use std::collections::BTreeMap;
use std::str::FromStr;

use super::super::yuan::Yuan;
use super::LineFault;
use crate::crypto::Algorithm;
use crate::crypto::purse::{Amount, DateTime, Terminal, TxnType};
use crate::crypto::purse_transaction::{LoadTransaction, PurchaseTransaction};
use crate::keys::scheme::{Code, Subject};

/// Fields by name, as a line or the command line gives them.
pub type Given = BTreeMap<String, String>;

/// The fields that a transaction may have; owners' codes of the scheme come on top.
pub const FIELDS: &[&str] = &[
    "number",
    "kind",
    "type",
    "amount",
    "amount_fen",
    "terminal",
    "terminal_counter",
    "datetime",
    "balance",
    "balance_fen",
    "counter",
    "tac",
    "version",
    "algorithm",
];

/// A transaction whose TAC is to be verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TacTransaction {
    /// The card's number, as its factor takes it.
    pub number: Vec<u8>,
    /// The owners' codes that the line gives.
    pub subject: Subject,
    /// The TAC key's version; `None`: the scheme's first.
    pub version: Option<u8>,
    /// The TAC key's cipher; `None`: 3DES.
    pub algorithm: Option<Algorithm>,
    /// What the TAC is computed over.
    pub data: Vec<u8>,
    /// The TAC that the card gave.
    pub tac: [u8; 4],
}

impl TacTransaction {
    /// Reads the fields. `codes` are the scheme's owner codes.
    pub fn read(given: &Given, codes: &[Code]) -> Result<Self, LineFault> {
        let fields = Fields(given);
        let known = |name: &&String| !FIELDS.contains(&name.as_str()) && !codes.iter().any(|c| c.field == **name);
        if let Some(field) = given.keys().find(known) {
            return Err(LineFault::Unknown { field: field.clone() });
        }
        let mut subject = Subject::new();
        for code in codes {
            if let Some(text) = fields.text(&code.field) {
                let bytes = code.kind.read(text).map_err(|_| wrong(&code.field, text))?;
                subject
                    .set_hex(&code.field, &bytes)
                    .map_err(|_| wrong(&code.field, text))?;
            }
        }
        let number = fields.needed("number")?;
        let even = if number.len().is_multiple_of(2) {
            number.to_owned()
        } else {
            format!("0{number}")
        };
        let bytes = hex::decode(even).map_err(|_| wrong("number", number))?;
        Ok(Self {
            number: bytes,
            subject,
            version: fields.parsed("version")?,
            algorithm: fields.parsed("algorithm")?,
            data: data(&fields)?,
            tac: hex_bytes("tac", fields.needed("tac")?)?,
        })
    }
}

fn data(fields: &Fields<'_>) -> Result<Vec<u8>, LineFault> {
    let kind = kind(fields)?;
    let amount = fields.money("amount", "amount_fen")?.ok_or_else(|| missing("amount"))?;
    let terminal: Terminal = fields.parsed("terminal")?.ok_or_else(|| missing("terminal"))?;
    let at: DateTime = fields.parsed("datetime")?.ok_or_else(|| missing("datetime"))?;
    match kind {
        TxnType::LOAD_ED | TxnType::LOAD_EP => {
            let after = fields
                .money("balance", "balance_fen")?
                .ok_or_else(|| missing("balance"))?;
            let load = LoadTransaction {
                kind,
                balance: after.minus(amount).map_err(|_| LineFault::Balance)?,
                amount,
                terminal,
                random: [0; 4],
                counter: fields.count("counter")?,
                at,
            };
            load.tac_data().map(Vec::from).map_err(|_| LineFault::Balance)
        }
        TxnType::CASH | TxnType::PURCHASE_ED | TxnType::PURCHASE_EP | TxnType::CAPP => {
            let purchase = PurchaseTransaction {
                kind,
                amount,
                terminal,
                terminal_counter: fields.count("terminal_counter")?,
                random: [0; 4],
                counter: 0,
                at,
                security_code: None,
            };
            Ok(purchase.tac_data().to_vec())
        }
        other => Err(LineFault::Type {
            kind: other.to_string(),
        }),
    }
}

fn kind(fields: &Fields<'_>) -> Result<TxnType, LineFault> {
    let by_word = match fields.text("kind") {
        None => None,
        Some("load") => Some([TxnType::LOAD_EP, TxnType::LOAD_ED].as_slice()),
        Some("purchase") => Some([TxnType::PURCHASE_EP, TxnType::PURCHASE_ED, TxnType::CASH, TxnType::CAPP].as_slice()),
        Some(text) => return Err(wrong("kind", text)),
    };
    let by_byte = match fields.text("type") {
        None => None,
        Some(text) => Some(TxnType(hex_bytes::<1>("type", text)?[0])),
    };
    match (by_word, by_byte) {
        (None, None) => Err(missing("type")),
        (Some(kinds), None) => Ok(kinds[0]),
        (None, Some(kind)) => Ok(kind),
        (Some(kinds), Some(kind)) if kinds.contains(&kind) => Ok(kind),
        (Some(_), Some(kind)) => Err(wrong("type", &kind.to_string())),
    }
}

struct Fields<'a>(&'a Given);

impl<'a> Fields<'a> {
    /// An empty field is one that is not there.
    fn text(&self, name: &str) -> Option<&'a str> {
        self.0.get(name).map(|text| text.trim()).filter(|text| !text.is_empty())
    }

    fn needed(&self, name: &'static str) -> Result<&'a str, LineFault> {
        self.text(name).ok_or_else(|| missing(name))
    }

    fn parsed<T: FromStr>(&self, name: &'static str) -> Result<Option<T>, LineFault> {
        let text = self.text(name);
        text.map(|text| text.parse().map_err(|_| wrong(name, text))).transpose()
    }

    /// A counter: decimal, or hex behind `0x`.
    fn count<T: TryFrom<u32>>(&self, name: &'static str) -> Result<T, LineFault> {
        let text = self.needed(name)?;
        let number = match text.strip_prefix("0x") {
            Some(digits) if digits.bytes().all(|b| b.is_ascii_hexdigit()) => u32::from_str_radix(digits, 16),
            _ if text.bytes().all(|b| b.is_ascii_digit()) => text.parse(),
            _ => return Err(wrong(name, text)),
        };
        let number = number.map_err(|_| wrong(name, text))?;
        T::try_from(number).map_err(|_| wrong(name, text))
    }

    /// An amount in yuan, or in fen.
    fn money(&self, yuan: &'static str, fen: &'static str) -> Result<Option<Amount>, LineFault> {
        match (self.text(yuan), self.text(fen)) {
            (Some(_), Some(_)) => Err(LineFault::Both { one: yuan, other: fen }),
            (Some(text), None) => Ok(Some(text.parse::<Yuan>().map_err(LineFault::Amount)?.0)),
            (None, Some(text)) if text.bytes().all(|b| b.is_ascii_digit()) => {
                text.parse().map(|n| Some(Amount(n))).map_err(|_| wrong(fen, text))
            }
            (None, Some(text)) => Err(wrong(fen, text)),
            (None, None) => Ok(None),
        }
    }
}

fn hex_bytes<const N: usize>(field: &str, text: &str) -> Result<[u8; N], LineFault> {
    let mut bytes = [0; N];
    hex::decode_to_slice(text, &mut bytes).map_err(|_| wrong(field, text))?;
    Ok(bytes)
}

fn missing(field: &str) -> LineFault {
    LineFault::Missing {
        field: field.to_owned(),
    }
}

fn wrong(field: &str, text: &str) -> LineFault {
    LineFault::Value {
        field: field.to_owned(),
        text: text.chars().take(40).collect(),
    }
}
