// SPDX-License-Identifier: Apache-2.0
//! `ceremony rehearse --new`: a rehearsal site made for one plan, with the plan's people as its officers.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use super::Rehearse;
use crate::ceremony::Plan;
use crate::ceremony::plan::{Bindings, Do, OfficerFacts, PersonId, Severity, SiteFacts, StoreFacts};
use crate::ceremony::run::CeremonyError;
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
use crate::site::{NewOfficer, NewSite, Session, Site, check_name, found as make, holds_share, key_arrived};

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
    let mut people = Vec::new();
    for (id, roles) in roles(plan) {
        let name = bindings.officer(&id).unwrap_or(id.as_str()).to_owned();
        check_name(&name)?;
        people.push((name, roles));
    }
    let holders = people.iter().filter(|(_, roles)| holds_share(roles)).count();
    let mut new = NewSite {
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
        officers: Vec::new(),
        unlock: if holders < 2 { 1 } else { 2 },
        kcv_length: None,
        checkpoint_copy: None,
        require_memory_lock: false,
        approved_templates: false,
        keys_by_ceremony: false,
        costs: KdfParams::default(),
    };
    check(&new, &people, plan, bindings)?;
    for (name, roles) in people {
        let passphrase = session::new_passphrase(context, &name)?;
        new.officers.push(NewOfficer {
            name,
            roles,
            passphrase,
        });
    }
    let site = make(&new, context.random.as_mut(), &context.clock)?;
    stock(&site, plan, &new.officers, context)?;
    Ok(site)
}

/// Whether the plan can be held there, as far as it can be known: bindings, files, and what the site will be. Nobody has typed
/// anything yet, and nothing is in the folder.
fn check(new: &NewSite, people: &[(String, Vec<Role>)], plan: &Plan, bindings: &Bindings) -> Result<(), Error> {
    let (scheme, owner) = new.check()?;
    for step in &plan.steps {
        // These come from centres, or for them, that a new site knows nothing of.
        if matches!(step.what, Do::Receive(_) | Do::Restore(_) | Do::ExportBundle(_)) {
            let msg = msg!("ceremony-new-cannot", step = step.id);
            let msg = msg.with_word("kind", "ceremony-kind", step.what.kind());
            return Err(Error::new(msg, Exit::Usage));
        }
    }
    let officer = |(name, roles): &(String, Vec<Role>)| {
        let (roles, revoked) = (roles.clone(), false);
        (name.clone(), OfficerFacts { roles, revoked })
    };
    let holders = people.iter().filter(|(_, roles)| holds_share(roles));
    let facts = SiteFacts {
        folder: new.folder.clone(),
        officers: people.iter().map(officer).collect(),
        store: Some(StoreFacts {
            quorum: new.unlock,
            holders: holders.map(|(name, _)| name.clone()).collect(),
        }),
        keys: needed(plan, &owner)
            .into_iter()
            .map(|id| (id, KeyState::Active))
            .collect(),
        limits: BTreeMap::new(),
        exchange_keys: BTreeMap::new(),
        incoming: BTreeMap::new(),
        scheme: Arc::new(scheme),
        owner,
    };
    let mut findings = plan.check(Some(bindings), Some(&facts));
    findings.retain(|finding| finding.severity == Severity::Error);
    if findings.is_empty() {
        Ok(())
    } else {
        Err(CeremonyError::Checks { findings }.into())
    }
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
fn roles(plan: &Plan) -> Vec<(PersonId, Vec<Role>)> {
    let participants = plan.participants.iter().map(|p| (p.id.clone(), vec![p.role]));
    let newcomer = |id: &PersonId| plan.newcomers().any(|new| new == id);
    let others = plan.officers.iter().filter(|o| !newcomer(&o.id));
    let others = others.map(|o| (o.id.clone(), vec![Role::KeyOfficer]));
    participants.chain(others).collect()
}
