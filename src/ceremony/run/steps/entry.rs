// SPDX-License-Identifier: Apache-2.0
//! What custodians type from paper. A wrong group is pointed at, a wrong sheet is named, and both are written down; nothing
//! is corrected, and nothing is repeated to the screen.

use super::super::super::room::Person;
use super::super::log::StepLog;
use super::super::{ATTEMPTS, CeremonyError, Running};
use crate::crypto::SecretBytes;
use crate::crypto::component::secret_from_hex;
use crate::crypto::pack::is_same;
use crate::crypto::written::{self, Header, Kind, WrittenError};
use crate::error::Fault;
use crate::i18n::Msg;
use crate::msg;

/// What a custodian entered.
pub(super) struct Entered {
    /// `None`: digits without groups, which were typed twice.
    pub(super) header: Option<Header>,
    pub(super) secret: SecretBytes,
}

/// What is wrong with what was entered: a word for the transcript, and what the custodian is told.
pub(super) struct Wrong {
    pub(super) event: &'static str,
    pub(super) detail: Option<String>,
    pub(super) said: Msg,
}

impl Wrong {
    pub(super) fn new(event: &'static str, said: Msg) -> Self {
        Self {
            event,
            detail: None,
            said,
        }
    }
}

/// What a custodian is asked for.
pub(super) struct Wanted {
    pub(super) question: Msg,
    /// What it is called when it was entered wrong too often.
    pub(super) what: Msg,
    pub(super) kind: Kind,
    /// The secret's length in bytes.
    pub(super) bytes: usize,
    /// Whether digits without groups are taken, typed twice.
    pub(super) plain: bool,
}

/// What a judge says: right, wrong, or that it could not be asked.
pub(super) type Judged = Result<Result<(), Wrong>, CeremonyError>;

/// Says what is wrong with a sheet that was typed without error.
pub(super) type Judge<'j> = &'j mut dyn FnMut(&mut Running<'_>, &Entered) -> Judged;

/// Lets the person at the keyboard type until it is right, a few times at the most.
pub(super) fn enter(
    run: &mut Running<'_>,
    person: &Person,
    wanted: &Wanted,
    log: &mut StepLog,
    judge: Judge<'_>,
) -> Result<Entered, CeremonyError> {
    for _ in 0..ATTEMPTS {
        let typed = run.hall.room.written(&wanted.question, &written::entry(wanted.bytes))?;
        let wrong = match read(run, &typed, wanted)? {
            Ok(entered) => match judge(run, &entered)? {
                Ok(()) => return Ok(entered),
                Err(wrong) => wrong,
            },
            Err(wrong) => wrong,
        };
        log.event(Some(&person.officer), wrong.event, wrong.detail.as_deref())?;
        run.hall.room.say(&wrong.said);
    }
    Err(CeremonyError::Attempts {
        officer: person.officer.clone(),
        what: wanted.what.clone(),
    })
}

fn read(run: &mut Running<'_>, typed: &SecretBytes, wanted: &Wanted) -> Result<Result<Entered, Wrong>, CeremonyError> {
    if wanted.plain
        && let Ok(secret) = secret_from_hex(typed, wanted.bytes)
    {
        let again = run.hall.room.hidden(&msg!("ceremony-ask-again"))?;
        let same = secret_from_hex(&again, wanted.bytes).is_ok_and(|other| is_same(&other, &secret));
        return Ok(if same {
            Ok(Entered { header: None, secret })
        } else {
            Err(Wrong::new("typing-error", msg!("ceremony-typed-differently")))
        });
    }
    Ok(match written::read(typed) {
        Ok((header, secret)) if header.kind() == wanted.kind && secret.len() == wanted.bytes => Ok(Entered {
            header: Some(header),
            secret,
        }),
        Ok(_) => Err(Wrong::new("wrong-kind", msg!("ceremony-wrong-kind"))),
        Err(e) => Err(typing_error(&e)),
    })
}

fn typing_error(e: &WrittenError) -> Wrong {
    let groups: Vec<String> = e.groups().iter().map(ToString::to_string).collect();
    Wrong {
        event: "typing-error",
        detail: (!groups.is_empty()).then(|| format!("groups {}", groups.join(" "))),
        said: e.msg(),
    }
}

/// Whether two hidden answers are the same, the second one asked for with this question.
pub(super) fn twice(run: &mut Running<'_>, first: &SecretBytes, again: &Msg) -> Result<bool, CeremonyError> {
    let second = run.hall.room.hidden(again)?;
    Ok(is_same(first, &second))
}
