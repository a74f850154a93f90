// SPDX-License-Identifier: Apache-2.0
//! From the TOML form to the model: defaults, names, and which fields a kind of step has.

use std::str::FromStr;

use super::error::{PlanError, PlanReason};
use super::key_name::PlannedKey;
use super::model::{Expect, NoWord, OtherOfficer, Participant, PersonId, Plan};
use super::step::{Do, Step};
use super::wire::{ExpectWire, OfficerWire, ParticipantWire, PlanWire, StepWire};
use super::work_build;
use crate::keys::ExchangeName;
use crate::keys::scheme::Title;
use crate::ledger::Text;
use crate::ledger::policy::Role;
use crate::toml_lines::Lines;

/// The format that this program reads.
const FORMAT: u32 = 1;

/// What was built, or the path where it failed and why.
pub(super) type Built<T> = Result<T, (String, PlanReason)>;

/// Reads a plan; `source` names it in messages.
pub fn read(text: &str, source: &str) -> Result<Plan, PlanError> {
    let lines = Lines::of(text);
    let wire: PlanWire = toml::from_str(text).map_err(|e| PlanError::Syntax {
        source: source.to_owned(),
        line: e.span().map_or(1, |span| lines.at(span.start)),
        what: e.message().to_owned(),
    })?;
    if wire.format != FORMAT {
        return Err(PlanError::Format {
            source: source.to_owned(),
            found: wire.format,
        });
    }
    plan(wire, text, source).map_err(|(path, reason)| PlanError::Field {
        source: source.to_owned(),
        line: lines.line(&path),
        path,
        reason,
    })
}

fn plan(wire: PlanWire, text: &str, source: &str) -> Built<Plan> {
    Ok(Plan {
        source: source.to_owned(),
        text: text.to_owned(),
        title: title(wire.title, "title")?,
        purpose: prose(wire.purpose, "purpose".into(), "purpose")?,
        scheme: wire.scheme,
        level: wire.level,
        resume: wire.resume,
        participants: each(wire.participant, "participant", participant)?,
        officers: each(wire.officer, "officer", officer)?,
        steps: each(wire.step, "step", step)?,
        expected: each(wire.expect, "expect", expect)?,
    })
}

fn each<W, T>(wire: Vec<W>, table: &str, build: fn(W, String) -> Built<T>) -> Built<Vec<T>> {
    let built = wire
        .into_iter()
        .enumerate()
        .map(|(i, part)| build(part, format!("{table}[{i}]")));
    built.collect()
}

fn participant(wire: ParticipantWire, at: String) -> Built<Participant> {
    let place = format!("{at}.role");
    match wire.role {
        Role::KeyOfficer | Role::Custodian | Role::Witness | Role::Auditor => {}
        Role::Operator | Role::Supervisor => {
            let role = wire.role.as_str();
            return Err((place, PlanReason::Role { role }));
        }
    }
    Ok(Participant {
        id: word(&wire.id, || format!("{at}.id"))?,
        role: wire.role,
        title: wire
            .title
            .map(|t| prose(t, format!("{at}.title"), "title"))
            .transpose()?,
        at,
    })
}

fn officer(wire: OfficerWire, at: String) -> Built<OtherOfficer> {
    Ok(OtherOfficer {
        id: word(&wire.id, || format!("{at}.id"))?,
        title: wire
            .title
            .map(|t| prose(t, format!("{at}.title"), "title"))
            .transpose()?,
        at,
    })
}

fn step(mut wire: StepWire, at: String) -> Built<Step> {
    let what: Do = work_build::work(&mut wire, &at)?;
    if let Some(field) = wire.left_over() {
        let kind = what.kind();
        return Err((format!("{at}.{field}"), PlanReason::NotHere { field, kind }));
    }
    Ok(Step {
        id: word(&wire.id, || format!("{at}.id"))?,
        note: wire.note.map(|t| prose(t, format!("{at}.note"), "note")).transpose()?,
        by: people(wire.by, &format!("{at}.by"))?,
        words: wire.words,
        what,
        at,
    })
}

fn expect(wire: ExpectWire, at: String) -> Built<Expect> {
    let exchange = |(i, name): (usize, String)| -> Built<ExchangeName> {
        let place = || format!("{at}.exchange-keys[{i}]");
        name.parse()
            .map_err(|_| (place(), PlanReason::Word { text: name.clone() }))
    };
    let pin = |(i, name): (usize, String)| {
        if ledger_text(&name) {
            Ok(name)
        } else {
            Err((format!("{at}.pins[{i}]"), PlanReason::Text { field: "pins" }))
        }
    };
    Ok(Expect {
        keys: keys(wire.keys, &format!("{at}.keys"))?,
        exchange_keys: wire
            .exchange_keys
            .into_iter()
            .enumerate()
            .map(exchange)
            .collect::<Built<_>>()?,
        pins: wire.pins.into_iter().enumerate().map(pin).collect::<Built<_>>()?,
        state: wire.state,
        at,
    })
}

/// A word, or the path where there is none.
pub(super) fn word<T: FromStr<Err = NoWord>>(text: &str, at: impl FnOnce() -> String) -> Built<T> {
    text.parse()
        .map_err(|_| (at(), PlanReason::Word { text: text.to_owned() }))
}

/// People of the plan.
pub(super) fn people(names: Vec<String>, at: &str) -> Built<Vec<PersonId>> {
    let read = |(i, name): (usize, String)| word(&name, || format!("{at}[{i}]"));
    names.into_iter().enumerate().map(read).collect()
}

/// A key's name.
pub(super) fn key(text: &str, at: impl FnOnce() -> String) -> Built<PlannedKey> {
    text.parse()
        .map_err(|_| (at(), PlanReason::Key { text: text.to_owned() }))
}

/// Keys' names.
pub(super) fn keys(names: Vec<String>, at: &str) -> Built<Vec<PlannedKey>> {
    let read = |(i, name): (usize, String)| key(&name, || format!("{at}[{i}]"));
    names.into_iter().enumerate().map(read).collect()
}

/// Whether a text may stand in an entry of the ledger.
pub(super) fn ledger_text(text: &str) -> bool {
    Text::new(text).is_ok() && !text.trim().is_empty()
}

/// The plan's title stands in the ledger.
fn title(title: Title, field: &'static str) -> Built<Title> {
    if ledger_text(&title.en) && ledger_text(&title.zh) {
        Ok(title)
    } else {
        Err((field.to_owned(), PlanReason::Text { field }))
    }
}

/// What people read: not empty, and nothing that steers a terminal.
fn prose(text: Title, at: String, field: &'static str) -> Built<Title> {
    let good = |text: &str| !text.trim().is_empty() && !text.chars().any(|c| c.is_control() && c != '\n');
    if good(&text.en) && good(&text.zh) {
        Ok(text)
    } else {
        Err((at, PlanReason::Text { field }))
    }
}

#[cfg(test)]
mod tests;
