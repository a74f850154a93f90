// SPDX-License-Identifier: Apache-2.0
//! `ledger export`: entries as JSON Lines, which is the evidence itself, and entries or cards as tables for spreadsheets and
//! data tools.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::Place;
use super::holders::Holders;
use super::leaving::{Leaving, check_free, finish_left_over};
use super::range::Range;
use crate::cli::output::Output;
use crate::cli::{Context, record};
use crate::error::{Error, Exit};
use crate::i18n::{Lang, lookup, word};
use crate::ledger::act::LedgerExport;
use crate::ledger::export::{Column, CsvForm, CsvSheet, Encoding, HolderOf, JsonSheet, Kind, ParquetSheet, Sheet};
use crate::ledger::{Exported, Filter, Ledger, LedgerError, Rows, Text};
use crate::msg;

/// `ledger export`.
#[derive(Debug, clap::Args)]
pub(super) struct Export {
    /// The file's format.
    #[arg(long, value_enum)]
    format: Format,
    /// What its rows are.
    #[arg(long, value_enum, default_value_t = Content::Entries)]
    rows: Content,
    #[command(flatten)]
    range: Range,
    /// Write to this new file.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    #[command(flatten)]
    csv: Csv,
    /// Put holders' names and id numbers into a table of cards.
    #[arg(long, requires = "reason")]
    with_holders: bool,
    /// Why holders' data leave.
    #[arg(long, value_name = "TEXT", requires = "with_holders")]
    reason: Option<String>,
}

/// How a CSV file is written.
#[derive(Debug, clap::Args)]
struct Csv {
    /// Begin with a byte order mark.
    #[arg(long)]
    bom: bool,
    /// Language of the headings.
    #[arg(long, value_enum, hide_possible_values = true)]
    headings: Option<Lang>,
    /// How characters become bytes.
    #[arg(long, value_enum, default_value_t = Characters::Utf8)]
    encoding: Characters,
    /// Times in Beijing time.
    #[arg(long)]
    beijing_time: bool,
    /// Keep long digits as text.
    #[arg(long)]
    digits_as_text: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    Csv,
    Jsonl,
    Parquet,
    Bundle,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Content {
    Entries,
    Cards,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Characters {
    #[value(name = "utf-8")]
    Utf8,
    Gb18030,
}

impl Format {
    fn name(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Jsonl => "jsonl",
            Self::Parquet => "parquet",
            Self::Bundle => "bundle",
        }
    }
}

impl Content {
    fn rows(self) -> Rows {
        match self {
            Self::Entries => Rows::Entries,
            Self::Cards => Rows::Cards,
        }
    }
}

pub(super) fn export(args: &Export, place: &Place, context: &mut Context) -> Result<Exit, Error> {
    args.check(place)?;
    // What cannot be is refused before anybody is asked for a passphrase.
    let filter = args.filter(&place.open(context)?)?;
    let Some(path) = &args.out else {
        let ledger = place.open(context)?;
        let contents = Contents { args, filter: &filter };
        let done = contents.write(&ledger, None, context.out.lang(), &mut Raw(&mut context.out))?;
        let said = msg!("ledger-exported-out", digest = done.digest);
        let said = said.with_msg("count", args.counted(done.entries));
        context.out.notice(&said);
        context.out.notice(&msg!("ledger-export-unrecorded"));
        return Ok(Exit::Done);
    };
    check_free(path)?;
    if place.file.is_none() {
        let same = |body: &LedgerExport| args.is_of(&filter, body);
        let found = finish_left_over(path, &place.open(context)?, &same)?;
        if let Some((entry, body)) = found {
            context
                .out
                .notice(&msg!("ledger-export-finished", seq = entry.seq, path = path.display()));
            let done = Exported {
                entries: body.entries,
                from: body.from,
                to: body.to,
                digest: body.digest,
            };
            return tell(args, done, Some(entry.seq), true, context);
        }
    }
    let reason = args.reason.as_deref().map(record::text).transpose()?;
    let (done, recorded) = leave(args, path, (&filter, reason.as_ref()), place, context)?;
    tell(args, done, recorded, false, context)
}

fn leave(
    args: &Export,
    path: &Path,
    (filter, reason): (&Filter, Option<&Text>),
    place: &Place,
    context: &mut Context,
) -> Result<(Exported, Option<u64>), Error> {
    let acts: &[&str] = if args.with_holders {
        &["ledger.export", "holder.show"]
    } else {
        &["ledger.export"]
    };
    let (lang, clock) = (context.out.lang(), context.clock);
    let mut leaving = Leaving::open(place, args.with_holders, acts, context)?;
    let contents = Contents { args, filter };
    leaving.leave_as(
        path,
        clock,
        |leaving, to| match leaving {
            Leaving::Unlocked(session) => {
                let mut holders = Holders::open(session, args.erased(lang))?;
                let written = contents.write(
                    &session.ledger,
                    Some(&mut |kind, number| holders.of(kind, number)),
                    lang,
                    to,
                );
                holders.instead_of(written)
            }
            other => Ok(contents.write(other.ledger(), None, lang, to)?),
        },
        |done| Ok(done.act(args.format.name(), args.rows.rows(), filter, reason)?),
    )
}

impl Export {
    /// What does not go together.
    fn check(&self, place: &Place) -> Result<(), Error> {
        let refuse = |msg| Err(Error::new(msg, Exit::Usage));
        let csv = &self.csv;
        let for_csv = csv.bom
            || csv.headings.is_some()
            || csv.encoding != Characters::Utf8
            || csv.beijing_time
            || csv.digits_as_text;
        if for_csv && self.format != Format::Csv {
            return refuse(msg!("ledger-export-csv-only"));
        }
        if self.format == Format::Bundle && self.rows == Content::Cards {
            return refuse(msg!("ledger-export-bundle-rows"));
        }
        if csv.bom && csv.encoding != Characters::Utf8 {
            return refuse(msg!("ledger-export-bom"));
        }
        if self.with_holders && self.rows != Content::Cards {
            return refuse(msg!("ledger-export-holders-rows"));
        }
        if self.with_holders && place.file.is_some() {
            return refuse(msg!("ledger-export-holders-copy"));
        }
        if self.out.is_none() && place.file.is_none() {
            return refuse(msg!("ledger-export-out"));
        }
        Ok(())
    }

    fn filter(&self, ledger: &Ledger) -> Result<Filter, Error> {
        let filter = self.range.filter(ledger)?;
        if self.rows == Content::Cards {
            filter.check_for_cards()?;
        }
        Ok(filter)
    }

    /// Whether an entry records what is asked for here.
    fn is_of(&self, filter: &Filter, body: &LedgerExport) -> bool {
        let done = Exported {
            entries: body.entries,
            from: body.from,
            to: body.to,
            digest: body.digest,
        };
        let reason = self.reason.as_deref().and_then(|text| Text::new(text).ok());
        let asked = done.body(self.format.name(), self.rows.rows(), filter, reason.as_ref());
        asked.is_ok_and(|asked| asked == *body)
    }

    /// What stands in the place of a name that is gone, where people read the file.
    fn erased(&self, lang: Lang) -> Option<String> {
        let lang = self.csv.headings.unwrap_or(lang);
        (self.format == Format::Csv).then(|| word("holder-state", "erased", lang))
    }

    /// “12 entries”, “12 cards”.
    fn counted(&self, count: u64) -> crate::i18n::Msg {
        match self.rows {
            Content::Entries => msg!("ledger-export-entries", count = count),
            Content::Cards => msg!("ledger-export-cards", count = count),
        }
    }
}

/// What is in the file.
struct Contents<'a> {
    args: &'a Export,
    filter: &'a Filter,
}

impl Contents<'_> {
    fn write(
        &self,
        ledger: &Ledger,
        holder: Option<HolderOf<'_>>,
        lang: Lang,
        to: &mut dyn Write,
    ) -> Result<Exported, LedgerError> {
        let (args, filter) = (self.args, self.filter);
        let rows = args.rows.rows();
        if args.format == Format::Bundle {
            return Ok(ledger.export_bundle(filter, to)?.exported);
        }
        if (args.format, rows) == (Format::Jsonl, Rows::Entries) {
            return ledger.export_jsonl(filter, to);
        }
        let columns = rows.columns(holder.is_some());
        let facts = self.facts(ledger);
        ledger.export_table(rows, filter, holder, to, |out| {
            Ok::<Box<dyn Sheet>, _>(match args.format {
                Format::Csv => Box::new(CsvSheet::begin(args.csv.form(&columns, lang), out)?),
                Format::Parquet => Box::new(ParquetSheet::begin(&columns, &facts, out)?),
                Format::Jsonl | Format::Bundle => Box::new(JsonSheet::begin("cardmint.card-row/1", &columns, out)),
            })
        })
    }

    /// What stands in the footer of a Parquet file.
    fn facts(&self, ledger: &Ledger) -> Vec<(&'static str, String)> {
        let content = match self.args.rows {
            Content::Entries => "entries",
            Content::Cards => "cards",
        };
        vec![
            ("format", format!("ledger-{content}/1")),
            ("site", ledger.state().site.to_string()),
            ("rehearsal", ledger.rehearsal().to_string()),
        ]
    }
}

impl Csv {
    fn form(&self, columns: &[Column], lang: Lang) -> CsvForm {
        let lang = self.headings.unwrap_or(lang);
        let zone = if self.beijing_time { "beijing" } else { "utc" };
        let heading = |column: &Column| {
            let name = column.name.replace('_', "-");
            let text = lookup(&format!("ledger-column-{name}"), lang).unwrap_or(column.name);
            match column.kind {
                Kind::Time => text.to_owned() + lookup(&format!("ledger-column-zone-{zone}"), lang).unwrap_or_default(),
                _ => text.to_owned(),
            }
        };
        CsvForm {
            headings: columns.iter().map(heading).collect(),
            bom: self.bom,
            encoding: match self.encoding {
                Characters::Utf8 => Encoding::Utf8,
                Characters::Gb18030 => Encoding::Gb18030,
            },
            beijing: self.beijing_time,
            digits_as_text: self.digits_as_text,
        }
    }
}

fn tell(
    args: &Export,
    done: Exported,
    recorded: Option<u64>,
    finished: bool,
    context: &mut Context,
) -> Result<Exit, Error> {
    let path = args.out.as_deref().unwrap_or(Path::new("-"));
    let rows = match args.rows {
        Content::Entries => "entries",
        Content::Cards => "cards",
    };
    let record = serde_json::json!({
        "file": path, "format": args.format.name(), "rows": rows, "holders": args.with_holders, "entries": done.entries,
        "from": done.from, "to": done.to, "digest": done.digest, "recorded": recorded, "finished": finished,
    });
    context.out.record("cardmint.ledger-export/1", &record)?;
    let said = msg!("ledger-exported", path = path.display(), digest = done.digest);
    context.out.say(&said.with_msg("count", args.counted(done.entries)))?;
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

/// Why a file could not be written.
pub(super) fn unwritten(path: &Path, e: &io::Error) -> Error {
    LedgerError::File {
        path: path.to_owned(),
        what: e.to_string(),
    }
    .into()
}
