// SPDX-License-Identifier: Apache-2.0
//! What people confirm: that they want what cannot be undone, by exact words; and that a check value is the right one, by
//! typing it. Two different people confirm a check value, one after the other.

use super::super::super::plan::{PersonId, Step};
use super::super::log::StepLog;
use super::super::{ATTEMPTS, CeremonyError, Running};
use crate::crypto::{Digest, Kcv};
use crate::error::Fault;
use crate::i18n::{Lang, Msg};
use crate::keys::KeyId;
use crate::msg;

/// The words that a step asks for before anything happens: the plan's, or those for what cannot be undone. Everybody who
/// answers for such a step types them; otherwise the first one does.
pub(super) fn words(run: &mut Running<'_>, step: &Step, log: &mut StepLog) -> Result<(), CeremonyError> {
    let irreversible = step.what.irreversible();
    let words = match &step.words {
        Some(words) => msg!("ceremony-words-given", words = words),
        None if irreversible => msg!("ceremony-words"),
        None => return Ok(()),
    };
    let people: &[PersonId] = if irreversible {
        &step.by
    } else {
        step.by.get(..1).unwrap_or_default()
    };
    for id in people {
        let person = run.turn(id, log)?;
        let question = msg!("ceremony-ask-words", step = step.id).with_msg("words", words.clone());
        let mut said = false;
        for _ in 0..ATTEMPTS {
            said = run.hall.room.confirmed(&question, &words)?;
            if said {
                break;
            }
            log.event(Some(&person.officer), "wrong-words", None)?;
            run.hall.room.say(&msg!("ceremony-wrong-words"));
        }
        if !said {
            return Err(CeremonyError::Attempts {
                officer: person.officer,
                what: msg!("ceremony-what-words"),
            });
        }
        log.confirmed(&person.officer)?;
        run.hall.room.leave();
    }
    Ok(())
}

/// A key's check value confirmed by these people. Whoever has it on paper types it from there, and it is not shown before;
/// for the others it is shown, and they type what they see.
pub(super) fn check_value(
    run: &mut Running<'_>,
    people: &[PersonId],
    key: &str,
    kcv: Kcv,
    log: &mut StepLog,
) -> Result<(), CeremonyError> {
    confirm(run, people, &msg!("ceremony-line", text = key), kcv, log)
}

/// Check values of several keys: they are shown, and the check value of the whole list is confirmed instead of each.
pub(super) fn check_values(
    run: &mut Running<'_>,
    people: &[PersonId],
    ids: &[KeyId],
    values: &[Kcv],
    log: &mut StepLog,
) -> Result<(), CeremonyError> {
    if let ([id], [value]) = (ids, values) {
        return check_value(run, people, &id.to_string(), *value, log);
    }
    for (id, value) in ids.iter().zip(values) {
        run.hall.room.say(&msg!("ceremony-key", key = id, kcv = value));
    }
    let what = msg!("ceremony-key-list", count = ids.len());
    confirm(run, people, &what, of_list(ids, values)?, log)
}

/// The check value of a list of keys: the first four bytes of SHA-256 over a line `KEY KCV` for each.
fn of_list(ids: &[KeyId], values: &[Kcv]) -> Result<Kcv, CeremonyError> {
    let lines = ids.iter().zip(values).map(|(id, value)| format!("{id} {value}\n"));
    let lines = lines.collect::<Vec<_>>().concat();
    let digest = Digest::of(&[lines.as_bytes()]).to_string();
    let first = digest.get(..8).unwrap_or_default().parse::<Kcv>();
    first.map_err(|e| CeremonyError::Step { what: e.msg() })
}

fn confirm(
    run: &mut Running<'_>,
    people: &[PersonId],
    what: &Msg,
    kcv: Kcv,
    log: &mut StepLog,
) -> Result<(), CeremonyError> {
    for id in people {
        let person = run.turn(id, log)?;
        if !types(run, what, kcv, &person.officer, log)? {
            return Err(CeremonyError::Attempts {
                officer: person.officer,
                what: msg!("ceremony-what-kcv").with_msg("key", what.clone()),
            });
        }
        log.confirmed(&person.officer)?;
        run.hall.room.leave();
    }
    Ok(())
}

/// Whether the person types this check value.
fn types(run: &mut Running<'_>, what: &Msg, kcv: Kcv, officer: &str, log: &mut StepLog) -> Result<bool, CeremonyError> {
    let key = what.render(Lang::En);
    let (mut shown, mut tries) = (false, 0);
    while tries < ATTEMPTS {
        let question = if shown {
            msg!("ceremony-ask-kcv-shown", kcv = kcv)
        } else {
            msg!("ceremony-ask-kcv")
        };
        let typed = run.hall.room.typed(&question.with_msg("key", what.clone()))?;
        let typed = typed.replace(' ', "");
        if typed.is_empty() && !shown {
            shown = true;
            log.event(Some(officer), "kcv-shown", Some(&key))?;
            continue;
        }
        tries += 1;
        match typed.parse::<Kcv>() {
            Ok(value) if value.agrees_with(&kcv) => return Ok(true),
            Ok(value) => {
                log.event(Some(officer), "kcv-differs", Some(&format!("{key} {value}")))?;
                let said = msg!("ceremony-kcv-differs", typed = value);
                run.hall.room.say(&said.with_msg("key", what.clone()));
            }
            Err(e) => {
                log.event(Some(officer), "typing-error", Some(&key))?;
                run.hall.room.say(&e.msg());
            }
        }
    }
    Ok(false)
}
