// SPDX-License-Identifier: Apache-2.0
//! Who may sign what, decided from the ledger alone: the officers and the policy as the entries so far have made them.
//! Used when an entry is appended and again, by the same code, when the ledger is verified.
//!
//! - The first signature is the acting officer's; no officer signs twice; every signer is enrolled and not revoked.
//! - The policy's rule says how many different officers an act needs and in which roles.
//! - `site.init` is signed by every officer that it names. `officer.enrol` is signed by the new officer too, last; that
//!   signature shows that the key is held and does not count as an approval.
//! - While a site has a single officer, that one may enrol the second. Nothing else is relaxed.
//! - `policy.change`, `ledger.loss` and `ledger.archive` need two officers wherever the site has two.
//! - Whatever the policy says, two officers sign all that belongs to a ceremony, and, at a production site, the export and
//!   the destruction of a key and what is done to the key store as a whole. (That the next version of a key needs two is
//!   held by `projection`, which knows the keys.)

mod ceremony;
mod fault;
mod shares;
mod tried;

pub use ceremony::OpenCeremony;
pub use fault::CeremonyFault;
pub(super) use tried::Tried;

use std::cell::OnceCell;
use std::collections::BTreeMap;

use super::act::{Act, KeyState, Officer, SiteInit};
use super::cosigned::CosignFault;
use super::entry::Entry;
use super::error::LedgerError;
use super::field::{SiteId, Sm2Key, Text, VerifyKey};
use super::policy::{Policy, Role, Rule};
use super::upkeep::UpkeepFault;

/// An officer as the entries so far have it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Enrolled {
    /// What for.
    pub roles: Vec<Role>,
    /// The signing key's public half.
    pub key: VerifyKey,
    /// No longer valid.
    pub revoked: bool,
}

/// The site as the entries so far have it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct State {
    /// The site's id.
    pub site: SiteId,
    /// The first entry.
    pub init: SiteInit,
    /// The officers by name.
    pub officers: BTreeMap<Text, Enrolled>,
    /// The policy in force.
    pub policy: Policy,
    /// The log's SM2 keys, the newest last.
    pub log_sm2: Vec<Sm2Key>,
    ceremony: Option<OpenCeremony>,
}

/// What no policy makes smaller.
pub(super) const TWO: usize = 2;

/// Acts that two officers sign wherever the site has two.
const PAIRED: &[&str] = &["policy.change", "ledger.loss", "ledger.archive"];

impl State {
    /// The state after the first entry, whose signatures are checked.
    pub fn found(first: &Entry) -> Result<Self, LedgerError> {
        Self::found_tried(first, &Tried::default())
    }

    /// The same where signatures were tried before.
    pub(super) fn found_tried(first: &Entry, tried: &Tried) -> Result<Self, LedgerError> {
        let Act::SiteInit(init) = &first.act else {
            return Err(LedgerError::NotFirst);
        };
        let mut state = Self {
            site: first.site.clone(),
            init: init.clone(),
            officers: BTreeMap::new(),
            policy: init.policy.clone(),
            log_sm2: Vec::new(),
            ceremony: None,
        };
        if !state.policy.is_sound() {
            return Err(LedgerError::BadPolicy);
        }
        if let Some(key) = init.log_sm2 {
            state.take_log_key(key)?;
        }
        for officer in &init.officers {
            if officer.ceremony.is_some() {
                return Err(CeremonyFault::NoneBefore.into());
            }
            state.enrol(officer)?;
        }
        state.check_signatures(first, tried)?;
        Ok(state)
    }

    /// Checks an entry's signers and signatures and takes over what it changes about officers, policy and ceremonies.
    pub fn admit(&mut self, entry: &Entry) -> Result<(), LedgerError> {
        self.admit_tried(entry, &Tried::default())
    }

    /// The same where signatures were tried before.
    pub(super) fn admit_tried(&mut self, entry: &Entry, tried: &Tried) -> Result<(), LedgerError> {
        self.check_signatures(entry, tried)?;
        self.follow(entry)?;
        self.check_shares(&entry.act)?;
        match &entry.act {
            Act::SiteInit(_) => Err(LedgerError::NotFirst),
            Act::OfficerEnrol(officer) => self.enrol(officer),
            Act::OfficerRevoke(body) => match self.officers.get_mut(&body.name) {
                Some(officer) if !officer.revoked => {
                    officer.revoked = true;
                    Ok(())
                }
                Some(_) => Err(LedgerError::RevokedOfficer(body.name.to_string())),
                None => Err(LedgerError::UnknownOfficer(body.name.to_string())),
            },
            Act::PolicyChange(body) if body.policy.is_sound() => {
                self.policy = body.policy.clone();
                Ok(())
            }
            Act::PolicyChange(_) => Err(LedgerError::BadPolicy),
            // What was lost lay after this place, or there is nothing to declare.
            Act::LedgerLoss(body) if body.size.is_some_and(|size| size <= entry.seq) => {
                Err(UpkeepFault::NothingLost.into())
            }
            Act::LedgerLoss(body) if body.size.is_some() != body.root.is_some() => Err(UpkeepFault::NothingLost.into()),
            Act::LedgerBackup(body) if body.size > entry.seq => Err(LedgerError::NoEntry(body.size)),
            Act::LogKey(body) => self.take_log_key(body.sm2),
            // Of entries before this one: that shows in a part of a ledger too.
            Act::CheckpointCosign(body) if body.size > entry.seq => Err(CosignFault::Size(body.size).into()),
            Act::CheckpointCosign(body) => Ok(body.check_signatures(self)?),
            _ => Ok(()),
        }
    }

    fn take_log_key(&mut self, key: Sm2Key) -> Result<(), LedgerError> {
        if !key.is_sound() || self.log_sm2.contains(&key) {
            return Err(LedgerError::BadLogKey(key.to_string()));
        }
        self.log_sm2.push(key);
        Ok(())
    }

    fn enrol(&mut self, officer: &Officer) -> Result<(), LedgerError> {
        let taken = self.officers.contains_key(&officer.name) || self.officers.values().any(|o| o.key == officer.key);
        if taken {
            return Err(LedgerError::OfficerTaken(officer.name.to_string()));
        }
        let enrolled = Enrolled {
            roles: officer.roles.clone(),
            key: officer.key,
            revoked: false,
        };
        self.officers.insert(officer.name.clone(), enrolled);
        Ok(())
    }

    /// How many officers are not revoked.
    pub fn active(&self) -> usize {
        self.officers.values().filter(|o| !o.revoked).count()
    }

    fn check_signatures(&self, entry: &Entry, tried: &Tried) -> Result<(), LedgerError> {
        let first = entry.sigs.first().ok_or(LedgerError::Unsigned)?;
        if first.officer != entry.officer {
            return Err(LedgerError::NotActing(first.officer.to_string()));
        }
        let bytes = OnceCell::new();
        for (i, signed) in entry.sigs.iter().enumerate() {
            let name = || signed.officer.to_string();
            if entry.sigs[..i].iter().any(|earlier| earlier.officer == signed.officer) {
                return Err(LedgerError::SignedTwice(name()));
            }
            if !tried.verifies(i, self.key_of(entry, &signed.officer)?, entry, &bytes) {
                return Err(LedgerError::WrongSignature(name()));
            }
        }
        self.check_rule(entry)
    }

    /// The key that this officer signs this entry with.
    fn key_of(&self, entry: &Entry, name: &Text) -> Result<VerifyKey, LedgerError> {
        match self.officers.get(name) {
            Some(officer) if officer.revoked && !self.leaves(entry, name) => {
                Err(LedgerError::RevokedOfficer(name.to_string()))
            }
            Some(officer) => Ok(officer.key),
            None => match &entry.act {
                Act::OfficerEnrol(new) if new.name == *name && entry.officer != *name => Ok(new.key),
                _ => Err(LedgerError::UnknownOfficer(name.to_string())),
            },
        }
    }

    /// Whether the officer was revoked by the ceremony that this entry ends, and so still signs its transcript.
    fn leaves(&self, entry: &Entry, name: &Text) -> bool {
        matches!(entry.act, Act::CeremonyEnd(_))
            && self.ceremony.as_ref().is_some_and(|open| open.revoked.contains(name))
    }

    /// How many officers sign an act whatever the policy says.
    fn floor(&self, act: &Act) -> usize {
        let production = !self.init.rehearsal;
        match act {
            Act::CeremonyBegin(_) | Act::CeremonyEnd(_) => TWO,
            Act::KeyExport(_) | Act::StoreReshare(_) | Act::StoreBackup(_) | Act::StoreRestore(_) if production => TWO,
            Act::KeyRetire(body) if production && body.state == KeyState::Destroyed => TWO,
            other if other.ceremony().is_some() => TWO,
            Act::OfficerEnrol(_) | Act::OfficerRevoke(_) if production => self.active().min(TWO),
            _ => 1,
        }
    }

    /// How many officers sign any act of this name at least.
    pub fn needs_at_least(&self, act: &str) -> usize {
        let two =
            act.starts_with("ceremony.") || !self.init.rehearsal && (act.starts_with("store.") || act == "key.export");
        let of_officers = !self.init.rehearsal && matches!(act, "officer.enrol" | "officer.revoke");
        let both = if of_officers || PAIRED.contains(&act) {
            self.active().min(TWO)
        } else {
            1
        };
        usize::from(self.policy.rule(act).officers)
            .max(if two { TWO } else { 1 })
            .max(both)
    }

    /// The policy's rules for an act: its own, and that of looking at holders for an export that holds their data.
    pub fn rules(&self, act: &Act) -> Vec<Rule> {
        let mut rules = vec![self.policy.rule(act.name())];
        if matches!(act, Act::LedgerExport(body) if body.holders) {
            rules.push(self.policy.rule("holder.show"));
        }
        rules
    }

    /// How many officers sign an act here and now, a new officer not counted. The next version of a key may need more:
    /// [`Ledger::needs`](super::Ledger::needs).
    pub fn needs(&self, act: &Act) -> usize {
        let most = self.rules(act).iter().map(|rule| rule.officers).max();
        let (rule, floor) = (usize::from(most.unwrap_or(1)), self.floor(act));
        match act {
            Act::SiteInit(init) => init.officers.len().max(1),
            Act::OfficerEnrol(_) => rule.min(self.active()).max(floor),
            _ if PAIRED.contains(&act.name()) => rule.max(self.active().min(TWO)),
            _ => rule.max(floor),
        }
    }

    fn check_rule(&self, entry: &Entry) -> Result<(), LedgerError> {
        let act = entry.act.name();
        let mut approvals = entry.sigs.len();
        if let Act::OfficerEnrol(new) = &entry.act {
            if entry.sigs.last().is_none_or(|last| last.officer != new.name) {
                return Err(LedgerError::WrongSignature(new.name.to_string()));
            }
            approvals -= 1;
        }
        let needs = self.needs(&entry.act);
        if approvals < needs {
            return Err(LedgerError::TooFewOfficers {
                act: act.to_owned(),
                needs,
                has: approvals,
            });
        }
        let rules = self.rules(&entry.act);
        rules
            .iter()
            .try_for_each(|rule| self.check_roles(entry, rule, approvals))
    }

    fn check_roles(&self, entry: &Entry, rule: &Rule, approvals: usize) -> Result<(), LedgerError> {
        for (i, signed) in entry.sigs.iter().take(approvals).enumerate() {
            let allowed = if i == 0 { &rule.roles } else { &rule.approvers };
            let roles = self
                .officers
                .get(&signed.officer)
                .map(|o| o.roles.as_slice())
                .unwrap_or_default();
            if !allowed.is_empty() && !roles.iter().any(|role| allowed.contains(role)) {
                let officer = signed.officer.to_string();
                return Err(LedgerError::WrongRole {
                    officer,
                    act: entry.act.name().to_owned(),
                });
            }
        }
        Ok(())
    }
}
