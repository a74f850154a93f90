// SPDX-License-Identifier: Apache-2.0
//! Check values compared with a paper.

use super::super::super::plan::{CheckKeys, Step};
use super::super::log::StepLog;
use super::super::{ATTEMPTS, CeremonyError, Running};
use super::{keys, states};
use crate::msg;

/// Computes the check values anew and shows them; everybody who answers for the step says by exact words that the paper has
/// the same.
pub(super) fn compare(
    run: &mut Running<'_>,
    step: &Step,
    work: &CheckKeys,
    log: &mut StepLog,
) -> Result<(), CeremonyError> {
    for key in &work.keys {
        let id = key.at(run.site().owner());
        let record = states::record_of(run, &id)?;
        keys::verify(run, &id, record.kcv)?;
        log.key(&id, record.kcv)?;
    }
    for id in &step.by {
        let person = run.turn(id, log)?;
        for seen in log.so_far().keys.clone() {
            run.hall.room.say(&msg!("ceremony-key", key = seen.key, kcv = seen.kcv));
        }
        let words = msg!("ceremony-words-agree");
        let question = msg!("ceremony-ask-agree").with_msg("words", words.clone());
        let mut agrees = false;
        for _ in 0..ATTEMPTS {
            agrees = run.hall.room.confirmed(&question, &words)?;
            if agrees {
                break;
            }
            log.event(Some(&person.officer), "wrong-words", None)?;
            run.hall.room.say(&msg!("ceremony-wrong-words"));
        }
        if !agrees {
            let what = msg!("ceremony-what-agree");
            return Err(CeremonyError::Attempts {
                officer: person.officer,
                what,
            });
        }
        log.confirmed(&person.officer)?;
        run.hall.room.leave();
    }
    Ok(())
}
