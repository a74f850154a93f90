// SPDX-License-Identifier: Apache-2.0
//! Keys that come or go as key blocks under an exchange key. What is written is read back and opened before it counts.

use super::super::super::plan::{ExportBlock, ImportBlock, Step};
use super::super::log::StepLog;
use super::super::{CeremonyError, Running};
use super::keys::{attend, verify};
use crate::keys::file_store::Draft;
use crate::keys::{Change, KeyFileError, KeyId, KeyState, Subject};
use crate::ledger::act::Act;
use crate::msg;
use crate::site::{BlockFile, BlockOrder};

pub(super) fn import(
    run: &mut Running<'_>,
    step: &Step,
    work: &ImportBlock,
    log: &mut StepLog,
) -> Result<(), CeremonyError> {
    attend(run, step, log)?;
    let path = run.path(&work.file)?.to_owned();
    let file = BlockFile::read(&path)?;
    log.file(work.file.as_str(), file.digest())?;
    let asked: Vec<KeyId> = work.keys.iter().map(|key| key.at(run.site().owner())).collect();
    let opened = file.open(
        run.site(),
        run.store(),
        &work.under,
        &asked,
        work.start,
        &run.hall.clock,
    )?;
    run.hall
        .room
        .say(&msg!("ceremony-blocks-open", count = opened.len(), under = work.under));
    for (record, key) in opened {
        let (id, kcv) = (record.id.clone(), record.kcv);
        let body = file.arrived(&record, &work.under)?;
        run.pending.apply(Change::AddKey { record, key }, run.hall.random)?;
        verify(run, &id, kcv)?;
        log.key(&id, kcv)?;
        run.record(Act::KeyReceive(body), log);
    }
    Ok(())
}

pub(super) fn export(
    run: &mut Running<'_>,
    step: &Step,
    work: &ExportBlock,
    log: &mut StepLog,
) -> Result<(), CeremonyError> {
    attend(run, step, log)?;
    let out = run.path(&work.file)?.to_owned();
    if out.exists() {
        let path = out.display().to_string();
        return Err(KeyFileError::Exists { path }.into());
    }
    let keys: Vec<KeyId> = work.keys.iter().map(|key| key.at(run.site().owner())).collect();
    let order = BlockOrder {
        keys: &keys,
        owner: None,
        subject: &Subject::new(),
        under: &work.under,
        exportability: work.exportable,
    };
    let made = order.make(run.request.site, run.pending.store(), run.hall.random, &run.hall.clock)?;
    opens_again(run, work, &keys, made.text())?;
    log.file(work.file.as_str(), made.digest())?;
    for entry in made.entries()? {
        log.named_key(entry.key.as_str(), entry.kcv.as_str())?;
        run.record(Act::KeyExport(entry), log);
    }
    run.files.push(Draft::held(&out, made.text().as_bytes(), 0o600)?);
    Ok(())
}

/// The blocks open under the same exchange key and hold the keys with their check values.
fn opens_again(run: &Running<'_>, work: &ExportBlock, keys: &[KeyId], text: &str) -> Result<(), CeremonyError> {
    let file = BlockFile::parse(work.file.as_str(), text)?;
    let opened = file.open(
        run.site(),
        run.store(),
        &work.under,
        keys,
        KeyState::Active,
        &run.hall.clock,
    )?;
    for (record, _) in &opened {
        verify(run, &record.id, record.kcv)?;
    }
    if opened.len() == keys.len() {
        Ok(())
    } else {
        Err(CeremonyError::Step {
            what: msg!("ceremony-file-differs", path = work.file),
        })
    }
}
