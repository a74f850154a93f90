// SPDX-License-Identifier: Apache-2.0
//! The TOML form of a template. Only what a file may say; `build` turns it into the model.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::model::{ControlKeyTurn, Product};
use super::order::{AmountUnit, DocumentForm};
use crate::card::dialect::Dialect;
use crate::crypto::Algorithm;
use crate::keys::scheme::Title;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct TemplateWire {
    pub(super) format: String,
    pub(super) name: String,
    pub(super) title: Title,
    pub(super) product: Product,
    #[serde(default = "one")]
    pub(super) officers: u8,
    pub(super) dialect: Dialect,
    pub(super) schemes: Vec<String>,
    #[serde(default)]
    pub(super) rehearsal_only: bool,
    pub(super) number: String,
    pub(super) terminal: Option<String>,
    #[serde(default)]
    pub(super) subject: BTreeMap<String, String>,
    #[serde(default)]
    pub(super) invented: BTreeMap<String, String>,
    pub(super) transport: TransportWire,
    #[serde(default)]
    pub(super) options: OptionsWire,
    #[serde(default)]
    pub(super) order: Vec<OrderFieldWire>,
    #[serde(default)]
    pub(super) card_type: Vec<CardTypeWire>,
    #[serde(default)]
    pub(super) issue: IssueWire,
    #[serde(default)]
    pub(super) print: ListedWire,
    #[serde(default)]
    pub(super) pin_mailer: ListedWire,
    pub(super) mf: Option<DirectoryWire>,
    #[serde(default)]
    pub(super) df: Vec<DirectoryWire>,
    pub(super) m1: Option<M1Wire>,
    #[serde(default)]
    pub(super) sector: Vec<SectorWire>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct M1Wire {
    pub(super) uid: String,
    pub(super) key_a: KeyWire,
    pub(super) key_b: KeyWire,
    pub(super) input: Vec<FieldWire>,
    pub(super) flag_at: usize,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct SectorWire {
    pub(super) number: u8,
    pub(super) zh: String,
    pub(super) en: String,
    pub(super) flag: u8,
    pub(super) access: String,
    #[serde(default)]
    pub(super) block: Vec<BlockWire>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct BlockWire {
    pub(super) number: u8,
    #[serde(default)]
    pub(super) fill: u8,
    #[serde(default)]
    pub(super) field: Vec<FieldWire>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct TransportWire {
    pub(super) slot: u8,
    pub(super) challenge: u8,
    #[serde(default = "transport_usage")]
    pub(super) usage: String,
    #[serde(default = "one")]
    pub(super) version: u8,
    pub(super) replaced: ControlKeyTurn,
}

fn transport_usage() -> String {
    "transport".to_owned()
}

fn one() -> u8 {
    1
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(super) struct OptionsWire {
    pub(super) security_code_in_mac1: bool,
    pub(super) pin_unblock_p2: u8,
    pub(super) space_margin: u16,
    pub(super) security_code: Option<String>,
    pub(super) last_day: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct OrderFieldWire {
    pub(super) name: String,
    pub(super) zh: String,
    pub(super) en: String,
    pub(super) kind: OrderKindWire,
    pub(super) length: Option<usize>,
    pub(super) max: Option<u64>,
    #[serde(default)]
    pub(super) values: BTreeMap<String, String>,
    pub(super) default: Option<String>,
    pub(super) starts_with: Option<String>,
    pub(super) not_before: Option<String>,
    #[serde(default)]
    pub(super) not_past: bool,
    #[serde(default)]
    pub(super) columns: Vec<String>,
    #[serde(default)]
    pub(super) words: BTreeMap<String, String>,
    pub(super) unit: Option<AmountUnit>,
    pub(super) documents: Option<DocumentsWire>,
    #[serde(default)]
    pub(super) unique: bool,
    #[serde(default)]
    pub(super) personal: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct DocumentsWire {
    pub(super) kind: String,
    pub(super) forms: BTreeMap<String, DocumentForm>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct CardTypeWire {
    pub(super) name: String,
    pub(super) zh: String,
    pub(super) en: String,
    #[serde(default)]
    pub(super) words: Vec<String>,
    pub(super) set: BTreeMap<String, String>,
    #[serde(default)]
    pub(super) default: BTreeMap<String, String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(super) struct IssueWire {
    pub(super) load: Option<String>,
    pub(super) pin: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(super) struct ListedWire {
    pub(super) fields: Vec<String>,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum OrderKindWire {
    Digits,
    Hex,
    Date,
    Datetime,
    Text,
    Gbk,
    Number,
    Choice,
    Amount,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct DirectoryWire {
    pub(super) fid: Option<u16>,
    pub(super) name: Option<String>,
    pub(super) aid: Option<String>,
    pub(super) select: Option<SelectWire>,
    pub(super) space: Option<u16>,
    pub(super) create: Option<u8>,
    pub(super) erase: Option<u8>,
    pub(super) application_file: Option<u8>,
    pub(super) key_file: Option<KeyFileWire>,
    #[serde(default)]
    pub(super) key: Vec<KeyWire>,
    pub(super) pin: Option<PinWire>,
    #[serde(default)]
    pub(super) file: Vec<FileWire>,
    #[serde(default)]
    pub(super) raw: Vec<RawWire>,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum SelectWire {
    Name,
    Fid,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct KeyFileWire {
    pub(super) fid: u16,
    pub(super) size: u16,
    pub(super) add: u8,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct KeyWire {
    pub(super) usage: String,
    pub(super) version: u8,
    #[serde(default = "tdes")]
    pub(super) algorithm: Algorithm,
    pub(super) level: Option<String>,
    #[serde(rename = "type")]
    pub(super) kind: Option<u8>,
    pub(super) id: Option<u8>,
    #[serde(rename = "use")]
    pub(super) use_access: Option<u8>,
    #[serde(rename = "change")]
    pub(super) change_access: Option<u8>,
    pub(super) follow_up: Option<u8>,
    pub(super) counter: Option<u8>,
    pub(super) psam_usage: Option<u8>,
    pub(super) version_byte: Option<u8>,
    pub(super) algorithm_byte: Option<u8>,
    pub(super) proof: Option<ProofWire>,
    pub(super) reason: Option<String>,
    pub(super) not_used: Option<String>,
}

fn tdes() -> Algorithm {
    Algorithm::Tdes
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum ProofWire {
    ExternalAuthentication,
    InternalAuthentication,
    ProtectedWrite,
    LoadMac1,
    UnloadMac1,
    OverdraftMac1,
    ZeroPurchase,
    WithPurchase,
    PinUnblock,
    PinReload,
    PsamPurchase,
    PsamCipher,
    IsamLoad,
    IsamTac,
    AfterChange,
    None,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct PinWire {
    pub(super) id: u8,
    pub(super) initial: String,
    #[serde(default)]
    pub(super) preset: bool,
    #[serde(rename = "use")]
    pub(super) use_access: Option<u8>,
    pub(super) follow_up: Option<u8>,
    pub(super) counter: Option<u8>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum FileKindWire {
    Binary,
    Fixed,
    Variable,
    Cyclic,
    Deposit,
    Purse,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Default)]
#[serde(rename_all = "kebab-case")]
pub(super) enum ProtectWire {
    #[default]
    None,
    Mac,
    CipherMac,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct FileWire {
    pub(super) fid: u16,
    pub(super) kind: FileKindWire,
    pub(super) zh: String,
    pub(super) en: String,
    pub(super) size: Option<u16>,
    pub(super) count: Option<u8>,
    pub(super) length: Option<u8>,
    pub(super) log: Option<u8>,
    pub(super) read: u8,
    #[serde(default)]
    pub(super) write: u8,
    #[serde(default)]
    pub(super) protect: ProtectWire,
    #[serde(default)]
    pub(super) mac_key: u8,
    #[serde(default)]
    pub(super) compound: bool,
    #[serde(default)]
    pub(super) fill: u8,
    #[serde(default)]
    pub(super) field: Vec<FieldWire>,
    #[serde(default)]
    pub(super) record: Vec<RecordWire>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct RecordWire {
    pub(super) number: u8,
    pub(super) length: u8,
    #[serde(default)]
    pub(super) fill: u8,
    #[serde(default)]
    pub(super) field: Vec<FieldWire>,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum EncodingWire {
    Hex,
    Bcd,
    Uint,
    UintLe,
    Ascii,
    Gbk,
    BcdDate,
    BcdDatetime,
    Enum,
    ValueBlock,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum CheckWire {
    Xor,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct FieldWire {
    pub(super) name: String,
    pub(super) zh: String,
    pub(super) en: String,
    pub(super) at: usize,
    pub(super) length: usize,
    pub(super) encoding: EncodingWire,
    #[serde(default)]
    pub(super) pad: u8,
    pub(super) value: Option<String>,
    pub(super) order: Option<String>,
    pub(super) part: Option<[usize; 2]>,
    pub(super) site: Option<String>,
    pub(super) check: Option<CheckWire>,
    #[serde(default)]
    pub(super) address: u8,
    pub(super) default: Option<String>,
    #[serde(default)]
    pub(super) values: BTreeMap<String, String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct RawWire {
    pub(super) what: String,
    pub(super) apdu: String,
    #[serde(default)]
    pub(super) accept: Vec<u16>,
}
