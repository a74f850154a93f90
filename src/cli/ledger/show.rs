// SPDX-License-Identifier: Apache-2.0
//! `ledger log`, `show`, `checkpoint` and `prove`.

use std::path::PathBuf;

use serde_json::Value;

use super::{Place, Range, ceremony};
use crate::cli::{Context, session};
use crate::error::{Error, Exit};
use crate::i18n::{Lang, word};
use crate::ledger::act::CheckpointRenew;
use crate::ledger::checkpoint::write_durably;
use crate::ledger::{Act, CardKind, Entry, Hash, Ledger, LedgerError, Text};
use crate::msg;
use crate::site::Session;

/// `ledger log`.
#[derive(Debug, clap::Args)]
pub(super) struct Log {
    #[command(flatten)]
    range: Range,
}

/// `ledger show`.
#[derive(Debug, clap::Args)]
pub(super) struct Show {
    /// The entry.
    #[arg(value_name = "SEQ")]
    seq: u64,
}

/// `ledger checkpoint`.
#[derive(Debug, clap::Args)]
pub(super) struct Checkpoint {
    /// Sign the ledger as it is now first.
    #[arg(long)]
    sign: bool,
    /// Make the copy outside anew, which was lost or damaged.
    #[arg(long, value_name = "REASON", conflicts_with = "sign")]
    renew: Option<String>,
}

/// `ledger prove`.
#[derive(Debug, clap::Args)]
pub(super) struct Prove {
    /// An entry, or a card's number.
    #[arg(value_name = "SEQ|NUMBER")]
    what: String,
    /// Write to this file.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

pub(super) fn log(args: &Log, place: &Place, context: &mut Context) -> Result<Exit, Error> {
    let ledger = place.open(context)?;
    let mut rows = Vec::new();
    let mut failed = None;
    let out = &mut context.out;
    let (json, lang) = (out.is_json(), out.lang());
    ledger.each_line(&args.range.filter(), &mut |entry, _| {
        if json {
            failed = failed.take().or(out.record("cardmint.ledger-entry/1", entry).err());
        } else {
            rows.push(row(entry, lang));
        }
        Ok(())
    })?;
    if let Some(error) = failed {
        return Err(error);
    }
    let heading = [
        msg!("ledger-column-seq"),
        msg!("ledger-column-at"),
        msg!("ledger-column-act"),
        msg!("ledger-column-officer"),
        msg!("ledger-column-subject"),
    ];
    out.table(&heading, &rows)?;
    Ok(Exit::Done)
}

fn row(entry: &Entry, lang: Lang) -> Vec<String> {
    let officers: Vec<&str> = entry.sigs.iter().map(|s| s.officer.as_str()).collect();
    vec![
        entry.seq.to_string(),
        entry.at.to_string(),
        word("act", entry.act.name(), lang),
        officers.join(" + "),
        subject(entry, lang),
    ]
}

/// What the act is about, in one line.
fn subject(entry: &Entry, lang: Lang) -> String {
    let said = ceremony::subject(&entry.act, lang).unwrap_or_else(|| fields(entry, lang));
    let parts = [Some(said), ceremony::within(&entry.act, lang)];
    parts.into_iter().flatten().collect::<Vec<_>>().join(" ")
}

/// The fields that say most of other acts.
fn fields(entry: &Entry, lang: Lang) -> String {
    let act = serde_json::to_value(&entry.act).unwrap_or_default();
    // The key of an officer is a public key of 44 characters, which says nothing to anybody who looks down a list.
    let key = if act["body"]["roles"].is_null() { "key" } else { "" };
    let fields = [
        "number", "chip", "terminal", "result", "amount", key, "kcv", "state", "template", "name", "to", "reason",
        "format",
    ];
    let shown = fields.iter().filter_map(|name| match &act["body"][*name] {
        Value::String(text) if *name == "state" => Some(word("key-state", text, lang)),
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    });
    shown.collect::<Vec<_>>().join(" ")
}

pub(super) fn show(args: &Show, place: &Place, context: &mut Context) -> Result<Exit, Error> {
    let ledger = place.open(context)?;
    if args.seq >= ledger.size() {
        return Err(LedgerError::NoEntry(args.seq).into());
    }
    let entry = ledger.entry(args.seq)?;
    let out = &mut context.out;
    out.record("cardmint.ledger-entry/1", &entry)?;
    for line in ceremony::lines(&entry.act) {
        out.say(&line)?;
    }
    if let Some(begin) = entry.act.ceremony() {
        out.say(&msg!("ledger-in-ceremony", begin = begin))?;
    }
    let pretty = serde_json::to_string_pretty(&entry).unwrap_or_default();
    out.text(&pretty)?;
    let leaf = Hash::leaf(&ledger.line(args.seq)?);
    out.say(&msg!("ledger-leaf", leaf = leaf))?;
    Ok(Exit::Done)
}

pub(super) fn checkpoint(args: &Checkpoint, place: &Place, context: &mut Context) -> Result<Exit, Error> {
    if let Some(reason) = &args.renew {
        renew(reason, context)?;
    } else if args.sign {
        let site = session::open_site(context)?;
        session::unlock(context, &site, &[])?.checkpoint()?;
    }
    let ledger = place.open(context)?;
    let note = ledger
        .checkpoint_note()?
        .ok_or(LedgerError::NotCovered { seq: 0, covered: 0 })?;
    let key = ledger.note_key().to_string();
    context.out.record(
        "cardmint.ledger-checkpoint/1",
        &serde_json::json!({"note": note, "key": key}),
    )?;
    // Nothing but the note on standard output, so that it can be piped to other tools.
    context.out.text(note.trim_end_matches('\n'))?;
    context.out.notice(&msg!("ledger-log-key-is", key = key));
    Ok(Exit::Done)
}

/// Makes a lost copy anew: an entry by as many officers as the policy asks for, then a checkpoint over it.
fn renew(reason: &str, context: &mut Context) -> Result<(), Error> {
    let reason = Text::new(reason).map_err(LedgerError::from)?;
    let site = session::open_site(context)?;
    let (ledger, stored) = Ledger::open_to_renew(&site.ledger_path(), &site.checkpoint_copy())?;
    let quorum = site.store_place().header()?.quorum.into();
    let officers = session::officers(context, &site, &ledger, &["checkpoint.renew"], quorum)?;
    let mut session = Session::open(site, ledger, officers, context.clock)?;
    let (size, root) = (stored.size, stored.root);
    session.append(Act::CheckpointRenew(CheckpointRenew { reason, size, root }))?;
    session.checkpoint()?;
    Ok(())
}

pub(super) fn prove(args: &Prove, place: &Place, context: &mut Context) -> Result<Exit, Error> {
    let ledger = place.open(context)?;
    let seq = entry_of(&ledger, &args.what)?;
    let file = ledger.evidence(seq)?;
    match &args.out {
        Some(path) => {
            write_durably(path, file.as_bytes()).map_err(|e| LedgerError::File {
                path: path.clone(),
                what: e.to_string(),
            })?;
            context.out.record(
                "cardmint.ledger-evidence/1",
                &serde_json::json!({"seq": seq, "file": path}),
            )?;
            context
                .out
                .say(&msg!("ledger-proved", seq = seq, path = path.display()))?;
        }
        None if context.out.is_json() => {
            context.out.record(
                "cardmint.ledger-evidence/1",
                &serde_json::json!({"seq": seq, "evidence": file}),
            )?;
        }
        None => context.out.raw(file.as_bytes())?,
    }
    Ok(Exit::Done)
}

/// A card's number means the entry that says how it ended, else its intent. What is no card's number is an entry's.
fn entry_of(ledger: &Ledger, what: &str) -> Result<u64, LedgerError> {
    for kind in [CardKind::User, CardKind::Psam] {
        if let Some(card) = ledger.card(kind, what)? {
            return Ok(card.outcome.unwrap_or(card.intent));
        }
    }
    what.parse()
        .map_err(|_| LedgerError::NoCard(what.chars().take(24).collect()))
}
