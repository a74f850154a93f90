// SPDX-License-Identifier: Apache-2.0
//! `batch export`: files that leave the site. What they are, how many rows and their digest stand in the ledger, signed, before
//! the file has its name.

use std::path::PathBuf;

use clap::ValueEnum;

use super::approve::Made;
use super::{letters, order, report, show};
use crate::batch::kind_of;
use crate::batch::run::{BookRows, OrderRows};
use crate::cli::{Context, record, session};
use crate::error::{Error, Exit};
use crate::i18n::Lang;
use crate::keys::file_store::Draft;
use crate::ledger::Hash;
use crate::ledger::act::{Act, BatchExport};
use crate::ledger::centre::BatchRow;
use crate::ledger::query::CardRow;
use crate::msg;
use crate::site::Session;
use crate::template::{Order, Template};

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
    /// Letters with the PINs of cards that have their own, sealed to the officer of `--to`.
    Mailer,
}

impl Form {
    fn as_str(self) -> &'static str {
        match self {
            Self::Report => "report",
            Self::Cards => "cards",
            Self::Print => "print",
            Self::Mailer => "mailer",
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

/// A batch with the template that it was made by.
pub(super) struct Batch {
    pub(super) row: BatchRow,
    pub(super) template: Template,
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
    let (rows, bytes) = contents(args, &open, context)?;
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
fn contents(args: &ExportArgs, open: &Session, context: &mut Context) -> Result<(u32, Vec<u8>), Error> {
    let lang = context.out.lang();
    let mut bytes = Vec::new();
    if args.bom && matches!(args.form, Form::Cards | Form::Print) {
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
        Form::Print => print_file(&Batch::of(args, open)?, open, lang, &mut bytes)?,
        Form::Mailer => {
            let batch = Batch::of(args, open)?;
            return letters::sealed(args.to.as_deref(), &batch, open, lang, context.random.as_mut());
        }
    };
    Ok((rows, bytes))
}

impl Batch {
    fn of(args: &ExportArgs, open: &Session) -> Result<Self, Error> {
        let row = show::find(&open.ledger, &args.batch)?;
        let template = args.made.template(&row.template)?;
        if template.digest == row.template_digest {
            Ok(Self { row, template })
        } else {
            Err(Error::new(
                msg!("batch-export-template", batch = args.batch),
                Exit::Check,
            ))
        }
    }

    /// Every card that is issued in this batch and whose order's data are still there, in the order's sequence.
    pub(super) fn each_issued(
        &self,
        open: &Session,
        mut each: impl FnMut(&str, &Order) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let kind = kind_of(self.template.product);
        let book = order::book(&open.site, &open.ledger, false)?;
        let mut rows = BookRows::new(book, &open.store, &self.row.order, kind);
        let mut at = 0;
        while let Some(row) = rows.next_row(at)? {
            at = row.row;
            let Some(order) = &row.order else { continue };
            let card = open.ledger.card(kind, &row.number)?;
            let ours = |card: &CardRow| card.status == "issued" && card.batch.as_ref() == Some(&self.row.batch);
            if card.as_ref().is_some_and(ours) {
                each(&row.number, order)?;
            }
        }
        Ok(())
    }
}

/// The fields that the template names for the card printer.
fn print_file(batch: &Batch, open: &Session, lang: Lang, bytes: &mut Vec<u8>) -> Result<u32, Error> {
    let template = &batch.template;
    if template.print.is_empty() {
        let name = &template.name;
        return Err(Error::new(msg!("batch-export-no-print", template = name), Exit::Usage));
    }
    let mut csv = report::csv_writer(bytes);
    csv.write_record(headings(template, &template.print, lang))
        .map_err(report::unwritten)?;
    let mut written = 0;
    batch.each_issued(open, |_, order| {
        let fields = template.print.iter().map(|name| order.get(name).unwrap_or_default());
        written += 1;
        csv.write_record(fields).map_err(report::unwritten)
    })?;
    csv.flush().map_err(report::unwritten)?;
    Ok(written)
}

/// What fields are called.
pub(super) fn headings(template: &Template, fields: &[String], lang: Lang) -> Vec<String> {
    let title = |name: &String| {
        let field = template.order_field(name);
        field.map_or_else(|| name.clone(), |field| field.title.in_language(lang).to_owned())
    };
    fields.iter().map(title).collect()
}
