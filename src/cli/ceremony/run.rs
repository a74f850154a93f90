// SPDX-License-Identifier: Apache-2.0
//! `ceremony rehearse`, `run` and `resume`: the same bytes, in a rehearsal site or in a production site.

use std::path::PathBuf;

use serde::Serialize;
use serde_json::json;

use super::plan_file::{self, Loaded};
use super::room::Terminal;
use super::{Plan, Rehearse, new_site};
use crate::ceremony::plan::Bindings;
use crate::ceremony::run::{Completed, Hall, Request, World, run as hold, settle};
use crate::cli::{Context, hardening, session, stop};
use crate::crypto::seal::KdfParams;
use crate::crypto::stack::wipe_stack;
use crate::error::{Error, Exit};
use crate::ledger::act::{CeremonyResult, KeySeen, StepDone};
use crate::ledger::{Hash, ShortHex};
use crate::msg;
use crate::site::Site;

/// What a completed ceremony says to programs.
#[derive(Serialize)]
struct CompletedRecord<'a> {
    title: &'a str,
    site: &'a str,
    rehearsal: bool,
    result: CeremonyResult,
    begin: u64,
    end: u64,
    at: String,
    nonce: String,
    plan: String,
    keys: Vec<&'a KeySeen>,
    steps: &'a [StepDone],
    transcript: &'a PathBuf,
}

pub(super) fn rehearse(args: &Rehearse, context: &mut Context) -> Result<Exit, Error> {
    let loaded = plan_file::load(&args.plan.plan)?;
    let mut bindings = plan_file::bindings(&args.plan.bind)?;
    let site = match &args.new {
        Some(folder) => new_site::found(folder, args, &loaded.plan, &mut bindings, context)?,
        None => session::open_site(context)?,
    };
    begin(&site, &loaded, &bindings, (World::Rehearsal, false), context)
}

pub(super) fn run(args: &Plan, context: &mut Context) -> Result<Exit, Error> {
    let loaded = plan_file::load(&args.plan)?;
    let bindings = plan_file::bindings(&args.bind)?;
    let site = session::open_site(context)?;
    begin(&site, &loaded, &bindings, (World::Production, false), context)
}

/// In whichever world the site is: what is taken up began there.
pub(super) fn resume(args: &Plan, context: &mut Context) -> Result<Exit, Error> {
    let loaded = plan_file::load(&args.plan)?;
    let bindings = plan_file::bindings(&args.bind)?;
    let site = session::open_site(context)?;
    if site.ledger()?.state().ceremony().is_none() {
        return settle_one(&site, &loaded, context);
    }
    let world = if site.rehearsal() {
        World::Rehearsal
    } else {
        World::Production
    };
    begin(&site, &loaded, &bindings, (world, true), context)
}

fn begin(
    site: &Site,
    loaded: &Loaded,
    bindings: &Bindings,
    (world, resume): (World, bool),
    context: &mut Context,
) -> Result<Exit, Error> {
    let process = hardening::state();
    process.insist(site.config().require_memory_lock, world == World::Production)?;
    context.out.notice(&process.core_msg());
    context.out.notice(&process.memory.msg());
    let request = Request {
        site,
        plan: &loaded.plan,
        file: loaded.file.as_deref(),
        bindings,
        world,
        resume,
    };
    // Ctrl-C is answered by the next question, so that everything is put back in order.
    let _ = stop::on_interrupt();
    let build = build()?;
    // In production everybody types; a rehearsal may be run by a script.
    let passphrases = if world == World::Rehearsal {
        files(context)?
    } else {
        Vec::new()
    };
    let mut room = Terminal {
        prompt: context.prompt.as_mut(),
        out: &mut context.out,
        passphrases,
        pages: Vec::new(),
    };
    let hall = Hall {
        room: &mut room,
        random: context.random.as_mut(),
        clock: context.clock,
        costs: KdfParams::default(),
        program: concat!("cardmint ", env!("CARGO_PKG_VERSION")),
        build,
        at: &mut |_| {},
    };
    let completed = hold(request, hall);
    drop(room);
    wipe_stack();
    let completed = completed?;
    tell(site, loaded, &completed, context)?;
    match completed.unpublished {
        Some(why) => Err(why.into()),
        None => Ok(Exit::Done),
    }
}

/// A ceremony that was completed, and whose files or transcript are not in their places.
fn settle_one(site: &Site, loaded: &Loaded, context: &mut Context) -> Result<Exit, Error> {
    let settled = settle(site, &loaded.plan)?;
    let out = &mut context.out;
    let files: Vec<_> = settled
        .files
        .iter()
        .map(|(path, there)| json!({"path": path, "in_place": there}))
        .collect();
    let record = json!({
        "begin": settled.begin, "end": settled.end, "at": settled.at, "files": files, "transcript": settled.transcript,
    });
    out.record("cardmint.ceremony-settled/1", &record)?;
    for (path, there) in &settled.files {
        let path = path.display();
        out.say(&if *there {
            msg!("ceremony-file-in-place", path = path)
        } else {
            msg!("ceremony-file-missing", path = path)
        })?;
    }
    out.say(&msg!("ceremony-settled", begin = settled.begin, end = settled.end))?;
    out.say(&msg!("ceremony-transcript", path = settled.transcript.display()))?;
    let all = settled.files.iter().all(|(_, there)| *there);
    Ok(if all { Exit::Done } else { Exit::SomeFailed })
}

/// The digest of this program's executable.
fn build() -> Result<Hash, Error> {
    let unread = |e: std::io::Error| Error::new(msg!("ceremony-build", what = e), Exit::Device);
    let program = std::env::current_exe().map_err(unread)?;
    let bytes = std::fs::read(program).map_err(unread)?;
    Ok(Hash::of(&[&bytes]))
}

fn files(context: &Context) -> Result<Vec<(String, PathBuf)>, Error> {
    let pair = |given: &String| {
        let parts = given.split_once('=');
        let parts = parts.map(|(name, file)| (name.to_owned(), PathBuf::from(file)));
        parts.ok_or_else(|| Error::new(msg!("site-passphrase-file", given = given), Exit::Usage))
    };
    context.global.passphrase_file.iter().map(pair).collect()
}

fn tell(site: &Site, loaded: &Loaded, done: &Completed, context: &mut Context) -> Result<(), Error> {
    let out = &mut context.out;
    let mut keys: Vec<&KeySeen> = Vec::new();
    for seen in done.steps.iter().flat_map(|step| &step.keys) {
        if !keys.contains(&seen) {
            keys.push(seen);
        }
    }
    let title = loaded.plan.title.in_language(out.lang()).to_owned();
    let record = CompletedRecord {
        title: &title,
        site: &site.config().id,
        rehearsal: site.rehearsal(),
        result: CeremonyResult::Completed,
        begin: done.begin,
        end: done.end,
        at: done.at.to_string(),
        nonce: done.nonce.to_string(),
        plan: done.plan.to_string(),
        keys: keys.clone(),
        steps: &done.steps,
        transcript: &done.transcript,
    };
    out.record("cardmint.ceremony/1", &record)?;
    out.say(&msg!(
        "ceremony-completed",
        title = title,
        begin = done.begin,
        end = done.end
    ))?;
    let mut told: Vec<(String, &ShortHex)> = Vec::new();
    for line in done.steps.iter().flat_map(|step| done.keys(step)) {
        if !told.contains(&line) {
            told.push(line);
        }
    }
    for (key, kcv) in told {
        out.say(&msg!("ceremony-key", key = key, kcv = kcv))?;
    }
    out.say(&msg!("ceremony-transcript", path = done.transcript.display()))
}
