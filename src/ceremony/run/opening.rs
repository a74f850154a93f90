// SPDX-License-Identifier: Apache-2.0
//! Before the first step: what can be known is checked, the plan is shown, and every participant signs it.

use std::collections::BTreeMap;

use super::super::plan::{Plan, Severity, SiteFacts};
use super::super::room::Person;
use super::super::words;
use super::people::People;
use super::{ATTEMPTS, CeremonyError, Hall, Request, Running, World, steps};
use crate::i18n::{Lang, Msg};
use crate::keys::{KeyFileError, OfficerKeys};
use crate::ledger::act::{Act, CeremonyBegin, Participant};
use crate::ledger::field::Nonce;
use crate::ledger::{Ledger, Text};
use crate::msg;
use crate::site::{Session, SiteError};

/// Whether this plan fits this site and these people; nothing is touched and nobody is asked.
pub fn check_fits(request: &Request<'_>, ledger: &Ledger) -> Result<(), CeremonyError> {
    fits(request, ledger).map(drop)
}

fn fits(request: &Request<'_>, ledger: &Ledger) -> Result<People, CeremonyError> {
    let Request { site, plan, .. } = request;
    let rehearsal = site.rehearsal();
    if rehearsal != (request.world == World::Rehearsal) {
        return Err(CeremonyError::World { rehearsal });
    }
    let facts = SiteFacts::of(site, ledger)?.with_files(site, ledger, plan, request.bindings);
    let mut findings = plan.check(Some(request.bindings), Some(&facts));
    findings.retain(|finding| finding.severity == Severity::Error);
    if !findings.is_empty() {
        return Err(CeremonyError::Checks { findings });
    }
    let people = People::bind(plan, request.bindings)?;
    check_signers(plan, &people, ledger)?;
    people.check_remaining(plan, ledger.state())?;
    Ok(people)
}

/// Whether the policy lets these participants sign what each step does.
fn check_signers(plan: &Plan, people: &People, ledger: &Ledger) -> Result<(), CeremonyError> {
    let officers: Vec<&str> = people.participants().iter().map(|p| p.officer.as_str()).collect();
    for step in &plan.steps {
        for act in steps::acts_of(&step.what) {
            if super::closing::choose(ledger.state(), act, &officers, &[]).is_none() {
                return Err(CeremonyError::Signers {
                    act: (*act).to_owned(),
                    step: step.id.to_string(),
                });
            }
        }
    }
    Ok(())
}

/// Begins: everybody signs the plan, and the ledger has it.
pub(super) fn open<'a>(request: Request<'a>, mut hall: Hall<'a>) -> Result<Running<'a>, CeremonyError> {
    let ledger = request.site.ledger()?;
    let people = fits(&request, &ledger)?;
    let resumes = resumes(&request, &ledger)?;
    show_plan(&request, &mut hall, &people);
    let mut keys = Vec::new();
    for person in people.participants() {
        hall.room.turn(person)?;
        tell_digest(request.plan, &mut hall);
        hall.room.say(&asks(msg!("ceremony-sign-plan", id = person.id), person));
        keys.push(open_keys(&request, &mut hall, &ledger, person)?);
        hall.room.leave();
    }
    let mut nonce = [0; 8];
    hall.random.fill(&mut nonce)?;
    let nonce = Nonce::of(nonce);
    let body = CeremonyBegin {
        plan: request.plan.digest(),
        title: Text::new(request.plan.title.en.as_str())?,
        nonce: nonce.clone(),
        participants: people
            .participants()
            .iter()
            .map(participant)
            .collect::<Result<_, CeremonyError>>()?,
        program: Text::new(hall.program)?,
        build: hall.build,
        resumes,
    };
    let exchange = keys.iter().map(|k| (k.name.clone(), k.exchange_public())).collect();
    let site = request.site.clone();
    let mut session = if steps::restores(request.plan) && !site.store_place().file().exists() {
        Session::open_without_store(site, ledger, keys, hall.clock, hall.random)?
    } else {
        Session::open(site, ledger, keys, hall.clock)?
    };
    let pending = session.store.begin()?;
    let entry = session.append_by_all(Act::CeremonyBegin(body))?;
    // A store that is lost signs nothing.
    if !session.store.is_vacant() {
        session.checkpoint()?;
    }
    session.dismiss();
    hall.room.say(&msg!("ceremony-began", entry = entry.seq, nonce = nonce));
    Ok(Running {
        request,
        hall,
        people,
        session,
        pending,
        begin: entry.seq,
        nonce,
        acts: Vec::new(),
        newcomers: Vec::new(),
        revoked: Vec::new(),
        exchange,
        files: Vec::new(),
        papers: Vec::new(),
        current: Vec::new(),
        steps: Vec::new(),
        sent: BTreeMap::new(),
    })
}

fn participant(person: &Person) -> Result<Participant, CeremonyError> {
    Ok(Participant {
        id: Text::new(person.id.as_str())?,
        role: person.role,
        officer: Text::new(person.officer.as_str())?,
    })
}

/// The open ceremony that this one takes up; another open one is in the way.
fn resumes(request: &Request<'_>, ledger: &Ledger) -> Result<Option<u64>, CeremonyError> {
    match (ledger.state().ceremony(), request.resume) {
        (None, false) => Ok(None),
        (None, true) => Err(CeremonyError::NoneOpen),
        (Some(open), true) if open.plan == request.plan.digest() => {
            if request.plan.resume {
                Ok(Some(open.begin))
            } else {
                Err(CeremonyError::NotResumable { begin: open.begin })
            }
        }
        (Some(open), _) => Err(CeremonyError::AnotherOpen {
            title: title_of(ledger, open.begin)?,
            begin: open.begin,
        }),
    }
}

fn title_of(ledger: &Ledger, begin: u64) -> Result<String, CeremonyError> {
    match ledger.entry(begin)?.act {
        Act::CeremonyBegin(body) => Ok(body.title.to_string()),
        _ => Ok(String::new()),
    }
}

fn show_plan(request: &Request<'_>, hall: &mut Hall<'_>, people: &People) {
    let (plan, room) = (request.plan, &mut hall.room);
    let (title, purpose) = (
        plan.title.in_language(room.lang()),
        plan.purpose.in_language(room.lang()),
    );
    let (title, purpose) = (title.to_owned(), purpose.to_owned());
    if request.site.rehearsal() {
        room.say(&msg!("ceremony-is-rehearsal"));
    }
    let site = request.site.config().name.in_language(room.lang()).to_owned();
    room.say(&msg!(
        "ceremony-title",
        title = title,
        site = site,
        owner = request.site.owner()
    ));
    room.line(&purpose);
    for person in people.participants() {
        let msg = msg!("ceremony-participant", id = person.id, officer = person.officer);
        room.say(&msg.with_word("role", "role", person.role.as_str()));
    }
    for (at, step) in plan.steps.iter().enumerate() {
        let sentence = step.sentence(room.lang());
        room.say(&msg!("ceremony-planned-step", at = at + 1, sentence = sentence));
    }
}

/// The digest that is read aloud and compared: in hex, and in words of both languages.
fn tell_digest(plan: &Plan, hall: &mut Hall<'_>) {
    let digest = plan.digest();
    hall.room.say(&msg!("ceremony-digest", digest = digest));
    for lang in [Lang::Zh, Lang::En] {
        for row in words::rows(&digest.0, lang) {
            hall.room.line(&format!("  {row}"));
        }
    }
}

/// What somebody is told who is about to sign: as whom, and the word for refusing.
pub(super) fn asks(what: Msg, person: &Person) -> Msg {
    what.with_word("role", "role", person.role.as_str())
        .with_msg("refuse", msg!("ceremony-word-refuse"))
}

/// A participant's keys by the passphrase, which may be mistyped a few times.
pub(super) fn open_keys(
    request: &Request<'_>,
    hall: &mut Hall<'_>,
    ledger: &Ledger,
    person: &Person,
) -> Result<OfficerKeys, CeremonyError> {
    for _ in 0..ATTEMPTS {
        let passphrase = hall.room.passphrase(&person.officer);
        let passphrase = passphrase.map_err(|e| CeremonyError::from(e).by(&person.officer))?;
        match request.site.officer(ledger, &person.officer, &passphrase, hall.costs) {
            Ok(keys) => return Ok(keys),
            Err(SiteError::Keys(KeyFileError::WrongPassphrase { officer })) => {
                hall.room.say(&msg!("ceremony-wrong-passphrase", officer = officer));
            }
            Err(other) => return Err(other.into()),
        }
    }
    Err(CeremonyError::Attempts {
        officer: person.officer.clone(),
        what: msg!("ceremony-what-passphrase"),
    })
}
