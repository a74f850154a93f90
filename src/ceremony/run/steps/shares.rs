// SPDX-License-Identifier: Apache-2.0
//! Single keys on paper: as component forms, as shares, and back from shares. What custodians typed back is put together
//! again and compared with the key before the step counts.

use super::super::super::plan::{Combine, ExportForms, PersonId, PlannedKey, Split, Step};
use super::super::log::StepLog;
use super::super::{CeremonyError, Running};
use super::entry::{Wanted, Wrong, enter};
use super::keys::{Arrival, add, attend};
use super::papers::{Sheet, hand_over};
use super::{confirm, states, whose};
use crate::ceremony::form::Whole;
use crate::crypto::component::combine_components;
use crate::crypto::key_block::Exportability;
use crate::crypto::pack::key_from;
use crate::crypto::shamir::{self, Share};
use crate::crypto::written::{self, Kind};
use crate::crypto::{Kcv, KeyMaterial, SecretBytes, kcv};
use crate::error::Fault;
use crate::keys::{KeyId, Origin};
use crate::ledger::act::{Act, KeyExport};
use crate::ledger::field::Word;
use crate::ledger::{ShortHex, Text};
use crate::msg;

pub(super) fn forms(
    run: &mut Running<'_>,
    step: &Step,
    work: &ExportForms,
    log: &mut StepLog,
) -> Result<(), CeremonyError> {
    attend(run, step, log)?;
    let (id, value) = known(run, &work.key)?;
    let (name, shown) = (id.to_string(), value.to_string());
    let count = count(&work.custodians)?;
    let parts = run.pending.store().components(&id, count, run.hall.random)?;
    let length = run.site().config().kcv_length;
    let mut back = Vec::new();
    for (number, (custodian, part)) in (1..).zip(work.custodians.iter().zip(&parts)) {
        let check = kcv(id.algorithm, &written::key(part).map_err(|e| failed(&e))?, length);
        let sheet = Sheet {
            custodian,
            all: &work.custodians,
            kind: Kind::Component,
            number: (number, count),
            secret: part,
            of: name.clone(),
            whole: Whole::Key { id: &name, kcv: &shown },
            check: check.to_string(),
        };
        let (officer, typed) = hand_over(run, step, &work.pages, &sheet, log)?;
        log.component(&officer, &check.to_string())?;
        back.push(written::key(&typed).map_err(|e| failed(&e))?);
    }
    same_key(run, &id, &combine_components(&back), value)?;
    left(run, &id, value, "component forms", log)
}

pub(super) fn split(run: &mut Running<'_>, step: &Step, work: &Split, log: &mut StepLog) -> Result<(), CeremonyError> {
    attend(run, step, log)?;
    let (id, value) = known(run, &work.key)?;
    let (name, shown) = (id.to_string(), value.to_string());
    let count = count(&work.custodians)?;
    let shares = run
        .pending
        .store()
        .shares(&id, work.threshold, count, run.hall.random)?;
    let mut back = Vec::new();
    for (custodian, share) in work.custodians.iter().zip(&shares) {
        let sheet = Sheet {
            custodian,
            all: &work.custodians,
            kind: Kind::Share,
            number: (share.index(), share.threshold()),
            secret: share.secret(),
            of: name.clone(),
            whole: Whole::Key { id: &name, kcv: &shown },
            check: short_digest(share),
        };
        let (officer, typed) = hand_over(run, step, &work.pages, &sheet, log)?;
        log.share(&officer, share.index(), share.digest())?;
        back.push(Share::from_parts(share.index(), share.threshold(), typed).map_err(|e| failed(&e))?);
    }
    // Those who came first alone, and those who came last alone.
    let enough = usize::from(work.threshold);
    for some in [
        &back[..enough.min(back.len())],
        &back[back.len().saturating_sub(enough)..],
    ] {
        let secret = shamir::combine(some).map_err(|e| failed(&e))?;
        same_key(run, &id, &key_of(&secret)?, value)?;
    }
    let form = format!("shares, {} of {count}", work.threshold);
    left(run, &id, value, &form, log)
}

/// What stands on paper of a share's digest.
pub(super) fn short_digest(share: &Share) -> String {
    share.digest().to_string().chars().take(8).collect()
}

fn known(run: &Running<'_>, key: &PlannedKey) -> Result<(KeyId, Kcv), CeremonyError> {
    let id = key.at(run.site().owner());
    let value = states::record_of(run, &id)?.kcv;
    Ok((id, value))
}

fn count(custodians: &[PersonId]) -> Result<u8, CeremonyError> {
    u8::try_from(custodians.len()).map_err(|_| CeremonyError::Step {
        what: msg!("ceremony-wrong-kind"),
    })
}

fn failed(e: &dyn Fault) -> CeremonyError {
    CeremonyError::Step { what: e.msg() }
}

fn key_of(secret: &SecretBytes) -> Result<KeyMaterial, CeremonyError> {
    key_from(secret).map_err(|_| CeremonyError::Step {
        what: msg!("ceremony-wrong-kind"),
    })
}

fn same_key(run: &Running<'_>, id: &KeyId, back: &KeyMaterial, value: Kcv) -> Result<(), CeremonyError> {
    let got = kcv(id.algorithm, back, run.site().config().kcv_length);
    if got == value {
        Ok(())
    } else {
        Err(CeremonyError::Step {
            what: msg!("ceremony-papers-differ", key = id, expected = value, got = got),
        })
    }
}

/// The entry of a key that left on paper.
fn left(run: &mut Running<'_>, id: &KeyId, value: Kcv, form: &str, log: &mut StepLog) -> Result<(), CeremonyError> {
    log.key(id, value)?;
    let act = Act::KeyExport(KeyExport {
        key: Text::new(id.to_string())?,
        kcv: ShortHex::new(value.to_string())?,
        to: Text::new("custodians")?,
        form: Text::new(form)?,
        factors: Vec::new(),
        package: None,
        ceremony: None,
    });
    run.record(act, log);
    Ok(())
}

pub(super) fn combine(run: &mut Running<'_>, work: &Combine, log: &mut StepLog) -> Result<(), CeremonyError> {
    let id = work.key.at(run.site().owner());
    let mut shares: Vec<Share> = Vec::new();
    let mut tag = None;
    for custodian in &work.custodians {
        let (share, its_tag) = entered(run, custodian, &id, work.threshold, (&shares, tag), log)?;
        shares.push(share);
        tag = Some(its_tag);
    }
    let secret = shamir::combine(&shares).map_err(|e| failed(&e))?;
    drop(shares);
    let key = key_of(&secret)?;
    run.store().check_key(&id, &key)?;
    let value = kcv(id.algorithm, &key, run.site().config().kcv_length);
    confirm::check_value(run, &work.confirm, &id.to_string(), value, log)?;
    let method = Word::new("shares")?;
    let arrival = Arrival {
        id,
        key,
        origin: Origin::Components,
        state: work.start,
        exportability: Exportability::unlimited(),
    };
    add(run, arrival, Act::KeyImport, |body| body.method = Some(method), log).map(drop)
}

/// One custodian's share, looked at singly, and the tag of the ceremony that made it.
fn entered(
    run: &mut Running<'_>,
    custodian: &PersonId,
    id: &KeyId,
    threshold: u8,
    (before, tag): (&[Share], Option<[u8; 2]>),
    log: &mut StepLog,
) -> Result<(Share, [u8; 2]), CeremonyError> {
    let person = run.turn(custodian, log)?;
    let wanted = Wanted {
        question: msg!("ceremony-ask-share", of = id),
        what: msg!("ceremony-what-share"),
        kind: Kind::Share,
        bytes: KeyMaterial::LEN,
        plain: false,
    };
    let officer = person.officer.clone();
    let entered = enter(run, &person, &wanted, log, &mut |run, entered| {
        let Some(header) = &entered.header else {
            return Ok(Err(Wrong::new("wrong-kind", msg!("ceremony-wrong-kind"))));
        };
        if header.needed() != threshold {
            let said = msg!("ceremony-share-of", needed = header.needed(), threshold = threshold);
            return Ok(Err(Wrong::new("wrong-share", said)));
        }
        if let Some(tag) = tag.filter(|tag| *tag != header.tag()) {
            return whose::other_ceremony(run, *header, tag).map(Err);
        }
        if before.iter().any(|share| share.index() == header.index()) {
            let said = msg!("ceremony-share-twice", number = header.index());
            return Ok(Err(Wrong::new("wrong-share", said)));
        }
        let copy = crate::crypto::pack::copy_of(&entered.secret);
        let share = Share::from_parts(header.index(), header.needed(), copy).map_err(|e| failed(&e))?;
        if let Err(wrong) = whose::known_share(run, &share, &id.to_string(), &officer)? {
            return Ok(Err(wrong));
        }
        let typed = run.hall.room.typed(&msg!("ceremony-ask-sheet-digest"))?;
        let typed = typed.replace(' ', "").to_uppercase();
        let right = short_digest(&share);
        if typed.is_empty() || typed == right {
            return Ok(Ok(()));
        }
        let mut wrong = Wrong::new("wrong-share", msg!("ceremony-share-wrong", officer = officer));
        wrong.detail = Some(format!("share {}", share.index()));
        Ok(Err(wrong))
    })?;
    let header = entered.header.ok_or_else(|| CeremonyError::Step {
        what: msg!("ceremony-wrong-kind"),
    })?;
    let share = Share::from_parts(header.index(), header.needed(), entered.secret).map_err(|e| failed(&e))?;
    log.share(&person.officer, share.index(), share.digest())?;
    run.hall.room.leave();
    Ok((share, header.tag()))
}
