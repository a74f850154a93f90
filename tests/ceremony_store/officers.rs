// SPDX-License-Identifier: Apache-2.0
//! A ceremony in which one officer comes and another one goes, and the store is shared anew among those who are left.
#![allow(dead_code)] // each test program uses its part of it

use super::hall::*;
use cardmint::keys::{Change, OfficerKeys};
use cardmint::ledger::Role;
use cardmint::ledger::act::{Act, OfficerRevoke};
use cardmint::outside::{Clock, SystemRandom};
use cardmint::site::{Session, Site, SiteError, Step, store_reshared};

/// Tries to open a site, whoever they are.
pub fn tries(site: &Site, names: &[&str]) -> Result<Session, SiteError> {
    let ledger = site.ledger()?;
    let mut officers = Vec::new();
    for name in names {
        officers.push(site.officer(&ledger, name, &pass(name), QUICK)?);
    }
    Session::open(site.clone(), ledger, officers, Clock::System)
}

pub fn revoked(name: &str) -> Act {
    Act::OfficerRevoke(OfficerRevoke {
        name: text(name),
        reason: text("left"),
        ceremony: None,
    })
}

/// `zhao` in, `wang` out, held by `zhang` and `li`.
pub fn change_officers(session: &mut Session, at: &mut dyn FnMut(Step)) -> Result<(), SiteError> {
    let ceremony = begin_again(session, &["zhang", "li"]);
    let mut pending = session.store.begin()?;
    let roles = [Role::KeyOfficer, Role::Custodian];
    let (zhao, enrol) = session.prepare_officer("zhao", &roles, &mut SystemRandom)?;
    let files = session
        .site
        .draft_officer(&zhao, &roles, &pass("zhao"), QUICK, &mut SystemRandom)?;
    let holder = |name| session.holder(name, &[&zhao]);
    let holders = vec![holder("zhang")?, holder("li")?, holder("zhao")?];
    pending.apply(Change::Reshare { quorum: 2, holders }, &mut SystemRandom)?;
    let reshare = store_reshared(pending.store().header())?;
    let everybody: Vec<&OfficerKeys> = ceremony.participants.iter().collect();
    let with_new = everybody.iter().copied().chain([&zhao]).collect();
    let within = |act: Act| act.within(ceremony.begin);
    let acts = [enrol, revoked("wang"), reshare].map(within);
    let end = ceremony.end(cardmint::ledger::act::CeremonyResult::Completed, &acts);
    let [enrol, revoke, reshare] = acts;
    let acts = vec![
        (enrol, with_new),
        (revoke, everybody.clone()),
        (reshare, everybody.clone()),
        (end, everybody),
    ];
    session
        .conclude(pending, acts, files.into(), &mut SystemRandom, at)
        .map(drop)
}
