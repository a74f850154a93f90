// SPDX-License-Identifier: Apache-2.0
//! Keys that come into the store: drawn at random, in a new version, or derived from those above.

use super::super::super::plan::{Derive, Generate, Rotate, Step};
use super::super::log::StepLog;
use super::super::{CeremonyError, Running};
use super::states;
use crate::crypto::key_block::Exportability;
use crate::crypto::{Kcv, KeyMaterial, kcv, random_key};
use crate::keys::{Change, KeyId, KeyPath, KeyRecord, KeyState, KeyStore, Origin, StoreError, Subject};
use crate::ledger::act::{Act, KeyArrived};
use crate::ledger::{ShortHex, Text};
use crate::msg;
use crate::site::key_arrived;

/// A key on its way into the store.
pub(super) struct Arrival {
    pub(super) id: KeyId,
    pub(super) key: KeyMaterial,
    pub(super) origin: Origin,
    pub(super) state: KeyState,
    pub(super) exportability: Exportability,
}

/// Adds a key, looks at it through the store, and remembers the entry that it will have.
pub(super) fn add(
    run: &mut Running<'_>,
    arrival: Arrival,
    act: fn(KeyArrived) -> Act,
    fill: impl FnOnce(&mut KeyArrived),
    log: &mut StepLog,
) -> Result<Kcv, CeremonyError> {
    let Arrival {
        id,
        key,
        origin,
        state,
        exportability,
    } = arrival;
    let length = run.site().config().kcv_length;
    let record = KeyRecord {
        kcv: kcv(id.algorithm, &key, length),
        since: run.hall.clock.now().to_string(),
        id,
        state,
        origin,
        exportability,
    };
    let mut body = key_arrived(&record)?;
    fill(&mut body);
    let (id, expected) = (record.id.clone(), record.kcv);
    run.pending.apply(Change::AddKey { record, key }, run.hall.random)?;
    verify(run, &id, expected)?;
    log.key(&id, expected)?;
    run.record(act(body), log);
    Ok(expected)
}

/// The store answers with this check value for this key.
pub(super) fn verify(run: &Running<'_>, id: &KeyId, expected: Kcv) -> Result<(), CeremonyError> {
    let got = answer(run, id)?;
    if got == expected {
        Ok(())
    } else {
        Err(CeremonyError::Step {
            what: msg!("ceremony-store-differs", key = id, expected = expected, got = got),
        })
    }
}

/// What the store answers when it is asked for a key's check value.
pub(super) fn answer(run: &Running<'_>, id: &KeyId) -> Result<Kcv, StoreError> {
    let path = KeyPath {
        key: id.clone(),
        factors: Vec::new(),
    };
    run.store().kcv(&path, run.site().config().kcv_length)
}

/// Those who answer for a step without typing anything stand in its record.
pub(super) fn attend(run: &Running<'_>, step: &Step, log: &mut StepLog) -> Result<(), CeremonyError> {
    for id in &step.by {
        log.by(run.people.officer(id)?)?;
    }
    Ok(())
}

pub(super) fn generate(
    run: &mut Running<'_>,
    step: &Step,
    work: &Generate,
    log: &mut StepLog,
) -> Result<(), CeremonyError> {
    attend(run, step, log)?;
    for key in &work.keys {
        let id = key.at(run.site().owner());
        draw(run, id, work.start, log)?;
    }
    Ok(())
}

fn draw(run: &mut Running<'_>, id: KeyId, state: KeyState, log: &mut StepLog) -> Result<(), CeremonyError> {
    let key = random_key::generate(id.algorithm, run.hall.random)?;
    let arrival = Arrival {
        id,
        key,
        origin: Origin::Generated,
        state,
        exportability: Exportability::unlimited(),
    };
    add(run, arrival, Act::KeyGenerate, |_| {}, log).map(drop)
}

pub(super) fn rotate(
    run: &mut Running<'_>,
    step: &Step,
    work: &Rotate,
    log: &mut StepLog,
) -> Result<(), CeremonyError> {
    attend(run, step, log)?;
    for key in &work.keys {
        let old = key.at(run.site().owner());
        let new = key.in_version(work.to_version).at(run.site().owner());
        draw(run, new.clone(), work.start, log)?;
        let other = states::record_of(run, &new)?.kcv != states::record_of(run, &old)?.kcv;
        if !other {
            return Err(CeremonyError::Step {
                what: msg!("ceremony-same-key", key = old),
            });
        }
        if work.retire {
            states::change(
                run,
                &old,
                KeyState::Retired,
                &format!("rotated to v{}", work.to_version),
                log,
            )?;
        }
    }
    Ok(())
}

pub(super) fn derive(
    run: &mut Running<'_>,
    step: &Step,
    work: &Derive,
    log: &mut StepLog,
) -> Result<(), CeremonyError> {
    attend(run, step, log)?;
    let mut more = Subject::new();
    for (field, value) in &work.subject {
        more.set_hex(field, value)?;
    }
    for key in &work.keys {
        let from = key.at(run.site().owner());
        let id = KeyId {
            owner: work.to.clone(),
            ..from.clone()
        };
        let path = run.store().way_down(&from, &id, &more)?;
        let kcv = run.store().kcv(&path, run.site().config().kcv_length)?;
        let record = KeyRecord {
            id: id.clone(),
            kcv,
            state: work.start,
            origin: Origin::Derived,
            since: run.hall.clock.now().to_string(),
            exportability: states::record_of(run, &from)?.exportability,
        };
        let mut body = key_arrived(&record)?;
        body.parent = Some(Text::new(from.to_string())?);
        let factors = path.factors.iter().map(|f| ShortHex::new(f.to_string()));
        body.factors = factors.collect::<Result<_, _>>()?;
        let subject = more.clone();
        let change = Change::AddDerived { from, record, subject };
        run.pending.apply(change, run.hall.random)?;
        verify(run, &id, kcv)?;
        log.key(&id, kcv)?;
        run.record(Act::KeyDerive(body), log);
    }
    Ok(())
}
