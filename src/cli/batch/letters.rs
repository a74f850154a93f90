// SPDX-License-Identifier: Apache-2.0
//! PIN letters of a batch: sealed to the officer who prints them (`batch export --form mailer`), and opened by that officer into
//! a file for the printer (`batch letters`). What holds: no file but the printer's has a PIN in plain, and nobody else opens it.

use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde::{Deserialize, Serialize};

use super::export::Batch;
use super::report;
use crate::cli::{Context, session};
use crate::crypto::letters::Letters;
use crate::error::{Error, Exit};
use crate::i18n::Lang;
use crate::msg;
use crate::outside::Random;
use crate::site::{Session, SiteError};

/// The file's format.
const FORMAT: &str = "cardmint-pin-letters/1";

/// The first line of the file.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    format: String,
    site: String,
    batch: String,
    order: String,
    officer: String,
    rows: u32,
}

/// What the box must not be moved away from.
fn place(header: &str) -> Vec<u8> {
    format!("cardmint pin letters v1\n{header}\n").into_bytes()
}

/// The file with the letters of every issued card that has a PIN of its own, for one holder of a share of the key store.
pub(super) fn sealed(
    officer: Option<&str>,
    batch: &Batch,
    open: &Session,
    lang: Lang,
    random: &mut dyn Random,
) -> Result<(u32, Vec<u8>), Error> {
    let template = &batch.template;
    if template.mailer.is_empty() {
        let name = &template.name;
        return Err(Error::new(msg!("batch-export-no-mailer", template = name), Exit::Usage));
    }
    let officer = officer.ok_or_else(|| Error::new(msg!("batch-export-no-officer"), Exit::Usage))?;
    let holders = &open.store.header().holders;
    let reader = holders.iter().find(|holder| holder.officer == officer);
    let reader = reader.ok_or_else(|| {
        let name = officer.to_owned();
        Error::from(SiteError::NotOfficer { name })
    })?;
    let headings = super::export::headings(template, &template.mailer, lang);
    let mut letters = Letters::new(headings.iter().map(String::as_str).chain(["PIN"]));
    let mut rows = 0;
    batch.each_issued(open, |number, order| {
        if template.gives_own_pin(order) {
            let pin = open.store.card_pin(number)?;
            let fields = template.mailer.iter().map(|name| order.get(name).unwrap_or_default());
            letters.add(fields, &pin);
            rows += 1;
        }
        Ok(())
    })?;
    let header = Header {
        format: FORMAT.to_owned(),
        site: open.site.config().id.clone(),
        batch: batch.row.batch.clone(),
        order: batch.row.order.clone(),
        officer: officer.to_owned(),
        rows,
    };
    let header = serde_json::to_string(&header).map_err(report::unwritten)?;
    let sealed = letters
        .seal(&reader.exchange.0, random, &place(&header))
        .map_err(report::unwritten)?;
    Ok((rows, format!("{header}\n{}\n", BASE64.encode(sealed)).into_bytes()))
}

/// `cardmint batch letters …`.
#[derive(Debug, clap::Args)]
pub(super) struct LettersArgs {
    /// The sealed file.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// The new file for the printer, with PINs in plain.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

pub(super) fn run(args: &LettersArgs, context: &mut Context) -> Result<Exit, Error> {
    let site = session::open_site(context)?;
    let shown = args.file.display().to_string();
    let text = std::fs::read_to_string(&args.file)
        .map_err(|e| Error::new(msg!("batch-letters-read", path = shown, what = e), Exit::Usage))?;
    let damaged = || Error::new(msg!("batch-letters-damaged", path = shown), Exit::Check);
    let (header, sealed) = text.split_once('\n').ok_or_else(damaged)?;
    let facts: Header = serde_json::from_str(header).map_err(|_| damaged())?;
    let sealed = BASE64.decode(sealed.trim_end()).map_err(|_| damaged())?;
    if facts.format != FORMAT || facts.site != site.config().id {
        return Err(damaged());
    }
    let ledger = site.ledger_read_only()?;
    let officers = session::officers(context, &site, &ledger, &[], 1)?;
    let reader = officers.iter().find(|keys| keys.name == facts.officer);
    let reader = reader.ok_or_else(|| {
        let officer = &facts.officer;
        Error::new(
            msg!("batch-letters-officer", path = shown, officer = officer),
            Exit::Usage,
        )
    })?;
    let letters = Letters::open(&reader.exchange, &place(header), &sealed).map_err(|_| damaged())?;
    write(&letters, &args.out)?;
    context
        .out
        .say(&msg!("batch-exported", path = args.out.display(), rows = facts.rows))?;
    Ok(Exit::Done)
}

/// A new file that only its owner reads.
fn write(letters: &Letters, path: &Path) -> Result<(), Error> {
    let failed = |e: std::io::Error| {
        let path = path.display();
        Error::new(msg!("batch-letters-write", path = path, what = e), Exit::Usage)
    };
    let mut options = OpenOptions::new();
    let mut file = options
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
        .map_err(failed)?;
    letters
        .write(&mut file)
        .and_then(|()| file.flush())
        .and_then(|()| file.sync_all())
        .map_err(failed)
}
