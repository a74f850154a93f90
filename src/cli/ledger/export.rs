// SPDX-License-Identifier: Apache-2.0
//! `ledger export`: entries as CSV for spreadsheets or as JSON Lines, which is the evidence itself.

use std::fs::OpenOptions;
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use super::Place;
use super::range::Range;
use crate::cli::output::Output;
use crate::cli::{Context, session};
use crate::error::{Error, Exit};
use crate::i18n::lookup;
use crate::ledger::export::COLUMNS;
use crate::ledger::{Exported, Filter, Ledger, LedgerError};
use crate::msg;
use crate::site::with_signers;

/// `ledger export`.
#[derive(Debug, clap::Args)]
pub(super) struct Export {
    /// The file's format.
    #[arg(long, value_enum)]
    format: Format,
    #[command(flatten)]
    range: Range,
    /// Write to this new file.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Begin a CSV file with a byte order mark.
    #[arg(long)]
    bom: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    Csv,
    Jsonl,
    Bundle,
}

pub(super) fn export(args: &Export, place: &Place, context: &mut Context) -> Result<Exit, Error> {
    let ledger = place.open(context)?;
    let filter = args.range.filter(&ledger)?;
    let lang = context.out.lang();
    let heading = |name: &&str| {
        lookup(&format!("ledger-column-{name}"), lang)
            .unwrap_or(name)
            .to_owned()
    };
    let headings: Vec<String> = COLUMNS.iter().map(heading).collect();
    let done = match &args.out {
        Some(path) => {
            let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
            let file = file.map_err(|e| not_made(path, &e))?;
            let mut out = BufWriter::new(file);
            let done = write(&ledger, args, &filter, &headings, &mut out)?;
            let file = out.into_inner().map_err(|e| unwritten(path, e.error()))?;
            file.sync_all().map_err(|e| unwritten(path, &e))?;
            done
        }
        None => write(&ledger, args, &filter, &headings, &mut Raw(&mut context.out))?,
    };
    let recorded = record(args.format.name(), &done, place, context)?;
    tell(args, done, recorded, context)
}

impl Format {
    fn name(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Jsonl => "jsonl",
            Self::Bundle => "bundle",
        }
    }
}

fn write(
    ledger: &Ledger,
    args: &Export,
    filter: &Filter,
    headings: &[String],
    out: &mut dyn Write,
) -> Result<Exported, LedgerError> {
    match args.format {
        Format::Csv => ledger.export_csv(filter, headings, args.bom, out),
        Format::Jsonl => ledger.export_jsonl(filter, out),
        Format::Bundle => Ok(ledger.export_bundle(filter, out)?.exported),
    }
}

/// Records the export as an entry, signed by the officers who were named. It needs no key store, so that an auditor can
/// do it; the next checkpoint covers it.
pub(super) fn record(
    format: &str,
    done: &Exported,
    place: &Place,
    context: &mut Context,
) -> Result<Option<u64>, Error> {
    if context.global.officer.is_empty() || place.file.is_some() {
        return Ok(None);
    }
    let site = session::open_site(context)?;
    let mut ledger = site.ledger()?;
    let officers = session::officers(context, &site, &ledger, &["ledger.export"], 1)?;
    let officers: Vec<_> = officers.iter().collect();
    let act = done.act(format)?;
    let entry = with_signers(&officers, |signers| ledger.append(act, signers, &context.clock))?;
    Ok(Some(entry.seq))
}

fn tell(args: &Export, done: Exported, recorded: Option<u64>, context: &mut Context) -> Result<Exit, Error> {
    let (entries, digest) = (done.entries, done.digest);
    match &args.out {
        Some(path) => {
            let record = serde_json::json!({
                "file": path, "entries": entries, "from": done.from, "to": done.to, "digest": digest, "recorded": recorded,
            });
            context.out.record("cardmint.ledger-export/1", &record)?;
            let said = msg!(
                "ledger-exported",
                entries = entries,
                path = path.display(),
                digest = digest
            );
            context.out.say(&said)?;
        }
        None => context
            .out
            .notice(&msg!("ledger-exported-out", entries = entries, digest = digest)),
    }
    context.out.notice(&match recorded {
        Some(seq) => msg!("ledger-export-recorded", seq = seq),
        None => msg!("ledger-export-unrecorded"),
    });
    Ok(Exit::Done)
}

/// Standard output as a writer.
struct Raw<'a>(&'a mut Output);

impl Write for Raw<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let closed = |e: &Error| e.msg().id() == "cli-pipe-closed";
        match self.0.raw(bytes) {
            Ok(()) => Ok(bytes.len()),
            Err(e) if closed(&e) => Err(io::ErrorKind::BrokenPipe.into()),
            Err(e) => Err(io::Error::other(e.to_string())),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush().map_err(|e| io::Error::other(e.to_string()))
    }
}

pub(super) fn not_made(path: &Path, e: &io::Error) -> Error {
    if e.kind() == io::ErrorKind::AlreadyExists {
        return Error::new(msg!("ledger-export-exists", path = path.display()), Exit::Usage);
    }
    unwritten(path, e)
}

pub(super) fn unwritten(path: &Path, e: &io::Error) -> Error {
    LedgerError::File {
        path: path.to_owned(),
        what: e.to_string(),
    }
    .into()
}
