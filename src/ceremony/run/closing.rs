// SPDX-License-Identifier: Apache-2.0
//! Behind the last step: what the plan expects is compared with the store, everybody signs the transcript, and one commit
//! makes everything true.

use std::path::PathBuf;

use super::super::plan::Expect;
use super::super::transcript::Transcript;
use super::opening::{asks, open_keys};
use super::{CeremonyError, Completed, Running, keys_told};
use crate::i18n::Msg;
use crate::keys::{KeyStore, OfficerKeys};
use crate::ledger::act::{Act, CeremonyEnd, CeremonyResult, Event};
use crate::ledger::rules::State;
use crate::ledger::{Entry, Ledger, Moment, Text};
use crate::msg;
use crate::site::{Site, SiteError};

/// Compares with the plan, shows the summary, and lets everybody sign. The plan file is looked at once more.
pub(super) fn sign(run: &mut Running<'_>) -> Result<Vec<OfficerKeys>, CeremonyError> {
    for expect in &run.request.plan.expected {
        met(run, expect)?;
    }
    nobody_left_holds(run)?;
    let mut keys = Vec::new();
    for person in run.people.participants().to_vec() {
        run.hall.room.turn(&person)?;
        summary(run);
        let msg = msg!("ceremony-sign-transcript", id = person.id);
        run.hall.room.say(&asks(msg, &person));
        keys.push(open_keys(&run.request, &mut run.hall, &run.session.ledger, &person)?);
        run.hall.room.leave();
    }
    opens_for_them(run, &keys)?;
    unswapped(run)?;
    Ok(keys)
}

/// Those here who hold a share open the store as it will be, where they are enough.
fn opens_for_them(run: &Running<'_>, keys: &[OfficerKeys]) -> Result<(), CeremonyError> {
    let header = run.store().header();
    let here = keys.iter().chain(&run.newcomers);
    let here: Vec<&OfficerKeys> = here
        .filter(|k| header.holders.iter().any(|h| h.officer == k.name))
        .collect();
    if here.len() >= header.quorum.into() {
        run.store().check_opens(&here)?;
    }
    Ok(())
}

/// Whether what the plan expects is in the store.
fn met(run: &Running<'_>, expect: &Expect) -> Result<(), CeremonyError> {
    let stored = run.store().keys();
    for key in &expect.keys {
        let id = key.at(run.site().owner());
        match stored.iter().find(|k| k.id == id) {
            Some(found) if found.state == expect.state => {}
            Some(found) => {
                return Err(CeremonyError::Expected {
                    what: format!("{id}: {}, {}", expect.state, found.state),
                });
            }
            None => return Err(CeremonyError::Expected { what: id.to_string() }),
        }
    }
    match expect.pins.iter().find(|pin| !run.store().header().pins.contains(*pin)) {
        Some(pin) => Err(CeremonyError::Expected { what: pin.clone() }),
        None => Ok(()),
    }
}

/// An officer who was revoked has no share of the store any more.
fn nobody_left_holds(run: &Running<'_>) -> Result<(), CeremonyError> {
    let holders = &run.store().header().holders;
    match holders.iter().find(|holder| run.revoked.contains(&holder.officer)) {
        Some(holder) => Err(CeremonyError::Step {
            what: msg!("ceremony-revoked-holds", officer = holder.officer),
        }),
        None => Ok(()),
    }
}

/// What was done, for the one who is about to sign it.
fn summary(run: &mut Running<'_>) {
    let steps = run.steps.len();
    let nonce = run.nonce.clone();
    run.hall
        .room
        .say(&msg!("ceremony-summary", steps = steps, nonce = nonce));
    for done in run.steps.clone() {
        let msg = msg!("ceremony-summary-step", id = done.id, events = done.events.len());
        run.hall
            .room
            .say(&msg.with_word("kind", "ceremony-kind", done.kind.as_str()));
        for event in &done.events {
            run.hall.room.say(&incident(event));
        }
        for (key, kcv) in keys_told(&run.sent, &done) {
            run.hall.room.say(&msg!("ceremony-key", key = key, kcv = kcv));
        }
    }
}

/// What went otherwise than planned, in a line.
fn incident(event: &Event) -> Msg {
    let officer = event.officer.as_ref().map(Text::as_str).unwrap_or_default();
    let msg = match &event.detail {
        Some(detail) => msg!(
            "ceremony-summary-detail",
            at = event.at,
            officer = officer,
            detail = detail
        ),
        None => msg!("ceremony-summary-event", at = event.at, officer = officer),
    };
    msg.with_word("what", "ceremony-event", event.what.as_str())
}

/// The file has the bytes that everybody signed.
fn unswapped(run: &Running<'_>) -> Result<(), CeremonyError> {
    let Some(path) = run.request.file else { return Ok(()) };
    let same = std::fs::read(path).is_ok_and(|bytes| bytes == run.request.plan.text().as_bytes());
    if same {
        Ok(())
    } else {
        Err(CeremonyError::Swapped {
            path: path.display().to_string(),
        })
    }
}

/// Whoever signs an act: the first of these officers who may do it, and as many more as its rule asks for, two in all at
/// the least. Those who were at the keyboard come first. `None`: the policy does not let them.
pub(super) fn choose<'o>(state: &State, act: &str, officers: &[&'o str], first: &[String]) -> Option<Vec<&'o str>> {
    let rule = state.policy.rule(act);
    let roles = |name: &str| {
        let officer = Text::new(name).ok().and_then(|name| state.officers.get(&name));
        officer
            .filter(|o| !o.revoked)
            .map(|o| o.roles.clone())
            .unwrap_or_default()
    };
    let mut order: Vec<&str> = officers.to_vec();
    order.sort_by_key(|name| first.iter().position(|f| f == name).unwrap_or(usize::MAX));
    let may = |name: &str, allowed: &[_]| {
        let roles = roles(name);
        !roles.is_empty() && (allowed.is_empty() || roles.iter().any(|role| allowed.contains(role)))
    };
    let needed = usize::from(rule.officers.max(2));
    order.iter().find_map(|acting| {
        if !may(acting, &rule.roles) {
            return None;
        }
        let others = order.iter().filter(|o| *o != acting && may(o, &rule.approvers));
        let chosen: Vec<&str> = std::iter::once(acting).chain(others).take(needed).copied().collect();
        (chosen.len() == needed).then_some(chosen)
    })
}

/// The commit, the checkpoint and the transcript.
pub(super) fn conclude(mut run: Running<'_>, keys: Vec<OfficerKeys>) -> Result<Completed, CeremonyError> {
    let begin = run.begin;
    let open = |why: CeremonyError| CeremonyError::LeftOpen {
        begin,
        why: Box::new(why),
    };
    let end = CeremonyEnd {
        begin,
        plan: run.request.plan.digest(),
        nonce: run.nonce.clone(),
        result: CeremonyResult::Completed,
        reason: None,
        steps: run.steps.clone(),
    };
    let everybody: Vec<&OfficerKeys> = keys.iter().collect();
    let names: Vec<&str> = keys.iter().map(|k| k.name.as_str()).collect();
    let state = run.session.ledger.state().clone();
    let mut acts: Vec<(Act, Vec<&OfficerKeys>)> = Vec::new();
    // Whoever was revoked signs nothing any more but the transcript.
    let mut gone: Vec<String> = Vec::new();
    for done in std::mem::take(&mut run.acts) {
        let free: Vec<&str> = names
            .iter()
            .filter(|name| gone.iter().all(|g| g != **name))
            .copied()
            .collect();
        let chosen = choose(&state, done.act.name(), &free, &done.by);
        if let Act::OfficerRevoke(body) = &done.act {
            gone.push(body.name.to_string());
        }
        let chosen = chosen.ok_or_else(|| CeremonyError::Signers {
            act: done.act.name().to_owned(),
            step: String::new(),
        });
        let chosen = chosen.map_err(open)?;
        let mut signing: Vec<&OfficerKeys> = Vec::new();
        for name in chosen {
            signing.extend(keys.iter().filter(|k| k.name == name));
        }
        signing.extend(run.newcomers.iter().filter(|k| done.newcomer.as_ref() == Some(&k.name)));
        acts.push((done.act, signing));
    }
    acts.push((Act::CeremonyEnd(end), everybody));
    let concluded = run
        .session
        .conclude(run.pending, acts, run.files, run.hall.random, run.hall.at);
    // What could not be put in its place does not undo the ceremony: that is told, and it can follow.
    let unpublished = match concluded {
        Ok(_) => None,
        Err(e @ (SiteError::Unpublished { .. } | SiteError::Unfinished { .. })) => Some(e),
        Err(e) => return Err(open(e.into())),
    };
    drop(keys);
    if !run.session.store.is_vacant() {
        run.session.checkpoint()?;
    }
    let (end, at, transcript) = settled(&run.session.ledger, run.request.plan.text(), begin, run.request.site)?;
    Ok(Completed {
        begin,
        end,
        at,
        unpublished,
        nonce: run.nonce,
        plan: run.request.plan.digest(),
        steps: run.steps,
        sent: run.sent,
        transcript,
    })
}

/// The end of a ceremony that has one: its entry, its time, and the transcript, which is written.
pub(super) fn settled(
    ledger: &Ledger,
    plan: &str,
    begin: u64,
    site: &Site,
) -> Result<(u64, Moment, PathBuf), CeremonyError> {
    let ends = |entry: &Entry| matches!(&entry.act, Act::CeremonyEnd(end) if end.begin == begin);
    let end = ledger
        .latest(&["ceremony.end"], &ends)?
        .ok_or(CeremonyError::NoneOpen)?;
    let transcript = Transcript::of(ledger, plan, begin)?;
    Ok((end.seq, end.at, transcript.publish(site)?))
}
