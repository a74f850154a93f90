// SPDX-License-Identifier: Apache-2.0
//! Every key is proved, or the template says why not.

use super::Report;
use crate::card::commands::FileBody;
use crate::msg;
use crate::template::key::{KeyPlace, KeySlot, ProofChoice};
use crate::template::model::{Contents, Directory, Template};

/// What a chosen proof needs is there.
pub(super) fn possible(template: &Template, report: &mut Report) {
    for directory in template.directories() {
        for slot in directory.keys.iter().filter(|k| k.written()) {
            if let Some(missing) = missing(template, directory, slot) {
                report.error(&slot.at, msg!("check-proof", key = slot.name, missing = missing));
            }
        }
    }
}

fn missing(template: &Template, directory: &Directory, slot: &KeySlot) -> Option<&'static str> {
    let need = |there: bool, what: &'static str| (!there).then_some(what);
    let purse = |deposit: bool| {
        let files = &directory.files;
        files
            .iter()
            .any(|f| matches!(f.header.body, FileBody::Purse(_)) && (!deposit || f.deposit))
    };
    let partner = |proof: &ProofChoice| {
        let keys = directory.keys.iter().filter(|k| k.written());
        keys.filter(|k| k.name.algorithm == slot.name.algorithm)
            .any(|k| k.proof == *proof)
    };
    let psam = matches!(slot.place, KeyPlace::Psam { .. }) && slot.level.is_some();
    match slot.proof {
        ProofChoice::ExternalAuthentication => need(slot.is_control() || slot.place.kind() == Some(0x39), "type 39"),
        ProofChoice::InternalAuthentication => need(slot.place.kind() == Some(0x30), "type 30"),
        ProofChoice::ProtectedWrite => need(
            directory.files.iter().any(|f| {
                f.header.mac && slot.place.protects_lines(f.mac_key) && !matches!(f.contents, Contents::Untouched)
            }),
            "file with contents and MAC",
        ),
        ProofChoice::LoadMac1 => need(purse(false), "purse"),
        ProofChoice::UnloadMac1 | ProofChoice::OverdraftMac1 => need(purse(true), "deposit"),
        ProofChoice::ZeroPurchase => {
            need(purse(false), "purse").or_else(|| need(partner(&ProofChoice::WithPurchase), "TAC key"))
        }
        ProofChoice::WithPurchase => need(partner(&ProofChoice::ZeroPurchase), "zero-purchase"),
        ProofChoice::PinUnblock | ProofChoice::PinReload => need(directory.pin.is_some(), "pin"),
        ProofChoice::PsamPurchase | ProofChoice::IsamLoad | ProofChoice::IsamTac => {
            need(psam, "level and psam-usage").or_else(|| need(template.terminal.is_some(), "terminal"))
        }
        ProofChoice::PsamCipher => need(psam, "level and psam-usage"),
        ProofChoice::AfterChange => need(
            directory.is_mf() && slot.is_control() && !template.dialect.preset(),
            "control key of the MF",
        ),
        ProofChoice::None(_) => None,
    }
}

/// Keys that nothing proves are named.
pub(super) fn not_provable(template: &Template, report: &mut Report) {
    for slot in template.directories().flat_map(|d| &d.keys) {
        if let ProofChoice::None(why) = &slot.proof {
            report.warning(
                &slot.at,
                msg!("check-not-provable", place = slot.place, key = slot.name, why = why),
            );
        }
    }
}
