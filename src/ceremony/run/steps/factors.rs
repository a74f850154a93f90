// SPDX-License-Identifier: Apache-2.0
//! Keys from the leaders' factors. Each leader types the own factor twice, alone at the keyboard; nothing about a single
//! factor is shown or written down.

use super::super::super::factors::{FactorError, Ground, Tree, typed, xor};
use super::super::super::plan::{FactorMethod, Factors, PersonId};
use super::super::log::StepLog;
use super::super::{ATTEMPTS, CeremonyError, Running};
use super::keys::{Arrival, add};
use super::{confirm, entry};
use crate::crypto::key_block::Exportability;
use crate::crypto::{Kcv, KeyMaterial, SecretBytes, kcv};
use crate::error::Fault;
use crate::keys::{KeyId, Origin};
use crate::ledger::act::Act;
use crate::ledger::field::Word;
use crate::msg;

pub(super) fn combine(run: &mut Running<'_>, work: &Factors, log: &mut StepLog) -> Result<(), CeremonyError> {
    let mut factors = Vec::new();
    for (at, leader) in work.leaders.iter().enumerate() {
        factors.push(factor(run, leader, (at + 1, work.leaders.len()), &factors, log)?);
    }
    let ids: Vec<KeyId> = work.keys.iter().map(|key| key.at(run.site().owner())).collect();
    run.hall.room.say(&msg!("ceremony-factors-working"));
    let keys = grow(run, work.method, &ids, &factors)?;
    drop(factors);
    let length = run.site().config().kcv_length;
    let values: Vec<Kcv> = ids
        .iter()
        .zip(&keys)
        .map(|(id, key)| kcv(id.algorithm, key, length))
        .collect();
    for (id, key) in ids.iter().zip(&keys) {
        run.store().check_key(id, key)?;
    }
    confirm::check_values(run, &work.confirm, &ids, &values, log)?;
    let method = Word::new(match work.method {
        FactorMethod::Digest => "digest",
        FactorMethod::Xor => "xor",
    })?;
    for (id, key) in ids.into_iter().zip(keys) {
        let arrival = Arrival {
            id,
            key,
            origin: Origin::Components,
            state: work.start,
            exportability: Exportability::unlimited(),
        };
        let method = method.clone();
        add(run, arrival, Act::KeyImport, |body| body.method = Some(method), log)?;
    }
    Ok(())
}

fn grow(
    run: &Running<'_>,
    method: FactorMethod,
    ids: &[KeyId],
    factors: &[SecretBytes],
) -> Result<Vec<KeyMaterial>, CeremonyError> {
    let site = run.site();
    let ground = Ground {
        scheme: site.scheme().name().to_owned(),
        owner: site.owner().to_string(),
        rehearsal: site.rehearsal(),
    };
    let failed = |e: FactorError| CeremonyError::Step { what: e.msg() };
    match method {
        FactorMethod::Xor => Ok(vec![xor(&ground, factors).map_err(failed)?]),
        FactorMethod::Digest => {
            let tree = Tree::grow(&ground, factors).map_err(failed)?;
            ids.iter().map(|id| tree.key(id).map_err(failed)).collect()
        }
    }
}

/// One leader's factor, typed twice.
fn factor(
    run: &mut Running<'_>,
    leader: &PersonId,
    (number, of): (usize, usize),
    before: &[SecretBytes],
    log: &mut StepLog,
) -> Result<SecretBytes, CeremonyError> {
    let person = run.turn(leader, log)?;
    for _ in 0..ATTEMPTS {
        let text = run
            .hall
            .room
            .hidden(&msg!("ceremony-ask-factor", number = number, of = of))?;
        let wrong = match typed(&text) {
            Err(e) => e.msg(),
            Ok(factor) if before.iter().any(|other| crate::crypto::pack::is_same(other, &factor)) => {
                msg!("ceremony-factor-same")
            }
            Ok(factor) if entry::twice(run, &text, &msg!("ceremony-ask-again"))? => {
                run.hall.room.leave();
                return Ok(factor);
            }
            Ok(_) => msg!("ceremony-typed-differently"),
        };
        log.event(Some(&person.officer), "typing-error", None)?;
        run.hall.room.say(&wrong);
    }
    Err(CeremonyError::Attempts {
        officer: person.officer,
        what: msg!("ceremony-what-factor"),
    })
}
