// SPDX-License-Identifier: Apache-2.0
//! `batch export`: files that leave the site. What they are, how many rows and their digest stand in the ledger, signed, before
//! the file has its name.

use std::path::PathBuf;

use clap::ValueEnum;

use super::approve::Made;
use super::{order, report, show};
use crate::batch::kind_of;
use crate::batch::run::{BookRows, OrderRows};
use crate::cli::{Context, record, session};
use crate::error::{Error, Exit};
use crate::i18n::Lang;
use crate::keys::file_store::Draft;
use crate::ledger::Hash;
use crate::ledger::act::{Act, BatchExport};
use crate::msg;
use crate::site::Session;
use crate::template::Template;

/// Only its owner reads what may hold people's names.
const MODE: u32 = 0o600;
/// What spreadsheets tell UTF-8 by.
const BOM: &[u8] = "\u{feff}".as_bytes();

/// Which file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Form {
    /// The report, as `batch report --json` has it.
    Report,
    /// Every card with its chip and status.
    Cards,
    /// What the card printer prints on the issued cards.
    Print,
}

impl Form {
    fn as_str(self) -> &'static str {
        match self {
            Self::Report => "report",
            Self::Cards => "cards",
            Self::Print => "print",
        }
    }
}

/// `cardmint batch export …`.
#[derive(Debug, clap::Args)]
pub(super) struct ExportArgs {
    /// The batch.
    #[arg(value_name = "BATCH")]
    batch: String,
    /// Which file.
    #[arg(long, value_enum)]
    form: Form,
    /// The new file.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// To whom it goes.
    #[arg(long, value_name = "TEXT")]
    to: Option<String>,
    /// Begin a CSV file with a byte order mark.
    #[arg(long)]
    bom: bool,
    #[command(flatten)]
    made: Made,
}

pub(super) fn run(args: &ExportArgs, context: &mut Context) -> Result<Exit, Error> {
    let site = session::open_site(context)?;
    show::find(&site.ledger()?, &args.batch)?;
    if args.out.exists() {
        return Err(Error::new(
            msg!("batch-export-there", path = args.out.display()),
            Exit::Usage,
        ));
    }
    let mut open = session::unlock(context, &site, &["batch.export"])?;
    let (rows, bytes) = contents(args, &open, context.out.lang())?;
    let mut draft = Draft::held(&args.out, &bytes, MODE)?;
    draft.put_down()?;
    let act = Act::BatchExport(BatchExport {
        batch: record::text(&args.batch)?,
        form: record::text(args.form.as_str())?,
        rows,
        digest: Hash::of(&[&bytes]),
        to: record::text_if(args.to.as_deref())?,
    });
    let entry = open.append(act)?;
    open.checkpoint()?;
    draft.publish()?;
    context
        .out
        .say(&msg!("batch-exported", path = args.out.display(), rows = rows))?;
    record::tell(context, &entry)?;
    Ok(Exit::Done)
}

/// The file, and how many cards it is about.
fn contents(args: &ExportArgs, open: &Session, lang: Lang) -> Result<(u32, Vec<u8>), Error> {
    let mut bytes = Vec::new();
    if args.bom && args.form != Form::Report {
        bytes.extend_from_slice(BOM);
    }
    let rows = match args.form {
        Form::Report => {
            let report = report::of(&open.ledger, &args.batch)?;
            bytes = serde_json::to_vec_pretty(&report).map_err(report::unwritten)?;
            bytes.push(b'\n');
            report.rows()
        }
        Form::Cards => report::cards_csv(&open.ledger, &args.batch, &mut bytes)?,
        Form::Print => print_file(args, open, lang, &mut bytes)?,
    };
    Ok((rows, bytes))
}

/// The fields that the template names, of every issued card of the batch whose data are still there.
fn print_file(args: &ExportArgs, open: &Session, lang: Lang, bytes: &mut Vec<u8>) -> Result<u32, Error> {
    let batch = show::find(&open.ledger, &args.batch)?;
    let template = args.made.template(&batch.template)?;
    if template.digest != batch.template_digest {
        return Err(Error::new(
            msg!("batch-export-template", batch = args.batch),
            Exit::Check,
        ));
    }
    if template.print.is_empty() {
        return Err(Error::new(
            msg!("batch-export-no-print", template = template.name),
            Exit::Usage,
        ));
    }
    let kind = kind_of(template.product);
    let book = order::book(&open.site, &open.ledger, false)?;
    let mut rows = BookRows::new(book, &open.store, &batch.order, kind);
    let mut csv = report::csv_writer(bytes);
    csv.write_record(headings(&template, lang)).map_err(report::unwritten)?;
    let (mut at, mut written) = (0, 0);
    while let Some(row) = rows.next_row(at)? {
        at = row.row;
        let Some(order) = row.order else { continue };
        let card = open.ledger.card(kind, &row.number)?;
        let ours = |card: &crate::ledger::query::CardRow| {
            card.status == "issued" && card.batch.as_deref() == Some(args.batch.as_str())
        };
        if !card.as_ref().is_some_and(ours) {
            continue;
        }
        let fields = template.print.iter().map(|name| order.get(name).unwrap_or_default());
        csv.write_record(fields).map_err(report::unwritten)?;
        written += 1;
    }
    csv.flush().map_err(report::unwritten)?;
    Ok(written)
}

fn headings(template: &Template, lang: Lang) -> Vec<String> {
    let title = |name: &String| {
        let field = template.order_field(name);
        field.map_or_else(|| name.clone(), |field| field.title.in_language(lang).to_owned())
    };
    template.print.iter().map(title).collect()
}
