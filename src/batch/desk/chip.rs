// SPDX-License-Identifier: Apache-2.0
//! The chip of an issued card as the desk sees and writes it: whether its application is blocked, its last day, its PIN; and
//! the protected commands APPLICATION BLOCK `84 1E`, APPLICATION UNBLOCK `84 18`, PIN UNBLOCK `84 24`, RELOAD PIN `80 5E`
//! and UPDATE BINARY `04 D6` (FMCOS 2.0 manual, "secure messaging"; JR/T 0025.1-2010 §8.3).

use super::fault::DeskError;
use crate::batch::BatchError;
use crate::card::commands::{self as apdu, Position};
use crate::card::dialect::Dialect;
use crate::card::{CardError, CardSession, purse};
use crate::crypto::SecretBytes;
use crate::iso7816::Command;
use crate::keys::{CardKey, KeyStore};
use crate::template::{Contents, Directory, File, KeySlot, Selector, Source, Template, TemplateField};

/// Whether an application lets itself be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Application {
    /// It does.
    Open,
    /// Blocked: SELECT says so (FMCOS 6A81, JR/T 0025 6283), and it is the current directory all the same.
    Blocked,
}

/// Selects a directory from the MF.
pub(super) fn application(
    card: &mut CardSession<'_>,
    template: &Template,
    directory: &Directory,
) -> Result<Application, CardError> {
    let mf = if template.dialect.preset() {
        apdu::select_name(&template.mf.name)
    } else {
        apdu::select_current_mf()
    };
    card.send("SELECT 3F00", &mf)?;
    if directory.is_mf() {
        return Ok(Application::Open);
    }
    let command = match directory.select {
        Selector::Name => apdu::select_name(&directory.name),
        Selector::Fid => apdu::select_file(directory.fid),
    };
    let reply = card.send_accepting(&format!("SELECT {}", directory.fid), &command, &[0x6A81, 0x6283])?;
    Ok(if reply.sw.is_ok() {
        Application::Open
    } else {
        Application::Blocked
    })
}

/// What a key of the application serves for at the desk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum DeskKey {
    Block,
    Unblock,
    PinUnblock,
    PinReload,
}

/// The key of a directory for a purpose. FMCOS blocks and unblocks with line protection key 36/00; the metro card has keys
/// of their own.
pub(super) fn slot<'t>(
    template: &'t Template,
    directory: &'t Directory,
    purpose: DeskKey,
) -> Result<&'t KeySlot, BatchError> {
    let (kind, what) = match (template.dialect, purpose) {
        (Dialect::Metro, DeskKey::Block) => (0x33, "application block key"),
        (Dialect::Metro, DeskKey::Unblock) => (0x34, "application unblock key"),
        (Dialect::Metro, DeskKey::PinUnblock) => (0x04, "PIN unblock key"),
        (Dialect::Metro, DeskKey::PinReload) => (0x05, "PIN reload key"),
        (_, DeskKey::Block | DeskKey::Unblock) => (0x36, "application maintenance key"),
        (_, DeskKey::PinUnblock) => (0x37, "PIN unblock key"),
        (_, DeskKey::PinReload) => (0x38, "PIN reload key"),
    };
    let fits = |k: &&KeySlot| k.written() && k.place.kind() == Some(kind) && k.place.id() == 0;
    directory.keys.iter().find(fits).ok_or_else(|| missing(template, what))
}

pub(super) fn missing(template: &Template, what: &'static str) -> BatchError {
    BatchError::NotInTemplate {
        template: template.name.clone(),
        what,
    }
}

/// Where a card's last day stands.
#[derive(Debug, Clone, Copy)]
pub(super) struct DayPlace<'t> {
    pub(super) directory: &'t Directory,
    pub(super) file: &'t File,
    pub(super) field: &'t TemplateField,
}

/// All places of the last day, in the order of the template's directories.
pub(super) fn day_places(template: &Template) -> Result<Vec<DayPlace<'_>>, BatchError> {
    let mut places = Vec::new();
    for directory in template.directories() {
        for file in &directory.files {
            let Contents::Binary(record) = &file.contents else {
                continue;
            };
            let is_day =
                |f: &&TemplateField| matches!(&f.source, Source::Order(name, None) if name == template.last_day());
            places.extend(
                record
                    .fields
                    .iter()
                    .filter(is_day)
                    .map(|field| DayPlace { directory, file, field }),
            );
        }
    }
    if places.is_empty() {
        return Err(missing(template, "last day"));
    }
    Ok(places)
}

impl DayPlace<'_> {
    fn position(&self, template: &Template) -> Result<Position, BatchError> {
        let sfi = self.file.sfi().ok_or_else(|| missing(template, "short identifier"))?;
        let offset =
            u8::try_from(self.field.offset).map_err(|_| missing(template, "last day in the first 256 bytes"))?;
        Ok(Position::Sfi(sfi, offset))
    }

    /// The day on the card; `None` where the card says that a write of this file was torn (6281), or it holds no day.
    pub(super) fn read(&self, template: &Template, card: &mut CardSession<'_>) -> Result<Option<String>, DeskError> {
        application(card, template, self.directory)?;
        let command = apdu::read_binary(self.position(template)?, self.field.length as u8);
        let what = format!("READ BINARY {}", self.file.fid);
        let reply = card.send_accepting(&what, &command, &[0x6281])?;
        let day = self.field.encoding.decode(&reply.data);
        Ok(day.filter(|day| reply.sw.is_ok() && day.len() == 8))
    }

    /// Writes a day, as the file's protection wants it.
    pub(super) fn write(
        &self,
        template: &Template,
        (keys, key): (&dyn KeyStore, &CardKey),
        day: &str,
        card: &mut CardSession<'_>,
    ) -> Result<(), DeskError> {
        let encoded = self.field.encoding.encode(self.field.length, day);
        let bytes = encoded.map_err(|_| DeskError::Day { day: day.to_owned() })?;
        application(card, template, self.directory)?;
        let header = self.file.header;
        let position = self.position(template)?;
        let what = format!("UPDATE BINARY {}", self.file.fid);
        if !header.mac {
            card.send(&what, &apdu::update_binary(position, &bytes, false))?;
            return Ok(());
        }
        let sent = if header.cipher {
            keys.encipher(key, &SecretBytes::new(bytes))?
        } else {
            bytes
        };
        protected(&what, &apdu::update_binary(position, &sent, true), (keys, key), card)
    }
}

/// Sends a command with its MAC: over CLA INS P1 P2 Lc ‖ data, started with a fresh challenge.
pub(super) fn protected(
    what: &str,
    plain: &Command,
    (keys, key): (&dyn KeyStore, &CardKey),
    card: &mut CardSession<'_>,
) -> Result<(), DeskError> {
    let mut data = plain.data().to_vec();
    let input = [&plain.header()[..], &[(data.len() + 4) as u8], &data].concat();
    let challenge = card.challenge(4)?;
    data.extend_from_slice(&keys.mac(key, &challenge, &input)?);
    let [cla, ins, p1, p2] = plain.header();
    // The data of PIN UNBLOCK are a PIN under a key; no trace has them.
    card.send_sealed(what, &Command::new(cla, ins, p1, p2).with_data(data))?;
    Ok(())
}

/// APPLICATION BLOCK, temporary: the key's holder can take it back.
pub(super) fn block(keys: (&dyn KeyStore, &CardKey), card: &mut CardSession<'_>) -> Result<(), DeskError> {
    protected("APPLICATION BLOCK", &apdu::application_block(false), keys, card)
}

/// APPLICATION UNBLOCK.
pub(super) fn unblock(keys: (&dyn KeyStore, &CardKey), card: &mut CardSession<'_>) -> Result<(), DeskError> {
    protected("APPLICATION UNBLOCK", &apdu::application_unblock(), keys, card)
}

/// PIN UNBLOCK with the PIN that the holder goes on using.
pub(super) fn unblock_pin(
    parameters: [u8; 2],
    (keys, key): (&dyn KeyStore, &CardKey),
    pin: &SecretBytes,
    card: &mut CardSession<'_>,
) -> Result<(), DeskError> {
    let cipher = keys.encipher(key, pin)?;
    protected(
        "PIN UNBLOCK",
        &apdu::pin_unblock(parameters, &cipher),
        (keys, key),
        card,
    )
}

/// RELOAD PIN with a new PIN.
pub(super) fn reload_pin(
    slot: u8,
    (keys, key): (&dyn KeyStore, &CardKey),
    pin: &SecretBytes,
    card: &mut CardSession<'_>,
) -> Result<(), DeskError> {
    let data = keys.reload_typed_pin(key, pin)?;
    card.send_secret("RELOAD PIN", apdu::reload_pin(slot, &[]).header(), &data)?;
    Ok(())
}

/// How a card answers to a PIN.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PinAnswer {
    Taken,
    /// Wrong; there are tries left.
    Wrong,
    /// No tries are left.
    Locked,
}

/// Presents a PIN. A wrong one costs a try.
pub(super) fn present_pin(slot: u8, pin: &SecretBytes, card: &mut CardSession<'_>) -> Result<PinAnswer, DeskError> {
    let Err(e) = purse::verify_pin(card, slot, pin) else {
        return Ok(PinAnswer::Taken);
    };
    match e.status() {
        Some(sw) if sw.0 == 0x6983 || sw.retries_left() == Some(0) => Ok(PinAnswer::Locked),
        Some(_) if e.is_wrong_key() => Ok(PinAnswer::Wrong),
        _ => Err(e.into()),
    }
}
