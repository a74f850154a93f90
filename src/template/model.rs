// SPDX-License-Identifier: Apache-2.0
//! The template as the rest of the program sees it. Every part remembers its path in the file, for messages.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::fields::Encoding;
use super::key::{KeyFile, KeyName, KeySlot, Pin};
use super::m1::M1;
use super::order::{AmountUnit, DocumentForm, OWN_PIN, Order};
use crate::card::commands::FileHeader;
use crate::card::dialect::Dialect;
use crate::iso7816::{Command, FileId, Sfi};
use crate::keys::scheme::Title;

/// What is being made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Product {
    /// A user card with a purse.
    UserCard,
    /// A purchase SAM for terminals.
    Psam,
    /// A card for staff and devices: operator, collector, device authorisation, system card.
    ManagementCard,
    /// A load SAM (ISAM) for places that load purses.
    LoadSam,
}

impl Product {
    /// Whether it is a SAM, with a terminal number and verbs of its own; else a card.
    pub const fn is_sam(self) -> bool {
        matches!(self, Self::Psam | Self::LoadSam)
    }
}

/// When the maker's transport key gives way to the card's own control key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ControlKeyTurn {
    /// Last of all: until then a card that failed half-way opens with the transport key.
    Last,
    /// At once: everything else is written under the card's own control key.
    First,
}

/// A product.
#[derive(Debug, Clone)]
pub struct Template {
    /// Name, as on the command line.
    pub name: String,
    /// Title for people.
    pub title: Title,
    /// What is being made.
    pub product: Product,
    /// How many different officers sign for a card of it: in a batch the one who approved it is one of them.
    pub officers: u8,
    /// Card OS.
    pub dialect: Dialect,
    /// Schemes that it fits.
    pub schemes: Vec<String>,
    /// Refused outside a rehearsal site.
    pub rehearsal_only: bool,
    /// Order field with the number that identifies the card.
    pub number: String,
    /// Order field with the terminal number (PSAM).
    pub terminal: Option<String>,
    /// Fields of the scheme's subject and the order fields that give them.
    pub subject: BTreeMap<String, String>,
    /// Subject of a card that does not exist, to prove PSAM keys with: field and hex.
    pub invented: BTreeMap<String, String>,
    /// The maker's key in blanks.
    pub transport: TransportKey,
    /// Variants that cards of one COS differ in.
    pub options: TemplateOptions,
    /// What an order brings.
    pub order: Vec<OrderField>,
    /// Card types that one word in an order stands for.
    pub card_types: Vec<CardType>,
    /// Order field with the initial balance.
    pub load: Option<String>,
    /// Order field with the PIN policy.
    pub pin_policy: Option<String>,
    /// Order fields that go to the card printer.
    pub print: Vec<String>,
    /// Order fields that stand in a PIN mailer beside the PIN.
    pub mailer: Vec<String>,
    /// Master file.
    pub mf: Directory,
    /// Directories below it.
    pub dfs: Vec<Directory>,
    /// Sectors of an M1 card. Such a card has no files: its MF is empty.
    pub m1: Option<M1>,
    /// SHA-256 of the file, hex.
    pub digest: String,
}

impl Template {
    /// Whether the card of an order gets a PIN of its own, and not the site's initial one.
    pub fn gives_own_pin(&self, order: &Order) -> bool {
        let policy = self.pin_policy.as_deref().and_then(|field| order.get(field));
        policy == Some(OWN_PIN)
    }

    /// All directories, MF first.
    pub fn directories(&self) -> impl Iterator<Item = &Directory> {
        std::iter::once(&self.mf).chain(&self.dfs)
    }

    /// The order field with the card's last day 有效日期.
    pub fn last_day(&self) -> &str {
        self.options.last_day.as_deref().unwrap_or("expiry")
    }

    /// Whether an order field is the chip's own number, which a reader tells where an order does not.
    pub fn is_on_chip(&self, field: &str) -> bool {
        self.m1.as_ref().is_some_and(|m1| m1.uid == field)
    }

    /// An order field by name.
    pub fn order_field(&self, name: &str) -> Option<&OrderField> {
        self.order.iter().find(|f| f.name == name)
    }
}

/// The maker's key in blanks.
#[derive(Debug, Clone)]
pub struct TransportKey {
    /// Identifier (P2 of EXTERNAL AUTHENTICATE).
    pub slot: u8,
    /// Length of the challenge, 4 or 8.
    pub challenge: u8,
    /// Its name in the key store.
    pub name: KeyName,
    /// When it goes.
    pub replaced: ControlKeyTurn,
}

/// Variants that cards of one COS differ in.
#[derive(Debug, Clone)]
pub struct TemplateOptions {
    /// MAC1 of a purchase covers the nine bytes of GET DATA 80 CA.
    pub security_code_in_mac1: bool,
    /// P2 of PIN UNBLOCK: 00 or 01.
    pub pin_unblock_p2: u8,
    /// Bytes to leave free in each directory.
    pub space_margin: u16,
    /// Order field with the security code that the card stores.
    pub security_code: Option<String>,
    /// Order field with the card's last day, where it is not called `expiry`.
    pub last_day: Option<String>,
}

/// One field of an order.
#[derive(Debug, Clone)]
pub struct OrderField {
    /// Its name.
    pub name: String,
    /// Its title.
    pub title: Title,
    /// What may stand in it.
    pub kind: OrderKind,
    /// Used when the order says nothing; `today` and `now` mean the moment of issuing, `today+5y` a day after it. None: the
    /// order must say it.
    pub default: Option<String>,
    /// Site value that it must begin with.
    pub starts_with: Option<String>,
    /// Date field that it must not be before.
    pub not_before: Option<String>,
    /// A date that a new order may not have in the past.
    pub not_past: bool,
    /// Other names of it as a column's heading.
    pub columns: Vec<String>,
    /// Words that stand for values.
    pub words: BTreeMap<String, String>,
    /// Which kinds of document its number may be of.
    pub documents: Option<Documents>,
    /// No value may come twice in one order file.
    pub unique: bool,
    /// Belongs to a person: kept out of scripts that are shown, and out of the ledger.
    pub personal: bool,
    /// Path in the file.
    pub at: String,
}

/// How the number of an identity document is checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Documents {
    /// Order field with the kind of document.
    pub kind: String,
    /// Its codes and the forms of the number; a code that is not here is not checked.
    pub forms: BTreeMap<String, DocumentForm>,
}

/// A card type 卡类型: one word that sets several fields.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CardType {
    /// The word.
    pub name: String,
    /// Its title, which may stand for it.
    pub title: Title,
    /// Other words and codes that stand for it.
    pub words: Vec<String>,
    /// Fields and their values: an order cannot say otherwise.
    pub set: BTreeMap<String, String>,
    /// Fields and their values where the order says nothing.
    pub default: BTreeMap<String, String>,
    /// Path in the file.
    pub at: String,
}

/// What may stand in an order field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OrderKind {
    /// Exactly so many decimal digits.
    Digits(usize),
    /// Exactly so many bytes in hex.
    Hex(usize),
    /// yyyymmdd.
    Date,
    /// yyyymmddhhmmss.
    DateTime,
    /// ASCII, at most so many characters.
    Text(usize),
    /// Text that takes at most so many bytes in GBK.
    Gbk(usize),
    /// A number up to that.
    Number(u64),
    /// One of these codes (with what they mean).
    Choice(BTreeMap<String, String>),
    /// An amount of money up to that, in fen.
    Amount {
        /// The greatest.
        max: u32,
        /// What a whole number counts; None: the order has to say it.
        unit: Option<AmountUnit>,
    },
}

/// How a directory is selected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Selector {
    /// By name.
    Name,
    /// By file identifier.
    Fid,
}

/// A directory.
#[derive(Debug, Clone)]
pub struct Directory {
    /// File identifier.
    pub fid: FileId,
    /// Name (AID).
    pub name: Vec<u8>,
    /// How it is selected.
    pub select: Selector,
    /// Bytes of memory.
    pub space: u16,
    /// Access for creating files.
    pub create: u8,
    /// Access for erasing.
    pub erase: u8,
    /// Application file byte (95: FCI carries EF 0015; 01: DIR file).
    pub application_file: u8,
    /// Key file; None where key slots need none.
    pub key_file: Option<KeyFile>,
    /// Keys in the order of writing.
    pub keys: Vec<KeySlot>,
    /// Holder's PIN.
    pub pin: Option<Pin>,
    /// Files in the order of creation.
    pub files: Vec<File>,
    /// Raw commands behind everything else in this directory.
    pub raw: Vec<RawStep>,
    /// Path in the file.
    pub at: String,
}

impl Directory {
    /// Whether this is the MF.
    pub fn is_mf(&self) -> bool {
        self.fid == FileId::MF
    }

    /// The directory's control key: 39/00, or a PSAM key of type 0.
    pub fn control(&self) -> Option<&KeySlot> {
        self.keys.iter().find(|k| k.is_control())
    }

    /// The line protection key (36) with that identifier.
    pub fn line_key(&self, id: u8) -> Option<&KeySlot> {
        self.keys.iter().find(|k| k.written() && k.place.protects_lines(id))
    }
}

/// An elementary file.
#[derive(Debug, Clone)]
pub struct File {
    /// File identifier; its low five bits are the short identifier.
    pub fid: FileId,
    /// Title.
    pub title: Title,
    /// Creation data.
    pub header: FileHeader,
    /// ED rather than EP, for purses.
    pub deposit: bool,
    /// Identifier of the line protection key that writes need.
    pub mac_key: u8,
    /// Written inside compound purchases, so its write access has to be met at a gate.
    pub compound: bool,
    /// What is written into it.
    pub contents: Contents,
    /// Path in the file.
    pub at: String,
}

impl File {
    /// Short identifier.
    pub fn sfi(&self) -> Option<Sfi> {
        u8::try_from(self.fid.0).ok().and_then(|n| Sfi::new(n).ok())
    }
}

/// What personalisation writes into a file.
#[derive(Debug, Clone)]
pub enum Contents {
    /// Nothing.
    Untouched,
    /// A byte string.
    Binary(Record),
    /// Records by number.
    Records(Vec<Record>),
}

/// A byte string made of fields; bytes that no field covers are `fill`.
#[derive(Debug, Clone)]
pub struct Record {
    /// Number, from 1; 0 for a binary file's body.
    pub number: u8,
    /// Length in bytes.
    pub length: usize,
    /// Filling.
    pub fill: u8,
    /// Fields.
    pub fields: Vec<TemplateField>,
    /// Path in the file.
    pub at: String,
}

/// A named field.
#[derive(Debug, Clone)]
pub struct TemplateField {
    /// Its name.
    pub name: String,
    /// Its title.
    pub title: Title,
    /// Offset of its first byte.
    pub offset: usize,
    /// Bytes.
    pub length: usize,
    /// Coding.
    pub encoding: Encoding,
    /// Where its value comes from.
    pub source: Source,
    /// Path in the file.
    pub at: String,
}

/// Where a field's value comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// Always this text.
    Constant(String),
    /// An order field, or the characters of it from the first to before the second number.
    Order(String, Option<[usize; 2]>),
    /// The XOR of all other bytes of the record.
    Xor,
    /// A value of the site, or else the default.
    Site {
        /// Its name.
        name: String,
        /// Used when the site has none.
        default: Option<String>,
    },
}

/// A raw command. It is flagged in explanations and in the ledger.
#[derive(Debug, Clone)]
pub struct RawStep {
    /// Name for people.
    pub what: String,
    /// The command.
    pub apdu: Command,
    /// Status words that are good besides 9000.
    pub accept: Vec<u16>,
    /// Path in the file.
    pub at: String,
}
