// SPDX-License-Identifier: Apache-2.0
//! `ledger paper`: the newest checkpoint as a page for a binder, and the groups of such a page compared with the ledger.

use std::io::{self, IsTerminal, Read as _};

use jiff::tz::Offset;

use super::Place;
use crate::cli::Context;
use crate::cli::progress::Progress;
use crate::crypto::written::wrong_in_row;
use crate::error::{Error, Exit, Fault as _};
use crate::ledger::paper::{GROUPS, Paper as Written, Verdict};
use crate::ledger::{Entry, Ledger};
use crate::msg;

/// Groups in a row of the page.
const ROW: usize = 7;
/// More than anybody types.
const LONGEST: u64 = 4096;

/// `ledger paper`.
#[derive(Debug, clap::Args)]
pub(super) struct Paper {
    /// Compare a paper with the ledger.
    #[arg(long)]
    compare: bool,
}

pub(super) fn paper(args: &Paper, place: &Place, context: &mut Context) -> Result<Exit, Error> {
    if args.compare {
        compare(place, context)
    } else {
        print(place, context)
    }
}

fn print(place: &Place, context: &mut Context) -> Result<Exit, Error> {
    let ledger = place.open(context)?;
    let checkpoint = ledger.newest_checkpoint()?;
    let (size, root, key) = (checkpoint.size, checkpoint.root, ledger.note_key());
    let note = ledger.checkpoint_note()?.unwrap_or_default();
    let sm2 = ledger.state().sm2_line(&note)?.map(|key| key.to_string());
    // In an archive the line may be out of reach; the page does without its time.
    let last = ledger.entry(size.saturating_sub(1)).ok();
    let last: Option<String> = last.map(|Entry { at, .. }| at.to_string());
    let printed = context.clock.now().to_string();
    let groups = Written::of(&checkpoint).groups();
    let groups: Vec<&str> = groups.split(' ').collect();
    let (site, name) = (ledger.state().site.to_string(), ledger.state().init.name.to_string());
    let out = &mut context.out;
    let record = serde_json::json!({
        "site": site, "name": name, "rehearsal": ledger.rehearsal(), "size": size, "root": root.to_string(), "last": last,
        "printed": printed, "key": key.to_string(), "sm2_key": sm2, "groups": groups,
    });
    out.record("cardmint.ledger-paper/1", &record)?;
    out.say(&msg!("paper-title", origin = key.name))?;
    out.text("")?;
    out.say(&msg!("paper-site", site = site, name = name))?;
    if ledger.rehearsal() {
        out.say(&msg!("ledger-report-rehearsal"))?;
    }
    out.say(&msg!("paper-size", size = size))?;
    if let Some(last) = &last {
        out.say(&msg!("paper-last", at = beijing(last)))?;
    }
    out.say(&msg!("paper-printed", at = beijing(&printed)))?;
    out.say(&msg!("paper-root", root = root))?;
    out.say(&msg!("paper-key", key = key))?;
    if let Some(key) = sm2 {
        out.say(&msg!("paper-key", key = key))?;
    }
    out.text("")?;
    for (row, groups) in groups.chunks(ROW).enumerate() {
        out.text(&format!("  {}  {}", numbers(row), groups.join(" ")))?;
    }
    out.text("")?;
    out.say(&msg!("paper-how"))?;
    out.say(&msg!("paper-sign"))?;
    Ok(Exit::Done)
}

/// The first and last number of a row's groups.
fn numbers(row: usize) -> String {
    format!("{:>2}-{:<2}", row * ROW + 1, (row * ROW + ROW).min(GROUPS))
}

/// A moment for people: Beijing time.
fn beijing(at: &str) -> String {
    let parsed = at.parse::<jiff::Timestamp>();
    parsed.map_or_else(
        |_| at.to_owned(),
        |at| {
            let there = Offset::constant(8).to_datetime(at);
            format!("{} +08:00", there.strftime("%Y-%m-%d %H:%M:%S"))
        },
    )
}

fn compare(place: &Place, context: &mut Context) -> Result<Exit, Error> {
    // The paper is a witness of its own: it is asked even where the copy outside is lost, or says something else.
    let mut ledger = Ledger::open_read_only(&place.files(context)?.0, None)?;
    ledger.read_archives(&place.archive)?;
    let typed = if io::stdin().is_terminal() {
        asked(context)?
    } else {
        let mut typed = String::new();
        let read = io::stdin().lock().take(LONGEST).read_to_string(&mut typed);
        read.map_err(|e| Error::new(msg!("paper-unread", what = e), Exit::Usage))?;
        typed
    };
    // What was mistyped says nothing about the ledger.
    let paper = Written::read(&typed).map_err(|fault| Error::new(fault.msg(), Exit::Usage))?;
    let mut progress = Progress::for_output(&context.out);
    let verdict = ledger.compare_paper(&paper, &mut progress)?;
    drop(progress);
    tell(&ledger, &paper, &verdict, context)?;
    match verdict {
        Verdict::Good { unread, .. } => {
            // What else there is to compare with must agree too.
            context.out.flush()?;
            place.open(context)?;
            Ok(if unread > 0 { Exit::SomeFailed } else { Exit::Done })
        }
        _ => Ok(Exit::Check),
    }
}

/// Row by row. A row with wrong groups is asked for again, whole: nothing is mended.
fn asked(context: &mut Context) -> Result<String, Error> {
    let mut typed: Vec<String> = Vec::new();
    while typed.len() * ROW < GROUPS {
        let (row, first) = (typed.len(), typed.len() * ROW + 1);
        let count = ROW.min(GROUPS - row * ROW);
        let line = context.prompt.line(&msg!("paper-ask", numbers = numbers(row).trim()))?;
        let wrong = wrong_in_row(first, count, &line);
        if wrong.is_empty() {
            typed.push(line);
        } else {
            let wrong: Vec<String> = wrong.iter().map(ToString::to_string).collect();
            context.out.notice(&msg!("paper-row-wrong", numbers = wrong.join(", ")));
        }
    }
    Ok(typed.join(" "))
}

fn tell(ledger: &Ledger, paper: &Written, verdict: &Verdict, context: &mut Context) -> Result<(), Error> {
    let (size, has, origin) = (paper.size, ledger.size(), ledger.note_key().name);
    let (word, said) = match verdict {
        Verdict::Good { since, unread: 0 } => ("good", msg!("paper-good", size = size, since = since)),
        Verdict::Good { since, unread } => (
            "good",
            msg!("paper-good-unread", size = size, since = since, unread = unread),
        ),
        Verdict::Other => ("other-ledger", msg!("paper-other", origin = origin)),
        Verdict::RolledBack { has } => ("rolled-back", msg!("paper-rolled-back", has = has, size = size)),
        Verdict::Rewritten => ("rewritten", msg!("paper-rewritten", size = size)),
        Verdict::DeclaredLost { loss } => ("declared-lost", msg!("paper-declared-lost", loss = loss, size = size)),
    };
    let unread = match verdict {
        Verdict::Good { unread, .. } => *unread,
        _ => 0,
    };
    let record = serde_json::json!({
        "verdict": word, "size": size, "root": paper.root.to_string(), "entries": has, "unread": unread,
    });
    context.out.record("cardmint.ledger-paper-comparison/1", &record)?;
    context.out.say(&said)
}
