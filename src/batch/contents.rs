// SPDX-License-Identifier: Apache-2.0
//! What stands on a card, read without any key and decoded by the fields of a template.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::card::commands::{self as apdu, FileBody, Position, Purse};
use crate::card::{CardError, CardSession, purse};
use crate::iso7816::StatusWord;
use crate::template::{
    Contents, Directory, Encoding, File, RawOrder, Record, Selector, Source, Template, TemplateField,
};

/// Bytes of one read.
const PIECE: usize = 192;

/// One field of a card.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Value {
    /// The file.
    pub file: String,
    /// The record, from 1; 0 in a binary file.
    #[serde(skip_serializing_if = "is_zero")]
    pub record: u8,
    /// The field's name.
    pub field: String,
    /// Its title in English.
    pub en: String,
    /// Its title in Chinese.
    pub zh: String,
    /// The bytes, hex.
    pub hex: String,
    /// What they say, if they are in the field's coding.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// What a code means.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub meaning: Option<String>,
    /// The order field that it came from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub order: Option<String>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the form that serde calls")]
fn is_zero(n: &u8) -> bool {
    *n == 0
}

/// Everything that could be read.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct CardContents {
    /// The number that identifies the card.
    pub number: Option<String>,
    /// Fields in the order of the template.
    pub fields: Vec<Value>,
    /// Files that do not open without a key or PIN, or are not there.
    pub closed: BTreeMap<String, String>,
    /// Balances in fen, by file.
    pub balances: BTreeMap<String, u32>,
}

impl CardContents {
    /// The values that an order would have to bring to make this card again.
    pub fn order(&self) -> RawOrder {
        let given = self
            .fields
            .iter()
            .filter_map(|v| Some((v.order.clone()?, v.text.clone()?)));
        given.collect()
    }
}

/// Whether a card bears a number already.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Bears {
    /// No: the file is not there, or holds no number.
    Nothing,
    /// This one.
    Number(String),
}

/// Enters a directory from anywhere.
pub fn enter(card: &mut CardSession<'_>, template: &Template, directory: &Directory) -> Result<(), CardError> {
    if template.dialect.preset() {
        card.send("SELECT 3F00", &apdu::select_name(&template.mf.name))?;
    } else {
        card.send("SELECT 3F00", &apdu::select_current_mf())?;
    }
    if directory.is_mf() {
        return Ok(());
    }
    let command = match directory.select {
        Selector::Name => apdu::select_name(&directory.name),
        Selector::Fid => apdu::select_file(directory.fid),
    };
    card.send(&format!("SELECT {}", directory.fid), &command).map(drop)
}

/// Looks for a number where the template has it.
pub fn bears(card: &mut CardSession<'_>, template: &Template) -> Result<Bears, CardError> {
    let Some((directory, file, record, field)) = number_field(template) else {
        return Ok(Bears::Nothing);
    };
    let read = enter(card, template, directory).and_then(|()| bytes_of(card, file, record));
    let bytes = match read {
        Ok(bytes) => bytes,
        Err(CardError::Refused { .. } | CardError::Length { .. }) => return Ok(Bears::Nothing),
        Err(e) => return Err(e),
    };
    let number = bytes.get(field.offset..field.offset + field.length).unwrap_or(&[]);
    let blank = number.iter().all(|b| *b == 0) || number.iter().all(|b| *b == 0xFF);
    Ok(if blank {
        Bears::Nothing
    } else {
        Bears::Number(hex::encode_upper(number))
    })
}

/// The number on a card that was issued.
pub fn number_of(card: &mut CardSession<'_>, template: &Template) -> Result<Option<String>, CardError> {
    Ok(match bears(card, template)? {
        Bears::Number(number) => Some(number),
        Bears::Nothing => None,
    })
}

/// A code of the card's owner (city, issuer) as it stands on the card: what the template takes from the site under that
/// name, or calls by it.
pub fn code_on_card(card: &mut CardSession<'_>, template: &Template, code: &str) -> Result<Option<Vec<u8>>, CardError> {
    let is_code = |f: &&TemplateField| match &f.source {
        Source::Site { name, .. } => name == code,
        Source::Order(..) => f.name.replace('-', "_") == code,
        Source::Constant(_) | Source::Xor => false,
    };
    let Some((directory, file, record, field)) = field_of(template, &is_code) else {
        return Ok(None);
    };
    enter(card, template, directory)?;
    let bytes = bytes_of(card, file, record)?;
    Ok(bytes.get(field.offset..field.offset + field.length).map(<[u8]>::to_vec))
}

fn number_field(template: &Template) -> Option<(&Directory, &File, &Record, &TemplateField)> {
    field_of(template, &|f| f.source == Source::Order(template.number.clone(), None))
}

fn field_of<'t>(
    template: &'t Template,
    wanted: &dyn Fn(&&TemplateField) -> bool,
) -> Option<(&'t Directory, &'t File, &'t Record, &'t TemplateField)> {
    // The application's own file rather than a copy in the MF, where there are both.
    let mut directories: Vec<&Directory> = template.directories().collect();
    directories.reverse();
    directories.into_iter().find_map(|directory| {
        directory.files.iter().find_map(|file| match &file.contents {
            Contents::Binary(record) => record
                .fields
                .iter()
                .find(wanted)
                .map(|field| (directory, file, record, field)),
            _ => None,
        })
    })
}

/// Reads every file that the template describes, as far as it opens.
pub fn read(card: &mut CardSession<'_>, template: &Template) -> Result<CardContents, CardError> {
    let mut found = CardContents::default();
    for directory in template.directories() {
        match enter(card, template, directory) {
            Ok(()) => (),
            Err(CardError::Refused { sw, .. }) => {
                found.closed.insert(directory.fid.to_string(), sw.to_string());
                continue;
            }
            Err(e) => return Err(e),
        }
        for file in &directory.files {
            if let Err(sw) = read_file(card, file, &mut found)? {
                found
                    .closed
                    .insert(format!("{}/{}", directory.fid, file.fid), sw.to_string());
            }
        }
    }
    let of_number = |v: &&Value| v.order.as_deref() == Some(template.number.as_str());
    let number = found.fields.iter().find(of_number).map(|v| v.hex.clone());
    found.number = number.filter(|n| n.bytes().any(|b| b != b'0') && n.bytes().any(|b| b != b'F'));
    Ok(found)
}

/// Reads one file; the status word of a file that does not open.
fn read_file(
    card: &mut CardSession<'_>,
    file: &File,
    found: &mut CardContents,
) -> Result<Result<(), StatusWord>, CardError> {
    if let FileBody::Purse(_) = file.header.body {
        let which = if file.deposit {
            Purse::Deposit
        } else {
            Purse::Electronic
        };
        return open(purse::balance(card, which)).map(|r| {
            r.map(|balance| {
                found.balances.insert(file.fid.to_string(), balance.0);
            })
        });
    }
    let records: &[Record] = match &file.contents {
        Contents::Untouched => return Ok(Ok(())),
        Contents::Binary(record) => std::slice::from_ref(record),
        Contents::Records(records) => records,
    };
    for record in records {
        match open(bytes_of(card, file, record))? {
            Ok(bytes) => found
                .fields
                .extend(record.fields.iter().map(|f| value(file, record, f, &bytes))),
            Err(sw) => return Ok(Err(sw)),
        }
    }
    Ok(Ok(()))
}

fn open<T>(read: Result<T, CardError>) -> Result<Result<T, StatusWord>, CardError> {
    match read {
        Ok(value) => Ok(Ok(value)),
        Err(CardError::Refused { sw, .. }) => Ok(Err(sw)),
        Err(e) => Err(e),
    }
}

fn bytes_of(card: &mut CardSession<'_>, file: &File, record: &Record) -> Result<Vec<u8>, CardError> {
    let Some(sfi) = file.sfi() else { return Ok(Vec::new()) };
    if record.number > 0 {
        let command = apdu::read_record(sfi, record.number, record.length as u8);
        return card.send(&format!("READ RECORD {} #{}", file.fid, record.number), &command);
    }
    let mut bytes = Vec::with_capacity(record.length);
    while bytes.len() < record.length {
        let at = bytes.len();
        let length = (record.length - at).min(PIECE) as u8;
        let position = u8::try_from(at).map_or(Position::Current(at as u16), |offset| Position::Sfi(sfi, offset));
        let part = card.send(
            &format!("READ BINARY {} +{at}", file.fid),
            &apdu::read_binary(position, length),
        )?;
        if part.is_empty() {
            break;
        }
        bytes.extend_from_slice(&part);
    }
    Ok(bytes)
}

fn value(file: &File, record: &Record, field: &TemplateField, bytes: &[u8]) -> Value {
    let part = bytes.get(field.offset..field.offset + field.length).unwrap_or(&[]);
    let text = field.encoding.decode(part);
    let meaning = match (&field.encoding, &text) {
        (Encoding::Enum(codes), Some(code)) => codes.get(code).cloned(),
        _ => None,
    };
    Value {
        file: file.fid.to_string(),
        record: record.number,
        field: field.name.clone(),
        en: field.title.in_language(crate::i18n::Lang::En).to_owned(),
        zh: field.title.in_language(crate::i18n::Lang::Zh).to_owned(),
        hex: hex::encode_upper(part),
        text,
        meaning,
        order: match &field.source {
            Source::Order(name, None) => Some(name.clone()),
            _ => None,
        },
    }
}
