// SPDX-License-Identifier: Apache-2.0
//! An initial PIN: two people type it, one after the other, since a PIN has no check value.

use super::super::super::plan::{SetPin, Step};
use super::super::log::StepLog;
use super::super::{ATTEMPTS, CeremonyError, Running};
use crate::crypto::pack::is_same;
use crate::crypto::pin::code_pin;
use crate::error::Fault;
use crate::keys::{Change, KeyStore};
use crate::ledger::Text;
use crate::ledger::act::{Act, PinSet};
use crate::msg;

pub(super) fn set(run: &mut Running<'_>, step: &Step, work: &SetPin, log: &mut StepLog) -> Result<(), CeremonyError> {
    let name = work.name.as_str();
    let mut last = String::new();
    for _ in 0..ATTEMPTS {
        let mut answers = Vec::new();
        for (at, id) in step.by.iter().take(2).enumerate() {
            let person = run.turn(id, log)?;
            last.clone_from(&person.officer);
            let question = if at == 0 {
                msg!("keys-ask-pin", name = name)
            } else {
                msg!("keys-ask-pin-again", name = name)
            };
            let typed = run.hall.room.hidden(&question)?;
            run.hall.room.leave();
            match code_pin(&typed) {
                Ok(coded) => answers.push(coded),
                Err(e) => {
                    log.event(Some(&person.officer), "typing-error", None)?;
                    run.hall.room.say(&e.msg());
                    break;
                }
            }
        }
        let mut answers = answers.into_iter();
        let (Some(first), Some(second)) = (answers.next(), answers.next()) else {
            continue;
        };
        if !is_same(&first, &second) {
            log.event(Some(&last), "pins-differ", None)?;
            run.hall.room.say(&msg!("keys-pins-differ", name = name));
            continue;
        }
        let pin = first;
        let change = Change::SetPin {
            name: name.to_owned(),
            pin,
        };
        run.pending.apply(change, run.hall.random)?;
        if !is_same(&run.store().pin(name)?, &second) {
            return Err(CeremonyError::Step {
                what: msg!("ceremony-pin-differs", name = name),
            });
        }
        let act = Act::PinSet(PinSet {
            name: Text::new(name)?,
            ceremony: None,
        });
        run.record(act, log);
        return Ok(());
    }
    Err(CeremonyError::Attempts {
        officer: last,
        what: msg!("ceremony-what-pin"),
    })
}
