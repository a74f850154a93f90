// SPDX-License-Identifier: Apache-2.0
//! The other end: a ceremony that is abandoned. Nothing of it exists; that it was begun, how far it came and why it ended is
//! recorded and signed by two. Where nobody is there to sign, it stays open until two officers close it.

use super::super::room::{Person, RoomError};
use super::closing::settled;
use super::opening::open_keys;
use super::{CeremonyError, Hall, Request, Running};
use crate::error::Fault;
use crate::i18n::Lang;
use crate::keys::OfficerKeys;
use crate::ledger::act::{Act, CeremonyEnd, CeremonyResult};
use crate::ledger::{Entry, Ledger, Text};
use crate::msg;
use crate::outside::Clock;

/// How many sign that a ceremony is abandoned.
const TWO: usize = 2;

/// Ends a running ceremony without result. Keys and drafts go first; then two sign.
pub(super) fn give_up(run: Running<'_>, why: CeremonyError) -> CeremonyError {
    let Running {
        request,
        mut hall,
        people,
        session,
        pending,
        begin,
        nonce,
        newcomers,
        acts,
        files,
        papers,
        steps,
        ..
    } = run;
    for paper in papers {
        hall.room.clear_away(&paper);
    }
    drop((pending, newcomers, acts, files));
    hall.room.leave();
    let mut ledger = session.ledger;
    let left_open = |why| CeremonyError::LeftOpen {
        begin,
        why: Box::new(why),
    };
    if why.is_stop() {
        return left_open(why);
    }
    hall.room.say(&msg!("ceremony-giving-up").with_msg("why", why.msg()));
    let Ok(keys) = two(&request, &mut hall, &ledger, people.participants()) else {
        return left_open(why);
    };
    let end = CeremonyEnd {
        begin,
        plan: request.plan.digest(),
        nonce,
        result: CeremonyResult::Abandoned,
        reason: reason(&why.msg().render(Lang::En)),
        steps,
    };
    if append(&mut ledger, end, &keys, &hall.clock).is_err() {
        return left_open(why);
    }
    // The ledger has it; a transcript that could not be written can be written again.
    if let Ok((_, _, path)) = settled(&ledger, request.plan.text(), begin, request.site) {
        hall.room.say(&msg!("ceremony-transcript", path = path.display()));
    }
    CeremonyError::Abandoned {
        begin,
        why: Box::new(why),
    }
}

/// A reason as the ledger takes it: one line, not too long.
fn reason(text: &str) -> Option<Text> {
    let line: String = text.chars().filter(|c| !c.is_control()).take(120).collect();
    Text::new(line.trim()).ok()
}

/// The keys of two of these people. Whoever refuses to sign even this is passed over.
fn two(
    request: &Request<'_>,
    hall: &mut Hall<'_>,
    ledger: &Ledger,
    people: &[Person],
) -> Result<Vec<OfficerKeys>, CeremonyError> {
    let mut keys: Vec<OfficerKeys> = Vec::new();
    for person in people {
        if keys.len() == TWO {
            break;
        }
        hall.room.turn(person)?;
        hall.room.say(&msg!("ceremony-sign-abandoned", id = person.id));
        match open_keys(request, hall, ledger, person) {
            Ok(opened) => keys.push(opened),
            Err(CeremonyError::Refused { .. } | CeremonyError::Attempts { .. }) => {}
            Err(other) => return Err(other),
        }
        hall.room.leave();
    }
    if keys.len() == TWO {
        Ok(keys)
    } else {
        Err(CeremonyError::Room(RoomError::Refused))
    }
}

fn append(ledger: &mut Ledger, end: CeremonyEnd, keys: &[OfficerKeys], clock: &Clock) -> Result<Entry, CeremonyError> {
    let people: Vec<&OfficerKeys> = keys.iter().collect();
    let act = Act::CeremonyEnd(end);
    Ok(crate::site::with_signers(&people, |signers| {
        ledger.append(act, signers, clock)
    })?)
}

/// Closes a ceremony that was left open. The ledger says who may sign that: two at least, each a participant or a key
/// officer.
pub fn abandon(ledger: &mut Ledger, keys: &[OfficerKeys], reason: &str, clock: &Clock) -> Result<Entry, CeremonyError> {
    let open = ledger.state().ceremony().ok_or(CeremonyError::NoneOpen)?;
    let end = CeremonyEnd {
        begin: open.begin,
        plan: open.plan,
        nonce: open.nonce.clone(),
        result: CeremonyResult::Abandoned,
        reason: Some(Text::new(reason)?),
        steps: Vec::new(),
    };
    append(ledger, end, keys, clock)
}
