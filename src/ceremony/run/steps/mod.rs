// SPDX-License-Identifier: Apache-2.0
//! The kinds of work, one file for each group of them. Each step is verified behind itself; what it finds wrong ends the
//! ceremony.

mod backup;
mod blocks;
mod bundles;
mod check;
mod components;
mod confirm;
mod entry;
mod factors;
mod keys;
mod officers;
mod papers;
mod pin;
mod shares;
mod states;
mod whose;

use super::super::plan::{Do, Plan, Step};
use super::super::room::RoomError;
use super::log::StepLog;
use super::{CeremonyError, Running};
use crate::error::Fault;
use crate::i18n::Lang;
use crate::ledger::Text;
use crate::ledger::field::FieldFault;

/// Does one step.
pub(super) fn perform(run: &mut Running<'_>, step: &Step, log: &mut StepLog) -> Result<(), CeremonyError> {
    // Whoever sends keys away types the words when the receiver is known.
    if !matches!(step.what, Do::ExportBundle(_)) {
        confirm::words(run, step, log)?;
    }
    match &step.what {
        Do::Generate(work) => keys::generate(run, step, work, log),
        Do::Components(work) => components::combine(run, work, log),
        Do::ImportExchangeKey(work) => components::exchange(run, work, log),
        Do::Factors(work) => factors::combine(run, work, log),
        Do::Derive(work) => keys::derive(run, step, work, log),
        Do::Receive(work) => bundles::receive(run, step, work, log),
        Do::ExportBundle(work) => bundles::export(run, step, work, log),
        Do::ImportBlock(work) => blocks::import(run, step, work, log),
        Do::ExportBlock(work) => blocks::export(run, step, work, log),
        Do::Enrol(work) => officers::enrol(run, step, work, log),
        Do::Revoke(work) => officers::revoke(run, step, work, log),
        Do::Reshare(work) => officers::reshare(run, step, work, log),
        Do::Pin(work) => pin::set(run, step, work, log),
        Do::Rotate(work) => keys::rotate(run, step, work, log),
        Do::State(work) => states::set(run, step, work, log),
        Do::Destroy(work) => states::destroy(run, step, work, log),
        Do::Check(work) => check::compare(run, step, work, log),
        Do::ExportForms(work) => shares::forms(run, step, work, log),
        Do::Split(work) => shares::split(run, step, work, log),
        Do::Combine(work) => shares::combine(run, work, log),
        Do::Backup(work) => backup::make(run, step, work, log),
        Do::Restore(work) => backup::restore(run, step, work, log),
    }
}

/// The ledger's acts that a kind of work leads to.
pub(super) fn acts_of(what: &Do) -> &'static [&'static str] {
    match what {
        Do::Generate(_) => &["key.generate"],
        Do::Components(_) | Do::Factors(_) | Do::Combine(_) | Do::ImportExchangeKey(_) => &["key.import"],
        Do::Derive(_) => &["key.derive"],
        Do::Receive(_) | Do::ImportBlock(_) => &["key.receive"],
        Do::ExportBundle(_) | Do::ExportBlock(_) | Do::ExportForms(_) | Do::Split(_) => &["key.export"],
        Do::Rotate(_) => &["key.generate", "key.retire"],
        Do::State(_) | Do::Destroy(_) => &["key.retire"],
        Do::Backup(_) => &["store.backup"],
        Do::Restore(_) => &["store.restore"],
        Do::Enrol(_) => &["officer.enrol"],
        Do::Revoke(_) => &["officer.revoke"],
        Do::Reshare(_) => &["store.reshare"],
        Do::Pin(_) => &["pin.set"],
        Do::Check(_) => &[],
    }
}

/// Whether the plan brings the key store back, so that there need be none.
pub(super) fn restores(plan: &Plan) -> bool {
    plan.steps.iter().any(|step| matches!(step.what, Do::Restore(_)))
}

/// Writes down why a step failed.
pub(super) fn note_failure(log: &mut StepLog, why: &CeremonyError) -> Result<(), FieldFault> {
    let (what, people) = match why {
        CeremonyError::Refused { .. } | CeremonyError::Room(RoomError::Refused) => ("refused", true),
        CeremonyError::Room(_) => ("broken-off", true),
        CeremonyError::Attempts { .. } => ("too-often", true),
        _ => ("failed", false),
    };
    // Nobody at the keyboard is to blame for what the program finds.
    let at_keyboard = log.at_keyboard().filter(|_| people).map(ToOwned::to_owned);
    let text = why.msg().render(Lang::En);
    let detail: String = text.chars().filter(|c| !c.is_control()).take(120).collect();
    // What a text of the ledger cannot be (a name with a long hexadecimal part) is left out.
    let detail = Text::new(detail).ok();
    log.event(at_keyboard.as_deref(), what, detail.as_ref().map(Text::as_str))
}
