// SPDX-License-Identifier: Apache-2.0
//! `blacklist publish`: the entry first, the files after it. Files that a crash has kept back are written again with
//! `--again`; the same list gives the same bytes.

use std::path::PathBuf;

use serde::Serialize;

use crate::batch::blacklist::{Publication, publish, published, seal};
use crate::cli::{Context, session};
use crate::error::{Error, Exit};
use crate::keys::file_store::replace;
use crate::msg;
use crate::site::SiteError;

/// `blacklist publish`.
#[derive(Debug, clap::Args)]
pub(super) struct Publish {
    /// The folder that the files go into.
    #[arg(long, value_name = "FOLDER")]
    out: PathBuf,
    /// A full list; else what changed since the last list, where there is one.
    #[arg(long, conflicts_with_all = ["base", "again"])]
    full: bool,
    /// What changed since this list.
    #[arg(long, value_name = "SEQUENCE", conflicts_with = "again")]
    base: Option<u32>,
    /// Write the files of this list again.
    #[arg(long, value_name = "SEQUENCE")]
    again: Option<u32>,
}

#[derive(Serialize)]
struct Shown<'a> {
    sequence: u32,
    form: &'static str,
    base: Option<u32>,
    date: &'a str,
    count: usize,
    numbers: String,
    digest: String,
    entry: u64,
    key: String,
    files: Vec<String>,
}

pub(super) fn run(args: &Publish, context: &mut Context) -> Result<Exit, Error> {
    if !args.out.is_dir() {
        return Err(Error::new(
            msg!("blacklist-no-folder", path = args.out.display()),
            Exit::Usage,
        ));
    }
    let site = session::open_site(context)?;
    let acts: &[&str] = if args.again.is_some() {
        &[]
    } else {
        &["blacklist.publish"]
    };
    let mut session = session::unlock(context, &site, acts)?;
    let publication = if let Some(sequence) = args.again {
        published(&session.ledger, sequence)?
    } else {
        let last = session.ledger.next_list()? - 1;
        let base = args.base.or(Some(last).filter(|last| !args.full && *last > 0));
        publish(&mut session, base, &super::today(context))?
    };
    let Publication { edition, entry } = &publication;
    let sealed = seal(&session, edition);
    let plan = &edition.plan;
    let mut files = Vec::new();
    // The note last: a folder that has it has the list.
    for (ending, bytes) in &sealed.files {
        let path = args.out.join(format!("blacklist-{:06}.{ending}", plan.sequence));
        replace(&path, bytes, 0o644).map_err(SiteError::from)?;
        files.push(path.display().to_string());
    }
    let shown = Shown {
        sequence: plan.sequence,
        form: plan.form_name(),
        base: plan.base,
        date: &plan.date,
        count: edition.lines.len(),
        numbers: edition.numbers.count().to_string(),
        digest: edition.digest().to_string(),
        entry: *entry,
        key: session.ledger.note_key().to_string(),
        files,
    };
    context.out.record("cardmint.blacklist-published/1", &shown)?;
    let said = msg!(
        "blacklist-published",
        sequence = shown.sequence,
        count = shown.count,
        numbers = shown.numbers,
        entry = entry,
        folder = args.out.display()
    );
    context.out.say(&said.with_word("form", "blacklist-form", shown.form))?;
    Ok(Exit::Done)
}
