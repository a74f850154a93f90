// SPDX-License-Identifier: Apache-2.0
//! `blacklist check`: whether a list is the site's, by its note and the site's log key alone; what it says of a number; and
//! what comes out of a delta upon its base. Needs no site where `--key` gives the key.

use std::fs;
use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::batch::blacklist::{Answer, BlacklistError, CompactList, Op, look_up, open_seal};
use crate::cli::{Context, record, session};
use crate::error::{Error, Exit};
use crate::ledger::LedgerError;
use crate::ledger::note::NoteKey;
use crate::msg;

/// `blacklist check`.
#[derive(Debug, clap::Args)]
pub(super) struct Check {
    /// The list's note; its files lie beside it.
    #[arg(value_name = "NOTE")]
    note: PathBuf,
    /// The site's log key; else that of the site here.
    #[arg(long, value_name = "KEY")]
    key: Option<String>,
    /// Say whether this number is on it.
    #[arg(long, value_name = "NUMBER")]
    number: Option<String>,
    /// Cards or PSAMs.
    #[arg(long, value_enum, default_value = "user", requires = "number")]
    kind: super::Kind,
    /// For a delta: the compact file of the full list that it is put upon.
    #[arg(long, value_name = "FILE")]
    upon: Option<PathBuf>,
    /// Write the full list that comes out of it.
    #[arg(long, value_name = "FILE", requires = "upon")]
    out: Option<PathBuf>,
}

#[derive(Serialize)]
struct Shown {
    site: String,
    sequence: u32,
    form: String,
    base: Option<u32>,
    date: String,
    count: u32,
    files: Vec<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    number: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    answer: Option<&'static str>,
}

pub(super) fn run(args: &Check, context: &mut Context) -> Result<Exit, Error> {
    let key = match &args.key {
        Some(key) => key.parse::<NoteKey>().map_err(LedgerError::from)?,
        None => session::open_site(context)?.ledger_read_only()?.note_key(),
    };
    let note = fs::read_to_string(&args.note).map_err(|e| super::unread(&args.note, &e))?;
    let said = open_seal(&note, &key)?;
    let mut files = Vec::new();
    for (ending, _) in &said.files {
        let path = args.note.with_extension(ending);
        match fs::read(&path) {
            Ok(bytes) => {
                said.covers(ending, &bytes)?;
                files.push(*ending);
            }
            Err(e) if e.kind() == std::io::ErrorKind::NotFound && *ending != "bin" => {}
            Err(e) => return Err(super::unread(&path, &e)),
        }
    }
    let compact = read(&args.note.with_extension("bin"))?;
    let list = CompactList::parse(&compact)?;
    if list.sequence != said.sequence || list.base.unwrap_or(0) != said.base || list.date != said.date {
        return Err(BlacklistError::Note.into());
    }
    let full = match &args.upon {
        Some(base) => Some(list.upon(&CompactList::parse(&read(base)?)?)?),
        None => None,
    };
    if let (Some(path), Some(full)) = (&args.out, &full) {
        let written = crate::keys::file_store::replace(path, &full.to_bytes(), 0o644);
        written.map_err(crate::site::SiteError::from)?;
    }
    let number = args.number.as_deref().map(record::number).transpose()?;
    let number = number.map(|n| n.as_str().to_owned());
    let answer = number.as_deref().map(|number| match &full {
        Some(full) => full.says(args.kind.into(), number),
        None => match look_up(&compact, args.kind.into(), number) {
            Some(Op::On) => Answer::Listed,
            Some(Op::Off) => Answer::TakenOff,
            None => Answer::NotNamed,
        },
    });
    tell(
        &Shown {
            site: said.site,
            sequence: said.sequence,
            form: said.form,
            base: list.base,
            date: said.date,
            count: said.count,
            files,
            number,
            answer: answer.map(|answer| match answer {
                Answer::Listed => "listed",
                Answer::TakenOff => "taken-off",
                Answer::NotNamed => "not-named",
            }),
        },
        context,
    )
}

fn read(path: &Path) -> Result<Vec<u8>, Error> {
    fs::read(path).map_err(|e| super::unread(path, &e))
}

fn tell(shown: &Shown, context: &mut Context) -> Result<Exit, Error> {
    context.out.record("cardmint.blacklist-checked/1", shown)?;
    let said = msg!(
        "blacklist-checked",
        sequence = shown.sequence,
        site = shown.site,
        count = shown.count
    );
    context
        .out
        .say(&said.with_word("form", "blacklist-form", &shown.form))?;
    if let (Some(number), Some(answer)) = (&shown.number, shown.answer) {
        let said = msg!("blacklist-answer", number = number).with_word("answer", "blacklist-answer", answer);
        context.out.say(&said)?;
    }
    Ok(Exit::Done)
}
