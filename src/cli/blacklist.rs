// SPDX-License-Identifier: Apache-2.0
//! `cardmint blacklist`: numbers that terminals refuse, and the signed lists of them that go out
//! (docs/formats/blacklist.md).

mod check;
mod publish;
mod show;

use std::path::PathBuf;

use clap::ValueEnum;

use super::clock::beijing;
use super::{Context, record, session};
use crate::batch::blacklist::read_confirmations;
use crate::error::{Error, Exit};
use crate::ledger::CardKind;
use crate::ledger::act::{Act, BlacklistAdd, BlacklistConfirm, BlacklistRemove};
use crate::msg;

/// `cardmint blacklist …`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// What to do.
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, clap::Subcommand)]
enum Verb {
    /// Puts numbers on the list.
    Add {
        #[command(flatten)]
        span: Span,
        /// The last day on which they must stand in lists.
        #[arg(long, value_name = "YYYYMMDD")]
        until: Option<String>,
        /// Why.
        #[arg(long, value_name = "TEXT")]
        reason: String,
    },
    /// Takes them off again.
    Remove {
        #[command(flatten)]
        span: Span,
        /// Why.
        #[arg(long, value_name = "TEXT")]
        reason: String,
    },
    /// Sends a list out.
    Publish(publish::Publish),
    /// What is on the list, and which lists went out.
    Show(show::Show),
    /// Checks a list that went out.
    Check(check::Check),
    /// Records who has a list in use.
    Confirm {
        /// The list's sequence number.
        #[arg(value_name = "SEQUENCE", required_unless_present = "file", requires = "by")]
        sequence: Option<u32>,
        /// Who has it in use.
        #[arg(long, value_name = "NAME", conflicts_with = "file")]
        by: Option<String>,
        /// Confirmations as CSV.
        #[arg(long, value_name = "FILE", conflicts_with = "sequence")]
        file: Option<PathBuf>,
    },
}

/// One number, or the first and last of a row of them.
#[derive(Debug, clap::Args)]
struct Span {
    /// The number, or the first.
    #[arg(value_name = "NUMBER")]
    from: String,
    /// The last number.
    #[arg(long, value_name = "NUMBER")]
    to: Option<String>,
    /// Cards or PSAMs.
    #[arg(long, value_enum, default_value = "user")]
    kind: Kind,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Kind {
    User,
    Psam,
}

impl From<Kind> for CardKind {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::User => Self::User,
            Kind::Psam => Self::Psam,
        }
    }
}

/// Runs it.
pub fn run(args: &Args, context: &mut Context) -> Result<Exit, Error> {
    match &args.verb {
        Verb::Publish(args) => publish::run(args, context),
        Verb::Show(args) => show::run(args, context),
        Verb::Check(args) => check::run(args, context),
        Verb::Confirm { sequence, by, file } => confirm(*sequence, by.as_deref(), file.as_ref(), context),
        Verb::Add { span, until, reason } => {
            let (kind, from, to) = span.read()?;
            let until = until.as_deref().map(record::number).transpose()?;
            let reason = record::text(reason)?;
            entries(
                vec![Act::BlacklistAdd(BlacklistAdd {
                    kind,
                    from,
                    to,
                    until,
                    reason,
                })],
                context,
            )
        }
        Verb::Remove { span, reason } => {
            let (kind, from, to) = span.read()?;
            let reason = record::text(reason)?;
            entries(
                vec![Act::BlacklistRemove(BlacklistRemove { kind, from, to, reason })],
                context,
            )
        }
    }
}

impl Span {
    fn read(&self) -> Result<(CardKind, crate::ledger::Number, crate::ledger::Number), Error> {
        let from = record::number(&self.from)?;
        let to = self.to.as_deref().map(record::number).transpose()?;
        Ok((self.kind.into(), from.clone(), to.unwrap_or(from)))
    }
}

/// Records and shows.
fn entries(acts: Vec<Act>, context: &mut Context) -> Result<Exit, Error> {
    let site = session::open_site(context)?;
    for entry in record::record_all(context, &site, acts)? {
        record::tell(context, &entry)?;
    }
    Ok(Exit::Done)
}

fn confirm(
    sequence: Option<u32>,
    by: Option<&str>,
    file: Option<&PathBuf>,
    context: &mut Context,
) -> Result<Exit, Error> {
    let Some(file) = file else {
        let (sequence, by) = (sequence.unwrap_or_default(), record::text(by.unwrap_or_default())?);
        return entries(vec![Act::BlacklistConfirm(BlacklistConfirm { sequence, by })], context);
    };
    let text = std::fs::read_to_string(file).map_err(|e| unread(file, &e))?;
    let site = session::open_site(context)?;
    let found = read_confirmations(&text, &site.ledger_read_only()?)?;
    if found.is_empty() {
        context.out.say(&msg!("blacklist-nothing-new"))?;
        return Ok(Exit::Done);
    }
    let act = |c: crate::batch::blacklist::Confirmation| {
        Act::BlacklistConfirm(BlacklistConfirm {
            sequence: c.sequence,
            by: c.by,
        })
    };
    entries(found.into_iter().map(act).collect(), context)
}

fn unread(path: &std::path::Path, e: &std::io::Error) -> Error {
    Error::new(msg!("blacklist-read", path = path.display(), what = e), Exit::Usage)
}

/// Today in Beijing, yyyymmdd.
fn today(context: &Context) -> String {
    beijing(context.clock.now()).chars().take(8).collect()
}
