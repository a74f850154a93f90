// SPDX-License-Identifier: Apache-2.0
//! Keys that come from an upper centre or go to a lower one in a sealed bundle.

use super::super::super::plan::{ExportBundle, PlannedKey, Receive, Step};
use super::super::log::StepLog;
use super::super::{CeremonyError, Running};
use super::confirm;
use super::keys::{attend, verify};
use crate::keys::file_store::Draft;
use crate::keys::{Change, KeyFileError, KeyId, Subject};
use crate::ledger::Hash;
use crate::ledger::act::Act;
use crate::msg;
use crate::site::{ArrivedKey, KeyBundle, SiteCard};

pub(super) fn receive(
    run: &mut Running<'_>,
    step: &Step,
    work: &Receive,
    log: &mut StepLog,
) -> Result<(), CeremonyError> {
    attend(run, step, log)?;
    let path = run.path(&work.file)?.to_owned();
    let arrived = run.site().open_bundle(run.store(), &path, &run.hall.clock)?;
    let came: Vec<KeyId> = arrived.iter().map(|key| key.record.id.clone()).collect();
    same_keys(run, &work.keys, &came)?;
    if let Some(body) = arrived.first().map(|key| &key.body) {
        if let Some(package) = body.package {
            log.file(work.file.as_str(), package)?;
        }
        let sender = body.from.as_ref().map(ToString::to_string).unwrap_or_default();
        run.hall
            .room
            .say(&msg!("ceremony-received", count = came.len(), sender = sender));
    }
    for ArrivedKey { record, key, body } in arrived {
        let (id, kcv) = (record.id.clone(), record.kcv);
        run.pending.apply(Change::AddKey { record, key }, run.hall.random)?;
        verify(run, &id, kcv)?;
        log.key(&id, kcv)?;
        run.record(Act::KeyReceive(body), log);
    }
    Ok(())
}

/// Exactly the plan's keys are in the bundle.
fn same_keys(run: &Running<'_>, planned: &[PlannedKey], came: &[KeyId]) -> Result<(), CeremonyError> {
    let planned: Vec<KeyId> = planned.iter().map(|key| key.at(run.site().owner())).collect();
    let missing = planned.iter().find(|id| !came.contains(id));
    let extra = came.iter().find(|id| !planned.contains(id));
    match (missing, extra) {
        (None, None) => Ok(()),
        (Some(id), _) => Err(CeremonyError::Step {
            what: msg!("ceremony-bundle-lacks", key = id),
        }),
        (None, Some(id)) => Err(CeremonyError::Step {
            what: msg!("ceremony-bundle-has-more", key = id),
        }),
    }
}

/// The receiver's card, told to everybody who comes to the keyboard. What it says of itself counts only where its fingerprint
/// was confirmed at this site.
fn receiver(run: &mut Running<'_>, step: &Step, work: &ExportBundle) -> Result<SiteCard, CeremonyError> {
    let path = run.path(&work.to)?;
    let card = SiteCard::read(path)?;
    if run.site().trusted(&card.id, &card.signing)? != card {
        return Err(CeremonyError::Step {
            what: msg!("ceremony-other-card", path = path.display()),
        });
    }
    let to = msg!(
        "ceremony-receiver",
        receiver = card.owner,
        fingerprint = card.fingerprint()
    );
    run.hall.room.say(&to);
    run.current.push(to);
    run.sent.insert(step.id.to_string(), card.owner.clone());
    Ok(card)
}

pub(super) fn export(
    run: &mut Running<'_>,
    step: &Step,
    work: &ExportBundle,
    log: &mut StepLog,
) -> Result<(), CeremonyError> {
    attend(run, step, log)?;
    let card = receiver(run, step, work)?;
    confirm::words(run, step, log)?;
    let out = run.path(&work.file)?.to_owned();
    if out.exists() {
        let path = out.display().to_string();
        return Err(KeyFileError::Exists { path }.into());
    }
    let mut more = Subject::new();
    for (field, value) in &work.subject {
        more.set_hex(field, value)?;
    }
    let keys: Vec<KeyId> = work.keys.iter().map(|key| key.at(run.site().owner())).collect();
    let site = run.request.site;
    let sealed = site.seal_bundle(
        run.pending.store(),
        &keys,
        &card,
        &more,
        run.hall.random,
        &run.hall.clock,
    )?;
    // Read back as the receiver will read it.
    let again = KeyBundle::parse(&out.display().to_string(), &sealed.text)?;
    if again != sealed.bundle {
        return Err(CeremonyError::Step {
            what: msg!("ceremony-file-differs", path = out.display()),
        });
    }
    log.file(work.file.as_str(), Hash::of(&[sealed.text.as_bytes()]))?;
    let to = msg!(
        "ceremony-exported",
        count = keys.len(),
        receiver = card.owner,
        fingerprint = card.fingerprint()
    );
    run.hall.room.say(&to);
    for export in sealed.exports {
        log.named_key(export.key.as_str(), export.kcv.as_str())?;
        run.record(Act::KeyExport(export), log);
    }
    run.files.push(Draft::held(&out, sealed.text.as_bytes(), 0o600)?);
    Ok(())
}
