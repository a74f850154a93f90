// SPDX-License-Identifier: Apache-2.0
//! An unlocked site: store, ledger, and the officers who act. Every change of the store goes with an entry of the ledger.
//!
//! Order of a change: the store's next generation is written beside the current one and proven; the entry is appended, and
//! from then on the change has happened; the next generation is renamed into place. A crash between two steps is resolved
//! when the site is opened again: the ledger decides. Then store and ledger are compared key by key, so that a restored old
//! store is noticed.

use super::agreement::{about, compare, recorded};
use super::log_key::sign_tree;
use super::{RestoreError, Site, SiteError, holds_share, key_retired, with_signers};
use crate::crypto::SecretBytes;
use crate::crypto::seal::KdfParams;
use crate::crypto::sign::PublicKey;
use crate::keys::file_store::Staged;
use crate::keys::{Change, FileKeyStore, KeyRecord, KeyState, Mark, OfficerKeys};
use crate::ledger::act::{self, Act, OfficerRevoke};
use crate::ledger::checkpoint::Checkpoint;
use crate::ledger::rules::State;
use crate::ledger::{Entry, Ledger, LedgerError, Role, Rule, Text};
use crate::outside::{Clock, Random};

/// The durable steps of a change, in their order; the first and the last of a ceremony alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// The files lie beside their places, and the list of them beside the store.
    Listed,
    /// The store's next generation lies beside the current one.
    Staged,
    /// The ledger has the entry.
    Appended,
    /// The next generation is in force.
    Committed,
    /// A file is in its place.
    Published,
}

/// An unlocked site.
#[derive(Debug)]
pub struct Session {
    /// The site.
    pub site: Site,
    /// Its key store.
    pub store: FileKeyStore,
    /// Its ledger.
    pub ledger: Ledger,
    pub(super) officers: Vec<OfficerKeys>,
    pub(super) clock: Clock,
}

impl Session {
    /// Opens a site with the keys of officers; the first is the acting one.
    pub fn open(site: Site, ledger: Ledger, officers: Vec<OfficerKeys>, clock: Clock) -> Result<Self, SiteError> {
        let place = site.store_place();
        if place.next().exists() {
            place.recover(|mark| recorded(&ledger, mark).map_err(SiteError::from))?;
        }
        // A file whose medium is not there must keep nobody from working; it stays listed.
        let _ = site.settle_files(&ledger);
        let header = place.header()?;
        let holds = |o: &&OfficerKeys| header.holders.iter().any(|h| h.officer == o.name);
        let mut with: Vec<&OfficerKeys> = officers.iter().filter(holds).collect();
        if with.is_empty() {
            with = officers.iter().collect();
        }
        let mut store = FileKeyStore::unlock(place.clone(), site.scheme().clone(), &with)?;
        if compare(&site, &ledger, &store).is_err() && place.header()? != *store.header() {
            // Another process has just finished a change; what counts is how things stand now.
            store = FileKeyStore::unlock(place, site.scheme().clone(), &with)?;
        }
        compare(&site, &ledger, &store)?;
        Ok(Self {
            site,
            store,
            ledger,
            officers,
            clock,
        })
    }

    /// The site of a lost key store, so that a ceremony can restore it: ledger and officers are there, the store is vacant.
    /// Nothing but a backup makes it a store again; checkpoints cannot be signed before.
    pub fn open_without_store(
        site: Site,
        ledger: Ledger,
        officers: Vec<OfficerKeys>,
        clock: Clock,
        random: &mut dyn Random,
    ) -> Result<Self, SiteError> {
        let place = site.store_place();
        if place.next().exists() {
            place.recover(|mark| recorded(&ledger, mark).map_err(SiteError::from))?;
        }
        if place.file().exists() {
            return Err(RestoreError::StoreThere {
                path: place.file().display().to_string(),
            }
            .into());
        }
        let config = site.config();
        let scheme = site.scheme().clone();
        let store = FileKeyStore::vacant(place, scheme, &config.id, config.rehearsal, random)?;
        Ok(Self {
            site,
            store,
            ledger,
            officers,
            clock,
        })
    }

    /// The acting officers' names, the acting one first.
    pub fn officers(&self) -> impl Iterator<Item = &str> {
        self.officers.iter().map(|o| o.name.as_str())
    }

    /// Appends an act, signed by as many of the officers as its rule asks for, at least the acting one.
    pub fn append(&mut self, act: Act) -> Result<Entry, SiteError> {
        self.append_with(act, None)
    }

    /// Records an archive whose file is written, and lets its lines go. Returns the entry, and how many lines went.
    pub fn archive(&mut self, body: act::LedgerArchive) -> Result<(Entry, u64), SiteError> {
        let act = Act::LedgerArchive(body.clone());
        let needed = self.ledger.needs(&act)?;
        let people = signers_for(&self.officers, self.ledger.state(), &act, needed);
        let (ledger, clock) = (&mut self.ledger, &self.clock);
        Ok(with_signers(&people, |signers| ledger.archive(body, signers, clock))?)
    }

    /// Appends an act, signed by all officers here.
    pub fn append_by_all(&mut self, act: Act) -> Result<Entry, SiteError> {
        let people: Vec<&OfficerKeys> = self.officers.iter().collect();
        let (ledger, clock) = (&mut self.ledger, &self.clock);
        Ok(with_signers(&people, |signers| ledger.append(act, signers, clock))?)
    }

    /// Lets the officers' keys go; the store stays open. Whoever signs from here on comes again.
    pub fn dismiss(&mut self) {
        self.officers.clear();
    }

    fn append_with(&mut self, act: Act, new: Option<&OfficerKeys>) -> Result<Entry, SiteError> {
        let needed = self.ledger.needs(&act)?;
        let people: Vec<&OfficerKeys> = signers_for(&self.officers, self.ledger.state(), &act, needed)
            .into_iter()
            .chain(new)
            .collect();
        let (ledger, clock) = (&mut self.ledger, &self.clock);
        Ok(with_signers(&people, |signers| ledger.append(act, signers, clock))?)
    }

    /// Whether the officers here may sign this act, before anything is staged for it: where enough came and one of them is
    /// in no role for it, that one is named.
    pub(super) fn check_roles(&self, act: &Act) -> Result<(), SiteError> {
        let needed = self.ledger.needs(act)?;
        let signing = signers_for(&self.officers, self.ledger.state(), act, needed);
        let idle = self.officers.iter().find(|o| signing.iter().all(|s| s.name != o.name));
        match idle {
            Some(idle) if signing.len() < needed && self.officers.len() >= needed => Err(LedgerError::WrongRole {
                officer: idle.name.clone(),
                act: act.name().to_owned(),
            }
            .into()),
            _ => Ok(()),
        }
    }

    /// Signs the tree as it is now with the site's key, and replaces the copy outside.
    pub fn checkpoint(&mut self) -> Result<Checkpoint, SiteError> {
        Ok(sign_tree(&mut self.ledger, &self.store)?)
    }

    /// A change of the store together with its entry.
    pub fn change(&mut self, change: Change, act: Act, random: &mut dyn Random) -> Result<Entry, SiteError> {
        self.change_watched(change, act, None, random, &mut |_| {})
    }

    /// The same; `at` hears of each step once it is durable. For tests, which end the process there.
    pub fn change_watched(
        &mut self,
        change: Change,
        act: Act,
        new: Option<&OfficerKeys>,
        random: &mut dyn Random,
        at: &mut dyn FnMut(Step),
    ) -> Result<Entry, SiteError> {
        self.check_roles(&act)?;
        let mark = Mark {
            after: self.ledger.size(),
            act: act.name().to_owned(),
            about: about(&act),
        };
        let staged = self.store.stage(change, mark.clone(), random)?;
        self.enforce(staged, &mark, act, new, at)
    }

    /// Second half of a change: the entry, which decides, and then the generation that goes with it.
    pub(super) fn enforce(
        &mut self,
        staged: Staged,
        mark: &Mark,
        act: Act,
        new: Option<&OfficerKeys>,
        at: &mut dyn FnMut(Step),
    ) -> Result<Entry, SiteError> {
        at(Step::Staged);
        let appended = self.append_with(act, new);
        // An error may come after the entry became durable (power, disk): only the ledger itself can tell.
        if appended.is_ok() || recorded(&self.ledger, mark)? {
            at(Step::Appended);
            self.store.commit(staged)?;
            at(Step::Committed);
        } else {
            self.store.abandon(staged)?;
        }
        appended
    }

    /// A new key in the store.
    pub fn add_key(
        &mut self,
        record: KeyRecord,
        key: crate::crypto::KeyMaterial,
        act: Act,
        random: &mut dyn Random,
    ) -> Result<Entry, SiteError> {
        self.change(Change::AddKey { record, key }, act, random)
    }

    /// Enrols an officer: files, share of the store where the roles ask for one, entry signed by the new officer too.
    pub fn enrol(
        &mut self,
        name: &str,
        roles: &[Role],
        passphrase: &SecretBytes,
        costs: KdfParams,
        random: &mut dyn Random,
    ) -> Result<Entry, SiteError> {
        let (keys, act) = self.prepare_officer(name, roles, random)?;
        self.site.write_officer(&keys, roles, passphrase, costs, random)?;
        if !holds_share(roles) {
            return self.append_with(act, Some(&keys));
        }
        let mut holders = self.holders();
        holders.push((name.to_owned(), keys.exchange_public()));
        let change = Change::Reshare {
            quorum: self.store.header().quorum,
            holders,
        };
        self.change_watched(change, act, Some(&keys), random, &mut |_| {})
    }

    /// Revokes an officer; the store gets a fresh data key, of which the officer has no share.
    pub fn revoke(&mut self, name: &str, reason: &str, random: &mut dyn Random) -> Result<Entry, SiteError> {
        let act = Act::OfficerRevoke(OfficerRevoke {
            name: Text::new(name)?,
            reason: Text::new(reason)?,
            ceremony: None,
        });
        self.check_remaining(name)?;
        let mut holders = self.holders();
        let before = holders.len();
        holders.retain(|(holder, _)| holder != name);
        if holders.len() == before {
            return self.append(act);
        }
        let change = Change::Reshare {
            quorum: self.store.header().quorum,
            holders,
        };
        self.change(change, act, random)
    }

    /// Whether enough officers are left without this one to enrol others: a site without them could never change again.
    fn check_remaining(&self, name: &str) -> Result<(), SiteError> {
        let state = self.ledger.state();
        let rule = state.policy.rule("officer.enrol");
        let left = || state.officers.iter().filter(|(n, o)| !o.revoked && n.as_str() != name);
        let may = |roles: &[Role], allowed: &[Role]| allowed.is_empty() || roles.iter().any(|r| allowed.contains(r));
        let needed = usize::from(rule.officers).min(left().count());
        let enough = left().any(|(acting, officer)| {
            let others = left().filter(|(n, o)| *n != acting && may(&o.roles, &rule.approvers));
            may(&officer.roles, &rule.roles) && others.count() + 1 >= needed
        });
        if enough {
            Ok(())
        } else {
            Err(SiteError::LastOfficers { name: name.to_owned() })
        }
    }

    pub(super) fn holders(&self) -> Vec<(String, PublicKey)> {
        self.store
            .header()
            .holders
            .iter()
            .map(|h| (h.officer.clone(), h.exchange))
            .collect()
    }
}

/// As many officers as the act needs, in the roles that its rule asks for, in the order in which they came. Where
/// there are too few, those who came sign, and the ledger says what is missing.
pub fn signers_for<'a>(officers: &'a [OfficerKeys], state: &State, act: &Act, needed: usize) -> Vec<&'a OfficerKeys> {
    let rules = state.rules(act);
    let may = |keys: &OfficerKeys, allowed: fn(&Rule) -> &[Role]| {
        let name = Text::new(keys.name.as_str()).ok();
        let roles = name
            .and_then(|n| state.officers.get(&n))
            .map(|o| o.roles.as_slice())
            .unwrap_or_default();
        let one_of = |allowed: &[Role]| allowed.is_empty() || roles.iter().any(|role| allowed.contains(role));
        rules.iter().all(|rule| one_of(allowed(rule)))
    };
    let Some(acting) = officers
        .iter()
        .find(|o| may(o, |rule| &rule.roles))
        .or(officers.first())
    else {
        return Vec::new();
    };
    let others = officers
        .iter()
        .filter(|o| o.name != acting.name && may(o, |rule| &rule.approvers));
    std::iter::once(acting).chain(others).take(needed.max(1)).collect()
}

impl Session {
    /// Changes a key's state.
    pub fn set_state(
        &mut self,
        record: &KeyRecord,
        state: KeyState,
        reason: &str,
        random: &mut dyn Random,
    ) -> Result<Entry, SiteError> {
        let act = key_retired(&record.id.clone().into(), record.kcv, state, reason)?;
        self.change(
            Change::SetState {
                key: record.id.clone(),
                state,
            },
            act,
            random,
        )
    }

    /// Sets an initial PIN, coded as the card stores it.
    pub fn set_pin(&mut self, name: &str, pin: SecretBytes, random: &mut dyn Random) -> Result<Entry, SiteError> {
        let act = Act::PinSet(act::PinSet {
            name: Text::new(name)?,
            ceremony: None,
        });
        self.change(
            Change::SetPin {
                name: name.to_owned(),
                pin,
            },
            act,
            random,
        )
    }
}
