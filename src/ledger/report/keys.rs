// SPDX-License-Identifier: Apache-2.0
//! Keys and the ceremonies that made them.

use std::collections::{BTreeMap, HashMap};

use super::numbers::{Ceremony, Key};
use super::seen::Seen;
use crate::ledger::act::{Act, CeremonyBegin, CeremonyEnd, Intent, KeyArrived};

/// Keys and ceremonies so far.
#[derive(Debug, Default)]
pub(super) struct Keys {
    known: BTreeMap<String, Key>,
    used: HashMap<String, u64>,
    ceremonies: BTreeMap<u64, Ceremony>,
    /// Ceremonies that an entry of the period speaks of.
    touched: Vec<u64>,
}

impl Keys {
    pub(super) fn take(&mut self, seen: &Seen) {
        match &seen.act {
            Act::KeyGenerate(body) | Act::KeyImport(body) | Act::KeyDerive(body) | Act::KeyReceive(body) => {
                self.arrive(body, seen);
            }
            Act::KeyRetire(body) => {
                if let Some(key) = self.known.get_mut(body.key.as_str()) {
                    body.state.as_str().clone_into(&mut key.state);
                    key.changed = seen.seq;
                    key.in_period |= seen.inside;
                }
            }
            Act::CardIntent(body) | Act::PsamIntent(body) if seen.inside => self.use_in(body),
            Act::CeremonyBegin(body) => self.begin(body, seen),
            Act::CeremonyEnd(body) => self.end(body, seen),
            _ => {}
        }
    }

    fn arrive(&mut self, body: &KeyArrived, seen: &Seen) {
        let key = Key {
            key: body.key.to_string(),
            usage: body.usage.to_string(),
            owner: body.owner.to_string(),
            version: body.version,
            alg: body.alg.to_string(),
            kcv: body.kcv.to_string(),
            state: body.state.as_str().to_owned(),
            arrived: seen.seq,
            changed: seen.seq,
            in_period: seen.inside,
            used: 0,
        };
        self.known.insert(key.key.clone(), key);
    }

    /// An intent counts once for each key that it names.
    fn use_in(&mut self, body: &Intent) {
        for (at, used) in body.keys.iter().enumerate() {
            let name = used.key.as_str();
            if body.keys[..at].iter().any(|before| before.key == used.key) {
                continue;
            }
            match self.used.get_mut(name) {
                Some(count) => *count += 1,
                None => {
                    self.used.insert(name.to_owned(), 1);
                }
            }
        }
    }

    fn begin(&mut self, body: &CeremonyBegin, seen: &Seen) {
        if let Some(earlier) = body.resumes.and_then(|begun| self.ceremonies.get_mut(&begun)) {
            "resumed".clone_into(&mut earlier.result);
            earlier.ended = Some(seen.seq);
            earlier.ended_at = Some(seen.at.to_string());
        }
        let people = body.participants.iter();
        let ceremony = Ceremony {
            begun: seen.seq,
            begun_at: seen.at.to_string(),
            ended: None,
            ended_at: None,
            title: body.title.to_string(),
            plan: body.plan.to_string(),
            result: "open".to_owned(),
            reason: None,
            participants: people.map(|p| (p.officer.to_string(), p.role.as_str())).collect(),
            steps: 0,
            incidents: 0,
        };
        self.ceremonies.insert(seen.seq, ceremony);
        self.touch(seen.seq, seen.inside);
        if let Some(earlier) = body.resumes {
            self.touch(earlier, seen.inside);
        }
    }

    fn end(&mut self, body: &CeremonyEnd, seen: &Seen) {
        if let Some(ceremony) = self.ceremonies.get_mut(&body.begin) {
            body.result.as_str().clone_into(&mut ceremony.result);
            ceremony.ended = Some(seen.seq);
            ceremony.ended_at = Some(seen.at.to_string());
            ceremony.reason = body.reason.as_ref().map(ToString::to_string);
            ceremony.steps = body.steps.len() as u64;
            ceremony.incidents = body.steps.iter().map(|step| step.events.len() as u64).sum();
        }
        self.touch(body.begin, seen.inside);
    }

    fn touch(&mut self, begun: u64, inside: bool) {
        if inside && !self.touched.contains(&begun) {
            self.touched.push(begun);
        }
    }

    /// Keys that are not destroyed or that changed in the period, and the ceremonies that were open in it.
    pub(super) fn told(mut self) -> (Vec<Key>, Vec<Ceremony>) {
        let used = self.used;
        let keys = self.known.into_values().map(|key| Key {
            used: used.get(&key.key).copied().unwrap_or_default(),
            ..key
        });
        let keys = keys.filter(|key| key.in_period || key.used > 0 || key.state != "destroyed");
        let touched = &self.touched;
        self.ceremonies
            .retain(|begun, ceremony| touched.contains(begun) || ceremony.result == "open");
        (keys.collect(), self.ceremonies.into_values().collect())
    }
}
