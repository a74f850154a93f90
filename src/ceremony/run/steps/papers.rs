// SPDX-License-Identifier: Apache-2.0
//! Pages that custodians take away: each is given to its custodian alone, who types it back from the paper before it counts.
//! Then the page is taken out of the machine.

use super::super::super::plan::{PersonId, Slot, Step};
use super::super::log::StepLog;
use super::super::{CeremonyError, Running};
use super::entry::{Entered, Judged, Wanted, Wrong, enter};
use super::whose;
use crate::ceremony::form::{self, Facts, Whole};
use crate::ceremony::room::{Paper, Person};
use crate::crypto::SecretBytes;
use crate::crypto::pack::is_same;
use crate::crypto::written::{self, Header, Kind};
use crate::i18n::Msg;
use crate::keys::KeyFileError;
use crate::msg;

/// A secret for one custodian.
pub(super) struct Sheet<'a> {
    /// The custodian.
    pub(super) custodian: &'a PersonId,
    /// Everybody who is given a page of this secret, in the order of the numbers.
    pub(super) all: &'a [PersonId],
    pub(super) kind: Kind,
    /// Its number, and how many of them make the secret.
    pub(super) number: (u8, u8),
    pub(super) secret: &'a SecretBytes,
    /// What the secret is, for the question.
    pub(super) of: String,
    /// What it is a part of, for the page.
    pub(super) whole: Whole<'a>,
    /// Check value of a component, or the beginning of a share's digest.
    pub(super) check: String,
}

/// Hands a page over and has it typed back. The officer, and what was typed.
pub(super) fn hand_over(
    run: &mut Running<'_>,
    step: &Step,
    pages: &Slot,
    sheet: &Sheet<'_>,
    log: &mut StepLog,
) -> Result<(String, SecretBytes), CeremonyError> {
    let person = run.turn(sheet.custodian, log)?;
    let header = Header::new(sheet.kind, sheet.number.0, sheet.number.1, run.nonce.tag());
    let header = header.map_err(|e| CeremonyError::Step {
        what: crate::error::Fault::msg(&e),
    })?;
    let path = run.path(pages)?.join(format!("{}-{}.html", step.id, sheet.custodian));
    if path.exists() {
        let path = path.display().to_string();
        return Err(KeyFileError::Exists { path }.into());
    }
    let page = page(run, step, &person, header, sheet)?;
    run.papers.push(path.clone());
    run.hall.room.hand_over(&Paper {
        path: path.clone(),
        page,
    })?;
    let wanted = Wanted {
        question: question(sheet),
        what: msg!("ceremony-what-page"),
        kind: sheet.kind,
        bytes: sheet.secret.len(),
        plain: false,
    };
    let entered = enter(run, &person, &wanted, log, &mut |run, entered| {
        typed_back(run, entered, header, sheet)
    })?;
    run.hall.room.clear_away(&path);
    run.papers.retain(|other| *other != path);
    run.hall.room.leave();
    Ok((person.officer, entered.secret))
}

/// Whether that was this custodian's page of this ceremony; another one is named.
fn typed_back(run: &Running<'_>, entered: &Entered, header: Header, sheet: &Sheet<'_>) -> Judged {
    if let Some(typed) = &entered.header {
        if typed.tag() != header.tag() {
            return whose::other_ceremony(run, *typed, header.tag()).map(Err);
        }
        if let Err(wrong) = whose::by_number(run, *typed, sheet.all, usize::from(header.index()) - 1)? {
            return Ok(Err(wrong));
        }
    }
    let same = entered.header == Some(header) && is_same(&entered.secret, sheet.secret);
    Ok(if same {
        Ok(())
    } else {
        Err(Wrong::new("wrong-share", msg!("ceremony-other-page")))
    })
}

fn question(sheet: &Sheet<'_>) -> Msg {
    let (number, needed) = sheet.number;
    msg!("ceremony-ask-back", number = number, needed = needed, of = sheet.of)
}

fn page(
    run: &Running<'_>,
    step: &Step,
    person: &Person,
    header: Header,
    sheet: &Sheet<'_>,
) -> Result<SecretBytes, CeremonyError> {
    let text = written::write(header, sheet.secret).map_err(|e| CeremonyError::Step {
        what: crate::error::Fault::msg(&e),
    })?;
    let (config, title) = (run.site().config(), &run.request.plan.title);
    let facts = Facts {
        site: [&config.name.en, &config.name.zh],
        rehearsal: config.rehearsal,
        ceremony: [&title.en, &title.zh],
        step: step.id.as_str(),
        header,
        custodian: &format!("{} ({})", person.officer, person.id),
        whole: sheet.whole,
        check: &sheet.check,
        at: &run.hall.clock.now().to_string(),
    };
    Ok(form::page(&facts, written::groups_of(sheet.secret.len()), &text))
}
