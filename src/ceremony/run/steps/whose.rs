// SPDX-License-Identifier: Apache-2.0
//! Whose a sheet is, and which ceremony made it. Its header has a number and the beginning of that ceremony's nonce; of shares
//! that were made at this site the ledger has digest and custodian. So a sheet in the wrong hands is named when it is typed.

use super::super::super::plan::PersonId;
use super::super::{CeremonyError, Running};
use super::entry::Wrong;
use crate::crypto::shamir::Share;
use crate::crypto::written::Header;
use crate::ledger::act::{Act, CeremonyEnd};
use crate::ledger::{Entry, Hash};
use crate::msg;

/// A sheet with another number than that of the custodian at the keyboard, where sheet and custodian go by the plan's order:
/// the first custodian has number 1.
pub(super) fn by_number(
    run: &Running<'_>,
    header: Header,
    custodians: &[PersonId],
    here: usize,
) -> Result<Result<(), Wrong>, CeremonyError> {
    let at = usize::from(header.index()) - 1;
    if at == here {
        return Ok(Ok(()));
    }
    let Some(id) = custodians.get(at) else {
        return Ok(Err(nobodys(header.index())));
    };
    let owner = run.people.officer(id)?;
    let by = custodians.get(here).map(|id| run.people.officer(id)).transpose()?;
    Ok(Err(others(header.index(), owner, by.unwrap_or_default())))
}

/// A sheet that was given to somebody else.
pub(super) fn others(number: u8, owner: &str, by: &str) -> Wrong {
    let said = msg!("ceremony-others-sheet", number = number, owner = owner, by = by);
    let mut wrong = Wrong::new("wrong-custodian", said);
    wrong.detail = Some(format!("sheet {number} of {owner}"));
    wrong
}

/// A number that nobody has here.
fn nobodys(number: u8) -> Wrong {
    let mut wrong = Wrong::new("wrong-custodian", msg!("ceremony-nobodys-sheet", number = number));
    wrong.detail = Some(format!("sheet {number}"));
    wrong
}

/// A sheet of another ceremony than the one that is wanted; named where the ledger knows it.
pub(super) fn other_ceremony(run: &Running<'_>, header: Header, wanted: [u8; 2]) -> Result<Wrong, CeremonyError> {
    let tag = header.tag();
    let (number, wanted) = (number_of(tag), number_of(wanted));
    let made_it = |entry: &Entry| matches!(&entry.act, Act::CeremonyBegin(begin) if begin.nonce.tag() == tag);
    let found = run.session.ledger.latest(&["ceremony.begin"], &made_it)?;
    let said = match found.map(|entry| (entry.seq, entry.act)) {
        Some((entry, Act::CeremonyBegin(begin))) => {
            let title = begin.title;
            msg!(
                "ceremony-sheet-of",
                tag = number,
                wanted = wanted,
                entry = entry,
                title = title
            )
        }
        _ => msg!("ceremony-sheet-other", tag = number, wanted = wanted),
    };
    let mut wrong = Wrong::new("other-ceremony", said);
    wrong.detail = Some(format!("sheet of {number}"));
    Ok(wrong)
}

/// A ceremony's number as it stands on its sheets.
fn number_of([high, low]: [u8; 2]) -> String {
    format!("{high:02X}{low:02X}")
}

/// What is wrong with a share of a key that the ledger of this site knows: another custodian's, or of another key. A share
/// that was made elsewhere is not known.
pub(super) fn known_share(
    run: &Running<'_>,
    share: &Share,
    key: &str,
    by: &str,
) -> Result<Result<(), Wrong>, CeremonyError> {
    let digest = Hash(share.digest().0);
    let made_it = |entry: &Entry| matches!(&entry.act, Act::CeremonyEnd(end) if seen(end, digest).is_some());
    let found = run.session.ledger.latest(&["ceremony.end"], &made_it)?;
    let Some(Act::CeremonyEnd(end)) = found.map(|entry| entry.act) else {
        return Ok(Ok(()));
    };
    let Some((keys, owner)) = seen(&end, digest) else {
        return Ok(Ok(()));
    };
    if !keys.iter().any(|known| known == key) {
        let said = msg!(
            "ceremony-share-of-key",
            number = share.index(),
            key = keys.join(", "),
            begin = end.begin
        );
        let mut wrong = Wrong::new("wrong-share", said);
        wrong.detail = Some(format!("share {} of {}", share.index(), keys.join(" ")));
        return Ok(Err(wrong));
    }
    Ok(if owner == by {
        Ok(())
    } else {
        Err(others(share.index(), &owner, by))
    })
}

/// The keys of the step that made a share, and whom it was given to.
fn seen(end: &CeremonyEnd, digest: Hash) -> Option<(Vec<String>, String)> {
    end.steps.iter().find_map(|step| {
        let share = step.shares.iter().find(|share| share.digest == digest)?;
        let keys = step.keys.iter().map(|seen| seen.key.to_string()).collect();
        Some((keys, share.officer.to_string()))
    })
}
