// SPDX-License-Identifier: Apache-2.0
//! `ceremony rehearse --new`: a rehearsal site made for one plan, with the plan's people as its officers.

use std::path::Path;

use super::Rehearse;
use crate::ceremony::Plan;
use crate::ceremony::plan::{Bindings, PersonId};
use crate::cli::{Context, session};
use crate::crypto::key_block::Exportability;
use crate::crypto::seal::KdfParams;
use crate::crypto::{kcv, random_key};
use crate::error::{Error, Exit};
use crate::keys::scheme::Title;
use crate::keys::{KeyId, KeyRecord, KeyState, Origin, Owner};
use crate::ledger::Role;
use crate::ledger::act::Act;
use crate::msg;
use crate::site::{NewOfficer, NewSite, Session, Site, found as make, holds_share, key_arrived};

/// Makes the site. Whoever of the plan is not bound gets the plan's own name for an officer's.
pub(super) fn found(
    folder: &Path,
    args: &Rehearse,
    plan: &Plan,
    bindings: &mut Bindings,
    context: &mut Context,
) -> Result<Site, Error> {
    let missing = |what: &str| Error::new(msg!("ceremony-new-needs", option = what), Exit::Usage);
    let scheme = plan.scheme.clone().or_else(|| args.scheme.clone());
    let level = plan.level.clone().or_else(|| args.level.clone());
    let (scheme, level) = (
        scheme.ok_or_else(|| missing("--scheme"))?,
        level.ok_or_else(|| missing("--level"))?,
    );
    for id in plan.people() {
        bindings.people.entry(id.clone()).or_insert_with(|| id.to_string());
    }
    let mut officers = Vec::new();
    for (id, roles) in people(plan) {
        let name = bindings.officer(&id).unwrap_or(id.as_str()).to_owned();
        let passphrase = session::new_passphrase(context, &name)?;
        officers.push(NewOfficer {
            name,
            roles,
            passphrase,
        });
    }
    let holders = officers.iter().filter(|o| holds_share(&o.roles)).count();
    let new = NewSite {
        folder: folder.to_owned(),
        name: Title {
            en: "Rehearsal".into(),
            zh: "演练".into(),
        },
        scheme,
        level,
        code: args.code.clone(),
        levels: Vec::new(),
        rehearsal: true,
        officers,
        unlock: if holders < 2 { 1 } else { 2 },
        kcv_length: None,
        checkpoint_copy: None,
        require_memory_lock: false,
        approved_templates: false,
        keys_by_ceremony: false,
        costs: KdfParams::default(),
    };
    let site = make(&new, context.random.as_mut(), &context.clock)?;
    stock(&site, plan, &new.officers, context)?;
    Ok(site)
}

/// The keys that the plan takes for granted, drawn at random, so that a rotation or a destruction can be rehearsed.
fn stock(site: &Site, plan: &Plan, officers: &[NewOfficer], context: &mut Context) -> Result<(), Error> {
    let needed = needed(plan, site.owner());
    if needed.is_empty() {
        return Ok(());
    }
    let ledger = site.ledger()?;
    let holders = officers.iter().filter(|o| holds_share(&o.roles)).take(2);
    let open = |o: &NewOfficer| site.officer(&ledger, &o.name, &o.passphrase, KdfParams::default());
    let keys = holders.map(open).collect::<Result<_, _>>()?;
    let mut session = Session::open(site.clone(), ledger, keys, context.clock)?;
    for id in needed {
        let key = random_key::generate(id.algorithm, context.random.as_mut())?;
        let record = KeyRecord {
            kcv: kcv(id.algorithm, &key, site.config().kcv_length),
            id,
            state: KeyState::Active,
            origin: Origin::Generated,
            since: context.clock.now().to_string(),
            exportability: Exportability::unlimited(),
        };
        let act = Act::KeyGenerate(key_arrived(&record)?);
        session.add_key(record, key, act, context.random.as_mut())?;
    }
    session.checkpoint()?;
    Ok(())
}

/// Keys that steps use and none before has made.
fn needed(plan: &Plan, owner: &Owner) -> Vec<KeyId> {
    let (mut made, mut needed): (Vec<KeyId>, Vec<KeyId>) = (Vec::new(), Vec::new());
    for step in &plan.steps {
        for key in step.what.used() {
            let id = key.at(owner);
            if !made.contains(&id) && !needed.contains(&id) {
                needed.push(id);
            }
        }
        made.extend(step.what.made().iter().map(|key| key.at(owner)));
    }
    needed
}

/// Everybody whom the site must know: the participants in their roles, and the officers whom steps are about, who are no
/// newcomers, as key officers.
fn people(plan: &Plan) -> Vec<(PersonId, Vec<Role>)> {
    let participants = plan.participants.iter().map(|p| (p.id.clone(), vec![p.role]));
    let newcomer = |id: &PersonId| plan.newcomers().any(|new| new == id);
    let others = plan.officers.iter().filter(|o| !newcomer(&o.id));
    let others = others.map(|o| (o.id.clone(), vec![Role::KeyOfficer]));
    participants.chain(others).collect()
}
