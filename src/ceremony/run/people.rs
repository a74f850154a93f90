// SPDX-License-Identifier: Apache-2.0
//! From the plan's people to the site's officers: everybody bound, different, enrolled, in their roles; enough of them to
//! open the key store. All of that is known before anybody types anything.

use std::collections::BTreeMap;

use super::super::plan::{Bindings, Do, PersonId, Plan};
use super::super::room::Person;
use super::error::CeremonyError;
use crate::ledger::Role;
use crate::ledger::rules::State;
use crate::site::SiteError;

/// The participants of this run in the plan's order, and the officers whom steps are about.
#[derive(Debug, Clone)]
pub(super) struct People {
    participants: Vec<Person>,
    others: Vec<(PersonId, String)>,
}

impl People {
    /// Takes everybody's officer from the bindings; the checks of the plan have found them different, enrolled and in their
    /// roles.
    pub(super) fn bind(plan: &Plan, bindings: &Bindings) -> Result<Self, CeremonyError> {
        let of = |id: &PersonId| {
            let officer = bindings.officer(id).map(ToOwned::to_owned);
            officer.ok_or_else(|| CeremonyError::Unbound { id: id.to_string() })
        };
        let mut participants = Vec::new();
        for participant in &plan.participants {
            let (id, role, officer) = (participant.id.to_string(), participant.role, of(&participant.id)?);
            participants.push(Person { id, officer, role });
        }
        let mut others = Vec::new();
        for other in &plan.officers {
            others.push((other.id.clone(), of(&other.id)?));
        }
        Ok(Self { participants, others })
    }

    /// Whether those who are left can still enrol others: a site without them could never change again.
    pub(super) fn check_remaining(&self, plan: &Plan, state: &State) -> Result<(), CeremonyError> {
        let mut roles: BTreeMap<String, Vec<Role>> = BTreeMap::new();
        let active = state.officers.iter().filter(|(_, officer)| !officer.revoked);
        roles.extend(active.map(|(name, officer)| (name.to_string(), officer.roles.clone())));
        let mut last = None;
        for step in &plan.steps {
            match &step.what {
                Do::Enrol(enrol) => {
                    roles.insert(self.officer(&enrol.officer)?.to_owned(), enrol.roles.clone());
                }
                Do::Revoke(revoke) => last = Some(self.officer(&revoke.officer)?.to_owned()),
                _ => {}
            }
            if let Some(name) = &last {
                roles.remove(name);
            }
        }
        let Some(name) = last else { return Ok(()) };
        let rule = state.policy.rule("officer.enrol");
        let may = |roles: &[Role], allowed: &[Role]| allowed.is_empty() || roles.iter().any(|r| allowed.contains(r));
        let needed = usize::from(rule.officers.max(1));
        let enough = roles.iter().any(|(acting, own)| {
            let others = roles
                .iter()
                .filter(|(other, of)| *other != acting && may(of, &rule.approvers));
            may(own, &rule.roles) && others.count() + 1 >= needed
        });
        if enough {
            Ok(())
        } else {
            Err(SiteError::LastOfficers { name }.into())
        }
    }

    /// The participants in the plan's order.
    pub(super) fn participants(&self) -> &[Person] {
        &self.participants
    }

    /// Whoever comes to the keyboard: a participant, or an officer whom a step is about.
    pub(super) fn person(&self, id: &PersonId) -> Result<Person, CeremonyError> {
        let found = self.participants.iter().find(|p| p.id == id.as_str());
        Ok(match found {
            Some(person) => person.clone(),
            None => Person {
                id: id.to_string(),
                officer: self.officer(id)?.to_owned(),
                role: Role::Custodian,
            },
        })
    }

    /// The officer whom a name of the plan stands for.
    pub(super) fn officer(&self, id: &PersonId) -> Result<&str, CeremonyError> {
        let other = || {
            self.others
                .iter()
                .find(|(other, _)| other == id)
                .map(|(_, o)| o.as_str())
        };
        let participant = self.participants.iter().find(|p| p.id == id.as_str());
        let found = participant.map(|p| p.officer.as_str()).or_else(other);
        found.ok_or_else(|| CeremonyError::Unbound { id: id.to_string() })
    }
}
