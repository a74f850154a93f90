// SPDX-License-Identifier: Apache-2.0
//! States of keys, and their end.

use super::super::super::plan::{Destroy, SetState, Step};
use super::super::log::StepLog;
use super::super::{CeremonyError, Running};
use super::keys::{self, attend};
use crate::keys::{Change, KeyId, KeyRecord, KeyState, KeyStore, StoreError};
use crate::msg;
use crate::site::key_retired;

/// The public facts of a stored key.
pub(super) fn record_of(run: &Running<'_>, id: &KeyId) -> Result<KeyRecord, CeremonyError> {
    let found = run.store().keys().into_iter().find(|key| key.id == *id);
    found.ok_or_else(|| CeremonyError::NoKey {
        key: Box::new(id.clone()),
    })
}

/// Another state of a key, in the store and in the entry to come.
pub(super) fn change(
    run: &mut Running<'_>,
    id: &KeyId,
    state: KeyState,
    reason: &str,
    log: &mut StepLog,
) -> Result<(), CeremonyError> {
    let record = record_of(run, id)?;
    let act = key_retired(&id.clone().into(), record.kcv, state, reason)?;
    let key = id.clone();
    run.pending.apply(Change::SetState { key, state }, run.hall.random)?;
    if record_of(run, id)?.state != state {
        return Err(CeremonyError::Step {
            what: msg!("ceremony-state-differs", key = id),
        });
    }
    log.key(id, record.kcv)?;
    run.record(act, log);
    Ok(())
}

pub(super) fn set(run: &mut Running<'_>, step: &Step, work: &SetState, log: &mut StepLog) -> Result<(), CeremonyError> {
    attend(run, step, log)?;
    for key in &work.keys {
        let id = key.at(run.site().owner());
        change(run, &id, work.state, &work.reason, log)?;
    }
    Ok(())
}

pub(super) fn destroy(
    run: &mut Running<'_>,
    step: &Step,
    work: &Destroy,
    log: &mut StepLog,
) -> Result<(), CeremonyError> {
    attend(run, step, log)?;
    for key in &work.keys {
        let id = key.at(run.site().owner());
        change(run, &id, KeyState::Destroyed, &work.reason, log)?;
    }
    let proven = run.pending.prove_destroyed(run.hall.random)?;
    for key in &work.keys {
        let id = key.at(run.site().owner());
        let silent = matches!(
            keys::answer(run, &id),
            Err(StoreError::State { .. } | StoreError::NoKey { .. })
        );
        if !silent || proven.iter().all(|gone| gone.key != id.clone().into()) {
            return Err(CeremonyError::Step {
                what: msg!("ceremony-not-destroyed", key = id),
            });
        }
        run.hall.room.say(&msg!("ceremony-destroyed", key = id));
    }
    Ok(())
}
