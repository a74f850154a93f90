// SPDX-License-Identifier: Apache-2.0
//! Key ceremonies by the entries alone: who must have signed what, and that a ceremony is whole or nothing.
//!
//! - One ceremony is open at a time. All participants sign its beginning; each is another officer, in a role of theirs.
//! - An act of a ceremony names the entry that began it, while that one is open, and is approved by participants only.
//! - Once a ceremony has acted, its further acts and its end follow, and nothing else. They are appended in one commit.
//! - A completed ceremony is signed by all of its participants, also by one whom it revoked itself, and by nobody else; its
//!   transcript has every key that came. An abandoned one has not acted.
//! - No policy relaxes this. It may ask for more: that keys are made, moved and destroyed in ceremonies only.

use std::collections::BTreeSet;

use super::State;
use super::fault::CeremonyFault;
use crate::ledger::act::{Act, CeremonyBegin, CeremonyEnd, CeremonyResult, KeySeen, Participant};
use crate::ledger::entry::{Entry, Signed};
use crate::ledger::error::LedgerError;
use crate::ledger::field::{Nonce, Text};
use crate::ledger::hash::Hash;
use crate::ledger::policy::Role;

/// The ceremony that is open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenCeremony {
    /// The entry that began it.
    pub begin: u64,
    /// The digest of its plan.
    pub plan: Hash,
    /// Its nonce.
    pub nonce: Nonce,
    /// Who takes part.
    pub participants: Vec<Participant>,
    /// Whether an act of it stands already: its end must follow.
    acted: bool,
    /// The keys that its acts brought.
    brought: Vec<KeySeen>,
    /// The officers whom its acts revoked.
    pub(super) revoked: BTreeSet<Text>,
}

impl OpenCeremony {
    fn takes_part(&self, officer: &Text) -> bool {
        self.participants.iter().any(|p| p.officer == *officer)
    }

    /// All participants signed, and nobody else.
    fn signed_by_all(&self, sigs: &[Signed]) -> Result<(), CeremonyFault> {
        let missing = |p: &&Participant| sigs.iter().all(|s| s.officer != p.officer);
        if let Some(participant) = self.participants.iter().find(missing) {
            return Err(CeremonyFault::NotSigned(participant.officer.to_string()));
        }
        self.signed_by_participants(sigs)
    }

    fn signed_by_participants(&self, sigs: &[Signed]) -> Result<(), CeremonyFault> {
        match sigs.iter().find(|s| !self.takes_part(&s.officer)) {
            Some(other) => Err(CeremonyFault::NotParticipant(other.officer.to_string())),
            None => Ok(()),
        }
    }
}

/// Whether a policy can ask for a ceremony.
fn about_keys(act: &Act) -> bool {
    matches!(act.name().split('.').next(), Some("key" | "store"))
}

impl State {
    /// The ceremony that is open.
    pub fn ceremony(&self) -> Option<&OpenCeremony> {
        self.ceremony.as_ref()
    }

    /// Whether nothing is missing at this point: acts of a ceremony never stand without its end.
    pub fn is_whole(&self) -> Result<(), LedgerError> {
        match &self.ceremony {
            Some(open) if open.acted => Err(CeremonyFault::NotEnded(open.begin).into()),
            _ => Ok(()),
        }
    }

    /// Checks what an entry, whose signatures were checked, means for ceremonies, and takes it over.
    pub(super) fn follow(&mut self, entry: &Entry) -> Result<(), LedgerError> {
        if let Some(open) = self.ceremony.as_ref().filter(|open| open.acted) {
            let ends = matches!(&entry.act, Act::CeremonyEnd(end) if end.begin == open.begin);
            if !ends && entry.act.ceremony() != Some(open.begin) {
                return Err(CeremonyFault::Between(open.begin).into());
            }
        }
        match (&entry.act, entry.act.ceremony()) {
            (Act::CeremonyBegin(body), _) => self.begin(entry, body),
            (Act::CeremonyEnd(body), _) => {
                self.check_end(entry, body)?;
                self.ceremony = None;
                Ok(())
            }
            (act, Some(begin)) => self.act_within(entry, act, begin),
            (act, None) if self.policy.keys_by_ceremony && about_keys(act) => {
                Err(CeremonyFault::Outside(act.name()).into())
            }
            _ => Ok(()),
        }
    }

    fn open(&self, begin: u64) -> Result<&OpenCeremony, CeremonyFault> {
        let open = self.ceremony.as_ref().filter(|open| open.begin == begin);
        open.ok_or(CeremonyFault::NotOpen(begin))
    }

    fn begin(&mut self, entry: &Entry, body: &CeremonyBegin) -> Result<(), LedgerError> {
        match (body.resumes, &self.ceremony) {
            (Some(earlier), _) if self.open(earlier)?.plan != body.plan => {
                return Err(CeremonyFault::OtherPlan(earlier).into());
            }
            (None, Some(open)) => return Err(CeremonyFault::Open(open.begin).into()),
            _ => {}
        }
        for (i, participant) in body.participants.iter().enumerate() {
            let earlier = &body.participants[..i];
            let twice = |p: &Participant| p.officer == participant.officer || p.id == participant.id;
            if earlier.iter().any(twice) {
                return Err(CeremonyFault::Twice(participant.officer.to_string()).into());
            }
            if !self.has_role(&participant.officer, participant.role) {
                let (officer, role) = (participant.officer.to_string(), participant.role);
                return Err(CeremonyFault::NotInRole { officer, role }.into());
            }
        }
        let opened = OpenCeremony {
            begin: entry.seq,
            plan: body.plan,
            nonce: body.nonce.clone(),
            participants: body.participants.clone(),
            acted: false,
            brought: Vec::new(),
            revoked: BTreeSet::new(),
        };
        opened.signed_by_all(&entry.sigs)?;
        self.ceremony = Some(opened);
        Ok(())
    }

    fn has_role(&self, officer: &Text, role: Role) -> bool {
        self.officers.get(officer).is_some_and(|o| o.roles.contains(&role))
    }

    fn act_within(&mut self, entry: &Entry, act: &Act, begin: u64) -> Result<(), LedgerError> {
        // A new officer signs the enrolment last, and takes no part.
        let approvals = entry.sigs.len() - usize::from(matches!(act, Act::OfficerEnrol(_)));
        self.open(begin)?.signed_by_participants(&entry.sigs[..approvals])?;
        let Some(open) = &mut self.ceremony else { return Ok(()) };
        open.acted = true;
        match act {
            Act::KeyGenerate(key) | Act::KeyImport(key) | Act::KeyDerive(key) | Act::KeyReceive(key) => {
                let (key, kcv) = (key.key.clone(), key.kcv.clone());
                open.brought.push(KeySeen { key, kcv });
            }
            Act::OfficerRevoke(body) => {
                open.revoked.insert(body.name.clone());
            }
            _ => {}
        }
        Ok(())
    }

    fn check_end(&self, entry: &Entry, end: &CeremonyEnd) -> Result<(), LedgerError> {
        let open = self.open(end.begin)?;
        if open.plan != end.plan {
            return Err(CeremonyFault::OtherPlan(end.begin).into());
        }
        if open.nonce != end.nonce {
            return Err(CeremonyFault::OtherNonce(end.begin).into());
        }
        match end.result {
            CeremonyResult::Completed => {
                open.signed_by_all(&entry.sigs)?;
                let told = |key: &KeySeen| end.steps.iter().any(|step| step.keys.contains(key));
                match open.brought.iter().find(|key| !told(key)) {
                    Some(key) => Err(CeremonyFault::Untold(key.key.to_string()).into()),
                    None => Ok(()),
                }
            }
            CeremonyResult::Abandoned if open.acted => Err(CeremonyFault::Acted(end.begin).into()),
            CeremonyResult::Abandoned => {
                let may = |s: &&Signed| open.takes_part(&s.officer) || self.has_role(&s.officer, Role::KeyOfficer);
                match entry.sigs.iter().find(|s| !may(s)) {
                    Some(other) => Err(CeremonyFault::NotParticipant(other.officer.to_string()).into()),
                    None => Ok(()),
                }
            }
        }
    }
}
