// SPDX-License-Identifier: Apache-2.0
//! `ceremony list` and `ceremony show`: the shipped plans, and a plan in sentences.

use serde::Serialize;

use super::super::Context;
use super::super::output::Output;
use crate::ceremony::Plan;
use crate::ceremony::plan::{self, PersonId, PlannedKey, SHIPPED, Slot, SlotUse, StepId, listed, listed_keys};
use crate::ceremony::words;
use crate::error::{Error, Exit};
use crate::i18n::{Lang, word};
use crate::keys::scheme::Title;
use crate::keys::{KeyState, LevelName};
use crate::ledger::{Hash, Role};
use crate::msg;

#[derive(Serialize)]
struct Listed<'a> {
    name: &'a str,
    title: &'a Title,
    scheme: Option<&'a str>,
    level: Option<&'a LevelName>,
    digest: Hash,
}

#[derive(Serialize)]
struct WordsShown {
    en: Vec<&'static str>,
    zh: Vec<&'static str>,
}

#[derive(Serialize)]
struct Shown<'a> {
    #[serde(flatten)]
    listed: Listed<'a>,
    digest_words: WordsShown,
    purpose: &'a Title,
    resume: bool,
    participants: Vec<PersonShown<'a>>,
    officers: Vec<&'a PersonId>,
    files: Vec<FileShown<'a>>,
    steps: Vec<StepShown<'a>>,
    expected: Vec<ExpectShown<'a>>,
}

#[derive(Serialize)]
struct PersonShown<'a> {
    id: &'a PersonId,
    role: Role,
    title: Option<&'a Title>,
}

#[derive(Serialize)]
struct FileShown<'a> {
    slot: &'a Slot,
    #[serde(rename = "use")]
    how: SlotUse,
    step: &'a StepId,
}

#[derive(Serialize)]
struct StepShown<'a> {
    id: &'a StepId,
    kind: &'static str,
    says: Title,
    note: Option<&'a Title>,
    by: &'a [PersonId],
    custodians: &'a [PersonId],
    confirm: &'a [PersonId],
    words: Option<&'a str>,
    irreversible: bool,
    makes: Vec<String>,
    uses: Vec<String>,
}

#[derive(Serialize)]
struct ExpectShown<'a> {
    keys: Vec<String>,
    exchange_keys: Vec<&'a str>,
    pins: &'a [String],
    state: KeyState,
}

/// Which sites a plan is for.
/// The sites that a plan is for; the scheme by its title, too, where there is room.
fn meant_for(plan: &Plan, long: bool, lang: Lang) -> String {
    let known = plan.known_scheme();
    let named = |name: &String| match &known {
        Some(scheme) if long => {
            let title = scheme.title().in_language(lang);
            msg!("plan-scheme-titled", title = title, name = name).render(lang)
        }
        _ => name.clone(),
    };
    let titled = |level: &LevelName| {
        let found = known.as_ref().and_then(|scheme| scheme.level(level).ok());
        found.map_or_else(|| level.to_string(), |level| level.title.in_language(lang).to_owned())
    };
    let msg = match (&plan.scheme, &plan.level) {
        (Some(scheme), Some(level)) => msg!("plan-scheme-level", scheme = named(scheme), level = titled(level)),
        (Some(scheme), None) => msg!("plan-any-level", scheme = named(scheme)),
        (None, Some(level)) => return level.to_string(),
        (None, None) => msg!("plan-any-site"),
    };
    msg.render(lang)
}

fn of<'a>(name: &'a str, plan: &'a Plan) -> Listed<'a> {
    Listed {
        name,
        title: &plan.title,
        scheme: plan.scheme.as_deref(),
        level: plan.level.as_ref(),
        digest: plan.digest(),
    }
}

pub(super) fn list(context: &mut Context) -> Result<Exit, Error> {
    let lang = context.out.lang();
    let mut rows = Vec::new();
    for (name, _) in SHIPPED {
        let plan = plan::load(name)?;
        context.out.record("cardmint.ceremony/1", &of(name, &plan))?;
        let title = plan.title.in_language(lang).to_owned();
        rows.push(vec![(*name).to_owned(), meant_for(&plan, false, lang), title]);
    }
    let heading = [msg!("plan-head-name"), msg!("plan-head-for"), msg!("plan-head-title")];
    context.out.table(&heading, &rows)?;
    Ok(Exit::Done)
}

pub(super) fn show(name: &str, context: &mut Context) -> Result<Exit, Error> {
    let plan = plan::load(name)?;
    context.out.record("cardmint.ceremony-shown/1", &shown(name, &plan))?;
    let out = &mut context.out;
    if !out.is_json() {
        frame(&plan, out)?;
        steps(&plan, out)?;
        expected(&plan, out)?;
        usages(&plan, out)?;
    }
    Ok(Exit::Done)
}

fn shown<'a>(name: &'a str, plan: &'a Plan) -> Shown<'a> {
    let names = |keys: &[plan::PlannedKey]| keys.iter().map(ToString::to_string).collect::<Vec<_>>();
    let participants = plan.participants.iter().map(|p| PersonShown {
        id: &p.id,
        role: p.role,
        title: p.title.as_ref(),
    });
    let files = plan.slots().map(|(step, slot, how)| FileShown {
        slot,
        how,
        step: &step.id,
    });
    let steps = plan.steps.iter().map(|step| StepShown {
        id: &step.id,
        kind: step.what.kind(),
        says: Title {
            en: step.sentence(Lang::En),
            zh: step.sentence(Lang::Zh),
        },
        note: step.note.as_ref(),
        by: &step.by,
        custodians: step.what.custodians(),
        confirm: step.what.confirm(),
        words: step.words.as_deref(),
        irreversible: step.what.irreversible(),
        makes: names(&step.what.made()),
        uses: names(step.what.used()),
    });
    let expected = plan.expected.iter().map(|expect| ExpectShown {
        keys: names(&expect.keys),
        exchange_keys: expect
            .exchange_keys
            .iter()
            .map(crate::keys::ExchangeName::as_str)
            .collect(),
        pins: &expect.pins,
        state: expect.state,
    });
    Shown {
        listed: of(name, plan),
        digest_words: WordsShown {
            en: words::words(&plan.digest().0, Lang::En),
            zh: words::words(&plan.digest().0, Lang::Zh),
        },
        purpose: &plan.purpose,
        resume: plan.resume,
        participants: participants.collect(),
        officers: plan.officers.iter().map(|o| &o.id).collect(),
        files: files.collect(),
        steps: steps.collect(),
        expected: expected.collect(),
    }
}

/// The digest as people read it aloud: in hexadecimal, and in words of both languages.
fn digest(plan: &Plan, out: &mut Output) -> Result<(), Error> {
    let digest = plan.digest();
    out.say(&msg!("plan-show-digest", digest = digest))?;
    for lang in [Lang::Zh, Lang::En] {
        let rows = words::rows(&digest.0, lang);
        rows.iter().try_for_each(|row| out.text(&format!("  {row}")))?;
    }
    Ok(())
}

/// What it is, who takes part, which files it needs.
fn frame(plan: &Plan, out: &mut Output) -> Result<(), Error> {
    let lang = out.lang();
    out.text(plan.title.in_language(lang))?;
    out.text(plan.purpose.in_language(lang))?;
    out.say(&msg!("plan-show-for", site = meant_for(plan, true, lang)))?;
    out.say(&if plan.resume {
        msg!("plan-show-resume")
    } else {
        msg!("plan-show-no-resume")
    })?;
    digest(plan, out)?;
    out.text("")?;
    out.say(&msg!("plan-show-people"))?;
    let said = |title: &Option<Title>| title.as_ref().map_or("", |t| t.in_language(lang)).to_owned();
    let participants = plan.participants.iter().map(|p| {
        let role = word("role", p.role.as_str(), lang);
        vec![p.id.to_string(), role, said(&p.title)]
    });
    let officers = plan.officers.iter().map(|o| {
        let part = word("plan-officer", plan.part_of(&o.id), lang);
        vec![o.id.to_string(), part, said(&o.title)]
    });
    let rows: Vec<Vec<String>> = participants.chain(officers).collect();
    let heading = [msg!("plan-head-person"), msg!("plan-head-role"), msg!("plan-head-does")];
    out.table(&heading, &rows)?;
    let slots = plan.slots().map(|(step, slot, how)| {
        let how = word("plan-slot", how.as_str(), lang);
        vec![slot.to_string(), how, step.id.to_string()]
    });
    let rows: Vec<Vec<String>> = slots.collect();
    if !rows.is_empty() {
        out.text("")?;
        out.say(&msg!("plan-show-files"))?;
        let heading = [msg!("plan-head-file"), msg!("plan-head-use"), msg!("plan-head-step")];
        out.table(&heading, &rows)?;
    }
    Ok(())
}

fn steps(plan: &Plan, out: &mut Output) -> Result<(), Error> {
    let lang = out.lang();
    out.text("")?;
    out.say(&msg!("plan-show-steps"))?;
    for (at, step) in plan.steps.iter().enumerate() {
        out.text(&format!("{:>3}. {}", at + 1, step.id))?;
        out.text(&format!("     {}", step.sentence(lang)))?;
        if let Some(note) = &step.note {
            out.text(&format!("     {}", note.in_language(lang)))?;
        }
        if !step.by.is_empty() {
            let by = msg!("plan-show-by", people = listed(&step.by, lang));
            out.text(&format!("     {}", by.render(lang)))?;
        }
        if let Some(words) = &step.words {
            let msg = if step.what.irreversible() {
                msg!("plan-show-words", words = words)
            } else {
                msg!("plan-show-words-only", words = words)
            };
            out.text(&format!("     {}", msg.render(lang)))?;
        }
    }
    Ok(())
}

fn expected(plan: &Plan, out: &mut Output) -> Result<(), Error> {
    let lang = out.lang();
    out.text("")?;
    if plan.expected.is_empty() {
        return out.say(&msg!("plan-show-nothing-expected"));
    }
    out.say(&msg!("plan-show-expected"))?;
    for expect in &plan.expected {
        let (keys, pins) = (&expect.keys, &expect.pins);
        let mut lines = Vec::new();
        if !keys.is_empty() {
            let what = msg!("plan-show-keys", count = keys.len(), keys = listed_keys(keys, lang));
            lines.push(what.with_word("state", "key-state", &expect.state));
        }
        if !expect.exchange_keys.is_empty() {
            lines.push(msg!(
                "plan-show-exchange-keys",
                names = listed(&expect.exchange_keys, lang)
            ));
        }
        if !pins.is_empty() {
            lines.push(msg!("plan-show-pins", names = listed(pins, lang)));
        }
        for line in lines {
            out.text(&format!("  {}", line.render(lang)))?;
        }
    }
    Ok(())
}

/// What the scheme calls the usages that stand in the plan, and the cards' abbreviation.
fn usages(plan: &Plan, out: &mut Output) -> Result<(), Error> {
    let Some(scheme) = plan.known_scheme() else {
        return Ok(());
    };
    let steps = plan.steps.iter().map(|step| &step.what);
    let keys: Vec<PlannedKey> = steps
        .flat_map(|what| [what.made(), what.used().to_vec()])
        .flatten()
        .collect();
    let rows: Vec<Vec<String>> = scheme
        .usages()
        .iter()
        .filter(|rule| keys.iter().any(|key| key.usage == rule.name))
        .map(|rule| {
            let title = rule.title.in_language(out.lang()).to_owned();
            vec![rule.name.to_string(), rule.abbreviation.clone(), title]
        })
        .collect();
    if rows.is_empty() {
        return Ok(());
    }
    out.text("")?;
    out.say(&msg!("plan-show-usages"))?;
    let heading = [
        msg!("plan-head-usage"),
        msg!("plan-head-abbreviation"),
        msg!("plan-head-meaning"),
    ];
    out.table(&heading, &rows)
}
