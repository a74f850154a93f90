// SPDX-License-Identifier: Apache-2.0
//! What the ledger's entries say was done against what the steps say: nothing more, nothing less, and the same check values;
//! and whether the keys that the plan expects are there, as far as the transcript can tell.

use std::collections::{BTreeMap, BTreeSet};

use super::finding::Unchecked;
use super::{Told, Verdict};
use crate::ceremony::plan::{Do, Plan, Step};
use crate::keys::{Owner, StoredName};
use crate::ledger::act::{Act, CeremonyEnd, KeyArrived, KeySeen, StepDone};
use crate::ledger::{Entry, ShortHex, Text};
use crate::msg;

/// What an entry has done: which act, to what, with which check value.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Deed {
    act: &'static str,
    about: String,
    kcv: String,
}

fn deed(entry: &Entry) -> Option<Deed> {
    let (about, kcv) = match &entry.act {
        Act::KeyGenerate(k) | Act::KeyImport(k) | Act::KeyDerive(k) | Act::KeyReceive(k) => {
            (k.key.to_string(), k.kcv.to_string())
        }
        Act::KeyExport(k) => (k.key.to_string(), k.kcv.to_string()),
        Act::KeyRetire(k) => (k.key.to_string(), k.kcv.to_string()),
        Act::PinSet(pin) => (pin.name.to_string(), String::new()),
        Act::OfficerEnrol(officer) => (officer.name.to_string(), String::new()),
        Act::OfficerRevoke(officer) => (officer.name.to_string(), String::new()),
        Act::StoreReshare(_) => (String::new(), String::new()),
        Act::StoreBackup(backup) => (backup.digest.to_string(), String::new()),
        Act::StoreRestore(restore) => (restore.digest.to_string(), String::new()),
        _ => return None,
    };
    Some(Deed {
        act: entry.act.name(),
        about,
        kcv,
    })
}

/// The site as the owner of its keys.
fn owner(told: &Told<'_>) -> Option<Owner> {
    let init = &told.state.init;
    let code = init.code.as_str();
    let text = if code == "-" {
        init.level.to_string()
    } else {
        format!("{}:{code}", init.level)
    };
    text.parse().ok()
}

/// Entries against steps.
pub(super) fn check(plan: &Plan, told: &Told<'_>, end: &CeremonyEnd, verdict: &mut Verdict) {
    let Some(owner) = owner(told) else { return };
    let mut left: Vec<Deed> = told.acts.iter().filter_map(|entry| deed(entry)).collect();
    for (step, done) in plan.steps.iter().zip(&end.steps) {
        keys_of_plan(step, done, &owner, verdict);
        for expected in deeds_of(step, done, &owner) {
            if let Some(at) = left.iter().position(|deed| expected.fits(deed)) {
                left.remove(at);
                continue;
            }
            let what = msg!("ceremony-verify-no-entry", about = expected.about);
            let what = what.with_word("act", "act", expected.act);
            verdict.add("CEREMONY-VERIFY-KEYS", Some(done.id.as_str()), what);
        }
        parts(told, step, done, verdict);
        check_values(told, step, done, verdict);
    }
    for deed in left {
        let what = msg!("ceremony-verify-no-step", about = deed.about).with_word("act", "act", deed.act);
        verdict.add("CEREMONY-VERIFY-KEYS", None, what);
    }
}

/// A key has one check value, in every step and in the entry that brought it. What was exported may be a key derived from it.
fn check_values(told: &Told<'_>, step: &Step, done: &StepDone, verdict: &mut Verdict) {
    if matches!(step.what, Do::ExportBundle(_) | Do::ExportBlock(_)) {
        return;
    }
    for seen in &done.keys {
        let id = done.id.to_string();
        let arrived = told
            .acts
            .iter()
            .find_map(|entry| brings(&entry.act).filter(|body| body.key == seen.key));
        match arrived {
            Some(body) if body.kcv != seen.kcv => {
                let what = msg!("ceremony-verify-kcv", key = seen.key, entry = body.kcv, step = seen.kcv);
                verdict.add("CEREMONY-VERIFY-KEYS", Some(&id), what);
            }
            Some(_) => {}
            None => verdict.older.push((id, seen.clone())),
        }
    }
}

/// The body of an act that brings a key.
pub(super) fn brings(act: &Act) -> Option<&KeyArrived> {
    match act {
        Act::KeyGenerate(body) | Act::KeyImport(body) | Act::KeyDerive(body) | Act::KeyReceive(body) => Some(body),
        _ => None,
    }
}

/// An entry that a step must have led to. An empty text fits every entry.
struct Expected {
    act: &'static str,
    about: String,
    kcv: String,
}

impl Expected {
    fn fits(&self, deed: &Deed) -> bool {
        let same = |wanted: &str, found: &str| wanted.is_empty() || wanted == found;
        self.act == deed.act && same(&self.about, &deed.about) && same(&self.kcv, &deed.kcv)
    }
}

fn deeds_of(step: &Step, done: &StepDone, owner: &Owner) -> Vec<Expected> {
    let each = |act: &'static str| -> Vec<Expected> {
        let expected = |seen: &KeySeen| Expected {
            act,
            about: seen.key.to_string(),
            kcv: seen.kcv.to_string(),
        };
        done.keys.iter().map(expected).collect()
    };
    let one = |act: &'static str, about: String| {
        vec![Expected {
            act,
            about,
            kcv: String::new(),
        }]
    };
    match &step.what {
        Do::Generate(_) => each("key.generate"),
        Do::Components(_) | Do::Factors(_) | Do::Combine(_) | Do::ImportExchangeKey(_) => each("key.import"),
        Do::Derive(_) => each("key.derive"),
        Do::Receive(_) | Do::ImportBlock(_) => each("key.receive"),
        Do::ExportBundle(_) | Do::ExportBlock(_) | Do::ExportForms(_) | Do::Split(_) => each("key.export"),
        Do::State(_) | Do::Destroy(_) => each("key.retire"),
        Do::Rotate(rotate) => {
            let new: BTreeSet<String> = step.what.made().iter().map(|key| key.at(owner).to_string()).collect();
            let mut expected = Vec::new();
            for one in each("key.generate") {
                if new.contains(&one.about) {
                    expected.push(one);
                } else if rotate.retire {
                    expected.push(Expected {
                        act: "key.retire",
                        ..one
                    });
                }
            }
            expected
        }
        Do::Backup(_) => one("store.backup", file(done)),
        Do::Restore(_) => one("store.restore", file(done)),
        Do::Reshare(_) => one("store.reshare", String::new()),
        Do::Enrol(_) => one("officer.enrol", String::new()),
        Do::Revoke(_) => one("officer.revoke", String::new()),
        Do::Pin(pin) => one("pin.set", pin.name.clone()),
        Do::Check(_) => Vec::new(),
    }
}

fn file(done: &StepDone) -> String {
    done.files
        .first()
        .map(|file| file.digest.to_string())
        .unwrap_or_default()
}

/// The step's keys are the plan's.
fn keys_of_plan(step: &Step, done: &StepDone, owner: &Owner, verdict: &mut Verdict) {
    let mut planned: BTreeSet<String> = step.what.made().iter().map(|key| key.at(owner).to_string()).collect();
    // A derived key's parent stands in the entry; the old version of a rotated key is told where it retires.
    let untold = match &step.what {
        Do::Derive(_) => true,
        Do::Rotate(work) => !work.retire,
        _ => false,
    };
    if !untold {
        planned.extend(step.what.used().iter().map(|key| key.at(owner).to_string()));
    }
    if let Do::ImportExchangeKey(import) = &step.what {
        planned.insert(StoredName::from(import.name.clone()).to_string());
    }
    let told: BTreeSet<String> = done.keys.iter().map(|seen| seen.key.to_string()).collect();
    if planned != told && !matches!(step.what, Do::Restore(_)) {
        let differ: Vec<&str> = planned.symmetric_difference(&told).map(String::as_str).collect();
        let what = msg!("ceremony-verify-keys", keys = differ.join(", "));
        verdict.add("CEREMONY-VERIFY-KEYS", Some(done.id.as_str()), what);
    }
}

/// The check values of components, and the digests of shares and files, are the same in the entry and in the step.
fn parts(told: &Told<'_>, step: &Step, done: &StepDone, verdict: &mut Verdict) {
    let entry_of = |key: &Text| {
        told.acts.iter().find_map(|entry| match &entry.act {
            Act::KeyImport(body) if body.key == *key => Some(body),
            _ => None,
        })
    };
    let entered: Vec<&ShortHex> = done.components.iter().map(|c| &c.kcv).collect();
    let differs = |body: &KeyArrived| !body.components.iter().eq(entered.iter().copied());
    let mut wrong = done.keys.iter().any(|seen| entry_of(&seen.key).is_some_and(differs));
    if matches!(step.what, Do::Backup(_)) {
        wrong |= told.acts.iter().any(|entry| match &entry.act {
            Act::StoreBackup(body) => body.digest.to_string() == file(done) && body.shares != done.shares,
            _ => false,
        });
    }
    if wrong {
        verdict.add(
            "CEREMONY-VERIFY-KEYS",
            Some(done.id.as_str()),
            msg!("ceremony-verify-parts"),
        );
    }
}

/// What the plan expects at the end, as far as the ceremony itself touched it.
pub(super) fn expectations(plan: &Plan, told: &Told<'_>, verdict: &mut Verdict) {
    let Some(owner) = owner(told) else { return };
    let mut states: BTreeMap<String, &'static str> = BTreeMap::new();
    for entry in &told.acts {
        if let Some(body) = brings(&entry.act) {
            states.insert(body.key.to_string(), body.state.as_str());
        }
        if let Act::KeyRetire(body) = &entry.act {
            states.insert(body.key.to_string(), body.state.as_str());
        }
    }
    for expect in &plan.expected {
        for key in &expect.keys {
            let id = key.at(&owner).to_string();
            match states.get(&id) {
                Some(state) if *state == expect.state.as_str() => {}
                Some(state) => {
                    let what = msg!("ceremony-verify-state", key = id)
                        .with_word("expected", "key-state", expect.state.as_str())
                        .with_word("found", "key-state", *state);
                    verdict.add("CEREMONY-VERIFY-EXPECT", None, what);
                }
                None => verdict.unchecked.push(Unchecked {
                    name: id,
                    state: Some(expect.state.as_str()),
                }),
            }
        }
        for name in &expect.exchange_keys {
            let name = StoredName::from(name.clone()).to_string();
            if !states.contains_key(&name) {
                let state = Some(expect.state.as_str());
                verdict.unchecked.push(Unchecked { name, state });
            }
        }
        for pin in &expect.pins {
            let set = told
                .acts
                .iter()
                .any(|entry| matches!(&entry.act, Act::PinSet(p) if p.name.as_str() == pin));
            if !set {
                verdict.unchecked.push(Unchecked {
                    name: pin.clone(),
                    state: None,
                });
            }
        }
    }
}
