// SPDX-License-Identifier: Apache-2.0
//! Officers who come and go, and who opens the key store from here on.

use super::super::super::plan::{Enrol, Reshare, Revoke, Step};
use super::super::super::room::Person;
use super::super::log::StepLog;
use super::super::{CeremonyError, Done, Running};
use super::keys::attend;
use crate::crypto::sign::PublicKey;
use crate::keys::{Change, OfficerKeys};
use crate::ledger::act::{Act, OfficerRevoke};
use crate::ledger::{Role, Text};
use crate::msg;
use crate::site::store_reshared;

pub(super) fn enrol(run: &mut Running<'_>, step: &Step, work: &Enrol, log: &mut StepLog) -> Result<(), CeremonyError> {
    attend(run, step, log)?;
    let name = run.people.officer(&work.officer)?.to_owned();
    let person = Person {
        id: work.officer.to_string(),
        officer: name.clone(),
        role: work.roles.first().copied().unwrap_or(Role::Custodian),
    };
    run.hall.room.turn(&person)?;
    run.hall.room.say(&msg!("ceremony-new-officer", officer = name));
    let passphrase = run.hall.room.new_passphrase(&name);
    let passphrase = passphrase.map_err(|e| CeremonyError::from(e).by(&name))?;
    let (keys, act) = run.session.prepare_officer(&name, &work.roles, run.hall.random)?;
    let (site, costs) = (run.request.site, run.hall.costs);
    let drafts = site.draft_officer(&keys, &work.roles, &passphrase, costs, run.hall.random)?;
    run.hall.room.leave();
    // The passphrase opens what will be the officer's file, and the same keys are in it.
    let [private, _] = &drafts;
    let again = OfficerKeys::open_draft(private, &passphrase, costs)?;
    if again.signing.public() != keys.signing.public() || again.exchange_public() != keys.exchange_public() {
        return Err(CeremonyError::Step {
            what: msg!("ceremony-file-differs", path = private.path().display()),
        });
    }
    run.exchange.insert(name.clone(), keys.exchange_public());
    run.files.extend(drafts);
    run.newcomers.push(keys);
    let by = log.so_far().by.iter().map(ToString::to_string).collect();
    // Who the plan's newcomer is stands in the transcript from here on.
    log.by(&name)?;
    run.acts.push(Done {
        act: act.within(run.begin),
        by,
        newcomer: Some(name),
    });
    Ok(())
}

pub(super) fn revoke(
    run: &mut Running<'_>,
    step: &Step,
    work: &Revoke,
    log: &mut StepLog,
) -> Result<(), CeremonyError> {
    attend(run, step, log)?;
    let name = run.people.officer(&work.officer)?.to_owned();
    run.revoked.push(name.clone());
    let act = Act::OfficerRevoke(OfficerRevoke {
        name: Text::new(name)?,
        reason: Text::new(work.reason.as_str())?,
        ceremony: None,
    });
    run.record(act, log);
    Ok(())
}

pub(super) fn reshare(
    run: &mut Running<'_>,
    step: &Step,
    work: &Reshare,
    log: &mut StepLog,
) -> Result<(), CeremonyError> {
    attend(run, step, log)?;
    let mut holders = Vec::new();
    for id in &work.holders {
        let name = run.people.officer(id)?.to_owned();
        let exchange = exchange_of(run, &name)?;
        holders.push((name, exchange));
    }
    let change = Change::Reshare {
        quorum: work.quorum,
        holders,
    };
    run.pending.apply(change, run.hall.random)?;
    let header = run.store().header();
    let holders: Vec<&str> = header.holders.iter().map(|h| h.officer.as_str()).collect();
    let planned = work.holders.iter().map(|id| run.people.officer(id));
    let planned = planned.collect::<Result<Vec<_>, _>>()?;
    if header.quorum != work.quorum || holders != planned {
        return Err(CeremonyError::Step {
            what: msg!("ceremony-holders-differ", holders = holders.join(", ")),
        });
    }
    let act = store_reshared(header)?;
    for holder in &header.holders.clone() {
        let msg = msg!("ceremony-holder", officer = holder.officer, index = holder.index);
        run.hall.room.say(&msg);
    }
    run.record(act, log);
    Ok(())
}

/// An officer's exchange key from a source that nobody could have changed: the officer's own opened keys, or the store.
pub(super) fn exchange_of(run: &Running<'_>, name: &str) -> Result<PublicKey, CeremonyError> {
    let stored = || {
        let holders = &run.store().header().holders;
        holders.iter().find(|h| h.officer == name).map(|h| h.exchange)
    };
    let found = run.exchange.get(name).copied().or_else(stored);
    found.ok_or_else(|| CeremonyError::Step {
        what: msg!("ceremony-no-exchange-key", officer = name),
    })
}
