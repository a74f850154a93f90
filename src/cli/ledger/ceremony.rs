// SPDX-License-Identifier: Apache-2.0
//! What entries about ceremonies and the key store say, for people: in one line of `ledger log`, and in full for
//! `ledger show`.

use crate::i18n::{Lang, Msg};
use crate::ledger::act::{Act, CeremonyBegin, CeremonyEnd, Holder, ShareSeen, StepDone};
use crate::ledger::{Hash, Text};
use crate::msg;

/// The act in one line, where it is one of these.
pub(super) fn subject(act: &Act, lang: Lang) -> Option<String> {
    headline(act).map(|said| said.render(lang))
}

/// The ceremony that an act belongs to, for the end of a line.
pub(super) fn within(act: &Act, lang: Lang) -> Option<String> {
    let begin = act.ceremony()?;
    Some(msg!("ledger-in-ceremony", begin = begin).render(lang))
}

/// The act in full, where it is one of these; else nothing.
pub(super) fn lines(act: &Act) -> Vec<Msg> {
    let mut lines: Vec<Msg> = headline(act).into_iter().collect();
    match act {
        Act::CeremonyBegin(body) => tell_begin(body, &mut lines),
        Act::CeremonyEnd(body) => {
            lines.extend(
                body.reason
                    .iter()
                    .map(|reason| msg!("ledger-ceremony-reason", reason = reason)),
            );
            for (at, step) in body.steps.iter().enumerate() {
                tell_step(at + 1, step, &mut lines);
            }
        }
        Act::StoreBackup(body) => tell_file(&body.digest, &body.shares, &mut lines),
        Act::StoreRestore(body) => tell_file(&body.digest, &body.shares, &mut lines),
        _ => {}
    }
    lines
}

fn headline(act: &Act) -> Option<Msg> {
    Some(match act {
        Act::CeremonyBegin(body) => msg!(
            "ledger-ceremony-begun",
            title = body.title,
            count = body.participants.len()
        ),
        Act::CeremonyEnd(body) => ended(body),
        Act::StoreReshare(body) => msg!(
            "ledger-store-shared",
            quorum = body.quorum,
            count = body.holders.len(),
            officers = holders(&body.holders)
        ),
        Act::StoreBackup(body) => msg!(
            "ledger-store-backed-up",
            keys = body.keys,
            generation = body.generation,
            threshold = body.threshold,
            count = body.shares.len()
        ),
        Act::StoreRestore(body) => msg!(
            "ledger-store-restored",
            keys = body.keys,
            generation = body.generation,
            quorum = body.quorum,
            count = body.holders.len(),
            officers = holders(&body.holders)
        ),
        _ => return None,
    })
}

fn ended(body: &CeremonyEnd) -> Msg {
    msg!("ledger-ceremony-ended", begin = body.begin, count = body.steps.len()).with_word(
        "result",
        "ceremony-result",
        body.result.as_str(),
    )
}

fn tell_begin(body: &CeremonyBegin, lines: &mut Vec<Msg>) {
    lines.push(msg!("ledger-ceremony-plan", plan = body.plan, nonce = body.nonce));
    lines.push(msg!(
        "ledger-ceremony-program",
        program = body.program,
        build = body.build
    ));
    lines.extend(
        body.resumes
            .iter()
            .map(|begin| msg!("ledger-ceremony-resumes", begin = begin)),
    );
    for participant in &body.participants {
        let line = msg!(
            "ledger-ceremony-participant",
            id = participant.id,
            officer = participant.officer
        );
        lines.push(line.with_word("role", "role", participant.role.as_str()));
    }
}

fn tell_step(number: usize, step: &StepDone, lines: &mut Vec<Msg>) {
    let (id, began, ended) = (&step.id, &step.began, &step.ended);
    let line = msg!("ledger-step", number = number, id = id, began = began, ended = ended);
    lines.push(line.with_word("kind", "ceremony-kind", step.kind.as_str()));
    if !step.by.is_empty() {
        lines.push(msg!("ledger-step-by", officers = names(&step.by)));
    }
    let keys = step.keys.iter();
    lines.extend(keys.map(|seen| msg!("ledger-step-key", key = seen.key, kcv = seen.kcv)));
    let components = step.components.iter();
    lines.extend(components.map(|seen| msg!("ledger-step-component", officer = seen.officer, kcv = seen.kcv)));
    lines.extend(step.shares.iter().map(share));
    let files = step.files.iter();
    lines.extend(files.map(|seen| msg!("ledger-step-file", slot = seen.slot, digest = seen.digest)));
    if !step.confirmed.is_empty() {
        lines.push(msg!("ledger-step-confirmed", officers = names(&step.confirmed)));
    }
    for event in &step.events {
        let text = |text: &Option<Text>| text.as_ref().map(ToString::to_string).unwrap_or_default();
        let (officer, detail) = (text(&event.officer), text(&event.detail));
        let line = msg!("ledger-step-event", at = event.at, officer = officer, detail = detail);
        lines.push(line.with_word("what", "ceremony-event", event.what.as_str()));
    }
}

fn tell_file(digest: &Hash, shares: &[ShareSeen], lines: &mut Vec<Msg>) {
    lines.push(msg!("ledger-store-file", digest = digest));
    lines.extend(shares.iter().map(share));
}

fn share(seen: &ShareSeen) -> Msg {
    msg!(
        "ledger-step-share",
        index = seen.index,
        officer = seen.officer,
        digest = seen.digest
    )
}

fn holders(holders: &[Holder]) -> String {
    names(holders.iter().map(|holder| &holder.officer))
}

fn names<'a>(officers: impl IntoIterator<Item = &'a Text>) -> String {
    let names: Vec<&str> = officers.into_iter().map(Text::as_str).collect();
    names.join(" + ")
}
