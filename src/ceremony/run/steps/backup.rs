// SPDX-License-Identifier: Apache-2.0
//! The whole store as a sealed file with written shares, and back from them. The shares that custodians typed back open the
//! file before the backup counts; on the way back each share is looked at singly, and a wrong one is named.

use super::super::super::plan::{Backup, PersonId, Restore, Step};
use super::super::log::StepLog;
use super::super::{CeremonyError, Running};
use super::entry::{Wanted, Wrong, enter};
use super::keys::{attend, verify};
use super::officers::exchange_of;
use super::papers::{Sheet, hand_over};
use super::shares::short_digest;
use super::whose;
use crate::ceremony::form::Whole;
use crate::crypto::shamir::Share;
use crate::crypto::written::{Header, Kind};
use crate::error::Fault;
use crate::keys::file_store::{BackupError, Draft};
use crate::keys::{KeyFileError, KeyState, KeyStore};
use crate::ledger::act::Act;
use crate::msg;
use crate::site::{KnownBackup, Restoration, RestoreError, SiteError};

/// Bytes of a share of a backup's key.
const SHARE: usize = 32;

pub(super) fn make(run: &mut Running<'_>, step: &Step, work: &Backup, log: &mut StepLog) -> Result<(), CeremonyError> {
    attend(run, step, log)?;
    let out = run.path(&work.file)?.to_owned();
    if out.exists() {
        let path = out.display().to_string();
        return Err(KeyFileError::Exists { path }.into());
    }
    let officers = work
        .custodians
        .iter()
        .map(|id| run.people.officer(id).map(ToOwned::to_owned));
    let officers: Vec<String> = officers.collect::<Result<_, _>>()?;
    let site = run.request.site;
    let store = run.pending.store();
    let made = site.back_up(store, work.threshold, &officers, run.hall.random, &run.hall.clock)?;
    let name = out
        .file_name()
        .unwrap_or(out.as_os_str())
        .to_string_lossy()
        .into_owned();
    let mut back = Vec::new();
    for (custodian, share) in work.custodians.iter().zip(&made.shares) {
        let sheet = Sheet {
            custodian,
            all: &work.custodians,
            kind: Kind::Share,
            number: (share.index(), share.threshold()),
            secret: share.secret(),
            of: msg!("ceremony-backup").render(run.hall.room.lang()),
            whole: Whole::Backup(&name),
            check: short_digest(share),
        };
        let (officer, typed) = hand_over(run, step, &work.pages, &sheet, log)?;
        log.share(&officer, share.index(), share.digest())?;
        back.push(Share::from_parts(share.index(), share.threshold(), typed).map_err(|e| failed(&e))?);
    }
    let opened = made.backup.open(&back).map_err(|e| failed(&e))?;
    if opened.header().keys != run.store().keys() {
        return Err(CeremonyError::Step {
            what: msg!("ceremony-file-differs", path = out.display()),
        });
    }
    log.file(work.file.as_str(), made.body.digest)?;
    run.hall.room.say(&msg!(
        "ceremony-backed-up",
        keys = made.body.keys,
        threshold = work.threshold
    ));
    run.files.push(Draft::held(&out, made.backup.text().as_bytes(), 0o600)?);
    run.record(Act::StoreBackup(made.body), log);
    Ok(())
}

fn failed(e: &dyn Fault) -> CeremonyError {
    CeremonyError::Step { what: e.msg() }
}

pub(super) fn restore(
    run: &mut Running<'_>,
    step: &Step,
    work: &Restore,
    log: &mut StepLog,
) -> Result<(), CeremonyError> {
    attend(run, step, log)?;
    let path = run.path(&work.file)?.to_owned();
    let known = run.site().known_backup(&run.session.ledger, &path)?;
    log.file(work.file.as_str(), known.body().digest)?;
    let tag = tag_of(run, &known)?;
    let mut shares: Vec<Share> = Vec::new();
    for custodian in &work.custodians {
        let share = entered(run, custodian, &known, (tag, &shares), log)?;
        shares.push(share);
    }
    let restoration = known.open(&run.session.ledger, &shares)?;
    drop(shares);
    tell(run, &restoration);
    let former = restoration.former_holders(&run.session.ledger);
    let mut holders = Vec::new();
    for id in &work.holders {
        let name = run.people.officer(id)?.to_owned();
        let known = former.iter().find(|(officer, _)| *officer == name).map(|(_, key)| *key);
        let exchange = match run.exchange.get(&name).copied().or(known) {
            Some(exchange) => exchange,
            None => exchange_of(run, &name)?,
        };
        holders.push((name, exchange));
    }
    let (change, acts) = restoration.into_change(work.quorum, holders, work.lost.as_deref())?;
    run.pending.apply(change, run.hall.random)?;
    for act in &acts {
        if let Act::KeyRetire(lost) = act {
            log.named_key(lost.key.as_str(), lost.kcv.as_str())?;
        }
    }
    for record in run.store().keys() {
        if record.state == KeyState::Active {
            verify(run, &record.id, record.kcv)?;
        }
        log.key(&record.id, record.kcv)?;
    }
    for act in acts {
        run.record(act, log);
    }
    Ok(())
}

/// The tag of the ceremony that made a backup.
fn tag_of(run: &Running<'_>, known: &KnownBackup) -> Result<Option<[u8; 2]>, CeremonyError> {
    match run.session.ledger.entry(known.body().ceremony)?.act {
        Act::CeremonyBegin(begin) => Ok(Some(begin.nonce.tag())),
        _ => Ok(None),
    }
}

/// One custodian's share, looked at singly.
fn entered(
    run: &mut Running<'_>,
    custodian: &PersonId,
    known: &KnownBackup,
    (tag, before): (Option<[u8; 2]>, &[Share]),
    log: &mut StepLog,
) -> Result<Share, CeremonyError> {
    let person = run.turn(custodian, log)?;
    let of = msg!("ceremony-backup");
    let wanted = Wanted {
        question: msg!("ceremony-ask-share").with_msg("of", of),
        what: msg!("ceremony-what-share"),
        kind: Kind::Share,
        bytes: SHARE,
        plain: false,
    };
    let officer = person.officer.clone();
    let mut found = None;
    enter(run, &person, &wanted, log, &mut |run, entered| {
        let Some(header) = &entered.header else {
            return Ok(Err(Wrong::new("wrong-kind", msg!("ceremony-wrong-kind"))));
        };
        let copy = crate::crypto::pack::copy_of(&entered.secret);
        let share = Share::from_parts(header.index(), header.needed(), copy).map_err(|e| failed(&e))?;
        let wrong = match known.check_share(&run.session.ledger, &share, &officer) {
            Ok(_) if before.iter().all(|other| other.index() != share.index()) => {
                found = Some(share);
                return Ok(Ok(()));
            }
            Ok(_) => Wrong::new("wrong-share", msg!("ceremony-share-twice", number = share.index())),
            Err(SiteError::Restore(wrong)) => wrong_share(run, *header, &officer, &wrong, tag)?,
            Err(e) => return Err(e.into()),
        };
        Ok(Err(wrong))
    })?;
    let share = found.ok_or_else(|| CeremonyError::Step {
        what: msg!("ceremony-wrong-kind"),
    })?;
    log.share(&person.officer, share.index(), share.digest())?;
    run.hall.room.leave();
    Ok(share)
}

/// What is wrong with a share that is none of this custodian's for this backup.
fn wrong_share(
    run: &Running<'_>,
    header: Header,
    by: &str,
    wrong: &RestoreError,
    tag: Option<[u8; 2]>,
) -> Result<Wrong, CeremonyError> {
    let event = match (wrong, tag) {
        (RestoreError::Backup(BackupError::OthersShare { officer, .. }), _) => {
            return Ok(whose::others(header.index(), officer, by));
        }
        (RestoreError::OtherBackup { .. }, _) => "other-ceremony",
        (_, Some(tag)) if tag != header.tag() => return whose::other_ceremony(run, header, tag),
        _ => "wrong-share",
    };
    let mut wrong = Wrong::new(event, wrong.msg());
    wrong.detail = Some(format!("share {}", header.index()));
    Ok(wrong)
}

/// What comes back otherwise than it was backed up, and what does not come back.
fn tell(run: &mut Running<'_>, restoration: &Restoration) {
    let room = &mut run.hall.room;
    room.say(&msg!(
        "ceremony-restoring",
        generation = restoration.backup().generation
    ));
    for (key, state) in restoration.changed_since() {
        room.say(&msg!("ceremony-restored-state", key = key).with_word("state", "key-state", state));
    }
    for key in restoration.missing() {
        room.say(&msg!("ceremony-restored-lost", key = key));
    }
    for pin in restoration.lost_pins() {
        room.say(&msg!("ceremony-restored-pin", name = pin));
    }
}
