// SPDX-License-Identifier: Apache-2.0
//! The run of a ceremony: everything that can be known is checked; the participants sign the plan, one after the other; the
//! steps are done, each verified behind it; all sign the transcript; one commit makes it true.
//!
//! What always holds: before the commit no key of the ceremony exists anywhere but in memory; officers' keys are in memory
//! only while they sign; whatever goes otherwise than planned is written down with its time; and the ledger says of every
//! ceremony that began how it ended, or that it is open.

mod closing;
mod error;
mod giving_up;
mod log;
mod opening;
mod people;
mod settling;
mod steps;

pub use error::CeremonyError;
pub use giving_up::abandon;
pub use opening::check_fits;
pub use settling::{Settlement, settle};

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::plan::{Bindings, PersonId, Plan, Slot, Step};
use super::room::{Person, Room};
use crate::crypto::seal::KdfParams;
use crate::crypto::sign::PublicKey;
use crate::i18n::Msg;
use crate::keys::file_store::Draft;
use crate::keys::{FileKeyStore, OfficerKeys, Owner, Pending};
use crate::ledger::act::{Act, StepDone};
use crate::ledger::field::Nonce;
use crate::ledger::{Hash, Moment, ShortHex};
use crate::outside::{Clock, Random};
use crate::site::{Session, Site, SiteError, Step as Durable};
use log::StepLog;
use people::People;

/// How often the same thing may be entered wrong.
pub const ATTEMPTS: usize = 3;

/// Where a ceremony may take place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum World {
    /// Rehearsal sites.
    Rehearsal,
    /// Production sites.
    Production,
}

/// What is to be run, and where.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// The site.
    pub site: &'a Site,
    /// The plan.
    pub plan: &'a Plan,
    /// Where the plan was read, to see at the end that the file is still the same; `None` for one that came from no file.
    pub file: Option<&'a Path>,
    /// Officers and paths.
    pub bindings: &'a Bindings,
    /// Rehearsal or production.
    pub world: World,
    /// Whether it takes up one that was broken off.
    pub resume: bool,
}

/// What a run needs from outside.
pub struct Hall<'a> {
    /// The people.
    pub room: &'a mut dyn Room,
    /// The random source.
    pub random: &'a mut dyn Random,
    /// The clock.
    pub clock: Clock,
    /// The costs of passphrases: the least that is accepted, and those of new officers.
    pub costs: KdfParams,
    /// The program with its version.
    pub program: &'a str,
    /// The digest of its executable.
    pub build: Hash,
    /// Hears of each durable step of the end; tests end the process there.
    pub at: &'a mut dyn FnMut(Durable),
}

impl std::fmt::Debug for Hall<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Hall({}, {})", self.program, self.build)
    }
}

/// A ceremony that was completed.
#[derive(Debug)]
pub struct Completed {
    /// The entry that began it.
    pub begin: u64,
    /// The entry that ended it.
    pub end: u64,
    /// When it ended.
    pub at: Moment,
    /// Its nonce.
    pub nonce: Nonce,
    /// The plan's digest.
    pub plan: Hash,
    /// The steps as they stand in the ledger.
    pub steps: Vec<StepDone>,
    /// To whom steps have sent keys: the step's id, and the centre.
    pub sent: BTreeMap<String, Owner>,
    /// The transcript's file.
    pub transcript: PathBuf,
    /// What is not in its place yet: a file, or the store itself. `ceremony resume` and the next opening put them there.
    pub unpublished: Option<SiteError>,
}

/// An act that the end will append, and who was at the keyboard for it: they sign first, if their roles allow it.
#[derive(Debug)]
struct Done {
    act: Act,
    by: Vec<String>,
    /// An officer entered by it, who signs last.
    newcomer: Option<String>,
}

/// A ceremony that has begun.
struct Running<'a> {
    request: Request<'a>,
    hall: Hall<'a>,
    people: People,
    session: Session,
    pending: Pending,
    begin: u64,
    nonce: Nonce,
    acts: Vec<Done>,
    newcomers: Vec<OfficerKeys>,
    /// Officers whom steps have revoked.
    revoked: Vec<String>,
    /// The exchange keys of those who came, from their own opened keys.
    exchange: BTreeMap<String, PublicKey>,
    files: Vec<Draft>,
    papers: Vec<PathBuf>,
    /// What everybody is told of the step that is being done.
    current: Vec<Msg>,
    steps: Vec<StepDone>,
    /// To whom steps have sent keys.
    sent: BTreeMap<String, Owner>,
}

impl Completed {
    /// The keys of a step with their check values, as people are to know them: what was derived for another centre has that
    /// centre's name.
    pub fn keys<'a>(&self, done: &'a StepDone) -> Vec<(String, &'a ShortHex)> {
        keys_told(&self.sent, done)
    }
}

fn keys_told<'a>(sent: &BTreeMap<String, Owner>, done: &'a StepDone) -> Vec<(String, &'a ShortHex)> {
    let receiver = sent.get(done.id.as_str());
    let name = |key: &str| match (receiver, key.split_once('@')) {
        (Some(receiver), Some((name, _))) => format!("{name}@{receiver}"),
        _ => key.to_owned(),
    };
    done.keys
        .iter()
        .map(|seen| (name(seen.key.as_str()), &seen.kcv))
        .collect()
}

/// Runs a ceremony from its plan to its transcript.
pub fn run<'a>(request: Request<'a>, hall: Hall<'a>) -> Result<Completed, CeremonyError> {
    let mut running = opening::open(request, hall)?;
    match running.work() {
        Ok(signing) => closing::conclude(running, signing),
        Err(why) => Err(giving_up::give_up(running, why)),
    }
}

impl Running<'_> {
    /// All steps, and the signing of what they did.
    fn work(&mut self) -> Result<Vec<OfficerKeys>, CeremonyError> {
        let plan = self.request.plan;
        for (at, step) in plan.steps.iter().enumerate() {
            self.announce(at + 1, plan.steps.len(), step);
            let mut log = StepLog::begin(step, self.hall.clock)?;
            let ended = steps::perform(self, step, &mut log);
            let ended = ended.map_err(|e| match log.at_keyboard() {
                Some(officer) => e.by(officer),
                None => e,
            });
            for paper in std::mem::take(&mut self.papers) {
                self.hall.room.clear_away(&paper);
            }
            self.hall.room.leave();
            // What a step that failed wrote down is part of the transcript, too.
            if let Err(e) = &ended {
                steps::note_failure(&mut log, e)?;
            }
            let done = log.end()?;
            self.tell_keys(&done);
            self.steps.push(done);
            ended?;
        }
        closing::sign(self)
    }

    /// Says which step it is. Whoever comes to the keyboard hears it again, since the screen is cleared in between.
    fn announce(&mut self, at: usize, of: usize, step: &Step) {
        let msg = crate::msg!("ceremony-step", at = at, of = of, id = step.id);
        self.current = vec![msg.with_word("kind", "ceremony-kind", step.what.kind())];
        // Whoever types words sees what they are for, key by key.
        if step.words.is_some() || step.what.irreversible() {
            let text = step.sentence(self.hall.room.lang());
            self.current.push(crate::msg!("ceremony-line", text = text));
        }
        if let Some(note) = &step.note {
            let text = note.in_language(self.hall.room.lang());
            self.current.push(crate::msg!("ceremony-line", text = text));
        }
        for msg in &self.current {
            self.hall.room.say(msg);
        }
    }

    fn tell_keys(&mut self, done: &StepDone) {
        for (key, kcv) in keys_told(&self.sent, done) {
            self.hall.room.say(&crate::msg!("ceremony-key", key = key, kcv = kcv));
        }
    }

    /// The store as the ceremony has made it so far.
    fn store(&self) -> &FileKeyStore {
        self.pending.store()
    }

    fn site(&self) -> &Site {
        self.request.site
    }

    /// Somebody comes to the keyboard.
    fn turn(&mut self, id: &PersonId, log: &mut StepLog) -> Result<Person, CeremonyError> {
        let person = self.people.person(id)?;
        self.hall.room.turn(&person)?;
        for msg in &self.current {
            self.hall.room.say(msg);
        }
        log.turn(&person.officer)?;
        Ok(person)
    }

    fn path(&self, slot: &Slot) -> Result<&Path, CeremonyError> {
        let path = self.request.bindings.path(slot);
        path.ok_or_else(|| CeremonyError::NoPath { slot: slot.to_string() })
    }

    /// Remembers an act for the end.
    fn record(&mut self, act: Act, log: &StepLog) {
        let by = log.so_far().by.iter().map(ToString::to_string).collect();
        self.acts.push(Done {
            act: act.within(self.begin),
            by,
            newcomer: None,
        });
    }
}
