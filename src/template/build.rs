// SPDX-License-Identifier: Apache-2.0
//! From the TOML form to the model: defaults, hex, and which attributes go together.

use sha2::{Digest, Sha256};

use super::error::{FieldReason, TemplateError};
use super::fields::Encoding;
use super::key::{KeyFile, KeyName, KeyPlace, KeySlot, Pin, ProofChoice};
use super::model::{
    Contents, Directory, File, RawStep, Record, Selector, Source, Template, TemplateField, TemplateOptions,
    TransportKey,
};
use super::order::build::{card_type, order_field};
use super::wire::{
    CheckWire, DirectoryWire, EncodingWire, FieldWire, FileKindWire, FileWire, KeyWire, PinWire, ProofWire,
    ProtectWire, RawWire, RecordWire, SelectWire, TemplateWire,
};
use crate::card::commands::{FileBody, FileHeader, KeyRecordHeader};
use crate::card::dialect::Dialect;
use crate::crypto::Algorithm;
use crate::iso7816::{Command, FileId, Sfi};
use crate::keys::scheme::Title;
use crate::toml_lines::Lines;

/// The format that this program reads.
const FORMAT: &str = "cardmint.template/1";

pub(super) type Built<T> = Result<T, (String, FieldReason)>;

/// Reads a template; `source` names it in messages.
pub fn read(text: &str, source: &str) -> Result<Template, TemplateError> {
    let lines = Lines::of(text);
    let wire: TemplateWire = toml::from_str(text).map_err(|e| TemplateError::Syntax {
        source: source.to_owned(),
        line: e.span().map_or(1, |span| lines.at(span.start)),
        what: e.message().to_owned(),
    })?;
    if wire.format != FORMAT {
        return Err(TemplateError::Format {
            source: source.to_owned(),
            found: wire.format,
        });
    }
    template(wire, hex::encode(Sha256::digest(text))).map_err(|(path, reason)| TemplateError::Field {
        source: source.to_owned(),
        line: lines.line(&path),
        path,
        reason,
    })
}

pub(super) fn missing(at: &str, attribute: &'static str) -> (String, FieldReason) {
    (at.to_owned(), FieldReason::Missing { attribute })
}

fn word<T: std::str::FromStr>(at: String, text: &str) -> Built<T> {
    text.parse()
        .map_err(|_| (at, FieldReason::Word { word: text.to_owned() }))
}

fn template(wire: TemplateWire, digest: String) -> Built<Template> {
    let dialect = wire.dialect;
    let transport = TransportKey {
        slot: wire.transport.slot,
        challenge: wire.transport.challenge,
        name: KeyName {
            usage: word("transport.usage".into(), &wire.transport.usage)?,
            version: wire.transport.version,
            algorithm: Algorithm::Tdes,
        },
        replaced: wire.transport.replaced,
    };
    let order = wire
        .order
        .into_iter()
        .enumerate()
        .map(|(i, f)| order_field(f, format!("order[{i}]")));
    let order = order.collect::<Built<_>>()?;
    let dfs = wire
        .df
        .into_iter()
        .enumerate()
        .map(|(i, d)| directory(d, dialect, format!("df[{i}]")));
    let dfs = dfs.collect::<Built<_>>()?;
    Ok(Template {
        name: wire.name,
        title: wire.title,
        product: wire.product,
        officers: wire.officers,
        dialect,
        schemes: wire.schemes,
        rehearsal_only: wire.rehearsal_only,
        number: wire.number,
        terminal: wire.terminal,
        subject: wire.subject,
        invented: wire.invented,
        transport,
        options: TemplateOptions {
            security_code_in_mac1: wire.options.security_code_in_mac1,
            pin_unblock_p2: wire.options.pin_unblock_p2,
            space_margin: wire.options.space_margin,
            security_code: wire.options.security_code,
            last_day: wire.options.last_day,
        },
        order,
        card_types: wire.card_type.into_iter().enumerate().map(card_type).collect(),
        load: wire.issue.load,
        pin_policy: wire.issue.pin,
        print: wire.print.fields,
        mailer: wire.pin_mailer.fields,
        mf: match wire.mf {
            Some(mf) => directory(mf, dialect, "mf".into())?,
            None if dialect.storage() => no_files(),
            None => return Err(missing("mf", "mf")),
        },
        dfs,
        m1: wire.m1.map(|m1| super::m1::m1(m1, wire.sector)).transpose()?,
        digest,
    })
}

/// The MF of a card without files.
fn no_files() -> Directory {
    Directory {
        fid: FileId::MF,
        name: Vec::new(),
        select: Selector::Fid,
        space: 0,
        create: 0,
        erase: 0,
        application_file: 0,
        key_file: None,
        keys: Vec::new(),
        pin: None,
        files: Vec::new(),
        raw: Vec::new(),
        at: "mf".to_owned(),
    }
}

fn directory(wire: DirectoryWire, dialect: Dialect, at: String) -> Built<Directory> {
    let mf = at == "mf";
    let name = match (&wire.name, &wire.aid) {
        (Some(name), None) => name.as_bytes().to_vec(),
        (None, Some(aid)) => {
            hex::decode(aid).map_err(|_| (format!("{at}.aid"), FieldReason::Hex { text: aid.clone() }))?
        }
        _ => return Err(missing(&at, "name / aid")),
    };
    let created = !mf && !dialect.preset();
    let byte = |value: Option<u8>, attribute| match value {
        None if created => Err(missing(&at, attribute)),
        Some(_) if !created => Err((at.clone(), FieldReason::NotHere { attribute })),
        other => Ok(other.unwrap_or(0)),
    };
    let (create, erase) = (byte(wire.create, "create")?, byte(wire.erase, "erase")?);
    let space = if created {
        wire.space.ok_or_else(|| missing(&at, "space"))?
    } else {
        wire.space.unwrap_or(0xFFFF)
    };
    let keys = wire
        .key
        .into_iter()
        .enumerate()
        .map(|(i, k)| key(k, dialect, format!("{at}.key[{i}]")));
    let files = wire
        .file
        .into_iter()
        .enumerate()
        .map(|(i, f)| file(f, dialect, format!("{at}.file[{i}]")));
    let raw = wire
        .raw
        .into_iter()
        .enumerate()
        .map(|(i, r)| raw_step(r, format!("{at}.raw[{i}]")));
    Ok(Directory {
        fid: if mf {
            FileId::MF
        } else {
            FileId(wire.fid.ok_or_else(|| missing(&at, "fid"))?)
        },
        name,
        select: match wire.select {
            None | Some(SelectWire::Name) => Selector::Name,
            Some(SelectWire::Fid) => Selector::Fid,
        },
        space,
        create,
        erase,
        application_file: wire.application_file.unwrap_or(if mf { 0x01 } else { 0x95 }),
        key_file: wire.key_file.map(|k| KeyFile {
            fid: FileId(k.fid),
            size: k.size,
            add: k.add,
        }),
        keys: keys.collect::<Built<_>>()?,
        pin: wire.pin.map(|p| pin(p, format!("{at}.pin"))).transpose()?,
        files: files.collect::<Built<_>>()?,
        raw: raw.collect::<Built<_>>()?,
        at,
    })
}

fn key(wire: KeyWire, dialect: Dialect, at: String) -> Built<KeySlot> {
    let name = KeyName {
        usage: word(at.clone(), &wire.usage)?,
        version: wire.version,
        algorithm: wire.algorithm,
    };
    let level = wire
        .level
        .as_deref()
        .map(|l| word(format!("{at}.level"), l))
        .transpose()?;
    let version = wire.version_byte.unwrap_or(wire.version);
    let algorithm = wire.algorithm_byte.unwrap_or(match wire.algorithm {
        Algorithm::Tdes => 0x00,
        Algorithm::Sm4 => 0x04,
    });
    let place = match (wire.psam_usage, dialect) {
        (Some(usage), Dialect::FmcosPsam) => KeyPlace::Psam {
            usage,
            version: wire.id.unwrap_or(version),
            algorithm,
        },
        (Some(_), _) => {
            return Err((
                at,
                FieldReason::NotHere {
                    attribute: "psam-usage",
                },
            ));
        }
        (None, Dialect::Metro) => KeyPlace::Preset {
            kind: wire.kind.ok_or_else(|| missing(&at, "type"))?,
            id: wire.id.ok_or_else(|| missing(&at, "id"))?,
            version,
            algorithm,
            counter: wire.counter.unwrap_or(0x33),
            state: wire.follow_up.unwrap_or(0),
        },
        (None, _) => record_place(&wire, &at, version, algorithm)?,
    };
    let proof = match (wire.proof, &wire.not_used, wire.reason) {
        (None, Some(why), _) => ProofChoice::None(why.clone()),
        (None, None, _) => return Err(missing(&at, "proof")),
        (Some(ProofWire::None), _, None) => return Err(missing(&at, "reason")),
        (Some(choice), _, reason) => proof(choice, reason.unwrap_or_default()),
    };
    Ok(KeySlot {
        place,
        name,
        level,
        proof,
        not_used: wire.not_used,
        at,
    })
}

fn record_place(wire: &KeyWire, at: &str, version: u8, algorithm: u8) -> Built<KeyPlace> {
    let kind = wire.kind.ok_or_else(|| missing(at, "type"))?;
    let counter = wire.counter.ok_or_else(|| missing(at, "counter"));
    let (x, y) = match kind {
        0x39 => (wire.follow_up.ok_or_else(|| missing(at, "follow-up"))?, counter?),
        0x36..=0x38 => (0xFF, counter?),
        _ => (version, algorithm),
    };
    let header = KeyRecordHeader {
        kind,
        use_access: wire.use_access.ok_or_else(|| missing(at, "use"))?,
        change_access: wire.change_access.ok_or_else(|| missing(at, "change"))?,
        x,
        y,
    };
    Ok(KeyPlace::Record {
        header,
        id: wire.id.ok_or_else(|| missing(at, "id"))?,
    })
}

fn proof(choice: ProofWire, reason: String) -> ProofChoice {
    match choice {
        ProofWire::ExternalAuthentication => ProofChoice::ExternalAuthentication,
        ProofWire::InternalAuthentication => ProofChoice::InternalAuthentication,
        ProofWire::ProtectedWrite => ProofChoice::ProtectedWrite,
        ProofWire::LoadMac1 => ProofChoice::LoadMac1,
        ProofWire::UnloadMac1 => ProofChoice::UnloadMac1,
        ProofWire::OverdraftMac1 => ProofChoice::OverdraftMac1,
        ProofWire::ZeroPurchase => ProofChoice::ZeroPurchase,
        ProofWire::WithPurchase => ProofChoice::WithPurchase,
        ProofWire::PinUnblock => ProofChoice::PinUnblock,
        ProofWire::PinReload => ProofChoice::PinReload,
        ProofWire::PsamPurchase => ProofChoice::PsamPurchase,
        ProofWire::PsamCipher => ProofChoice::PsamCipher,
        ProofWire::IsamLoad => ProofChoice::IsamLoad,
        ProofWire::IsamTac => ProofChoice::IsamTac,
        ProofWire::AfterChange => ProofChoice::AfterChange,
        ProofWire::None => ProofChoice::None(reason),
    }
}

fn pin(wire: PinWire, at: String) -> Built<Pin> {
    let byte = |value: Option<u8>, attribute| match value {
        None if !wire.preset => Err(missing(&at, attribute)),
        other => Ok(other.unwrap_or(0)),
    };
    let (use_access, follow_up) = (byte(wire.use_access, "use")?, byte(wire.follow_up, "follow-up")?);
    let counter = byte(wire.counter, "counter")?;
    Ok(Pin {
        id: wire.id,
        initial: wire.initial,
        preset: wire.preset,
        use_access,
        follow_up,
        counter,
        at,
    })
}

fn file(wire: FileWire, dialect: Dialect, at: String) -> Built<File> {
    let size = wire.size.ok_or_else(|| missing(&at, "size"));
    let (count, length) = (
        wire.count.ok_or_else(|| missing(&at, "count")),
        wire.length.ok_or_else(|| missing(&at, "length")),
    );
    let body = match wire.kind {
        FileKindWire::Binary => FileBody::Binary(size.clone()?),
        FileKindWire::Variable => FileBody::Variable(size.clone()?),
        FileKindWire::Fixed => FileBody::Fixed(count?, length?),
        FileKindWire::Cyclic => FileBody::Cyclic(count?, length?),
        FileKindWire::Deposit | FileKindWire::Purse => {
            let log = wire.log.ok_or_else(|| missing(&at, "log"))?;
            FileBody::Purse(Sfi::new(log).map_err(|_| {
                (
                    format!("{at}.log"),
                    FieldReason::Hex {
                        text: format!("{log:02X}"),
                    },
                )
            })?)
        }
    };
    let header = FileHeader {
        body,
        mac: wire.protect != ProtectWire::None,
        cipher: wire.protect == ProtectWire::CipherMac,
        read: wire.read,
        write: wire.write,
        // Plain reading; write key in the two lowest bits, counted down from 11.
        protection: if dialect.preset() {
            0xFF
        } else {
            0xFF - (wire.mac_key & 0x03)
        },
    };
    let binary = matches!(body, FileBody::Binary(_));
    let contents = match (wire.field.is_empty(), wire.record.is_empty()) {
        (true, true) => Contents::Untouched,
        (false, true) if binary => {
            let fields = fields(wire.field, &at)?;
            Contents::Binary(Record {
                number: 0,
                length: usize::from(size?),
                fill: wire.fill,
                fields,
                at: at.clone(),
            })
        }
        (true, false) if !binary => {
            let records = wire
                .record
                .into_iter()
                .enumerate()
                .map(|(i, r)| record(r, format!("{at}.record[{i}]")));
            Contents::Records(records.collect::<Built<_>>()?)
        }
        _ => {
            return Err((
                at,
                FieldReason::NotHere {
                    attribute: if binary { "record" } else { "field" },
                },
            ));
        }
    };
    Ok(File {
        fid: FileId(wire.fid),
        title: Title {
            en: wire.en,
            zh: wire.zh,
        },
        header,
        deposit: wire.kind == FileKindWire::Deposit,
        mac_key: wire.mac_key,
        compound: wire.compound,
        contents,
        at,
    })
}

fn record(wire: RecordWire, at: String) -> Built<Record> {
    Ok(Record {
        number: wire.number,
        length: wire.length.into(),
        fill: wire.fill,
        fields: fields(wire.field, &at)?,
        at,
    })
}

pub(super) fn fields(wire: Vec<FieldWire>, at: &str) -> Built<Vec<TemplateField>> {
    wire.into_iter()
        .enumerate()
        .map(|(i, f)| field(f, format!("{at}.field[{i}]")))
        .collect()
}

fn field(wire: FieldWire, at: String) -> Built<TemplateField> {
    let encoding = match wire.encoding {
        EncodingWire::Hex => Encoding::Hex,
        EncodingWire::Bcd => Encoding::Bcd,
        EncodingWire::Uint => Encoding::Uint,
        EncodingWire::UintLe => Encoding::UintLe,
        EncodingWire::Ascii => Encoding::Ascii { pad: wire.pad },
        EncodingWire::Gbk => Encoding::Gbk { pad: wire.pad },
        EncodingWire::BcdDate => Encoding::BcdDate,
        EncodingWire::BcdDatetime => Encoding::BcdDateTime,
        EncodingWire::Enum => Encoding::Enum(wire.values),
        EncodingWire::ValueBlock => Encoding::ValueBlock { address: wire.address },
    };
    let source = match (wire.value, wire.order, wire.site, wire.check) {
        (Some(value), None, None, None) => Source::Constant(value),
        (None, Some(order), None, None) => Source::Order(order, wire.part),
        (None, None, None, Some(CheckWire::Xor)) => Source::Xor,
        (None, None, Some(name), None) => Source::Site {
            name,
            default: wire.default,
        },
        _ => return Err((at, FieldReason::OneSource)),
    };
    Ok(TemplateField {
        name: wire.name,
        title: Title {
            en: wire.en,
            zh: wire.zh,
        },
        offset: wire.at,
        length: wire.length,
        encoding,
        source,
        at,
    })
}

fn raw_step(wire: RawWire, at: String) -> Built<RawStep> {
    let bytes = hex::decode(&wire.apdu).map_err(|_| {
        (
            at.clone(),
            FieldReason::Hex {
                text: wire.apdu.clone(),
            },
        )
    })?;
    let apdu = Command::parse(&bytes).map_err(|e| (at.clone(), FieldReason::Apdu { what: e.to_string() }))?;
    Ok(RawStep {
        what: wire.what,
        apdu,
        accept: wire.accept,
        at,
    })
}
